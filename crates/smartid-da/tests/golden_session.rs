//! The portal session's golden files: who the user is, attributes that are set, cookies that are renewed.
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

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid_core::{
    CallPolicy, Error, Incoming, Phase, Retry, SecretString, Transport, TransportError, TransportProblem,
};
use smartid_da::portal::{AccessPoint, MappedPath, Portal, PortalApi, PortalSession};
use smartid_da::{DaRefusal, DaRefusalKind};
use toml::{Table, Value};

use oauth_bench::{Answer, Script, Sent, answer, run, runtime};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/portal")
}

fn entries(kind: &str, folder_of_file: &str, count: usize) -> Vec<Table> {
    let text = std::fs::read_to_string(folder().join("INDEX.toml")).unwrap();
    let index: Table = toml::from_str(&text).unwrap();
    let rows: Vec<Table> = index["fixture"].clone().try_into().unwrap();
    let rows: Vec<Table> = rows
        .into_iter()
        .filter(|row| get(row, "kind") == kind && get(row, "file").starts_with(folder_of_file))
        .collect();
    assert_eq!(rows.len(), count, "{kind} {folder_of_file}");
    rows
}

fn get<'a>(row: &'a Table, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn texts(row: &Table, key: &str) -> Vec<String> {
    let list = row.get(key).and_then(Value::as_array).into_iter().flatten();
    list.map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn file_of(row: &Table) -> (String, HeaderMap, String) {
    let text = std::fs::read_to_string(folder().join(get(row, "file"))).unwrap();
    let (head, body) = text.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let first = lines.next().unwrap().to_owned();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        // What no header map can hold never reaches us.
        if let Ok(value) = HeaderValue::from_str(value.trim()) {
            headers.append(name.parse::<HeaderName>().unwrap(), value);
        }
    }
    (first, headers, body.to_owned())
}

fn answer_of(row: &Table) -> Answer {
    let (first, headers, body) = file_of(row);
    let status: StatusCode = first.split(' ').nth(1).unwrap().parse().unwrap();
    Ok(Incoming::new(status, headers, body.into()))
}

fn session(cookies: &[(&str, &str)]) -> Result<PortalSession, smartid_core::ConfigError> {
    cookies
        .iter()
        .try_fold(PortalSession::default(), |session, (name, value)| {
            session.cookie(*name, SecretString::new(*value))
        })
}

fn usual() -> PortalSession {
    session(&[("WASESSION", "GOLDEN-SESSION-1"), ("WAROUTE", "n1")]).unwrap()
}

fn api() -> PortalApi {
    PortalApi::new(AccessPoint::parse("https://da.example.test").unwrap())
}

struct Bench {
    portal: Portal,
    script: Arc<Script>,
    runtime: smartid_core::ManualRuntime,
}

fn bench(api: PortalApi, session: PortalSession) -> Bench {
    let runtime = runtime();
    let script = Script::new(&runtime);
    let portal = Portal::builder(api, session)
        .policy(CallPolicy::default().with_attempts(1))
        .build(
            Arc::clone(&script) as Arc<dyn Transport>,
            Arc::new(runtime.clone()),
        )
        .unwrap();
    Bench {
        portal,
        script,
        runtime,
    }
}

impl Bench {
    fn me(&self) -> Result<smartid_da::portal::PortalUser, Error> {
        run(&self.runtime, self.portal.me())
    }

    fn set(&self, attributes: &[(&str, &str)]) -> Result<(), Error> {
        run(&self.runtime, self.portal.set_attributes(attributes.to_vec()))
    }
}

fn shows_none(row: &Table, shown: &str) {
    for secret in texts(row, "secrets") {
        assert!(!shown.contains(&secret), "{}: {shown}", get(row, "file"));
    }
}

fn assert_request(row: &Table, sent: &Sent) {
    let file = get(row, "file");
    let (first, mut headers, body) = file_of(row);
    let host = headers.remove("host").unwrap();
    let (verb, target) = first.strip_suffix(" HTTP/1.1").unwrap().split_once(' ').unwrap();
    assert_eq!(
        sent.url,
        format!("{verb} https://{}{target}", host.to_str().unwrap()),
        "{file}"
    );
    assert_eq!(sent.headers, headers, "{file}");
    assert!(sent.headers["cookie"].is_sensitive());
    if body.trim().is_empty() {
        assert!(sent.body.is_empty(), "{file}");
    } else {
        let ours: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
        assert_eq!(
            ours,
            serde_json::from_str::<serde_json::Value>(&body).unwrap(),
            "{file}"
        );
    }
}

#[test]
fn requests_go_out_as_the_files_show_them_or_not_at_all() {
    for row in entries("request", "me/", 13) {
        let file = get(&row, "file");
        let call = row["call"].as_table().unwrap();
        let cookies: Vec<Vec<String>> = call["cookies"].clone().try_into().unwrap();
        let cookies: Vec<(&str, &str)> = cookies
            .iter()
            .map(|pair| (pair[0].as_str(), pair[1].as_str()))
            .collect();
        let session = match session(&cookies) {
            Ok(session) => session,
            Err(error) => {
                assert!(row.contains_key("refuse"), "{file}");
                assert_eq!(
                    (get(&row, "reason"), &*error.setting),
                    ("cookie", "portal.cookie")
                );
                shows_none(&row, &format!("{error} {error:?}"));
                continue;
            }
        };
        let at = |path: &str| api().at(&path.parse::<MappedPath>().unwrap()).unwrap();
        let api = match get(&row, "dialect") {
            "" => api(),
            "version v3.0" => at("/https/api/rest/v3.0"),
            "resource portalapi" => at("/https/portalapi/rest/v1.0"),
            other => panic!("{other}"),
        };
        let bench = bench(api, session);
        shows_none(&row, &format!("{:?}", bench.portal));
        let outcome = match get(call, "operation") {
            "me" => {
                bench.script.then(answer(200, &[], "{\"attributes\":{}}"));
                bench.me().map(|_| ())
            }
            "me-attributes" => {
                bench.script.then(answer(204, &[], ""));
                let attributes = call["attributes"].as_table().unwrap();
                let attributes: Vec<(&str, &str)> = attributes
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
                    .collect();
                bench.set(&attributes)
            }
            other => panic!("{other}"),
        };
        match outcome {
            Ok(()) => {
                assert!(!row.contains_key("refuse"), "{file}");
                assert_request(&row, &bench.script.sent()[0]);
            }
            Err(error) => {
                assert!(row.contains_key("refuse"), "{file}: {error}");
                assert!(error.summary().contains(get(&row, "reason")), "{file}: {error}");
                assert_eq!(
                    (error.phase(), bench.script.count()),
                    (Phase::NotSent, 0),
                    "{file}"
                );
            }
        }
    }
}

/// The word of the index for an error.
fn class(error: &Error) -> &'static str {
    let Some(refusal) = error.refusal::<DaRefusal>() else {
        assert!(error.unreadable_answer().is_some(), "{error}");
        return "unexpected";
    };
    match refusal.kind() {
        DaRefusalKind::Unavailable => "server-error",
        DaRefusalKind::Unexpected if error.status().unwrap().is_server_error() => "server-error",
        kind => kind.name(),
    }
}

fn agrees(row: &Table, class: &str) -> bool {
    get(row, "class") == class || texts(row, "class_also").iter().any(|also| also == class)
}

#[test]
fn answers_are_read_and_renew_the_session() {
    for row in entries("response", "me/", 24) {
        let file = get(&row, "file");
        let bench = bench(api(), usual());
        bench.script.then(answer_of(&row));
        let operation = get(row["call"].as_table().unwrap(), "operation");
        let outcome = match operation {
            "me" => bench.me().map(Some),
            "me-attributes" => bench.set(&[("golden_attribute", "value")]).map(|()| None),
            other => panic!("{other}"),
        };
        let shown = match &outcome {
            Ok(Some(user)) => {
                assert_eq!(get(&row, "class"), "user", "{file}");
                let given = row["attributes"].as_table().unwrap();
                let given: BTreeSet<(&str, &str)> = given
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
                    .collect();
                assert_eq!(user.texts().collect::<BTreeSet<_>>(), given, "{file}");
                if file == "me/me_200_values.http" {
                    let json = ["groups", "age", "flag", "none", "deep"].map(|name| user.json(name).unwrap());
                    let json = json.map(|json| json.split_whitespace().collect::<String>());
                    assert_eq!(json, ["[\"a\",\"b\"]", "17", "true", "null", "{\"x\":1}"]);
                    assert_eq!((user.text("age"), user.json("x")), (None, None));
                }
                format!("{user:?}")
            }
            Ok(None) => {
                assert_eq!(get(&row, "class"), "done", "{file}");
                String::new()
            }
            Err(error) => {
                assert_eq!(class(error), get(&row, "class"), "{file}: {error}");
                assert_eq!(
                    error.status().unwrap().as_u16(),
                    row["status"].as_integer().unwrap() as u16
                );
                if let Some(msg) = row.get("msg") {
                    let refusal: &DaRefusal = error.refusal().unwrap();
                    assert_eq!(refusal.detail(), msg.as_str(), "{file}");
                }
                if row.contains_key("perhaps_done") {
                    assert_eq!(error.retry(), Retry::Forbidden, "{file}");
                }
                format!("{error} {error:?}")
            }
        };
        shows_none(&row, &shown);
        shows_none(&row, &format!("{:?}", bench.portal));
        // What goes with the next call.
        bench.script.then(answer(204, &[], ""));
        bench.set(&[("a", "b")]).unwrap();
        let sent = bench.script.sent();
        let cookies = sent[1].headers["cookie"].to_str().unwrap();
        let expected = match row.get("cookies") {
            Some(_) => texts(&row, "cookies").join("; "),
            None => String::from("WASESSION=GOLDEN-SESSION-1; WAROUTE=n1"),
        };
        assert_eq!(cookies, expected, "{file}");
        assert_eq!(bench.portal.session().to_header().expose(), expected);
    }
}

#[test]
fn answers_that_lead_elsewhere_end_the_call() {
    for row in entries("response", "login/", 37) {
        let file = get(&row, "file");
        let bench = bench(api(), usual());
        bench.script.then(answer_of(&row));
        let error = bench.me().unwrap_err();
        assert!(agrees(&row, class(&error)), "{file}: {}", class(&error));
        let later = !matches!(error.retry(), Retry::No | Retry::Forbidden);
        assert_eq!(
            get(&row, "retry") == "later",
            later,
            "{file}: {:?}",
            error.retry()
        );
        shows_none(&row, &format!("{error} {error:?}"));
        assert_eq!(bench.script.count(), 1, "{file}: nothing is followed");
    }
}

#[test]
fn what_the_index_does_not_have() {
    let bench = bench(api(), usual());
    let user = |attributes: usize| {
        let list: Vec<String> = (0..attributes)
            .map(|index| format!("\"a{index}\":\"\""))
            .collect();
        answer(
            200,
            &[],
            format!("\u{feff}{{\"attributes\":{{{}}}}}", list.join(",")),
        )
    };
    bench.script.then(user(1024));
    assert_eq!(bench.me().unwrap().names().count(), 1024);
    for bad in [
        user(1025),
        answer(200, &[], r#"{"attributes":{"a":"1","a":"2"}}"#),
        answer(200, &[], &b"{\"attributes\":{\"a\":\"\xff\"}}"[..]),
        answer(204, &[], ""),
    ] {
        bench.script.then(bad);
        assert_eq!(class(&bench.me().unwrap_err()), "unexpected");
    }
    // Nothing goes out that sets the same attribute twice.
    let count = bench.script.count();
    let twice = bench.set(&[("a", "1"), ("a", "2")]).unwrap_err();
    assert!(
        twice.is_misconfigured() && bench.script.count() == count,
        "{twice}"
    );
    let many: Vec<String> = (0..1025).map(|index| index.to_string()).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "")).collect();
    assert!(bench.set(&many).unwrap_err().is_misconfigured());
    assert_eq!(bench.script.count(), count);

    // A refusal renews the session as well; what repeats a cookie does not show it.
    let echo = answer(
        403,
        &[("set-cookie", "WASESSION=canarycanary; Path=/")],
        "WASESSION=GOLDEN-SESSION-1?",
    );
    bench.script.then(echo);
    let error = bench.set(&[("a", "b")]).unwrap_err();
    let refusal: &DaRefusal = error.refusal().unwrap();
    assert_eq!(class(&error), "forbidden");
    assert!(!String::from_utf8_lossy(refusal.danger_body()).contains("GOLDEN-SESSION-1"));
    let header = bench.portal.session().to_header();
    assert_eq!(header.expose(), "WASESSION=canarycanary; WAROUTE=n1");
    assert!(!format!("{:?} {error}", bench.portal).contains("canary"));

    // All cookies taken away: the next call goes out without, and the access point says so.
    let gone = answer(
        200,
        &[
            ("set-cookie", "WASESSION=; Max-Age=0"),
            ("set-cookie", "WAROUTE=; Max-Age=0"),
        ],
        "{\"attributes\":{}}",
    );
    bench.script.then(gone);
    bench.me().unwrap();
    bench.script.then(answer(401, &[], ""));
    assert_eq!(class(&bench.me().unwrap_err()), "not-authenticated");
    assert!(!bench.script.sent().last().unwrap().headers.contains_key("cookie"));

    for (path, fits) in [
        ("/https/api/rest/v2.0", true),
        ("/https/api", true),
        ("/https/api/rest/", false),
        ("/https/api/rest?x", false),
    ] {
        let path: MappedPath = path.parse().unwrap();
        assert_eq!(api().at(&path).is_ok(), fits, "{path}");
    }
    let none = Portal::builder(api(), PortalSession::default());
    let none = none.build(
        Arc::clone(&bench.script) as Arc<dyn Transport>,
        Arc::new(runtime()),
    );
    assert_eq!(none.unwrap_err().setting, "portal.cookie");
}

#[test]
fn a_lost_answer_is_asked_for_again_where_that_does_no_harm() {
    let runtime = runtime();
    let script = Script::new(&runtime);
    let portal = Portal::builder(api(), usual())
        .build(
            Arc::clone(&script) as Arc<dyn Transport>,
            Arc::new(runtime.clone()),
        )
        .unwrap();
    let broken = || Err(TransportError::new(TransportProblem::Broken, "h"));
    for given in [
        broken(),
        answer(200, &[], "{\"attributes\":{}}"),
        broken(),
        answer(204, &[], ""),
    ] {
        script.after(Duration::ZERO, Some(given));
    }
    run(&runtime, portal.me()).unwrap();
    run(&runtime, portal.set_attributes([("a", "b")])).unwrap();
    assert_eq!(script.count(), 4);
}
