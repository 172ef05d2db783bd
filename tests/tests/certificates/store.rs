//! What changes the database beyond issuing and revoking: importing, removing, attribute certificates; and the lists around it.

use smartid::Timestamp;
use smartid::cm::operations::experimental::{
    Import, ImportCertificates, IssueAttributeCertificate, Issuers, RemoveCertificates,
};
use smartid::cm::operations::{Details, ItemState, MediaType, Procedures, RevocationReason, Search};
use smartid::cm::{CertId, CmCode, ProcedureName};
use smartid::trust::Certificate;
use smartid_sim::pki::{Profile, TestCa, Validity};
use smartid_tests::certificates::{CmSetup, CmWorld, kind, new_csr, refusal};

const YEAR: u64 = 365 * 86_400;

/// Certificates of another authority.
fn foreign(world: &CmWorld, count: usize) -> Vec<Certificate> {
    let now = world.sim.clock().unix_millis() / 1000;
    let ca = TestCa::new(99, now - YEAR).unwrap();
    (0..count)
        .map(|number| {
            let key = smartid_sim::pki::Key::generate(smartid_sim::pki::KeyKind::P256).unwrap();
            let subject = format!("C=DE,O=Elsewhere,CN=Foreign {number}");
            let validity = Validity::new(now - 3600, now + YEAR / 2);
            let made = ca.issue_for_key(&subject, &key, Profile::Authentication, validity);
            Certificate::from_der(made.unwrap().der().to_vec()).unwrap()
        })
        .collect()
}

fn import(certificates: &[Certificate]) -> ImportCertificates {
    let mut certificates = certificates.iter().cloned().map(Import::new);
    let first = certificates.next().unwrap();
    let call = ImportCertificates::new(ProcedureName::new("User authentication").unwrap(), first);
    certificates.fold(call, ImportCertificates::and)
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_certificates_are_found_and_their_issuer_is_listed() {
    let world = CmWorld::start(CmSetup::default()).await;
    let issuers = world.cm.call(&Issuers::new()).await.unwrap();
    assert_eq!((issuers.hits, issuers.issuers.len()), (Some(1), 1));
    let theirs = foreign(&world, 2);
    let revoked_at = Timestamp::from_millis(world.sim.clock().unix_millis() / 1000 * 1000 - 60_000);
    let mut call = import(&theirs);
    call.certificates[1] = Import::new(theirs[1].clone()).revoked(RevocationReason::Superseded, revoked_at);
    assert!(world.cm.write(&call).await.unwrap().all_done());
    let page = world
        .cm
        .call(&Search::new().subject_organisation("Elsewhere"))
        .await
        .unwrap();
    assert_eq!(page.hits, Some(2));
    assert_eq!(page.certificates[1].revoked_at, Some(revoked_at));
    assert_eq!(
        page.certificates[1].revocation_reason(),
        Some(RevocationReason::Superseded)
    );
    let by_issuer = Search::new().issuer(theirs[0].issuer());
    assert_eq!(world.cm.call(&by_issuer).await.unwrap().hits, Some(2));
    let issuers = world.cm.call(&Issuers::new()).await.unwrap();
    assert_eq!(issuers.hits, Some(2));
    assert!(
        issuers
            .issuers
            .iter()
            .any(|issuer| issuer.subject_dn == page.certificates[0].issuer)
    );
    assert!(
        issuers
            .issuers
            .iter()
            .all(|issuer| issuer.subject.contains_key("CN"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_imports_each_is_told_by_its_place() {
    for (code, with_code) in [(0, false), (-14, true)] {
        let world = CmWorld::with(&format!("[cm.revocation]\npartial_code = {code}")).await;
        let theirs = foreign(&world, 3);
        assert!(world.cm.write(&import(&theirs[1..2])).await.unwrap().all_done());
        let results = world.cm.write(&import(&theirs)).await.unwrap();
        assert!(!results.all_done());
        let ItemState::Failed(error) = &results.elements[1] else {
            panic!("{results:?}")
        };
        assert_eq!((error.index, error.code), (Some(1), CmCode::BadFieldValue));
        for other in [0, 2] {
            let expected = if with_code {
                ItemState::Unclear
            } else {
                ItemState::Done
            };
            assert_eq!(results.elements[other], expected, "{code}");
        }
        assert_eq!(world.sim.cm().count(), 3);
    }
    // Too many at once: nothing is imported.
    let world = CmWorld::with("[cm.import]\nlimit = 2").await;
    let error = world.cm.write(&import(&foreign(&world, 3))).await.unwrap_err();
    assert_eq!(kind(&error).name(), "bad-field-value", "{error}");
    assert_eq!(refusal(&error).items()[0].limit, Some(2));
    assert_eq!(world.sim.cm().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_certificates_are_gone_and_so_is_what_the_log_has_on_them() {
    for (clean, entries) in [(None, 0), (Some(true), 0), (Some(false), 1)] {
        let world = CmWorld::start(CmSetup::default()).await;
        let certid = CertId::new(super::stored(&world, "C=SE,CN=Removed")).unwrap();
        let other = CertId::new(super::stored(&world, "C=SE,CN=Kept")).unwrap();
        let mut call = RemoveCertificates::new(certid.clone());
        if let Some(clean) = clean {
            call = call.clean_audit_log(clean);
        }
        assert!(world.cm.write(&call).await.unwrap().all_done());
        let error = world.cm.call(&Details::new(certid.clone())).await.unwrap_err();
        assert_eq!(kind(&error).name(), "bad-field-value", "{error}");
        world.cm.call(&Details::new(other.clone())).await.unwrap();
        let log = world.sim.cm().audit_log();
        let issued = log
            .iter()
            .filter(|entry| entry.certid == certid.as_str() && entry.action == "issue");
        assert_eq!(issued.count(), entries, "{clean:?}");
        // Once more, with one that is there.
        let results = world.cm.write(&call.and(other)).await.unwrap();
        assert_eq!(results.failed().count(), 1);
        assert_eq!(world.sim.cm().count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attribute_certificates_come_as_bytes_with_their_id() {
    let world = CmWorld::start(CmSetup::default()).await;
    let now = world.sim.clock().unix_millis();
    let call = IssueAttributeCertificate::new(new_csr("C=SE,CN=Holder"))
        .procedure(ProcedureName::new("Role").unwrap())
        .valid(
            Timestamp::from_millis(now),
            Timestamp::from_millis(now + 86_400_000),
        );
    let issued = world.cm.write(&call).await.unwrap();
    let kept = world.sim.cm().attribute_certificates().pop().unwrap();
    assert_eq!(issued.certid.unwrap().as_str(), kept.certid);
    assert_eq!((&*issued.der, &*issued.bytes), (&*kept.der, &*kept.der));
    // The role for certificates is not the one for attribute certificates.
    let roles = "[[cm.officers]]\nname = 'ra-officer'\nroles = ['Use clients', 'Issue certificate']";
    let world = CmWorld::with(roles).await;
    let error = world.cm.write(&call).await.unwrap_err();
    assert_eq!(refusal(&error).cm_code(), Some(CmCode::Privilege), "{error}");
    world.issue("C=SE,CN=Certificate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn procedures_are_listed_by_what_they_are_for() {
    let world = CmWorld::start(CmSetup::default()).await;
    for (media_type, names) in [
        (
            MediaType::Pkcs10,
            &["User authentication", "User signing", "TLS server"][..],
        ),
        (MediaType::Pkcs12, &["Soft token"]),
        (MediaType::SmartCard, &["Employee card"]),
        (MediaType::AttributeCertificate, &["Role"]),
        (MediaType::Data, &["Personal data"]),
    ] {
        let listed = world.cm.call(&Procedures::of(media_type.clone())).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|procedure| procedure.name.as_str()).collect();
        assert_eq!(listed, names, "{media_type}");
    }
    let all = world.cm.call(&Procedures::default()).await.unwrap();
    assert_eq!(all.len(), 7);
    assert_eq!(all[0].other["id"], "1");
    let unknown = Procedures::of(MediaType::from_name("parchment"));
    let error = world.cm.call(&unknown).await.unwrap_err();
    assert_eq!(kind(&error).name(), "bad-field-value", "{error}");
    // By its id a procedure can be named as well.
    let by_id = smartid::cm::operations::IssueCertificate::new(new_csr("C=SE,CN=By Id"))
        .procedure(ProcedureName::new(all[2].other["id"].as_str().unwrap()).unwrap());
    let issued = world.cm.write(&by_id).await.unwrap();
    let kept = world
        .sim
        .cm()
        .certificate(issued.certid.unwrap().as_str())
        .unwrap();
    assert_eq!(kept.procedure.as_deref(), Some("TLS server"));
}
