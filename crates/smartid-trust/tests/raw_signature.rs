//! Bare signatures: every statement that counts is the verifier's, and each way to be wrong is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::sync::{Arc, LazyLock};

use smartid_core::Timestamp;
use smartid_trust::jws::{Jwk, JwkSet, JwsAlgorithm};
use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
use smartid_trust::raw::{
    MAX_RAW_CERTIFICATES, MAX_SIGNATURE_LEN, RawContent, RawMechanism, RawPolicy, RawSignature,
};
use smartid_trust::{
    AlgorithmSet, Certificate, Check, DigestAlgorithm, MemorySigner, OfficerSigner, Reason, Refusal,
    SignatureAlgorithm, SigningKey, Verified,
};

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);
const LATER: Timestamp = Timestamp::from_millis(2_500_000_000_000);
const CONTENT: &[u8] = b"what was sent to be signed";

fn certificate(der: &[u8]) -> Certificate {
    Certificate::from_der(der.to_vec()).unwrap()
}

fn officer(key: &str, own: &[u8]) -> MemorySigner {
    let issuer = certificate(include_bytes!("fixtures/certs/issuer.der"));
    MemorySigner::new(
        SigningKey::from_pem(key, None).unwrap(),
        [certificate(own), issuer],
    )
    .unwrap()
}

static RSA: LazyLock<MemorySigner> = LazyLock::new(|| {
    officer(
        include_str!("fixtures/keys/officer-rsa.pem"),
        include_bytes!("fixtures/certs/signer-rsa.der"),
    )
});
static EC: LazyLock<MemorySigner> = LazyLock::new(|| {
    officer(
        include_str!("fixtures/keys/officer-p256.pem"),
        include_bytes!("fixtures/certs/signer-p256.der"),
    )
});
static ED: LazyLock<MemorySigner> = LazyLock::new(|| {
    officer(
        include_str!("fixtures/keys/officer-ed25519.pem"),
        include_bytes!("fixtures/certs/signer-ed25519.der"),
    )
});

fn chains(purpose: Purpose) -> Arc<ChainPolicy> {
    let root = certificate(include_bytes!("fixtures/certs/root.der"));
    let verifier = WebpkiVerifier::builder().root(root).build().unwrap();
    Arc::new(ChainPolicy::new(Arc::new(verifier), purpose))
}

fn mechanism(name: &str) -> RawMechanism {
    RawMechanism::from_name(name).unwrap()
}

fn named(signer: &MemorySigner, id: &str) -> Jwk {
    Jwk::from_public_key(signer.key().public_key().clone()).with_id(id)
}

fn made(signer: &MemorySigner, name: &str, content: &[u8]) -> Vec<u8> {
    let RawMechanism::Message(algorithm) = mechanism(name) else {
        panic!("{name}")
    };
    signer.sign(algorithm, content).unwrap()
}

fn reason(result: Result<Verified<RawContent>, Refusal>) -> Reason {
    result.unwrap_err().reason()
}

#[test]
fn a_certificate_beside_it_counts_by_its_chain() {
    let policy = RawPolicy::certificates(
        chains(Purpose::signing()),
        mechanism("CKM_SHA256_RSA_PKCS"),
        CONTENT,
    );
    let octets = made(&RSA, "CKM_SHA256_RSA_PKCS", CONTENT);
    let signature = RawSignature::new(octets.clone()).unwrap();
    assert_eq!(
        reason(signature.verify(&policy, NOW)),
        Reason::SignerCertificateMissing
    );
    let signature = signature.with_certificates(RSA.chain().to_vec()).unwrap();
    let verified = signature.verify(&policy, NOW).unwrap();
    assert_eq!(verified.fact().content, CONTENT);
    let proof = verified.proof();
    assert_eq!(
        proof.signer().unwrap().subject().to_string(),
        "O=Example,CN=Officer One"
    );
    assert_eq!(
        proof.algorithm,
        SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256)
    );
    assert!(proof.was_checked(Check::Chain) && proof.was_checked(Check::ExpectedContent));
    assert!(proof.not_checked.contains(&Check::RevocationOfSigner));

    let of = |policy: &RawPolicy, at| reason(signature.verify(policy, at));
    assert_eq!(of(&policy, LATER), Reason::Expired);
    assert_eq!(
        of(&policy.clone().expecting_content("other"), NOW),
        Reason::BadSignature
    );
    assert_eq!(
        of(&policy.clone().with_algorithms(AlgorithmSet::none().ecdsa()), NOW),
        Reason::AlgorithmNotAllowed
    );
    let other = certificate(include_bytes!("fixtures/path/other-root.der"));
    let verifier = WebpkiVerifier::builder().root(other).build().unwrap();
    let strangers = Arc::new(ChainPolicy::new(Arc::new(verifier), Purpose::signing()));
    let policy = RawPolicy::certificates(strangers, mechanism("CKM_SHA256_RSA_PKCS"), CONTENT);
    assert_eq!(of(&policy, NOW), Reason::UnknownIssuer);
    let encrypting = Purpose::any().with_key_usage(vec![smartid_trust::KeyUsage::KeyEncipherment]);
    let policy = RawPolicy::certificates(chains(encrypting), mechanism("CKM_SHA256_RSA_PKCS"), CONTENT);
    assert_eq!(of(&policy, NOW), Reason::KeyUsage);

    // The certificate of another, and no chain to go with it.
    let policy = RawPolicy::certificates(
        chains(Purpose::signing()),
        mechanism("CKM_SHA256_RSA_PKCS"),
        CONTENT,
    );
    let twin = vec![
        certificate(include_bytes!("fixtures/certs/signer-rsa3072.der")),
        RSA.chain()[1].clone(),
    ];
    let signature = RawSignature::new(octets)
        .unwrap()
        .with_certificates(twin)
        .unwrap();
    assert_eq!(reason(signature.verify(&policy, NOW)), Reason::BadSignature);
}

#[test]
fn the_mechanism_is_the_verifiers() {
    let octets = made(&RSA, "CKM_SHA512_RSA_PKCS", CONTENT);
    let signature = RawSignature::new(octets).unwrap();
    let policy = |name: &str| RawPolicy::keys(JwkSet::new([named(&RSA, "a")]), mechanism(name), CONTENT);
    assert!(signature.verify(&policy("CKM_SHA512_RSA_PKCS"), NOW).is_ok());
    assert!(signature.verify(&policy("RS512"), NOW).is_ok());
    for other in ["CKM_SHA256_RSA_PKCS", "CKM_SHA512_RSA_PKCS_PSS"] {
        assert_eq!(
            reason(signature.verify(&policy(other), NOW)),
            Reason::BadSignature,
            "{other}"
        );
    }
    assert_eq!(
        reason(signature.verify(&policy("CKM_ECDSA_SHA256"), NOW)),
        Reason::AlgorithmDoesNotFitKey
    );
    let pss = made(&RSA, "CKM_SHA384_RSA_PKCS_PSS", CONTENT);
    let signature = RawSignature::new(pss).unwrap();
    assert!(signature.verify(&policy("CKM_SHA384_RSA_PKCS_PSS"), NOW).is_ok());
    let bound = named(&RSA, "a").with_algorithm(JwsAlgorithm::Rs256);
    let policy = RawPolicy::keys(JwkSet::new([bound]), mechanism("PS384"), CONTENT);
    assert_eq!(
        reason(signature.verify(&policy, NOW)),
        Reason::AlgorithmDoesNotFitKey
    );
}

#[test]
fn a_mechanism_that_takes_a_digest_is_given_one() {
    // SHA-256 of CONTENT, as DigestInfo with and without NULL.
    let digest = sha256(CONTENT);
    let with_null = [&hex("3031300d060960864801650304020105000420")[..], &digest].concat();
    let without = [&hex("302f300b0609608648016503040201")[..], &[4, 32], &digest].concat();
    let keys = || JwkSet::new([named(&RSA, "a")]);
    let signature = RawSignature::new(made(&RSA, "CKM_SHA256_RSA_PKCS", CONTENT)).unwrap();
    for info in [with_null, without] {
        let policy = RawPolicy::keys(keys(), RawMechanism::RsaDigestInfo, info);
        let verified = signature.verify(&policy, NOW).unwrap();
        assert_eq!(
            verified.proof().algorithm,
            SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256)
        );
    }
    let policy = RawPolicy::keys(keys(), RawMechanism::RsaDigestInfo, CONTENT);
    assert_eq!(reason(signature.verify(&policy, NOW)), Reason::ContentNotPrepared);

    let signature = RawSignature::new(made(&EC, "CKM_ECDSA_SHA256", CONTENT)).unwrap();
    let policy = |content: &[u8]| {
        let keys = JwkSet::new([named(&EC, "a")]);
        RawPolicy::keys(keys, RawMechanism::EcdsaDigest, content.to_vec())
    };
    assert!(signature.verify(&policy(&digest), NOW).is_ok());
    assert_eq!(
        reason(signature.verify(&policy(&sha256(b"other")), NOW)),
        Reason::BadSignature
    );
    let pss = RawSignature::new(made(&RSA, "CKM_SHA256_RSA_PKCS_PSS", CONTENT)).unwrap();
    let policy = RawPolicy::keys(keys(), RawMechanism::RsaPssDigest, digest);
    assert!(pss.verify(&policy, NOW).is_ok());
}

#[test]
fn ecdsa_comes_as_asn1_or_as_two_numbers() {
    let asn1 = made(&EC, "CKM_ECDSA_SHA256", CONTENT);
    let fixed = two_numbers(&asn1);
    assert_eq!(fixed.len(), 64);
    let policy = RawPolicy::keys(JwkSet::new([named(&EC, "a")]), mechanism("ES256"), CONTENT);
    for octets in [asn1, fixed.clone()] {
        assert!(RawSignature::new(octets).unwrap().verify(&policy, NOW).is_ok());
    }
    let mut broken = fixed.clone();
    broken[40] ^= 1;
    for octets in [
        broken,
        fixed[..63].to_vec(),
        [&fixed[..], &[0]].concat(),
        vec![0; 64],
    ] {
        let signature = RawSignature::new(octets).unwrap();
        assert_eq!(reason(signature.verify(&policy, NOW)), Reason::BadSignature);
    }
    let signature = RawSignature::new(made(&ED, "CKM_EDDSA", CONTENT)).unwrap();
    let policy = RawPolicy::keys(JwkSet::new([named(&ED, "a")]), mechanism("CKM_EDDSA"), CONTENT);
    assert!(signature.verify(&policy, NOW).is_ok());
}

#[test]
fn the_name_chooses_among_the_keys() {
    let octets = made(&RSA, "RS256", CONTENT);
    let other = SigningKey::generate(smartid_trust::KeyType::Rsa { bits: 2048 }).unwrap();
    let other = || Jwk::from_public_key(other.public_key().clone());
    let policy = |keys: Vec<Jwk>| RawPolicy::keys(JwkSet::new(keys), mechanism("RS256"), CONTENT);
    let both = policy(vec![other().with_id("b"), named(&RSA, "a")]);
    let nameless = RawSignature::new(octets.clone()).unwrap();
    assert!(nameless.verify(&both, NOW).is_ok(), "the one that fits");
    let of = |id: &str, policy: &RawPolicy| {
        let signature = RawSignature::new(octets.clone()).unwrap().with_key_id(id);
        signature.verify(policy, NOW)
    };
    assert!(of("a", &both).is_ok());
    assert_eq!(reason(of("b", &both)), Reason::BadSignature);
    assert_eq!(reason(of("c", &both)), Reason::JwsKeyUnknown);
    assert!(
        of(
            "c",
            &policy(vec![Jwk::from_public_key(RSA.key().public_key().clone())])
        )
        .is_ok()
    );
    assert_eq!(
        reason(nameless.verify(&policy(Vec::new()), NOW)),
        Reason::JwsNoKey
    );
    assert_eq!(
        reason(nameless.verify(&policy(vec![other().with_id("b")]), NOW)),
        Reason::BadSignature
    );

    // With certificates too: the name of a key of ours decides, a certificate otherwise.
    let both = RawPolicy::certificates(chains(Purpose::signing()), mechanism("RS256"), CONTENT)
        .or_keys(JwkSet::new([other().with_id("b"), named(&RSA, "a")]));
    let with_chain = |id: &str| {
        let signature = RawSignature::new(octets.clone()).unwrap().with_key_id(id);
        let signature = signature.with_certificates(RSA.chain().to_vec()).unwrap();
        signature.verify(&both, NOW)
    };
    assert!(
        with_chain("a")
            .unwrap()
            .proof()
            .was_checked(Check::KeyNamedByVerifier)
    );
    assert_eq!(reason(with_chain("b")), Reason::BadSignature);
    assert!(with_chain("c").unwrap().proof().was_checked(Check::Chain));
    assert!(
        of("a", &both)
            .unwrap()
            .proof()
            .was_checked(Check::KeyNamedByVerifier)
    );
}

#[test]
fn sizes_are_capped() {
    assert_eq!(
        RawSignature::new(Vec::new()).unwrap_err().reason(),
        Reason::Malformed
    );
    assert!(RawSignature::new(vec![1; MAX_SIGNATURE_LEN]).is_ok());
    assert_eq!(
        RawSignature::new(vec![1; MAX_SIGNATURE_LEN + 1])
            .unwrap_err()
            .reason(),
        Reason::TooLarge
    );
    let many = vec![RSA.chain()[0].clone(); MAX_RAW_CERTIFICATES + 1];
    let signature = RawSignature::new(vec![1]).unwrap();
    assert_eq!(
        signature.with_certificates(many).unwrap_err().reason(),
        Reason::TooLarge
    );
}

#[test]
fn nothing_is_shown() {
    let policy = RawPolicy::keys(JwkSet::default(), RawMechanism::EcdsaDigest, "canary");
    let signature = RawSignature::new("canary").unwrap();
    let shown = format!("{policy:?} {signature:?} {:?}", signature.danger_unverified());
    assert!(!shown.contains("canary"), "{shown}");
}

fn hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    let digits = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    digits.collect()
}

/// By way of a CMS message, which states it.
fn sha256(content: &[u8]) -> Vec<u8> {
    let message = smartid_trust::cms::sign(&*RSA, content, &smartid_trust::cms::SignOptions::new()).unwrap();
    // messageDigest: the attribute's identifier, a set, an octet string of 32.
    let mark = hex("06092a864886f70d01090431220420");
    let at = message
        .windows(mark.len())
        .position(|window| window == mark)
        .unwrap()
        + mark.len();
    message[at..at + 32].to_vec()
}

/// The two numbers of an ASN.1 signature on P-256, side by side.
fn two_numbers(asn1: &[u8]) -> Vec<u8> {
    let mut rest = &asn1[2..];
    let mut fixed = Vec::new();
    for _ in 0..2 {
        let length = usize::from(rest[1]);
        let number = &rest[2..2 + length];
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        fixed.resize(fixed.len() + 32 - number.len(), 0);
        fixed.extend_from_slice(number);
        rest = &rest[2 + length..];
    }
    fixed
}
