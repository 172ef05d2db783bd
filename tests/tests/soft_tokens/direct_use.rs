//! What an opened token is for: it signs as an officer, authenticates a connection, is written again, and used again.

use std::sync::Arc;

use smartid::cm::operations::{IssueCertificate, Revoke};
use smartid::cm::{CertificateManager, RevocationReason};
use smartid::core::TlsIdentity;
use smartid::trust::cms::{SignOptions, sign};
use smartid::trust::pkcs12::{OpenedToken, Pkcs12Policy, Profile, WriteOptions};
use smartid::trust::{MemorySigner, OfficerIdentity, OfficerSigner, SoftToken};
use smartid::{Error, ReqwestTransport, SecretString};
use smartid_reqwest::PemIdentity;
use smartid_sim::CertificateState;
use smartid_sim::pki::{Key, cms};
use smartid_tests::certificates::{CmWorld, TOKEN_PASSWORD, ask, kind, new_csr};

/// A client whose connection and signature are the token's.
fn client_of(world: &CmWorld, signer: MemorySigner) -> CertificateManager {
    let signer: Arc<dyn OfficerSigner> = Arc::new(signer);
    let identity = OfficerIdentity::new(Arc::clone(&signer)).unwrap();
    identity.check(world.cm.runtime().now()).unwrap();
    let transport = ReqwestTransport::builder()
        .root_pem(world.sim.ca_pem())
        .identity(Arc::new(identity))
        .build()
        .unwrap();
    CertificateManager::builder(world.sim.cm_url())
        .signer(signer)
        .build(Arc::new(transport), Arc::clone(world.cm.runtime()))
        .unwrap()
}

/// Issues a certificate and revokes it, and says who the simulator thinks has done so.
async fn at_work(world: &CmWorld, cm: &CertificateManager) -> Result<String, Error> {
    let issued = cm
        .write(&IssueCertificate::new(new_csr("C=SE,CN=Somebody")))
        .await?;
    let certid = issued.certid.unwrap();
    let revoke = Revoke::new(certid.clone(), RevocationReason::Superseded);
    assert!(cm.write(&revoke).await?.all_done());
    let stored = world.sim.cm().certificate(certid.as_str()).unwrap();
    assert!(matches!(
        stored.state,
        CertificateState::Revoked { reason: 4, .. }
    ));
    let log = world.sim.cm().audit_log();
    let [.., issued, revoked] = &log[..] else {
        panic!("{log:?}")
    };
    assert_eq!(issued.officer, revoked.officer);
    Ok(revoked.officer.clone())
}

/// The holder's token for the simulator, of this kind of key.
async fn holder(switches: &str) -> (CmWorld, SoftToken, OpenedToken) {
    let world = CmWorld::with(switches).await;
    let token = world.token(&ask("Alice Holder")).await.unwrap().token;
    let opened = world
        .good_token(&token, TOKEN_PASSWORD, "CN=Alice Holder,C=SE")
        .await;
    (world, token, opened)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officers_token_signs_requests_that_are_accepted() {
    for (name, legacy) in [
        ("ra-officer", false),
        ("rsa-officer", true),
        ("ed25519-officer", false),
    ] {
        let world = CmWorld::with("").await;
        let file = world.sim.officer(name).unwrap().p12(TOKEN_PASSWORD).unwrap();
        let mut token = SoftToken::new(file);
        if legacy {
            let (old, new) = (
                SecretString::new(TOKEN_PASSWORD),
                SecretString::new("another one"),
            );
            let options = WriteOptions::new(Profile::Compatible).with_iterations(2000);
            let written = token
                .rewrap_on(
                    &**world.cm.runtime(),
                    old,
                    Pkcs12Policy::default(),
                    new.clone(),
                    options,
                )
                .await
                .unwrap();
            assert!(written.findings().is_empty(), "{written:?}");
            token = written.into_token();
        }
        let password = if legacy { "another one" } else { TOKEN_PASSWORD };
        let opened = world.open(&token, password).await.unwrap();
        let cm = client_of(&world, opened.signer().unwrap());
        assert_eq!(at_work(&world, &cm).await.unwrap(), name);
        let seen = world.sim.cm().seen_signatures();
        assert_eq!(seen.len(), 2, "{name}");
        for signature in seen {
            assert_eq!(signature.officer.as_deref(), Some(name), "{signature:?}");
            assert_eq!((signature.caller.as_str(), &signature.refused), (name, &None));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_from_certificate_manager_authenticates_the_connection() {
    for switches in [
        "profile = 'modern'",
        "profile = 'legacy'\nkey = 'rsa2048'\nencoding = 'ber'",
        "key = 'ed25519'\nchain = 'reversed'",
        "key = 'p384'\nlocal_key_id = false",
        // The server has the issuing authority among its roots.
        "chain = 'none'",
    ] {
        // Every certificate of the authority may call, and Protocol Gateway signs.
        let (world, _, opened) = holder(&format!(
            "[cm]\nrequired_ro_roles = ['none']\n[cm.signing]\nmode = 'vro'\n[cm.soft_tokens]\n{switches}"
        ))
        .await;
        let cm = client_of(&world, opened.signer().unwrap());
        assert_eq!(at_work(&world, &cm).await.unwrap(), "Alice Holder", "{switches}");
        // Not any more when the certificate is revoked.
        let certid = world.sim.cm().soft_tokens()[0].certids[0].clone();
        world.sim.cm().revoke(&certid, 1).unwrap();
        let error = at_work(&world, &cm).await.unwrap_err();
        assert_eq!(kind(&error).name(), "not-an-officer", "{switches}: {error}");
    }
}

/// A client of the simulator whose connection shows this identity; Protocol Gateway signs.
fn shown_by(world: &CmWorld, identity: Arc<dyn TlsIdentity>) -> CertificateManager {
    let transport = ReqwestTransport::builder()
        .root_pem(world.sim.ca_pem())
        .identity(identity)
        .build()
        .unwrap();
    CertificateManager::builder(world.sim.cm_url())
        .build(Arc::new(transport), Arc::clone(world.cm.runtime()))
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_becomes_pem_and_der_and_works_as_before() {
    for switches in ["", "profile = 'legacy'\nkey = 'rsa2048'", "key = 'ed25519'"] {
        let (world, _, opened) = holder(&format!(
            "[cm]\nrequired_ro_roles = ['none']\n[cm.signing]\nmode = 'vro'\n[cm.soft_tokens]\n{switches}"
        ))
        .await;
        let key = opened.the_one_key().unwrap();
        let (chain, plain) = (key.chain_pem(), key.key_pem());
        assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 3, "{switches}");
        assert!(plain.expose().starts_with("-----BEGIN PRIVATE KEY-----"));
        // As one file, which TLS clients take.
        let both = format!("{}{chain}", plain.expose());
        let identity = Arc::new(PemIdentity::from_pem(both.as_bytes()).unwrap());
        let cm = shown_by(&world, identity);
        assert_eq!(at_work(&world, &cm).await.unwrap(), "Alice Holder", "{switches}");
        let cm = shown_by(&world, Arc::new(opened.identity().unwrap()));
        assert_eq!(at_work(&world, &cm).await.unwrap(), "Alice Holder", "{switches}");
        // Encrypted, under a password of its own.
        for profile in [Profile::Modern, Profile::Compatible] {
            let own = SecretString::new("of the key alone");
            let options = WriteOptions::new(profile).with_iterations(1500);
            let sealed = key.encrypted_key_pem(&own, &options).unwrap();
            assert!(
                MemorySigner::from_pem(
                    &[&chain, sealed.expose()],
                    Some(&SecretString::new(TOKEN_PASSWORD))
                )
                .is_err()
            );
            let signer = MemorySigner::from_pem(&[&chain, sealed.expose()], Some(&own)).unwrap();
            let cm = client_of(&world, signer);
            assert_eq!(at_work(&world, &cm).await.unwrap(), "Alice Holder", "{switches}");
        }
        // DER, which the simulator's own reader takes.
        let read = Key::from_pkcs8(key.pkcs8_der().expose()).unwrap();
        let leaf = key.certificate().unwrap();
        assert_eq!(read.public_spki_der(), &**leaf.spki_der(), "{switches}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tokens_signature_is_good_and_its_holder_is_no_officer() {
    let (world, _, opened) = holder("").await;
    // The holder signs; the connection is the officer's.
    let signer: Arc<dyn OfficerSigner> = Arc::new(opened.signer().unwrap());
    let cm = CertificateManager::builder(world.sim.cm_url())
        .signer(signer)
        .build(Arc::new(world.transport.clone()), Arc::clone(world.cm.runtime()))
        .unwrap();
    let error = at_work(&world, &cm).await.unwrap_err();
    assert_eq!(kind(&error).name(), "bad-signature", "{error}");
    let seen = world.sim.cm().seen_signatures().pop().unwrap();
    // Message, signature, content and chain were found good before somebody asked who it is.
    assert_eq!(seen.refused.as_deref(), Some("signature_not_officer"));
    assert!(!seen.content.is_empty());
    // Nor may the holder connect.
    let cm = client_of(&world, opened.signer().unwrap());
    let error = at_work(&world, &cm).await.unwrap_err();
    assert_eq!(kind(&error).name(), "not-an-officer", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_token_with_two_keys_each_can_be_used() {
    let (world, _, opened) = holder(
        "[cm]\nrequired_ro_roles = ['none']\n[cm.signing]\nmode = 'vro'\n[cm.soft_tokens]\ntwo_keys = true",
    )
    .await;
    let [one, two] = opened.keys() else {
        panic!("{opened:?}")
    };
    let cm = client_of(&world, one.signer().unwrap());
    assert_eq!(at_work(&world, &cm).await.unwrap(), "Alice Holder");
    // The second one is for signing documents, which the simulator's own reader verifies.
    for (key, other) in [(two, one), (one, two)] {
        let signed = sign(&key.signer().unwrap(), b"a document", &SignOptions::new()).unwrap();
        let verified = cms::verify(&signed, None).unwrap();
        assert_eq!(verified.content, b"a document");
        let by = verified.signers[0].certificate.der();
        assert_eq!(by, &**key.certificate().unwrap().der());
        assert_ne!(by, &**other.certificate().unwrap().der());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_wrapped_again_and_again_and_is_the_same() {
    for switches in [
        "profile = 'modern'",
        "profile = 'legacy'\nencoding = 'ber'\nlocal_key_id = false\nchain = 'repeated'",
        "two_keys = true\nfriendly_name = '{commonname} {number}'\nchain = 'reversed'",
        "profile = 'strong'\nmac = 'sha384'\nfriendly_name = ''\nkey = 'rsa2048'",
    ] {
        let (world, token, opened) = holder(&format!("[cm.soft_tokens]\n{switches}")).await;
        let runtime = &**world.cm.runtime();
        let (mut token, mut password) = (token, TOKEN_PASSWORD.to_owned());
        for (profile, next) in [
            (Profile::Compatible, "for-Windows.2012"),
            (Profile::Modern, "for Java 21"),
            (Profile::Compatible, TOKEN_PASSWORD),
        ] {
            let options = WriteOptions::new(profile).with_iterations(1500);
            let written = token
                .rewrap_on(
                    runtime,
                    SecretString::new(password.clone()),
                    Pkcs12Policy::default(),
                    SecretString::new(next),
                    options,
                )
                .await
                .unwrap();
            assert!(written.findings().is_empty(), "{switches}: {written:?}");
            assert_ne!(written.token().expose_octets(), token.expose_octets());
            assert!(
                world.open(written.token(), &password).await.is_err(),
                "the old password is of no use"
            );
            (token, password) = (written.into_token(), next.to_owned());
            let again = world.good_token(&token, &password, "CN=Alice Holder,C=SE").await;
            assert_eq!(again.keys().len(), opened.keys().len(), "{switches}");
            for (before, after) in opened.keys().iter().zip(again.keys()) {
                assert_eq!(before.pkcs8_der().expose(), after.pkcs8_der().expose());
                assert_eq!(before.chain(), after.chain(), "{switches}");
                assert_eq!(before.friendly_name(), after.friendly_name(), "{switches}");
            }
        }
    }
}
