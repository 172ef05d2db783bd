//! Downloads a revocation list. Experimental.
//!
//! `GET {dp}/crl/<name>.crl` \[inferred; that the servlet which serves CA certificates serves lists too is a guess, and so is the path:
//! the dialect's `revocation_list`\]. Where a CA's certificates name their distribution point, that address is the better one. The file is
//! public, nobody logs in, and the call changes nothing.

use std::fmt;

use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};
use smartid_trust::path::RevocationList;
use smartid_trust::{Certificate, Reason, Refusal, Unverified};

use crate::auth::Nobody;
use crate::dialect::CmDialect;
use crate::public_file;
use crate::refusal::CmRefusal;

/// The request; see the module's text for what is known of it. Sent with [`call_dp`](crate::CertificateManager::call_dp).
///
/// ```
/// use smartid_core::Endpoint;
/// use smartid_cm::CmDialect;
/// use smartid_cm::operations::experimental::DownloadRevocationList;
///
/// let dialect = CmDialect::from_toml("revocation_list = { path = 'crls/{name}', suffix = '' }")?;
/// let call = DownloadRevocationList::new("issuing-ca-1");
/// assert_eq!(call.request(&dialect)?.target(), "crls/issuing-ca-1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadRevocationList {
    /// The name of the file, with or without the dialect's suffix.
    pub name: String,
}

impl DownloadRevocationList {
    /// The list in this file.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

impl Endpoint for DownloadRevocationList {
    type Auth = Nobody;
    type Dialect = CmDialect;
    type Output = DownloadedRevocationList;
    type Error = CmRefusal;

    const NAME: &'static str = "cm.revocation_list";
    const REPEAT: Repeat = Repeat::Safe;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        public_file::request(&dialect.revocation_list, "a revocation list", &self.name)
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<DownloadedRevocationList, ResponseError<CmRefusal>> {
        let incoming = public_file::response(dialect, incoming)?;
        let body = incoming.body();
        let read = if body.first() == Some(&0x30) {
            RevocationList::from_der(body.clone()).ok()
        } else {
            let text = std::str::from_utf8(body).unwrap_or_default();
            let mut lists = RevocationList::list_from_pem(text).unwrap_or_default();
            lists.pop().filter(|_| lists.is_empty())
        };
        match read {
            Some(list) => Ok(DownloadedRevocationList(Unverified::new(list))),
            None => Err(incoming
                .unreadable("it is not one revocation list, as DER or PEM")
                .into()),
        }
    }
}

/// A revocation list whose signature nobody has checked. A chain verifier that is given it does so itself.
#[derive(Clone)]
pub struct DownloadedRevocationList(Unverified<RevocationList>);

impl DownloadedRevocationList {
    /// The list, when the CA of this certificate has signed it. Whether it is current is not looked at: a chain verifier does.
    ///
    /// # Errors
    /// [`Reason::UnknownIssuer`] when it is another CA's, [`Reason::CrlSignature`] when it is not signed with its key.
    pub fn issued_by(self, ca: &Certificate) -> Result<RevocationList, Refusal> {
        let list = self.0.danger_into_unverified();
        if list.issuer() != ca.subject() {
            return Err(Reason::UnknownIssuer.into());
        }
        list.is_signed_by(&ca.public_key()?)?;
        Ok(list)
    }

    /// The list, unchecked. Whoever answers in the place of the server has written it.
    #[must_use]
    pub fn danger_unverified(&self) -> &RevocationList {
        self.0.danger_unverified()
    }
}

impl fmt::Debug for DownloadedRevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(list) = self;
        write!(
            f,
            "DownloadedRevocationList({} entries)",
            list.danger_unverified().len()
        )
    }
}
