//! Imports certificates that another CA issued (experimental).
//!
//! The fields `procname`, `importdata` with `certificate`, `reason` and `revocationtime`, and the answer with errors by `arrayindex` are
//! seen in a model of public third-party code (Keyfactor/nexus-certificate-manager-caplugin). Verb and path are not published: the path
//! is a setting of the dialect, and JSON is the encoding, for nobody knows how a form would say a list of objects; where a dialect asks for
//! a form, the list goes out as JSON text.
//!
//! The role that the officer needs is unknown. What a second call does is unknown: after a lost answer search first.
//!
//! What can go wrong is a [`CmRefusal`], and single certificates of several: [`ImportResults`]. A call with more certificates than
//! Certificate Manager takes at once is refused as a whole, and its errors tell how many it takes
//! ([`ItemError::limit`]).

use serde::Serialize;
use smartid_core::base64::{Flavour, encode};
use smartid_core::{BuildError, Incoming, Outgoing, ResponseError, Timestamp};
use smartid_trust::Certificate;

use super::items::{ItemState, read_states};
use super::revoke::RevocationReason;
use crate::body::{self, Fields, Value};
use crate::date;
use crate::dialect::{CmDialect, WriteCall};
use crate::ids::ProcedureName;
use crate::refusal::{CmRefusal, ItemError};
use crate::two_step::{RequestSignature, Write};

/// One certificate to be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Import {
    /// The certificate; its bytes go out as they are.
    pub certificate: Certificate,
    /// Why it is revoked, if it is.
    pub reason: Option<RevocationReason>,
    /// Since when it is revoked, sent in whole seconds.
    pub revocation_time: Option<Timestamp>,
}

impl Import {
    /// A certificate that is not revoked.
    #[must_use]
    pub const fn new(certificate: Certificate) -> Self {
        Self {
            certificate,
            reason: None,
            revocation_time: None,
        }
    }

    /// One that its CA has revoked.
    #[must_use]
    pub const fn revoked(mut self, reason: RevocationReason, time: Timestamp) -> Self {
        self.reason = Some(reason);
        self.revocation_time = Some(time);
        self
    }
}

/// The request; see the module's text for who may send it and when.
///
/// ```
/// # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../smartid-trust/doc/officer-one.pem"));
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_cm::operations::ItemState;
/// use smartid_cm::operations::experimental::{Import, ImportCertificates};
/// use smartid_cm::{Call, CmDialect, ProcedureName, RevocationReason, Step};
/// use smartid_core::{Endpoint, Incoming, Timestamp};
/// use smartid_trust::Certificate;
///
/// let certificate = Certificate::from_pem(pem)?;
/// let time = Timestamp::from_iso8601("2021-12-20T08:01:30Z").unwrap();
/// let import = ImportCertificates::new(ProcedureName::new("Import")?, Import::new(certificate.clone()))
///     .and(Import::new(certificate).revoked(RevocationReason::KeyCompromise, time));
/// let request = Call::new(&import).request(&CmDialect::default())?;
/// let body: serde_json::Value = serde_json::from_slice(request.body_bytes())?;
/// assert_eq!((body["procname"].as_str(), &body["importdata"][1]["reason"]), (Some("Import"), &1.into()));
/// assert_eq!(body["importdata"][1]["revocationtime"], "2021-12-20T08:01:30Z");
///
/// let answer = r#"{"error":0,"errors":[{"arrayindex":1,"errorcode":-8,"errormessage":"Encoding error"}]}"#;
/// let answer = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(answer));
/// let Step::Done(results) = Call::new(&import).response(&CmDialect::default(), answer).unwrap() else { panic!() };
/// assert_eq!(results.elements[0], ItemState::Done);
/// assert!(matches!(&results.elements[1], ItemState::Failed(error) if error.code.number() == -8));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportCertificates {
    /// The token procedure under which they are filed.
    pub procedure: ProcedureName,
    /// Which; at least one.
    pub certificates: Vec<Import>,
}

impl ImportCertificates {
    /// One certificate.
    #[must_use]
    pub fn new(procedure: ProcedureName, certificate: Import) -> Self {
        Self {
            procedure,
            certificates: vec![certificate],
        }
    }

    /// One more certificate in the same call.
    #[must_use]
    pub fn and(mut self, certificate: Import) -> Self {
        self.certificates.push(certificate);
        self
    }
}

/// What became of each certificate of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "some of the certificates may have been refused"]
#[non_exhaustive]
pub struct ImportResults {
    /// What became of each, in the order of the call.
    pub elements: Vec<ItemState>,
    /// What the answer says of places that are not in the call, or of none.
    pub others: Vec<ItemError>,
}

impl ImportResults {
    /// Whether everything is done.
    #[must_use]
    pub fn all_done(&self) -> bool {
        self.others.is_empty() && self.elements.iter().all(|state| *state == ItemState::Done)
    }
}

/// One element on the wire.
#[derive(Serialize)]
struct Element {
    certificate: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revocationtime: Option<String>,
}

impl Element {
    fn of(dialect: &CmDialect, import: &Import) -> Self {
        let revoked_at = import.revocation_time;
        Self {
            certificate: encode(Flavour::Standard, import.certificate.der()),
            reason: import.reason.map(RevocationReason::number),
            revocationtime: revoked_at.map(|time| date::to_wire(dialect, time)),
        }
    }
}

/// The fields of an import; `elements` is a JSON array.
pub(crate) fn fields(procedure: &ProcedureName, elements: String) -> Fields {
    Fields::new()
        .text("procname", procedure.as_str())
        .with("importdata", Value::Json(elements))
}

impl Write for ImportCertificates {
    type Output = ImportResults;

    const NAME: &'static str = "cm.import";

    fn settings<'d>(&self, dialect: &'d CmDialect) -> &'d WriteCall {
        &dialect.import
    }

    fn request(
        &self,
        dialect: &CmDialect,
        signature: Option<&RequestSignature>,
    ) -> Result<Outgoing, BuildError> {
        if self.certificates.is_empty() {
            return Err(BuildError::Invalid(
                "at least one certificate must be given".to_owned(),
            ));
        }
        let elements = self.certificates.iter();
        let elements: Vec<Element> = elements.map(|import| Element::of(dialect, import)).collect();
        let elements =
            serde_json::to_string(&elements).map_err(|error| BuildError::Json(error.to_string()))?;
        let fields = fields(&self.procedure, elements);
        body::write(dialect, &dialect.import, &[], fields, signature)
    }

    fn done(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<ImportResults, ResponseError<CmRefusal>> {
        let first = dialect.answers.first_index;
        let is = |at: usize, error: &ItemError| {
            let named = error.index.and_then(|index| index.checked_sub(first));
            named.is_some_and(|named| u64::try_from(at) == Ok(named))
        };
        let (elements, others) = read_states(dialect, self.certificates.len(), is, incoming)?;
        Ok(ImportResults { elements, others })
    }
}
