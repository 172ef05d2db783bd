//! The attacks that JWT libraries have fallen to, each with the test that proves it refused. Those without a test elsewhere have it here.
//!
//! | attack | test |
//! |---|---|
//! | ECDSA with r or s of zero or of the order | `psychic_signatures` |
//! | Ed25519 with S beyond the order, or all zero | `edwards_signatures_are_not_malleable` |
//! | RSA signatures of zero, one, the modulus | `small_rsa_signatures` |
//! | `alg` none in any spelling, signature cut off | `jws_refusals`: `algorithms`, `three_parts`; `a_stripped_signature` |
//! | HMAC with the public key as the secret | `hmac_with_the_public_key_as_its_secret` |
//! | RSA padding of another kind, digest of another size | `jws_confusion`: `every_header_with_every_key` |
//! | ECDSA on another curve | `jws_confusion`: `every_header_with_a_set_of_every_key`; `jws_keys`: `types_and_curves` |
//! | curve parameters written out in a certificate | `forms_that_are_no_keys` of the key's own tests |
//! | `kid` as a path, a query, a command | `a_kid_is_a_name_and_nothing_else` |
//! | `jwk`, `jku`, `x5u` in the header | `jws_which_key`: `keys_that_the_message_brings` |
//! | another certificate first in `x5c`, a signer as a CA | `certificates_of_strangers_among_good_ones`; `jws_chain`: `what_can_be_wrong_with_x5c` |
//! | a name that stands twice | `jws_refusals`: `nothing_is_said_twice`; `jws_keys`: `documents` |
//! | names written with escapes | `jws_attacks_forms`: `escapes_in_names_hide_nothing` |
//! | byte order mark, NUL, other encodings | `jws_attacks_forms`: `marks_and_control_characters` |
//! | base64 in two spellings | `jws_refusals`: `one_way_to_write_base64url`, `white_space` |
//! | huge numbers in JSON, huge RSA exponents | `jws_attacks_forms`: `huge_numbers` |
//! | deep and long JSON | `jws_hostile`: `large_and_deep`; `jws_refusals`: `the_header_is_a_json_object` |
//! | `b64`, unknown `crit` | `jws_refusals`: `critical_extensions`; `jws_rfc`: `rfc_7797_is_refused` |
//! | a detached payload for a whole message | `jws_attacks_forms`: `detached_payloads_are_not_taken_for_others`; `jws_content`: `detached_payloads` |
//! | JSON serialisation, alone and mixed with the compact one | `jws_rfc`: `json_serialisations_are_refused`; `jws_attacks_forms`: `a_header_that_is_a_message_too` |
//! | a message inside a message | `jws_attacks_forms`: `what_is_inside_is_not_opened` |
//! | private or symmetric keys given as public ones | `jws_keys`: `private_and_symmetric_keys` |
//! | keys for encryption | `jws_keys`: `what_the_key_is_for` |
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

use aws_lc_rs::hmac;
use jws_support::*;
use smartid_core::base64::{Flavour, decode, encode};
use smartid_trust::Reason;
use smartid_trust::jws::{JwkSet, Jws, JwsPolicy};
use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};

fn hex(text: &str) -> Vec<u8> {
    let octet = |index: usize| u8::from_str_radix(&text[index..index + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(octet).collect()
}

#[test]
fn psychic_signatures() {
    let orders = [
        (
            Kind::P256,
            hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
        ),
        (
            Kind::P384,
            hex(&format!(
                "{}c7634d81f4372ddf581a0db248b0a77aecec196accc52973",
                "f".repeat(48)
            )),
        ),
        (
            Kind::P521,
            hex(&format!(
                "01{}fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
                "f".repeat(64)
            )),
        ),
    ];
    for (kind, order) in orders {
        let key = Key::of(kind);
        let message = key.message("", b"x");
        assert!(verdict(&message, &key.policy(), NOW).is_ok());
        let length = order.len();
        let small = |value: u8| [vec![0; length - 1], vec![value]].concat();
        let mut below = order.clone();
        below[length - 1] -= 1;
        let numbers = [small(0), small(1), small(2), below, order, vec![0xff; length]];
        for r in &numbers {
            for s in &numbers {
                let forged = with_signature(signed_part(&message), [&r[..], s].concat());
                assert_eq!(
                    verdict(forged, &key.policy(), NOW),
                    Err(Reason::BadSignature),
                    "{kind:?} {r:02x?} {s:02x?}"
                );
            }
        }
    }
}

#[test]
fn edwards_signatures_are_not_malleable() {
    let message = ed().message("", b"x");
    let signature = decode(Flavour::Url, message.rsplit_once('.').unwrap().1).unwrap();
    // RFC 8032 5.1: the order of the group, least octet first.
    let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut beyond = signature.clone();
    let mut carry = 0;
    for (octet, add) in beyond[32..].iter_mut().zip(&order) {
        let sum = u16::from(*octet) + u16::from(*add) + carry;
        *octet = sum as u8;
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    let identity = [&[1][..], &[0; 31]].concat();
    for forged in [
        beyond,
        vec![0; 64],
        [&identity[..], &[0; 32]].concat(),
        [&identity[..], &order].concat(),
        [&signature[..32], &[0; 32]].concat(),
        [&[0; 32], &signature[32..]].concat(),
    ] {
        let forged = with_signature(signed_part(&message), forged);
        assert_eq!(reason(forged), Some(Reason::BadSignature));
    }
    assert_eq!(reason(&message), None);
}

#[test]
fn small_rsa_signatures() {
    let key = Key::of(Kind::Rsa);
    let jwk: serde_json::Value = serde_json::from_str(&key.jwk("")).unwrap();
    let modulus = decode(Flavour::Url, jwk["n"].as_str().unwrap()).unwrap();
    let mut below = modulus.clone();
    *below.last_mut().unwrap() -= 1;
    let small = |value: u8| [vec![0; modulus.len() - 1], vec![value]].concat();
    for algorithm in key.native() {
        let message = key.token(&format!(r#"{{"alg":"{algorithm}"}}"#), b"x", *algorithm);
        assert!(verdict(&message, &key.policy(), NOW).is_ok());
        for forged in [
            small(0),
            small(1),
            below.clone(),
            modulus.clone(),
            vec![0xff; modulus.len()],
            vec![1],
            Vec::new(),
        ] {
            let forged = with_signature(signed_part(&message), forged);
            assert_eq!(
                verdict(forged, &key.policy(), NOW),
                Err(Reason::BadSignature),
                "{algorithm}"
            );
        }
    }
}

#[test]
fn a_stripped_signature() {
    let message = ed().message("", b"x");
    let (header, payload) = signed_part(&message).split_once('.').unwrap();
    for (stripped, expected) in [
        (format!("{header}.{payload}"), Reason::JwsParts),
        (format!("{header}.{payload}."), Reason::JwsSignatureLength),
        (format!("{header}.{payload}.AA"), Reason::JwsSignatureLength),
    ] {
        assert_eq!(reason(stripped), Some(expected));
    }
    for (name, expected) in [
        ("none", Reason::JwsNotSigned),
        ("nOnE", Reason::JwsNotSigned),
        ("\\u006eone", Reason::JwsNotSigned),
        (" none", Reason::AlgorithmUnknown),
        ("none\\u0000", Reason::AlgorithmUnknown),
        ("", Reason::AlgorithmUnknown),
    ] {
        for rest in ["", &message[message.rfind('.').unwrap() + 1..]] {
            let header = url(format!(r#"{{"alg":"{name}","kid":"one"}}"#));
            assert_eq!(
                reason(format!("{header}.{payload}.{rest}")),
                Some(expected),
                "{name}"
            );
        }
    }
}

/// Whatever form of the public key the secret is made of, no secret is used.
#[test]
fn hmac_with_the_public_key_as_its_secret() {
    for kind in KINDS {
        let key = Key::of(kind);
        let der = key.public().spki_der().to_vec();
        let pem = |end: &str| {
            format!(
                "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----{end}",
                encode(Flavour::Standard, &der)
            )
        };
        let secrets = [
            key.jwk("").into_bytes(),
            pem("").into_bytes(),
            pem("\n").into_bytes(),
            der.clone(),
            der[der.len() - 32..].to_vec(),
            Vec::new(),
        ];
        for (name, algorithm) in [
            ("HS256", hmac::HMAC_SHA256),
            ("HS384", hmac::HMAC_SHA384),
            ("HS512", hmac::HMAC_SHA512),
        ] {
            for secret in &secrets {
                let signed = format!(
                    "{}.{}",
                    url(format!(r#"{{"alg":"{name}","kid":"one"}}"#)),
                    url("x")
                );
                let tag = hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes());
                let forged = with_signature(&signed, tag);
                for more in ["", r#","kid":"one""#, r#","kid":"one","use":"sig""#] {
                    let policy = JwsPolicy::keys(JwkSet::from_json(key.jwk(more)).unwrap());
                    assert_eq!(
                        verdict(&forged, &policy, NOW),
                        Err(Reason::JwsSymmetric),
                        "{kind:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_kid_is_a_name_and_nothing_else() {
    for kid in [
        "/dev/null",
        "../../../../dev/null",
        "file:///dev/null",
        "https://example.com/keys",
        "' UNION SELECT 'secret' --",
        "| sleep 10",
        "one\\u0000",
        "one ",
        "\\u202eeno",
        "*",
        "%6fne",
        "${one}",
    ] {
        let message = ed().message(&format!(r#","kid":"{kid}""#), b"x");
        let refusal = Jws::parse(message)
            .unwrap()
            .verify(&ed().policy(), NOW)
            .unwrap_err();
        assert_eq!(refusal.reason(), Reason::JwsKeyUnknown, "{kid}");
        assert!(
            refusal
                .to_string()
                .chars()
                .all(|letter| (' '..='~').contains(&letter)),
            "{refusal}"
        );
    }
}

#[test]
fn certificates_of_strangers_among_good_ones() {
    let (pki, strangers) = (Pki::new(), Pki::new());
    let (signer, attacker) = (Key::of(Kind::P256), Key::generate(Kind::P256));
    let verifier = WebpkiVerifier::builder().root(pki.root.clone()).build().unwrap();
    let chains = Arc::new(ChainPolicy::new(Arc::new(verifier), Purpose::signing()));
    let policy = JwsPolicy::certificates(chains);
    let good = pki.chain(signer);
    let bad = strangers.chain(&attacker);
    let forged = Pki::issued_by_signer(signer, &attacker);
    let says = |key: &Key, list: &[&smartid_trust::Certificate]| {
        let list: Vec<_> = list.iter().map(|certificate| (*certificate).clone()).collect();
        verdict(key.message(&x5c(&list), b"x"), &policy, NOW).err()
    };
    assert_eq!(says(signer, &[&good[0], &good[1]]), None);
    // The chain is good, but of somebody else.
    assert_eq!(says(&attacker, &[&good[0], &good[1]]), Some(Reason::BadSignature));
    assert_eq!(
        says(&attacker, &[&good[0], &good[1], &bad[0]]),
        Some(Reason::BadSignature)
    );
    // The first certificate fits the signature, and a good chain follows it.
    for list in [
        &[&bad[0], &good[0], &good[1]][..],
        &[&bad[0], &good[1], &pki.root],
        &[&bad[0], &bad[1], &strangers.root],
        &[&bad[0], &bad[1], &strangers.root, &good[0], &good[1], &pki.root],
    ] {
        let refused = says(&attacker, list);
        assert!(
            matches!(refused, Some(Reason::UnknownIssuer | Reason::BadChainSignature)),
            "{refused:?}"
        );
    }
    // A signer who issues certificates: he is no CA.
    let refused = says(&attacker, &[&forged, &good[0], &good[1]]);
    assert_eq!(refused, Some(Reason::NotACa));
    // A stranger's certificate behind a good chain does no harm.
    assert_eq!(
        says(signer, &[&good[0], &bad[1], &good[1], &strangers.root]),
        None
    );
}
