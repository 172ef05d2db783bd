//! What is read of every report before anything else: which command it is about, and how far that is.
//!
//! A receiver of callbacks needs no more than this to store them, and it is what decides whether a body is a report at all.

use std::borrow::Cow;

use bytes::Bytes;
use smartid_core::{Lint, redact};

use crate::dialect::HermodDialect;
use crate::ids::{CommandId, ExternalId, Mid};
use crate::read::{Document, id, text};
use crate::report::ReportError;
use crate::state::State;

/// The ids and the state of a report.
pub(crate) struct Key {
    pub(crate) command_id: Option<CommandId>,
    pub(crate) external_id: Option<ExternalId>,
    /// Whether the external id is a text, as ours always is.
    pub(crate) echoes_text: bool,
    pub(crate) mid: Option<Mid>,
    pub(crate) state: State,
    pub(crate) lints: Vec<Lint>,
}

/// The body with the dialect's edits; without any it is the same body, not a copy.
pub(crate) fn edited(raw: &Bytes, dialect: &HermodDialect) -> Result<Bytes, ReportError> {
    let edits = &dialect.callback.edits;
    if edits.is_empty() {
        return Ok(raw.clone());
    }
    Document::open(raw).ok_or(ReportError::NotAnObject)?;
    Ok(edits.apply(raw.clone())?)
}

impl Key {
    pub(crate) fn read(document: &Document<'_>, dialect: &HermodDialect) -> Result<Self, ReportError> {
        let places = &dialect.callback;
        let counting = [
            &places.command_id,
            &places.external_id,
            &places.state,
            &places.response,
            &places.error,
        ];
        if let Some(name) = document.repeated(&counting) {
            return Err(ReportError::Repeated(redact::message(name)));
        }
        let mut lints = Vec::new();
        let mut usable = |place| {
            let raw = document.at(place)?;
            let read = id(raw);
            if read.is_none() {
                lints.push(Lint::new(place.to_string(), "an id that cannot be used"));
            }
            read
        };
        let command_id = usable(&places.command_id).map(CommandId::new);
        let external_id = usable(&places.external_id).map(ExternalId::new);
        if command_id.is_none() && external_id.is_none() {
            return Err(ReportError::NoId);
        }
        let state = match document.at(&places.state) {
            Some(raw) => {
                let spelled = text(raw).map_or_else(|| Cow::from(raw), Cow::from);
                State::read(&spelled, &dialect.states)
            }
            None => {
                let state = if document.at(&places.error).is_some() {
                    State::Failed
                } else if document.at(&places.response).is_some() {
                    State::Success
                } else {
                    State::Other(String::new())
                };
                if state.is_final() {
                    lints.push(Lint::new(
                        places.state.to_string(),
                        "no state; taken from what else is there",
                    ));
                }
                state
            }
        };
        Ok(Self {
            command_id,
            external_id,
            echoes_text: document
                .at(&places.external_id)
                .is_some_and(|raw| raw.starts_with('"')),
            mid: document.only(&places.mid).and_then(id).map(Mid::new),
            state,
            lints,
        })
    }
}
