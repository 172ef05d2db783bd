//! What goes into a new container.

use std::fmt;

use smartid_core::SecretBytes;

use crate::der::{Reader, tag};
use crate::pkcs12::public_half::PublicHalf;
use crate::pkcs12::{CertificateEntry, KeyEntry, TokenKey};
use crate::signer::chain::{self, Checks};
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
    pub(super) entry: KeyEntry,
    /// The key's own first, then its issuers, then the others.
    pub(super) certificates: Vec<Certificate>,
}

impl NewKey {
    /// A key as PKCS #8 in DER that is not encrypted, with its certificates in any order: its own, its issuers, others.
    ///
    /// The key may be of a type that this crate does not sign with. If nobody can say then which certificate is its own, the first is
    /// taken, and there will be a [`Finding::KeyNotChecked`](super::Finding::KeyNotChecked).
    ///
    /// # Errors
    /// [`Reason::Malformed`], [`Reason::PasswordMissing`] when the key is encrypted, [`Reason::NoCertificate`],
    /// [`Reason::KeyCertificateMismatch`], and [`Reason::SeveralCertificates`] when different certificates have this key.
    pub fn new(
        pkcs8: SecretBytes,
        certificates: impl IntoIterator<Item = Certificate>,
    ) -> Result<Self, Refusal> {
        let entry = entry(pkcs8)?;
        let mut given: Vec<Certificate> = Vec::new();
        for certificate in certificates {
            if !given.contains(&certificate) {
                given.push(certificate);
            }
        }
        if given.is_empty() {
            return Err(Reason::NoCertificate.into());
        }
        let half = PublicHalf::of(&entry);
        let mut own = (0..given.len()).filter(|place| given.get(*place).is_some_and(|one| half.is_of(one)));
        let leaf = match (own.next(), own.next()) {
            (Some(_), Some(_)) => return Err(Reason::SeveralCertificates.into()),
            (None, _) if half.is_known() => return Err(Reason::KeyCertificateMismatch.into()),
            (own, _) => given.remove(own.unwrap_or(0)),
        };
        let mut certificates = chain::with_issuers(leaf, given.clone(), &mut Checks::default());
        given.retain(|other| !certificates.contains(other));
        certificates.append(&mut given);
        Ok(Self { entry, certificates })
    }

    /// A key as PKCS #8 alone. Java does not list it.
    ///
    /// # Errors
    /// [`Reason::Malformed`], and [`Reason::PasswordMissing`] when the key is encrypted.
    pub fn without_certificate(pkcs8: SecretBytes) -> Result<Self, Refusal> {
        Ok(Self {
            entry: entry(pkcs8)?,
            certificates: Vec::new(),
        })
    }

    /// The name that people see, for Java the alias; it stands at the key and at its certificate.
    #[must_use]
    pub fn with_friendly_name(mut self, name: impl Into<String>) -> Self {
        self.entry.friendly_name = Some(name.into());
        self
    }
}

/// A key of a token that was opened, with its friendly name, its identifier, its chain, and its other certificates. Whoever wants all
/// that is in a token takes [`SoftToken::rewrap`](crate::SoftToken::rewrap).
impl From<&TokenKey> for NewKey {
    fn from(key: &TokenKey) -> Self {
        let certificates = key.chain().iter().chain(key.other_certificates());
        Self {
            entry: copy(&key.entry),
            certificates: certificates.cloned().collect(),
        }
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entry, certificates } = self;
        f.debug_struct("NewKey")
            .field("key", entry)
            .field("certificates", certificates)
            .finish()
    }
}

/// A key of whatever type, in the form of PKCS #8.
fn entry(pkcs8: SecretBytes) -> Result<KeyEntry, Refusal> {
    let key = SigningKey::from_pkcs8_der(pkcs8.expose());
    match &key {
        Err(refusal) if matches!(refusal.reason(), Reason::PasswordMissing | Reason::TooLarge) => {
            return Err(refusal.clone());
        }
        // The form of any PKCS #8 is all that a container needs.
        Err(_) if !has_form(pkcs8.expose()) => {
            return Err(Refusal::new(
                Reason::Malformed,
                "a private key that is not PKCS #8",
            ));
        }
        _ => {}
    }
    Ok(KeyEntry {
        pkcs8,
        key,
        friendly_name: None,
        local_key_id: None,
    })
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

pub(super) fn copy(entry: &KeyEntry) -> KeyEntry {
    let KeyEntry {
        pkcs8,
        key,
        friendly_name,
        local_key_id,
    } = entry;
    KeyEntry {
        pkcs8: pkcs8.clone(),
        key: key.clone(),
        friendly_name: friendly_name.clone(),
        local_key_id: local_key_id.clone(),
    }
}

/// Adds a certificate, or what it says more than a copy that is there; a copy that says something else stays beside it.
pub(super) fn add(entries: &mut Vec<CertificateEntry>, new: CertificateEntry) {
    fn goes_with<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
        one.is_none() || other.is_none() || one == other
    }
    let copy = entries.iter_mut().find(|entry| {
        entry.certificate == new.certificate
            && goes_with(entry.friendly_name.as_ref(), new.friendly_name.as_ref())
            && goes_with(entry.local_key_id.as_ref(), new.local_key_id.as_ref())
    });
    match copy {
        Some(copy) => {
            copy.friendly_name = copy.friendly_name.take().or(new.friendly_name);
            copy.local_key_id = copy.local_key_id.take().or(new.local_key_id);
        }
        None => entries.push(new),
    }
}
