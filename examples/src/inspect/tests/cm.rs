//! Certificate Manager: answers, requests with their signatures, pushes, certificates in every form.

use smartid::CmDialect;
use smartid::cm::Csr;
use smartid::core::dialect::overlay_section;
use smartid::trust::Certificate;

use super::{context, golden, kind, read};
use crate::inspect::{Context, Finding, data_to_sign, inspect};

/// A message of the golden files, with its body, and what its index says of it.
struct Message {
    name: String,
    bytes: Vec<u8>,
    entry: toml::Table,
}

impl Message {
    fn says(&self, key: &str) -> &str {
        self.entry
            .get(key)
            .and_then(|value| value.as_str())
            .unwrap_or_default()
    }

    #[track_caller]
    fn inspected(&self, context: &Context) -> Finding {
        inspect(&self.bytes, context).unwrap_or_else(|| panic!("{}", self.name))
    }
}

fn file(path: &str) -> Vec<u8> {
    golden(&format!("smartid-cm/tests/golden/{path}"))
}

fn messages() -> Vec<Message> {
    let root = format!("{}/../crates/smartid-cm/tests/golden", env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in std::fs::read_dir(&root).unwrap() {
        let folder = folder.unwrap();
        let Ok(index) = std::fs::read_to_string(folder.path().join("INDEX.toml")) else {
            continue;
        };
        let index: toml::Table = index.parse().unwrap();
        let name = folder.file_name().into_string().unwrap();
        for entry in index["fixture"].as_array().unwrap() {
            let entry = entry.as_table().unwrap().clone();
            let mut bytes = file(&format!("{name}/{}", entry["file"].as_str().unwrap()));
            if let Some(body) = entry.get("body_file") {
                bytes.extend(file(&format!("{name}/{}", body.as_str().unwrap())));
            }
            all.push(Message {
                name: format!("{name}/{}", entry["file"].as_str().unwrap()),
                bytes,
                entry,
            });
        }
    }
    assert!(all.len() > 400, "{}", all.len());
    all
}

fn message(name: &str) -> Message {
    messages()
        .into_iter()
        .find(|message| message.name == name)
        .unwrap()
}

#[track_caller]
fn inspected(name: &str) -> Finding {
    message(name).inspected(&context())
}

/// Another dialect, out of the lines that were told.
#[track_caller]
fn with_lines(finding: &Finding) -> Context {
    let lines = finding.dialect.join("\n\n");
    let mut context = context();
    context.certificate_manager = overlay_section::<CmDialect>(&lines, "certificate_manager")
        .unwrap_or_else(|error| panic!("{error}\n{lines}"));
    context
}

#[test]
fn what_is_to_be_signed_is_decoded_and_described() {
    let finding = inspected("issue-pkcs10/response-data-to-sign.http");
    assert!(finding.kind.starts_with("first step of a write"), "{finding:?}");
    let bytes = file("pki/tosign-issue.bin");
    assert_eq!(
        finding.of_name("data to be signed"),
        format!("{} bytes", bytes.len())
    );
    assert_eq!(finding.of_name("they look like"), "neither ASN.1 nor text");
    assert_eq!(finding.verdict, Some(true));
    for (bytes, looks) in [
        (&b"Sign me\nplease"[..], "text, 2 lines"),
        (b"<request/>", "XML, 1 lines"),
        (b"{\"a\":1}", "JSON, 1 lines"),
        (b"{not json", "text, 1 lines"),
        (
            &[0x30, 0x05, 0x02, 0x01, 0x01, 0x05, 0x00],
            "ASN.1: SEQUENCE of INTEGER, NULL",
        ),
        (
            &[0x30, 0x05, 0x02, 0x01, 0x01, 0x05, 0x01],
            "neither ASN.1 nor text",
        ),
        (
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00],
            "neither ASN.1 nor text",
        ),
        (&[0xff, 0xfe], "neither ASN.1 nor text"),
    ] {
        let base64 = smartid::core::base64::encode(smartid::core::base64::Flavour::Standard, bytes);
        let text = format!(r#"{{"error":-19,"msg":"Sign request and send again","dataToSign":"{base64}"}}"#);
        assert_eq!(
            read(&text, &context()).of_name("they look like"),
            looks,
            "{bytes:?}"
        );
    }
    let csr = file("pki/device-rsa.csr.der");
    let base64 = smartid::core::base64::encode(smartid::core::base64::Flavour::Standard, &csr);
    let finding = read(&format!(r#"{{"dataToSign":"{base64}"}}"#), &context());
    assert!(finding.of_name("they are a").starts_with("certification request"));
    inspected("issue-pkcs10/response-data-to-sign-other-code.http").remarked("not -19");
    inspected("issue-pkcs10/response-data-to-sign-status-400.http").remarked("status is 400");
    inspected("issue-pkcs10/response-data-to-sign-not-base64.http").complained("base64");
}

#[test]
fn a_refusal_has_its_code_and_whose_turn_it_is() {
    let finding = inspected("errors/code-15-status-200.http");
    assert_eq!(finding.kind, "refusal of Certificate Manager: privilege");
    assert_eq!(finding.of_name("code"), "-15: the officer may not do this");
    assert_eq!(finding.of_name("whose turn"), "an administrator");
    assert!(finding.of_name("answered").contains("200"));
    let finding = inspected("revoke/response-all-failed.http");
    assert!(
        finding.of_name("failed").starts_with("certificate "),
        "{finding:?}"
    );
    let finding = inspected("revoke/response-partial.http");
    assert_eq!(finding.kind, "partial failure of Certificate Manager");
    for message in messages() {
        let is_refusal = message.entry.contains_key("code") && message.says("outcome") == "refused";
        // Data to sign in answer to a read are known by the call alone, and some codes are no numbers.
        if !is_refusal
            || message.name == "search/response-data-to-sign.http"
            || message.entry.contains_key("also")
        {
            continue;
        }
        let kind = message.inspected(&context()).kind;
        let told = kind.starts_with("refusal of Certificate Manager") || kind == "error body";
        assert!(told, "{}: {kind}", message.name);
    }
}

#[test]
fn another_place_of_an_answers_parts_has_the_lines_that_find_it() {
    for (text, lines) in [
        (
            r#"{"errorCode":-19,"message":"Sign request and send again","toBeSigned":"QQ=="}"#,
            "[certificate_manager.answers]\ncode = \"/errorCode\"\nmessage = \"/message\"\ndata_to_sign = \"/toBeSigned\"",
        ),
        (
            r#"{"result":{"error":-15,"msg":"no","errors":[]}}"#,
            "[certificate_manager.answers]\ncode = \"/result/error\"\nmessage = \"/result/msg\"",
        ),
        (
            r#"{"error":-14,"msg":"no","failures":[{"certid":"1","errorcode":-14},{"certid":"2","errorcode":-14}]}"#,
            "[certificate_manager.answers]\nitems = \"/failures\"",
        ),
        (
            r#"{"error":0,"msg":"","data":{"certificates":[{"certid":"4711","status":"active"}],"total":1}}"#,
            "[certificate_manager.search]\nresponse = [{ move = \"/data/certificates\", to = \"/certificates\" }, \
             { move = \"/data/total\", to = \"/searchHits\" }]",
        ),
        (
            r#"{"error":0,"msg":"","record":{"certid":"4711","status":"active"}}"#,
            "[certificate_manager.details]\nresponse = [{ move = \"/record\", to = \"/certificate\" }]",
        ),
        (
            r#"{"error":0,"msg":"","list":{"procedures":[{"name":"Server TLS"}]}}"#,
            "[certificate_manager.procedures]\nresponse = [{ move = \"/list/procedures\", to = \"/procedures\" }]",
        ),
    ] {
        let finding = read(text, &context());
        assert_eq!(finding.dialect, [lines], "{text}\n{finding:?}");
        assert_eq!(finding.verdict, Some(false), "{text}");
        let again = read(text, &with_lines(&finding));
        assert_eq!(
            (again.dialect.len(), again.verdict),
            (0, Some(true)),
            "{text}\n{again:?}"
        );
    }
}

#[test]
fn lists_and_records_are_read_by_the_clients_readers() {
    let finding = inspected("search/response-full.http");
    assert_eq!(finding.kind, "page of a search of Certificate Manager");
    assert!(finding.of_name("certificate").contains(": "), "{finding:?}");
    let finding = inspected("details/response-on-hold.http");
    assert_eq!(finding.of_name("reason"), "certificate hold");
    assert_eq!(finding.verdict, Some(true), "{finding:?}");
    inspected("details/response-unknown-members.http").remarked("not known");
    inspected("search/response-serials-bad.http").remarked("radix");
    inspected("search/response-row-without-id.http").remarked("no certid");
    inspected("search/response-hits-negative.http").complained("whole number");
    let finding = inspected("procedures/response.http");
    assert!(finding.of_name("procedure").len() > 1);
    let finding = inspected("registrations/response-list-array.http");
    assert_eq!(finding.kind, "list of registrations of Certificate Manager");
    assert_eq!(finding.verdict, Some(true), "{finding:?}");
    let mut rows = String::from(r#"{"error":0,"msg":"","searchHits":10000,"certificates":["#);
    rows.push_str(&vec![r#"{"certid":"1","status":"active"}"#; 10_000].join(","));
    rows.push_str("]}");
    assert_eq!(read(&rows, &context()).of_name("on this page"), "10000");
}

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
    assert_eq!(finding.of_name("certification request as"), "base64-lines");
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
    assert_eq!(finding.of_name("against what was handed out"), "the same bytes");
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
    let detached = super::fixture("cms/openssl-rsa-detached.der");
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

#[test]
fn the_dialects_of_the_book_are_dialects() {
    let mut read = 0;
    for page in ["certificate-manager.md", "dialect.md"] {
        let text = String::from_utf8(golden(&format!("../docs/src/{page}"))).unwrap();
        for block in text
            .split("```toml\n")
            .skip(1)
            .map(|rest| rest.split("```").next().unwrap())
        {
            if block.contains("[certificate_manager.") {
                overlay_section::<CmDialect>(block, "certificate_manager")
                    .unwrap_or_else(|error| panic!("{error}\n{block}"));
                read += 1;
            }
        }
    }
    let readme = String::from_utf8(golden("smartid-cm/README.md")).unwrap();
    let block = readme
        .split("```toml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    CmDialect::from_toml(block).unwrap();
    assert_eq!(read, 2);
}

#[test]
fn what_is_cut_off_or_nested_deeply_is_no_trouble() {
    for message in messages() {
        for part in 1..4 {
            let cut = message.bytes.len() * part / 4;
            let _ = inspect(&message.bytes[..cut], &context());
        }
    }
    for (open, close) in [
        ("{\"error\":-1,\"msg\":", "}"),
        ("[", "]"),
        ("{\"certificates\":[", "]}"),
    ] {
        let deep = format!("{}1{}", open.repeat(5_000), close.repeat(5_000));
        let _ = inspect(deep.as_bytes(), &context());
        let _ = inspect(format!("HTTP/1.1 200 OK\r\n\r\n{deep}").as_bytes(), &context());
    }
    let form = "POST /certificates/revoke HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n";
    let _ = inspect(
        format!("{form}{}", "--x\r\n".repeat(50_000)).as_bytes(),
        &context(),
    );
    assert_eq!(kind(b"PK\x03\x04nonsense"), "archive of certificates (ZIP)");
    assert_eq!(kind(br#"{"error":"invalid_grant","error_description":"x"}"#), "");
}
