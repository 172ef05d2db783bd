//! The `commandHeader` that every command begins with: for how long, to whom, and under which id of ours.
//!
//! Vendor pages: Integrate Identity Manager with Smart ID Messaging (`lifespan`, `timeout`), Example: Personal Desktop Client signing
//! (`to`), Example: Smart ID Mobile App certificate provisioning (`externalId`), all documented. That an API user's `timeout` must be
//! *shorter* than `lifespan` is documented for Identity Manager, but every published API example has equal values; so equal is let pass
//! with a lint, unless the client is strict.

use std::sync::Arc;
use std::time::Duration;

use smartid_core::{BuildError, ConfigError, Lint};

use crate::dialect::{DestinationTemplate, Placeholders};
use crate::ids::ExternalId;

/// Makes a temporary, anonymous mailbox that only the link in the answer leads to.
pub const TEMPORARY: &str = "@tmp";

/// `commandHeader`: lifespan, timeout, destinations, our own id.
///
/// ```
/// use std::time::Duration;
/// use smartid_hermod::CommandHeader;
///
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?
///     .to(["anna.golden@example.test"])
///     .external_id("order-17");
/// assert_eq!(header.get_timeout().as_secs(), 250);
///
/// let refused = CommandHeader::new(Duration::from_secs(250), Duration::from_secs(300)).unwrap_err();
/// assert!(refused.to_string().starts_with("setting hermod.timeout: "));
/// # Ok::<(), smartid_core::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandHeader {
    lifespan: u64,
    timeout: u64,
    to: Option<Vec<String>>,
    external_id: Option<ExternalId>,
    strict: bool,
    /// Not on the wire: where the outcome will be kept.
    inbox_name: Option<Arc<str>>,
}

impl CommandHeader {
    /// `lifespan`: after it messaging forgets the command. `timeout`: after it the device can no longer fetch the command. Both in whole
    /// seconds, at least one.
    ///
    /// # Errors
    /// [`ConfigError`] for `hermod.lifespan` or `hermod.timeout` when one is shorter than a second, or the timeout is longer than the
    /// lifespan.
    pub fn new(lifespan: Duration, timeout: Duration) -> Result<Self, ConfigError> {
        Self::checked(lifespan, timeout, false)
    }

    pub(crate) fn checked(lifespan: Duration, timeout: Duration, strict: bool) -> Result<Self, ConfigError> {
        if lifespan.as_secs() == 0 {
            return Err(ConfigError::new("hermod.lifespan", "is shorter than a second"));
        }
        if timeout.as_secs() == 0 {
            return Err(ConfigError::new("hermod.timeout", "is shorter than a second"));
        }
        let (lifespan, timeout) = (lifespan.as_secs(), timeout.as_secs());
        if timeout > lifespan || strict && timeout == lifespan {
            return Err(ConfigError::new(
                "hermod.timeout",
                format!("is {timeout} s; it must be shorter than hermod.lifespan, which is {lifespan} s"),
            ));
        }
        Ok(Self {
            lifespan,
            timeout,
            to: None,
            external_id: None,
            strict,
            inbox_name: None,
        })
    }

    /// Sets the destinations, in place of those that the dialect has for the command: `@tmp`, a mailbox id, a user id, a profile id.
    #[must_use]
    pub fn to<T: Into<String>>(mut self, to: impl IntoIterator<Item = T>) -> Self {
        self.to = Some(to.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the id that callbacks will carry. Each command needs one of its own.
    #[must_use]
    pub fn external_id(mut self, id: impl Into<ExternalId>) -> Self {
        self.external_id = Some(id.into());
        self
    }

    /// Leaves `externalId` out. The outcome can then be found by the command id only, so it is lost when the answer to the command is.
    #[must_use]
    pub fn without_external_id(mut self) -> Self {
        self.external_id = None;
        self
    }

    /// Sets another timeout for this command.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn timeout(self, timeout: Duration) -> Result<Self, ConfigError> {
        let checked = Self::checked(self.get_lifespan(), timeout, self.strict)?;
        Ok(Self {
            timeout: checked.timeout,
            ..self
        })
    }

    /// How long messaging keeps the command.
    #[must_use]
    pub fn get_lifespan(&self) -> Duration {
        Duration::from_secs(self.lifespan)
    }

    /// How long the device can fetch the command.
    #[must_use]
    pub fn get_timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    /// The id that we chose.
    #[must_use]
    pub fn get_external_id(&self) -> Option<&ExternalId> {
        self.external_id.as_ref()
    }

    pub(crate) fn in_inbox(mut self, name: Option<&str>) -> Self {
        self.inbox_name = name.map(Arc::from);
        self
    }

    pub(crate) fn inbox_name(&self) -> Option<&str> {
        self.inbox_name.as_deref()
    }

    /// The destinations, when they are not those of the dialect.
    #[must_use]
    pub fn destinations(&self) -> Option<&[String]> {
        self.to.as_deref()
    }

    /// What was let pass.
    #[must_use]
    pub fn lints(&self) -> Vec<Lint> {
        if self.timeout == self.lifespan {
            vec![Lint::new(
                "hermod.timeout",
                "equals hermod.lifespan, so a timeout may be forgotten before it can be polled; the vendor asks for a shorter one",
            )]
        } else {
            Vec::new()
        }
    }

    /// Writes the object; members in the order lifespan, timeout, to, externalId.
    pub(crate) fn write(
        &self,
        out: &mut Vec<u8>,
        to: &[DestinationTemplate],
        values: &Placeholders<'_>,
    ) -> Result<(), BuildError> {
        out.extend_from_slice(b"{\"lifespan\":");
        write_number(out, self.lifespan);
        out.extend_from_slice(b",\"timeout\":");
        write_number(out, self.timeout);
        match &self.to {
            Some(to) => write_list(out, to, |out, to| write_text(out, to))?,
            None => write_list(out, to, |out, to| {
                out.push(b'"');
                to.pieces(values, |piece| escape(out, piece))?;
                out.push(b'"');
                Ok(())
            })?,
        }
        if let Some(id) = &self.external_id {
            out.extend_from_slice(b",\"externalId\":");
            write_text(out, id.as_str())?;
        }
        out.push(b'}');
        Ok(())
    }
}

fn write_list<T>(
    out: &mut Vec<u8>,
    items: &[T],
    mut write: impl FnMut(&mut Vec<u8>, &T) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    if items.is_empty() {
        return Ok(());
    }
    for (index, item) in items.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b",\"to\":[" } else { b"," });
        write(out, item)?;
    }
    out.push(b']');
    Ok(())
}

fn write_number(out: &mut Vec<u8>, number: u64) {
    use std::io::Write as _;
    // Writing to a vector does not fail.
    let _ = write!(out, "{number}");
}

/// A text as a JSON string.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) -> Result<(), BuildError> {
    serde_json::to_writer(out, text).map_err(|error| BuildError::Json(error.to_string()))
}

/// A text as a part of a JSON string.
fn escape(out: &mut Vec<u8>, text: &str) {
    if text
        .bytes()
        .all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
    {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let start = out.len();
    if write_text(out, text).is_ok() {
        out.pop();
        out.remove(start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(lifespan: u64, timeout: u64) -> Result<CommandHeader, ConfigError> {
        CommandHeader::new(Duration::from_secs(lifespan), Duration::from_secs(timeout))
    }

    fn written(header: &CommandHeader, to: &[&str]) -> String {
        let to: Vec<DestinationTemplate> = to
            .iter()
            .map(|to| serde_json::from_value((*to).into()).unwrap())
            .collect();
        let values = Placeholders {
            bid: Some("a\"b"),
            ..Placeholders::default()
        };
        let mut out = Vec::new();
        header.write(&mut out, &to, &values).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn equal_times_leave_a_lint_and_strictness_refuses_them() {
        let header = seconds(300, 300).unwrap();
        assert_eq!(header.lints().len(), 1);
        assert!(seconds(300, 250).unwrap().lints().is_empty());
        assert!(seconds(250, 300).is_err());
        assert!(seconds(0, 0).is_err());
        assert!(CommandHeader::checked(Duration::from_secs(300), Duration::from_secs(300), true).is_err());
        assert!(header.timeout(Duration::from_secs(301)).is_err());
    }

    #[test]
    fn own_destinations_win_over_those_of_the_dialect() {
        let header = seconds(30, 20).unwrap();
        assert_eq!(
            written(&header, &["x{bid}y", "@tmp"]),
            r#"{"lifespan":30,"timeout":20,"to":["xa\"by","@tmp"]}"#
        );
        assert_eq!(written(&header, &[]), r#"{"lifespan":30,"timeout":20}"#);
        let header = header.to(["u"]).external_id("e\n");
        assert_eq!(
            written(&header, &["@tmp"]),
            r#"{"lifespan":30,"timeout":20,"to":["u"],"externalId":"e\n"}"#
        );
    }
}
