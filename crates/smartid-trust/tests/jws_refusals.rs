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
use serde::Deserialize;
use smartid_trust::jws::{JwkSet, Jws, JwsAlgorithm, JwsPolicy, MAX_JWS_LEN};
use smartid_trust::{Check, Reason};

fn ed() -> &'static Key {
    Key::of(Kind::Ed25519)
}

fn reason(message: impl AsRef<[u8]>) -> Option<Reason> {
    verdict(message, &ed().policy(), NOW).err()
}

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
fn keys_that_the_message_brings() {
    let stranger = Key::generate(Kind::Ed25519);
    let sources = [
        format!(r#","jwk":{}"#, stranger.jwk("")),
        format!(r#","jwk":{}"#, ed().jwk("")),
        r#","jku":"https://example.com/keys""#.to_owned(),
        r#","x5u":"https://example.com/chain.pem""#.to_owned(),
        r#","jwk":null"#.to_owned(),
    ];
    let lenient = ed().policy().ignoring_key_sources();
    for source in &sources {
        let beside = format!(r#","kid":"one"{source}"#);
        for key in [ed(), &stranger] {
            // By default not at all.
            for more in [source, &beside] {
                assert_eq!(
                    reason(key.message(more, b"x")),
                    Some(Reason::JwsKeySource),
                    "{more}"
                );
            }
            // As the only source never.
            assert_eq!(
                verdict(key.message(source, b"x"), &lenient, NOW),
                Err(Reason::JwsKeySource)
            );
            let unknown = format!(r#","kid":"two"{source}"#);
            assert_eq!(
                verdict(key.message(&unknown, b"x"), &lenient, NOW),
                Err(Reason::JwsKeySource)
            );
        }
        // Passed over beside a key of the verifier's, which alone counts.
        assert_eq!(
            verdict(ed().message(&beside, b"x"), &lenient, NOW),
            Ok(b"x".to_vec())
        );
        assert_eq!(
            verdict(stranger.message(&beside, b"x"), &lenient, NOW),
            Err(Reason::BadSignature)
        );
    }
}

#[test]
fn which_key() {
    let (first, second) = (Key::generate(Kind::P256), Key::generate(Kind::P256));
    let set = |keys: &[(&Key, &str)]| JwkSet::new(keys.iter().map(|(key, id)| key.named(id)));
    let both = || JwsPolicy::keys(set(&[(&first, "first"), (&second, "second"), (ed(), "ed")]));
    let says =
        |key: &Key, more: &str, policy: &JwsPolicy| verdict(key.message(more, b"x"), policy, NOW).err();

    assert_eq!(says(&first, r#","kid":"first""#, &both()), None);
    assert_eq!(
        says(&first, r#","kid":"second""#, &both()),
        Some(Reason::BadSignature)
    );
    assert_eq!(
        says(&first, r#","kid":"ed""#, &both()),
        Some(Reason::AlgorithmDoesNotFitKey)
    );
    assert_eq!(
        says(&first, r#","kid":"First""#, &both()),
        Some(Reason::JwsKeyUnknown)
    );
    assert_eq!(says(&first, r#","kid":"""#, &both()), Some(Reason::JwsKeyUnknown));
    assert_eq!(says(&first, "", &both()), Some(Reason::JwsKeyAmbiguous));
    assert_eq!(says(ed(), "", &both()), None);
    assert_eq!(
        says(ed(), "", &JwsPolicy::keys(JwkSet::default())),
        Some(Reason::JwsNoKey)
    );

    let every = both().trying_every_key();
    assert_eq!(says(&first, "", &every), None);
    assert_eq!(says(&second, "", &every), None);
    assert_eq!(
        says(&Key::generate(Kind::P256), "", &every),
        Some(Reason::BadSignature)
    );
    assert_eq!(
        says(&first, r#","kid":"second""#, &every),
        Some(Reason::BadSignature)
    );
    let crowd: Vec<_> = (0..17).map(|_| Key::generate(Kind::Ed25519)).collect();
    let crowd: Vec<_> = crowd.iter().map(|key| (key, "")).collect();
    let sixteen = JwsPolicy::keys(set(&crowd[..16])).trying_every_key();
    assert_eq!(says(crowd[15].0, "", &sixteen), None);
    let seventeen = JwsPolicy::keys(set(&crowd)).trying_every_key();
    assert_eq!(says(crowd[0].0, "", &seventeen), Some(Reason::TooLarge));

    // Two keys of one name: a key that was replaced under its name.
    let replaced = JwsPolicy::keys(set(&[(&first, "one"), (&second, "one"), (ed(), "one")]));
    for key in [&first, &second, ed()] {
        assert_eq!(says(key, r#","kid":"one""#, &replaced), None);
    }
    // One key twice is one key.
    let twice = JwsPolicy::keys(set(&[(&first, "a"), (&first, "b")]));
    assert_eq!(says(&first, "", &twice), None);

    // A key without a name contradicts no name; one with a name does.
    let nameless = JwsPolicy::keys(JwkSet::from_json(first.jwk("")).unwrap());
    assert_eq!(says(&first, r#","kid":"anything""#, &nameless), None);
    assert_eq!(
        says(&second, r#","kid":"anything""#, &nameless),
        Some(Reason::BadSignature)
    );
}

#[test]
fn a_key_that_cannot_be_used_says_why_when_it_would_be_chosen() {
    let good = Key::of(Kind::P256);
    let set = format!(
        r#"{{"keys":[{},{},{}]}}"#,
        good.jwk(r#","kid":"bad","keystate":"revoked""#),
        good.jwk(r#","kid":"good""#),
        r#"{"kty":"future","kid":"odd"}"#,
    );
    let policy = JwsPolicy::keys(JwkSet::from_json(set).unwrap());
    let says = |kid: &str| verdict(good.message(kid, b"x"), &policy, NOW).err();
    assert_eq!(says(r#","kid":"good""#), None);
    assert_eq!(says(""), None);
    assert_eq!(says(r#","kid":"bad""#), Some(Reason::JwkNotActive));
    assert_eq!(says(r#","kid":"odd""#), Some(Reason::KeyUnsupported));
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
