//! The people (and broken apps) that the simulated Desktop App can be. Each name is one behaviour that an integrator's code has to
//! survive.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the simulated Desktop App and the person in front of it behave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Persona {
    /// Opens the link, approves, and the authenticator makes a correct credential.
    #[default]
    Approves,
    /// Opens the link and declines the request: state `REJECTED`.
    Declines,
    /// Never opens the link; the command runs into its timeout.
    NeverOpens,
    /// Approves, but only after `desktop.slow_seconds` of the simulator's clock.
    Slow,
    /// Approves and sends the same answer a second time.
    AnswersTwice,
    /// The credential is made over another challenge than the one that was asked for.
    WrongChallenge,
    /// The credential names another origin than `https://<rp.id>`.
    WrongOrigin,
    /// Looks at the request and cancels it: state `CANCELLED`.
    Cancels,
    /// The attestation signature is wrong.
    ForgesSignature,
    /// The authenticator says that it already holds one of `excludeCredentials` (`InvalidStateError`), whether or not it does.
    AlreadyRegistered,
    /// Answers with JSON that is no credential at all.
    Garbage,
}

impl Persona {
    /// Every persona, in the order in which they are documented.
    pub const ALL: &'static [Self] = &[
        Self::Approves,
        Self::Declines,
        Self::NeverOpens,
        Self::Slow,
        Self::AnswersTwice,
        Self::WrongChallenge,
        Self::WrongOrigin,
        Self::Cancels,
        Self::ForgesSignature,
        Self::AlreadyRegistered,
        Self::Garbage,
    ];

    /// The name used in TOML and on command lines, for example `wrong-challenge`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approves => "approves",
            Self::Declines => "declines",
            Self::NeverOpens => "never-opens",
            Self::Slow => "slow",
            Self::AnswersTwice => "answers-twice",
            Self::WrongChallenge => "wrong-challenge",
            Self::WrongOrigin => "wrong-origin",
            Self::Cancels => "cancels",
            Self::ForgesSignature => "forges-signature",
            Self::AlreadyRegistered => "already-registered",
            Self::Garbage => "garbage",
        }
    }
}

impl fmt::Display for Persona {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no persona.
#[derive(Debug, thiserror::Error)]
#[error("no persona is called {0:?}; there are: {names}", names = Persona::ALL.iter().map(|p| p.name()).collect::<Vec<_>>().join(", "))]
#[non_exhaustive]
pub struct UnknownPersona(pub String);

impl FromStr for Persona {
    type Err = UnknownPersona;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|persona| persona.name() == text)
            .ok_or_else(|| UnknownPersona(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for persona in Persona::ALL {
            assert_eq!(persona.to_string().parse::<Persona>().unwrap(), *persona);
            let json = serde_json::to_string(persona).unwrap();
            assert_eq!(json, format!("\"{persona}\""));
        }
        let error = "asleep".parse::<Persona>().unwrap_err().to_string();
        assert!(error.contains("asleep") && error.contains("wrong-challenge"));
    }
}
