//! Settings of what Smart ID Messaging does beside commands: asking a client's content provider (protocol notes: hermod 8, D) and
//! writing the template of a new API user (hermod 1.4, D).

use serde::{Deserialize, Serialize};

/// The content provider (hermod 8: call and answer D; statuses, limits and cache U).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ContentConfig {
    /// Path below `content-provider-url`.
    pub path: String,
    /// What happens when the content cannot be had.
    pub failure: ContentFailure,
    /// Ask once per command and keep the answer, instead of each time a device fetches.
    pub cache: bool,
    /// Also take the content as a single object, without the list `data` around it (hermod 8: "wrapped the same way" is I).
    pub accept_bare: bool,
    /// Seconds of real time after which a call counts as failed.
    pub timeout_seconds: u64,
}

impl Default for ContentConfig {
    fn default() -> Self {
        Self {
            path: "getcontent".into(),
            failure: ContentFailure::Fail,
            cache: false,
            accept_bare: false,
            timeout_seconds: 10,
        }
    }
}

/// What happens when the content cannot be had (U).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ContentFailure {
    /// The command fails with an error and is called back; the device finds no message.
    #[default]
    Fail,
    /// The device gets the message as the client sent it, without the content.
    Deliver,
}

/// The template of a new API user: `GET {prefix}/util/generateclient/{clientid}` (hermod 1.4, D).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct GenerateConfig {
    /// Whether the address exists.
    pub enabled: bool,
    /// The spelling of 2.x (`clientId`) instead of that of 3.x (`client-id`; hermod 1.4, D).
    pub camel: bool,
}

impl Default for GenerateConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            camel: false,
        }
    }
}
