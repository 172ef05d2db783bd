//! The answer to a provision command: what the app has signed, before and after it is verified.
//!
//! Vendor pages: Example: Smart ID Mobile App provisioning (`responseformat` `jws`), Configure custom attestation keys (that the one who
//! sent the command verifies the answer is documented). Where the answer stands in a report, and what its payload is made of, is inferred:
//! settings `answers.provision.*`. Identity Manager calls the failure of this verification
//! [`HERMOD_ERROR_JWT_SIGNATURE`](ProvisionRefusal::IDENTITY_MANAGER_CODE) (documented).

mod claims;
mod policy;
mod refusal;
mod verify;

use std::fmt;

use smartid_core::Lint;
use smartid_trust::jws::Jws;
use smartid_trust::request::CertificationRequest;
use smartid_trust::{PublicKey, Refusal, Unverified, Verified};

use super::jws;
use crate::commands::provision::Usage;
use crate::dialect::{HermodDialect, PayloadDialect};
use crate::ids::{KeyId, ProfileId, UserId};
use crate::outcome::Outcome;
use crate::read::Document;
use crate::report::CommandReport;

pub use claims::{ClaimedKey, ProvisionClaims};
pub use policy::{AttestationKeys, ProvisionExpectation, ProvisionPolicy};
pub use refusal::ProvisionRefusal;

/// A signed answer that nobody has verified: nothing of it can be read but through [`verify`](Self::verify), or through a method with
/// `danger` in its name. `Debug` shows its length.
pub struct ProvisionAnswer {
    jws: Unverified<Jws>,
    compact: String,
    payload: PayloadDialect,
    lints: Vec<Lint>,
}

impl ProvisionAnswer {
    /// From a compact JWS that was kept from an earlier report.
    ///
    /// # Errors
    /// [`Refusal`] when it is none.
    pub fn from_jws(compact: impl Into<String>, dialect: &HermodDialect) -> Result<Self, Refusal> {
        let compact = compact.into();
        Ok(Self {
            jws: Jws::parse(&compact)?,
            compact,
            payload: dialect.answers.provision.payload.clone(),
            lints: Vec::new(),
        })
    }

    /// The compact JWS, for an archive: as it came, or put together from the flattened form.
    #[must_use]
    pub fn compact_jws(&self) -> &str {
        &self.compact
    }

    /// What was let pass while the answer was looked for.
    #[must_use]
    pub fn lints(&self) -> &[Lint] {
        &self.lints
    }

    /// What the answer says, unchecked: whoever posted the callback may have written it. For a diagnosis, never to decide anything.
    ///
    /// # Errors
    /// [`ProvisionRefusal::Unreadable`].
    pub fn danger_claims(&self) -> Result<ProvisionClaims, ProvisionRefusal> {
        ProvisionClaims::read(self.jws.danger_unverified().payload(), &self.payload)
    }

    pub(super) fn find(report: &CommandReport, dialect: &HermodDialect) -> Result<Self, String> {
        let settings = &dialect.answers.provision;
        let found = jws::find(report, &settings.data, settings.search, "answers.provision.data")?;
        if Document::open(found.jws.danger_unverified().payload()).is_none() {
            return Err("the payload of the signed answer is no JSON object".to_owned());
        }
        Ok(Self {
            jws: found.jws,
            compact: found.compact,
            payload: settings.payload.clone(),
            lints: found.lints,
        })
    }
}

impl fmt::Debug for ProvisionAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            jws: _blind,
            compact,
            payload: _settings,
            lints,
        } = self;
        f.debug_struct("ProvisionAnswer")
            .field("bytes", &compact.len())
            .field("lints", lints)
            .finish_non_exhaustive()
    }
}

/// What a provision command came to, once the answer is verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Provisioned {
    /// The user of the command.
    pub user_id: UserId,
    /// The profile: a new one, or the one that was updated.
    pub profile_id: ProfileId,
    /// The keys, one for each that was asked for, in that order.
    pub keys: Vec<ProvisionedKey>,
    /// What was let pass.
    pub lints: Vec<Lint>,
}

impl Provisioned {
    /// The key with this id.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&ProvisionedKey> {
        self.keys.iter().find(|key| key.key_id.as_str() == id)
    }
}

/// A key that a device has made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProvisionedKey {
    /// Its id, as in the command.
    pub key_id: KeyId,
    /// What it was asked for.
    pub usage: Usage,
    /// The public key.
    pub public_key: PublicKey,
    /// The certification request, where the command had a template: the names of the template with the key of the device. Its
    /// [`der`](CertificationRequest::der) goes to the certification authority.
    pub request: Option<Verified<CertificationRequest>>,
}

impl CommandReport {
    /// What a provision command came to: a success brings the signed answer, which is to be
    /// [verified](ProvisionAnswer::verify).
    ///
    /// ```
    /// use smartid_hermod::{CommandReport, HermodDialect, Outcome};
    ///
    /// let dialect = HermodDialect::default();
    /// let body = r#"{"commandId":"5101","state":"SUCCESS","response":{"format":"jws","data":"eyJhbGciOiJSUzI1NiJ9.e30.AAAA"}}"#;
    /// let Outcome::Succeeded(answer) = CommandReport::read(body.into(), &dialect)?.provision(&dialect) else { panic!() };
    /// assert!(answer.compact_jws().starts_with("eyJ"));
    ///
    /// let declined = CommandReport::read(r#"{"commandId":"5101","state":"REJECTED"}"#.into(), &dialect)?;
    /// assert_eq!(declined.provision(&dialect).name(), "declined");
    /// # Ok::<(), smartid_hermod::ReportError>(())
    /// ```
    #[must_use]
    pub fn provision(&self, dialect: &HermodDialect) -> Outcome<ProvisionAnswer> {
        self.outcome(dialect, |report| ProvisionAnswer::find(report, dialect))
    }
}
