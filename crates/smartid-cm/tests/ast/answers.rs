//! Whatever a service answers: a token, or a typed error that shows neither password nor container.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use smartid_cm::ast::{AstRequest, Redirected};
use smartid_cm::soft_token::{IssuedSoftToken, SoftTokenProblem, UnusableSoftToken};
use smartid_cm::{Attribute, CmDialect, CmRefusal, CmRefusalKind};
use smartid_core::{
    Endpoint, Error, Incoming, Phase, ResponseError, Retry, TransportError, TransportProblem,
};

use crate::common::{client, verdict::perhaps_done};
use crate::log::Log;
use crate::{CONTAINER, answer};

const PASSWORD: &str = "canary word";

fn request() -> AstRequest {
    AstRequest::new(PASSWORD).attribute(Attribute::COUNTRY_NAME, "canary-country")
}

fn read(incoming: Incoming) -> Result<IssuedSoftToken, Error> {
    request()
        .response(&CmDialect::default(), incoming)
        .map_err(|error| match error {
            ResponseError::Refused(refusal) => Error::refused("cm.ast", refusal),
            ResponseError::Unreadable(unreadable) => Error::unreadable("cm.ast", unreadable),
        })
}

/// All that can be shown of an error, however it is asked for.
fn shown(error: &Error) -> String {
    let refusal = error.refusal::<CmRefusal>();
    format!("{error} {error:?} {error:#?} {} {refusal:?}", error.advice())
}

#[test]
fn a_service_that_repeats_the_password_is_not_quoted() {
    for (status, kind, body) in [
        (
            200,
            "text/html",
            "<html><title>canary word is too weak</title>canary word",
        ),
        (400, "text/html", "<title>canary word</title>"),
        (400, "text/plain", "the value canary word is too weak"),
        (500, "text/plain", "canary word"),
        (
            200,
            "application/json",
            r#"{"error":-14,"msg":"not canary word"}"#,
        ),
        (
            400,
            "application/json",
            r#"{"message":"canary word","state":"canary word"}"#,
        ),
        (200, "application/json", r#"{"error":0,"msg":"canary word"}"#),
        (200, "text/plain", "canary word"),
    ] {
        let error = read(answer(status, &[("content-type", kind)], body)).unwrap_err();
        assert!(!shown(&error).contains("canary"), "{status} {kind}: {error}");
    }
}

#[test]
fn a_container_is_never_quoted_whatever_its_status() {
    for status in [302, 400, 401, 403, 404, 413, 500, 502, 503] {
        for kind in [
            "application/x-pkcs12",
            "text/plain",
            "text/html",
            "application/json",
        ] {
            let error = read(answer(status, &[("content-type", kind)], CONTAINER)).unwrap_err();
            assert!(!shown(&error).contains("canary"), "{status} {kind}: {error}");
            assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
        }
        // Not even words of it that look like any others.
        let words = [&CONTAINER[..8], b" an old word of it \x01"].concat();
        let error = read(answer(status, &[], words)).unwrap_err();
        assert!(!shown(&error).contains("old word"), "{status}: {error}");
    }
    let token = read(answer(200, &[], CONTAINER)).unwrap();
    assert_eq!(token.token.expose_octets(), CONTAINER);
    assert!(!format!("{token:?}").contains("canary"));
}

#[test]
fn a_redirect_is_told_and_not_followed() {
    for (status, to, expected) in [
        (
            302,
            "https://front.example.test/login?ticket=canary",
            Some("https://front.example.test/login"),
        ),
        (
            303,
            "/pgwy/request/ast.html#canary",
            Some("/pgwy/request/ast.html"),
        ),
        (307, "javascript:alert('canary')", None),
        (308, "", None),
    ] {
        let error = read(answer(status, &[("location", to)], "")).unwrap_err();
        assert_eq!(
            (error.phase(), error.retry()),
            (Phase::Unreadable, Retry::Forbidden)
        );
        let cause = error.unreadable_answer().unwrap().cause::<Redirected>().unwrap();
        assert_eq!(cause.to.as_deref(), expected);
        assert!(!shown(&error).contains("canary"), "{error}");
        assert!(error.advice().check.contains("front"), "{error}");
    }
}

#[test]
fn each_refusal_says_whose_turn_it_is_at_this_servlet() {
    for (status, kind, word) in [
        (401, CmRefusalKind::NotAuthenticated, "login"),
        (403, CmRefusalKind::NotAnOfficer, "ast.properties"),
        (404, CmRefusalKind::NoSuchPath, "ast.handler_path"),
        (503, CmRefusalKind::NotStarted, "ast.properties"),
        (431, CmRefusalKind::Status, "log of Protocol Gateway"),
    ] {
        let error = read(answer(status, &[], "")).unwrap_err();
        let refusal = error.refusal::<CmRefusal>().unwrap();
        assert_eq!(*refusal.kind(), kind);
        assert!(
            error.advice().check.contains(word),
            "{status}: {}",
            error.advice()
        );
        assert!(!error.advice().check.contains("api.properties"), "{status}");
        assert_eq!(perhaps_done(&error), status == 503, "{status}");
    }
}

#[test]
fn each_thing_that_is_no_token_has_its_problem() {
    for (body, problem) in [
        (&b""[..], SoftTokenProblem::Empty),
        (b"<html>", SoftTokenProblem::WebPage),
        (br#"{"error":0}"#, SoftTokenProblem::Document),
        (&CONTAINER[..7], SoftTokenProblem::Truncated),
        (b"\x30\x82\x00\x04\x30\x02\x05\x00", SoftTokenProblem::OtherFile),
        (b"0 tokens issued", SoftTokenProblem::NoContainer),
    ] {
        let cookie = ("set-cookie", "downloaded=1");
        let error = read(answer(200, &[cookie], body)).unwrap_err();
        let unusable = error
            .unreadable_answer()
            .unwrap()
            .cause::<UnusableSoftToken>()
            .unwrap();
        assert_eq!(unusable.problem(), problem);
        assert_eq!(unusable.downloaded().unwrap().set_cookie(), "downloaded=1");
        assert!(perhaps_done(&error), "{error}");
        assert!(!error.advice().check.is_empty());
    }
}

#[test]
fn nothing_secret_is_logged() {
    let answers: [fn() -> Result<Incoming, TransportError>; 5] = [
        || Ok(answer(200, &[("set-cookie", "downloaded=canary")], CONTAINER)),
        || {
            Ok(answer(
                200,
                &[("set-cookie", "downloaded=canary")],
                "<html>canary word",
            ))
        },
        || Ok(answer(500, &[], CONTAINER)),
        || Ok(answer(302, &[("location", "/login?canary")], "")),
        || Err(TransportError::new(TransportProblem::Broken, "lost")),
    ];
    for next in answers {
        let log = Log::of(|| {
            let (cm, runtime) = client(CmDialect::default(), move |outgoing| {
                tracing::trace!(?outgoing, "sent");
                next()
            });
            let result = runtime.block_on(cm.call_gateway(&request())).unwrap();
            tracing::trace!(?result, "came");
            tracing::trace!(request = ?request(), "asked");
        });
        assert!(log.contains("cm.ast") && !log.contains("canary"), "{log}");
    }
}

#[test]
fn a_call_is_never_repeated_by_itself_once_it_was_sent() {
    for problem in [
        TransportProblem::Broken,
        TransportProblem::Timeout,
        TransportProblem::TooLarge,
    ] {
        let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        let (cm, runtime) = client(CmDialect::default(), move |_| {
            counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            Err(TransportError::new(problem, "x"))
        });
        let error = runtime
            .block_on(cm.call_gateway(&request()))
            .unwrap()
            .unwrap_err();
        assert!(perhaps_done(&error), "{error}");
        assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 1, "{problem:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_answer_is_a_token_or_an_error(
        status in 200_u16..600,
        headers in prop::collection::vec((
            prop::sample::select(vec!["content-type", "set-cookie", "content-disposition", "location", "certid"]),
            prop_oneof![
                "\\PC{0,20}",
                "downloaded[= ;,a-zA-Z\"/]{0,20}",
                "(attachment|filename|\\*|=|;|\"|UTF-8''|%2[Ff]|a|\\.\\.|/){0,12}",
                "(application/x-pkcs12|text/html|application/json)",
            ],
        ), 0..5),
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            "(<html>|<title>|canary word|\\{|\"error\":|-15|,|\"msg\":|\"|\\}|MIIB){0,10}".prop_map(String::into_bytes),
            (0..=CONTAINER.len()).prop_map(|end| CONTAINER[..end].to_vec()),
        ],
    ) {
        let mut map = HeaderMap::new();
        for (name, value) in &headers {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                map.append(HeaderName::from_static(name), value);
            }
        }
        let status = http::StatusCode::from_u16(status).unwrap();
        match read(Incoming::new(status, map, body.clone().into())) {
            Ok(issued) => {
                prop_assert!(status.is_success());
                let shown = format!("{issued:?}");
                prop_assert!(!shown.contains("canary"), "{}", shown);
                if let Some(cookie) = &issued.downloaded {
                    let text = cookie.set_cookie().to_str().unwrap();
                    prop_assert!(text.starts_with("downloaded"), "{}", text);
                }
                if body.starts_with(b"\x30") {
                    prop_assert_eq!(issued.token.expose_octets(), body);
                }
            }
            Err(error) => {
                prop_assert!(!shown(&error).contains("canary word"), "{}", error);
                prop_assert!(!shown(&error).contains("canary-container"), "{}", error);
                prop_assert!(!error.to_string().chars().any(char::is_control), "{:?}", error);
            }
        }
    }
}
