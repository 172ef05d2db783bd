//! "Test connection": one cheap call that tells what is wrong, in the order in which an installation is set up.
//!
//! The call lists token procedures, as a public client of the same API does to find out whether it is alive (seen in public third-party
//! code: Keyfactor/nexus-certificate-manager-caplugin). It changes nothing and is sent once. Any success that is JSON without an error
//! code means that the whole way works: network, TLS, the officer, the servlet, and Certificate Manager behind it.

use std::fmt;

use http::StatusCode;
use smartid_core::{
    Advice, BuildError, Endpoint, Error, Incoming, Outgoing, Repeat, ResponseError, TransportProblem,
};

use crate::answer;
use crate::auth::Officer;
use crate::dialect::CmDialect;
use crate::operations::{MediaType, Procedures};
use crate::refusal::{CmCode, CmRefusal, CmRefusalKind};

/// The connection works.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connected {
    /// How many token procedures there are for PKCS #10 requests; `None` when the answer was JSON without an error that does not say.
    pub procedures: Option<usize>,
}

impl fmt::Display for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.procedures {
            Some(1) => f.write_str("connected; one token procedure for PKCS #10 requests"),
            Some(count) => write!(f, "connected; {count} token procedures for PKCS #10 requests"),
            None => f.write_str("connected; the list of token procedures could not be read"),
        }
    }
}

/// What is wrong with the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionProblemKind {
    /// The request cannot be made with the settings of this client.
    Misconfigured,
    /// No host of this name, no connection, or no answer in time.
    NotReachable,
    /// The server's certificate is not accepted by us.
    ServerUntrusted,
    /// The server wants a client certificate and was given none, or does not accept ours.
    ClientCertificateRefused,
    /// The server asks for the client certificate too late, after the TLS handshake.
    ClientCertificateAskedTooLate,
    /// The TLS handshake fails for another reason.
    TlsFailed,
    /// The client certificate is not that of an officer (or not of one who may call the API at all).
    NotAnOfficer,
    /// The officer lacks a role.
    RoleMissing,
    /// There is no API at the address: the servlet is not started, its handler not configured, or the base URL wrong.
    NotStarted,
    /// Protocol Gateway is not initialised.
    NotInitialised,
    /// Protocol Gateway does not reach Certificate Manager.
    CaUnreachable,
    /// Too many requests. Everything else works.
    Busy,
    /// A login page, a redirect, a proxy: something stands in front of Protocol Gateway.
    SomethingInFront,
    /// Protocol Gateway refuses for another reason.
    Refused,
    /// The answer cannot be read.
    Unreadable,
}

impl ConnectionProblemKind {
    /// A short name, for metrics and machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Misconfigured => "misconfigured",
            Self::NotReachable => "not-reachable",
            Self::ServerUntrusted => "server-untrusted",
            Self::ClientCertificateRefused => "client-certificate-refused",
            Self::ClientCertificateAskedTooLate => "client-certificate-asked-too-late",
            Self::TlsFailed => "tls-failed",
            Self::NotAnOfficer => "not-an-officer",
            Self::RoleMissing => "role-missing",
            Self::NotStarted => "not-started",
            Self::NotInitialised => "not-initialised",
            Self::CaUnreachable => "ca-unreachable",
            Self::Busy => "busy",
            Self::SomethingInFront => "something-in-front",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::Misconfigured => "the settings of this client cannot be used",
            Self::NotReachable => "Protocol Gateway is not reachable",
            Self::ServerUntrusted => "the certificate of Protocol Gateway is not trusted",
            Self::ClientCertificateRefused => "Protocol Gateway does not accept the client certificate",
            Self::ClientCertificateAskedTooLate => {
                "Protocol Gateway asks for the client certificate only after the TLS handshake"
            }
            Self::TlsFailed => "the TLS handshake with Protocol Gateway fails",
            Self::NotAnOfficer => "the client certificate is not that of an officer",
            Self::RoleMissing => "the officer lacks a role",
            Self::NotStarted => "there is no API at this address, or it is not started",
            Self::NotInitialised => "Protocol Gateway is not initialised",
            Self::CaUnreachable => "Protocol Gateway does not reach Certificate Manager",
            Self::Busy => "Protocol Gateway works, and has too many requests at the moment",
            Self::SomethingInFront => "something in front of Protocol Gateway answers",
            Self::Refused => "Protocol Gateway refuses",
            Self::Unreadable => "the answer cannot be read",
        }
    }

    fn of(error: &Error) -> Self {
        if let Some(refusal) = error.refusal::<CmRefusal>() {
            return Self::of_refusal(refusal.kind(), error.status());
        }
        if let Some(transport) = error.transport_error() {
            return Self::of_transport(transport.problem());
        }
        if error.is_misconfigured() {
            return Self::Misconfigured;
        }
        match error.unreadable_answer() {
            Some(_) => Self::Unreadable,
            // The time for the call was over.
            None => Self::NotReachable,
        }
    }

    fn of_refusal(kind: &CmRefusalKind, status: Option<StatusCode>) -> Self {
        match kind {
            CmRefusalKind::Code(CmCode::Privilege) => Self::RoleMissing,
            CmRefusalKind::Code(CmCode::NotInitialised) => Self::NotInitialised,
            CmRefusalKind::Code(CmCode::Connection) => Self::CaUnreachable,
            CmRefusalKind::Code(CmCode::TooManyRequests) | CmRefusalKind::TooManyRequests => Self::Busy,
            CmRefusalKind::NotAnOfficer => Self::NotAnOfficer,
            CmRefusalKind::NoSuchPath | CmRefusalKind::NotStarted => Self::NotStarted,
            CmRefusalKind::NotAuthenticated | CmRefusalKind::Redirect { .. } | CmRefusalKind::Page => {
                Self::SomethingInFront
            }
            // A proxy that does not reach what is behind it.
            CmRefusalKind::Status
                if matches!(
                    status,
                    Some(
                        StatusCode::BAD_GATEWAY
                            | StatusCode::GATEWAY_TIMEOUT
                            | StatusCode::PROXY_AUTHENTICATION_REQUIRED
                    )
                ) =>
            {
                Self::SomethingInFront
            }
            _ => Self::Refused,
        }
    }

    fn of_transport(problem: TransportProblem) -> Self {
        use TransportProblem as P;
        match problem {
            P::Invalid => Self::Misconfigured,
            P::UntrustedServer
            | P::ServerName
            | P::ServerCertificateTime
            | P::ServerCertificateRevoked
            | P::ServerCertificateForm => Self::ServerUntrusted,
            P::ClientCertificate => Self::ClientCertificateRefused,
            P::LateClientCertificate => Self::ClientCertificateAskedTooLate,
            P::Handshake => Self::TlsFailed,
            P::TooLarge | P::NotHttp => Self::Unreadable,
            _ => Self::NotReachable,
        }
    }
}

/// The connection does not work; [`kind`](Self::kind) tells where, [`advice`](Self::advice) whose turn it is, and
/// [`error`](Self::error) all there is to know.
#[derive(Debug)]
pub struct ConnectionProblem {
    kind: ConnectionProblemKind,
    error: Error,
}

impl ConnectionProblem {
    /// What an error of a call says about the connection.
    #[must_use]
    pub fn of(error: Error) -> Self {
        Self {
            kind: ConnectionProblemKind::of(&error),
            error,
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> ConnectionProblemKind {
        self.kind
    }

    /// A short name of what is wrong, for metrics and machines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// Whose turn it is, and what to check.
    #[must_use]
    pub fn advice(&self) -> Advice {
        self.error.advice()
    }

    /// The error of the call.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// The error of the call, taken out.
    #[must_use]
    pub fn into_error(self) -> Error {
        self.error
    }
}

impl fmt::Display for ConnectionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, error } = self;
        write!(f, "{} ({}). {}", kind.says(), error.summary(), error.advice())
    }
}

impl std::error::Error for ConnectionProblem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// The call: a list of procedures whose content does not matter.
#[derive(Debug)]
pub(crate) struct Probe;

impl Endpoint for Probe {
    type Auth = Officer;
    type Dialect = CmDialect;
    type Output = Connected;
    type Error = CmRefusal;

    const NAME: &'static str = "cm.check_connection";
    const REPEAT: Repeat = Repeat::Safe;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        Procedures::of(MediaType::Pkcs10).request(dialect)
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<Connected, ResponseError<CmRefusal>> {
        match Procedures::of(MediaType::Pkcs10).response(dialect, incoming.clone()) {
            Ok(procedures) => Ok(Connected {
                procedures: Some(procedures.len()),
            }),
            Err(ResponseError::Refused(refusal)) => Err(ResponseError::Refused(refusal)),
            Err(ResponseError::Unreadable(_)) => {
                let incoming = dialect.procedures.response.apply_to_response(incoming);
                answer::document(dialect, incoming).map(|_| Connected { procedures: None })
            }
        }
    }
}
