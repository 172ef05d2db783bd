//! What became of each certificate of a call that names several.
//!
//! Certificate Manager may do some and refuse others (seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin). A
//! call for which nothing was done is an error; one that was partly done is an answer that has to be looked at.

use smartid_core::{Incoming, ResponseError};

use crate::answer;
use crate::dialect::{CmDialect, Unlisted};
use crate::ids::CertId;
use crate::refusal::{CmRefusal, CmRefusalKind, ItemError};

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
        let is = |at: usize, error: &ItemError| {
            certids
                .get(at)
                .is_some_and(|certid| is_of(error, certid, at, certids.len()))
        };
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
    let refused = match answer::agreed(dialect, incoming.clone()) {
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
    let all_failed = named.iter().all(Option::is_some);
    if let Some(refusal) = refused {
        // Too many at once is said of the call, by way of the first element that was too many.
        let over_the_limit = errors.iter().any(|error| error.limit.is_some());
        if all_failed || over_the_limit || count < 2 {
            return Err(ResponseError::Refused(refusal));
        }
    } else if all_failed && let Some(code) = errors.first().map(|error| error.code) {
        // Nothing was done, whatever the code of the whole says.
        let kind = CmRefusalKind::Code(code);
        return Err(ResponseError::Refused(CmRefusal::of_envelope(
            kind,
            &incoming,
            Some(code),
            None,
            errors,
        )));
    } else if lost > 0 && count < 2 {
        return Err(incoming
            .unreadable("what went wrong cannot be read")
            .at(Some(dialect.answers.items.to_string()))
            .into());
    }
    let others = errors.into_iter().enumerate();
    let others = others.filter(|(at, _)| !named.contains(&Some(*at)));
    Ok((states, others.map(|(_, error)| error).collect()))
}

/// Whether this is the error of that certificate: by its id, else by its place, else because there is no other.
fn is_of(error: &ItemError, certid: &CertId, index: usize, count: usize) -> bool {
    match (&error.certid, error.index) {
        (Some(named), _) => named == certid,
        (None, Some(place)) => u64::try_from(index).is_ok_and(|index| index == place),
        (None, None) => count == 1,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::refusal::CmCode;

    fn read(
        certids: &[&str],
        status: u16,
        body: &'static str,
    ) -> Result<ItemResults, ResponseError<CmRefusal>> {
        let certids: Vec<CertId> = certids
            .iter()
            .map(|certid| CertId::new(*certid).unwrap())
            .collect();
        let status = StatusCode::from_u16(status).unwrap();
        let incoming = Incoming::new(status, HeaderMap::new(), Bytes::from(body));
        ItemResults::read(&CmDialect::default(), &certids, incoming)
    }

    fn states(results: &ItemResults) -> String {
        let letter = |state: &ItemState| match state {
            ItemState::Done => 'd',
            ItemState::Failed(_) => 'f',
            ItemState::Unclear => 'u',
        };
        results.items.iter().map(|(_, state)| letter(state)).collect()
    }

    #[test]
    fn a_call_for_which_nothing_was_done_is_an_error() {
        for (certids, status, body) in [
            (&["1"][..], 200, r#"{"error":-15,"msg":"no"}"#),
            (
                &["1"],
                200,
                r#"{"error":0,"errors":[{"certid":"1","errorcode":-15}]}"#,
            ),
            (&["1"], 200, r#"{"error":0,"errors":[{"errorcode":-15}]}"#),
            (
                &["1"],
                200,
                r#"{"error":-15,"errors":[{"arrayindex":0,"errorcode":-14}]}"#,
            ),
            (
                &["1"],
                403,
                r#"{"error":-15,"errors":[{"certid":"1","errorcode":"-14"}]}"#,
            ),
            (
                &["1", "2"],
                200,
                r#"{"error":0,"errors":[{"certid":2,"errorcode":-15},{"certid":1,"errorcode":-15}]}"#,
            ),
        ] {
            let Err(ResponseError::Refused(refusal)) = read(certids, status, body) else {
                panic!("{body}");
            };
            assert_eq!(refusal.cm_code(), Some(CmCode::Privilege), "{body}");
        }
        let unreadable = r#"{"error":0,"errors":[{"certid":"1","errorcode":"bad"}]}"#;
        assert!(matches!(
            read(&["1"], 200, unreadable),
            Err(ResponseError::Unreadable(_))
        ));
        assert!(matches!(
            read(&["1"], 200, r#"{"error":0,"errors":{"certid":"1"}}"#),
            Err(ResponseError::Unreadable(_))
        ));
    }

    #[test]
    fn a_call_that_was_partly_done_tells_of_each() {
        let partly = r#"{"error":0,"errors":[{"certid":"2","errorcode":-14,"errormessage":"unknown"}]}"#;
        let results = read(&["1", "2", "3"], 200, partly).unwrap();
        assert_eq!((states(&results).as_str(), results.all_done()), ("dfd", false));
        assert_eq!(results.failed().next().unwrap().code, CmCode::BadFieldValue);

        let with_code = r#"{"error":-1,"errors":[{"certid":"2","errorcode":-14}]}"#;
        let results = read(&["1", "2", "3"], 200, with_code).unwrap();
        assert_eq!(states(&results), "ufu");
        assert_eq!(
            results.unclear().map(CertId::as_str).collect::<Vec<_>>(),
            ["1", "3"]
        );

        let stranger = r#"{"error":0,"errors":[{"certid":"9","errorcode":-14}]}"#;
        let results = read(&["1", "2"], 200, stranger).unwrap();
        assert_eq!((states(&results).as_str(), results.others.len()), ("uu", 1));
        assert!(!results.all_done());

        // An error that cannot be read may be anybody's.
        let unreadable =
            r#"{"error":0,"errors":[{"certid":"1","errorcode":-14},{"certid":[],"errorcode":-14}]}"#;
        assert_eq!(states(&read(&["1", "2"], 200, unreadable).unwrap()), "fu");

        assert!(
            read(&["1", "2"], 200, r#"{"error":0,"msg":"","errors":[]}"#)
                .unwrap()
                .all_done()
        );
        assert!(
            read(&["1", "2"], 200, r#"{"error":0,"errors":null}"#)
                .unwrap()
                .all_done()
        );
    }
}
