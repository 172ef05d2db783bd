//! Answers of Certificate Manager as JSON: data to be signed, refusals, partial failures, and the lists and records of the reads.

use smartid::CmDialect;
use smartid::cm::operations::Reinstate;
use smartid::cm::{Call, CertId, CmRefusal, ItemError, Step};
use smartid::core::json::{self, Pointer};
use smartid::core::{Endpoint, Incoming, ResponseError, ServiceError as _};

use super::look::look;
use super::rows::{self, Rows};
use crate::inspect::places::{self, Place, folded, shown_text};
use crate::inspect::{Context, Finding};

const ANSWERS: &str = "certificate_manager.answers";

/// Names that the data to be signed, the code and the text could have, folded.
const DATA: &[&str] = &["datatosign", "tobesigned", "datatobesigned", "signdata", "tbs"];
const CODES: &[&str] = &["error", "errorcode", "code", "errorno"];
const MESSAGES: &[&str] = &["msg", "message", "errormessage", "errormsg"];
const ITEMS: &[&str] = &["errors", "errorlist", "failures", "failed"];

/// Where an envelope has its parts in this text, and whether the dialect finds them there.
struct Envelope<'a> {
    code: Option<Place<'a>>,
    message: Option<Place<'a>>,
    data: Option<Place<'a>>,
    items: Option<Place<'a>>,
    /// The data, or code and text, have the very names that Certificate Manager gives them.
    by_name: bool,
}

/// What a pointer of the dialect leads to, or what has one of the names and fits.
fn part<'a>(text: &'a str, at: &Pointer, names: &[&str], fits: impl Fn(&str) -> bool) -> Option<Place<'a>> {
    if let Some(raw) = json::find(text, at).filter(|raw| fits(raw)) {
        return Some(Place {
            at: at.to_string(),
            name: at.tokens().last().cloned().unwrap_or_default(),
            raw,
        });
    }
    let named = |place: &Place<'_>| names.contains(&folded(&place.name).as_str()) && fits(place.raw);
    places::find(text, named).into_iter().next()
}

fn is_code(raw: &str) -> bool {
    let digits = places::text(raw).unwrap_or_else(|| raw.to_owned());
    digits.trim().parse::<i64>().is_ok()
}

fn is_text(raw: &str) -> bool {
    places::text(raw).is_some_and(|text| !text.trim().is_empty())
}

fn is_message(raw: &str) -> bool {
    raw == "null" || raw.starts_with('"')
}

fn is_items(raw: &str) -> bool {
    let known = |item: &&str| {
        json::members(item).is_some_and(|members| members.iter().any(|(name, _)| folded(name) == "errorcode"))
    };
    json::items(raw).is_some_and(|items| !items.is_empty() && items.iter().all(known))
}

impl<'a> Envelope<'a> {
    fn of(text: &'a str, dialect: &CmDialect) -> Self {
        let answers = &dialect.answers;
        let data = part(text, &answers.data_to_sign, DATA, is_text);
        let code = part(text, &answers.code, CODES, is_code);
        let message = part(text, &answers.message, MESSAGES, is_message);
        let items = part(text, &answers.items, ITEMS, is_items);
        let at = |place: &Option<Place<'_>>, pointer: &Pointer| {
            place.as_ref().is_some_and(|place| place.at == pointer.to_string())
        };
        let by_name = at(&code, &answers.code) && at(&message, &answers.message) || at(&data, &answers.data_to_sign);
        Self {
            code,
            message,
            data,
            items,
            by_name,
        }
    }

    /// Whether somebody who knows Certificate Manager would take it for one of its envelopes.
    fn is_likely(&self) -> bool {
        let negative = self.code.as_ref().is_some_and(|code| code.raw.trim_matches('"').trim().starts_with('-'));
        self.by_name || self.items.is_some() || negative && (self.message.is_some() || self.data.is_some())
    }

    /// Makes a dialect that finds every part, and tells the lines.
    fn adapt(&self, dialect: &mut CmDialect, finding: &mut Finding) {
        let answers = &mut dialect.answers;
        for (place, setting, name) in [
            (&self.code, &mut answers.code, "code"),
            (&self.message, &mut answers.message, "message"),
            (&self.data, &mut answers.data_to_sign, "data_to_sign"),
            (&self.items, &mut answers.items, "items"),
        ] {
            let Some(place) = place.as_ref().filter(|place| place.at != setting.to_string()) else {
                continue;
            };
            if let Ok(pointer) = place.at.parse() {
                *setting = pointer;
                finding.fits_text(ANSWERS, name, &place.at);
                finding.problem(format!("what the dialect calls {name} stands at {}", place.at));
            }
        }
    }
}

/// The text as an answer, with the head that it came with.
pub(super) fn incoming(body: impl Into<bytes::Bytes>, context: &Context) -> Incoming {
    match &context.answered {
        Some(head) => Incoming::new(head.status, head.headers.clone(), body.into()),
        None => Incoming::new(::http::StatusCode::OK, ::http::HeaderMap::new(), body.into()),
    }
}

/// An answer; `None` when it is none of Certificate Manager's.
pub(in crate::inspect) fn document(text: &str, context: &Context) -> Option<Finding> {
    let mut dialect = context.certificate_manager.clone();
    let envelope = Envelope::of(text, &dialect);
    let rows = Rows::of(text);
    if !envelope.is_likely() && rows.is_none() {
        return None;
    }
    let mut finding = Finding::of("answer of Certificate Manager");
    envelope.adapt(&mut dialect, &mut finding);
    let incoming = incoming(text.to_owned(), context);
    // What every write has in common is read by any of them.
    let Ok(certid) = CertId::new("0") else {
        return None;
    };
    let probe = Reinstate::new(certid);
    let read = Call::new(&probe).response(&dialect, incoming);
    match read {
        Ok(Step::Sign(data)) => demand(&mut finding, data.as_bytes(), &envelope, context),
        Ok(Step::Done(results)) => {
            finding.kind = "success of Certificate Manager".to_owned();
            let failed: Vec<&ItemError> = results.failed().chain(&results.others).collect();
            if !failed.is_empty() {
                finding.kind = "partial failure of Certificate Manager".to_owned();
                items(&mut finding, failed.into_iter());
            }
            if let Some(message) = envelope.message.as_ref().and_then(|place| places::text(place.raw)) {
                if !message.trim().is_empty() {
                    finding.fact("message", shown_text(&message));
                }
            }
            match rows {
                Some(rows) => rows::read(&mut finding, text, &rows, dialect, context),
                None => {
                    finding.verdict.get_or_insert(true);
                }
            }
        }
        Err(ResponseError::Refused(refused)) => refusal(&mut finding, &refused),
        Err(ResponseError::Unreadable(unreadable)) => finding.problem(unreadable.to_string()),
        Err(_) => finding.problem("it cannot be read"),
    }
    Some(finding)
}

fn demand(finding: &mut Finding, data: &[u8], envelope: &Envelope<'_>, context: &Context) {
    finding.kind = "first step of a write: Certificate Manager wants a signature".to_owned();
    if let Some(code) = &envelope.code {
        let number = code.raw.trim_matches('"');
        finding.fact("code", number);
        if number != "-19" {
            finding.remark(format!(
                "its code is {number} and not -19; the data decide, as with two public clients"
            ));
        }
    }
    if let Some(head) = context.answered.as_ref().filter(|head| !head.status.is_success()) {
        finding.remark(format!(
            "its status is {}; every capture that is known has 200",
            head.status.as_u16()
        ));
    }
    look(finding, data, context);
    finding.remark(
        "an officer signs exactly these bytes (CMS, content embedded), and all fields go out again with signature",
    );
    if finding.problems.is_empty() {
        finding.verdict = Some(true);
    }
}

/// What the client says of a refusal.
pub(super) fn refusal(finding: &mut Finding, refused: &CmRefusal) {
    finding.kind = format!("refusal of Certificate Manager: {}", refused.kind().name());
    if let Some(code) = refused.cm_code() {
        finding.fact("code", format!("{code}: {}", code.says()));
    }
    if let Some(message) = refused.message() {
        finding.fact("message", message);
    }
    items(finding, refused.items().iter());
    finding.fact("a repetition", format!("{:?}", refused.retry()));
    let advice = refused.advice();
    finding.fact("whose turn", advice.turn.as_str());
    finding.fact("to check", advice.check.as_ref());
    if finding.problems.is_empty() {
        finding.verdict = Some(true);
    }
}

/// How many of a list are shown.
const SHOWN: usize = 10;

fn items<'a>(finding: &mut Finding, items: impl Iterator<Item = &'a ItemError>) {
    let all: Vec<&ItemError> = items.collect();
    for item in all.iter().take(SHOWN) {
        finding.fact("failed", item.to_string());
    }
    if all.len() > SHOWN {
        finding.fact("failed", format!("and {} more", all.len() - SHOWN));
    }
}
