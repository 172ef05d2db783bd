//! A certificate authority for tests: a root and an authority under it, that turn requests into certificates, withdraw them and say so
//! in revocation lists (RFC 5280). Keys are new in each; names and serial numbers repeat with the seed; time is the caller's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;

use super::authority::{Authority, Content, issue};
use super::certificate::{Certificate, pem};
use super::csr::{Csr, Extension, OID_SAN};
use super::profile::{CA_USAGE, Profile, Validity, key_usage};
use super::{Digest, Key, KeyKind, PublicKey, admin_key, der, name};
use crate::SimError;
use crate::sync::lock;

pub(super) const OID_BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// Certificate hold (RFC 5280 5.3.1).
const HOLD: u8 = 6;

/// A root and an issuing authority under it.
///
/// ```
/// use smartid_sim::TestCa;
/// use smartid_sim::pki::{csr, Key, KeyKind, Profile, SigAlg, Validity};
///
/// let now = 1_767_225_600; // 2026-01-01
/// let ca = TestCa::new(7, now)?;
/// let key = Key::generate(KeyKind::P256)?;
/// let request = csr::make("CN=Anna Example,C=SE", &["anna@example.com"], &key, SigAlg::Es256)?;
/// let certificate = ca.issue(&request, Profile::Signing, Validity::days(now, 365))?;
/// assert_eq!(certificate.common_name().as_deref(), Some("Anna Example"));
/// ca.verify(&certificate, now)?;
///
/// ca.revoke(certificate.serial(), now + 60)?;
/// assert!(ca.verify(&certificate, now + 61).is_err());
/// # Ok::<(), smartid_sim::SimError>(())
/// ```
pub struct TestCa {
    seed: u64,
    root: Authority,
    issuing: Authority,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Serial numbers that were given out by the issuing authority.
    issued: BTreeSet<Vec<u8>>,
    revoked: BTreeMap<Vec<u8>, (u64, u8)>,
    lists: u64,
}

impl fmt::Debug for TestCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            root: _,
            issuing: _,
            state: _,
        } = self;
        f.debug_struct("TestCa")
            .field("seed", seed)
            .finish_non_exhaustive()
    }
}

/// Positive, 16 bytes, and the same for the same seed and count.
fn serial(seed: u64, count: u64) -> Vec<u8> {
    let input = [seed.to_be_bytes(), count.to_be_bytes()].concat();
    let mut bytes = Digest::Sha256.of(&input);
    bytes.truncate(16);
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x3f) | 0x40;
    }
    bytes
}

impl TestCa {
    /// New authorities on P-256, valid for ten years from `now` (seconds since 1970).
    ///
    /// # Errors
    /// [`SimError::Pki`] when the keys cannot be made.
    pub fn new(seed: u64, now: u64) -> Result<Self, SimError> {
        Self::with_keys(seed, now, KeyKind::P256)
    }

    /// As [`TestCa::new`], with keys of another kind. RSA keys take their time to make.
    ///
    /// # Errors
    /// As [`TestCa::new`].
    pub fn with_keys(seed: u64, now: u64, kind: KeyKind) -> Result<Self, SimError> {
        let validity = Validity::days(now, 3653);
        let tag = admin_key::hex(serial(seed, u64::MAX).get(1..5).unwrap_or_default());
        let named = |what: &str| name::encode(&format!("O=smartid-sim,CN=Test {what} {tag}"));
        let authority = |path: &[u8]| {
            let value = der::seq(&[&der::tlv(der::BOOLEAN, &[&[0xff]]), path]);
            vec![
                Extension::new(OID_BASIC_CONSTRAINTS, true, value),
                key_usage(CA_USAGE),
            ]
        };
        let (root_key, issuing_key) = (Key::generate(kind)?, Key::generate(kind)?);
        let (root_name, issuing_name) = (named("Root")?, named("Issuing CA")?);
        let root = Content {
            serial: &serial(seed, 0),
            subject: &root_name,
            key: root_key.public_key(),
            validity,
            extensions: authority(&[]),
        };
        let root = issue(&root_key, &root_name, None, root)?;
        let issuing = Content {
            serial: &serial(seed, 1),
            subject: &issuing_name,
            key: issuing_key.public_key(),
            validity,
            // No further authority under this one.
            extensions: authority(&der::number(0)),
        };
        let issuing = issue(&root_key, &root_name, Some(root_key.public_key()), issuing)?;
        Ok(Self {
            seed,
            root: Authority {
                key: root_key,
                certificate: root,
            },
            issuing: Authority {
                key: issuing_key,
                certificate: issuing,
            },
            state: Mutex::default(),
        })
    }

    /// Turns a request into a certificate: subject, key and subject alternative names are the request's, everything else the profile's.
    ///
    /// # Errors
    /// [`SimError::Pki`] when the request cannot be read, is not signed by the key in it, or its alternative names are no sequence.
    pub fn issue(
        &self,
        csr_der: &[u8],
        profile: Profile,
        validity: Validity,
    ) -> Result<Certificate, SimError> {
        let request = Csr::parse(csr_der)?;
        request.verify()?;
        self.certify_request(&request, profile, validity)
    }

    /// As [`TestCa::issue`], for a request that was verified.
    pub(crate) fn certify_request(
        &self,
        request: &Csr,
        profile: Profile,
        validity: Validity,
    ) -> Result<Certificate, SimError> {
        let key = PublicKey::from_spki(request.spki_der())?;
        let san = request.san_der();
        if san
            .as_ref()
            .is_some_and(|value| der::only(value, der::SEQUENCE).is_none())
        {
            return Err(SimError::pki("the request's alternative names cannot be read"));
        }
        self.certify(request.subject_der(), &key, san, profile, validity)
    }

    /// A certificate for a key at hand, with a subject as [`name::encode`] reads it.
    ///
    /// # Errors
    /// [`SimError::Pki`] for a subject that cannot be encoded.
    pub fn issue_for_key(
        &self,
        subject: &str,
        key: &Key,
        profile: Profile,
        validity: Validity,
    ) -> Result<Certificate, SimError> {
        self.certify(&name::encode(subject)?, key.public_key(), None, profile, validity)
    }

    /// Takes a serial number as given out, without a certificate yet.
    pub(crate) fn reserve(&self, serial: &[u8]) {
        lock(&self.state).issued.insert(serial.to_vec());
    }

    pub(crate) fn certify(
        &self,
        subject: &[u8],
        key: &PublicKey,
        san: Option<Vec<u8>>,
        profile: Profile,
        validity: Validity,
    ) -> Result<Certificate, SimError> {
        let serial = {
            let mut state = lock(&self.state);
            // The two authorities have the first two numbers.
            let count = u64::try_from(state.issued.len()).unwrap_or(0).saturating_add(2);
            let serial = serial(self.seed, count);
            state.issued.insert(serial.clone());
            serial
        };
        self.certify_as(&serial, subject, key, san, profile, validity)
    }

    /// A certificate with this serial number, the content of an `INTEGER`.
    pub(crate) fn certify_as(
        &self,
        serial: &[u8],
        subject: &[u8],
        key: &PublicKey,
        san: Option<Vec<u8>>,
        profile: Profile,
        validity: Validity,
    ) -> Result<Certificate, SimError> {
        let mut extensions = profile.extensions(key);
        // Alternative names that stand for an empty subject are critical (RFC 5280 4.2.1.6).
        let alone = subject == [der::SEQUENCE, 0];
        extensions.extend(san.map(|value| Extension::new(OID_SAN, alone, value)));
        let content = Content {
            serial,
            subject,
            key,
            validity,
            extensions,
        };
        let issuing = &self.issuing;
        issue(
            &issuing.key,
            issuing.certificate.subject_der(),
            Some(issuing.key.public_key()),
            content,
        )
    }

    /// The issuing authority's certificate and the root's, in this order, as PEM.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        format!("{}{}", self.issuing.certificate.pem(), self.root_pem())
    }

    /// The root's certificate as PEM.
    #[must_use]
    pub fn root_pem(&self) -> String {
        self.root.certificate.pem()
    }

    /// The root's certificate.
    #[must_use]
    pub fn root_der(&self) -> &[u8] {
        self.root.certificate.der()
    }

    /// The issuing authority's certificate.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        self.issuing.certificate.der()
    }

    /// Withdraws a certificate without a reason; `serial` is [`Certificate::serial`], `now` the moment in seconds since 1970.
    ///
    /// # Errors
    /// [`SimError::Pki`] when this authority has issued no such certificate.
    pub fn revoke(&self, serial: &[u8], now: u64) -> Result<(), SimError> {
        self.revoke_with_reason(serial, 0, now)
    }

    /// Withdraws a certificate with a reason code of RFC 5280 5.3.1, for example 1 for a compromised key. What is withdrawn already
    /// stays as it is, except that a certificate on hold (6) may be withdrawn for good.
    ///
    /// # Errors
    /// [`SimError::Pki`] when this authority has issued no such certificate, or for a code that is not in 0 to 6, 9 or 10.
    pub fn revoke_with_reason(&self, serial: &[u8], reason: u8, now: u64) -> Result<(), SimError> {
        if !matches!(reason, 0..=6 | 9 | 10) {
            return Err(SimError::pki("this is no reason to revoke"));
        }
        let mut state = lock(&self.state);
        if !state.issued.contains(serial) {
            return Err(SimError::pki("no certificate with this serial number was issued"));
        }
        let entry = state.revoked.entry(serial.to_vec()).or_insert((now, reason));
        if entry.1 == HOLD {
            *entry = (now, reason);
        }
        Ok(())
    }

    /// Takes a certificate off hold.
    ///
    /// # Errors
    /// [`SimError::Pki`] when it is not on hold (reason 6).
    pub fn reinstate(&self, serial: &[u8]) -> Result<(), SimError> {
        let mut state = lock(&self.state);
        match state.revoked.get(serial) {
            Some((_, HOLD)) => {
                state.revoked.remove(serial);
                Ok(())
            }
            _ => Err(SimError::pki("the certificate is not on hold")),
        }
    }

    /// Whether this authority has withdrawn the certificate with this serial number.
    pub(crate) fn is_revoked(&self, serial: &[u8]) -> bool {
        lock(&self.state).revoked.contains_key(serial)
    }

    /// The issuing authority signs something that is neither a certificate nor a list of them: content, algorithm, signature.
    pub(crate) fn seal(&self, content: &[u8]) -> Result<Vec<u8>, SimError> {
        Authority::seal(&self.issuing.key, content)
    }

    /// The issuing authority's certificate.
    pub(crate) fn issuer(&self) -> &Certificate {
        &self.issuing.certificate
    }

    /// What [`TestCa::seal`] signs with, as an `AlgorithmIdentifier`.
    pub(crate) fn seal_identifier(&self) -> Vec<u8> {
        self.issuing.alg().identifier()
    }

    /// The issuing authority's revocation list, as DER. Each has a higher number than the one before.
    ///
    /// # Errors
    /// [`SimError::Pki`] when it cannot be signed.
    pub fn crl_der(&self, this_update: u64, next_update: u64) -> Result<Vec<u8>, SimError> {
        let (number, revoked) = {
            let mut state = lock(&self.state);
            state.lists = state.lists.saturating_add(1);
            (state.lists, state.revoked.clone())
        };
        self.issuing
            .revocation_list(number, this_update, next_update, &revoked)
    }

    /// The root's revocation list, which is empty.
    ///
    /// # Errors
    /// As [`TestCa::crl_der`].
    pub fn root_crl_der(&self, this_update: u64, next_update: u64) -> Result<Vec<u8>, SimError> {
        self.root
            .revocation_list(1, this_update, next_update, &BTreeMap::new())
    }

    /// A revocation list as PEM.
    #[must_use]
    pub fn crl_pem(crl_der: &[u8]) -> String {
        pem("X509 CRL", crl_der)
    }

    /// Whether the issuing authority has issued this certificate, it is valid at `now` (seconds since 1970), and not withdrawn by then.
    ///
    /// # Errors
    /// [`SimError::Pki`] with what is wrong.
    pub fn verify(&self, certificate: &Certificate, now: u64) -> Result<(), SimError> {
        if certificate.issuer_der() != self.issuing.certificate.subject_der() {
            return Err(SimError::pki("the certificate is another issuer's"));
        }
        certificate.verify_signature(self.issuing.key.public_key())?;
        let (first, last) = certificate.validity();
        if !(first..=last).contains(&now) {
            return Err(SimError::pki("the certificate is not valid at this time"));
        }
        let state = lock(&self.state);
        match state.revoked.get(certificate.serial()) {
            Some((when, _)) if *when <= now => Err(SimError::pki("the certificate is revoked")),
            _ => Ok(()),
        }
    }
}
