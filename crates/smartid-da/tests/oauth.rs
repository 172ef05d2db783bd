//! Who asks for a token, and how often: many tasks, tasks that go, tokens that are refused.
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
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use smartid_core::{
    BoxFuture, CallPolicy, Error, ManualRuntime, Outgoing, Phase, Retry, Runtime, ServiceUrl, Transport,
    TransportError, TransportProblem,
};
use smartid_da::fido::GetOptions;
use smartid_da::oauth::OAuthErrorKind;
use smartid_da::{DaAuth, DaRefusal, DigitalAccess, TokenProvider, UserId};

use oauth_bench::{
    Answer, Bench, Gate, all, answer, basic, bench, issued, poll_once, refusal, refused, run, runtime,
};

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
fn a_failure_is_for_those_who_waited_and_nobody_else() {
    let bench = bench(basic());
    bench.script.then(refused(400, "invalid_client"));
    bench.script.then(issued("t", 3600));
    run(&bench.runtime, async {
        // This one waits, and is not looked at again until later.
        let mut asleep = bench.client.token();
        assert!(poll_once(&mut asleep).await.is_pending());
        assert!(bench.client.token().await.is_err());
        assert_eq!(bench.client.token().await.unwrap().expose(), "t");
        assert_eq!(
            refusal(&asleep.await.unwrap_err()).kind(),
            OAuthErrorKind::Refused
        );
        assert_eq!(bench.client.token().await.unwrap().expose(), "t");
    });
    assert_eq!(bench.script.count(), 2);
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
        let before = self.asked.fetch_add(1, Ordering::SeqCst);
        let token = request.headers()["authorization"].to_str().unwrap();
        let status = if token == format!("Bearer {}", self.takes) {
            404
        } else {
            401
        };
        // One after the other: some learn that their token is refused when others have a newer one long since.
        let pause = Duration::from_millis(50) * u32::try_from(before).unwrap();
        let pause = self.runtime.sleep(pause);
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
