//! One error for all clients: how far the request came, whether to try again, and whose turn it is.
//!
//! A caller that issues credentials must know more than "it failed": a request that was never sent may be repeated, one whose answer
//! was lost may have been carried out. [`Error::phase`] tells that, [`Error::retry`] gives the verdict of the code that knows the
//! protocol, and [`Error::advice`] says who can do something about it and what to check. Messages never contain a secret: no header
//! value, no query, of bodies only an allow-listed excerpt.

mod advice;
mod causes;
mod shown;
mod unreadable;

use std::any::Any;
use std::borrow::Cow;

use http::StatusCode;

use crate::transport::TransportError;
use crate::url::ConfigError;

pub use advice::{Advice, Phase, Retry, Turn};
pub use causes::{BuildError, CredentialError, NotSigned, ResponseError, ServiceError};
pub use unreadable::Unreadable;

#[derive(Debug)]
enum Kind {
    Build(BuildError),
    Config(ConfigError),
    Credential(CredentialError),
    NotSigned(NotSigned),
    Transport(TransportError),
    Refused(Box<dyn ServiceError>),
    Unreadable(Unreadable),
    Deadline { sent: bool },
}

/// A call that did not end with the service's agreement.
///
/// ```
/// use smartid_core::{Error, Phase, Retry, TransportError, TransportProblem, Turn};
///
/// let error = Error::transport("da.fido-options", TransportError::new(TransportProblem::Connect, "connection refused"));
/// assert_eq!(error.phase(), Phase::NotSent);
/// assert_eq!(error.retry(), Retry::Yes { after: None });
/// assert_eq!(error.advice().turn, Turn::Administrator);
/// assert!(error.to_string().starts_with("da.fido-options: not sent: "));
/// ```
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    operation: &'static str,
    kind: Kind,
    request_id: Option<String>,
    attempts: u32,
}

impl Error {
    fn of(operation: &'static str, kind: Kind) -> Self {
        Self(Box::new(Inner {
            operation,
            kind,
            request_id: None,
            attempts: 1,
        }))
    }

    /// The request could not be made.
    #[must_use]
    pub fn build(operation: &'static str, error: BuildError) -> Self {
        Self::of(operation, Kind::Build(error))
    }

    /// A setting cannot be used.
    #[must_use]
    pub fn config(operation: &'static str, error: ConfigError) -> Self {
        Self::of(operation, Kind::Config(error))
    }

    /// The credential could not be obtained.
    #[must_use]
    pub fn credential(operation: &'static str, error: CredentialError) -> Self {
        Self::of(operation, Kind::Credential(error))
    }

    /// What the service wants signed was not signed; nothing was sent, or nothing after the question for a signature.
    #[must_use]
    pub fn not_signed(operation: &'static str, error: NotSigned) -> Self {
        Self::of(operation, Kind::NotSigned(error))
    }

    /// The transport failed.
    #[must_use]
    pub fn transport(operation: &'static str, error: TransportError) -> Self {
        Self::of(operation, Kind::Transport(error))
    }

    /// The service said no.
    #[must_use]
    pub fn refused(operation: &'static str, error: impl ServiceError) -> Self {
        Self::of(operation, Kind::Refused(Box::new(error)))
    }

    /// The answer cannot be read.
    #[must_use]
    pub fn unreadable(operation: &'static str, error: Unreadable) -> Self {
        Self::of(operation, Kind::Unreadable(error))
    }

    /// The time for the whole call was over; `sent` says whether the request had gone out.
    #[must_use]
    pub fn deadline(operation: &'static str, sent: bool) -> Self {
        Self::of(operation, Kind::Deadline { sent })
    }

    /// Adds the service's request id.
    #[must_use]
    pub fn with_request_id(mut self, id: Option<&str>) -> Self {
        self.0.request_id = id.map(str::to_owned);
        self
    }

    /// Sets how often the request was tried.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// The operation, such as `hermod.fido-create`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// How far the request came.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match &self.0.kind {
            Kind::Build(_)
            | Kind::Config(_)
            | Kind::Credential(_)
            | Kind::NotSigned(_)
            | Kind::Deadline { sent: false } => Phase::NotSent,
            Kind::Deadline { sent: true } => Phase::PerhapsDone,
            Kind::Transport(error) => error.phase(),
            Kind::Refused(error) => error.phase(),
            Kind::Unreadable(_) => Phase::Unreadable,
        }
    }

    /// The HTTP status, when there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match &self.0.kind {
            Kind::Refused(error) => error.status(),
            Kind::Unreadable(error) => Some(error.status()),
            _ => None,
        }
    }

    /// The service's own code, kept even when it is unknown to us.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Refused(error) => error.code(),
            _ => None,
        }
    }

    /// The request id that the service gave, for its log.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Whether nothing was sent because a value or a setting cannot be used. Only the calling program or its configuration can mend
    /// that; a credential that could not be obtained is none of it, because its source may come back.
    ///
    /// ```
    /// use smartid_core::{ConfigError, Error};
    ///
    /// assert!(Error::config("da.fido-options", ConfigError::new("da.url", "is empty")).is_misconfigured());
    /// assert!(!Error::deadline("da.fido-options", false).is_misconfigured());
    /// ```
    #[must_use]
    pub fn is_misconfigured(&self) -> bool {
        matches!(self.0.kind, Kind::Build(_) | Kind::Config(_))
    }

    /// The error's sentence without the advice: for those who show the advice apart, or write a line of a log. Together with it, it is
    /// what `Display` writes.
    ///
    /// ```
    /// use smartid_core::Error;
    ///
    /// let error = Error::deadline("da.fido-options", false);
    /// assert_eq!(error.summary(), "da.fido-options: not sent: the time for this call was over");
    /// assert_eq!(error.to_string(), format!("{}. {}", error.summary(), error.advice()));
    /// ```
    #[must_use]
    pub fn summary(&self) -> String {
        shown::Sentence(self).to_string()
    }

    /// How often the request was tried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The refusal as the client's own type.
    #[must_use]
    pub fn refusal<E: ServiceError>(&self) -> Option<&E> {
        match &self.0.kind {
            Kind::Refused(error) => (error.as_ref() as &dyn Any).downcast_ref(),
            _ => None,
        }
    }

    /// What the transport reported.
    #[must_use]
    pub fn transport_error(&self) -> Option<&TransportError> {
        match &self.0.kind {
            Kind::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// What could not be read.
    #[must_use]
    pub fn unreadable_answer(&self) -> Option<&Unreadable> {
        match &self.0.kind {
            Kind::Unreadable(error) => Some(error),
            _ => None,
        }
    }

    /// A name of low cardinality for metrics, after OpenTelemetry's `error.type`: the status code of a refusal, else the kind.
    #[must_use]
    pub fn error_type(&self) -> Cow<'static, str> {
        match &self.0.kind {
            Kind::Build(_) => "build".into(),
            Kind::Config(_) => "config".into(),
            Kind::Credential(_) => "credential".into(),
            Kind::NotSigned(_) => "not_signed".into(),
            Kind::Transport(error) => error.problem().as_str().into(),
            Kind::Refused(error) => match error.status() {
                Some(status) => status.as_str().to_owned().into(),
                None => "refused".into(),
            },
            Kind::Unreadable(_) => "unreadable".into(),
            Kind::Deadline { .. } => "deadline".into(),
        }
    }

    /// Whether the same request may be sent again.
    ///
    /// This is the verdict on the failure alone; whether the operation can bear a repetition is [`Repeat`](crate::Repeat).
    #[must_use]
    pub fn retry(&self) -> Retry {
        match &self.0.kind {
            Kind::Build(_) | Kind::Config(_) | Kind::NotSigned(_) => Retry::No,
            Kind::Credential(error) => error.retry(),
            Kind::Deadline { sent: false } => Retry::Yes { after: None },
            Kind::Deadline { sent: true } | Kind::Unreadable(_) => Retry::Forbidden,
            Kind::Transport(error) => error.retry(),
            Kind::Refused(error) => error.retry(),
        }
    }

    /// Whose turn it is and what to check.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match &self.0.kind {
            Kind::Build(_) => Advice::new(Turn::Caller, "correct the value that the message names"),
            Kind::Config(_) => Advice::new(Turn::Caller, "correct the setting that the message names"),
            Kind::Credential(error) => error.advice().unwrap_or_else(|| {
                Advice::new(
                    Turn::Caller,
                    "check the source of the credential: its address, its client id and its secret",
                )
            }),
            Kind::NotSigned(_) => Advice::new(
                Turn::Caller,
                "check the officer's key: that the card is in its reader, that the PIN is right and not blocked, that certificate and key \
                 belong together",
            ),
            Kind::Transport(error) => error.advice(),
            Kind::Refused(error) => error.advice(),
            Kind::Unreadable(error) => error.advice().cloned().unwrap_or_else(|| {
                Advice::new(
                    Turn::Administrator,
                    "check that the URL is that of the service and not of a proxy or login page in front of it, and that the product's \
                     version is one that has this operation; if both hold, a dialect can describe the difference",
                )
            }),
            Kind::Deadline { .. } => Advice::new(
                Turn::Time,
                "the service or the network is slow; look whether the work was done before trying again",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::incoming::Incoming;

    #[test]
    fn an_error_is_one_pointer_and_can_cross_threads() {
        fn crosses<T: Send + Sync + 'static>() {}
        crosses::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn the_sentence_and_the_advice_are_the_whole_message() {
        let refused = CredentialError::new("no answer from the token server");
        let invalid = BuildError::Invalid("the PIN has 3 digits".into());
        let url = ConfigError::new("da.url", "is empty");
        let busy = TransportError::new(crate::TransportProblem::Connect, "refused");
        for (error, misconfigured) in [
            (Error::build("x.y", invalid), true),
            (Error::config("x.y", url), true),
            (Error::credential("x.y", refused), false),
            (
                Error::transport("x.y", busy)
                    .with_attempts(2)
                    .with_request_id(Some("r-1")),
                false,
            ),
            (Error::deadline("x.y", true), false),
        ] {
            let summary = error.summary();
            assert_eq!(error.to_string(), format!("{summary}. {}", error.advice()));
            assert!(!summary.contains("Turn of"), "{summary}");
            assert_eq!(error.is_misconfigured(), misconfigured, "{summary}");
            assert_eq!(
                summary.ends_with("[request r-1]"),
                error.attempts() == 2,
                "{summary}"
            );
        }
    }

    #[test]
    fn a_reader_that_knows_more_gives_its_cause_and_its_advice() {
        let incoming = Incoming::new(StatusCode::OK, http::HeaderMap::new(), Bytes::from_static(b"x"));
        let advice = Advice::new(Turn::EndUser, "look at the label");
        let unreadable = Unreadable::because(&incoming, CredentialError::new("of another"), advice.clone());
        assert!(unreadable.cause::<NotSigned>().is_none());
        let error = Error::unreadable("x.y", unreadable);
        assert_eq!(
            (error.phase(), error.retry()),
            (Phase::Unreadable, Retry::Forbidden)
        );
        assert_eq!(error.advice(), advice);
        let cause = error.unreadable_answer().unwrap().cause::<CredentialError>();
        assert_eq!(cause, Some(&CredentialError::new("of another")));
        assert!(error.to_string().contains("of another"), "{error}");
        let plain = Error::unreadable("x.y", incoming.unreadable("not it"));
        assert_eq!(plain.advice().turn, Turn::Administrator);
    }

    #[test]
    fn a_credential_that_a_call_did_not_bring_has_that_calls_verdict() {
        let of = |problem| {
            let call = Error::transport("oauth.token", TransportError::new(problem, "h"));
            Error::credential("x.y", CredentialError::of_call("the token endpoint", call))
        };
        let again = Retry::Yes { after: None };
        for (problem, retry) in [
            (crate::TransportProblem::Connect, again),
            (crate::TransportProblem::Timeout, again),
            (crate::TransportProblem::TooLarge, Retry::No),
            (crate::TransportProblem::UntrustedServer, Retry::No),
        ] {
            let error = of(problem);
            assert_eq!((error.phase(), error.retry()), (Phase::NotSent, retry), "{error}");
            assert_eq!(error.advice(), TransportError::new(problem, "h").advice());
            let text = error.to_string();
            assert!(text.contains("the token endpoint: oauth.token: "), "{text}");
            let source = std::error::Error::source(&error).unwrap();
            let source: &CredentialError = source.downcast_ref().unwrap();
            assert_eq!(source.call().unwrap().operation(), "oauth.token");
            assert!(std::error::Error::source(source).unwrap().is::<Error>());
            assert_eq!(source, &source.clone());
        }
        let plain = Error::credential("x.y", CredentialError::new("no file"));
        assert_eq!((plain.retry(), plain.advice().turn), (again, Turn::Caller));
        assert_ne!(
            CredentialError::of_call("s", Error::deadline("x", false)),
            CredentialError::of_call("s", Error::deadline("x", false))
        );
    }

    #[test]
    fn an_unreadable_answer_shows_its_path_and_no_values() {
        #[derive(Debug, serde::Deserialize)]
        struct Answer {
            #[expect(dead_code, reason = "only read")]
            list: Vec<u8>,
        }
        let body = Bytes::from_static(br#"{"list":[1,2,"canary"]}"#);
        let incoming = Incoming::new(StatusCode::OK, http::HeaderMap::new(), body);
        let unreadable = incoming.json::<Answer>().unwrap_err();
        assert_eq!(unreadable.path(), Some("list[2]"));
        let error = Error::unreadable("x.y", unreadable).with_request_id(Some("r-1"));
        assert_eq!(
            (error.phase(), error.retry()),
            (Phase::Unreadable, Retry::Forbidden)
        );
        assert!(
            error.to_string().contains("list[2]") && error.to_string().contains("[request r-1]"),
            "{error}"
        );
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        assert_eq!(
            error.unreadable_answer().unwrap().danger_body(),
            br#"{"list":[1,2,"canary"]}"#
        );
    }
}
