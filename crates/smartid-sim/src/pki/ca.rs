//! A certificate authority for tests: a root and an authority under it.

use super::{Certificate, Key, KeyKind};
use crate::SimError;

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Signing documents: key usage `digitalSignature` and `nonRepudiation`.
    Signing,
    /// Logging in: key usage `digitalSignature`, extended key usage `clientAuth`.
    Authentication,
    /// Receiving what is encrypted: `keyEncipherment` for RSA, `keyAgreement` for curves; extended key usage `emailProtection`.
    Encryption,
}

/// From when until when a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validity {
    /// First second, since 1970.
    pub not_before: u64,
    /// Last second, since 1970.
    pub not_after: u64,
}

impl Validity {
    /// Both ends, in seconds since 1970.
    #[must_use]
    pub fn new(not_before: u64, not_after: u64) -> Self {
        Self {
            not_before,
            not_after,
        }
    }

    /// So many days from a moment on.
    #[must_use]
    pub fn days(not_before: u64, days: u32) -> Self {
        Self::new(
            not_before,
            not_before.saturating_add(u64::from(days).saturating_mul(86_400)),
        )
    }
}

/// A root and an issuing authority under it, with new keys and names that repeat with the seed.
#[derive(Debug)]
pub struct TestCa {}

fn soon<T>() -> Result<T, SimError> {
    Err(SimError::pki("not there yet"))
}

impl TestCa {
    /// New authorities on P-256, valid for ten years from `now` (seconds since 1970).
    ///
    /// # Errors
    /// [`SimError::Pki`] when the keys cannot be made.
    pub fn new(seed: u64, now: u64) -> Result<Self, SimError> {
        Self::with_keys(seed, now, KeyKind::P256)
    }

    /// As [`TestCa::new`], with keys of another kind.
    ///
    /// # Errors
    /// As [`TestCa::new`].
    pub fn with_keys(_seed: u64, _now: u64, _kind: KeyKind) -> Result<Self, SimError> {
        soon()
    }

    /// Turns a request into a certificate.
    ///
    /// # Errors
    /// [`SimError::Pki`] when the request cannot be read or its signature is wrong.
    pub fn issue(
        &self,
        _csr_der: &[u8],
        _profile: Profile,
        _validity: Validity,
    ) -> Result<Certificate, SimError> {
        soon()
    }

    /// A certificate for a key at hand.
    ///
    /// # Errors
    /// [`SimError::Pki`] for a subject that cannot be encoded.
    pub fn issue_for_key(
        &self,
        _subject: &str,
        _key: &Key,
        _profile: Profile,
        _validity: Validity,
    ) -> Result<Certificate, SimError> {
        soon()
    }

    /// The issuing authority's certificate and the root's, as PEM.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        String::new()
    }

    /// The root's certificate as PEM.
    #[must_use]
    pub fn root_pem(&self) -> String {
        String::new()
    }

    /// The root's certificate.
    #[must_use]
    pub fn root_der(&self) -> &[u8] {
        &[]
    }

    /// The issuing authority's certificate.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &[]
    }

    /// Withdraws a certificate; `serial` is [`Certificate::serial`], `now` the moment of withdrawal.
    pub fn revoke(&self, _serial: &[u8], _now: u64) {}

    /// The issuing authority's revocation list.
    ///
    /// # Errors
    /// [`SimError::Pki`] when it cannot be signed.
    pub fn crl_der(&self, _this_update: u64, _next_update: u64) -> Result<Vec<u8>, SimError> {
        soon()
    }

    /// Whether the issuing authority has issued this, it is valid at `now`, and not withdrawn.
    ///
    /// # Errors
    /// [`SimError::Pki`] with what is wrong.
    pub fn verify(&self, _certificate: &Certificate, _now: u64) -> Result<(), SimError> {
        soon()
    }
}
