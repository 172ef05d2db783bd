//! Every setting of the dialects against a simulator that is set the same way: with the setting the credential is stored, without it
//! the same simulator does not get one.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod answers;
mod cases;
mod commands;
mod messaging;
mod seen;
mod tables;
mod told;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use smartid::core::dialect::{overlay, settings};
use smartid::da::DaRefusal;
use smartid::da::fido::GetOptions;
use smartid::flows::fido_enrolment::{End, NotBegun};
use smartid::hermod::wait::PollPolicy;
use smartid::{DaDialect, HermodDialect, MemoryFlowStore, UserId};
use smartid_sim::{Fault, FaultKind, Route, RoutePattern, SimConfig};
use smartid_tests::{Setup, World, clients};

use cases::{By, CASES, Case};
use tables::{APP_CODES, HEARD, NOT_PLAYED, REFUSALS};

fn keys_of(text: &str) -> BTreeSet<String> {
    fn walk(prefix: &str, value: &toml::Value, keys: &mut BTreeSet<String>) {
        match value {
            toml::Value::Table(table) if !prefix.ends_with(".body") => {
                for (name, value) in table {
                    let key = if prefix.is_empty() {
                        name.clone()
                    } else {
                        format!("{prefix}.{name}")
                    };
                    walk(&key, value, keys);
                }
            }
            _ => {
                keys.insert(prefix.to_owned());
            }
        }
    }
    let mut keys = BTreeSet::new();
    walk("", &toml::Value::Table(toml::from_str(text).unwrap()), &mut keys);
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_recognised_as_the_dialect_says() {
    let world = World::start(Setup::default()).await;
    for (dialect, status, content_type, body, kind) in REFUSALS {
        let answer = FaultKind::Respond {
            status: *status,
            content_type: (*content_type).to_owned(),
            body: (*body).to_owned(),
            work: false,
            headers: Vec::new(),
        };
        world.sim.faults().clear();
        world
            .sim
            .faults()
            .inject(Fault::new(RoutePattern::route(Route::DaOptions), answer).times(0));
        for (text, as_wished) in [(*dialect, true), ("", false)] {
            let smartid = clients(
                &world.sim,
                HermodDialect::default(),
                overlay::<DaDialect>(text).unwrap(),
                Duration::from_secs(1),
                Arc::new(MemoryFlowStore::new()),
            );
            let da = smartid.digital_access().unwrap();
            let once = GetOptions::new(UserId::new("alice").unwrap());
            let error = tokio::time::timeout(Duration::from_secs(20), da.call(&once))
                .await
                .unwrap()
                .unwrap_err();
            let found = error
                .refusal::<DaRefusal>()
                .unwrap_or_else(|| panic!("{error:?}"))
                .kind()
                .name();
            assert_eq!(found == *kind, as_wished, "{text:?}: {found}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_a_login_page_unless_the_dialect_says_otherwise() {
    let world = World::start(Setup::default()).await;
    world
        .sim
        .faults()
        .inject(Fault::new(RoutePattern::route(Route::DaOptions), FaultKind::html(200)).times(0));
    for (text, login) in [("", true), ("errors.html_is_login = false", false)] {
        let dialect = overlay::<DaDialect>(text).unwrap();
        let store = Arc::new(MemoryFlowStore::new());
        let smartid = clients(
            &world.sim,
            HermodDialect::default(),
            dialect,
            Duration::from_secs(1),
            store,
        );
        let call = GetOptions::new(UserId::new("alice").unwrap());
        let error = smartid.digital_access().unwrap().call(&call).await.unwrap_err();
        let refusal = error.refusal::<DaRefusal>();
        assert_eq!(
            refusal.is_some_and(DaRefusal::is_not_authenticated),
            login,
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_hears_what_the_dialect_says() {
    for (client, dialect, says) in HEARD {
        for (text, as_wished) in [(*dialect, true), ("", false)] {
            let mut setup = Setup::default();
            setup.timeout = Duration::from_secs(1);
            setup.polling =
                PollPolicy::default().with_interval(Duration::from_millis(100), Duration::from_millis(100));
            match *client {
                "messaging" => setup.messaging = overlay(text).unwrap(),
                _ => setup.digital_access = overlay(text).unwrap(),
            }
            let world = World::start(setup).await;
            if let Ok(begun) = world.flow.begin(&UserId::new("alice").unwrap()).await {
                let (desktop, link) = (world.sim.desktop(), begun.link.expose().to_owned());
                let waiting = world.flow.complete(&begun.id);
                // Where polls are to be heard, nobody clicks: the wait polls until its time is over.
                let person = async {
                    if !dialect.starts_with("status.") {
                        let _report = desktop.open(&link).await;
                    }
                };
                let _both = tokio::join!(waiting, person);
            }
            assert_eq!(
                world.sim.records().iter().any(says),
                as_wished,
                "{client} {text:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apps_codes_are_read_as_the_dialect_says() {
    for (dialect, code, end) in APP_CODES {
        for (text, as_wished) in [(*dialect, true), ("", false)] {
            let mut setup = Setup::default();
            setup.sim = SimConfig::from_toml("[hermod]\nfirst_command_id = 1000").unwrap();
            setup.messaging = overlay(text).unwrap();
            setup.polling =
                PollPolicy::default().with_interval(Duration::from_millis(100), Duration::from_millis(100));
            setup.callbacks = false;
            let world = World::start(setup).await;
            let answer =
                format!("{{\"commandId\":\"1001\",\"state\":\"FAILED\",\"error\":{{\"code\":\"{code}\"}}}}");
            let kind = FaultKind::body("application/json", answer);
            world
                .sim
                .faults()
                .inject(Fault::new(RoutePattern::path("*/command/1001"), kind).times(0));
            let begun = world.flow.begin(&UserId::new("alice").unwrap()).await.unwrap();
            let found = world.flow.complete(&begun.id).await.unwrap();
            assert_eq!(found.name() == *end, as_wished, "{text:?}: {found:?}");
        }
    }
}

/// Runs of so many at a time: each has a server and a client of its own.
const AT_A_TIME: usize = 8;

/// Runs all of them, a few at a time.
async fn all_of<T: Send + 'static>(jobs: Vec<impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let (mut waiting, mut running, mut done) = (jobs.into_iter(), tokio::task::JoinSet::new(), Vec::new());
    loop {
        while running.len() < AT_A_TIME
            && let Some(job) = waiting.next()
        {
            running.spawn(job);
        }
        match running.join_next().await {
            Some(ended) => done.push(ended.unwrap()),
            None => return done,
        }
    }
}

/// The end of an enrolment in that world.
async fn end_of(case: &Case, with_dialect: bool) -> String {
    let mut setup = Setup::default();
    setup.sim = SimConfig::from_toml(case.sim).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    if with_dialect {
        setup.messaging =
            overlay::<HermodDialect>(case.messaging).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        setup.digital_access = overlay::<DaDialect>(case.digital_access)
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
    }
    // Nobody waits longer than is needed to see that it is in vain; where that is what is wished for, it must not be for lack of time.
    let in_vain = case.with == "link-never-opened";
    setup.timeout = Duration::from_secs(match (with_dialect, in_vain) {
        (true, true) => 4,
        (false, false) => 1,
        _ => 20,
    });
    setup.callbacks = case.by != By::Poll;
    setup.polling = match case.by {
        By::Callback => PollPolicy::off(),
        By::Poll | By::Either => {
            PollPolicy::default().with_interval(Duration::from_millis(100), Duration::from_millis(100))
        }
    };
    let world = World::start(setup).await;
    let rules = if with_dialect {
        overlay::<DaDialect>(case.digital_access).unwrap()
    } else {
        DaDialect::default()
    };
    let flow = world.flow.clone().preflight(rules.preflight());
    let begun = match flow.begin(&UserId::new("alice").unwrap()).await {
        Ok(begun) => begun,
        Err(NotBegun::Ended { end, .. }) => return describe(&end),
        Err(error) => panic!("{}: {error}", case.name),
    };
    let (desktop, link) = (world.sim.desktop(), begun.link.expose().to_owned());
    let person = tokio::spawn(async move {
        let _report = desktop.open(&link).await;
    });
    let end = flow.complete(&begun.id).await.unwrap();
    person.abort();
    describe(&end)
}

fn describe(end: &End) -> String {
    if end.is_stored() {
        end.name().to_owned()
    } else {
        format!("{} ({end})", end.name())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_setting_it_works_and_without_it_does_not() {
    let mut jobs = Vec::new();
    for case in CASES {
        for with_dialect in [true, false] {
            if with_dialect || case.needed {
                jobs.push(async move { (case, with_dialect, end_of(case, with_dialect).await) });
            }
        }
    }
    let mut wrong = Vec::new();
    for (case, with_dialect, end) in all_of(jobs).await {
        let as_wished = end.split(' ').next() == Some(case.with);
        if as_wished != with_dialect {
            wrong.push(format!(
                "{}: {} the dialect it ended {end}",
                case.name,
                if with_dialect { "with" } else { "without" }
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_setting_is_in_a_case() {
    let mut covered: BTreeSet<String> = NOT_PLAYED.iter().map(|key| (*key).to_owned()).collect();
    let mut all = BTreeSet::new();
    for case in CASES {
        covered.extend(
            keys_of(case.messaging)
                .into_iter()
                .map(|key| format!("messaging.{key}")),
        );
        covered.extend(
            keys_of(case.digital_access)
                .into_iter()
                .map(|key| format!("digital_access.{key}")),
        );
    }
    for (dialect, ..) in REFUSALS {
        covered.extend(
            keys_of(dialect)
                .into_iter()
                .map(|key| format!("digital_access.{key}")),
        );
    }
    covered.insert("digital_access.errors.html_is_login".to_owned());
    for (client, dialect, _) in HEARD {
        covered.extend(keys_of(dialect).into_iter().map(|key| format!("{client}.{key}")));
    }
    for (dialect, ..) in APP_CODES {
        covered.extend(keys_of(dialect).into_iter().map(|key| format!("messaging.{key}")));
    }
    covered.extend(
        messaging::covered()
            .into_iter()
            .map(|key| format!("messaging.{key}")),
    );
    all.extend(
        settings::<HermodDialect>()
            .into_iter()
            .map(|(key, _)| format!("messaging.{key}")),
    );
    all.extend(
        settings::<DaDialect>()
            .into_iter()
            .map(|(key, _)| format!("digital_access.{key}")),
    );
    let missing: Vec<_> = all.difference(&covered).collect();
    let unknown: Vec<_> = covered.difference(&all).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "not in a case: {missing:#?}; no such setting: {unknown:#?}"
    );
}
