//! What a container has beside keys and certificates.

use std::fmt;

use super::bags::{CERTIFICATE, CRL, SECRET};
use crate::{Oid, Refusal};

/// A part of a container that was not read, so that whoever misses something can see why.
#[derive(Clone, PartialEq, Eq)]
pub struct PassedOver {
    pub(super) kind: Oid,
    pub(super) refusal: Option<Refusal>,
}

impl PassedOver {
    /// The type of the bag (RFC 7292 4.2), or of the content (RFC 5652) where a whole content was passed over.
    #[must_use]
    pub const fn kind(&self) -> &Oid {
        &self.kind
    }

    /// Why it was not read; `None` for bags that nobody here has a use for: CRLs and secrets that are no private keys.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// The refusal, unless it is sure that no private key is in this.
    pub(super) fn may_hide_a_key(&self) -> Option<Refusal> {
        let no_key = [CERTIFICATE, CRL, SECRET].contains(&self.kind);
        if no_key { None } else { self.refusal.clone() }
    }
}

impl fmt::Debug for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, refusal } = self;
        f.debug_struct("PassedOver")
            .field("kind", kind)
            .field("refusal", refusal)
            .finish()
    }
}
