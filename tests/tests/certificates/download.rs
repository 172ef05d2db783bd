//! Downloads: the same certificate in every form, and what is no certificate.

use smartid::cm::CertId;
use smartid::cm::operations::Download;
use smartid::cm::{CertificateForm, CertificatesError};
use smartid_tests::certificates::{CmSetup, CmWorld, kind};

#[tokio::test(flavor = "multi_thread")]
async fn every_form_holds_the_same_certificate() {
    for (switches, with_root) in [("", 1), ("[cm.download]\ninclude_root = false", 0)] {
        let world = CmWorld::with(switches).await;
        let issued = world.issue("C=SE,O=Example,CN=Download").await;
        let certid = issued.certid.clone().unwrap();
        for (form, count) in [
            (CertificateForm::Unspecified, 2 + with_root),
            (CertificateForm::Pkcs7, 2 + with_root),
            (CertificateForm::Certificate, 1),
            (CertificateForm::PemChain(None), 2 + with_root),
            (CertificateForm::PemChain(Some(1)), 1),
            (CertificateForm::PemChain(Some(2)), 2),
            (CertificateForm::Zip, 2 + with_root),
        ] {
            let found = world
                .cm
                .call(&Download::new(certid.clone()).form(form.clone()))
                .await
                .unwrap_or_else(|error| panic!("{form:?}: {error}"));
            assert_eq!(found.all().unwrap().len(), count, "{form:?}");
            assert_eq!(found.leaf().unwrap(), &issued.certificate, "{form:?}");
            assert_eq!(found.certid(), Some(&certid), "{form:?}");
            let record = world.requests("/download").pop().unwrap();
            assert_eq!(found.bytes(), &record.reply, "{form:?}");
            if form != CertificateForm::Certificate {
                let chain = found.chain().unwrap();
                assert_eq!(chain.len(), count, "{form:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pem_in_a_zip_and_depths_that_do_not_count_the_certificate_are_read_as_well() {
    let switches = "[cm.download]\nzip_pem = true\nzip_member = 'certs/{n}.pem'\ndepth_counts_leaf = false\n\
                    pkcs7_content_type = 'application/octet-stream'\ncertid_header = false";
    let world = CmWorld::with(switches).await;
    let certid = CertId::new(super::stored(&world, "C=SE,CN=Forms")).unwrap();
    for (form, count) in [
        (CertificateForm::Zip, 3),
        (CertificateForm::PemChain(Some(1)), 2),
        (CertificateForm::Unspecified, 3),
    ] {
        let found = world
            .cm
            .call(&Download::new(certid.clone()).form(form.clone()))
            .await
            .unwrap();
        assert_eq!(found.all().unwrap().len(), count, "{form:?}");
        assert_eq!(found.certid(), None, "{form:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_or_not_known_is_a_refusal() {
    let world = CmWorld::start(CmSetup::default()).await;
    let gone = Download::new(CertId::new("0000FFFF").unwrap());
    let error = world.cm.call(&gone).await.unwrap_err();
    assert_eq!(kind(&error).name(), "bad-field-value", "{error}");
    let world = CmWorld::with("[cm.download]\nunknown_accept = '406'").await;
    let certid = CertId::new(super::stored(&world, "C=SE,CN=Forms")).unwrap();
    let strange = CertificateForm::Other("application/x-unheard-of".into());
    let error = world
        .cm
        .call(&Download::new(certid).form(strange))
        .await
        .unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(406), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_issuer_comes_alone() {
    let world = CmWorld::start(CmSetup::default()).await;
    let certificates = world
        .cm
        .call(&Download::new(
            CertId::new(super::stored(&world, "C=SE,CN=One")).unwrap(),
        ))
        .await
        .unwrap();
    // Of a key that is not in there, nothing is found.
    let stranger = smartid_tests::certificates::new_csr("CN=Stranger");
    assert_eq!(
        certificates.chain_for(stranger.public_key()).unwrap_err(),
        CertificatesError::OtherKey
    );
}
