//! AST: a password in the form, the user in headers, a soft token as the answer (protocol notes: cm 7; vendor page: AST support in
//! Certificate Manager).

use super::form::Form;
use super::properties::headers;
use super::{Stop, handler, token};
use crate::config::{CmAstConfig, CmConfig, HeaderEncoding, RepeatedHeader};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::errors::{GENERAL, Refusal};
use crate::pgwy::operations::procedures::chosen;
use crate::pgwy::soft_token::{TokenOrigin, Wish};

/// A value that a header has given: attribute, header, text.
struct Told {
    attribute: String,
    header: String,
    value: String,
}

impl Cm {
    pub(super) async fn ast(&self, config: &CmConfig, name: &str, request: &Request) -> Result<Reply, Stop> {
        let settings = &config.ast;
        Self::ready(config, settings.start, request)?;
        let handler = handler(&settings.handlers, name)?;
        let caller = self.trusted(config, &settings.trust, &settings.errors, request)?;
        let form = Form::read(request, settings.form_charset, settings.max_form_bytes)?;
        let field = settings.password_field.as_str();
        let password = form.one(field)?.ok_or_else(|| Refusal::missing(field))?;
        let told = told(settings, &handler.number, request)?;
        let wish = Wish {
            origin: TokenOrigin::Ast,
            handler: name,
            procedure: chosen(config, "pkcs12", None, &handler.procedure)?,
            headers: told
                .iter()
                .map(|told| (told.header.clone(), told.value.clone()))
                .collect(),
            attributes: told
                .into_iter()
                .map(|told| (told.attribute, told.value))
                .collect(),
            password,
            caller,
            validity: None,
        };
        let made = self.make_soft_token(config, wish).await?;
        Ok(token(&settings.answer, made.file))
    }
}

/// What the headers say, in the order of the attributes' names.
fn told(settings: &CmAstConfig, number: &str, request: &Request) -> Result<Vec<Told>, Refusal> {
    let headers = headers(&settings.properties, number, settings.default_headers)
        .map_err(|error| Refusal::new(GENERAL, "properties", format!("ast.properties: {error}")))?;
    let mut out = Vec::new();
    for (attribute, header) in headers {
        let all: Vec<&[u8]> = request
            .headers
            .get_all(&header)
            .iter()
            .map(http::HeaderValue::as_bytes)
            .collect();
        let octets = match (all.as_slice(), settings.repeated_header) {
            ([], _) => continue,
            ([_, _, ..], RepeatedHeader::Refuse) => {
                return Err(Refusal::value(
                    "header_twice",
                    format!("A header came twice: {header}"),
                ));
            }
            ([.., last], RepeatedHeader::Last) => last,
            ([first, ..], _) => first,
        };
        let value = text(settings.header_encoding, octets)
            .ok_or_else(|| Refusal::value("header_encoding", format!("A header cannot be read: {header}")))?;
        if value.chars().any(char::is_control) {
            return Err(Refusal::value(
                "header_control",
                format!("A header holds control characters: {header}"),
            ));
        }
        let value = value.trim().to_owned();
        if !value.is_empty() {
            out.push(Told {
                attribute,
                header,
                value,
            });
        }
    }
    Ok(out)
}

/// Octets of a header as text.
fn text(encoding: HeaderEncoding, octets: &[u8]) -> Option<String> {
    match encoding {
        HeaderEncoding::Iso8859 => Some(octets.iter().map(|byte| char::from(*byte)).collect()),
        HeaderEncoding::Utf8 => String::from_utf8(octets.to_vec()).ok(),
        HeaderEncoding::Percent => {
            let ascii = std::str::from_utf8(octets).ok().filter(|text| text.is_ascii())?;
            let decoded = percent_encoding::percent_decode_str(ascii).decode_utf8().ok()?;
            Some(decoded.into_owned())
        }
    }
}
