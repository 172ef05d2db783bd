//! What went wrong with one of several certificates of a call.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use smartid_core::json::string_or_number;
use smartid_core::redact;

use super::CmCode;
use crate::ids::CertId;

/// One element of `errors[]` (seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin): which certificate or
/// which element of the request, and why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ItemError {
    /// The certificate, where the call named certificates.
    #[serde(
        default,
        deserialize_with = "if_it_is_one",
        skip_serializing_if = "Option::is_none"
    )]
    pub certid: Option<CertId>,
    /// The place in the call's list, where the call had a list without ids. Whether it counts from 0 is unknown: setting
    /// `answers.first_index` of the dialect. What is no place in a list is left out.
    #[serde(
        default,
        rename = "arrayindex",
        deserialize_with = "if_it_is_one",
        skip_serializing_if = "Option::is_none"
    )]
    pub index: Option<u64>,
    /// Why.
    #[serde(rename = "errorcode")]
    pub code: CmCode,
    /// What Certificate Manager says about it; it may name persons. [`Display`](fmt::Display) shows it redacted.
    #[serde(default, rename = "errormessage", skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the server behind it says.
    #[serde(
        default,
        rename = "servererrormessage",
        skip_serializing_if = "Option::is_none"
    )]
    pub server_message: Option<String>,
    /// How many elements one call may have, where that was the reason.
    #[serde(
        default,
        deserialize_with = "if_it_is_one",
        skip_serializing_if = "Option::is_none"
    )]
    pub limit: Option<u64>,
}

impl ItemError {
    /// What was said in words.
    pub(super) fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        self.message.iter_mut().chain(&mut self.server_message)
    }
}

/// Reads a text or a number; what cannot be read is left out, so that the error itself is not lost.
fn if_it_is_one<'de, T: FromText, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    struct Text(#[serde(deserialize_with = "string_or_number")] String);
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value::<Text>(value)
        .ok()
        .and_then(|text| T::from_text(&text.0)))
}

trait FromText: Sized {
    fn from_text(text: &str) -> Option<Self>;
}

impl FromText for u64 {
    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl FromText for CertId {
    fn from_text(text: &str) -> Option<Self> {
        Self::from_answer(text)
    }
}

impl fmt::Display for ItemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.certid, self.index) {
            (Some(certid), _) => write!(f, "certificate {certid}: ")?,
            (None, Some(index)) => write!(f, "element {index}: ")?,
            (None, None) => {}
        }
        write!(f, "{} (code {})", self.code.says(), self.code)?;
        for text in [&self.message, &self.server_message].into_iter().flatten() {
            write!(f, ", {:?}", redact::message(text))?;
        }
        if let Some(limit) = self.limit {
            write!(f, ", at most {limit} in one call")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ItemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemError({self})")
    }
}
