//! Requests, with their signatures, and pushes.

use smartid::trust::Certificate;

use super::super::{context, read};
use super::{file, inspected, message, messages, with_lines};
use crate::inspect::{data_to_sign, inspect};

#[test]
fn a_request_tells_its_operation_and_the_lines_that_make_ours_like_it() {
    let mut fitted = 0;
    for message in messages()
        .iter()
        .filter(|message| message.says("kind") == "request")
    {
        let dialect = message.says("dialect");
        let Some(finding) = inspect(&message.bytes, &context()) else {
            panic!("{}", message.name);
        };
        if !finding.kind.starts_with("request to Certificate Manager") || message.entry.contains_key("refuse")
        {
            continue;
        }
        assert_eq!(finding.verdict, Some(true), "{}: {finding:?}", message.name);
        if finding.dialect.is_empty() {
            continue;
        }
        assert!(!dialect.is_empty(), "{}: {finding:?}", message.name);
        let again = message.inspected(&with_lines(&finding));
        assert!(
            again.dialect.is_empty(),
            "{}\n{:?}\n{again:?}",
            message.name,
            finding.dialect
        );
        fitted += 1;
    }
    assert!(fitted > 20, "{fitted}");
    let finding = inspected("issue-pkcs10/request-hosted-short-path.http");
    assert!(finding.dialect[0].contains("path = \"pkcs10\""), "{finding:?}");
    let finding = inspected("issue-pkcs10/request-instance.http");
    assert!(
        finding.of_name("base URL up to").starts_with("/pgwy/api"),
        "{finding:?}"
    );
    let finding = inspected("issue-pkcs10/request-multipart-full.http");
    assert_eq!(finding.of_name("request written as"), "base64-lines");
    assert_eq!(finding.of_name("procname"), "Gerätezertifikat (2 Jahre) & more");
    assert!(
        finding.of_name("subject").contains("CN=Türschloss Nord 7"),
        "{finding:?}"
    );
    let broken = String::from_utf8(message("issue-pkcs10/request-form-pem.http").bytes)
        .unwrap()
        .replace("BEGIN", "BEGUN");
    read(&broken, &context()).complained("no certification request");
    let finding = read(
        "GET /pgwy/api/certificates?isNotRevoked=true&colour=red HTTP/1.1\r\n\r\n",
        &context(),
    );
    assert_eq!(finding.of_name("isNotRevoked"), "true");
    finding.remarked("colour is no parameter");
}

#[test]
fn a_signature_is_compared_with_what_was_handed_out() {
    let first = file("issue-pkcs10/response-data-to-sign.http");
    let mut context = context();
    context.data_to_sign = Some(data_to_sign(&first, &context));
    assert_eq!(
        context.data_to_sign.as_deref(),
        Some(&file("pki/tosign-issue.bin")[..])
    );
    let signed = message("issue-pkcs10/request-multipart-signed.http");
    let finding = signed.inspected(&context);
    assert_eq!(finding.verdict, Some(true), "{finding:?}");
    assert_eq!(finding.of_name("against the first step"), "the same bytes");
    assert!(!finding.of_name("signing officer").is_empty());
    finding.remarked("--root");
    signed.inspected(&super::context()).remarked("--data-to-sign");

    let cms = file("pki/signature-issue.der");
    let finding = inspect(&cms, &context).unwrap();
    assert!(finding.kind.starts_with("signature of a request"), "{finding:?}");
    assert_eq!(finding.verdict, Some(true));
    context.roots = vec![Certificate::from_der(file("pki/root.der")).unwrap()];
    context.intermediates = vec![Certificate::from_der(file("pki/issuing-rsa.der")).unwrap()];
    assert_eq!(inspect(&cms, &context).unwrap().verdict, Some(true));

    context.data_to_sign = Some(file("pki/tosign-revoke.bin"));
    inspect(&cms, &context)
        .unwrap()
        .complained("not what was handed out");
    // Another content under the same signature.
    let at = cms.windows(6).position(|window| window == b"golden").unwrap();
    let mut changed = cms.clone();
    changed[at] ^= 1;
    context.data_to_sign = None;
    context.roots.clear();
    let body = smartid::core::base64::encode(smartid::core::base64::Flavour::Standard, &changed);
    let request = format!(
        "POST /pgwy/api/certificates/revoke HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{{\"certid\":[\"1\"],\"reason\":1,\"signature\":\"{body}\"}}"
    );
    read(&request, &context).complained("message-digest-differs");
    read(&request.replace(&body, "AAAA"), &context).complained("no CMS message");
    read(&request.replace(&body, "***"), &context).complained("not base64");
    let detached = super::super::fixture("cms/openssl-rsa-detached.der");
    let detached = smartid::core::base64::encode(smartid::core::base64::Flavour::Standard, &detached);
    read(&request.replace(&body, &detached), &context).complained("detached");
    context.at = smartid::Timestamp::from_millis(0);
    let signed = signed.inspected(&context);
    signed.complained("valid from");
}

#[test]
fn a_push_is_read_by_the_receivers_reader() {
    let finding = inspected("push/basic-process.http");
    assert_eq!(finding.kind, "certificate that Certificate Manager pushes");
    assert_eq!(finding.of_name("template"), "ServerCert");
    assert_eq!(finding.of_name("process"), "ScmProcRegister");
    assert_eq!(finding.of_name("authenticates by"), "HTTP Basic (not shown)");
    finding.remarked("--root");
    for message in messages() {
        // Who may push, and for which templates, is the receiver's configuration.
        if message.says("kind") != "inbound" || message.says("outcome") != "accepted" {
            continue;
        }
        let finding = message.inspected(&context());
        assert_eq!(
            finding.kind, "certificate that Certificate Manager pushes",
            "{}",
            message.name
        );
        assert!(finding.problems.is_empty(), "{}: {finding:?}", message.name);
    }
    for bad in [
        "body-garbage",
        "body-two",
        "type-json",
        "tenant-twice",
        "body-key",
    ] {
        inspected(&format!("push/{bad}.http")).complained("the receiver refuses it");
    }
}

#[test]
fn secrets_of_registrations_and_callers_are_not_shown() {
    let request = "POST /pgwy/api/registrations/t1/est HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Basic canary-1\r\n\r\n\
                   {\"fqdn\":\"a.example.test\",\"password\":\"canary-2\",\"hmackey\":\"canary-3\"}";
    let shown = format!("{:?}", read(request, &context()));
    assert!(!shown.contains("canary"), "{shown}");
    let mut context = context();
    context.show_secrets = true;
    assert_eq!(read(request, &context).of_name("password"), "canary-2");
    for message in messages() {
        let shown = format!("{:?}", inspect(&message.bytes, &super::context()));
        for secret in ["golden-secret", "Z29sZGVuOnDDpHNz", "golden:päss"] {
            assert!(!shown.contains(secret), "{}: {shown}", message.name);
        }
    }
}
