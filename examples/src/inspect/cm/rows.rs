//! Lists and records of the reads.

use smartid::CmDialect;
use smartid::cm::operations::Procedures;
use smartid::core::json;
use smartid::core::{Endpoint, ResponseError};

use super::answer::{incoming, refusal};
use crate::inspect::places::{self, Place, folded, shown_text};
use crate::inspect::{Context, Finding};

/// What a list or a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Search,
    Details,
    Procedures,
    Registrations,
    Issuers,
}

/// A list or a record in an answer.
pub(super) struct Rows {
    kind: Kind,
    at: String,
}

fn members_of(raw: &str) -> Vec<String> {
    let members = json::members(raw).unwrap_or_default();
    members.iter().map(|(name, _)| folded(name)).collect()
}

impl Kind {
    fn of(place: &Place<'_>) -> Option<Self> {
        let has = |names: &[String], wanted: &[&str]| names.iter().any(|name| wanted.contains(&name.as_str()));
        if place.raw.starts_with('{') {
            let names = members_of(place.raw);
            let is_record = has(&names, &["certid"]) && has(&names, &["status", "subject", "certificateserialnumber"]);
            return is_record.then_some(Self::Details);
        }
        let items = json::items(place.raw)?;
        let by_name = match folded(&place.name).as_str() {
            "certificates" => Some(Self::Search),
            "procedures" | "tokenprocedures" => Some(Self::Procedures),
            "registrations" => Some(Self::Registrations),
            "subjects" => Some(Self::Issuers),
            _ => None,
        };
        let Some(first) = items.first() else {
            return by_name;
        };
        let names = members_of(first);
        if has(&names, &["errorcode"]) {
            return None;
        }
        if has(&names, &["certid"]) {
            return Some(Self::Search);
        }
        if has(&names, &["regid", "fqdn"]) {
            return Some(Self::Registrations);
        }
        if has(&names, &["subjectdn"]) {
            return Some(Self::Issuers);
        }
        by_name
    }
}

impl Rows {
    /// The first list or record that is one of Certificate Manager's.
    pub(super) fn of(text: &str) -> Option<Self> {
        let place = places::find(text, |place| Kind::of(place).is_some()).into_iter().next()?;
        let kind = Kind::of(&place)?;
        Some(Self { kind, at: place.at })
    }
}

pub(super) fn read(finding: &mut Finding, text: &str, rows: &Rows, dialect: CmDialect, context: &Context) {
    let _ = (finding, text, rows, dialect, context, shown_text(""), Procedures::all());
    let _ = incoming(String::new(), context);
    let _ = refusal;
    let _: Option<ResponseError<smartid::cm::CmRefusal>> = None;
    let _ = |p: &Procedures, d: &CmDialect| p.request(d).is_ok();
}
