//! Every golden file of the second half of a PIN reset.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

#[cfg(feature = "triple-des")]
use common::pin_reset::respond;
use common::pin_reset::{BID, CARD, NEW_KEY, PROFILE, header, hex};
use common::{Fixture, commands, dialect};
use smartid_core::{Endpoint, Outgoing};
use smartid_hermod::admin_key::{AdminKeyError, AdminKeyInTransit, EncryptedNonce, NewAdminKey};
use smartid_hermod::commands::EndPinReset;
use smartid_hermod::{CommandHeader, CommandReport, HermodDialect, Session};

fn end() -> CommandHeader {
    header("golden-endpinreset-0001")
}

fn session() -> Session {
    let text = format!(
        r#"{{"bid":"{BID}","mid":null,"command_id":"5106","external_id":null,"created":0,"expires":0}}"#
    );
    serde_json::from_str(&text).unwrap()
}

/// The proof of a fixture: computed where the cipher is there, else the known one.
fn proof(fixture: &Fixture) -> Result<EncryptedNonce, AdminKeyError> {
    let Some(key) = &fixture.admin_key else {
        return EncryptedNonce::new([]);
    };
    let known = hex("1dd438976365d734");
    #[cfg(feature = "triple-des")]
    assert_eq!(
        respond(key, &hex(fixture.nonce.as_ref().unwrap())),
        known,
        "{}",
        fixture.file
    );
    assert_eq!(key.len(), 48);
    EncryptedNonce::new(known)
}

fn end_of(fixture: &Fixture) -> Result<(EndPinReset, &'static str), String> {
    let name = fixture
        .file
        .strip_prefix("request_")
        .unwrap()
        .strip_suffix(".json")
        .unwrap();
    let told = |error: AdminKeyError| error.to_string();
    let new = |header| {
        Ok::<_, String>(EndPinReset::new(
            header,
            &session(),
            proof(fixture).map_err(told)?,
        ))
    };
    let plain = || new(end());
    let card = || plain().map(|command| command.smart_card_id(CARD));
    let clear = |digits: &str| {
        NewAdminKey::from_hex(digits)
            .map(AdminKeyInTransit::in_clear)
            .map_err(told)
    };
    let wanted: serde_json::Value =
        serde_json::from_slice(&common::golden(&format!("endpinreset/{}", fixture.file))).unwrap();
    let given = wanted["epinCommand"]["newadminkey"].as_str().unwrap_or_default();
    let sealed = || {
        // Any 256 octets stand for the ciphertext: those of the fixture that has them in hexadecimal digits.
        let body = common::golden("endpinreset/request_new_admin_key_transported_hex.json");
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let octets = hex(body["epinCommand"]["newadminkey"].as_str().unwrap());
        assert_eq!(octets.len(), 256);
        AdminKeyInTransit::encrypted(octets).map_err(told)
    };
    Ok(match name {
        "pin_reset" => (card()?, ""),
        "new_admin_key" => (card()?.new_admin_key(clear(NEW_KEY)?), ""),
        "no_smartcardid" => (plain()?, ""),
        "new_admin_key_no_smartcardid" => (plain()?.new_admin_key(clear(NEW_KEY)?), ""),
        "new_admin_key_transported" => (card()?.new_admin_key(sealed()?), ""),
        "new_admin_key_transported_hex" => (
            card()?.new_admin_key(sealed()?),
            "pin_reset.transported_admin_key = 'hex'",
        ),
        "new_admin_key_transported_member" => (
            card()?.new_admin_key(sealed()?),
            "[end_pin_reset]\nrequest = [{ move = '/epinCommand/newadminkey', to = '/epinCommand/encryptednewadminkey' }]",
        ),
        "proof_base64" => (card()?, "pin_reset.proof = 'base64'"),
        "proof_upper" => (card()?, "pin_reset.proof = 'hex-upper'"),
        "profileid" => (plain()?.profile_id(PROFILE), ""),
        "to_tmp" => (
            EndPinReset::alone(end(), proof(fixture).map_err(told)?).smart_card_id(CARD),
            "",
        ),
        "to_user" => (new(end().to(["user-1@example.com"]))?.smart_card_id(CARD), ""),
        "params" => (
            card()?,
            "[end_pin_reset]\nrequest = [{ move = '/epinCommand/encryptednonce', to = '/epinCommand/params/encryptednonce' }, \
             { move = '/epinCommand/smartcardid', to = '/epinCommand/params/smartcardid' }]",
        ),
        "other_wrapper" => (card()?, "end_pin_reset.wrapper = 'endpinresetCommand'"),
        "new_admin_key_upper" | "new_admin_key_short" | "new_admin_key_long" | "new_admin_key_not_hex" => {
            (card()?.new_admin_key(clear(given)?), "")
        }
        "no_proof" => (card()?, ""),
        _ => panic!("{name} has no check"),
    })
}

#[test]
fn every_golden_end_request_is_what_is_sent() {
    let make = |fixture: &Fixture| -> Result<Outgoing, String> {
        let (command, toml) = end_of(fixture)?;
        command.request(&dialect(toml)).map_err(|error| error.to_string())
    };
    assert_eq!(commands::requests("endpinreset", make), 19);
    let proof = EncryptedNonce::new(hex("1dd438976365d734")).unwrap();
    commands::head(
        "endpinreset",
        &EndPinReset::new(end(), &session(), proof).smart_card_id(CARD),
    );
}

#[test]
fn a_mailbox_alone_will_do() {
    let proof = EncryptedNonce::new(hex("1dd438976365d734")).unwrap();
    let command = EndPinReset::mailbox(end(), BID, proof.clone()).smart_card_id(CARD);
    let sent = command.request(&HermodDialect::default()).unwrap();
    let wanted = common::golden("endpinreset/request_pin_reset.json");
    assert_eq!(sent.body_bytes(), &wanted);
    let alone = EndPinReset::alone(end(), proof);
    let in_path = dialect("end_pin_reset.path = 'endpinreset/{bid}'");
    assert!(alone.request(&in_path).is_err());
    assert_eq!(
        command.request(&in_path).unwrap().target(),
        format!("endpinreset/{BID}")
    );
}

#[test]
fn every_golden_answer_to_an_end_is_read() {
    let checked = commands::responses(
        "endpinreset",
        |_| HermodDialect::default(),
        |_, dialect, incoming| {
            let command = EndPinReset::alone(end(), EncryptedNonce::new([1]).unwrap());
            command
                .response(dialect, incoming)
                .map_err(|error| format!("{error:?}"))
        },
        |_, report, dialect| commands::word(&report.end_pin_reset(dialect)),
    );
    assert_eq!(checked, 6);
}

#[test]
fn every_golden_callback_of_an_end_ends_as_it_says() {
    let codes = [
        ("callback_failed_wrong_proof.json", "ADMIN_KEY_WRONG"),
        ("callback_failed_locked.json", "ADMIN_KEY_BLOCKED"),
    ];
    let checked = commands::callbacks_of_done("endpinreset", CommandReport::end_pin_reset, &codes);
    assert_eq!(checked, 41);
}
