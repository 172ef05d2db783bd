//! The half of the receiver that has neither store nor clock: who calls, for what, and which certificate.

use std::fmt;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method};
use smartid_core::{Admission, Head, Lint, Timestamp};
use smartid_trust::Unverified;

use super::callers::Callers;
use super::place::Place;
use super::{PushRefusal, PushedCertificate, Sender};
use crate::dialect::PushDialect;
use crate::one_certificate::{self, Form};

/// Reads pushes, without store and clock.
#[derive(Clone)]
pub struct PushReader {
    pub(super) callers: Callers,
    pub(super) templates: Option<Vec<String>>,
    pub(super) tenants: Option<Vec<String>>,
    pub(super) body_limit: usize,
    pub(super) dialect: PushDialect,
}

impl PushReader {
    /// Looks at the head of a request that came at `now`: who calls, where, how, and for whom.
    ///
    /// # Errors
    /// [`PushRefusal`], the first thing that is wrong; to whom is not known nothing else is told.
    pub fn admit(&self, head: &Head, now: Timestamp) -> Result<Admission, PushRefusal> {
        self.admitted(head, now)?;
        Ok(Admission::new(self.body_limit))
    }

    /// Reads a whole push that came at `now`.
    ///
    /// # Errors
    /// [`PushRefusal`], with the reply that it deserves.
    pub fn read(&self, head: &Head, body: &[u8], now: Timestamp) -> Result<PushedCertificate, PushRefusal> {
        let (sender, place) = self.admitted(head, now)?;
        if body.len() > self.body_limit {
            return Err(PushRefusal::TooLarge(self.body_limit));
        }
        let found = one_certificate::read(body).map_err(PushRefusal::Body)?;
        let mut lints = found.lints;
        match found.form {
            Form::Base64 => {}
            Form::Pem => lints.push(Lint::new("body", "PEM instead of base64")),
            Form::Der => lints.push(Lint::new("body", "DER instead of base64")),
        }
        let Place {
            template,
            process,
            tenant,
        } = place;
        Ok(PushedCertificate {
            fingerprint: found.certificate.fingerprint(),
            certificate: Unverified::new(found.certificate),
            template,
            process,
            tenant,
            sender,
            lints,
        })
    }

    fn admitted(&self, head: &Head, now: Timestamp) -> Result<(Sender, Place), PushRefusal> {
        let Some(sender) = self.callers.sender(head, now) else {
            let basic = self.callers.basic.is_some();
            return Err(PushRefusal::Unauthenticated { basic });
        };
        let place = Place::read(head, &self.dialect)?;
        let is_among = |names: &Option<Vec<String>>, name: Option<&str>| {
            names
                .as_ref()
                .is_none_or(|names| name.is_some_and(|name| names.iter().any(|known| known == name)))
        };
        let tenant = place.tenant.as_ref().map(AsRef::as_ref);
        if !is_among(&self.templates, Some(place.template.as_str())) || !is_among(&self.tenants, tenant) {
            return Err(PushRefusal::UnknownPath);
        }
        if head.method != Method::POST {
            return Err(PushRefusal::WrongMethod);
        }
        if !self.has_type(&head.headers) {
            return Err(PushRefusal::WrongType);
        }
        let announced = head.headers.get(CONTENT_LENGTH);
        let announced = announced.and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
        if announced
            .is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > self.body_limit))
        {
            return Err(PushRefusal::TooLarge(self.body_limit));
        }
        Ok((sender, place))
    }

    /// Whether there is one content type, one of those that are taken, whatever its parameters; and no compression.
    fn has_type(&self, headers: &HeaderMap) -> bool {
        let mut types = headers.get_all(CONTENT_TYPE).iter();
        let (Some(value), None) = (types.next(), types.next()) else {
            return false;
        };
        let essence = value.to_str().unwrap_or_default().split(';').next();
        let essence = essence.unwrap_or_default().trim();
        let is_plain = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
        let mut known = self.dialect.content_types.iter();
        known.any(|known| known.eq_ignore_ascii_case(essence))
            && headers.get_all(CONTENT_ENCODING).iter().all(is_plain)
    }
}

impl fmt::Debug for PushReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            callers,
            templates,
            tenants,
            body_limit,
            dialect,
        } = self;
        f.debug_struct("PushReader")
            .field("basic", &callers.basic.is_some())
            .field("certificates", &callers.certificates.len())
            .field("issued", &callers.issued)
            .field("certificate_header", &callers.header)
            .field("anybody", &callers.anybody)
            .field("templates", templates)
            .field("tenants", tenants)
            .field("body_limit", body_limit)
            .field("dialect", dialect)
            .finish()
    }
}
