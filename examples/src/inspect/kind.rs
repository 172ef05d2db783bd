//! Which command something is, or answers: by its verb, by `commandType`, by the name of its wrapper.

use std::str::FromStr;

use smartid::HermodDialect;

use super::places::folded;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// A profile with keys.
    Provision,
    /// Certificates for keys.
    Certificate,
    /// Who holds a profile.
    Authenticate,
    /// A signature.
    Sign,
    /// Is the endpoint alive.
    Ping,
    /// The first half of a PIN reset.
    StartPinReset,
    /// The second half.
    EndPinReset,
    /// A profile or a mailbox is deleted.
    Delete,
    /// A session, or a credential.
    Fido,
}

/// The command, its names besides the dialect's (folded), and what it is called.
const NAMES: &[(Command, &[&str], &str)] = &[
    (
        Command::Provision,
        &["provision", "prov", "provisioning"],
        "provision",
    ),
    (Command::Certificate, &["certificate", "cert"], "certificate"),
    (
        Command::Authenticate,
        &["authenticate", "auth", "authentication"],
        "authenticate",
    ),
    (Command::Sign, &["sign", "signature"], "sign"),
    (Command::Ping, &["ping"], "ping"),
    (
        Command::StartPinReset,
        &["startpinreset", "spin"],
        "startpinreset",
    ),
    (Command::EndPinReset, &["endpinreset", "epin"], "endpinreset"),
    (
        Command::Delete,
        &[
            "delete",
            "del",
            "dele",
            "deleteprofile",
            "deletemailbox",
            "profiledelete",
        ],
        "delete",
    ),
    (
        Command::Fido,
        &["fido", "fidosession", "fidocreate", "fidocredential"],
        "fido",
    ),
];

impl Command {
    /// What it is called: its documented verb, where there is one.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = NAMES.iter().find(|(command, ..)| *command == self);
        found.map_or("", |(_, _, name)| name)
    }

    /// By the names that are documented or inferred.
    fn known(name: &str) -> Option<Self> {
        let name = folded(name);
        let found = NAMES.iter().find(|(_, names, _)| names.contains(&name.as_str()));
        found.map(|(command, ..)| *command)
    }

    /// By the name of its table in the dialect.
    fn of_table(table: &str) -> Option<Self> {
        Self::known(table.split('.').next().unwrap_or_default())
    }

    /// By a verb, a `commandType`, or a wrapper, as the dialect spells them or as they are known.
    pub(super) fn of(word: &str, dialect: &HermodDialect) -> Option<Self> {
        let plain = |name: &str| {
            let name = folded(name);
            name.strip_suffix("command").map(str::to_owned).unwrap_or(name)
        };
        let wanted = plain(word);
        if wanted.is_empty() {
            return None;
        }
        let spelled = dialect.commands().into_iter().find(|(_, setting)| {
            plain(&setting.wrapper) == wanted || folded(&setting.path.to_string()) == wanted
        });
        match spelled {
            Some((table, _)) => Self::of_table(table),
            None if plain(&dialect.fido.create.wrapper) == wanted => Some(Self::Fido),
            None => Self::known(&wanted),
        }
    }

    /// The table of the dialect that has its wrapper.
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Provision => "messaging.provision",
            Self::Certificate => "messaging.certificate",
            Self::Authenticate => "messaging.authenticate",
            Self::Sign => "messaging.sign",
            Self::Ping => "messaging.ping",
            Self::StartPinReset => "messaging.start_pin_reset",
            Self::EndPinReset => "messaging.end_pin_reset",
            Self::Delete => "messaging.delete_profile",
            Self::Fido => "messaging.fido.session",
        }
    }
}

impl FromStr for Command {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::known(text).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(_, _, name)| *name).collect();
            format!("is none of {}", names.join(", "))
        })
    }
}
