//! Certificates in every form, and against the request that they answer.

use smartid::cm::Csr;
use smartid::trust::Certificate;

use super::super::context;
use super::{file, message, messages};

#[test]
fn certificates_are_told_in_every_form_and_compared_with_the_request() {
    let mut compared = 0;
    for message in messages() {
        let outcome = message.says("outcome");
        let is_bytes =
            message.entry.contains_key("body_file") && ["certificates", "mismatch"].contains(&outcome);
        // A signed message is no answer to issuing, though certificates are in it.
        let is_signed = message.name == "issue-pkcs10/response-cms-signed-data.http";
        if !is_bytes || is_signed || message.name.starts_with("attribute-certificate") {
            continue;
        }
        let mut context = context();
        let finding = message.inspected(&context);
        assert!(
            ["certificate", "archive"]
                .iter()
                .any(|word| finding.kind.starts_with(word)),
            "{}: {finding:?}",
            message.name
        );
        if message.says("certid") != "none" && !message.says("certid").is_empty() {
            assert_eq!(
                finding.of_name("certid"),
                message.says("certid"),
                "{}",
                message.name
            );
        }
        let Some(csr) = message.says("csr").strip_prefix("../") else {
            continue;
        };
        context.csr = Some(Csr::parse(&file(csr)).unwrap());
        let finding = message.inspected(&context);
        let right = outcome == "certificates";
        assert_eq!(finding.verdict, Some(right), "{}: {finding:?}", message.name);
        if !right {
            finding.complained("no certificate is for the key of the request");
        }
        compared += 1;
    }
    assert!(compared > 30, "{compared}");
    // The chain leads to the root that is given, or not.
    let mut context = context();
    context.roots = vec![Certificate::from_der(file("pki/root.der")).unwrap()];
    let finding = message("download/response-p7-shuffled.http").inspected(&context);
    assert_eq!(finding.verdict, Some(true), "{finding:?}");
    assert_eq!(finding.of_name("certificates"), "3");
    message("download/response-p7-truncated.http")
        .inspected(&context)
        .complained("malformed");
    message("download/response-zip-bomb.http")
        .inspected(&context)
        .complained("too long");
}
