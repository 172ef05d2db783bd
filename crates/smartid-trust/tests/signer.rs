//! Keys in memory: what they sign verifies, and every way to be wrong has its reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test stops where it fails"
)]

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use smartid_core::SecretString;
use smartid_trust::{
    Certificate, Curve, DigestAlgorithm, KeyType, MemorySigner, OfficerSigner, Reason, SignatureAlgorithm,
    SigningKey,
};

fn pem(label: &str, der: &[u8]) -> String {
    let letters = smartid_core::base64::encode(smartid_core::base64::Flavour::Standard, der);
    format!("-----BEGIN {label}-----\n{letters}\n-----END {label}-----\n")
}

/// A certificate for a new key, signed by `issuer` or by itself.
fn issue(
    name: &str,
    key: &KeyPair,
    issuer: Option<&Issuer<'_, KeyPair>>,
) -> (CertificateParams, Certificate) {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = match issuer {
        Some(issuer) => params.signed_by(key, issuer).unwrap(),
        None => params.self_signed(key).unwrap(),
    };
    let certificate = Certificate::from_der(certificate.der().to_vec()).unwrap();
    (params, certificate)
}

/// Root, intermediate, leaf, and the leaf's key as PKCS #8.
fn hierarchy() -> ([Certificate; 3], Vec<u8>) {
    let root_key = KeyPair::generate().unwrap();
    let (root_params, root) = issue("root", &root_key, None);
    let root_issuer = Issuer::new(root_params, root_key);
    let middle_key = KeyPair::generate().unwrap();
    let (middle_params, middle) = issue("middle", &middle_key, Some(&root_issuer));
    let middle_issuer = Issuer::new(middle_params, middle_key);
    let key = KeyPair::generate().unwrap();
    let (_, leaf) = issue("leaf", &key, Some(&middle_issuer));
    ([root, middle, leaf], key.serialize_der())
}

fn reason<T: std::fmt::Debug>(result: Result<T, smartid_trust::Refusal>) -> Reason {
    result.unwrap_err().reason()
}

#[test]
fn every_type_of_key_signs_with_each_of_its_algorithms() {
    for (key_type, count) in [
        (KeyType::Rsa { bits: 2048 }, 6),
        (KeyType::Ec(Curve::P256), 1),
        (KeyType::Ec(Curve::P384), 1),
        (KeyType::Ec(Curve::P521), 1),
        (KeyType::Ed25519, 1),
    ] {
        let key = SigningKey::generate(key_type).unwrap();
        assert_eq!(key.public_key().key_type(), key_type);
        assert_eq!(key.algorithms().len(), count);
        for algorithm in key.algorithms() {
            let signature = key.sign(*algorithm, b"message").unwrap();
            key.public_key()
                .verify(*algorithm, b"message", &signature)
                .unwrap();
            assert!(
                key.public_key()
                    .verify(*algorithm, b"massage", &signature)
                    .is_err()
            );
        }
    }
}

#[test]
fn rsa_prefers_pkcs1_with_sha256_and_the_caller_may_choose() {
    let key = SigningKey::generate(KeyType::Rsa { bits: 2048 }).unwrap();
    let pkcs1 = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);
    let pss = SignatureAlgorithm::rsa_pss(DigestAlgorithm::Sha384);
    assert_eq!(key.algorithms()[0], pkcs1);
    assert_eq!(
        key.algorithms()[3],
        SignatureAlgorithm::rsa_pss(DigestAlgorithm::Sha256)
    );

    let only_pss = key.clone().with_algorithms([pss]).unwrap();
    assert_eq!(only_pss.algorithms(), [pss]);
    assert!(only_pss.sign(pss, b"").is_ok());
    assert!(only_pss.sign(pkcs1, b"").is_err());
    assert_eq!(
        reason(key.clone().with_algorithms([])),
        Reason::AlgorithmNotOffered
    );
    for other in [
        SignatureAlgorithm::Ed25519,
        SignatureAlgorithm::RsaPss {
            digest: DigestAlgorithm::Sha256,
            salt_len: 20,
        },
    ] {
        assert!(key.sign(other, b"").is_err());
        assert_eq!(
            reason(key.clone().with_algorithms([other])),
            Reason::AlgorithmNotOffered
        );
    }
}

#[test]
fn sizes_that_are_not_made_are_refused() {
    for (bits, expected) in [
        (1024, Reason::KeyTooSmall),
        (2049, Reason::KeyUnsupported),
        (16384, Reason::KeyUnsupported),
    ] {
        assert_eq!(
            reason(SigningKey::generate(KeyType::Rsa { bits })),
            expected,
            "{bits}"
        );
    }
}

#[test]
fn the_chain_is_ordered_whatever_the_order_of_the_file() {
    let ([root, middle, leaf], key) = hierarchy();
    let (_, stranger) = issue("stranger", &KeyPair::generate().unwrap(), None);
    // The same name as the intermediate's, another key.
    let (_, impostor) = issue("middle", &KeyPair::generate().unwrap(), None);
    let section = |certificate: &Certificate| pem("CERTIFICATE", certificate.der());
    let key = pem("PRIVATE KEY", &key);
    let parts = [
        section(&root),
        section(&impostor),
        key,
        section(&stranger),
        section(&leaf),
        section(&middle),
        section(&leaf),
    ];
    let mut turned = parts.to_vec();
    for _ in 0..parts.len() {
        turned.rotate_left(1);
        for texts in [
            vec![turned.concat()],
            vec![turned[..3].concat(), turned[3..].concat()],
        ] {
            let texts: Vec<_> = texts.iter().map(String::as_str).collect();
            let signer = MemorySigner::from_pem(&texts, None).unwrap();
            assert_eq!(signer.chain(), [leaf.clone(), middle.clone(), root.clone()]);
        }
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let ([root, middle, leaf], key) = hierarchy();
    let key = SigningKey::from_pkcs8_der(&key).unwrap();
    assert_eq!(reason(MemorySigner::new(key.clone(), [])), Reason::NoCertificate);
    assert_eq!(
        reason(MemorySigner::new(key.clone(), [root, middle])),
        Reason::KeyCertificateMismatch
    );
    let other = SigningKey::generate(KeyType::Ec(Curve::P256)).unwrap();
    assert_eq!(
        reason(MemorySigner::new(other, [leaf.clone()])),
        Reason::KeyCertificateMismatch
    );
    assert!(MemorySigner::new(key, [leaf]).is_ok());
}

#[test]
fn a_key_certified_twice_needs_a_choice() {
    let key = KeyPair::generate().unwrap();
    let (_, first) = issue("before", &key, None);
    let (_, second) = issue("after", &key, None);
    let key = SigningKey::from_pkcs8_der(&key.serialize_der()).unwrap();
    assert_eq!(
        reason(MemorySigner::new(key.clone(), [first.clone(), second.clone()])),
        Reason::SeveralCertificates
    );
    assert_eq!(
        MemorySigner::new(key, [second.clone()]).unwrap().chain(),
        [second]
    );
}

#[test]
fn texts_without_the_one_key_are_refused() {
    let ([_, _, leaf], key) = hierarchy();
    let (certificate, key) = (pem("CERTIFICATE", leaf.der()), pem("PRIVATE KEY", &key));
    for (texts, expected) in [
        (vec![certificate.as_str()], Reason::NoKey),
        (vec![""], Reason::NoKey),
        (vec![], Reason::NoKey),
        (
            vec!["-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----"],
            Reason::NoKey,
        ),
        (vec![&certificate, &key, &key], Reason::SeveralKeys),
        (vec![&key], Reason::NoCertificate),
        (
            vec![&certificate, "-----BEGIN PRIVATE KEY-----"],
            Reason::Malformed,
        ),
    ] {
        assert_eq!(
            reason(MemorySigner::from_pem(&texts, None)),
            expected,
            "{texts:?}"
        );
    }
    let big = "x".repeat(4 * 1024 * 1024 + 1);
    assert_eq!(
        reason(MemorySigner::from_pem(&[&certificate, &key, &big], None)),
        Reason::TooLarge
    );
    assert!(MemorySigner::from_pem(&[&certificate, &key, &big[..1024]], None).is_ok());
}

#[test]
fn a_key_cut_short_anywhere_is_refused() {
    let (_, key) = hierarchy();
    assert!(SigningKey::from_pkcs8_der(&key).is_ok());
    for end in 0..key.len() {
        assert_eq!(
            reason(SigningKey::from_pkcs8_der(&key[..end])),
            Reason::Malformed,
            "{end}"
        );
    }
    let mut longer = key;
    longer.push(0);
    assert_eq!(reason(SigningKey::from_pkcs8_der(&longer)), Reason::Malformed);
}

#[test]
fn a_changed_bit_makes_no_other_key_of_the_same_certificate() {
    let ([_, _, leaf], key) = hierarchy();
    for position in 0..key.len() {
        for bit in 0..8 {
            let mut changed = key.clone();
            changed[position] ^= 1 << bit;
            if let Ok(key) = SigningKey::from_pkcs8_der(&changed)
                && let Ok(signer) = MemorySigner::new(key, [leaf.clone()])
            {
                let algorithm = signer.algorithms()[0];
                let signature = signer.sign(algorithm, b"m").unwrap();
                let public = signer.chain()[0].public_key().unwrap();
                public.verify(algorithm, b"m", &signature).unwrap();
            }
        }
    }
}

#[test]
fn debug_and_errors_show_no_secret() {
    let ([_, _, leaf], key) = hierarchy();
    let seen = format!(
        "{:?} {:#?}",
        MemorySigner::new(SigningKey::from_pkcs8_der(&key).unwrap(), [leaf]).unwrap(),
        SigningKey::generate(KeyType::Rsa { bits: 2048 }).unwrap()
    );
    assert!(
        seen.contains("PublicKey(Ec(P256))") && seen.len() < 2000,
        "{seen}"
    );
    let canary = "canary-Passw0rd";
    let letters = "Y2FuYXJ5LVBhc3N3MHJk";
    for text in [
        pem("PRIVATE KEY", canary.as_bytes()),
        pem("RSA PRIVATE KEY", canary.as_bytes()),
        pem("EC PRIVATE KEY", canary.as_bytes()),
        pem("ENCRYPTED PRIVATE KEY", canary.as_bytes()),
        format!("-----BEGIN PRIVATE KEY-----\n{letters}!\n-----END PRIVATE KEY-----\n"),
        format!("-----BEGIN PRIVATE KEY-----\n{letters}"),
    ] {
        let refusal = SigningKey::from_pem(&text, Some(&SecretString::new(canary))).unwrap_err();
        let seen = format!("{refusal} {refusal:?}");
        assert!(!seen.contains("canary") && !seen.contains(letters), "{seen}");
    }
}
