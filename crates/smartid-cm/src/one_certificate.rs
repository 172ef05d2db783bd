//! One certificate and nothing else, as base64, PEM or DER: what is pushed to us, and what the `dp` servlet serves.
//!
//! The three forms cannot be mistaken for each other: DER of a certificate begins with an octet that base64 of a certificate never begins
//! with. Everything else is refused with a reason that shows nothing of the bytes, which may be anything, a private key included.

use smartid_core::Lint;
use smartid_core::base64::{Flavour, Tolerated, decode_lenient};
use smartid_trust::Certificate;

/// In which form a certificate came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Base64,
    Pem,
    Der,
}

/// A certificate and how it was written.
#[derive(Debug)]
pub(crate) struct OneCertificate {
    pub(crate) certificate: Certificate,
    pub(crate) form: Form,
    /// What was forgiven within the form.
    pub(crate) lints: Vec<Lint>,
}

/// Why bytes are not one certificate, as the end of a sentence about them.
type NotOne = &'static str;

const NOT_A_CERTIFICATE: NotOne = "it is no certificate, or not a whole one";

/// Reads one certificate.
pub(crate) fn read(bytes: &[u8]) -> Result<OneCertificate, NotOne> {
    if bytes.first() == Some(&0x30) {
        return certificate(bytes.to_vec(), Form::Der, Vec::new());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is neither base64, PEM nor DER")?;
    if text.trim().is_empty() {
        return Err("it is empty");
    }
    match text.matches("-----BEGIN ").count() {
        0 => of_base64(text),
        1 => {
            let mut found = Certificate::list_from_pem(text).map_err(|_| NOT_A_CERTIFICATE)?;
            let certificate = found.pop().ok_or("it is PEM of something else")?;
            Ok(OneCertificate {
                certificate,
                form: Form::Pem,
                lints: Vec::new(),
            })
        }
        _ => Err("it has more than one PEM section"),
    }
}

/// Base64 in one line or several.
pub(crate) fn of_base64(text: &str) -> Result<OneCertificate, NotOne> {
    let (der, forgiven) = decode_lenient(Flavour::Standard, text).map_err(|_| "it is not base64")?;
    if forgiven.contains(&Tolerated::Alphabet) {
        return Err("it is not base64 of the standard alphabet");
    }
    let mut lints = Vec::new();
    if forgiven.contains(&Tolerated::Padding) {
        lints.push(Lint::new(
            "body",
            "base64 without its padding, or with too much of it",
        ));
    }
    certificate(der, Form::Base64, lints)
}

fn certificate(der: Vec<u8>, form: Form, lints: Vec<Lint>) -> Result<OneCertificate, NotOne> {
    let certificate = Certificate::from_der(der).map_err(|_| NOT_A_CERTIFICATE)?;
    Ok(OneCertificate {
        certificate,
        form,
        lints,
    })
}
