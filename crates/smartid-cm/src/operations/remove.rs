//! Removes certificates from Certificate Manager's database (experimental).
//!
//! The fields `certid`, `cleanAuditLog` and `signature`, and that the audit log is cleaned where nothing else is said, are seen in a
//! model of public third-party code (Keyfactor/nexus-certificate-manager-caplugin). Verb and path are not published: the path is a
//! setting of the dialect.
//!
//! This cannot be undone, and it is no revocation: a certificate that nobody knows any more is still valid to whoever has it. The role
//! that the officer needs is unknown. After a lost answer search: what is not found is removed.
//!
//! What can go wrong is a [`CmRefusal`], and single certificates of several: [`ItemResults`].

use smartid_core::{BuildError, Incoming, Outgoing, ResponseError};

use super::items::ItemResults;
use super::revoke::certids;
use crate::body::{self, CERTID, Fields, Value};
use crate::dialect::{CmDialect, WriteCall};
use crate::ids::CertId;
use crate::refusal::CmRefusal;
use crate::two_step::{RequestSignature, Write};

/// The request; see the module's text for who may send it and when.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_cm::operations::experimental::RemoveCertificates;
/// use smartid_cm::{Call, CertId, CmDialect, Step};
/// use smartid_core::{Endpoint, Incoming};
///
/// let remove = RemoveCertificates::new(CertId::new("4711")?).clean_audit_log(false);
/// let request = Call::new(&remove).request(&CmDialect::default())?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "certificates/remove"));
/// assert_eq!(request.body_bytes(), r#"{"certid":["4711"],"cleanAuditLog":false}"#);
///
/// let answer = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(r#"{"error":0,"msg":""}"#));
/// let Step::Done(results) = Call::new(&remove).response(&CmDialect::default(), answer).unwrap() else { panic!() };
/// assert!(results.all_done());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoveCertificates {
    /// Which; at least one.
    pub certids: Vec<CertId>,
    /// Whether the audit log loses them too. Certificate Manager's default, where nothing is said, is that it does.
    pub clean_audit_log: Option<bool>,
}

impl RemoveCertificates {
    /// One certificate; the audit log as is Certificate Manager's default.
    #[must_use]
    pub fn new(certid: CertId) -> Self {
        Self {
            certids: vec![certid],
            clean_audit_log: None,
        }
    }

    /// One more certificate in the same call.
    #[must_use]
    pub fn and(mut self, certid: CertId) -> Self {
        self.certids.push(certid);
        self
    }

    /// Whether the audit log loses them too.
    #[must_use]
    pub fn clean_audit_log(mut self, clean: bool) -> Self {
        self.clean_audit_log = Some(clean);
        self
    }
}

impl Write for RemoveCertificates {
    type Output = ItemResults;

    const NAME: &'static str = "cm.remove";

    fn settings<'d>(&self, dialect: &'d CmDialect) -> &'d WriteCall {
        &dialect.remove
    }

    fn request(
        &self,
        dialect: &CmDialect,
        signature: Option<&RequestSignature>,
    ) -> Result<Outgoing, BuildError> {
        let fields = Fields::new()
            .with(CERTID, certids(&self.certids)?)
            .optional("cleanAuditLog", self.clean_audit_log.map(Value::Bool));
        body::write(dialect, &dialect.remove, &[], fields, signature)
    }

    fn done(&self, dialect: &CmDialect, incoming: Incoming) -> Result<ItemResults, ResponseError<CmRefusal>> {
        ItemResults::read(dialect, &self.certids, incoming)
    }
}
