//! The answer to a startpinreset command: that there is a nonce, and of which form the transport key is. Neither is shown.

use smartid::HermodDialect;
use smartid::core::json::Pointer;
use smartid::hermod::answers::{PinResetChallenge, TransportedKey};
use smartid::hermod::dialect::TransportedKeyForm;
use smartid::hermod::{CommandReport, OctetCoding, Outcome};
use smartid::trust::jws::JwsPolicy;

use super::{again, told};
use crate::inspect::{Context, Finding, evidence, places};

const TABLE: &str = "messaging.answers.pin_reset";

/// Every form with its word in the dialect; what is more telling is tried first.
const FORMS: &[(TransportedKeyForm, &str)] = &[
    (TransportedKeyForm::Spki, "spki"),
    (TransportedKeyForm::SpkiHex, "spki-hex"),
    (TransportedKeyForm::Pem, "pem"),
    (TransportedKeyForm::Jwk, "jwk"),
    (TransportedKeyForm::ModulusHex, "modulus-hex"),
    (TransportedKeyForm::ModulusBase64, "modulus-base64"),
];

const CODINGS: &[(OctetCoding, &str)] = &[(OctetCoding::Hex, "hex"), (OctetCoding::Base64, "base64")];

pub(super) fn start(
    finding: &mut Finding,
    text: &str,
    report: &CommandReport,
    dialect: &HermodDialect,
    context: &Context,
) {
    let mut dialect = dialect.clone();
    let outcome = report.start_pin_reset(&dialect);
    let reason = match told(finding, outcome) {
        Ok(challenge) => return self::challenge(finding, report, &challenge, &mut dialect, context),
        Err(Some(reason)) => reason,
        Err(None) => return,
    };
    if let Outcome::Succeeded(jws) = report.start_pin_reset_signed(&dialect) {
        return signed(finding, report, jws, &mut dialect, context);
    }
    finding.problem(reason);
    let place = places::named(text, &["nonce", "challenge"]);
    if let Some(place) = &place
        && let Ok(pointer) = place.at.parse::<Pointer>()
        && pointer != dialect.answers.pin_reset.nonce
    {
        dialect.answers.pin_reset.nonce = pointer;
        finding.fits_text(TABLE, "nonce", &place.at);
    }
    let key = places::named(text, &["transportedkey", "transportkey"]);
    if let Some(place) = &key
        && let Ok(pointer) = place.at.parse::<Pointer>()
        && pointer != dialect.answers.pin_reset.transported_key
    {
        dialect.answers.pin_reset.transported_key = pointer;
        finding.fits_text(TABLE, "transported_key", &place.at);
    }
    for (coding, word) in CODINGS {
        let before = dialect.answers.pin_reset.nonce_coding;
        dialect.answers.pin_reset.nonce_coding = *coding;
        let Some(Outcome::Succeeded(challenge)) =
            again(report, &dialect).map(|report| report.start_pin_reset(&dialect))
        else {
            dialect.answers.pin_reset.nonce_coding = before;
            continue;
        };
        if before != *coding {
            finding.fits_text(TABLE, "nonce_coding", word);
        }
        return self::challenge(finding, report, &challenge, &mut dialect, context);
    }
    if place.is_none() {
        finding.remark("nothing in it is called nonce, and without one the second half cannot be made");
    }
}

/// An answer that the app signed: read only when the signature is right.
fn signed(
    finding: &mut Finding,
    report: &CommandReport,
    jws: smartid::trust::Unverified<smartid::trust::jws::Jws>,
    dialect: &mut HermodDialect,
    context: &Context,
) {
    finding.fact(
        "answer",
        format!("signed: a JWS at {}", dialect.answers.pin_reset.signed),
    );
    evidence::header(finding, jws.danger_unverified());
    let Some(keys) = context.keys.clone() else {
        return finding.remark(
            "its nonce is read only once the signature was verified: give the keys with --keys; clients use start_pin_reset_signed",
        );
    };
    match jws.verify(&JwsPolicy::keys(keys).trying_every_key(), context.at) {
        Ok(verified) => {
            let proof = verified.proof().clone();
            match told(finding, report.verified_pin_reset(verified, dialect)) {
                Ok(challenge) => {
                    self::challenge(finding, report, challenge.fact(), dialect, context);
                    evidence::proof(finding, &proof);
                }
                Err(Some(reason)) => finding.problem(reason),
                Err(None) => {}
            }
        }
        Err(refusal) => evidence::refused(finding, &refusal),
    }
}

fn challenge(
    finding: &mut Finding,
    report: &CommandReport,
    challenge: &PinResetChallenge,
    dialect: &mut HermodDialect,
    context: &Context,
) {
    finding.fact(
        "outcome",
        "the token has made a nonce; the second half is endpinreset",
    );
    let nonce = challenge.nonce.expose();
    finding.fact("nonce length", format!("{} octets", nonce.len()));
    let digits: String = nonce.iter().map(|octet| format!("{octet:02x}")).collect();
    finding.secret("nonce", &digits, context);
    match &challenge.bid {
        Some(bid) => finding.fact("answered by mailbox", bid.as_str()),
        None => finding.remark("it does not tell which one mailbox answered; the second half needs it"),
    }
    match &challenge.transported_key {
        None => finding.fact("transport key", "none: a new admin key would travel in clear"),
        Some(TransportedKey::Usable(key)) => {
            finding.fact("transport key", evidence::key_words(key.key_type()))
        }
        Some(TransportedKey::Unusable { reason }) => transport(finding, report, reason, dialect),
        Some(_) => finding.fact("transport key", "of another kind"),
    }
    if !finding.problems.is_empty() {
        return;
    }
    finding.remark("nothing protects this answer: whoever can call back can make it up");
    finding.verdict.get_or_insert(true);
}

/// A transport key in another form than the dialect says.
fn transport(finding: &mut Finding, report: &CommandReport, reason: &str, dialect: &mut HermodDialect) {
    finding.problem(format!("the transport key cannot be used: {reason}"));
    for (form, word) in FORMS {
        dialect.answers.pin_reset.transported_key_form = *form;
        let Some(Outcome::Succeeded(challenge)) =
            again(report, dialect).map(|report| report.start_pin_reset(dialect))
        else {
            continue;
        };
        if let Some(TransportedKey::Usable(key)) = challenge.transported_key {
            finding.fact(
                "transport key",
                format!("{}, as {word}", evidence::key_words(key.key_type())),
            );
            finding.fits_text(TABLE, "transported_key_form", word);
            return;
        }
    }
    finding.fact("transport key", "there is one, in no form that is known");
    finding.remark("a new admin key is not sent in clear because of that; it is not sent at all");
}
