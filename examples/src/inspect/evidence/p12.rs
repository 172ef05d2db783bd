//! PKCS #12 containers: what can be seen of one from outside, and with its password what is in it.

use smartid::trust::pkcs12::{
    Description, Encryption, OpenedToken, Pkcs12, Pkcs12Policy, TokenKey, describe,
};
use smartid::trust::{Certificate, Reason, SoftToken};

use super::{key_words, refused};
use crate::inspect::{Context, Finding};

/// What it is called.
pub(in crate::inspect) const KIND: &str = "PKCS #12 container";

/// So many parts and bags are told one by one.
const TOLD: usize = 32;

/// Whether it is one from outside.
pub(super) fn is_container(bytes: &[u8]) -> bool {
    describe(bytes).is_ok()
}

/// What a container is, whether it opens, and what is odd about it.
pub(in crate::inspect) fn container(bytes: &[u8], context: &Context) -> Finding {
    let mut finding = Finding::of(KIND);
    match describe(bytes) {
        Ok(description) => outside(&mut finding, &description),
        Err(refusal) => {
            refused(&mut finding, &refusal);
            return finding;
        }
    }
    let Some(password) = &context.password else {
        finding.remark("it was not opened: give its password");
        return finding;
    };
    let token = SoftToken::new(bytes);
    let mut policy = Pkcs12Policy::default();
    let mut opened = token.open(password, &policy);
    if let Err(refusal) = &opened
        && refusal.reason() == Reason::NoMac
    {
        refused(&mut finding, refusal);
        policy = policy.danger_accept_without_mac();
        opened = token.open(password, &policy);
    }
    match opened {
        Ok(opened) => {
            keys(&mut finding, &opened, context);
            finding.verdict.get_or_insert(true);
        }
        Err(refusal) => {
            refused(&mut finding, &refusal);
            // It opens, only not as a soft token: what is in it is worth telling.
            if matches!(refusal.reason(), Reason::NoKey | Reason::KeyCertificateMismatch)
                && let Ok(container) = Pkcs12::open(bytes, password, &policy)
            {
                heap(&mut finding, &container, context);
            }
        }
    }
    finding
}

/// What needs no password.
fn outside(finding: &mut Finding, description: &Description) {
    let form = if description.is_der() { "DER" } else { "BER" };
    finding.fact("size", format!("{} bytes, {form}", description.len()));
    if description.version() != 3 {
        finding.problem(format!("its version is {} and not 3", description.version()));
    }
    match description.mac() {
        Some(mac) => finding.fact("checksum", mac.to_string()),
        None if description.content().name() == Some("data") => {
            finding.fact("checksum", "none");
            finding.remark("it has no checksum (MAC): nobody can tell whether it was changed");
        }
        None => finding.fact("protected as", description.content().to_string()),
    }
    for (number, part) in description.parts().iter().take(TOLD).enumerate() {
        let how = match part.encryption() {
            Some(encryption) => format!("{} bytes, encrypted: {encryption}", part.len()),
            None => format!("{} bytes, {}, not encrypted", part.len(), part.content()),
        };
        finding.fact(&format!("part {}", number + 1), how);
        for bag in part.bags().iter().take(TOLD) {
            let mut words = bag
                .encryption()
                .map_or_else(|| "not encrypted".to_owned(), Encryption::to_string);
            if let Some(name) = bag.friendly_name() {
                words.push_str(&format!(", called {name:?}"));
            }
            finding.fact(&format!("  {}", bag.kind()), words);
        }
        if part.encryption().is_none() && part.bags().iter().any(|bag| bag.kind().name() == Some("key")) {
            finding.remark("it has a key that is not encrypted: whoever has the file has the key");
        }
    }
    if description.is_old() {
        finding.remark(
            "it is protected with old algorithms; p12 rewrap --profile modern writes it with present ones",
        );
    }
}

/// Keys with their certificates.
fn keys(finding: &mut Finding, token: &OpenedToken, context: &Context) {
    for (number, key) in token.keys().iter().enumerate() {
        let words = match key.key() {
            Ok(read) => key_words(read.public_key().key_type()),
            Err(refusal) => {
                finding.remark(format!("key {} cannot be used here: {refusal}", number + 1));
                format!("of another type ({})", refusal.reason().code())
            }
        };
        finding.fact(&format!("key {}", number + 1), named(words, key.friendly_name()));
        if let Some(id) = key.local_key_id() {
            let digits: String = id.iter().take(32).map(|octet| format!("{octet:02x}")).collect();
            finding.fact("  local key id", digits);
        }
        chain(finding, key, number + 1, context);
    }
    for certificate in token.certificates() {
        tell(finding, "other certificate", certificate, context);
    }
    for part in token.passed_over() {
        match part.refusal() {
            Some(refusal) => finding.remark(format!("a part was not read: {refusal}")),
            None => finding.remark(format!("a part of type {} was passed over", part.kind())),
        }
    }
}

fn chain(finding: &mut Finding, key: &TokenKey, number: usize, context: &Context) {
    for (place, certificate) in key.chain().iter().enumerate() {
        let name = if place == 0 {
            "  certificate"
        } else {
            "  issued by"
        };
        tell(finding, name, certificate, context);
    }
    for certificate in key.other_certificates() {
        tell(finding, "  also certified", certificate, context);
    }
    match key.chain().last() {
        None => finding.remark(format!("key {number} has no certificate: Java will not list it")),
        Some(last) if !last.is_self_issued() => finding.remark(format!(
            "the chain of key {number} ends with a certificate whose issuer ({}) is not in the container",
            last.issuer()
        )),
        Some(_) => {}
    }
}

/// What does not fit together: keys and certificates as they come.
fn heap(finding: &mut Finding, container: &Pkcs12, context: &Context) {
    for (number, key) in container.keys().iter().enumerate() {
        let words = key.key().map_or_else(
            |refusal| refusal.to_string(),
            |read| key_words(read.public_key().key_type()),
        );
        finding.fact(&format!("key {}", number + 1), named(words, key.friendly_name()));
    }
    for entry in container.certificates() {
        tell(finding, "certificate", entry.certificate(), context);
    }
}

fn named(words: String, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{words}, called {name:?}"),
        None => words,
    }
}

/// Whose certificate it is and how long, as of the time that was given.
fn tell(finding: &mut Finding, name: &str, certificate: &Certificate, context: &Context) {
    let (subject, from, until) = (
        certificate.subject(),
        certificate.not_before(),
        certificate.not_after(),
    );
    finding.fact(
        name,
        format!("{subject}, valid {} to {}", from.to_iso8601(), until.to_iso8601()),
    );
    if until < context.at {
        finding.problem(format!(
            "expired: the certificate of {subject} on {}",
            until.to_iso8601()
        ));
    } else if context.at < from {
        finding.problem(format!(
            "not-yet-valid: the certificate of {subject} before {}",
            from.to_iso8601()
        ));
    }
}
