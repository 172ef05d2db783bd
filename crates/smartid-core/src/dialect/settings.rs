//! Kinds of setting that dialects share: a verb, the statuses that mean success, the status of a reply of ours.

use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The verb of a request, as a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verb(http::Method);

impl Verb {
    /// `GET`.
    pub const GET: Self = Self(http::Method::GET);
    /// `POST`.
    pub const POST: Self = Self(http::Method::POST);
    /// `DELETE`.
    pub const DELETE: Self = Self(http::Method::DELETE);

    /// As the `http` type.
    #[must_use]
    pub fn method(&self) -> http::Method {
        self.0.clone()
    }
}

impl Serialize for Verb {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Verb {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&text.as_str());
        let method = http::Method::from_bytes(text.as_bytes()).ok().filter(|_| known);
        method
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("must be one of GET, POST, PUT, PATCH, DELETE"))
    }
}

/// The status of a reply, from 200 to 599, as a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyStatus(StatusCode);

impl ReplyStatus {
    /// 200.
    pub const OK: Self = Self(StatusCode::OK);
    /// 404.
    pub const NOT_FOUND: Self = Self(StatusCode::NOT_FOUND);
    /// 500.
    pub const INTERNAL_SERVER_ERROR: Self = Self(StatusCode::INTERNAL_SERVER_ERROR);

    /// As the `http` type.
    #[must_use]
    pub fn code(self) -> StatusCode {
        self.0
    }
}

impl Serialize for ReplyStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.0.as_u16())
    }
}

impl<'de> Deserialize<'de> for ReplyStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u16::deserialize(deserializer)?;
        let code = StatusCode::from_u16(number).ok();
        code.filter(|code| (200..600).contains(&code.as_u16()))
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("must be a status code between 200 and 599"))
    }
}

/// The status codes that mean success: numbers, or `"2xx"`; at least one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SuccessStatus(Vec<StatusRule>);

impl<'de> Deserialize<'de> for SuccessStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rules = Vec::deserialize(deserializer)?;
        if rules.is_empty() {
            return Err(serde::de::Error::custom(
                "must not be empty: no answer would mean success",
            ));
        }
        Ok(Self(rules))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a status code between 100 and 599, or \"2xx\"")]
enum StatusRule {
    Exactly(#[serde(deserialize_with = "status_number")] u16),
    Any(AnySuccess),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum AnySuccess {
    #[serde(rename = "2xx")]
    Any2xx,
}

fn status_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    u16::deserialize(deserializer).and_then(|number| {
        if (100..600).contains(&number) {
            Ok(number)
        } else {
            Err(serde::de::Error::custom("is no HTTP status code"))
        }
    })
}

impl SuccessStatus {
    /// Any status from 200 to 299.
    #[must_use]
    pub fn any_2xx() -> Self {
        Self(vec![StatusRule::Any(AnySuccess::Any2xx)])
    }

    /// Whether this status means success.
    #[must_use]
    pub fn accepts(&self, status: StatusCode) -> bool {
        self.0.iter().any(|rule| match rule {
            StatusRule::Exactly(number) => status.as_u16() == *number,
            StatusRule::Any(AnySuccess::Any2xx) => status.is_success(),
        })
    }
}
