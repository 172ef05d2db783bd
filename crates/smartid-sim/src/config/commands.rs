//! Settings of the commands besides FIDO: under which path, member and type each one goes, how strictly its body is read, and how a
//! deletion is meant. Five paths are documented, three command members and one type come from published examples, everything else is
//! inferred or unknown (protocol notes: hermod 2.1, 3).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// The commands of hermod 2.1 and the deletion of hermod 3.8, by their paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CommandVerb {
    /// A profile with keys (path D).
    Provision,
    /// Certificates for keys that exist (path D).
    Certificate,
    /// A person shows who they are (path D).
    Authenticate,
    /// A person signs (path D).
    Sign,
    /// A sign of life (path D).
    Ping,
    /// First half of a PIN reset (command D, path I).
    StartPinReset,
    /// Second half of a PIN reset (command D, path I).
    EndPinReset,
    /// A profile or its mailbox is deleted (existence D, path U).
    Delete,
}

impl CommandVerb {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Provision,
        Self::Certificate,
        Self::Authenticate,
        Self::Sign,
        Self::Ping,
        Self::StartPinReset,
        Self::EndPinReset,
        Self::Delete,
    ];
}

/// How one command is recognised and handed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VerbConfig {
    /// Path below the command base; may have several segments.
    pub path: String,
    /// Name of the command member.
    pub wrapper: String,
    /// `commandType`, and the type that the device sees.
    pub command_type: String,
    /// What stands at `{verb}` in the callback path; empty takes `path`.
    pub callback: String,
    /// The app stays connected after it has answered, because another command on the same box may follow (hermod 3.6: both halves of
    /// a PIN reset are inside one plugout session, D).
    pub keep_open: bool,
    /// Members that are allowed, at any depth of this command, beside those that are known (hermod 7, I).
    pub extra_members: Vec<String>,
}

impl VerbConfig {
    fn new(path: &str, wrapper: &str, command_type: &str) -> Self {
        Self {
            path: path.into(),
            wrapper: wrapper.into(),
            command_type: command_type.into(),
            callback: String::new(),
            keep_open: false,
            extra_members: Vec::new(),
        }
    }
}

/// The table of commands (hermod 2.1). A file may name only what differs; the rest is that command's own default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VerbsConfig {
    /// `provision`, `provCommand` (D-ex), `PROV` (I).
    pub provision: VerbConfig,
    /// `certificate`, `certCommand` (I), `CERT` (I).
    pub certificate: VerbConfig,
    /// `authenticate`, `authCommand` (D-ex), `AUTH` (I).
    pub authenticate: VerbConfig,
    /// `sign`, `signCommand` (D-ex), `SIGN` (D-ex).
    pub sign: VerbConfig,
    /// `ping`, `pingCommand` (I), `PING` (I).
    pub ping: VerbConfig,
    /// `startpinreset` (I), `spinCommand` (I), `SPIN` (I).
    pub startpinreset: VerbConfig,
    /// `endpinreset` (I), `epinCommand` (I), `EPIN` (I).
    pub endpinreset: VerbConfig,
    /// `delete`, `deleteCommand`, `DELETE` (all U).
    pub delete: VerbConfig,
}

impl Default for VerbsConfig {
    fn default() -> Self {
        let mut startpinreset = VerbConfig::new("startpinreset", "spinCommand", "SPIN");
        startpinreset.keep_open = true;
        Self {
            provision: VerbConfig::new("provision", "provCommand", "PROV"),
            certificate: VerbConfig::new("certificate", "certCommand", "CERT"),
            authenticate: VerbConfig::new("authenticate", "authCommand", "AUTH"),
            sign: VerbConfig::new("sign", "signCommand", "SIGN"),
            ping: VerbConfig::new("ping", "pingCommand", "PING"),
            startpinreset,
            endpinreset: VerbConfig::new("endpinreset", "epinCommand", "EPIN"),
            delete: VerbConfig::new("delete", "deleteCommand", "DELETE"),
        }
    }
}

impl VerbsConfig {
    /// The settings of one command.
    #[must_use]
    pub const fn get(&self, verb: CommandVerb) -> &VerbConfig {
        match verb {
            CommandVerb::Provision => &self.provision,
            CommandVerb::Certificate => &self.certificate,
            CommandVerb::Authenticate => &self.authenticate,
            CommandVerb::Sign => &self.sign,
            CommandVerb::Ping => &self.ping,
            CommandVerb::StartPinReset => &self.startpinreset,
            CommandVerb::EndPinReset => &self.endpinreset,
            CommandVerb::Delete => &self.delete,
        }
    }
}

/// What a file says about one command.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sparse {
    path: Option<String>,
    wrapper: Option<String>,
    command_type: Option<String>,
    callback: Option<String>,
    keep_open: Option<bool>,
    extra_members: Option<Vec<String>>,
}

impl Sparse {
    fn over(self, base: VerbConfig) -> VerbConfig {
        VerbConfig {
            path: self.path.unwrap_or(base.path),
            wrapper: self.wrapper.unwrap_or(base.wrapper),
            command_type: self.command_type.unwrap_or(base.command_type),
            callback: self.callback.unwrap_or(base.callback),
            keep_open: self.keep_open.unwrap_or(base.keep_open),
            extra_members: self.extra_members.unwrap_or(base.extra_members),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SparseTable {
    provision: Sparse,
    certificate: Sparse,
    authenticate: Sparse,
    sign: Sparse,
    ping: Sparse,
    startpinreset: Sparse,
    endpinreset: Sparse,
    delete: Sparse,
}

impl<'de> Deserialize<'de> for VerbsConfig {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let table = SparseTable::deserialize(source)?;
        let base = Self::default();
        Ok(Self {
            provision: table.provision.over(base.provision),
            certificate: table.certificate.over(base.certificate),
            authenticate: table.authenticate.over(base.authenticate),
            sign: table.sign.over(base.sign),
            ping: table.ping.over(base.ping),
            startpinreset: table.startpinreset.over(base.startpinreset),
            endpinreset: table.endpinreset.over(base.endpinreset),
            delete: table.delete.over(base.delete),
        })
    }
}

/// How strictly command bodies are read. What a command must hold is fixed; these are the points on which the pages are silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct BodyConfig {
    /// Accept a number where a text of digits is documented (`keylength`, hermod 3.1, D-ex; `nonce`), a truth value for `deviceinfo`
    /// (3.10, D), a text for `confirmation` (3.8, U), PEM where bare base64 is documented (3.1), `driver` in lower case, without a
    /// type, or as a text that holds JSON (3.6: letter case not certain).
    pub lenient_types: bool,
    /// Values of `content_encoding`; an empty text allows an entry without it. Only `base64` is published (hermod 3.4, D-ex).
    pub entry_encodings: Vec<String>,
    /// Depth to which a filter may nest (hermod 3.7: trees are U).
    pub max_filter_depth: usize,
    /// Accept any text as `newadminkey`, not just 48 lower-case hexadecimal digits: with `transportedkey` its form is unknown
    /// (hermod 3.6, D and U).
    pub any_admin_key: bool,
    /// Which texts a member may hold; a member that is not listed may hold any. `driver` and `drivertype` mean the two members of the
    /// driver. The default lists what is documented as a closed list (hermod 3.6, 3.10, D).
    pub values: BTreeMap<String, Vec<String>>,
}

impl Default for BodyConfig {
    fn default() -> Self {
        let list = |name: &str, values: &[&str]| {
            (
                name.to_owned(),
                values.iter().map(|value| (*value).to_owned()).collect(),
            )
        };
        Self {
            lenient_types: false,
            entry_encodings: vec!["base64".into()],
            max_filter_depth: 64,
            any_admin_key: false,
            values: BTreeMap::from([
                list("driver", &["yubi", "cardos", "any", "c2300", "gemalto", "vsc"]),
                list("drivertype", &["minidriver", "pkcs11"]),
                list(
                    "operation",
                    &["pinreset", "adminkeychange", "pinchange", "pukchange"],
                ),
                list("deviceinfo", &["true", "false"]),
            ]),
        }
    }
}

/// Deletion (hermod 3.8: behaviour D, wire U).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DeleteConfig {
    /// What a command without `confirmation` means.
    pub missing_confirmation: MissingConfirmation,
    /// Status when only mailboxes are deleted. With 204 there is no body.
    pub status: u16,
    /// Whether a deletion of mailboxes only is called back as well.
    pub callback: bool,
}

impl Default for DeleteConfig {
    fn default() -> Self {
        Self {
            missing_confirmation: MissingConfirmation::Refuse,
            status: 200,
            callback: false,
        }
    }
}

/// A deletion that does not say whether the device is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MissingConfirmation {
    /// 400.
    #[default]
    Refuse,
    /// As `true`: the device deletes the profile and answers.
    Device,
    /// As `false`: only mailboxes are deleted.
    Mailbox,
}
