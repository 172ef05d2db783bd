//! HTTP messages as the golden files hold them; `golden/README.md` says how.

use http::{HeaderMap, HeaderName, HeaderValue};
use toml::Value;

/// The folder of an operation.
pub(crate) struct Golden(&'static str);

impl Golden {
    pub(crate) const fn of(folder: &'static str) -> Self {
        Self(folder)
    }

    fn folder(&self) -> String {
        format!("{}/tests/golden/{}", env!("CARGO_MANIFEST_DIR"), self.0)
    }

    /// A file, named as the index names it.
    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/{name}", self.folder())).unwrap()
    }

    /// The entries of the index. Every file of the folder must be in one.
    pub(crate) fn fixtures(&self) -> Vec<Value> {
        let index = String::from_utf8(self.file("INDEX.toml")).unwrap();
        let index: Value = toml::from_str(&index).unwrap();
        let fixtures = index["fixture"].as_array().unwrap().clone();
        for entry in std::fs::read_dir(self.folder()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let is_named = |key: &str| fixtures.iter().any(|fixture| text(fixture, key) == Some(&name));
            assert!(
                name == "INDEX.toml" || is_named("file") || is_named("body_file"),
                "{name}"
            );
        }
        fixtures
    }

    /// The message of an entry, its body where the entry says it is.
    pub(crate) fn message(&self, fixture: &Value) -> Message {
        let bytes = self.file(text(fixture, "file").unwrap());
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let mut lines = std::str::from_utf8(&bytes[..end]).unwrap().lines();
        let first = lines.next().unwrap().split(' ').map(str::to_owned).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(':').unwrap();
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.trim().as_bytes()).unwrap(),
            );
        }
        let body = match (text(fixture, "body_file"), fixture.get("body_fill")) {
            (Some(body), _) => self.file(body),
            (None, Some(fill)) => {
                let octet = text(fill, "octet").unwrap().as_bytes()[0];
                vec![octet; usize::try_from(fill["count"].as_integer().unwrap()).unwrap()]
            }
            // An editor ends a text with a line end; the messages on the wire do not.
            (None, None) => {
                let body = &bytes[end + 2..];
                body.strip_suffix(b"\n").unwrap_or(body).to_vec()
            }
        };
        Message { first, headers, body }
    }
}

/// First line in its words, headers, body.
pub(crate) struct Message {
    pub(crate) first: Vec<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn text<'a>(fixture: &'a Value, name: &str) -> Option<&'a str> {
    fixture.get(name).and_then(Value::as_str)
}

/// Whether `what` is the outcome that the entry gives, or one that it allows too.
#[allow(dead_code, reason = "not every test has several outcomes")]
pub(crate) fn is_outcome(fixture: &Value, what: &str) -> bool {
    let also = fixture.get("also").and_then(Value::as_array);
    text(fixture, "outcome") == Some(what)
        || also.is_some_and(|also| also.iter().any(|outcome| outcome.as_str() == Some(what)))
}
