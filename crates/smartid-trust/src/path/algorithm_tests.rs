//! Chains signed with each algorithm, in each form of writing it.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self as aws, EcdsaKeyPair, KeyPair as _, RsaKeyPair};

use super::WebpkiVerifier;
use super::test_ca::*;
use crate::der;
use crate::{AlgorithmSet, DigestAlgorithm, Oid, Reason, SignatureAlgorithm};

struct Rsa {
    pair: RsaKeyPair,
    written: Vec<u8>,
    encoding: &'static dyn aws::RsaEncoding,
}

impl Key for Rsa {
    fn spki(&self) -> Vec<u8> {
        let algorithm = der::sequence(&[&der::oid(&crate::algorithm::RSA_ENCRYPTION), &der::null()]);
        der::sequence(&[&algorithm, &der::bit_string(self.pair.public_key().as_ref())])
    }
    fn algorithm(&self) -> Vec<u8> {
        self.written.clone()
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(self.encoding, &SystemRandom::new(), message, &mut signature)
            .unwrap();
        signature
    }
}

struct Ec(EcdsaKeyPair, &'static str, DigestAlgorithm);

impl Key for Ec {
    fn spki(&self) -> Vec<u8> {
        let curve: Oid = self.1.parse().unwrap();
        let algorithm = der::sequence(&[&der::oid(&crate::algorithm::EC_PUBLIC_KEY), &der::oid(&curve)]);
        der::sequence(&[&algorithm, &der::bit_string(self.0.public_key().as_ref())])
    }
    fn algorithm(&self) -> Vec<u8> {
        SignatureAlgorithm::Ecdsa(self.2).identifier()
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0
            .sign(&SystemRandom::new(), message)
            .unwrap()
            .as_ref()
            .to_vec()
    }
}

fn with_root_key(root_key: &impl Key, algorithms: AlgorithmSet) -> Option<Reason> {
    let root = Spec::ca("CN=Root", "CN=Root", root_key).sign(root_key);
    let ca = intermediate().sign(root_key);
    let builder = WebpkiVerifier::builder().root(root).algorithms(algorithms);
    verify(builder, &leaf().sign(&key(2)), &[ca])
        .err()
        .map(|refusal| refusal.reason())
}

#[test]
fn every_algorithm_and_only_those_on_the_list() {
    let ed25519 = AlgorithmSet::none().ed25519();
    let refused = Some(Reason::AlgorithmNotAllowed);
    for (signing, curve, digest) in [
        (
            &aws::ECDSA_P256_SHA256_ASN1_SIGNING,
            "1.2.840.10045.3.1.7",
            DigestAlgorithm::Sha256,
        ),
        (
            &aws::ECDSA_P384_SHA384_ASN1_SIGNING,
            "1.3.132.0.34",
            DigestAlgorithm::Sha384,
        ),
        (
            &aws::ECDSA_P521_SHA512_ASN1_SIGNING,
            "1.3.132.0.35",
            DigestAlgorithm::Sha512,
        ),
    ] {
        let key = Ec(EcdsaKeyPair::generate(signing).unwrap(), curve, digest);
        assert_eq!(with_root_key(&key, ed25519.ecdsa()), None, "{curve}");
        assert_eq!(with_root_key(&key, ed25519), refused, "{curve}");
    }
    let rsa = |written: Vec<u8>, encoding| Rsa {
        pair: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        written,
        encoding,
    };
    let absent = der::sequence(&[&der::oid(&crate::algorithm::RSA_SHA256)]);
    let pkcs1 = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha512).identifier();
    let pss = SignatureAlgorithm::rsa_pss(DigestAlgorithm::Sha384).identifier();
    for (key, with, without) in [
        (
            rsa(absent, &aws::RSA_PKCS1_SHA256),
            ed25519.rsa_pkcs1(),
            ed25519.rsa_pss(),
        ),
        (
            rsa(pkcs1, &aws::RSA_PKCS1_SHA512),
            ed25519.rsa_pkcs1(),
            ed25519.rsa_pss(),
        ),
        (
            rsa(pss, &aws::RSA_PSS_SHA384),
            ed25519.rsa_pss(),
            ed25519.rsa_pkcs1(),
        ),
    ] {
        assert_eq!(with_root_key(&key, with), None);
        assert_eq!(with_root_key(&key, without), refused);
    }
    // The leaf's own signature is looked at too.
    assert_eq!(with_root_key(&key(1), AlgorithmSet::none().ecdsa()), refused);
    let sha1 = rsa(
        der::sequence(&[&der::oid(&"1.2.840.113549.1.1.5".parse().unwrap()), &der::null()]),
        &aws::RSA_PKCS1_SHA256,
    );
    assert_eq!(
        with_root_key(&sha1, AlgorithmSet::default()),
        Some(Reason::AlgorithmUnknown)
    );
}
