//! Answers that are lost, late or somebody else's: what may have been done is never repeated blindly, and looking tells what happened.

use std::time::Duration;

use smartid::cm::operations::{IssueCertificate, IssuedCertificate, Revoke, Search};
use smartid::cm::{CertificateManager, CmCode, Csr, FindIssued, FoundIssued, RevocationReason};
use smartid::core::{CallPolicy, ManualRuntime, Timestamp};
use smartid::{Error, Phase, Retry};
use smartid_sim::{Fault, FaultKind, Route};
use smartid_tests::certificates::{CmSetup, CmWorld, kind, new_csr, refusal};

const ISSUE: &str = "/certificates/pkcs10";

fn with_work(mut fault: FaultKind) -> FaultKind {
    if let FaultKind::Respond { work, .. } = &mut fault {
        *work = true;
    }
    fault
}

async fn issue(cm: &CertificateManager, csr: &Csr) -> Result<IssuedCertificate, Error> {
    cm.write(&IssueCertificate::new(csr.clone())).await
}

async fn look(world: &CmWorld, csr: &Csr) -> FoundIssued {
    let wanted = FindIssued::of_key(csr.public_key())
        .subject_common_name("Lost")
        .issued_since(world.cm.runtime().now());
    world.cm.find_issued(&wanted).await.unwrap()
}

/// A fault at a step of an issue by a patient client; what the error says, and whether a certificate is found afterwards.
async fn with_fault(switches: &str, step: u32, fault: &FaultKind) -> (Error, bool) {
    let mut setup = CmSetup::default().sim(switches);
    setup.policy = CallPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    let world = CmWorld::start(setup).await;
    super::stored(&world, "C=SE,CN=Lost");
    world
        .sim
        .faults()
        .inject(Fault::new(Route::CmIssue, fault.clone()).skip(step - 1));
    let csr = new_csr("C=SE,CN=Lost");
    let error = issue(&world.cm, &csr).await.unwrap_err();
    assert_eq!(
        world.count(ISSUE),
        step as usize,
        "{fault:?}: nothing is sent twice"
    );
    let found = look(&world, &csr).await;
    assert_eq!(world.sim.cm().count(), 1 + found.found.len(), "{fault:?}");
    let found = match found.newest() {
        Some(found) => {
            assert_eq!(found.certificate.public_key().unwrap(), *csr.public_key());
            assert_eq!(found.record.certid.as_ref(), Some(&found.certid));
            world.verify(&found.certificate, &[]).unwrap();
            true
        }
        None => {
            assert!(found.is_exhaustive(), "{found:?}");
            // It did not happen: now it may be tried again, and is issued once.
            issue(&world.cm, &csr).await.unwrap();
            assert_eq!(look(&world, &csr).await.found.len(), 1);
            false
        }
    };
    (error, found)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_the_second_step_is_perhaps_done_and_looking_tells() {
    for (fault, phase, done) in [
        (FaultKind::LostReply, Phase::PerhapsDone, true),
        (FaultKind::ResetMidBody, Phase::PerhapsDone, true),
        (FaultKind::TruncatedBody, Phase::Unreadable, true),
        (with_work(FaultKind::html(200)), Phase::Unreadable, true),
        (with_work(FaultKind::html(500)), Phase::Unreadable, true),
        (with_work(FaultKind::html(502)), Phase::Unreadable, true),
        (with_work(FaultKind::html(503)), Phase::Unreadable, true),
        (with_work(FaultKind::status(504)), Phase::Unreadable, true),
        (with_work(FaultKind::status(204)), Phase::Unreadable, true),
        (
            with_work(FaultKind::body("application/json", "{\"error\":0}")),
            Phase::Unreadable,
            true,
        ),
        (
            with_work(FaultKind::body("application/pkcs7-mime", "")),
            Phase::Unreadable,
            true,
        ),
        (FaultKind::Reset, Phase::PerhapsDone, false),
        (FaultKind::html(503), Phase::Unreadable, false),
        (FaultKind::html(200), Phase::Unreadable, false),
        (FaultKind::Huge { bytes: 20 << 20 }, Phase::Unreadable, false),
    ] {
        let (error, found) = with_fault("", 2, &fault).await;
        let in_doubt = matches!(error.phase(), Phase::PerhapsDone | Phase::Unreadable);
        assert!(in_doubt, "{fault:?}: {error:?}");
        if phase == Phase::PerhapsDone {
            assert_eq!(error.phase(), phase, "{fault:?}: {error:?}");
        }
        assert_eq!(error.retry(), Retry::Forbidden, "{fault:?}: {error}");
        assert_eq!(found, done, "{fault:?}");
        assert!(!error.advice().check.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_the_first_step_is_done_only_where_the_server_signs() {
    for (switches, done) in [("", false), ("[cm.signing]\nmode = 'vro'", true)] {
        for fault in [FaultKind::LostReply, FaultKind::ResetMidBody] {
            let (error, found) = with_fault(switches, 1, &fault).await;
            assert_eq!(
                (error.phase(), error.retry()),
                (Phase::PerhapsDone, Retry::Forbidden),
                "{switches} {fault:?}: {error}"
            );
            assert_eq!(found, done, "{switches} {fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_either_step_are_no_and_nothing_was_done() {
    for step in [1, 2] {
        for (fault, name, retry) in [
            (FaultKind::html(403), "not-an-officer", Retry::No),
            (FaultKind::html(404), "no-such-path", Retry::No),
            (
                FaultKind::status(429),
                "too-many-requests",
                Retry::Yes { after: None },
            ),
            (
                FaultKind::body("application/json", "{\"error\":-15,\"msg\":\"Privilege error\"}"),
                "privilege",
                Retry::No,
            ),
            (
                FaultKind::body("text/html", "{\"error\":-40,\"msg\":\"Too many requests\"}"),
                "too-many-requests",
                Retry::Yes { after: None },
            ),
        ] {
            let world = CmWorld::start(CmSetup::default()).await;
            let inject = Fault::new(Route::CmIssue, fault.clone()).skip(step - 1);
            world.sim.faults().inject(inject);
            let error = issue(&world.cm, &new_csr("C=SE,CN=No")).await.unwrap_err();
            assert_eq!(kind(&error).name(), name, "{fault:?}: {error}");
            assert_eq!(
                (error.phase(), error.retry()),
                (Phase::Refused, retry),
                "{fault:?}"
            );
            assert_eq!(world.sim.cm().count(), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_are_repeated_through_resets_and_rate_limits() {
    let mut setup = CmSetup::default();
    setup.policy = CallPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    let world = CmWorld::start(setup).await;
    for fault in [
        FaultKind::Reset,
        FaultKind::LostReply,
        FaultKind::ResetMidBody,
        FaultKind::body(
            "application/json",
            "{\"error\":-40,\"msg\":\"Too many requests\"}",
        ),
    ] {
        world.sim.clear_records();
        world
            .sim
            .faults()
            .inject(Fault::new(Route::CmSearch, fault.clone()).times(2));
        let page = world.cm.call(&Search::new()).await;
        assert_eq!(
            page.unwrap_or_else(|error| panic!("{fault:?}: {error}")).hits,
            Some(0)
        );
        assert_eq!(world.count("/certificates"), 3, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_limit_is_told_with_its_wait() {
    let switches = "[cm.rate]\ncalls = 2\nseconds = 60\nretry_after_seconds = 17";
    for style in ["http-status", "ok"] {
        let world = CmWorld::with(&format!("[cm]\nerror_style = '{style}'\n{switches}")).await;
        world.cm.call(&Search::new()).await.unwrap();
        world.cm.call(&Search::new()).await.unwrap();
        let error = world.cm.call(&Search::new()).await.unwrap_err();
        assert_eq!(
            refusal(&error).cm_code(),
            Some(CmCode::TooManyRequests),
            "{style}"
        );
        assert!(refusal(&error).is_rate_limited());
        let after = Some(Duration::from_secs(17));
        assert_eq!(error.retry(), Retry::Yes { after }, "{style}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_time_is_over_is_perhaps_done() {
    let mut setup = CmSetup::default();
    let clock = ManualRuntime::new(Timestamp::from_millis(setup.clock.unix_millis()));
    setup.runtime = std::sync::Arc::new(clock.clone());
    setup.policy = CallPolicy::default()
        .with_attempts(1)
        .with_total_limit(Duration::from_secs(60));
    let world = CmWorld::start(setup).await;
    world
        .sim
        .faults()
        .inject(Fault::new(Route::CmRevoke, FaultKind::Hang).skip(1));
    let certid = smartid::cm::CertId::new(super::stored(&world, "C=SE,CN=Late")).unwrap();
    let cm = world.cm.clone();
    let call = Revoke::new(certid, RevocationReason::Superseded);
    let writing = tokio::spawn(async move { cm.write(&call).await });
    // The clock is moved when the second step has arrived.
    while world.count("/revoke") < 2 {
        tokio::task::yield_now().await;
    }
    clock.advance(Duration::from_secs(3600));
    let error = writing.await.unwrap().unwrap_err();
    assert_eq!(
        (error.phase(), error.retry()),
        (Phase::PerhapsDone, Retry::Forbidden),
        "{error}"
    );
    // A clock that is set back in between does no harm.
    clock.set(Timestamp::from_millis(1000));
    world.cm.call(&Search::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_certificates_for_one_key_both_are_found() {
    let world = CmWorld::start(CmSetup::default()).await;
    let csr = new_csr("C=SE,CN=Lost");
    for _ in 0..2 {
        issue(&world.cm, &csr).await.unwrap();
    }
    // Somebody else's of the same name is no find.
    world.issue("C=SE,CN=Lost").await;
    let found = look(&world, &csr).await;
    assert_eq!(found.found.len(), 2);
    assert!(found.by_key_id.is_complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_is_exhaustive_only_when_all_that_may_be_it_was_examined() {
    let world = CmWorld::with("[cm.search]\ncap = 5").await;
    for _ in 0..12 {
        super::stored(&world, "C=SE,CN=Lost");
    }
    let csr = new_csr("C=SE,CN=Lost");
    let wanted = FindIssued::of_key(csr.public_key()).subject_common_name("Lost");
    let cut = world
        .cm
        .find_issued(&wanted.clone().examine_at_most(7))
        .await
        .unwrap();
    assert!(!cut.is_exhaustive() && cut.found.is_empty(), "{cut:?}");
    assert_eq!(cut.examined.len(), 7);
    let whole = world.cm.find_issued(&wanted).await.unwrap();
    assert!(whole.is_exhaustive() && whole.found.is_empty(), "{whole:?}");
    // Without a hint, a search that goes by the key identifier alone proves nothing: how it is written is not published.
    let alone = world
        .cm
        .find_issued(&FindIssued::of_key(csr.public_key()))
        .await
        .unwrap();
    assert!(!alone.is_exhaustive(), "{alone:?}");
    // A certificate that cannot be had leaves it open.
    world
        .sim
        .faults()
        .inject(Fault::new(Route::CmDownload, FaultKind::body("text/plain", "no")).skip(3));
    let open = world.cm.find_issued(&wanted).await.unwrap();
    assert!(!open.is_exhaustive(), "{open:?}");
}
