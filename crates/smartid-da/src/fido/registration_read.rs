//! Reads the members of a registration, and gathers what is odd about them.

use smartid_core::Lint;

use super::options_view::Transport;
use super::reader::{Binary, Object, binary, string};
use super::registration::RegistrationError;

/// What is gathered while reading.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) irregular: Option<&'static str>,
    pub(super) lints: Vec<Lint>,
}

impl Reading {
    pub(super) fn lint(&mut self, code: &'static str, at: &str, what: &str) {
        self.lints.push(Lint::new(at, what).code(code));
    }

    fn bytes(&mut self, value: &str, at: &'static str) -> Option<Vec<u8>> {
        match binary(value, at, &mut self.lints) {
            Binary::Canonical(bytes) => Some(bytes),
            Binary::Irregular(bytes) => {
                self.irregular.get_or_insert(at);
                Some(bytes)
            }
            Binary::Unreadable => None,
        }
    }

    pub(super) fn optional(
        &mut self,
        object: &Object<'_>,
        name: &str,
        at: &'static str,
    ) -> Result<Option<Vec<u8>>, RegistrationError> {
        let Some(value) = object.get(name) else {
            return Ok(None);
        };
        let bytes = self.bytes(value, at).ok_or(RegistrationError::Encoding(at))?;
        if bytes.is_empty() {
            return Err(RegistrationError::Empty(at));
        }
        Ok(Some(bytes))
    }

    pub(super) fn needed(
        &mut self,
        object: &Object<'_>,
        name: &'static str,
        at: &'static str,
    ) -> Result<Vec<u8>, RegistrationError> {
        self.optional(object, name, at)?
            .ok_or(RegistrationError::Missing(name))
    }

    /// A member that only repeats what the attestation object says: unreadable, it is as good as absent.
    pub(super) fn convenience(
        &mut self,
        object: &Object<'_>,
        name: &str,
        at: &'static str,
    ) -> Option<Vec<u8>> {
        let value = object.get(name)?;
        let read = match binary(value, at, &mut self.lints) {
            Binary::Canonical(bytes) | Binary::Irregular(bytes) => Some(bytes),
            Binary::Unreadable => None,
        };
        if read.is_none() {
            self.lint("unreadable", at, "is not base64url and is not read");
        }
        read
    }

    pub(super) fn text(&mut self, object: &Object<'_>, name: &str) -> Option<String> {
        let value = object.get(name)?;
        let text = string(value);
        if text.is_none() {
            self.lint(
                "not-a-string",
                &format!("/{name}"),
                "is not a string and is not read",
            );
        }
        text
    }

    pub(super) fn transports(&mut self, response: &Object<'_>) -> Option<Vec<Transport>> {
        let value = response.get("transports")?;
        let texts: Option<Vec<String>> = serde_json::from_str(value).ok();
        if texts.is_none() {
            self.lint(
                "not-strings",
                "/response/transports",
                "is not a list of strings and is not read",
            );
        }
        let transports = texts?;
        Some(
            transports
                .iter()
                .map(|text| Transport::from(text.as_str()))
                .collect(),
        )
    }
}
