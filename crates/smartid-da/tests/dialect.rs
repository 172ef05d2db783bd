//! Each setting of the dialect changes the bytes that go out, or the reading of those that come in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use smartid_core::dialect::settings;
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, ResponseError, ServiceError};
use smartid_da::dialect::EVIDENCE;
use smartid_da::fido::preflight::{Preflight, check};
use smartid_da::fido::{BodyForm, CreationOptions, GetOptions, Registration, StoreCredential};
use smartid_da::{DaDialect, DaRefusal, UserId};

const REGISTRATION: &str = r#"{"id":"AQI","rawId":"AQI","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"},"extra":1}"#;
const STRICT: &str = r#"{"id":"AQI","rawId":"AQI","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"},"clientExtensionResults":{}}"#;

fn user() -> UserId {
    UserId::new("ann/a").unwrap()
}

fn store() -> StoreCredential {
    StoreCredential::new(user(), &Registration::parse(REGISTRATION).unwrap())
}

/// A request as text: verb, target, headers, body.
fn text(request: Result<Outgoing, BuildError>) -> String {
    let request = match request {
        Ok(request) => request,
        Err(error) => return format!("refused: {error}"),
    };
    let mut headers: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    headers.sort();
    let body = String::from_utf8_lossy(request.body_bytes()).into_owned();
    format!(
        "{} {}|{}|{body}",
        request.method(),
        request.target(),
        headers.join("|")
    )
}

fn asks(dialect: &DaDialect) -> String {
    text(GetOptions::new(user()).request(dialect))
}

fn posts(dialect: &DaDialect) -> String {
    text(store().request(dialect))
}

fn said<T>(result: Result<T, ResponseError<DaRefusal>>) -> String {
    match result {
        Ok(_) => String::from("success"),
        Err(ResponseError::Unreadable(_)) => String::from("unreadable"),
        Err(ResponseError::Refused(refusal)) => {
            format!(
                "{} {:?} {:?}",
                refusal.kind().name(),
                refusal.code(),
                refusal.detail()
            )
        }
    }
}

fn reads_options(dialect: &DaDialect, status: u16, body: &str) -> String {
    let incoming = Incoming::new(
        StatusCode::from_u16(status).unwrap(),
        HeaderMap::new(),
        Bytes::copy_from_slice(body.as_bytes()),
    );
    said(GetOptions::new(user()).response(dialect, incoming))
}

fn reads_stored(dialect: &DaDialect, status: u16, content_type: &'static str, body: &str) -> String {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let status = StatusCode::from_u16(status).unwrap();
    let incoming = Incoming::new(status, headers, Bytes::copy_from_slice(body.as_bytes()));
    said(store().response(dialect, incoming))
}

const OPTIONS: &str = r#"{"rp":{"id":"login.example.test","name":"L"},"user":{"id":"AQ","name":"a","displayName":"A"},"challenge":"AAECAwQFBgcICQoLDA0ODw","pubKeyCredParams":[{"type":"public-key","alg":-7}]}"#;

/// What the check of a golden registration says; `edit` changes the text first.
fn checks(dialect: &DaDialect, file: &str) -> String {
    let folder = format!("{}/tests/golden/registrations", env!("CARGO_MANIFEST_DIR"));
    let options = std::fs::read_to_string(format!("{folder}/{file}.options.json")).unwrap();
    let registration = std::fs::read_to_string(format!("{folder}/{file}.registration.json")).unwrap();
    let options = CreationOptions::parse(&options).unwrap();
    let registration = Registration::parse(&registration).unwrap();
    match check(&options, &registration, &dialect.preflight()) {
        Ok(_) => String::from("passes"),
        Err(error) => error.name().to_owned(),
    }
}

/// A setting, the TOML that changes it, what is looked at, and what is seen then.
struct Row {
    key: &'static str,
    toml: String,
    look: Box<dyn Fn(&DaDialect) -> String>,
    sees: String,
}

fn row(
    key: &'static str,
    toml: impl Into<String>,
    look: impl Fn(&DaDialect) -> String + 'static,
    sees: impl Into<String>,
) -> Row {
    Row {
        key,
        toml: toml.into(),
        look: Box::new(look),
        sees: sees.into(),
    }
}

fn error_rows(rows: &mut Vec<Row>) {
    // The default reading of status 418 is "unexpected"; of a code, that of status 400.
    for (key, codes_key, table, name) in [
        (
            "errors.not_authenticated.status",
            "errors.not_authenticated.codes",
            "not_authenticated",
            "not-authenticated",
        ),
        (
            "errors.forbidden.status",
            "errors.forbidden.codes",
            "forbidden",
            "forbidden",
        ),
        (
            "errors.user_not_found.status",
            "errors.user_not_found.codes",
            "user_not_found",
            "user-not-found",
        ),
        (
            "errors.duplicate.status",
            "errors.duplicate.codes",
            "duplicate",
            "duplicate",
        ),
        (
            "errors.expired.status",
            "errors.expired.codes",
            "expired",
            "expired",
        ),
        (
            "errors.not_configured.status",
            "errors.not_configured.codes",
            "not_configured",
            "not-configured",
        ),
        (
            "errors.rejected.status",
            "errors.rejected.codes",
            "rejected",
            "rejected",
        ),
        (
            "errors.rate_limited.status",
            "errors.rate_limited.codes",
            "rate_limited",
            "rate-limited",
        ),
        (
            "errors.unavailable.status",
            "errors.unavailable.codes",
            "unavailable",
            "unavailable",
        ),
    ] {
        rows.push(row(
            key,
            format!("[errors.{table}]\nstatus = [418]"),
            |dialect| reads_stored(dialect, 418, "application/json", ""),
            format!("{name} None None"),
        ));
        rows.push(row(
            codes_key,
            format!("[errors.{table}]\ncodes = ['golden_code']"),
            // Status 403 and 400 have a meaning of their own; the code wins over both.
            move |dialect| {
                let status = if table == "rejected" { 403 } else { 400 };
                reads_stored(dialect, status, "application/json", r#"{"error":"GOLDEN_CODE"}"#)
            },
            format!("{name} Some(\"GOLDEN_CODE\") None"),
        ));
    }
}

fn rows() -> Vec<Row> {
    let accept = "accept: application/json";
    let typed = "accept: application/json|content-type: application/json";
    let padded = OPTIONS.replace("DA0ODw\"", "DA0ODw==\"");
    let mut rows = vec![
        row(
            "user.position",
            "[user]\nposition = 'path'",
            asks,
            format!("GET fido/options/ann%2Fa|{accept}|"),
        ),
        row(
            "user.name",
            "[user]\nname = 'target'",
            asks,
            format!("GET fido/options?target=ann%2Fa|{accept}|"),
        ),
        row(
            "options.verb",
            "[options]\nverb = 'POST'",
            asks,
            format!("POST fido/options?userId=ann%2Fa|{accept}|"),
        ),
        row(
            "options.path",
            "[options]\npath = 'users/{user}/fido'",
            asks,
            format!("GET users/ann%2Fa/fido?userId=ann%2Fa|{accept}|"),
        ),
        row(
            "options.accept",
            "[options]\naccept = 'application/vnd.x+json'",
            asks,
            "GET fido/options?userId=ann%2Fa|accept: application/vnd.x+json|",
        ),
        row(
            "options.success",
            "[options]\nsuccess = [418]",
            |dialect| reads_options(dialect, 418, OPTIONS),
            "success",
        ),
        row(
            "options.response",
            "[options]\nresponse = [{ move = '/result', to = '/publicKey' }]",
            |dialect| reads_options(dialect, 200, &format!("{{\"result\":{OPTIONS}}}")),
            "success",
        ),
        row(
            "options.base64",
            "[options]\nbase64 = 'lenient'",
            move |dialect| reads_options(dialect, 200, &padded),
            "success",
        ),
        row(
            "options.user_position",
            "[options]\nuser_position = 'header'",
            asks,
            format!("GET fido/options|{accept}|userid: ann/a|"),
        ),
        row(
            "options.user_name",
            "[options]\nuser_name = 'u'",
            asks,
            format!("GET fido/options?u=ann%2Fa|{accept}|"),
        ),
        row(
            "credentials.verb",
            "[credentials]\nverb = 'PUT'",
            posts,
            format!("PUT fido/credentials?userId=ann%2Fa|{typed}|{STRICT}"),
        ),
        row(
            "credentials.path",
            "[credentials]\npath = 'webauthn/registration'",
            posts,
            format!("POST webauthn/registration?userId=ann%2Fa|{typed}|{STRICT}"),
        ),
        row(
            "credentials.content_type",
            "[credentials]\ncontent_type = 'text/json'",
            posts,
            format!("POST fido/credentials?userId=ann%2Fa|{accept}|content-type: text/json|{STRICT}"),
        ),
        row(
            "credentials.success",
            "[credentials]\nsuccess = [200]",
            |dialect| reads_stored(dialect, 201, "application/json", ""),
            "unreadable",
        ),
        row(
            "credentials.credential",
            "[credentials]\ncredential = '/publicKeyCredential'",
            posts,
            format!("POST fido/credentials?userId=ann%2Fa|{typed}|{{\"publicKeyCredential\":{STRICT}}}"),
        ),
        row(
            "credentials.body",
            "[credentials]\nbody = 'as_received'",
            posts,
            format!("POST fido/credentials?userId=ann%2Fa|{typed}|{REGISTRATION}"),
        ),
        row(
            "credentials.request",
            "[credentials]\nrequest = [{ set = '/displayName', value = 'key' }]",
            posts,
            format!(
                "POST fido/credentials?userId=ann%2Fa|{typed}|{},\"displayName\":\"key\"}}",
                STRICT.strip_suffix('}').unwrap()
            ),
        ),
        row(
            "credentials.user_position",
            "[credentials]\nuser_position = 'body'\ncredential = '/credential'",
            posts,
            format!("POST fido/credentials|{typed}|{{\"credential\":{STRICT},\"userId\":\"ann/a\"}}"),
        ),
        row(
            "credentials.user_name",
            "[credentials]\nuser_name = 'u'",
            posts,
            format!("POST fido/credentials?u=ann%2Fa|{typed}|{STRICT}"),
        ),
        row(
            "errors.code",
            "[errors]\ncode = ['/x/0']",
            |dialect| reads_stored(dialect, 400, "application/json", r#"{"error":"a","x":["b"]}"#),
            "rejected Some(\"b\") None",
        ),
        row(
            "errors.message",
            "[errors]\nmessage = ['/x']",
            |dialect| reads_stored(dialect, 400, "application/json", r#"{"message":"a","x":"b"}"#),
            "rejected None Some(\"b\")",
        ),
        row(
            "errors.html_is_login",
            "[errors]\nhtml_is_login = false",
            |dialect| reads_stored(dialect, 200, "text/html", "<html>stored</html>"),
            "success",
        ),
        row(
            "preflight.origin",
            "[preflight]\norigin = 'report'",
            |dialect| checks(dialect, "origin-port"),
            "passes",
        ),
        row(
            "preflight.origins",
            "[preflight]\norigin = 'listed'\norigins = ['https://login.example.test']",
            |dialect| checks(dialect, "origin-port") + &checks(dialect, "es256-none"),
            "origin-mismatchpasses",
        ),
        row(
            "preflight.base64",
            "[preflight]\nbase64 = 'lenient'",
            |dialect| checks(dialect, "padded-id"),
            "passes",
        ),
        row(
            "preflight.attestation",
            "[preflight]\nattestation = 'report'",
            |dialect| checks(dialect, "packed-self-bad-signature"),
            "passes",
        ),
    ];
    error_rows(&mut rows);
    rows
}

#[test]
fn each_setting_changes_what_is_sent_or_read() {
    for Row {
        key,
        toml,
        look,
        sees,
    } in rows()
    {
        let default = if key == "preflight.origins" {
            // The list counts only where it is asked for: the default here is an empty one.
            DaDialect::from_toml("[preflight]\norigin = 'listed'").unwrap()
        } else if key == "credentials.user_position" {
            DaDialect::from_toml("[credentials]\ncredential = '/credential'").unwrap()
        } else {
            DaDialect::default()
        };
        let changed = DaDialect::from_toml(&toml).unwrap_or_else(|error| panic!("{key}: {error}"));
        assert_ne!(look(&default), look(&changed), "{key}");
        assert_eq!(look(&changed), sees, "{key}");
    }
}

#[test]
fn each_setting_has_a_test_and_a_row_of_evidence() {
    let mut keys: Vec<String> = settings::<DaDialect>().into_iter().map(|(key, _)| key).collect();
    keys.sort();
    let mut tested: Vec<&str> = rows().iter().map(|row| row.key).collect();
    tested.sort_unstable();
    assert_eq!(tested, keys);
    let mut evidence: Vec<&str> = EVIDENCE.iter().map(|row| row.key).collect();
    evidence.sort_unstable();
    assert_eq!(evidence, keys);
    for row in EVIDENCE {
        assert!(
            row.source.contains("vendor page: ") && row.meaning.len() > 10,
            "{}",
            row.key
        );
    }
}

#[test]
fn a_dialect_survives_its_own_text_and_mistakes_are_named() {
    let text = serde_json::to_string(&DaDialect::default()).unwrap();
    assert_eq!(
        serde_json::from_str::<DaDialect>(&text).unwrap(),
        DaDialect::default()
    );
    let errors = DaDialect::default().errors;
    assert_eq!(
        (errors.code.len(), errors.message.len()),
        (4, 4),
        "each default pointer is one"
    );
    for (text, says) in [
        ("[user]\nposition = 'cookie'", "user.position"),
        ("[options]\nbase64 = 'loose'", "options.base64"),
        ("[credentials]\ncredential = 'x'", "credentials.credential"),
        ("[errors.expired]\nstatus = [4100]", "errors.expired.status"),
        ("[errors.gone]\nstatus = [410]", "errors"),
        ("[preflight]\norigin = 'any'", "preflight.origin"),
        ("[preflight]\nattestation = 'none'", "preflight.attestation"),
    ] {
        let error = DaDialect::from_toml(text).unwrap_err().to_string();
        assert!(error.contains(says), "{text:?}: {error}");
    }
}

#[test]
fn the_user_can_stand_in_each_part_of_each_call() {
    let typed = "accept: application/json|content-type: application/json";
    let with = |position: &str| DaDialect::from_toml(&format!("[user]\nposition = '{position}'")).unwrap();
    assert_eq!(
        asks(&with("header")),
        "GET fido/options|accept: application/json|userid: ann/a|"
    );
    assert_eq!(asks(&with("none")), "GET fido/options|accept: application/json|");
    assert_eq!(
        posts(&with("none")),
        format!("POST fido/credentials|{typed}|{STRICT}")
    );
    assert_eq!(
        posts(&with("path")),
        format!("POST fido/credentials/ann%2Fa|{typed}|{STRICT}")
    );
    assert!(asks(&with("body")).starts_with("refused: dialect: the user cannot stand in the body of GET"));
    let both = DaDialect::from_toml("[user]\nposition = 'body'\nname = '/who/id'\n[options]\nverb = 'POST'")
        .unwrap();
    assert_eq!(
        asks(&both),
        format!("POST fido/options|{typed}|{{\"who\":{{\"id\":\"ann/a\"}}}}")
    );
    let placed = DaDialect::from_toml("[user]\nposition = 'path'\n[options]\npath = 'u/{user}/o'").unwrap();
    assert_eq!(asks(&placed), "GET u/ann%2Fa/o|accept: application/json|");
}

#[test]
fn what_cannot_be_built_is_an_error_and_not_a_guess() {
    for (toml, says) in [
        ("[user]\nposition = 'header'\nname = 'a b'", "header"),
        ("[user]\nposition = 'header'\nname = 'Host'", "host"),
        ("[options]\naccept = \"a\\nb\"", "options.accept"),
        ("[options]\npath = 'x/{tenant}'", "tenant"),
    ] {
        let shown = asks(&DaDialect::from_toml(toml).unwrap());
        assert!(
            shown.starts_with("refused: ") && shown.contains(says),
            "{toml:?}: {shown}"
        );
    }
    let dialect = DaDialect::from_toml("[user]\nposition = 'path'").unwrap();
    assert!(
        GetOptions::new(UserId::new("..").unwrap())
            .request(&dialect)
            .is_err()
    );
    let unreachable =
        DaDialect::from_toml("[credentials]\nrequest = [{ set = '/id/x', value = 1 }]").unwrap();
    assert!(posts(&unreachable).starts_with("refused: "));
}

#[test]
fn the_calls_own_choice_wins_over_the_dialect() {
    let dialect = DaDialect::from_toml("[credentials]\nbody = 'as_received'").unwrap();
    let request = store().body(BodyForm::Strict).request(&dialect).unwrap();
    assert_eq!(request.body_bytes(), STRICT);
    assert_eq!(DaDialect::default().preflight(), Preflight::new());
}
