//! What a filter is evaluated against, and which parameter names a certificate answers to.

use smartid_core::{Evidence, Tag, Timestamp};

use super::FilterValue;
use crate::algorithm::{EC_PUBLIC_KEY, ED25519, RSA_ENCRYPTION, RSA_PSS};
use crate::certificate::CertificateAttribute;
use crate::der::{Reader, tag};
use crate::{Certificate, Curve, KeyType};

/// Answers for the parameters of a filter. A closure is one too, so a caller can put names of its own before those of a certificate:
///
/// ```
/// use smartid_trust::filter::{CertificateFilter, FilterSubject, FilterValue};
/// # use smartid_trust::Certificate;
/// # let certificate = Certificate::from_pem(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.pem")))?;
///
/// // Which usage the key has in the app is known to whoever provisioned it.
/// let subject = |name: &str| match name {
///     "key.usage" => Some(vec![FilterValue::from("SIG")]),
///     other => certificate.param(other),
/// };
/// let filter = CertificateFilter::and([CertificateFilter::eq("key.usage", "SIG"), CertificateFilter::eq("key.type", "EC")]);
/// assert!(filter.evaluate(&subject).matches());
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
pub trait FilterSubject {
    /// The values of a parameter: empty when there are none, `None` when the name is not known or its values cannot be read.
    fn param(&self, name: &str) -> Option<Vec<FilterValue>>;
}

impl<F: Fn(&str) -> Option<Vec<FilterValue>>> FilterSubject for F {
    fn param(&self, name: &str) -> Option<Vec<FilterValue>> {
        self(name)
    }
}

const EXAMPLE: &str = "vendor page: Example: Personal Desktop Client signing, where the filter of a sign command is key.type eq RSA";
const GUESS: &str = "vendor page: Certificate filtering for Smart ID authentication. It names operations and points to \"supported request filter parameters\" that are not published; by analogy with key.type";
const KEYGEN: &str = "by analogy with key.type and the members of keygenrequests; what it is stands in the app, not in the certificate, so a certificate leaves it undecided";
const ATTRIBUTE: &str = "the names of Certificate Attribute, in case the filter takes them too; see CertificateAttribute::EVIDENCE";

/// The names that evaluation knows, and how we know them.
pub const EVIDENCE: &[Evidence] = &[
    Evidence::new(
        "filter.op.gte",
        Tag::Inferred,
        "vendor page: Certificate filtering for Smart ID authentication. Its list has lte and not gte",
        "greater than or equal",
    ),
    Evidence::new(
        "filter.param.<certificate attribute>",
        Tag::Inferred,
        ATTRIBUTE,
        "the values of that Certificate Attribute",
    ),
    Evidence::new(
        "filter.param.cert.issuer",
        Tag::Inferred,
        GUESS,
        "the issuer as RFC 4514 writes it",
    ),
    Evidence::new(
        "filter.param.cert.notafter",
        Tag::Inferred,
        GUESS,
        "the end of validity, such as 2026-01-31T12:00:00Z",
    ),
    Evidence::new(
        "filter.param.cert.notbefore",
        Tag::Inferred,
        GUESS,
        "the begin of validity, such as 2026-01-31T12:00:00Z",
    ),
    Evidence::new(
        "filter.param.cert.subject",
        Tag::Inferred,
        GUESS,
        "the subject as RFC 4514 writes it",
    ),
    Evidence::new(
        "filter.param.key.id",
        Tag::Inferred,
        KEYGEN,
        "the key id in the app",
    ),
    Evidence::new(
        "filter.param.key.length",
        Tag::Inferred,
        KEYGEN_LENGTH,
        "the length of the key in bits: of the modulus, or of the curve",
    ),
    Evidence::new(
        "filter.param.key.type",
        Tag::Documented,
        EXAMPLE,
        "the type of the key: RSA documented, EC and Ed25519 inferred",
    ),
    Evidence::new(
        "filter.param.key.usage",
        Tag::Inferred,
        KEYGEN,
        "the usage of the key in the app: SIG, AUTH, ENC",
    ),
    Evidence::new(
        "filter.param.profile.id",
        Tag::Inferred,
        KEYGEN,
        "the profile that the key belongs to",
    ),
];

const KEYGEN_LENGTH: &str = "by analogy with key.type and keylength of keygenrequests";

impl FilterSubject for Certificate {
    /// See [`EVIDENCE`] for the names. The serial number is not among them: no page says in which radix it would be compared.
    fn param(&self, name: &str) -> Option<Vec<FilterValue>> {
        let one = |value: FilterValue| Some(vec![value]);
        match name {
            "key.type" => one(key_type(self)?.into()),
            "key.length" => one(key_length(self)?.into()),
            "cert.subject" => one(self.subject().to_string().into()),
            "cert.issuer" => one(self.issuer().to_string().into()),
            "cert.notbefore" => one(to_the_second(self.not_before()).into()),
            "cert.notafter" => one(to_the_second(self.not_after()).into()),
            attribute => {
                let values = CertificateAttribute::new(attribute).resolve(self).ok()?;
                Some(values.into_iter().map(FilterValue::from).collect())
            }
        }
    }
}

/// Certificates count in seconds.
fn to_the_second(time: Timestamp) -> String {
    time.to_string().replace(".000Z", "Z")
}

/// By the identifier, so that a key that is too small to be used has a type all the same.
fn key_type(certificate: &Certificate) -> Option<&'static str> {
    let mut info = Reader::only(certificate.spki_der(), tag::SEQUENCE, "key")
        .ok()?
        .reader();
    let oid = info.next().ok()?.reader().oid("key").ok()?;
    if oid == RSA_ENCRYPTION || oid == RSA_PSS {
        Some("RSA")
    } else if oid == EC_PUBLIC_KEY {
        Some("EC")
    } else if oid == ED25519 {
        Some("Ed25519")
    } else {
        None
    }
}

fn key_length(certificate: &Certificate) -> Option<u64> {
    let bits = match certificate.public_key().ok()?.key_type() {
        KeyType::Rsa { bits } => bits,
        KeyType::Ec(Curve::P256) | KeyType::Ed25519 => 256,
        KeyType::Ec(Curve::P384) => 384,
        KeyType::Ec(Curve::P521) => 521,
    };
    u64::try_from(bits).ok()
}
