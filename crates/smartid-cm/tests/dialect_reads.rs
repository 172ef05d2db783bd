//! Each setting of the dialect that concerns the reads and registrations changes what is sent, or how an answer is read.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use bytes::Bytes;
use common::dialect;
use common::verdict::read;
use http::{HeaderMap, StatusCode};
use smartid_cm::operations::experimental::Issuers;
use smartid_cm::operations::{
    Details, MediaType, Procedures, Register, Registered, RegistrationKind, Registrations, Search,
};
use smartid_cm::{AccountId, Call, CertId, CertificateManager, CmDialect, Step};
use smartid_core::{Endpoint, Incoming, ManualRuntime, Outgoing, Timestamp};
use std::sync::Arc;

fn account() -> AccountId {
    AccountId::new("a").unwrap()
}

fn incoming(body: &str) -> Incoming {
    let body = Bytes::copy_from_slice(body.as_bytes());
    Incoming::new(StatusCode::OK, HeaderMap::new(), body)
}

fn sent(outgoing: &Outgoing) -> String {
    format!("{} {}", outgoing.method(), outgoing.target())
}

/// A read whose settings are changed one by one. `answer` has what is read under `/odd`, and `place` is where it belongs.
fn check<E>(name: &str, read_call: &E, usual: &str, parameter: Option<&str>, answer: &str, place: &str)
where
    E: Endpoint<Dialect = CmDialect>,
    E::Output: std::fmt::Debug,
{
    let request = |toml: &str| sent(&read_call.request(&dialect(toml)).unwrap());
    assert_eq!(request(""), format!("GET {usual}"));
    assert_eq!(
        request(&format!("[{name}]\nverb = 'POST'")),
        format!("POST {usual}")
    );
    assert!(request(&format!("[{name}]\npath = 'else/where'")).starts_with("GET else/where"));
    assert!(request("[requests]\npath_suffix = 'verification'").contains("/verification"));
    let constants = request(&format!("[{name}.constants]\ntenant = 'å'"));
    assert!(constants.contains("tenant=%C3%A5"), "{constants}");
    if let Some(parameter) = parameter {
        assert!(usual.contains(&format!("{parameter}=")));
        let renamed = request(&format!("[{name}.rename]\n{parameter} = 'odd'"));
        assert!(
            renamed.contains("odd=") && !renamed.contains(&format!("{parameter}=")),
            "{renamed}"
        );
    }
    let moved = format!("[{name}]\nresponse = [{{ move = '/odd', to = '{place}' }}]");
    assert_ne!(
        read(read_call, &CmDialect::default(), incoming(answer)).outcome(),
        "ok",
        "{name}"
    );
    assert_eq!(
        read(read_call, &dialect(&moved), incoming(answer)).outcome(),
        "ok",
        "{name}"
    );
}

#[test]
fn reads() {
    let answer = r#"{"error":0,"odd":[]}"#;
    let search = Search::new().limit(1);
    check(
        "search",
        &search,
        "certificates?searchLimit=1",
        Some("searchLimit"),
        answer,
        "/certificates",
    );
    let details = Details::new(CertId::new("1").unwrap());
    let record = r#"{"error":0,"odd":{"certid":"1"}}"#;
    check(
        "details",
        &details,
        "certificates/1/details",
        None,
        record,
        "/certificate",
    );
    let procedures = Procedures::of(MediaType::Data);
    let nested = r#"{"error":0,"odd":[],"other":[]}"#;
    check(
        "procedures",
        &procedures,
        "procedures?mediaType=data",
        Some("mediaType"),
        nested,
        "/procedures",
    );
    let registrations = Registrations::new(account(), RegistrationKind::Est);
    check(
        "registrations",
        &registrations,
        "registrations/a/est",
        None,
        nested,
        "/registrations",
    );
    let issuers = Issuers::new().limit(1);
    check(
        "issuers",
        &issuers,
        "certificates/issuers?searchLimit=1",
        Some("searchLimit"),
        answer,
        "/subjects",
    );
}

#[test]
fn lists_are_renamed_too() {
    let search = Search::new().subject_types(["EE".into(), "CA".into()]);
    let renamed = search
        .request(&dialect("[search.rename]\nsubjectType = 'type'"))
        .unwrap();
    assert_eq!(renamed.target(), "certificates?type=EE,CA");
}

#[test]
fn registering() {
    let register = Register::new(account(), RegistrationKind::AcmeAccount).key_id("k");
    let request = |toml: &str| {
        let outgoing = Call::new(&register).request(&dialect(toml)).unwrap();
        let body = String::from_utf8(outgoing.body_bytes().to_vec()).unwrap();
        format!("{} {body}", sent(&outgoing))
    };
    for (toml, expected) in [
        ("", r#"POST registrations/a/acme/account {"keyid":"k"}"#),
        (
            "[register]\nverb = 'PUT'",
            r#"PUT registrations/a/acme/account {"keyid":"k"}"#,
        ),
        (
            "[register]\npath = 'r/{type}/of/{account}'",
            r#"POST r/acme/account/of/a {"keyid":"k"}"#,
        ),
        (
            "[register]\nencoding = 'form'",
            "POST registrations/a/acme/account keyid=k",
        ),
        (
            "[register.rename]\nkeyid = 'kid'",
            r#"POST registrations/a/acme/account {"kid":"k"}"#,
        ),
        (
            "[register.constants]\ntenant = 't'",
            r#"POST registrations/a/acme/account {"keyid":"k","tenant":"t"}"#,
        ),
        (
            "[register]\nrequest = [{ move = '/keyid', to = '/acme/keyid' }]",
            r#"POST registrations/a/acme/account {"acme":{"keyid":"k"}}"#,
        ),
    ] {
        assert_eq!(request(toml), expected, "{toml}");
    }
    let done = |toml: &str| -> Registered {
        let answer = incoming(r#"{"error":0,"odd":{"id":"7"}}"#);
        match Call::new(&register).response(&dialect(toml), answer).unwrap() {
            Step::Done(done) => done,
            Step::Sign(_) => panic!("there is nothing to sign"),
        }
    };
    assert!(done("").registrations.is_empty());
    let moved = done("[register]\nresponse = [{ move = '/odd/id', to = '/regid' }]");
    assert_eq!(moved.registrations[0].regid.as_deref(), Some("7"));
}

#[test]
fn a_path_that_an_operation_cannot_fill_is_found_when_the_client_is_built() {
    for operation in [
        "search",
        "details",
        "procedures",
        "registrations",
        "register",
        "issuers",
    ] {
        let runtime = Arc::new(ManualRuntime::new(Timestamp::from_millis(0)));
        let transport = common::Answers::new(|_: &Outgoing| panic!("nothing is sent"));
        let error = CertificateManager::builder(common::BASE)
            .dialect(dialect(&format!("[{operation}]\npath = 'x/{{nobody}}'")))
            .build(Arc::new(transport), runtime)
            .unwrap_err();
        let shown = error.to_string();
        assert!(
            shown.contains("cm.dialect") && shown.contains("nobody"),
            "{operation}: {shown}"
        );
    }
}
