//! The parameters that sign and authenticate have in common.

use serde::Serialize;
use smartid_core::BuildError;

use super::{Members, Nonce};
use crate::entry::Entry;
use crate::filter::CertificateFilter;
use crate::signature_kind::{SignatureFormat, SignatureMechanism};

/// `signCommand`, `authCommand`. Members in the published order.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    pub(super) params: Params<'a>,
}

#[derive(Serialize)]
pub(super) struct Params<'a> {
    #[serde(skip_serializing_if = "<[Entry]>::is_empty")]
    pub(super) description: &'a [Entry],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filter: Option<&'a CertificateFilter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<&'a SignatureFormat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mechanism: Option<&'a SignatureMechanism>,
    #[serde(skip_serializing_if = "<[Entry]>::is_empty")]
    pub(super) tbs: &'a [Entry],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<&'a Nonce>,
}

/// What an expectation is made of must be what is sent: further members may not change it.
pub(super) fn check(members: &Members) -> Result<(), BuildError> {
    for name in ["description", "filter", "format", "mechanism", "tbs", "nonce"] {
        if members.touch(&["params", name]) {
            return Err(BuildError::Invalid(format!(
                "a further member may not be {name}, or have it inside: the answer could not be checked against what was sent"
            )));
        }
    }
    Ok(())
}

/// The builder functions that sign and authenticate share, the expectation, and the body.
macro_rules! shared_parts {
    ($command:ident) => {
        impl $command {
            /// One more thing to tell the person.
            #[must_use]
            pub fn description(mut self, entry: Entry) -> Self {
                self.description.push(entry);
                self
            }

            /// Which key may be used.
            #[must_use]
            pub fn filter(mut self, filter: CertificateFilter) -> Self {
                self.filter = Some(filter);
                self
            }

            /// What the signature comes as.
            #[must_use]
            pub fn format(mut self, format: SignatureFormat) -> Self {
                self.format = Some(format);
                self
            }

            /// How the signature is made.
            #[must_use]
            pub fn mechanism(mut self, mechanism: SignatureMechanism) -> Self {
                self.mechanism = Some(mechanism);
                self
            }

            /// Sends a challenge too.
            #[must_use]
            pub fn nonce(mut self, nonce: impl Into<Nonce>) -> Self {
                self.nonce = Some(nonce.into());
                self
            }

            /// What the answer is checked against; keep it until the answer comes.
            #[must_use]
            pub fn expectation(&self) -> $crate::answers::SignatureExpectation {
                $crate::answers::SignatureExpectation {
                    format: self.format.clone(),
                    mechanism: self.mechanism.clone(),
                    tbs: self.tbs.clone(),
                    description: self.description.clone(),
                    filter: self.filter.clone(),
                    nonce: self.nonce.clone(),
                    ..Default::default()
                }
            }

            fn body(&self) -> Result<super::signature_params::Body<'_>, BuildError> {
                super::signature_params::check(&self.members)?;
                Ok(super::signature_params::Body {
                    params: super::signature_params::Params {
                        description: &self.description,
                        filter: self.filter.as_ref(),
                        format: self.format.as_ref(),
                        mechanism: self.mechanism.as_ref(),
                        tbs: &self.tbs,
                        nonce: self.nonce.as_ref(),
                    },
                })
            }
        }
    };
}

pub(super) use shared_parts;
