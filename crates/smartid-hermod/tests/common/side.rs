//! Fixtures of what stands beside the commands: mobile links, content, push messages, client entries.

use serde::Deserialize;

use super::{index, text};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sample {
    pub file: String,
    pub what: String,
    pub tag: String,
    pub expect: String,
    pub also: Vec<String>,
    pub hostile: bool,
    pub writes: bool,
    pub kind: Option<String>,
    pub scheme: Option<String>,
    pub base: Option<String>,
    pub bid: Option<String>,
    pub mid: Option<String>,
    pub title: Option<String>,
    pub redirect: Option<String>,
    pub content_id: Option<String>,
    pub status: Option<u16>,
    pub body: Option<String>,
    pub basic_auth: Option<String>,
    #[serde(rename = "type")]
    pub kind_of_push: Option<String>,
    pub ttl: Option<u64>,
    pub os: Option<String>,
    pub clients: Vec<Client>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Client {
    pub id: String,
    pub key: String,
    pub api_key: String,
    pub group: Option<String>,
    pub callback_url: Option<String>,
    pub callback_basic_auth: Option<String>,
    pub content_provider_url: Option<String>,
    pub content_provider_basic_auth: Option<String>,
}

impl Sample {
    /// Whether the entry says that this is right.
    pub fn allows(&self, outcome: &str) -> bool {
        self.expect == outcome || self.also.iter().any(|also| also == outcome)
    }
}

/// The fixtures of a folder; every file in it is listed.
pub fn samples(folder: &str) -> Vec<Sample> {
    #[derive(Deserialize)]
    struct Index {
        fixture: Vec<Sample>,
    }
    let listed = index(folder).len();
    let index: Index = toml::from_str(&text(&format!("{folder}/INDEX.toml"))).unwrap();
    assert_eq!(index.fixture.len(), listed);
    index.fixture
}
