//! Each setting of `[ast]` changes what is sent, and what cannot be sent is found when the client is built.

use std::sync::Arc;

use smartid_cm::ast::{AstProblem, AstRequest, AttributeHeaders, PasswordProblem, ValueProblem};
use smartid_cm::dialect::EVIDENCE;
use smartid_cm::{Attribute, CertificateManager, HandlerName};
use smartid_core::{Endpoint, ManualRuntime, Outgoing, Tag, Timestamp};

use crate::common::{Answers, dialect};

fn request() -> AstRequest {
    AstRequest::new("secret").attribute(Attribute::COUNTRY_NAME, "SE")
}

fn sent(toml: &str, request: &AstRequest) -> Outgoing {
    request
        .request(&dialect(toml))
        .unwrap_or_else(|error| panic!("{toml}: {error}"))
}

#[test]
fn every_setting_changes_the_request() {
    let named = request().handler(HandlerName::new("a b").unwrap());
    assert_eq!(sent("", &request()).target(), "ast");
    assert_eq!(
        sent("[ast]\npath = 'request/ast'", &request()).target(),
        "request/ast"
    );
    assert_eq!(sent("", &named).target(), "ast/a%20b");
    assert_eq!(
        sent("[ast]\nhandler_path = 'x/{handler}/y'", &named).target(),
        "x/a%20b/y"
    );
    let body = |toml: &str| String::from_utf8(sent(toml, &request()).body_bytes().to_vec()).unwrap();
    assert_eq!(body(""), "password=secret");
    assert_eq!(body("[ast]\npassword = 'pin & more'"), "pin+%26+more=secret");
    assert_eq!(
        body("[ast.constants]\nsubmit = 'Ü 1'"),
        "password=secret&submit=%C3%9C+1"
    );
    let empty = request().attribute(Attribute::COUNTRY_NAME, "");
    assert_eq!(
        sent("[ast]\nempty_values = true", &empty).headers()["country"],
        ""
    );
    let beyond = request().attribute(Attribute::COUNTRY_NAME, "Å");
    for (choice, octets) in [
        ("utf-8", &b"\xc3\x85"[..]),
        ("iso-8859-1", b"\xc5"),
        ("percent", b"%C3%85"),
    ] {
        let outgoing = sent(&format!("[ast]\nnon_ascii = '{choice}'"), &beyond);
        assert_eq!(outgoing.headers()["country"].as_bytes(), octets, "{choice}");
    }
    let password = AstRequest::new("Å");
    let outgoing = sent("[ast]\nnon_ascii_passwords = true", &password);
    assert_eq!(outgoing.body_bytes(), &"password=%C3%85");
    assert_eq!(
        outgoing.headers()["content-type"],
        "application/x-www-form-urlencoded; charset=UTF-8"
    );
    // And without the setting none of these goes out.
    let problem = |request: &AstRequest| request.check(&dialect("")).unwrap_err();
    let of_value = |request: &AstRequest| match problem(request) {
        AstProblem::Value {
            attribute, problem, ..
        } if attribute == Attribute::COUNTRY_NAME => problem,
        other => panic!("{other:?}"),
    };
    assert_eq!(of_value(&empty), ValueProblem::Empty);
    assert_eq!(of_value(&beyond), ValueProblem::NonAscii);
    assert_eq!(
        problem(&password),
        AstProblem::Password(PasswordProblem::NonAscii)
    );
}

#[test]
fn a_suffix_of_the_apis_paths_is_not_for_the_servlet() {
    assert_eq!(
        sent("[requests]\npath_suffix = 'verification'", &request()).target(),
        "ast"
    );
}

#[test]
fn a_setting_that_makes_no_request_is_found_when_the_client_is_built() {
    for toml in [
        "[ast]\npath = 'ast/{handler}'",
        "[ast]\nhandler_path = 'ast'",
        "[ast]\nhandler_path = 'ast/{name}'",
        "[ast]\npassword = ''",
        "[ast.constants]\npassword = 'x'",
    ] {
        let runtime = Arc::new(ManualRuntime::new(Timestamp::from_millis(0)));
        let error = CertificateManager::builder("https://pgwy.example.test/pgwy/api")
            .dialect(dialect(toml))
            .build(Arc::new(Answers::new(|_: &Outgoing| panic!("sent"))), runtime)
            .unwrap_err();
        assert!(error.to_string().contains("cm.ast"), "{toml}: {error}");
    }
    for toml in [
        "[ast]\nnon_ascii = 'utf-16'",
        "[ast]\nnon-ascii = 'utf-8'",
        "[ast]\npath = '/ast'",
        "[ast]\nheaders = { title = 'x' }",
    ] {
        assert!(smartid_cm::CmDialect::from_toml(toml).is_err(), "{toml}");
    }
}

#[test]
fn only_what_the_vendor_says_is_called_documented() {
    let documented: Vec<_> = EVIDENCE
        .iter()
        .filter(|row| row.key.starts_with("ast.") && row.tag == Tag::Documented)
        .map(|row| row.key)
        .collect();
    assert_eq!(documented, ["ast.password"]);
}

#[test]
fn all_that_is_wrong_with_a_mapping_has_its_own_problem() {
    let headers = AttributeHeaders::new()
        .without(Attribute::COUNTRY_NAME)
        .with(Attribute::COMMON_NAME, "X-User")
        .and_then(|headers| headers.with(Attribute::UPN, "x-user"))
        .unwrap();
    let request = AstRequest::new("secret").headers(headers);
    let problem = |request: AstRequest| request.check(&dialect("")).unwrap_err();
    assert_eq!(
        problem(request.clone().attribute(Attribute::COUNTRY_NAME, "SE")),
        AstProblem::SwitchedOff(Attribute::COUNTRY_NAME)
    );
    assert_eq!(
        problem(request.clone().attribute(Attribute::TITLE, "Dr.")),
        AstProblem::Unmapped(Attribute::TITLE)
    );
    let two = request
        .attribute(Attribute::COMMON_NAME, "canary")
        .attribute(Attribute::UPN, "bob");
    let two = problem(two);
    assert!(matches!(&two, AstProblem::TwoValues { first, second, .. }
        if *first == Attribute::COMMON_NAME && *second == Attribute::UPN));
    assert!(!two.to_string().contains("canary"));
}
