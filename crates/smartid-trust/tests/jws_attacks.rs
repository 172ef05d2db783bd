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
//! | names written with escapes | `escapes_in_names_hide_nothing` |
//! | byte order mark, NUL, other encodings | `marks_and_control_characters` |
//! | base64 in two spellings | `jws_refusals`: `one_way_to_write_base64url`, `white_space` |
//! | huge numbers in JSON, huge RSA exponents | `huge_numbers` |
//! | deep and long JSON | `jws_hostile`: `large_and_deep`; `jws_refusals`: `the_header_is_a_json_object` |
//! | `b64`, unknown `crit` | `jws_refusals`: `critical_extensions`; `jws_rfc`: `rfc_7797_is_refused` |
//! | a detached payload for a whole message | `detached_payloads_are_not_taken_for_others`; `jws_content`: `detached_payloads` |
//! | JSON serialisation, alone and mixed with the compact one | `jws_rfc`: `json_serialisations_are_refused`; `a_header_that_is_a_message_too` |
//! | a message inside a message | `what_is_inside_is_not_opened` |
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
use smartid_trust::jws::{Jwk, JwkSet, Jws, JwsAlgorithm, JwsPolicy};
use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};

fn ed() -> &'static Key {
    Key::of(Kind::Ed25519)
}

fn reason(message: impl AsRef<[u8]>) -> Option<Reason> {
    verdict(message, &ed().policy(), NOW).err()
}

fn hex(text: &str) -> Vec<u8> {
    let octet = |index: usize| u8::from_str_radix(&text[index..index + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(octet).collect()
}

/// The signed part with another signature.
fn with_signature(signed: &str, signature: impl AsRef<[u8]>) -> String {
    format!("{signed}.{}", url(signature))
}

fn signed_part(message: &str) -> &str {
    message.rsplit_once('.').unwrap().0
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

#[test]
fn escapes_in_names_hide_nothing() {
    for (more, expected) in [
        (r#","\u0063rit":["x"]"#, Reason::JwsCritical),
        (r#","crit":["\u0062\u0036\u0034"]"#, Reason::JwsCritical),
        (r#","b\u00364":false"#, Reason::JwsUnencodedPayload),
        (r#","\u006Awk":{}"#, Reason::JwsKeySource),
        (r#","j\u006bu":"https://example.com""#, Reason::JwsKeySource),
        (r#","x5\u0075":"https://example.com""#, Reason::JwsKeySource),
        (r#","\u006bid":"two""#, Reason::JwsKeyUnknown),
        (r#","\u0061lg":"none""#, Reason::DuplicateMember),
        (r#","\ud800":1"#, Reason::JwsHeader),
        (r#","\u00":1"#, Reason::JwsHeader),
    ] {
        assert_eq!(reason(ed().message(more, b"x")), Some(expected), "{more}");
    }
    let escaped = |header: &str| reason(ed().token(header, b"x", JwsAlgorithm::EdDsa));
    assert_eq!(escaped(r#"{"\u0061\u006c\u0067":"Ed\u0044SA"}"#), None);
    assert_eq!(escaped(r#"{"\u0061lg":"none"}"#), Some(Reason::JwsNotSigned));
    let private = ed().jwk(r#","\u0064":"AA""#);
    assert_eq!(
        Jwk::from_json(private).unwrap().key().unwrap_err().reason(),
        Reason::JwkPrivate
    );
}

#[test]
fn marks_and_control_characters() {
    let message = ed().message(r#","kid":"one""#, b"x");
    assert_eq!(reason(&message), None);
    for (wrong, expected) in [
        (format!("\u{feff}{message}"), Reason::NotBase64Url),
        (format!("{message}\u{feff}"), Reason::NotBase64Url),
        (format!("{message}\0"), Reason::NotBase64Url),
        (format!("\0{message}"), Reason::NotBase64Url),
        (message.replacen('.', ".\0", 1), Reason::NotBase64Url),
        (message.replacen('.', "\u{ff0e}", 1), Reason::JwsParts),
        (message.replacen('.', "%2e", 1), Reason::JwsParts),
        (format!("\u{200b}{message}"), Reason::NotBase64Url),
        (format!("\"{message}\""), Reason::NotBase64Url),
        (format!("Bearer {message}"), Reason::JwsWhiteSpace),
    ] {
        assert_eq!(reason(&wrong), Some(expected), "{wrong:?}");
    }
    let header = |header: &[u8]| {
        let signed = format!("{}.{}", url(header), url("x"));
        reason(with_signature(
            &signed,
            ed().sign(JwsAlgorithm::EdDsa, signed.as_bytes()),
        ))
    };
    assert_eq!(header(br#"{"alg":"EdDSA"}"#), None);
    let wide =
        |end: fn(u16) -> [u8; 2]| r#"{"alg":"EdDSA"}"#.encode_utf16().flat_map(end).collect::<Vec<_>>();
    for wrong in [
        &b"\xef\xbb\xbf{\"alg\":\"EdDSA\"}"[..],
        b"{\"alg\":\"EdDSA\"}\0",
        b"\0{\"alg\":\"EdDSA\"}",
        b"{\"alg\":\"EdDSA\",\"x\":\"\0\"}",
        b"{\"alg\":\"EdDSA\",\"x\":\"\n\"}",
        b"{\"alg\":\"EdDSA\",\"x\":\"\xc0\x80\"}",
        b"{\"alg\":\"EdDSA\"/**/}",
        b"{\"alg\":\"EdDSA\",\"x\":NaN}",
        &wide(u16::to_le_bytes),
        &wide(u16::to_be_bytes),
    ] {
        assert_eq!(header(wrong), Some(Reason::JwsHeader), "{wrong:?}");
    }
    assert_eq!(
        header(b"{\"alg\\u0000\":\"EdDSA\"}"),
        Some(Reason::JwsAlgorithmMissing)
    );
    assert_eq!(
        header(b"{\"alg\":\"EdDSA\\u0000\"}"),
        Some(Reason::AlgorithmUnknown)
    );
}

#[test]
fn huge_numbers() {
    for (number, expected) in [
        ("1e308".to_owned(), None),
        ("1e-999999999".to_owned(), None),
        ("1e400".to_owned(), Some(Reason::JwsHeader)),
        ("-1e999999999".to_owned(), Some(Reason::JwsHeader)),
        (format!("1{}", "0".repeat(100_000)), Some(Reason::JwsHeader)),
        (format!("1e{}", "9".repeat(100_000)), Some(Reason::JwsHeader)),
        ("0x10".to_owned(), Some(Reason::JwsHeader)),
        ("01".to_owned(), Some(Reason::JwsHeader)),
        ("+1".to_owned(), Some(Reason::JwsHeader)),
    ] {
        let message = ed().message(&format!(r#","x":{number}"#), b"x");
        assert_eq!(reason(message), expected, "{}", &number[..number.len().min(20)]);
    }
    let rsa: serde_json::Value = serde_json::from_str(&Key::of(Kind::Rsa).jwk("")).unwrap();
    for length in [5, 8, 256, 1024, 100_000] {
        let mut huge = rsa.clone();
        huge["e"] = url(vec![0xff; length]).into();
        let refusal = Jwk::from_json(huge.to_string()).unwrap().key().unwrap_err();
        assert_eq!(refusal.reason(), Reason::KeyInvalid, "{length}");
    }
}

#[test]
fn detached_payloads_are_not_taken_for_others() {
    let whole = ed().message("", b"payload");
    let (header, payload) = signed_part(&whole).split_once('.').unwrap();
    let signature = whole.rsplit_once('.').unwrap().1;
    let detached = |text: String, content: &str| {
        let jws = Jws::parse_detached(text, content.to_owned())?;
        jws.verify(&ed().policy(), NOW).map(|_| ())
    };
    let says = |text: String, content: &str| detached(text, content).err().map(|refusal| refusal.reason());
    let empty = format!("{header}..{signature}");
    assert_eq!(says(empty.clone(), "payload"), None);
    // What is signed is the payload encoded once, neither bare nor twice.
    assert_eq!(says(empty.clone(), payload), Some(Reason::BadSignature));
    let bare = format!("{header}.payload");
    let bare = format!(
        "{header}..{}",
        url(ed().sign(JwsAlgorithm::EdDsa, bare.as_bytes()))
    );
    assert_eq!(says(bare, "payload"), Some(Reason::BadSignature));
    // A whole message is none without its payload, and its payload is not to be chosen.
    assert_eq!(reason(&empty), Some(Reason::BadSignature));
    assert_eq!(says(whole.clone(), "payload"), Some(Reason::JwsNotDetached));
    assert_eq!(says(whole.clone(), "another"), Some(Reason::JwsNotDetached));
    // A full stop in the payload is a letter of the payload.
    assert_eq!(says(empty, "payload.x"), Some(Reason::BadSignature));
}

#[test]
fn a_header_that_is_a_message_too() {
    let stranger = Key::generate(Kind::Ed25519).message("", b"forged");
    let (signed, signature) = stranger.rsplit_once('.').unwrap();
    let (protected, payload) = signed.split_once('.').unwrap();
    let more = format!(
        r#","protected":"{protected}","payload":"{payload}","signature":"{signature}","header":{{"alg":"none"}},
        "signatures":[{{"protected":"{protected}","signature":"{signature}"}}]"#
    );
    // Signed by the right key: its own payload counts, and what the header has besides is passed over.
    let message = ed().message(&more, b"payload");
    assert_eq!(verdict(&message, &ed().policy(), NOW), Ok(b"payload".to_vec()));
    let (_, right) = message.rsplit_once('.').unwrap();
    assert_eq!(reason(format!("{signed}.{right}")), Some(Reason::BadSignature));
    let json = format!(r#"{{"alg":"EdDSA"{more}}}"#);
    assert_eq!(reason(&json), Some(Reason::JwsWhiteSpace));
    assert_eq!(reason(json.replace(['\n', ' '], "")), Some(Reason::JwsParts));
    // Full stops in the right number make no compact message of it.
    let dotted = json.replace(['\n', ' '], "").replacen('{', r#"{"a":"..","#, 1);
    assert_eq!(reason(dotted), Some(Reason::NotBase64Url));
}

#[test]
fn what_is_inside_is_not_opened() {
    let unsigned = format!("{}.{}.", url(r#"{"alg":"none"}"#), url(r#"{"admin":true}"#));
    for content_type in ["JWT", "jwt", "JOSE", "JOSE+JSON", "application/jose"] {
        let outer = ed().message(&format!(r#","cty":"{content_type}""#), unsigned.as_bytes());
        assert_eq!(
            verdict(&outer, &ed().policy(), NOW),
            Ok(unsigned.clone().into_bytes()),
            "{content_type}"
        );
    }
    assert_eq!(reason(&unsigned), Some(Reason::JwsNotSigned));
}
