//! What goes wrong at a token endpoint, who is told what, and what nobody is shown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

mod oauth_bench;

use std::sync::Arc;
use std::time::Duration;

use smartid_core::{Error, Phase, Retry, SecretString, Transport, TransportError, TransportProblem, Turn};
use smartid_da::fido::GetOptions;
use smartid_da::oauth::{
    ClientAuthentication, OAuthClient, OAuthDialect, OAuthError, OAuthErrorKind, Revocation, TokenProblem,
};
use smartid_da::{DaAuth, DigitalAccess, UserId};

use oauth_bench::{Answer, ENDPOINT, Script, answer, basic, bench, issued, refusal, refused, run};

#[test]
fn a_call_tells_that_the_token_endpoint_failed_and_whether_later_helps() {
    let bench = bench(basic().parameter("resource", "canary-parameter"));
    let auth = DaAuth::provider(Arc::new(bench.client.clone()));
    let resource = Script::new(&bench.runtime);
    let da = DigitalAccess::builder("https://access.example.test/x", auth)
        .build(
            Arc::clone(&resource) as Arc<dyn Transport>,
            Arc::new(bench.runtime.clone()),
        )
        .unwrap();
    let call = GetOptions::new(UserId::new("anna").unwrap());
    let fails = |given: Answer| {
        bench.script.then(given);
        let error = run(&bench.runtime, da.call(&call)).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(
            text.contains(&format!("the token endpoint {ENDPOINT}: oauth.token: ")),
            "{text}"
        );
        assert!(!text.contains("canary"), "{text}");
        assert_eq!(error.phase(), Phase::NotSent);
        assert_eq!(error.error_type(), "credential");
        error
    };
    let echo = r#"{"error":"invalid_client","error_description":"no canary-secret, canary-parameter"}"#;
    let error = fails(answer(401, &[], echo));
    assert_eq!(
        (error.retry(), error.advice().turn),
        (Retry::No, Turn::Administrator)
    );
    assert!(error.to_string().contains("invalid_client"), "{error}");
    assert!(error.advice().check.contains("client secret"), "{error}");

    let error = fails(answer(503, &[("retry-after", "30")], ""));
    let after = Some(Duration::from_secs(30));
    assert_eq!(
        (error.retry(), error.advice().turn),
        (Retry::Yes { after }, Turn::Time)
    );

    let error = fails(answer(
        302,
        &[("location", "https://h.test/wa/auth?t=canary")],
        "",
    ));
    assert_eq!(error.retry(), Retry::No);
    assert!(
        error.to_string().contains("sent to https://h.test/wa/auth"),
        "{error}"
    );
    assert!(error.advice().check.contains("access rules"), "{error}");

    let error = fails(answer(302, &[("location", "/canary-secret/x")], ""));
    assert!(error.to_string().contains("sent to /[…]/x"), "{error}");

    let error = fails(Err(TransportError::new(TransportProblem::Connect, "h:443")));
    assert_eq!(error.retry(), Retry::Yes { after: None });
    let error = fails(Err(TransportError::new(
        TransportProblem::ClientCertificate,
        "h:443",
    )));
    assert_eq!(error.retry(), Retry::No);

    for (code, says, turn) in [
        ("invalid_scope", "scopes", Turn::Administrator),
        ("unauthorized_client", "grant", Turn::Administrator),
        ("unsupported_grant_type", "grant", Turn::Administrator),
        ("invalid_request", "parameters", Turn::Caller),
        ("temporarily_unavailable", "now", Turn::Time),
    ] {
        let advice = fails(refused(400, code)).advice();
        assert!(
            advice.check.contains(says) && advice.turn == turn,
            "{code}: {advice}"
        );
    }
    let advice = fails(answer(404, &[], "<html>")).advice();
    assert!(advice.check.contains("address"), "{advice}");
    assert_eq!(resource.count(), 0, "nothing went out without a token");
}

#[test]
fn answers_that_are_too_large_are_refused() {
    let bench = bench(basic());
    let body = |length: usize, filler: usize| {
        format!(
            r#"{{"access_token":"{}","token_type":"Bearer","expires_in":0,"x":"{}"}}"#,
            "a".repeat(length),
            "x".repeat(filler)
        )
    };
    let most = 256 * 1024 - body(1, 0).len();
    for (given, problem) in [
        (body(32 * 1024, 0), None),
        (body(32 * 1024 + 1, 0), Some(TokenProblem::Token)),
        (body(1, most), None),
        (body(1, most + 1), Some(TokenProblem::Body)),
        ("[".repeat(1_000_000), Some(TokenProblem::Body)),
        (
            body(1, 0).replace(
                "\"x\":",
                &format!("\"y\":{}1{},\"x\":", "[".repeat(64), "]".repeat(64)),
            ),
            Some(TokenProblem::Body),
        ),
    ] {
        bench.script.then(answer(200, &[], given));
        let read = bench.token();
        let expected = problem.map(OAuthErrorKind::Unreadable);
        assert_eq!(read.err().map(|error| refusal(&error).kind()), expected);
    }
    bench
        .script
        .then(Err(TransportError::new(TransportProblem::TooLarge, "")));
    let error = bench.token().unwrap_err();
    assert_eq!(error.retry(), Retry::No, "it would come again");
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let client = |id: &str, authentication| OAuthClient::builder(ENDPOINT, id, authentication);
    let secret = || SecretString::new("canary-secret");
    let raw = OAuthDialect::from_toml("basic = 'raw'").unwrap();
    for (builder, setting) in [
        (
            basic().revoke_endpoint("http://h.test/revoke"),
            "oauth.revoke_endpoint",
        ),
        (
            client("a\nb", ClientAuthentication::certificate()),
            "oauth.client_id",
        ),
        (
            client("", ClientAuthentication::body(secret())),
            "oauth.client_id",
        ),
        (
            client("a:b", ClientAuthentication::basic(secret())).dialect(raw),
            "oauth.client_id",
        ),
        (
            client("a", ClientAuthentication::body(SecretString::new("canary\0"))),
            "oauth.client_secret",
        ),
        (basic().scope(""), "oauth.scope"),
        (basic().parameter("", "canary"), "oauth.parameter"),
        (basic().parameter("a b", "canary"), "oauth.parameter"),
        (basic().parameter("Client_Secret", "canary"), "oauth.parameter"),
        (basic().parameter("scope", "canary"), "oauth.parameter"),
        (
            basic().parameter("a", "canary").parameter("a", "canary"),
            "oauth.parameter",
        ),
    ] {
        let shown = format!("{builder:?}");
        assert!(!shown.contains("canary"), "{shown}");
        let error = builder.token_request().unwrap_err();
        assert_eq!(error.setting, setting);
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    let fine = client("a:b", ClientAuthentication::body(secret()))
        .dialect(raw)
        .parameter("a", "canary");
    assert!(fine.token_request().is_ok());
    let loopback = || {
        OAuthClient::builder(
            "http://127.0.0.1:1/t?key=canary",
            "a",
            ClientAuthentication::basic(secret()),
        )
    };
    assert_eq!(loopback().token_request().unwrap_err().setting, "oauth.endpoint");
    let bench = bench(loopback().danger_plain_http());
    assert!(!format!("{:?} {:?}", loopback(), bench.client).contains("canary"));
    bench.script.then(refused(400, "invalid_client"));
    assert!(!format!("{}", bench.token().unwrap_err()).contains("canary"));
    assert_eq!(bench.script.sent()[0].url, "POST http://127.0.0.1:1/t?key=canary");
}

#[test]
fn a_token_that_is_given_back_is_not_used_again() {
    let bench = bench(basic().revoke_endpoint("https://other.example.test/revoke"));
    for given in [
        issued("canary1", 3600),
        answer(200, &[], ""),
        answer(200, &[], ""),
        issued("canary2", 3600),
        answer(
            400,
            &[],
            r#"{"error":"invalid_request","error_description":"canary2?"}"#,
        ),
        issued("canary3", 3600),
        answer(200, &[], "<!doctype html>"),
        answer(200, &[], r#"{"error":"canary3"}"#),
    ] {
        bench.script.then(given);
    }
    let first = bench.token().unwrap();
    let revoke = |token: &str| {
        let revocation = Revocation::access_token(SecretString::new(token));
        run(&bench.runtime, bench.client.revoke(revocation))
    };
    revoke("another").unwrap();
    assert_eq!(bench.token().unwrap(), first, "another one was given back");
    revoke(&first).unwrap();
    assert_eq!(bench.token().unwrap(), "canary2");
    let error = revoke("canary2").unwrap_err();
    assert_eq!(
        (error.code(), error.operation()),
        (Some("invalid_request"), "oauth.revoke")
    );
    assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    assert_eq!(
        bench.token().unwrap(),
        "canary3",
        "perhaps it is given back all the same"
    );
    let login = revoke("x").unwrap_err();
    let kind = |error: &Error| error.refusal::<OAuthError>().unwrap().kind();
    assert_eq!(kind(&login), OAuthErrorKind::NotAuthenticated);
    let echo = revoke("canary3").unwrap_err();
    assert_eq!((kind(&echo), echo.code()), (OAuthErrorKind::Refused, None));
    assert!(!format!("{echo} {echo:?}").contains("canary"), "{echo}");
    let urls: Vec<String> = bench.script.sent().into_iter().map(|sent| sent.url).collect();
    let revocations = urls
        .iter()
        .filter(|url| *url == "POST https://other.example.test/revoke");
    assert_eq!(revocations.count(), 5, "{urls:?}");

    let error = revoke("").unwrap_err();
    assert!(error.is_misconfigured(), "{error}");
    let without = oauth_bench::bench(basic());
    let token = Revocation::new(SecretString::new("x"));
    let error = run(&without.runtime, without.client.revoke(token)).unwrap_err();
    assert!(error.to_string().contains("oauth.revoke_endpoint"), "{error}");
}

#[test]
fn a_refusal_that_is_no_error_of_the_standard_gives_no_code() {
    let bench = bench(basic());
    for (given, code) in [
        (r#"{"error":"invalid_client","error":"x"}"#, None),
        (r#"{"error":""}"#, None),
        (r#"{"error":"two words"}"#, None),
        (r#"{"error":"a\"b"}"#, None),
        (r#"{"error":"canary-secret"}"#, None),
        (r#"["invalid_client"]"#, None),
        ("invalid_client", None),
        (r#"{"error":"Golden-1"}"#, Some("Golden-1")),
    ] {
        bench.script.then(answer(401, &[], given));
        let error = bench.token().unwrap_err();
        assert_eq!(error.call().unwrap().code(), code, "{given}");
        assert_eq!(refusal(&error).kind(), OAuthErrorKind::Refused, "{given}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{given}");
    }
    // Other parts of a server have an `error` as well.
    for (status, error, kind) in [
        (404, "path", OAuthErrorKind::Unexpected),
        (405, "Method", OAuthErrorKind::Unexpected),
        (500, "Internal Server Error", OAuthErrorKind::Unavailable),
        (404, "invalid_client", OAuthErrorKind::Refused),
        (500, "server_error", OAuthErrorKind::Refused),
        (422, "own", OAuthErrorKind::Refused),
        (422, "", OAuthErrorKind::Unexpected),
    ] {
        bench.script.then(refused(status, error));
        assert_eq!(
            refusal(&bench.token().unwrap_err()).kind(),
            kind,
            "{status} {error}"
        );
    }
    let long = format!(r#"{{"error":"{}"}}"#, "a".repeat(65));
    bench.script.then(answer(400, &[], long));
    let error = bench.token().unwrap_err();
    assert_eq!(error.call().unwrap().code(), None);
    // Bytes that are no UTF-8, and nothing that an `error_uri` may hold is a link.
    bench.script.then(answer(400, &[], &b"{\"error\":\"\xff\"}"[..]));
    assert_eq!(
        refusal(&bench.token().unwrap_err()).kind(),
        OAuthErrorKind::Unexpected
    );
    for (uri, shown) in [
        ("javascript:alert(1)", None),
        ("https://u:p@h.test/e?x=1#y", Some("https://h.test/e")),
        ("https://h.test/canary-secret", Some("https://h.test/[…]")),
    ] {
        let body = format!(r#"{{"error":"invalid_client","error_uri":"{uri}"}}"#);
        bench.script.then(answer(400, &[], body));
        assert_eq!(refusal(&bench.token().unwrap_err()).error_uri(), shown);
    }
}
