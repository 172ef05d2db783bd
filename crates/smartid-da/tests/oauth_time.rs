//! How long a token is kept, by a clock that may jump.
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
use std::sync::atomic::Ordering;
use std::time::Duration;

use smartid_core::{CallPolicy, Runtime, Timestamp, Transport};
use smartid_da::TokenProvider;
use smartid_da::oauth::OAuthBuilder;

use oauth_bench::{Gate, all, answer, basic, bench, issued, poll_once, run, runtime};

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
