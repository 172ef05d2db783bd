//! Settings of the FIDO commands. Their existence is documented, nothing about their form is (protocol notes: hermod 3.9), so each
//! part of the inference is one switch.

use serde::{Deserialize, Deserializer, Serialize};

/// The FIDO commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FidoConfig {
    /// Two commands on one box, or one.
    pub mode: FidoMode,
    /// The command that opens the session and yields the link.
    #[serde(deserialize_with = "session_verb")]
    pub session: FidoVerb,
    /// The command that carries the creation options.
    #[serde(deserialize_with = "create_verb")]
    pub create: FidoVerb,
    /// JSON pointer to the creation options inside the command member.
    pub options_pointer: String,
    /// How the options are written there.
    pub options_encoding: OptionsEncoding,
    /// JSON pointer, in the whole create body, to the value that addresses the box.
    pub address_pointer: String,
    /// What that value is: text with `{bid}`, `{commandId}`, `{externalId}` or `{mid}` of the session command.
    pub address: String,
    /// Refuse the create command with this status until the app has opened the session; 0 accepts it at once.
    pub refuse_create_until_open: u16,
}

impl Default for FidoConfig {
    fn default() -> Self {
        Self {
            mode: FidoMode::Session,
            session: FidoVerb::new("fido", "fidoCommand", "start"),
            create: FidoVerb::new("fido", "fidoCommand", "create"),
            options_pointer: "/publicKey".into(),
            options_encoding: OptionsEncoding::Object,
            address_pointer: "/commandHeader/to/0".into(),
            address: "{bid}".into(),
            refuse_create_until_open: 0,
        }
    }
}

/// How one command is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FidoVerb {
    /// Path below the command base. `ping` opens the session with a ping command.
    pub verb: String,
    /// Name of the command member.
    pub wrapper: String,
    /// Name of the member that holds the operation; empty when there is none.
    pub operation_member: String,
    /// Its value.
    pub operation: String,
}

impl FidoVerb {
    /// A verb whose operation stands in the member `operation`.
    pub fn new(verb: impl Into<String>, wrapper: impl Into<String>, operation: impl Into<String>) -> Self {
        Self {
            verb: verb.into(),
            wrapper: wrapper.into(),
            operation_member: "operation".into(),
            operation: operation.into(),
        }
    }

    /// A verb without an operation member.
    pub fn bare(verb: impl Into<String>, wrapper: impl Into<String>) -> Self {
        Self {
            operation_member: String::new(),
            operation: String::new(),
            ..Self::new(verb, wrapper, "")
        }
    }
}

/// A verb in a file may name only what differs; the rest is that command's own default, not a common one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sparse {
    verb: Option<String>,
    wrapper: Option<String>,
    operation_member: Option<String>,
    operation: Option<String>,
}

fn overlay<'de, D: Deserializer<'de>>(source: D, base: FidoVerb) -> Result<FidoVerb, D::Error> {
    let Sparse {
        verb,
        wrapper,
        operation_member,
        operation,
    } = Sparse::deserialize(source)?;
    Ok(FidoVerb {
        verb: verb.unwrap_or(base.verb),
        wrapper: wrapper.unwrap_or(base.wrapper),
        operation_member: operation_member.unwrap_or(base.operation_member),
        operation: operation.unwrap_or(base.operation),
    })
}

fn session_verb<'de, D: Deserializer<'de>>(source: D) -> Result<FidoVerb, D::Error> {
    overlay(source, FidoConfig::default().session)
}

fn create_verb<'de, D: Deserializer<'de>>(source: D) -> Result<FidoVerb, D::Error> {
    overlay(source, FidoConfig::default().create)
}

/// How many commands a ceremony has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FidoMode {
    /// One command opens the session, the next one carries the options (hermod 3.9, I).
    #[default]
    Session,
    /// The create command itself goes to `@tmp` and returns the link. The session command is then unknown.
    Single,
}

/// How the creation options are written in the command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OptionsEncoding {
    /// As a JSON object.
    #[default]
    Object,
    /// As a string that holds the JSON text.
    String,
    /// As base64url of the JSON text.
    Base64url,
}
