//! What the golden files of `smartid-da` do not hold: caps, serde, and what `Connection` may not do.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn rules() -> ForwardedHeaders {
    ForwardedHeaders::new().with("X-User", "username").unwrap()
}

fn map(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    map
}

#[test]
fn connection_cannot_take_away_what_makes_it_this_request() {
    let client = map(&[
        ("Host", "h"),
        ("Content-Length", "3"),
        ("X-Once", "1"),
        ("Connection", "host, content-length"),
        ("Connection", "X-ONCE,, (), keep-alive"),
        ("Keep-Alive", "x"),
        ("Proxy-Authorization", "x"),
        ("Transfer-Encoding", "chunked"),
        ("Upgrade", "x"),
    ]);
    let passing = rules().passing(&client).unwrap();
    assert_eq!(passing, map(&[("Host", "h"), ("Content-Length", "3")]));
}

#[test]
fn names_that_mean_something_are_refused_with_underscores_too() {
    for name in [
        "Content_Length",
        "accept-language",
        "X-Forwarded-For",
        "x_forwarded_proto",
        "Sec-Fetch-Site",
        "Proxy-Connection",
        "keep-alive",
        "Forwarded",
        "Set-Cookie",
        "If-Match",
        "HTTP2-Settings",
    ] {
        let refused = ForwardedHeaders::new().with(name, "a");
        assert!(
            matches!(refused, Err(ForwardingError::Reserved(_))),
            "{name}: {refused:?}"
        );
        assert!(ForwardedHeaders::is_reserved(&name.parse().unwrap()), "{name}");
    }
}

#[test]
fn the_caps_hold_to_the_byte() {
    let one = |name: &str, attribute: &str| ForwardedHeaders::new().with(name, attribute);
    let name = "x".repeat(LONGEST_NAME);
    assert!(one(&name, &name).is_ok());
    assert_eq!(one(&format!("{name}x"), "a"), Err(ForwardingError::NotAName));
    assert!(matches!(
        one("x", &format!("{name}x")),
        Err(ForwardingError::Attribute(_))
    ));
    assert!(matches!(one("x", "a\nb"), Err(ForwardingError::Attribute(_))));
    let mut full = ForwardedHeaders::new();
    for index in 0..MOST {
        full = full.with(&format!("x-{index}"), "a").unwrap();
    }
    assert_eq!(full.with("x-more", "a"), Err(ForwardingError::TooMany));

    let problem = |value: String, encoding| {
        let values = [value];
        let forwarded = rules()
            .with_encoding(encoding)
            .forward(&HeaderMap::new(), |_| &values);
        forwarded.err().map(|refused| refused.problem)
    };
    for encoding in [
        HeaderEncoding::Utf8,
        HeaderEncoding::Latin1,
        HeaderEncoding::Ascii,
    ] {
        assert_eq!(problem("a".repeat(4096), encoding), None);
        assert_eq!(
            problem("a".repeat(4097), encoding),
            Some(ForwardingProblem::TooLong)
        );
    }
    assert_eq!(
        problem("å".repeat(2049), HeaderEncoding::Utf8),
        Some(ForwardingProblem::TooLong)
    );
    assert_eq!(problem("å".repeat(4096), HeaderEncoding::Latin1), None);
}

#[test]
fn a_refusal_names_the_header_and_not_the_value() {
    for bad in ["canary\u{2028}x", "canary\u{85}", " canary", "canary\u{a0}"] {
        let values = [bad.to_owned()];
        let refused = rules().forward(&HeaderMap::new(), |_| &values).unwrap_err();
        assert_eq!(refused.header, "x-user");
        assert!(!format!("{refused} {refused:?}").contains("canary"), "{bad:?}");
    }
    let values = ["canary".to_owned()];
    let forwarded = rules().forward(&HeaderMap::new(), |_| &values).unwrap();
    assert!(!format!("{forwarded:?}").contains("canary"));
}

#[test]
fn a_full_request_is_refused_and_not_cut() {
    let mut client = HeaderMap::new();
    let mut index = 0;
    while client
        .try_append(
            HeaderName::try_from(format!("y-{index}")).unwrap(),
            HeaderValue::from_static(""),
        )
        .is_ok()
    {
        index += 1;
    }
    let values = ["alice".to_owned()];
    let refused = rules().forward(&client, |_| &values).unwrap_err();
    assert_eq!(refused.problem, ForwardingProblem::NoRoom);
}

#[test]
fn a_file_is_checked_as_the_calls_are() {
    let read = |text: &str| serde_json::from_str::<ForwardedHeaders>(text);
    let rules = rules().with_encoding(HeaderEncoding::Ascii);
    let text = serde_json::to_string(&rules).unwrap();
    assert_eq!(
        text,
        r#"{"headers":[{"header":"x-user","attribute":"username"}],"encoding":"ascii"}"#
    );
    assert_eq!(read(&text).unwrap(), rules);
    for bad in [
        r#"{"headers":[{"header":"Cookie","attribute":"a"}]}"#,
        r#"{"headers":[{"header":"x","attribute":"a"},{"header":"X","attribute":"b"}]}"#,
        r#"{"headers":[{"header":"x","attribute":"a","more":1}]}"#,
        r#"{"headers":[],"encoding":"utf-16"}"#,
        r#"{"headers":[],"more":1}"#,
        "{}",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_copy_of_the_client_passes(name in "[xX][-_][uU][sS][eE][rR]", value in "[ -~]{0,20}", given in "\\PC{0,12}") {
        let value = value.trim();
        let client = map(&[("Host", "h"), (&name, value), ("X-Else", value)]);
        prop_assert_eq!(rules().passing(&client).unwrap(), map(&[("Host", "h"), ("X-Else", value)]));
        let values = [given.clone()];
        if let Ok(forwarded) = rules().forward(&client, |_| &values) {
            let all: Vec<_> = forwarded.get_all("x-user").iter().map(HeaderValue::as_bytes).collect();
            let expected: Vec<_> = Some(given.as_bytes()).into_iter().filter(|given| !given.is_empty()).collect();
            prop_assert_eq!(all, expected);
            prop_assert!(!forwarded.contains_key("x_user"));
        }
    }
}
