//! From the provision command to signatures: the phone's answer is verified, its requests become certificates, the certificates go back
//! to the phone, and what it then signs verifies against the authority.

use smartid::core::SecretBytes;
use smartid::hermod::answers::{ProvisionRefusal, SignaturePolicy};
use smartid::hermod::commands::provision::{
    CardProtection, KeyRequest, KeyTypePriority, Provision, TextColor, Usage, VisualData,
};
use smartid::hermod::commands::{
    Authenticate, CertificateEntry, InstallCertificates, KeyProtection, Nonce, Sign,
};
use smartid::hermod::content::Content;
use smartid::hermod::{Entry, MobileLinkOptions, Outcome, SignatureFormat};
use smartid::trust::{AttributeComparison, Certificate, CertificateAttribute, Curve};
use smartid_sim::pki::{Key, KeyKind, Profile, Validity, p12};
use smartid_sim::{Persona, ShownAs};
use smartid_tests::Setup;
use smartid_tests::messaging::{ALICE, Bench, jpeg, signer, template};
use std::time::Duration;

fn nonce(bench: &Bench) -> Nonce {
    Nonce::random(&**bench.user.hermod.runtime())
}

fn three_keys() -> [KeyRequest; 3] {
    let login = [
        KeyTypePriority::new("EC", "999", "ES999"),
        KeyTypePriority::rsa(2048),
    ];
    [
        signer(),
        KeyRequest::new("login", Usage::Authentication, login).template(template()),
        KeyRequest::new("device", Usage::Encryption, [KeyTypePriority::ec(Curve::P384)]),
    ]
}

#[tokio::test]
async fn a_phone_is_provisioned_by_the_link_that_is_made_of_the_location() {
    let bench = Bench::start(Setup::default()).await;
    let (user, phone) = (&bench.user, bench.sim.mobile());
    let header = user.hermod.header();
    let mut command =
        Provision::new_profile(header.clone(), ALICE, "Example Smart ID", "Work phone").nonce(nonce(&bench));
    command.profile.keys.extend(three_keys());
    let sent = user.send(&header, &command).await;
    let options = MobileLinkOptions::new()
        .title("Get your card")
        .redirect("https://portal.example.test/done?a=1");
    let link = sent.answer.mobile_link(&options).unwrap();
    let location = sent.answer.destinations[0].location.as_ref().unwrap().expose();
    assert!(
        link.expose()
            .starts_with(&location.replacen("https://", "personal://", 1))
    );
    let seen = phone.open(link.expose()).await.unwrap();
    assert_eq!(
        (seen.title.as_deref(), seen.redirect.as_deref(), seen.redirected),
        (
            Some("Get your card"),
            Some("https://portal.example.test/done?a=1"),
            true
        )
    );
    let facts: Vec<String> = seen
        .shown
        .iter()
        .filter(|shown| shown.role == ShownAs::Fact)
        .map(|shown| shown.text())
        .collect();
    assert_eq!(facts, [ALICE, "Example Smart ID", "Work phone"]);

    let report = user.report(&sent.pending).await;
    assert_eq!(report.verb.as_deref(), Some("provision"));
    let answer = report.provision(user.hermod.dialect()).succeeded().unwrap();
    let policy = command.policy(&bench.attestation()).refusing_shared_keys();
    let provisioned = answer.verify(&policy, user.now()).unwrap().into_parts().0;
    assert!(
        provisioned.lints.iter().all(|lint| lint.at == "keys/login"),
        "{:?}",
        provisioned.lints
    );
    let profile = &phone.profiles()[0];
    assert_eq!(
        (provisioned.profile_id.as_str(), provisioned.user_id.as_str()),
        (profile.id.as_str(), ALICE)
    );
    for key in &provisioned.keys {
        let held = profile.key(key.key_id.as_str()).unwrap();
        assert_eq!(key.public_key.spki_der(), held.public_key);
        assert_eq!(key.usage.as_str(), held.usage);
    }
    let request = provisioned
        .key("signer")
        .unwrap()
        .request
        .as_ref()
        .unwrap()
        .fact();
    assert_eq!(request.subject().to_string(), "CN=Alice Example,O=Example,C=SE");
    assert!(provisioned.key("device").unwrap().request.is_none());
    assert_eq!(
        profile.key("login").unwrap().kind,
        "RSA",
        "the first kind that the phone can make"
    );

    // The link is used up, and the answer belongs to this command alone.
    assert!(phone.open(link.expose()).await.is_err());
    let other = command.clone().nonce("4711").policy(&bench.attestation());
    assert_eq!(
        answer.verify(&other, user.now()).unwrap_err(),
        ProvisionRefusal::NonceDiffers
    );
}

#[tokio::test]
async fn certificates_are_installed_and_what_is_signed_verifies() {
    let bench = Bench::start(Setup::default()).await;
    let (user, phone) = (&bench.user, bench.sim.mobile());
    let enrolled = bench.enrol(&phone, three_keys()).await;
    let header = user.to(ALICE);
    let install = InstallCertificates::new(header.clone())
        .user(ALICE)
        .profile(enrolled.profile())
        .nonce(nonce(&bench))
        .confirmed_by("ATTESTATION")
        .certificate(bench.issue(&enrolled, "signer", Profile::Signing))
        .certificate(bench.issue(&enrolled, "login", Profile::Authentication));
    let sent = user.send(&header, &install).await;
    assert!(
        sent.answer.link().is_none(),
        "it goes to the mailbox of the profile"
    );
    phone.check().await.unwrap();
    let report = user.report(&sent.pending).await;
    let installed = report.certificate(user.hermod.dialect()).succeeded().unwrap();
    let policy = install.policy(&bench.attestation()).unwrap();
    installed
        .confirmation
        .unwrap()
        .verify(&policy, user.now())
        .unwrap();
    assert_eq!(phone.profiles()[0].key("signer").unwrap().chain.len(), 2);
    assert!(phone.profiles()[0].key("device").unwrap().chain.is_empty());

    for format in [SignatureFormat::Pkcs7, SignatureFormat::Jws] {
        let header = user.to(ALICE);
        let sign = Sign::new(header.clone(), Entry::text("tbs", "Order 17")).format(format.clone());
        let sent = user.send(&header, &sign).await;
        phone.check().await.unwrap();
        let report = user.report(&sent.pending).await;
        let signed = report.sign(user.hermod.dialect(), &sign.expectation());

        let header = user.to(ALICE);
        let login = Authenticate::new(header.clone())
            .challenge(&nonce(&bench))
            .format(format.clone());
        let sent = user.send(&header, &login).await;
        phone.check().await.unwrap();
        let report = user.report(&sent.pending).await;
        let logged_in = report.authenticate(user.hermod.dialect(), &login.expectation());
        for (answer, asked, key) in [
            (signed, sign.expectation(), "signer"),
            (logged_in, login.expectation(), "login"),
        ] {
            let policy = SignaturePolicy::new(asked, &bench.signers()).expecting_signer(
                CertificateAttribute::SUBJECT_ALT_NAME_EMAIL,
                ALICE,
                AttributeComparison::Exact,
            );
            let verified = answer.succeeded().unwrap().verify(&policy, user.now()).unwrap();
            let certificate = verified.proof().signer().unwrap().clone();
            assert_eq!(
                certificate.spki_der(),
                &phone.profiles()[0].key(key).unwrap().public_key,
                "{format}"
            );
            assert_eq!(
                certificate.subject().common_name().as_deref(),
                Some("Alice Example")
            );
        }
    }
}

#[tokio::test]
async fn an_update_overwrites_the_key_of_the_same_id_and_no_other() {
    let bench = Bench::start(Setup::default()).await;
    let (user, phone) = (&bench.user, bench.sim.mobile());
    let enrolled = bench.enrol(&phone, three_keys()).await;
    let before = phone.profiles()[0].clone();
    let header = user.to(ALICE);
    let update = Provision::update(header.clone(), ALICE, enrolled.profile())
        .nonce(nonce(&bench))
        .key(signer());
    assert!(update.lints().is_empty());
    let sent = user.send(&header, &update).await;
    phone.check().await.unwrap();
    let report = user.report(&sent.pending).await;
    let answer = report.provision(user.hermod.dialect()).succeeded().unwrap();
    let old = enrolled.provisioned.keys.iter().map(|key| key.public_key.clone());
    let policy = update.policy(&bench.attestation()).with_keys_in_use(old);
    let provisioned = answer.verify(&policy, user.now()).unwrap().into_parts().0;
    let after = phone.profiles();
    assert_eq!((after.len(), after[0].name.as_str()), (1, "Work phone"));
    let spki = |profile: &smartid_sim::DeviceProfile, id: &str| profile.key(id).unwrap().public_key.clone();
    assert_eq!(
        spki(&after[0], "signer"),
        provisioned.key("signer").unwrap().public_key.spki_der()
    );
    assert_ne!(spki(&after[0], "signer"), spki(&before, "signer"));
    assert_eq!(spki(&after[0], "login"), spki(&before, "login"));

    // A profile that nobody has, and one of somebody else.
    let header = user.to(ALICE);
    let missing = Provision::update(header.clone(), ALICE, "no-such-profile")
        .nonce(nonce(&bench))
        .key(signer());
    let sent = user.send(&header, &missing).await;
    phone.check().await.unwrap();
    let outcome = user.report(&sent.pending).await.provision(user.hermod.dialect());
    assert!(
        matches!(&outcome, Outcome::Failed { code, .. } if code.as_deref() == Some("PROFILE_NOT_FOUND")),
        "{outcome:?}"
    );
    assert_eq!(spki(&phone.profiles()[0], "signer"), spki(&after[0], "signer"));
}

#[tokio::test]
async fn the_card_is_shown_inline_by_content_id_and_as_the_old_app_wants_it() {
    let bench = Bench::start(Setup::default()).await;
    let (user, phone) = (&bench.user, bench.sim.mobile());
    const BACK: &str = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
    let card = Content::card(&jpeg("by id")).unwrap().with_back(BACK).unwrap();
    user.content
        .put("PROV:1".into(), card, Duration::from_secs(300))
        .unwrap();
    let old = VisualData::legacy(
        &jpeg("old front"),
        &jpeg("old back"),
        CardProtection::None,
        TextColor::White,
    );
    for (visual, front, back) in [
        (
            VisualData::inline(&jpeg("inline"), TextColor::White).back_jws(BACK, TextColor::White),
            "inline",
            BACK.to_owned(),
        ),
        (VisualData::content("PROV:1"), "by id", BACK.to_owned()),
        // What is inline wins over the content id.
        (
            VisualData::inline(&jpeg("first"), TextColor::White).content_id("PROV:1"),
            "first",
            String::new(),
        ),
        (
            old,
            "old front",
            smartid_core::base64::encode(smartid_core::base64::Flavour::Standard, &jpeg("old back")),
        ),
    ] {
        let header = user.hermod.header();
        let command = Provision::new_profile(header.clone(), ALICE, "Example Smart ID", "Card")
            .nonce(nonce(&bench))
            .key(signer())
            .visual(visual);
        let sent = user.send(&header, &command).await;
        let link = sent.answer.mobile_link(&MobileLinkOptions::new()).unwrap();
        phone.open(link.expose()).await.unwrap();
        let report = user.report(&sent.pending).await;
        let answer = report.provision(user.hermod.dialect()).succeeded().unwrap();
        answer
            .verify(&command.policy(&bench.attestation()), user.now())
            .unwrap();
        let shown = phone.profiles().last().unwrap().visual.clone();
        assert_eq!(shown.front, Some(jpeg(front)), "{front}");
        assert_eq!(shown.back.unwrap_or_default(), back, "{front}");
    }
    let counters = user.provider.counters();
    assert_eq!(
        (counters.received, counters.served),
        (1, 1),
        "asked for once, for the one that needs it"
    );
}

#[tokio::test]
async fn the_desktop_app_gets_a_card_recovered_keys_and_auxiliary_certificates() {
    let bench = Bench::start(Setup::default()).await;
    let (user, desktop) = (&bench.user, bench.sim.desktop());
    let enrolled = bench.enrol_desktop([signer().storage(["VSC"])]).await;
    let profile = enrolled.profile();

    let now = bench.sim.clock().unix_millis() / 1000;
    let old = Key::generate(KeyKind::P256).unwrap();
    let old_certificate = bench
        .ca
        .issue_for_key("CN=Alice", &old, Profile::Encryption, Validity::days(now - 9, 30))
        .unwrap();
    let container = p12::make(&old, &[old_certificate.der().to_vec()], "recovery-password").unwrap();
    let header = user.hermod.header();
    let install = InstallCertificates::new(header.clone())
        .user(ALICE)
        .profile(profile.clone())
        .smart_card(profile.clone())
        .protection(KeyProtection::Consent)
        .certificate(bench.issue(&enrolled, "signer", Profile::Signing))
        .certificate(
            CertificateEntry::pkcs12("enc-2024", SecretBytes::new(container)).password("recovery-password"),
        )
        .certificate(CertificateEntry::auxiliary(
            Certificate::from_der(bench.ca.root_der().to_vec()).unwrap(),
        ));
    let sent = user.send(&header, &install).await;
    desktop.open(&sent.link()).await.unwrap();
    let installed = user
        .report(&sent.pending)
        .await
        .certificate(user.hermod.dialect())
        .succeeded()
        .unwrap();
    assert!(installed.confirmation.is_none(), "none was asked for");
    let held = desktop.profiles()[0].clone();
    assert_eq!(held.key("signer").unwrap().protection.as_deref(), Some("CONSENT"));
    let recovered = held.key("enc-2024").unwrap();
    assert_eq!(
        (recovered.recovered, &recovered.public_key),
        (true, &old.public_spki_der())
    );
    assert_eq!(held.auxiliary, [bench.ca.root_der()]);
    assert!(
        desktop.pin_of(&profile).is_some(),
        "the profile is on a virtual smart card"
    );

    // A certificate of another key is refused here already, and by the app when it is sent anyway.
    let stranger = bench
        .ca
        .issue_for_key("CN=Mallory", &old, Profile::Signing, Validity::days(now - 9, 30))
        .unwrap();
    let stranger = Certificate::from_der(stranger.der().to_vec()).unwrap();
    assert!(
        CertificateEntry::for_key(enrolled.provisioned.key("signer").unwrap(), stranger.clone()).is_err()
    );
    let header = user.hermod.header();
    let install = InstallCertificates::new(header.clone())
        .user(ALICE)
        .profile(profile)
        .certificate(CertificateEntry::new("signer", stranger));
    let sent = user.send(&header, &install).await;
    desktop.open_as(&sent.link(), Persona::Approves).await.unwrap();
    let outcome = user
        .report(&sent.pending)
        .await
        .certificate(user.hermod.dialect());
    assert!(
        matches!(&outcome, Outcome::Failed { code, .. } if code.as_deref() == Some("KEY_MISMATCH")),
        "{outcome:?}"
    );
}
