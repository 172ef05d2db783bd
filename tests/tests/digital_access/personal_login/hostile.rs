//! Answers that must log nobody in: of other people, of other authorities, of yesterday, of no app at all.

use super::*;
use smartid::core::{Head, Inbound};
use smartid::da::personal::PersonalAccount;
use smartid::flows::personal_login::{NotAcceptable, NotBegun};
use smartid_sim::SimConfig;

#[tokio::test]
async fn each_persona_on_the_phone_has_its_end() {
    let hall = Hall::of(for_seconds(20), Arc::new(MemoryFlowStore::new())).await;
    let phone = hall.phone().await;
    let login = hall.login(by_mail(mobile()));
    for (persona, request, name, code) in [
        (Persona::Approves, nobody(), "logged-in", ""),
        (Persona::AnswersTwice, nobody(), "logged-in", ""),
        (Persona::Declines, nobody(), "declined", ""),
        (Persona::Declines, typed("alice"), "declined", ""),
        (Persona::Cancels, nobody(), "cancelled", ""),
        (Persona::WrongPin, nobody(), "app-failed", "WRONG_PIN"),
        (Persona::Garbage, nobody(), "unreadable-answer", ""),
        (
            Persona::Stranger,
            nobody(),
            "certificate-refused",
            "unknown-issuer",
        ),
        (
            Persona::Stranger,
            typed("alice"),
            "certificate-refused",
            "unknown-issuer",
        ),
        (
            Persona::ForgesSignature,
            nobody(),
            "answer-refused",
            "bad-signature",
        ),
        (
            Persona::SignsOther,
            nobody(),
            "answer-refused",
            "content-unexpected",
        ),
        (
            Persona::ReplaysOld,
            nobody(),
            "answer-refused",
            "content-unexpected",
        ),
        (
            Persona::ReplaysOld,
            typed("alice"),
            "answer-refused",
            "content-unexpected",
        ),
    ] {
        let end = on_phone(&login, request, &phone, persona).await;
        let found = match &end {
            End::AnswerRefused(problem) | End::CertificateRefused(problem) => problem.code.as_str(),
            End::AppFailed { code, .. } => code,
            _ => "",
        };
        assert_eq!((end.name(), found), (name, code), "{persona}: {end:?}");
        assert_eq!(end.logged_in().is_some(), end.advice().is_none(), "{persona}");
    }
}

#[tokio::test]
async fn nobody_answers() {
    let hall = Hall::of(for_seconds(1), Arc::new(MemoryFlowStore::new())).await;
    let phone = hall.phone().await;
    let login = hall.login(mobile());
    let end = on_phone(&login, typed("alice"), &phone, Persona::NeverOpens).await;
    assert_eq!(end, End::TimedOut);
}

#[tokio::test]
async fn the_authority_does_not_filter_at_the_desktop_and_validates_all_the_same() {
    let hall = Hall::open().await;
    let now = hall.bench.sim.clock().unix_millis() / 1000;
    let other = TestCa::new(99, now - 60).unwrap();
    let login = hall.login(desktop());
    let many = (0..17).map(|number| format!("CN=Alice {number}"));
    let many = many.collect::<Vec<_>>().join(",");
    for (ca, subject, validity, code) in [
        (&hall.bench.ca, many.as_str(), (0, 30), "too-many-values"),
        (&other, "CN=Alice Example", (0, 30), "unknown-issuer"),
        (&hall.bench.ca, "CN=Alice Example", (60, 30), "expired"),
        (&hall.bench.ca, "O=Example", (0, 30), "no-value"),
    ] {
        hall.card_of(ca, subject, KeyKind::P256, validity);
        let end = on_desktop(&hall, &login, nobody(), Persona::Approves).await;
        let End::CertificateRefused(NotAcceptable { code: found, .. }) = &end else {
            panic!("{code}: {end:?}")
        };
        assert_eq!(found, code);
    }
    // The root of the authority has other authorities below it; a chain to the root alone is none to the authority.
    hall.card();
    let root = Certificate::from_der(hall.bench.ca.root_der().to_vec()).unwrap();
    let sibling = Certificate::from_der(other.issuer_der().to_vec()).unwrap();
    for (certificate, logged_in) in [(root, true), (sibling, false)] {
        let authority = CertificateAuthority::new(CA, certificate).unwrap();
        let login = hall
            .smartid
            .personal_login(desktop(), directory([alice()]))
            .unwrap()
            .authority(authority)
            .build()
            .unwrap();
        let end = on_desktop(&hall, &login, nobody(), Persona::Approves).await;
        assert_eq!(end.logged_in().is_some(), logged_in, "{end:?}");
    }
}

#[tokio::test]
async fn a_certificate_names_exactly_one_user_and_the_typed_one() {
    let hall = Hall::open().await;
    hall.card();
    let twin = user("alice2").with("displayName", "Alice Example");
    let same_in_another_case = user("ALICE").with("displayName", "alice example");
    for (users, request, name) in [
        (vec![alice(), bob()], nobody(), "logged-in"),
        (vec![alice(), bob()], typed("alice"), "logged-in"),
        (vec![alice(), bob()], typed("bob"), "other-user"),
        (vec![bob()], nobody(), "no-user"),
        (vec![], nobody(), "no-user"),
        (vec![alice(), twin.clone()], nobody(), "several-users"),
        (vec![alice(), twin], typed("alice"), "several-users"),
        (vec![same_in_another_case.clone()], nobody(), "no-user"),
        (vec![alice(), alice()], nobody(), "logged-in"),
    ] {
        let count = users.len();
        let login = hall.builder(desktop(), directory(users)).build().unwrap();
        let end = on_desktop(&hall, &login, request.clone(), Persona::Approves).await;
        assert_eq!(end.name(), name, "{count} {request:?}: {end:?}");
    }
    // A directory that cannot tell its users apart is not searched through.
    let crowd = (0..1000).map(|number| user(&format!("u{number}")).with("displayName", "ALICE EXAMPLE"));
    for (count, name) in [(999, "logged-in"), (1000, "several-users")] {
        let users = directory(crowd.clone().take(count).chain([alice()]));
        let login = hall.builder(desktop(), users).build().unwrap();
        let end = on_desktop(&hall, &login, nobody(), Persona::Approves).await;
        assert_eq!(end.name(), name, "{count}: {end:?}");
    }
    // Values may be compared without regard to case; user ids are not.
    let users = directory([same_in_another_case, bob()]);
    let login = hall
        .builder(desktop(), users)
        .comparison(smartid::trust::AttributeComparison::IgnoreAsciiCase);
    let login = login.build().unwrap();
    let end = on_desktop(&hall, &login, nobody(), Persona::Approves).await;
    assert_eq!(end.logged_in().unwrap().user, "ALICE");
}

#[tokio::test]
async fn whoever_may_not_is_told_apart_before_anything_is_sent() {
    let hall = Hall::open().await;
    hall.card();
    let disabled = DirectoryUser::new(alice()).with_account(PersonalAccount::default());
    let no_box = DirectoryUser::new(user("carol"));
    let two_boxes = DirectoryUser::new(user("dora").with("box", "a").with("box", "b"));
    let everybody = DirectoryUser::new(user("eve").with("box", "@tmp"));
    let users = [disabled, no_box, two_boxes, everybody];
    let users: Arc<dyn UserDirectory> = Arc::new(MemoryUserDirectory::new(users));
    let login = hall.builder(mobile(), Arc::clone(&users)).build().unwrap();
    for (name, end_name) in [
        ("alice", "personal-not-enabled"),
        ("nobody", "unknown-user"),
        ("carol", "no-mailbox"),
        ("dora", "no-mailbox"),
        ("eve", "no-mailbox"),
    ] {
        let refused = login.begin(typed(name)).await.unwrap_err();
        let NotBegun::Ended { end, id } = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(end.name(), end_name, "{name}");
        assert_eq!(login.complete(&id).await.unwrap(), *end, "and stays so");
    }
    let sent = |record: &smartid_sim::Record| record.path.ends_with("/authenticate");
    assert!(!hall.bench.sim.records().iter().any(sent));
    // Whom the certificate names must be enabled, too.
    let login = hall.builder(desktop(), users).build().unwrap();
    let end = on_desktop(&hall, &login, nobody(), Persona::Approves).await;
    assert_eq!(end.name(), "personal-not-enabled", "{end:?}");
    // A mailbox that messaging does not know.
    let login = hall.login(mobile());
    let refused = login.begin(typed("alice")).await.unwrap_err();
    assert!(
        matches!(&refused, NotBegun::Ended { end, .. } if end.name() == "command-refused"),
        "{refused:?}"
    );
}

/// What messaging would send, by somebody who knows its password.
async fn forged(hall: &Hall, body: serde_json::Value) -> u16 {
    let mut headers = http::HeaderMap::new();
    let basic = smartid::core::base64::encode(
        smartid::core::base64::Flavour::Standard,
        format!("hermod:{CALLBACK_PASSWORD}").as_bytes(),
    );
    headers.insert("authorization", format!("Basic {basic}").parse().unwrap());
    let head = Head::new(http::Method::POST, PERSONAL_MESSAGING, headers);
    let reply = hall.receiver.receive(&head, body.to_string().into()).await;
    reply.status.as_u16()
}

#[tokio::test]
async fn an_answer_of_another_mailbox_and_one_without_a_signature_log_nobody_in() {
    let hall = Hall::open().await;
    let phone = hall.phone().await;
    let sent = || {
        let records = hall.bench.sim.records();
        let sent = records
            .iter()
            .rfind(|record| record.path.ends_with("/authenticate"));
        sent.unwrap().json().unwrap()["commandHeader"]["externalId"].clone()
    };
    let login = hall.login(mobile());
    let begun = login.begin(typed("alice")).await.unwrap();
    let other = serde_json::json!({
        "externalId": sent(), "state": "SUCCESS", "destinations": [{"to": "mallory", "mid": "of-another-box"}],
    });
    assert_eq!(forged(&hall, other).await, 200);
    let refused = end(&login, &begun).await;
    assert!(
        matches!(&refused, End::AnswerRefused(problem) if problem.code == "other-mailbox"),
        "{refused:?}"
    );
    // The right answer comes after the end: it is taken, and changes nothing.
    phone.check_as(Persona::Approves).await.unwrap();
    assert_eq!(end(&login, &begun).await, refused);

    // Where a certificate is asked for, a bare success is none.
    let login = hall.login(by_mail(mobile()));
    let begun = login.begin(nobody()).await.unwrap();
    let bare = serde_json::json!({"externalId": sent(), "state": "SUCCESS", "response": {"userid": "alice"}});
    assert_eq!(forged(&hall, bare).await, 200);
    assert_eq!(end(&login, &begun).await.name(), "unreadable-answer");
}

#[tokio::test]
async fn callbacks_of_nobody_are_answered_and_ignored() {
    let hall = Hall::open().await;
    let phone = hall.phone().await;
    let login = hall.login(by_mail(mobile()));
    let unknown =
        serde_json::json!({"commandId": "999999", "externalId": "nobody-knows", "state": "SUCCESS"});
    for _ in 0..2 {
        assert_eq!(forged(&hall, unknown.clone()).await, 200);
    }
    let begun = login.begin(nobody()).await.unwrap();
    answer(&phone, &begun, Persona::Approves).await.unwrap();
    let first = end(&login, &begun).await;
    assert!(first.logged_in().is_some());
    // The callback once more, and its contrary.
    let records = hall.bench.sim.records();
    let callback = records
        .iter()
        .rfind(|record| record.path.contains("personalmessaging"));
    let body = callback.unwrap().json().unwrap();
    assert_eq!(forged(&hall, body.clone()).await, 200);
    let mut contrary = body;
    contrary["state"] = "REJECTED".into();
    contrary.as_object_mut().unwrap().remove("response");
    assert_eq!(forged(&hall, contrary).await, 200);
    assert_eq!(end(&login, &begun).await, first);
    // The next login is not touched by any of them.
    let end = on_phone(&login, nobody(), &phone, Persona::Declines).await;
    assert_eq!(end, End::Declined);
}

#[tokio::test]
async fn with_the_challenge_beside_the_entries_it_must_be_signed_too() {
    let mut setup = Setup::default();
    setup.sim = SimConfig::from_toml("[hermod.verbs.authenticate]\nextra_members = ['nonce']").unwrap();
    let hall = Hall::of(setup, Arc::new(MemoryFlowStore::new())).await;
    let phone = hall.phone().await;
    let nonce = smartid::flows::personal_login::ChallengePlace::Nonce;
    let login = hall
        .builder(by_mail(mobile()), directory([alice()]))
        .challenge(nonce);
    let login = login.build().unwrap();
    for (persona, name) in [
        (Persona::Approves, "logged-in"),
        (Persona::WrongNonce, "answer-refused"),
        (Persona::ReplaysOld, "answer-refused"),
    ] {
        let end = on_phone(&login, nobody(), &phone, persona).await;
        assert_eq!(end.name(), name, "{persona}: {end:?}");
    }
    // An app that signs something else than the nonce is tied to nothing.
    let signs = |what: &str| {
        let text = format!(
            "seed = 7\n[hermod.verbs.authenticate]\nextra_members = ['nonce']\n[device.signature]\nwithout_tbs = '{what}'\n[mobile]\nauto = false"
        );
        SimConfig::from_toml(&text).unwrap().device.signature
    };
    let empty = signs("empty");
    hall.bench
        .sim
        .reconfigure(|config| config.device.signature = empty);
    let end = on_phone(&login, nobody(), &phone, Persona::Approves).await;
    assert_eq!(end.name(), "answer-refused", "{end:?}");
}
