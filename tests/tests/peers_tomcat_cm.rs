//! The client of Certificate Manager against a server that is not ours: Debian's Tomcat 10, on which Protocol Gateway runs, with a
//! stand-in for it in Java. Tomcat demands the officer's certificate in the handshake and reads the forms; Bouncy Castle verifies what the
//! client signs and issues the certificates.
//!
//! These tests need `apt-get install tomcat10 openjdk-17-jdk-headless libbcpkix-java`, so they run only when asked for:
//! `cargo test -p smartid-tests --test peers_tomcat_cm -- --ignored`. They fail, and are not skipped, when it is missing.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

#[path = "../peers/tomcat/peer.rs"]
mod tomcat;

use std::sync::Arc;

use smartid::cm::operations::{Download, IssueCertificate, Procedures, Revoke, Search};
use smartid::cm::{
    Call, CertId, CertificateForm, CertificateManager, CertificateStatus, CmCode, CmDialect,
    ConnectionProblemKind, Csr, RequestSignature, RevocationReason, SignedCall, Step,
};
use smartid::trust::cms::{SignOptions, sign};
use smartid::trust::{Certificate, MemorySigner, OfficerIdentity, OfficerSigner};
use smartid::{ReqwestTransport, SecretString, TokioRuntime};
use smartid_tests::certificates::{kind, refusal};
use tomcat::{PASSWORD, Tomcat};

const CONNECTORS: [&str; 2] = ["required", "required12"];

fn p12(tomcat: &Tomcat, file: &str) -> Arc<dyn OfficerSigner> {
    Arc::new(MemorySigner::from_pkcs12(&tomcat.read(file), &SecretString::new(PASSWORD)).unwrap())
}

fn pem(tomcat: &Tomcat, name: &str) -> Arc<dyn OfficerSigner> {
    let texts = [
        tomcat.text(&format!("{name}.pem")),
        tomcat.text(&format!("{name}.key")),
    ];
    Arc::new(MemorySigner::from_pem(&[&texts[0], &texts[1]], None).unwrap())
}

fn client(
    tomcat: &Tomcat,
    connector: &str,
    officer: Option<Arc<dyn OfficerSigner>>,
    signer: Arc<dyn OfficerSigner>,
    dialect: &str,
) -> CertificateManager {
    let mut transport = ReqwestTransport::builder().root_pem(tomcat.read("ca.pem"));
    if let Some(officer) = officer {
        transport = transport.identity(Arc::new(OfficerIdentity::new(officer).unwrap()));
    }
    CertificateManager::builder(tomcat.url(connector))
        .signer(signer)
        .dialect(CmDialect::from_toml(dialect).unwrap())
        .build(
            Arc::new(transport.build().unwrap()),
            Arc::new(TokioRuntime::new()),
        )
        .unwrap()
}

async fn status(cm: &CertificateManager, certid: &CertId) -> Option<CertificateStatus> {
    let page = cm.call(&Search::new()).await.unwrap();
    let found = page
        .certificates
        .into_iter()
        .find(|record| record.certid.as_ref() == Some(certid));
    found.unwrap().status
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn a_certificate_is_issued_and_revoked_in_two_steps_each_in_every_form() {
    let tomcat = Tomcat::shared();
    let csr = Csr::from_pem(&tomcat.text("request.pem")).unwrap();
    let ca = Certificate::from_pem(&tomcat.text("ca.pem")).unwrap();
    for connector in CONNECTORS {
        for encoding in ["multipart", "form"] {
            for file_parts in [true, false] {
                for form in ["base64", "base64-lines", "pem", "der"] {
                    if form == "der" && encoding == "form" {
                        continue;
                    }
                    let dialect = format!(
                        "issue.encoding = '{encoding}'\nrevoke.encoding = '{encoding}'\n[requests]\ncsr = '{form}'\nfile_parts = \
                         {file_parts}"
                    );
                    let officer = p12(&tomcat, "officer.p12");
                    let cm = client(&tomcat, connector, Some(Arc::clone(&officer)), officer, &dialect);
                    let issued = cm
                        .write(&IssueCertificate::new(csr.clone()))
                        .await
                        .unwrap_or_else(|error| panic!("{connector} {dialect}: {error}"));
                    assert_eq!(issued.certificate.public_key().unwrap(), *csr.public_key());
                    assert_eq!(issued.certificate.subject(), *csr.subject());
                    assert_eq!(issued.chain, [issued.certificate.clone(), ca.clone()]);
                    issued
                        .certificate
                        .is_signed_by(&ca.public_key().unwrap())
                        .unwrap();
                    let certid = issued.certid.unwrap();
                    assert_eq!(status(&cm, &certid).await, Some(CertificateStatus::Active));
                    let results = cm
                        .write(&Revoke::new(certid.clone(), RevocationReason::Superseded))
                        .await
                        .unwrap();
                    assert!(results.all_done());
                    assert_eq!(status(&cm, &certid).await, Some(CertificateStatus::Revoked));
                }
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn every_form_of_the_answer_is_read() {
    let tomcat = Tomcat::shared();
    let csr = Csr::from_der(tomcat.read("request.csr")).unwrap();
    let officer = pem(&tomcat, "officer");
    let cm = client(&tomcat, "required", Some(Arc::clone(&officer)), officer, "");
    for (form, count) in [
        (CertificateForm::Unspecified, 2),
        (CertificateForm::Pkcs7, 2),
        (CertificateForm::Certificate, 1),
        (CertificateForm::PemChain(None), 2),
        (CertificateForm::PemChain(Some(1)), 1),
    ] {
        let call = IssueCertificate::new(csr.clone()).form(form.clone());
        let issued = cm.write(&call).await.unwrap();
        assert_eq!(issued.chain.len(), count, "{form:?}");
        let download = Download::new(issued.certid.unwrap()).form(form.clone());
        let again = cm.call(&download).await.unwrap();
        assert_eq!(again.leaf().unwrap(), &issued.certificate, "{form:?}");
    }
    let gone = Download::new(CertId::new("c1").unwrap());
    let error = cm.call(&gone).await.unwrap_err();
    assert_eq!(refusal(&error).cm_code(), Some(CmCode::BadFieldValue), "{error}");
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn another_officer_may_sign_and_a_stranger_may_not() {
    let tomcat = Tomcat::shared();
    let csr = Csr::from_pem(&tomcat.text("request.pem")).unwrap();
    let call = IssueCertificate::new(csr);
    for connector in CONNECTORS {
        let officer = || Some(pem(&tomcat, "officer"));
        let cm = client(&tomcat, connector, officer(), p12(&tomcat, "signer.p12"), "");
        cm.write(&call).await.unwrap();
        for nobody in ["stranger", "expired"] {
            let cm = client(&tomcat, connector, officer(), pem(&tomcat, nobody), "");
            let error = cm.write(&call).await.unwrap_err();
            assert_eq!(kind(&error).name(), "bad-signature", "{nobody}: {error}");
        }
    }
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn bouncy_castle_accepts_every_way_of_signing_with_the_content_inside() {
    let tomcat = Tomcat::shared();
    let csr = Csr::from_pem(&tomcat.text("request.pem")).unwrap();
    let call = IssueCertificate::new(csr);
    for signer in [pem(&tomcat, "officer"), pem(&tomcat, "signer")] {
        for (options, accepted) in [
            (SignOptions::new(), true),
            (SignOptions::new().without_signed_attributes(), true),
            (SignOptions::new().with_chain(), true),
            (SignOptions::new().with_signing_certificate(), true),
            (SignOptions::new().detached(), false),
        ] {
            let cm = client(
                &tomcat,
                "required",
                Some(pem(&tomcat, "officer")),
                Arc::clone(&signer),
                "",
            );
            let Step::Sign(data) = cm.call(&Call::new(&call)).await.unwrap() else {
                panic!("nothing to sign")
            };
            let signature = RequestSignature::from_cms(sign(&*signer, data.as_bytes(), &options).unwrap());
            let result = cm.call(&SignedCall::new(&call, &signature)).await;
            assert_eq!(result.is_ok(), accepted, "{options:?}: {result:?}");
            // It counts once.
            let error = cm.call(&SignedCall::new(&call, &signature)).await.unwrap_err();
            assert_eq!(kind(&error).name(), "bad-signature", "{error}");
        }
    }
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn the_connection_is_tested_and_what_is_wrong_is_told_apart() {
    use ConnectionProblemKind as Kind;
    let tomcat = Tomcat::shared();
    let officer = || Some(pem(&tomcat, "officer"));
    let signer = || pem(&tomcat, "signer");
    for connector in CONNECTORS {
        let cm = client(&tomcat, connector, officer(), signer(), "");
        assert_eq!(cm.check_connection().await.unwrap().procedures, Some(1));
        assert_eq!(
            cm.call(&Procedures::default()).await.unwrap()[0].name.as_str(),
            "Example procedure"
        );
        for (nobody, expected) in [
            (None, Kind::ClientCertificateRefused),
            (Some(pem(&tomcat, "stranger")), Kind::ClientCertificateRefused),
            (Some(pem(&tomcat, "expired")), Kind::ClientCertificateRefused),
        ] {
            let cm = client(&tomcat, connector, nobody, signer(), "");
            let problem = cm.check_connection().await.unwrap_err();
            assert_eq!(problem.kind(), expected, "{connector}: {problem}");
        }
    }
    for connector in ["late12", "late13"] {
        let cm = client(&tomcat, connector, officer(), signer(), "");
        let problem = cm.check_connection().await.unwrap_err();
        assert_eq!(
            problem.kind(),
            Kind::ClientCertificateAskedTooLate,
            "{connector}: {problem}"
        );
    }
    // A server of another root.
    let transport = ReqwestTransport::builder()
        .root_pem(tomcat.read("stranger.pem"))
        .build()
        .unwrap();
    let cm = CertificateManager::builder(tomcat.url("required"))
        .build(Arc::new(transport), Arc::new(TokioRuntime::new()))
        .unwrap();
    let problem = cm.check_connection().await.unwrap_err();
    assert_eq!(problem.kind(), Kind::ServerUntrusted, "{problem}");
    // Where there is no application, Tomcat answers with a page of its own.
    let transport = ReqwestTransport::builder()
        .root_pem(tomcat.read("ca.pem"))
        .identity(Arc::new(OfficerIdentity::new(signer()).unwrap()))
        .build()
        .unwrap();
    let elsewhere = tomcat.url("required").replace("/pgwy/", "/elsewhere/");
    let cm = CertificateManager::builder(elsewhere)
        .build(Arc::new(transport), Arc::new(TokioRuntime::new()))
        .unwrap();
    let problem = cm.check_connection().await.unwrap_err();
    assert_eq!(problem.kind(), Kind::NotStarted, "{problem}");
}
