//! Known attacks by the form of a message: what two readers would read differently. The list of all is in `jws_attacks`.
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
use smartid_trust::jws::{Jwk, Jws, JwsAlgorithm};

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
