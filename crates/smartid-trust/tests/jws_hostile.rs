//! Garbage, truncation and mutation: nothing panics, nothing that was changed verifies.
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
use smartid_trust::jws::{Jws, JwsPolicy};
use smartid_trust::path::{ChainPolicy, Purpose};

#[test]
fn every_truncation_is_refused() {
    let pki = Pki::new();
    let key = Key::of(Kind::P256);
    let roots = Arc::new(Roots::new(vec![pki.root.clone()]));
    let chains = Arc::new(ChainPolicy::new(roots, Purpose::signing()));
    let policy = JwsPolicy::certificates(chains).or_keys(smartid_trust::jws::JwkSet::new([key.named("one")]));
    for message in [
        key.message(&x5c(&pki.chain(key)), b"payload"),
        key.message(r#","kid":"one""#, b"payload"),
    ] {
        assert!(verdict(&message, &policy, NOW).is_ok());
        for cut in 0..message.len() {
            assert!(verdict(&message[..cut], &policy, NOW).is_err(), "{cut}");
            assert!(
                verdict(&message[message.len() - cut..], &policy, NOW).is_err(),
                "{cut}"
            );
        }
    }
}

#[test]
fn every_changed_letter_is_refused() {
    let key = Key::of(Kind::Ed25519);
    let policy = key.policy();
    let good = key.message(r#","kid":"one""#, b"payload");
    assert!(verdict(&good, &policy, NOW).is_ok());
    for index in 0..good.len() {
        for letter in [b'A', b'B', b'Q', b'_', b'+', b'=', b'.', b' ', 0, 0xff] {
            let mut changed = good.clone().into_bytes();
            if changed[index] != letter {
                changed[index] = letter;
                assert!(verdict(&changed, &policy, NOW).is_err(), "{index} {letter}");
            }
        }
    }
}

#[test]
fn large_and_deep() {
    let key = Key::of(Kind::Ed25519);
    for header in [
        "{".repeat(1_000_000),
        r#"{"a":"#.repeat(300_000),
        format!(r#"{{"alg":"EdDSA","x":"{}"}}"#, "\\u0000".repeat(400_000)),
        format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, "x".repeat(2_000_000)),
        format!(r#"{{"alg":"{}"}}"#, "x".repeat(2_000_000)),
        format!(
            r#"{{"alg":"EdDSA","crit":[{}]}}"#,
            vec!["\"x\""; 300_000].join(",")
        ),
        format!(r#"{{"alg":"EdDSA","x":1{}}}"#, "0".repeat(1_000_000)),
    ] {
        let message = key.token(&header, b"x", key.native()[0]);
        let refusal = Jws::parse(message).and_then(|jws| jws.verify(&key.policy(), NOW));
        if let Err(refusal) = refusal {
            assert!(refusal.to_string().len() < 2000, "{}", refusal.to_string().len());
        }
    }
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(verdict(&bytes, &Key::of(Kind::P256).policy(), NOW).is_err());
        let _ = Jws::parse_detached(&bytes, bytes.clone());
    }

    #[test]
    fn any_header_and_signature(header in "\\PC{0,60}", more in r#"(,"[a-z5#]{1,5}":("[a-z]{0,3}"|[0-9]{1,3}|\[\]|null)){0,4}"#, signature in proptest::collection::vec(any::<u8>(), 0..80)) {
        let policy = Key::of(Kind::P256).policy();
        for header in [header, format!(r#"{{"alg":"ES256"{more}}}"#)] {
            let message = format!("{}.{}.{}", url(header), url("x"), url(&signature));
            prop_assert!(verdict(message, &policy, NOW).is_err());
        }
    }
}
