//! JWS: the RFC's own example, every algorithm, every forgery that a verifier is tested with.

use serde_json::json;
use smartid_sim::pki::jws::{self, Header};
use smartid_sim::pki::{Key, KeyKind, PublicKey, SigAlg};

use crate::{ec, refused, rsa, rsa_keys};

#[test]
fn the_example_of_rfc_7515_verifies() {
    // RFC 7515 Appendix A.3: ES256.
    let key = PublicKey::from_jwk(&json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }))
    .unwrap();
    let text = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let payload = jws::verify(text, &key).unwrap();
    assert_eq!(
        payload,
        b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
    );
    refused(
        jws::verify(&jws::with_broken_signature(text).unwrap(), &key),
        "does not verify",
    );
}

#[test]
fn every_algorithm_goes_round() {
    let keys = [
        rsa(),
        ec(KeyKind::P256),
        ec(KeyKind::P384),
        ec(KeyKind::P521),
        ec(KeyKind::Ed25519),
    ];
    let all = SigAlg::all().filter(|alg| *alg != SigAlg::Rs1).map(|alg| {
        let key = keys.iter().find(|key| alg.fits(key.kind()));
        (key.unwrap(), alg)
    });
    for (key, alg) in all {
        let text = jws::sign_compact(b"payload", key, alg, &Header::new()).unwrap();
        assert_eq!(jws::verify(&text, key.public_key()).unwrap(), b"payload");
        assert_eq!(jws::parse(&text).unwrap().header, json!({"alg": alg.name()}));
    }
    refused(
        jws::sign_compact(b"payload", &rsa(), SigAlg::Rs1, &Header::new()),
        "no SHA-1",
    );
    refused(
        jws::sign_compact(b"payload", &rsa(), SigAlg::Es256, &Header::new()),
        "cannot sign with",
    );
}

#[test]
fn header_members_stand_as_given() {
    let header = Header::new()
        .kid("attestation_2026-01-01T00:00:00GMT")
        .typ("JWT")
        .x5c(&[vec![1, 2, 0xff], vec![3]])
        .member("nonce", json!("17"))
        .member("alg", json!("none"));
    let key = ec(KeyKind::P256);
    let text = jws::sign_compact(b"{}", &key, SigAlg::Es256, &header).unwrap();
    let parsed = jws::parse(&text).unwrap();
    // `x5c` is base64 and not base64url (RFC 7515 4.1.6); `alg` is always the true one.
    assert_eq!(
        parsed.header,
        json!({
            "alg": "ES256", "kid": "attestation_2026-01-01T00:00:00GMT", "typ": "JWT", "x5c": ["AQL/", "Aw=="], "nonce": "17",
        })
    );
    assert_eq!(parsed.payload, b"{}");
    assert_eq!(parsed.signature.len(), 64);
}

#[test]
fn a_detached_payload_is_needed_again_to_verify() {
    let key = ec(KeyKind::P256);
    let header = Header::new().detached();
    let text = jws::sign_compact(b"payload", &key, SigAlg::Es256, &header).unwrap();
    assert!(text.contains(".."));
    jws::verify_detached(&text, b"payload", key.public_key()).unwrap();
    refused(
        jws::verify_detached(&text, b"other", key.public_key()),
        "does not verify",
    );
    refused(jws::verify(&text, key.public_key()), "does not verify");
    let attached = jws::with_payload(&text, b"payload").unwrap();
    assert_eq!(jws::verify(&attached, key.public_key()).unwrap(), b"payload");
    refused(
        jws::verify_detached(&attached, b"payload", key.public_key()),
        "not detached",
    );
}

#[test]
fn forgeries_are_detected() {
    let [key, other] = rsa_keys();
    let text = jws::sign_compact(b"pay 10", &key, SigAlg::Rs256, &Header::new()).unwrap();
    let public = key.public_key();
    refused(
        jws::verify(&jws::with_broken_signature(&text).unwrap(), public),
        "does not verify",
    );
    refused(
        jws::verify(&jws::with_payload(&text, b"pay 99").unwrap(), public),
        "does not verify",
    );
    let none = jws::with_alg_none(&text).unwrap();
    assert!(none.ends_with('.'));
    assert_eq!(jws::parse(&none).unwrap().header["alg"], "none");
    refused(jws::verify(&none, public), "no algorithm");
    refused(jws::verify(&text, other.public_key()), "does not verify");
    refused(
        jws::verify(&text, ec(KeyKind::P256).public_key()),
        "does not verify",
    );
    let critical = Header::new().member("crit", json!(["b64"]));
    let text = jws::sign_compact(b"pay 10", &key, SigAlg::Rs256, &critical).unwrap();
    refused(jws::verify(&text, public), "critical");
}

/// base64url of a header, by way of a signature that nobody asks for.
fn with_header(header: &str, key: &Key) -> String {
    let detached = Header::new().detached();
    let text = jws::sign_compact(header.as_bytes(), key, SigAlg::Es256, &Header::new()).unwrap();
    let head = text.split('.').nth(1).unwrap().to_owned();
    let text = jws::sign_compact(b"", key, SigAlg::Es256, &detached).unwrap();
    format!("{head}..{}", text.split('.').nth(2).unwrap())
}

#[test]
fn an_algorithm_that_is_none_of_ours_is_refused() {
    let key = ec(KeyKind::P256);
    for alg in [
        json!("HS256"),
        json!("RS1"),
        json!("CKM_ECDSA_SHA256"),
        json!("es256"),
        json!(1),
        json!(null),
    ] {
        let text = with_header(&json!({"alg": alg}).to_string(), &key);
        refused(jws::verify(&text, key.public_key()), "no algorithm");
    }
    let deep = format!(r#"{{"alg":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for header in ["[]", "\"alg\"", "{", "", r#"{"alg":"ES256"}x"#, &deep] {
        refused(jws::parse(&with_header(header, &key)), "no compact JWS");
    }
}

#[test]
fn what_is_no_jws_is_refused() {
    let key = ec(KeyKind::P256);
    let text = jws::sign_compact(b"payload", &key, SigAlg::Es256, &Header::new()).unwrap();
    for wrong in [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "é.é.é",
        "e30.e30",
        "e30.e30.e30.e30",
        "W10.e30.",
    ] {
        refused(jws::parse(wrong), "no compact JWS");
        refused(jws::verify(wrong, key.public_key()), "no compact JWS");
        refused(jws::with_broken_signature(wrong), "no compact JWS");
    }
    for length in 0..text.len() {
        assert!(jws::verify(text.get(..length).unwrap(), key.public_key()).is_err());
    }
    for wrong in [
        format!("{text}="),
        format!("{text} "),
        text.replacen('.', "\n.", 1),
    ] {
        refused(jws::verify(&wrong, key.public_key()), "no compact JWS");
    }
    let endless = format!("{text}{}", "A".repeat(8 * 1024 * 1024));
    refused(jws::verify(&endless, key.public_key()), "no compact JWS");
}
