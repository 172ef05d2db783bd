//! Certificates, revocation lists, certification requests.

use smartid::trust::path::RevocationList;
use smartid::trust::request::{CertificationRequest, KeyRequirement, RequestPolicy};
use smartid::trust::{Certificate, GeneralName, Radix, Unverified};

use super::{chains, key_words, proof, refused};
use crate::inspect::{Context, Finding};

pub(in crate::inspect) fn names(finding: &mut Finding, names: &[GeneralName]) {
    for name in names {
        let (kind, text) = match name {
            GeneralName::Email(text) => ("e-mail", text.clone()),
            GeneralName::Dns(text) => ("DNS name", text.clone()),
            GeneralName::Uri(text) => ("URI", text.clone()),
            GeneralName::Directory(name) => ("directory name", name.to_string()),
            other => match other.user_principal_name() {
                Some(upn) => ("user principal name", upn),
                None => ("alternative name", format!("{other:?}")),
            },
        };
        finding.fact(kind, text);
    }
}

pub(in crate::inspect) fn certificate(
    certificate: &Certificate,
    intermediates: &[Certificate],
    context: &Context,
) -> Finding {
    let mut finding = Finding::of("certificate");
    finding.fact("subject", certificate.subject().to_string());
    finding.fact("issuer", certificate.issuer().to_string());
    let serial = certificate.serial_number();
    finding.fact(
        "serial number",
        format!(
            "hex {}, decimal {}",
            serial.to_text(Radix::Hex),
            serial.to_text(Radix::Decimal)
        ),
    );
    finding.fact(
        "valid",
        format!("{} to {}", certificate.not_before(), certificate.not_after()),
    );
    match certificate.public_key() {
        Ok(key) => finding.fact("key", key_words(key.key_type())),
        Err(refusal) => finding.remarks.push(format!("its key cannot be used: {refusal}")),
    }
    match certificate.subject_alt_names() {
        Ok(found) => names(&mut finding, &found),
        Err(refusal) => finding
            .remarks
            .push(format!("its alternative names cannot be read: {refusal}")),
    }
    if let Ok(Some(usage)) = certificate.key_usage() {
        finding.fact("key usage", format!("{usage:?}"));
    }
    if let Ok(Some(purposes)) = certificate.extended_key_usage() {
        finding.fact("extended key usage", format!("{purposes:?}"));
    }
    let others: Vec<Certificate> = intermediates
        .iter()
        .chain(&context.intermediates)
        .cloned()
        .collect();
    match chains(context) {
        None => finding
            .remarks
            .push("nobody has checked its chain: give --root".to_owned()),
        Some(chains) => match chains.and_then(|chains| chains.verify(certificate, &others, context.at)) {
            Ok(verified) => proof(&mut finding, verified.proof()),
            Err(refusal) => refused(&mut finding, &refusal),
        },
    }
    finding
}

pub(super) fn list(list: &RevocationList) -> Finding {
    let mut finding = Finding::of("certificate revocation list");
    finding.fact("issuer", list.issuer().to_string());
    finding.fact(
        "current",
        format!("{} to {}", list.this_update(), list.next_update()),
    );
    finding.fact("revoked", format!("{} certificates", list.len()));
    finding
}

pub(super) fn request(request: &Unverified<CertificationRequest>, context: &Context) -> Finding {
    let mut finding = Finding::of("certification request (PKCS #10)");
    let read = request.danger_unverified();
    finding.fact("subject", read.subject().to_string());
    names(&mut finding, read.subject_alt_names());
    finding.fact("version", read.version().to_string());
    match read.public_key() {
        Ok(key) => finding.fact("key", key_words(key.key_type())),
        Err(refusal) => finding.remarks.push(format!("its key cannot be used: {refusal}")),
    }
    let strict = RequestPolicy::without_template(KeyRequirement::any());
    match request.verify(&strict, context.at) {
        Ok(verified) => proof(&mut finding, verified.proof()),
        Err(refusal) => {
            refused(&mut finding, &refusal);
            let lenient = strict.accept_version_2().accept_sha1_self_signature();
            if request.verify(&lenient, context.at).is_ok() {
                finding
                    .remarks
                    .push("it has the quirks of a vendor's template: accept_version_2 and accept_sha1_self_signature take it".to_owned());
            }
        }
    }
    finding
}
