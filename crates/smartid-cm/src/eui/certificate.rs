//! Asks EUI for a certificate.
//!
//! `POST eui/<handler>` below the address of Protocol Gateway, a form with the fields `certencoding=x509` and `pkcs10=<PEM>` \[seen in
//! public scripts\]. They take the certificate from the one line of the answer that has a quoted string which begins with `response`, as
//! base64 in the third quoted string; that this is an HTML element with a `value` is inferred. Here the elements are read, and the line
//! only if there is none: see [`EuiCertificate`].
//!
//! Which officer may call is Protocol Gateway's configuration (inferred; the scripts show a TLS client certificate). A second call issues
//! a second certificate: after a lost answer look for one with the request's key first.
//!
//! What can go wrong is a [`CmRefusal`] by its HTTP status, because no code is known of this servlet: 401 and 403 (an administrator's
//! turn: who the caller is), 404 (the handler, or `eui.properties` does not start the servlet). A page with status 200 and no
//! certificate is of phase [`Unreadable`](smartid_core::Phase::Unreadable) with a [`NoCertificate`] as its cause; a certificate for
//! another key too, with an [`UnusableCertificate`](crate::operations::UnusableCertificate) that keeps it.

use std::fmt;

use bytes::Bytes;
use smartid_core::base64::{Flavour, decode_lenient};
use smartid_core::{BuildError, Content, Endpoint, Incoming, Outgoing, Repeat, ResponseError};
use smartid_trust::Certificate;
use smartid_trust::cms::SignedData;

use super::fields::{self, Own};
use super::{MAX_PAGE, NoCertificate, NoCertificateProblem, page, refusal};
use crate::answer;
use crate::auth::Front;
use crate::body::{self, Fields, Value};
use crate::certificates::{Certificates, looks_like_certificates};
use crate::csr::Csr;
use crate::dialect::CmDialect;
use crate::ids::HandlerName;
use crate::operations::{FieldValue, IssuedCertificate, issued};
use crate::refusal::CmRefusal;

/// The most certificates of one page.
const MAX_CERTIFICATES: usize = 128;

/// The request; see the module's text for how it is known.
///
/// The page that comes is searched for elements whose `name` or `id` begins with `response`, in any letter case; of each the attribute
/// `value`, or the text in it, may be base64, PEM or PKCS #7. Comments, scripts and other attributes are no elements. Every certificate
/// found is kept; the one for the request's key is what was issued, and the others are its issuers where they fit.
///
/// ```
/// # let template = smartid_trust::request::TemplateBuilder::new(smartid_trust::DistinguishedName::from_der(
/// #     vec![0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x02, 0x55, 0x31])?)
/// #     .build(smartid_trust::request::ThrowAwayKey::P256)?;
/// # let pem = format!("-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n", template.certreq_base64());
/// # let another = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../smartid-trust/doc/officer-one.pem"));
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_cm::eui::EuiCertificate;
/// use smartid_cm::operations::UnusableCertificate;
/// use smartid_cm::{CmDialect, Csr, HandlerName};
/// use smartid_core::{Endpoint, Incoming, ResponseError};
///
/// let dialect = CmDialect::default();
/// let ask = EuiCertificate::new(Csr::from_pem(&pem)?).handler(HandlerName::new("server")?);
/// let request = ask.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "eui/server"));
/// let body = std::str::from_utf8(request.body_bytes())?;
/// assert!(body.starts_with("certencoding=x509&pkcs10=-----BEGIN+CERTIFICATE+REQUEST-----%0A"));
///
/// // What is on the page must be for the key of the request.
/// let page = format!("<form><input type='hidden' name='response' value='{another}'></form>");
/// let answer = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(page));
/// let Err(ResponseError::Unreadable(unreadable)) = ask.response(&dialect, answer) else { panic!() };
/// let issued = unreadable.cause::<UnusableCertificate>().unwrap();
/// assert_eq!(issued.certificates().len(), 1); // for an officer to look at
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct EuiCertificate {
    /// What is asked for; it goes out as PEM, whatever it was given as.
    pub csr: Csr,
    /// The handler, which stands for a procedure; the servlet itself if none (unknown whether it takes that).
    pub handler: Option<HandlerName>,
    /// Further fields, such as user data, by the names that the handler's page has (unknown).
    pub fields: Vec<(String, FieldValue)>,
}

impl EuiCertificate {
    /// From the servlet itself, without further fields.
    #[must_use]
    pub const fn new(csr: Csr) -> Self {
        Self {
            csr,
            handler: None,
            fields: Vec::new(),
        }
    }

    fields::handler_and_fields!();
}

impl fmt::Debug for EuiCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { csr, handler, fields } = self;
        f.debug_struct("EuiCertificate")
            .field("csr", csr)
            .field("handler", handler)
            .field("fields", &fields.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish()
    }
}

fn request(
    dialect: &CmDialect,
    csr: &[u8],
    handler: Option<&HandlerName>,
    own: &[Own],
) -> Result<Outgoing, BuildError> {
    let fields = Fields::new()
        .text("certencoding", dialect.eui.certificate_encoding.as_str())
        .with("pkcs10", Value::Text(body::csr_pem(csr)));
    fields::request(dialect, &dialect.eui.certificate, handler, fields, own)
}

/// The requests with and without a handler, of something that is no request for a certificate.
pub(crate) fn try_request(dialect: &CmDialect, handler: &HandlerName) -> Result<(), BuildError> {
    request(dialect, &[0x30, 0], Some(handler), &[])?;
    request(dialect, &[0x30, 0], None, &[]).map(|_| ())
}

impl Endpoint for EuiCertificate {
    type Auth = Front;
    type Dialect = CmDialect;
    type Output = IssuedCertificate;
    type Error = CmRefusal;

    const NAME: &'static str = "cm.eui_certificate";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        request(dialect, self.csr.der(), self.handler.as_ref(), &self.fields)
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<IssuedCertificate, ResponseError<CmRefusal>> {
        let incoming = dialect.eui.certificate.response.apply_to_response(incoming);
        refusal::read(incoming, |incoming| self.read(dialect, &incoming))
    }
}

impl EuiCertificate {
    fn read(
        &self,
        dialect: &CmDialect,
        incoming: &Incoming,
    ) -> Result<IssuedCertificate, ResponseError<CmRefusal>> {
        let none = |problem| Err(NoCertificate::in_answer(incoming, problem).into());
        match incoming.content() {
            Content::Json => {
                answer::document(dialect, incoming.clone())?;
                return none(NoCertificateProblem::Document);
            }
            _ if !incoming.status().is_success() => {
                return Err(ResponseError::Refused(CmRefusal::of_status(incoming)));
            }
            Content::Empty => return none(NoCertificateProblem::Empty),
            _ if looks_like_certificates(incoming.body()) => {
                let answer = Certificates::of_answer(dialect, incoming);
                return issued(dialect, incoming, &self.csr, answer);
            }
            _ if incoming.body().len() > MAX_PAGE => return none(NoCertificateProblem::TooLarge),
            _ => {}
        }
        match on_page(&String::from_utf8_lossy(incoming.body()), &dialect.eui.element) {
            Ok(found) => issued(dialect, incoming, &self.csr, Ok(Certificates::of_list(found))),
            Err(problem) => none(problem),
        }
    }
}

/// Every certificate on a page, each once; at least one.
fn on_page(text: &str, element: &str) -> Result<Vec<Certificate>, NoCertificateProblem> {
    let values = page::values(text, element);
    let mut found = distinct(values.iter().map(String::as_str))?;
    let mut was_there = !values.is_empty();
    if found.is_empty() {
        let strings = page::third_strings(text, element);
        was_there |= strings.iter().any(|string| !string.trim().is_empty());
        found = distinct(strings.iter().map(String::as_str))?;
    }
    match (found.is_empty(), was_there) {
        (false, _) => Ok(found),
        (true, true) => Err(NoCertificateProblem::NotACertificate),
        (true, false) => Err(NoCertificateProblem::NoElement),
    }
}

fn distinct<'v>(values: impl Iterator<Item = &'v str>) -> Result<Vec<Certificate>, NoCertificateProblem> {
    let mut found: Vec<Certificate> = Vec::new();
    for certificate in values.flat_map(in_value) {
        if !found.contains(&certificate) {
            found.push(certificate);
        }
        if found.len() > MAX_CERTIFICATES {
            return Err(NoCertificateProblem::TooMany);
        }
    }
    Ok(found)
}

/// The certificates in one value: base64 of one or of PKCS #7, or PEM. A value that has anything else has none.
fn in_value(value: &str) -> Vec<Certificate> {
    // Line ends as a script writes them.
    let text = value.replace("\\r", "\r").replace("\\n", "\n");
    let all = |octets: Bytes| {
        let certificates = Certificates::parse(octets).ok();
        certificates.and_then(|certificates| Some(certificates.all().ok()?.to_vec()))
    };
    if text.contains("-----BEGIN ") {
        return all(text.into()).unwrap_or_default();
    }
    let Ok((octets, _)) = decode_lenient(Flavour::Standard, text.trim()) else {
        return Vec::new();
    };
    let octets = Bytes::from(octets);
    if let Ok(certificate) = Certificate::from_der(octets.clone()) {
        return vec![certificate];
    }
    match SignedData::parse(octets.clone()) {
        Ok(_) => all(octets).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}
