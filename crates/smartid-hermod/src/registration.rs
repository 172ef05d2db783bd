//! Finds the registration in a report.
//!
//! Its place is inferred (`response.data`), so the dialect's pointer is looked at first, as an object, as a text that holds JSON, and as
//! base64url of JSON. What is found elsewhere counts only when the whole report has exactly one thing that looks like a registration,
//! and then with a lint that names the place, so that the dialect can be set. A JWS is never opened here: its signature would have to be
//! checked first.

use std::borrow::Cow;

use smartid_core::Lint;
use smartid_core::base64::{Flavour, Tolerated, decode_lenient};

use crate::dialect::FidoDialect;
use crate::read::Document;
use crate::search::search;

pub(crate) struct Found {
    pub(crate) text: String,
    pub(crate) lints: Vec<Lint>,
}

/// The registration, or why there is none.
pub(crate) fn find(body: &[u8], settings: &FidoDialect) -> Result<Found, String> {
    let document = Document::open(body).ok_or("the report is no JSON object")?;
    let place = &settings.registration;
    let whole;
    let here = if place.is_root() {
        whole = std::str::from_utf8(body).unwrap_or_default().trim();
        Some(whole)
    } else {
        document.at(place)
    };
    let problem = match here.map(read) {
        Some(Ok((text, what))) => {
            return Ok(Found {
                text: text.into_owned(),
                lints: what
                    .into_iter()
                    .map(|what| Lint::new(place.to_string(), what))
                    .collect(),
            });
        }
        Some(Err(problem)) => format!("what stands at {place} {problem}"),
        None => format!("there is nothing at {place}"),
    };
    if !settings.search_registration {
        return Err(problem);
    }
    let text = std::str::from_utf8(body).unwrap_or_default().trim();
    let registration = |text| is_registration(text).then_some(text);
    let mut found = search(text, registration).into_iter();
    match (found.next(), found.next()) {
        (Some((at, text)), None) => Ok(Found {
            text: text.to_owned(),
            lints: vec![Lint::new(
                at,
                format!(
                    "the registration stands here and not at {place}; set fido.registration to this place"
                ),
            )],
        }),
        (Some(_), Some(_)) => Err(format!(
            "{problem}, and elsewhere there is more than one registration"
        )),
        (None, _) => Err(format!("{problem}, and nowhere else is a registration")),
    }
}

/// A registration in one of its forms, and what was let pass.
fn read(raw: &str) -> Result<(Cow<'_, str>, Option<String>), &'static str> {
    if raw.starts_with('{') {
        return if is_registration(raw) {
            Ok((raw.into(), None))
        } else {
            Err("is an object without response.attestationObject and response.clientDataJSON")
        };
    }
    let text: String = serde_json::from_str(raw).map_err(|_| "is neither an object nor a text")?;
    let trimmed = text.trim();
    if is_registration(trimmed) {
        return Ok((trimmed.to_owned().into(), None));
    }
    let (bytes, forgiven) = decode_lenient(Flavour::Url, trimmed)
        .map_err(|_| "is a text that is neither JSON nor base64url of JSON")?;
    let decoded = String::from_utf8(bytes).map_err(|_| "is base64url of something that is no text")?;
    if !is_registration(decoded.trim()) {
        return Err("is base64url of something that is no registration");
    }
    let lint = (!forgiven.is_empty()).then(|| {
        let names: Vec<&str> = forgiven
            .iter()
            .map(|what| match what {
                Tolerated::Padding => "padding",
                Tolerated::Alphabet => "letters of the standard alphabet",
                _ => "white space",
            })
            .collect();
        format!("base64url with {}", names.join(", "))
    });
    Ok((decoded.trim().to_owned().into(), lint))
}

/// Whether the text is an object with `response.attestationObject` and `response.clientDataJSON`, both texts that are not empty.
fn is_registration(text: &str) -> bool {
    let Some(response) = Document::open(text.as_bytes()).and_then(|document| document.member("response"))
    else {
        return false;
    };
    let Some(response) = Document::open(response.as_bytes()) else {
        return false;
    };
    ["attestationObject", "clientDataJSON"].iter().all(|name| {
        response
            .member(name)
            .is_some_and(|raw| raw.starts_with('"') && raw.len() > 2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRATION: &str = r#"{"id":"a", "response":{"attestationObject":"b","clientDataJSON":"c"}}"#;

    fn found(body: &str, settings: &FidoDialect) -> Result<(String, usize), String> {
        find(body.as_bytes(), settings).map(|found| (found.text, found.lints.len()))
    }

    #[test]
    fn elsewhere_it_counts_only_when_it_is_alone_and_leaves_a_lint() {
        let settings = FidoDialect::default();
        let alone = format!(r#"{{"x":[1,{{"y":{REGISTRATION}}}]}}"#);
        assert_eq!(found(&alone, &settings), Ok((REGISTRATION.into(), 1)));
        let two = format!(r#"{{"x":{REGISTRATION},"y":{REGISTRATION}}}"#);
        assert!(found(&two, &settings).unwrap_err().contains("more than one"));
        let strict = FidoDialect {
            search_registration: false,
            ..FidoDialect::default()
        };
        assert!(found(&alone, &strict).is_err());
        let deep = format!("{}{REGISTRATION}{}", "{\"a\":".repeat(9), "}".repeat(9));
        assert!(found(&deep, &settings).is_err());
    }

    #[test]
    fn the_pointer_wins_over_what_looks_alike() {
        let body = format!(r#"{{"decoy":{REGISTRATION},"response":{{"data":{REGISTRATION}}}}}"#);
        assert_eq!(
            found(&body, &FidoDialect::default()),
            Ok((REGISTRATION.into(), 0))
        );
    }

    #[test]
    fn a_jws_is_not_opened() {
        let body = r#"{"response":{"data":"eyJhbGciOiJub25lIn0.eyJyZXNwb25zZSI6e319.AAAA"}}"#;
        assert!(found(body, &FidoDialect::default()).is_err());
    }
}
