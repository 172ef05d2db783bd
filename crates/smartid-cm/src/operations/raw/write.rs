//! A write in two steps with fields of the caller's.

use std::collections::BTreeMap;
use std::fmt;

use http::Method;
use smartid_core::dialect::{Edits, Verb};
use smartid_core::{BuildError, Incoming, Outgoing, PathTemplate, ResponseError};

use super::{RawAnswer, Target, target_options};
use crate::answer;
use crate::body::{self, CERTID, Fields};
use crate::dialect::{CmDialect, Encoding, WriteCall};
use crate::operations::field::{self, FieldValue};
use crate::refusal::CmRefusal;
use crate::two_step::{RequestSignature, Write};

/// A write with fields of the caller's, made in two steps where the service wants a signature.
///
/// An envelope with a code other than 0, a web page and a status of refusal are a [`CmRefusal`]; everything else is handed on.
///
/// ```
/// use smartid_core::Endpoint;
/// use smartid_cm::dialect::Encoding;
/// use smartid_cm::operations::RawWrite;
/// use smartid_cm::{Call, CmDialect, RequestSignature, SignedCall};
///
/// let write = RawWrite::new("certificates/publish", Encoding::Form).field("certid", "4711").field("rule", "LDAP, Nord");
/// let dialect = CmDialect::default();
/// assert_eq!(Call::new(&write).request(&dialect)?.body_bytes(), "certid=4711&rule=LDAP%2C+Nord");
/// let signature = RequestSignature::from_cms(b"0...".to_vec());
/// let second = SignedCall::new(&write, &signature).request(&dialect)?;
/// assert_eq!(second.body_bytes(), "certid=4711&rule=LDAP%2C+Nord&signature=MC4uLg%3D%3D");
/// # Ok::<(), smartid_core::BuildError>(())
/// ```
#[derive(Clone)]
pub struct RawWrite {
    target: Target,
    method: Method,
    fields: Vec<(String, FieldValue)>,
    settings: WriteCall,
}

impl RawWrite {
    /// A `POST` to this path, as [`RawRead::new`](super::RawRead::new) takes it, whose fields are sent so.
    #[must_use]
    pub fn new(path: impl Into<String>, encoding: Encoding) -> Self {
        let settings = WriteCall {
            verb: Verb::POST,
            path: PathTemplate::default(),
            encoding,
            // Names are the caller's, this one too.
            rename: BTreeMap::from([(CERTID.to_owned(), CERTID.to_owned())]),
            constants: BTreeMap::new(),
            request: Edits::default(),
            response: Edits::default(),
        };
        Self {
            target: Target::new(path),
            method: Method::POST,
            fields: Vec::new(),
            settings,
        }
    }

    target_options!();

    /// With another verb.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Appends a field. `signature` is refused when the request is built: the second step sends it.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<FieldValue>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }
}

impl fmt::Debug for RawWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            target,
            method,
            fields,
            settings,
        } = self;
        f.debug_struct("RawWrite")
            .field("target", target)
            .field("method", method)
            .field("fields", fields)
            .field("encoding", &settings.encoding)
            .finish()
    }
}

impl Write for RawWrite {
    type Output = RawAnswer;

    const NAME: &'static str = "cm.raw_write";

    fn settings<'a>(&'a self, _: &'a CmDialect) -> &'a WriteCall {
        &self.settings
    }

    fn request(
        &self,
        dialect: &CmDialect,
        signature: Option<&RequestSignature>,
    ) -> Result<Outgoing, BuildError> {
        let mut fields = Fields::new();
        for (name, value) in &self.fields {
            fields = fields.named(field::name(name)?, value.to_value()?);
        }
        let outgoing = self.target.outgoing(self.method.clone())?;
        body::write_to(dialect, &self.settings, outgoing, fields, signature)
    }

    fn done(&self, dialect: &CmDialect, incoming: Incoming) -> Result<RawAnswer, ResponseError<CmRefusal>> {
        answer::not_refused(dialect, incoming).map(RawAnswer)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};
    use smartid_core::{Endpoint, ServiceError};

    use super::*;
    use crate::operations::RawCall;
    use crate::two_step::{Call, Step};

    #[test]
    fn a_write_hands_on_what_is_no_refusal() {
        let dialect = CmDialect::default();
        let write = RawWrite::new("a", Encoding::Multipart).field("x", "y");
        let read = |status: u16, body: &'static str| {
            let status = StatusCode::from_u16(status).unwrap();
            let incoming = Incoming::new(status, HeaderMap::new(), Bytes::from(body));
            Call::new(&write).response(&dialect, incoming)
        };
        for body in ["", "0\u{1}", r#"{"error":0}"#, "[1]", "{}"] {
            let Ok(Step::Done(answer)) = read(200, body) else {
                panic!("{body}")
            };
            assert_eq!(answer.body(), body);
        }
        let sign = r#"{"error":-19,"dataToSign":"c2lnbg=="}"#;
        assert!(matches!(read(200, sign), Ok(Step::Sign(data)) if data.as_bytes() == b"sign"));
        for (status, body) in [(200, r#"{"error":-15}"#), (403, "no"), (302, "")] {
            let refused = read(status, body);
            assert!(
                matches!(refused, Err(ResponseError::Refused(_))),
                "{status} {body}: {refused:?}"
            );
        }
        for (status, body) in [(500, ""), (200, "<html></html>")] {
            let Err(ResponseError::Refused(refusal)) = read(status, body) else {
                panic!("{status} {body}");
            };
            assert_ne!(refusal.phase(), smartid_core::Phase::Refused, "{status} {body}");
        }
    }

    #[test]
    fn what_is_sent_is_not_shown() {
        let write = RawWrite::new("a", Encoding::Json)
            .field("pin", "canary")
            .query("name", "canary");
        let call = RawCall::new(Method::PUT, "a").body("text/plain", "canary");
        let shown = format!("{write:?} {call:?}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}
