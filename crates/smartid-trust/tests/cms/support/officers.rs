//! Keys and certificates: officers, the CAs that issue for them, and a chain verifier that knows them.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature as aws;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
};
use smartid_core::{SignError, Timestamp};
use smartid_trust::cms::CmsPolicy;
use smartid_trust::path::{ChainPolicy, ChainRequest, ChainVerifier, Purpose, ValidatedChain};
use smartid_trust::{Certificate, DigestAlgorithm, OfficerSigner, Reason, Refusal, SignatureAlgorithm};

use super::tlv;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Rsa, Self::P256, Self::P384, Self::P521, Self::Ed25519];

    fn rcgen(self) -> &'static rcgen::SignatureAlgorithm {
        match self {
            Self::Rsa => &rcgen::PKCS_RSA_SHA256,
            Self::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Self::P521 => &rcgen::PKCS_ECDSA_P521_SHA512,
            Self::Ed25519 => &rcgen::PKCS_ED25519,
        }
    }

    pub fn algorithms(self) -> Vec<SignatureAlgorithm> {
        use DigestAlgorithm::{Sha256, Sha384, Sha512};
        let all = [Sha256, Sha384, Sha512];
        match self {
            Self::Rsa => {
                let pkcs1 = all.map(SignatureAlgorithm::RsaPkcs1);
                [pkcs1, all.map(SignatureAlgorithm::rsa_pss)].concat()
            }
            Self::P256 => vec![SignatureAlgorithm::Ecdsa(Sha256)],
            Self::P384 => vec![SignatureAlgorithm::Ecdsa(Sha384)],
            Self::P521 => vec![SignatureAlgorithm::Ecdsa(Sha512)],
            Self::Ed25519 => vec![SignatureAlgorithm::Ed25519],
        }
    }
}

/// A key pair that signs with whatever it is asked for.
#[derive(Clone)]
pub struct Key {
    pub kind: Kind,
    pub pkcs8: Vec<u8>,
}

impl Key {
    pub fn new(kind: Kind) -> Self {
        let pair = KeyPair::generate_for(kind.rcgen()).unwrap();
        Self {
            kind,
            pkcs8: pair.serialize_der(),
        }
    }

    pub fn rcgen(&self) -> KeyPair {
        KeyPair::from_pkcs8_der_and_sign_algo(&self.pkcs8.as_slice().into(), self.kind.rcgen()).unwrap()
    }

    pub fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Vec<u8> {
        use DigestAlgorithm::{Sha256, Sha384, Sha512};
        let random = SystemRandom::new();
        let rsa = |encoding: &'static dyn aws::RsaEncoding| {
            let pair = aws::RsaKeyPair::from_pkcs8(&self.pkcs8).unwrap();
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(encoding, &random, message, &mut signature).unwrap();
            signature
        };
        let ecdsa = |algorithm: &'static aws::EcdsaSigningAlgorithm| {
            let pair = aws::EcdsaKeyPair::from_pkcs8(algorithm, &self.pkcs8).unwrap();
            pair.sign(&random, message).unwrap().as_ref().to_vec()
        };
        match (algorithm, self.kind) {
            (SignatureAlgorithm::RsaPkcs1(Sha256), _) => rsa(&aws::RSA_PKCS1_SHA256),
            (SignatureAlgorithm::RsaPkcs1(Sha384), _) => rsa(&aws::RSA_PKCS1_SHA384),
            (SignatureAlgorithm::RsaPkcs1(Sha512), _) => rsa(&aws::RSA_PKCS1_SHA512),
            (SignatureAlgorithm::RsaPss { digest: Sha256, .. }, _) => rsa(&aws::RSA_PSS_SHA256),
            (SignatureAlgorithm::RsaPss { digest: Sha384, .. }, _) => rsa(&aws::RSA_PSS_SHA384),
            (SignatureAlgorithm::RsaPss { digest: Sha512, .. }, _) => rsa(&aws::RSA_PSS_SHA512),
            (SignatureAlgorithm::Ecdsa(_), Kind::P256) => ecdsa(&aws::ECDSA_P256_SHA256_ASN1_SIGNING),
            (SignatureAlgorithm::Ecdsa(_), Kind::P384) => ecdsa(&aws::ECDSA_P384_SHA384_ASN1_SIGNING),
            (SignatureAlgorithm::Ecdsa(_), _) => ecdsa(&aws::ECDSA_P521_SHA512_ASN1_SIGNING),
            (SignatureAlgorithm::Ed25519, _) => {
                let pair = aws::Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.pkcs8).unwrap();
                pair.sign(message).as_ref().to_vec()
            }
            other => panic!("{other:?}"),
        }
    }
}

/// An officer: a key, its certificate and the issuing CA's.
#[derive(Clone)]
pub struct Officer {
    pub key: Key,
    pub chain: Vec<Certificate>,
    pub algorithms: Vec<SignatureAlgorithm>,
}

impl std::fmt::Debug for Officer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Officer")
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
        Ok(self.key.sign(algorithm, message))
    }
}

impl Officer {
    pub fn certificate(&self) -> &Certificate {
        &self.chain[0]
    }
    pub fn preferring(mut self, algorithm: SignatureAlgorithm) -> Self {
        self.algorithms = vec![algorithm];
        self
    }
}

struct Authority {
    key: Key,
    params: CertificateParams,
    certificate: Certificate,
}

fn params(name: &str, serial: u8) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(vec![serial, 0x77].into());
    params
}

fn authority(name: &str, serial: u8, issuer: Option<&Authority>) -> Authority {
    let key = Key::new(Kind::P256);
    let mut params = params(name, serial);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = match issuer {
        None => params.self_signed(&key.rcgen()).unwrap(),
        Some(issuer) => {
            let by = Issuer::new(issuer.params.clone(), issuer.key.rcgen());
            params.signed_by(&key.rcgen(), &by).unwrap()
        }
    };
    let certificate = Certificate::from_der(certificate.der().to_vec()).unwrap();
    Authority {
        key,
        params,
        certificate,
    }
}

static ROOT: LazyLock<Authority> = LazyLock::new(|| authority("Root", 1, None));
static ISSUING: LazyLock<Authority> = LazyLock::new(|| authority("Issuing CA", 2, Some(&ROOT)));
static STRANGER: LazyLock<Authority> = LazyLock::new(|| authority("Issuing CA", 2, None));
static OFFICERS: LazyLock<Vec<Officer>> = LazyLock::new(|| {
    Kind::ALL
        .map(|kind| issue(Key::new(kind), 10, Made::default()))
        .to_vec()
});

pub fn root() -> Certificate {
    ROOT.certificate.clone()
}
pub fn issuing() -> Certificate {
    ISSUING.certificate.clone()
}

/// The officer with a key of this kind.
pub fn officer(kind: Kind) -> Officer {
    let index = Kind::ALL.iter().position(|one| *one == kind).unwrap();
    OFFICERS[index].clone()
}

/// How a certificate is unusual.
#[derive(Clone, Copy, Default)]
pub struct Made {
    pub by_stranger: bool,
    pub expired: bool,
    pub with_key_id: Option<[u8; 20]>,
}

pub fn issue(key: Key, serial: u8, made: Made) -> Officer {
    let by = if made.by_stranger { &STRANGER } else { &ISSUING };
    let mut params = params("Officer One", serial);
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::ContentCommitment,
    ];
    if made.expired {
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    }
    if let Some(id) = made.with_key_id {
        // rcgen writes the extension into CA certificates only.
        let value = tlv(4, &[&id]);
        let extension = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 14], value);
        params.custom_extensions = vec![extension];
        params.key_identifier_method = KeyIdMethod::PreSpecified(id.to_vec());
    }
    let issuer = Issuer::new(by.params.clone(), by.key.rcgen());
    let certificate = params.signed_by(&key.rcgen(), &issuer).unwrap();
    let certificate = Certificate::from_der(certificate.der().to_vec()).unwrap();
    let algorithms = key.kind.algorithms();
    Officer {
        key,
        chain: vec![certificate, by.certificate.clone()],
        algorithms,
    }
}

/// Walks up by name and signature to one of the roots, and checks validity and purpose.
#[derive(Debug)]
pub struct Chains {
    pub roots: Vec<Certificate>,
    pub asked: std::sync::atomic::AtomicUsize,
}

impl ChainVerifier for Chains {
    fn verify_chain(&self, request: &ChainRequest<'_>) -> Result<ValidatedChain, Refusal> {
        self.asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        request.purpose.check(request.end_entity)?;
        let mut chain = vec![request.end_entity.clone()];
        for _ in 0..4 {
            let last = chain.last().unwrap();
            if request.at > last.not_after() || request.at < last.not_before() {
                return Err(Reason::UnknownIssuer.into());
            }
            if self.roots.contains(last) {
                let chain = ValidatedChain::new(chain.clone());
                return Ok(chain.good_until(Timestamp::from_millis(u64::MAX)));
            }
            let signed = |by: &&Certificate| {
                by.subject() == last.issuer()
                    && by.public_key().is_ok_and(|key| last.is_signed_by(&key).is_ok())
            };
            let next = self.roots.iter().chain(request.intermediates).find(signed);
            chain.push(next.ok_or(Reason::UnknownIssuer)?.clone());
        }
        Err(Reason::UnknownIssuer.into())
    }
}

pub fn chains() -> Arc<ChainPolicy> {
    let verifier = Chains {
        roots: vec![root()],
        asked: 0.into(),
    };
    Arc::new(ChainPolicy::new(Arc::new(verifier), Purpose::signing()))
}

pub fn policy() -> CmsPolicy {
    CmsPolicy::certificates(chains())
}
