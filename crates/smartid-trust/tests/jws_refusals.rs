//! Each reason to refuse a JWS, with a message that is good but for that one flaw.
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
use smartid_trust::Reason;
use smartid_trust::jws::{JwsAlgorithm, MAX_HEADER_LEN, MAX_JWS_LEN};

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

/// Signs the text of header and payload as it stands, encoded or not.
fn signed_as_it_stands(head: &str, payload: &str) -> String {
    let signed = format!("{head}.{payload}");
    format!(
        "{signed}.{}",
        url(ed().sign(JwsAlgorithm::EdDsa, signed.as_bytes()))
    )
}

#[test]
fn the_message_without_a_flaw_verifies() {
    assert_eq!(reason(with("")), None);
    assert_eq!(reason(with(r#","kid":"one""#)), None);
    assert_eq!(reason(header(r#"{"alg":"EdDSA"}"#)), None);
    assert_eq!(reason(signed_as_it_stands(&url(r#"{"alg":"EdDSA"}"#), "")), None);
    assert_eq!(reason(header(" {\n\t\"alg\" : \"EdDSA\" }\r\n")), None);
    assert_eq!(
        reason(with(r#","typ":"JOSE","cty":"text/plain","x":{"y":[1,null]}"#)),
        None
    );
}

#[test]
fn three_parts() {
    let good = with("");
    let parts: Vec<_> = good.split('.').collect();
    for wrong in [
        String::new(),
        parts[0].to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{good}."),
        format!("{good}.."),
        format!(".{good}"),
        format!("{good}.AA.AA"),
    ] {
        assert_eq!(reason(&wrong), Some(Reason::JwsParts), "{wrong}");
    }
    assert_eq!(
        reason(format!("{}.{}.", parts[0], parts[1])),
        Some(Reason::JwsSignatureLength)
    );
    assert_eq!(
        reason(format!(".{}.{}", parts[1], parts[2])),
        Some(Reason::JwsHeader)
    );
    // A detached payload is signed, but not here.
    assert_eq!(
        reason(format!("{}..{}", parts[0], parts[2])),
        Some(Reason::BadSignature)
    );
}

#[test]
fn white_space() {
    let good = with("");
    for space in [" ", "\n", "\r\n", "\t"] {
        for at in [
            0,
            1,
            good.find('.').unwrap(),
            good.rfind('.').unwrap() + 1,
            good.len(),
        ] {
            let mut wrong = good.clone();
            wrong.insert_str(at, space);
            assert_eq!(reason(&wrong), Some(Reason::JwsWhiteSpace), "{wrong:?}");
        }
    }
    let head = url(r#"{"alg":"EdDSA"}"#);
    assert_eq!(
        reason(signed_as_it_stands(&head, "YWJj\nYWJj")),
        Some(Reason::JwsWhiteSpace)
    );
    assert_eq!(
        reason(signed_as_it_stands(&format!("{head} "), "YWJj")),
        Some(Reason::JwsWhiteSpace)
    );
    assert_eq!(reason("not a JWS at all"), Some(Reason::JwsWhiteSpace));
}

#[test]
fn one_way_to_write_base64url() {
    let head = url(r#"{"alg":"EdDSA"}"#);
    for payload in [
        "YWI=", "YWJj====", "YW", "YWJ", "Y", "_-8/", "+_8A", "YW%A", "YWJä",
    ] {
        let expected = match payload {
            "YW" | "YWJ" => Some(Reason::NotBase64Url), // stray bits
            _ => Some(Reason::NotBase64Url),
        };
        assert_eq!(reason(signed_as_it_stands(&head, payload)), expected, "{payload}");
    }
    assert_eq!(reason(signed_as_it_stands(&head, "YQ")), None);
    // A header of a length that leaves room for padding.
    let odd = url(r#"{"alg":"EdDSA" }"#);
    assert_eq!(odd.len() % 4, 2);
    assert_eq!(reason(signed_as_it_stands(&odd, "YQ")), None);
    assert_eq!(
        reason(signed_as_it_stands(&format!("{odd}=="), "YQ")),
        Some(Reason::NotBase64Url)
    );
    let stray = odd[..odd.len() - 1].to_owned() + "R";
    assert_ne!(stray, odd);
    assert_eq!(
        reason(signed_as_it_stands(&stray, "YQ")),
        Some(Reason::NotBase64Url)
    );

    let good = with("");
    let last = good.chars().last().unwrap();
    // 64 bytes end with a letter of which 4 bits are unused.
    let next = char::from(last as u8 + 1);
    assert_eq!(
        reason(format!("{}{next}", &good[..good.len() - 1])),
        Some(Reason::NotBase64Url)
    );
    assert_eq!(reason(format!("{good}==")), Some(Reason::NotBase64Url));
    assert_eq!(
        reason([good.as_bytes(), b"\xff\xfe"].concat()),
        Some(Reason::NotBase64Url)
    );
}

#[test]
fn sizes() {
    let at_cap = |over: usize| {
        let head = url(r#"{"alg":"EdDSA"}"#);
        let room = MAX_JWS_LEN - head.len() - 2 - 86;
        signed_as_it_stands(&head, &"A".repeat(room / 4 * 4 + over))
    };
    let largest = at_cap(0);
    assert!(MAX_JWS_LEN - largest.len() < 4);
    assert_eq!(reason(&largest), None);
    assert_eq!(reason(at_cap(4)), Some(Reason::TooLarge));
    assert_eq!(reason("A".repeat(MAX_JWS_LEN + 1)), Some(Reason::TooLarge));
    // The header has a limit of its own: it is read before anybody knows who wrote it.
    let at_header_cap = |over: usize| {
        let head = r#"{"alg":"EdDSA"}"#;
        header(format!(
            "{head}{}",
            " ".repeat(MAX_HEADER_LEN / 4 * 3 - head.len() + over)
        ))
    };
    assert_eq!(at_header_cap(0).find('.'), Some(MAX_HEADER_LEN));
    assert_eq!(reason(at_header_cap(0)), None);
    assert_eq!(reason(at_header_cap(1)), Some(Reason::TooLarge));
    assert_eq!(reason(".".repeat(MAX_JWS_LEN)), Some(Reason::JwsParts));
}

#[test]
fn the_header_is_a_json_object() {
    for wrong in [
        "",
        "[]",
        "null",
        "\"EdDSA\"",
        r#"[{"alg":"EdDSA"}]"#,
        r#"{"alg":"EdDSA""#,
        r#"{"alg":"EdDSA"}{}"#,
        r#"{"alg":"EdDSA"} x"#,
        r#"{"alg":"EdDSA",}"#,
        r#"{alg:"EdDSA"}"#,
        "\u{feff}{\"alg\":\"EdDSA\"}",
    ] {
        assert_eq!(reason(header(wrong)), Some(Reason::JwsHeader), "{wrong}");
    }
    assert_eq!(
        reason(header(b"{\"alg\":\"EdDSA\",\"x\":\"\xff\"}")),
        Some(Reason::JwsHeader)
    );
    let nested = |depth: usize| format!(r#","x":{}{}"#, "[".repeat(depth), "]".repeat(depth));
    assert_eq!(reason(with(&nested(31))), None);
    assert_eq!(reason(with(&nested(32))), Some(Reason::JwsHeader));
    assert_eq!(reason(with(&nested(100_000))), Some(Reason::JwsHeader));
    for name in ["kid", "typ", "cty", "x5t#S256"] {
        for value in ["1", "null", "[]", "{}", "true"] {
            let more = format!(r#","{name}":{value}"#);
            assert_eq!(reason(with(&more)), Some(Reason::JwsHeader), "{more}");
        }
    }
}

#[test]
fn nothing_is_said_twice() {
    for more in [
        r#","alg":"EdDSA""#,
        r#","\u0061lg":"EdDSA""#,
        r#","alg":"none""#,
        r#","x":1,"x":1"#,
        r#","kid":"one","kid":"one""#,
        r#","x":{"y":1,"y":2}"#,
        r#","x":[{"y":{"z":1,"z":2}}]"#,
    ] {
        assert_eq!(reason(with(more)), Some(Reason::DuplicateMember), "{more}");
    }
    assert_eq!(reason(with(r#","x":{"alg":"none"},"ALG":"none""#)), None);
}

#[test]
fn algorithms() {
    assert_eq!(reason(header("{}")), Some(Reason::JwsAlgorithmMissing));
    for value in ["null", "1", "[\"EdDSA\"]", "{}"] {
        let text = format!(r#"{{"alg":{value}}}"#);
        assert_eq!(reason(header(text)), Some(Reason::JwsAlgorithmMissing), "{value}");
    }
    let named = |name: &str| reason(header(format!(r#"{{"alg":"{name}"}}"#)));
    for none in ["none", "None", "NONE", "nOnE"] {
        assert_eq!(named(none), Some(Reason::JwsNotSigned));
        let unsigned = format!("{}.{}.", url(format!(r#"{{"alg":"{none}"}}"#)), url("payload"));
        assert_eq!(reason(unsigned), Some(Reason::JwsNotSigned));
    }
    for hmac in ["HS256", "HS384", "HS512", "hs256", "HS1"] {
        assert_eq!(named(hmac), Some(Reason::JwsSymmetric));
    }
    for unknown in [
        "", "eddsa", "EDDSA", "EdDSA ", "RS1", "ES256K", "Ed448", "RSA-OAEP", "dir", "\\u0000", "é",
    ] {
        assert_eq!(named(unknown), Some(Reason::AlgorithmUnknown), "{unknown}");
    }
    assert_eq!(named("\\u0045dDSA"), None);
}

#[test]
fn critical_extensions() {
    for value in [
        r#"["exp"]"#,
        r#"["b64"]"#,
        "[]",
        r#""exp""#,
        "null",
        "[1]",
        r#"["alg"]"#,
        "{}",
    ] {
        for extension in ["", r#","exp":1"#, r#","b64":true"#, r#","b64":false"#] {
            let more = format!(r#","crit":{value}{extension}"#);
            assert_eq!(reason(with(&more)), Some(Reason::JwsCritical), "{more}");
        }
    }
    for value in ["true", "false", "null"] {
        let more = format!(r#","b64":{value}"#);
        assert_eq!(reason(with(&more)), Some(Reason::JwsUnencodedPayload), "{more}");
    }
    // RFC 7797: signed over the bare payload, which may look encoded or not.
    for payload in ["YQ", "{}", "a b"] {
        let bare = signed_as_it_stands(&url(r#"{"alg":"EdDSA","b64":false,"crit":["b64"]}"#), payload);
        assert_eq!(reason(bare), Some(Reason::JwsCritical));
        let silent = signed_as_it_stands(&url(r#"{"alg":"EdDSA","b64":false}"#), payload);
        assert_eq!(reason(silent), Some(Reason::JwsUnencodedPayload));
    }
}

#[test]
fn lengths_of_signatures() {
    for kind in [Kind::P256, Kind::P384, Kind::P521, Kind::Ed25519] {
        let key = Key::of(kind);
        let algorithm = key.native()[0];
        let signed = format!("{}.{}", url(format!(r#"{{"alg":"{algorithm}"}}"#)), url("x"));
        let right = key.sign(algorithm, signed.as_bytes());
        let says =
            |signature: &[u8]| verdict(format!("{signed}.{}", url(signature)), &key.policy(), NOW).err();
        assert_eq!(says(&right), None);
        let mut long = right.clone();
        long.push(0);
        for wrong in [&right[1..], &right[..right.len() - 1], &long, &[], &[0; 32]] {
            assert_eq!(says(wrong), Some(Reason::JwsSignatureLength), "{kind:?}");
        }
        if kind != Kind::Ed25519 {
            let der = key.sign_asn1(algorithm.signature_algorithm(), signed.as_bytes());
            assert_eq!(says(&der), Some(Reason::JwsSignatureLength));
        }
        let half = right.len() / 2;
        assert_eq!(says(&vec![0; right.len()]), Some(Reason::BadSignature));
        assert_eq!(says(&vec![255; right.len()]), Some(Reason::BadSignature));
        assert_eq!(
            says(&[&vec![0; half], &right[half..]].concat()),
            Some(Reason::BadSignature)
        );
        assert_eq!(
            says(&[&right[..half], &vec![0; half]].concat()),
            Some(Reason::BadSignature)
        );
    }
    let key = Key::of(Kind::Rsa);
    let signed = format!("{}.{}", url(r#"{"alg":"RS256"}"#), url("x"));
    let right = key.sign(JwsAlgorithm::Rs256, signed.as_bytes());
    for wrong in [&right[1..], &[&[0], &right[..]].concat(), &[]] {
        let message = format!("{signed}.{}", url(wrong));
        assert_eq!(verdict(message, &key.policy(), NOW), Err(Reason::BadSignature));
    }
}
