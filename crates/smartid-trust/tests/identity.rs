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

use rcgen::KeyPair;
use rustls::version::{TLS12, TLS13};
use smartid_core::{SignatureScheme, TlsIdentity};
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
