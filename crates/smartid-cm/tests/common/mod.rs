//! Reads the golden files: an index, and HTTP messages as text. What an entry means is told in `golden/README.md`.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::path::PathBuf;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use smartid_core::Incoming;

/// One `[[fixture]]`; what is not common to all is in `more`.
#[derive(Clone, Debug, Deserialize)]
pub struct Fixture {
    pub file: String,
    pub kind: String,
    pub tag: String,
    pub source: String,
    pub about: String,
    #[serde(default)]
    pub operation: Option<String>,
    #[serde(default)]
    pub step: Option<u8>,
    #[serde(default)]
    pub encoding: Option<String>,
    #[serde(default)]
    pub base: Option<String>,
    #[serde(default)]
    pub dialect: Option<String>,
    #[serde(default)]
    pub call: toml::Table,
    #[serde(default)]
    pub refuse: bool,
    #[serde(default)]
    pub answers: Option<String>,
    #[serde(default)]
    pub body_file: Option<String>,
    #[serde(default)]
    pub body_fill: Option<Fill>,
    #[serde(default)]
    pub outcome: Option<String>,
    #[serde(default)]
    pub also: Vec<String>,
    #[serde(default)]
    pub status: Option<u16>,
    #[serde(default)]
    pub code: Option<i64>,
    #[serde(default)]
    pub msg: Option<String>,
    #[serde(default)]
    pub errors: Vec<toml::Table>,
    #[serde(default)]
    pub perhaps_done: Option<bool>,
    #[serde(default)]
    pub retry: Option<String>,
    #[serde(flatten)]
    pub more: toml::Table,
    /// The folder of the index.
    #[serde(skip)]
    pub folder: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Fill {
    pub count: usize,
    pub octet: u8,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Exchange {
    pub name: String,
    pub tag: String,
    pub about: String,
    pub steps: Vec<String>,
    pub outcome: String,
    #[serde(default)]
    pub perhaps_done: Option<bool>,
    #[serde(flatten)]
    pub more: toml::Table,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Index {
    #[serde(default, rename = "fixture")]
    pub fixtures: Vec<Fixture>,
    #[serde(default, rename = "exchange")]
    pub exchanges: Vec<Exchange>,
}

/// A message: its first line, its headers, its body.
#[derive(Clone, Debug)]
pub struct Message {
    pub first: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub const BASE: &str = "https://pgwy.example.test:8444/pgwy/api";

fn golden(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(path)
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(golden(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The index of a folder. Every message of the folder must be in it.
pub fn index(folder: &str) -> Index {
    let text = String::from_utf8(read(&format!("{folder}/INDEX.toml"))).unwrap();
    let mut index: Index = toml::from_str(&text).unwrap_or_else(|error| panic!("{folder}: {error}"));
    for fixture in &mut index.fixtures {
        fixture.folder = folder.to_owned();
    }
    let mut there: Vec<String> = std::fs::read_dir(golden(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".http"))
        .collect();
    let mut listed: Vec<String> = index.fixtures.iter().map(|fixture| fixture.file.clone()).collect();
    there.sort();
    listed.sort();
    assert_eq!(there, listed, "{folder}: the files and the index");
    index
}

impl Fixture {
    /// Its message.
    pub fn message(&self) -> Message {
        let folder = &self.folder;
        let bytes = read(&format!("{folder}/{}", self.file));
        let (head, body) = match bytes.windows(2).position(|window| window == b"\n\n") {
            Some(at) => (&bytes[..at], &bytes[at + 2..]),
            None => (bytes.trim_ascii_end(), &b""[..]),
        };
        let head = std::str::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let first = lines.next().unwrap().to_owned();
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("{}: {line:?}", self.file));
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.trim().as_bytes()).unwrap(),
            );
        }
        let body = match (&self.body_file, &self.body_fill) {
            (Some(file), None) => self.octets(file).into(),
            (None, Some(fill)) => vec![fill.octet; fill.count].into(),
            _ => Bytes::copy_from_slice(body),
        };
        Message { first, headers, body }
    }

    /// The message as an answer.
    pub fn incoming(&self) -> Incoming {
        let Message { first, headers, body } = self.message();
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        Incoming::new(StatusCode::from_u16(status).unwrap(), headers, body)
    }

    /// A file that the entry names.
    pub fn octets(&self, file: &str) -> Vec<u8> {
        read(&format!("{}/{file}", self.folder))
    }

    /// A member that is not common to all, as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.more.get(name)?.as_str()
    }

    /// A member that names several files.
    pub fn files(&self, name: &str) -> Option<Vec<Vec<u8>>> {
        let files = self.more.get(name)?.as_array()?;
        Some(files.iter().map(|file| self.octets(file.as_str().unwrap())).collect())
    }

    /// What the caller gives: a text, or the octets of a file.
    pub fn given(&self, name: &str) -> Option<Vec<u8>> {
        Some(self.octets_or_text(self.call.get(name)?.as_str().unwrap()))
    }

    pub fn octets_or_text(&self, value: &str) -> Vec<u8> {
        match value.strip_prefix("file:") {
            Some(file) => self.octets(file),
            None => value.as_bytes().to_vec(),
        }
    }

    /// Whether this outcome is right.
    pub fn allows(&self, outcome: &str) -> bool {
        self.outcome.as_deref() == Some(outcome) || self.also.iter().any(|also| also == outcome)
    }
}
