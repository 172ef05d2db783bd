//! Certificates for requests: every form of the answer, every encoding of the request, every kind of key, either way of signing.

use smartid::cm::ProcedureName;
use smartid::cm::operations::{IssueCertificate, UnusableCertificate};
use smartid::cm::{CertificateForm, CertificatesError};
use smartid::{Phase, Retry, Timestamp, Turn};
use smartid_core::base64::{Flavour, decode_lenient};
use smartid_sim::pki::{KeyKind, KeySource};
use smartid_sim::{Fault, FaultKind, Route};
use smartid_tests::certificates::{CmSetup, CmWorld, OfficerFile, csr_for, kind, new_csr, refusal};

const ISSUE: &str = "/certificates/pkcs10";

fn forms() -> Vec<(CertificateForm, &'static str, usize)> {
    vec![
        // What is not asked for goes out as HTTP's "anything".
        (CertificateForm::Unspecified, "*/*", 3),
        (CertificateForm::Pkcs7, "application/pkcs7-mime", 3),
        (CertificateForm::Certificate, "application/pkix-cert", 1),
        (
            CertificateForm::PemChain(None),
            "application/pem-certificate-chain",
            3,
        ),
        (
            CertificateForm::PemChain(Some(2)),
            "application/pem-certificate-chain;depth=2",
            2,
        ),
        (CertificateForm::Zip, "application/zip", 3),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_the_answer_gives_the_certificate_and_its_chain() {
    let world = CmWorld::start(CmSetup::default()).await;
    for (form, accept, count) in forms() {
        let call = IssueCertificate::new(new_csr("C=SE,O=Example,CN=Server")).form(form.clone());
        let issued = world.cm.write(&call).await.unwrap();
        let record = world.requests(ISSUE).pop().unwrap();
        assert_eq!(record.header("accept"), Some(accept), "{form:?}");
        let stored = world
            .sim
            .cm()
            .certificate(issued.certid.as_ref().unwrap().as_str())
            .unwrap();
        assert_eq!(
            stored.der.as_deref(),
            Some(&**issued.certificate.der()),
            "{form:?}"
        );
        assert_eq!(issued.chain.len(), count, "{form:?}");
        assert_eq!(issued.chain[0], issued.certificate, "{form:?}");
        assert_eq!(issued.answer.bytes(), &record.reply, "{form:?}");
        assert!(issued.others.is_empty(), "{form:?}");
        assert_eq!(
            issued.certificate.public_key().unwrap(),
            *call.csr.public_key(),
            "{form:?}"
        );
        world.verify(&issued.certificate, &issued.chain[1..]).unwrap();
    }
    // Each took two requests.
    assert_eq!(world.count(ISSUE), 2 * forms().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_encoding_of_the_request_is_understood() {
    let world = CmWorld::start(CmSetup::default()).await;
    for encoding in ["multipart", "form", "json"] {
        for csr in ["base64", "base64-lines", "pem", "der"] {
            if csr == "der" && encoding != "multipart" {
                continue;
            }
            for file_parts in [true, false] {
                let dialect = format!(
                    "issue.encoding = '{encoding}'\nrequests.csr = '{csr}'\nrequests.file_parts = {file_parts}"
                );
                let cm = world.speaking(&dialect);
                let issued = cm
                    .write(&IssueCertificate::new(new_csr("C=SE,CN=Encodings")))
                    .await
                    .unwrap_or_else(|error| panic!("{dialect}: {error}"));
                assert_eq!(
                    issued.certificate.subject().to_string(),
                    "CN=Encodings,C=SE",
                    "{dialect}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_signs_in_a_second_request_or_the_server_in_the_first() {
    for (mode, requests, signatures) in [("caller", 2, 1), ("vro", 1, 0)] {
        let world = CmWorld::with(&format!("[cm.signing]\nmode = '{mode}'")).await;
        let issued = world.issue("C=SE,CN=Mode").await;
        assert_eq!(world.count(ISSUE), requests, "{mode}");
        let seen = world.sim.cm().seen_signatures();
        assert_eq!(seen.len(), signatures, "{mode}");
        assert!(
            seen.iter().all(|signature| signature.refused.is_none()),
            "{seen:?}"
        );
        let certid = issued.certid.unwrap();
        let stored = world.sim.cm().certificate(certid.as_str()).unwrap();
        assert_eq!(stored.officer.as_deref(), Some("ra-officer"), "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_vro_mode_no_signer_is_needed_and_in_caller_mode_its_lack_is_told_before_anything_is_done() {
    let setup = CmSetup::default().unsigned();
    let world = CmWorld::start(setup.clone().sim("[cm.signing]\nmode = 'vro'")).await;
    world.issue("C=SE,CN=Unsigned").await;
    let world = CmWorld::start(setup).await;
    let error = world
        .cm
        .write(&IssueCertificate::new(new_csr("C=SE,CN=Unsigned")))
        .await
        .unwrap_err();
    assert_eq!(kind(&error).name(), "no-signer");
    assert_eq!((world.count(ISSUE), world.sim.cm().count()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_officer_may_sign_than_the_one_of_the_connection() {
    // The reader may log in and nothing else; who signs answers for it.
    let setup = CmSetup::default().officer("reader").signer("rsa-officer");
    let world = CmWorld::start(setup).await;
    let issued = world.issue("C=SE,CN=Four Eyes").await;
    let stored = world
        .sim
        .cm()
        .certificate(issued.certid.unwrap().as_str())
        .unwrap();
    assert_eq!(stored.officer.as_deref(), Some("rsa-officer"));
    let seen = world.sim.cm().seen_signatures();
    assert_eq!(
        (seen[0].caller.as_str(), seen[0].officer.as_deref()),
        ("reader", Some("rsa-officer"))
    );
    // And the other way round: the signer lacks the role.
    let cm = world.client(|setup| setup.officer("ra-officer").signer("reader"));
    let error = cm
        .write(&IssueCertificate::new(new_csr("C=SE,CN=No Role")))
        .await
        .unwrap_err();
    assert_eq!(kind(&error).name(), "privilege", "{error}");
    assert!(refusal(&error).is_privilege());
}

#[tokio::test(flavor = "multi_thread")]
async fn officers_of_every_kind_of_key_in_both_files_log_in_and_sign() {
    let world = CmWorld::start(CmSetup::default()).await;
    for officer in ["ra-officer", "rsa-officer", "ed25519-officer"] {
        for file in [OfficerFile::Pem, OfficerFile::P12] {
            let cm = world.client(|setup| setup.officer(officer).file(file));
            cm.write(&IssueCertificate::new(new_csr("C=SE,CN=Keys")))
                .await
                .unwrap_or_else(|error| panic!("{officer} {file:?}: {error}"));
            let seen = world.sim.cm().seen_signatures().pop().unwrap();
            assert_eq!(
                (seen.officer.as_deref(), seen.refused),
                (Some(officer), None),
                "{file:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_for_every_kind_of_key_are_issued_for_that_key() {
    let world = CmWorld::start(CmSetup::default()).await;
    let keys = KeySource::new(Some(20));
    for kind in [KeyKind::Rsa2048, KeyKind::P256, KeyKind::P384, KeyKind::Ed25519] {
        let key = keys.key(kind).unwrap();
        let csr = csr_for("C=SE,CN=Key", &key);
        let issued = world.cm.write(&IssueCertificate::new(csr)).await.unwrap();
        assert_eq!(
            &**issued.certificate.spki_der(),
            key.public_spki_der(),
            "{kind:?}"
        );
        world.verify(&issued.certificate, &[]).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn subjects_beyond_ascii_come_back_as_they_were_sent() {
    let world = CmWorld::start(CmSetup::default()).await;
    for subject in [
        "C=SE,O=Åkeri & Söner,CN=Östen Ärlig",
        "C=GR,CN=Αλέξανδρος",
        "C=JP,CN=日本語",
        "CN=\u{1F511} key",
        "C=SE,O=a\\, b,CN=\"quoted\" + plus",
    ] {
        let call = IssueCertificate::new(new_csr(subject));
        let issued = world
            .cm
            .write(&call)
            .await
            .unwrap_or_else(|error| panic!("{subject}: {error}"));
        assert_eq!(issued.certificate.subject(), *call.csr.subject(), "{subject}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_and_procedures_are_those_that_were_asked_for() {
    let world = CmWorld::start(CmSetup::default()).await;
    let now = world.cm.runtime().now().as_millis() / 1000;
    let at = |days: u64| Timestamp::from_millis((now + days * 86_400) * 1000);
    let call = IssueCertificate::new(new_csr("C=SE,CN=Dates"))
        .procedure(ProcedureName::new("TLS server").unwrap())
        .valid_from(at(1))
        .valid_to(at(31));
    for dates in ["seconds", "fraction"] {
        let cm = world.speaking(&format!("requests.dates = '{dates}'"));
        let issued = cm.write(&call).await.unwrap();
        assert_eq!(
            (issued.certificate.not_before(), issued.certificate.not_after()),
            (at(1), at(31)),
            "{dates}"
        );
        let stored = world
            .sim
            .cm()
            .certificate(issued.certid.unwrap().as_str())
            .unwrap();
        assert_eq!(stored.procedure.as_deref(), Some("TLS server"), "{dates}");
    }
    // Of a procedure that does not exist, and of one for something else, nothing is issued.
    let before = world.sim.cm().count();
    for wrong in ["No such procedure", "Soft token"] {
        let call =
            IssueCertificate::new(new_csr("C=SE,CN=Dates")).procedure(ProcedureName::new(wrong).unwrap());
        let error = world.cm.write(&call).await.unwrap_err();
        assert_eq!(kind(&error).name(), "bad-field-value", "{wrong}: {error}");
    }
    // Nor a date that is over.
    let over = call
        .clone()
        .valid_from(at(0))
        .valid_to(Timestamp::from_millis(1000));
    assert!(world.cm.write(&over).await.unwrap_err().is_misconfigured());
    assert_eq!(world.sim.cm().count(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_key_is_no_success() {
    let world = CmWorld::start(CmSetup::default()).await;
    let theirs = world.issue("C=SE,CN=Theirs").await;
    let stored = theirs.certid.unwrap();
    let pem = world
        .sim
        .cm()
        .certificate(stored.as_str())
        .unwrap()
        .parse()
        .unwrap()
        .pem();
    // The second answer carries somebody else's certificate; the work is done.
    let answer = FaultKind::Respond {
        status: 200,
        content_type: "application/pem-certificate-chain".to_owned(),
        body: pem,
        work: true,
        headers: vec![("certId".to_owned(), stored.to_string())],
    };
    world
        .sim
        .faults()
        .inject(Fault::new(Route::CmIssue, answer).skip(1));
    let call = IssueCertificate::new(new_csr("C=SE,CN=Mine"));
    let error = world.cm.write(&call).await.unwrap_err();
    assert_eq!(
        (error.phase(), error.retry()),
        (Phase::Unreadable, Retry::Forbidden)
    );
    let unreadable = error.unreadable_answer().unwrap();
    let unusable = unreadable.cause::<UnusableCertificate>().unwrap();
    assert_eq!(unusable.problem(), &CertificatesError::OtherKey);
    assert_eq!(unusable.certificates(), [theirs.certificate]);
    assert_eq!(unusable.certid(), Some(&stored));
    assert_eq!(error.advice().turn, Turn::Administrator);
    assert_eq!(world.sim.cm().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signers_chain_and_default_algorithm_are_what_the_server_verifies() {
    let world = CmWorld::start(CmSetup::default()).await;
    let signer = CmSetup::default().open(&world.sim, "ra-officer");
    assert_eq!(signer.chain().len(), 2);
    world.issue("C=SE,CN=Chain").await;
    let seen = world.sim.cm().seen_signatures().pop().unwrap();
    // Content is inside: what was handed out, to the byte.
    let asked = world.requests(ISSUE)[0].reply.clone();
    let answer: serde_json::Value = serde_json::from_slice(&asked).unwrap();
    let text = answer["dataToSign"].as_str().unwrap();
    assert_eq!(seen.content, decode_lenient(Flavour::Standard, text).unwrap().0);
    assert_eq!(answer["error"], -19);
}
