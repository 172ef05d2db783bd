//! Keys, signers and a chain verifier for the tests of JWS.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    reason = "shared by several test programs, each of which uses a part"
)]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self as aws, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaEncoding, RsaKeyPair,
};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{SignError, Timestamp};
use smartid_trust::jws::{Jwk, JwkSet, JwsAlgorithm, JwsPolicy};
use smartid_trust::path::{ChainRequest, ChainVerifier, RevocationList, RevocationStatus, ValidatedChain};
use smartid_trust::{
    Certificate, DigestAlgorithm, OfficerSigner, PublicKey, Reason, Refusal, SignatureAlgorithm,
};

/// 2026-01-01T00:00:00Z.
pub const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

pub fn url(bytes: impl AsRef<[u8]>) -> String {
    encode(Flavour::Url, bytes.as_ref())
}

/// The kinds of key, each with one that is made once for each test program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

pub const KINDS: [Kind; 5] = [Kind::Rsa, Kind::P256, Kind::P384, Kind::P521, Kind::Ed25519];

enum Secret {
    Rsa(Box<RsaKeyPair>),
    /// The digest that a pair signs with is part of it.
    Ec(Vec<u8>),
    Ed25519(Box<Ed25519KeyPair>),
}

pub struct Key {
    pub kind: Kind,
    secret: Secret,
    spki: Vec<u8>,
}

impl Key {
    pub fn generate(kind: Kind) -> Self {
        let ec = |algorithm: &'static EcdsaSigningAlgorithm| {
            let pair = EcdsaKeyPair::generate(algorithm).unwrap();
            let pkcs8 = pair.to_pkcs8v1().unwrap().as_ref().to_vec();
            (
                Secret::Ec(pkcs8),
                AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key())
                    .unwrap()
                    .as_ref()
                    .to_vec(),
            )
        };
        let (secret, spki) = match kind {
            Kind::Rsa => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
                let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key())
                    .unwrap()
                    .as_ref()
                    .to_vec();
                (Secret::Rsa(Box::new(pair)), spki)
            }
            Kind::P256 => ec(&aws::ECDSA_P256_SHA256_ASN1_SIGNING),
            Kind::P384 => ec(&aws::ECDSA_P384_SHA384_ASN1_SIGNING),
            Kind::P521 => ec(&aws::ECDSA_P521_SHA512_ASN1_SIGNING),
            Kind::Ed25519 => {
                let pair = Ed25519KeyPair::generate().unwrap();
                let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key())
                    .unwrap()
                    .as_ref()
                    .to_vec();
                (Secret::Ed25519(Box::new(pair)), spki)
            }
        };
        Self { kind, secret, spki }
    }

    /// The one of its kind.
    pub fn of(kind: Kind) -> &'static Self {
        static KEYS: [OnceLock<Key>; 5] = [const { OnceLock::new() }; 5];
        KEYS[kind as usize].get_or_init(|| Self::generate(kind))
    }

    pub fn public(&self) -> PublicKey {
        PublicKey::from_spki_der(&self.spki).unwrap()
    }

    /// The algorithms that are made with keys of this kind.
    pub fn native(&self) -> &'static [JwsAlgorithm] {
        match self.kind {
            Kind::Rsa => &[
                JwsAlgorithm::Rs256,
                JwsAlgorithm::Rs384,
                JwsAlgorithm::Rs512,
                JwsAlgorithm::Ps256,
                JwsAlgorithm::Ps384,
                JwsAlgorithm::Ps512,
            ],
            Kind::P256 => &[JwsAlgorithm::Es256],
            Kind::P384 => &[JwsAlgorithm::Es384],
            Kind::P521 => &[JwsAlgorithm::Es512],
            Kind::Ed25519 => &[JwsAlgorithm::EdDsa],
        }
    }

    /// `"kty":...` and the numbers, without braces.
    pub fn jwk_members(&self) -> String {
        match &self.secret {
            Secret::Rsa(pair) => {
                let (n, e) = (
                    pair.public_key().modulus().big_endian_without_leading_zero(),
                    pair.public_key().exponent().big_endian_without_leading_zero(),
                );
                format!(r#""kty":"RSA","n":"{}","e":"{}""#, url(n), url(e))
            }
            Secret::Ec(_) => {
                let (curve, length) = match self.kind {
                    Kind::P256 => ("P-256", 32),
                    Kind::P384 => ("P-384", 48),
                    _ => ("P-521", 66),
                };
                let (x, y) = self.spki[self.spki.len() - 2 * length..].split_at(length);
                format!(r#""kty":"EC","crv":"{curve}","x":"{}","y":"{}""#, url(x), url(y))
            }
            Secret::Ed25519(pair) => {
                format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, url(pair.public_key()))
            }
        }
    }

    pub fn jwk(&self, more: &str) -> String {
        format!("{{{}{more}}}", self.jwk_members())
    }

    /// ECDSA in ASN.1.
    pub fn sign_asn1(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match (&self.secret, algorithm) {
            (Secret::Rsa(pair), _) => {
                let encoding: &'static dyn RsaEncoding = match algorithm {
                    SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256) => &aws::RSA_PKCS1_SHA256,
                    SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha384) => &aws::RSA_PKCS1_SHA384,
                    SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha512) => &aws::RSA_PKCS1_SHA512,
                    SignatureAlgorithm::RsaPss {
                        digest: DigestAlgorithm::Sha256,
                        ..
                    } => &aws::RSA_PSS_SHA256,
                    SignatureAlgorithm::RsaPss {
                        digest: DigestAlgorithm::Sha384,
                        ..
                    } => &aws::RSA_PSS_SHA384,
                    SignatureAlgorithm::RsaPss {
                        digest: DigestAlgorithm::Sha512,
                        ..
                    } => &aws::RSA_PSS_SHA512,
                    other => panic!("{other:?} with an RSA key"),
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            }
            (Secret::Ec(pkcs8), _) => {
                let algorithm = match self.kind {
                    Kind::P256 => &aws::ECDSA_P256_SHA256_ASN1_SIGNING,
                    Kind::P384 => &aws::ECDSA_P384_SHA384_ASN1_SIGNING,
                    _ => &aws::ECDSA_P521_SHA512_ASN1_SIGNING,
                };
                let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).unwrap();
                pair.sign(&random, message).unwrap().as_ref().to_vec()
            }
            (Secret::Ed25519(pair), _) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// As JWS has it: made here by another library's own fixed form, not by the code under test.
    pub fn sign(&self, algorithm: JwsAlgorithm, message: &[u8]) -> Vec<u8> {
        let Secret::Ec(pkcs8) = &self.secret else {
            return self.sign_asn1(algorithm.signature_algorithm(), message);
        };
        let fixed = match self.kind {
            Kind::P256 => &aws::ECDSA_P256_SHA256_FIXED_SIGNING,
            Kind::P384 => &aws::ECDSA_P384_SHA384_FIXED_SIGNING,
            _ => &aws::ECDSA_P521_SHA512_FIXED_SIGNING,
        };
        let pair = EcdsaKeyPair::from_pkcs8(fixed, pkcs8).unwrap();
        pair.sign(&SystemRandom::new(), message)
            .unwrap()
            .as_ref()
            .to_vec()
    }

    /// Signs any header text over any payload, with what `made_with` says and the header may not.
    pub fn token(&self, header: &str, payload: &[u8], made_with: JwsAlgorithm) -> String {
        let signed = format!("{}.{}", url(header), url(payload));
        let signature = self.sign(made_with, signed.as_bytes());
        format!("{signed}.{}", url(signature))
    }

    /// A message whose header has `alg` and more members.
    pub fn message(&self, more: &str, payload: &[u8]) -> String {
        let algorithm = self.native()[0];
        self.token(&format!(r#"{{"alg":"{algorithm}"{more}}}"#), payload, algorithm)
    }

    /// A policy with this key alone, by the name `one`.
    pub fn policy(&self) -> JwsPolicy {
        JwsPolicy::keys(JwkSet::from_json(self.jwk(r#","kid":"one""#)).unwrap())
    }

    pub fn named(&self, id: &str) -> Jwk {
        Jwk::from_public_key(self.public()).with_id(id)
    }

    fn pkcs8(&self) -> Vec<u8> {
        match &self.secret {
            Secret::Rsa(pair) => AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&**pair)
                .unwrap()
                .as_ref()
                .to_vec(),
            Secret::Ec(pkcs8) => pkcs8.clone(),
            Secret::Ed25519(pair) => pair.to_pkcs8().unwrap().as_ref().to_vec(),
        }
    }

    /// For making certificates.
    pub fn rcgen(&self) -> rcgen::KeyPair {
        rcgen::KeyPair::try_from(self.pkcs8()).unwrap()
    }
}

/// Verifies, and answers the payload or the reason.
pub fn verdict(message: impl AsRef<[u8]>, policy: &JwsPolicy, at: Timestamp) -> Result<Vec<u8>, Reason> {
    use smartid_trust::jws::Jws;
    let verified = Jws::parse(message).and_then(|jws| jws.verify(policy, at));
    verified
        .map(|verified| verified.fact().payload.to_vec())
        .map_err(|refusal| refusal.reason())
}

/// The signed part with another signature.
pub fn with_signature(signed: &str, signature: impl AsRef<[u8]>) -> String {
    format!("{signed}.{}", url(signature))
}

pub fn signed_part(message: &str) -> &str {
    message.rsplit_once('.').unwrap().0
}

/// The key that most tests take.
pub fn ed() -> &'static Key {
    Key::of(Kind::Ed25519)
}

/// Why [`ed`]'s own policy refuses a message.
pub fn reason(message: impl AsRef<[u8]>) -> Option<Reason> {
    verdict(message, &ed().policy(), NOW).err()
}

/// A CA with an intermediate and a signer, valid 2025 to 2027 unless said otherwise.
pub struct Pki {
    pub root: Certificate,
    pub intermediate: Certificate,
    intermediate_issuer: (rcgen::CertificateParams, rcgen::KeyPair),
}

fn params(name: &str) -> rcgen::CertificateParams {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2025, 1, 1);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    params
}

impl Pki {
    pub fn new() -> Self {
        let keys = [
            rcgen::KeyPair::generate().unwrap(),
            rcgen::KeyPair::generate().unwrap(),
        ];
        let [root_key, intermediate_key] = keys;
        let ca = |name| {
            let mut ca = params(name);
            ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            ca.key_usages = vec![
                rcgen::KeyUsagePurpose::KeyCertSign,
                rcgen::KeyUsagePurpose::CrlSign,
            ];
            ca
        };
        let (root_params, intermediate_params) = (ca("Root"), ca("Intermediate"));
        let root = root_params.clone().self_signed(&root_key).unwrap();
        let root_issuer = rcgen::Issuer::new(root_params, root_key);
        let intermediate = intermediate_params
            .clone()
            .signed_by(&intermediate_key, &root_issuer)
            .unwrap();
        Self {
            root: Certificate::from_der(root.der().to_vec()).unwrap(),
            intermediate: Certificate::from_der(intermediate.der().to_vec()).unwrap(),
            intermediate_issuer: (intermediate_params, intermediate_key),
        }
    }

    pub fn issue(&self, key: &Key) -> Certificate {
        self.issue_until(key, (2027, 1, 1))
    }

    /// Valid until the beginning of this day.
    pub fn issue_until(&self, key: &Key, (year, month, day): (i32, u8, u8)) -> Certificate {
        let (issuer, issuer_key) = &self.intermediate_issuer;
        let issuer = rcgen::Issuer::from_params(issuer, issuer_key);
        let mut leaf = params("Signer");
        leaf.not_after = rcgen::date_time_ymd(year, month, day);
        leaf.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
        let certificate = leaf.signed_by(&key.rcgen(), &issuer).unwrap();
        Certificate::from_der(certificate.der().to_vec()).unwrap()
    }

    /// A certificate that a signer, who is no CA, made out for `key`.
    pub fn issued_by_signer(signer: &Key, key: &Key) -> Certificate {
        let issuer = rcgen::Issuer::new(params("Signer"), signer.rcgen());
        let mut leaf = params("Forged");
        leaf.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
        let certificate = leaf.signed_by(&key.rcgen(), &issuer).unwrap();
        Certificate::from_der(certificate.der().to_vec()).unwrap()
    }

    /// A list of the intermediate for October 2025 to March 2026.
    pub fn list(&self, revoked: &Certificate) -> RevocationList {
        let (issuer, issuer_key) = &self.intermediate_issuer;
        let list = rcgen::CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2025, 10, 1),
            next_update: rcgen::date_time_ymd(2026, 4, 1),
            crl_number: 1.into(),
            issuing_distribution_point: None,
            revoked_certs: vec![rcgen::RevokedCertParams {
                serial_number: rcgen::SerialNumber::from_slice(revoked.serial_number().as_be_bytes()),
                revocation_time: rcgen::date_time_ymd(2025, 10, 1),
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        let issuer = rcgen::Issuer::from_params(issuer, issuer_key);
        RevocationList::from_der(list.signed_by(&issuer).unwrap().der().to_vec()).unwrap()
    }

    /// A signer's certificate and the intermediate.
    pub fn chain(&self, key: &Key) -> Vec<Certificate> {
        vec![self.issue(key), self.intermediate.clone()]
    }
}

/// The member `x5c` with a comma before it.
pub fn x5c(certificates: &[Certificate]) -> String {
    let list: Vec<_> = certificates
        .iter()
        .map(|certificate| format!("\"{}\"", encode(Flavour::Standard, certificate.der())))
        .collect();
    format!(r#","x5c":[{}]"#, list.join(","))
}

/// Signatures, validity and purpose up to one of the roots: as much of a path validator as these tests need. Counts how often it is
/// asked.
#[derive(Debug)]
pub struct Roots {
    pub roots: Vec<Certificate>,
    pub good_until: Option<Timestamp>,
    pub asked: AtomicUsize,
}

impl Roots {
    pub fn new(roots: Vec<Certificate>) -> Self {
        Self {
            roots,
            good_until: Some(Timestamp::from_millis(u64::MAX)),
            asked: AtomicUsize::new(0),
        }
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl ChainVerifier for Roots {
    fn verify_chain(&self, request: &ChainRequest<'_>) -> Result<ValidatedChain, Refusal> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        request.purpose.check(request.end_entity)?;
        let mut chain = vec![request.end_entity.clone()];
        while chain.len() < 6 {
            let last = chain.last().unwrap();
            if !(last.not_before()..=last.not_after()).contains(&request.at) {
                return Err(Refusal::new(Reason::Malformed, "expired"));
            }
            let issued = |issuer: &&Certificate| {
                *issuer != last
                    && issuer
                        .public_key()
                        .is_ok_and(|key| last.is_signed_by(&key).is_ok())
            };
            if let Some(root) = self.roots.iter().find(issued) {
                chain.push(root.clone());
                let known = ValidatedChain::new(chain)
                    .with_revocation(RevocationStatus::NotChecked, RevocationStatus::NotChecked);
                return Ok(match self.good_until {
                    Some(until) => known.good_until(until),
                    None => known,
                });
            }
            match request.intermediates.iter().find(issued) {
                Some(issuer) => chain.push(issuer.clone()),
                None => break,
            }
        }
        Err(Reason::UnknownIssuer.into())
    }
}

/// A signer as the crate wants one.
#[derive(Debug)]
pub struct Officer {
    pub chain: Vec<Certificate>,
    pub algorithms: Vec<SignatureAlgorithm>,
    pub kind: Kind,
    /// Answered instead of a signature.
    pub answer: Option<Result<Vec<u8>, SignError>>,
}

impl Officer {
    pub fn new(kind: Kind, chain: Vec<Certificate>) -> Self {
        let algorithms = Key::of(kind).native().iter();
        Self {
            chain,
            algorithms: algorithms.map(|able| able.signature_algorithm()).collect(),
            kind,
            answer: None,
        }
    }
}

impl OfficerSigner for Officer {
    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        &self.algorithms
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.answer {
            Some(answer) => answer.clone(),
            None => Ok(Key::of(self.kind).sign_asn1(algorithm, message)),
        }
    }
}
