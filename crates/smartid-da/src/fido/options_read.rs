//! Reads creation options into their view: what is odd leaves a lint, what no ceremony can do without is an error.

use std::time::Duration;

use smartid_core::{Lint, json};

use super::algorithm::CoseAlgorithm;
use super::excluded::{ExcludedIds, Seen, read_id};
use super::options::OptionsError;
use super::options_view::{
    Attachment, AttestationPreference, CredentialDescriptor, OptionsView, ResidentKey, Transport,
    UserVerification,
};
use super::reader::{Binary, Object, binary, string, whole_number};

/// Longest list that is read.
const MAX_LIST: usize = 10_000;

/// Reads the bare options object; the first irregularly written binary member is named in `irregular`.
pub(super) fn view(
    raw: &str,
    ids: ExcludedIds,
    irregular: &mut Option<&'static str>,
    lints: &mut Vec<Lint>,
) -> Result<OptionsView, OptionsError> {
    let options = Object::read(raw).ok_or(OptionsError::NotAnObject)?;
    no_repeats(&options, TOP)?;
    let rp = inner(&options, "rp", "/rp")?.ok_or(OptionsError::Missing("rp"))?;
    let user = inner(&options, "user", "/user")?.ok_or(OptionsError::Missing("user"))?;
    no_repeats(&rp, &[("id", "/rp/id")])?;
    no_repeats(&user, &[("id", "/user/id")])?;
    let selection = inner(&options, "authenticatorSelection", "/authenticatorSelection")?;
    if let Some(selection) = &selection {
        no_repeats(
            selection,
            &[
                ("userVerification", "/authenticatorSelection/userVerification"),
                ("residentKey", "/authenticatorSelection/residentKey"),
                (
                    "authenticatorAttachment",
                    "/authenticatorSelection/authenticatorAttachment",
                ),
            ],
        )?;
    }
    let choice = |name: &'static str, lints: &mut Vec<Lint>| {
        let selection = selection.as_ref()?;
        text(selection, name, "/authenticatorSelection", lints)
    };
    let rp_id = match rp.get("id") {
        None => None,
        Some(value) => Some(string(value).ok_or(OptionsError::Type {
            at: "/rp/id",
            expected: "a string",
        })?),
    };
    if rp_id
        .as_deref()
        .is_some_and(|id| id.bytes().any(|byte| byte.is_ascii_uppercase()))
    {
        lints.push(
            Lint::new(
                "/rp/id",
                "upper-case letters; the hash is over the text as written",
            )
            .code("upper-case"),
        );
    }
    let mut bytes = |object: &Object<'_>, name, at| {
        let value = object.get(name).ok_or(OptionsError::Missing(at))?;
        match binary(value, at, lints) {
            Binary::Canonical(bytes) => Ok(bytes),
            Binary::Irregular(bytes) => {
                irregular.get_or_insert(at);
                Ok(bytes)
            }
            Binary::Unreadable => Err(OptionsError::Type {
                at,
                expected: "URL-safe base64",
            }),
        }
    };
    let challenge = bytes(&options, "challenge", "/challenge")?;
    let user_id = bytes(&user, "id", "/user/id")?;
    Ok(OptionsView {
        rp_id,
        rp_name: text(&rp, "name", "/rp", lints),
        user_id,
        user_name: text(&user, "name", "/user", lints),
        user_display_name: text(&user, "displayName", "/user", lints),
        challenge,
        algorithms: algorithms(&options, lints)?,
        timeout: timeout(&options, lints),
        exclude: exclude(&options, ids, lints)?,
        user_verification: choice("userVerification", lints)
            .map_or(UserVerification::Preferred, |text| text.as_str().into()),
        resident_key: choice("residentKey", lints).map(|text| ResidentKey::from(text.as_str())),
        require_resident_key: selection
            .as_ref()
            .and_then(|selection| serde_json::from_str(selection.get("requireResidentKey")?).ok()),
        attachment: choice("authenticatorAttachment", lints).map(|text| Attachment::from(text.as_str())),
        attestation: text(&options, "attestation", "", lints)
            .map_or(AttestationPreference::None, |text| text.as_str().into()),
        attestation_formats: texts(&options, "attestationFormats", lints),
        hints: texts(&options, "hints", lints),
        extensions: options.get("extensions").map(str::to_owned),
    })
}

/// Members of which two would mean two different ceremonies.
const TOP: &[(&str, &str)] = &[
    ("rp", "/rp"),
    ("user", "/user"),
    ("challenge", "/challenge"),
    ("pubKeyCredParams", "/pubKeyCredParams"),
    ("excludeCredentials", "/excludeCredentials"),
    ("authenticatorSelection", "/authenticatorSelection"),
    ("extensions", "/extensions"),
    ("attestation", "/attestation"),
];

fn no_repeats(object: &Object<'_>, names: &[(&'static str, &'static str)]) -> Result<(), OptionsError> {
    names
        .iter()
        .find(|(name, _)| object.repeated(&[*name]).is_some())
        .map_or(Ok(()), |(_, at)| Err(OptionsError::Repeated(at)))
}

fn inner<'a>(object: &Object<'a>, name: &str, at: &'static str) -> Result<Option<Object<'a>>, OptionsError> {
    let Some(value) = object.get(name) else {
        return Ok(None);
    };
    Object::read(value).map(Some).ok_or(OptionsError::Type {
        at,
        expected: "an object",
    })
}

/// A text; of another type it counts as absent.
fn text(object: &Object<'_>, name: &str, parent: &str, lints: &mut Vec<Lint>) -> Option<String> {
    let value = object.get(name)?;
    let text = string(value);
    if text.is_none() {
        lints.push(
            Lint::new(format!("{parent}/{name}"), "is not a string and is not read").code("not-a-string"),
        );
    }
    text
}

fn texts(object: &Object<'_>, name: &str, lints: &mut Vec<Lint>) -> Vec<String> {
    let Some(value) = object.get(name) else {
        return Vec::new();
    };
    serde_json::from_str(value).unwrap_or_else(|_| {
        lints.push(
            Lint::new(format!("/{name}"), "is not a list of strings and is not read").code("not-strings"),
        );
        Vec::new()
    })
}

fn list<'a>(object: &Object<'a>, name: &str, at: &'static str) -> Result<Vec<&'a str>, OptionsError> {
    let Some(value) = object.get(name) else {
        return Ok(Vec::new());
    };
    let items = json::items(value).ok_or(OptionsError::Type {
        at,
        expected: "a list",
    })?;
    if items.len() > MAX_LIST {
        return Err(OptionsError::TooLong(at));
    }
    Ok(items)
}

fn algorithms(options: &Object<'_>, lints: &mut Vec<Lint>) -> Result<Vec<CoseAlgorithm>, OptionsError> {
    let at = "/pubKeyCredParams";
    let mut algorithms = Vec::new();
    for item in list(options, "pubKeyCredParams", at)? {
        let wrong = OptionsError::Type {
            at,
            expected: "a list of objects with type and alg",
        };
        let item = Object::read(item).ok_or_else(|| wrong.clone())?;
        if item.repeated(&["type", "alg"]).is_some() {
            return Err(OptionsError::Repeated("/pubKeyCredParams/…/alg"));
        }
        if item.get("type").and_then(string).as_deref() != Some("public-key") {
            lints.push(
                Lint::new(
                    at,
                    "an entry of another type than public-key, which offers nothing",
                )
                .code("type"),
            );
            continue;
        }
        let value = item.get("alg").ok_or_else(|| wrong.clone())?;
        match whole_number(value) {
            Some((number, as_it_should_be)) => {
                if !as_it_should_be {
                    lints.push(Lint::new(at, "alg is not written as a whole number").code("number"));
                }
                algorithms.push(CoseAlgorithm(number));
            }
            None if value.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                lints.push(Lint::new(at, "an alg beyond 64 bits, which offers nothing").code("number"));
            }
            None => return Err(wrong),
        }
    }
    Ok(algorithms)
}

/// Milliseconds in any way of writing numbers; what is no time at all counts as absent, because it is only a hint.
fn timeout(options: &Object<'_>, lints: &mut Vec<Lint>) -> Option<Duration> {
    let value = options.get("timeout")?;
    let mut odd = |what| lints.push(Lint::new("/timeout", what).code("timeout"));
    if let Ok(millis) = value.parse::<u64>() {
        if millis == 0 {
            odd("is zero and is not used");
            return None;
        }
        return Some(Duration::from_millis(millis));
    }
    let number: f64 = match value.parse() {
        Ok(number) => number,
        Err(_) => {
            odd("is not a number and is not used");
            return None;
        }
    };
    if number.is_nan() || number < 1.0 {
        odd("is not a positive time and is not used");
        return None;
    }
    odd("is not written as a whole number of milliseconds");
    // A cast from float to integer stops at the largest integer.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and saturating is meant"
    )]
    Some(Duration::from_millis(number as u64))
}

fn exclude(
    options: &Object<'_>,
    ids: ExcludedIds,
    lints: &mut Vec<Lint>,
) -> Result<Vec<CredentialDescriptor>, OptionsError> {
    let at = "/excludeCredentials";
    let mut known = Vec::new();
    let mut seen = Seen::default();
    for (index, item) in list(options, "excludeCredentials", at)?.into_iter().enumerate() {
        let item = Object::read(item).ok_or(OptionsError::Type {
            at,
            expected: "a list of objects with type and id",
        })?;
        no_repeats(
            &item,
            &[
                ("id", "/excludeCredentials/…/id"),
                ("type", "/excludeCredentials/…/type"),
            ],
        )?;
        let here = format!("{at}/{index}/id");
        let id = item.get("id").unwrap_or_default();
        let reading = read_id(id, &here, ids, lints);
        seen.note(&reading, &here, lints);
        let kind = item.get("type").and_then(string).unwrap_or_default();
        if kind != "public-key" {
            lints.push(
                Lint::new(
                    format!("{at}/{index}/type"),
                    "is not public-key; the authenticator may pass this entry over",
                )
                .code("type"),
            );
        }
        let transports: Vec<String> = item
            .get("transports")
            .and_then(|value| serde_json::from_str(value).ok())
            .unwrap_or_default();
        known.push(CredentialDescriptor {
            id: reading.bytes,
            counted_id: reading.counted,
            id_text: string(id).unwrap_or_default(),
            kind,
            transports: transports
                .iter()
                .map(|text| Transport::from(text.as_str()))
                .collect(),
        });
    }
    Ok(known)
}
