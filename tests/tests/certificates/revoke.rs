//! Revoking, holding and reinstating: what the database says, what the revocation list says, and what became of each of several.

use smartid::cm::CertId;
use smartid::cm::operations::{ItemResults, Reinstate, Revoke};
use smartid::cm::{CmCode, RevocationReason, Write};
use smartid::trust::{Certificate, Reason};
use smartid_sim::CertificateState;
use smartid_tests::certificates::{CmSetup, CmWorld, kind, refusal};

const REASONS: [(RevocationReason, u8); 7] = [
    (RevocationReason::Unspecified, 0),
    (RevocationReason::KeyCompromise, 1),
    (RevocationReason::AffiliationChanged, 3),
    (RevocationReason::Superseded, 4),
    (RevocationReason::CessationOfOperation, 5),
    (RevocationReason::CertificateHold, 6),
    (RevocationReason::PrivilegeWithdrawn, 9),
];

fn reason(world: &CmWorld, certid: &CertId) -> Option<u8> {
    match world.sim.cm().certificate(certid.as_str()).unwrap().state {
        CertificateState::Revoked { reason, .. } => Some(reason),
        _ => None,
    }
}

/// Issues one without the client.
fn stored(world: &CmWorld, subject: &str) -> (CertId, Certificate) {
    let certid = super::stored(world, subject);
    let der = world.sim.cm().certificate(&certid).unwrap().der.unwrap();
    (CertId::new(certid).unwrap(), Certificate::from_der(der).unwrap())
}

/// Makes a write of which everything is done.
async fn done(world: &CmWorld, write: &impl Write<Output = ItemResults>) {
    let results = world.cm.write(write).await;
    assert!(
        results.as_ref().is_ok_and(ItemResults::all_done),
        "{write:?}: {results:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_arrives_and_the_certificate_is_on_the_list() {
    let world = CmWorld::start(CmSetup::default()).await;
    for (why, number) in REASONS {
        let (certid, certificate) = stored(&world, &format!("C=SE,CN=Reason {number}"));
        world.verify(&certificate, &[]).unwrap();
        done(&world, &Revoke::new(certid.clone(), why)).await;
        assert_eq!(reason(&world, &certid), Some(number), "{why:?}");
        let refused = world.verify(&certificate, &[]).unwrap_err();
        assert!(matches!(refused.reason(), Reason::Revoked), "{refused}");
    }
    // What nobody has asked about stays as it is.
    let (_, untouched) = stored(&world, "C=SE,CN=Untouched");
    world.verify(&untouched, &[]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_encoding_revokes() {
    let world = CmWorld::start(CmSetup::default()).await;
    for encoding in ["multipart", "form", "json"] {
        for lists in ["repeated", "joined"] {
            let (one, _) = stored(&world, "C=SE,CN=One");
            let (two, _) = stored(&world, "C=SE,CN=Two");
            let cm = world.speaking(&format!(
                "requests.lists = '{lists}'\nrevoke.encoding = '{encoding}'"
            ));
            let call = Revoke::new(one.clone(), RevocationReason::Superseded).and(two.clone());
            let results = cm
                .write(&call)
                .await
                .unwrap_or_else(|error| panic!("{encoding} {lists}: {error}"));
            assert!(results.all_done());
            assert_eq!(
                (reason(&world, &one), reason(&world, &two)),
                (Some(4), Some(4)),
                "{encoding} {lists}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_undone_and_a_revocation_is_not() {
    let world = CmWorld::start(CmSetup::default()).await;
    let (certid, certificate) = stored(&world, "C=SE,CN=Hold");
    done(&world, &Revoke::hold(certid.clone())).await;
    assert_eq!(reason(&world, &certid), Some(6));
    assert!(world.verify(&certificate, &[]).is_err());
    done(&world, &Reinstate::new(certid.clone())).await;
    assert_eq!(reason(&world, &certid), None);
    world.verify(&certificate, &[]).unwrap();
    // From hold to a reason for ever, and no way back.
    done(&world, &Revoke::hold(certid.clone())).await;
    done(
        &world,
        &Revoke::new(certid.clone(), RevocationReason::KeyCompromise),
    )
    .await;
    let error = world.cm.write(&Reinstate::new(certid.clone())).await.unwrap_err();
    assert_eq!(refusal(&error).cm_code(), Some(CmCode::BadFieldValue), "{error}");
    assert_eq!(reason(&world, &certid), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_each_is_told() {
    for (switches, state_of_good, named_done) in [
        ("", Some(1), false),
        ("[cm.revocation]\npartial_code = 0", Some(1), true),
        ("[cm.revocation]\nall_or_nothing = true", None, false),
    ] {
        let world = CmWorld::with(switches).await;
        let (good, _) = stored(&world, "C=SE,CN=Good");
        let (other, _) = stored(&world, "C=SE,CN=Other");
        let missing = CertId::new("0000FFFF").unwrap();
        let call = Revoke::new(good.clone(), RevocationReason::KeyCompromise)
            .and(missing.clone())
            .and(other.clone());
        let results = world
            .cm
            .write(&call)
            .await
            .unwrap_or_else(|error| panic!("{switches}: {error}"));
        assert!(!results.all_done(), "{switches}");
        let failed: Vec<_> = results.failed().collect();
        assert_eq!(failed.len(), 1, "{switches}");
        assert_eq!(failed[0].certid.as_ref(), Some(&missing), "{switches}");
        assert_eq!(failed[0].code, CmCode::BadFieldValue, "{switches}");
        let unclear: Vec<_> = results.unclear().collect();
        // What is not named is done only when the code of the whole says so.
        let expected: &[&CertId] = if named_done { &[] } else { &[&good, &other] };
        assert_eq!(unclear, expected, "{switches}");
        assert_eq!(reason(&world, &good), state_of_good, "{switches}");
        assert_eq!(reason(&world, &other), state_of_good, "{switches}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_was_done_it_is_an_error() {
    let world = CmWorld::start(CmSetup::default()).await;
    let (certid, _) = stored(&world, "C=SE,CN=Twice");
    let call = Revoke::new(certid.clone(), RevocationReason::Superseded);
    done(&world, &call).await;
    for wrong in [
        call,
        Revoke::new(CertId::new("0000FFFF").unwrap(), RevocationReason::Superseded),
        Revoke::new(CertId::new("0000FFFE").unwrap(), RevocationReason::Superseded)
            .and(CertId::new("0000FFFF").unwrap()),
    ] {
        let error = world.cm.write(&wrong).await.unwrap_err();
        assert_eq!(kind(&error).name(), "bad-field-value", "{error}");
        assert_eq!(refusal(&error).items().len(), wrong.certids.len(), "{error}");
    }
    // A reason that there is none of.
    let (certid, _) = stored(&world, "C=SE,CN=Reason");
    for number in [2, 8, 10, -1, 4711] {
        let call = Revoke::new(certid.clone(), RevocationReason::from_number(number));
        let error = world.cm.write(&call).await.unwrap_err();
        assert_eq!(kind(&error).name(), "bad-field-value", "{number}: {error}");
    }
    assert_eq!(reason(&world, &certid), None);
    // Without the role.
    let cm = world.client(|setup| setup.officer("reader"));
    let error = cm.write(&Revoke::hold(certid.clone())).await.unwrap_err();
    assert_eq!(kind(&error).name(), "privilege", "{error}");
    assert_eq!(reason(&world, &certid), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_signs_where_it_is_set_so() {
    let world = CmWorld::start(
        CmSetup::default()
            .unsigned()
            .sim("[cm.signing]\noperations = {revoke = 'vro', reinstate = 'vro'}"),
    )
    .await;
    let (certid, _) = stored(&world, "C=SE,CN=Vro");
    done(&world, &Revoke::hold(certid.clone())).await;
    done(&world, &Reinstate::new(certid.clone())).await;
    assert_eq!(
        (
            world.count("/revoke"),
            world.count("/reinstate"),
            reason(&world, &certid)
        ),
        (1, 1, None)
    );
}
