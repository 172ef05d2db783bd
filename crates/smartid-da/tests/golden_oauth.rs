//! The token endpoint's golden files, each by what its entry says: what goes out, what comes in, and who asks when.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

mod oauth_bench;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid_core::base64::{Flavour, decode};
use smartid_core::{
    ConfigError, CredentialError, Error, Incoming, ManualRuntime, Retry, SecretString, Transport,
};
use smartid_da::fido::GetOptions;
use smartid_da::oauth::{
    AccessToken, ClientAuthentication, OAuthBuilder, OAuthClient, OAuthDialect, OAuthError, OAuthErrorKind,
    Revocation,
};
use smartid_da::{DaAuth, DaRefusal, DigitalAccess, TokenProvider, UserId};
use toml::{Table, Value};
use url::form_urlencoded;

use oauth_bench::{Answer, Script, Sent, all, poll_once, run, runtime};

const ENDPOINT: &str = "https://da.example.test/https/api/rest/v3.0/oauth2/token";
const REVOKE: &str = "https://da.example.test/https/api/rest/v3.0/oauth2/revoke";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/oauth")
}

fn index() -> Table {
    let text = std::fs::read_to_string(folder().join("INDEX.toml")).unwrap();
    toml::from_str(&text).unwrap()
}

fn tables(list: &Value) -> Vec<Table> {
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| row.as_table().unwrap().clone()).collect()
}

/// All entries of a kind, as many as there must be.
fn entries(kind: &str, count: usize) -> Vec<Table> {
    let all = tables(&index()["fixture"]);
    assert_eq!(all.len(), 132);
    let rows: Vec<Table> = all.into_iter().filter(|row| get(row, "kind") == kind).collect();
    assert_eq!(rows.len(), count, "{kind}");
    rows
}

fn get<'a>(row: &'a Table, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn texts(row: &Table, key: &str) -> Vec<String> {
    let list = row.get(key).and_then(Value::as_array).into_iter().flatten();
    list.map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Head and body of a message.
fn message(file: &str) -> (String, Vec<(String, HeaderValue)>, Vec<u8>) {
    let bytes = std::fs::read(folder().join(file)).unwrap();
    let at = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
    let head = std::str::from_utf8(&bytes[..at]).unwrap();
    let mut lines = head.lines();
    let first = lines.next().unwrap().to_owned();
    let headers = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_owned(), HeaderValue::from_str(value.trim()).unwrap())
        })
        .collect();
    (first, headers, bytes[at + 2..].to_vec())
}

fn answer(file: &str) -> Answer {
    let (first, headers, body) = message(file);
    let status: StatusCode = first.split(' ').nth(1).unwrap().parse().unwrap();
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name.parse::<HeaderName>().unwrap(), value);
    }
    Ok(Incoming::new(status, map, Bytes::from(body)))
}

fn pairs(form: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = form_urlencoded::parse(form.trim_end().as_bytes())
        .into_owned()
        .collect();
    pairs.sort();
    pairs
}

/// User and password of `Authorization: Basic`; both form-decoded, or as they are.
fn basic(value: &HeaderValue, raw: bool) -> (String, String) {
    let text = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
    let pair = String::from_utf8(decode(Flavour::Standard, text).unwrap()).unwrap();
    let (user, password) = pair.split_once(':').unwrap();
    if raw {
        return (user.to_owned(), password.to_owned());
    }
    let decoded = |text: &str| {
        assert!(text.bytes().all(|b| b.is_ascii_graphic() && b != b':'), "{text}");
        let name = format!("{text}=");
        let mut pairs = form_urlencoded::parse(name.as_bytes());
        pairs
            .next()
            .map(|(name, _)| name.into_owned())
            .unwrap_or_default()
    };
    (decoded(user), decoded(password))
}

/// A request that went out is the one of the file.
fn assert_request(sent: &Sent, file: &str) {
    let (first, headers, body) = message(file);
    let header = |name: &str| {
        let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    };
    let (verb, target) = first.strip_suffix(" HTTP/1.1").unwrap().split_once(' ').unwrap();
    let host = header("host").unwrap();
    let url = format!("{verb} https://{}{target}", host.to_str().unwrap());
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let (sent_path, sent_query) = sent.url.split_once('?').unwrap_or((&sent.url, ""));
    // The root of a host is written with a slash or without.
    assert_eq!(
        sent_path.trim_end_matches('/'),
        path.trim_end_matches('/'),
        "{file}"
    );
    assert_eq!(pairs(sent_query), pairs(query), "{file}");

    let names: BTreeSet<String> = sent.headers.keys().map(|name| name.to_string()).collect();
    let expected: BTreeSet<String> = headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    let expected: BTreeSet<String> = expected.into_iter().filter(|name| name != "host").collect();
    assert_eq!(names, expected, "{file}");
    assert_eq!(sent.headers.get(ACCEPT), header("accept").as_ref(), "{file}");
    let content_type = sent.headers[CONTENT_TYPE].to_str().unwrap();
    assert_eq!(
        content_type.split(';').next(),
        header("content-type").unwrap().to_str().ok(),
        "{file}"
    );
    match (sent.headers.get(AUTHORIZATION), header("authorization")) {
        (Some(ours), Some(theirs)) => {
            let raw = file == "basic_raw.http";
            assert_eq!(basic(ours, raw), basic(&theirs, raw), "{file}");
            assert!(ours.is_sensitive());
        }
        (ours, theirs) => assert!(ours.is_none() && theirs.is_none(), "{file}"),
    }

    let form = String::from_utf8(sent.body.to_vec()).unwrap();
    let form = pairs(&form);
    assert_eq!(form, pairs(std::str::from_utf8(&body).unwrap()), "{file}");
    let names: BTreeSet<&String> = form.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), form.len(), "{file}: each once");
}

fn authentication(call: &Table) -> ClientAuthentication {
    let secret = SecretString::new(get(call, "client_secret"));
    match get(call, "client_authentication") {
        "basic" => ClientAuthentication::basic(secret),
        "body" => ClientAuthentication::body(secret),
        "certificate" => {
            assert!(!call.contains_key("client_secret"));
            ClientAuthentication::certificate()
        }
        other => panic!("{other}"),
    }
}

/// The client of an entry.
fn client_of(row: &Table) -> OAuthBuilder {
    let call = row["call"].as_table().unwrap();
    let endpoint = match (get(call, "operation"), get(row, "endpoint")) {
        ("revoke", _) | (_, "") => ENDPOINT,
        (_, endpoint) => endpoint,
    };
    let mut builder = OAuthClient::builder(endpoint, get(call, "client_id"), authentication(call));
    if get(call, "operation") == "revoke" {
        builder = builder.revoke_endpoint(get(row, "endpoint"));
    }
    for scope in texts(call, "scope") {
        builder = builder.scope(scope);
    }
    for (name, value) in call.get("extra").and_then(Value::as_table).into_iter().flatten() {
        builder = builder.parameter(name, value.as_str().unwrap());
    }
    match get(row, "dialect") {
        "" | "further parameters" => builder,
        "id and secret are not form-encoded before base64" => {
            builder.dialect(OAuthDialect::from_toml("basic = 'raw'").unwrap())
        }
        other => panic!("{other}"),
    }
}

/// A client that everything is known of, and its endpoint.
fn bench(builder: OAuthBuilder) -> Result<(OAuthClient, Arc<Script>, ManualRuntime), ConfigError> {
    let runtime = runtime();
    let script = Script::new(&runtime);
    let transport = Arc::clone(&script) as Arc<dyn Transport>;
    let client = builder.build(transport, Arc::new(runtime.clone()))?;
    Ok((client, script, runtime))
}

fn shows_none(row: &Table, shown: &str) {
    for secret in texts(row, "secrets") {
        assert!(!shown.contains(&secret), "{}: {shown}", get(row, "file"));
    }
}

fn refused_by(error: &ConfigError) -> &'static str {
    match &*error.setting {
        "oauth.endpoint" => "endpoint",
        "oauth.client_id" => "client-id",
        "oauth.client_secret" => "client-secret",
        "oauth.scope" => "scope",
        "oauth.parameter" => "parameter",
        other => panic!("{other}"),
    }
}

#[test]
fn requests_go_out_as_the_files_show_them_or_not_at_all() {
    for row in entries("request", 32) {
        let file = get(&row, "file");
        let builder = client_of(&row);
        shows_none(&row, &format!("{builder:?}"));
        let (client, script, runtime) = match bench(builder) {
            Ok(bench) => bench,
            Err(error) => {
                assert!(row.contains_key("refuse"), "{file}: {error}");
                assert_eq!(refused_by(&error), get(&row, "reason"), "{file}");
                shows_none(&row, &format!("{error} {error:?}"));
                continue;
            }
        };
        assert!(!row.contains_key("refuse"), "{file}");
        shows_none(&row, &format!("{client:?}"));
        let call = row["call"].as_table().unwrap();
        if get(call, "operation") == "revoke" {
            script.then(answer("revoked.http"));
            let mut revocation = Revocation::new(SecretString::new(get(call, "token")));
            if let Some(hint) = call.get("token_type_hint") {
                revocation = revocation.hint(hint.as_str().unwrap());
            }
            shows_none(&row, &format!("{revocation:?}"));
            run(&runtime, client.revoke(revocation)).unwrap();
        } else {
            script.then(answer("token.http"));
            let token = run(&runtime, client.token()).unwrap();
            assert_eq!(token.expose(), "ACCESS-GOLDEN-1");
        }
        let sent = script.sent();
        assert_eq!(sent.len(), 1, "{file}");
        assert_request(&sent[0], file);
        assert!(!sent[0].url.contains(get(call, "client_id")), "{file}");
        shows_none(&row, &sent[0].url);
        shows_none(&row, &format!("{client:?}"));
    }
}

#[test]
fn endpoints_that_are_none_are_refused() {
    for row in entries("endpoint", 5) {
        let builder = OAuthClient::builder(
            get(&row, "endpoint"),
            "golden-client",
            ClientAuthentication::basic(SecretString::new("golden-Secret-1")),
        );
        assert!(!format!("{builder:?}").contains("user:pw"));
        let error = bench(builder).map(|_| ()).unwrap_err();
        assert!(row.contains_key("refuse"));
        assert_eq!(
            refused_by(&error),
            get(&row, "reason"),
            "{}",
            get(&row, "endpoint")
        );
        let text = error.to_string();
        assert!(!text.contains("user") || !text.contains("pw"), "{text}");
    }
}

fn basic_client() -> OAuthBuilder {
    let secret = SecretString::new("golden-Secret-1");
    OAuthClient::builder(ENDPOINT, "golden-client", ClientAuthentication::basic(secret))
}

fn assert_token(row: &Table, token: &AccessToken) {
    let file = get(row, "file");
    assert_eq!(get(row, "outcome"), "token", "{file}");
    if let Some(text) = row.get("token") {
        assert_eq!(token.token().expose(), text.as_str().unwrap(), "{file}");
    }
    if let Some(length) = row.get("token_length") {
        assert_eq!(token.token().expose().len() as i64, length.as_integer().unwrap());
    }
    assert!(
        row.contains_key("token") || row.contains_key("token_length"),
        "{file}"
    );
    let seconds = token.lifetime().map(|lifetime| lifetime.as_secs() as i64);
    if row.contains_key("lifetime_capped") {
        assert_eq!(seconds, Some(365 * 86_400), "{file}");
    } else {
        let expected = row.get("lifetime_seconds").and_then(Value::as_integer);
        assert_eq!(seconds, expected, "{file}");
    }
    let scope = row.contains_key("scope").then(|| texts(row, "scope"));
    assert_eq!(token.scope(), scope.as_deref(), "{file}");
    for asked in texts(row, "asked") {
        let granted = scope.as_ref().is_none_or(|scope| scope.contains(&asked));
        assert_eq!(token.lacks(&asked), !granted, "{file}");
    }
    let lints: Vec<&str> = token
        .lints()
        .iter()
        .map(|lint| match lint.at.as_str() {
            "/access_token" => "token-characters",
            "/token_type" => "token-type",
            "/expires_in" => "expires-in",
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(lints, texts(row, "lint"), "{file}");
}

fn assert_error(row: &Table, error: &Error) {
    let file = get(row, "file");
    let refusal: &OAuthError = error.refusal().unwrap();
    let status = row["status"].as_integer().unwrap() as u16;
    assert_eq!(error.status().unwrap().as_u16(), status, "{file}");
    let (outcome, reason) = match refusal.kind() {
        OAuthErrorKind::Refused => ("refused", ""),
        OAuthErrorKind::NotAuthenticated if (300..400).contains(&status) => ("unreadable", "redirect"),
        OAuthErrorKind::NotAuthenticated => ("unreadable", "not-authenticated"),
        OAuthErrorKind::Unavailable | OAuthErrorKind::Unexpected => ("unreadable", ""),
        OAuthErrorKind::Unreadable(problem) => ("unreadable", problem.name()),
        other => panic!("{file}: {other:?}"),
    };
    assert_eq!(outcome, get(row, "outcome"), "{file}");
    assert_eq!(reason, get(row, "reason"), "{file}");
    if row.contains_key("error") {
        assert_eq!(error.code(), row["error"].as_str(), "{file}");
    }
    if row.contains_key("description") {
        assert_eq!(
            refusal.description(),
            row.get("description").and_then(Value::as_str),
            "{file}"
        );
    }
    assert_eq!(
        refusal.error_uri(),
        row.get("error_uri").and_then(Value::as_str),
        "{file}"
    );
    let location = row.get("location").and_then(Value::as_str);
    assert_eq!(refusal.danger_location(), location, "{file}");
    let bare = location.and_then(|location| location.split('?').next());
    assert_eq!(refusal.redirect(), bare, "{file}");
    let after = row.get("retry_after_seconds").and_then(Value::as_integer);
    let after = after.map(|seconds| Duration::from_secs(seconds as u64));
    assert_eq!(refusal.retry_after(), after, "{file}");
    match get(row, "retry") {
        "later" => assert_eq!(error.retry(), Retry::Yes { after }, "{file}"),
        "no" => assert_eq!(error.retry(), Retry::No, "{file}"),
        "" => {}
        other => panic!("{other}"),
    }
}

#[test]
fn answers_are_read_as_the_index_says() {
    for row in entries("response", 95) {
        let file = get(&row, "file");
        let mut builder = basic_client().revoke_endpoint(REVOKE);
        for scope in texts(&row, "asked") {
            builder = builder.scope(scope);
        }
        let (client, script, runtime) = bench(builder).unwrap();
        script.then(answer(file));
        let shown = if file.starts_with("revoke") {
            let token = Revocation::access_token(SecretString::new("ACCESS-GOLDEN-1"));
            match run(&runtime, client.revoke(token)) {
                Ok(()) => {
                    assert_eq!(get(&row, "outcome"), "revoked", "{file}");
                    String::new()
                }
                Err(error) => {
                    assert_error(&row, &error);
                    format!("{error} {error:?}")
                }
            }
        } else {
            match run(&runtime, client.access_token()) {
                Ok(token) => {
                    assert_token(&row, &token);
                    format!("{token:?}")
                }
                Err(error) => {
                    assert_error(&row, error.call().unwrap());
                    // As an operator sees it, at the call that needed the token.
                    let outer = Error::credential("da.fido-options", error.clone());
                    assert!(
                        outer.to_string().contains("the token endpoint https://"),
                        "{outer}"
                    );
                    format!("{error} {error:?} {outer} {outer:?}")
                }
            }
        };
        assert_eq!(script.count(), 1, "{file}: nothing is followed, nothing repeated");
        shows_none(&row, &shown);
        let invisible = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!shown.contains(invisible), "{file}: {shown:?}");
        assert!(shown.len() < 8000, "{file}: {}", shown.len());
        shows_none(&row, &format!("{client:?}"));
    }
}

/// How a call ended, in the words of the exchanges.
fn ended(outcome: &Result<SecretString, CredentialError>) -> &'static str {
    match outcome {
        Ok(token) => {
            assert_eq!(token.expose(), "ACCESS-GOLDEN-1");
            "token"
        }
        Err(error) => {
            let refusal = error.call().unwrap().refusal::<OAuthError>();
            refusal.map_or("lost", |refusal| refusal.kind().name())
        }
    }
}

#[test]
fn exchanges() {
    let rows = tables(&index()["exchange"]);
    assert_eq!(rows.len(), 9);
    for row in rows {
        let name = get(&row, "name");
        let (client, script, runtime) = bench(basic_client()).unwrap();
        let resource = Script::new(&runtime);
        let steps = texts(&row, "steps");
        let mut requests = Vec::new();
        let mut resources = 0;
        for step in &steps {
            match step.as_str() {
                "(none)" => script.after(Duration::ZERO, None),
                "(resource: 401)" => {
                    resources += 1;
                    resource.then(oauth_bench::answer(401, &[], ""));
                }
                "(resource: 200)" => {
                    resources += 1;
                    let options = r#"{"rp":{"id":"a.test","name":"a"},"user":{"id":"AQ","name":"a","displayName":"a"},"challenge":"AAECAwQFBgcICQoLDA0ODw","pubKeyCredParams":[{"type":"public-key","alg":-7}]}"#;
                    resource.then(oauth_bench::answer(200, &[], options));
                }
                file if message(file).0.starts_with("POST") => requests.push(file.to_owned()),
                file => script.then(answer(file)),
            }
        }
        let calls = row["calls"].as_integer().unwrap() as usize;
        let apart = Duration::from_secs(row["apart_seconds"].as_integer().unwrap() as u64);
        let outcome = get(&row, "outcome");
        if resources > 0 {
            let da = DigitalAccess::builder(
                "https://da.example.test/https/api/rest/v3.0",
                DaAuth::provider(Arc::new(client)),
            )
            .build(
                Arc::clone(&resource) as Arc<dyn Transport>,
                Arc::new(runtime.clone()),
            )
            .unwrap();
            assert_eq!(calls, 1, "{name}");
            let called = run(&runtime, da.call(&GetOptions::new(UserId::new("alice").unwrap())));
            let called = called.map_err(|error| error.refusal::<DaRefusal>().unwrap().kind().name());
            assert_eq!(
                called.map(|_| "token").unwrap_or_else(|kind| kind),
                outcome,
                "{name}"
            );
            assert_eq!(resource.count(), resources, "{name}");
        } else if name == "waiter-cancelled" {
            run(&runtime, async {
                let mut first = client.token();
                assert!(poll_once(&mut first).await.is_pending());
                let mut others: Vec<_> = (1..calls).map(|_| client.token()).collect();
                for other in &mut others {
                    assert!(poll_once(other).await.is_pending());
                }
                drop(first);
                for ended_as in all(others).await.iter().map(ended) {
                    assert_eq!(ended_as, outcome, "{name}");
                }
            });
        } else if apart.is_zero() {
            let outcomes = run(&runtime, all((0..calls).map(|_| client.token())));
            assert_eq!(outcomes.len(), calls);
            assert!(outcomes.iter().all(|one| ended(one) == outcome), "{name}");
        } else {
            let mut outcomes = Vec::new();
            for _ in 0..calls {
                outcomes.push(ended(&run(&runtime, client.token())));
                runtime.advance(apart);
            }
            assert_eq!(outcomes.last(), Some(&outcome), "{name}");
            let first = match name {
                "refused-then-token" => "unavailable",
                "lost" => "lost",
                _ => "token",
            };
            assert_eq!(outcomes[0], first, "{name}");
        }
        let sent = script.sent();
        assert_eq!(sent.len(), requests.len(), "{name}");
        for (sent, file) in sent.iter().zip(&requests) {
            assert_request(sent, file);
        }
    }
}
