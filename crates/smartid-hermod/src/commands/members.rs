//! Members that a caller adds to one command: for parameters that this library does not know. What an installation always wants is a
//! constant of the dialect instead.

use std::fmt;

use serde_json::value::RawValue;
use smartid_core::BuildError;
use smartid_core::json::{self, Pointer};

/// Further members of a command, by JSON pointer below its wrapper. `Debug` shows the pointers only.
#[derive(Clone, Default)]
pub struct Members(Vec<(Pointer, String)>);

impl Members {
    /// Adds a member, or replaces what the command has there. `json` is its exact JSON text.
    pub fn set(&mut self, at: Pointer, json: impl Into<String>) {
        self.0.push((at, json.into()));
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them is this place, leads to it, or lies in it.
    pub(super) fn touch(&self, place: &[&str]) -> bool {
        self.0
            .iter()
            .any(|(at, _)| at.tokens().iter().zip(place).all(|(name, wanted)| name == wanted))
    }

    pub(super) fn put_into(&self, mut body: String) -> Result<String, BuildError> {
        for (at, value) in &self.0 {
            let value = serde_json::from_str::<&RawValue>(value)
                .map_err(|error| BuildError::Invalid(format!("the member at {at} is not JSON: {error}")))?;
            body = json::put(&body, at, value.get())?;
        }
        Ok(body)
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(members) = self;
        f.debug_list().entries(members.iter().map(|(at, _)| at)).finish()
    }
}
