//! Whether the certificates of a chain are revoked, by the lists that were given (RFC 5280 6.3).

use smartid_core::Timestamp;

use super::crl::RevocationList;
use super::{RevocationStatus, Span};
use crate::{AlgorithmSet, Certificate, KeyUsage, Reason, Refusal};

/// What is demanded about revocation. Whatever it is, the answer says what was checked and what was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Revocation {
    /// Checked where a list covers the certificate; where none does, reported as
    /// [`NotChecked`](RevocationStatus::NotChecked). A list that is there and cannot be used (too old, signed by another key) refuses the
    /// chain even so.
    #[default]
    IfGiven,
    /// A list must cover the certificate in question; intermediates as with [`IfGiven`](Self::IfGiven).
    RequireForSigner,
    /// Lists must cover the certificate in question and all intermediates.
    RequireForChain,
}

/// What was found about a chain.
pub(super) struct Found {
    pub(super) signer: RevocationStatus,
    pub(super) intermediates: RevocationStatus,
}

/// Looks up a chain, the certificate in question first and the root last; `span` is narrowed to the times for which the answer holds.
pub(super) fn check(
    lists: &[RevocationList],
    policy: Revocation,
    algorithms: AlgorithmSet,
    chain: &[&Certificate],
    at: Timestamp,
    span: &mut Span,
) -> Result<Found, Refusal> {
    let mut found = Found {
        signer: RevocationStatus::NotChecked,
        intermediates: if lists.is_empty() {
            RevocationStatus::NotChecked
        } else {
            RevocationStatus::NotRevoked
        },
    };
    for (index, pair) in chain.windows(2).enumerate() {
        let [certificate, issuer] = pair else { continue };
        let is_ca = index > 0;
        let status = status(lists, algorithms, certificate, issuer, is_ca, at, span)?;
        let required =
            policy == Revocation::RequireForChain || (policy == Revocation::RequireForSigner && !is_ca);
        if required && status != RevocationStatus::NotRevoked {
            return Err(Refusal::new(
                Reason::RevocationUnknown,
                certificate.subject().to_string(),
            ));
        }
        if !is_ca {
            found.signer = status;
        } else if status == RevocationStatus::NotChecked {
            found.intermediates = status;
        }
    }
    Ok(found)
}

fn status(
    lists: &[RevocationList],
    algorithms: AlgorithmSet,
    certificate: &Certificate,
    issuer: &Certificate,
    is_ca: bool,
    at: Timestamp,
    span: &mut Span,
) -> Result<RevocationStatus, Refusal> {
    let of_issuer: Vec<_> = lists
        .iter()
        .filter(|list| list.is_of_issuer(certificate))
        .collect();
    if of_issuer.is_empty() {
        return Ok(RevocationStatus::NotChecked);
    }
    let about = |reason| Refusal::new(reason, certificate.issuer().to_string());
    if issuer
        .key_usage()?
        .is_some_and(|usage| !usage.contains(KeyUsage::CrlSign))
    {
        return Err(about(Reason::CrlSigner));
    }
    // A CA that has changed its key has lists by both; those of the other key are not about this certificate.
    let key = issuer.public_key()?;
    let mut first_failure = None;
    let mut signed = Vec::new();
    for list in of_issuer {
        match list.check_signature(&key, algorithms) {
            Ok(()) => signed.push(list),
            Err(refusal) => {
                first_failure.get_or_insert(refusal);
            }
        }
    }
    if signed.is_empty() {
        return Err(match first_failure {
            Some(refusal) if refusal.reason() != Reason::BadSignature => refusal,
            _ => about(Reason::CrlSignature),
        });
    }
    let serial = certificate.serial_number();
    let (mut current, mut unusable) = (false, None);
    for list in signed {
        let covers = list.covers(certificate, is_ca)?;
        if at >= list.next_update() {
            // What was on hold then need not be so now; but the answer for now says nothing about then.
            span.not_before(list.next_update());
            if covers {
                unusable = Some(Reason::CrlExpired);
            }
            continue;
        }
        if list.contains(serial) {
            return Err(Refusal::new(Reason::Revoked, certificate.subject().to_string()));
        }
        if covers {
            if at < list.this_update() {
                unusable = Some(Reason::CrlNotYetValid);
            } else {
                current = true;
                span.not_before(list.this_update());
            }
        }
        span.before(list.next_update());
    }
    match (current, unusable) {
        (true, _) => Ok(RevocationStatus::NotRevoked),
        (false, Some(reason)) => Err(about(reason)),
        (false, None) => Ok(RevocationStatus::NotChecked),
    }
}
