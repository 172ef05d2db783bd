//! A PIN reset from the link to the end, with everything that can come between; and what no answer may do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::fmt::Debug;
use std::sync::Arc;

use common::flow::{ok, receiver, seconds};
use common::{Answer, answer, client, dialect, golden, runtime};
use http::{HeaderMap, Method};
use proptest::prelude::*;
use smartid_core::base64::{Flavour, encode};
use smartid_core::{
    BoxFuture, Endpoint, Head, Inbound, Inbox, ManualRuntime, MemoryInbox, Timestamp, TransportError,
    TransportProblem,
};
use smartid_hermod::admin_key::{AdminKey, AdminKeyError, AdminKeyInTransit, EncryptedNonce, NewAdminKey};
use smartid_hermod::answers::{Done, TransportedKey};
use smartid_hermod::callback::CallbackReceiver;
use smartid_hermod::commands::{EndPinReset, StartPinReset};
use smartid_hermod::pin_reset::{FinishError, PinReset, PinResetStep};
use smartid_hermod::{CommandReport, Hermod, HermodDialect, Outcome, PollPolicy};
use smartid_trust::jws::{Jwk, JwkSet, JwsAlgorithm, JwsPolicy};
use smartid_trust::{KeyType, SignatureAlgorithm, SigningKey};

/// A module that answers with the nonce backwards, or not at all.
#[derive(Debug)]
struct Module(bool);

impl AdminKey for Module {
    fn respond<'a>(&'a self, nonce: &'a [u8]) -> BoxFuture<'a, Result<EncryptedNonce, AdminKeyError>> {
        Box::pin(async move {
            if self.0 {
                EncryptedNonce::new(nonce.iter().rev().copied().collect::<Vec<u8>>())
            } else {
                Err(AdminKeyError::unavailable("no session"))
            }
        })
    }
}

const CARD: &str = "c5d41f7a-0000-4000-8000-0000000000e1";

struct Scene {
    runtime: ManualRuntime,
    inbox: Arc<MemoryInbox>,
    receiver: CallbackReceiver,
    hermod: Hermod,
    script: Arc<common::Script>,
    reset: PinReset,
}

/// Started, with the answers that are still to come.
fn started(answers: Vec<Answer>, toml: &str) -> Scene {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let first = ok(0, golden("startpinreset/response_immediate.json"));
    let answers = [vec![first], answers].concat();
    let (hermod, script) = client(&runtime, dialect(toml), answers);
    let command = StartPinReset::smart_card(hermod.header().external_id("golden-startpinreset-0001"), CARD);
    let answer = runtime.block_on(hermod.call(&command)).unwrap().unwrap();
    let reset = PinReset::started(&command, &answer, Timestamp::from_millis(0));
    // As it would come out of a store.
    let stored = serde_json::to_string(&reset).unwrap();
    let reset = serde_json::from_str(&stored).unwrap();
    Scene {
        runtime,
        inbox,
        receiver,
        hermod,
        script,
        reset,
    }
}

impl Scene {
    fn call_back(&self, verb: &str, body: impl Into<bytes::Bytes>) {
        let head = Head::new(Method::POST, format!("/callback/{verb}"), HeaderMap::new());
        let reply = self
            .runtime
            .block_on(self.receiver.receive(&head, body.into()))
            .unwrap();
        assert_eq!(reply.status, 200);
    }

    fn finish(&mut self, key: &Module, new: Option<&NewAdminKey>) -> Result<Outcome<Done>, FinishError> {
        let policy = PollPolicy::off();
        let finish = self
            .hermod
            .finish_pin_reset(&*self.inbox, &mut self.reset, key, new, &policy);
        self.runtime.block_on(finish).unwrap()
    }

    /// How many proofs were sent.
    fn proofs(&self) -> usize {
        let sent = self.script.requests();
        sent.iter()
            .filter(|(line, _)| line.ends_with("/endpinreset"))
            .count()
    }
}

/// The end of the second command, whatever external id it has.
fn end_report() -> Vec<u8> {
    br#"{"commandId":"5107","commandType":"EPIN","state":"SUCCESS"}"#.to_vec()
}

#[test]
fn nonce_proof_and_end_in_one_await() {
    let mut scene = started(vec![ok(0, golden("endpinreset/response_immediate.json"))], "");
    scene.call_back("startpinreset", golden("startpinreset/callback_approved.json"));
    scene.call_back("endpinreset", end_report());
    let outcome = scene.finish(&Module(true), None).unwrap();
    assert!(matches!(outcome, Outcome::Succeeded(_)), "{outcome:?}");
    let (_, request) = scene.script.requests().pop().unwrap();
    let sent: serde_json::Value = serde_json::from_slice(request.body_bytes()).unwrap();
    assert_eq!(
        sent["epinCommand"],
        serde_json::json!({"encryptednonce": "57be940dc2613a8f", "smartcardid": CARD})
    );
    assert_eq!(
        sent["commandHeader"]["to"],
        serde_json::json!(["3c0e7a52-0000-4000-8000-0000000000a1"])
    );
    for pending in [Some(&scene.reset.start), scene.reset.end.as_ref()] {
        let ids = pending.unwrap().correlation_ids();
        let left = scene.runtime.block_on(scene.inbox.peek(&ids)).unwrap().unwrap();
        assert!(left.is_none(), "all outcomes were dealt with");
    }
}

#[test]
fn who_declines_gets_no_proof() {
    for (name, word) in [
        ("declined", "declined"),
        ("cancelled", "cancelled"),
        ("timeout", "timed-out"),
        ("failed", "failed"),
        ("nonce_7", "unreadable"),
        ("no_response", "unreadable"),
    ] {
        let mut scene = started(Vec::new(), "");
        scene.call_back(
            "startpinreset",
            golden(&format!("startpinreset/callback_{name}.json")),
        );
        let outcome = scene.finish(&Module(true), None).unwrap();
        assert_eq!((outcome.name(), scene.proofs()), (word, 0), "{name}");
    }
    let mut scene = started(Vec::new(), "");
    assert_eq!(scene.finish(&Module(true), None).unwrap(), Outcome::TimedOut);
}

#[test]
fn a_lost_answer_is_not_a_reason_for_a_second_proof() {
    let lost = || (seconds(1), Err(TransportError::new(TransportProblem::Broken, "")));
    let broken = || (seconds(1), Ok(answer(502, "")));
    let unreadable = || ok(1, "<html>");
    for lose in [lost(), broken(), unreadable()] {
        let mut scene = started(vec![lose], "");
        scene.call_back("startpinreset", golden("startpinreset/callback_approved.json"));
        assert_eq!(scene.finish(&Module(true), None).unwrap(), Outcome::TimedOut);
        assert_eq!(scene.proofs(), 1);
        let PinResetStep::End(pending) = scene.reset.step() else {
            panic!()
        };
        let id = pending.external_id.clone().unwrap();
        scene.call_back(
            "endpinreset",
            format!(r#"{{"commandId":"5107","externalId":"{id}","state":"SUCCESS"}}"#),
        );
        let outcome = scene.finish(&Module(true), None).unwrap();
        assert_eq!((outcome.name(), scene.proofs()), ("succeeded", 1));
    }
}

#[test]
fn what_was_certainly_not_taken_may_be_tried_again() {
    let refused = (seconds(0), Ok(answer(400, "")));
    let taken = ok(0, golden("endpinreset/response_immediate.json"));
    let mut scene = started(vec![refused, taken], "");
    scene.call_back("startpinreset", golden("startpinreset/callback_approved.json"));
    let error = scene.finish(&Module(true), None).unwrap_err();
    assert!(matches!(error, FinishError::Call(_)), "{error}");
    assert!(matches!(scene.reset.step(), PinResetStep::Nonce(_)));
    scene.call_back("endpinreset", end_report());
    assert_eq!(scene.finish(&Module(true), None).unwrap().name(), "succeeded");
    assert_eq!(scene.proofs(), 2);
}

#[test]
fn without_a_proof_or_a_safe_way_nothing_is_sent() {
    let mut scene = started(Vec::new(), "");
    scene.call_back("startpinreset", golden("startpinreset/callback_approved.json"));
    let error = scene.finish(&Module(false), None).unwrap_err();
    assert!(matches!(error, FinishError::AdminKey(_)), "{error}");
    assert_eq!(scene.proofs(), 0);

    let key = NewAdminKey::generate(&scene.runtime).unwrap();
    let mut scene = started(Vec::new(), "");
    scene.call_back(
        "startpinreset",
        golden("startpinreset/callback_transportedkey_empty.json"),
    );
    let error = scene.finish(&Module(true), Some(&key)).unwrap_err();
    assert!(matches!(error, FinishError::Transport(_)), "{error}");
    assert_eq!(scene.proofs(), 0);

    let mut scene = started(Vec::new(), "");
    scene.call_back(
        "startpinreset",
        golden("startpinreset/callback_other_mailbox.json"),
    );
    let error = scene.finish(&Module(true), None).unwrap_err();
    assert!(matches!(error, FinishError::PinReset(_)), "{error}");
    assert_eq!(scene.proofs(), 0);
}

#[test]
fn a_new_admin_key_travels_as_the_app_can_take_it() {
    let new = NewAdminKey::from_hex("fedcba98765432100f1e2d3c4b5a6978123456789abcdef0").unwrap();
    let sent = |callback: &str, toml: &str| {
        let mut scene = started(vec![ok(0, golden("endpinreset/response_immediate.json"))], toml);
        scene.call_back(
            "startpinreset",
            golden(&format!("startpinreset/callback_{callback}.json")),
        );
        scene.call_back("endpinreset", end_report());
        scene.finish(&Module(true), Some(&new)).unwrap();
        let (_, request) = scene.script.requests().pop().unwrap();
        let sent: serde_json::Value = serde_json::from_slice(request.body_bytes()).unwrap();
        sent["epinCommand"]["newadminkey"].as_str().unwrap().to_owned()
    };
    let hex = new.to_hex();
    assert_eq!(sent("approved", ""), hex.as_str());
    assert_eq!(sent("transportedkey_null", ""), hex.as_str());
    assert_eq!(
        sent("transportedkey", "pin_reset.key_transport = 'clear'"),
        hex.as_str()
    );
    for scheme in ["oaep-sha256", "oaep-sha1", "pkcs1"] {
        let toml = format!("pin_reset.key_transport = '{scheme}'");
        let (one, other) = (sent("transportedkey", &toml), sent("transportedkey", &toml));
        assert_eq!(one.len(), 344, "256 octets in base64");
        assert_ne!(one, other);
        let toml = format!("{toml}\npin_reset.transported_admin_key = 'hex-upper'");
        let upper = sent("transportedkey", &toml);
        assert!(
            upper.len() == 512
                && upper
                    .bytes()
                    .all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'))
        );
    }
}

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
fn nothing_secret_is_shown() {
    // "canary" and the canary's octets, in every coding.
    let canary = "63616e6172792d6b63616e6172792d6b63616e6172792d6b";
    let new = NewAdminKey::from_hex(canary).unwrap();
    let proof = EncryptedNonce::new(*b"canary-k").unwrap();
    let mut shown = String::new();
    let mut show = |value: &dyn Debug| shown.push_str(&format!("{value:?}\n"));
    let dialect = HermodDialect::default();
    let header = client(&runtime(), dialect.clone(), Vec::new()).0.header();
    let end = EndPinReset::alone(header, proof).new_admin_key(AdminKeyInTransit::in_clear(new.clone()));
    show(&end);
    show(&end.request(&dialect).unwrap());
    show(&end.lints());
    show(&new);
    show(&new.lints());
    for nonce in [
        "\"63616e6172792d6b\"",
        "\"canary\"",
        "{\"canary\":1}",
        "\"63616e61\"",
    ] {
        let body = format!(
            r#"{{"commandId":"1","state":"SUCCESS","response":{{"nonce":{nonce},"transportedkey":"canary"}}}}"#
        );
        let report = CommandReport::read(body.into(), &dialect).unwrap();
        let outcome = report.start_pin_reset(&dialect);
        show(&report);
        show(&outcome);
        show(&report.end_pin_reset(&dialect));
        if let Outcome::Succeeded(challenge) = outcome {
            let error = challenge.protect(&new, &dialect).unwrap_err();
            show(&error);
            show(&error.to_string());
        }
    }
    for digits in ["canary", "63616E6172792D6B63616E6172792D6B63616E6172792D6B"] {
        let error = NewAdminKey::from_hex(digits).unwrap_err();
        show(&error);
        show(&error.to_string());
    }
    let mut scene = started(Vec::new(), "");
    scene.call_back(
        "startpinreset",
        r#"{"commandId":"5106","state":"SUCCESS","response":{"nonce":"63616e6172792d6b"}}"#,
    );
    let outcome = scene.finish(&Module(true), Some(&new));
    show(&outcome);
    show(&scene.reset);
    show(&serde_json::to_string(&scene.reset).unwrap());
    let lower = shown.to_ascii_lowercase();
    for secret in ["canary", "63616e61", "y2fuyxj5"] {
        assert!(!lower.contains(secret), "{secret}: {shown}");
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
}
