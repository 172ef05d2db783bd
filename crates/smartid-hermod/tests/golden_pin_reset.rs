//! Every golden file of the first half of a PIN reset.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::pin_reset::{BID, CARD, NEW_KEY, NONCE, PROFILE, header};
#[cfg(feature = "triple-des")]
use common::pin_reset::{hex, respond};
use common::{Fixture, commands, dialect};
use smartid_core::Endpoint;
use smartid_hermod::admin_key::{EncryptedNonce, NewAdminKey};
use smartid_hermod::answers::{PinResetChallenge, TransportedKey};
use smartid_hermod::commands::StartPinReset;
use smartid_hermod::pin_reset::{DesktopVersion, Driver, DriverName, DriverType, PinOperation, PinReset};
use smartid_hermod::{CommandHeader, CommandReport, HermodDialect, Outcome};
use smartid_trust::PublicKey;

fn start() -> CommandHeader {
    header("golden-startpinreset-0001")
}

fn start_of(fixture: &Fixture) -> (StartPinReset, &'static str) {
    let card = || StartPinReset::smart_card(start(), CARD);
    let profile = || StartPinReset::profile(start(), PROFILE);
    let through = |driver| StartPinReset::through(start(), driver);
    let vsc = || Driver::new(DriverName::Vsc, DriverType::Minidriver);
    let name = fixture
        .file
        .strip_prefix("request_")
        .unwrap()
        .strip_suffix(".json")
        .unwrap();
    let words: Vec<&str> = name.split('_').collect();
    let plain = match words.as_slice() {
        ["smartcardid"] => card(),
        ["profileid"] => profile(),
        ["both", "ids"] => card().profile_id(PROFILE),
        ["smartcardid", "text"] => StartPinReset::smart_card(start(), "A1B2C3D4E5F60718293A4B5C6D7E8F90"),
        ["driver", "name", "only"] => through(Driver::named(DriverName::Yubi)),
        ["driver", "unlisted"] => through(Driver::new("example".into(), DriverType::Minidriver)),
        ["operation", "unlisted"] => profile().operation("unblock".into()),
        ["driver", driver, kind] => {
            let driver = Driver::new((*driver).into(), (*kind).into());
            let open = format!("{driver:?}");
            assert!(!open.contains("Other"), "{open}");
            through(driver)
        }
        ["every", "member"] => card()
            .profile_id(PROFILE)
            .driver(vsc())
            .operation(PinOperation::AdminKeyChange),
        ["user"] => StartPinReset::profile(start().to(["user-1@example.com"]), PROFILE),
        ["nothing"] => {
            let mut nothing = card();
            nothing.smart_card_id = None;
            nothing
        }
        ["operation", "only"] => {
            let mut nothing = profile();
            nothing.profile_id = None;
            nothing.operation(PinOperation::PinReset)
        }
        ["driver", "lower"] => {
            let toml = "[start_pin_reset]\nrequest = [{ move = '/spinCommand/driver/Name', to = '/spinCommand/driver/name' }, \
                        { move = '/spinCommand/driver/Type', to = '/spinCommand/driver/type' }]";
            return (through(vsc()), toml);
        }
        ["driver", "text"] => return (through(vsc()), "pin_reset.driver = 'string'"),
        ["params"] => {
            let toml = "[start_pin_reset]\nrequest = [{ move = '/spinCommand/smartcardid', to = '/spinCommand/params/smartcardid' }]";
            return (card(), toml);
        }
        ["other", "wrapper"] => return (card(), "start_pin_reset.wrapper = 'startpinresetCommand'"),
        [on, operation] => {
            let operation = PinOperation::from(*operation);
            assert!(!matches!(operation, PinOperation::Other(_)), "{name}");
            match *on {
                "operation" => profile().operation(operation),
                "token" => card().operation(operation),
                _ => panic!("{name} has no check"),
            }
        }
        _ => panic!("{name} has no check"),
    };
    (plain, "")
}

#[test]
fn every_golden_start_request_is_what_is_sent() {
    let make = |fixture: &Fixture| {
        let (command, toml) = start_of(fixture);
        let request = command.request(&dialect(toml));
        request.map_err(|error| error.to_string())
    };
    assert_eq!(commands::requests("startpinreset", make), 35);
    commands::head("startpinreset", &StartPinReset::smart_card(start(), CARD));
}

#[test]
fn the_version_that_a_golden_request_is_for_knows_all_of_it() {
    for fixture in commands::fixtures("startpinreset", "request") {
        if fixture.file.ends_with(".http") || fixture.refuse {
            continue;
        }
        let (command, _) = start_of(&fixture);
        let version: DesktopVersion = fixture.app.as_deref().unwrap().parse().unwrap();
        assert!(command.lints_for(version).is_empty(), "{}", fixture.file);
        command.check_for(version).unwrap();
        let later = command.driver.is_some() || command.operation.is_some();
        assert_eq!(
            command.check_for(DesktopVersion::V2_0).is_err(),
            later,
            "{}",
            fixture.file
        );
    }
}

#[test]
fn every_golden_answer_to_a_start_is_read() {
    let checked = commands::responses(
        "startpinreset",
        |_| HermodDialect::default(),
        |_, dialect, incoming| {
            let command = StartPinReset::smart_card(start(), CARD);
            command
                .response(dialect, incoming)
                .map_err(|error| format!("{error:?}"))
        },
        |_, report, dialect| commands::word(&report.start_pin_reset(dialect)),
    );
    assert_eq!(checked, 6);
}

/// The dialect that a form needs which is not the default.
fn reading(fixture: &Fixture) -> HermodDialect {
    let form = |form: &str| format!("answers.pin_reset.transported_key_form = '{form}'");
    dialect(&match fixture.file.as_str() {
        "callback_transportedkey_jwk.json" | "callback_transportedkey_jwk_text.json" => form("jwk"),
        "callback_transportedkey_pem.json" => form("pem"),
        "callback_transportedkey_hex.json" => form("spki-hex"),
        "callback_transportedkey_modulus.json" => form("modulus-hex"),
        "callback_nonce_base64.json" => "answers.pin_reset.nonce_coding = 'base64'".to_owned(),
        "callback_nonce_at_data.json" => "answers.pin_reset.nonce = '/response/data/nonce'".to_owned(),
        "callback_nonce_bare.json" => "answers.pin_reset.nonce = '/nonce'".to_owned(),
        _ => String::new(),
    })
}

/// The public half of the key that the golden files have.
fn transport_key() -> PublicKey {
    let body: serde_json::Value =
        serde_json::from_slice(&common::golden("startpinreset/callback_transportedkey.json")).unwrap();
    let key = body["response"]["transportedkey"].as_str().unwrap();
    let der = smartid_core::base64::decode(smartid_core::base64::Flavour::Standard, key).unwrap();
    PublicKey::from_spki_der(&der).unwrap()
}

/// What the index cannot say: the octets, the key, and what the proof is.
fn check_challenge(fixture: &Fixture, challenge: &PinResetChallenge, dialect: &HermodDialect) {
    let name = fixture.file.as_str();
    let wanted = match name {
        "callback_nonce_16.json" => [&NONCE[..], &[0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77]].concat(),
        _ => NONCE.to_vec(),
    };
    assert_eq!(challenge.nonce.expose(), wanted, "{name}");
    let new_key = NewAdminKey::from_hex(NEW_KEY).unwrap();
    let protected = challenge.protect(&new_key, dialect);
    match &challenge.transported_key {
        None => {
            assert!(
                !name.contains("transportedkey") || name.ends_with("_null.json"),
                "{name}"
            );
            assert!(!protected.unwrap().is_encrypted(), "{name}");
        }
        Some(TransportedKey::Usable(key)) => {
            assert_eq!(*key, transport_key(), "{name}");
            assert!(protected.unwrap().is_encrypted(), "{name}");
        }
        Some(unusable) => {
            assert_eq!(name, "callback_transportedkey_empty.json", "{unusable:?}");
            assert!(protected.is_err(), "never in clear");
        }
    }
    #[cfg(feature = "triple-des")]
    if let (Some(key), Some(proof)) = (&fixture.admin_key, &fixture.proof) {
        assert_eq!(challenge.nonce.expose(), hex(fixture.nonce.as_ref().unwrap()));
        assert_eq!(respond(key, challenge.nonce.expose()), hex(proof));
    }
}

#[test]
fn every_golden_callback_of_a_start_ends_as_it_says() {
    let checked = commands::callbacks("startpinreset", reading, |fixture, report, dialect| {
        let outcome = report.start_pin_reset(dialect);
        if let Outcome::Succeeded(challenge) = &outcome {
            check_challenge(fixture, challenge, dialect);
        }
        if fixture.file.starts_with("callback_nonce_") && fixture.hostile {
            assert!(matches!(outcome, Outcome::Unreadable { .. }), "{}", fixture.file);
        }
        commands::word(&outcome)
    });
    assert_eq!(checked, 58);
}

#[test]
fn another_spelling_of_success_is_approved_once_the_dialect_lists_it() {
    let dialect = dialect("states.success = ['SUCCESS', 'DONE']");
    let body = common::golden("startpinreset/callback_other_success_state.json");
    let report = CommandReport::read(body.into(), &dialect).unwrap();
    assert!(report.start_pin_reset(&dialect).succeeded().is_some());
}

#[test]
fn a_form_that_the_dialect_does_not_say_is_unusable_and_never_a_reason_for_clear_text() {
    let default = HermodDialect::default();
    for form in ["jwk", "jwk_text", "pem", "hex", "modulus", "empty"] {
        let body = common::golden(&format!("startpinreset/callback_transportedkey_{form}.json"));
        let report = CommandReport::read(body.into(), &default).unwrap();
        let challenge = report.start_pin_reset(&default).succeeded().unwrap();
        assert!(
            matches!(challenge.transported_key, Some(TransportedKey::Unusable { .. })),
            "{form}"
        );
        let key = NewAdminKey::from_hex(NEW_KEY).unwrap();
        assert!(challenge.protect(&key, &default).is_err(), "{form}");
        // Unless the installation says that its app wants that.
        let clear = dialect("pin_reset.key_transport = 'clear'");
        assert!(!challenge.protect(&key, &clear).unwrap().is_encrypted(), "{form}");
    }
}

#[test]
fn an_answer_from_another_mailbox_gets_no_proof() {
    let dialect = HermodDialect::default();
    let command = StartPinReset::smart_card(start(), CARD);
    let answer = common::answer(200, common::golden("startpinreset/response_immediate.json"));
    let answer = command.response(&dialect, answer).unwrap();
    let now = smartid_core::Timestamp::from_millis(0);
    let proof = || EncryptedNonce::new([1; 8]).unwrap();
    for (name, fits) in [("approved", true), ("minimal", true), ("other_mailbox", false)] {
        let mut reset = PinReset::started(&command, &answer, now);
        let body = common::golden(&format!("startpinreset/callback_{name}.json"));
        let report = CommandReport::read(body.into(), &dialect).unwrap();
        let challenge = report.start_pin_reset(&dialect).succeeded().unwrap();
        let end = reset.prove(header("e"), &challenge, proof(), now);
        assert_eq!(end.is_ok(), fits, "{name}");
        assert_eq!(reset.end.is_some(), fits, "{name}");
        if let Ok(end) = end {
            assert_eq!(end.session.unwrap().bid.as_str(), BID);
            assert!(
                reset.prove(header("e"), &challenge, proof(), now).is_err(),
                "one proof only"
            );
        }
    }
}
