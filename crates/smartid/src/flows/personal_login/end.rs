//! How a login can end.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use smartid_core::{Advice, Timestamp, Turn};

use crate::flows::{Failure, Service};

/// Somebody is logged in.
///
/// It is a fact of the moment [`at`](Self::at): a program that reads it much later has no reason to open a session for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LoggedIn {
    /// The id of the user, as the directory has it.
    pub user: String,
    /// What proves that.
    pub how: How,
    /// As of when it was checked.
    pub at: Timestamp,
    /// The display name of the method.
    pub method: String,
    /// The certificate of the signer, when there is one.
    pub certificate: Option<SignerCertificate>,
    /// What was tolerated or not checked on the way, such as revocation without lists.
    pub remarks: Vec<String>,
}

/// What proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum How {
    /// The signer's certificate: issued by the method's certificate authority, and mapped to exactly one user.
    Certificate,
    /// The command lay in the mailbox of the user who was typed, and was signed for with a certificate of the method's certificate
    /// authority. The method maps no attribute of the certificate, so that it does not name the user.
    MailboxAndCertificate,
    /// A key of the user's profile, known from provisioning.
    ProfileKey,
    /// The command lay in the mailbox of the user who was typed, and messaging says that it was answered.
    Mailbox,
}

impl How {
    /// `certificate`, `mailbox-and-certificate`, `profile-key` or `mailbox`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::MailboxAndCertificate => "mailbox-and-certificate",
            Self::ProfileKey => "profile-key",
            Self::Mailbox => "mailbox",
        }
    }
}

/// What the certificate of a verified signer says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignerCertificate {
    /// The subject.
    pub subject: String,
    /// The issuer.
    pub issuer: String,
    /// The serial number.
    pub serial: String,
    /// Until when it is valid.
    pub not_after: Timestamp,
}

/// Why an answer or its certificate is not acceptable. Nothing of the answer is quoted but names from verified certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NotAcceptable {
    /// The name of the check that failed, such as `unknown-issuer`, `expired` or `content-unexpected`.
    pub code: String,
    /// What is wrong, as a sentence.
    pub reason: String,
    /// Whose turn it is.
    pub turn: Turn,
    /// What to check.
    pub check: String,
}

impl NotAcceptable {
    pub(super) fn new(code: &str, reason: impl ToString, advice: Advice) -> Self {
        Self {
            code: code.to_owned(),
            reason: reason.to_string(),
            turn: advice.turn,
            check: advice.check.into_owned(),
        }
    }
}

/// The typed end of a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum End {
    /// Somebody is logged in.
    LoggedIn(LoggedIn),
    /// The person said no in the app.
    Declined,
    /// The login was cancelled: by the person, at the messaging server, or by this program.
    Cancelled,
    /// Nobody answered in time.
    TimedOut,
    /// There is an answer, but it was looked at after messaging had forgotten the command: too old for a session.
    TooLate,
    /// The app could not do it.
    AppFailed {
        /// The app's code.
        code: String,
        /// The app's message.
        message: String,
    },
    /// No user has the name that was typed. Nothing was sent. Do not tell the person more than that the login failed.
    UnknownUser,
    /// Personal is not enabled for the user.
    PersonalNotEnabled {
        /// The user.
        user: String,
    },
    /// The user who was typed has no mailbox that could be named: the attribute has no value, or several.
    NoMailbox {
        /// The user.
        user: String,
    },
    /// Nothing was sent, because no answer could prove who it is: without certificate authentication, or without User Attribute and
    /// Certificate Attribute, somebody has to type a name, or the directory has to know the keys of profiles.
    NobodyNamed,
    /// The answer is not one to this command.
    AnswerRefused(NotAcceptable),
    /// The certificate of the signer is not acceptable.
    CertificateRefused(NotAcceptable),
    /// The certificate is good, and names no user.
    NoUser,
    /// The certificate is good, and names several users.
    SeveralUsers,
    /// The answer is another user's than the one who was typed.
    OtherUser,
    /// Smart ID Messaging refused the command.
    CommandRefused {
        /// What it said.
        failure: Failure,
    },
    /// A service could not be reached, or did not answer.
    Unreachable {
        /// Which one.
        service: Service,
        /// At which step of the journal.
        step: String,
        /// What happened.
        failure: Failure,
    },
    /// A service answered with something that cannot be read.
    UnreadableAnswer {
        /// Which one.
        service: Service,
        /// At which step of the journal.
        step: String,
        /// What is the matter with the answer.
        failure: Failure,
    },
    /// The command could not be made from the configuration; nothing was sent.
    Misconfigured {
        /// What is wrong.
        failure: Failure,
    },
}

impl End {
    /// Who is logged in.
    #[must_use]
    pub fn logged_in(&self) -> Option<&LoggedIn> {
        match self {
            Self::LoggedIn(logged_in) => Some(logged_in),
            _ => None,
        }
    }

    /// The end's name, for scripts and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::LoggedIn(_) => "logged-in",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed-out",
            Self::TooLate => "too-late",
            Self::AppFailed { .. } => "app-failed",
            Self::UnknownUser => "unknown-user",
            Self::PersonalNotEnabled { .. } => "personal-not-enabled",
            Self::NoMailbox { .. } => "no-mailbox",
            Self::NobodyNamed => "nobody-named",
            Self::AnswerRefused(_) => "answer-refused",
            Self::CertificateRefused(_) => "certificate-refused",
            Self::NoUser => "no-user",
            Self::SeveralUsers => "several-users",
            Self::OtherUser => "other-user",
            Self::CommandRefused { .. } => "command-refused",
            Self::Unreachable { .. } => "unreachable",
            Self::UnreadableAnswer { .. } => "unreadable-answer",
            Self::Misconfigured { .. } => "misconfigured",
        }
    }

    /// Whose turn it is and what to check; `None` when there is nothing to do.
    #[must_use]
    pub fn advice(&self) -> Option<Advice> {
        let (turn, check) = match self {
            Self::LoggedIn(_) => return None,
            Self::Declined => (
                Turn::EndUser,
                "start again if that was a mistake; a person who did not ask to log in was right to decline, and somebody else may be trying",
            ),
            Self::Cancelled => (Turn::EndUser, "start again if that was a mistake"),
            Self::TimedOut => (
                Turn::EndUser,
                "start again with the app at hand; if nothing arrives there, it has no profile of this installation, no notifications, or no \
                 way to the messaging server over HTTPS",
            ),
            Self::TooLate => (
                Turn::EndUser,
                "start again; if it happens often, the program that completes logins is not running all the time, or its clock jumps",
            ),
            Self::AppFailed { .. } => (
                Turn::EndUser,
                "what the message names: a PIN that is blocked, or no certificate that the method's filter lets pass",
            ),
            Self::UnknownUser => (
                Turn::EndUser,
                "the spelling of the user name; an administrator can look whether the directory has the user",
            ),
            Self::PersonalNotEnabled { .. } => (
                Turn::Administrator,
                "Enable Personal at the user's account, and publish",
            ),
            Self::NoMailbox { .. } => (
                Turn::Administrator,
                "the attribute that names the user's mailbox at the messaging server: it needs exactly one value",
            ),
            Self::NobodyNamed => (
                Turn::Administrator,
                "the method: enable certificate authentication with User Attribute and Certificate Attribute, or let people type their user name",
            ),
            Self::AnswerRefused(problem) | Self::CertificateRefused(problem) => {
                return Some(Advice::new(problem.turn, Cow::Owned(problem.check.clone())));
            }
            Self::NoUser => (
                Turn::Administrator,
                "whether the user has the value of the method's Certificate Attribute in the User Attribute, letter by letter; a test account \
                 with another certificate looks like this",
            ),
            Self::SeveralUsers => (
                Turn::Administrator,
                "the directory: the value of the User Attribute must be one user's only; use an attribute that is unique",
            ),
            Self::OtherUser => (
                Turn::EndUser,
                "type the name of the user whose certificate the app has; somebody who answers in the place of another looks like this",
            ),
            Self::CommandRefused { failure }
            | Self::Unreachable { failure, .. }
            | Self::UnreadableAnswer { failure, .. }
            | Self::Misconfigured { failure } => return Some(failure.advice()),
        };
        Some(Advice::new(turn, check))
    }
}

impl fmt::Display for End {
    /// What happened, in one sentence without the advice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoggedIn(logged_in) => {
                write!(
                    f,
                    "{} is logged in, by {}",
                    logged_in.user,
                    logged_in.how.as_str()
                )
            }
            Self::Declined => f.write_str("the person declined the login in the app"),
            Self::Cancelled => f.write_str("the login was cancelled"),
            Self::TimedOut => f.write_str("nobody answered in time"),
            Self::TooLate => f.write_str("the answer was looked at too late for a login"),
            Self::AppFailed { code, message } if message.is_empty() => {
                write!(f, "the app could not do it ({code})")
            }
            Self::AppFailed { code, message } => write!(f, "the app could not do it ({code}: {message})"),
            Self::UnknownUser => f.write_str("no user has the name that was typed"),
            Self::PersonalNotEnabled { user } => write!(f, "Personal is not enabled for {user}"),
            Self::NoMailbox { user } => write!(f, "it is not known which mailbox is that of {user}"),
            Self::NobodyNamed => f.write_str("nothing in an answer could prove who it is"),
            Self::AnswerRefused(problem) => {
                write!(
                    f,
                    "the answer is not acceptable ({}): {}",
                    problem.code, problem.reason
                )
            }
            Self::CertificateRefused(problem) => {
                write!(
                    f,
                    "the certificate is not acceptable ({}): {}",
                    problem.code, problem.reason
                )
            }
            Self::NoUser => f.write_str("the certificate names no user"),
            Self::SeveralUsers => f.write_str("the certificate names several users"),
            Self::OtherUser => f.write_str("the answer is another user's than the one who was typed"),
            Self::CommandRefused { failure } => {
                write!(f, "Smart ID Messaging refused the command: {failure}")
            }
            Self::Unreachable {
                service,
                step,
                failure,
            } => write!(
                f,
                "{service} could not be reached, or gave no answer, at step {step}: {failure}"
            ),
            Self::UnreadableAnswer {
                service,
                step,
                failure,
            } => write!(
                f,
                "{service} answered something that cannot be read at step {step}: {failure}"
            ),
            Self::Misconfigured { failure } => write!(f, "the command could not be made: {failure}"),
        }
    }
}
