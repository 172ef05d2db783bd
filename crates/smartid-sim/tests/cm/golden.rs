//! The requests that the golden files of the client show, typed from the protocol notes, are understood as they stand, and so are its
//! files `ast.properties`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use smartid_sim::config::{CmProcedureConfig, HeaderEncoding, ServletHandlerConfig, SigningMode};
use smartid_sim::{Sim, SimClock, SimConfig};

use crate::common::{Answer, BOUNDARY, Bench, Caller};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../smartid-cm/tests/golden")
        .join(name)
}

fn fixtures(name: &str, kind: &str) -> Vec<toml::Table> {
    let index: toml::Table = std::fs::read_to_string(folder(name).join("INDEX.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let all = index["fixture"].as_array().unwrap().iter();
    all.map(|entry| entry.as_table().unwrap().clone())
        .filter(|entry| entry["kind"].as_str() == Some(kind) && !entry.contains_key("refuse"))
        .collect()
}

fn text<'t>(table: &'t toml::Table, name: &str) -> &'t str {
    table.get(name).and_then(toml::Value::as_str).unwrap_or_default()
}

fn table(table: &toml::Table, name: &str) -> toml::Table {
    let found = table.get(name).and_then(toml::Value::as_table);
    found.cloned().unwrap_or_default()
}

fn pairs(table: &toml::Table) -> BTreeMap<String, String> {
    table
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

/// A request as it stands in its file.
struct Message {
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Message {
    fn read(folder: &Path, file: &str) -> Self {
        let octets = std::fs::read(folder.join(file)).unwrap();
        let cut = octets.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let (head, body) = (&octets[..cut], octets[cut + 2..].to_vec());
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = String::from_utf8(lines.next().unwrap().to_vec()).unwrap();
        let headers = lines.map(|line| {
            let colon = line.iter().position(|byte| *byte == b':').unwrap();
            let name = String::from_utf8(line[..colon].to_vec()).unwrap();
            (
                name.to_ascii_lowercase(),
                line[colon + 1..].trim_ascii_start().to_vec(),
            )
        });
        Self {
            path: first.split(' ').nth(1).unwrap().to_owned(),
            headers: headers.filter(|(name, _)| name != "host").collect(),
            body,
        }
    }

    /// Sent to `origin` with another path before that of the operation.
    async fn send(&self, caller: &Caller, url: &str) -> Answer {
        let mut request = caller.http.post(url);
        let mut body = self.body.clone();
        for (name, value) in &self.headers {
            let mut value = value.clone();
            if name == "content-type" && value.starts_with(b"multipart/") {
                value = format!("multipart/form-data; boundary={BOUNDARY}").into_bytes();
                let text = String::from_utf8(body).unwrap();
                body = text
                    .replace("BOUNDARY", BOUNDARY)
                    .replace('\n', "\r\n")
                    .into_bytes();
            }
            let value = reqwest::header::HeaderValue::from_bytes(&value).unwrap();
            request = request.header(name, value);
        }
        Answer::of(request.body(body).send().await.unwrap()).await
    }
}

/// The path below the base address of a fixture.
fn below<'m>(message: &'m Message, fixture: &toml::Table, default: &str) -> &'m str {
    let base = text(fixture, "base");
    let path = match base.strip_prefix("https://") {
        Some(rest) => rest
            .split_once('/')
            .map_or_else(String::new, |(_, path)| format!("/{path}")),
        None => default.to_owned(),
    };
    let rest = message.path.strip_prefix(path.trim_end_matches('/')).unwrap();
    rest.strip_prefix('/').unwrap()
}

/// What a call gives, and whether the simulator has taken it in.
#[track_caller]
fn understood(bench: &Bench, file: &str, attributes: &BTreeMap<String, String>, password: &str) {
    let token = bench.sim.cm().soft_tokens().last().unwrap().clone();
    assert!(token.has_password(password), "{file}");
    let seen: BTreeMap<String, String> = token.attributes.iter().cloned().collect();
    for (name, value) in attributes {
        // An empty header is as good as none.
        let wanted = Some(value).filter(|value| !value.is_empty());
        assert_eq!(seen.get(name), wanted, "{file}: {name}");
    }
    assert_eq!(
        seen.len(),
        attributes.values().filter(|value| !value.is_empty()).count(),
        "{file}"
    );
}

/// A simulator that adds nothing to what a request says.
async fn bench() -> Bench {
    let bench = Bench::new("").await;
    bench
        .sim
        .reconfigure(|config| config.cm.soft_tokens.common_context.clear());
    bench
}

#[tokio::test]
async fn requests_to_ast() {
    let bench = bench().await;
    let folder = folder("ast");
    let mut sent = 0;
    for fixture in fixtures("ast", "request") {
        let file = text(&fixture, "file");
        let message = Message::read(&folder, file);
        let (call, settings) = (table(&fixture, "call"), table(&fixture, "config"));
        let mut number = text(&settings, "number").to_owned();
        let mut properties = String::new();
        if number.is_empty() {
            number.push('0');
        }
        for (place, (attribute, header)) in pairs(&table(&settings, "headers")).iter().enumerate() {
            properties += &format!(
                "handler.{number}.formatFields.{place} = ast.valuetarget.{attribute}.value = {header}\n"
            );
        }
        if let Some(named) = settings.get("properties").and_then(toml::Value::as_str) {
            properties = std::fs::read(folder.join(named))
                .unwrap()
                .into_iter()
                .map(char::from)
                .collect();
        }
        let own = text(&settings, "path");
        let below = below(&message, &fixture, "/pgwy");
        bench.sim.reconfigure(|config| {
            let ast = &mut config.cm.ast;
            ast.properties = properties;
            ast.header_encoding = match text(&settings, "non_ascii") {
                "utf-8" => HeaderEncoding::Utf8,
                "percent" => HeaderEncoding::Percent,
                _ => HeaderEncoding::Iso8859,
            };
            ast.prefix = format!("/pgwy/{}", if own.is_empty() { "ast" } else { own });
            ast.handlers = vec![ServletHandlerConfig::new(
                text(&call, "handler"),
                number,
                "Soft token",
            )];
        });
        let caller = &bench.ra;
        let url = format!("{}/{below}", caller.base.strip_suffix("/api").unwrap());
        let answer = message.send(caller, &url).await;
        assert_eq!(answer.status, 200, "{file}: {} {}", bench.word(), answer.text());
        let attributes = pairs(&table(&call, "attributes"));
        understood(&bench, file, &attributes, text(&call, "password"));
        sent += 1;
    }
    assert!(sent > 25, "{sent}");
}

#[tokio::test]
async fn requests_to_eui() {
    let bench = bench().await;
    let folder = folder("eui");
    bench.sim.reconfigure(|config| {
        let handler = ServletHandlerConfig::new("web server ä", "9", "TLS server");
        config.cm.eui.handlers.push(handler);
    });
    let (mut tokens, mut certificates) = (0, 0);
    for fixture in fixtures("eui", "request") {
        let file = text(&fixture, "file");
        let message = Message::read(&folder, file);
        let call = table(&fixture, "call");
        let renamed = text(&fixture, "dialect").contains("pin");
        bench.sim.reconfigure(|config| {
            let eui = &mut config.cm.eui;
            eui.password_field = if renamed { "pin" } else { "password" }.into();
            let name = if renamed { "cn" } else { "commonname" };
            eui.fields.insert("commonname".into(), name.into());
        });
        let below = below(&message, &fixture, "/pgwy");
        let url = format!("{}/{below}", bench.ra.base.strip_suffix("/api").unwrap());
        let answer = message.send(&bench.ra, &url).await;
        assert_eq!(answer.status, 200, "{file}: {} {}", bench.word(), answer.text());
        if text(&fixture, "operation") == "soft-token" {
            let mut attributes = pairs(&table(&call, "fields"));
            for (field, attribute) in [("cn", "commonname"), ("country", "countryname")] {
                if let Some(value) = attributes.remove(field) {
                    attributes.insert(attribute.into(), value);
                }
            }
            understood(&bench, file, &attributes, text(&call, "password"));
            tokens += 1;
        } else {
            assert!(answer.text().contains(" name=\"response\" value=\"MII"), "{file}");
            certificates += 1;
        }
    }
    assert!(tokens >= 3 && certificates >= 9, "{tokens} {certificates}");
}

/// `names of fields: procname as tokenprocedure, password as pin` in a dialect.
fn names(dialect: &str) -> BTreeMap<String, String> {
    let named = dialect
        .split("; ")
        .find_map(|part| part.strip_prefix("names of fields: "));
    let pairs = named.unwrap_or_default().split(", ");
    pairs
        .filter_map(|pair| pair.split_once(" as "))
        .map(|(usual, there)| (usual.to_owned(), there.to_owned()))
        .collect()
}

#[tokio::test]
async fn soft_tokens_over_the_rest_api() {
    let bench = bench().await;
    let folder = folder("pkcs12-rest");
    bench.sim.reconfigure(|config| {
        config.cm.signing.mode = SigningMode::Vro;
        for name in ["Soft token, 2 years", "P"] {
            let procedure = CmProcedureConfig::new(name, "pkcs12", "authentication");
            config.cm.procedures.push(procedure);
        }
    });
    let mut sent = 0;
    for fixture in fixtures("pkcs12-rest", "request") {
        let file = text(&fixture, "file");
        let message = Message::read(&folder, file);
        let (call, dialect) = (table(&fixture, "call"), text(&fixture, "dialect"));
        let below = below(&message, &fixture, "/pgwy/api").to_owned();
        let path = dialect
            .strip_prefix("path of the operation: ")
            .unwrap_or("certificates/pkcs12");
        bench.sim.reconfigure(|config| {
            config.cm.wire.names = names(dialect);
            let operation = smartid_sim::config::CmOperation::Pkcs12;
            config.cm.paths.insert(operation, path.to_owned());
        });
        let answer = message
            .send(&bench.ra, &format!("{}/{below}", bench.ra.base))
            .await;
        let attributes = pairs(&table(&call, "attributes"));
        if attributes.values().any(|value| value.contains('\n')) {
            assert_eq!(
                (answer.status, bench.word().as_str()),
                (400, "attribute_control"),
                "{file}"
            );
            continue;
        }
        assert_eq!(answer.status, 200, "{file}: {} {}", bench.word(), answer.text());
        understood(&bench, file, &attributes, text(&call, "password"));
        sent += 1;
    }
    assert!(sent > 15, "{sent}");
}

/// The map that a handler's requests show: every header of the file is sent, and `country`.
async fn shown(bench: &Bench, headers: &[String]) -> BTreeMap<String, String> {
    let names: Vec<(&str, &[u8])> = headers
        .iter()
        .map(|name| (name.as_str(), name.as_bytes()))
        .collect();
    let answer = bench.ra.servlet("ast/h", &names, "password=a").await;
    assert_eq!(answer.status, 200, "{} {}", bench.word(), answer.text());
    let token = bench.sim.cm().soft_tokens().last().unwrap().clone();
    token.attributes.into_iter().collect()
}

/// Files that map attributes to headers of HTTP itself. A client must not send those; a server can read them.
const HEADERS_OF_HTTP: [&str; 4] = [
    "bad-header-content-length.properties",
    "bad-header-cookie.properties",
    "bad-header-host.properties",
    "bad-header-transfer-encoding.properties",
];

#[tokio::test]
async fn files_of_properties() {
    let folder = folder("ast-properties");
    let (mut good, mut bad) = (0, 0);
    for fixture in fixtures("ast-properties", "properties") {
        let file = text(&fixture, "file");
        if file.is_empty() {
            continue;
        }
        let outcomes: Vec<&str> = fixture
            .get("also")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(toml::Value::as_str)
            .chain([text(&fixture, "outcome")])
            .collect();
        let toml = format!(
            "[cm.soft_tokens]\ncommon_context = {{}}\n[cm.ast]\nproperties_file = {:?}\n[[cm.ast.handlers]]\nname = \"h\"\nnumber = \"0\"\nprocedure = \"Soft token\"",
            folder.join(file).display().to_string()
        );
        let config = SimConfig::from_toml(&toml).unwrap();
        let started = Sim::builder()
            .config(config)
            .seed(7)
            .clock(SimClock::manual())
            .start()
            .await;
        let sim = match started {
            Ok(sim) => sim,
            Err(error) => {
                let error = error.to_string();
                assert!(outcomes.contains(&"rejected"), "{file}: {error}");
                assert!(error.contains("line "), "{error}");
                for secret in fixture
                    .get("secrets")
                    .and_then(toml::Value::as_array)
                    .into_iter()
                    .flatten()
                {
                    assert!(!error.contains(secret.as_str().unwrap()), "{error}");
                }
                bad += 1;
                continue;
            }
        };
        if HEADERS_OF_HTTP.contains(&file) {
            continue;
        }
        assert!(
            outcomes
                .iter()
                .any(|outcome| matches!(*outcome, "ok" | "ignored")),
            "{file} is read"
        );
        let ra = Caller::new(&sim, "ra-officer");
        let bench = Bench { sim, ra };
        // Letter case of attributes is not told apart here.
        let lower = |map: toml::Table| -> BTreeMap<String, String> {
            let pairs = pairs(&map).into_iter();
            pairs
                .map(|(name, header)| (name.to_ascii_lowercase(), header))
                .collect()
        };
        let mut possible = vec![table(&fixture, "maps")];
        let more = fixture.get("maps_any").and_then(toml::Value::as_array);
        possible.extend(
            more.into_iter()
                .flatten()
                .map(|maps| maps.as_table().unwrap().clone()),
        );
        if text(&fixture, "outcome") == "rejected" && more.is_some() {
            possible.remove(0);
        }
        let handlers: Vec<String> = possible.iter().flat_map(|maps| maps.keys().cloned()).collect();
        for handler in handlers.iter().map(String::as_str).chain(["nowhere"]) {
            bench
                .sim
                .reconfigure(|config| config.cm.ast.handlers[0].number = handler.to_owned());
            let wanted: Vec<BTreeMap<String, String>> = possible
                .iter()
                .map(|maps| match maps.get(handler) {
                    Some(map) => lower(map.as_table().unwrap().clone()),
                    None => [("countryname".to_owned(), "country".to_owned())].into(),
                })
                .collect();
            let mut headers: Vec<String> = wanted.iter().flat_map(|map| map.values().cloned()).collect();
            headers.push("country".into());
            headers.sort_by_key(|name| name.to_ascii_lowercase());
            headers.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
            let shown = shown(&bench, &headers).await;
            assert!(
                wanted.contains(&shown),
                "{file}, handler {handler}: {shown:?}, not {wanted:?}"
            );
        }
        good += 1;
    }
    assert!(good > 35 && bad > 20, "{good} {bad}");
}
