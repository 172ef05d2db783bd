//! From a certificate to exactly one user.
//!
//! With certificate authentication the certificate names the user: the value of its Certificate Attribute is the value of a user's User
//! Attribute (vendor page: Set up Smart ID (Personal) authentication \[documented by the names of the properties\]). That it has to be
//! exactly one user, and that a typed user name has to be that user's id, is inferred; anything less would let one user in as another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smartid_trust::{AttributeComparison, AttributeError, Certificate, CertificateAttribute};

use super::PersonalMethod;
use crate::UserId;

/// A user as the user storage has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredUser {
    id: UserId,
    #[serde(default)]
    attributes: BTreeMap<String, Vec<String>>,
}

impl StoredUser {
    /// A user without attributes.
    #[must_use]
    pub fn new(id: UserId) -> Self {
        Self {
            id,
            attributes: BTreeMap::new(),
        }
    }

    /// One more value of an attribute.
    #[must_use]
    pub fn with(mut self, attribute: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes
            .entry(attribute.into())
            .or_default()
            .push(value.into());
        self
    }

    /// The user's id.
    #[must_use]
    pub const fn id(&self) -> &UserId {
        &self.id
    }

    /// The values of an attribute. Its name is compared without regard to upper and lower case, as directories do.
    pub fn values<'a>(&'a self, attribute: &'a str) -> impl Iterator<Item = &'a str> {
        self.attributes
            .iter()
            .filter(move |(name, _)| name.eq_ignore_ascii_case(attribute))
            .flat_map(|(_, values)| values)
            .map(String::as_str)
    }
}

/// Why a certificate names no user. No value of the certificate or of a user is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// The Certificate Attribute cannot be read: its name is not known, or the certificate's alternative names are broken.
    #[error("the certificate attribute cannot be read")]
    Attribute(#[source] AttributeError),
    /// The certificate has no such value, or an empty one.
    #[error("the certificate has no value to map")]
    NoValue,
    /// No user has the value.
    #[error("no user has the certificate's value")]
    NoUser,
    /// Several users have it, or several values name different users.
    #[error("the certificate names several users")]
    SeveralUsers,
    /// The user name that was typed is not the id of the user whom the certificate names.
    #[error("the certificate names another user than the one who was typed")]
    TypedUserDiffers,
}

/// How a certificate is mapped to a user.
///
/// ```
/// # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/personal/certificates/plain.test.pem"));
/// use smartid_da::personal::{MappingError, StoredUser, UserMapping};
/// use smartid_da::{CertificateAttribute, UserId};
/// use smartid_trust::Certificate;
///
/// let certificate = Certificate::from_pem(pem)?; // verified before
/// let mapping = UserMapping::new(CertificateAttribute::SUBJECT_ALT_NAME_EMAIL, "mail");
/// let alice = StoredUser::new(UserId::new("alice")?).with("mail", "alice@example.test");
/// let twin = StoredUser::new(UserId::new("alice2")?).with("mail", "alice@example.test");
/// assert_eq!(mapping.find(&certificate, [&alice], None)?.id().as_str(), "alice");
/// assert_eq!(mapping.find(&certificate, [&alice, &twin], None), Err(MappingError::SeveralUsers));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserMapping {
    certificate_attribute: CertificateAttribute,
    user_attribute: String,
    comparison: AttributeComparison,
}

impl UserMapping {
    /// By these attributes, values compared octet by octet.
    #[must_use]
    pub fn new(certificate_attribute: CertificateAttribute, user_attribute: impl Into<String>) -> Self {
        Self {
            certificate_attribute,
            user_attribute: user_attribute.into(),
            comparison: AttributeComparison::Exact,
        }
    }

    /// The mapping of a method; `None` without certificate authentication or without the pair.
    #[must_use]
    pub fn of(method: &PersonalMethod) -> Option<Self> {
        let attribute = method
            .certificate_attribute()
            .filter(|_| method.uses_certificate())?;
        Some(Self::new(attribute, method.user_attribute()?))
    }

    /// Compares values, and the typed user, in this way. What Digital Access does is not public.
    #[must_use]
    pub const fn with_comparison(mut self, comparison: AttributeComparison) -> Self {
        self.comparison = comparison;
        self
    }

    /// The Certificate Attribute.
    #[must_use]
    pub const fn certificate_attribute(&self) -> &CertificateAttribute {
        &self.certificate_attribute
    }

    /// The User Attribute.
    #[must_use]
    pub fn user_attribute(&self) -> &str {
        &self.user_attribute
    }

    /// The values of the Certificate Attribute: those to look up in the user storage, in the certificate's order, each once. Empty ones
    /// are none. They are texts of a stranger: never put into a query without escaping, and no character of them is a pattern.
    ///
    /// # Errors
    /// [`MappingError::Attribute`], [`MappingError::NoValue`].
    pub fn values(&self, certificate: &Certificate) -> Result<Vec<String>, MappingError> {
        let mut values: Vec<String> = Vec::new();
        for value in self
            .certificate_attribute
            .resolve(certificate)
            .map_err(MappingError::Attribute)?
        {
            if !value.is_empty() && !values.contains(&value) {
                values.push(value);
            }
        }
        if values.is_empty() {
            return Err(MappingError::NoValue);
        }
        Ok(values)
    }

    /// The one user whom the certificate names. `users` are all whom the value could mean; `typed` is what the user typed as user name,
    /// which must be that user's id.
    ///
    /// It believes the certificate: verify it first, by the certificate authority of the method.
    ///
    /// # Errors
    /// [`MappingError`].
    pub fn find<'u>(
        &self,
        certificate: &Certificate,
        users: impl IntoIterator<Item = &'u StoredUser>,
        typed: Option<&str>,
    ) -> Result<&'u StoredUser, MappingError> {
        let values = self.values(certificate)?;
        let mut found: Option<&StoredUser> = None;
        for user in users {
            let mut own = user.values(&self.user_attribute);
            if !own.any(|own| values.iter().any(|value| self.same(value, own))) {
                continue;
            }
            match found {
                // A storage may list one user twice.
                Some(known) if known.id != user.id => return Err(MappingError::SeveralUsers),
                _ => found = Some(user),
            }
        }
        let user = found.ok_or(MappingError::NoUser)?;
        match typed {
            Some(typed) if !self.same(typed, user.id.as_str()) => Err(MappingError::TypedUserDiffers),
            _ => Ok(user),
        }
    }

    fn same(&self, one: &str, other: &str) -> bool {
        match self.comparison {
            AttributeComparison::IgnoreAsciiCase => one.eq_ignore_ascii_case(other),
            _ => one == other,
        }
    }
}
