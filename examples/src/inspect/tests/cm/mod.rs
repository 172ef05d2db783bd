//! Certificate Manager: answers; the other messages and certificates are below.

mod certificates;
mod requests;
mod soft_tokens;

use smartid::CmDialect;
use smartid::core::dialect::overlay_section;

use super::{context, golden, kind, read};
use crate::inspect::{Context, Finding, inspect};

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
        let Some(fixtures) = index.get("fixture") else {
            continue;
        };
        for entry in fixtures.as_array().unwrap() {
            let entry = entry.as_table().unwrap().clone();
            if !entry.contains_key("file") {
                // It is made by its test.
                continue;
            }
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
    inspected("issue-pkcs10/response-data-to-sign-null.http").complained("nothing in it is to be signed");
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
