//! What the check of a registration expects beyond the options: the caller's wishes and the relying party's.

use serde::{Deserialize, Serialize};

use crate::dialect::Encoding;
use crate::fido::{AttestationFormat, ExcludedIds};

/// Which origins are right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginRule {
    /// Exactly `https://<rp.id>`: no other port, no subdomain \[inferred: the default of the server library that Digital Access is
    /// thought to use; vendor page: Set up FIDO2 authentication\].
    #[default]
    RpId,
    /// One of these, compared exactly.
    Listed(Vec<String>),
    /// Any; [`Checked::origin`](super::Checked::origin) reports it.
    Report,
}

/// What to do about the attestation statement.
///
/// Refusing `known` formats is the default because a relying party that verifies at all refuses them, too: the server library that Digital
/// Access is thought to use takes attestation that leads to no anchor, and formats that it does not know, but no statement that breaks its
/// format's rules, and a refusal there costs the challenge and tells no reason \[inferred; vendor page: Set up FIDO2 authentication\].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum StatementRule {
    /// A wrong statement is refused in the formats that Digital Access knows (`none`, `packed`, `fido-u2f`), and reported in others.
    #[default]
    Known,
    /// Whatever is wrong is only reported.
    Report,
    /// A wrong statement is refused in any format, and one that cannot be checked as well.
    Strict,
}

/// What the check expects beyond the options.
///
/// ```
/// use smartid_da::dialect::Encoding;
/// use smartid_da::fido::preflight::{OriginRule, Preflight};
///
/// let rules = Preflight::new()
///     .origin(OriginRule::Listed(vec!["https://login.example.test:8443".to_owned()]))
///     .encoding(Encoding::Lenient);
/// # let _ = rules;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preflight {
    /// Which origins are right.
    pub origin: OriginRule,
    /// The relying party id where the options leave it out.
    pub rp_id: Option<String>,
    /// Whether binary members may be written in another way than base64url without padding, and `rawId` may be absent.
    pub encoding: Encoding,
    /// What to do about the attestation statement.
    pub attestation: StatementRule,
    /// The attestation formats that the relying party takes; `None` for any.
    pub formats: Option<Vec<AttestationFormat>>,
    /// How the relying party writes ids in `excludeCredentials`. The check takes them as the options were read; this says how to
    /// [read them](crate::fido::CreationOptions::read_ids).
    pub excluded_ids: ExcludedIds,
}

impl Preflight {
    /// Strict, with the origin `https://<rp.id>`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets which origins are right.
    #[must_use]
    pub fn origin(mut self, rule: OriginRule) -> Self {
        self.origin = rule;
        self
    }

    /// Sets the relying party id to check against where the options leave it out.
    #[must_use]
    pub fn rp_id(mut self, rp_id: impl Into<String>) -> Self {
        self.rp_id = Some(rp_id.into());
        self
    }

    /// Sets how strictly binary members are read.
    #[must_use]
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Sets what to do about the attestation statement.
    #[must_use]
    pub fn attestation(mut self, rule: StatementRule) -> Self {
        self.attestation = rule;
        self
    }

    /// Sets the only attestation formats that the relying party takes.
    #[must_use]
    pub fn formats(mut self, taken: impl IntoIterator<Item = AttestationFormat>) -> Self {
        self.formats = Some(taken.into_iter().collect());
        self
    }

    /// Gives a format back that is not taken.
    pub(super) fn taken(&self, format: AttestationFormat) -> Result<(), AttestationFormat> {
        match &self.formats {
            Some(taken) if !taken.contains(&format) => Err(format),
            _ => Ok(()),
        }
    }

    /// Sets how the relying party writes ids in `excludeCredentials`.
    #[must_use]
    pub fn excluded_ids(mut self, ids: ExcludedIds) -> Self {
        self.excluded_ids = ids;
        self
    }
}
