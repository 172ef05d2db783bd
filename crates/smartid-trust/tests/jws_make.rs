//! Making JWS, and reading what was made.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

mod jws_support;

use std::sync::Arc;

use jws_support::*;
use proptest::prelude::*;
use smartid_core::SignError;
use smartid_trust::jws::{
    Jws, JwsAlgorithm, JwsOptions, JwsPolicy, MAX_HEADER_LEN, MAX_JWS_LEN, sign, sign_detached,
};
use smartid_trust::path::{ChainPolicy, Purpose};
use smartid_trust::{DigestAlgorithm, Reason, SignatureAlgorithm, SigningError};

fn refused(result: Result<String, SigningError>) -> Reason {
    match result {
        Err(SigningError::Refused(refusal)) => refusal.reason(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn with_the_chain() {
    let pki = Pki::new();
    let chains = ChainPolicy::new(Arc::new(Roots::new(vec![pki.root.clone()])), Purpose::signing());
    let policy = JwsPolicy::certificates(Arc::new(chains));
    for kind in KINDS {
        let officer = Officer::new(kind, pki.chain(Key::of(kind)));
        for algorithm in Key::of(kind).native() {
            let options = JwsOptions::new()
                .with_algorithm(*algorithm)
                .with_type("JOSE")
                .with_content_type("text/plain");
            let text = sign(&officer, b"card", &options).unwrap();
            let verified = Jws::parse(&text).unwrap().verify(&policy, NOW).unwrap();
            assert_eq!(verified.fact().payload, "card");
            let header = &verified.fact().header;
            assert_eq!(header.algorithm(), *algorithm);
            assert_eq!(header.key_id(), None);
            assert_eq!(header.message_type(), Some("JOSE"));
            assert_eq!(header.content_type(), Some("text/plain"));
            assert_eq!(header.certificates(), Some(&officer.chain[..]));
        }
        let by_default = sign(&officer, b"", &JwsOptions::new()).unwrap();
        let header = Jws::parse(by_default).unwrap();
        let header = header.danger_unverified().header().unwrap();
        assert_eq!(header.algorithm(), Key::of(kind).native()[0]);
        assert_eq!(header.names().collect::<Vec<_>>(), ["alg", "x5c"]);
    }
}

#[test]
fn with_a_name_for_the_key() {
    let pki = Pki::new();
    for kind in KINDS {
        for chain in [Vec::new(), pki.chain(Key::of(kind))] {
            let officer = Officer::new(kind, chain);
            let text = sign(&officer, b"card", &JwsOptions::new().with_key_id("one")).unwrap();
            let verified = Jws::parse(&text)
                .unwrap()
                .verify(&Key::of(kind).policy(), NOW)
                .unwrap();
            assert_eq!(verified.fact().header.names().collect::<Vec<_>>(), ["alg", "kid"]);
        }
    }
    let officer = Officer::new(Kind::P256, pki.chain(Key::of(Kind::P256)));
    let both = JwsOptions::new().with_key_id("one").with_certificates(true);
    let jws = Jws::parse(sign(&officer, b"", &both).unwrap()).unwrap();
    let names: Vec<_> = jws
        .danger_unverified()
        .header()
        .unwrap()
        .names()
        .map(str::to_owned)
        .collect();
    assert_eq!(names, ["alg", "kid", "x5c"]);
    let neither = JwsOptions::new().with_certificates(false);
    assert_eq!(refused(sign(&officer, b"", &neither)), Reason::JwsNoKey);
    let bare = Officer::new(Kind::P256, Vec::new());
    assert_eq!(refused(sign(&bare, b"", &JwsOptions::new())), Reason::JwsNoKey);
}

#[test]
fn detached() {
    let officer = Officer::new(Kind::P256, Vec::new());
    let text = sign_detached(&officer, b"large", &JwsOptions::new().with_key_id("one")).unwrap();
    let verified = Jws::parse_detached(&text, &b"large"[..])
        .unwrap()
        .verify(&Key::of(Kind::P256).policy(), NOW)
        .unwrap();
    assert_eq!(verified.fact().payload, "large");
}

#[test]
fn algorithms_that_do_not_fit() {
    let pki = Pki::new();
    let key = || JwsOptions::new().with_key_id("one");
    let mut officer = Officer::new(Kind::P256, pki.chain(Key::of(Kind::P256)));
    let no_algorithm = |result| assert_eq!(result, Err(SigningError::NoAlgorithm));
    no_algorithm(sign(&officer, b"", &key().with_algorithm(JwsAlgorithm::Rs256)));
    no_algorithm(sign(&officer, b"", &key().with_algorithm(JwsAlgorithm::Es384)));
    // A P-256 key can sign a SHA-384 digest, but JWS has no name for that.
    officer.algorithms = vec![SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha384)];
    no_algorithm(sign(&officer, b"", &key()));
    officer.algorithms = Vec::new();
    no_algorithm(sign(&officer, b"", &key()));
    officer.algorithms = vec![SignatureAlgorithm::RsaPss {
        digest: DigestAlgorithm::Sha256,
        salt_len: 20,
    }];
    no_algorithm(sign(&officer, b"", &key()));
    // What does not fit is passed over.
    officer.algorithms = vec![
        SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha512),
        SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256),
    ];
    assert!(sign(&officer, b"", &key()).is_ok());
}

#[test]
fn keys_that_answer_nonsense() {
    let pki = Pki::new();
    let chain = pki.chain(Key::of(Kind::P256));
    let key = JwsOptions::new().with_key_id("one");
    let mut officer = Officer::new(Kind::P256, chain);
    officer.answer = Some(Err(SignError::new("the card was removed")));
    assert_eq!(
        sign(&officer, b"", &key),
        Err(SigningError::Key(SignError::new("the card was removed")))
    );
    let number = |octets: &[u8]| [&[2, octets.len() as u8], octets].concat();
    let pair = |r: &[u8], s: &[u8]| {
        let both = [number(r), number(s)].concat();
        [&[0x30, both.len() as u8][..], &both].concat()
    };
    let cases = [
        (Vec::new(), Reason::Malformed),
        (vec![0; 64], Reason::Malformed),
        (vec![0x30, 0], Reason::Malformed),
        ([&[0x30, 3][..], &number(&[1])].concat(), Reason::Malformed),
        ([pair(&[1], &[1]), vec![0]].concat(), Reason::Malformed),
        (pair(&[], &[1]), Reason::Malformed),
        (pair(&[0, 1], &[1]), Reason::Malformed),
        (pair(&[0], &[1]), Reason::BadSignature),
        (pair(&[1], &[0]), Reason::BadSignature),
        (pair(&[0x80], &[1]), Reason::BadSignature),
        (pair(&[1], &[0xff]), Reason::BadSignature),
        (pair(&[1], &[0xff, 0x01]), Reason::BadSignature),
        (pair(&[1], &[1]), Reason::BadSignature),
        (pair(&[1; 33], &[1]), Reason::JwsSignatureLength),
        (pair(&[1], &[1; 33]), Reason::JwsSignatureLength),
        (
            pair(&[1], &[[0].as_slice(), &[0xff; 33]].concat()),
            Reason::JwsSignatureLength,
        ),
    ];
    for (answer, expected) in cases {
        officer.answer = Some(Ok(answer.clone()));
        assert_eq!(refused(sign(&officer, b"", &key)), expected, "{answer:02x?}");
    }
    let mut edwards = Officer::new(Kind::Ed25519, Vec::new());
    edwards.answer = Some(Ok(vec![0; 63]));
    assert_eq!(refused(sign(&edwards, b"", &key)), Reason::JwsSignatureLength);
    // The key does not belong to the certificate.
    for kind in KINDS {
        let others = Officer::new(kind, pki.chain(&Key::generate(kind)));
        assert_eq!(refused(sign(&others, b"", &key)), Reason::BadSignature);
    }
}

#[test]
fn what_is_made_can_be_read() {
    let officer = Officer::new(Kind::Ed25519, Vec::new());
    let key = JwsOptions::new().with_key_id("one");
    let large = vec![0; MAX_JWS_LEN / 4 * 3];
    assert_eq!(refused(sign(&officer, &large, &key)), Reason::TooLarge);
    let text = sign(&officer, &large[..large.len() - 4096], &key).unwrap();
    assert!(verdict(text, &Key::of(Kind::Ed25519).policy(), NOW).is_ok());
    let long = |length| JwsOptions::new().with_key_id("x".repeat(length));
    assert_eq!(
        refused(sign(&officer, b"", &long(MAX_HEADER_LEN / 4 * 3))),
        Reason::TooLarge
    );
    let text = sign(&officer, b"", &long(MAX_HEADER_LEN / 4 * 3 - 100)).unwrap();
    assert_eq!(
        verdict(text, &Key::of(Kind::Ed25519).policy(), NOW),
        Err(Reason::JwsKeyUnknown)
    );
    let pki = Pki::new();
    let many = Officer::new(Kind::Ed25519, vec![pki.issue(Key::of(Kind::Ed25519)); 11]);
    assert_eq!(refused(sign(&many, b"", &JwsOptions::new())), Reason::TooLarge);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Short numbers, leading zeros: what the key answers in ASN.1 is what the other library reads in fixed form.
    #[test]
    fn any_payload_and_name_round_trip(payload in proptest::collection::vec(any::<u8>(), 0..300), kid in "\\PC{0,40}", index in 0usize..5) {
        let kind = KINDS[index];
        let officer = Officer::new(kind, Vec::new());
        let text = sign(&officer, &payload, &JwsOptions::new().with_key_id(&kid)).unwrap();
        let policy = JwsPolicy::keys(smartid_trust::jws::JwkSet::new([Key::of(kind).named(&kid)]));
        let verified = Jws::parse(&text).unwrap().verify(&policy, NOW).unwrap();
        prop_assert_eq!(&verified.fact().payload[..], &payload[..]);
        prop_assert_eq!(verified.fact().header.key_id(), Some(kid.as_str()));
    }
}
