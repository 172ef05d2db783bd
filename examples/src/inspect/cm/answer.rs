//! Answers of Certificate Manager as JSON: data to be signed, refusals, partial failures, and the lists and records of the reads.

use smartid::CmDialect;
use smartid::cm::operations::{ItemResults, Reinstate};
use smartid::cm::{Call, CertId, CmRefusal, CmRefusalKind, ItemError, Step};
use smartid::core::json::{self, Pointer};
use smartid::core::{Endpoint, Incoming, ResponseError, ServiceError as _};

use super::look::look;
use super::rows::{self, Rows};
use crate::inspect::places::{self, Place, folded, shown_text};
use crate::inspect::{Context, Finding, http};

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
    /// The code has.
    code_in_place: bool,
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
            place
                .as_ref()
                .is_some_and(|place| place.at == pointer.to_string())
        };
        // Both names are there, whatever they hold.
        let named = json::find(text, &answers.code).is_some() && json::find(text, &answers.message).is_some();
        let by_name = named || at(&data, &answers.data_to_sign);
        Self {
            code_in_place: at(&code, &answers.code),
            code,
            message,
            data,
            items,
            by_name,
        }
    }

    /// Whether somebody who knows Certificate Manager would take it for one of its envelopes.
    fn is_likely(&self) -> bool {
        let negative = self
            .code
            .as_ref()
            .is_some_and(|code| code.raw.trim_matches('"').trim().starts_with('-'));
        let with_others = self.message.is_some() || self.data.is_some() || self.code_in_place;
        self.by_name || self.items.is_some() || negative && with_others
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

/// What an answer hands out to be signed; anything else is taken for these bytes themselves.
pub(in crate::inspect) fn handed_out(bytes: &[u8], context: &Context) -> Vec<u8> {
    let body = http::body(bytes);
    let demanded = probe().and_then(|probe| {
        let read = Call::new(&probe).response(&context.certificate_manager, incoming(body.to_vec(), context));
        match read {
            Ok(Step::Sign(data)) => Some(data.as_bytes().to_vec()),
            _ => None,
        }
    });
    demanded.unwrap_or_else(|| bytes.to_vec())
}

/// What every write has in common is read by any of them.
fn probe() -> Option<Reinstate> {
    CertId::new("0").ok().map(Reinstate::new)
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
    let probe = probe()?;
    match (Call::new(&probe).response(&dialect, incoming), rows) {
        (Ok(Step::Sign(data)), _) => demand(&mut finding, data.as_bytes(), &envelope, context),
        (Err(ResponseError::Refused(refused)), _) => {
            if *refused.kind() == CmRefusalKind::NothingToSign {
                finding.problem(match envelope.data {
                    Some(_) => "what is to be signed is not base64",
                    None => "it wants a signature, and nothing in it is to be signed",
                });
            }
            refusal(&mut finding, &refused);
        }
        // A list needs no envelope, and has its own reader.
        (_, Some(rows)) => rows::read(&mut finding, text, &rows, dialect, context),
        (Ok(Step::Done(results)), None) => success(&mut finding, &results, &envelope),
        (Err(ResponseError::Unreadable(unreadable)), None) => finding.problem(unreadable.to_string()),
    }
    Some(finding)
}

fn success(finding: &mut Finding, results: &ItemResults, envelope: &Envelope<'_>) {
    finding.kind = "success of Certificate Manager".to_owned();
    let failed: Vec<&ItemError> = results.failed().chain(&results.others).collect();
    if !failed.is_empty() {
        finding.kind = "partial failure of Certificate Manager".to_owned();
        items(finding, failed.into_iter());
    }
    let message = envelope
        .message
        .as_ref()
        .and_then(|place| places::text(place.raw));
    if let Some(message) = message.filter(|message| !message.trim().is_empty()) {
        finding.fact("message", shown_text(&message));
    }
    if finding.problems.is_empty() {
        finding.verdict = Some(true);
    }
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

/// What the head of an answer of Certificate Manager tells.
pub(in crate::inspect) fn head(finding: &mut Finding, context: &Context) {
    let Some(head) = &context.answered else {
        return;
    };
    let name = context.certificate_manager.answers.certid_header.as_str();
    let values: Vec<&str> = head
        .headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    match values.as_slice() {
        [] => {}
        [first, others @ ..] if others.iter().all(|other| other == first) => {
            finding.fact("certid", shown_text(first));
        }
        _ => finding.problem(format!("its header {name} says two different things")),
    }
}
