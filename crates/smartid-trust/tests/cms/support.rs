//! Signers, certificates and messages for the tests: keys of aws-lc-rs, certificates of rcgen, and a builder that writes each field of
//! a message for itself, so that one of them can be wrong.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::sync::{Arc, LazyLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::{digest, signature as aws};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
};
use smartid_core::{SignError, Timestamp};
use smartid_trust::cms::{CmsPolicy, SignedContent, SignedData};
use smartid_trust::path::{ChainPolicy, ChainRequest, ChainVerifier, Purpose, ValidatedChain};
use smartid_trust::{
    Certificate, DigestAlgorithm, OfficerSigner, Reason, Refusal, SignatureAlgorithm, Unverified, Verified,
};

pub const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);
pub const CONTENT: &[u8] = b"the content that is signed\n";

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

pub type Outcome = Result<Verified<SignedContent>, Reason>;

pub fn verify(message: &[u8], policy: &CmsPolicy) -> Outcome {
    let message = SignedData::parse(message.to_vec()).map_err(|refusal| refusal.reason())?;
    verify_parsed(&message, policy)
}

pub fn verify_parsed(message: &Unverified<SignedData>, policy: &CmsPolicy) -> Outcome {
    message.verify(policy, NOW).map_err(|refusal| refusal.reason())
}

pub fn reason(message: &[u8], policy: &CmsPolicy) -> Option<Reason> {
    verify(message, policy).err()
}

// ---- DER, written apart from the library

pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let mut out = vec![tag];
    match contents.len() {
        short @ 0..=127 => out.push(u8::try_from(short).unwrap()),
        long => {
            let octets: Vec<u8> = long
                .to_be_bytes()
                .into_iter()
                .skip_while(|octet| *octet == 0)
                .collect();
            out.push(0x80 | u8::try_from(octets.len()).unwrap());
            out.extend(octets);
        }
    }
    out.extend(contents);
    out
}

pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut contents = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let mut groups = vec![u8::try_from(arc & 0x7f).unwrap()];
        let mut rest = arc >> 7;
        while rest > 0 {
            groups.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        contents.extend(groups.into_iter().rev());
    }
    tlv(6, &[&contents])
}

pub const DATA: &str = "1.2.840.113549.1.7.1";
pub const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
pub const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
pub const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
pub const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
pub const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.12";
pub const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";
pub const SHA256: &str = "2.16.840.1.101.3.4.2.1";
pub const SHA384: &str = "2.16.840.1.101.3.4.2.2";
pub const SHA512: &str = "2.16.840.1.101.3.4.2.3";
pub const SHA1: &str = "1.3.14.3.2.26";
pub const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
pub const ED25519: &str = "1.3.101.112";

pub fn identifier(dotted: &str) -> Vec<u8> {
    tlv(0x30, &[&oid(dotted)])
}

pub fn attribute(kind: &str, values: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &[&oid(kind), &tlv(0x31, values)])
}

pub fn hash(dotted: &str, bytes: &[u8]) -> Vec<u8> {
    let algorithm = match dotted {
        SHA1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        SHA256 => &digest::SHA256,
        SHA384 => &digest::SHA384,
        _ => &digest::SHA512,
    };
    digest::digest(algorithm, bytes).as_ref().to_vec()
}

/// A signer whose every field can be set.
#[derive(Clone)]
pub struct Signer {
    pub officer: Officer,
    pub algorithm: SignatureAlgorithm,
    pub version: u8,
    pub name: Vec<u8>,
    pub digest: &'static str,
    /// Attributes in the order in which they are sent; none: the content is signed.
    pub attributes: Option<Vec<Vec<u8>>>,
    /// Whether the attributes are sorted before they are signed.
    pub sorts: bool,
    pub signature_algorithm: Vec<u8>,
    pub unsigned: Vec<u8>,
}

pub fn issuer_and_serial(certificate: &Certificate) -> Vec<u8> {
    let serial = certificate.serial_number().as_be_bytes();
    tlv(0x30, &[certificate.issuer().der(), &tlv(2, &[serial])])
}

pub fn standard_attributes(digest: &str, content: &[u8]) -> Vec<Vec<u8>> {
    vec![
        attribute(CONTENT_TYPE, &[&oid(DATA)]),
        attribute(MESSAGE_DIGEST, &[&tlv(4, &[&hash(digest, content)])]),
    ]
}

impl Signer {
    /// P-256 with SHA-256 and the two attributes.
    pub fn new() -> Self {
        Self::of(officer(Kind::P256))
    }

    pub fn of(officer: Officer) -> Self {
        let (digest, signature_algorithm) = match officer.key.kind {
            Kind::P256 => (SHA256, ECDSA_SHA256),
            Kind::Ed25519 => (SHA512, ED25519),
            other => panic!("{other:?}"),
        };
        Self {
            name: issuer_and_serial(officer.certificate()),
            algorithm: officer.algorithms[0],
            officer,
            version: 1,
            digest,
            attributes: Some(standard_attributes(digest, CONTENT)),
            sorts: true,
            signature_algorithm: identifier(signature_algorithm),
            unsigned: Vec::new(),
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn with_attributes(self, attributes: Vec<Vec<u8>>) -> Self {
        self.with(|signer| signer.attributes = Some(attributes))
    }

    /// SignerInfo over `content`.
    pub fn info(&self, content: &[u8]) -> Vec<u8> {
        let parts = |all: &[Vec<u8>]| all.concat();
        let (sent, signed) = match &self.attributes {
            None => (Vec::new(), content.to_vec()),
            Some(attributes) => {
                let mut in_order = attributes.clone();
                if self.sorts {
                    in_order.sort();
                }
                (tlv(0xa0, &[&parts(attributes)]), tlv(0x31, &[&parts(&in_order)]))
            }
        };
        let signature = self.officer.key.sign(self.algorithm, &signed);
        tlv(
            0x30,
            &[
                &tlv(2, &[&[self.version]]),
                &self.name,
                &identifier(self.digest),
                &sent,
                &self.signature_algorithm,
                &tlv(4, &[&signature]),
                &self.unsigned,
            ],
        )
    }
}

/// A message whose every field can be set.
#[derive(Clone)]
pub struct Message {
    pub kind: &'static str,
    pub version: u8,
    pub content_type: &'static str,
    pub digests: Vec<Vec<u8>>,
    /// The element inside `[0]`.
    pub content: Option<Vec<u8>>,
    pub certificates: Vec<Vec<u8>>,
    pub crls: Vec<u8>,
    pub infos: Vec<Vec<u8>>,
}

impl Message {
    pub fn of(signer: &Signer) -> Self {
        Self {
            kind: SIGNED_DATA,
            version: 1,
            content_type: DATA,
            digests: vec![identifier(signer.digest)],
            content: Some(tlv(4, &[CONTENT])),
            certificates: signer
                .officer
                .chain
                .iter()
                .map(|one| one.der().to_vec())
                .collect(),
            crls: Vec::new(),
            infos: vec![signer.info(CONTENT)],
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn der(&self) -> Vec<u8> {
        let content = self.content.as_ref().map(|content| tlv(0xa0, &[content]));
        let certificates = if self.certificates.is_empty() {
            Vec::new()
        } else {
            tlv(0xa0, &[&self.certificates.concat()])
        };
        let body = tlv(
            0x30,
            &[
                &tlv(2, &[&[self.version]]),
                &tlv(0x31, &[&self.digests.concat()]),
                &tlv(0x30, &[&oid(self.content_type), &content.unwrap_or_default()]),
                &certificates,
                &self.crls,
                &tlv(0x31, &[&self.infos.concat()]),
            ],
        );
        tlv(0x30, &[&oid(self.kind), &tlv(0xa0, &[&body])])
    }
}

/// The message of one signer over [`CONTENT`].
pub fn message(signer: &Signer) -> Vec<u8> {
    Message::of(signer).der()
}
