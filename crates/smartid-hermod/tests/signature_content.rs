//! A signature counts for exactly what was sent: the bytes, their order, the command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::answers::*;
use common::signature::{ANNA, BERTA, NOW, signers, transfer};
use serde_json::json;
use smartid_hermod::answers::{Binding, SignatureExpectation, SignaturePolicy, SignatureRefusal};
use smartid_hermod::{Entry, SignatureFormat};
use smartid_trust::cms::SignOptions;
use smartid_trust::{Check, OfficerSigner, Reason};

/// A signature is bound to its command by what was put into it, and by nothing else: something that is used once belongs into it.
#[test]
fn a_signature_of_another_command_is_refused() {
    let order = |nonce: &str| {
        let entries = [transfer(), Entry::text("once", nonce).visible(false)];
        let mut asked = SignatureExpectation::of(entries);
        asked.format = Some(SignatureFormat::Pkcs7);
        asked
    };
    let old = json!([cms(&ANNA, CONTENT), cms(&ANNA, b"used-1")]);
    assert!(check(old.clone(), order("used-1")).is_ok());
    assert_eq!(reason(check(old, order("used-2"))), Reason::ContentUnexpected);
}

#[test]
fn a_list_is_one_signature_for_each_entry_in_its_order() {
    let asked = || pages("pkcs7", &["one", "two"]);
    let [one, two] = ["one", "two"].map(|page| cms(&ANNA, page.as_bytes()));
    let verified = check(json!([one, two]), asked()).unwrap();
    let keys: Vec<&str> = verified.fact().entries().map(Entry::key).collect();
    assert_eq!(keys, ["tbs0", "tbs1"]);
    assert_eq!(verified.fact().signatures[1].content, "two");

    assert_eq!(
        reason(check(json!([two, one]), asked())),
        Reason::ContentUnexpected
    );
    assert_eq!(
        reason(check(json!([one, one]), asked())),
        Reason::ContentUnexpected
    );
    assert_eq!(code(check(json!([one]), asked())), "count-differs");
    assert_eq!(code(check(json!([one, two, two]), asked())), "count-differs");
    assert_eq!(code(check(one.clone(), asked())), "coverage-unknown");

    let item = |key: &str, data: &str| json!({"key": key, "data": data});
    assert!(check(json!([item("tbs0", &one), item("tbs1", &two)]), asked()).is_ok());
    let swapped = json!([item("tbs1", &one), item("tbs0", &two)]);
    assert_eq!(
        check(swapped, asked()).unwrap_err(),
        SignatureRefusal::EntryDiffers { index: 0 }
    );
    let elsewhere = json!([{"id": "tbs0", "s": one}, {"id": "tbs1", "s": two}]);
    let settings = "answers.signature = { item_key = '/id', item_data = '/s' }";
    assert!(check_with(settings, elsewhere, asked()).is_ok());
    // A list of one is a list.
    assert!(check(json!([cms(&ANNA, CONTENT)]), common::answers::asked("pkcs7")).is_ok());
    let nothing_asked = SignatureExpectation::default();
    assert_eq!(code(check(json!([one, two]), nothing_asked)), "count-differs");
    // The first is Anna's, the second somebody else's.
    let mixed = json!([one, cms(&BERTA, b"two")]);
    let answer = read(&json!({"data": mixed}), "", &asked());
    let policy = SignaturePolicy::new(asked(), &signers());
    assert!(answer.verify(&policy, NOW).is_ok(), "both are believed");
    let policy = policy.expecting_certificate(ANNA.chain()[0].clone());
    assert_eq!(code(answer.verify(&policy, NOW)), "signer-unexpected");
}

#[test]
fn one_signature_of_several_entries_covers_what_the_dialect_says() {
    let asked = || pages("jws", &["one", "two"]);
    let concatenated = "answers.signature.covers = 'concatenated'";
    let signed = |content: &str| jws(&ANNA, content.as_bytes());
    let verified = check_with(concatenated, signed("onetwo"), asked()).unwrap();
    assert_eq!(verified.fact().entries().count(), 2);
    assert!(verified.proof().was_checked(Check::ExpectedContent));
    for other in ["twoone", "one", "two", "one two"] {
        let checked = check_with(concatenated, signed(other), asked());
        assert_eq!(reason(checked), Reason::ContentUnexpected, "{other}");
    }
    assert_eq!(code(check(signed("onetwo"), asked())), "coverage-unknown");
    assert_eq!(code(check(signed("one"), asked())), "coverage-unknown");
    assert!(
        smartid_core::dialect::overlay::<smartid_hermod::HermodDialect>("answers.signature.covers = 'first'")
            .is_err()
    );
}

#[test]
fn signed_entries_are_those_that_were_sent() {
    let entries = "answers.signature.covers = 'entries'";
    let asked = || {
        let mut asked = pages("jws", &["one", "two"]);
        asked.description = vec![Entry::text("requester", "Bank")];
        asked
    };
    let value = |list: &[Entry]| serde_json::to_value(list).unwrap();
    let (tbs, description) = (value(&asked().tbs), value(&asked().description));
    let payload = |json: &str| check_with(entries, jws(&ANNA, json.as_bytes()), asked());
    let whole = json!({"tbs": tbs, "description": description, "time": 1}).to_string();
    let verified = payload(&whole).unwrap();
    assert_eq!(verified.fact().entries().count(), 2);
    assert!(verified.fact().is_bound(Binding::Tbs) && verified.fact().is_bound(Binding::Description));
    assert!(
        verified.proof().not_checked.contains(&Check::ExpectedContent),
        "it is not byte for byte"
    );
    let without = payload(&json!({"tbs": tbs}).to_string()).unwrap();
    assert!(without.fact().not_bound.contains(&Binding::Description));

    let mut reordered = tbs.clone();
    reordered.as_array_mut().unwrap().reverse();
    let mut changed = tbs.clone();
    changed[1]["visible"] = json!(false);
    let mut more = tbs.clone();
    more[1]["page"] = json!(2);
    let mut fewer = tbs.clone();
    fewer.as_array_mut().unwrap().pop();
    for other in [
        reordered,
        changed,
        more,
        fewer,
        json!(null),
        json!([]),
        json!({}),
        json!("one"),
    ] {
        let checked = payload(&json!({"tbs": other, "description": description}).to_string());
        assert_eq!(code(checked), "entries-differ", "{other}");
    }
    let other = json!({"tbs": tbs, "description": []}).to_string();
    assert_eq!(code(payload(&other)), "description-differs");
    for two_things in [
        format!(r#"{{"tbs":[],"tbs":{tbs}}}"#),
        format!(r#"{{"tbs":{tbs},"\u0074bs":[]}}"#),
        format!(r#"{{"tbs":{tbs},"x":{{"a":1,"a":2}}}}"#),
        format!(r#"{{"tbs":{tbs},"x":{}1{}}}"#, "[".repeat(80), "]".repeat(80)),
        tbs.to_string(),
        "one".to_owned(),
        String::new(),
    ] {
        assert_eq!(code(payload(&two_things)), "content-unreadable", "{two_things}");
    }
    // In another place of the payload, and in CMS.
    let settings = "answers.signature = { covers = 'entries', payload = { tbs = '/signed/entries', description = '/signed/told' } }";
    let deep = json!({"signed": {"entries": tbs, "told": description}}).to_string();
    assert!(check_with(settings, jws(&ANNA, deep.as_bytes()), asked()).is_ok());
    let mut in_cms = asked();
    in_cms.format = Some(SignatureFormat::Pkcs7);
    assert!(check_with(entries, cms(&ANNA, whole.as_bytes()), in_cms.clone()).is_ok());
    let detached = cms_with(&ANNA, whole.as_bytes(), &SignOptions::new().detached());
    assert_eq!(
        reason(check_with(entries, detached, in_cms)),
        Reason::ContentMissing
    );
}

#[test]
fn a_nonce_must_be_where_content_is_looked_into() {
    let settings = |covers: &str| format!("answers.signature.covers = '{covers}'");
    let asked = || {
        let mut asked = asked("jws");
        asked.nonce = Some("83012264".into());
        asked
    };
    // Over the very bytes there is no room for it, and that is told.
    let verified = check(jws(&ANNA, CONTENT), asked()).unwrap();
    assert!(verified.fact().not_bound.contains(&Binding::Nonce));
    let tbs = serde_json::to_value(&asked().tbs).unwrap();
    let payload = |nonce: serde_json::Value| {
        let payload = json!({"tbs": tbs, "nonce": nonce}).to_string();
        check_with(&settings("entries"), jws(&ANNA, payload.as_bytes()), asked())
    };
    assert!(
        payload(json!("83012264"))
            .unwrap()
            .fact()
            .is_bound(Binding::Nonce)
    );
    assert!(
        payload(json!(83_012_264)).is_ok(),
        "a number is taken as its digits"
    );
    for other in [
        json!("83012265"),
        json!("083012264"),
        json!(["83012264"]),
        json!(true),
        json!(""),
    ] {
        assert_eq!(code(payload(other)), "nonce-differs");
    }
    assert_eq!(code(payload(json!(null))), "nonce-missing");
    let settings = "answers.signature = { covers = 'entries', payload = { nonce = '/jti' } }";
    let payload = json!({"tbs": tbs, "jti": "83012264"}).to_string();
    assert!(check_with(settings, jws(&ANNA, payload.as_bytes()), asked()).is_ok());
    let settings = "answers.signature = { covers = 'entries', payload = { user_id = '/sub' } }";
    let payload = json!({"tbs": tbs, "nonce": "83012264", "sub": "user-2"}).to_string();
    let named = check_with(settings, jws(&ANNA, payload.as_bytes()), asked().user("user-1"));
    assert_eq!(code(named), "userid-differs");
}

#[test]
fn what_was_sent_by_content_id_must_be_supplied() {
    let asked = || {
        let mut asked = SignatureExpectation::of([Entry::content_id("tbs", "SIGN:17")]);
        asked.format = Some(SignatureFormat::Pkcs7);
        asked
    };
    let data = cms(&ANNA, CONTENT);
    assert_eq!(
        check(data.clone(), asked()).unwrap_err(),
        SignatureRefusal::EntryUnknown { index: 0 }
    );
    assert!(check(data.clone(), asked().supplying(0, CONTENT)).is_ok());
    assert_eq!(
        reason(check(data, asked().supplying(0, "other"))),
        Reason::ContentUnexpected
    );
    // What the command carried cannot be replaced.
    let replaced = common::answers::asked("pkcs7").supplying(0, "other");
    assert_eq!(
        reason(check(cms(&ANNA, b"other"), replaced)),
        Reason::ContentUnexpected
    );
}

#[test]
fn an_expectation_is_the_same_in_another_process() {
    let made = common::signature::sign("request_filter_deep.json").unwrap();
    let asked = made
        .command
        .nonce("83012264")
        .expectation()
        .user("user-1")
        .supplying(3, vec![0, 255]);
    let kept = serde_json::to_string(&asked).unwrap();
    assert_eq!(
        serde_json::from_str::<SignatureExpectation>(&kept).unwrap(),
        asked
    );
    let value = serde_json::to_value(&asked).unwrap();
    assert_eq!(
        serde_json::from_value::<SignatureExpectation>(value).unwrap(),
        asked
    );
    let small = asked.clone().without_description();
    assert!(small.description.is_empty() && small.tbs == asked.tbs);
    let nothing: SignatureExpectation = serde_json::from_str(r#"{"tbs":[]}"#).unwrap();
    assert_eq!(nothing, SignatureExpectation::default());
    for bad in [r#"{"tbs":[],"supplied":{"0":"%"}}"#, r#"{"tbs":[{}]}"#, "7"] {
        assert!(
            serde_json::from_str::<SignatureExpectation>(bad).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn further_members_do_not_change_what_is_checked() {
    use smartid_core::Endpoint as _;
    for place in ["/params", "/params/tbs", "/params/filter/op", "/params/nonce", ""] {
        let mut made = common::signature::sign("request_minimal.json").unwrap();
        made.command.members.set(place.parse().unwrap(), "[]");
        assert!(made.command.request(&made.dialect).is_err(), "{place}");
        let mut made = common::signature::authenticate("request_minimal.json").unwrap();
        made.command.members.set(place.parse().unwrap(), "[]");
        assert!(made.command.request(&made.dialect).is_err(), "{place}");
    }
    let mut made = common::signature::sign("request_minimal.json").unwrap();
    made.command.members.set("/params/tbs2".parse().unwrap(), "[]");
    assert!(made.command.request(&made.dialect).is_ok());
}

#[test]
fn an_empty_text_is_a_text() {
    let asked = |format: &str| {
        let mut asked = SignatureExpectation::of([Entry::text("tbs", "")]);
        asked.format = Some(format.into());
        asked
    };
    for (format, data) in [
        ("pkcs7", cms(&ANNA, b"")),
        ("jws", jws(&ANNA, b"")),
        ("jws", jws_detached(&ANNA, b"")),
    ] {
        assert!(check(data, asked(format)).is_ok(), "{format}");
    }
    assert_eq!(
        reason(check(jws(&ANNA, b"a"), asked("jws"))),
        Reason::ContentUnexpected
    );
}
