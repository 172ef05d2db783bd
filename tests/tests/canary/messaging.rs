//! Every messaging command with all that is secret in it, answered as it should be.

use smartid::core::{SecretBytes, SecretString};
use smartid::hermod::admin_key::{AdminKey, NewAdminKey, TripleDesAdminKey};
use smartid::hermod::answers::SignaturePolicy;
use smartid::hermod::commands::provision::{Provision, VisualData};
use smartid::hermod::commands::{
    Authenticate, Cancel, CertificateEntry, DeleteMailbox, DeleteProfile, InstallCertificates, Nonce, Ping,
    Profiles, Raw, Sign, StartPinReset,
};
use smartid::hermod::content::{Content, ContentKind};
use smartid::hermod::pin_reset::PinReset;
use smartid::hermod::{Entry, MobileLinkOptions, Outcome, SignatureFormat};
use smartid_core::base64::{Flavour, encode};
use smartid_sim::pki::{Key, KeyKind, Profile, Validity, p12};
use smartid_sim::{Persona, SimConfig};
use smartid_tests::Setup;
use smartid_tests::messaging::{ADMIN_KEY, ALICE, Bench, Enrolled, Sent, jpeg, signer};
use std::time::Duration;

use crate::{API_KEY, Seen};

const RECOVERY: &str = "canary-recovery-password-90cd";
const NONCE: &str = "canary-nonce-4711";
const TEXT: &str = "canary: transfer 500 euro to Mallory";

/// A simulator whose API key is known.
pub(crate) async fn bench(sim: &str) -> Bench {
    let mut setup = Setup::default();
    let users = format!("[[hermod.api_users]]\nclient-id = 'idm'\nkey = '{API_KEY}'\n{sim}");
    setup.sim = SimConfig::from_toml(&users).unwrap();
    Bench::start(setup).await
}

/// What was sent: its links and addresses are secret.
pub(crate) fn sent(seen: &mut Seen, bench: &Bench, sent: &Sent) {
    for destination in &sent.answer.destinations {
        if let Some(link) = &destination.link {
            seen.plant(link.expose());
            seen.plant(link.expose().split("token=").nth(1).unwrap());
            seen.debug(&(link, link.qr()));
        }
        if let Some(location) = &destination.location {
            seen.plant(location.expose());
            seen.plant(&location.expose().replacen("https://", "personal://", 1));
            let options =
                MobileLinkOptions::new().redirect("https://portal.example.test/?ticket=canary-ticket-31aa");
            let link = destination.mobile_link(&options).unwrap();
            seen.plant(link.expose());
            seen.plant("canary-ticket-31aa");
            seen.debug(&(&link, link.qr(), &options, location));
        }
    }
    seen.debug(&(&sent.answer, &sent.pending, &bench.user.hermod, &bench.user));
    seen.text(&serde_json::to_string(&sent.pending).unwrap());
}

pub(crate) async fn run(seen: &mut Seen) {
    seen.plant(RECOVERY);
    seen.plant_octets(&ADMIN_KEY);
    seen.content.push(NONCE.to_owned());
    seen.plant_content(TEXT);
    provisioning(seen).await;
    signing(seen).await;
    for sim in [
        "",
        "[desktop]\nversion = '1.12.1'\nadmin_key_transport = 'rsa-oaep'\n[hermod.body]\nany_admin_key = true",
    ] {
        pin_reset(seen, sim).await;
    }
    others(seen).await;
}

async fn provisioning(seen: &mut Seen) {
    let bench = bench("").await;
    let (user, phone) = (&bench.user, bench.sim.mobile());
    let picture = jpeg("canary-face-of-alice");
    seen.plant_octets(&picture);
    let header = user.hermod.header();
    let visual = VisualData::inline(&picture, "WHITE");
    let command = Provision::new_profile(header.clone(), ALICE, "Example Smart ID", "Work phone")
        .nonce(NONCE)
        .key(signer())
        .visual(visual);
    seen.debug(&command);
    let provision = user.send(&header, &command).await;
    sent(seen, &bench, &provision);
    let link = provision.answer.mobile_link(&MobileLinkOptions::new()).unwrap();
    phone.open(link.expose()).await.unwrap();
    let report = user.report(&provision.pending).await;
    let Outcome::Succeeded(answer) = report.provision(user.hermod.dialect()) else {
        panic!("{report:?}")
    };
    seen.plant(answer.compact_jws());
    let policy = command.policy(&bench.attestation());
    let verified = answer.verify(&policy, user.now()).unwrap();
    seen.debug(&(&report, &answer, &policy, &verified));
    let expectation = command.expectation();
    seen.debug(&expectation);
    seen.kept(&serde_json::to_string(&expectation).unwrap());
    let refused = command.clone().nonce("another").policy(&bench.attestation());
    let refusal = answer.verify(&refused, user.now()).unwrap_err();
    seen.debug(&(&refusal, refusal.to_string(), refusal.advice()));

    // A recovered key goes with its password.
    let enrolled = Enrolled::new(command, verified.into_parts().0);
    let now = bench.sim.clock().unix_millis() / 1000;
    let old = Key::generate(KeyKind::P256).unwrap();
    let certificate = bench
        .ca
        .issue_for_key("CN=Alice", &old, Profile::Encryption, Validity::days(now - 9, 30))
        .unwrap();
    let container = p12::make(&old, &[certificate.der().to_vec()], RECOVERY).unwrap();
    seen.plant(&encode(Flavour::Standard, &container));
    let header = user.to(ALICE);
    let install = InstallCertificates::new(header.clone())
        .user(ALICE)
        .profile(enrolled.profile())
        .nonce(Nonce::new(NONCE))
        .certificate(bench.issue(&enrolled, "signer", Profile::Signing))
        .certificate(CertificateEntry::pkcs12("old", SecretBytes::new(container)).password(RECOVERY));
    seen.debug(&(&install, install.lints()));
    let installing = user.send(&header, &install).await;
    sent(seen, &bench, &installing);
    phone.check().await.unwrap();
    let report = user.report(&installing.pending).await;
    seen.debug(&report.certificate(user.hermod.dialect()));
    letters(seen, &bench, &installing).await;
}

/// What the inbox keeps of a command, as it shows it.
async fn letters(seen: &mut Seen, bench: &Bench, sent: &Sent) {
    let letters = bench
        .user
        .inbox
        .list(&sent.pending.correlation_ids(), 9)
        .await
        .unwrap();
    assert!(!letters.is_empty());
    seen.debug(&letters);
    seen.debug(&bench.user.inbox);
}

async fn signing(seen: &mut Seen) {
    let bench = bench("").await;
    let (user, desktop) = (&bench.user, bench.sim.desktop());
    bench.insert_card("1", &Key::generate(KeyKind::P256).unwrap());
    let picture = jpeg("canary-picture-to-compare");
    seen.plant_octets(&picture);
    let image = Content::auth_image(&picture).unwrap();
    seen.debug(&image);
    let id = user
        .content
        .add(ContentKind::Image, image, Duration::from_secs(300))
        .unwrap();
    for persona in [
        Persona::Approves,
        Persona::SignsOther,
        Persona::ForgesSignature,
        Persona::Garbage,
        Persona::WrongPin,
    ] {
        for format in [
            SignatureFormat::Pkcs7,
            SignatureFormat::Jws,
            SignatureFormat::XmlDsig,
        ] {
            let header = user.hermod.header();
            let sign =
                Sign::new(header.clone(), Entry::text("tbs", TEXT).label("Order")).format(format.clone());
            seen.debug(&sign);
            let signing = user.send(&header, &sign).await;
            sent(seen, &bench, &signing);
            desktop.open_as(&signing.link(), persona).await.unwrap();
            let report = user.report(&signing.pending).await;
            let outcome = report.sign(user.hermod.dialect(), &sign.expectation());
            seen.debug(&(&report, &outcome, sign.expectation()));
            seen.kept(&serde_json::to_string(&sign.expectation()).unwrap());
            let policy = SignaturePolicy::new(sign.expectation(), &bench.signers());
            seen.debug(&policy);
            if let Outcome::Succeeded(answer) = outcome {
                match answer.verify(&policy, user.now()) {
                    Ok(verified) => seen.debug(&verified),
                    Err(refusal) => seen.debug(&(refusal.to_string(), refusal.advice(), refusal)),
                }
                seen.debug(&answer.signer_reports(&policy, user.now()));
            }
            letters(seen, &bench, &signing).await;
        }
    }
    let header = user.hermod.header();
    let login = Authenticate::new(header.clone())
        .description(Entry::authentication_image(&picture))
        .description(Entry::authentication_image_by_id(id))
        .challenge(&Nonce::new(NONCE));
    seen.debug(&login);
    let logging_in = user.send(&header, &login).await;
    sent(seen, &bench, &logging_in);
    desktop.open(&logging_in.link()).await.unwrap();
    let report = user.report(&logging_in.pending).await;
    seen.debug(&report.authenticate(user.hermod.dialect(), &login.expectation()));
    seen.debug(&(
        &user.content,
        &user.provider,
        user.provider.counters(),
        &user.callbacks,
    ));
}

async fn pin_reset(seen: &mut Seen, sim: &str) {
    let bench = bench(sim).await;
    let (user, desktop) = (&bench.user, bench.sim.desktop());
    bench.insert_card("1", &Key::generate(KeyKind::P256).unwrap());
    let new = NewAdminKey::from_octets(b"canary-new-admin-key-24.").unwrap();
    seen.plant_octets(new.expose());
    for (key, new_key) in [([9; 24], None), (ADMIN_KEY, None), (ADMIN_KEY, Some(&new))] {
        let header = user.hermod.header();
        let command = StartPinReset::smart_card(header.clone(), "1");
        let starting = user.send(&header, &command).await;
        sent(seen, &bench, &starting);
        let (app, link) = (desktop.clone(), starting.link());
        let app = tokio::spawn(async move { app.open(&link).await });
        let report = user.report(&starting.pending).await;
        let challenge = report.start_pin_reset(user.hermod.dialect()).succeeded().unwrap();
        seen.plant_octets(challenge.nonce.expose());
        let key = TripleDesAdminKey::from_octets(&key).unwrap();
        let proof = key.respond(challenge.nonce.expose()).await.unwrap();
        seen.plant_octets(proof.expose());
        seen.debug(&(
            &command,
            &report,
            &challenge,
            &key,
            &proof,
            &new,
            challenge.protect(&new, user.hermod.dialect()),
        ));
        letters(seen, &bench, &starting).await;
        let mut reset = PinReset::started(&command, &starting.answer, user.now());
        let finished = user
            .hermod
            .finish_pin_reset(&*user.inbox, &mut reset, &key, new_key, &user.polling);
        let outcome = finished.await.unwrap();
        seen.debug(&(&outcome, &reset));
        seen.text(&serde_json::to_string(&reset).unwrap());
        app.await.unwrap().unwrap();
    }
    for wrong in ["canary-no-admin-key", "CANARYCANARY"] {
        seen.plant(wrong);
        seen.debug(&(TripleDesAdminKey::from_hex(wrong), NewAdminKey::from_hex(wrong)));
    }
}

async fn others(seen: &mut Seen) {
    let bench = bench("").await;
    let (user, phone) = (&bench.user, bench.sim.mobile());
    let enrolled = bench.enrol(&phone, [signer()]).await;
    for round in 0..2 {
        let header = user.hermod.header();
        let ping = Ping::new(header.clone()).device_info(true);
        let pinging = user.send(&header, &ping).await;
        sent(seen, &bench, &pinging);
        if round == 0 {
            let answer = user
                .hermod
                .call(&Cancel::new(pinging.answer.command_id.clone()))
                .await
                .unwrap();
            seen.debug(&answer);
        } else {
            bench.sim.desktop().open(&pinging.link()).await.unwrap();
            let report = user.report(&pinging.pending).await;
            seen.debug(&(&report, report.ping(user.hermod.dialect())));
        }
    }
    seen.plant("canary-raw-body-66");
    let raw = Raw::new(
        "ping",
        r#"{"commandHeader":{"lifespan":300,"timeout":250},"pingCommand":{"pin":"canary-raw-body-66"}}"#,
    );
    let answer = user.hermod.call(&raw).await;
    seen.debug(&(&raw, &answer));
    let header = user.hermod.header();
    let command = DeleteProfile::new(header.clone(), Profiles::one(ALICE, enrolled.profile()));
    let deleting = user.send(&header, &command).await;
    sent(seen, &bench, &deleting);
    phone.check_as(Persona::Declines).await.unwrap();
    let report = user.report(&deleting.pending).await;
    seen.debug(&(&command, report.delete_profile(user.hermod.dialect())));
    let command = DeleteMailbox::new(user.hermod.header(), Profiles::all(ALICE));
    let deleted = user.hermod.call(&command).await.unwrap();
    seen.debug(&(&command, deleted));
    let entry = smartid::hermod::clients::ApiClient::new(
        smartid::ApiKey::new("idm", SecretString::new(API_KEY)).unwrap(),
    );
    seen.debug(&entry);
}
