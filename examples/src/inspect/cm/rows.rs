//! Lists and records of the reads.

use serde_json::{Value, json};
use smartid::CmDialect;
use smartid::cm::operations::experimental::Issuers;
use smartid::cm::operations::{Details, Procedures, RegistrationKind, Registrations, Search, SearchPage};
use smartid::cm::{AccountId, CertId, CertificateRecord, CmRefusal};
use smartid::core::dialect::Edits;
use smartid::core::{Endpoint, ResponseError, json};

use super::answer::incoming;
use crate::inspect::finding::quoted;
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
    /// What it is called, and the member that holds it.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Search => ("page of a search", "certificates"),
            Self::Details => ("details of a certificate", "certificate"),
            Self::Procedures => ("list of procedures", "procedures"),
            Self::Registrations => ("list of registrations", "registrations"),
            Self::Issuers => ("list of issuers", "subjects"),
        }
    }

    /// The table of the dialect, and its edits of the answer.
    fn table(self, dialect: &mut CmDialect) -> Option<(&'static str, &mut Edits)> {
        Some(match self {
            Self::Search => ("search", &mut dialect.search.response),
            Self::Details => ("details", &mut dialect.details.response),
            Self::Procedures => ("procedures", &mut dialect.procedures.response),
            Self::Registrations => ("registrations", &mut dialect.registrations.response),
            Self::Issuers => ("issuers", &mut dialect.issuers.response),
        })
    }

    fn of(place: &Place<'_>) -> Option<Self> {
        let has =
            |names: &[String], wanted: &[&str]| names.iter().any(|name| wanted.contains(&name.as_str()));
        if place.raw.starts_with('{') {
            let names = members_of(place.raw);
            let is_record =
                has(&names, &["certid"]) && has(&names, &["status", "subject", "certificateserialnumber"]);
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
        let whole = Place {
            at: String::new(),
            name: String::new(),
            raw: text,
        };
        let place = match text.starts_with('[') {
            true => whole,
            false => places::find(text, |place| Kind::of(place).is_some())
                .into_iter()
                .next()?,
        };
        let kind = Kind::of(&place)?;
        Some(Self { kind, at: place.at })
    }

    /// Lines by which the list is found where it is, and the edits that they are.
    fn lines(&self, text: &str) -> Option<(String, Edits)> {
        let (_, member) = self.kind.names();
        let mut edits = vec![(self.at.clone(), format!("/{member}"))];
        if matches!(self.kind, Kind::Search | Kind::Issuers)
            && let Some(total) = places::named(text, &["searchhits", "hits", "total", "totalhits"])
            && total.at != "/searchHits"
        {
            edits.push((total.at, "/searchHits".to_owned()));
        }
        edits.retain(|(from, to)| from != to && !from.is_empty());
        let shown: Vec<String> = edits
            .iter()
            .map(|(from, to)| format!("{{ move = {}, to = {} }}", quoted(from), quoted(to)))
            .collect();
        let json: Vec<Value> = edits
            .iter()
            .map(|(from, to)| json!({ "move": from, "to": to }))
            .collect();
        let edits = serde_json::from_value(Value::Array(json)).ok()?;
        (!shown.is_empty()).then(|| (format!("response = [{}]", shown.join(", ")), edits))
    }
}

/// Reads the list or the record, where the dialect looks for it or where it is.
pub(super) fn read(
    finding: &mut Finding,
    text: &str,
    rows: &Rows,
    mut dialect: CmDialect,
    context: &Context,
) {
    let (what, member) = rows.kind.names();
    finding.kind = format!("{what} of Certificate Manager");
    if let Err(problem) = try_read(finding, text, rows.kind, &dialect, context) {
        finding.problem(problem);
        let table = rows.kind.table(&mut dialect);
        if let (Some((table, response)), Some((line, edits))) = (table, rows.lines(text)) {
            *response = edits;
            if try_read(finding, text, rows.kind, &dialect, context).is_ok() {
                finding.problem(format!(
                    "what the client looks for at /{member} stands at {}",
                    rows.at
                ));
                finding.fits(&format!("certificate_manager.{table}"), line);
            }
        }
    }
    if finding.problems.is_empty() {
        finding.verdict = Some(true);
    }
}

fn try_read(
    finding: &mut Finding,
    text: &str,
    kind: Kind,
    dialect: &CmDialect,
    context: &Context,
) -> Result<(), String> {
    match kind {
        Kind::Search => search(finding, output(&Search::new(), text, dialect, context)?, dialect),
        Kind::Procedures => {
            let procedures = output(&Procedures::all(), text, dialect, context)?;
            finding.fact("procedures", procedures.len().to_string());
            for procedure in procedures.iter().take(SHOWN) {
                finding.fact("procedure", shown_text(procedure.name.as_str()));
            }
        }
        Kind::Details => {
            // The client asks for one certificate, and takes no other.
            let named = places::named(text, &["certid"]).map(|place| places::shown(place.raw));
            let certid = CertId::new(named.unwrap_or_default()).map_err(|error| error.to_string())?;
            let record = output(&Details::new(certid), text, dialect, context)?;
            whole(finding, &record, dialect);
        }
        Kind::Registrations => {
            let account = AccountId::new("0").map_err(|error| error.to_string())?;
            let list = output(
                &Registrations::new(account, RegistrationKind::Est),
                text,
                dialect,
                context,
            )?;
            finding.fact("registrations", list.len().to_string());
            for registration in list.iter().take(SHOWN) {
                let of = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), shown_text);
                let line = format!("{}, {}", of(&registration.regid), of(&registration.fqdn));
                finding.fact("registration", line);
                for name in registration.other.keys() {
                    finding.remark(format!(
                        "{} is a member of registrations that is not known",
                        shown_text(name)
                    ));
                }
            }
        }
        Kind::Issuers => {
            let page = output(&Issuers::new(), text, dialect, context)?;
            finding.fact("issuers", page.issuers.len().to_string());
            for issuer in page.issuers.iter().take(SHOWN) {
                finding.fact("issuer", shown_text(issuer.subject_dn.as_deref().unwrap_or("-")));
            }
        }
    }
    Ok(())
}

/// What the client reads, or why it does not.
fn output<E>(endpoint: &E, text: &str, dialect: &CmDialect, context: &Context) -> Result<E::Output, String>
where
    E: Endpoint<Dialect = CmDialect, Error = CmRefusal>,
{
    match endpoint.response(dialect, incoming(text.to_owned(), context)) {
        Ok(output) => Ok(output),
        Err(ResponseError::Unreadable(unreadable)) => Err(unreadable.to_string()),
        Err(ResponseError::Refused(refused)) => Err(refused.to_string()),
    }
}

/// How many of a list are shown.
const SHOWN: usize = 10;

fn search(finding: &mut Finding, page: SearchPage, dialect: &CmDialect) {
    match page.hits {
        Some(hits) => finding.fact("hits in all", hits.to_string()),
        None => finding
            .remark("it does not tell how many there are in all; the client asks on until a page is empty"),
    }
    finding.fact("on this page", page.certificates.len().to_string());
    for record in page.certificates.iter().take(SHOWN) {
        let certid = record
            .certid
            .as_ref()
            .map_or("without a certid", |certid| certid.as_str());
        finding.fact("certificate", format!("{certid}: {}", line(record)));
    }
    for record in &page.certificates {
        odd(finding, record, dialect);
    }
}

/// A record on one line.
fn line(record: &CertificateRecord) -> String {
    let status = record
        .status
        .as_ref()
        .map_or("without a status", |status| status.as_str());
    let mut line = match &record.reason {
        Some(reason) if !reason.as_str().is_empty() => format!("{status} ({})", reason.as_str()),
        _ => status.to_owned(),
    };
    if let Some(until) = record.valid_to {
        line.push_str(&format!(", until {}", until.to_iso8601()));
    }
    if let Some(subject) = &record.subject {
        line.push_str(&format!(", {subject}"));
    }
    shown_text(&line)
}

fn whole(finding: &mut Finding, record: &CertificateRecord, dialect: &CmDialect) {
    let time = |time: Option<smartid::Timestamp>| time.map(smartid::Timestamp::to_iso8601);
    let text = |text: Option<&str>| text.map(shown_text);
    for (name, value) in [
        ("certid", text(record.certid.as_ref().map(CertId::as_str))),
        (
            "status",
            text(record.status.as_ref().map(|status| status.as_str())),
        ),
        (
            "reason",
            text(record.reason.as_ref().map(|reason| reason.as_str())),
        ),
        ("revoked at", time(record.revoked_at)),
        ("valid from", time(record.valid_from)),
        ("valid to", time(record.valid_to)),
        (
            "serial number",
            text(record.serial.as_ref().map(|serial| serial.as_str())),
        ),
        ("subject", text(record.subject.as_deref())),
        ("issuer", text(record.issuer.as_deref())),
        (
            "key usage",
            (!record.key_usage.is_empty()).then(|| shown_text(&record.key_usage.join(", "))),
        ),
        (
            "subject type",
            text(record.subject_type.as_ref().map(|kind| kind.as_str())),
        ),
        (
            "validity",
            text(record.validity.as_ref().map(|validity| validity.as_str())),
        ),
    ] {
        if let Some(value) = value {
            finding.fact(name, value);
        }
    }
    for (field, text) in &record.extended {
        finding.fact(field.as_str(), shown_text(text));
    }
    odd(finding, record, dialect);
}

/// What the client does not understand of a record.
fn odd(finding: &mut Finding, record: &CertificateRecord, dialect: &CmDialect) {
    if record.certid.is_none() {
        finding.remark("a record has no certid: it can be shown and not acted upon");
    }
    for name in record.other.keys() {
        finding.remark(format!(
            "{} is a member that is not known, or whose value is not understood",
            shown_text(name)
        ));
    }
    if record.serial.is_some() && record.serial_number(dialect).is_none() {
        finding.remark("a serial number cannot be read in the radix of the dialect (answers.serial_radix)");
    }
}
