//! What a JWS says and what the proof says, once it is verified; and what the verifier expected it to say.
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
use serde::Deserialize;
use smartid_trust::jws::{Jws, JwsAlgorithm, MAX_JWS_LEN};
use smartid_trust::{Check, Reason};

/// A message with these members beside `alg`, properly signed.
fn with(more: &str) -> String {
    ed().message(more, b"payload")
}

/// A message with this header, properly signed.
fn header(text: impl AsRef<[u8]>) -> String {
    let signed = format!("{}.{}", url(text), url("payload"));
    format!(
        "{signed}.{}",
        url(ed().sign(JwsAlgorithm::EdDsa, signed.as_bytes()))
    )
}

#[test]
fn the_type_of_the_message() {
    let policy = ed().policy().with_type("application/Example+jwt");
    let says = |more: &str| verdict(with(more), &policy, NOW).err();
    assert_eq!(says(r#","typ":"example+JWT""#), None);
    assert_eq!(says(r#","typ":"application/example+jwt""#), None);
    for wrong in [
        "",
        r#","typ":"JWT""#,
        r#","typ":"""#,
        r#","cty":"example+jwt""#,
        r#","typ":"text/example+jwt""#,
    ] {
        assert_eq!(says(wrong), Some(Reason::JwsType), "{wrong}");
    }
    assert_eq!(
        verdict(with(r#","typ":"jwt""#), &ed().policy().with_type("JWT"), NOW).err(),
        None
    );
}

#[test]
fn the_expected_payload() {
    let policy = ed().policy().expecting_payload("payload");
    let verified = Jws::parse(with("")).unwrap().verify(&policy, NOW).unwrap();
    assert!(verified.proof().was_checked(Check::ExpectedContent));
    assert!(!verified.proof().not_checked.contains(&Check::ExpectedContent));
    for other in ["payloaD", "payload ", "payloa", ""] {
        let message = ed().message("", other.as_bytes());
        assert_eq!(
            verdict(message, &policy, NOW),
            Err(Reason::ContentUnexpected),
            "{other}"
        );
    }
    // Whoever did not sign learns nothing about what is expected.
    let forged = Key::generate(Kind::Ed25519).message("", b"something");
    assert_eq!(verdict(forged, &policy, NOW), Err(Reason::BadSignature));
}

#[test]
fn detached_payloads() {
    let good = with("");
    let parts: Vec<_> = good.split('.').collect();
    let detached = format!("{}..{}", parts[0], parts[2]);
    let says = |text: &str, payload: &'static [u8]| {
        let jws = Jws::parse_detached(text, payload);
        jws.and_then(|jws| jws.verify(&ed().policy(), NOW))
            .map(|verified| verified.fact().payload.clone())
            .map_err(|refusal| refusal.reason())
    };
    assert_eq!(says(&detached, b"payload"), Ok("payload".into()));
    assert_eq!(says(&detached, b"another"), Err(Reason::BadSignature));
    assert_eq!(says(&detached, b""), Err(Reason::BadSignature));
    assert_eq!(says(&good, b"payload"), Err(Reason::JwsNotDetached));
    assert_eq!(says("a.b", b"payload"), Err(Reason::JwsParts));
    assert_eq!(says(" ..", b"payload"), Err(Reason::JwsWhiteSpace));
    let large = vec![0; MAX_JWS_LEN + 1];
    assert_eq!(
        Jws::parse_detached(&detached, large).unwrap_err().reason(),
        Reason::TooLarge
    );

    // The payload may come later, and to the same message again.
    let jws = Jws::parse(&detached).unwrap();
    for (payload, verifies) in [("another", false), ("payload", true), ("payload", true)] {
        let whole = jws.with_payload(payload).unwrap();
        assert_eq!(whole.verify(&ed().policy(), NOW).is_ok(), verifies, "{payload}");
        assert_eq!(
            whole.with_payload("payload").unwrap_err().reason(),
            Reason::JwsNotDetached
        );
    }
    assert_eq!(
        Jws::parse(&good)
            .unwrap()
            .with_payload("payload")
            .unwrap_err()
            .reason(),
        Reason::JwsNotDetached
    );
}

#[test]
fn the_proof_of_a_named_key_says_what_nobody_could_check() {
    let verified = Jws::parse(with(r#","kid":"one""#))
        .unwrap()
        .verify(&ed().policy(), NOW)
        .unwrap();
    let proof = verified.proof();
    assert_eq!(proof.key, ed().public());
    assert_eq!(proof.algorithm, JwsAlgorithm::EdDsa.signature_algorithm());
    assert_eq!(proof.at, NOW);
    assert!(proof.chain.is_empty() && proof.signer().is_none());
    assert_eq!(proof.checked, [Check::Signature, Check::KeyNamedByVerifier]);
    for check in [
        Check::Chain,
        Check::Validity,
        Check::Purpose,
        Check::RevocationOfSigner,
        Check::RevocationOfIntermediates,
        Check::ExpectedContent,
    ] {
        assert!(proof.not_checked.contains(&check), "{check:?}");
    }
}

#[test]
fn the_header_is_readable_afterwards() {
    let text = r#"{"alg":"EdDSA","kid":"one","typ":"JOSE","cty":"json","x5t":"abc","x":{"y":[1,2]}}"#;
    let verified = Jws::parse(header(text))
        .unwrap()
        .verify(&ed().policy(), NOW)
        .unwrap();
    let header = &verified.fact().header;
    assert_eq!(header.algorithm(), JwsAlgorithm::EdDsa);
    assert_eq!(header.key_id(), Some("one"));
    assert_eq!(header.message_type(), Some("JOSE"));
    assert_eq!(header.content_type(), Some("json"));
    assert_eq!(header.certificates(), None);
    assert_eq!(header.certificate_thumbprint(), None);
    assert_eq!(header.json(), text);
    assert_eq!(
        header.names().collect::<Vec<_>>(),
        ["alg", "cty", "kid", "typ", "x", "x5t"]
    );
    #[derive(Deserialize)]
    struct X {
        y: Vec<u8>,
    }
    assert_eq!(header.member::<X>("x").unwrap().y, [1, 2]);
    assert_eq!(header.member::<String>("x"), None);
    assert_eq!(header.member::<String>("absent"), None);
}

#[test]
fn the_payload_is_read_after() {
    #[derive(Debug, Deserialize)]
    struct Answer {
        nonce: String,
        keys: Vec<u32>,
    }
    let read = |payload: &str| {
        let jws = Jws::parse(ed().message("", payload.as_bytes())).unwrap();
        let verified = jws.verify(&ed().policy(), NOW).unwrap();
        verified.try_map(|content| content.json::<Answer>())
    };
    let answer = read(r#"{"nonce":"123","keys":[1,2],"more":0}"#).unwrap();
    assert_eq!(
        (answer.fact().nonce.as_str(), &answer.fact().keys[..]),
        ("123", &[1, 2][..])
    );
    assert!(answer.proof().was_checked(Check::Signature));

    let refusal = read(r#"{"nonce":"123","keys":[1,"secret"]}"#).unwrap_err();
    assert_eq!(
        (refusal.reason(), refusal.detail()),
        (Reason::PayloadUnreadable, "at keys[1]")
    );
    for text in ["", "not JSON", r#"{"nonce":"1"}"#, "[]"] {
        assert_eq!(
            read(text).unwrap_err().reason(),
            Reason::PayloadUnreadable,
            "{text}"
        );
    }
    let twice = r#"{"nonce":"1","keys":[],"more":{"a":1,"a":2}}"#;
    assert_eq!(read(twice).unwrap_err().reason(), Reason::DuplicateMember);
}

#[test]
fn unverified_content_is_reached_through_danger_alone() {
    let jws = Jws::parse(with(r#","kid":"one""#)).unwrap();
    assert_eq!(format!("{jws:?}"), "Unverified(..)");
    let inside = jws.danger_unverified();
    assert_eq!(inside.payload(), "payload");
    assert_eq!(inside.header().unwrap().key_id(), Some("one"));
    assert!(!format!("{inside:?}").contains("payload\""));
    let hmac = Jws::parse(header(r#"{"alg":"HS256"}"#)).unwrap();
    let inside = hmac.danger_into_unverified();
    assert_eq!(inside.header().unwrap_err().reason(), Reason::JwsSymmetric);
    assert_eq!(inside.header_json().unwrap(), r#"{"alg":"HS256"}"#);
    assert_eq!(inside.signature().len(), 64);
    let debug = format!(
        "{:?}",
        Jws::parse(with("")).unwrap().verify(&ed().policy(), NOW).unwrap()
    );
    assert!(!debug.contains("payload\""), "{debug}");
}
