//! Links, creation options, registrations, signed evidence.

use smartid::DaDialect;
use smartid::da::fido::CreationOptions;
use smartid::trust::Certificate;
use smartid::trust::jws::JwkSet;

use super::{context, golden, kind};
use crate::inspect::{Context, inspect};

#[test]
fn a_registration_verifies_against_its_options_and_not_against_others() {
    let registration = golden("smartid-da/tests/golden/registrations/es256-none.registration.json");
    let mut context = context();
    assert_eq!(
        inspect(&registration, &context).unwrap().verdict,
        None,
        "nothing to check against"
    );
    let options = |file: &str| {
        let bytes = golden(&format!("smartid-da/tests/golden/{file}"));
        CreationOptions::parse(std::str::from_utf8(&bytes).unwrap()).unwrap()
    };
    context.options = Some(options("registrations/es256-none.options.json"));
    assert_eq!(inspect(&registration, &context).unwrap().verdict, Some(true));
    context.options = Some(options("options/challenge_16.json"));
    let finding = inspect(&registration, &context).unwrap();
    assert_eq!(finding.verdict, Some(false), "{finding:?}");
    assert!(
        finding.problems[0].starts_with("challenge-mismatch"),
        "{finding:?}"
    );
}

#[test]
fn a_place_that_the_dialect_does_not_know_is_told_as_a_dialect_line() {
    let options = String::from_utf8(golden(
        "smartid-da/tests/golden/registrations/es256-none.options.json",
    ))
    .unwrap();
    let finding = inspect(
        format!("{{\"data\":{{\"a/b\":{options}}}}}").as_bytes(),
        &context(),
    )
    .unwrap();
    assert_eq!(
        finding.dialect,
        ["[digital_access.options]\nresponse = [{ move = \"/data/a~1b\", to = \"\" }]"]
    );
    smartid::core::dialect::overlay_section::<DaDialect>(&finding.dialect[0], "digital_access").unwrap();

    let callback = r#"{"commandId":"1","state":"ALL_GOOD","destinations":[]}"#;
    let finding = inspect(callback.as_bytes(), &context()).unwrap();
    assert!(
        finding.dialect[0].contains("[messaging.states]") && finding.dialect[0].contains("ALL_GOOD"),
        "{finding:?}"
    );
}

#[test]
fn a_links_token_is_shown_only_on_request() {
    let link = b"com.nexusgroup.plugout:///?url=https%3a%2f%2fh.example.test%2fms%2fb-1&token=canary-77";
    let mut context = context();
    assert!(!format!("{:?}", inspect(link, &context).unwrap()).contains("canary"));
    context.show_secrets = true;
    assert!(format!("{:?}", inspect(link, &context).unwrap()).contains("canary"));
}

#[test]
fn what_is_not_known_is_not_guessed() {
    assert_eq!(kind(b""), "");
    assert_eq!(kind(b"hello"), "");
    assert_eq!(kind(b"{\"a\":1}"), "");
    assert_eq!(kind(&[0xff, 0x00, 0x13]), "");
    assert_eq!(
        kind(b"-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----"),
        "PEM: CERTIFICATE"
    );
    assert_eq!(kind(&[0x30, 0x82, 0x01, 0x00, 0x30]), "");
    assert_eq!(kind(b"eyJhbGciOiJSUzI1NiJ9.e30.AA"), "compact JWS");
}

#[test]
fn evidence_is_verified_only_against_what_the_person_gives() {
    let fixture = |name: &str| golden(&format!("smartid-trust/tests/fixtures/{name}"));
    let mut context = context();
    let read = |context: &Context, name: &str| inspect(&fixture(name), context).unwrap();
    for (name, kind) in [
        ("cms/openssl-rsa-attached.der", "CMS SignedData"),
        ("certs/signer-rsa.der", "certificate"),
    ] {
        let finding = read(&context, name);
        assert_eq!(
            (finding.kind.as_str(), finding.verdict),
            (kind, None),
            "{finding:?}"
        );
    }
    context.roots = vec![Certificate::from_der(fixture("certs/root.der")).unwrap()];
    assert_eq!(read(&context, "cms/openssl-rsa-attached.der").verdict, Some(true));
    assert_eq!(
        read(&context, "cms/openssl-rsa-detached.der").verdict,
        Some(false),
        "no content, no issuer"
    );
    context.keys = Some(JwkSet::from_json(fixture("jws/keys.json")).unwrap());
    let token = b"eyJhbGciOiJub25lIn0.e30.";
    assert!(
        inspect(token, &context).unwrap().problems[0].starts_with("jws-"),
        "alg none"
    );
    assert_eq!(kind(&fixture("pkcs12/openssl-rsa.p12")), "PKCS #12 container");
}
