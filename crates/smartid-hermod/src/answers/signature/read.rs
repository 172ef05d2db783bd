//! Reads the signature of an answer, without opening it.

use smartid_core::base64::{Flavour, Tolerated, decode_lenient};
use smartid_core::{Lint, json};
use smartid_trust::cms::SignedData;
use smartid_trust::jws::Jws;
use smartid_trust::raw::RawSignature;
use smartid_trust::{Certificate, Unverified};

use super::item::Form;
use super::{OtherSignature, SignatureAnswer, SignatureData, SignatureExpectation, SignatureItem};
use crate::dialect::SignatureAnswerDialect;
use crate::read::{Document, id, text};
use crate::report::CommandReport;
use crate::search::search;
use crate::signature_kind::SignatureFormat;

/// Most signatures of one answer.
const MAX_SIGNATURES: usize = 64;

/// The answer, or what is the matter with it.
pub(super) fn answer(
    report: &CommandReport,
    settings: &SignatureAnswerDialect,
    asked: &SignatureExpectation,
) -> Result<SignatureAnswer, String> {
    let mut lints = report.lints.clone();
    let came = report.at(&settings.format).and_then(|raw| text(&raw));
    let came = came
        .filter(|format| !format.is_empty())
        .map(|format| SignatureFormat::from(format.as_str()));
    let format = came.as_ref().or(asked.format.as_ref());
    let form = format.map(|format| Form::of(format, &settings.formats));

    let beside = Beside::read(report, settings, &mut lints);
    let one = |raw: &str, lints: &mut Vec<Lint>| {
        let text = text(raw).ok_or("is neither a text nor a list")?;
        let (data, found) = data(&text, form, format, &beside)?;
        lints.extend(found);
        Ok::<_, String>(data)
    };
    let mut list = false;
    let items = match report.at(&settings.data) {
        Some(raw) if raw.starts_with('[') => {
            list = true;
            let items = json::items(&raw).unwrap_or_default();
            if items.is_empty() || items.len() > MAX_SIGNATURES {
                return Err(format!(
                    "what stands at {} is a list of {} signatures",
                    settings.data,
                    items.len()
                ));
            }
            let read = |(index, raw): (usize, &&str)| {
                item(raw, settings, |raw| one(raw, &mut lints))
                    .map_err(|problem| format!("what stands at {}/{index} {problem}", settings.data))
            };
            items
                .iter()
                .enumerate()
                .map(read)
                .collect::<Result<Vec<_>, _>>()?
        }
        Some(raw) => {
            let data = one(&raw, &mut lints)
                .map_err(|problem| format!("what stands at {} {problem}", settings.data))?;
            vec![SignatureItem { key: None, data }]
        }
        None => {
            let (at, data) = elsewhere(report, settings, form, format, &beside)?;
            lints.push(Lint::new(
                at,
                format!(
                    "the signature stands here and not at {}; set answers.signature.data to this place",
                    settings.data
                ),
            ));
            vec![SignatureItem { key: None, data }]
        }
    };
    Ok(SignatureAnswer {
        format: came,
        lints,
        items,
        list,
        certificates: beside.certificates,
        settings: settings.clone(),
    })
}

/// An item of a list: a signature, or an object that has it.
fn item(
    raw: &str,
    settings: &SignatureAnswerDialect,
    read: impl FnOnce(&str) -> Result<SignatureData, String>,
) -> Result<SignatureItem, String> {
    if !raw.starts_with('{') {
        return Ok(SignatureItem {
            key: None,
            data: read(raw)?,
        });
    }
    let document = Document::open(raw.as_bytes()).ok_or("is no object that can be read")?;
    let data = document
        .at(&settings.item_data)
        .ok_or_else(|| format!("has nothing at {}", settings.item_data))?;
    Ok(SignatureItem {
        key: document.at(&settings.item_key).and_then(id),
        data: read(data)?,
    })
}

/// The only signature of the wanted form in the whole report.
fn elsewhere(
    report: &CommandReport,
    settings: &SignatureAnswerDialect,
    form: Option<Form>,
    format: Option<&SignatureFormat>,
    beside: &Beside,
) -> Result<(String, SignatureData), String> {
    let nothing = format!("there is no signature at {}", settings.data);
    // A bare signature, and what is not known, cannot be told from any other text.
    if !settings.search || matches!(form, Some(Form::Raw | Form::Other)) {
        return Err(nothing);
    }
    let whole = std::str::from_utf8(report.edited()).unwrap_or_default().trim();
    let look = |raw: &str| {
        let text = raw.starts_with('"').then(|| text(raw)).flatten()?;
        data(&text, form, format, beside).ok()
    };
    let mut found = search(whole, look).into_iter();
    match (found.next(), found.next()) {
        (Some((at, (data, _))), None) => Ok((at, data)),
        (Some(_), Some(_)) => Err(format!("{nothing}, and elsewhere there is more than one")),
        (None, _) => Err(format!("{nothing}, and nowhere else")),
    }
}

/// What stands beside a signature that says nothing about itself.
struct Beside {
    certificates: Vec<Certificate>,
    key_id: Option<String>,
}

impl Beside {
    fn read(report: &CommandReport, settings: &SignatureAnswerDialect, lints: &mut Vec<Lint>) -> Self {
        let mut certificates = Vec::new();
        for place in [&settings.certificate, &settings.chain] {
            let Some(raw) = report.at(place) else { continue };
            let items = json::items(&raw).unwrap_or_else(|| vec![raw.as_str()]);
            for item in items.into_iter().take(smartid_trust::raw::MAX_RAW_CERTIFICATES) {
                match text(item).and_then(|text| certificate(&text)) {
                    Some(certificate) => certificates.push(certificate),
                    None => lints.push(Lint::new(
                        place.to_string(),
                        "a certificate beside the signature cannot be read and is left out",
                    )),
                }
            }
        }
        certificates.truncate(smartid_trust::raw::MAX_RAW_CERTIFICATES);
        Self {
            certificates,
            key_id: report.at(&settings.key_id).as_deref().and_then(id),
        }
    }
}

fn certificate(text: &str) -> Option<Certificate> {
    if text.contains("-----BEGIN") {
        return Certificate::from_pem(text).ok();
    }
    let (der, _) = decode_lenient(Flavour::Standard, text).ok()?;
    Certificate::from_der(der).ok()
}

type Read = (SignatureData, Vec<Lint>);

/// A signature by its form, or what is the matter. Without a form, a JWS and a CMS message are known by what they are.
fn data(
    text: &str,
    form: Option<Form>,
    format: Option<&SignatureFormat>,
    beside: &Beside,
) -> Result<Read, String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    match form {
        Some(Form::Pkcs7) => pkcs7(text),
        Some(Form::Jws) => jws(text),
        Some(Form::Raw) => raw(text, beside),
        Some(Form::Other) => Ok((other(text, format), Vec::new())),
        None => jws(text)
            .or_else(|_| pkcs7(text))
            .map_err(|_| "is neither a JWS nor CMS, and no format is named".to_owned()),
    }
}

fn pkcs7(text: &str) -> Result<Read, String> {
    let not_cms =
        |refusal: smartid_trust::Refusal| format!("is no signed message: {}", refusal.reason().code());
    if text.contains("-----BEGIN") {
        let message = SignedData::parse_pem(text).map_err(not_cms)?;
        let lint = Lint::new("signature", "it is PEM, not base64 alone");
        return Ok((SignatureData::Pkcs7(message), vec![lint]));
    }
    let (octets, lints) = base64(text)?;
    Ok((
        SignatureData::Pkcs7(SignedData::parse(octets).map_err(not_cms)?),
        lints,
    ))
}

fn jws(text: &str) -> Result<Read, String> {
    let message = Jws::parse(text).map_err(|refusal| format!("is no JWS: {}", refusal.reason().code()))?;
    let header = message.danger_unverified().header_json().unwrap_or_default();
    if Document::open(&header).is_none_or(|header| header.member("alg").is_none()) {
        return Err("is no JWS: its header names no algorithm".to_owned());
    }
    Ok((SignatureData::Jws(message), Vec::new()))
}

fn raw(text: &str, beside: &Beside) -> Result<Read, String> {
    let (octets, lints) = base64(text)?;
    let refused = |refusal: smartid_trust::Refusal| format!("is no signature: {}", refusal.reason().code());
    let signature = RawSignature::new(octets).map_err(refused)?;
    let signature = signature
        .with_certificates(beside.certificates.clone())
        .map_err(refused)?;
    let signature = match &beside.key_id {
        Some(key_id) => signature.with_key_id(key_id),
        None => signature,
    };
    Ok((SignatureData::Raw(signature), lints))
}

fn other(text: &str, format: Option<&SignatureFormat>) -> SignatureData {
    let format = format.map_or_else(|| SignatureFormat::from(""), Clone::clone);
    SignatureData::Other(Unverified::new(OtherSignature {
        format,
        data: text.to_owned(),
    }))
}

fn base64(text: &str) -> Result<(Vec<u8>, Vec<Lint>), String> {
    let (octets, forgiven) =
        decode_lenient(Flavour::Standard, text).map_err(|_| "is not base64".to_owned())?;
    let lint = |tolerated| {
        let what = match tolerated {
            Tolerated::Padding => "its base64 is not padded as it should be",
            Tolerated::Alphabet => "it is base64url, not base64",
            Tolerated::WhiteSpace => "its base64 has white space in it",
            _ => "its base64 is not as it should be",
        };
        Lint::new("signature", what)
    };
    Ok((octets, forgiven.into_iter().map(lint).collect()))
}
