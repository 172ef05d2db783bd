//! How an enrolment can end.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use smartid_core::{Advice, Turn};
use smartid_da::relying_party::StoredMethod;

use crate::flows::{Failure, Service};

/// A credential that the relying party has stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredCredential {
    /// The user it is bound to.
    pub user: String,
    /// The credential id, base64url without padding.
    pub credential_id: String,
    /// The COSE algorithm of its key, such as -7.
    pub algorithm: i64,
    /// The algorithm's name, such as `ES256`; the number as text when it has none that we know.
    pub algorithm_name: String,
    /// The model of the authenticator, as a UUID; all zeros when it does not tell.
    pub aaguid: String,
    /// The attestation format, such as `packed`.
    pub attestation: String,
    /// What the attestation claims by its form: `none`, `self`, `basic` and so on; empty in records of older versions.
    #[serde(default)]
    pub attestation_kind: String,
    /// What the local check of the attestation said: `verified`, `not checked: …` or `wrong: …`. That somebody trusts its certificates
    /// is not said by it. Empty in records of older versions.
    #[serde(default)]
    pub attestation_check: String,
    /// Whether its signature is right, by arithmetic alone: `verified`, `wrong` or `not-checked`; empty in records of older versions.
    #[serde(default)]
    pub attestation_signature: String,
    /// Whether the authenticator has verified the user, by PIN or biometrics.
    pub user_verified: bool,
    /// How we know that it is stored.
    pub confirmation: Confirmation,
    /// What the relying party said of it, if anything. They are its texts: show them escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Box<StoredMethod>>,
    /// Odd things that were tolerated on the way.
    pub remarks: Vec<String>,
}

/// How we know that a credential is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Confirmation {
    /// The relying party said so.
    Answered,
    /// The answer was lost; new options exclude this credential, so it is there.
    ListedAsExcluded,
    /// The answer was lost; a second attempt was refused as a duplicate, so it is there.
    RefusedAsDuplicate,
}

/// The typed end of an enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum End {
    /// The credential is stored and can be used to log in.
    Stored(StoredCredential),
    /// Nobody opened the link in time.
    LinkNeverOpened,
    /// The app was opened, but no answer came in time.
    NoAnswer,
    /// The user said no.
    Declined,
    /// The user, or somebody at the messaging server, cancelled the request.
    Cancelled,
    /// The authenticator holds a credential of this user already.
    AlreadyRegistered {
        /// Who said so.
        by: Service,
    },
    /// The creation options were no longer valid when they were needed.
    OptionsExpired,
    /// The app could not make a credential.
    AppFailed {
        /// The app's code, such as `NotSupportedError`.
        code: String,
        /// The app's message.
        message: String,
    },
    /// The relying party sent options that no credential can be made from.
    OptionsUnusable {
        /// The relying party.
        #[serde(default = "Service::first")]
        service: Service,
        /// What is wrong with them.
        reason: String,
    },
    /// The relying party did not give options: the user is unknown, or we are not allowed.
    OptionsRefused {
        /// The relying party.
        #[serde(default = "Service::first")]
        service: Service,
        /// What it said.
        failure: Failure,
    },
    /// Smart ID Messaging refused a command.
    CommandRefused {
        /// What it said.
        failure: Failure,
    },
    /// What the app sent is not an acceptable answer to these options; it was not sent on.
    CredentialRejected {
        /// The name of the check that failed, such as `challenge-mismatch`.
        check: String,
        /// What is wrong, as a sentence.
        reason: String,
        /// Whose turn it is.
        turn: Turn,
        /// What to check.
        advice: String,
    },
    /// The authenticator holds a new credential, but the relying party refused to store it.
    RefusedAfterCreation {
        /// The relying party.
        #[serde(default = "Service::first")]
        service: Service,
        /// What it said.
        failure: Failure,
    },
    /// A service could not be reached, or did not answer; nothing is stored.
    Unreachable {
        /// Which one.
        service: Service,
        /// At which step of the journal.
        step: String,
        /// What happened.
        failure: Failure,
    },
    /// A service answered with something that cannot be read; nothing is stored.
    UnreadableAnswer {
        /// Which one.
        service: Service,
        /// At which step of the journal.
        step: String,
        /// What is the matter with the answer.
        failure: Failure,
    },
    /// A request could not be made from the configuration; nothing was sent at that step.
    Misconfigured {
        /// What is wrong.
        failure: Failure,
    },
    /// It could not be found out whether the relying party has stored the credential.
    Uncertain {
        /// The relying party.
        #[serde(default = "Service::first")]
        service: Service,
        /// The credential id to look for, base64url without padding.
        credential_id: String,
        /// What happened.
        failure: Failure,
    },
}

impl End {
    /// Whether the credential is stored.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        matches!(self, Self::Stored(_))
    }

    /// The end's name, for scripts and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stored(_) => "stored",
            Self::LinkNeverOpened => "link-never-opened",
            Self::NoAnswer => "no-answer",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::AlreadyRegistered { .. } => "already-registered",
            Self::OptionsExpired => "options-expired",
            Self::AppFailed { .. } => "app-failed",
            Self::OptionsUnusable { .. } => "options-unusable",
            Self::OptionsRefused { .. } => "options-refused",
            Self::CommandRefused { .. } => "command-refused",
            Self::CredentialRejected { .. } => "credential-rejected",
            Self::RefusedAfterCreation { .. } => "refused-after-creation",
            Self::Unreachable { .. } => "unreachable",
            Self::UnreadableAnswer { .. } => "unreadable-answer",
            Self::Misconfigured { .. } => "misconfigured",
            Self::Uncertain { .. } => "uncertain",
        }
    }

    /// Whose turn it is and what to check; `None` when there is nothing to do.
    #[must_use]
    pub fn advice(&self) -> Option<Advice> {
        let advice = |turn, check: &'static str| Some(Advice::new(turn, check));
        match self {
            Self::Stored(_) => None,
            Self::LinkNeverOpened => advice(
                Turn::EndUser,
                "open the link on a computer where Smart ID Desktop App 2.4 or later is installed; if nothing happens there, the app or its \
                 protocol handler com.nexusgroup.plugout is missing, or the app cannot reach the messaging server over HTTPS",
            ),
            Self::NoAnswer => advice(
                Turn::EndUser,
                "start again and follow the app: plug the security key in, touch it, enter its PIN; the request was open, but no answer came",
            ),
            Self::Declined => advice(
                Turn::EndUser,
                "the request was declined in the app; start again if that was a mistake",
            ),
            Self::Cancelled => advice(
                Turn::EndUser,
                "the request was cancelled; start again if that was a mistake",
            ),
            Self::AlreadyRegistered { by } if *by != Service::Messaging => advice(
                Turn::Administrator,
                "whether the user has a credential of this enrolment already, from a process that was running at the same time; if not, start \
                 again with another authenticator",
            ),
            Self::AlreadyRegistered { .. } => advice(
                Turn::EndUser,
                "use another authenticator: this one holds a credential of this user already, which can be used to log in",
            ),
            Self::OptionsExpired => advice(
                Turn::EndUser,
                "start again and answer sooner; if everybody is too late, the relying party's time limit (in Digital Access the timeout of the \
                 FIDO method) is too short for people. The authenticator may keep the unused credential",
            ),
            Self::AppFailed { .. } => advice(
                Turn::EndUser,
                "try another authenticator; an administrator can compare what the message names with the FIDO method's settings (algorithms, \
                 discoverable credential, user verification)",
            ),
            Self::OptionsUnusable { service, .. } if *service != Service::DigitalAccess => advice(
                Turn::Administrator,
                "that the address is that of the relying party's API and not of something in front of it, and the version of that API",
            ),
            Self::OptionsUnusable { .. } => advice(
                Turn::Administrator,
                "the FIDO method in Digital Access: relying party id (a domain), algorithms; and that the URL is that of Digital Access",
            ),
            Self::CredentialRejected {
                turn, advice: check, ..
            } => Some(Advice::new(*turn, Cow::Owned(check.clone()))),
            Self::OptionsRefused { failure, .. }
            | Self::CommandRefused { failure }
            | Self::RefusedAfterCreation { failure, .. }
            | Self::Unreachable { failure, .. }
            | Self::UnreadableAnswer { failure, .. }
            | Self::Misconfigured { failure } => Some(failure.advice()),
            Self::Uncertain {
                service,
                credential_id,
                ..
            } => Some(Advice::new(
                Turn::Administrator,
                format!(
                    "whether the user has a FIDO credential with id {credential_id} at {service}; if so, the enrolment is done, if not, \
                     start again"
                ),
            )),
        }
    }
}

impl fmt::Display for End {
    /// What happened, in one sentence without the advice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored(credential) => write!(f, "the credential of {} is stored", credential.user),
            Self::LinkNeverOpened => f.write_str("nobody opened the link in time"),
            Self::NoAnswer => f.write_str("the app was opened, but no answer came in time"),
            Self::Declined => f.write_str("the user declined the request in the app"),
            Self::Cancelled => f.write_str("the request was cancelled"),
            Self::AlreadyRegistered { by } if *by != Service::Messaging => {
                write!(f, "{by} holds this credential already, for this or another user")
            }
            Self::AlreadyRegistered { .. } => {
                f.write_str("the authenticator holds a credential of this user already")
            }
            Self::OptionsExpired => f.write_str("the creation options were not valid any more"),
            Self::AppFailed { code, message } if message.is_empty() => {
                write!(f, "the app could not make a credential ({code})")
            }
            Self::AppFailed { code, message } => {
                write!(f, "the app could not make a credential ({code}: {message})")
            }
            Self::OptionsUnusable { service, reason } => {
                write!(
                    f,
                    "no credential can be made from the options of {service}: {reason}"
                )
            }
            Self::OptionsRefused { service, failure } => {
                write!(f, "{service} gave no creation options: {failure}")
            }
            Self::CommandRefused { failure } => {
                write!(f, "Smart ID Messaging refused the command: {failure}")
            }
            Self::CredentialRejected { check, reason, .. } => {
                write!(f, "the app's answer is not acceptable ({check}): {reason}")
            }
            Self::RefusedAfterCreation { service, failure } => {
                write!(
                    f,
                    "the credential was made, but {service} refused to store it: {failure}"
                )
            }
            Self::Unreachable {
                service,
                step,
                failure,
            } => write!(
                f,
                "{service} could not be reached, or gave no answer, at step {step}: {failure}"
            ),
            Self::Misconfigured { failure } => write!(f, "a request could not be made: {failure}"),
            Self::UnreadableAnswer {
                service,
                step,
                failure,
            } => {
                write!(
                    f,
                    "{service} answered something that cannot be read at step {step}: {failure}"
                )
            }
            Self::Uncertain { failure, .. } => {
                write!(f, "it is not known whether the credential is stored: {failure}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ends of the time when Digital Access was the only relying party.
    #[test]
    fn ends_of_older_versions_are_read_as_those_of_digital_access() {
        let old = r#"{"end":"options-unusable","reason":"no rp"}"#;
        let end: End = serde_json::from_str(old).unwrap();
        assert_eq!(
            end.to_string(),
            "no credential can be made from the options of Digital Access: no rp"
        );
        let old = r#"{"end":"stored","user":"alice","credential_id":"AQ","algorithm":-7,"algorithm_name":"ES256",
            "aaguid":"00000000-0000-0000-0000-000000000000","attestation":"none","user_verified":true,
            "confirmation":"answered","remarks":[]}"#;
        let End::Stored(credential) = serde_json::from_str(old).unwrap() else {
            panic!("stored")
        };
        assert_eq!(
            (credential.attestation_kind.as_str(), credential.method),
            ("", None)
        );
    }

    #[test]
    fn an_end_names_the_relying_party_it_is_about() {
        let unusable = |service| End::OptionsUnusable {
            service,
            reason: String::from("no rp"),
        };
        for (service, name) in [
            (Service::Entra, "Microsoft Entra"),
            (Service::RelyingParty, "the relying party"),
        ] {
            let end = unusable(service);
            assert!(end.to_string().contains(name), "{end}");
            assert!(!end.advice().unwrap().check.contains("Digital Access"));
            let registered = End::AlreadyRegistered { by: service };
            assert!(registered.to_string().contains(name), "{registered}");
            assert_eq!(registered.advice().unwrap().turn, Turn::Administrator);
            let back: End = serde_json::from_str(&serde_json::to_string(&end).unwrap()).unwrap();
            assert_eq!(back, end);
        }
    }
}
