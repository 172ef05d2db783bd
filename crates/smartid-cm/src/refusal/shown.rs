//! A refusal as text: what the service said, redacted, and never more of a body than its verdict.

use std::fmt;

use super::{Answer, CmRefusal, CmRefusalKind};

impl std::error::Error for CmRefusal {}

impl fmt::Display for CmRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer {
            status,
            code: _,
            message,
            items,
            excerpt,
            after: _,
            body: _,
            advice: _,
        } = &*self.answer;
        let status = status.map_or(0, |status| status.as_u16());
        match &self.kind {
            CmRefusalKind::Code(code) => write!(f, "{} (code {code}, status {status})", code.says())?,
            CmRefusalKind::SignatureDemandedAgain => {
                f.write_str("the service wants a signature although it was given one")?;
            }
            CmRefusalKind::NoSigner => {
                f.write_str("the service wants a signature and this client has no signer")?
            }
            CmRefusalKind::NothingToSign => {
                f.write_str("the service wants a signature and does not say over what")?;
            }
            CmRefusalKind::NotAuthenticated => write!(f, "not authenticated (status {status})")?,
            CmRefusalKind::NotAnOfficer => {
                write!(
                    f,
                    "the caller is no officer, or not one who may do this (status {status})"
                )?;
            }
            CmRefusalKind::NoSuchPath => write!(f, "nothing at this address (status {status})")?,
            CmRefusalKind::NotStarted => write!(f, "not started (status {status})")?,
            CmRefusalKind::TooManyRequests => write!(f, "too many requests (status {status})")?,
            CmRefusalKind::Redirect { to: Some(to) } => write!(f, "sent to {to} (status {status})")?,
            CmRefusalKind::Redirect { to: None } => write!(f, "sent elsewhere (status {status})")?,
            CmRefusalKind::Page => write!(f, "a web page instead of an answer (status {status})")?,
            CmRefusalKind::Status => write!(f, "status {status}, {excerpt}")?,
        }
        if let Some(message) = message {
            write!(f, ", message {message:?}")?;
        }
        for item in items.iter().take(3) {
            write!(f, "; {item}")?;
        }
        if items.len() > 3 {
            write!(f, "; and {} more", items.len() - 3)?;
        }
        Ok(())
    }
}

impl fmt::Debug for CmRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, answer } = self;
        let Answer {
            status,
            code,
            message,
            items,
            excerpt,
            after,
            body,
            advice: _,
        } = &**answer;
        f.debug_struct("CmRefusal")
            .field("kind", kind)
            .field("status", status)
            .field("code", code)
            .field("message", message)
            .field("items", &items.len())
            .field(
                "first_items",
                &items.iter().take(3).map(ToString::to_string).collect::<Vec<_>>(),
            )
            .field("excerpt", excerpt)
            .field("after", after)
            .field("body_bytes", &body.len())
            .finish()
    }
}
