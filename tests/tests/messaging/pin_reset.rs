//! PIN resets of the Desktop App: two commands in one session, by version; with the admin key changed, in clear and encrypted; and with a
//! proof that the card does not accept.

use smartid::hermod::CommandHeader;
use smartid::hermod::Outcome;
use smartid::hermod::admin_key::{EncryptedNonce, NewAdminKey, TripleDesAdminKey};
use smartid::hermod::commands::StartPinReset;
use smartid::hermod::pin_reset::{
    DesktopVersion, Driver, DriverName, DriverType, FinishError, PinOperation, PinReset, PinResetError,
};
use smartid_sim::{Card, Persona};
use smartid_tests::Setup;
use smartid_tests::messaging::{ADMIN_KEY, ApiUser, Bench, GUARD};
use std::sync::Arc;

/// Both halves in one `await`, while the app is open.
async fn reset(
    bench: &Bench,
    command: impl FnOnce(CommandHeader) -> StartPinReset,
    key: [u8; 24],
    new: Option<&NewAdminKey>,
) -> Result<Outcome<smartid::hermod::answers::Done>, FinishError> {
    let user = &bench.user;
    let header = user.hermod.header();
    let command = command(header.clone());
    let sent = user.send(&header, &command).await;
    let (desktop, link) = (bench.sim.desktop(), sent.link());
    let app = tokio::spawn(async move {
        let _seen = desktop.open_as(&link, Persona::Approves).await;
    });
    let mut reset = PinReset::started(&command, &sent.answer, user.now());
    let key = TripleDesAdminKey::from_octets(&key).unwrap();
    let finished = user
        .hermod
        .finish_pin_reset(&*user.inbox, &mut reset, &key, new, &user.polling);
    let finished = tokio::time::timeout(GUARD, finished).await.unwrap();
    app.abort();
    if reset.end.is_some() {
        // One proof and no second one.
        let proof = EncryptedNonce::new([1; 8]).unwrap();
        let again = reset.prove(header, &challenge(bench), proof, user.now());
        assert_eq!(again.unwrap_err(), PinResetError::AlreadyProved);
    }
    finished
}

/// A challenge as a report has it.
fn challenge(bench: &Bench) -> smartid::hermod::answers::PinResetChallenge {
    let body = r#"{"commandId":"1","state":"SUCCESS","response":{"nonce":"0011223344556677"}}"#;
    let dialect = bench.user.hermod.dialect();
    let report = smartid::hermod::CommandReport::read(body.into(), dialect).unwrap();
    report.start_pin_reset(dialect).succeeded().unwrap()
}

async fn bench(sim: &str) -> Bench {
    let bench = Bench::with(sim).await;
    let card = Card::new("card-1")
        .admin_key(ADMIN_KEY)
        .driver("yubi", "minidriver");
    bench.sim.desktop().insert_card(card);
    bench
}

fn card(header: CommandHeader) -> StartPinReset {
    StartPinReset::smart_card(header, "card-1")
}

fn yubi(operation: PinOperation) -> impl Fn(CommandHeader) -> StartPinReset {
    move |header| {
        StartPinReset::through(header, Driver::new(DriverName::Yubi, DriverType::Minidriver))
            .operation(operation.clone())
    }
}

#[tokio::test]
async fn each_version_resets_the_pin_by_the_parameters_that_it_has() {
    for version in ["1.1", "1.12.1", "2.0"] {
        let bench = bench(&format!(
            "[desktop]\nversion = '{version}'\nsurplus_parameters = 'refuse'"
        ))
        .await;
        let desktop = bench.sim.desktop();
        let known: DesktopVersion = version.parse().unwrap();
        let outcome = reset(&bench, card, ADMIN_KEY, None).await.unwrap();
        assert!(matches!(outcome, Outcome::Succeeded(_)), "{version}: {outcome:?}");
        let pin = desktop.pin_of("card-1").unwrap();
        assert_ne!(pin, "123456");
        // Driver and operation: known before it is sent, and by the app.
        let header = bench.user.hermod.header();
        let allowed = yubi(PinOperation::PinReset)(header).check_for(known).is_ok();
        let outcome = reset(&bench, yubi(PinOperation::PinReset), ADMIN_KEY, None)
            .await
            .unwrap();
        assert_eq!(allowed, version == "1.12.1");
        match outcome {
            Outcome::Succeeded(_) => assert!(allowed),
            Outcome::Failed { code, .. } => {
                assert_eq!((allowed, code.as_deref()), (false, Some("UNKNOWN_PARAMETER")))
            }
            other => panic!("{version}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_admin_key_is_changed_in_clear_and_by_the_transported_key() {
    for (sim, encrypted) in [
        ("[desktop]\nversion = '2.0'", false),
        (
            "[desktop]\nversion = '1.12.1'\noffer_transported_key = false",
            false,
        ),
        (
            "[desktop]\nversion = '1.12.1'\nadmin_key_transport = 'rsa-oaep'\n[hermod.body]\nany_admin_key = true",
            true,
        ),
    ] {
        let bench = bench(sim).await;
        let new = NewAdminKey::generate(&**bench.user.hermod.runtime()).unwrap();
        let outcome = reset(&bench, card, ADMIN_KEY, Some(&new)).await.unwrap();
        assert!(matches!(outcome, Outcome::Succeeded(_)), "{sim}: {outcome:?}");
        let desktop = bench.sim.desktop();
        assert_eq!(desktop.admin_key_of("card-1").as_ref(), Some(new.expose()));
        assert_eq!(
            desktop.pin_of("card-1").as_deref(),
            Some("123456"),
            "the PIN stays"
        );
        let sent = bench
            .sim
            .records()
            .into_iter()
            .rfind(|record| record.path.ends_with("/command/endpinreset"))
            .unwrap()
            .json()
            .unwrap();
        let travelled = sent["epinCommand"]["newadminkey"].as_str().unwrap().to_owned();
        assert_eq!(travelled != *new.to_hex(), encrypted, "{sim}");
        // From now on the new key opens it, and the old one does not.
        let outcome = reset(&bench, card, *new.expose(), None).await.unwrap();
        assert!(matches!(outcome, Outcome::Succeeded(_)), "{outcome:?}");
        let outcome = reset(&bench, card, ADMIN_KEY, None).await.unwrap();
        assert!(
            matches!(&outcome, Outcome::Failed { code, .. } if code.as_deref() == Some("ADMIN_KEY_WRONG")),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_transported_key_that_cannot_be_read_does_not_bring_out_the_new_key() {
    let bench = bench("[desktop]\nversion = '1.12.1'\ntransported_key_encoding = 'jwk'").await;
    let new = NewAdminKey::generate(&**bench.user.hermod.runtime()).unwrap();
    let error = reset(&bench, card, ADMIN_KEY, Some(&new)).await.unwrap_err();
    assert!(matches!(error, FinishError::Transport(_)), "{error}");
    assert!(
        bench
            .sim
            .records()
            .iter()
            .all(|record| !record.path.ends_with("/command/endpinreset")),
        "nothing was sent"
    );
    assert_eq!(bench.sim.desktop().admin_key_of("card-1"), Some(ADMIN_KEY));
}

#[tokio::test]
async fn wrong_proofs_are_counted_until_the_card_is_blocked() {
    let bench = bench("[desktop]\nadmin_tries = 2").await;
    for (left, code) in [
        (1, "ADMIN_KEY_WRONG"),
        (0, "ADMIN_KEY_WRONG"),
        (0, "ADMIN_KEY_BLOCKED"),
    ] {
        let outcome = reset(&bench, card, [9; 24], None).await.unwrap();
        assert!(
            matches!(&outcome, Outcome::Failed { code: found, .. } if found.as_deref() == Some(code)),
            "{outcome:?}"
        );
        assert_eq!(bench.sim.desktop().admin_tries_left("card-1"), left);
    }
    assert_eq!(bench.sim.desktop().pin_of("card-1").as_deref(), Some("123456"));
}

#[tokio::test]
async fn operations_of_1_12_1_do_what_they_say() {
    let bench = bench("[desktop]\nversion = '1.12.1'").await;
    let desktop = bench.sim.desktop();
    for operation in [PinOperation::PukChange, PinOperation::PinChange] {
        let (pin, puk) = (desktop.pin_of("card-1"), desktop.puk_of("card-1"));
        let outcome = reset(&bench, yubi(operation.clone()), ADMIN_KEY, None)
            .await
            .unwrap();
        assert!(matches!(outcome, Outcome::Succeeded(_)), "{outcome:?}");
        assert_eq!(
            desktop.pin_of("card-1") != pin,
            operation == PinOperation::PinChange
        );
        assert_eq!(
            desktop.puk_of("card-1") != puk,
            operation == PinOperation::PukChange
        );
    }
    // An admin key change without a key changes nothing.
    let outcome = reset(&bench, yubi(PinOperation::AdminKeyChange), ADMIN_KEY, None)
        .await
        .unwrap();
    assert!(
        matches!(&outcome, Outcome::Failed { code, .. } if code.as_deref() == Some("INVALID_PARAMETER")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn another_process_goes_on_with_what_was_stored() {
    let bench = bench("").await;
    let user = &bench.user;
    let header = user.hermod.header();
    let command = card(header.clone());
    let sent = user.send(&header, &command).await;
    let stored = serde_json::to_string(&PinReset::started(&command, &sent.answer, user.now())).unwrap();
    assert!(!stored.contains("token="));
    let (desktop, link) = (bench.sim.desktop(), sent.link());
    let app = tokio::spawn(async move { desktop.open(&link).await });
    user.called(1).await;
    // The inbox is what both have.
    let mut setup = Setup::default();
    setup.runtime = Arc::clone(&bench.setup.runtime);
    let other = ApiUser::sharing(&bench.sim, "idm", &setup, Arc::clone(&user.inbox), None).await;
    let mut reset: PinReset = serde_json::from_str(&stored).unwrap();
    let key = TripleDesAdminKey::from_octets(&ADMIN_KEY).unwrap();
    let finished = other
        .hermod
        .finish_pin_reset(&*other.inbox, &mut reset, &key, None, &other.polling);
    let outcome = tokio::time::timeout(GUARD, finished).await.unwrap().unwrap();
    assert!(matches!(outcome, Outcome::Succeeded(_)), "{outcome:?}");
    assert_eq!(app.await.unwrap().unwrap().commands, ["SPIN", "EPIN"]);
    assert_ne!(bench.sim.desktop().pin_of("card-1").as_deref(), Some("123456"));
}

#[tokio::test]
async fn a_phone_has_no_pin_to_reset() {
    let bench = bench("").await;
    let user = &bench.user;
    let header = user.hermod.header();
    let sent = user.send(&header, &card(header.clone())).await;
    bench.sim.mobile().open(&sent.link()).await.unwrap();
    let outcome = user
        .report(&sent.pending)
        .await
        .start_pin_reset(user.hermod.dialect());
    assert!(
        matches!(&outcome, Outcome::Failed { code, .. } if code.as_deref() == Some("NotSupportedError")),
        "{outcome:?}"
    );
}
