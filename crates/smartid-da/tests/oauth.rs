//! The OAuth client under load, under attack, and with a clock that jumps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

mod oauth_bench;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use smartid_core::{
    BoxFuture, CallPolicy, CredentialError, Error, ManualRuntime, Outgoing, Phase, Retry, Runtime,
    SecretString, ServiceUrl, Timestamp, Transport, TransportError, TransportProblem, Turn,
};
use smartid_da::fido::GetOptions;
use smartid_da::oauth::{
    ClientAuthentication, OAuthBuilder, OAuthClient, OAuthDialect, OAuthError, OAuthErrorKind, Revocation,
    TokenProblem,
};
use smartid_da::{DaAuth, DaRefusal, DigitalAccess, TokenProvider, UserId};

use oauth_bench::{Answer, Script, all, answer, poll_once, run, runtime};

const ENDPOINT: &str = "https://access.example.test/https/api/rest/v3.0/oauth2/token";

fn basic() -> OAuthBuilder {
    let secret = SecretString::new("canary-secret");
    OAuthClient::builder(ENDPOINT, "provisioning", ClientAuthentication::basic(secret))
}

struct Bench {
    client: OAuthClient,
    script: Arc<Script>,
    runtime: ManualRuntime,
}

fn bench(builder: OAuthBuilder) -> Bench {
    let runtime = runtime();
    let script = Script::new(&runtime);
    let transport = Arc::clone(&script) as Arc<dyn Transport>;
    let client = builder.build(transport, Arc::new(runtime.clone())).unwrap();
    Bench {
        client,
        script,
        runtime,
    }
}

impl Bench {
    /// The text of the token, or how it failed.
    fn token(&self) -> Result<String, CredentialError> {
        let token = run(&self.runtime, self.client.token());
        token.map(|token| token.expose().to_owned())
    }

    fn advance(&self, seconds: u64) {
        self.runtime.advance(Duration::from_secs(seconds));
    }
}

fn issued(token: &str, expires_in: u64) -> Answer {
    let body = format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{expires_in}}}"#);
    answer(200, &[("content-type", "application/json")], body)
}

fn refused(status: u16, code: &str) -> Answer {
    answer(status, &[], format!(r#"{{"error":"{code}"}}"#))
}

fn refusal(error: &CredentialError) -> &OAuthError {
    error.call().unwrap().refusal().unwrap()
}

#[test]
fn a_hundred_tasks_ask_once_and_share_what_comes() {
    let bench = bench(basic());
    bench.script.then(issued("t1", 3600));
    bench.script.then(refused(400, "invalid_client"));
    bench.script.then(issued("t2", 3600));
    let hundred = || (0..100).map(|_| bench.client.token());
    let given = run(&bench.runtime, all(hundred()));
    assert!(given.iter().all(|token| token.as_ref().unwrap().expose() == "t1"));
    assert_eq!(bench.script.count(), 1);

    bench.advance(3600);
    let failed = run(&bench.runtime, all(hundred()));
    assert_eq!(bench.script.count(), 2);
    for error in &failed {
        let error = error.as_ref().unwrap_err();
        assert_eq!(Some(error), failed[0].as_ref().err(), "the very same failure");
        assert_eq!(refusal(error).kind(), OAuthErrorKind::Refused);
    }

    assert_eq!(bench.token().unwrap(), "t2", "a failure is not kept");
    assert_eq!(bench.token().unwrap(), "t2");
    assert_eq!(bench.script.count(), 3);
}

/// Answers when it is opened, from whatever thread.
#[derive(Debug, Default)]
struct Gate {
    open: AtomicBool,
    asked: AtomicUsize,
    wakers: Mutex<Vec<Waker>>,
}

impl Transport for Gate {
    fn send<'a>(&'a self, _: &'a ServiceUrl, _: Outgoing) -> BoxFuture<'a, Answer> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::poll_fn(|context| {
            let mut wakers = self.wakers.lock().unwrap();
            if self.open.load(Ordering::SeqCst) {
                return Poll::Ready(issued("t", 3600));
            }
            wakers.push(context.waker().clone());
            Poll::Pending
        }))
    }
}

#[test]
fn tasks_on_many_threads_ask_once() {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let gate = Arc::new(Gate::default());
    let transport = Arc::clone(&gate) as Arc<dyn Transport>;
    let client = basic().build(transport, Arc::new(runtime())).unwrap();
    let waiting = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|index| {
                let (client, waiting) = (&client, &waiting);
                scope.spawn(move || {
                    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
                    let mut context = Context::from_waker(&waker);
                    let mut token = client.token();
                    let mut first = true;
                    loop {
                        if let Poll::Ready(token) = token.as_mut().poll(&mut context) {
                            return token.unwrap().expose().to_owned();
                        }
                        if std::mem::take(&mut first) {
                            waiting.fetch_add(1, Ordering::SeqCst);
                            if index % 4 == 0 {
                                // This one gives up and comes again.
                                token = client.token();
                                continue;
                            }
                        }
                        std::thread::park();
                    }
                })
            })
            .collect();
        while waiting.load(Ordering::SeqCst) < 16 {
            std::thread::yield_now();
        }
        let wakers = {
            let mut wakers = gate.wakers.lock().unwrap();
            gate.open.store(true, Ordering::SeqCst);
            std::mem::take(&mut *wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
        for thread in threads {
            assert_eq!(thread.join().unwrap(), "t");
        }
    });
    assert!(
        gate.asked.load(Ordering::SeqCst) <= 5,
        "one, and one for each time nobody waited"
    );
}

#[test]
fn the_task_that_began_may_be_given_up_or_forgotten() {
    for given_up in [true, false] {
        let bench = bench(basic());
        bench.script.then(issued("t", 3600));
        run(&bench.runtime, async {
            let mut leader = bench.client.token();
            assert!(poll_once(&mut leader).await.is_pending());
            let kept = if given_up {
                drop(leader);
                // Nobody waits: the request ends with the one who waited.
                bench.script.then(issued("t", 3600));
                None
            } else {
                Some(leader)
            };
            let others = all((0..10).map(|_| bench.client.token())).await;
            assert!(others.iter().all(|token| token.as_ref().unwrap().expose() == "t"));
            drop(kept);
        });
        assert_eq!(bench.script.count(), if given_up { 2 } else { 1 });
    }
}

#[test]
fn an_answer_that_got_lost_is_asked_for_again() {
    let bench = bench(basic());
    let broken = TransportError::new(TransportProblem::Broken, "h");
    bench.script.then(Err(broken));
    bench.script.after(Duration::ZERO, None);
    bench.script.then(issued("t", 3600));
    for problem in [TransportProblem::Broken, TransportProblem::Timeout] {
        let error = bench.token().unwrap_err();
        let call = error.call().unwrap();
        assert_eq!(call.transport_error().unwrap().problem(), problem);
        assert_eq!(call.phase(), Phase::PerhapsDone);
        assert_eq!(error.retry(), Retry::Yes { after: None });
    }
    assert_eq!(bench.token().unwrap(), "t");
    assert_eq!(bench.script.count(), 3);
}

#[test]
fn a_token_is_renewed_before_it_runs_out() {
    let bench = bench(basic());
    for token in ["t1", "t2"] {
        bench.script.then(issued(token, 3600));
    }
    // The request itself took 0.1 s of its life.
    assert_eq!(bench.token().unwrap(), "t1");
    bench.advance(3539);
    assert_eq!(bench.token().unwrap(), "t1");
    bench.advance(1);
    assert_eq!(bench.token().unwrap(), "t2");
    assert_eq!(bench.script.count(), 2);
}

#[test]
fn how_long_a_token_is_kept_is_a_setting() {
    let kept_for = |builder: OAuthBuilder, body: &'static str| {
        let bench = bench(builder);
        for _ in 0..2 {
            bench.script.after(Duration::ZERO, Some(answer(200, &[], body)));
        }
        bench.token().unwrap();
        let mut seconds = 0;
        loop {
            // The earliest second at which it is renewed.
            bench.token().unwrap();
            if bench.script.count() > 1 {
                return seconds;
            }
            bench.advance(1);
            seconds += 1;
        }
    };
    let hour = r#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#;
    let unknown = r#"{"access_token":"t","token_type":"Bearer"}"#;
    let zero = r#"{"access_token":"t","token_type":"Bearer","expires_in":0}"#;
    let huge = r#"{"access_token":"t","token_type":"Bearer","expires_in":18446744073709551615}"#;
    let seconds = Duration::from_secs;
    for (builder, body, kept) in [
        (basic(), hour, 3540),
        (basic().renew_before(seconds(600)), hour, 3000),
        (basic().renew_before(Duration::MAX), hour, 1800),
        (basic().keep_at_most(seconds(100)), hour, 100),
        (basic(), unknown, 60),
        (basic().keep_unknown(seconds(5)), unknown, 5),
        (
            basic().keep_unknown(Duration::MAX).keep_at_most(seconds(7)),
            unknown,
            7,
        ),
        (basic().keep_unknown(Duration::ZERO), unknown, 0),
        (basic(), zero, 0),
        (basic(), huge, 86_400),
    ] {
        assert_eq!(kept_for(builder, body), kept, "{body}");
    }
}

#[test]
fn a_token_for_one_moment_serves_those_who_wait_for_it() {
    let bench = bench(basic());
    bench.script.then(issued("t1", 0));
    bench.script.then(issued("t2", 0));
    let given = run(&bench.runtime, all((0..20).map(|_| bench.client.token())));
    assert!(given.iter().all(|token| token.as_ref().unwrap().expose() == "t1"));
    assert_eq!(bench.token().unwrap(), "t2");
}

#[test]
fn a_clock_that_jumps_costs_a_request_and_no_more() {
    let bench = bench(basic());
    for token in ["t1", "t2", "t3", "t4", "t5"] {
        bench.script.then(issued(token, 3600));
    }
    let start = bench.runtime.now();
    assert_eq!(bench.token().unwrap(), "t1");
    // A correction of seconds is usual.
    bench.advance(100);
    assert_eq!(bench.token().unwrap(), "t1");
    let now = bench.runtime.now().as_millis();
    bench.runtime.set(Timestamp::from_millis(now - 4_000));
    assert_eq!(bench.token().unwrap(), "t1");
    // Back behind a time at which it was used, but not behind its beginning: nobody knows its age.
    bench.advance(3_000);
    assert_eq!(bench.token().unwrap(), "t1");
    bench.runtime.set(start + Duration::from_secs(1_000));
    assert_eq!(bench.token().unwrap(), "t2");
    // Long before its beginning; the new one is kept again.
    bench.runtime.set(Timestamp::from_millis(0));
    assert_eq!(bench.token().unwrap(), "t3");
    bench.advance(3_000);
    assert_eq!(bench.token().unwrap(), "t3");
    // Far ahead.
    bench.runtime.set(Timestamp::from_millis(u64::MAX - 1));
    assert_eq!(bench.token().unwrap(), "t4");
    bench.runtime.set(start);
    assert_eq!(bench.token().unwrap(), "t5");
    bench.advance(60);
    assert_eq!(bench.token().unwrap(), "t5");
    assert_eq!(bench.script.count(), 5);
}

#[test]
fn a_clock_that_jumps_while_a_token_is_on_its_way_does_no_harm() {
    for (to, kept) in [
        (Timestamp::from_millis(5_000), true),
        (runtime().now() + Duration::from_secs(7200), false),
    ] {
        let runtime = runtime();
        let gate = Arc::new(Gate::default());
        let transport = Arc::clone(&gate) as Arc<dyn Transport>;
        let patient = CallPolicy::default()
            .with_total_limit(Duration::MAX)
            .with_attempts(1);
        let client = basic()
            .policy(patient)
            .build(transport, Arc::new(runtime.clone()))
            .unwrap();
        let token = |seconds| {
            runtime.advance(Duration::from_secs(seconds));
            assert_eq!(run(&runtime, client.token()).unwrap().expose(), "t");
            gate.asked.load(Ordering::SeqCst)
        };
        run(&runtime, async {
            let mut first = client.token();
            assert!(poll_once(&mut first).await.is_pending());
            gate.open.store(true, Ordering::SeqCst);
            runtime.set(to);
            assert_eq!(first.await.unwrap().expose(), "t");
        });
        // It counts from the earlier time: that of the request, or that of a clock that was set back meanwhile.
        let first = if kept { 1 } else { 2 };
        assert_eq!(token(0), first);
        assert_eq!(token(3539), first);
        assert_eq!(token(1), first + 1);
    }
}

#[test]
fn a_refused_token_is_dropped_and_a_newer_one_is_not() {
    let bench = bench(basic());
    for token in ["t1", "t2", "t3"] {
        bench.script.then(issued(token, 3600));
    }
    let old = run(&bench.runtime, bench.client.token()).unwrap();
    // Fifty tasks hold it; each finds it refused, says so and asks anew, one after the other.
    for _ in 0..50 {
        run(&bench.runtime, bench.client.refused(&old));
        assert_eq!(bench.token().unwrap(), "t2");
    }
    assert_eq!(bench.script.count(), 2);
    // Somebody who does not say which one drops what is there.
    run(&bench.runtime, bench.client.invalidate());
    assert_eq!(bench.token().unwrap(), "t3");
    assert!(bench.client.renews());
}

#[test]
fn a_request_on_its_way_is_not_touched_by_a_refusal() {
    let bench = bench(basic());
    bench.script.then(issued("t1", 3600));
    bench.script.then(issued("t2", 3600));
    run(&bench.runtime, async {
        let old = bench.client.token().await.unwrap();
        bench.client.refused(&old).await;
        let mut renewal = bench.client.token();
        assert!(poll_once(&mut renewal).await.is_pending());
        bench.client.invalidate().await;
        bench.client.refused(&old).await;
        assert_eq!(renewal.await.unwrap().expose(), "t2");
        assert_eq!(bench.client.token().await.unwrap().expose(), "t2");
    });
    assert_eq!(bench.script.count(), 2);
}

/// Takes one token and refuses all others.
#[derive(Debug)]
struct Resource {
    takes: &'static str,
    runtime: ManualRuntime,
    asked: AtomicUsize,
}

impl Transport for Resource {
    fn send<'a>(&'a self, _: &'a ServiceUrl, request: Outgoing) -> BoxFuture<'a, Answer> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let token = request.headers()["authorization"].to_str().unwrap();
        let status = if token == format!("Bearer {}", self.takes) {
            404
        } else {
            401
        };
        let pause = self.runtime.sleep(Duration::from_millis(50));
        Box::pin(async move {
            pause.await;
            answer(status, &[], "")
        })
    }
}

fn digital_access(bench: &Bench, takes: &'static str) -> (DigitalAccess, Arc<Resource>) {
    let resource = Arc::new(Resource {
        takes,
        runtime: bench.runtime.clone(),
        asked: AtomicUsize::new(0),
    });
    let auth = DaAuth::provider(Arc::new(bench.client.clone()));
    let da = DigitalAccess::builder("https://access.example.test/https/api/rest/v3.0", auth)
        .build(
            Arc::clone(&resource) as Arc<dyn Transport>,
            Arc::new(bench.runtime.clone()),
        )
        .unwrap();
    (da, resource)
}

fn options() -> GetOptions {
    GetOptions::new(UserId::new("anna").unwrap())
}

#[test]
fn many_calls_whose_token_was_revoked_renew_it_once() {
    let bench = bench(basic());
    bench.script.then(issued("t1", 3600));
    bench.script.then(issued("t2", 3600));
    let (da, resource) = digital_access(&bench, "t2");
    let call = options();
    let outcomes = run(&bench.runtime, all((0..20).map(|_| da.call(&call))));
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        let kind = error.refusal::<DaRefusal>().unwrap().kind().name();
        assert_eq!(kind, "user-not-found", "the second token was taken");
    }
    assert_eq!(resource.asked.load(Ordering::SeqCst), 40);
    assert_eq!(bench.script.count(), 2);
}

#[test]
fn a_call_tells_that_the_token_endpoint_failed_and_whether_later_helps() {
    let bench = bench(basic().parameter("resource", "canary-parameter"));
    let (da, resource) = digital_access(&bench, "t");
    let fails = |given: Answer| {
        bench.script.then(given);
        let error = run(&bench.runtime, da.call(&options())).unwrap_err();
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
    assert_eq!(
        resource.asked.load(Ordering::SeqCst),
        0,
        "nothing went out without a token"
    );
}

#[test]
fn a_call_that_has_no_time_left_does_not_stop_the_others() {
    let bench = bench(basic());
    bench
        .script
        .after(Duration::from_secs(20), Some(issued("t", 3600)));
    let auth = DaAuth::provider(Arc::new(bench.client.clone()));
    let hurried = DigitalAccess::builder("https://access.example.test/x", auth)
        .policy(CallPolicy::default().with_total_limit(Duration::from_secs(1)))
        .build(
            Arc::clone(&bench.script) as Arc<dyn Transport>,
            Arc::new(bench.runtime.clone()),
        )
        .unwrap();
    let (failed, token) = run(&bench.runtime, async {
        let call = options();
        let mut first: BoxFuture<'_, Result<(), Error>> =
            Box::pin(async { hurried.call(&call).await.map(|_| ()) });
        assert!(poll_once(&mut first).await.is_pending());
        let mut second = bench.client.token();
        assert!(poll_once(&mut second).await.is_pending());
        (first.await, second.await)
    });
    assert_eq!(failed.unwrap_err().error_type(), "deadline");
    assert_eq!(token.unwrap().expose(), "t");
    assert_eq!(bench.script.count(), 1);
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
fn a_policy_may_ask_again_within_one_call() {
    let bench = bench(basic().policy(CallPolicy::default().with_attempts(3)));
    bench.script.then(answer(503, &[("retry-after", "7")], ""));
    bench
        .script
        .then(Err(TransportError::new(TransportProblem::Broken, "h")));
    bench.script.then(issued("t", 3600));
    let start = bench.runtime.now();
    assert_eq!(bench.token().unwrap(), "t");
    assert_eq!(bench.script.count(), 3);
    assert!(bench.runtime.now().since(start) >= Duration::from_secs(7));
    // What will not change is not asked for again.
    bench.advance(3600);
    bench.script.then(refused(401, "invalid_client"));
    assert_eq!(bench.token().unwrap_err().call().unwrap().attempts(), 1);
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
    let without = bench_without_revocation();
    let token = Revocation::new(SecretString::new("x"));
    let error = run(&without.runtime, without.client.revoke(token)).unwrap_err();
    assert!(error.to_string().contains("oauth.revoke_endpoint"), "{error}");
}

fn bench_without_revocation() -> Bench {
    bench(basic())
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
