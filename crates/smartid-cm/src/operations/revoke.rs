//! Revokes certificates, or puts them on hold.
//!
//! `POST certificates/revoke` \[path documented; vendor page: Upgrade Protocol Gateway\]; fields `certid`, `reason`, and `signature` in the
//! second step \[seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin\]. Putting on hold is reason 6, and can be
//! undone with [`Reinstate`](super::Reinstate); every other reason is for ever.
//!
//! The officer needs the role to revoke certificates (inferred: "Revoke certificate"; vendor page: Officers and roles in Certificate
//! Manager). After a lost answer look at [`details`](super::Details) first: revoking twice may be refused or may change the reason.
//!
//! What can go wrong is a [`CmRefusal`]: -15 (an administrator's turn: the role), -14 (the calling program's: the id or the reason), -17
//! (the signature), and single certificates of several: [`ItemResults`].

use smartid_core::{BuildError, Incoming, Outgoing, ResponseError};

use super::items::ItemResults;
use crate::body::{self, CERTID, Fields, Value};
use crate::dialect::{CmDialect, WriteCall};
use crate::ids::CertId;
use crate::refusal::CmRefusal;
use crate::two_step::{RequestSignature, Write};

/// Why a certificate is revoked (seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin; the numbers are those of
/// RFC 5280 5.3.1, of which 2, 8 and 10 are absent).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationReason {
    /// 0.
    Unspecified,
    /// 1: somebody else may have the key.
    KeyCompromise,
    /// 3: the subject's name or affiliation is no longer right.
    AffiliationChanged,
    /// 4: there is another certificate in its place.
    Superseded,
    /// 5: it is no longer needed.
    CessationOfOperation,
    /// 6: on hold, until it is reinstated or revoked for ever.
    CertificateHold,
    /// 9: a privilege that it attests is withdrawn.
    PrivilegeWithdrawn,
    /// Another number.
    Other(i64),
}

impl RevocationReason {
    /// From the number on the wire.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Unspecified,
            1 => Self::KeyCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            9 => Self::PrivilegeWithdrawn,
            other => Self::Other(other),
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::PrivilegeWithdrawn => 9,
            Self::Other(other) => other,
        }
    }

    /// The phrase in which answers say it; `None` for a number without one.
    #[must_use]
    pub const fn phrase(self) -> Option<&'static str> {
        Some(match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key compromise",
            Self::AffiliationChanged => "affiliation changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation of operation",
            Self::CertificateHold => "certificate hold",
            Self::PrivilegeWithdrawn => "privilege withdrawn",
            Self::Other(_) => return None,
        })
    }

    /// From a phrase of an answer, in any letter case. That of "unspecified" is unknown and inferred to be this word.
    #[must_use]
    pub fn from_phrase(phrase: &str) -> Option<Self> {
        [
            Self::Unspecified,
            Self::KeyCompromise,
            Self::AffiliationChanged,
            Self::Superseded,
            Self::CessationOfOperation,
            Self::CertificateHold,
            Self::PrivilegeWithdrawn,
        ]
        .into_iter()
        .find(|reason| {
            reason
                .phrase()
                .is_some_and(|known| known.eq_ignore_ascii_case(phrase.trim()))
        })
    }
}

/// The request; see the module's text for who may send it and when.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_cm::operations::Revoke;
/// use smartid_cm::{Call, CertId, CmDialect, RequestSignature, RevocationReason, SignedCall, Step};
///
/// let dialect = CmDialect::from_toml("revoke.encoding = 'form'")?; // multipart is the default
/// let revoke = Revoke::new(CertId::new("4711")?, RevocationReason::CertificateHold);
/// let request = Call::new(&revoke).request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "certificates/revoke"));
/// assert_eq!(request.body_bytes(), "certId=4711&reason=6");
///
/// let answer = |body: &'static str| Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body));
/// let first = answer(r#"{"error":-19,"msg":"Sign request and send again","dataToSign":"c2lnbiB0aGlz"}"#);
/// let Step::Sign(data) = Call::new(&revoke).response(&dialect, first).unwrap() else { panic!() };
/// assert_eq!(data.as_bytes(), b"sign this");
///
/// let signature = RequestSignature::from_cms(b"0...".to_vec()); // smartid_trust::cms::sign makes it
/// let second = SignedCall::new(&revoke, &signature);
/// assert_eq!(second.request(&dialect)?.body_bytes(), "certId=4711&reason=6&signature=MC4uLg%3D%3D");
/// assert!(second.response(&dialect, answer(r#"{"error":0,"msg":"OK"}"#)).unwrap().all_done());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revoke {
    /// Which; at least one.
    pub certids: Vec<CertId>,
    /// Why.
    pub reason: RevocationReason,
}

impl Revoke {
    /// One certificate.
    #[must_use]
    pub fn new(certid: CertId, reason: RevocationReason) -> Self {
        Self {
            certids: vec![certid],
            reason,
        }
    }

    /// Puts one certificate on hold.
    #[must_use]
    pub fn hold(certid: CertId) -> Self {
        Self::new(certid, RevocationReason::CertificateHold)
    }

    /// One more certificate in the same call.
    #[must_use]
    pub fn and(mut self, certid: CertId) -> Self {
        self.certids.push(certid);
        self
    }
}

/// The ids as a field.
pub(super) fn certids(certids: &[CertId]) -> Result<Value, BuildError> {
    if certids.is_empty() {
        return Err(BuildError::Invalid(
            "at least one certificate must be named".to_owned(),
        ));
    }
    let texts = certids
        .iter()
        .map(|certid| body::sendable(certid.as_str()).map(str::to_owned))
        .collect::<Result<_, _>>()?;
    Ok(Value::Texts(texts))
}

impl Write for Revoke {
    type Output = ItemResults;

    const NAME: &'static str = "cm.revoke";

    fn settings<'d>(&self, dialect: &'d CmDialect) -> &'d WriteCall {
        &dialect.revoke
    }

    fn request(
        &self,
        dialect: &CmDialect,
        signature: Option<&RequestSignature>,
    ) -> Result<Outgoing, BuildError> {
        let fields = Fields::new()
            .with(CERTID, certids(&self.certids)?)
            .with("reason", Value::Number(self.reason.number()));
        body::write(dialect, &dialect.revoke, &[], fields, signature)
    }

    fn done(&self, dialect: &CmDialect, incoming: Incoming) -> Result<ItemResults, ResponseError<CmRefusal>> {
        ItemResults::read(dialect, &self.certids, incoming)
    }
}
