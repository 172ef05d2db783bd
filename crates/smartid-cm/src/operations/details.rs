//! Looks at one certificate in Certificate Manager's database.
//!
//! `GET certificates/{certid}/details` \[path documented; vendor page: Upgrade Protocol Gateway; the answer seen in public third-party
//! code: Keyfactor/nexus-certificate-manager-caplugin\]. Changes nothing and may be repeated. Who may call it is inferred to be who may
//! search.
//!
//! The answer is an envelope with `certificate`. It is how to find out whether a certificate was revoked when the answer to
//! [`Revoke`](super::Revoke) was lost. What can go wrong is a [`CmRefusal`]: -14 (the calling program's turn: there is no such
//! certificate), -15 (an administrator's: the role).

use serde::Deserialize;
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use crate::answer;
use crate::auth::Officer;
use crate::body::{self, CERTID};
use crate::dialect::CmDialect;
use crate::ids::CertId;
use crate::record::CertificateRecord;
use crate::refusal::CmRefusal;

/// The request; see the module's text for who may send it and when.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_cm::operations::Details;
/// use smartid_cm::{CertId, CmDialect, Validity};
///
/// let dialect = CmDialect::default();
/// let details = Details::new(CertId::new("4711")?);
/// assert_eq!(details.request(&dialect)?.target(), "certificates/4711/details");
///
/// let body = r#"{"error":0,"msg":"","certificate":{"certid":"4711","status":"active","validity":"expired"}}"#;
/// let record = details.response(&dialect, Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body))).unwrap();
/// assert_eq!(record.validity, Some(Validity::Expired));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Details {
    /// Which.
    pub certid: CertId,
}

impl Details {
    /// Of this certificate.
    #[must_use]
    pub fn new(certid: CertId) -> Self {
        Self { certid }
    }
}

impl Endpoint for Details {
    type Auth = Officer;
    type Dialect = CmDialect;
    type Output = CertificateRecord;
    type Error = CmRefusal;

    const NAME: &'static str = "cm.details";
    const REPEAT: Repeat = Repeat::Safe;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        let values = [(CERTID, self.certid.as_str())];
        body::read(dialect, &dialect.details, &values, &[])
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<CertificateRecord, ResponseError<CmRefusal>> {
        #[derive(Deserialize)]
        struct Body {
            certificate: CertificateRecord,
        }
        let incoming = dialect.details.response.apply_to_response(incoming);
        let incoming = answer::document(dialect, incoming)?;
        let record = incoming.json::<Body>()?.certificate;
        if record.certid.as_ref().is_some_and(|told| *told != self.certid) {
            let other = incoming.unreadable("the record is that of another certificate");
            return Err(other.at(Some("certificate.certid".to_owned())).into());
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    #[test]
    fn the_record_of_another_certificate_is_not_this_ones() {
        let details = Details::new(CertId::new("4711").unwrap());
        let read = |body: &'static str| {
            let incoming = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body));
            details.response(&CmDialect::default(), incoming)
        };
        assert!(read(r#"{"error":0,"certificate":{"certid":4711,"status":"active"}}"#).is_ok());
        assert!(read(r#"{"error":0,"certificate":{"status":"active"}}"#).is_ok());
        let Err(ResponseError::Unreadable(unreadable)) =
            read(r#"{"error":0,"certificate":{"certid":"4712","status":"active"}}"#)
        else {
            panic!("another certificate was taken for this one")
        };
        assert_eq!(unreadable.path(), Some("certificate.certid"));
    }

    #[test]
    fn a_constant_goes_by_the_name_that_the_dialect_gives_it() {
        let dialect = "[details]\nconstants = { tenant = 't1' }\nrename = { tenant = 'customer' }";
        let dialect = CmDialect::from_toml(dialect).unwrap();
        let details = Details::new(CertId::new("4711").unwrap());
        let target = details.request(&dialect).unwrap().target();
        assert_eq!(target, "certificates/4711/details?customer=t1");
    }

    #[test]
    fn an_id_that_an_answer_told_becomes_no_other_path() {
        let told: CertId = serde_json::from_str("\"../revoke\"").unwrap();
        let built = Details::new(told).request(&CmDialect::default());
        assert!(matches!(built, Err(BuildError::Invalid(_))), "{built:?}");
    }
}
