//! One entry of a certificate command: a certificate for a key, an auxiliary certificate, or a recovered key with its certificate.
//!
//! The form is inferred, see [`InstallCertificates`](super::InstallCertificates).

use std::fmt;

use serde::Serialize;
use serde::ser::{Error as _, SerializeMap, Serializer};
use serde_json::value::RawValue;
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
    /// An entry of another form: JSON text of an object, which is sent as it is. Treated as secret, because nobody knows what is in it.
    Json(SecretString),
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

    /// An entry of a form that this library does not know: JSON text of an object, sent as it is.
    ///
    /// ```
    /// use smartid_hermod::commands::CertificateEntry;
    ///
    /// let entry = CertificateEntry::json(r#"{"keyid":"signer","pkcs7":"MIIE"}"#);
    /// assert_eq!(serde_json::to_string(&entry)?, r#"{"keyid":"signer","pkcs7":"MIIE"}"#);
    /// assert!(!format!("{entry:?}").contains("MIIE"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn json(object: impl Into<SecretString>) -> Self {
        Self {
            key_id: None,
            content: EntryContent::Json(object.into()),
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
            EntryContent::Json(text) if object(text).is_none() => {
                refuse("an entry that is given as JSON is no JSON object".to_owned())
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
            EntryContent::Pkcs12 { .. } | EntryContent::Json(_) => {}
        }
    }
}

impl Serialize for CertificateEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let EntryContent::Json(text) = &self.content {
            let raw = object(text).ok_or_else(|| S::Error::custom("an entry that is no JSON object"))?;
            return raw.serialize(serializer);
        }
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
            EntryContent::Json(_) => {}
        }
        map.end()
    }
}

/// The JSON text of an object.
fn object(text: &SecretString) -> Option<&RawValue> {
    let raw: &RawValue = serde_json::from_str(text.expose()).ok()?;
    raw.get().starts_with('{').then_some(raw)
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
            Self::Json(blind) => f.debug_tuple("Json").field(blind).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(name: &str) -> Certificate {
        let path = format!(
            "{}/../smartid-trust/tests/fixtures/certs/{name}.der",
            env!("CARGO_MANIFEST_DIR")
        );
        Certificate::from_der(std::fs::read(path).unwrap()).unwrap()
    }

    fn container(size: usize) -> CertificateEntry {
        CertificateEntry::pkcs12("enc", SecretBytes::new(vec![1; size]))
    }

    fn lints(entry: &CertificateEntry) -> Vec<String> {
        let mut lints = Vec::new();
        entry.lints("c/0", &mut lints);
        lints.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_cannot_be_an_entry_is_refused() {
        let signer = || CertificateEntry::new("signer", certificate("signer-rsa"));
        let issuers = |count| vec![certificate("issuer"); count];
        for good in [
            signer(),
            signer().chain(issuers(MAX_CHAIN)),
            CertificateEntry::auxiliary(certificate("root")),
            container(MAX_PKCS12),
            CertificateEntry::json(" {} "),
        ] {
            assert!(good.check().is_ok(), "{good:?}");
        }
        for (bad, says) in [
            (CertificateEntry::new("", certificate("root")), "key id"),
            (signer().chain(issuers(MAX_CHAIN + 1)), "a chain of 17"),
            (container(0), "is empty"),
            (container(MAX_PKCS12 + 1), "more than"),
            (CertificateEntry::json("[]"), "no JSON object"),
            (CertificateEntry::json("{},{}"), "no JSON object"),
        ] {
            let error = bad.check().unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        assert!(serde_json::to_string(&CertificateEntry::json("7")).is_err());
    }

    #[test]
    fn a_chain_in_another_order_leaves_a_lint() {
        let (issuer, root) = (certificate("issuer"), certificate("root"));
        let signer = || CertificateEntry::new("signer", certificate("signer-rsa"));
        assert!(lints(&signer()).is_empty());
        assert!(lints(&signer().chain([issuer.clone(), root.clone()])).is_empty());
        assert_eq!(lints(&signer().chain([root, issuer.clone()])).len(), 2);
        let repeated = lints(&signer().chain([certificate("signer-rsa"), issuer]));
        assert_eq!(
            repeated,
            ["c/0/chain/0: repeats the certificate; a chain begins with its issuer"]
        );
        assert_eq!(lints(&container(1)), Vec::<String>::new());
        assert_eq!(lints(&container(1).password("p")).len(), 1);
    }

    #[test]
    fn a_chain_and_a_password_go_where_they_belong() {
        let container = serde_json::to_string(&container(1).chain([certificate("root")])).unwrap();
        assert_eq!(container, r#"{"keyid":"enc","pkcs12":"AQ=="}"#);
        let certificate = CertificateEntry::auxiliary(certificate("root")).password("test-Passw0rd");
        assert!(!serde_json::to_string(&certificate).unwrap().contains("password"));
    }
}
