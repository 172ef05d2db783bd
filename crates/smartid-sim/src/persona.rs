//! The people (and broken apps) that the simulated apps can be. Each name is one behaviour that an integrator's code has to
//! survive.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a simulated app and the person in front of it behave. A persona whose flaw has no meaning for a command behaves there as
/// [`Persona::Approves`]. A ping never asks the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Persona {
    /// Approves, and everything is correct.
    #[default]
    Approves,
    /// Declines the request: state `REJECTED`.
    Declines,
    /// Never opens the link, or lets the message lie; the command runs into its timeout.
    NeverOpens,
    /// Approves, but only after `desktop.slow_seconds` or `mobile.slow_seconds` of the simulator's clock.
    Slow,
    /// Approves and sends the same answer a second time.
    AnswersTwice,
    /// FIDO: the credential is made over another challenge than the one that was asked for.
    WrongChallenge,
    /// FIDO: the credential names another origin than `https://<rp.id>`.
    WrongOrigin,
    /// Looks at the request and cancels it: state `CANCELLED`.
    Cancels,
    /// The signature is wrong: of the attestation of a FIDO credential, of a provisioning answer, of a sign or authenticate answer.
    ForgesSignature,
    /// FIDO: the authenticator says that it already holds one of `excludeCredentials` (`InvalidStateError`), whether or not it does.
    AlreadyRegistered,
    /// Answers with JSON that is no answer to the command at all.
    Garbage,
    /// Provision, and an authentication without `tbs`: the signed answer repeats another nonce. PIN reset: the nonce that is sent is not the one that the card checks.
    WrongNonce,
    /// Provision, and an authentication without `tbs`: the signed answer names another user.
    WrongUser,
    /// Sign and authenticate: correctly signs other bytes than those of the command, and inside a PKCS #7 or JWS shows those.
    SignsOther,
    /// Sign: signs the entries of `tbs` in reverse order. With one entry this is no flaw.
    ReordersTbs,
    /// Signs with a key of its own: certificates of another authority with the same names, and the attestation key's `kid` over
    /// another key.
    Stranger,
    /// Sends again what it answered to an earlier command of the same type; the first time it has nothing to repeat and behaves
    /// correctly.
    ReplaysOld,
    /// Types a wrong PIN: state `FAILED`, code `WRONG_PIN`; after `desktop.pin_tries` the key's card is blocked, code `PIN_BLOCKED`.
    WrongPin,
    /// Answers in another format than the one that was asked for: JWS for PKCS #7 and the reverse; a provisioning answer is not
    /// signed.
    WrongFormat,
    /// Provision: the answer lacks the last key that was asked for.
    DropsKey,
    /// Provision: the PKCS #10 templates come back unchanged, with the throw-away key.
    KeepsTemplateKey,
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
        Self::WrongNonce,
        Self::WrongUser,
        Self::SignsOther,
        Self::ReordersTbs,
        Self::Stranger,
        Self::ReplaysOld,
        Self::WrongPin,
        Self::WrongFormat,
        Self::DropsKey,
        Self::KeepsTemplateKey,
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
            Self::WrongNonce => "wrong-nonce",
            Self::WrongUser => "wrong-user",
            Self::SignsOther => "signs-other",
            Self::ReordersTbs => "reorders-tbs",
            Self::Stranger => "stranger",
            Self::ReplaysOld => "replays-old",
            Self::WrongPin => "wrong-pin",
            Self::WrongFormat => "wrong-format",
            Self::DropsKey => "drops-key",
            Self::KeepsTemplateKey => "keeps-template-key",
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
