//! Whatever a service answers to a request for a soft token: a token, or a typed error that shows neither password nor container; and nothing
//! goes out twice.

use proptest::prelude::*;
use smartid_cm::eui::{EuiCertificate, EuiSoftToken};
use smartid_cm::operations::experimental::RequestSoftToken;
use smartid_cm::soft_token::{IssuedSoftToken, SoftTokenProblem, UnusableSoftToken};
use smartid_cm::{
    Attribute, Call, CmDialect, CmRefusal, CmRefusalKind, HandlerName, RequestSignature, SignedCall, Step,
};
use smartid_core::{Endpoint, Error, Incoming, Phase, Retry, TransportProblem};

use crate::CONTAINER;
use crate::common::verdict::{result, shown};
use crate::log::Log;
use crate::script::{Line, answer, builder, csr, demand, json, run, write};

const PASSWORD: &str = "canary word";

fn request() -> RequestSoftToken {
    RequestSoftToken::new(PASSWORD).attribute(Attribute::COMMON_NAME, "canary-name")
}

/// The answer to each step of REST, and to EUI.
fn read_all(incoming: &Incoming) -> [Result<IssuedSoftToken, Error>; 3] {
    let dialect = CmDialect::default();
    let first = result(Call::new(&request()).response(&dialect, incoming.clone())).map(|step| match step {
        Step::Done(issued) => issued,
        Step::Sign(_) => panic!("nothing was to be signed"),
    });
    let signature = RequestSignature::from_cms(vec![0x30, 0]);
    let second = result(SignedCall::new(&request(), &signature).response(&dialect, incoming.clone()));
    let eui = result(EuiSoftToken::new(PASSWORD).response(&dialect, incoming.clone()));
    [first, second, eui]
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
        (500, "text/plain", "canary word"),
        (
            200,
            "application/json",
            r#"{"error":-14,"msg":"not canary word"}"#,
        ),
        (
            200,
            "application/json",
            r#"{"error":-14,"msg":"no","errors":[{"errorcode":-14,"errormessage":"canary word"}]}"#,
        ),
        (200, "application/json", r#"{"error":-19,"msg":"canary word"}"#),
        (
            200,
            "application/json",
            r#"{"error":-19,"msg":"canary word","dataToSign":"?"}"#,
        ),
        (200, "application/json", r#"{"error":0,"msg":"canary word"}"#),
        (
            400,
            "application/json",
            r#"{"message":"canary word","state":"canary word"}"#,
        ),
        (200, "text/plain", "canary word"),
    ] {
        for read in read_all(&answer(status, &[("content-type", kind)], body)) {
            let error = read.unwrap_err();
            assert!(
                !shown(&error).contains("canary"),
                "{status} {kind} {body}: {}",
                shown(&error)
            );
        }
    }
}

#[test]
fn a_demand_that_repeats_the_password_is_not_quoted() {
    let again = json(r#"{"error":-19,"msg":"canary word","dataToSign":"AQID"}"#);
    let signature = RequestSignature::from_cms(vec![0x30, 0]);
    let read = SignedCall::new(&request(), &signature).response(&CmDialect::default(), again);
    let error = result(read).unwrap_err();
    assert_eq!(
        error.refusal::<CmRefusal>().unwrap().kind(),
        &CmRefusalKind::SignatureDemandedAgain
    );
    assert!(!shown(&error).contains("canary"), "{}", shown(&error));
}

#[test]
fn a_container_is_handed_over_and_never_shown() {
    for status in [302, 400, 401, 403, 404, 413, 500, 503] {
        for kind in [
            "application/x-pkcs12",
            "text/plain",
            "text/html",
            "application/json",
        ] {
            for read in read_all(&answer(status, &[("content-type", kind)], CONTAINER)) {
                let error = read.unwrap_err();
                assert!(!shown(&error).contains("canary"), "{status} {kind}: {error}");
                assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
            }
        }
    }
    for kind in [
        "application/x-pkcs12",
        "text/plain",
        "text/html",
        "application/json",
    ] {
        for read in read_all(&answer(200, &[("content-type", kind)], CONTAINER)) {
            let issued = read.unwrap();
            assert_eq!(issued.token.expose_octets(), CONTAINER);
            assert!(!format!("{issued:?}").contains("canary"));
        }
    }
}

#[test]
fn each_thing_that_is_no_token_has_its_problem() {
    use SoftTokenProblem::{Document, Empty, NoContainer, OtherFile, TooLarge, Truncated, WebPage};
    let mut large = CONTAINER.to_vec();
    large.resize(1024 * 1024 + 1, 0);
    for (body, problem) in [
        (&b""[..], Empty),
        (b" \r\n", Empty),
        (b"<html>no", WebPage),
        (b"<!doctype html>", WebPage),
        (b"{\"error\":0}", Document),
        (b"{\"error\":0,\"pkcs12\":7}", Document),
        (b"{\"error\":0,\"pkcs12\":\"!\"}", NoContainer),
        (b"{", Document),
        (&CONTAINER[..20], Truncated),
        (&large, TooLarge),
        (&crate::script::pki("device-rsa.der"), OtherFile),
        (&crate::script::pki("chain.p7"), OtherFile),
        (&crate::script::pki("chain.pem"), OtherFile),
        (&crate::script::pki("chain.zip"), NoContainer),
        (b"0 is the first letter", NoContainer),
        (b"Not authorized", NoContainer),
    ] {
        for read in read_all(&answer(200, &[("certId", "4711")], body.to_vec())) {
            let error = read.unwrap_err();
            assert_eq!(
                (error.phase(), error.retry()),
                (Phase::Unreadable, Retry::Forbidden)
            );
            let unusable = error
                .unreadable_answer()
                .unwrap()
                .cause::<UnusableSoftToken>()
                .unwrap();
            assert_eq!(unusable.problem(), problem, "{error}");
            assert_eq!(unusable.certid().unwrap().as_str(), "4711");
            assert!(
                error.advice().check.contains("certificate 4711"),
                "{}",
                error.advice()
            );
            assert_eq!(
                error.advice().check.contains("page"),
                problem == WebPage,
                "{}",
                error.advice()
            );
        }
    }
}

#[test]
fn nothing_is_repeated_that_may_have_been_done() {
    let lost = || Line::Problem(TransportProblem::Broken);
    let ran = write(builder(), vec![lost()], &request());
    assert_eq!(
        (ran.sent.len(), ran.result.unwrap_err().phase()),
        (1, Phase::PerhapsDone)
    );
    let ran = write(builder(), vec![demand(b"x").into(), lost()], &request());
    assert_eq!(
        (ran.sent.len(), ran.result.unwrap_err().phase()),
        (2, Phase::PerhapsDone)
    );
    let page = || answer(200, &[], "<html>").into();
    let ran = write(builder(), vec![demand(b"x").into(), page()], &request());
    assert_eq!(
        (ran.sent.len(), ran.result.unwrap_err().phase()),
        (2, Phase::Unreadable)
    );
    let ran = write(
        builder(),
        vec![demand(b"x").into(), demand(b"x").into()],
        &request(),
    );
    let error = ran.result.unwrap_err();
    assert_eq!((ran.sent.len(), error.phase()), (2, Phase::Refused));
    for line in [lost, || answer(503, &[], "").into()] {
        let ran = run(builder(), vec![line()], async |client| {
            client.call_gateway(&EuiSoftToken::new("x")).await
        });
        assert_eq!(
            (ran.sent.len(), ran.result.unwrap_err().retry()),
            (1, Retry::Forbidden)
        );
        let ask = EuiCertificate::new(csr());
        let ran = run(builder(), vec![line()], async |client| {
            client.call_gateway(&ask).await
        });
        assert_eq!(
            (ran.sent.len(), ran.result.unwrap_err().retry()),
            (1, Retry::Forbidden)
        );
    }
}

#[test]
fn a_token_comes_after_one_signature_or_at_once() {
    let token = || answer(200, &[("certId", "4711")], CONTAINER).into();
    let ran = write(builder(), vec![token()], &request());
    assert_eq!(
        (ran.sent.len(), ran.result.unwrap().certid.unwrap().as_str()),
        (1, "4711")
    );
    let ran = write(builder(), vec![demand(b"x").into(), token()], &request());
    assert_eq!(
        (ran.sent.len(), ran.result.unwrap().token.len()),
        (2, CONTAINER.len())
    );
    for sent in &ran.sent {
        assert!(!sent.headers.contains_key("accept"));
        assert!(
            String::from_utf8_lossy(&sent.body).contains(PASSWORD),
            "in the body, and in both steps"
        );
        assert!(!sent.url.contains("canary"));
    }
}

#[test]
fn nothing_secret_is_logged() {
    let log = Log::of(|| {
        let token = || answer(200, &[], CONTAINER).into();
        let page = || answer(200, &[], "<html>canary word").into();
        write(builder(), vec![token()], &request()).result.unwrap();
        write(builder(), vec![demand(b"canary data").into(), page()], &request())
            .result
            .unwrap_err();
        let ask = EuiSoftToken::new(PASSWORD)
            .handler(HandlerName::new("softtoken").unwrap())
            .field("commonname", "canary-name");
        run(builder(), vec![token()], async |client| {
            client.call_gateway(&ask).await
        })
        .result
        .unwrap();
        run(builder(), vec![page()], async |client| {
            client.call_gateway(&ask).await
        })
        .result
        .unwrap_err();
        assert!(!format!("{:?} {ask:?}", request()).contains("canary"));
    });
    assert!(
        log.contains("cm.soft_token") && log.contains("cm.eui_soft_token"),
        "{log}"
    );
    assert!(!log.contains("canary"), "{log}");
}

#[test]
fn what_must_not_be_sent_is_refused_before() {
    let refused = |request: RequestSoftToken| {
        let error = Call::new(&request)
            .request(&CmDialect::default())
            .unwrap_err()
            .to_string();
        assert!(!error.contains("canary"), "{error}");
        error
    };
    assert!(refused(RequestSoftToken::new("")).contains("empty"));
    assert!(refused(RequestSoftToken::new("canary\0")).contains("NUL"));
    for value in ["canary\r\nb", "\u{85}", "\0", "\u{1b}"] {
        assert!(refused(request().attribute(Attribute::TITLE, value)).contains("control character"));
        let allowed = request()
            .attribute(Attribute::TITLE, value)
            .allow_control_characters();
        assert!(Call::new(&allowed).request(&CmDialect::default()).is_ok());
    }
    for name in [
        "password",
        "PASSWORD",
        "procname",
        "validfrom",
        "validto",
        "signature",
    ] {
        assert!(
            refused(request().attribute(Attribute::new(name).unwrap(), "x")).contains("name of another"),
            "{name}"
        );
    }
    let eui = |name: &str| {
        let ask = EuiSoftToken::new("x").field(name, "canary");
        ask.request(&CmDialect::default()).unwrap_err().to_string()
    };
    assert!(eui("").contains("empty"));
    assert!(eui("a\r\nb").contains("control"));
    assert!(eui(&"a".repeat(129)).contains("128"));
    assert!(eui("Password").contains("own"));
    let twice = EuiCertificate::new(csr()).field("a", "1").field("A", "2");
    assert!(
        twice
            .request(&CmDialect::default())
            .unwrap_err()
            .to_string()
            .contains("more than once")
    );
    let own = EuiCertificate::new(csr()).field("CertEncoding", "1");
    assert!(
        own.request(&CmDialect::default())
            .unwrap_err()
            .to_string()
            .contains("own")
    );
}

proptest! {
    #[test]
    fn any_answer_is_a_token_or_an_error(
        status in prop_oneof![Just(200_u16), Just(201), Just(204), Just(302), Just(400), Just(503)],
        kind in "(application/(x-pkcs12|json|octet-stream)|text/html|\\PC{0,10})",
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            Just(CONTAINER.to_vec()),
            "(<html>|\\{\"error\":0,\"pkcs12\":\"MII\"\\}|0|MIIB|-----BEGIN PKCS12-----){0,3}".prop_map(String::into_bytes),
        ],
    ) {
        let kind: String = kind.chars().filter(|letter| letter.is_ascii_graphic()).collect();
        for read in read_all(&answer(status, &[("content-type", &kind)], body.clone())) {
            match read {
                Ok(issued) => {
                    prop_assert!((200..300).contains(&status));
                    prop_assert_eq!(issued.token.expose_octets()[0], 0x30);
                }
                Err(error) => prop_assert!(!shown(&error).contains("canary")),
            }
        }
    }
}
