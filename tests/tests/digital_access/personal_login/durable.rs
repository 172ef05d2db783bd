//! The flow survives: dropped futures, other processes, lost answers, a directory that is down, clocks that jump, and itself.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::*;
use smartid::core::{BlockingWork, BoxFuture, Timestamp, WorkLost};
use smartid::flows::personal_login::{NotBegun, Resumed, Status};
use smartid::flows::{DirectoryError, FlowError};
use smartid::{FlowId, Runtime, TokioRuntime};
use smartid_sim::{Fault, FaultKind, Record, Route, RoutePattern};

fn is_command(record: &Record) -> bool {
    record.path.ends_with("/command/authenticate")
}

fn commands(hall: &Hall) -> usize {
    hall.bench
        .sim
        .records()
        .iter()
        .filter(|record| is_command(record))
        .count()
}

#[tokio::test]
async fn a_dropped_future_loses_nothing_and_all_who_complete_get_one_end() {
    let hall = Hall::open().await;
    hall.card();
    let login = hall.login(desktop());
    let begun = login.begin(nobody()).await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(30), login.complete(&begun.id)).await;
    assert!(waiting.is_err(), "nobody has clicked yet");
    assert!(matches!(
        login.status(&begun.id).await.unwrap(),
        Status::Waiting { .. }
    ));
    assert!(matches!(
        login.resume(&begun.id).await.unwrap(),
        Resumed::Waiting { .. }
    ));
    hall.bench
        .sim
        .desktop()
        .open(begun.showing.link().unwrap().expose())
        .await
        .unwrap();
    // Another program with the same store and the same settings.
    let other = hall.login(desktop());
    let (one, two, three) = tokio::join!(
        login.complete(&begun.id),
        other.complete(&begun.id),
        login.complete(&begun.id)
    );
    let one = one.unwrap();
    assert!(one.logged_in().is_some(), "{one:?}");
    assert_eq!((&one, &one), (&two.unwrap(), &three.unwrap()));
    assert_eq!(
        login.status(&begun.id).await.unwrap(),
        Status::Ended(Box::new(one.clone()))
    );
    assert!(matches!(login.resume(&begun.id).await.unwrap(), Resumed::Ended(end) if *end == one));
    let journal = login.journal(&begun.id).await.unwrap();
    let ends = journal.iter().filter(|line| line.step == "end").count();
    assert_eq!((ends, commands(&hall)), (1, 1));
    // Neither the link nor the challenge is kept.
    let state = hall.smartid.store().load(&begun.id).await.unwrap().unwrap().state;
    assert!(!state.contains("token") && !state.contains("tbs"), "{state}");
}

#[tokio::test]
async fn who_has_other_settings_does_not_complete_it() {
    let hall = Hall::open().await;
    let phone = hall.phone().await;
    let strict = hall.login(by_mail(mobile()));
    let begun = strict.begin(typed("alice")).await.unwrap();
    // The same name, and no certificate authentication: the answer of a stranger would do.
    let lax = hall.login(mobile());
    phone.check_as(Persona::Stranger).await.unwrap();
    assert!(matches!(
        lax.complete(&begun.id).await.unwrap_err(),
        FlowError::OtherSettings(_)
    ));
    assert!(matches!(
        lax.cancel(&begun.id).await.unwrap_err(),
        FlowError::OtherSettings(_)
    ));
    assert_eq!(end(&strict, &begun).await.name(), "certificate-refused");
    let missing = strict.complete(&FlowId::from_text("none")).await.unwrap_err();
    assert!(matches!(missing, FlowError::NotFound(_)));
}

#[tokio::test]
async fn a_cancelled_login_logs_nobody_in() {
    let hall = Hall::open().await;
    let phone = hall.phone().await;
    let login = hall.login(mobile());
    let begun = login.begin(typed("alice")).await.unwrap();
    login.cancel(&begun.id).await.unwrap();
    phone.check_as(Persona::Approves).await.unwrap();
    assert_eq!(end(&login, &begun).await, End::Cancelled);
    // What has ended stays as it ended.
    let begun = login.begin(typed("alice")).await.unwrap();
    phone.check_as(Persona::Approves).await.unwrap();
    let logged_in = end(&login, &begun).await;
    assert!(logged_in.logged_in().is_some());
    login.cancel(&begun.id).await.unwrap();
    assert_eq!(end(&login, &begun).await, logged_in);
}

/// A directory that can be switched off.
#[derive(Debug)]
struct Switched {
    inner: Arc<dyn UserDirectory>,
    down: AtomicBool,
}

impl Switched {
    fn check(&self) -> Result<(), DirectoryError> {
        match self.down.load(Ordering::SeqCst) {
            true => Err(DirectoryError::new("ldap: connection refused")),
            false => Ok(()),
        }
    }
}

impl UserDirectory for Switched {
    fn user<'a>(&'a self, typed: &'a UserId) -> BoxFuture<'a, Result<Option<DirectoryUser>, DirectoryError>> {
        Box::pin(async move {
            self.check()?;
            self.inner.user(typed).await
        })
    }

    fn by_attribute<'a>(
        &'a self,
        attribute: &'a str,
        value: &'a str,
    ) -> BoxFuture<'a, Result<Vec<DirectoryUser>, DirectoryError>> {
        Box::pin(async move {
            self.check()?;
            self.inner.by_attribute(attribute, value).await
        })
    }
}

#[tokio::test]
async fn a_directory_that_is_down_ends_nothing() {
    let hall = Hall::open().await;
    hall.card();
    let switched = Arc::new(Switched {
        inner: directory([alice()]),
        down: AtomicBool::new(true),
    });
    let users = Arc::clone(&switched) as Arc<dyn UserDirectory>;
    let login = hall.builder(desktop(), users).build().unwrap();
    let failed = login.begin(typed("alice")).await.unwrap_err();
    let NotBegun::Flow { id: Some(id), error } = failed else {
        panic!("{failed:?}")
    };
    assert!(matches!(&error, FlowError::Directory(_)), "{error}");
    assert!(error.advice().check.contains("directory"));
    switched.down.store(false, Ordering::SeqCst);
    let Resumed::Show(begun) = login.resume(&id).await.unwrap() else {
        panic!("it is to be shown")
    };
    switched.down.store(true, Ordering::SeqCst);
    let desktop = hall.bench.sim.desktop();
    desktop
        .open(begun.showing.link().unwrap().expose())
        .await
        .unwrap();
    for _ in 0..2 {
        assert!(matches!(
            login.complete(&id).await.unwrap_err(),
            FlowError::Directory(_)
        ));
    }
    switched.down.store(false, Ordering::SeqCst);
    assert_eq!(end(&login, &begun).await.logged_in().unwrap().user, "alice");
}

#[tokio::test]
async fn a_lost_answer_is_mended_without_asking_the_person_twice() {
    let hall = Hall::open().await;
    let phone = hall.phone().await;
    let lost = || Fault::new(RoutePattern::route(Route::HermodCommand), FaultKind::LostReply).times(1);
    let login = hall.login(mobile());
    hall.bench.sim.faults().inject(lost());
    let begun = login.begin(typed("alice")).await.unwrap();
    let seen = phone.check_as(Persona::Approves).await.unwrap();
    assert_eq!(seen.messages, 1, "one command for the person");
    assert_eq!(end(&login, &begun).await.logged_in().unwrap().user, "alice");
    assert_eq!(commands(&hall), 1);

    // To a temporary mailbox it is sent anew: nobody has the link of the first.
    let login = hall.login(by_mail(mobile()));
    hall.bench.sim.faults().inject(lost());
    let begun = login.begin(nobody()).await.unwrap();
    answer(&phone, &begun, Persona::Approves).await.unwrap();
    assert_eq!(end(&login, &begun).await.logged_in().unwrap().user, "alice");
    assert_eq!(commands(&hall), 3);
    hall.bench.sim.faults().inject(lost().times(2));
    let refused = login.begin(nobody()).await.unwrap_err();
    assert!(
        matches!(&refused, NotBegun::Ended { end, .. } if end.name() == "unreachable"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_begin_that_was_interrupted_is_carried_on() {
    let hall = Hall::of(for_seconds(4), Arc::new(MemoryFlowStore::new())).await;
    let phone = hall.phone().await;
    let login = hall.login(by_mail(mobile()));
    let later = hall.smartid.runtime().now() + Duration::from_secs(60);
    for (request, ends) in [(nobody(), "logged-in"), (typed("alice"), "timed-out")] {
        let hang = Fault::new(RoutePattern::route(Route::HermodCommand), FaultKind::Hang);
        hall.bench.sim.faults().inject(hang.times(1));
        let before = commands(&hall);
        let beginning = tokio::spawn({
            let login = login.clone();
            async move { login.begin(request).await }
        });
        while commands(&hall) == before {
            tokio::task::yield_now().await;
        }
        // While somebody begins it, nobody else is called to it.
        assert_eq!(hall.smartid.store().abandoned(later, 10).await.unwrap(), []);
        beginning.abort();
        assert!(beginning.await.unwrap_err().is_cancelled());
        let due = hall.smartid.store().abandoned(later, 10).await.unwrap();
        let [id] = due.as_slice() else { panic!("{due:?}") };
        assert_eq!(login.status(id).await.unwrap(), Status::Beginning);
        assert!(matches!(
            login.complete(id).await.unwrap_err(),
            FlowError::NoLinkShown(_)
        ));
        let Resumed::Show(begun) = login.resume(id).await.unwrap() else {
            panic!("it is to be shown")
        };
        assert!(begun.image.is_some(), "the picture of the first attempt");
        answer(&phone, &begun, Persona::Approves).await.unwrap();
        // The command to Alice's mailbox may have arrived; a second one would ask her twice. It has not, here.
        assert_eq!(end(&login, &begun).await.name(), ends);
        assert_eq!(commands(&hall) - before, if ends == "logged-in" { 2 } else { 1 });
    }
}

/// tokio's, with a clock that can be moved.
#[derive(Debug, Default)]
struct Shifted {
    inner: TokioRuntime,
    ahead: AtomicU64,
    behind: AtomicU64,
}

impl Runtime for Shifted {
    fn now(&self) -> Timestamp {
        let now = self.inner.now().as_millis() + self.ahead.load(Ordering::SeqCst);
        Timestamp::from_millis(now - self.behind.load(Ordering::SeqCst))
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }
    fn run_blocking(&self, work: BlockingWork) -> BoxFuture<'static, Result<(), WorkLost>> {
        self.inner.run_blocking(work)
    }
    fn fill_random(&self, bytes: &mut [u8]) {
        self.inner.fill_random(bytes);
    }
}

#[tokio::test]
async fn clocks_that_jump_let_nobody_in() {
    let clock = Arc::new(Shifted::default());
    let mut setup = Setup::default();
    setup.runtime = Arc::clone(&clock) as Arc<dyn Runtime>;
    let hall = Hall::of(setup, Arc::new(MemoryFlowStore::new())).await;
    hall.card();
    let login = hall.login(desktop());
    let answered = async |login: &PersonalLogin| {
        let begun = login.begin(nobody()).await.unwrap();
        let before = hall.receiver.counters().stored;
        let link = begun.showing.link().unwrap().expose();
        hall.bench.sim.desktop().open(link).await.unwrap();
        while hall.receiver.counters().stored == before {
            tokio::task::yield_now().await;
        }
        begun
    };
    // The answer was there in time, and is looked at an hour later.
    let begun = answered(&login).await;
    clock.ahead.store(3_600_000, Ordering::SeqCst);
    let late = end(&login, &begun).await;
    assert!(matches!(late, End::TooLate | End::TimedOut), "{late:?}");
    clock.ahead.store(0, Ordering::SeqCst);
    // Set back by 45 days, a card that has expired 30 days ago would be valid.
    hall.card_of(&hall.bench.ca, "CN=Alice Example", KeyKind::P256, (60, 30));
    let begun = answered(&login).await;
    clock.behind.store(45 * 86_400_000, Ordering::SeqCst);
    let end = end(&login, &begun).await;
    assert!(
        matches!(&end, End::CertificateRefused(problem) if problem.code == "expired"),
        "{end:?}"
    );
}
