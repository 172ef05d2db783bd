//! What is shown of an opened soft token: its certificates, and of its keys their kind alone. Everything in a container may be somebody
//! else's invention, so no text of it reaches a terminal unescaped.

use serde_json::{Value, json};
use smartid::soft_token::{OpenedToken, TokenKey};
use smartid::trust::{Certificate, KeyType, Radix};

use crate::terminal::{Terminal, printable};

fn kind(key: &TokenKey) -> String {
    match key.key() {
        Ok(key) => match key.public_key().key_type() {
            KeyType::Rsa { bits } => format!("RSA {bits}"),
            KeyType::Ec(curve) => format!("EC {curve:?}"),
            other => format!("{other:?}"),
        },
        Err(refusal) => format!("of a kind that is not used here: {refusal}"),
    }
}

/// Lines for a person: each key, its certificate and the names of its issuers.
pub fn lines(terminal: &Terminal, opened: &OpenedToken) {
    let fact = |name: &str, value: &str| terminal.line(&format!("    {name:<14} {}", printable(value)));
    for key in opened.keys() {
        let name = key.friendly_name().unwrap_or("a key without a name");
        terminal.line(&format!(
            "\n  {}, {}",
            terminal.strong(&printable(name)),
            printable(&kind(key))
        ));
        let Some(certificate) = key.certificate() else {
            fact("certificate", "there is none for it in the container");
            continue;
        };
        fact("subject", &certificate.subject().to_string());
        fact("issuer", &certificate.issuer().to_string());
        fact("serial number", &certificate.serial_number().to_text(Radix::Hex));
        fact(
            "valid",
            &format!(
                "{} to {}",
                certificate.not_before().to_iso8601(),
                certificate.not_after().to_iso8601()
            ),
        );
        fact("SHA-256", &certificate.fingerprint().to_string());
        let issuers = key.chain().get(1..).unwrap_or_default();
        if issuers.is_empty() {
            fact("chain", "no issuer in the container");
        }
        for issuer in issuers {
            fact("chain", &issuer.subject().to_string());
        }
        for other in key.other_certificates() {
            fact("another", &other.subject().to_string());
        }
    }
    for stranger in opened.certificates() {
        terminal.line("");
        fact("beside", &stranger.subject().to_string());
    }
    for passed in opened.passed_over() {
        let why = passed
            .refusal()
            .map_or_else(String::new, |refusal| format!(": {refusal}"));
        fact("not read", &format!("{}{why}", passed.kind()));
    }
}

fn certificate(certificate: &Certificate) -> Value {
    json!({
        "subject": certificate.subject().to_string(),
        "issuer": certificate.issuer().to_string(),
        "serial": certificate.serial_number().to_text(Radix::Hex),
        "valid_from": certificate.not_before().to_iso8601(),
        "valid_to": certificate.not_after().to_iso8601(),
        "sha256": certificate.fingerprint().to_string(),
        "pem": certificate.to_pem(),
    })
}

/// The same for a script, with the certificates as PEM; no key.
#[must_use]
pub fn json(opened: &OpenedToken) -> Value {
    let all = |certificates: &[Certificate]| certificates.iter().map(certificate).collect::<Vec<_>>();
    let keys: Vec<Value> = opened
        .keys()
        .iter()
        .map(|key| {
            json!({
                "friendly_name": key.friendly_name(),
                "kind": kind(key),
                "chain": all(key.chain()),
                "other_certificates": all(key.other_certificates()),
            })
        })
        .collect();
    json!({ "keys": keys, "certificates": all(opened.certificates()) })
}
