//! What stands around certificates: the signing authority, calls that the library does not know, and the servlet `dp`.

use http::Method;
use smartid::cm::dialect::Encoding;
use smartid::cm::operations::experimental::{
    DownloadRevocationList, HashAlgorithm, SignHash, SignatureFormat,
};
use smartid::cm::operations::{CaCertificate, CaNotBelieved, FieldValue, RawCall, RawRead, RawWrite};
use smartid::cm::{CertId, CertificateManager, CmCode};
use smartid::trust::{Certificate, Fingerprint};
use smartid::{ReqwestTransport, Transport};
use smartid_sim::pki::{Digest, cms};
use smartid_tests::certificates::{CmSetup, CmWorld, kind};
use std::sync::Arc;

/// The simulator's guess at the names is another than the client's, since nothing is published.
const SIGNING_AUTHORITY: &str = "
    [signing_authority]
    rename = {hashalgorithm = 'hashAlgorithm', format = 'signatureFormat'}
    response = [{move = '/signedData', to = '/signeddata'}]
";

#[tokio::test(flavor = "multi_thread")]
async fn the_signing_authority_signs_the_hash_that_was_sent() {
    let content = b"what is to be signed\r\n";
    for reply in ["json", "bytes"] {
        let world = CmWorld::with(&format!("[cm.signing_authority]\nreply = '{reply}'")).await;
        let cm = world.speaking(SIGNING_AUTHORITY);
        for (algorithm, digest) in [
            (HashAlgorithm::Sha256, Digest::Sha256),
            (HashAlgorithm::Sha384, Digest::Sha384),
            (HashAlgorithm::Sha512, Digest::Sha512),
        ] {
            let call = SignHash::new(algorithm.clone(), digest.of(content));
            let signed = cm
                .write(&call)
                .await
                .unwrap_or_else(|error| panic!("{reply} {algorithm}: {error}"));
            let verified = cms::verify(&signed.signature, Some(content)).unwrap();
            let signer = verified.signers[0].certificate.common_name();
            assert_eq!(signer.as_deref(), Some("Signing Authority"));
        }
    }
    let world = CmWorld::start(CmSetup::default()).await;
    let cm = world.speaking(SIGNING_AUTHORITY);
    let call = SignHash::new(HashAlgorithm::Sha256, Digest::Sha256.of(content));
    let plain = cm
        .write(&call.clone().format(SignatureFormat::Signature))
        .await
        .unwrap();
    assert_eq!(plain.signature.len(), 256);
    // A hash that is no such hash does not go out; a role that is missing is told.
    let before = world.sim.records().len();
    let short = SignHash::new(HashAlgorithm::Sha256, vec![7; 31]);
    assert!(cm.write(&short).await.unwrap_err().is_misconfigured());
    assert_eq!(world.sim.records().len(), before);
    let reader = world.client(|setup| setup.officer("reader").dialect(SIGNING_AUTHORITY));
    let error = reader.write(&call).await.unwrap_err();
    assert_eq!(kind(&error).name(), "privilege", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_the_library_does_not_know_are_made_with_the_officer_and_the_signature() {
    let world = CmWorld::start(CmSetup::default()).await;
    let certid = CertId::new(super::stored(&world, "C=SE,CN=Raw")).unwrap();
    let listed = world
        .cm
        .call(&RawRead::new("certificates").query("subjectCommonName", "Raw"))
        .await
        .unwrap();
    assert_eq!(listed.code(world.cm.dialect()), Some(CmCode::Success));
    assert!(listed.text().unwrap().contains(certid.as_str()));
    for encoding in [Encoding::Multipart, Encoding::Form, Encoding::Json] {
        let hold = RawWrite::new("certificates/revoke", encoding)
            .field("certid", FieldValue::from(vec![certid.to_string()]))
            .field("reason", 6_i64);
        let done = world.cm.write(&hold).await.unwrap();
        assert_eq!(done.status().as_u16(), 200, "{encoding:?}");
        let back = RawWrite::new("certificates/reinstate", encoding).field("certid", certid.as_str());
        world.cm.write(&back).await.unwrap();
    }
    // One step only, and the answer as it is.
    let body = format!("certid={certid}&reason=6");
    let step =
        RawCall::new(Method::POST, "certificates/revoke").body("application/x-www-form-urlencoded", body);
    let demand = world.cm.call(&step).await.unwrap();
    assert!(demand.data_to_sign(world.cm.dialect()).is_some());
    assert_eq!(
        demand.message(world.cm.dialect()).as_deref(),
        Some("Sign request and send again")
    );
    // A refusal of a raw write is an error like any other.
    let wrong = RawWrite::new("certificates/revoke", Encoding::Json).field("reason", 6_i64);
    let error = world.cm.write(&wrong).await.unwrap_err();
    assert_eq!(kind(&error).name(), "missing-field", "{error}");
    let error = world
        .cm
        .write(&RawWrite::new("certificates/unheard-of", Encoding::Json).field("a", "b"))
        .await
        .unwrap_err();
    assert_eq!(kind(&error).name(), "no-such-path", "{error}");
}

/// A client without an officer that may call the plain port.
fn public(world: &CmWorld, dialect: &str) -> CertificateManager {
    let plain: Arc<dyn Transport> = Arc::new(
        ReqwestTransport::builder()
            .danger_allow_plain_http()
            .build()
            .unwrap(),
    );
    CertificateManager::builder(world.sim.cm_url())
        .danger_dp_url_plain_http(world.sim.cm_dp_url())
        .dp_transport(plain)
        .dialect(smartid::core::dialect::overlay(dialect).unwrap())
        .build(Arc::new(world.transport.clone()), Arc::clone(world.cm.runtime()))
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ca_certificates_are_believed_by_fingerprint_or_root_and_not_because_they_came() {
    let world = CmWorld::start(CmSetup::default()).await;
    let cm = public(&world, "");
    let root = Certificate::from_pem(&world.sim.cm_root_pem()).unwrap();
    let now = cm.runtime().now();
    let downloaded = cm.call_dp(&CaCertificate::new("root")).await.unwrap();
    assert_eq!(downloaded.expect_fingerprint(root.fingerprint()).unwrap(), root);
    let issuing = cm.call_dp(&CaCertificate::new("issuing")).await.unwrap();
    let issuing = issuing.issued_by(&root, now).unwrap();
    assert_eq!(issuing.der(), world.sim.cm().issuer().unwrap().der());
    let downloaded = cm.call_dp(&CaCertificate::new("issuing")).await.unwrap();
    let other: Fingerprint = root.fingerprint();
    let refused = downloaded.expect_fingerprint(other).unwrap_err();
    assert!(matches!(refused, CaNotBelieved::Fingerprint { .. }), "{refused}");
    // The servlet asked for no client certificate and saw none.
    assert!(
        world
            .sim
            .records()
            .iter()
            .all(|record| record.path.starts_with("/pgwy/dp/ca/"))
    );
    let error = cm.call_dp(&CaCertificate::new("nobody")).await.unwrap_err();
    assert_eq!(kind(&error).name(), "no-such-path", "{error}");
    world.sim.reconfigure(|config| config.cm.dp.start = false);
    let error = cm.call_dp(&CaCertificate::new("root")).await.unwrap_err();
    assert_eq!(kind(&error).name(), "no-such-path", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn revocation_lists_tell_what_was_revoked() {
    let world = CmWorld::start(CmSetup::default()).await;
    let cm = public(&world, "revocation_list.suffix = '.crl'");
    let issuing = Certificate::from_der(world.sim.cm().issuer().unwrap().der().to_vec()).unwrap();
    let issued = world.issue("C=SE,CN=Listed").await;
    let list = || async { cm.call_dp(&DownloadRevocationList::new("issuing")).await.unwrap() };
    let serial = issued.certificate.serial_number();
    assert!(!list().await.issued_by(&issuing).unwrap().contains(serial));
    world.sim.cm().revoke(issued.certid.unwrap().as_str(), 1).unwrap();
    assert!(list().await.issued_by(&issuing).unwrap().contains(serial));
    let root = Certificate::from_pem(&world.sim.cm_root_pem()).unwrap();
    assert!(list().await.issued_by(&root).is_err());
}
