//! Takes certificates off hold.
//!
//! `POST certificates/reinstate` \[path documented; vendor page: Upgrade Protocol Gateway\]; fields `certid`, and `signature` in the second
//! step \[inferred: as for revoking\]. Only a certificate on hold can be reinstated; what is revoked for another reason stays revoked.
//!
//! The officer needs the role to revoke certificates \[inferred; vendor page: Officers and roles in Certificate Manager\]. What can go
//! wrong is a [`CmRefusal`] as with [`Revoke`](super::Revoke).

use smartid_core::{BuildError, Incoming, Outgoing, ResponseError};

use super::items::ItemResults;
use super::revoke::certids;
use crate::body::{self, CERTID, Fields};
use crate::dialect::{CmDialect, WriteCall};
use crate::ids::CertId;
use crate::refusal::CmRefusal;
use crate::two_step::{RequestSignature, Write};

/// The request; see the module's text for who may send it and when.
///
/// ```
/// use smartid_core::Endpoint;
/// use smartid_cm::operations::Reinstate;
/// use smartid_cm::{Call, CertId, CmDialect};
///
/// let reinstate = Reinstate::new(CertId::new("4711")?).and(CertId::new("4712")?);
/// let dialect = CmDialect::from_toml("reinstate.encoding = 'form'")?; // multipart is the default
/// let request = Call::new(&reinstate).request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "certificates/reinstate"));
/// assert_eq!(request.body_bytes(), "certId=4711&certId=4712");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reinstate {
    /// Which; at least one.
    pub certids: Vec<CertId>,
}

impl Reinstate {
    /// One certificate.
    #[must_use]
    pub fn new(certid: CertId) -> Self {
        Self {
            certids: vec![certid],
        }
    }

    /// One more certificate in the same call.
    #[must_use]
    pub fn and(mut self, certid: CertId) -> Self {
        self.certids.push(certid);
        self
    }
}

impl Write for Reinstate {
    type Output = ItemResults;

    const NAME: &'static str = "cm.reinstate";

    fn settings<'d>(&self, dialect: &'d CmDialect) -> &'d WriteCall {
        &dialect.reinstate
    }

    fn request(
        &self,
        dialect: &CmDialect,
        signature: Option<&RequestSignature>,
    ) -> Result<Outgoing, BuildError> {
        let fields = Fields::new().with(CERTID, certids(&self.certids)?);
        body::write(dialect, &dialect.reinstate, &[], fields, signature)
    }

    fn done(&self, dialect: &CmDialect, incoming: Incoming) -> Result<ItemResults, ResponseError<CmRefusal>> {
        ItemResults::read(dialect, &self.certids, incoming)
    }
}
