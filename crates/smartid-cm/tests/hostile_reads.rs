//! Answers that are broken, or made to break a reader: each ends in a typed error or in what could be read, and nothing panics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::sync::Arc;

use bytes::Bytes;
use common::golden::Index;
use common::verdict::{Verdict, read};
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use smartid_cm::operations::experimental::Issuers;
use smartid_cm::operations::{
    Details, MediaType, Period, Procedures, RawRead, RegistrationKind, Registrations, Search,
};
use smartid_cm::{
    AccountId, CertId, CertificateManager, CmDialect, ExtendedField, RevocationReason, SubjectType,
};
use smartid_core::{Endpoint, Incoming, Timestamp, TransportProblem};
use smartid_reqwest::{ReqwestTransport, TokioRuntime};
use wiremock::matchers::any as anything;
use wiremock::{Mock, MockServer, ResponseTemplate};

fn incoming(status: u16, body: impl Into<Bytes>) -> Incoming {
    Incoming::new(
        StatusCode::from_u16(status).unwrap(),
        HeaderMap::new(),
        body.into(),
    )
}

/// What each read makes of an answer.
fn outcomes(status: u16, body: &[u8]) -> Vec<(&'static str, &'static str)> {
    fn one<E: Endpoint<Dialect = CmDialect>>(
        endpoint: &E,
        incoming: Incoming,
    ) -> (&'static str, &'static str) {
        let verdict = read(endpoint, &CmDialect::default(), incoming);
        if let Verdict::Error(error) = &verdict {
            assert!(format!("{error} {error:?}").len() < 32 * 1024);
        }
        (E::NAME, verdict.outcome())
    }
    let body = Bytes::copy_from_slice(body);
    let answer = || incoming(status, body.clone());
    let account = AccountId::new("a").unwrap();
    vec![
        one(&Search::new(), answer()),
        one(&Details::new(CertId::new("4711").unwrap()), answer()),
        one(&Procedures::of(MediaType::Pkcs10), answer()),
        one(&Registrations::new(account, RegistrationKind::Est), answer()),
        one(&Issuers::new(), answer()),
    ]
}

#[test]
fn an_answer_that_ends_early_is_unreadable_wherever_it_ends() {
    for folder in ["search", "details", "procedures", "registrations", "issuers"] {
        let name = match folder {
            "search" => "response-full.http",
            "details" => "response-on-hold.http",
            "registrations" => "response-list-envelope-registrations.http",
            _ => "response.http",
        };
        let fixtures = Index::of(folder).fixtures();
        let fixture = fixtures
            .iter()
            .find(|fixture| fixture.text("file") == name)
            .unwrap();
        let body = fixture.message().body;
        let whole = body.trim_ascii_end();
        for end in 0..whole.len() {
            for (name, outcome) in outcomes(200, &whole[..end]) {
                assert_eq!(outcome, "unreadable", "{fixture} to {end}: {name}");
            }
        }
    }
}

#[test]
fn deep_nesting_ends_in_an_error() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for body in [
        deep(100_000),
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        format!(
            r#"{{"error":0,"searchHits":1,"certificates":[{{"x":{}}}]}}"#,
            deep(100_000)
        ),
        format!(
            r#"{{"error":0,"certificate":{{"extendedcertsearch":{}}}}}"#,
            deep(100_000)
        ),
        format!(
            r#"{{"error":0,"procedures":[{{"name":"a","x":{}}}]}}"#,
            deep(100_000)
        ),
        format!(
            r#"{{"error":0,"subjects":[{{"subject":{{"CN":{}}}}}]}}"#,
            deep(100_000)
        ),
    ] {
        for (name, outcome) in outcomes(200, body.as_bytes()) {
            assert_eq!(outcome, "unreadable", "{name}: {} bytes", body.len());
        }
    }
}

#[test]
fn ten_megabytes_are_read_or_refused_and_errors_stay_small() {
    let padding = "x".repeat(10 * 1024 * 1024);
    let row =
        format!(r#"{{"error":0,"searchHits":1,"certificates":[{{"certid":"1","subject":"{padding}"}}]}}"#);
    let expected = [
        ("cm.search", "ok"),
        ("cm.details", "unreadable"),
        ("cm.procedures", "unreadable"),
        ("cm.registrations", "ok"),
        ("cm.issuers", "unreadable"),
    ];
    assert_eq!(outcomes(200, row.as_bytes()), expected);
    let refused = format!(r#"{{"error":-15,"msg":"{padding}"}}"#);
    assert!(
        outcomes(200, refused.as_bytes())
            .iter()
            .all(|(_, outcome)| *outcome == "refused")
    );
    for junk in [padding.as_bytes(), format!("<html>{padding}").as_bytes()] {
        assert!(
            outcomes(200, junk)
                .iter()
                .all(|(_, outcome)| *outcome == "unreadable")
        );
        assert!(
            outcomes(500, junk)
                .iter()
                .all(|(_, outcome)| *outcome == "refused")
        );
    }
}

#[test]
fn a_certid_that_is_too_long_or_has_control_characters_is_none() {
    for bad in ["a".repeat(2_000), "a\\u0000b".to_owned(), String::new()] {
        let body = format!(r#"{{"error":0,"searchHits":1,"certificates":[{{"certid":"{bad}"}}]}}"#);
        let Verdict::Ok(page) = read(&Search::new(), &CmDialect::default(), incoming(200, body)) else {
            panic!("the page is lost")
        };
        assert_eq!(page.certificates[0].certid, None);
        assert!(page.certificates[0].other.contains_key("certid"));
    }
}

/// The cap of an answer's size is the transport's; it holds for typed and for raw calls.
#[tokio::test]
async fn an_answer_of_64_mib_is_not_taken() {
    let server = MockServer::start().await;
    for name in ["errors", "raw"] {
        let fixtures = Index::of(name).fixtures();
        let oversized: Vec<_> = fixtures
            .iter()
            .filter(|fixture| fixture.get("body_fill").is_some())
            .collect();
        assert_eq!(oversized.len(), 1, "{name}");
        assert!(oversized[0].allows("unreadable"), "{name}");
        server.reset().await;
        let body = oversized[0].message().body;
        Mock::given(anything())
            .respond_with(ResponseTemplate::new(200).set_body_bytes(body))
            .mount(&server)
            .await;
        let transport = ReqwestTransport::builder()
            .danger_allow_plain_http()
            .build()
            .unwrap();
        let cm = CertificateManager::builder(server.uri())
            .danger_plain_http()
            .build(Arc::new(transport), Arc::new(TokioRuntime::new()))
            .unwrap();
        let error = match name {
            "raw" => cm.call(&RawRead::new("x")).await.unwrap_err(),
            _ => cm.call(&Search::new()).await.unwrap_err(),
        };
        let problem = error.transport_error().unwrap().problem();
        assert_eq!(problem, TransportProblem::TooLarge, "{name}: {error}");
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,12}", "[ ,&=+%#?/;:\"\\\\']{0,6}", "[A-Za-z0-9]{1,8}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_read_or_refused(status in 200_u16..600, body in prop::collection::vec(any::<u8>(), 0..64)) {
        outcomes(status, &body);
    }

    #[test]
    fn any_json_is_read_or_refused(body in r#"(\[|\{|"error"|"certificates"|"certificate"|"procedures"|"regid"|:|,|0|-19|"x"|null|\]|\}){0,16}"#) {
        outcomes(200, body.as_bytes());
    }

    /// What a servlet decodes is what the caller gave, and a list is parted where it was joined.
    #[test]
    fn a_query_says_what_the_caller_gave(
        name in text(),
        serial in text(),
        issuer in text(),
        fields in prop::collection::btree_map("field[1-6]", text(), 0..4),
        reasons in prop::collection::vec(0_i64..12, 0..4),
        types in prop::collection::vec("[A-Z,]{1,3}", 0..3),
        times in prop::collection::vec(0_u64..253_402_300_800, 2),
        flags in any::<[bool; 3]>(),
        numbers in any::<(u32, u64)>(),
    ) {
        let begin = Timestamp::from_millis(times[0].min(times[1]) * 1000);
        let end = Timestamp::from_millis(times[0].max(times[1]) * 1000 + 999);
        let mut search = Search::new()
            .limit(numbers.0)
            .offset(numbers.1)
            .subject_common_name(name.as_str())
            .serial_number(serial.as_str())
            .issuer(issuer.as_str())
            .revocation_reasons(reasons.iter().copied().map(RevocationReason::from_number))
            .subject_types(types.iter().map(|name| SubjectType::from(name.as_str())))
            .published(Period::from(begin..=end))
            .descending(flags[0])
            .publication_allowed(flags[1])
            .not_yet_valid(flags[2]);
        let mut expected = vec![
            ("searchLimit".to_owned(), numbers.0.to_string()),
            ("searchOffset".to_owned(), numbers.1.to_string()),
            ("subjectCommonName".to_owned(), name),
            ("certificateSerialNumber".to_owned(), serial),
            ("issuer".to_owned(), issuer),
            ("publicationTimeFrom".to_owned(), begin.to_iso8601()),
            ("publicationTimeTo".to_owned(), end.to_iso8601()),
            ("orderDescending".to_owned(), flags[0].to_string()),
            ("publicationAllowed".to_owned(), flags[1].to_string()),
            ("isNotYetValid".to_owned(), flags[2].to_string()),
        ];
        for (field, text) in fields {
            search = search.field(ExtendedField::from(field.as_str()), text.as_str());
            expected.push((field, text));
        }
        let target = search.request(&CmDialect::default()).unwrap().target();
        let query = target.strip_prefix("certificates?").unwrap();
        prop_assert!(query.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%&=,".contains(&byte)), "{}", query);
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let (mut values, mut lists) = (Vec::new(), Vec::new());
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap();
            match name {
                "revocationReason" | "subjectType" => {
                    lists.push((name.to_owned(), value.split(',').map(decode).collect::<Vec<_>>()));
                }
                _ => values.push((decode(name), decode(value))),
            }
        }
        values.sort();
        expected.sort();
        prop_assert_eq!(values, expected);
        let mut expected_lists = Vec::new();
        if !reasons.is_empty() {
            expected_lists.push(("revocationReason".to_owned(), reasons.iter().map(ToString::to_string).collect()));
        }
        if !types.is_empty() {
            let names = types.iter().map(|name| SubjectType::from(name.as_str()).to_string()).collect();
            expected_lists.push(("subjectType".to_owned(), names));
        }
        prop_assert_eq!(lists, expected_lists);
    }
}

#[test]
fn a_period_that_ends_before_it_begins_is_not_sent() {
    let [early, late] = [1_000, 2_000].map(Timestamp::from_millis);
    for search in [
        Search::new().revoked(late..=early),
        Search::new().published(late..early),
        Search::new().ocsp_activated((Some(late), Some(early))),
        Search::new().valid_from(late..=early),
        Search::new().valid_to(late..=early),
    ] {
        assert!(search.request(&CmDialect::default()).is_err());
    }
    assert!(
        Search::new()
            .valid_to(early..=early)
            .request(&CmDialect::default())
            .is_ok()
    );
}
