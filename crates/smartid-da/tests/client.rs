//! The client: credentials, headers, renewal of tokens, limits.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, LOCATION},
};
use smartid_core::{
    BoxFuture, CallPolicy, CredentialError, Incoming, ManualRuntime, Outgoing, Phase, Runtime, SecretString,
    ServiceUrl, Timestamp, Transport, TransportError, TransportProblem, Turn,
};
use smartid_da::fido::{GetOptions, Registration, StoreCredential};
use smartid_da::{DaAuth, DaDialect, DaRefusal, DigitalAccess, TokenProvider, UserId};

const URL: &str = "https://access.example.test/https/api/rest/v3.0";

type Answer = Result<Incoming, TransportError>;

/// Answers from a script and keeps what was sent.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<Vec<Answer>>,
    sent: Mutex<Vec<String>>,
}

impl Transport for Script {
    fn send<'a>(&'a self, base: &'a ServiceUrl, request: Outgoing) -> BoxFuture<'a, Answer> {
        let mut line = format!("{} {}", request.method(), request.absolute(base));
        for name in ["authorization", "x-api-key", "x-tenant"] {
            if let Some(value) = request.headers().get(name) {
                assert!(value.is_sensitive(), "{name}");
                line.push_str(&format!(" {name}={}", value.to_str().unwrap()));
            }
        }
        self.sent.lock().unwrap().push(line);
        Box::pin(std::future::ready(self.answers.lock().unwrap().remove(0)))
    }
}

fn status(status: u16) -> Answer {
    Ok(Incoming::new(
        StatusCode::from_u16(status).unwrap(),
        HeaderMap::new(),
        Bytes::new(),
    ))
}

fn login() -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(
        LOCATION,
        HeaderValue::from_static("https://access.example.test/wa/auth?authmech=x&t=canary"),
    );
    Ok(Incoming::new(StatusCode::FOUND, headers, Bytes::new()))
}

struct Tokens {
    given: AtomicU32,
    invalidated: AtomicU32,
    slow: Option<ManualRuntime>,
}

impl Tokens {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            given: AtomicU32::new(0),
            invalidated: AtomicU32::new(0),
            slow: None,
        })
    }
}

impl TokenProvider for Tokens {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, CredentialError>> {
        let token = self.given.fetch_add(1, Ordering::SeqCst);
        if let Some(runtime) = &self.slow {
            let wait = runtime.sleep(Duration::from_secs(3600));
            return Box::pin(async move {
                wait.await;
                Err(CredentialError::new("too late"))
            });
        }
        Box::pin(std::future::ready(Ok(SecretString::new(format!("t{token}")))))
    }

    fn invalidate(&self) -> BoxFuture<'_, ()> {
        self.invalidated.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }
}

struct Bench {
    da: DigitalAccess,
    script: Arc<Script>,
    runtime: ManualRuntime,
}

fn bench(auth: DaAuth, answers: Vec<Answer>) -> Bench {
    let runtime = ManualRuntime::new(Timestamp::from_millis(0));
    let script = Arc::new(Script {
        answers: Mutex::new(answers),
        ..Script::default()
    });
    let da = DigitalAccess::builder(URL, auth)
        .header("X-Tenant", "north")
        .policy(CallPolicy::default().with_attempts(2))
        .build(
            Arc::clone(&script) as Arc<dyn Transport>,
            Arc::new(runtime.clone()),
        )
        .unwrap();
    Bench { da, script, runtime }
}

impl Bench {
    fn store(&self) -> Result<StatusCode, smartid_core::Error> {
        let registration = Registration::parse(
            r#"{"id":"AQI","rawId":"AQI","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"},"clientExtensionResults":{}}"#,
        )
        .unwrap();
        let call = StoreCredential::new(UserId::new("anna").unwrap(), &registration);
        self.runtime
            .block_on(self.da.call(&call))
            .unwrap()
            .map(|stored| stored.status)
    }

    fn sent(&self) -> Vec<String> {
        self.script.sent.lock().unwrap().clone()
    }
}

#[test]
fn the_credential_and_the_constant_headers_go_with_each_request() {
    let post = "POST https://access.example.test/https/api/rest/v3.0/fido/credentials?userId=anna";
    for (auth, header) in [
        (DaAuth::bearer(SecretString::new("t")), " authorization=Bearer t"),
        (
            DaAuth::basic("u", SecretString::new("p")),
            " authorization=Basic dTpw",
        ),
        (
            DaAuth::header("X-Api-Key", SecretString::new("k")),
            " x-api-key=k",
        ),
        (DaAuth::none(), ""),
    ] {
        let bench = bench(auth, vec![status(201)]);
        assert_eq!(bench.store().unwrap(), StatusCode::CREATED);
        assert_eq!(bench.sent(), [format!("{post}{header} x-tenant=north")]);
    }
}

#[test]
fn a_refused_token_is_renewed_once() {
    let tokens = Tokens::new();
    let bench1 = bench(DaAuth::provider(tokens.clone()), vec![status(401), status(204)]);
    assert_eq!(bench1.store().unwrap(), StatusCode::NO_CONTENT);
    assert!(bench1.sent()[0].contains("Bearer t0") && bench1.sent()[1].contains("Bearer t1"));
    assert_eq!(tokens.invalidated.load(Ordering::SeqCst), 1);

    let tokens = Tokens::new();
    let bench2 = bench(DaAuth::provider(tokens.clone()), vec![login(), login()]);
    let error = bench2.store().unwrap_err();
    assert!(error.refusal::<DaRefusal>().unwrap().is_not_authenticated());
    assert_eq!(
        (bench2.sent().len(), tokens.invalidated.load(Ordering::SeqCst)),
        (2, 1)
    );
    assert_eq!(error.attempts(), 2, "that of the old token counts");
    assert_eq!(
        (error.phase(), error.advice().turn),
        (Phase::Refused, Turn::Administrator)
    );
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("https://access.example.test/wa/auth") && !text.contains("canary"),
        "{text}"
    );
}

/// A web page, and redirects to somewhere: what a service may also say after its work.
fn doubtful() -> Vec<fn() -> Answer> {
    fn page() -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        let body = Bytes::from_static(b"<html>stored</html>");
        Ok(Incoming::new(StatusCode::OK, headers, body))
    }
    fn elsewhere() -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static("/done?t=canary"));
        Ok(Incoming::new(StatusCode::SEE_OTHER, headers, Bytes::new()))
    }
    vec![page, elsewhere, || status(302)]
}

#[test]
fn storing_is_not_repeated_after_an_answer_that_may_mean_that_it_was_done() {
    for answer in doubtful() {
        let tokens = Tokens::new();
        let bench1 = bench(DaAuth::provider(tokens.clone()), vec![answer()]);
        let error = bench1.store().unwrap_err();
        assert!(error.refusal::<DaRefusal>().unwrap().is_not_authenticated());
        assert_eq!((bench1.sent().len(), error.attempts()), (1, 1));
        assert_eq!(
            tokens.invalidated.load(Ordering::SeqCst),
            1,
            "the next call has another"
        );

        let bench2 = bench(DaAuth::provider(Tokens::new()), vec![answer(), answer()]);
        let call = GetOptions::new(UserId::new("anna").unwrap());
        let error = bench2
            .runtime
            .block_on(bench2.da.call(&call))
            .unwrap()
            .unwrap_err();
        assert_eq!(
            (bench2.sent().len(), error.attempts()),
            (2, 2),
            "asking changes nothing"
        );
    }
}

#[test]
fn a_credential_that_is_quoted_is_not_quoted_on() {
    // The second is base64 of svc:correct-horse.
    for quoted in ["svc:correct-horse", "c3ZjOmNvcnJlY3QtaG9yc2U="] {
        for auth in [
            DaAuth::basic("svc", SecretString::new("correct-horse")),
            DaAuth::header("X-Api-Key", SecretString::new("correct-horse")),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let body = format!(r#"{{"message":"login failed for {quoted}"}}"#);
            let answer = Incoming::new(StatusCode::UNAUTHORIZED, headers, Bytes::from(body));
            let error = bench(auth, vec![Ok(answer)]).store().unwrap_err();
            let text = format!("{error} {error:?} {}", error.summary());
            assert!(
                text.contains("login failed for") && !text.contains("correct-horse"),
                "{text}"
            );
        }
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = r#"{"message":"no c3ZjOmNvcnJlY3QtaG9yc2U="}"#;
    let answer = Incoming::new(StatusCode::UNAUTHORIZED, headers, Bytes::from(body));
    let auth = DaAuth::basic("svc", SecretString::new("correct-horse"));
    let error = bench(auth, vec![Ok(answer)]).store().unwrap_err();
    assert!(!format!("{error} {error:?}").contains("c3ZjOmNvcnJlY3QtaG9yc2U"));
}

#[test]
fn what_cannot_be_renewed_is_not_sent_again() {
    for auth in [DaAuth::bearer(SecretString::new("t")), DaAuth::none()] {
        let bench = bench(auth, vec![status(401)]);
        assert_eq!(
            bench.store().unwrap_err().status(),
            Some(StatusCode::UNAUTHORIZED)
        );
        assert_eq!(bench.sent().len(), 1);
    }
    let tokens = Tokens::new();
    let bench = bench(DaAuth::provider(tokens.clone()), vec![status(403)]);
    assert!(bench.store().is_err());
    assert_eq!(tokens.invalidated.load(Ordering::SeqCst), 0);
}

#[test]
fn storing_is_sent_once_where_it_may_have_been_done_and_asking_is_repeated() {
    let broken = || Err(TransportError::new(TransportProblem::Broken, ""));
    for answer in [broken(), status(500), status(502), status(504)] {
        let bench = bench(DaAuth::none(), vec![answer]);
        assert!(bench.store().is_err());
        assert_eq!(bench.sent().len(), 1);
    }
    let bench = bench(DaAuth::none(), vec![broken(), status(500)]);
    let call = GetOptions::new(UserId::new("anna").unwrap());
    let error = bench.runtime.block_on(bench.da.call(&call)).unwrap().unwrap_err();
    assert_eq!((bench.sent().len(), error.attempts()), (2, 2));
}

#[test]
fn a_token_that_never_comes_ends_at_the_limit() {
    let runtime = ManualRuntime::new(Timestamp::from_millis(0));
    let tokens = Arc::new(Tokens {
        given: AtomicU32::new(0),
        invalidated: AtomicU32::new(0),
        slow: Some(runtime.clone()),
    });
    let da = DigitalAccess::builder(URL, DaAuth::provider(tokens))
        .build(Arc::new(Script::default()), Arc::new(runtime.clone()))
        .unwrap();
    let call = GetOptions::new(UserId::new("anna").unwrap());
    let error = runtime.block_on(da.call(&call)).unwrap().unwrap_err();
    assert_eq!(error.phase(), Phase::NotSent);
    assert_eq!(runtime.now(), Timestamp::from_millis(60_000));
}

#[test]
fn an_unusable_token_is_not_sent_and_not_shown() {
    let bench = bench(DaAuth::bearer(SecretString::new("can\nary")), vec![]);
    let error = bench.store().unwrap_err();
    assert_eq!(error.phase(), Phase::NotSent);
    assert!(!format!("{error} {error:?}").contains("ary\""), "{error:?}");
}

#[test]
fn no_constant_header_and_no_credential_takes_the_place_of_the_user() {
    let dialect = DaDialect::from_toml("[user]\nposition = 'header'\nname = 'X-User'").unwrap();
    let build = |builder: smartid_da::Builder| {
        let runtime = ManualRuntime::new(Timestamp::from_millis(0));
        let transport = Arc::new(Script::default());
        builder
            .dialect(dialect.clone())
            .build(transport, Arc::new(runtime))
    };
    let auth = DaAuth::header("x-user", SecretString::new("k"));
    assert_eq!(
        build(DigitalAccess::builder(URL, auth)).unwrap_err().setting,
        "user.name"
    );
    let error = build(DigitalAccess::builder(URL, DaAuth::none()).header("X-User", "mallory")).unwrap_err();
    assert_eq!(error.setting, "da.header");
    assert!(
        error.to_string().contains("x-user") && !error.to_string().contains("mallory"),
        "{error}"
    );
}

#[test]
fn wrong_settings_are_refused_by_name_when_the_client_is_built() {
    let build = |builder: smartid_da::Builder| {
        let runtime = ManualRuntime::new(Timestamp::from_millis(0));
        builder.build(Arc::new(Script::default()), Arc::new(runtime))
    };
    let none = || DigitalAccess::builder(URL, DaAuth::none());
    let secret = || SecretString::new("canary");
    for (builder, setting) in [
        (DigitalAccess::builder("", DaAuth::none()), "da.url"),
        (DigitalAccess::builder("http://h/x", DaAuth::none()), "da.url"),
        (DigitalAccess::builder("https://u:p@h/", DaAuth::none()), "da.url"),
        (
            DigitalAccess::builder(URL, DaAuth::basic("", secret())),
            "da.auth.user",
        ),
        (none().header("a b", "canary"), "da.header"),
        (none().header("host", "canary"), "da.header"),
        (none().header("x", "can\nary"), "da.header"),
        (
            DigitalAccess::builder(URL, DaAuth::basic("u", secret())).header("Authorization", "canary"),
            "da.header",
        ),
    ] {
        assert!(!format!("{builder:?}").contains("canary"), "{builder:?}");
        let error = build(builder).unwrap_err();
        assert_eq!(error.setting, setting);
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    let plain =
        build(DigitalAccess::builder("http://127.0.0.1:1/x", DaAuth::none()).danger_plain_http()).unwrap();
    assert_eq!(plain.url().to_string(), "http://127.0.0.1:1/x");
    let shown = build(DigitalAccess::builder(URL, DaAuth::bearer(secret())).header("x", "canary")).unwrap();
    assert!(!format!("{shown:?}").contains("canary"), "{shown:?}");
}

#[test]
fn a_dialect_with_which_no_request_can_be_made_is_found_when_the_client_is_built() {
    let build = |toml: &str, header: &str| {
        let mut builder = DigitalAccess::builder(URL, DaAuth::bearer(SecretString::new("t")))
            .dialect(DaDialect::from_toml(toml).unwrap());
        if !header.is_empty() {
            builder = builder.header(header, "x");
        }
        builder.build(
            Arc::new(Script::default()),
            Arc::new(ManualRuntime::new(Timestamp::from_millis(0))),
        )
    };
    for (toml, header, setting, operation) in [
        (
            "[user]\nposition = 'header'\nname = 'a b'",
            "",
            "da.dialect",
            "da.fido-options",
        ),
        ("[user]\nposition = 'body'", "", "da.dialect", "da.fido-options"),
        (
            "[options]\npath = 'x/{tenant}'",
            "",
            "da.dialect",
            "da.fido-options",
        ),
        (
            "[options]\naccept = \"a\\nb\"",
            "",
            "da.dialect",
            "da.fido-options",
        ),
        (
            "[credentials]\npath = 'x/{tenant}'",
            "",
            "da.dialect",
            "da.fido-credentials",
        ),
        (
            "[credentials]\ncontent_type = \"a\\nb\"",
            "",
            "da.dialect",
            "da.fido-credentials",
        ),
        (
            "[credentials]\nrequest = [{ set = '/id/x', value = 1 }]",
            "",
            "da.dialect",
            "da.fido-credentials",
        ),
        (
            "[user]\nposition = 'header'\nname = 'X-User'",
            "x-user",
            "da.header",
            "da.fido-options",
        ),
    ] {
        let error = build(toml, header).unwrap_err();
        assert_eq!(error.setting, setting, "{toml:?}: {error}");
        assert!(error.problem.contains(operation), "{toml:?}: {error}");
    }
    build(
        "[user]\nposition = 'path'\n[credentials]\nrequest = [{ set = '/a/b', value = 1 }]",
        "x-tenant",
    )
    .unwrap();
}
