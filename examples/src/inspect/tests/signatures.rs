//! The answers to sign and authenticate commands.

use smartid::trust::OfficerSigner as _;
use smartid::trust::jws::{Jwk, JwkSet, JwsOptions, sign};

use super::{found, read, signer, trusting, wire};

const TEXT: &[u8] = b"first line\r\nsecond line\r\n";

#[test]
fn a_signature_is_good_and_then_it_is_over_what_was_sent() {
    let text = wire("sign/callback_pkcs7_attached.json");
    let mut context = trusting();
    let finding = read(&text, &context);
    assert_eq!(finding.verdict, Some(true), "{finding:?}");
    assert_eq!(finding.of_name("verified signers"), "O=Example,CN=Officer One");
    assert_eq!(finding.of_name("tied to the command by"), "nothing");
    finding.remarked("--content");

    context.content = vec![TEXT.to_vec()];
    let finding = read(&text, &context);
    assert_eq!(finding.verdict, Some(true), "{finding:?}");
    assert_eq!(finding.of_name("tied to the command by"), "tbs");

    context.content = vec![b"another".to_vec()];
    read(&text, &context).complained("signature-refused");

    context.content.clear();
    context.sent = Some(wire("sign/request_text_fixture.json"));
    let finding = read(&text, &context);
    assert!(finding.of_name("tied to the command by").contains("mechanism"));
    context.sent = Some(wire("sign/request_format_jws.json"));
    read(&text, &context).complained("");

    // Without what stands between, the chain leads nowhere.
    context = trusting();
    context.intermediates.clear();
    let finding = read(&text, &context);
    finding.complained("no chain leads");
    assert!(finding.of_name("signer 1").starts_with("refused"));
}

#[test]
fn several_signers_are_told_one_by_one() {
    let finding = read(&wire("sign/callback_pkcs7_two_signers.json"), &trusting());
    assert_eq!(
        finding.of_name("verified signers"),
        "O=Example,CN=Officer Two and O=Example,CN=Officer One"
    );
    let list = wire("sign/callback_several_list.json");
    let finding = read(&list, &trusting());
    assert_eq!(finding.verdict, None, "{finding:?}");
    finding.remarked("once for each");
    assert!(
        finding
            .of_name("signer 3")
            .starts_with("verified: O=Example,CN=Officer Two")
    );
    // An answer with nobody else's roots: each of them is refused.
    let mut context = trusting();
    context.roots = vec![super::certificate("issuer.der")];
    context.content = vec![TEXT.to_vec(), TEXT.to_vec(), TEXT.to_vec()];
    let finding = read(&list, &context);
    finding.complained("signature-refused");
}

#[test]
fn what_is_not_verified_stays_unverified() {
    for file in ["sign/callback_xmldsig.json", "sign/callback_xmldsig_text.json"] {
        let finding = read(&wire(file), &trusting());
        assert_eq!(finding.verdict, None, "{finding:?}");
        assert!(finding.of_name("signature").starts_with("XML"), "{finding:?}");
        finding.remarked("stays unverified");
    }
    let finding = read(&wire("sign/callback_unknown_format.json"), &trusting());
    assert_eq!(finding.verdict, None);
    let finding = read(&wire("sign/callback_raw.json"), &trusting());
    assert_eq!(finding.verdict, None, "{finding:?}");
    finding.remarked("--content");
    let finding = found("sign/callback_pkcs7_attached.json");
    assert_eq!(finding.verdict, None);
    finding.remarked("--root");
}

#[test]
fn a_format_of_another_name_has_the_line_that_names_it() {
    let text = wire("sign/callback_pkcs7_attached.json").replace("\"pkcs7\"", "\"cades\"");
    let finding = read(&text, &trusting());
    assert_eq!(
        finding.dialect,
        ["[messaging.answers.signature.formats]\npkcs7 = [\"pkcs7\", \"cades\"]"]
    );
    assert_eq!(finding.of_name("verified signers"), "O=Example,CN=Officer One");
}

#[test]
fn a_signature_over_several_entries_has_the_line_that_says_how() {
    let public = signer().chain()[0].public_key().unwrap();
    let mut context = trusting();
    context.roots.clear();
    context.keys = Some(JwkSet::new([Jwk::from_public_key(public)]));
    context.content = vec![b"one".to_vec(), b"two".to_vec()];
    let jws = sign(&signer(), b"onetwo", &JwsOptions::new()).unwrap();
    let text = format!(
        r#"{{"commandId":"1","commandType":"SIGN","state":"SUCCESS","response":{{"format":"jws","data":"{jws}"}}}}"#
    );
    let finding = read(&text, &context);
    assert_eq!(
        finding.dialect,
        ["[messaging.answers.signature]\ncovers = \"concatenated\""],
        "{finding:?}"
    );
}

#[test]
fn a_signature_in_another_place_has_the_line_that_finds_it() {
    let finding = found("sign/callback_pkcs7_at_destination.json");
    assert_eq!(
        finding.dialect,
        ["[messaging.answers.signature]\ndata = \"/destinations/0/response/data\""]
    );
    let finding = found("authenticate/callback_profile_only.json");
    finding.complained("no signature");
    finding.remarked("nobody but messaging");
    found("sign/callback_data_not_cms.json").complained("no signed message");
}

#[test]
fn an_authentication_is_read_like_a_signature() {
    let finding = read(&wire("authenticate/callback_pkcs7.json"), &trusting());
    assert_eq!(finding.kind, "callback or state of a command: authenticate");
    assert_eq!(finding.verdict, Some(true), "{finding:?}");
    assert!(finding.of_name("outcome").starts_with("authenticated"));
}
