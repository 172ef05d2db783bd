//! Issues an attribute certificate (experimental).
//!
//! That it can be done is documented (vendor page: Certificate Manager (CM) REST API); its fields, those of issuing a certificate, are
//! seen in a model of public third-party code (Keyfactor/nexus-certificate-manager-caplugin). Verb, path and the form of the answer are
//! not published: the path is a setting of the dialect, and the answer is taken as DER, PEM, base64 or PKCS #7 and handed out as it is.
//! It is not read, beyond that it is a SEQUENCE and no X.509 certificate.
//!
//! The officer needs the role "Issue attribute certificate" (vendor page: Officers and roles in Certificate Manager). A second call
//! issues a second one.

use bytes::Bytes;
use smartid_core::{BuildError, Incoming, Outgoing, ResponseError, Timestamp};

use super::issue::{UnusableCertificate, fields};
use crate::answer;
use crate::body;
use crate::certificates::{self, CertificatesError};
use crate::csr::Csr;
use crate::dialect::{CmDialect, WriteCall};
use crate::ids::{CertId, ProcedureName};
use crate::refusal::CmRefusal;
use crate::two_step::{RequestSignature, Write};

/// The request; see the module's text for who may send it and when.
///
/// ```
/// # let template = smartid_trust::request::TemplateBuilder::new(smartid_trust::DistinguishedName::from_der(
/// #     vec![0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x02, 0x55, 0x31])?)
/// #     .build(smartid_trust::request::ThrowAwayKey::P256)?;
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_cm::operations::experimental::IssueAttributeCertificate;
/// use smartid_cm::{Call, CmDialect, Csr, ProcedureName, Step};
///
/// let dialect = CmDialect::from_toml("[attribute_certificate]\npath = 'ac'\nencoding = 'json'\n[requests]\ncsr = 'base64'")?;
/// let csr = Csr::from_base64(&template.certreq_base64())?;
/// let issue = IssueAttributeCertificate::new(csr).procedure(ProcedureName::new("Role")?);
/// let request = Call::new(&issue).request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "ac"));
/// let body = format!(r#"{{"pkcs10":"{}","procname":"Role"}}"#, template.certreq_base64());
/// assert_eq!(request.body_bytes(), &body);
///
/// let der = [&[0x30, 0x81, 0x80, 0x30, 0x7e, 2, 1, 1][..], &[0; 123]].concat(); // version 2, and what is not read
/// let answer = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(der.clone()));
/// let Step::Done(issued) = Call::new(&issue).response(&dialect, answer).unwrap() else { panic!() };
/// assert_eq!(issued.der, der);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssueAttributeCertificate {
    /// What is asked for.
    pub csr: Csr,
    /// The token procedure; that of the handler if none.
    pub procedure: Option<ProcedureName>,
    /// From when on it is to be valid, sent in whole seconds.
    pub valid_from: Option<Timestamp>,
    /// Until when, as above.
    pub valid_to: Option<Timestamp>,
}

impl IssueAttributeCertificate {
    /// By the handler's procedure, with its validity.
    #[must_use]
    pub fn new(csr: Csr) -> Self {
        Self {
            csr,
            procedure: None,
            valid_from: None,
            valid_to: None,
        }
    }

    /// By this token procedure.
    #[must_use]
    pub fn procedure(mut self, procedure: ProcedureName) -> Self {
        self.procedure = Some(procedure);
        self
    }

    /// Valid in this time.
    #[must_use]
    pub fn valid(mut self, from: Timestamp, to: Timestamp) -> Self {
        self.valid_from = Some(from);
        self.valid_to = Some(to);
        self
    }
}

/// An attribute certificate (RFC 5755) that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssuedAttributeCertificate {
    /// Its id, where the answer says it.
    pub certid: Option<CertId>,
    /// The attribute certificate as DER. It is not read.
    pub der: Bytes,
    /// The bytes of the answer as they came.
    pub bytes: Bytes,
}

impl Write for IssueAttributeCertificate {
    type Output = IssuedAttributeCertificate;

    const NAME: &'static str = "cm.attribute_certificate";

    fn settings<'d>(&self, dialect: &'d CmDialect) -> &'d WriteCall {
        &dialect.attribute_certificate
    }

    fn request(
        &self,
        dialect: &CmDialect,
        signature: Option<&RequestSignature>,
    ) -> Result<Outgoing, BuildError> {
        let fields = fields(
            dialect,
            self.csr.der(),
            self.procedure.as_ref(),
            self.valid_from,
            self.valid_to,
        )?;
        let outgoing = body::write(dialect, &dialect.attribute_certificate, &[], fields, signature)?;
        // Which media type it has is not published.
        body::accept(outgoing, None)
    }

    fn done(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<IssuedAttributeCertificate, ResponseError<CmRefusal>> {
        let incoming = answer::bytes(dialect, incoming)?;
        match certificates::attribute_certificate(incoming.body()) {
            Some(der) => Ok(IssuedAttributeCertificate {
                certid: certificates::certid(dialect, &incoming),
                der,
                bytes: incoming.body().clone(),
            }),
            None => {
                let problem = CertificatesError::Unreadable("there is no attribute certificate");
                let unusable = UnusableCertificate::new(dialect, &incoming, problem);
                Err(unusable.into_unreadable(&incoming).into())
            }
        }
    }
}
