//! Callbacks and poll answers of every command but those with signatures of a person.

use smartid::Timestamp;
use smartid::trust::jws::{Jwk, JwkSet, JwsOptions, sign};
use smartid::trust::{OfficerSigner as _, PublicKey};

use super::{context, found, read, signer, wire};
use crate::inspect::{Command, Context};

const KID: &str = "attestation_2026-01-15T10:00:00GMT";

/// A callback whose JWS is signed with the attestation key.
fn provisioned(payload: &str) -> String {
    let payload = wire(&format!("provision/{payload}"));
    let jws = sign(&signer(), payload.as_bytes(), &JwsOptions::new().with_key_id(KID)).unwrap();
    format!(
        r#"{{"commandId":"5101","commandType":"PROV","state":"SUCCESS","response":{{"format":"jws","data":"{jws}"}}}}"#
    )
}

fn with_keys() -> Context {
    let public: PublicKey = signer().chain()[0].public_key().unwrap();
    let mut context = context();
    context.at = Timestamp::from_millis(1_768_471_205_000);
    context.keys = Some(JwkSet::new([Jwk::from_public_key(public).with_id(KID)]));
    context
}

#[test]
fn claims_of_a_provisioned_app_are_told_as_claims() {
    let finding = found("provision/callback_approved.json");
    assert_eq!(finding.kind, "callback or state of a command: provision");
    assert_eq!(finding.of_name("claimed user"), "user-1@example.com");
    assert_eq!(finding.of_name("claimed key"), "signer");
    assert!(finding.of_name("self-signature").starts_with("right"));
    finding.remarked("nobody has checked the signature");
    assert_eq!((finding.verdict, finding.dialect.len()), (None, 0));
}

#[test]
fn a_provisioning_answer_verifies_with_the_attestation_keys_alone() {
    let finding = read(&provisioned("payload_one_key.json"), &with_keys());
    assert_eq!(finding.verdict, Some(true), "{finding:?}");
    finding.remarked("--sent");
    // The golden ones are signed with nothing.
    let finding = read(&wire("provision/callback_approved.json"), &with_keys());
    finding.complained("bad-signature");
    let finding = read(&provisioned("payload_csr_self_signature.json"), &with_keys());
    finding.complained("signer: ");
    assert_eq!(finding.of_name("self-signature"), "wrong");
}

#[test]
fn a_provisioning_answer_is_compared_with_the_command() {
    let mut context = with_keys();
    context.sent = Some(wire("provision/request_new_one_key.json"));
    let finding = read(&provisioned("payload_one_key.json"), &context);
    assert_eq!(finding.verdict, Some(true), "{finding:?}");
    assert!(finding.of_name("against the command").contains("nonce"));
    for (payload, code) in [
        ("payload_nonce_differs.json", "nonce-differs"),
        ("payload_wrong_user.json", "userid-differs"),
        ("payload_key_unasked.json", "key-unasked"),
        ("payload_csr_throw_away_key.json", "key"),
    ] {
        read(&provisioned(payload), &context).complained(code);
    }
}

#[test]
fn an_answer_in_another_place_has_the_line_that_finds_it() {
    for (file, line) in [
        ("callback_jws_at_jws.json", "data = \"/response/jws\""),
        ("callback_jws_at_response.json", "data = \"/response\""),
        (
            "callback_jws_at_prov_response.json",
            "data = \"/provResponse/data\"",
        ),
    ] {
        let finding = found(&format!("provision/{file}"));
        assert_eq!(
            finding.dialect,
            [format!("[messaging.answers.provision]\n{line}")]
        );
        finding.complained("stands at");
    }
    let finding = read(&provisioned("payload_other_names.json"), &with_keys());
    assert_eq!(
        finding.dialect,
        [
            "[messaging.answers.provision.payload]\nprofile_id = \"/profile/profileid\"\nkeys = \"/profile/keygenresponses\""
        ]
    );
    let finding = read(&provisioned("payload_camel_names.json"), &with_keys());
    assert_eq!(
        finding.dialect,
        [
            "[messaging.answers.provision.payload]\nuser_id = \"/userId\"\nprofile_id = \"/profileId\"\nrequest = \"/p10\"\nkey_id = \"/keyId\""
        ]
    );
    assert_eq!(finding.of_name("claimed key"), "signer");
    let finding = read(&provisioned("payload_jwk_bare.json"), &with_keys());
    assert_eq!(
        finding.dialect,
        ["[messaging.answers.provision.payload]\nkey_id = \"/kid\"\npublic_key = \"\""]
    );
    assert!(finding.of_name("public key").starts_with("RSA"));
}

#[test]
fn what_is_no_provisioning_answer_is_told() {
    found("provision/callback_data_empty.json").complained("");
    found("provision/callback_other_format.json").complained("JWS");
    found("provision/callback_other_format.json").remarked("CMS message");
    found("provision/callback_not_json.json").complained("no JSON object");
}

#[test]
fn what_came_of_it_is_told_in_words() {
    for (file, words) in [
        ("provision/callback_declined.json", "declined"),
        ("certificate/callback_cancelled.json", "cancelled"),
        ("sign/callback_timeout.json", "nobody answered"),
        ("authenticate/callback_in_progress.json", "not over"),
        ("delete/poll_in_progress.json", "not over"),
        ("certificate/callback_partly.json", "ROLLED_BACK"),
        ("endpinreset/callback_failed_wrong_proof.json", "it failed: "),
        ("ping/callback_failed_no_error.json", "why is not said"),
    ] {
        let finding = found(file);
        assert!(finding.of_name("outcome").contains(words), "{file}: {finding:?}");
        assert_eq!(finding.verdict, Some(true), "{file}: {finding:?}");
    }
}

#[test]
fn a_state_that_is_spelled_otherwise_is_told_and_read_on() {
    let finding = found("sign/callback_state_lower_case.json");
    assert_eq!(
        finding.dialect,
        ["[messaging.states]\ntimeout = [\"TIMEOUT\", \"timeout\"]"]
    );
    assert!(finding.of_name("outcome").contains("nobody answered"));
    let finding = found("ping/callback_other_success_state.json");
    assert!(finding.dialect[0].starts_with("[messaging.states]\nsuccess = [\"SUCCESS\", "));
    assert_eq!(finding.of_name("operatingsystem"), "Golden OS 1");
    let finding = read(
        r#"{"commandId":"1","commandType":"PING","status":"SUCCESS"}"#,
        &context(),
    );
    assert_eq!(finding.dialect, ["[messaging.callback]\nstate = \"/status\""]);
    let finding = read(r#"{"commandId":"1"}"#, &context());
    finding.complained("ends no wait");
}

#[test]
fn a_report_that_lies_deeper_has_the_lines_that_find_it() {
    let text = format!(
        r#"{{"event":{{"command_id":"1","external-id":"x","status":"SUCCESS","result":{{"deviceinfo":{}}}}}}}"#,
        r#"{"operatingsystem":"Golden OS 1"}"#
    );
    let finding = read(&text, &context());
    assert_eq!(
        finding.dialect,
        [
            "[messaging.callback]\ncommand_id = \"/event/command_id\"\nexternal_id = \"/event/external-id\"\nstate = \"/event/status\"\n\
             response = \"/event/result\"",
            "[messaging.answers.ping]\ndevice_info = \"/event/result/deviceinfo\""
        ]
    );
    assert_eq!(finding.of_name("operatingsystem"), "Golden OS 1");
}

#[test]
fn a_ping_tells_of_the_device() {
    let finding = found("ping/callback_deviceinfo_full.json");
    assert_eq!(finding.of_name("appversion"), "2.0.0");
    assert_eq!(finding.verdict, Some(true));
    for (file, at) in [
        ("callback_deviceinfo_camel.json", "/response/deviceInfo"),
        ("callback_deviceinfo_bare.json", "/deviceinfo"),
        ("callback_deviceinfo_at_data.json", "/response/data/deviceinfo"),
    ] {
        let finding = found(&format!("ping/{file}"));
        assert_eq!(
            finding.dialect,
            [format!("[messaging.answers.ping]\ndevice_info = \"{at}\"")]
        );
    }
    found("ping/callback_deviceinfo_json_text.json").remarked("holds JSON");
    found("ping/callback_no_response.json").remarked("\"true\"");
}

#[test]
fn a_nonce_is_there_and_not_shown() {
    let finding = found("startpinreset/callback_transportedkey.json");
    assert_eq!(finding.of_name("nonce length"), "8 octets");
    assert_eq!(finding.of_name("transport key"), "RSA 2048");
    assert_eq!(finding.verdict, Some(true));
    assert!(!format!("{finding:?}").contains("8f3a61c20d94be57"));
    let mut context = context();
    context.show_secrets = true;
    let finding = read(&wire("startpinreset/callback_approved.json"), &context);
    assert_eq!(finding.of_name("nonce"), "8f3a61c20d94be57");
}

#[test]
fn the_form_of_a_transport_key_is_found() {
    for (file, form) in [
        ("jwk", "jwk"),
        ("jwk_text", "jwk"),
        ("pem", "pem"),
        ("hex", "spki-hex"),
        ("modulus", "modulus-hex"),
    ] {
        let finding = found(&format!("startpinreset/callback_transportedkey_{file}.json"));
        let line = format!("[messaging.answers.pin_reset]\ntransported_key_form = \"{form}\"");
        assert_eq!(finding.dialect, [line], "{file}");
    }
    let finding = found("startpinreset/callback_transportedkey_empty.json");
    assert!(finding.dialect.is_empty());
    finding.complained("cannot be used");
    finding.remarked("not sent at all");
    for (file, line) in [
        ("base64", "nonce_coding = \"base64\""),
        ("at_data", "nonce = \"/response/data/nonce\""),
        ("bare", "nonce = \"/nonce\""),
    ] {
        let finding = found(&format!("startpinreset/callback_nonce_{file}.json"));
        assert_eq!(
            finding.dialect,
            [format!("[messaging.answers.pin_reset]\n{line}")]
        );
    }
    for file in ["7", "odd", "not_hex", "empty", "missing"] {
        let finding = found(&format!("startpinreset/callback_nonce_{file}.json"));
        assert!(finding.dialect.is_empty(), "{finding:?}");
        finding.complained("nonce");
    }
}

#[test]
fn a_signed_nonce_is_read_only_once_it_is_verified() {
    let finding = found("startpinreset/callback_jws.json");
    assert_eq!(finding.verdict, None);
    finding.remarked("--keys");
    let context = with_keys();
    read(&wire("startpinreset/callback_jws.json"), &context).complained("bad-signature");
    let jws = sign(
        &signer(),
        br#"{"nonce":"8f3a61c20d94be57"}"#,
        &JwsOptions::new().with_key_id(KID),
    );
    let text = format!(
        r#"{{"commandId":"5106","commandType":"SPIN","state":"SUCCESS","response":{{"data":"{}"}}}}"#,
        jws.unwrap()
    );
    let finding = read(&text, &context);
    assert_eq!(finding.of_name("nonce length"), "8 octets");
    assert_eq!(finding.verdict, Some(true), "{finding:?}");
}

#[test]
fn which_command_it_answers_is_told_or_guessed() {
    let mut context = context();
    let bare = |name: &str| wire(name).replace("\"commandType\"", "\"x\"");
    for (file, command) in [
        ("provision/callback_approved.json", "provision"),
        ("sign/callback_pkcs7_attached.json", "sign"),
        ("ping/callback_deviceinfo_full.json", "ping"),
        ("startpinreset/callback_approved.json", "startpinreset"),
    ] {
        let finding = read(&bare(file), &context);
        assert!(finding.kind.ends_with(command), "{finding:?}");
        finding.remarked("--command tells");
    }
    let finding = read(
        r#"{"commandId":"1","state":"SUCCESS","response":{"a":1}}"#,
        &context,
    );
    finding.remarked("give --command");
    context.command = Some(Command::Authenticate);
    let finding = read(&bare("sign/callback_pkcs7_attached.json"), &context);
    assert!(finding.kind.ends_with("authenticate"));
    let finding = read(&wire("sign/callback_pkcs7_attached.json"), &context);
    finding.remarked("as told");
    assert_eq!("start-pin-reset".parse(), Ok(Command::StartPinReset));
    assert!("unheard-of".parse::<Command>().is_err());
}

#[test]
fn a_callback_that_says_two_things_is_told() {
    read(
        r#"{"commandId":"1","commandId":"2","state":"SUCCESS"}"#,
        &context(),
    )
    .complained("twice");
}
