//! A certificate as Certificate Manager's database describes it.
//!
//! The vendor publishes no example of it; the members come from the models of public third-party code
//! (Keyfactor/nexus-certificate-manager-caplugin). So it is read as leniently as can be: a member that cannot be understood costs the
//! record that member and nothing else, and stays in [`other`](CertificateRecord::other) as it came. What was read is written again with
//! the same meaning.

mod read;
mod values;
mod words;
mod write;

use std::collections::BTreeMap;

use serde_json::Value;
use smartid_core::Timestamp;
use smartid_trust::SerialNumber;

use crate::dialect::CmDialect;
use crate::ids::CertId;
use crate::operations::RevocationReason;

pub(crate) use values::text;
pub use values::{KeyIdentifier, ReasonText, SerialText};
pub use words::{CertificateStatus, ExtendedField, SubjectType, Validity};

/// A certificate in Certificate Manager's database, as the search and the details tell of it.
///
/// It does not tell the procedure by which the certificate was issued; see [`ExtendedField`].
///
/// ```
/// use smartid_cm::{CertificateRecord, CertificateStatus, CmDialect, RevocationReason};
///
/// let record: CertificateRecord = serde_json::from_str(r#"{
///     "certid": "4711", "status": "revoked", "reason": "certificate hold", "revocationtime": "2024-05-06T07:08:09Z",
///     "validfrom": 1704067200000, "certificateserialnumber": "5A01", "subject": "CN=Türschloss", "room": 7
/// }"#)?;
/// assert_eq!(record.status, Some(CertificateStatus::Revoked));
/// assert!(record.is_on_hold());
/// assert_eq!(record.revocation_reason(), Some(RevocationReason::CertificateHold));
/// assert_eq!(record.valid_from.unwrap().to_iso8601(), "2024-01-01T00:00:00Z");
/// assert_eq!(record.serial_number(&CmDialect::default()).unwrap().as_be_bytes(), [0x5a, 0x01]);
/// assert_eq!(record.other["room"], 7);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CertificateRecord {
    /// Its id. It has been in every answer that was seen; a record without it can be shown and not acted upon.
    pub certid: Option<CertId>,
    /// Whether it is revoked.
    pub status: Option<CertificateStatus>,
    /// Why it is revoked or on hold.
    pub reason: Option<ReasonText>,
    /// Since when.
    pub revoked_at: Option<Timestamp>,
    /// The beginning of its validity.
    pub valid_from: Option<Timestamp>,
    /// The end of its validity.
    pub valid_to: Option<Timestamp>,
    /// Its serial number as text; [`serial_number`](Self::serial_number) is what it means.
    pub serial: Option<SerialText>,
    /// The subject's distinguished name as text. In which of the ways that there are to write one is not published.
    pub subject: Option<String>,
    /// The issuer's distinguished name as text.
    pub issuer: Option<String>,
    /// What the key may be used for. The names are not published; those of RFC 5280 are inferred, such as `digitalSignature`.
    pub key_usage: Vec<String>,
    /// Whether it is a CA's.
    pub subject_type: Option<SubjectType>,
    /// The columns of the extended search that are filled.
    pub extended: BTreeMap<ExtendedField, String>,
    /// The key identifier of the issuer.
    pub authority_key_id: Option<KeyIdentifier>,
    /// The key identifier of the certificate's own key.
    pub subject_key_id: Option<KeyIdentifier>,
    /// Where now lies in its validity, by the server's clock.
    pub validity: Option<Validity>,
    /// What else the answer says of it, and what is not understood of the members above, by its name on the wire. Numbers beyond 64 bits
    /// are kept as floating point numbers.
    pub other: BTreeMap<String, Value>,
}

impl CertificateRecord {
    /// The serial number, read in the dialect's radix; `None` when there is none, or it is no number.
    #[must_use]
    pub fn serial_number(&self, dialect: &CmDialect) -> Option<SerialNumber> {
        self.serial.as_ref()?.number(dialect)
    }

    /// Why it is revoked or on hold, when that is a reason that is known.
    #[must_use]
    pub fn revocation_reason(&self) -> Option<RevocationReason> {
        self.reason.as_ref()?.reason()
    }

    /// Whether it is revoked, for ever or on hold.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        self.status == Some(CertificateStatus::Revoked)
    }

    /// Whether it is on hold, and can be reinstated.
    #[must_use]
    pub fn is_on_hold(&self) -> bool {
        self.is_revoked() && self.revocation_reason() == Some(RevocationReason::CertificateHold)
    }

    /// A column of the extended search.
    #[must_use]
    pub fn extended(&self, field: &ExtendedField) -> Option<&str> {
        self.extended.get(field).map(String::as_str)
    }
}
