//! An officer's key authenticates TLS connections: real handshakes, in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test stops where it fails"
)]

mod common;

use std::sync::Arc;

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose as Extended, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::version::{TLS12, TLS13};
use smartid_core::{SignatureScheme, Timestamp, TlsIdentity};
use smartid_trust::{
    Certificate, DigestAlgorithm, MemorySigner, OfficerIdentity, OfficerSigner, Reason, SignatureAlgorithm,
    SigningKey,
};

const RSA_KEY: &str = include_str!("fixtures/keys/officer-rsa.pem");

fn keys() -> Vec<KeyPair> {
    vec![
        KeyPair::from_pem(RSA_KEY).unwrap(),
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap(),
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap(),
        KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap(),
        KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap(),
    ]
}

fn officer(key: &KeyPair) -> (MemorySigner, Certificate) {
    let (leaf, root) = common::certify("officer", key);
    let key = SigningKey::from_pkcs8_der(&key.serialize_der()).unwrap();
    (MemorySigner::new(key, [root.clone(), leaf]).unwrap(), root)
}

#[test]
fn every_type_of_key_authenticates_both_versions_of_tls() {
    for key in keys() {
        let (signer, root) = officer(&key);
        let leaf = signer.chain()[0].clone();
        let identity = Arc::new(OfficerIdentity::new(Arc::new(signer)).unwrap());
        assert_eq!(identity.chain(), [leaf.der().clone()], "the root is not sent");
        for version in [&TLS12, &TLS13] {
            let seen = common::handshake(identity.clone(), &root, version).unwrap();
            assert_eq!(seen, *leaf.der());
        }
    }
}

#[test]
fn rsa_keys_that_do_pkcs1_only_do_tls12_only() {
    let (signer, root) = officer(&keys()[0]);
    let pkcs1 = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);
    let signer = signer.with_algorithms([pkcs1]).unwrap();
    let identity = Arc::new(OfficerIdentity::new(Arc::new(signer)).unwrap());
    assert_eq!(identity.schemes(), [SignatureScheme::RSA_PKCS1_SHA256]);
    assert!(common::handshake(identity.clone(), &root, &TLS12).is_ok());
    assert!(common::handshake(identity, &root, &TLS13).is_err());
}

#[test]
fn pss_stands_first_for_tls() {
    let (signer, _) = officer(&keys()[0]);
    let identity = OfficerIdentity::new(Arc::new(signer)).unwrap();
    assert_eq!(
        identity.schemes(),
        [
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
        ]
    );
    assert!(identity.sign(SignatureScheme::ED25519, b"m").is_err());
    assert!(format!("{identity:?}").contains("officer"));
}

/// A signer with the chain and the algorithms that a test wants.
#[derive(Debug)]
struct Odd(Vec<Certificate>, Vec<SignatureAlgorithm>);

impl OfficerSigner for Odd {
    fn chain(&self) -> &[Certificate] {
        &self.0
    }
    fn algorithms(&self) -> &[SignatureAlgorithm] {
        &self.1
    }
    fn sign(&self, _: SignatureAlgorithm, _: &[u8]) -> Result<Vec<u8>, smartid_core::SignError> {
        Err(smartid_core::SignError::new("it does not"))
    }
}

#[test]
fn signers_that_cannot_do_tls_are_refused() {
    let (signer, root) = officer(&keys()[1]);
    let reason = |chain: &[Certificate], algorithms: &[SignatureAlgorithm]| {
        let odd = Odd(chain.to_vec(), algorithms.to_vec());
        OfficerIdentity::new(Arc::new(odd)).unwrap_err().reason()
    };
    assert_eq!(reason(&[], &[]), Reason::NoCertificate);
    assert_eq!(reason(signer.chain(), &[]), Reason::AlgorithmNotOffered);
    // TLS binds the digest to the curve.
    let longer = SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha512);
    assert_eq!(reason(signer.chain(), &[longer]), Reason::AlgorithmNotOffered);
    let (rsa, _) = officer(&keys()[0]);
    let digest = DigestAlgorithm::Sha256;
    let odd_salt = SignatureAlgorithm::RsaPss { digest, salt_len: 20 };
    assert_eq!(reason(rsa.chain(), &[odd_salt]), Reason::AlgorithmNotOffered);

    let failing = Odd(signer.chain().to_vec(), signer.algorithms().to_vec());
    let identity = Arc::new(OfficerIdentity::new(Arc::new(failing)).unwrap());
    let error = common::handshake(identity, &root, &TLS13).unwrap_err();
    assert!(error.to_string().contains("it does not"), "{error}");
}

#[test]
fn only_keys_in_memory_do_not_block() {
    let (signer, _) = officer(&keys()[1]);
    assert!(!signer.blocks());
    let odd = Odd(signer.chain().to_vec(), signer.algorithms().to_vec());
    let blocks = |signer: Arc<dyn OfficerSigner>| OfficerIdentity::new(signer).unwrap().blocks();
    assert!(!blocks(Arc::new(signer)));
    assert!(blocks(Arc::new(odd)), "what says nothing may be a card");
}

/// 2026-01-01T00:00:00Z
const NEW_YEAR: u64 = 1_767_225_600_000;

/// An identity whose certificates are valid in 2026, changed by `own` and `issuing`; with the root in its chain.
fn identity(
    own: impl FnOnce(&mut CertificateParams),
    issuing: impl FnOnce(&mut CertificateParams),
) -> OfficerIdentity {
    let params = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        params
    };
    let ca = |name: &str| {
        let mut params = params(name);
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params
    };
    let [root_key, issuing_key, own_key] = [(); 3].map(|()| KeyPair::generate().unwrap());
    // The root is not sent, so it does not matter that it has ended.
    let mut root = ca("root");
    root.not_after = date_time_ymd(2026, 1, 2);
    let root_der = root.self_signed(&root_key).unwrap();
    let root = Issuer::new(root, root_key);
    let mut middle = ca("issuing");
    issuing(&mut middle);
    let middle_der = middle.signed_by(&issuing_key, &root).unwrap();
    let middle = Issuer::new(middle, issuing_key);
    let mut leaf = params("officer");
    own(&mut leaf);
    let leaf = leaf.signed_by(&own_key, &middle).unwrap();
    let chain = [leaf.der(), middle_der.der(), root_der.der()];
    let chain = chain.map(|der| Certificate::from_der(der.to_vec()).unwrap());
    let key = SigningKey::from_pkcs8_der(&own_key.serialize_der()).unwrap();
    let signer = MemorySigner::new(key, chain).unwrap();
    assert_eq!(signer.chain().len(), 3);
    OfficerIdentity::new(Arc::new(signer)).unwrap()
}

#[test]
fn an_identity_says_whether_a_server_can_accept_it() {
    let (from, until) = (NEW_YEAR, NEW_YEAR + 365 * 86_400_000);
    let at = |identity: &OfficerIdentity, millis| {
        let refusal = identity.check(Timestamp::from_millis(millis)).err();
        refusal.map(|refusal| (refusal.reason(), refusal.detail().to_owned()))
    };
    let good = identity(|_| {}, |_| {});
    for (millis, expected) in [
        (
            from - 1,
            Some((Reason::NotYetValid, "CN=officer from 2026-01-01T00:00:00.000Z")),
        ),
        (from, None),
        (until, None),
        (
            until + 1,
            Some((Reason::Expired, "CN=officer until 2027-01-01T00:00:00.000Z")),
        ),
    ] {
        let expected = expected.map(|(reason, detail)| (reason, detail.to_owned()));
        assert_eq!(at(&good, millis), expected);
    }
    assert_eq!(good.valid_until(), Timestamp::from_millis(until));

    let issuer = identity(|_| {}, |issuing| issuing.not_after = date_time_ymd(2026, 7, 1));
    let (reason, detail) = at(&issuer, until).unwrap();
    assert_eq!(reason, Reason::Expired);
    assert_eq!(detail, "CN=issuing until 2026-07-01T00:00:00.000Z");
    assert!(issuer.valid_until() < good.valid_until());
    assert_eq!(at(&issuer, from), None);
}

#[test]
fn an_identity_says_whether_its_certificate_is_for_clients() {
    let reason = |usages: &[KeyUsagePurpose], extended: &[Extended]| {
        let own = |own: &mut CertificateParams| {
            own.key_usages = usages.to_vec();
            own.extended_key_usages = extended.to_vec();
        };
        let outcome = identity(own, |_| {}).check(Timestamp::from_millis(NEW_YEAR));
        outcome.err().map(|refusal| refusal.reason())
    };
    use KeyUsagePurpose::{ContentCommitment, DigitalSignature, KeyEncipherment};
    assert_eq!(
        reason(&[DigitalSignature, KeyEncipherment], &[Extended::ClientAuth]),
        None
    );
    assert_eq!(reason(&[], &[Extended::ServerAuth, Extended::ClientAuth]), None);
    assert_eq!(reason(&[], &[Extended::Any]), None);
    // A card has a certificate for signatures beside the one for logging in.
    assert_eq!(reason(&[ContentCommitment], &[]), Some(Reason::KeyUsage));
    assert_eq!(
        reason(&[], &[Extended::ServerAuth]),
        Some(Reason::ExtendedKeyUsage)
    );
    // For Windows, not for TLS.
    let logon = Extended::Other(vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 2]);
    assert_eq!(
        reason(&[DigitalSignature], &[logon]),
        Some(Reason::ExtendedKeyUsage)
    );
}
