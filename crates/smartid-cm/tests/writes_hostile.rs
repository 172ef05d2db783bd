//! What could make a write do something else than was asked, or look done when it is not: fields that mean two things, codes that
//! contradict each other, signers that never answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use smartid_cm::operations::{IssueCertificate, ItemState, Revoke, Search};
use smartid_cm::{
    Call, CertId, CertificateManager, CmDialect, Csr, ProcedureName, RequestSignature, RevocationReason,
    SignedCall,
};
use smartid_core::{
    BlockingWork, BoxFuture, Endpoint, Incoming, ManualRuntime, Outgoing, Phase, ResponseError, Runtime,
    ServiceUrl, Timestamp, Transport, TransportError, WorkLost,
};
use smartid_trust::MemorySigner;

fn pki(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/golden/pki/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn revoke() -> Revoke {
    Revoke::new(CertId::new("1").unwrap(), RevocationReason::KeyCompromise)
}

fn body(outgoing: &Outgoing) -> String {
    String::from_utf8(outgoing.body_bytes().to_vec()).unwrap()
}

fn sent(dialect: &str) -> Result<String, String> {
    let dialect = CmDialect::from_toml(&format!("[revoke]\nencoding = 'form'\n{dialect}")).unwrap();
    let outgoing = Call::new(&revoke()).request(&dialect);
    outgoing
        .map(|outgoing| body(&outgoing))
        .map_err(|error| error.to_string())
}

#[test]
fn a_constant_adds_no_second_value_to_a_field_of_the_call() {
    let plain = "certId=1&reason=1";
    assert_eq!(sent("").unwrap(), plain);
    for constant in ["certid", "certId", "reason"] {
        assert_eq!(
            sent(&format!("constants = {{ {constant} = '9' }}")).unwrap(),
            plain,
            "{constant}"
        );
    }
    assert_eq!(
        sent("constants = { cause = '9' }").unwrap(),
        format!("{plain}&cause=9")
    );
    let renamed = sent("rename = { reason = 'cause' }\nconstants = { cause = '9' }").unwrap();
    assert_eq!(renamed, "certId=1&cause=1");
    // What the call leaves out, the constant says.
    let dialect =
        CmDialect::from_toml("[issue]\nencoding = 'form'\nconstants = { procname = 'Default' }").unwrap();
    let issue = IssueCertificate::new(Csr::from_der(pki("device-rsa.csr.der")).unwrap());
    let without = body(&Call::new(&issue).request(&dialect).unwrap());
    assert!(without.ends_with("&procname=Default"), "{without}");
    let with = issue.procedure(ProcedureName::new("Mine").unwrap());
    let with = body(&Call::new(&with).request(&dialect).unwrap());
    assert!(
        with.contains("procname=Mine") && !with.contains("Default"),
        "{with}"
    );
    // Nor a second parameter to a search.
    let dialect = CmDialect::from_toml(
        "[search]\nrename = { searchOffset = 'start' }\nconstants = { start = '0', subjectType = 'EE' }",
    )
    .unwrap();
    let target = |search: Search| search.request(&dialect).unwrap().target();
    assert_eq!(
        target(Search::new().offset(500)),
        "certificates?start=500&subjectType=EE"
    );
    assert_eq!(target(Search::new()), "certificates?start=0&subjectType=EE");
}

#[test]
fn no_two_fields_have_one_name_and_the_signature_is_no_constant() {
    for dialect in [
        "rename = { certid = 'reason' }",
        "rename = { reason = 'certId' }",
        "constants = { signature = 'x' }",
    ] {
        assert!(sent(dialect).unwrap_err().starts_with("dialect: "), "{dialect}");
        let dialect = CmDialect::from_toml(&format!("[revoke]\n{dialect}")).unwrap();
        let built = CertificateManager::builder("https://pgwy.example.test/pgwy/api").dialect(dialect);
        let error = built.build(Arc::new(Demands), Arc::new(clock())).unwrap_err();
        assert_eq!(error.setting, "cm.dialect");
    }
    let dialect = CmDialect::from_toml("[revoke]\nrename = { certid = 'signature' }").unwrap();
    let signature = RequestSignature::from_cms(vec![0x30, 0]);
    assert!(SignedCall::new(&revoke(), &signature).request(&dialect).is_err());
}

fn answered(body: &'static str) -> Result<Vec<ItemState>, ResponseError<smartid_cm::CmRefusal>> {
    let two = revoke().and(CertId::new("2").unwrap());
    let incoming = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body));
    let signature = RequestSignature::from_cms(vec![0x30, 0]);
    let results = SignedCall::new(&two, &signature).response(&CmDialect::default(), incoming)?;
    Ok(results.items.into_iter().map(|(_, state)| state).collect())
}

#[test]
fn codes_that_contradict_each_other_are_no_success() {
    for body in [r#"{"error":-15,"error":0}"#, r#"{"error":0,"x":1,"error":0}"#] {
        let answered = answered(body);
        assert!(
            matches!(answered, Err(ResponseError::Unreadable(_))),
            "{body}: {answered:?}"
        );
    }
    let last_says_no = answered(r#"{"error":0,"error":-15}"#);
    assert!(
        matches!(last_says_no, Err(ResponseError::Refused(_))),
        "{last_says_no:?}"
    );
}

#[test]
fn certificates_that_are_listed_as_done_are_not_failed() {
    let all = answered(r#"{"error":0,"errors":[{"certid":"1","errorcode":0},{"certid":"2","errorcode":0}]}"#);
    assert_eq!(all.unwrap(), [ItemState::Done, ItemState::Done]);
    let one =
        answered(r#"{"error":0,"errors":[{"certid":"1","errorcode":0},{"certid":"2","errorcode":-14}]}"#)
            .unwrap();
    assert!(
        matches!(&one[..], [ItemState::Done, ItemState::Failed(_)]),
        "{one:?}"
    );
}

/// Always wants a signature.
#[derive(Debug)]
struct Demands;

impl Transport for Demands {
    fn send<'a>(&'a self, _: &'a ServiceUrl, _: Outgoing) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        let body = r#"{"error":-19,"dataToSign":"c2lnbg=="}"#;
        let incoming = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body));
        Box::pin(std::future::ready(Ok(incoming)))
    }
}

fn clock() -> ManualRuntime {
    ManualRuntime::new(Timestamp::from_millis(1_800_000_000_000))
}

/// Blocking work never ends: a card that waits for somebody.
#[derive(Debug)]
struct Stuck(ManualRuntime);

impl Runtime for Stuck {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }

    fn run_blocking(&self, _: BlockingWork) -> BoxFuture<'static, Result<(), WorkLost>> {
        Box::pin(std::future::pending())
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.0.fill_random(bytes);
    }
}

#[test]
fn a_signer_that_never_answers_ends_the_write_as_not_signed() {
    let text = |name| String::from_utf8(pki(name)).unwrap();
    let (key, certificate) = (text("officer-p256.test.key"), text("officer-p256.pem"));
    let signer = Arc::new(MemorySigner::from_pem(&[&key, &certificate], None).unwrap());
    let clock = clock();
    let cm = CertificateManager::builder("https://pgwy.example.test/pgwy/api")
        .signer(signer)
        .sign_limit(Duration::from_secs(30))
        .build(Arc::new(Demands), Arc::new(Stuck(clock.clone())))
        .unwrap();
    let before = clock.now();
    let error = clock.block_on(cm.write(&revoke())).unwrap().unwrap_err();
    assert_eq!(
        (error.phase(), error.error_type().as_ref()),
        (Phase::NotSent, "not_signed")
    );
    assert!(error.to_string().contains("30s"), "{error}");
    assert_eq!(clock.now().since(before), Duration::from_secs(30));
}
