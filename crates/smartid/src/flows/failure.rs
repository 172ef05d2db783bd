//! What went wrong, in a form that a flow can store and another process can tell.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use smartid_core::{Advice, Error, Phase, StoreError, Turn};

use crate::store::FlowId;

/// One of the products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Service {
    /// Smart ID Messaging (Hermod).
    Messaging,
    /// Digital Access.
    DigitalAccess,
    /// Certificate Manager.
    CertificateManager,
    /// Microsoft Entra.
    Entra,
    /// A relying party of FIDO credentials that is none of these.
    RelyingParty,
}

#[cfg(feature = "da")]
impl Service {
    /// The service that a relying party is.
    #[must_use]
    pub fn of(provider: smartid_da::relying_party::Provider) -> Self {
        use smartid_da::relying_party::Provider;
        match provider {
            Provider::DIGITAL_ACCESS => Self::DigitalAccess,
            Provider::ENTRA => Self::Entra,
            _ => Self::RelyingParty,
        }
    }

    /// What ends that were written before there was a second relying party mean.
    pub(crate) fn first() -> Self {
        Self::DigitalAccess
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Messaging => "Smart ID Messaging",
            Self::DigitalAccess => "Digital Access",
            Self::CertificateManager => "Certificate Manager",
            Self::Entra => "Microsoft Entra",
            Self::RelyingParty => "the relying party",
        })
    }
}

/// An [`Error`] as data: what a flow keeps of it. It holds no secret, as the error's own message does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// The operation, such as `da.fido-credentials`.
    pub operation: String,
    /// How far the request came.
    pub phase: Phase,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// The service's own code.
    pub code: Option<String>,
    /// The service's request id, for its log.
    pub request_id: Option<String>,
    /// The error's sentence, without the advice.
    pub message: String,
    /// Whose turn it is.
    pub turn: Turn,
    /// What to check.
    pub check: String,
}

impl Failure {
    /// Something that went wrong here and not at a call.
    #[cfg(all(feature = "hermod", feature = "da"))]
    pub(crate) fn local(operation: &str, phase: Phase, message: impl Into<String>, advice: Advice) -> Self {
        Self {
            operation: operation.to_owned(),
            phase,
            status: None,
            code: None,
            request_id: None,
            message: message.into(),
            turn: advice.turn,
            check: advice.check.into_owned(),
        }
    }

    /// Whose turn it is and what to check.
    #[must_use]
    pub fn advice(&self) -> Advice {
        Advice::new(self.turn, Cow::Owned(self.check.clone()))
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let advice = error.advice();
        Self {
            operation: error.operation().to_owned(),
            phase: error.phase(),
            status: error.status().map(|status| status.as_u16()),
            // As it is shown: a service that echoes a token as its code is not quoted.
            code: error.code().map(smartid_core::redact::message),
            request_id: error.request_id().map(str::to_owned),
            message: error.summary(),
            turn: advice.turn,
            check: advice.check.into_owned(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The flow itself could not be run; nothing is said about the credential.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// The store failed. The flow stands where it was; try again.
    #[error("the flow's store failed: {0}")]
    Store(#[from] StoreError),
    /// No flow of this name is stored.
    #[error("no flow {0} is stored")]
    NotFound(FlowId),
    /// The stored flow is another one, or of a version that this program does not know.
    #[error("flow {id} is {flow} version {version}, which this program cannot resume")]
    UnknownVersion {
        /// The flow's name.
        id: FlowId,
        /// Which flow it is.
        flow: String,
        /// The version of its state.
        version: u32,
    },
    /// The stored flow enrols at another relying party than the one that was asked to carry on.
    #[error("flow {id} enrols at {begun_at}, and this is the flow of {asked}")]
    OtherRelyingParty {
        /// The flow's name.
        id: FlowId,
        /// Where it was begun: the relying party's id.
        begun_at: String,
        /// Which one this is: its id.
        asked: String,
    },
    /// `begin()` was interrupted before it returned a link, so nobody can answer: call `resume()` and show the link it returns.
    #[error("flow {0} has no link that was shown; resume it and show the new link")]
    NoLinkShown(FlowId),
    /// Another process wrote first, again and again.
    #[error("flow {0} is being written by others all the time")]
    Contended(FlowId),
    /// The flow was begun with other settings than those of the program that wants to carry it on: another method, or a changed one.
    #[error("flow {0} was begun with other settings")]
    OtherSettings(FlowId),
    /// The directory of users failed. The flow stands where it was; try again.
    #[error("the directory of users failed: {0}")]
    Directory(#[from] DirectoryError),
}

impl FlowError {
    /// Whose turn it is and what to check.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self {
            Self::Store(_) => Advice::new(
                Turn::Administrator,
                "that the flow store is reachable and has room; then resume the flow",
            ),
            Self::NotFound(_) => Advice::new(
                Turn::Caller,
                "the flow's name, and that this process uses the store the flow was begun on",
            ),
            Self::UnknownVersion { .. } => Advice::new(
                Turn::Caller,
                "that all processes on this store run the same version of the program; finish old flows with the old one",
            ),
            Self::OtherRelyingParty { .. } => Advice::new(
                Turn::Caller,
                "resume and complete each flow with the relying party it was begun with",
            ),
            Self::NoLinkShown(_) => {
                Advice::new(Turn::Caller, "call resume() and show the link that it returns")
            }
            Self::Contended(_) => Advice::new(
                Turn::Caller,
                "that one flow is not completed by many processes at once",
            ),
            Self::OtherSettings(_) => Advice::new(
                Turn::Caller,
                "which method the flow was begun with; after a change of its settings, start again",
            ),
            Self::Directory(_) => Advice::new(
                Turn::Administrator,
                "that the directory of users is reachable; then carry the flow on",
            ),
        }
    }
}

/// A directory of users could not be asked. What went wrong is cleaned of what looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DirectoryError(String);

impl DirectoryError {
    /// With a sentence for an operator; words that look like a token are masked.
    #[must_use]
    pub fn new(problem: &str) -> Self {
        Self(smartid_core::redact::message(problem))
    }
}

#[cfg(all(test, feature = "da"))]
mod tests {
    use smartid_da::relying_party::Provider;

    use super::*;

    #[test]
    fn a_relying_party_that_is_not_known_by_name_is_one_all_the_same() {
        for (provider, service) in [
            (Provider::DIGITAL_ACCESS, Service::DigitalAccess),
            (Provider::ENTRA, Service::Entra),
            (Provider::new("intranet", "the intranet"), Service::RelyingParty),
        ] {
            assert_eq!(Service::of(provider), service);
        }
        assert_eq!(serde_json::to_string(&Service::Entra).unwrap(), "\"entra\"");
    }
}
