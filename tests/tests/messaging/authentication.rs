//! Authenticate: the picture that the person compares, from us or inside the command, and what ties the signature to the command.

use smartid::hermod::answers::{Binding, SignaturePolicy, SignatureRefusal};
use smartid::hermod::commands::{Authenticate, Nonce};
use smartid::hermod::content::Content;
use smartid::hermod::{Entry, MobileLinkOptions, Outcome, SignatureFormat};
use smartid_sim::Party;
use smartid_tests::Setup;
use smartid_tests::messaging::{ALICE, Bench, CONTENT_PASSWORD, jpeg, shown};
use smartid_tests::play::{Command, Play, Stage};
use std::time::Duration;

#[tokio::test]
async fn the_picture_is_shown_whether_it_is_inside_or_comes_from_us() {
    let bench = Bench::start(Setup::default()).await;
    let (user, phone) = (&bench.user, bench.sim.mobile());
    bench.enrol_with_certificate(&phone).await;
    let id = user
        .content
        .add(
            smartid::hermod::content::ContentKind::Image,
            Content::auth_image(&jpeg("from us")).unwrap(),
            Duration::from_secs(300),
        )
        .unwrap();
    for (entry, picture) in [
        (Entry::authentication_image(&jpeg("inside")), "inside"),
        (Entry::authentication_image_by_id(id.clone()), "from us"),
    ] {
        let header = user.to(ALICE);
        let challenge = Nonce::random(&**user.hermod.runtime());
        let command = Authenticate::new(header.clone())
            .description(Entry::text("requester", "Portal"))
            .description(entry.label("Compare the pictures"))
            .challenge(&challenge);
        let sent = user.send(&header, &command).await;
        // The phone is woken by the start link, because an authentication cannot be opened by its own.
        let start = smartid::hermod::MobileLink::start(&MobileLinkOptions::new().title("Log in")).unwrap();
        let seen = phone.open(start.expose()).await.unwrap();
        assert_eq!((seen.messages, seen.title.as_deref()), (1, Some("Log in")));
        assert_eq!(shown(&seen)["auth_image"], jpeg(picture));
        let report = user.report(&sent.pending).await;
        assert_eq!(report.verb.as_deref(), Some("authenticate"));
        let answer = report
            .authenticate(user.hermod.dialect(), &command.expectation())
            .succeeded()
            .unwrap();
        let policy = SignaturePolicy::new(command.expectation(), &bench.signers());
        let statement = answer.verify(&policy, user.now()).unwrap().into_parts().0;
        assert_eq!(statement.signatures[0].content, challenge.as_str());
        // The same answer to the next authentication is none.
        let next = Authenticate::new(header).challenge(&Nonce::random(&**user.hermod.runtime()));
        let next = SignaturePolicy::new(next.expectation(), &bench.signers());
        assert!(matches!(
            answer.verify(&next, user.now()),
            Err(SignatureRefusal::Signature(_))
        ));
    }
    let asked: Vec<_> = bench
        .sim
        .records()
        .into_iter()
        .filter(|record| record.party == Party::ContentProvider)
        .collect();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].json().unwrap(),
        serde_json::json!({"contentId": id.as_str()})
    );
    assert!(asked[0].header("authorization").unwrap().starts_with("Basic "));
    assert_eq!(user.provider.counters().served, 1);
}

#[tokio::test]
async fn without_its_picture_the_command_fails() {
    for (sim, end) in [
        ("", "failed: CONTENT_PROVIDER"),
        ("[hermod.content]\nfailure = 'deliver'", "verified"),
    ] {
        let mut play = Play::of(Command::Authenticate).with_picture();
        let stage = Stage::set(sim, &Default::default(), &play).await;
        // Another password than the one that our provider wants.
        let url = stage
            .bench
            .sim
            .api_user("idm")
            .unwrap()
            .content_provider_url
            .unwrap();
        stage
            .bench
            .sim
            .set_content_provider("idm", &url, Some(("hermod", "another")));
        assert_eq!(stage.play(&play).await, end);
        assert_eq!(stage.user.provider.counters().unauthenticated, 1);
        stage
            .bench
            .sim
            .set_content_provider("idm", &url, Some(("hermod", CONTENT_PASSWORD)));
        assert_eq!(stage.play(&play).await, "verified, picture shown");
        // And nothing under the id.
        assert!(stage.user.content.remove(&smartid_tests::play::PICTURE.into()));
        assert_eq!(stage.play(&play).await, end);
        assert_eq!(stage.user.provider.counters().not_found, 1);
        play.picture = false;
        assert_eq!(stage.play(&play).await, "verified");
    }
}

/// What an app signs when there is nothing to sign, and what of it can be compared with the command.
#[tokio::test]
async fn an_authentication_without_tbs_is_bound_by_what_the_app_signs() {
    let nonce = "[hermod.verbs.authenticate]\nextra_members = ['nonce']\n";
    let signs = |what: &str| format!("{nonce}[device.signature]\nwithout_tbs = '{what}'");
    let entries = "answers.signature.covers_without_tbs = 'entries'";
    let plain = Play::with_nothing_to_sign;
    let play = Play::of(Command::Authenticate)
        .format("jws")
        .on_phone()
        .looking()
        .addressed()
        .with_nonce();
    for (sim, dialect, play, end) in [
        (signs("identity"), "", play.clone(), "verified, nonce bound"),
        (
            signs("identity"),
            "",
            play.clone().by_the_user(),
            "verified, user bound, nonce bound",
        ),
        (signs("identity"), "", plain(play.clone()), "verified"),
        (signs("identity"), entries, play.clone(), "description-differs"),
        (
            signs("description-json"),
            entries,
            plain(play.clone()),
            "verified, description bound",
        ),
        (signs("description-json"), "", play.clone(), "nonce-missing"),
        (
            signs("params"),
            entries,
            play.clone(),
            "verified, description bound, nonce bound",
        ),
        (signs("nonce"), "", play.clone(), "content-unreadable"),
        (signs("empty"), "", plain(play.clone()), "verified"),
        (
            signs("descriptions"),
            entries,
            plain(play.clone()),
            "content-unreadable",
        ),
    ] {
        let dialect = smartid::core::dialect::overlay(dialect).unwrap();
        let stage = Stage::set(&sim, &dialect, &play).await;
        assert_eq!(stage.play(&play).await, end, "{sim} {play:?}");
    }
}

#[tokio::test]
async fn what_ties_an_authentication_to_the_command_is_told() {
    let bench = Bench::with("[hermod.verbs.authenticate]\nextra_members = ['nonce']").await;
    let (user, phone) = (&bench.user, bench.sim.mobile());
    bench.enrol_with_certificate(&phone).await;
    let header = user.to(ALICE);
    let command = Authenticate::new(header.clone())
        .description(Entry::text("requester", "Portal"))
        .format(SignatureFormat::Jws)
        .nonce(Nonce::random(&**user.hermod.runtime()));
    let sent = user.send(&header, &command).await;
    phone.check().await.unwrap();
    let report = user.report(&sent.pending).await;
    // What was kept is enough for another process.
    let kept = serde_json::to_string(&command.expectation().user(ALICE)).unwrap();
    let asked: smartid::hermod::answers::SignatureExpectation = serde_json::from_str(&kept).unwrap();
    let Outcome::Succeeded(answer) = report.authenticate(user.hermod.dialect(), &asked) else {
        panic!("{report:?}")
    };
    let statement = answer
        .verify(&SignaturePolicy::new(asked.clone(), &bench.signers()), user.now())
        .unwrap()
        .into_parts()
        .0;
    assert!(statement.is_bound(Binding::Nonce) && statement.is_bound(Binding::User));
    assert!(
        statement.not_bound.contains(&Binding::Tbs),
        "nothing was to be signed"
    );
    let bob = SignaturePolicy::new(asked.user("bob@example.test"), &bench.signers());
    assert_eq!(
        answer.verify(&bob, user.now()).unwrap_err(),
        SignatureRefusal::UserDiffers
    );
}
