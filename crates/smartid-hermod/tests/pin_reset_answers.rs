//! What an app answers to the first half of a PIN reset, whatever it is; and that ids are sent as they are.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::pin_reset::header;
use common::{dialect, golden};
use proptest::prelude::*;
use smartid_core::base64::{Flavour, encode};
use smartid_core::{Endpoint, Timestamp};
use smartid_hermod::admin_key::EncryptedNonce;
use smartid_hermod::answers::TransportedKey;
use smartid_hermod::commands::{DeleteMailbox, DeleteProfile, EndPinReset, Profiles, StartPinReset};
use smartid_hermod::pin_reset::{Driver, DriverName, DriverType, PinOperation, PinReset, PinResetError};
use smartid_hermod::{CommandReport, HermodDialect, Outcome};
use smartid_trust::jws::{Jwk, JwkSet, JwsAlgorithm, JwsPolicy};
use smartid_trust::{KeyType, SignatureAlgorithm, SigningKey};

#[test]
fn a_signed_answer_is_read_once_it_is_verified() {
    let key = SigningKey::generate(KeyType::Ed25519).unwrap();
    let made = |payload: &str| {
        let part = |text: &str| encode(Flavour::Url, text.as_bytes());
        let signed = format!("{}.{}", part(r#"{"alg":"EdDSA","kid":"k"}"#), part(payload));
        let signature = key.sign(SignatureAlgorithm::Ed25519, signed.as_bytes());
        let signature = signature.map_err(|_| "no signature").unwrap();
        format!("{signed}.{}", encode(Flavour::Url, &signature))
    };
    let named = Jwk::from_public_key(key.public_key().clone()).with_id("k");
    let policy = JwsPolicy::keys(JwkSet::new([named])).allowing([JwsAlgorithm::EdDsa]);
    let now = Timestamp::from_millis(0);
    let read = |body: String, toml: &str| {
        let dialect = dialect(toml);
        let report = CommandReport::read(body.into(), &dialect).unwrap();
        assert!(matches!(
            report.start_pin_reset(&dialect),
            Outcome::Unreadable { .. }
        ));
        let answer = report.start_pin_reset_signed(&dialect).succeeded()?;
        let verified = answer.verify(&policy, now).ok()?;
        Some(report.verified_pin_reset(verified, &dialect))
    };
    let body = |jws: &str| {
        format!(r#"{{"commandId":"5106","state":"SUCCESS","response":{{"format":"jws","data":"{jws}"}}}}"#)
    };
    let payload = r#"{"nonce":"8f3a61c20d94be57","transportedkey":null}"#;

    let challenge = read(body(&made(payload)), "").unwrap().succeeded().unwrap();
    assert_eq!(challenge.fact().nonce.expose()[0], 0x8f);
    assert!(challenge.fact().transported_key.is_none());
    for (payload, word) in [
        ("[1]", "unreadable"),
        ("{}", "unreadable"),
        (r#"{"nonce":null}"#, "unreadable"),
        (r#"{"nonce":"8f"}"#, "unreadable"),
    ] {
        assert_eq!(read(body(&made(payload)), "").unwrap().name(), word, "{payload}");
    }
    // Another place for the JWS, and one that somebody else signed.
    let moved = format!(
        r#"{{"commandId":"5106","state":"SUCCESS","proof":"{}"}}"#,
        made(payload)
    );
    assert!(read(moved.clone(), "").is_none());
    assert!(read(moved, "answers.pin_reset.signed = '/proof'").is_some());
    let golden = String::from_utf8(golden("startpinreset/callback_jws.json")).unwrap();
    assert!(read(golden, "").is_none(), "the golden signature is none");
}

#[test]
fn what_is_far_too_long_is_not_decoded() {
    let default = HermodDialect::default();
    let read = |nonce: &str, key: &str| {
        let body = format!(
            r#"{{"commandId":1,"state":"SUCCESS","response":{{"nonce":"{nonce}","transportedkey":"{key}"}}}}"#
        );
        CommandReport::read(body.into(), &default)
            .unwrap()
            .start_pin_reset(&default)
    };
    let Outcome::Unreadable { reason } = read(&"00".repeat(8_000), "") else {
        panic!()
    };
    assert!(reason.contains("far too long"), "{reason}");
    let challenge = read("8f3a61c20d94be57", &"A".repeat(17 * 1024))
        .succeeded()
        .unwrap();
    let Some(TransportedKey::Unusable { reason }) = challenge.transported_key else {
        panic!()
    };
    assert!(reason.contains("far too long"), "{reason}");
}

#[test]
fn the_proof_goes_to_the_mailbox_that_answered_or_nowhere() {
    let default = HermodDialect::default();
    let start = StartPinReset::smart_card(header("s"), "card");
    let now = Timestamp::from_millis(0);
    let (several, none) = (
        golden("startpinreset/response_user_boxes.json"),
        br#"{"commandId":5106}"#.to_vec(),
    );
    let two = br#"{"commandId":"5106","state":"SUCCESS","destinations":[{"bid":"b-1"},{"bid":"b-2"}],"response":{"nonce":"8f3a61c20d94be57"}}"#;
    let callback = |name: &str| match name {
        "two" => two.to_vec(),
        name => golden(&format!("startpinreset/callback_{name}.json")),
    };
    let third = "3c0e7a52-0000-4000-8000-0000000000a3";
    for (answer, name, wanted) in [
        (&several, "other_mailbox", Ok(third)),
        (&several, "approved", Err(PinResetError::OtherMailbox)),
        (&several, "minimal", Err(PinResetError::NoMailbox)),
        (&several, "two", Err(PinResetError::NoMailbox)),
        (&none, "approved", Err(PinResetError::NoMailbox)),
        (&none, "minimal", Err(PinResetError::NoMailbox)),
        (&none, "two", Err(PinResetError::NoMailbox)),
    ] {
        let answer = start
            .response(&default, common::answer(200, answer.clone()))
            .unwrap();
        let mut reset = PinReset::started(&start, &answer, now);
        let report = CommandReport::read(callback(name).into(), &default).unwrap();
        let challenge = report.start_pin_reset(&default).succeeded().unwrap();
        let end = reset.prove(header("e"), &challenge, EncryptedNonce::new([1; 8]).unwrap(), now);
        let session = end.map(|end| end.session.unwrap());
        assert_eq!(
            session.as_ref().map(|session| session.bid.as_str()),
            wanted.as_ref().map(|bid| *bid),
            "{name}"
        );
        if name == "other_mailbox" {
            assert!(session.unwrap().mid.is_some(), "with the message of that mailbox");
        }
    }
}

proptest! {
    #[test]
    fn a_nonce_is_a_whole_number_of_blocks(octets in prop::collection::vec(any::<u8>(), 0..300), form in 0..3) {
        let (name, text) = match form {
            0 => ("hex", octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>()),
            1 => ("hex-upper", octets.iter().map(|octet| format!("{octet:02X}")).collect()),
            _ => ("base64", encode(Flavour::Standard, &octets)),
        };
        let dialect = dialect(&format!("answers.pin_reset.nonce_coding = '{name}'"));
        let body = format!(r#"{{"commandId":1,"state":"SUCCESS","response":{{"nonce":"{text}"}}}}"#);
        let report = CommandReport::read(body.into(), &dialect).unwrap();
        let fits = !octets.is_empty() && octets.len() % 8 == 0 && octets.len() <= 256;
        match report.start_pin_reset(&dialect) {
            Outcome::Succeeded(challenge) => {
                prop_assert!(fits);
                prop_assert_eq!(challenge.nonce.expose(), octets);
            }
            _ => prop_assert!(!fits),
        }
    }

    #[test]
    fn any_answer_is_read_or_not(nonce in ".*", key in ".*", bytes: Vec<u8>, form in 0..6_usize) {
        let form = ["spki", "spki-hex", "pem", "jwk", "modulus-hex", "modulus-base64"][form];
        let dialect = dialect(&format!("answers.pin_reset.transported_key_form = '{form}'"));
        let response = serde_json::json!({"nonce": nonce, "transportedkey": key, "data": key});
        let body = serde_json::json!({"commandId": "1", "state": "SUCCESS", "response": response}).to_string();
        for body in [body.into_bytes(), bytes] {
            if let Ok(report) = CommandReport::read(body.into(), &dialect) {
                let _ = (report.start_pin_reset(&dialect), report.start_pin_reset_signed(&dialect));
                let _ = report.end_pin_reset(&dialect);
            }
        }
    }

    #[test]
    fn a_modulus_is_the_key_whatever_its_coding(octets in prop::collection::vec(any::<u8>(), 256)) {
        let mut octets = octets;
        octets[0] |= 0x80;
        octets[255] |= 1;
        let read = |form: &str, text: &str| {
            let dialect = dialect(&format!("answers.pin_reset.transported_key_form = '{form}'"));
            let body = format!(r#"{{"commandId":1,"state":"SUCCESS","response":{{"nonce":"8f3a61c20d94be57","transportedkey":"{text}"}}}}"#);
            let report = CommandReport::read(body.into(), &dialect).unwrap();
            match report.start_pin_reset(&dialect).succeeded().unwrap().transported_key {
                Some(TransportedKey::Usable(key)) => key,
                other => panic!("{form}: {other:?}"),
            }
        };
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        let key = read("modulus-hex", &hex);
        prop_assert_eq!(&read("modulus-base64", &encode(Flavour::Standard, &octets)), &key);
        let jwk = format!(r#"{{\"kty\":\"RSA\",\"n\":\"{}\",\"e\":\"AQAB\",\"use\":\"enc\"}}"#, encode(Flavour::Url, &octets));
        prop_assert_eq!(&read("jwk", &jwk), &key);
        prop_assert_eq!(&read("spki", &encode(Flavour::Standard, key.spki_der())), &key);
    }

    #[test]
    fn ids_and_words_are_sent_as_they_are(one in ".+", other in ".+", words in prop::array::uniform3(".+"), octets in prop::collection::vec(any::<u8>(), 1..256)) {
        let default = HermodDialect::default();
        let as_text = dialect("pin_reset.driver = 'string'\npin_reset.proof = 'base64'");
        let [name, kind, operation] = words.each_ref().map(String::as_str);
        let driver = Driver::new(DriverName::from(name), DriverType::from(kind));
        let start = StartPinReset::smart_card(header("e"), one.as_str())
            .profile_id(other.as_str())
            .driver(driver)
            .operation(PinOperation::from(operation));
        let body = |request: smartid_core::Outgoing| -> serde_json::Value {
            serde_json::from_slice(request.body_bytes()).unwrap()
        };
        let sent = body(start.request(&default).unwrap());
        let driver = serde_json::json!({"Name": name, "Type": kind});
        let wanted = serde_json::json!({"driver": driver, "operation": operation, "smartcardid": one, "profileid": other});
        prop_assert_eq!(&sent["spinCommand"], &wanted);
        let sent = body(start.request(&as_text).unwrap());
        let text = sent["spinCommand"]["driver"].as_str().unwrap();
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(text).unwrap(), driver);

        let end = EndPinReset::mailbox(header("e"), one.as_str(), EncryptedNonce::new(octets.clone()).unwrap());
        let sent = body(end.smart_card_id(other.as_str()).request(&as_text).unwrap());
        prop_assert_eq!(&sent["commandHeader"]["to"], &serde_json::json!([one]));
        let wanted = serde_json::json!({"encryptednonce": encode(Flavour::Standard, &octets), "smartcardid": other});
        prop_assert_eq!(&sent["epinCommand"], &wanted);

        let delete = DeleteProfile::new(header("e"), Profiles::one(one.as_str(), other.as_str()));
        let sent = body(delete.request(&default).unwrap());
        let wanted = serde_json::json!({"userid": one, "profileid": other, "confirmation": true});
        prop_assert_eq!(&sent["deleteCommand"], &wanted);
        let sent = body(DeleteMailbox::new(header("e"), Profiles::all(one.as_str())).request(&default).unwrap());
        prop_assert_eq!(&sent["deleteCommand"], &serde_json::json!({"userid": one, "confirmation": false}));
    }
}
