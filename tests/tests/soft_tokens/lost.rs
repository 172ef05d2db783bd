//! Answers that are lost or are something else: what may have been done is never asked for again, and what was made can be found.

use std::time::Duration;

use smartid::cm::operations::{Revoke, Search};
use smartid::cm::soft_token::SoftTokenProblem;
use smartid::cm::{CertId, RevocationReason};
use smartid::core::CallPolicy;
use smartid::{Error, Phase, Retry};
use smartid_sim::{CertificateState, Fault, FaultKind, Route};
use smartid_tests::certificates::{CmSetup, CmWorld, ask};

use crate::{PKCS12, problem, unusable};

fn with_work(mut fault: FaultKind) -> FaultKind {
    if let FaultKind::Respond { work, .. } = &mut fault {
        *work = true;
    }
    fault
}

/// A patient client, who would repeat what may be repeated.
async fn patient(switches: &str) -> CmWorld {
    let mut setup = CmSetup::default().sim(switches);
    setup.policy = CallPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    CmWorld::start(setup).await
}

async fn with_fault(switches: &str, step: u32, fault: &FaultKind) -> (CmWorld, Error) {
    let world = patient(switches).await;
    let fault = Fault::new(Route::CmOther, fault.clone()).skip(step - 1);
    world.sim.faults().inject(fault);
    let error = world.token(&ask("Lost")).await.unwrap_err();
    assert_eq!(
        world.count(PKCS12),
        step as usize,
        "nothing is sent twice: {error}"
    );
    (world, error)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_perhaps_done_and_one_token_was_made() {
    for (switches, step) in [("", 2), ("[cm.signing]\nmode = 'vro'", 1)] {
        for (fault, done) in [
            (FaultKind::LostReply, 1),
            (FaultKind::ResetMidBody, 1),
            (FaultKind::Reset, 0),
        ] {
            let (world, error) = with_fault(switches, step, &fault).await;
            assert_eq!(
                (error.phase(), error.retry()),
                (Phase::PerhapsDone, Retry::Forbidden),
                "{switches} {fault:?}: {error}"
            );
            assert_eq!(world.sim.cm().soft_tokens().len(), done, "{switches} {fault:?}");
            assert_eq!(world.sim.cm().count(), done, "{switches} {fault:?}");
            // An officer looks for the subject, and withdraws what nobody has.
            let search = Search::new().subject_common_name("Lost");
            let found = world.cm.call(&search).await.unwrap();
            assert_eq!(found.certificates.len(), done);
            for record in &found.certificates {
                let revoke = Revoke::new(record.certid.clone().unwrap(), RevocationReason::Superseded);
                assert!(world.cm.write(&revoke).await.unwrap().all_done());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_ever() {
    let world = patient("[cm.signing]\nmode = 'vro'").await;
    world
        .sim
        .faults()
        .inject(Fault::new(Route::CmOther, FaultKind::Hang));
    let cm = world.client(|mut setup| {
        setup.policy = setup.policy.with_attempt_limit(Duration::from_millis(300));
        setup
    });
    let error = cm.write(&ask("Lost")).await.unwrap_err();
    assert_eq!(
        (error.phase(), error.retry()),
        (Phase::PerhapsDone, Retry::Forbidden),
        "{error}"
    );
    assert_eq!(world.count(PKCS12), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_instead_of_a_token_is_named_and_the_token_was_made() {
    for (fault, expected, keeps_certid) in [
        (with_work(FaultKind::html(200)), SoftTokenProblem::WebPage, false),
        (with_work(FaultKind::status(204)), SoftTokenProblem::Empty, false),
        (
            with_work(FaultKind::body("application/json", "{\"error\":0}")),
            SoftTokenProblem::Document,
            false,
        ),
        (
            with_work(FaultKind::body("application/x-pkcs12", "oops")),
            SoftTokenProblem::NoContainer,
            false,
        ),
        (FaultKind::TruncatedBody, SoftTokenProblem::Truncated, true),
    ] {
        for (switches, step) in [("", 2), ("[cm.signing]\nmode = 'vro'", 1)] {
            let (world, error) = with_fault(switches, step, &fault).await;
            assert_eq!(
                (error.phase(), error.retry()),
                (Phase::Unreadable, Retry::Forbidden),
                "{fault:?}: {error}"
            );
            assert_eq!(problem(&error), expected, "{fault:?}: {error}");
            let tokens = world.sim.cm().soft_tokens();
            assert_eq!(tokens.len(), 1, "{fault:?}");
            let told = unusable(&error).certid().map(CertId::as_str);
            let made = tokens[0].certids[0].as_str();
            assert_eq!(told, keeps_certid.then_some(made), "{fault:?}");
            assert!(!error.advice().check.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn flaws_of_the_container_are_seen_before_it_is_opened() {
    for (flaw, expected) in [
        ("truncated", SoftTokenProblem::Truncated),
        ("empty", SoftTokenProblem::Empty),
    ] {
        let world = CmWorld::with(&format!("[cm.soft_tokens]\nflaw = '{flaw}'")).await;
        let error = world.token(&ask("Flawed")).await.unwrap_err();
        assert_eq!(problem(&error), expected, "{error}");
        // The answer still tells which certificate nobody has the key of.
        let certid = unusable(&error).certid().unwrap().clone();
        let revoke = Revoke::new(certid.clone(), RevocationReason::CessationOfOperation);
        assert!(world.cm.write(&revoke).await.unwrap().all_done());
        let stored = world.sim.cm().certificate(certid.as_str()).unwrap();
        assert!(matches!(
            stored.state,
            CertificateState::Revoked { reason: 5, .. }
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_is_read_is_an_error_and_not_a_token() {
    let world = CmWorld::with("[cm.signing]\nmode = 'vro'").await;
    let huge = FaultKind::Huge { bytes: 20 << 20 };
    world.sim.faults().inject(Fault::new(Route::CmOther, huge));
    let error = world.token(&ask("Huge")).await.unwrap_err();
    assert!(
        matches!(error.phase(), Phase::PerhapsDone | Phase::Unreadable),
        "{error}"
    );
    assert_eq!((error.retry(), world.count(PKCS12)), (Retry::Forbidden, 1));
    // A server that is not there has done nothing.
    let CmWorld { sim, cm, .. } = world;
    sim.shutdown().await;
    let error = cm.write(&ask("Nobody")).await.unwrap_err();
    assert_eq!(error.phase(), Phase::NotSent, "{error}");
}
