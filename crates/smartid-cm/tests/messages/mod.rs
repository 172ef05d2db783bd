//! The golden files of a folder as tests of a receiver and of single answers want them: every file in an entry, a message in its words.

#[allow(dead_code, unreachable_pub, reason = "this test uses a part")]
#[path = "../common/golden.rs"]
mod golden;

use golden::{Entry, Index};
use http::{HeaderMap, HeaderName, HeaderValue};
use toml::Value;

/// The folder of an operation.
pub(crate) struct Golden(&'static str);

impl Golden {
    pub(crate) const fn of(folder: &'static str) -> Self {
        Self(folder)
    }

    fn entry(&self, fixture: &Value) -> Entry {
        Entry {
            folder: self.0.to_owned(),
            table: fixture.as_table().unwrap().clone(),
        }
    }

    /// A file, named as the index names it.
    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        self.entry(&Value::Table(toml::Table::new())).octets(name)
    }

    /// The entries of the index. Every file of the folder must be in one.
    pub(crate) fn fixtures(&self) -> Vec<Value> {
        golden::assert_complete(self.0);
        let fixtures = Index::of(self.0).fixtures();
        fixtures
            .into_iter()
            .map(|fixture| Value::Table(fixture.table))
            .collect()
    }

    /// The message of an entry, its body where the entry says it is.
    pub(crate) fn message(&self, fixture: &Value) -> Message {
        let message = self.entry(fixture).message();
        let mut headers = HeaderMap::new();
        for (name, value) in &message.headers {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value).unwrap(),
            );
        }
        let mut body = message.body;
        // An editor ends a text with a line end; the messages on the wire do not.
        let is_text = fixture.get("body_file").is_none() && fixture.get("body_fill").is_none();
        if is_text && body.last() == Some(&b'\n') {
            body.pop();
        }
        Message {
            first: message.first.split(' ').map(str::to_owned).collect(),
            headers,
            body,
        }
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
