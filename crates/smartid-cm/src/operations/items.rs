//! What became of each certificate of a call that names several.
//!
//! Certificate Manager may do some and refuse others (seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin). A
//! call for which nothing was done is an error; one that was partly done is an answer that has to be looked at.

use smartid_core::{Incoming, ResponseError};

use crate::answer;
use crate::dialect::{CmDialect, Unlisted};
use crate::ids::CertId;
use crate::refusal::{CmRefusal, ItemError};

/// What became of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ItemState {
    /// It is done.
    Done,
    /// It was refused.
    Failed(ItemError),
    /// The call partly failed and the answer does not say what became of this one: look at its details.
    Unclear,
}

/// What became of each certificate, in the order of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "some of the certificates may have been refused"]
#[non_exhaustive]
pub struct ItemResults {
    /// Each certificate of the call with what became of it.
    pub items: Vec<(CertId, ItemState)>,
    /// What the answer says of certificates that were not in the call, or of none.
    pub others: Vec<ItemError>,
}

impl ItemResults {
    /// Whether everything is done.
    #[must_use]
    pub fn all_done(&self) -> bool {
        self.others.is_empty() && self.items.iter().all(|(_, state)| *state == ItemState::Done)
    }

    /// The certificates for which it is done.
    pub fn done(&self) -> impl Iterator<Item = &CertId> {
        self.items
            .iter()
            .filter(|(_, state)| *state == ItemState::Done)
            .map(|(certid, _)| certid)
    }

    /// The refusals.
    pub fn failed(&self) -> impl Iterator<Item = &ItemError> {
        self.items.iter().filter_map(|(_, state)| match state {
            ItemState::Failed(error) => Some(error),
            _ => None,
        })
    }

    /// The certificates of which the answer does not tell.
    pub fn unclear(&self) -> impl Iterator<Item = &CertId> {
        self.items
            .iter()
            .filter(|(_, state)| *state == ItemState::Unclear)
            .map(|(certid, _)| certid)
    }

    /// Reads the answer to a call that named these certificates.
    pub(crate) fn read(
        dialect: &CmDialect,
        certids: &[CertId],
        incoming: Incoming,
    ) -> Result<Self, ResponseError<CmRefusal>> {
        let mut errors = answer::items(dialect, &incoming);
        let verdict = answer::agreed(dialect, incoming);
        let refused = match verdict {
            Ok(_) => None,
            Err(ResponseError::Refused(refusal)) if !errors.is_empty() && refusal.cm_code().is_some() => {
                Some(refusal)
            }
            Err(error) => return Err(error),
        };
        let unlisted = match (&refused, dialect.answers.unlisted) {
            (Some(_), Unlisted::Unclear) => ItemState::Unclear,
            _ => ItemState::Done,
        };
        let items: Vec<(CertId, ItemState)> = certids
            .iter()
            .map(|certid| {
                let named = errors
                    .iter()
                    .position(|error| error.certid.as_ref() == Some(certid));
                let state = match named {
                    Some(at) => ItemState::Failed(errors.remove(at)),
                    None => unlisted.clone(),
                };
                (certid.clone(), state)
            })
            .collect();
        let all_failed = items
            .iter()
            .all(|(_, state)| matches!(state, ItemState::Failed(_)));
        match refused {
            Some(refusal) if all_failed || certids.len() < 2 => Err(ResponseError::Refused(refusal)),
            _ => Ok(Self {
                items,
                others: errors,
            }),
        }
    }
}
