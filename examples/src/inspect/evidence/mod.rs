//! Signed evidence: certificates, requests, JWS, CMS, PKCS #12.

pub(super) mod p12;
pub(super) mod x509;

use std::sync::Arc;

use bytes::Bytes;
use smartid::cm::Certificates;
use smartid::core::base64::{Flavour, decode, encode};
use smartid::trust::cms::{CmsPolicy, SignedData, SignerReport};
use smartid::trust::jws::{Jws, JwsPolicy};
use smartid::trust::path::{ChainPolicy, Purpose, RevocationList, WebpkiVerifier};
use smartid::trust::request::CertificationRequest;
use smartid::trust::{Certificate, KeyType, Proof, Refusal, Unverified};

use super::{Context, Finding, cm};

const PKCS7: &str = "certificates in a PKCS #7 message without signers";

/// How much of a content is shown.
const SHOWN: usize = 300;

pub(super) fn refused(finding: &mut Finding, refusal: &Refusal) {
    finding.problem(format!("{}: {refusal}", refusal.reason().code()));
}

pub(super) fn proof(finding: &mut Finding, proof: &Proof) {
    finding.fact(
        "signed with",
        format!("{:?}, key {}", proof.algorithm, key_words(proof.key.key_type())),
    );
    for (index, certificate) in proof.chain.iter().enumerate() {
        let name = if index == 0 { "signer" } else { "issued by" };
        finding.fact(name, certificate.subject().to_string());
    }
    finding.fact("checked", format!("{:?}", proof.checked));
    if !proof.not_checked.is_empty() {
        finding.remark(format!("not checked: {:?}", proof.not_checked));
    }
    finding.verdict = Some(true);
}

/// A kind of key in the field's words.
pub(super) fn key_words(kind: KeyType) -> String {
    match kind {
        KeyType::Rsa { bits } => format!("RSA {bits}"),
        KeyType::Ec(curve) => format!("EC {curve:?}"),
        other => format!("{other:?}"),
    }
}

/// The roots as a policy that leaves the purpose open; `None` when there are none.
pub(super) fn chains(context: &Context) -> Option<Result<Arc<ChainPolicy>, Refusal>> {
    if context.roots.is_empty() {
        return None;
    }
    let verifier = WebpkiVerifier::builder()
        .roots(context.roots.iter().cloned())
        .build();
    Some(verifier.map(|verifier| Arc::new(ChainPolicy::new(Arc::new(verifier), Purpose::any()))))
}

pub(super) fn content(finding: &mut Finding, name: &str, bytes: &[u8]) {
    finding.fact(&format!("{name} length"), format!("{} bytes", bytes.len()));
    let shown = match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text.chars().take(SHOWN).collect(),
        _ => {
            let head = bytes.get(..bytes.len().min(SHOWN / 2)).unwrap_or_default();
            format!("base64 {}", encode(Flavour::Standard, head))
        }
    };
    finding.fact(name, shown);
}

/// A compact JWS; `None` when the text is none.
pub(super) fn jws(text: &str, context: &Context) -> Option<Finding> {
    if text.split('.').count() != 3 {
        return None;
    }
    let mut finding = Finding::of("compact JWS");
    let message = match Jws::parse(text) {
        Ok(message) => message,
        Err(_) if !text.starts_with("ey") => return None,
        Err(refusal) => {
            refused(&mut finding, &refusal);
            return Some(finding);
        }
    };
    let read = message.danger_unverified();
    header(&mut finding, read);
    content(&mut finding, "payload", read.payload());
    let policy = match (context.keys.clone().map(JwsPolicy::keys), chains(context)) {
        (None, None) => {
            finding
                .remarks
                .push("nobody has checked this: give --keys or --root".to_owned());
            return Some(finding);
        }
        (_, Some(Err(refusal))) => {
            refused(&mut finding, &refusal);
            return Some(finding);
        }
        (Some(policy), None) => policy,
        (Some(policy), Some(Ok(chains))) => policy.or_certificates(chains),
        (None, Some(Ok(chains))) => JwsPolicy::certificates(chains),
    };
    match message.verify(&policy, context.at) {
        Ok(verified) => proof(&mut finding, verified.proof()),
        Err(refusal) => refused(&mut finding, &refusal),
    }
    Some(finding)
}

/// What the header of a JWS says.
pub(super) fn header(finding: &mut Finding, jws: &Jws) {
    match jws.header() {
        Ok(header) => {
            finding.fact("algorithm", header.algorithm().name());
            if let Some(kid) = header.key_id() {
                finding.fact("key id", kid);
            }
            for certificate in header.certificates().unwrap_or_default() {
                finding.fact("x5c", certificate.subject().to_string());
            }
        }
        Err(refusal) => refused(finding, &refusal),
    }
}

/// A compact JWS whose header names an algorithm.
pub(super) fn parsed_jws(text: &str) -> Option<Unverified<Jws>> {
    let jws = Jws::parse(text).ok()?;
    let header = jws.danger_unverified().header_json().ok()?;
    let members = smartid::core::json::members(std::str::from_utf8(&header).ok()?)?;
    members.iter().any(|(name, _)| name == "alg").then_some(jws)
}

/// PEM: the first section decides.
pub(super) fn pem(text: &str, label: &str, context: &Context) -> Finding {
    let read = match label {
        "CERTIFICATE" => Certificate::list_from_pem(text).and_then(|all| match all.split_first() {
            Some((first, others)) => {
                let mut finding = x509::certificate(first, others, context);
                cm::of_the_request(&mut finding, &all, context);
                Ok(finding)
            }
            None => Err(smartid::trust::Reason::Malformed.into()),
        }),
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            CertificationRequest::from_pem(text).map(|read| x509::request(&read, context))
        }
        "CMS" | "PKCS7" | "PKCS #7 SIGNED DATA" => {
            SignedData::parse_pem(text).map(|message| cms(message, &pem_bytes(text), context))
        }
        "X509 CRL" => RevocationList::list_from_pem(text).and_then(|lists| {
            let list = lists
                .into_iter()
                .next()
                .ok_or(Refusal::from(smartid::trust::Reason::Malformed))?;
            Ok(x509::list(&list))
        }),
        // As GnuTLS writes it.
        "PKCS12" => return p12::container(&pem_bytes(text), context),
        other => {
            let mut finding = Finding::of(format!("PEM: {other}"));
            finding
                .remarks
                .push("known by its label only; a private key is not opened here".to_owned());
            return finding;
        }
    };
    read.unwrap_or_else(|refusal| {
        let mut finding = Finding::of(format!("PEM: {label}"));
        refused(&mut finding, &refusal);
        finding
    })
}

/// What the first section of a PEM text holds.
fn pem_bytes(text: &str) -> Vec<u8> {
    let inside = text
        .lines()
        .skip_while(|line| !line.starts_with("-----BEGIN "))
        .skip(1);
    let base64: String = inside
        .take_while(|line| !line.starts_with("-----"))
        .map(str::trim)
        .collect();
    decode(Flavour::Standard, &base64).unwrap_or_default()
}

/// DER or BER; `None` when it is none of what is read here.
pub(super) fn der(bytes: &[u8], context: &Context) -> Option<Finding> {
    if !matches!(bytes, [0x30, 0..=0x88, ..]) {
        return None;
    }
    if let Ok(certificate) = Certificate::from_der(bytes.to_vec()) {
        let mut finding = x509::certificate(&certificate, &[], context);
        cm::of_the_request(&mut finding, &[certificate], context);
        return Some(finding);
    }
    if let Ok(request) = CertificationRequest::from_der(bytes.to_vec()) {
        return Some(x509::request(&request, context));
    }
    if let Ok(list) = RevocationList::from_der(bytes.to_vec()) {
        return Some(x509::list(&list));
    }
    match SignedData::parse(bytes.to_vec()) {
        Ok(message) => return Some(cms(message, bytes, context)),
        // The client of Certificate Manager passes over what follows the certificates.
        Err(_) if Certificates::parse(bytes.to_vec()).is_ok() => {
            return cm::certificates(bytes, PKCS7, context);
        }
        Err(refusal) if looks_like(bytes, SIGNED_DATA) && !looks_like(bytes, VERSION_3) => {
            let mut finding = Finding::of("CMS SignedData");
            refused(&mut finding, &refusal);
            return Some(finding);
        }
        Err(_) => {}
    }
    let begins = looks_like(bytes, VERSION_3) && (looks_like(bytes, DATA) || looks_like(bytes, SIGNED_DATA));
    if begins || p12::is_container(bytes) {
        return Some(p12::container(bytes, context));
    }
    None
}

const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const VERSION_3: &[u8] = &[0x02, 0x01, 0x03];

fn looks_like(bytes: &[u8], part: &[u8]) -> bool {
    bytes
        .get(..bytes.len().min(40))
        .unwrap_or_default()
        .windows(part.len())
        .any(|window| window == part)
}

fn cms(message: Unverified<SignedData>, bytes: &[u8], context: &Context) -> Finding {
    let read = message.danger_unverified();
    if read.signers().len() == 0
        && !read.certificates_der().is_empty()
        && let Some(finding) = cm::certificates(bytes, PKCS7, context)
    {
        return finding;
    }
    let mut finding = Finding::of("CMS SignedData");
    if context.data_to_sign.is_some() {
        finding.kind = "signature of a request to Certificate Manager (CMS SignedData)".to_owned();
        cm::signature(&mut finding, bytes, context);
        return finding;
    }
    finding.fact("content type", read.content_type().to_string());
    match read.embedded_content() {
        Some(bytes) => content(&mut finding, "content", &bytes.clone()),
        None => finding.fact("content", "detached"),
    }
    finding.fact("signers", read.signers().len().to_string());
    for certificate in read.certificates() {
        finding.fact("certificate", certificate.subject().to_string());
    }
    let policy = match chains(context) {
        None => {
            finding
                .remarks
                .push("nobody has checked this: give --root".to_owned());
            return finding;
        }
        Some(Err(refusal)) => {
            refused(&mut finding, &refusal);
            return finding;
        }
        Some(Ok(chains)) => CmsPolicy::certificates(chains).with_certificates(context.intermediates.clone()),
    };
    let message = match context.content.first() {
        Some(bytes) => message.with_content(Bytes::copy_from_slice(bytes)),
        None => message,
    };
    if message.danger_unverified().signers().len() > 1 {
        signers(&mut finding, &message.reports(&policy, context.at));
    }
    match message.verify(&policy, context.at) {
        Ok(verified) => proof(&mut finding, verified.proof()),
        Err(refusal) => refused(&mut finding, &refusal),
    }
    finding
}

/// Each signer by itself, so that a person sees which one is wrong.
pub(super) fn signers(finding: &mut Finding, reports: &[SignerReport]) {
    for (index, report) in reports.iter().enumerate() {
        let name = format!("signer {}", index + 1);
        let said = match &report.outcome {
            Ok(signer) => {
                let subject = signer.proof.signer().map(|signer| signer.subject().to_string());
                format!(
                    "verified: {} ({:?})",
                    subject.unwrap_or_default(),
                    signer.proof.algorithm
                )
            }
            Err(refusal) => format!("refused: {} ({})", report.identifier, refusal.reason().code()),
        };
        finding.fact(&name, said);
    }
}
