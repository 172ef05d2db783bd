//! Sign: what the person sees, which key is used, and that exactly what was sent is what was signed.

use smartid::hermod::answers::{Binding, SignaturePolicy, SignatureRefusal, Signers};
use smartid::hermod::commands::Sign;
use smartid::hermod::content::{Content, ContentItem};
use smartid::hermod::filter::CertificateFilter;
use smartid::hermod::{Entry, Outcome, SignatureFormat, SignatureMechanism};
use smartid::trust::Check;
use smartid::trust::jws::{Jwk, JwkSet};
use smartid_sim::ShownAs;
use smartid_sim::pki::{Key, KeyKind};
use smartid_tests::Setup;
use smartid_tests::messaging::{ALICE, Bench, jpeg, signer};
use smartid_tests::play::{Command, Play, Stage};
use std::time::Duration;

const SEVERAL: &[&str] = &["one", "two", "three"];

/// Several things to sign, by what the app signs and what the dialect says that it signs.
#[tokio::test]
async fn several_things_are_signed_as_the_dialect_says_or_not_believed() {
    let json = "[device.signature]\nseveral_tbs = 'entries-json'";
    let first = "[device.signature]\nseveral_tbs = 'first'";
    let concatenated = "answers.signature.covers = 'concatenated'";
    let entries = "[answers.signature]\ncovers = 'entries'\npayload.tbs = ''";
    for (sim, dialect, texts, end) in [
        ("", "", &["one"][..], "verified"),
        ("", concatenated, &["one"], "verified"),
        ("", "", SEVERAL, "coverage-unknown"),
        ("", concatenated, SEVERAL, "verified"),
        ("", entries, SEVERAL, "content-unreadable"),
        (json, entries, SEVERAL, "verified"),
        (json, entries, &["one"], "verified"),
        (json, concatenated, SEVERAL, "signature-refused"),
        (json, "", &["one"], "signature-refused"),
        (first, concatenated, SEVERAL, "signature-refused"),
        (first, "", &["one"], "verified"),
    ] {
        for format in ["pkcs7", "jws"] {
            let play = Play::of(Command::Sign).format(format).texts(texts);
            let dialect = smartid::core::dialect::overlay(dialect).unwrap();
            let stage = Stage::set(sim, &dialect, &play).await;
            assert_eq!(stage.play(&play).await, end, "{format} {texts:?}: {sim}");
        }
    }
}

#[tokio::test]
async fn every_form_of_a_signature_verifies() {
    let detached = "[device.signature]\ndetached = true";
    let rsa = |format| {
        Play::of(Command::Sign)
            .format(format)
            .mechanism("CKM_SHA256_RSA_PKCS")
    };
    for (sim, play, end) in [
        ("", rsa("pkcs7"), "verified"),
        ("", rsa("jws"), "verified"),
        (detached, rsa("pkcs7"), "verified"),
        (detached, rsa("jws"), "verified"),
        (
            detached,
            Play::of(Command::Sign).format("jws").on_phone(),
            "not-delivered",
        ),
        (
            "",
            Play::of(Command::Sign).format("jws").mechanism("ES256"),
            "verified",
        ),
        (
            "",
            Play::of(Command::Sign).mechanism("CKM_ECDSA_SHA256"),
            "verified",
        ),
        (
            "[device.signature]\nx5c = false",
            rsa("jws").with_raw_key(),
            "verified",
        ),
        ("", rsa("raw").with_raw_key(), "verified"),
        // Nobody says who made a bare signature unless the key is known.
        ("", rsa("raw"), "signature-refused"),
        // What is asked for and cannot be verified stays as it came.
        ("", rsa("xmldsig"), "format-not-verified"),
        (
            "[desktop]\nversion = '1.1'",
            rsa("raw"),
            "failed: FORMAT_NOT_SUPPORTED",
        ),
    ] {
        let play = if play.phone { play.looking() } else { play };
        let stage = Stage::set(sim, &Default::default(), &play).await;
        assert_eq!(stage.play(&play).await, end, "{sim} {play:?}");
    }
}

#[tokio::test]
async fn the_person_sees_text_document_and_picture_and_signs_them() {
    let bench = Bench::start(Setup::default()).await;
    bench.insert_card("1", &Key::generate(KeyKind::P256).unwrap());
    let user = &bench.user;
    let pdf = b"%PDF-1.7 a contract".to_vec();
    for (entry, bytes) in [
        (
            Entry::text("tbs", "Pay 10 euro").label("Payment"),
            b"Pay 10 euro".to_vec(),
        ),
        (Entry::pdf("contract", &pdf), pdf),
        (Entry::jpeg("photo", &jpeg("face")), jpeg("face")),
        (
            Entry::text("hidden", "challenge").visible(false),
            b"challenge".to_vec(),
        ),
    ] {
        let header = user.hermod.header();
        let command = Sign::new(header.clone(), entry)
            .description(Entry::text("requester", "Example Bank").label("From"))
            .mechanism(SignatureMechanism::EcdsaSha256);
        let sent = user.send(&header, &command).await;
        let seen = bench.sim.desktop().open(&sent.link()).await.unwrap();
        let of = |role: ShownAs| {
            seen.shown
                .iter()
                .filter(|shown| shown.role == role)
                .map(|shown| shown.content.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (of(ShownAs::Description), of(ShownAs::ToBeSigned)),
            (vec![b"Example Bank".to_vec()], vec![bytes.clone()])
        );
        let report = user.report(&sent.pending).await;
        let answer = report
            .sign(user.hermod.dialect(), &command.expectation())
            .succeeded()
            .unwrap();
        let policy = SignaturePolicy::new(command.expectation(), &bench.signers());
        let verified = answer.verify(&policy, user.now()).unwrap();
        assert!(verified.proof().was_checked(Check::ExpectedContent));
        let statement = verified.fact();
        assert_eq!(statement.signatures[0].content, bytes);
        assert!(
            [Binding::Tbs, Binding::Mechanism, Binding::Format]
                .iter()
                .all(|part| statement.is_bound(*part))
        );
        assert_eq!(
            statement
                .signers()
                .next()
                .unwrap()
                .certificate()
                .unwrap()
                .subject()
                .common_name()
                .unwrap(),
            "Alice Example"
        );
        // Exactly this: not one byte more, and no other command's.
        let other = Sign::new(header, Entry::text("tbs", "Pay 100 euro")).expectation();
        let other = SignaturePolicy::new(other, &bench.signers());
        assert!(matches!(
            answer.verify(&other, user.now()),
            Err(SignatureRefusal::Signature(_))
        ));
    }
}

#[tokio::test]
async fn what_is_signed_may_come_from_our_content_provider() {
    let bench = Bench::start(Setup::default()).await;
    bench.insert_card("1", &Key::generate(KeyKind::P256).unwrap());
    let user = &bench.user;
    let document = ContentItem::new("T3JkZXIgMTc=")
        .key("tbs")
        .content_type("text/plain")
        .content_encoding("base64");
    user.content
        .put(
            "SIGN:17".into(),
            Content::items(vec![document]),
            Duration::from_secs(300),
        )
        .unwrap();
    let header = user.hermod.header();
    let command = Sign::new(header.clone(), Entry::content_id("tbs", "SIGN:17"));
    let sent = user.send(&header, &command).await;
    let seen = bench.sim.desktop().open(&sent.link()).await.unwrap();
    assert!(seen.shown.iter().any(|shown| shown.content == b"Order 17"));
    let report = user.report(&sent.pending).await;
    let answer = report
        .sign(user.hermod.dialect(), &command.expectation())
        .succeeded()
        .unwrap();
    let verify = |asked| {
        answer
            .verify(&SignaturePolicy::new(asked, &bench.signers()), user.now())
            .map(|_| ())
    };
    assert_eq!(
        verify(command.expectation()),
        Err(SignatureRefusal::EntryUnknown { index: 0 })
    );
    assert_eq!(verify(command.expectation().supplying(0, "Order 17")), Ok(()));
    assert!(verify(command.expectation().supplying(0, "Order 18")).is_err());
}

#[tokio::test]
async fn the_filter_chooses_the_key_and_the_signer_must_pass_it() {
    let bench = Bench::start(Setup::default()).await;
    let user = &bench.user;
    bench.insert_card("rsa", &Key::generate(KeyKind::Rsa2048).unwrap());
    bench.insert_card("ec", &Key::generate(KeyKind::P256).unwrap());
    let rsa = CertificateFilter::eq("key.type", "RSA");
    let nobody = CertificateFilter::eq("cert.subject", "Mallory");
    for (filter, end) in [
        (rsa.clone(), "RSA"),
        (CertificateFilter::eq("key.type", "EC"), "EC"),
        (nobody, "NO_MATCHING_KEY"),
        (
            CertificateFilter::compare("like".into(), "key.type", "R"),
            "refused",
        ),
    ] {
        let header = user.hermod.header();
        let command = Sign::new(header.clone(), Entry::text("tbs", "Order 17")).filter(filter);
        let Ok(answer) = user.hermod.call(&command).await else {
            assert_eq!(end, "refused");
            continue;
        };
        let pending = smartid::hermod::Pending::new(&header, user.now()).answered(&answer);
        bench
            .sim
            .desktop()
            .open(answer.link().unwrap().expose())
            .await
            .unwrap();
        let report = user.report(&pending).await;
        match report.sign(user.hermod.dialect(), &command.expectation()) {
            Outcome::Succeeded(answer) => {
                let policy = SignaturePolicy::new(command.expectation(), &bench.signers());
                let statement = answer.verify(&policy, user.now()).unwrap().into_parts().0;
                assert!(statement.is_bound(Binding::Filter));
                // The same signature is refused where another key was asked for.
                let mut other = command.expectation();
                other.filter = Some(CertificateFilter::not(command.filter.clone().unwrap()));
                let refusal = answer
                    .verify(&SignaturePolicy::new(other, &bench.signers()), user.now())
                    .unwrap_err();
                assert_eq!(refusal.code(), "filter-does-not-match", "{end}");
            }
            Outcome::Failed { code, .. } => {
                assert!([Some(end), Some("FILTER_NOT_SUPPORTED")].contains(&code.as_deref()))
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_raw_key_is_known_from_its_provisioning() {
    let bench = Bench::start(Setup::default()).await;
    let (user, phone) = (&bench.user, bench.sim.mobile());
    let enrolled = bench.enrol(&phone, [signer()]).await;
    let header = user.to(ALICE);
    let command = Sign::new(header.clone(), Entry::text("tbs", "Order 17")).format(SignatureFormat::Jws);
    let sent = user.send(&header, &command).await;
    phone.check().await.unwrap();
    let report = user.report(&sent.pending).await;
    let answer = report
        .sign(user.hermod.dialect(), &command.expectation())
        .succeeded()
        .unwrap();
    let key = enrolled.provisioned.key("signer").unwrap().public_key.clone();
    let known = Signers::keys(JwkSet::new([Jwk::from_public_key(key).with_id("signer")]));
    let verified = answer
        .verify(&SignaturePolicy::new(command.expectation(), &known), user.now())
        .unwrap();
    assert_eq!(
        verified.fact().signers().next().unwrap().key_id.as_deref(),
        Some("signer")
    );
    // Those who have certificates do not count for it.
    assert!(
        answer
            .verify(
                &SignaturePolicy::new(command.expectation(), &bench.signers()),
                user.now()
            )
            .is_err()
    );
}
