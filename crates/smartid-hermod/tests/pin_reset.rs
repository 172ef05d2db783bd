//! A PIN reset from the link to the end, with everything that can come between.
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
use common::pin_reset::{BID, CARD, NEW_KEY};
use common::{Answer, answer, client, dialect, golden, runtime};
use http::{HeaderMap, Method};
use smartid_core::{
    BoxFuture, Endpoint, Head, Inbound, Inbox, ManualRuntime, MemoryInbox, Timestamp, TransportError,
    TransportProblem,
};
use smartid_hermod::admin_key::{AdminKey, AdminKeyError, AdminKeyInTransit, EncryptedNonce, NewAdminKey};
use smartid_hermod::answers::Done;
use smartid_hermod::callback::CallbackReceiver;
use smartid_hermod::commands::{EndPinReset, StartPinReset};
use smartid_hermod::pin_reset::{FinishError, PinReset, PinResetStep};
use smartid_hermod::{CommandReport, Hermod, HermodDialect, Outcome, PollPolicy};

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
    assert_eq!(sent["commandHeader"]["to"], serde_json::json!([BID]));
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
    let new = NewAdminKey::from_hex(NEW_KEY).unwrap();
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
