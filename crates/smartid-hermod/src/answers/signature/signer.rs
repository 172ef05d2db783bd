//! Whether a verified signer is the one that the command was for.

use std::fmt;
use std::sync::Arc;

use smartid_trust::filter::{CertificateFilter, FilterSubject as _, FilterValue, FilterVerdict};
use smartid_trust::{AttributeComparison, Certificate, CertificateAttribute, KeyType};

use super::{Binding, SignaturePolicy, SignatureRefusal, VerifiedSigner};

/// What a caller expects of a signer.
#[derive(Clone)]
pub(super) enum SignerCheck {
    Attribute {
        attribute: CertificateAttribute,
        value: String,
        comparison: AttributeComparison,
    },
    Certificate(Certificate),
    Holds(Arc<dyn Fn(&Certificate) -> bool + Send + Sync>),
}

impl SignerCheck {
    fn check(&self, signer: &VerifiedSigner) -> Result<(), SignatureRefusal> {
        let certificate = signer.certificate().ok_or(SignatureRefusal::SignerUnnamed)?;
        let holds = match self {
            Self::Attribute {
                attribute,
                value,
                comparison,
            } => attribute
                .names(certificate, value, *comparison)
                .map_err(|error| SignatureRefusal::AttributeUnreadable {
                    problem: error.to_string(),
                })?,
            Self::Certificate(expected) => certificate == expected,
            Self::Holds(holds) => holds(certificate),
        };
        if holds {
            Ok(())
        } else {
            Err(SignatureRefusal::SignerUnexpected {
                subject: subject(signer),
            })
        }
    }
}

impl fmt::Debug for SignerCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute {
                attribute,
                value,
                comparison,
            } => f
                .debug_struct("Attribute")
                .field("attribute", attribute)
                .field("value", value)
                .field("comparison", comparison)
                .finish(),
            Self::Certificate(certificate) => f.debug_tuple("Certificate").field(certificate).finish(),
            Self::Holds(_) => f.write_str("Holds(..)"),
        }
    }
}

/// What could be decided, and what not.
#[derive(Default)]
pub(super) struct Bindings {
    pub(super) bound: Vec<Binding>,
    pub(super) not_bound: Vec<Binding>,
}

impl Bindings {
    pub(super) fn record(&mut self, binding: Binding, bound: bool) {
        if bound {
            self.bound.push(binding);
        } else {
            self.not_bound.push(binding);
        }
    }
}

/// Checks the signers against mechanism, filter, and what the caller expects.
pub(super) fn check<'a>(
    policy: &SignaturePolicy,
    signers: impl Iterator<Item = &'a VerifiedSigner> + Clone,
    bindings: &mut Bindings,
) -> Result<(), SignatureRefusal> {
    if let Some(asked) = &policy.expectation.mechanism {
        // A name that is not known here is not held against anybody.
        let meaning = asked.meaning().ok().filter(|_| !policy.any_mechanism);
        if let Some(meaning) = meaning
            && let Some(other) = signers
                .clone()
                .find(|signer| !meaning.makes(signer.proof.algorithm))
        {
            return Err(SignatureRefusal::MechanismDiffers {
                asked: asked.clone(),
                made: other.proof.algorithm,
            });
        }
        bindings.record(Binding::Mechanism, meaning.is_some());
    }
    if let Some(filter) = &policy.expectation.filter {
        let mut decided = !policy.any_key;
        for signer in signers.clone().filter(|_| !policy.any_key) {
            match verdict(filter, signer) {
                FilterVerdict::Matches => {}
                FilterVerdict::DoesNotMatch => {
                    return Err(SignatureRefusal::FilterDoesNotMatch {
                        subject: subject(signer),
                    });
                }
                _ => decided = false,
            }
        }
        bindings.record(Binding::Filter, decided);
    }
    for expected in &policy.expected {
        signers.clone().try_for_each(|signer| expected.check(signer))?;
    }
    bindings.record(Binding::Signer, !policy.expected.is_empty());
    Ok(())
}

/// The certificate answers, or the key alone; of its names only the one that the verifier gave it.
fn verdict(filter: &CertificateFilter, signer: &VerifiedSigner) -> FilterVerdict {
    let key_type = match signer.proof.key.key_type() {
        KeyType::Rsa { .. } => "RSA",
        KeyType::Ec(_) => "EC",
        _ => "Ed25519",
    };
    filter.evaluate(&|name: &str| match (name, &signer.key_id) {
        ("key.id", Some(id)) => Some(vec![FilterValue::from(id.as_str())]),
        ("key.type", _) => Some(vec![FilterValue::from(key_type)]),
        (other, _) => signer.certificate()?.param(other),
    })
}

/// For an error: the subject of a certificate that was verified, or nobody.
fn subject(signer: &VerifiedSigner) -> String {
    let subject = signer
        .certificate()
        .map(|certificate| certificate.subject().to_string());
    let subject = subject.or_else(|| signer.key_id.clone()).unwrap_or_default();
    subject.chars().take(256).collect()
}
