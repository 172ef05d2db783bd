//! Who calls, and what is wrong with the connection: each fault is an error of its own, and "test connection" names it.

use std::time::Duration;

use smartid::cm::operations::{IssueCertificate, Search};
use smartid::cm::{CmRefusalKind, ConnectionProblemKind as Kind};
use smartid::core::{TransportProblem, Turn};
use smartid::trust::{MemorySigner, OfficerIdentity, Reason};
use smartid::{Phase, Retry, SecretString};
use smartid_sim::{Fault, FaultKind, Route, SimClock};
use smartid_tests::certificates::{CmSetup, CmWorld, OFFICER_PASSWORD, kind, new_csr};

/// The name of what "test connection" finds, and the phase of the same fault in a write that must not have done anything.
async fn found(world: &CmWorld) -> Kind {
    let problem = world.cm.check_connection().await.unwrap_err();
    assert!(!problem.advice().check.is_empty() && !problem.to_string().is_empty());
    let error = world
        .cm
        .write(&IssueCertificate::new(new_csr("C=SE,CN=Nothing")))
        .await
        .unwrap_err();
    let nothing_done = matches!(error.phase(), Phase::NotSent | Phase::Refused)
        || matches!(
            problem.kind(),
            Kind::CaUnreachable | Kind::NotStarted | Kind::SomethingInFront
        );
    assert!(nothing_done, "{error:?}");
    assert_eq!(world.sim.cm().count(), 0, "{error}");
    problem.kind()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_works_is_told_with_what_is_behind_it() {
    let world = CmWorld::start(CmSetup::default()).await;
    let connected = world.cm.check_connection().await.unwrap();
    assert_eq!(connected.procedures, Some(3));
    assert_eq!(world.count("/procedures"), 1);
    let reader = world.client(|setup| setup.officer("reader"));
    reader.check_connection().await.unwrap();
    for versions in ["1.2", "1.3"] {
        let world = CmWorld::with(&format!("[cm.tls]\nversions = ['{versions}']")).await;
        for officer in ["ra-officer", "rsa-officer"] {
            let cm = world.client(|setup| setup.officer(officer));
            cm.check_connection()
                .await
                .unwrap_or_else(|problem| panic!("TLS {versions}, {officer}: {problem}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn test_connection_tells_each_fault_apart() {
    let officer = |name: &str| CmSetup::default().officer(name);
    let switched = |text: &str| CmSetup::default().sim(text);
    let mut untrusted = CmSetup::default();
    untrusted.trusted = false;
    let cases = [
        ("a server that nobody trusts", untrusted, Kind::ServerUntrusted),
        (
            "an expired officer",
            officer("expired-officer"),
            Kind::ClientCertificateRefused,
        ),
        (
            "an officer of next year",
            officer("future-officer"),
            Kind::ClientCertificateRefused,
        ),
        (
            "no client certificate",
            CmSetup::default().nobody(),
            Kind::ClientCertificateRefused,
        ),
        (
            "no client certificate where one is optional",
            CmSetup::default()
                .nobody()
                .sim("[cm.tls]\nclient_certificate = 'optional'"),
            Kind::NotAnOfficer,
        ),
        (
            "a port that asks for none",
            switched("[cm.tls]\nclient_certificate = 'none'"),
            Kind::NotAnOfficer,
        ),
        (
            "a revoked officer",
            officer("revoked-officer"),
            Kind::NotAnOfficer,
        ),
        (
            "a revoked officer where the handshake looks",
            officer("revoked-officer").sim("[cm.tls]\ncheck_revocation = true"),
            Kind::ClientCertificateRefused,
        ),
        ("nobody's officer", officer("no-officer"), Kind::NotAnOfficer),
        (
            "nobody's officer, told by a code",
            officer("no-officer").sim("[cm.tls]\nnot_officer = 'error'"),
            Kind::RoleMissing,
        ),
        (
            "an officer without roles",
            officer("without-roles"),
            Kind::RoleMissing,
        ),
        (
            "a role that is required of all",
            officer("reader").sim("[cm]\nrequired_ro_roles = ['Use clients', 'Publish certificate']"),
            Kind::RoleMissing,
        ),
        (
            "a page instead of a code",
            officer("without-roles").sim("[cm]\nerror_style = 'html'"),
            Kind::NotAnOfficer,
        ),
        ("another path", switched("[cm]\nstart = false"), Kind::NotStarted),
        (
            "a servlet that is not started",
            switched("[cm]\nstart = false\nstopped_status = 503"),
            Kind::NotStarted,
        ),
        (
            "not initialised",
            switched("[cm]\ninitialised = false"),
            Kind::NotInitialised,
        ),
        (
            "no certificate factory",
            switched("[cm]\nconnected = false"),
            Kind::CaUnreachable,
        ),
        (
            "no certificate factory, with status 200",
            switched("[cm]\nconnected = false\nerror_style = 'ok'"),
            Kind::CaUnreachable,
        ),
        (
            "too many requests",
            switched("[cm]\nfail = {procedures = -40, issue = -40}"),
            Kind::Busy,
        ),
        (
            "a general error",
            switched("[cm]\nfail = {procedures = -1, issue = -7}"),
            Kind::Refused,
        ),
        (
            "an error that nobody knows",
            switched("[cm]\nfail = {procedures = -4711, issue = -4711}"),
            Kind::Refused,
        ),
    ];
    for (name, setup, expected) in cases {
        let world = CmWorld::start(setup).await;
        assert_eq!(found(&world).await, expected, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_front_is_told_apart_from_what_is_behind() {
    for (fault, expected) in [
        (FaultKind::html(200), Kind::SomethingInFront),
        (FaultKind::html(401), Kind::SomethingInFront),
        (
            FaultKind::redirect(302, "https://login.example.test/"),
            Kind::SomethingInFront,
        ),
        (FaultKind::html(502), Kind::SomethingInFront),
        (FaultKind::status(504), Kind::SomethingInFront),
        (FaultKind::html(403), Kind::NotAnOfficer),
        (FaultKind::status(403), Kind::NotAnOfficer),
        (FaultKind::html(404), Kind::NotStarted),
        (FaultKind::html(503), Kind::NotStarted),
        (FaultKind::status(429), Kind::Busy),
        (FaultKind::html(500), Kind::Refused),
        (FaultKind::body("application/json", "[1,"), Kind::Unreadable),
        (FaultKind::body("text/plain", "hello"), Kind::Unreadable),
        (FaultKind::Huge { bytes: 20 << 20 }, Kind::Unreadable),
        (FaultKind::TruncatedBody, Kind::Unreadable),
        (FaultKind::Reset, Kind::NotReachable),
        (FaultKind::ResetMidBody, Kind::NotReachable),
    ] {
        let world = CmWorld::start(CmSetup::default()).await;
        world
            .sim
            .faults()
            .inject(Fault::new(Route::CmProcedures, fault.clone()));
        let problem = world.cm.check_connection().await.unwrap_err();
        assert_eq!(problem.kind(), expected, "{fault:?}: {problem}");
        // Once it is over, it is over.
        world.cm.check_connection().await.unwrap();
    }
    let world = CmWorld::start(CmSetup::default()).await;
    let cm = world.cm.clone();
    world.sim.shutdown().await;
    let problem = cm.check_connection().await.unwrap_err();
    assert_eq!(problem.kind(), Kind::NotReachable, "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_before_anything_is_connected() {
    let world = CmWorld::start(CmSetup::default()).await;
    let officer = world.sim.officer("ra-officer").unwrap();
    let p12 = officer.p12(OFFICER_PASSWORD).unwrap();
    for wrong in ["", "officer's passwor", "OFFICER'S PASSWORD", "åäö"] {
        let refused = MemorySigner::from_pkcs12(&p12, &SecretString::new(wrong)).unwrap_err();
        assert_eq!(refused.reason(), Reason::WrongPassword, "{wrong:?}");
    }
    let refused = MemorySigner::from_pkcs12(&p12[..p12.len() / 2], &SecretString::new(OFFICER_PASSWORD));
    assert!(refused.is_err());
    // Key and certificate of two people.
    let other = world.sim.officer("reader").unwrap();
    let mixed = [officer.certificate_pem(), other.key_pem()];
    let refused = MemorySigner::from_pem(&[&mixed[0], &mixed[1]], None).unwrap_err();
    assert!(
        matches!(
            refused.reason(),
            Reason::KeyCertificateMismatch | Reason::NoCertificate
        ),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_officer_is_told_by_the_identity_and_by_the_handshake() {
    let world = CmWorld::start(CmSetup::default()).await;
    let setup = CmSetup::default();
    let now = world.cm.runtime().now();
    for (officer, reason) in [
        ("expired-officer", Reason::Expired),
        ("future-officer", Reason::NotYetValid),
    ] {
        let identity = OfficerIdentity::new(setup.open(&world.sim, officer)).unwrap();
        assert_eq!(identity.check(now).unwrap_err().reason(), reason);
        let cm = world.client(|setup| setup.officer(officer));
        let error = cm.call(&Search::new()).await.unwrap_err();
        let transport = error.transport_error().unwrap();
        assert_eq!(
            transport.problem(),
            TransportProblem::ClientCertificate,
            "{error}"
        );
        assert_eq!((error.phase(), error.retry()), (Phase::NotSent, Retry::No));
    }
    // A signer who has expired is refused by the service.
    let cm = world.client(|setup| setup.signer("expired-officer"));
    let error = cm
        .write(&IssueCertificate::new(new_csr("C=SE,CN=Late")))
        .await
        .unwrap_err();
    assert_eq!(kind(&error).name(), "bad-signature", "{error}");
    assert_eq!(error.advice().turn, Turn::Administrator);
    for signer in ["revoked-officer", "no-officer"] {
        let cm = world.client(|setup| setup.signer(signer));
        let error = cm
            .write(&IssueCertificate::new(new_csr("C=SE,CN=Nobody")))
            .await
            .unwrap_err();
        assert_eq!(kind(&error).name(), "bad-signature", "{signer}: {error}");
    }
    assert_eq!(world.sim.cm().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_whose_time_ends_while_the_client_runs() {
    let clock = SimClock::manual();
    let mut setup = CmSetup::default();
    setup.clock = clock.clone();
    let world = CmWorld::start(setup).await;
    world.issue("C=SE,CN=Before").await;
    // The kept connection stands: the handshake was good; the officer is refused behind it.
    clock.advance(Duration::from_secs(3001 * 86_400));
    let error = world.cm.call(&Search::new()).await.unwrap_err();
    let over = match error.refusal::<smartid::cm::CmRefusal>() {
        Some(refusal) => *refusal.kind() == CmRefusalKind::NotAnOfficer,
        None => error.transport_error().unwrap().problem() == TransportProblem::ClientCertificate,
    };
    assert!(over, "{error}");
    assert_eq!(error.advice().turn, Turn::Administrator);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_who_is_revoked_and_renewed_while_the_client_runs() {
    let world = CmWorld::start(CmSetup::default()).await;
    world.issue("C=SE,CN=Before").await;
    world.sim.cm().revoke_officer("ra-officer").unwrap();
    let error = world.cm.call(&Search::new()).await.unwrap_err();
    assert_eq!(kind(&error), CmRefusalKind::NotAnOfficer, "{error}");
    world.sim.cm().renew_officer("ra-officer").unwrap();
    let identity = OfficerIdentity::new(CmSetup::default().open(&world.sim, "ra-officer")).unwrap();
    world
        .transport
        .set_identity(std::sync::Arc::new(identity))
        .unwrap();
    assert_eq!(world.cm.call(&Search::new()).await.unwrap().hits, Some(1));
    // The client still signs with the key of before.
    let error = world
        .cm
        .write(&IssueCertificate::new(new_csr("C=SE,CN=Old Key")))
        .await
        .unwrap_err();
    assert_eq!(kind(&error).name(), "bad-signature", "{error}");
    let cm = world.client(|setup| setup);
    cm.write(&IssueCertificate::new(new_csr("C=SE,CN=New Key")))
        .await
        .unwrap();
}
