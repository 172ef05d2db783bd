//! One entry of a certificate command: a certificate for a key, an auxiliary certificate, or a recovered key with its certificate.
//!
//! The form is inferred, see [`InstallCertificates`](super::InstallCertificates).

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{BuildError, Lint, SecretBytes, SecretString};
use smartid_trust::Certificate;

use super::certificate::base64;
use crate::answers::ProvisionedKey;
use crate::ids::KeyId;

/// Most certificates of one chain.
pub const MAX_CHAIN: usize = 16;
/// Largest PKCS #12 container, in bytes.
pub const MAX_PKCS12: usize = 256 * 1024;

/// What one entry installs. `Debug` shows no password and no container.
#[derive(Clone)]
#[non_exhaustive]
pub struct CertificateEntry {
    /// The key that it belongs to; none for an auxiliary certificate.
    pub key_id: Option<KeyId>,
    /// The certificate, or the container.
    pub content: EntryContent,
}

/// The content of a [`CertificateEntry`].
#[derive(Clone)]
#[non_exhaustive]
pub enum EntryContent {
    /// A certificate, whose key is in the device or in nobody's.
    Certificate {
        /// The certificate.
        certificate: Certificate,
        /// Its issuers, from the issuer up; the certificate itself is not repeated. `None` leaves the member out.
        chain: Option<Vec<Certificate>>,
    },
    /// A recovered key with its certificates: a PKCS #12 container (unknown: that keys are recovered to devices is documented, how is
    /// not).
    Pkcs12 {
        /// The container.
        container: SecretBytes,
        /// Its password; `None` where it reaches the device in another way.
        password: Option<SecretString>,
    },
}

impl CertificateEntry {
    /// A certificate for a key.
    pub fn new(key_id: impl Into<KeyId>, certificate: Certificate) -> Self {
        Self {
            key_id: Some(key_id.into()),
            content: EntryContent::Certificate {
                certificate,
                chain: None,
            },
        }
    }

    /// As [`new`](Self::new), for a key that a device has made; the certificate must be of that key.
    ///
    /// # Errors
    /// [`BuildError::Invalid`] when it is of another key, or its key cannot be read.
    pub fn for_key(key: &ProvisionedKey, certificate: Certificate) -> Result<Self, BuildError> {
        match certificate.public_key() {
            Ok(certified) if certified.is_same_key(&key.public_key) => {
                Ok(Self::new(key.key_id.clone(), certificate))
            }
            Ok(_) => Err(BuildError::Invalid(format!(
                "the certificate is not of the key {:?}",
                key.key_id.as_str()
            ))),
            Err(refusal) => Err(BuildError::Invalid(format!(
                "the key of the certificate for {:?} cannot be read: {refusal}",
                key.key_id.as_str()
            ))),
        }
    }

    /// A certificate that belongs to no key of the profile (inferred: an entry without `keyid`).
    #[must_use]
    pub fn auxiliary(certificate: Certificate) -> Self {
        Self {
            key_id: None,
            content: EntryContent::Certificate {
                certificate,
                chain: None,
            },
        }
    }

    /// A recovered key: a PKCS #12 container.
    pub fn pkcs12(key_id: impl Into<KeyId>, container: SecretBytes) -> Self {
        Self {
            key_id: Some(key_id.into()),
            content: EntryContent::Pkcs12 {
                container,
                password: None,
            },
        }
    }

    /// Sets the issuers of a certificate, from the issuer up. A container has its own.
    #[must_use]
    pub fn chain(mut self, issuers: impl IntoIterator<Item = Certificate>) -> Self {
        if let EntryContent::Certificate { chain, .. } = &mut self.content {
            *chain = Some(issuers.into_iter().collect());
        }
        self
    }

    /// Sets the password of a container. It stands in the command beside the container: whoever reads one reads the other.
    #[must_use]
    pub fn password(mut self, secret: impl Into<SecretString>) -> Self {
        if let EntryContent::Pkcs12 { password, .. } = &mut self.content {
            *password = Some(secret.into());
        }
        self
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        let refuse = |what: String| Err(BuildError::Invalid(what));
        if self.key_id.as_ref().is_some_and(|id| id.as_str().is_empty()) {
            return refuse("the key id of a certificate is empty".to_owned());
        }
        match &self.content {
            EntryContent::Certificate {
                chain: Some(chain), ..
            } if chain.len() > MAX_CHAIN => refuse(format!(
                "a chain of {} certificates; the most is {MAX_CHAIN}",
                chain.len()
            )),
            EntryContent::Pkcs12 { container, .. } if container.expose().is_empty() => {
                refuse("a PKCS #12 container is empty".to_owned())
            }
            EntryContent::Pkcs12 { container, .. } if container.expose().len() > MAX_PKCS12 => {
                refuse(format!("a PKCS #12 container has more than {MAX_PKCS12} bytes"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn lints(&self, at: &str, lints: &mut Vec<Lint>) {
        match &self.content {
            EntryContent::Certificate { certificate, chain } => {
                let mut below = certificate;
                for (index, issuer) in chain.iter().flatten().enumerate() {
                    if issuer.der() == certificate.der() {
                        lints.push(Lint::new(
                            format!("{at}/chain/{index}"),
                            "repeats the certificate; a chain begins with its issuer",
                        ));
                    } else if below.issuer() != issuer.subject() {
                        lints.push(Lint::new(
                            format!("{at}/chain/{index}"),
                            "is not the issuer of the certificate before it",
                        ));
                    }
                    below = issuer;
                }
            }
            EntryContent::Pkcs12 {
                password: Some(_), ..
            } => lints.push(Lint::new(
                format!("{at}/password"),
                "the password goes with the container, so the container protects nothing on its way",
            )),
            EntryContent::Pkcs12 { .. } => {}
        }
    }
}

impl Serialize for CertificateEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(key) = &self.key_id {
            map.serialize_entry("keyid", key)?;
        }
        match &self.content {
            EntryContent::Certificate { certificate, chain } => {
                map.serialize_entry("certificate", &base64(certificate))?;
                if let Some(chain) = chain {
                    let chain: Vec<String> = chain.iter().map(base64).collect();
                    map.serialize_entry("chain", &chain)?;
                }
            }
            EntryContent::Pkcs12 { container, password } => {
                let container = zeroize::Zeroizing::new(encode(Flavour::Standard, container.expose()));
                map.serialize_entry("pkcs12", container.as_str())?;
                if let Some(password) = password {
                    map.serialize_entry("password", password.expose())?;
                }
            }
        }
        map.end()
    }
}

impl fmt::Debug for CertificateEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key_id, content } = self;
        f.debug_struct("CertificateEntry")
            .field("key_id", key_id)
            .field("content", content)
            .finish()
    }
}

impl fmt::Debug for EntryContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate { certificate, chain } => f
                .debug_struct("Certificate")
                .field("subject", &certificate.subject().to_string())
                .field("chain", &chain.as_ref().map(Vec::len))
                .finish(),
            Self::Pkcs12 { container, password } => f
                .debug_struct("Pkcs12")
                .field("container", container)
                .field("password", password)
                .finish(),
        }
    }
}
