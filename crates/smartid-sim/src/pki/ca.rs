//! A certificate authority for tests: a root and an authority under it, that turn requests into certificates, withdraw them and say so
//! in revocation lists (RFC 5280). Keys are new in each; names and serial numbers repeat with the seed; time is the caller's.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use super::certificate::{Certificate, pem};
use super::csr::{Csr, Extension, OID_SAN};
use super::{Digest, Key, KeyKind, PublicKey, SigAlg, admin_key, der, name, time};
use crate::SimError;
use crate::sync::lock;

const OID_SUBJECT_KEY: &[u8] = &[0x55, 0x1d, 0x0e];
const OID_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const OID_BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const OID_CRL_NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
const OID_REASON: &[u8] = &[0x55, 0x1d, 0x15];
const OID_AUTHORITY_KEY: &[u8] = &[0x55, 0x1d, 0x23];
const OID_EXTENDED_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// 1.3.6.1.5.5.7.3
const EXTENDED: [u8; 7] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03];

/// Content of the key usage's `BIT STRING`: number of unused bits, then the bits.
const CA_USAGE: [u8; 2] = [1, 0x06];
const SIGNING_USAGE: [u8; 2] = [6, 0xc0];
const LOGIN_USAGE: [u8; 2] = [7, 0x80];
const TRANSPORT_USAGE: [u8; 2] = [5, 0x20];
const AGREEMENT_USAGE: [u8; 2] = [3, 0x08];

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Signing documents: key usage `digitalSignature` and `nonRepudiation`, no extended key usage.
    Signing,
    /// Logging in: key usage `digitalSignature`, extended key usage `clientAuth`.
    Authentication,
    /// Receiving what is encrypted: key usage `keyEncipherment` for RSA and `keyAgreement` for curves, extended key usage
    /// `emailProtection`.
    Encryption,
}

impl Profile {
    fn extensions(self, key: &PublicKey) -> Vec<Extension> {
        let (usage, extended) = match self {
            Self::Signing => (SIGNING_USAGE, None),
            Self::Authentication => (LOGIN_USAGE, Some(2)),
            Self::Encryption if key.is_rsa() => (TRANSPORT_USAGE, Some(4)),
            Self::Encryption => (AGREEMENT_USAGE, Some(4)),
        };
        let mut out = vec![key_usage(usage)];
        if let Some(last) = extended {
            let purpose = der::oid(&[EXTENDED.as_slice(), &[last]].concat());
            out.push(Extension::new(OID_EXTENDED_USAGE, false, der::seq(&[&purpose])));
        }
        out
    }
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
        let span = u64::from(days).saturating_mul(86_400);
        Self::new(not_before, not_before.saturating_add(span))
    }
}

fn key_usage(bits: [u8; 2]) -> Extension {
    Extension::new(OID_KEY_USAGE, true, der::tlv(der::BIT_STRING, &[&bits]))
}

/// RFC 5280 4.2.1.2, method 1.
fn key_identifier(key: &PublicKey) -> Vec<u8> {
    Digest::Sha1.of(&key.bit_string())
}

fn authority_key(issuer: &PublicKey) -> Extension {
    let identifier = der::tlv(0x80, &[&key_identifier(issuer)]);
    Extension::new(OID_AUTHORITY_KEY, false, der::seq(&[&identifier]))
}

/// One of the two authorities.
struct Authority {
    key: Key,
    certificate: Certificate,
}

impl Authority {
    fn alg(&self) -> SigAlg {
        self.key.default_alg()
    }

    /// A signature around what certificates and lists have in common.
    fn seal(key: &Key, content: &[u8]) -> Result<Vec<u8>, SimError> {
        let alg = key.default_alg();
        let signature = key.sign_der(alg, content)?;
        Ok(der::seq(&[content, &alg.identifier(), &der::bits(&signature)]))
    }

    /// A list of what is withdrawn; `revoked` maps serial numbers to moment and reason.
    fn revocation_list(
        &self,
        number: u64,
        this_update: u64,
        next_update: u64,
        revoked: &BTreeMap<Vec<u8>, (u64, u8)>,
    ) -> Result<Vec<u8>, SimError> {
        let entries: Vec<Vec<u8>> = revoked
            .iter()
            .map(|(serial, (when, reason))| {
                let reason = Extension::new(OID_REASON, false, der::tlv(0x0a, &[&[*reason]]));
                // Unspecified is said by saying nothing (RFC 5280 5.3.1).
                let extensions = match reason.value.last() {
                    Some(0) => Vec::new(),
                    _ => der::seq(&[&reason.der()]),
                };
                der::seq(&[
                    &der::tlv(der::INTEGER, &[serial]),
                    &time::time(*when),
                    &extensions,
                ])
            })
            .collect();
        let list = if entries.is_empty() {
            Vec::new()
        } else {
            der::seq(&[&entries.concat()])
        };
        let number = Extension::new(OID_CRL_NUMBER, false, der::number(number));
        let extensions = der::seq(&[&authority_key(self.key.public_key()).der(), &number.der()]);
        let content = der::seq(&[
            &der::number(1),
            &self.alg().identifier(),
            self.certificate.subject_der(),
            &time::time(this_update),
            &time::time(next_update),
            &list,
            &der::context(0, &[&extensions]),
        ]);
        Self::seal(&self.key, &content)
    }
}

/// What a certificate is to say.
struct Content<'a> {
    serial: &'a [u8],
    subject: &'a [u8],
    key: &'a PublicKey,
    validity: Validity,
    extensions: Vec<Extension>,
}

/// Issues a certificate of version 3.
fn issue(
    issuer: &Key,
    issuer_name: &[u8],
    authority: Option<&PublicKey>,
    content: Content<'_>,
) -> Result<Certificate, SimError> {
    let Content {
        serial,
        subject,
        key,
        validity,
        mut extensions,
    } = content;
    if validity.not_after < validity.not_before {
        return Err(SimError::pki("a certificate cannot end before it begins"));
    }
    let identifier = der::octets(&key_identifier(key));
    extensions.push(Extension::new(OID_SUBJECT_KEY, false, identifier));
    extensions.extend(authority.map(authority_key));
    let extensions: Vec<Vec<u8>> = extensions.iter().map(Extension::der).collect();
    let tbs = der::seq(&[
        &der::context(0, &[&der::number(2)]),
        &der::tlv(der::INTEGER, &[serial]),
        &issuer.default_alg().identifier(),
        issuer_name,
        &der::seq(&[&time::time(validity.not_before), &time::time(validity.not_after)]),
        subject,
        key.spki_der(),
        &der::context(3, &[&der::seq(&[&extensions.concat()])]),
    ]);
    Certificate::parse(&Authority::seal(issuer, &tbs)?)
}

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
    issued: BTreeMap<Vec<u8>, ()>,
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

    fn certify(
        &self,
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
        let serial = {
            let mut state = lock(&self.state);
            // The two authorities have the first two numbers.
            let count = u64::try_from(state.issued.len()).unwrap_or(0).saturating_add(2);
            let serial = serial(self.seed, count);
            state.issued.insert(serial.clone(), ());
            serial
        };
        let content = Content {
            serial: &serial,
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
    /// stays as it is.
    ///
    /// # Errors
    /// [`SimError::Pki`] when this authority has issued no such certificate, or for a code that is not in 0 to 6, 9 or 10.
    pub fn revoke_with_reason(&self, serial: &[u8], reason: u8, now: u64) -> Result<(), SimError> {
        if !matches!(reason, 0..=6 | 9 | 10) {
            return Err(SimError::pki("this is no reason to revoke"));
        }
        let mut state = lock(&self.state);
        if !state.issued.contains_key(serial) {
            return Err(SimError::pki("no certificate with this serial number was issued"));
        }
        state.revoked.entry(serial.to_vec()).or_insert((now, reason));
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::csr;
    use crate::pki::der::Reader;

    const NOW: u64 = 1_767_225_600;

    fn year() -> Validity {
        Validity::days(NOW, 365)
    }

    fn pki(error: SimError) -> String {
        error.to_string()
    }

    #[test]
    fn names_and_serial_numbers_repeat_with_the_seed() {
        let issue = |seed| {
            let ca = TestCa::new(seed, NOW).unwrap();
            let key = Key::generate(KeyKind::P256).unwrap();
            let first = ca.issue_for_key("CN=a", &key, Profile::Signing, year()).unwrap();
            let second = ca.issue_for_key("CN=a", &key, Profile::Signing, year()).unwrap();
            assert_ne!(first.serial(), second.serial());
            (first.issuer_der().to_vec(), first.serial().to_vec())
        };
        assert_eq!(issue(1), issue(1));
        assert_ne!(issue(1).0, issue(2).0);
        assert_ne!(issue(1).1, issue(2).1);
    }

    #[test]
    fn each_profile_has_its_usage() {
        let ca = TestCa::new(1, NOW).unwrap();
        let rsa = crate::pki::KeySource::new(Some(1)).key(KeyKind::Rsa2048).unwrap();
        let ec = Key::generate(KeyKind::P384).unwrap();
        let usage = |key: &Key, profile| {
            let certificate = ca.issue_for_key("CN=a", key, profile, year()).unwrap();
            let bits = certificate.extension(OID_KEY_USAGE).unwrap().clone();
            assert!(bits.critical);
            let extended = certificate.extension(OID_EXTENDED_USAGE);
            (
                bits.value[2..].to_vec(),
                extended.map(|list| *list.value.last().unwrap()),
            )
        };
        assert_eq!(usage(&ec, Profile::Signing), (vec![6, 0xc0], None));
        assert_eq!(usage(&ec, Profile::Authentication), (vec![7, 0x80], Some(2)));
        assert_eq!(usage(&ec, Profile::Encryption), (vec![3, 0x08], Some(4)));
        assert_eq!(usage(&rsa, Profile::Encryption), (vec![5, 0x20], Some(4)));
    }

    #[test]
    fn subject_and_alternative_names_are_the_requests() {
        let ca = TestCa::new(1, NOW).unwrap();
        let key = Key::generate(KeyKind::P256).unwrap();
        for (subject, alone) in [("CN=Anna,C=SE", false), ("", true)] {
            let request = csr::make(subject, &["anna@example.com"], &key, SigAlg::Es256).unwrap();
            let certificate = ca.issue(&request, Profile::Signing, year()).unwrap();
            let request = Csr::parse(&request).unwrap();
            assert_eq!(certificate.subject_der(), request.subject_der());
            assert_eq!(certificate.spki_der(), request.spki_der());
            let san = certificate.extension(OID_SAN).unwrap();
            assert_eq!(
                (san.value.clone(), san.critical),
                (request.san_der().unwrap(), alone)
            );
        }
    }

    #[test]
    fn a_request_that_is_not_signed_by_its_key_is_refused() {
        let ca = TestCa::new(1, NOW).unwrap();
        let key = Key::generate(KeyKind::P256).unwrap();
        let mut request = csr::make("CN=a", &[], &key, SigAlg::Es256).unwrap();
        *request.last_mut().unwrap() ^= 1;
        assert!(pki(ca.issue(&request, Profile::Signing, year()).unwrap_err()).contains("does not verify"));
    }

    #[test]
    fn verification_finds_what_is_wrong() {
        let (ca, other) = (TestCa::new(1, NOW).unwrap(), TestCa::new(1, NOW).unwrap());
        let key = Key::generate(KeyKind::P256).unwrap();
        let certificate = ca.issue_for_key("CN=a", &key, Profile::Signing, year()).unwrap();
        let (first, last) = certificate.validity();
        assert_eq!((first, last), (NOW, NOW + 365 * 86_400));
        ca.verify(&certificate, first).unwrap();
        ca.verify(&certificate, last).unwrap();
        for outside in [first - 1, last + 1] {
            assert!(pki(ca.verify(&certificate, outside).unwrap_err()).contains("not valid at this time"));
        }
        // The same names, another key.
        assert!(pki(other.verify(&certificate, NOW).unwrap_err()).contains("does not verify"));
        let stranger = TestCa::new(2, NOW).unwrap();
        assert!(pki(stranger.verify(&certificate, NOW).unwrap_err()).contains("another issuer's"));
        let backwards = Validity::new(NOW, NOW - 1);
        assert!(
            ca.issue_for_key("CN=a", &key, Profile::Signing, backwards)
                .is_err()
        );
    }

    #[test]
    fn withdrawal_is_from_its_moment_on_and_stands_in_the_list() {
        let ca = TestCa::new(1, NOW).unwrap();
        let key = Key::generate(KeyKind::P256).unwrap();
        let certificate = ca.issue_for_key("CN=a", &key, Profile::Signing, year()).unwrap();
        let serial = certificate.serial();
        let has = |list: &[u8]| list.windows(serial.len()).any(|part| part == serial);
        assert!(!has(&ca.crl_der(NOW, NOW + 60).unwrap()));
        ca.revoke_with_reason(serial, 1, NOW + 10).unwrap();
        ca.revoke(serial, NOW).unwrap();
        ca.verify(&certificate, NOW + 9).unwrap();
        assert!(pki(ca.verify(&certificate, NOW + 10).unwrap_err()).contains("is revoked"));
        assert!(has(&ca.crl_der(NOW, NOW + 60).unwrap()));
        assert!(!has(&ca.root_crl_der(NOW, NOW + 60).unwrap()));
        assert!(ca.revoke(&[1, 2, 3], NOW).is_err());
        for reason in [7, 8, 11, 255] {
            assert!(ca.revoke_with_reason(serial, reason, NOW).is_err(), "{reason}");
        }
    }

    #[test]
    fn the_chain_is_issuer_then_root() {
        let ca = TestCa::with_keys(1, NOW, KeyKind::P384).unwrap();
        let chain = ca.chain_pem();
        assert!(chain.ends_with(&ca.root_pem()));
        assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2);
        let root = Certificate::parse(ca.root_der()).unwrap();
        let issuer = Certificate::parse(ca.issuer_der()).unwrap();
        assert_eq!(issuer.issuer_der(), root.subject_der());
        assert_eq!(root.issuer_der(), root.subject_der());
        let key = PublicKey::from_spki(root.spki_der()).unwrap();
        root.verify_signature(&key).unwrap();
        issuer.verify_signature(&key).unwrap();
        // SubjectPublicKeyInfo is one element with nothing behind it.
        let mut spki = Reader::new(root.spki_der());
        assert!(spki.expect(der::SEQUENCE).is_some() && spki.is_empty());
    }

    #[test]
    fn debug_shows_no_key() {
        let ca = TestCa::new(1, NOW).unwrap();
        assert_eq!(format!("{ca:?}"), "TestCa { seed: 1, .. }");
    }
}
