//! Commands as they were sent.

use super::{context, found, read, wire};

#[test]
fn a_provision_command_is_told_with_its_templates_and_its_card() {
    let finding = found("provision/request_every_member.json");
    assert_eq!(finding.kind, "command to messaging: provision");
    assert_eq!(finding.of_name("to"), "user-1@example.com");
    assert!(
        finding
            .of_name("key")
            .starts_with("sig1: SIG, EC 256 with ES256 or RSA 3072")
    );
    assert!(finding.of_name("template").contains("CN=Officer One"));
    assert_eq!(finding.of_name("user principal name"), "officer@example.com");
    assert!(finding.of_name("card's back").starts_with("JOSE: compact JWS"));
    assert_eq!(finding.verdict, Some(true), "{finding:?}");

    let finding = found("provision/request_published_quirk_template.json");
    finding.remarked("version 2");
    finding.remarked("SHA-1");
    finding.remarked("equals hermod.lifespan");
    found("provision/request_timeout_above_lifespan.json").complained("must be shorter");
    let finding = found("provision/request_visual_legacy_pin.json");
    finding.remarked("Mobile App 4.6");
    assert!(finding.of_name("card's back").ends_with("protection PIN"));
    let raw =
        wire("provision/request_new_one_key.json").replace("\"keylength\":\"2048\"", "\"keylength\":{}");
    read(&raw, &context()).complained("keygenrequests/0");
}

#[test]
fn certificates_are_told_by_their_subjects_and_passwords_not_at_all() {
    let finding = found("certificate/request_pkcs12_and_certificate.json");
    assert_eq!(finding.of_name("certificate"), "O=Example,CN=Officer One");
    assert_eq!(finding.of_name("PKCS #12 container"), "3330 bytes");
    assert!(!format!("{finding:?}").contains("Passw0rd"));
    found("certificate/request_pkcs7.json").complained("neither a certificate");
    found("certificate/request_protection_fingerprint.json").remarked("not published");
}

#[test]
fn a_sign_command_shows_what_is_to_be_signed() {
    let finding = found("sign/request_several_tbs.json");
    let signed: Vec<_> = finding
        .facts
        .iter()
        .filter(|(name, _)| name == "to be signed")
        .collect();
    assert_eq!(signed.len(), 3);
    finding.remarked("several entries");
    assert!(
        found("sign/request_filter_tree.json")
            .of_name("filter")
            .contains("key.type")
    );
    found("sign/request_no_tbs.json").complained("nothing to be signed");
    found("sign/request_format_xmldsig.json").remarked("stays unverified");
    let broken = wire("sign/request_minimal.json").replace("\"base64\"", "\"rot13\"");
    read(&broken, &context()).complained("cannot be decoded");
    let finding = found("authenticate/request_published_content_id.json");
    assert!(finding.of_name("shown to the person").contains("AUTH:"));
}

#[test]
fn the_commands_of_a_pin_reset_hide_their_secrets() {
    let finding = found("startpinreset/request_every_member.json");
    assert_eq!(finding.of_name("driver"), "vsc, minidriver");
    assert_eq!(finding.of_name("known to Desktop App"), "1.12.1");
    assert_eq!(
        found("startpinreset/request_driver_text.json").dialect,
        ["[messaging.pin_reset]\ndriver = \"string\""]
    );
    found("startpinreset/request_nothing.json").complained("neither a token");
    let finding = found("endpinreset/request_new_admin_key.json");
    assert!(!format!("{finding:?}").contains("fedcba98"), "{finding:?}");
    assert_eq!(finding.of_name("new admin key"), "in clear, 24 octets");
    for (file, line) in [
        ("request_proof_base64.json", "proof = \"base64\""),
        ("request_proof_upper.json", "proof = \"hex-upper\""),
        (
            "request_new_admin_key_transported_hex.json",
            "transported_admin_key = \"hex\"",
        ),
    ] {
        let finding = found(&format!("endpinreset/{file}"));
        assert_eq!(finding.dialect, [format!("[messaging.pin_reset]\n{line}")]);
    }
    for file in ["short", "long", "upper", "not_hex"] {
        found(&format!("endpinreset/request_new_admin_key_{file}.json")).complained("");
    }
    found("endpinreset/request_no_proof.json").complained("encryptednonce");
}

#[test]
fn other_wrappers_and_other_places_have_their_lines() {
    for (file, lines) in [
        (
            "startpinreset/request_other_wrapper.json",
            "[messaging.start_pin_reset]\nwrapper = \"startpinresetCommand\"",
        ),
        (
            "ping/request_params.json",
            "[messaging.ping]\nrequest = [{ move = \"/pingCommand/deviceinfo\", to = \"/pingCommand/params/deviceinfo\" }]",
        ),
        (
            "delete/request_wrapper_del.json",
            "[messaging.delete_profile]\nwrapper = \"delCommand\"\n\n[messaging.delete_mailbox]\nwrapper = \"delCommand\"",
        ),
        (
            "delete/request_confirmation_text.json",
            "[messaging.delete_profile]\nbody = { confirmation = \"true\" }",
        ),
    ] {
        assert_eq!(found(file).dialect.join("\n\n"), lines, "{file}");
    }
}

#[test]
fn the_rest_of_the_commands_is_known() {
    assert!(
        found("delete/request_mailbox.json")
            .of_name("deletes")
            .starts_with("the mailbox of one")
    );
    assert!(
        found("delete/request_user_devices.json")
            .of_name("deletes")
            .contains("all profiles")
    );
    found("ping/request_deviceinfo_bool.json").complained("the text \"true\"");
    assert!(
        found("requests/fido_create.json")
            .of_name("relying party")
            .starts_with("login")
    );
    assert!(
        found("requests/fido_session.json")
            .of_name("does")
            .starts_with("opens a session")
    );
    let finding = read(r#"{"commandHeader":{},"somethingCommand":{}}"#, &context());
    finding.complained("cannot be told");
    finding.complained("no lifespan");
    let finding = read(r#"{"pingCommand":{}}"#, &context());
    finding.complained("no commandHeader");
}
