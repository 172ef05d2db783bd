//! Whether the certificates of a chain are revoked, by the lists that were given (RFC 5280 6.3).

use smartid_core::Timestamp;

use super::crl::RevocationList;
use super::{RevocationStatus, Span, ca};
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

/// What a look-up goes by.
pub(super) struct Lookup<'a> {
    pub(super) lists: &'a [RevocationList],
    pub(super) policy: Revocation,
    pub(super) algorithms: AlgorithmSet,
    /// Certificates that came along or are known: those that sign lists for a CA may be among them.
    pub(super) others: &'a [&'a Certificate],
    pub(super) at: Timestamp,
}

impl Lookup<'_> {
    /// Looks up a chain, the certificate in question first and the root last; `span` is narrowed to the times for which the answer
    /// holds.
    pub(super) fn chain(&self, chain: &[&Certificate], span: &mut Span) -> Result<Found, Refusal> {
        let mut found = Found {
            signer: RevocationStatus::NotChecked,
            intermediates: if self.lists.is_empty() {
                RevocationStatus::NotChecked
            } else {
                RevocationStatus::NotRevoked
            },
        };
        let mut unknown = None;
        for (index, certificate) in chain.iter().enumerate() {
            let above = chain.get(index + 1..).unwrap_or_default();
            if above.is_empty() {
                break;
            }
            let is_ca = index > 0;
            let status = self.status(certificate, above, is_ca, true, span)?;
            if !is_ca {
                found.signer = status;
            } else if status == RevocationStatus::NotChecked {
                found.intermediates = status;
            }
            let required = self.policy == Revocation::RequireForChain
                || (self.policy == Revocation::RequireForSigner && !is_ca);
            if required && status != RevocationStatus::NotRevoked {
                unknown.get_or_insert(certificate);
            }
        }
        // After all others: that one is revoked tells more than that one is not known.
        if let Some(certificate) = unknown {
            return Err(Refusal::new(
                Reason::RevocationUnknown,
                certificate.subject().to_string(),
            ));
        }
        Ok(found)
    }

    /// Looks up one certificate; `above` is its chain, the issuer first and the root last.
    fn status(
        &self,
        certificate: &Certificate,
        above: &[&Certificate],
        is_ca: bool,
        others_may_sign: bool,
        span: &mut Span,
    ) -> Result<RevocationStatus, Refusal> {
        let of_issuer: Vec<_> = self
            .lists
            .iter()
            .filter(|list| list.is_of_issuer(certificate))
            .collect();
        if of_issuer.is_empty() {
            return Ok(RevocationStatus::NotChecked);
        }
        let about = |reason| Refusal::new(reason, certificate.issuer().to_string());
        let signers = self.signers(certificate, above, others_may_sign, span)?;
        if signers.is_empty() {
            return Err(about(Reason::CrlSigner));
        }
        // A CA that has changed its key has lists by both; those of a key that is none of these are not about this certificate.
        let mut first_failure = None;
        let mut signed = Vec::new();
        for list in of_issuer {
            let mut attempts = signers
                .iter()
                .map(|signer| list.check_signature(&signer.public_key()?, self.algorithms));
            match attempts.find_map(Result::ok) {
                Some(()) => signed.push(list),
                None => {
                    let failure = signers
                        .first()
                        .map(|signer| list.check_signature(&signer.public_key()?, self.algorithms));
                    first_failure = first_failure.or(failure.and_then(Result::err));
                }
            }
        }
        if signed.is_empty() {
            return Err(match first_failure {
                Some(refusal) if refusal.reason() != Reason::BadSignature => refusal,
                _ => about(Reason::CrlSignature),
            });
        }
        let (mut current, mut unusable) = (false, None);
        for list in signed {
            let covers = list.covers(certificate, is_ca)?;
            if self.at >= list.next_update() {
                // What was on hold then need not be so now; but the answer for now says nothing about then.
                span.not_before(list.next_update());
                if covers {
                    unusable = Some(Reason::CrlExpired);
                }
                continue;
            }
            // Whichever part of the CA's certificates it covers: what is on it is revoked.
            if list.contains(certificate.serial_number()) {
                return Err(Refusal::new(Reason::Revoked, certificate.subject().to_string()));
            }
            if covers {
                if self.at < list.this_update() {
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

    /// The certificates whose keys may have signed the lists of a certificate's issuer (RFC 5280 6.3.3 f): the issuer, CAs of the same
    /// name above it, and certificates of that name that one of these CAs has issued for signing lists.
    fn signers<'a>(
        &'a self,
        certificate: &Certificate,
        above: &[&'a Certificate],
        others_may_sign: bool,
        span: &mut Span,
    ) -> Result<Vec<&'a Certificate>, Refusal> {
        let mut signers = Vec::new();
        for ca in above
            .iter()
            .filter(|ca| ca.subject_der() == certificate.issuer_der())
        {
            if ca
                .key_usage()?
                .is_none_or(|usage| usage.contains(KeyUsage::CrlSign))
            {
                signers.push(*ca);
            }
        }
        if !others_may_sign {
            return Ok(signers);
        }
        for other in self.others {
            if other.subject_der() != certificate.issuer_der() || above.contains(other) {
                continue;
            }
            let says_so = matches!(other.key_usage(), Ok(Some(usage)) if usage.contains(KeyUsage::CrlSign));
            let is_current = (other.not_before()..=other.not_after()).contains(&self.at);
            if !says_so || !is_current || ca::unprocessed(other).is_some() {
                continue;
            }
            let issued_by = |ca: &Certificate| {
                ca.subject_der() == other.issuer_der()
                    && ca.public_key().is_ok_and(|key| other.is_signed_by(&key).is_ok())
                    && other
                        .signature_algorithm()
                        .is_ok_and(|algorithm| self.algorithms.contains(algorithm))
            };
            let Some(position) = above.iter().position(|ca| issued_by(ca)) else {
                continue;
            };
            let its_chain = above.get(position..).unwrap_or_default();
            match self.status(other, its_chain, false, false, span) {
                Ok(RevocationStatus::NotRevoked) => {}
                Ok(RevocationStatus::NotChecked) if self.policy != Revocation::RequireForChain => {}
                _ => continue,
            }
            span.not_before(other.not_before());
            span.until = span.until.min(other.not_after());
            signers.push(other);
        }
        Ok(signers)
    }
}
