//! Says what went wrong in the words of [`TransportProblem`], from the chain of errors that reqwest, hyper, rustls and the operating
//! system make of it.
//!
//! reqwest's own predicates are not enough. A server that misses our client certificate under TLS 1.3 says so when the connection
//! already stands, so `is_connect()` is false and it would look like a fault of the transport; and the text of an error holds the URL
//! with its query. So the chain is walked and the innermost error that is known decides, and only its text is shown.

use std::error::Error as StdError;
use std::io;

use http::StatusCode;
use rustls::{AlertDescription, CertificateError, PeerMisbehaved};
use smartid_core::{ServiceUrl, SignError, TransportError, TransportProblem as P};

use crate::making::Asked;

/// The longest detail in characters: part of it may come from the server's certificate.
const LONGEST: usize = 300;

/// What the chain of sources holds.
#[derive(Default)]
struct Chain<'a> {
    tls: Option<&'a rustls::Error>,
    http: Option<&'a hyper::Error>,
    io: Option<io::ErrorKind>,
    /// The connection ended before it had taken the request: hyper says "canceled" of nothing else.
    untouched: bool,
    /// The text of the innermost error.
    last: String,
}

impl<'a> Chain<'a> {
    fn walk(error: &'a reqwest::Error) -> Self {
        let mut chain = Self::default();
        let mut here: Option<&(dyn StdError + 'static)> = error.source();
        let mut innermost = here;
        while let Some(error) = here {
            innermost = here;
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                chain.tls = Some(tls);
            } else if let Some(http) = error.downcast_ref::<hyper::Error>() {
                chain.http = Some(http);
                chain.untouched |= http.is_canceled();
            }
            here = match error.downcast_ref::<io::Error>() {
                // `source()` of an io::Error jumps over the error that it wraps.
                Some(io) => {
                    chain.io = Some(io.kind());
                    io.get_ref().map(|inner| inner as &(dyn StdError + 'static))
                }
                None => error.source(),
            };
        }
        if let Some(innermost) = innermost {
            chain.last = innermost.to_string();
        }
        chain
    }
}

/// The error of one request to `base`; `asked` tells what the server wanted while the connection was made.
pub(crate) fn of(error: reqwest::Error, base: &ServiceUrl, asked: Asked) -> TransportError {
    let error = error.without_url();
    let chain = Chain::walk(&error);
    let connecting = error.is_connect();
    let (problem, hint) = if let Some(tls) = chain.tls {
        of_tls(tls, connecting, asked)
    } else if error.is_builder() {
        (P::Invalid, "")
    } else if error.is_dns() {
        (P::Resolve, "")
    } else if error.is_timeout() {
        (if connecting { P::ConnectTimeout } else { P::Timeout }, "")
    } else if connecting {
        match (chain.io, asked) {
            // Some servers just hang up when no certificate comes.
            (Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset), Asked::No) => {
                (P::Connect, "")
            }
            (Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset), _) => {
                (P::ClientCertificate, certificate_hint(asked))
            }
            _ => (P::Connect, ""),
        }
    } else {
        of_standing(&chain, asked)
    };
    let problem = match problem {
        P::Broken if chain.untouched => of_untouched(asked),
        problem => problem,
    };
    let text = match chain.tls {
        Some(rustls::Error::InvalidCertificate(error)) => certificate_text(error),
        _ if chain.last.is_empty() => error.to_string(),
        _ => chain.last,
    };
    TransportError::new(
        problem,
        shown(&format!("{}:{}: {text}{hint}", base.host(), base.port())),
    )
}

/// A connection that ended between its handshake and the request. Under TLS 1.3 that is when a server refuses a certificate or misses
/// one, and hyper sometimes loses the alert, which came before anybody listened.
fn of_untouched(asked: Asked) -> P {
    match asked {
        Asked::No => P::Connect,
        _ => P::ClientCertificate,
    }
}

/// What ended a connection that stood.
fn of_standing(chain: &Chain<'_>, asked: Asked) -> (P, &'static str) {
    match chain.http {
        // hyper has a predicate for this among the features of its server only.
        Some(http) if http.is_parse() && http.to_string().contains("too large") => (P::TooLarge, ""),
        Some(http) if http.is_parse() => (P::NotHttp, ""),
        // The server missed a certificate and closed before it had the whole request, of which the rest could not be written. (Over
        // HTTP/2 it could have been something else that could not be written.)
        _ if chain.io == Some(io::ErrorKind::BrokenPipe)
            && !matches!(asked, Asked::No | Asked::Given)
            && cfg!(not(feature = "http2")) =>
        {
            (P::ClientCertificate, certificate_hint(asked))
        }
        // Perhaps because no certificate came; but a server may also ask for one and do without, so the request may have been
        // carried out.
        _ => (P::Broken, certificate_hint(asked)),
    }
}

/// The error of an answer that says that no client certificate came. `asked`: this server has asked for one in a handshake.
pub(crate) fn of_missing_certificate(status: StatusCode, base: &ServiceUrl, asked: Asked) -> TransportError {
    let (problem, hint) = match asked {
        Asked::No => (P::LateClientCertificate, LATE),
        asked => (P::ClientCertificate, certificate_hint(asked)),
    };
    TransportError::new(
        problem,
        format!(
            "{}:{}: the answer {status} says that there is no client certificate{hint}",
            base.host(),
            base.port()
        ),
    )
}

const LATE: &str = " (the server did not ask for one in the handshake)";

fn of_tls(error: &rustls::Error, connecting: bool, asked: Asked) -> (P, &'static str) {
    use rustls::Error as E;
    match error {
        E::InvalidCertificate(error) => (of_certificate(error), ""),
        E::AlertReceived(alert) => of_alert(*alert, connecting, asked),
        E::Other(other) if other.0.is::<SignError>() => (P::ClientCertificate, ""),
        E::InvalidMessage(_) if connecting => (P::Handshake, " (perhaps the port does not speak TLS)"),
        E::PeerMisbehaved(PeerMisbehaved::TooManyRenegotiationRequests) => (P::LateClientCertificate, ""),
        E::InvalidCertRevocationList(_) => (P::ServerCertificateRevoked, ""),
        _ if connecting => (P::Handshake, ""),
        _ => (P::Broken, ""),
    }
}

fn of_alert(alert: AlertDescription, connecting: bool, asked: Asked) -> (P, &'static str) {
    use AlertDescription as A;
    match alert {
        // A server sends these only about the client's certificate, early (TLS 1.2) or late (TLS 1.3).
        A::CertificateRequired
        | A::NoCertificate
        | A::BadCertificate
        | A::UnsupportedCertificate
        | A::CertificateRevoked
        | A::CertificateExpired
        | A::CertificateUnknown
        | A::UnknownCA
        | A::AccessDenied => (P::ClientCertificate, certificate_hint(asked)),
        // "Handshake failure" is also what a server says that misses the certificate it has asked for.
        A::HandshakeFailure if asked != Asked::No => (P::ClientCertificate, certificate_hint(asked)),
        A::DecryptError if asked == Asked::Given => (P::ClientCertificate, certificate_hint(asked)),
        A::UnrecognisedName if connecting => (P::ServerName, ""),
        // On a connection that stood, this is a server that wanted to negotiate anew, for a certificate; rustls does not do that.
        A::HandshakeFailure | A::NoRenegotiation if !connecting => {
            (P::LateClientCertificate, " (the server wanted to renegotiate)")
        }
        // What is wrong may be our certificate: OpenSSL calls a P-521 key under TLS 1.2 an illegal parameter.
        _ if connecting => (P::Handshake, certificate_hint(asked)),
        _ => (P::Broken, ""),
    }
}

fn certificate_hint(asked: Asked) -> &'static str {
    match asked {
        Asked::No => "",
        Asked::Given => " (the server asked for a client certificate and was given the configured one)",
        Asked::NoneConfigured => " (the server asked for a client certificate and none is configured)",
        Asked::NoScheme => {
            " (the server asked for a client certificate, but accepts none of the signature schemes that the configured key can do)"
        }
        Asked::NoPss => {
            " (the server asked for a client certificate with RSA-PSS, as TLS 1.3 always does, and the configured key can do PKCS #1 v1.5 \
             alone: TLS 1.2 may help)"
        }
    }
}

fn of_certificate(error: &CertificateError) -> P {
    use CertificateError as C;
    match error {
        C::UnknownIssuer | C::BadSignature | C::ApplicationVerificationFailure => P::UntrustedServer,
        C::NotValidForName | C::NotValidForNameContext { .. } => P::ServerName,
        C::Expired | C::ExpiredContext { .. } | C::NotValidYet | C::NotValidYetContext { .. } => {
            P::ServerCertificateTime
        }
        C::Revoked
        | C::UnknownRevocationStatus
        | C::ExpiredRevocationList
        | C::ExpiredRevocationListContext { .. }
        | C::InvalidOcspResponse => P::ServerCertificateRevoked,
        // Among the rest: a CA certificate, X.509 version 1, SHA-1, a short RSA key, a critical extension, another purpose.
        _ => P::ServerCertificateForm,
    }
}

/// What rustls says, but for those errors of which it shows the insides or too little.
fn certificate_text(error: &CertificateError) -> String {
    use CertificateError as C;
    match error {
        C::Other(other) => format!("invalid peer certificate: {}", other.0),
        C::BadSignature => {
            "invalid peer certificate: BadSignature (its issuer has the name of a configured root but another key, or the server's own \
             key is too short)"
                .to_owned()
        }
        C::UnsupportedSignatureAlgorithmContext { .. }
        | C::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "invalid peer certificate: it, or one of its issuers, is signed with an algorithm or a key that is not accepted \
             (SHA-1, RSA shorter than 2048 bits)"
                .to_owned()
        }
        other => format!("invalid peer certificate: {other}"),
    }
}

/// Printable characters on one line, not too many.
fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_connection_that_stood_is_told_apart() {
        use AlertDescription as A;
        let of = |alert, connecting, asked| of_alert(alert, connecting, asked).0;
        for alert in [A::HandshakeFailure, A::NoRenegotiation] {
            assert_eq!(of(alert, false, Asked::No), P::LateClientCertificate);
            assert_eq!(of(alert, true, Asked::No), P::Handshake);
        }
        // A server that has asked in the handshake and says this misses what it has asked for.
        for asked in [Asked::Given, Asked::NoneConfigured, Asked::NoScheme, Asked::NoPss] {
            assert_eq!(of(A::HandshakeFailure, false, asked), P::ClientCertificate);
        }
        assert_eq!(of(A::InternalError, false, Asked::No), P::Broken);
        assert_eq!(of_untouched(Asked::No), P::Connect);
        assert_eq!(of_untouched(Asked::Given), P::ClientCertificate);
        assert_eq!(of_untouched(Asked::NoneConfigured), P::ClientCertificate);
        // A server that goes on asking.
        let asks = rustls::Error::PeerMisbehaved(PeerMisbehaved::TooManyRenegotiationRequests);
        assert_eq!(of_tls(&asks, false, Asked::No).0, P::LateClientCertificate);
        let other = rustls::Error::PeerMisbehaved(PeerMisbehaved::TooMuchEarlyDataReceived);
        assert_eq!(of_tls(&other, false, Asked::No).0, P::Broken);
    }
}
