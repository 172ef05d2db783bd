//! A report whose ids do not stand where the dialect looks for them.

use bytes::Bytes;
use smartid::core::json::Pointer;
use smartid::hermod::CommandReport;

use super::{KIND, described};
use crate::inspect::places::{self, folded};
use crate::inspect::{Context, Finding};

/// The settings of `messaging.callback`, and the folded names of the members that they lead to.
const SETTINGS: &[(&str, &[&str])] = &[
    ("command_id", &["commandid", "command"]),
    ("external_id", &["externalid", "external"]),
    ("state", &["state", "status", "commandstate"]),
    ("response", &["response", "result", "answer"]),
    ("error", &["error", "fault"]),
];

/// A callback with a member called something like `commandId` or `externalId` in another place.
pub(in crate::inspect) fn elsewhere(text: &str, context: &Context) -> Option<Finding> {
    places::named(text, &["commandid", "externalid"])?;
    let mut dialect = context.messaging.clone();
    let mut finding = Finding::of(KIND);
    for (setting, names) in SETTINGS {
        let fits = |place: &places::Place<'_>| {
            let id = setting.ends_with("_id");
            names.contains(&folded(&place.name).as_str())
                && place.raw != "null"
                && (!id || !place.raw.starts_with(['{', '[']))
        };
        let Some(place) = places::find(text, fits).into_iter().next() else {
            continue;
        };
        let callback = &mut dialect.callback;
        let slot = match *setting {
            "command_id" => &mut callback.command_id,
            "external_id" => &mut callback.external_id,
            "state" => &mut callback.state,
            "response" => &mut callback.response,
            _ => &mut callback.error,
        };
        let Ok(pointer) = place.at.parse::<Pointer>() else {
            continue;
        };
        if *slot != pointer {
            *slot = pointer;
            finding.fits_text("messaging.callback", setting, &place.at);
        }
    }
    let report = CommandReport::read(Bytes::copy_from_slice(text.as_bytes()), &dialect).ok()?;
    finding
        .problem("its ids do not stand where the dialect looks for them, so it is matched with no command");
    let mut context = context.clone();
    context.messaging = dialect.clone();
    Some(described(finding, text, &report, &dialect, &context))
}
