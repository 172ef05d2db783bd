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
        let is =
            |at: usize, error: &ItemError| error.certid.is_some() && error.certid.as_ref() == certids.get(at);
        let (states, others) = read_states(dialect, certids.len(), is, incoming)?;
        Ok(Self {
            items: certids.iter().cloned().zip(states).collect(),
            others,
        })
    }
}

/// What became of each element of a call, and the errors that are of none; `is` tells whether an error is of the element at a place.
pub(super) fn read_states(
    dialect: &CmDialect,
    count: usize,
    is: impl Fn(usize, &ItemError) -> bool,
    incoming: Incoming,
) -> Result<(Vec<ItemState>, Vec<ItemError>), ResponseError<CmRefusal>> {
    let (errors, lost) = answer::items_and_lost(dialect, &incoming);
    let refused = match answer::agreed(dialect, incoming) {
        Ok(_) => None,
        Err(ResponseError::Refused(refusal)) if !errors.is_empty() && refusal.cm_code().is_some() => {
            Some(refusal)
        }
        Err(error) => return Err(error),
    };
    let named: Vec<Option<usize>> = (0..count)
        .map(|at| errors.iter().position(|error| is(at, error)))
        .collect();
    let strangers = errors.iter().any(|error| !(0..count).any(|at| is(at, error)));
    // An error of which nobody knows whose it is may be anybody's.
    let unlisted = match dialect.answers.unlisted {
        Unlisted::Unclear if refused.is_some() || strangers || lost > 0 => ItemState::Unclear,
        _ => ItemState::Done,
    };
    let states: Vec<ItemState> = named
        .iter()
        .map(|named| named.and_then(|at| errors.get(at)))
        .map(|named| named.map_or_else(|| unlisted.clone(), |error| ItemState::Failed(error.clone())))
        .collect();
    if let Some(refusal) = refused {
        let all_failed = named.iter().all(Option::is_some);
        // Too many at once is said of the call, by way of the first element that was too many.
        let over_the_limit = errors.iter().any(|error| error.limit.is_some());
        if all_failed || over_the_limit || count < 2 {
            return Err(ResponseError::Refused(refusal));
        }
    }
    let others = errors.into_iter().enumerate();
    let others = others.filter(|(at, _)| !named.contains(&Some(*at)));
    Ok((states, others.map(|(_, error)| error).collect()))
}
