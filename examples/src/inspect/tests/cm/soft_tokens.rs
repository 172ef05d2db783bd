//! Requests for soft tokens over AST, EUI and the REST API, and what is answered.

use smartid::SecretString;
use smartid::cm::Csr;

use super::{context, file, inspect, inspected, message, messages, read};

/// Folders of golden messages, and what their requests are called.
const WAYS: [(&str, &str); 3] = [
    ("ast/", "request to Protocol Gateway: a soft token over AST"),
    ("eui/", "request to Protocol Gateway: a"),
    (
        "pkcs12-rest/",
        "request to Certificate Manager: issue a soft token",
    ),
];

#[test]
fn every_request_is_known_and_its_password_is_not_shown() {
    let mut known = 0;
    for message in messages() {
        let Some((_, kind)) = WAYS.iter().find(|(folder, _)| message.name.starts_with(folder)) else {
            continue;
        };
        if message.says("kind") != "request" || message.entry.contains_key("refuse") {
            continue;
        }
        // A path that an administrator chose is known with its dialect alone.
        let chosen = message.says("dialect").contains("path");
        let finding = message.inspected(&context());
        assert!(
            chosen || finding.kind.starts_with(kind),
            "{}: {finding:?}",
            message.name
        );
        let call = message.entry.get("call").and_then(|call| call.as_table());
        let password = call.and_then(|call| call.get("password")?.as_str());
        let shown = format!("{finding:?}");
        if let Some(password) = password.filter(|password| password.len() > 3) {
            assert!(!shown.contains(password), "{}: {shown}", message.name);
        }
        known += 1;
    }
    assert!(known > 60, "{known}");
}

#[test]
fn attributes_handlers_and_requests_are_told() {
    let finding = inspected("ast/request-country.http");
    assert_eq!(finding.of_name("header country"), "SE");
    assert_eq!(finding.of_name("password"), "(there is one; --show-secrets)");
    assert_eq!(finding.verdict, Some(true));
    let finding = inspected("eui/request-pkcs10.http");
    assert_eq!(finding.of_name("handler"), "server");
    assert!(
        finding.kind.ends_with("a certificate over EUI") && finding.verdict == Some(true),
        "{finding:?}"
    );
    let request = "POST /pgwy/ast HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n";
    read(&format!("{request}password="), &context()).complained("is empty");
    read(&format!("{request}other=1"), &context()).complained("it has no password");
    read(&format!("{request}\u{0}"), &context()).complained("it has no password");
}

#[test]
fn every_answer_is_known_for_what_it_brings() {
    let (mut containers, mut certificates) = (0, 0);
    for message in messages() {
        if !WAYS.iter().any(|(folder, _)| message.name.starts_with(folder)) {
            continue;
        }
        let finding = inspect(&message.bytes, &context());
        // An element or a member of another name is found with its dialect.
        if message.entry.contains_key("dialect") || message.entry.contains_key("also") {
            continue;
        }
        match (message.says("kind"), message.says("outcome")) {
            ("response", "token") => {
                let kind = finding.unwrap_or_else(|| panic!("{}", message.name)).kind;
                assert!(kind.contains("PKCS #12 container"), "{}: {kind}", message.name);
                containers += 1;
            }
            ("response", "certificates" | "mismatch") => {
                let kind = finding.unwrap_or_else(|| panic!("{}", message.name)).kind;
                assert!(kind.contains("certificate"), "{}: {kind}", message.name);
                certificates += 1;
            }
            _ => {}
        }
    }
    assert!(
        containers > 50 && certificates > 10,
        "{containers} {certificates}"
    );
}

#[test]
fn an_answer_with_a_soft_token_is_opened_and_its_head_read() {
    let all = messages();
    let named = all.iter().find(|message| {
        message.name.starts_with("ast/")
            && message.says("open") == "ok"
            && message
                .entry
                .get("file_name")
                .is_some_and(|name| name.as_str() != Some("none"))
    });
    let message = named.unwrap();
    let mut context = context();
    context.password = Some(SecretString::new(message.says("password")));
    let finding = message.inspected(&context);
    assert_eq!(finding.verdict, Some(true), "{}: {finding:?}", message.name);
    assert_eq!(finding.of_name("file name"), message.says("file_name"));
}

#[test]
fn a_page_of_eui_is_read_with_and_without_the_request() {
    let page = all_of("eui/", "certificates").next().unwrap();
    assert_eq!(page.inspected(&context()).kind, "page of EUI with a certificate");
    let mut context = context();
    context.csr = Some(Csr::parse(&file("pki/device-p256.csr.der")).unwrap());
    let finding = page.inspected(&context);
    assert_eq!(finding.kind, "page of EUI with a certificate");
    // A login page is still one.
    let login = "<!doctype html><html><title>Log in</title><form></form></html>";
    read(login, &super::context()).complained("login page");
}

fn all_of(folder: &'static str, outcome: &'static str) -> impl Iterator<Item = super::Message> {
    messages().into_iter().filter(move |message| {
        message.name.starts_with(folder)
            && message.says("outcome") == outcome
            && !message.entry.contains_key("dialect")
    })
}

#[test]
fn properties_files_are_read_and_wrong_lines_named() {
    let finding = inspect(&message("ast-properties/documented.properties").bytes, &context()).unwrap();
    assert_eq!(finding.kind, "properties file of AST");
    let told: Vec<&str> = finding.facts.iter().map(|(_, value)| value.as_str()).collect();
    assert!(
        told.contains(&"localityname from the header myheader"),
        "{finding:?}"
    );
    assert!(told.contains(&"countryname is switched off"), "{finding:?}");
    let mut judged = 0;
    for message in messages() {
        let outcome = message.says("outcome");
        let Some(finding) =
            inspect(&message.bytes, &context()).filter(|finding| finding.kind == "properties file of AST")
        else {
            continue;
        };
        if message.entry.contains_key("also") || message.entry.contains_key("repeat_line") {
            continue;
        }
        let right = finding.verdict == Some(true);
        assert_eq!(right, outcome != "rejected", "{}: {finding:?}", message.name);
        judged += 1;
    }
    assert!(judged > 30, "{judged}");
}
