//! What messaging asks a content provider, and what it is answered.

use std::sync::Arc;

use ::http::{HeaderMap, Method};
use smartid::core::base64::{Flavour, decode};
use smartid::core::{Head, ManualRuntime, json};
use smartid::hermod::content::{ContentKind, ContentReceiver, MemoryContent};

use super::finding::quoted;
use super::places::{self, folded, shown_text};
use super::{Context, Finding, evidence};

/// A request or an answer; `None` when it is neither.
pub(super) fn message(text: &str, context: &Context) -> Option<Finding> {
    let members = json::members(text)?;
    let named = |name: &str| {
        members
            .iter()
            .find(|(known, _)| folded(known) == name)
            .map(|(name, raw)| (name.as_str(), *raw))
    };
    if let Some((name, _)) = named("contentid") {
        return Some(request(text, name, context));
    }
    if let Some((_, list)) = named("data").filter(|(_, raw)| raw.starts_with('[')) {
        let items = json::items(list)?;
        let known = |item: &str| {
            item.starts_with('{')
                && places::named(item, &["contentencoding", "contenttype", "data"]).is_some()
        };
        return (items.iter().all(|item| known(item)) && members.len() == 1).then(|| answer(&items, context));
    }
    (named("data").is_some() && named("contenttype").is_some() && named("contentencoding").is_some()).then(|| {
        let mut finding = answer(&[text], context);
        finding.remark(
            "an authentication image that stands alone and in no list; that a content provider answers so is one of two guesses",
        );
        finding.fits_text("messaging.content", "image_form", "bare");
        finding
    })
}

fn request(text: &str, name: &str, context: &Context) -> Finding {
    let mut finding = Finding::of("request to a content provider");
    let receiver = |dialect| {
        let source = MemoryContent::new(Arc::new(ManualRuntime::new(context.at)));
        ContentReceiver::builder(Arc::new(source))
            .dialect(dialect)
            .danger_without_auth()
            .build()
    };
    let head = Head::new(
        Method::POST,
        format!("/{}", context.messaging.content.path),
        HeaderMap::new(),
    );
    let read = |text: &str| match receiver(&context.messaging) {
        Ok(receiver) => receiver
            .read(&head, text.as_bytes())
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match read(text) {
        Ok(id) => {
            finding.fact("content", shown_text(id.as_str()));
            finding.fact(
                "for",
                match id.kind() {
                    ContentKind::Card => "the card of a provision command",
                    ContentKind::Image => "the picture of an authenticate command",
                    _ => "something that its prefix does not tell",
                },
            );
            finding.verdict = Some(true);
        }
        Err(problem) => {
            let renamed = json::members(text).unwrap_or_default();
            let other = renamed
                .iter()
                .find(|(known, _)| known == name && known != "contentId");
            let fitting = other.filter(|(_, raw)| read(&format!("{{\"contentId\":{raw}}}")).is_ok());
            finding.problem(problem);
            if let Some((name, _)) = fitting {
                let from = quoted(&format!("/{}", name.replace('~', "~0").replace('/', "~1")));
                finding.fits(
                    "messaging.content",
                    format!("request = [{{ move = {from}, to = \"/contentId\" }}]"),
                );
            }
        }
    }
    finding
}

fn answer(items: &[&str], context: &Context) -> Finding {
    let mut finding = Finding::of("answer of a content provider");
    finding.verdict = Some(true);
    if items.is_empty() {
        finding.problem(
            "it has no content: messaging has nothing to show, as if there were nothing under the id",
        );
    }
    let mut keys = Vec::new();
    for item in items {
        let of = |name: &str| {
            json::members(item)?
                .into_iter()
                .find(|(known, _)| known == name)?
                .1
                .into()
        };
        let of = |name: &str| -> Option<String> {
            let raw: Option<&str> = of(name);
            raw.and_then(places::text)
        };
        let key = of("key").unwrap_or_default();
        let encoding = of("content_encoding").unwrap_or_default();
        let kind = of("content_type").unwrap_or_default();
        let label = if key.is_empty() {
            "content".to_owned()
        } else {
            shown_text(&key)
        };
        let Some(data) = of("data") else {
            finding.problem(format!("{label}: it has no data"));
            continue;
        };
        if encoding == "base64" {
            match decode(Flavour::Standard, &data) {
                Ok(bytes) => {
                    finding.fact(&label, format!("{kind}, {} bytes", bytes.len()));
                    if kind == "image/jpeg" && !bytes.starts_with(&[0xff, 0xd8, 0xff]) {
                        finding.problem(format!("{label}: it is called a JPEG picture and is none"));
                    }
                }
                Err(_) => finding.problem(format!("{label}: its data is not base64")),
            }
        } else if let Some(jws) = evidence::jws(&data, context) {
            finding.fact(&label, format!("compact JWS ({encoding}, {kind})"));
            let verdict = finding.verdict;
            let wrong = jws.verdict == Some(false);
            for (name, value) in jws.facts.into_iter().filter(|(name, _)| name != "payload") {
                finding.fact(&format!("  {name}"), value);
            }
            for problem in jws.problems {
                finding.problem(format!("{label}: {problem}"));
            }
            for remark in jws.remarks {
                finding.remark(format!("{label}: {remark}"));
            }
            finding.verdict = if wrong { Some(false) } else { verdict };
        } else {
            finding.problem(format!(
                "{label}: its data is neither base64, which content_encoding would have to say, nor a compact JWS"
            ));
        }
        if !["front", "back", "auth_image", ""].contains(&key.as_str()) {
            finding.remark(format!(
                "{label}: documented keys are front and back for a card; auth_image for a picture"
            ));
        }
        keys.push(key);
    }
    for key in ["front", "back"] {
        if keys.iter().filter(|known| *known == key).count() > 1 {
            finding.problem(format!("there is more than one {key}"));
        }
    }
    if keys.iter().any(|key| key == "back") && !keys.iter().any(|key| key == "front") {
        finding.problem("a card has a back and no front");
    }
    finding
}
