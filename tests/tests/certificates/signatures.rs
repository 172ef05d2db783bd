//! Signing by the caller against a server that looks closely, changes its mind or asks for ever.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use smartid::cm::operations::{IssueCertificate, Revoke};
use smartid::cm::{Call, CertId, CertificateManager, CmRefusalKind, RequestSignature, SignedCall, Step};
use smartid::core::SignError;
use smartid::trust::cms::{SignOptions, sign};
use smartid::trust::{Certificate, OfficerSigner, SignatureAlgorithm};
use smartid::{Error, Phase, Retry, Turn};
use smartid_sim::SimClock;
use smartid_tests::certificates::{CmSetup, CmWorld, OFFICER, kind, new_csr};

const ISSUE: &str = "/certificates/pkcs10";

fn call(name: &str) -> IssueCertificate {
    IssueCertificate::new(new_csr(&format!("C=SE,CN={name}")))
}

/// What a first step wants signed, signed by an officer.
async fn first(
    cm: &CertificateManager,
    world: &CmWorld,
    call: &IssueCertificate,
    signer: &str,
) -> RequestSignature {
    let Step::Sign(data) = cm.call(&Call::new(call)).await.unwrap() else {
        panic!("nothing to sign")
    };
    let signer = CmSetup::default().open(&world.sim, signer);
    RequestSignature::from_cms(sign(&*signer, data.as_bytes(), &SignOptions::new()).unwrap())
}

async fn second(
    cm: &CertificateManager,
    call: &IssueCertificate,
    signature: &RequestSignature,
) -> Result<(), Error> {
    cm.call(&SignedCall::new(call, signature)).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_demands_a_signature_for_ever_is_asked_twice_and_no_more() {
    for style in ["http-status", "ok"] {
        let world = CmWorld::with(&format!(
            "[cm]\nerror_style = '{style}'\n[cm.signing]\nalways_again = true"
        ))
        .await;
        let error = world.cm.write(&call("Again")).await.unwrap_err();
        assert_eq!(kind(&error), CmRefusalKind::SignatureDemandedAgain, "{error}");
        assert_eq!((error.phase(), error.retry()), (Phase::Refused, Retry::No));
        assert_eq!(error.advice().turn, Turn::Administrator);
        assert_eq!((world.count(ISSUE), world.sim.cm().count()), (2, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_may_demand_of_a_signature_is_met() {
    for switches in [
        "strict_der = true\nline_breaks = true",
        "strict_der = true\nsigned_attributes = 'required'",
        "same_officer = true",
        "supersede = true",
        "data_line_breaks = true",
        "code = 0",
        "code = -1",
        "message = ''",
    ] {
        let world = CmWorld::with(&format!("[cm.signing]\n{switches}")).await;
        world
            .cm
            .write(&call("Demand"))
            .await
            .unwrap_or_else(|error| panic!("{switches}: {error}"));
        assert_eq!(world.count(ISSUE), 2, "{switches}");
    }
    // Where base64 may not be broken into lines, the dialect does without.
    let world = CmWorld::with("[cm.signing]\nline_breaks = false").await;
    let error = world.cm.write(&call("Lines")).await.unwrap_err();
    assert_eq!(kind(&error).name(), "encoding", "{error}");
    let cm = world.speaking("requests.binary_lines = false");
    cm.write(&call("Lines")).await.unwrap();
    // A signature without attributes is one as well.
    let world = CmWorld::with("[cm.signing]\nsigned_attributes = 'forbidden'").await;
    let error = world.cm.write(&call("Attributes")).await.unwrap_err();
    assert_eq!(kind(&error).name(), "bad-signature", "{error}");
    let signer = CmSetup::default().open(&world.sim, OFFICER);
    let cm = CertificateManager::builder(world.sim.cm_url())
        .signer(signer)
        .sign_options(SignOptions::new().without_signed_attributes())
        .build(Arc::new(world.transport.clone()), Arc::clone(world.cm.runtime()))
        .unwrap();
    cm.write(&call("Attributes")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_two_steps_can_be_made_by_hand_and_each_misuse_is_a_bad_signature() {
    let clock = SimClock::manual();
    let mut setup = CmSetup::default().sim("[cm.signing]\nlifetime_seconds = 300");
    setup.clock = clock.clone();
    let world = CmWorld::start(setup).await;
    let cm = &world.cm;
    let (one, other) = (call("One"), call("Other"));
    let bad = |result: Result<(), Error>, what: &str| {
        let error = result.unwrap_err();
        assert_eq!(kind(&error).name(), "bad-signature", "{what}: {error}");
        assert_eq!(error.phase(), Phase::Refused);
        world.said(ISSUE)
    };
    // Of another request.
    let signature = first(cm, &world, &one, OFFICER).await;
    let word = bad(second(cm, &other, &signature).await, "another request");
    assert_eq!(word, "signature_fields");
    // Used twice.
    second(cm, &one, &signature).await.unwrap();
    assert_eq!(
        bad(second(cm, &one, &signature).await, "used twice"),
        "signature_used"
    );
    assert_eq!(world.sim.cm().count(), 1);
    // Too late: the clock jumps between the steps; the whole write is made anew and succeeds.
    let signature = first(cm, &world, &one, OFFICER).await;
    clock.advance(Duration::from_secs(301));
    assert_eq!(
        bad(second(cm, &one, &signature).await, "too late"),
        "signature_expired"
    );
    cm.write(&one).await.unwrap();
    // By nobody who may.
    for nobody in ["no-officer", "revoked-officer", "expired-officer"] {
        let signature = first(cm, &world, &one, nobody).await;
        bad(second(cm, &one, &signature).await, nobody);
    }
    let signature = first(cm, &world, &one, "reader").await;
    let error = second(cm, &one, &signature).await.unwrap_err();
    assert_eq!(kind(&error).name(), "privilege", "{error}");
    // Over something else, or none at all.
    let signer = CmSetup::default().open(&world.sim, OFFICER);
    let else_signed = sign(&*signer, b"something else", &SignOptions::new()).unwrap();
    let word = bad(
        second(cm, &one, &RequestSignature::from_cms(else_signed)).await,
        "something else",
    );
    assert_eq!(word, "signature_content");
    for garbage in [&b"garbage"[..], b"0\x80", b"\x30\x03\x02\x01\x00"] {
        bad(
            second(cm, &one, &RequestSignature::from_cms(garbage.to_vec())).await,
            "garbage",
        );
    }
    assert_eq!(world.sim.cm().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_request_may_take_the_place_of_an_older_one() {
    for (supersede, refused) in [(true, true), (false, false)] {
        let world = CmWorld::with(&format!("[cm.signing]\nsupersede = {supersede}")).await;
        let (one, other) = (call("One"), call("Other"));
        let early = first(&world.cm, &world, &one, OFFICER).await;
        let late = first(&world.cm, &world, &other, OFFICER).await;
        let result = second(&world.cm, &one, &early).await;
        assert_eq!(result.is_err(), refused);
        if let Err(error) = result {
            assert_eq!(kind(&error).name(), "bad-signature", "{error}");
        }
        second(&world.cm, &other, &late).await.unwrap();
    }
}

/// A key that refuses, as a card does that was pulled out.
#[derive(Debug)]
struct Pulled(Arc<dyn OfficerSigner>, Mutex<u32>);

impl OfficerSigner for Pulled {
    fn chain(&self) -> &[Certificate] {
        self.0.chain()
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        self.0.algorithms()
    }

    fn sign(&self, _: SignatureAlgorithm, _: &[u8]) -> Result<Vec<u8>, SignError> {
        *self.1.lock().unwrap() += 1;
        Err(SignError::new("the card was pulled out"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_does_not_sign_ends_the_write_before_anything_is_done() {
    let world = CmWorld::start(CmSetup::default()).await;
    let signer = Arc::new(Pulled(
        CmSetup::default().open(&world.sim, OFFICER),
        Mutex::new(0),
    ));
    let cm = CertificateManager::builder(world.sim.cm_url())
        .signer(Arc::clone(&signer) as Arc<dyn OfficerSigner>)
        .build(Arc::new(world.transport.clone()), Arc::clone(world.cm.runtime()))
        .unwrap();
    let certid = CertId::new(super::stored(&world, "C=SE,CN=Card")).unwrap();
    let error = cm.write(&Revoke::hold(certid)).await.unwrap_err();
    assert_eq!(
        (error.phase(), error.retry()),
        (Phase::NotSent, Retry::No),
        "{error}"
    );
    assert_eq!(error.error_type(), "not_signed");
    assert!(error.to_string().contains("pulled out"), "{error}");
    assert_eq!((*signer.1.lock().unwrap(), world.count("/revoke")), (1, 1));
    assert!(world.sim.cm().seen_signatures().is_empty());
}
