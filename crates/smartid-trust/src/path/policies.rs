//! Whether a chain has a valid policy when a CA of it demands one (RFC 5280 6.1, without policy mapping).
//!
//! Every policy is acceptable to the verifier; but a CA can demand that its chains have one that all their certificates agree on
//! (requireExplicitPolicy), and that right must hold even where the extension that says so is not critical. Chains in which any of this
//! is critical do not come here: webpki refuses them. A policy mapping leaves no policy valid, because it is not processed.

use crate::certificate::oids;
use crate::der::{DerError, Oid, Reader, tag};
use crate::{Certificate, Reason, Refusal};

const POLICY_MAPPINGS: Oid = Oid::known(&[0x55, 0x1d, 33]);
const POLICY_CONSTRAINTS: Oid = Oid::known(&[0x55, 0x1d, 36]);
const INHIBIT_ANY_POLICY: Oid = Oid::known(&[0x55, 0x1d, 54]);
const ANY_POLICY: Oid = Oid::known(&[0x55, 0x1d, 32, 0]);

/// The policies on which all certificates so far agree.
enum Valid {
    Any,
    These(Vec<Oid>),
}

impl Valid {
    fn is_empty(&self) -> bool {
        matches!(self, Self::These(policies) if policies.is_empty())
    }

    /// Narrows to what one more certificate asserts.
    fn narrow(&mut self, asserted: Vec<Oid>, any_counts: bool) {
        let any = any_counts && asserted.contains(&ANY_POLICY);
        match self {
            Self::Any if any => {}
            Self::Any => {
                let mut policies = asserted;
                policies.retain(|policy| *policy != ANY_POLICY);
                *self = Self::These(policies);
            }
            Self::These(_) if any => {}
            Self::These(policies) => policies.retain(|policy| asserted.contains(policy)),
        }
    }
}

/// Checks a chain, the certificate in question first and the root last.
pub(super) fn check(chain: &[&Certificate]) -> Result<(), Refusal> {
    let Some((_root, below)) = chain.split_last() else {
        return Ok(());
    };
    let mut valid = Valid::Any;
    // How many certificates may follow until a policy must be valid, and until anyPolicy no longer counts.
    let (mut explicit_in, mut any_in) = (u64::MAX, u64::MAX);
    for (left, certificate) in below.iter().enumerate().rev() {
        let (is_last, is_self_issued) = (left == 0, certificate.is_self_issued());
        let asserted = if certificate.extension(&oids::CERTIFICATE_POLICIES).is_some() {
            certificate.policies()?
        } else {
            Vec::new()
        };
        valid.narrow(asserted, any_in > 0 || (!is_last && is_self_issued));
        if explicit_in == 0 && valid.is_empty() {
            return Err(no_policy(certificate));
        }
        if !is_last && certificate.extension(&POLICY_MAPPINGS).is_some() {
            valid = Valid::These(Vec::new());
        }
        if is_last || !is_self_issued {
            explicit_in = explicit_in.saturating_sub(1);
            any_in = any_in.saturating_sub(1);
        }
        let required = require_explicit_policy(certificate)?;
        // At the end only a demand without delay counts (6.1.5 b).
        explicit_in = explicit_in.min(required.filter(|skip| !is_last || *skip == 0).unwrap_or(u64::MAX));
        any_in = any_in.min(inhibit_any_policy(certificate)?.unwrap_or(u64::MAX));
        if is_last && explicit_in == 0 && valid.is_empty() {
            return Err(no_policy(certificate));
        }
    }
    Ok(())
}

fn no_policy(certificate: &Certificate) -> Refusal {
    Refusal::new(Reason::NoValidPolicy, certificate.subject().to_string())
}

/// The number in the requireExplicitPolicy field of the policy constraints.
fn require_explicit_policy(certificate: &Certificate) -> Result<Option<u64>, Refusal> {
    let Some(extension) = certificate.extension(&POLICY_CONSTRAINTS) else {
        return Ok(None);
    };
    let mut fields = Reader::only(
        &extension.value,
        tag::SEQUENCE,
        "policy constraints that are no sequence",
    )?
    .reader();
    let required = fields.optional(tag::context_primitive(0))?;
    fields.optional(tag::context_primitive(1))?;
    fields.end()?;
    Ok(required.map(|number| number.small_integer()).transpose()?)
}

fn inhibit_any_policy(certificate: &Certificate) -> Result<Option<u64>, Refusal> {
    let Some(extension) = certificate.extension(&INHIBIT_ANY_POLICY) else {
        return Ok(None);
    };
    let number = Reader::only(
        &extension.value,
        tag::INTEGER,
        "an inhibitAnyPolicy that is no number",
    )?;
    let number: Result<u64, DerError> = number.small_integer();
    Ok(Some(number?))
}
