//! JWK and JWK sets: what is read, and each reason why a key is not used.
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

use jws_support::*;
use proptest::prelude::*;
use smartid_trust::jws::{Jwk, JwkSet, JwsAlgorithm, MAX_KEYS};
use smartid_trust::{Curve, KeyType, Reason};

fn reason(json: impl AsRef<[u8]>) -> Option<Reason> {
    match Jwk::from_json(json) {
        Ok(key) => key.key().err().map(|refusal| refusal.reason()),
        Err(refusal) => Some(refusal.reason()),
    }
}

#[test]
fn every_kind_of_key() {
    for kind in KINDS {
        let key = Key::of(kind);
        let jwk = Jwk::from_json(key.jwk("")).unwrap();
        assert_eq!(jwk.key().unwrap(), &key.public(), "{kind:?}");
        assert_eq!((jwk.id(), jwk.algorithm()), (None, None));
    }
}

/// The form of the vendor's example (page: Configure custom attestation keys \[documented\]), with a key of our own.
#[test]
fn the_attestation_key() {
    let key = Key::of(Kind::Rsa);
    let id = "attestation_Mon May 06 07:08:09 2024GMT";
    for state in ["active", "ACTIVE", "Active"] {
        let json = key.jwk(&format!(
            r#","alg":"RS256","keystate":"{state}","kid":"{id}","use":"sig""#
        ));
        let jwk = Jwk::from_json(&json).unwrap();
        assert_eq!(jwk.id(), Some(id));
        assert_eq!(jwk.algorithm(), Some(JwsAlgorithm::Rs256));
        assert_eq!(jwk.key().unwrap().key_type(), KeyType::Rsa { bits: 2048 });
        assert_eq!(JwkSet::from_json(&json).unwrap().keys().len(), 1);
    }
    for state in [r#""revoked""#, r#""""#, r#""active ""#, r#""inactive""#] {
        let json = key.jwk(&format!(r#","keystate":{state}"#));
        assert_eq!(reason(json), Some(Reason::JwkNotActive), "{state}");
    }
    assert_eq!(reason(key.jwk(r#","keystate":null"#)), Some(Reason::JwkMalformed));
}

#[test]
fn what_the_key_is_for() {
    let key = Key::of(Kind::P256);
    for good in [
        r#","use":"sig""#,
        r#","key_ops":["verify"]"#,
        r#","key_ops":["sign","verify"]"#,
        r#","use":"sig","key_ops":["verify"],"x5t":"abc","ext":true,"unknown":{"a":[1]}"#,
        r#","alg":"ES256""#,
        r#","alg":"RS256""#,
    ] {
        assert_eq!(reason(key.jwk(good)), None, "{good}");
    }
    for wrong in [
        r#","use":"enc""#,
        r#","use":"SIG""#,
        r#","use":"""#,
        r#","key_ops":[]"#,
        r#","key_ops":["sign"]"#,
        r#","key_ops":["sign, verify"]"#,
        r#","key_ops":["encrypt","wrapKey"]"#,
        r#","use":"sig","key_ops":["deriveBits"]"#,
    ] {
        assert_eq!(reason(key.jwk(wrong)), Some(Reason::JwkUse), "{wrong}");
    }
    for wrong in [
        r#","use":1"#,
        r#","key_ops":"verify""#,
        r#","key_ops":null"#,
        r#","key_ops":["verify",1]"#,
        r#","key_ops":["verify",null,{}]"#,
        r#","key_ops":["verify","verify"]"#,
        r#","key_ops":["sign","verify","sign"]"#,
        r#","kid":1"#,
        r#","alg":null"#,
    ] {
        assert_eq!(reason(key.jwk(wrong)), Some(Reason::JwkMalformed), "{wrong}");
    }
    assert_eq!(
        reason(key.jwk(r#","alg":"ECDH-ES""#)),
        Some(Reason::AlgorithmUnknown)
    );
    assert_eq!(reason(key.jwk(r#","alg":"HS256""#)), Some(Reason::JwsSymmetric));
    assert_eq!(reason(key.jwk(r#","alg":"none""#)), Some(Reason::JwsNotSigned));
}

#[test]
fn private_and_symmetric_keys() {
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        for kind in KINDS {
            let json = Key::of(kind).jwk(&format!(r#","{private}":"AA""#));
            assert_eq!(reason(json), Some(Reason::JwkPrivate), "{private}");
        }
    }
    assert_eq!(reason(r#"{"kty":"oct","k":"AAAA"}"#), Some(Reason::JwsSymmetric));
}

#[test]
fn types_and_curves() {
    let x = url([1; 32]);
    for (json, expected) in [
        (r#"{}"#.to_owned(), Reason::JwkMalformed),
        (r#"{"kty":1}"#.to_owned(), Reason::JwkMalformed),
        (r#"{"kty":"ec"}"#.to_owned(), Reason::KeyUnsupported),
        (r#"{"kty":"AKP"}"#.to_owned(), Reason::KeyUnsupported),
        (r#"{"kty":"EC"}"#.to_owned(), Reason::JwkMalformed),
        (r#"{"kty":"EC","crv":"P-256"}"#.to_owned(), Reason::JwkMalformed),
        (
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}"}}"#),
            Reason::JwkMalformed,
        ),
        (
            format!(r#"{{"kty":"EC","crv":"secp256k1","x":"{x}","y":"{x}"}}"#),
            Reason::KeyUnsupported,
        ),
        (
            format!(r#"{{"kty":"EC","crv":"Ed25519","x":"{x}","y":"{x}"}}"#),
            Reason::KeyUnsupported,
        ),
        (
            format!(r#"{{"kty":"OKP","crv":"P-256","x":"{x}"}}"#),
            Reason::KeyUnsupported,
        ),
        (
            format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x}"}}"#),
            Reason::KeyUnsupported,
        ),
        (
            format!(r#"{{"kty":"OKP","crv":"Ed448","x":"{x}"}}"#),
            Reason::KeyUnsupported,
        ),
        (
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{x}"}}"#),
            Reason::KeyInvalid,
        ), // off the curve
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":1}"#.to_owned(),
            Reason::JwkMalformed,
        ),
        (r#"{"kty":"RSA","n":"AQAB"}"#.to_owned(), Reason::JwkMalformed),
        (
            r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#.to_owned(),
            Reason::KeyTooSmall,
        ),
        (
            r#"{"kty":"RSA","n":"","e":"AQAB"}"#.to_owned(),
            Reason::KeyTooSmall,
        ),
        (
            format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, url([255; 2048])),
            Reason::TooLarge,
        ),
    ] {
        assert_eq!(reason(&json), Some(expected), "{json}");
    }
    let kty = Key::of(Kind::P256).jwk("").replace("\"EC\"", "\"RSA\"");
    assert_eq!(reason(kty), Some(Reason::JwkMalformed));
    // A point of one curve under the name of another.
    let crv = Key::of(Kind::P256).jwk("").replace("P-256", "P-384");
    assert_eq!(reason(crv), Some(Reason::KeyInvalid));
}

/// Replaces one number of a good key.
fn edited(kind: Kind, name: &str, edit: impl Fn(&str) -> String) -> String {
    let mut members: serde_json::Value = serde_json::from_str(&Key::of(kind).jwk("")).unwrap();
    let old = members[name].as_str().unwrap().to_owned();
    members[name] = edit(&old).into();
    members.to_string()
}

fn octets(text: &str) -> Vec<u8> {
    smartid_core::base64::decode(smartid_core::base64::Flavour::Url, text).unwrap()
}

#[test]
fn numbers_have_one_form() {
    let every = [
        (Kind::Rsa, &["n", "e"][..]),
        (Kind::P256, &["x", "y"]),
        (Kind::P384, &["x", "y"]),
        (Kind::P521, &["x", "y"]),
        (Kind::Ed25519, &["x"]),
    ];
    for (kind, names) in every {
        for name in names {
            assert_eq!(reason(edited(kind, name, str::to_owned)), None);
            for edit in [
                &(|old: &str| format!("{old}=")) as &dyn Fn(&str) -> String,
                &|old| format!("{old}=="),
                &|old| format!("{old}\n"),
                &|old| format!(" {old}"),
                &|old| format!("{}+", &old[1..]),
                &|old| format!("/{}", &old[1..]),
                &|_| "A".to_owned(),
            ] {
                let json = edited(kind, name, edit);
                assert_eq!(reason(&json), Some(Reason::NotBase64Url), "{json}");
            }
            let zero = edited(kind, name, |old| url([&[0], &octets(old)[..]].concat()));
            assert_eq!(reason(zero), Some(Reason::KeyInvalid), "{kind:?} {name}");
            if kind != Kind::Rsa {
                let short = edited(kind, name, |old| url(&octets(old)[1..]));
                assert_eq!(reason(short), Some(Reason::KeyInvalid), "{kind:?} {name}");
            }
        }
    }
    for exponent in [&[1][..], &[2], &[1, 0, 0], &[1, 0, 0, 0, 0, 1]] {
        let json = edited(Kind::Rsa, "e", |_| url(exponent));
        assert_eq!(reason(json), Some(Reason::KeyInvalid), "{exponent:?}");
    }
    let even = edited(Kind::Rsa, "n", |old| {
        let mut octets = octets(old);
        *octets.last_mut().unwrap() &= 0xfe;
        url(octets)
    });
    assert_eq!(reason(even), Some(Reason::KeyInvalid));
}

#[test]
fn documents() {
    for wrong in ["", "[]", "null", "{", "\"x\"", "{}{}", "\u{feff}{}"] {
        assert_eq!(reason(wrong), Some(Reason::JwkMalformed), "{wrong}");
        let set = JwkSet::from_json(wrong).unwrap_err();
        assert_eq!(set.reason(), Reason::JwkMalformed, "{wrong}");
    }
    let set = |text: &str| JwkSet::from_json(text).map_err(|refusal| refusal.reason());
    for wrong in [r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":null}"#] {
        assert_eq!(set(wrong).unwrap_err(), Reason::JwkMalformed, "{wrong}");
    }
    assert_eq!(set(r#"{"keys":[],"more":1}"#).unwrap().keys().len(), 0);
    for twice in [
        r#"{"keys":[],"keys":[]}"#.to_owned(),
        Key::of(Kind::P256).jwk(r#","kty":"EC""#),
        format!(
            r#"{{"keys":[{}]}}"#,
            Key::of(Kind::P256).jwk(r#","kid":"a","kid":"a""#)
        ),
    ] {
        assert_eq!(set(&twice).unwrap_err(), Reason::DuplicateMember, "{twice}");
    }
    assert_eq!(
        reason(Key::of(Kind::P256).jwk(r#","kty":"EC""#)),
        Some(Reason::DuplicateMember)
    );
    let many = |count: usize| format!(r#"{{"keys":[{}]}}"#, vec!["{}"; count].join(","));
    assert_eq!(set(&many(MAX_KEYS)).unwrap().refused().count(), MAX_KEYS);
    assert_eq!(set(&many(MAX_KEYS + 1)).unwrap_err(), Reason::TooLarge);
    let long = format!("{}{{}}", " ".repeat(1024 * 1024));
    assert_eq!(set(&long).unwrap_err(), Reason::TooLarge);
    assert_eq!(reason(&long), Some(Reason::TooLarge));
}

#[test]
fn keys_from_elsewhere() {
    let key = Jwk::from_public_key(Key::of(Kind::P384).public())
        .with_id("one")
        .with_algorithm(JwsAlgorithm::Es384);
    assert_eq!(
        (key.id(), key.algorithm()),
        (Some("one"), Some(JwsAlgorithm::Es384))
    );
    assert_eq!(key.key().unwrap().key_type(), KeyType::Ec(Curve::P384));
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0usize..400) {
        let _ = JwkSet::from_json(&bytes);
        let good = Key::of(Kind::P521).jwk(r#","kid":"a""#);
        let cut = cut.min(good.len());
        let read = JwkSet::from_json(&good[..cut]);
        prop_assert_eq!(read.is_ok(), cut == good.len());
    }
}
