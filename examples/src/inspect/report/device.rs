//! Answers that bring little: installed certificates, device information, a thing done.

use smartid::HermodDialect;
use smartid::core::json;
use smartid::hermod::answers::Done;
use smartid::hermod::{CommandReport, Outcome};

use super::{provision, told};
use crate::inspect::places::{self, shown, shown_text};
use crate::inspect::{Context, Finding};

/// The most members that are shown.
const SHOWN: usize = 40;

pub(super) fn certificate(
    finding: &mut Finding,
    report: &CommandReport,
    dialect: &HermodDialect,
    context: &Context,
) {
    match told(finding, report.certificate(dialect)) {
        Ok(installed) => {
            finding.fact("outcome", "the certificates are installed");
            match installed.confirmation {
                Some(confirmation) => {
                    finding.fact("confirmation", "signed by the app");
                    provision::answer(finding, confirmation, dialect, context);
                }
                None => {
                    kept(finding, installed.response);
                    finding.verdict.get_or_insert(true);
                }
            }
        }
        Err(Some(reason)) => finding.problem(reason),
        Err(None) => {}
    }
}

pub(super) fn done(finding: &mut Finding, outcome: Outcome<Done>, what: &str) {
    match told(finding, outcome) {
        Ok(done) => {
            finding.fact("outcome", what);
            kept(finding, done.response);
            finding.verdict.get_or_insert(true);
        }
        Err(Some(reason)) => finding.problem(reason),
        Err(None) => {}
    }
}

/// What the device says besides. Which members there are is not published.
fn kept(finding: &mut Finding, response: Option<String>) {
    match response.as_deref() {
        None | Some("{}") => {}
        Some(response) => members(finding, "says besides", response),
    }
}

fn members(finding: &mut Finding, name: &str, raw: &str) {
    let Some(members) = json::members(raw).filter(|members| !members.is_empty()) else {
        finding.fact(name, shown(raw));
        return;
    };
    let count = members.len();
    for (member, value) in members.into_iter().take(SHOWN) {
        finding.fact(&format!("  {}", shown_text(&member)), shown(value));
    }
    if count > SHOWN {
        finding.remark(format!("there are {count} members; {SHOWN} are shown"));
    }
}

pub(super) fn ping(finding: &mut Finding, text: &str, report: &CommandReport, dialect: &HermodDialect) {
    let info = match told(finding, report.ping(dialect)) {
        Ok(info) => info,
        Err(Some(reason)) => return finding.problem(reason),
        Err(None) => return,
    };
    finding.fact("outcome", "the device is alive");
    let raw = match info {
        Some(info) => Some(info.json),
        None => places::named(text, &["deviceinfo"]).map(|place| {
            finding.problem(format!(
                "there is no device information at {}; it stands at {}",
                dialect.answers.ping.device_info, place.at
            ));
            finding.fits_text("messaging.answers.ping", "device_info", &place.at);
            place.raw.to_owned()
        }),
    };
    match raw {
        Some(raw) => {
            let inside = places::text(&raw).filter(|text| text.starts_with('{'));
            if inside.is_some() {
                finding.remark("the device information is a text that holds JSON");
            }
            finding.fact("device information", "unchecked words of the device:");
            members(finding, "  it says", inside.as_deref().unwrap_or(&raw));
        }
        None if report.response.is_some() => {
            let signed = super::signature::known(text, dialect);
            finding.remark(match signed.first() {
                Some(signed) => format!(
                    "there is no device information but signed data at {}, which a ping is not known to bring",
                    signed.at
                ),
                None => "there is no device information; it comes only when deviceinfo was \"true\"".to_owned(),
            });
        }
        None => finding
            .remark("there is no device information; it comes only when the command had deviceinfo \"true\""),
    }
    finding.verdict.get_or_insert(true);
}
