//! Whatever a caller gives: what goes out says exactly that, or nothing goes out.

use proptest::prelude::*;
use smartid_cm::ast::{AstProblem, AstRequest, AttributeHeaders, PasswordProblem};
use smartid_cm::{Attribute, CmDialect, HandlerName};
use smartid_core::{BuildError, Endpoint};

use crate::common::dialect;

fn attribute(name: &str) -> Attribute {
    Attribute::new(name).unwrap()
}

#[test]
fn many_headers_are_as_much_as_one_that_is_too_long() {
    let with = |count: usize| {
        let mut headers = AttributeHeaders::new();
        let mut request = AstRequest::new("secret");
        for n in 0..count {
            let name = format!("a{n:03}");
            headers.set(attribute(&name), &name).unwrap();
            request = request.attribute(attribute(&name), "x".repeat(92));
        }
        request.headers(headers).check(&CmDialect::default())
    };
    // Each is 100 octets with its colon, space and line end.
    assert_eq!(with(71), Ok(()));
    assert_eq!(with(72), Err(AstProblem::HeadTooLong));
}

#[test]
fn a_password_has_its_rules() {
    let check = |password: &str| match AstRequest::new(password).check(&CmDialect::default()) {
        Ok(()) => None,
        Err(AstProblem::Password(problem)) => Some(problem),
        Err(other) => panic!("{other}"),
    };
    assert_eq!(check(""), Some(PasswordProblem::Empty));
    for control in ["a\0b", "a\nb", "\r\n", "\t", "a\u{7f}"] {
        assert_eq!(check(control), Some(PasswordProblem::Control), "{control:?}");
    }
    assert_eq!(check("ä"), Some(PasswordProblem::NonAscii));
    assert_eq!(check(&"x".repeat(1025)), Some(PasswordProblem::TooLong));
    assert_eq!(check(&"x".repeat(1024)), None);
    assert_eq!(check(" "), None);
}

#[test]
fn a_value_is_as_the_caller_gave_it_last() {
    let request = AstRequest::new("secret")
        .attribute(Attribute::COUNTRY_NAME, "SE")
        .attribute(attribute("CountryName"), "FI");
    let outgoing = request.request(&CmDialect::default()).unwrap();
    assert_eq!(outgoing.headers().get_all("country").iter().count(), 1);
    assert_eq!(outgoing.headers()["country"], "FI");
    assert!(!outgoing.headers().contains_key("accept"));
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9 ]{0,12}",
        "(\\PC|[\r\n\0\t\u{7f}\u{85}\u{2028}\u{560d}\u{560a}:;%+&=]){0,12}",
        "[a-z]{1,4}\r\nX-Role: admin",
    ]
}

fn settings() -> impl Strategy<Value = CmDialect> {
    (
        prop::sample::select(vec!["refuse", "utf-8", "iso-8859-1", "percent"]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(non_ascii, empty, passwords)| {
            dialect(&format!(
                "[ast]\nnon_ascii = '{non_ascii}'\nempty_values = {empty}\nnon_ascii_passwords = {passwords}"
            ))
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_that_a_caller_gives_becomes_another_header_field_or_path(
        given in prop::collection::btree_map("[a-c]", text(), 0..4),
        headers in prop::collection::btree_map("[a-c]", "x-[ab]", 0..4),
        password in text(),
        handler in prop::option::of(text()),
        dialect in settings(),
    ) {
        let mut mapping = AttributeHeaders::new();
        for (name, header) in &headers {
            mapping.set(attribute(name), header).unwrap();
        }
        let mut request = AstRequest::new(password.as_str()).headers(mapping.clone());
        for (name, value) in &given {
            request = request.attribute(attribute(name), value.as_str());
        }
        let handler = handler.map(HandlerName::new);
        if let Some(Ok(handler)) = handler {
            request = request.handler(handler);
        }
        let typed = request.check(&dialect);
        let outgoing = match request.request(&dialect) {
            Ok(outgoing) => outgoing,
            Err(error) => {
                let shown = error.to_string();
                prop_assert_eq!(error, BuildError::Invalid(typed.unwrap_err().to_string()));
                for secret in given.values().chain([&password]).filter(|secret| secret.len() > 9) {
                    prop_assert!(!shown.contains(secret.as_str()), "{}", shown);
                }
                return Ok(());
            }
        };
        prop_assert!(typed.is_ok());
        // One header for each that was mapped and given, and the content type.
        let expected: std::collections::BTreeSet<&str> = given.keys().map(|name| &*headers[name]).collect();
        prop_assert_eq!(outgoing.headers().len(), expected.len() + 1);
        for name in expected {
            let value = &outgoing.headers()[name];
            prop_assert!(value.is_sensitive());
            prop_assert!(!value.as_bytes().iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)));
        }
        let fields: Vec<_> = url::form_urlencoded::parse(outgoing.body_bytes()).collect();
        prop_assert_eq!(fields, [("password".into(), password.as_str().into())]);
        prop_assert!(outgoing.body_bytes().is_ascii());
        let segments: Vec<_> = outgoing.target().split('/').map(str::to_owned).collect();
        prop_assert_eq!(segments.len(), 1 + usize::from(request.handler.is_some()));
        prop_assert!(outgoing.target().bytes().all(|octet| octet.is_ascii_graphic() && !b"?#\\".contains(&octet)));
    }
}
