//! Certificates as Certificate Manager hands them out: in the form that was asked for, or in another, and in any order.
//!
//! [`Certificates`] keeps the bytes as they came and what was read of them. Nothing here is believed: which certificate belongs to a key
//! is found by the key, an order by names and signatures, and whether a chain leads to a trusted root is for
//! [`smartid_trust::path`] to say.

#[cfg(feature = "zip")]
mod archive;
mod form;
mod read;

use std::fmt;

use bytes::Bytes;
use smartid_core::{Incoming, Unreadable};
use smartid_trust::{Certificate, PublicKey, Refusal, chain_of};

use crate::dialect::CmDialect;
use crate::ids::CertId;

pub use form::CertificateForm;
pub(crate) use read::{attribute_certificate, looks_like_certificates};

/// Why certificates cannot be had out of an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificatesError {
    /// The bytes are no certificates, too many, or too long.
    #[error("the certificates cannot be read: {0}")]
    Unreadable(&'static str),
    /// They are an archive, and this build cannot read archives. The bytes are there.
    #[error("the certificates are a ZIP archive, which is read with the feature `zip` of smartid-cm only")]
    ZipFeature,
    /// None of them is for the key.
    #[error("none of the certificates is for the key of the request")]
    OtherKey,
    /// Every certificate issued another, or names contradict signatures, so that none stands at the end.
    #[error("none of the certificates stands at the end of a chain")]
    NoLeaf,
    /// Several certificates issued no other; without a key nobody knows which is meant.
    #[error("several certificates stand at the end of a chain")]
    SeveralLeaves,
    /// They cannot be put in order.
    #[error("the certificates cannot be put in order: {0}")]
    Chain(#[from] Refusal),
}

/// The most signatures that are checked to find the end of a chain: with 128 certificates of one name it would be thousands.
const MAX_CHECKS: usize = 512;

/// Certificates out of an answer.
///
/// ```
/// # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../smartid-trust/doc/officer-one.pem"));
/// # let root = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../smartid-trust/doc/root.pem"));
/// use smartid_cm::Certificates;
///
/// let certificates = Certificates::parse(format!("{root}{pem}"))?; // PEM here; DER, PKCS #7 and base64 are read alike
/// assert_eq!(certificates.all()?.len(), 2);
/// let leaf = certificates.leaf()?;
/// assert_eq!(leaf.subject().to_string(), "CN=Officer One,O=Example");
/// let chain = certificates.chain_for(&leaf.public_key()?)?;
/// assert_eq!(&chain[0], leaf);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Certificates {
    bytes: Bytes,
    content_type: String,
    certid: Option<CertId>,
    /// `None`: an archive, in a build that cannot read it.
    certificates: Option<Vec<Certificate>>,
    unreadable: usize,
}

impl Certificates {
    /// Reads bytes: PKCS #7 of certificates (DER or BER), certificates in DER one behind the other, PEM of both, base64 of all these, and
    /// ZIP archives of them. At most 128 certificates and 4 MiB; in an archive at most 256 files, of 1 MiB each and 4 MiB together when
    /// they are inflated. Without the feature `zip` an archive is kept as it is.
    ///
    /// # Errors
    /// [`CertificatesError::Unreadable`] when there is not one certificate that can be read, or more than the caps allow.
    pub fn parse(bytes: impl Into<Bytes>) -> Result<Self, CertificatesError> {
        let bytes = bytes.into();
        let (certificates, unreadable) = match read::read(&bytes) {
            Ok(found) => (Some(found.certificates), found.unreadable),
            Err(CertificatesError::ZipFeature) => (None, 0),
            Err(error) => return Err(error),
        };
        Ok(Self {
            bytes,
            content_type: String::new(),
            certid: None,
            certificates,
            unreadable,
        })
    }

    /// Reads an answer of which is known that it is bytes.
    pub(crate) fn of_answer(dialect: &CmDialect, incoming: &Incoming) -> Result<Self, CertificatesError> {
        Ok(Self {
            content_type: incoming.content_type().to_owned(),
            certid: certid(dialect, incoming),
            ..Self::parse(incoming.body().clone())?
        })
    }

    /// Certificates that were read one by one; the bytes are those of one behind the other.
    pub(crate) fn of_list(certificates: Vec<Certificate>) -> Self {
        let ders: Vec<&[u8]> = certificates.iter().map(|one| &**one.der()).collect();
        Self {
            bytes: ders.concat().into(),
            content_type: String::new(),
            certid: None,
            certificates: Some(certificates),
            unreadable: 0,
        }
    }

    /// The bytes as they came.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The media type as the answer says it, without parameters; empty when it says none. It need not be right.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The id in Certificate Manager's database, where the answer says it (header `certId`, seen in public third-party code:
    /// Keyfactor/nexus-certificate-manager-caplugin). What is no id is left out.
    #[must_use]
    pub const fn certid(&self) -> Option<&CertId> {
        self.certid.as_ref()
    }

    /// Every certificate that can be read, once, in the order they came.
    ///
    /// # Errors
    /// [`CertificatesError::ZipFeature`].
    pub fn all(&self) -> Result<&[Certificate], CertificatesError> {
        self.certificates.as_deref().ok_or(CertificatesError::ZipFeature)
    }

    /// How many there were that cannot be read.
    #[must_use]
    pub const fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// The certificates for this key, in the order they came: none, one, or several where a procedure issues several for one key.
    ///
    /// # Errors
    /// [`CertificatesError::ZipFeature`].
    pub fn of_key(&self, key: &PublicKey) -> Result<Vec<&Certificate>, CertificatesError> {
        Ok(self.all()?.iter().filter(|one| is_for(key, one)).collect())
    }

    /// The first certificate for this key, then its issuers as far as they came.
    ///
    /// # Errors
    /// [`CertificatesError::OtherKey`] when none is for it; [`CertificatesError::ZipFeature`].
    pub fn chain_for(&self, key: &PublicKey) -> Result<Vec<Certificate>, CertificatesError> {
        let all = self.all()?;
        let own = all
            .iter()
            .position(|one| is_for(key, one))
            .ok_or(CertificatesError::OtherKey)?;
        let wanted = all
            .iter()
            .enumerate()
            .filter(|(at, one)| *at == own || !is_for(key, one));
        Ok(chain_of(key, wanted.map(|(_, one)| one.clone()))?)
    }

    /// The certificate at the end, found without a key: the one that issued none of the others.
    ///
    /// # Errors
    /// [`CertificatesError::NoLeaf`], [`CertificatesError::SeveralLeaves`], [`CertificatesError::ZipFeature`].
    pub fn leaf(&self) -> Result<&Certificate, CertificatesError> {
        let all = self.all()?;
        let mut checks = 0;
        let mut leaf = None;
        for one in all {
            let mut issued_another = false;
            for other in all {
                if !issued_another && other != one && other.issuer() == one.subject() {
                    checks += 1;
                    if checks > MAX_CHECKS {
                        return Err(CertificatesError::NoLeaf);
                    }
                    issued_another |= one.public_key().is_ok_and(|key| other.is_signed_by(&key).is_ok());
                }
            }
            if !issued_another && leaf.replace(one).is_some() {
                return Err(CertificatesError::SeveralLeaves);
            }
        }
        leaf.ok_or(CertificatesError::NoLeaf)
    }

    /// The [`leaf`](Self::leaf), then its issuers as far as they came.
    ///
    /// # Errors
    /// Those of [`leaf`](Self::leaf) and [`CertificatesError::Chain`].
    pub fn chain(&self) -> Result<Vec<Certificate>, CertificatesError> {
        self.chain_for(&self.leaf()?.public_key()?)
    }
}

/// Whether the certificate is for this key, as `chain_of` sees it.
fn is_for(key: &PublicKey, certificate: &Certificate) -> bool {
    chain_of(key, [certificate.clone()]).is_ok()
}

/// The id of the header that the dialect names, if it is one and says one.
pub(crate) fn certid(dialect: &CmDialect, incoming: &Incoming) -> Option<CertId> {
    let mut values = incoming
        .headers()
        .get_all(&*dialect.answers.certid_header)
        .into_iter();
    let first = values.next()?;
    if values.any(|other| other != first) {
        return None;
    }
    CertId::new(first.to_str().ok()?.trim()).ok()
}

/// The answer to a read that should have been certificates.
pub(crate) fn unreadable(incoming: &Incoming, error: &CertificatesError) -> Unreadable {
    incoming.unreadable(&error.to_string())
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            bytes,
            content_type: _,
            certid,
            certificates,
            unreadable,
        } = self;
        f.debug_struct("Certificates")
            .field("bytes", &bytes.len())
            .field("certid", certid)
            .field("certificates", certificates)
            .field("unreadable", unreadable)
            .finish_non_exhaustive()
    }
}
