//! Which part of a certificate names the user: the Certificate Attribute of Digital Access.
//!
//! With certificate authentication, Digital Access takes the value of a Certificate Attribute and looks for the one user whose User
//! Attribute has that value (vendor page: Set up Smart ID authentication \[documented: the property names and
//! `subjectaltname-emailaddress`\]). The list of allowed values is not published, so the name is open, and a name that is not known
//! resolves to an error and never to "no value".

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use smartid_core::{Evidence, Tag};

use super::{AttributeType, Certificate, GeneralName};
use crate::Refusal;

/// The name of a part of a certificate.
///
/// ```
/// # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.pem"));
/// use smartid_trust::{AttributeComparison, Certificate, CertificateAttribute};
///
/// let certificate = Certificate::from_pem(pem)?;
/// let attribute = CertificateAttribute::SUBJECT_ALT_NAME_EMAIL;
/// assert_eq!(attribute.resolve(&certificate)?, ["officer@example.com"]);
/// assert!(attribute.names(&certificate, "Officer@Example.com", AttributeComparison::IgnoreAsciiCase)?);
/// assert!(CertificateAttribute::new("subjectaltname-fax").resolve(&certificate).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CertificateAttribute(Cow<'static, str>);

/// Why a Certificate Attribute has no values to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttributeError {
    /// The name is not one that this version knows; it may well be one that Digital Access knows.
    #[error("the certificate attribute {0:?} is not known here")]
    Unknown(String),
    /// The certificate's alternative names cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Refusal),
}

/// How a value of a certificate is compared with the attribute of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttributeComparison {
    /// Letter by letter.
    #[default]
    Exact,
    /// Letter by letter, upper and lower case of A to Z being the same. That Digital Access compares e-mail addresses so is a guess, as
    /// user storages do \[inferred\].
    IgnoreAsciiCase,
}

enum Part {
    Email,
    UserPrincipalName,
    Dns,
    Uri,
    Subject(AttributeType),
}

const KNOWN: &[(&str, Part)] = &[
    ("c", Part::Subject(AttributeType::Country)),
    ("cn", Part::Subject(AttributeType::CommonName)),
    ("dc", Part::Subject(AttributeType::DomainComponent)),
    ("e", Part::Subject(AttributeType::Email)),
    ("emailaddress", Part::Subject(AttributeType::Email)),
    ("givenname", Part::Subject(AttributeType::GivenName)),
    ("l", Part::Subject(AttributeType::Locality)),
    ("o", Part::Subject(AttributeType::Organization)),
    ("ou", Part::Subject(AttributeType::OrganizationalUnit)),
    ("serialnumber", Part::Subject(AttributeType::SerialNumber)),
    ("sn", Part::Subject(AttributeType::Surname)),
    ("st", Part::Subject(AttributeType::State)),
    ("subjectaltname-dnsname", Part::Dns),
    ("subjectaltname-emailaddress", Part::Email),
    ("subjectaltname-upn", Part::UserPrincipalName),
    ("subjectaltname-uri", Part::Uri),
    ("surname", Part::Subject(AttributeType::Surname)),
    ("title", Part::Subject(AttributeType::Title)),
    ("uid", Part::Subject(AttributeType::UserId)),
];

const SETUP: &str = "vendor page: Set up Smart ID authentication";
const USER_CERTIFICATE: &str =
    "vendor page: the product's help on the extended properties of the user certificate method";
const PATTERN: &str = "by the pattern of subjectaltname-emailaddress";
const BARE: &str = "by the pattern of cn: the short name of an attribute of the subject";

const fn subject(key: &'static str) -> Evidence {
    Evidence::new(key, Tag::Inferred, BARE, "that attribute of the subject")
}

impl CertificateAttribute {
    /// The e-mail addresses of the alternative names \[documented\].
    pub const SUBJECT_ALT_NAME_EMAIL: Self = Self(Cow::Borrowed("subjectaltname-emailaddress"));
    /// The user principal names of the alternative names \[inferred\].
    pub const SUBJECT_ALT_NAME_UPN: Self = Self(Cow::Borrowed("subjectaltname-upn"));
    /// The DNS names of the alternative names \[inferred\].
    pub const SUBJECT_ALT_NAME_DNS: Self = Self(Cow::Borrowed("subjectaltname-dnsname"));
    /// The URIs of the alternative names \[inferred\].
    pub const SUBJECT_ALT_NAME_URI: Self = Self(Cow::Borrowed("subjectaltname-uri"));
    /// The common names of the subject \[documented, for the user certificate method\].
    pub const COMMON_NAME: Self = Self(Cow::Borrowed("cn"));
    /// The serial numbers of the subject, those of a person and not the certificate's \[inferred\].
    pub const SERIAL_NUMBER: Self = Self(Cow::Borrowed("serialnumber"));
    /// The user ids of the subject \[inferred\].
    pub const USER_ID: Self = Self(Cow::Borrowed("uid"));
    /// The e-mail addresses of the subject \[inferred\].
    pub const EMAIL: Self = Self(Cow::Borrowed("e"));

    /// Every name that resolves, and how we know it.
    pub const EVIDENCE: &'static [Evidence] = &[
        subject("certificate_attribute.c"),
        Evidence::new(
            "certificate_attribute.cn",
            Tag::Documented,
            USER_CERTIFICATE,
            "common name of the subject",
        ),
        subject("certificate_attribute.dc"),
        subject("certificate_attribute.e"),
        subject("certificate_attribute.emailaddress"),
        subject("certificate_attribute.givenname"),
        subject("certificate_attribute.l"),
        subject("certificate_attribute.o"),
        subject("certificate_attribute.ou"),
        subject("certificate_attribute.serialnumber"),
        subject("certificate_attribute.sn"),
        subject("certificate_attribute.st"),
        Evidence::new(
            "certificate_attribute.subjectaltname-dnsname",
            Tag::Inferred,
            PATTERN,
            "DNS names of the alternative names",
        ),
        Evidence::new(
            "certificate_attribute.subjectaltname-emailaddress",
            Tag::Documented,
            SETUP,
            "e-mail addresses of the alternative names",
        ),
        Evidence::new(
            "certificate_attribute.subjectaltname-upn",
            Tag::Inferred,
            PATTERN,
            "user principal names of the alternative names",
        ),
        Evidence::new(
            "certificate_attribute.subjectaltname-uri",
            Tag::Inferred,
            PATTERN,
            "URIs of the alternative names",
        ),
        subject("certificate_attribute.surname"),
        subject("certificate_attribute.title"),
        subject("certificate_attribute.uid"),
    ];

    /// Any name, as it is configured in Digital Access.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(Cow::Owned(name.into()))
    }

    /// The name, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The values in the certificate, in its order; empty when it has none. The name is looked up without regard to upper and lower case.
    ///
    /// # Errors
    /// [`AttributeError::Unknown`] when the name is not known, [`AttributeError::Unreadable`] when the alternative names are asked for
    /// and cannot be read.
    pub fn resolve(&self, certificate: &Certificate) -> Result<Vec<String>, AttributeError> {
        let known = KNOWN.iter().find(|(name, _)| name.eq_ignore_ascii_case(&self.0));
        let (_, part) = known.ok_or_else(|| AttributeError::Unknown(self.0.to_string()))?;
        if let Part::Subject(kind) = part {
            return Ok(certificate.subject().texts(kind));
        }
        let names = certificate.subject_alt_names()?;
        Ok(names
            .into_iter()
            .filter_map(|name| match (part, name) {
                (Part::Email, GeneralName::Email(text))
                | (Part::Dns, GeneralName::Dns(text))
                | (Part::Uri, GeneralName::Uri(text)) => Some(text),
                (Part::UserPrincipalName, name) => name.user_principal_name(),
                _ => None,
            })
            .collect())
    }

    /// Whether one of the values is `user_value`, the User Attribute of a user. An empty `user_value` names nobody.
    ///
    /// It says what the certificate says: verify it first ([`ChainPolicy::verify`](crate::path::ChainPolicy::verify), or take
    /// [`Proof::signer`](crate::Proof::signer)), by a CA that gives these names to nobody else. A certificate may have several values;
    /// each of them names a user. That exactly one user has the value is for the caller to establish.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn names(
        &self,
        certificate: &Certificate,
        user_value: &str,
        comparison: AttributeComparison,
    ) -> Result<bool, AttributeError> {
        let same = |value: &String| match comparison {
            AttributeComparison::Exact => value == user_value,
            AttributeComparison::IgnoreAsciiCase => value.eq_ignore_ascii_case(user_value),
        };
        Ok(!user_value.is_empty() && self.resolve(certificate)?.iter().any(same))
    }
}

impl fmt::Display for CertificateAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_evidence() {
        let names = KNOWN
            .iter()
            .map(|(name, _)| format!("certificate_attribute.{name}"));
        assert!(
            names.eq(CertificateAttribute::EVIDENCE
                .iter()
                .map(|row| row.key.to_owned()))
        );
    }
}
