//! The one seam between the clients and an HTTP library.
//!
//! A transport sends one request once: it follows no redirect, keeps no cookies, repeats nothing, and reads at most so much of the
//! answer. `smartid-reqwest` is the default; anything that can carry an [`Outgoing`] will do.

use std::fmt;

use crate::error::{Advice, Phase, Retry, Turn};
use crate::incoming::Incoming;
use crate::message::Outgoing;
use crate::runtime::BoxFuture;
use crate::url::ServiceUrl;

/// Carries one request to a service and brings the whole answer back.
///
/// An implementation must not follow redirects, must not repeat a request, must cap the size of the answer, and must keep header
/// values and queries out of its errors. It gives up when its future is dropped: the time limit of a call is the
/// [`Caller`](crate::Caller)'s, which drops it then.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends the request to the service at `base`.
    fn send<'a>(
        &'a self,
        base: &'a ServiceUrl,
        request: Outgoing,
    ) -> BoxFuture<'a, Result<Incoming, TransportError>>;
}

/// What went wrong below HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportProblem {
    /// The request or the URL was refused by the HTTP library.
    Invalid,
    /// The host name could not be resolved.
    Resolve,
    /// No connection could be made.
    Connect,
    /// Making a connection took too long.
    ConnectTimeout,
    /// The server's certificate is not issued by a configured root.
    UntrustedServer,
    /// The server's certificate is for another name, or has no subject alternative name.
    ServerName,
    /// The server's certificate is expired or not yet valid.
    ServerCertificateTime,
    /// The server's certificate is revoked, or its revocation status is unknown although lists were given.
    ServerCertificateRevoked,
    /// The server's certificate is a CA certificate, or of X.509 version 1: this TLS library accepts neither.
    ServerCertificateForm,
    /// The server demands a client certificate and none was given, or the one given was refused.
    ClientCertificate,
    /// The server asks for the client certificate only when it has read the request: by renegotiation (TLS 1.2) or by authentication
    /// after the handshake (TLS 1.3). This TLS library does neither, so the request was not carried out, whatever certificate is
    /// configured.
    LateClientCertificate,
    /// The handshake failed for another reason: versions, key exchange, a handshake message that cannot be read.
    Handshake,
    /// No answer within the time limit after the request had gone out.
    Timeout,
    /// The connection broke after the request had gone out, or in the middle of the answer.
    Broken,
    /// The answer is larger than the cap.
    TooLarge,
    /// The answer is not HTTP.
    NotHttp,
}

impl TransportProblem {
    /// A name of low cardinality, for metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid_request",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::ConnectTimeout => "connect_timeout",
            Self::UntrustedServer => "untrusted_server",
            Self::ServerName => "server_name",
            Self::ServerCertificateTime => "server_certificate_time",
            Self::ServerCertificateRevoked => "server_certificate_revoked",
            Self::ServerCertificateForm => "server_certificate_form",
            Self::ClientCertificate => "client_certificate",
            Self::LateClientCertificate => "late_client_certificate",
            Self::Handshake => "handshake",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
            Self::TooLarge => "too_large",
            Self::NotHttp => "not_http",
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::Invalid => "the request cannot be sent as it is",
            Self::Resolve => "the host name cannot be resolved",
            Self::Connect => "no connection can be made",
            Self::ConnectTimeout => "making a connection took too long",
            Self::UntrustedServer => "the server's certificate is not issued by a trusted root",
            Self::ServerName => "the server's certificate is not for this host name",
            Self::ServerCertificateTime => "the server's certificate is expired or not yet valid",
            Self::ServerCertificateRevoked => "the server's certificate is revoked, or its status is unknown",
            Self::ServerCertificateForm => "the server's certificate is of a form that is not accepted",
            Self::ClientCertificate => "the server demands a client certificate that it accepts",
            Self::LateClientCertificate => {
                "the server asks for the client certificate only after the TLS handshake"
            }
            Self::Handshake => "the TLS handshake failed",
            Self::Timeout => "no answer came in time",
            Self::Broken => "the connection broke",
            Self::TooLarge => "the answer is larger than the cap",
            Self::NotHttp => "the answer is not HTTP",
        }
    }
}

/// A request that brought no whole answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{detail}", .problem.says(), if .detail.is_empty() { "" } else { ": " })]
#[non_exhaustive]
pub struct TransportError {
    problem: TransportProblem,
    detail: String,
}

impl TransportError {
    /// `detail` must hold neither header values nor the query of the URL.
    pub fn new(problem: TransportProblem, detail: impl Into<String>) -> Self {
        Self {
            problem,
            detail: detail.into(),
        }
    }

    /// What went wrong.
    #[must_use]
    pub fn problem(&self) -> TransportProblem {
        self.problem
    }

    /// How far the request came.
    ///
    /// A server that misses our client certificate says so after the handshake has ended on our side (TLS 1.3), when the request may
    /// be on its way; it has refused the connection all the same, so nothing was carried out.
    #[must_use]
    pub fn phase(&self) -> Phase {
        use TransportProblem as P;
        match self.problem {
            P::Timeout | P::Broken => Phase::PerhapsDone,
            P::TooLarge | P::NotHttp => Phase::Unreadable,
            P::Invalid
            | P::Resolve
            | P::Connect
            | P::ConnectTimeout
            | P::UntrustedServer
            | P::ServerName
            | P::ServerCertificateTime
            | P::ServerCertificateRevoked
            | P::ServerCertificateForm
            | P::ClientCertificate
            | P::LateClientCertificate
            | P::Handshake => Phase::NotSent,
        }
    }

    /// Whether the same request may be sent again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        use TransportProblem as P;
        match self.problem {
            P::Resolve | P::Connect | P::ConnectTimeout => Retry::Yes { after: None },
            P::Timeout | P::Broken | P::TooLarge | P::NotHttp => Retry::Forbidden,
            P::Invalid
            | P::UntrustedServer
            | P::ServerName
            | P::ServerCertificateTime
            | P::ServerCertificateRevoked
            | P::ServerCertificateForm
            | P::ClientCertificate
            | P::LateClientCertificate
            | P::Handshake => Retry::No,
        }
    }

    /// Whose turn it is and what to check.
    #[must_use]
    pub fn advice(&self) -> Advice {
        use TransportProblem as P;
        let (turn, check) = match self.problem {
            P::Invalid => (
                Turn::Caller,
                "the URL and the header values of this client's configuration",
            ),
            P::Resolve => (
                Turn::Administrator,
                "the host name in the URL, and the name service of this machine",
            ),
            P::Connect | P::ConnectTimeout => (
                Turn::Administrator,
                "that the service runs, that host and port are right, and that no firewall is between",
            ),
            P::UntrustedServer => (
                Turn::Administrator,
                "that the root of the server's certificate is among the configured roots, and that the server sends its chain",
            ),
            P::ServerName => (
                Turn::Administrator,
                "that the URL names the server as its certificate does, in a subject alternative name (a common name is not enough)",
            ),
            P::ServerCertificateTime => (
                Turn::Administrator,
                "the validity of the server's certificate, and the clock of this machine",
            ),
            P::ServerCertificateRevoked => (
                Turn::Administrator,
                "the revocation lists: there must be a current one for every issuer in the chain",
            ),
            P::ServerCertificateForm => (
                Turn::Administrator,
                "the server's certificate: it must be of X.509 version 3 and not a CA certificate; a self-signed one needs CA:FALSE",
            ),
            P::ClientCertificate => (
                Turn::Administrator,
                "that a client identity is configured, that its issuer is in the server's trust store, and that it is neither expired nor revoked",
            ),
            P::LateClientCertificate => (
                Turn::Administrator,
                "the server: it must ask for the client certificate in the TLS handshake; Tomcat does with certificateVerification=\"required\", on a connector (port) of its own where other clients have no certificate",
            ),
            P::Handshake => (
                Turn::Administrator,
                "the server's TLS settings: TLS 1.2 with an ECDHE key exchange, or TLS 1.3",
            ),
            P::Timeout | P::Broken => (
                Turn::Time,
                "whether the service did what was asked, before trying again; then its log and the network on the way",
            ),
            P::TooLarge => (
                Turn::Administrator,
                "that the URL is that of the service; the cap can be raised if the answer is meant",
            ),
            P::NotHttp => (
                Turn::Administrator,
                "that the port is that of the service and speaks HTTP over TLS",
            ),
        };
        Advice::new(turn, check)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ALL: [TransportProblem; 16] = [
        TransportProblem::Invalid,
        TransportProblem::Resolve,
        TransportProblem::Connect,
        TransportProblem::ConnectTimeout,
        TransportProblem::UntrustedServer,
        TransportProblem::ServerName,
        TransportProblem::ServerCertificateTime,
        TransportProblem::ServerCertificateRevoked,
        TransportProblem::ServerCertificateForm,
        TransportProblem::ClientCertificate,
        TransportProblem::LateClientCertificate,
        TransportProblem::Handshake,
        TransportProblem::Timeout,
        TransportProblem::Broken,
        TransportProblem::TooLarge,
        TransportProblem::NotHttp,
    ];

    #[test]
    fn no_two_problems_have_the_same_name_or_sentence() {
        let names: BTreeSet<_> = ALL.iter().map(|problem| problem.as_str()).collect();
        let sentences: BTreeSet<_> = ALL.iter().map(|problem| problem.says()).collect();
        assert_eq!((names.len(), sentences.len()), (ALL.len(), ALL.len()));
    }

    #[test]
    fn a_late_request_for_the_certificate_is_the_administrators_turn_and_nothing_was_done() {
        let error = TransportError::new(TransportProblem::LateClientCertificate, "cm.example.test:8444");
        assert_eq!((error.phase(), error.retry()), (Phase::NotSent, Retry::No));
        let advice = error.advice();
        assert_eq!(advice.turn, Turn::Administrator);
        assert!(
            advice.check.contains("certificateVerification=\"required\""),
            "{advice:?}"
        );
        assert_ne!(
            advice,
            TransportError::new(TransportProblem::ClientCertificate, "").advice()
        );
    }
}
