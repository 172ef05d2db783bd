//! What goes into a new container.

use std::fmt;

use smartid_core::SecretBytes;

use crate::der::{Reader, tag};
use crate::signer::chain;
use crate::{Certificate, Reason, Refusal, SigningKey};

/// A private key for a new container, with its certificate and what belongs to it.
///
/// ```
/// # let pkcs8 = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pkcs12-corpus/pki/p256.test.key"));
/// # let leaf = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pkcs12-corpus/pki/p256.der"));
/// # let issuer = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pkcs12-corpus/pki/issuing.der"));
/// use smartid_core::SecretBytes;
/// use smartid_trust::Certificate;
/// use smartid_trust::pkcs12::NewKey;
///
/// let chain = [Certificate::from_der(issuer.to_vec())?, Certificate::from_der(leaf.to_vec())?];
/// let key = NewKey::new(SecretBytes::new(pkcs8.to_vec()), chain)?.with_friendly_name("Åsa Ek");
/// # let _ = key;
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
pub struct NewKey {
    pub(super) pkcs8: SecretBytes,
    /// The key's own first, then its issuers, then the others.
    pub(super) certificates: Vec<Certificate>,
    pub(super) friendly_name: Option<String>,
}

impl NewKey {
    /// A key as PKCS #8 in DER that is not encrypted, with its certificates in any order: its own, its issuers, others.
    ///
    /// The key may be of a type that this crate does not sign with. Then nobody can say which certificate is its own, the first is taken,
    /// and there will be a [`Finding::KeyNotChecked`](super::Finding::KeyNotChecked).
    ///
    /// # Errors
    /// [`Reason::Malformed`], [`Reason::PasswordMissing`] when the key is encrypted, [`Reason::NoCertificate`],
    /// [`Reason::KeyCertificateMismatch`], and [`Reason::SeveralCertificates`] when different certificates have this key.
    pub fn new(
        pkcs8: SecretBytes,
        certificates: impl IntoIterator<Item = Certificate>,
    ) -> Result<Self, Refusal> {
        let mut given: Vec<Certificate> = certificates.into_iter().collect();
        let mut ordered = match read(&pkcs8)? {
            Some(key) => chain::chain_of(key.public_key(), given.iter().cloned())?,
            None if given.is_empty() => return Err(Reason::NoCertificate.into()),
            None => Vec::new(),
        };
        given.retain(|certificate| !ordered.contains(certificate));
        ordered.append(&mut given);
        Ok(Self {
            pkcs8,
            certificates: ordered,
            friendly_name: None,
        })
    }

    /// A key as PKCS #8 alone. Java does not list it.
    ///
    /// # Errors
    /// [`Reason::Malformed`], and [`Reason::PasswordMissing`] when the key is encrypted.
    pub fn without_certificate(pkcs8: SecretBytes) -> Result<Self, Refusal> {
        read(&pkcs8)?;
        Ok(Self {
            pkcs8,
            certificates: Vec::new(),
            friendly_name: None,
        })
    }

    /// The name that people see, for Java the alias; it stands at the key and at its certificate.
    #[must_use]
    pub fn with_friendly_name(mut self, name: impl Into<String>) -> Self {
        self.friendly_name = Some(name.into());
        self
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pkcs8: _blind,
            certificates,
            friendly_name,
        } = self;
        f.debug_struct("NewKey")
            .field("certificates", certificates)
            .field("friendly_name", friendly_name)
            .finish_non_exhaustive()
    }
}

/// The key, if it is of a type that is implemented.
pub(super) fn read(pkcs8: &SecretBytes) -> Result<Option<SigningKey>, Refusal> {
    match SigningKey::from_pkcs8_der(pkcs8.expose()) {
        Ok(key) => Ok(Some(key)),
        Err(refusal) => match refusal.reason() {
            Reason::PasswordMissing | Reason::TooLarge => Err(refusal),
            // Malformed in what this crate checks of its own types; the form of any PKCS #8 is all that a container needs.
            _ if has_form(pkcs8.expose()) => Ok(None),
            _ => Err(Refusal::new(
                Reason::Malformed,
                "a private key that is not PKCS #8",
            )),
        },
    }
}

/// Whether it begins as PrivateKeyInfo does: version, algorithm, octets.
fn has_form(pkcs8: &[u8]) -> bool {
    let Ok(info) = Reader::only(pkcs8, tag::SEQUENCE, "") else {
        return false;
    };
    let mut info = info.reader();
    [tag::INTEGER, tag::SEQUENCE, tag::OCTET_STRING]
        .into_iter()
        .all(|tag| info.expect(tag, "").is_ok())
}

/// A key on its way into a bag.
pub(super) struct KeyBag {
    pub(super) pkcs8: SecretBytes,
    pub(super) friendly_name: Option<String>,
    pub(super) local_key_id: Option<Vec<u8>>,
}

/// A certificate on its way into a bag.
pub(super) struct CertificateBag {
    pub(super) certificate: Certificate,
    pub(super) friendly_name: Option<String>,
    pub(super) local_key_id: Option<Vec<u8>>,
}

/// Adds a certificate, or what it says more than a copy that is there; a copy that says something else stays beside it.
pub(super) fn add(bags: &mut Vec<CertificateBag>, new: CertificateBag) {
    fn goes_with<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
        one.is_none() || other.is_none() || one == other
    }
    let copy = bags.iter_mut().find(|bag| {
        bag.certificate == new.certificate
            && goes_with(bag.friendly_name.as_ref(), new.friendly_name.as_ref())
            && goes_with(bag.local_key_id.as_ref(), new.local_key_id.as_ref())
    });
    match copy {
        Some(copy) => {
            copy.friendly_name = copy.friendly_name.take().or(new.friendly_name);
            copy.local_key_id = copy.local_key_id.take().or(new.local_key_id);
        }
        None => bags.push(new),
    }
}
