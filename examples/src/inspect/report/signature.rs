//! The signatures that a sign or an authenticate command brings: of which form, by whom, over what.

use bytes::Bytes;
use smartid::HermodDialect;
use smartid::core::base64::{Flavour, decode_lenient};
use smartid::hermod::answers::{
    Binding, SignatureAnswer, SignatureData, SignatureExpectation, SignaturePolicy, Signers,
};
use smartid::hermod::dialect::SignatureCovers;
use smartid::hermod::{CommandReport, Entry, Outcome, SignatureMechanism};
use smartid::trust::cms::SignedData;

use super::{again, told};
use crate::inspect::command::{Sent, sent};
use crate::inspect::finding::quoted;
use crate::inspect::kind::Command;
use crate::inspect::{Context, Finding, evidence, places};

const TABLE: &str = "messaging.answers.signature";
const FORMATS: &str = "messaging.answers.signature.formats";

/// Something signed in a document.
pub(super) struct Known {
    pub(super) at: String,
    pub(super) form: &'static str,
    /// What is signed; empty when it is detached.
    pub(super) payload: Bytes,
}

/// Everything in a document that is a JWS or CMS SignedData, wherever it stands.
pub(super) fn known(text: &str, _dialect: &HermodDialect) -> Vec<Known> {
    let found = places::find(text, |place| of_form(place.raw).is_some());
    let known = found.into_iter().filter_map(|place| {
        let (form, payload) = of_form(place.raw)?;
        let at = place.at;
        Some(Known { at, form, payload })
    });
    known.collect()
}

fn of_form(raw: &str) -> Option<(&'static str, Bytes)> {
    let text = places::text(raw).filter(|text| text.len() > 20)?;
    if let Some(jws) = evidence::parsed_jws(&text) {
        return Some(("JWS", jws.danger_unverified().payload().clone()));
    }
    let message = if text.contains("-----BEGIN") {
        SignedData::parse_pem(&text).ok()?
    } else {
        SignedData::parse(decode_lenient(Flavour::Standard, &text).ok()?.0).ok()?
    };
    let content = message.danger_unverified().embedded_content().cloned();
    Some(("CMS message", content.unwrap_or_default()))
}

pub(super) fn signature(
    finding: &mut Finding,
    command: Command,
    text: &str,
    report: &CommandReport,
    dialect: &HermodDialect,
    context: &Context,
) {
    let asked = asked(context);
    let read = |report: &CommandReport, dialect: &HermodDialect| match command {
        Command::Authenticate => report.authenticate(dialect, &asked),
        _ => report.sign(dialect, &asked),
    };
    let answer = match told(finding, read(report, dialect)) {
        Ok(answer) => answer,
        Err(Some(reason)) => return unreadable(finding, reason, text, dialect),
        Err(None) => return,
    };
    let what = if command == Command::Sign {
        "signed"
    } else {
        "authenticated"
    };
    finding.fact("outcome", format!("{what}, says the answer"));
    for lint in &answer.lints {
        if lint.at.starts_with('/') && lint.what.contains("answers.signature.data") {
            finding.problem(format!(
                "the signature stands at {} and not at {}; it is found only because it is alone",
                lint.at, dialect.answers.signature.data
            ));
            finding.fits_text(TABLE, "data", &lint.at);
        } else {
            finding.remark(lint.to_string());
        }
    }
    match &answer.format {
        Some(format) => finding.fact("format", format.as_str()),
        None => finding.fact("format", "(not named)"),
    }
    // A format of another name may be a form that is known.
    let mut dialect = dialect.clone();
    let answer = match renamed(finding, &answer, &mut dialect) {
        Some(()) => match again(report, &dialect).map(|report| read(&report, &dialect)) {
            Some(Outcome::Succeeded(known)) => known,
            _ => answer,
        },
        None => answer,
    };
    for (index, item) in answer.signatures().iter().enumerate() {
        let label = match &item.key {
            Some(key) => format!("signature {}", places::shown_text(key)),
            None if answer.signatures().len() > 1 => format!("signature {}", index + 1),
            None => "signature".to_owned(),
        };
        describe(finding, &label, &item.data);
    }
    verify(finding, &answer, report, &dialect, &asked, context);
}

/// What was to be signed, as far as the person has told.
fn asked(context: &Context) -> SignatureExpectation {
    if let Some(Sent::Signature(asked)) = sent(context) {
        return asked;
    }
    let entries = context
        .content
        .iter()
        .map(|bytes| Entry::bytes("application/octet-stream", "tbs", bytes));
    SignatureExpectation::of(entries)
}

fn unreadable(finding: &mut Finding, reason: String, text: &str, dialect: &HermodDialect) {
    finding.problem(reason);
    let found = known(text, dialect);
    match found.as_slice() {
        [] => finding.remark(
            "without a signature nobody but messaging says who it was; and a bare signature cannot be told from any other text",
        ),
        [only] => {
            finding.remark(format!("at {} stands a {}", only.at, only.form));
            if only.at != dialect.answers.signature.data.to_string() {
                finding.fits_text(TABLE, "data", &only.at);
            }
        }
        several => {
            finding.fits(TABLE, "# one of these, or the list that they stand in:");
            for known in several {
                finding.fits(TABLE, format!("# data = {}", quoted(&known.at)));
            }
        }
    }
}

/// A format in no list whose data are of a known form all the same: the line that names it, and the dialect with it.
fn renamed(finding: &mut Finding, answer: &SignatureAnswer, dialect: &mut HermodDialect) -> Option<()> {
    let other = answer.signatures().iter().find_map(|item| match &item.data {
        SignatureData::Other(other) => Some(other.danger_unverified().clone()),
        _ => None,
    })?;
    let raw = serde_json::to_string(&other.data).ok()?;
    let (form, _) = of_form(&raw)?;
    let formats = &mut dialect.answers.signature.formats;
    let (setting, names) = match form {
        "JWS" => ("jws", &mut formats.jws),
        _ => ("pkcs7", &mut formats.pkcs7),
    };
    names.push(other.format.as_str().to_owned());
    let all: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    finding.problem(format!(
        "the format {:?} is in no list of the dialect, but the data are a {form}",
        other.format.as_str()
    ));
    finding.fits(FORMATS, format!("{setting} = [{}]", all.join(", ")));
    Some(())
}

fn describe(finding: &mut Finding, label: &str, data: &SignatureData) {
    match data {
        SignatureData::Pkcs7(message) => {
            let read = message.danger_unverified();
            finding.fact(
                label,
                format!("CMS SignedData, {} signer(s)", read.signers().len()),
            );
            match read.embedded_content() {
                Some(bytes) => evidence::content(finding, "  content", bytes),
                None => finding.fact("  content", "detached"),
            }
            for signer in read.signers() {
                finding.fact("  signer", signer.to_string());
            }
            for certificate in read.certificates() {
                finding.fact("  certificate", certificate.subject().to_string());
            }
        }
        SignatureData::Jws(jws) => {
            finding.fact(label, "JWS");
            let read = jws.danger_unverified();
            evidence::header(finding, read);
            if read.payload().is_empty() {
                finding.fact("  content", "empty or detached");
            } else {
                evidence::content(finding, "  content", read.payload());
            }
        }
        SignatureData::Raw(raw) => {
            let read = raw.danger_unverified();
            finding.fact(label, "bare signature: it says neither by whom nor over what");
            if let Some(key) = read.key_id() {
                finding.fact("  key", places::shown_text(key));
            }
            for certificate in read.certificates() {
                finding.fact("  certificate", certificate.subject().to_string());
            }
        }
        SignatureData::Other(other) => {
            let read = other.danger_unverified();
            let xml = read.data.trim_start().starts_with('<')
                || decode_lenient(Flavour::Standard, &read.data)
                    .is_ok_and(|(bytes, _)| bytes.trim_ascii_start().starts_with(b"<"));
            let form = if xml { "XML" } else { "of an unknown form" };
            finding.fact(label, format!("{form}, {} characters", read.data.chars().count()));
            finding.remark(format!(
                "the format {:?} is not verified here, so it stays unverified: another program has to check it before anything is believed",
                read.format.as_str()
            ));
        }
        _ => finding.fact(label, "of another form"),
    }
}

fn signers(finding: &mut Finding, context: &Context) -> Option<Signers> {
    match (evidence::chains(context), &context.keys) {
        (None, None) => {
            finding.remark(
                "nobody has checked it: give --root for signers with certificates, or --keys for raw keys",
            );
            None
        }
        (None, Some(keys)) => Some(Signers::keys(keys.clone())),
        (Some(Err(refusal)), _) => {
            evidence::refused(finding, &refusal);
            None
        }
        (Some(Ok(chains)), None) => Some(Signers::certificates(chains)),
        (Some(Ok(chains)), Some(keys)) => Some(Signers::certificates(chains).or_keys(keys.clone())),
    }
}

fn verify(
    finding: &mut Finding,
    answer: &SignatureAnswer,
    report: &CommandReport,
    dialect: &HermodDialect,
    asked: &SignatureExpectation,
    context: &Context,
) {
    if !answer.can_be_verified() {
        return;
    }
    let Some(signers) = signers(finding, context) else {
        return;
    };
    let signers = signers.with_certificates(context.intermediates.clone());
    let mut asked = asked.clone();
    let bare = |item: &smartid::hermod::answers::SignatureItem| matches!(item.data, SignatureData::Raw(_));
    if answer.signatures().iter().any(bare) && asked.tbs.is_empty() {
        return finding.remark(
            "a bare signature is checked over what was to be signed: give it with --content, or the command with --sent",
        );
    }
    if answer.signatures().iter().any(bare) && asked.mechanism.is_none() {
        asked.mechanism = Some(SignatureMechanism::Sha256RsaPkcs);
        finding.remark(
            "a bare signature does not say how it was made; CKM_SHA256_RSA_PKCS, the published mechanism, is assumed (--sent tells)",
        );
    }
    let strict = matches!(sent(context), Some(Sent::Signature(_)));
    let policy = |asked: &SignatureExpectation| {
        let policy = SignaturePolicy::new(asked.clone(), &signers);
        if strict {
            policy
        } else {
            // Nobody has told what was sent, and what the signature is tied to is told.
            policy
                .accepting_any_format()
                .accepting_any_mechanism()
                .danger_accepting_unbound()
        }
    };
    let right = finding.verdict != Some(false);
    if answer.signatures().len() > 1 && asked.tbs.is_empty() {
        let reports = answer.signer_reports(&policy(&asked), context.at);
        evidence::signers(finding, &reports);
        for report in &reports {
            if let Err(refusal) = &report.outcome {
                evidence::refused(finding, refusal);
            }
        }
        return finding.remark(
            "several signatures are verified together, each over its own: give --content once for each, in the order of tbs, or --sent",
        );
    }
    let refusal = match answer.verify(&policy(&asked), context.at) {
        Ok(verified) => {
            evidence::proof(finding, verified.proof());
            let statement = verified.fact();
            let names: Vec<String> = statement
                .signers()
                .map(|signer| match (signer.certificate(), &signer.key_id) {
                    (Some(certificate), _) => certificate.subject().to_string(),
                    (None, Some(id)) => format!("key {}", places::shown_text(id)),
                    (None, None) => "a key without a name".to_owned(),
                })
                .collect();
            finding.fact("verified signers", names.join(" and "));
            finding.fact("tied to the command by", bindings(&statement.bound));
            if !statement.is_bound(Binding::Tbs) {
                finding.remark(
                    "the signature is good, but not compared with what was to be signed: give it with --content, or the command with --sent",
                );
            }
            finding.verdict = Some(right);
            return;
        }
        Err(refusal) => refusal,
    };
    let reports = answer.signer_reports(&policy(&asked), context.at);
    evidence::signers(finding, &reports);
    finding.problem(format!("{}: {refusal}", refusal.code()));
    for (covers, word) in [
        (SignatureCovers::Concatenated, "concatenated"),
        (SignatureCovers::Entries, "entries"),
    ] {
        let mut other = dialect.clone();
        other.answers.signature.covers = covers;
        let Some(Outcome::Succeeded(read)) = again(report, &other).map(|report| report.sign(&other, &asked))
        else {
            continue;
        };
        if !asked.tbs.is_empty() && read.verify(&policy(&asked), context.at).is_ok() {
            finding.remark(format!("it verifies when a signature covers {word}"));
            finding.fits_text(TABLE, "covers", word);
            return;
        }
    }
}

fn bindings(bound: &[Binding]) -> String {
    if bound.is_empty() {
        return "nothing".to_owned();
    }
    let names: Vec<String> = bound
        .iter()
        .map(|binding| format!("{binding:?}").to_ascii_lowercase())
        .collect();
    names.join(", ")
}
