//! Every golden file of the authenticate command; payloads of worthless signatures are signed anew to see what verification says of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::signature::{ANNA, AUTHENTICATE, NOW, authenticate, signers};
use common::{Fixture, commands};
use smartid_core::Endpoint;
use smartid_hermod::answers::{
    Binding, SignatureData, SignatureExpectation, SignaturePolicy, SignatureRefusal, SignedStatement,
};
use smartid_hermod::{CommandReport, Entry, HermodDialect, SignatureFormat};
use smartid_trust::jws::{JwsAlgorithm, JwsOptions};
use smartid_trust::{Check, Reason, Verified};

#[test]
fn every_golden_request_is_what_is_sent() {
    let made = commands::requests("authenticate", |fixture| {
        let made = authenticate(&fixture.file)?;
        made.command
            .request(&made.dialect)
            .map_err(|error| error.to_string())
    });
    assert_eq!(made, AUTHENTICATE);
    commands::head(
        "authenticate",
        &authenticate("request_description.json").unwrap().command,
    );
}

#[test]
fn published_requests_have_the_published_order_of_members() {
    for name in [
        "request_published_image.json",
        "request_published_content_id.json",
    ] {
        let made = authenticate(name).unwrap();
        let sent = made.command.request(&made.dialect).unwrap();
        let published: String = common::text(&format!("authenticate/{name}"))
            .lines()
            .map(str::trim)
            .collect();
        let published = published.replace("\": ", "\":");
        assert_eq!(
            std::str::from_utf8(sent.body_bytes()).unwrap(),
            published,
            "{name}"
        );
    }
}

fn asked(fixture: &Fixture) -> SignatureExpectation {
    let request = fixture.request.as_deref().unwrap_or("request_jws.json");
    authenticate(request).unwrap().command.expectation()
}

fn dialect(_: &Fixture) -> HermodDialect {
    HermodDialect::default()
}

#[test]
fn every_golden_answer_is_read_as_it_says() {
    let read = commands::responses(
        "authenticate",
        dialect,
        |_, dialect, incoming| {
            let command = authenticate("request_jws.json").unwrap().command;
            command
                .response(dialect, incoming)
                .map_err(|error| format!("{error:?}"))
        },
        |fixture, report, dialect| commands::word(&report.authenticate(dialect, &asked(fixture))),
    );
    assert_eq!(read, 7);
    let read = commands::callbacks("authenticate", dialect, |fixture, report, dialect| {
        commands::word(&report.authenticate(dialect, &asked(fixture)))
    });
    assert_eq!(read, 48);
}

#[test]
fn words_of_the_mobile_page_are_settings() {
    for (name, settings, word) in [
        (
            "callback_approved_state.json",
            "states.success = ['SUCCESS', 'APPROVED']",
            "approved",
        ),
        (
            "callback_denied_state.json",
            "states.rejected = ['REJECTED', 'DENIED']",
            "declined",
        ),
        (
            "callback_expired_state.json",
            "states.timeout = ['TIMEOUT', 'EXPIRED']",
            "timed-out",
        ),
        (
            "callback_failed_denied_code.json",
            "callback.declined_codes = ['USER_DENIED']",
            "declined",
        ),
        (
            "callback_other_success_state.json",
            "states.success = ['SUCCESS', 'DONE']",
            "approved",
        ),
    ] {
        let dialect = common::dialect(settings);
        let body = common::golden(&format!("authenticate/{name}"));
        let report = CommandReport::read(body.into(), &dialect).unwrap();
        let asked = authenticate("request_jws.json").unwrap().command.expectation();
        assert_eq!(
            commands::word(&report.authenticate(&dialect, &asked)),
            word,
            "{name}"
        );
    }
}

/// The answer of a callback with the same payload, signed by somebody.
fn signed_anew(
    name: &str,
    settings: &str,
    change: impl FnOnce(SignatureExpectation) -> SignatureExpectation,
) -> Result<Verified<SignedStatement>, SignatureRefusal> {
    let fixtures = commands::fixtures("authenticate", "callback");
    let fixture = fixtures.iter().find(|fixture| fixture.file == name).unwrap();
    let asked = asked(fixture);
    let dialect = common::dialect(settings);
    let body = common::text(&format!("authenticate/{name}"));
    let read = |body: &str| {
        let report = CommandReport::read(body.to_owned().into(), &dialect).unwrap();
        report.authenticate(&dialect, &asked).succeeded().unwrap()
    };
    let worthless = read(&body);
    let SignatureData::Jws(message) = &worthless.signatures()[0].data else {
        panic!("{name}")
    };
    let policy = SignaturePolicy::new(asked.clone(), &signers()).accepting_any_format();
    let refused = worthless.verify(&policy, NOW).unwrap_err();
    assert!(
        [Some(Reason::BadSignature), Some(Reason::JwsNoKey)]
            .contains(&refused.refusal().map(|refusal| refusal.reason())),
        "{name}: {refused}"
    );

    let payload = message.danger_unverified().payload().clone();
    let options = JwsOptions::new().with_algorithm(JwsAlgorithm::Rs256);
    let anew = smartid_trust::jws::sign(&*ANNA, &payload, &options).unwrap();
    let value: serde_json::Value = serde_json::from_str(&body).unwrap();
    let old = value["response"]["data"].as_str().unwrap();
    let answer = read(&body.replace(old, &anew));
    let mut asked = change(asked);
    asked.format = Some(SignatureFormat::Jws);
    let policy = SignaturePolicy::new(asked, &signers());
    let unbound = policy.clone().danger_accepting_unbound();
    match answer.verify(&policy, NOW) {
        // Told last, when nothing else is wrong.
        Err(SignatureRefusal::Unbound) => answer.verify(&unbound, NOW),
        other => other,
    }
}

#[test]
fn nothing_of_the_command_in_what_is_signed_is_refused() {
    let dialect = HermodDialect::default();
    let data = |payload: &[u8]| smartid_trust::jws::sign(&*ANNA, payload, &JwsOptions::new()).unwrap();
    let verdict = |asked: &SignatureExpectation, settings: &str, payload: &str| {
        let body = serde_json::json!({"commandId": "5104", "state": "SUCCESS", "response": {"data": data(payload.as_bytes())}});
        let dialect = common::dialect(settings);
        let report = CommandReport::read(body.to_string().into(), &dialect).unwrap();
        let answer = report.authenticate(&dialect, asked).succeeded().unwrap();
        let strict = answer.verify(&SignaturePolicy::new(asked.clone(), &signers()), NOW);
        let lax = SignaturePolicy::new(asked.clone(), &signers()).danger_accepting_unbound();
        assert!(answer.verify(&lax, NOW).is_ok(), "{payload}");
        strict.map(drop).map_err(|refusal| refusal.code())
    };
    let header = smartid_hermod::CommandHeader::new(
        std::time::Duration::from_secs(300),
        std::time::Duration::from_secs(250),
    )
    .unwrap();
    let command = smartid_hermod::commands::Authenticate::new(header);
    let entries = "answers.signature.covers_without_tbs = 'entries'";
    let bare = command.expectation();
    // An old answer, a signed document, or one that names the user: all of them are signatures of the right person.
    for payload in ["", "Order 17", r#"{"userid":"anna"}"#, r#"{"nonce":"1"}"#] {
        assert_eq!(verdict(&bare, "", payload), Err("unbound"), "{payload}");
    }
    assert_eq!(
        verdict(&bare.clone().user("anna"), "", r#"{"userid":"anna"}"#),
        Err("unbound")
    );
    // A list of no descriptions ties nothing.
    assert_eq!(verdict(&bare, entries, r#"{"description":[]}"#), Err("unbound"));
    let told = command
        .clone()
        .description(Entry::plain_text("requester", "Bank"))
        .expectation();
    let signed = serde_json::json!({"description": told.description}).to_string();
    assert_eq!(verdict(&told, entries, &signed), Ok(()));
    let nonce = command.clone().nonce("83012264").expectation();
    assert_eq!(verdict(&nonce, "", r#"{"nonce":"83012264"}"#), Ok(()));
    let challenge = command.challenge(&"83012264".into()).expectation();
    assert_eq!(verdict(&challenge, "", "83012264"), Ok(()));
    let report = CommandReport::read(r#"{"commandId":"1","state":"SUCCESS"}"#.into(), &dialect).unwrap();
    assert_eq!(report.authenticate(&dialect, &bare).name(), "unreadable");
}

#[test]
fn what_ties_a_payload_to_its_command() {
    let same = |asked| asked;
    // Nothing was sent that could be in it: who signed is known, and nothing else.
    let verified = signed_anew("callback_approved.json", "", same).unwrap();
    assert!(verified.proof().not_checked.contains(&Check::ExpectedContent));
    assert_eq!(verified.fact().entries().count(), 0);
    assert!(verified.fact().not_bound.contains(&Binding::Tbs));
    let named = |user: &'static str| move |asked: SignatureExpectation| asked.user(user);
    let verified = signed_anew("callback_approved.json", "", named("user-1@example.com")).unwrap();
    assert!(verified.fact().is_bound(Binding::User));
    let other = signed_anew("callback_approved.json", "", named("user-2@example.com"));
    assert_eq!(other.unwrap_err(), SignatureRefusal::UserDiffers);

    // The challenge as tbs is bound to the byte.
    let verified = signed_anew("callback_jws_challenge.json", "", same).unwrap();
    assert!(verified.proof().was_checked(Check::ExpectedContent));
    assert!(verified.fact().is_bound(Binding::Tbs));
    let another = |mut asked: SignatureExpectation| {
        asked.tbs = vec![Entry::text("tbs", "challenge-83012265")];
        asked
    };
    let other = signed_anew("callback_jws_challenge.json", "", another).unwrap_err();
    assert_eq!(other.refusal().unwrap().reason(), Reason::ContentUnexpected);

    // A nonce must be there and be the one that was sent.
    let differs = signed_anew("callback_jws_nonce_differs.json", "", same);
    assert_eq!(differs.unwrap_err(), SignatureRefusal::NonceDiffers);
    let other = signed_anew("callback_jws_wrong_user.json", "", named("user-1@example.com"));
    assert_eq!(other.unwrap_err(), SignatureRefusal::UserDiffers);
    let verified = signed_anew("callback_jws_wrong_user.json", "", same).unwrap();
    assert!(verified.fact().is_bound(Binding::Nonce), "the nonce is right");
    let with_nonce = |mut asked: SignatureExpectation| {
        asked.nonce = Some("83012264".into());
        asked
    };
    assert!(signed_anew("callback_jws_kid.json", "", with_nonce).is_ok());
    let missing = signed_anew("callback_jws_description.json", "", with_nonce);
    assert_eq!(missing.unwrap_err(), SignatureRefusal::NonceMissing);

    // Descriptions are bound where the dialect says that they are signed.
    let entries = "answers.signature.covers_without_tbs = 'entries'";
    let verified = signed_anew("callback_jws_description.json", entries, same).unwrap();
    assert!(verified.fact().is_bound(Binding::Description));
    let differs = signed_anew("callback_approved.json", entries, same);
    assert_eq!(differs.unwrap_err(), SignatureRefusal::DescriptionDiffers);
}

#[test]
fn the_cms_answer_verifies() {
    let fixtures = commands::fixtures("authenticate", "callback");
    let real: Vec<_> = fixtures.iter().filter(|fixture| fixture.cms.is_some()).collect();
    assert_eq!(real.len(), 1);
    let dialect = HermodDialect::default();
    let body = common::golden(&format!("authenticate/{}", real[0].file));
    let report = CommandReport::read(body.into(), &dialect).unwrap();
    let asked = asked(real[0]);
    let answer = report.authenticate(&dialect, &asked).succeeded().unwrap();
    let policy = SignaturePolicy::new(asked, &signers());
    assert_eq!(
        answer.verify(&policy, NOW).unwrap_err(),
        SignatureRefusal::Unbound
    );
    let verified = answer.verify(&policy.danger_accepting_unbound(), NOW).unwrap();
    let signer = verified.proof().signer().unwrap().subject().to_string();
    assert_eq!(signer, "O=Example,CN=Officer One");
    assert_eq!(
        verified.fact().signatures[0].content,
        common::provision::trust("content/data.bin")
    );
    assert!(verified.fact().not_bound.contains(&Binding::Tbs));
}
