//! The state of a command: its spelling, and reading on when it is an unknown one.

use bytes::Bytes;
use smartid::HermodDialect;
use smartid::core::json::Pointer;
use smartid::hermod::{CommandReport, State};

use crate::inspect::Finding;
use crate::inspect::finding::quoted;
use crate::inspect::places::{self, folded};

/// The lists of the dialect, each with the spelling that it has by default.
const STATES: &[(&str, &str)] = &[
    ("in_progress", "IN_PROGRESS"),
    ("success", "SUCCESS"),
    ("failed", "FAILED"),
    ("timeout", "TIMEOUT"),
    ("rejected", "REJECTED"),
    ("cancelled", "CANCELLED"),
];

/// Words that other services have for one of these states.
const WORDS: &[(&str, &[&str])] = &[
    (
        "in_progress",
        &["pending", "started", "waiting", "running", "open", "new"],
    ),
    (
        "success",
        &[
            "succeeded",
            "successful",
            "ok",
            "done",
            "completed",
            "complete",
            "approved",
            "finished",
        ],
    ),
    ("failed", &["failure", "error", "invalid"]),
    ("timeout", &["timedout", "expired", "timeouted"]),
    ("rejected", &["declined", "denied", "refused"]),
    ("cancelled", &["canceled", "aborted", "withdrawn"]),
];

/// The list that a spelling plausibly belongs to.
fn list_of(spelling: &str) -> Option<(&'static str, &'static str)> {
    let word = folded(spelling);
    let meant = |(list, default): &&(&str, &str)| {
        let words = WORDS.iter().find(|(known, _)| known == list);
        folded(default) == word || words.is_some_and(|(_, words)| words.contains(&word.as_str()))
    };
    STATES.iter().find(meant).copied()
}

/// The spelling, and the line that makes it known.
pub(in crate::inspect) fn state(finding: &mut Finding, state: &State) {
    finding.fact("state", state.to_string());
    let State::Other(spelling) = state else { return };
    finding.problem(format!(
        "the state {spelling:?} stands in no list of the dialect, so a wait does not end by it"
    ));
    let line = |list: &str, default: &str| format!("{list} = [{}, {}]", quoted(default), quoted(spelling));
    match list_of(spelling) {
        Some((list, default)) => finding.fits("messaging.states", line(list, default)),
        None => {
            finding.fits("messaging.states", "# one of these, whichever it means:");
            for (list, default) in STATES {
                finding.fits("messaging.states", format!("# {}", line(list, default)));
            }
        }
    }
}

/// Tells the state, and how to read on: where it stands elsewhere, or is spelled otherwise, as if the dialect knew it.
pub(super) fn settled(
    finding: &mut Finding,
    text: &str,
    report: &CommandReport,
    dialect: &HermodDialect,
) -> (CommandReport, HermodDialect) {
    let mut dialect = dialect.clone();
    let read =
        |dialect: &HermodDialect| CommandReport::read(Bytes::copy_from_slice(text.as_bytes()), dialect);
    let mut report = report.clone();
    if matches!(&report.state, State::Other(spelling) if spelling.is_empty()) {
        let is_state = |place: &places::Place<'_>| {
            [
                "state",
                "status",
                "commandstate",
                "commandstatus",
                "result",
                "outcome",
            ]
            .contains(&folded(&place.name).as_str())
                && places::text(place.raw).is_some_and(|word| list_of(&word).is_some())
        };
        let found = places::find(text, is_state);
        match found.as_slice() {
            [only] => {
                finding.problem(format!(
                    "there is no state at {}; one stands at {}",
                    dialect.callback.state, only.at
                ));
                finding.fits_text("messaging.callback", "state", &only.at);
                if let Ok(pointer) = only.at.parse::<Pointer>() {
                    dialect.callback.state = pointer;
                }
                if let Ok(moved) = read(&dialect) {
                    report = moved;
                }
            }
            _ => {
                finding.fact("state", "(none)");
                finding.problem("there is neither a state, nor a response, nor an error, so it ends no wait");
                return (report, dialect);
            }
        }
    }
    state(finding, &report.state);
    if let State::Other(spelling) = &report.state {
        let states = &mut dialect.states;
        let list = match list_of(spelling).map(|(list, _)| list) {
            Some("in_progress") => &mut states.in_progress,
            Some("failed") => &mut states.failed,
            Some("timeout") => &mut states.timeout,
            Some("rejected") => &mut states.rejected,
            Some("cancelled") => &mut states.cancelled,
            // A response comes with a success.
            None if report.response.is_none() => return (report, dialect),
            _ => &mut states.success,
        };
        list.push(spelling.clone());
        if let Ok(known) = read(&dialect) {
            finding.remark(format!("it is read on as if the state meant {}", known.state));
            report = known;
        }
    }
    (report, dialect)
}
