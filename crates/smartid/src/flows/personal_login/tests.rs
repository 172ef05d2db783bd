//! Rules that no network is needed for: how ends read, what a report means, what is shown of what.

use std::sync::Arc;
use std::time::Duration;

use smartid_core::{ManualRuntime, Runtime, SecretString, Timestamp};
use smartid_da::UserId;
use smartid_da::personal::{PersonalMethod, StoredUser};
use smartid_hermod::answers::SignatureExpectation;
use smartid_hermod::{ApiKey, CommandReport, Hermod, HermodDialect, MobileLink, MobileLinkOptions, Pending};
use smartid_reqwest::ReqwestTransport;

use super::state::{Place, Plan, Proof};
use super::*;
use crate::flows::{Failure, Service};
use crate::{MemoryFlowStore, SmartId};

fn login(runtime: &ManualRuntime) -> PersonalLogin {
    let runtime: Arc<dyn Runtime> = Arc::new(runtime.clone());
    let root = include_str!("../../../../smartid-trust/doc/root.pem");
    let transport = ReqwestTransport::builder().root_pem(root).build().unwrap();
    let key = ApiKey::from_token(SecretString::new("aWRtOjAxMjM0NTY3ODlhYmNkZWY=")).unwrap();
    let hermod = Hermod::builder("https://h.example.test/command", key)
        .build(Arc::new(transport), Arc::clone(&runtime))
        .unwrap();
    let smartid = SmartId::builder(runtime)
        .hermod(hermod)
        .store(Arc::new(MemoryFlowStore::new()))
        .build();
    let alice = StoredUser::new(UserId::new("alice").unwrap());
    let directory = MemoryUserDirectory::new([DirectoryUser::new(alice)]);
    let method = PersonalMethod::mobile("Mobile", "Service");
    smartid
        .personal_login(method, Arc::new(directory))
        .unwrap()
        .build()
        .unwrap()
}

/// A login of Alice by her mailbox, whose command went out as message `m-1` at 1000 s, to be answered until 1250 s and kept until 1300 s.
fn waiting(login: &PersonalLogin) -> State {
    let header = login.hermod.header();
    let sent = Timestamp::from_millis(1_000_000);
    let mut pending = Pending::new(&header, sent).with_command_id("7");
    pending.mids = vec!["m-1".into()];
    let mut state = State::new(login.settings.fingerprint.clone(), LoginRequest::new(), sent);
    state.plan = Some(Plan {
        user: Some("alice".into()),
        place: Place::Mailbox("alice".into()),
        proof: Proof::Mailbox,
    });
    state.asked = Some(SignatureExpectation::of([]));
    state.pending = Some(pending);
    state
}

#[test]
fn what_a_report_means() {
    let runtime = ManualRuntime::new(Timestamp::from_millis(1_000_000));
    let login = login(&runtime);
    let state = waiting(&login);
    let judge = |body: &str, seconds: u64| {
        let report = CommandReport::read(body.to_owned().into(), &HermodDialect::default()).unwrap();
        let now = Timestamp::from_millis(seconds * 1000);
        runtime
            .block_on(login.judge(&state, &report, now))
            .unwrap()
            .unwrap()
    };
    let success = r#"{"commandId":"7","state":"SUCCESS","destinations":[{"mid":"m-1"}]}"#;
    let end = judge(success, 1100);
    let logged_in = end.logged_in().unwrap();
    assert_eq!((logged_in.user.as_str(), logged_in.how), ("alice", How::Mailbox));
    assert_eq!(judge(success, 1300).name(), "logged-in", "the last moment");
    assert_eq!(judge(success, 1301), End::TooLate);
    // A clock that was set back counts as the time of the beginning.
    assert_eq!(
        judge(success, 10).logged_in().unwrap().at,
        Timestamp::from_millis(1_000_000)
    );
    let other = success.replace("m-1", "m-2");
    assert!(matches!(judge(&other, 1100), End::AnswerRefused(problem) if problem.code == "other-mailbox"));
    for (state, error, name) in [
        ("REJECTED", "", "declined"),
        ("CANCELLED", "", "cancelled"),
        ("TIMEOUT", "", "timed-out"),
        ("FAILED", "", "app-failed"),
        (
            "FAILED",
            r#","error":{"code":"PIN_BLOCKED","message":"m"}"#,
            "app-failed",
        ),
        ("IN_PROGRESS", "", "unreadable-answer"),
        ("SOMETHING", "", "unreadable-answer"),
    ] {
        let body = format!(r#"{{"commandId":"7","state":"{state}"{error}}}"#);
        assert_eq!(judge(&body, 1100).name(), name, "{body}");
    }
}

#[test]
fn a_proof_that_is_not_there_is_no_proof() {
    let runtime = ManualRuntime::new(Timestamp::from_millis(1_000_000));
    let login = login(&runtime);
    let success = r#"{"commandId":"7","state":"SUCCESS"}"#;
    let report = CommandReport::read(success.into(), &HermodDialect::default()).unwrap();
    for proof in [Proof::Certificate, Proof::ProfileKey] {
        let mut state = waiting(&login);
        state.plan.as_mut().unwrap().proof = proof;
        let end = runtime
            .block_on(login.judge(&state, &report, state.begun))
            .unwrap();
        assert_eq!(end.unwrap().name(), "unreadable-answer", "{proof:?}");
    }
    // A plan that names a mailbox and nobody, or somebody and no mailbox.
    let mut state = waiting(&login);
    state.plan.as_mut().unwrap().user = None;
    let end = runtime
        .block_on(login.judge(&state, &report, state.begun))
        .unwrap();
    assert_eq!(end.unwrap(), End::NobodyNamed);
    let mut state = waiting(&login);
    state.plan.as_mut().unwrap().place = Place::Temporary;
    let end = runtime
        .block_on(login.judge(&state, &report, state.begun))
        .unwrap();
    assert_eq!(end.unwrap(), End::NobodyNamed);
    state.asked = None;
    let error = runtime
        .block_on(login.judge(&state, &report, state.begun))
        .unwrap();
    assert!(matches!(error, Err(FlowError::Store(_))), "{error:?}");
}

fn ends() -> Vec<End> {
    let failure = || Failure {
        operation: "hermod.authenticate".into(),
        phase: smartid_core::Phase::Refused,
        status: Some(401),
        code: None,
        request_id: None,
        message: "messaging answered 401".into(),
        turn: smartid_core::Turn::Administrator,
        check: "the key".into(),
    };
    let problem = || NotAcceptable {
        code: "expired".into(),
        reason: "it has expired".into(),
        turn: smartid_core::Turn::Administrator,
        check: "the certificate".into(),
    };
    let user = || "alice".to_owned();
    let step = || "send-command".to_owned();
    let service = Service::Messaging;
    vec![
        End::LoggedIn(LoggedIn {
            user: user(),
            how: How::Certificate,
            at: Timestamp::from_millis(1),
            method: "Mobile".into(),
            certificate: None,
            remarks: vec!["r".into()],
        }),
        End::Declined,
        End::Cancelled,
        End::TimedOut,
        End::TooLate,
        End::AppFailed {
            code: "WRONG_PIN".into(),
            message: String::new(),
        },
        End::UnknownUser,
        End::PersonalNotEnabled { user: user() },
        End::NoMailbox { user: user() },
        End::NobodyNamed,
        End::AnswerRefused(problem()),
        End::CertificateRefused(problem()),
        End::NoUser,
        End::SeveralUsers,
        End::OtherUser,
        End::CommandRefused { failure: failure() },
        End::Unreachable {
            service,
            step: step(),
            failure: failure(),
        },
        End::UnreadableAnswer {
            service,
            step: step(),
            failure: failure(),
        },
        End::Misconfigured { failure: failure() },
    ]
}

#[test]
fn ends_are_stored_and_each_has_a_name_and_a_sentence_of_its_own() {
    let all = ends();
    let mut seen = Vec::new();
    for end in &all {
        let stored = serde_json::to_value(end).unwrap();
        assert_eq!(stored["end"], end.name(), "the name in the store is the name");
        assert_eq!(serde_json::from_value::<End>(stored).unwrap(), *end);
        let sentence = end.to_string();
        assert!(sentence.len() > 15 && !sentence.ends_with('.'), "{sentence}");
        assert_eq!(end.advice().is_none(), end.logged_in().is_some(), "{sentence}");
        seen.push((end.name(), sentence));
    }
    for (index, one) in seen.iter().enumerate() {
        assert!(
            seen[index + 1..]
                .iter()
                .all(|other| other.0 != one.0 && other.1 != one.1),
            "{one:?}"
        );
    }
}

#[test]
fn no_link_is_in_debug() {
    let options = MobileLinkOptions::new().redirect("https://h.example.test/canary");
    let link = || LoginLink::Start(MobileLink::start(&options).unwrap());
    let showings = [
        Showing::Qr(link()),
        Showing::Desktop(link()),
        Showing::SameDevice {
            link: link(),
            after: Duration::ZERO,
            text: "text".into(),
        },
    ];
    for showing in showings {
        assert!(showing.link().unwrap().expose().contains("canary"));
        let begun = Begun {
            id: FlowId::from_text("f"),
            image: None,
            showing,
            expires: Timestamp::from_millis(0),
        };
        let text = format!("{begun:?} {:?}", begun.showing.link());
        assert!(!text.contains("canary"), "{text}");
    }
}
