//! Reads an index and the messages that it names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid_core::Incoming;
use toml::{Table, Value};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The files of a folder but for its index.
pub fn files_of(folder: &str) -> BTreeSet<String> {
    let mut files: BTreeSet<String> = std::fs::read_dir(root().join(folder))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(files.remove("INDEX.toml"), "{folder} has no index");
    files
}

/// One folder's index.
pub struct Index {
    folder: String,
    table: Table,
}

impl Index {
    pub fn of(folder: &str) -> Self {
        let path = root().join(folder).join("INDEX.toml");
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self {
            folder: folder.to_owned(),
            table: text
                .parse()
                .unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        }
    }

    fn entries(&self, name: &str) -> Vec<Entry> {
        let entries = self.table.get(name).and_then(Value::as_array);
        entries
            .into_iter()
            .flatten()
            .map(|entry| Entry {
                folder: self.folder.clone(),
                table: entry.as_table().unwrap().clone(),
            })
            .collect()
    }

    pub fn fixtures(&self) -> Vec<Entry> {
        let fixtures = self.entries("fixture");
        assert!(!fixtures.is_empty(), "{} has no fixture", self.folder);
        fixtures
    }

    pub fn exchanges(&self) -> Vec<Entry> {
        self.entries("exchange")
    }

    /// The fixture of this file.
    pub fn fixture(&self, file: &str) -> Entry {
        let mut fixtures = self.fixtures().into_iter();
        let found = fixtures.find(|fixture| fixture.text("file") == file);
        found.unwrap_or_else(|| panic!("{}/{file} is in no index", self.folder))
    }

    /// The fixtures of one kind.
    pub fn of_kind(&self, kind: &str) -> Vec<Entry> {
        let mut fixtures = self.fixtures();
        fixtures.retain(|fixture| fixture.text("kind") == kind);
        fixtures
    }
}

/// Every file of a folder is in an entry: one that no test reads is a mistake.
pub fn assert_complete(folder: &str) {
    let fixtures = Index::of(folder).fixtures();
    for file in std::fs::read_dir(root().join(folder)).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let is_named = |key: &str| {
            fixtures
                .iter()
                .any(|fixture| fixture.optional_text(key) == Some(&name))
        };
        assert!(
            name == "INDEX.toml" || is_named("file") || is_named("body_file"),
            "{folder}/{name}"
        );
    }
}

/// A fixture or an exchange.
#[derive(Clone, Debug)]
pub struct Entry {
    pub folder: String,
    pub table: Table,
}

impl Entry {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.table.get(name)
    }

    pub fn optional_text(&self, name: &str) -> Option<&str> {
        self.get(name).map(|value| {
            value
                .as_str()
                .unwrap_or_else(|| panic!("{self}: {name} is no text"))
        })
    }

    pub fn text(&self, name: &str) -> &str {
        self.optional_text(name)
            .unwrap_or_else(|| panic!("{self}: no {name}"))
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        self.get(name).map(|value| value.as_integer().unwrap())
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| value.as_bool().unwrap())
    }

    pub fn texts(&self, name: &str) -> Vec<String> {
        let list = self.get(name).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    }

    pub fn tables(&self, name: &str) -> Option<Vec<Table>> {
        let list = self.get(name)?.as_array().unwrap();
        Some(
            list.iter()
                .map(|table| table.as_table().unwrap().clone())
                .collect(),
        )
    }

    pub fn call(&self) -> Table {
        self.get("call")
            .and_then(Value::as_table)
            .cloned()
            .unwrap_or_else(|| panic!("{self}: no call"))
    }

    /// A file beside the index.
    pub fn path(&self, file: &str) -> PathBuf {
        let file = file.strip_prefix("file:").unwrap_or(file);
        root().join(&self.folder).join(file)
    }

    pub fn octets(&self, file: &str) -> Vec<u8> {
        let path = self.path(file);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Another fixture of this folder, or of the one that its path names.
    pub fn other(&self, file: &str) -> Self {
        let (folder, file) = match file.strip_prefix("../").and_then(|path| path.split_once('/')) {
            Some((folder, file)) => (folder, file),
            None => (self.folder.as_str(), file),
        };
        Index::of(folder).fixture(file)
    }

    pub fn message(&self) -> Message {
        let mut message = Message::read(&self.octets(self.text("file")), &self.to_string());
        if let Some(file) = self.optional_text("body_file") {
            message.body = self.octets(file);
        }
        if let Some(fill) = self.get("body_fill").and_then(Value::as_table) {
            let octet = match &fill["octet"] {
                Value::Integer(octet) => u8::try_from(*octet).unwrap(),
                octet => octet.as_str().unwrap().as_bytes()[0],
            };
            let count = usize::try_from(fill["count"].as_integer().unwrap()).unwrap();
            message.body = vec![octet; count];
        }
        message
    }

    /// The answer of this fixture.
    pub fn incoming(&self) -> Incoming {
        self.message().incoming()
    }

    /// Whether this is an outcome that is right.
    pub fn allows(&self, outcome: &str) -> bool {
        self.optional_text("outcome") == Some(outcome)
            || self.texts("also").iter().any(|also| also == outcome)
    }
}

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.table.get("file").or(self.table.get("name"));
        write!(
            f,
            "{}/{}",
            self.folder,
            name.and_then(Value::as_str).unwrap_or("?")
        )
    }
}

/// An HTTP message as a file has it.
#[derive(Clone, Debug)]
pub struct Message {
    pub first: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Message {
    fn read(octets: &[u8], name: &str) -> Self {
        let end = octets.windows(2).position(|pair| pair == b"\n\n");
        let (head, body) = match end {
            Some(end) => (&octets[..end], octets[end + 2..].to_vec()),
            None => (octets, Vec::new()),
        };
        // A few heads hold octets that are no text.
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
        let mut lines = head.split(|octet| *octet == b'\n');
        let first = text(lines.next().unwrap());
        let headers = lines
            .filter(|line| !line.is_empty())
            .map(|line| {
                let colon = line.iter().position(|octet| *octet == b':');
                let (header, value) = line.split_at(colon.unwrap_or_else(|| panic!("{name}: {line:?}")));
                (
                    text(header).to_ascii_lowercase(),
                    value[1..].trim_ascii().to_vec(),
                )
            })
            .collect();
        Self { first, headers, body }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| std::str::from_utf8(value).unwrap())
    }

    /// The verb and the target of a request.
    pub fn request_line(&self) -> (&str, &str) {
        let mut words = self.first.split(' ');
        (words.next().unwrap(), words.next().unwrap())
    }

    pub fn incoming(self) -> Incoming {
        let status = self.first.split(' ').nth(1).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value).unwrap(),
            );
        }
        Incoming::new(
            StatusCode::from_bytes(status.as_bytes()).unwrap(),
            headers,
            Bytes::from(self.body),
        )
    }
}
