//! What a hostile or broken other side can do that no page tells of: each case once was believed, lost, or too dear.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::flow::{call_back, receiver, seconds};
use common::{answer, client, runtime};
use smartid_core::{
    BlockingWork, BoxFuture, Either, Inbox, ManualRuntime, MemoryInbox, Runtime, Timestamp, WorkLost, race,
};
use smartid_hermod::answers::{ProvisionExpectation, SignatureExpectation};
use smartid_hermod::link::{MobileLink, MobileLinkOptions};
use smartid_hermod::{
    By, CommandReport, Hermod, HermodDialect, ImmediateResponse, Pending, PollPolicy, State,
};

fn dialect() -> HermodDialect {
    HermodDialect::default()
}

#[test]
fn a_stored_signature_expectation_that_lost_something_is_no_expectation() {
    for stored in [
        "{}",
        r#"{"format":"pkcs7"}"#,
        r#"{"tbs":[],"must_be_signed_by":"anna"}"#,
        r#"{"tbs":[],"supplied":{"0":"!"}}"#,
    ] {
        assert!(
            serde_json::from_str::<SignatureExpectation>(stored).is_err(),
            "{stored}"
        );
    }
    assert!(serde_json::from_str::<SignatureExpectation>(r#"{"tbs":[]}"#).is_ok());
}

#[test]
fn a_stored_provision_expectation_that_lost_something_is_no_expectation() {
    let whole = r#"{"nonce":"1","user_id":"u","profile_id":null,"signature_key":"ATTESTATION","keys":[]}"#;
    assert!(serde_json::from_str::<ProvisionExpectation>(whole).is_ok());
    for lost in [r#""nonce":"1","#, r#""profile_id":null,"#, r#","keys":[]"#] {
        let stored = whole.replace(lost, "");
        assert!(
            serde_json::from_str::<ProvisionExpectation>(&stored).is_err(),
            "{stored}"
        );
    }
    let newer = whole.replace("{", r#"{"must_have":1,"#);
    assert!(serde_json::from_str::<ProvisionExpectation>(&newer).is_err());
}
