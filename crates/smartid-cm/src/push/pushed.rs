//! What was pushed.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use smartid_core::Lint;
use smartid_trust::{Certificate, Fingerprint, Unverified};

use super::Sender;
use crate::ids::{CoreTemplate, ProcessDefinitionId, TenantId};

/// A certificate that Certificate Manager pushed.
///
/// Who sent it is known; who issued it is not, until [`certificate`](Self::certificate) is verified against a chain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PushedCertificate {
    /// The certificate, read and not verified.
    pub certificate: Unverified<Certificate>,
    /// The SHA-256 digest of its DER.
    pub fingerprint: Fingerprint,
    /// The template it is for.
    pub template: CoreTemplate,
    /// The process it should start.
    pub process: Option<ProcessDefinitionId>,
    /// The tenant it is for.
    pub tenant: Option<TenantId>,
    /// Who sent it.
    pub sender: Sender,
    /// What was not as documented, and let pass.
    pub lints: Vec<Lint>,
}

impl PushedCertificate {
    /// What makes this push the same as another.
    #[must_use]
    pub fn key(&self) -> PushKey {
        PushKey {
            fingerprint: self.fingerprint,
            template: self.template.clone(),
            process: self.process.clone(),
            tenant: self.tenant.clone(),
        }
    }
}

/// What makes one push the same as another: the same certificate for the same template, process and tenant.
///
/// `Display` writes it as one text of letters, digits, `%` and `/` that no other key has, for a column of a database that must be unique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PushKey {
    /// The SHA-256 digest of the certificate's DER.
    pub fingerprint: Fingerprint,
    /// The template it is for.
    pub template: CoreTemplate,
    /// The process it should start.
    pub process: Option<ProcessDefinitionId>,
    /// The tenant it is for.
    pub tenant: Option<TenantId>,
}

impl fmt::Display for PushKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            fingerprint,
            template,
            process,
            tenant,
        } = self;
        let [template, process, tenant] = [
            template.as_str(),
            process.as_ref().map_or("", ProcessDefinitionId::as_str),
            tenant.as_ref().map_or("", TenantId::as_str),
        ]
        .map(|name| utf8_percent_encode(name, NON_ALPHANUMERIC));
        write!(f, "{fingerprint}/{template}/{process}/{tenant}")
    }
}
