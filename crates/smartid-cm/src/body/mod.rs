//! Bodies of writes: the same fields as multipart, as a form, or as JSON.
//!
//! Different public clients talk to real installations in each of the three encodings, so an operation lists its fields once and the
//! dialect says how they go out. Names differ by encoding too: a form's `certId` is a document's `certid`.

mod form;
mod json;
mod multipart;

use std::borrow::Cow;

use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{BuildError, Outgoing, PathTemplate, SecretString};

use crate::dialect::{CmDialect, CsrForm, Encoding, ReadCall, WriteCall};
use crate::ids::CertId;
use crate::two_step::RequestSignature;

/// The field that carries the signature of the second step (vendor page: Certificate Manager (CM) REST API, documented).
pub(crate) const SIGNATURE: &str = "signature";
/// The field that names certificates: `certid` in documents, `certId` in the only form that was seen.
pub(crate) const CERTID: &str = "certid";

/// One field's value.
pub(crate) enum Value {
    Text(String),
    Number(i64),
    Bool(bool),
    /// Several texts: an array in JSON; in forms as the dialect says.
    Texts(Vec<String>),
    /// Something binary: the form it is sent in depends on the encoding.
    Binary(Vec<u8>),
    /// A certification request as DER.
    Csr(Vec<u8>),
    Secret(SecretString),
    /// JSON text: as it is in JSON, as text in forms.
    Json(String),
}

/// The fields of one request in their order.
#[derive(Default)]
pub(crate) struct Fields(Vec<(Cow<'static, str>, Value)>);

impl Fields {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with(mut self, name: &'static str, value: Value) -> Self {
        self.0.push((Cow::Borrowed(name), value));
        self
    }

    pub(crate) fn text(self, name: &'static str, text: impl Into<String>) -> Self {
        self.with(name, Value::Text(text.into()))
    }

    pub(crate) fn optional(self, name: &'static str, value: Option<Value>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    /// A field of a name that is not ours, such as a subject attribute.
    pub(crate) fn named(mut self, name: String, value: Value) -> Self {
        self.0.push((Cow::Owned(name), value));
        self
    }
}

/// A field as it goes out: its last name, and its value as one of three kinds.
pub(crate) struct Part<'a> {
    name: &'a str,
    value: &'a Value,
}

/// The relative path of an operation, with the suffix that all paths of this installation have.
pub(crate) fn path(
    dialect: &CmDialect,
    path: &PathTemplate,
    values: &[(&str, &str)],
) -> Result<String, BuildError> {
    if let Some((_, certid)) = values.iter().find(|(name, _)| *name == CERTID) {
        sendable(certid)?;
    }
    let mut text = path.expand(values)?;
    let suffix = dialect.requests.path_suffix.expand(values)?;
    if !suffix.is_empty() {
        if !text.is_empty() {
            text.push('/');
        }
        text.push_str(&suffix);
    }
    Ok(text)
}

/// An id that an answer told goes into no request when it is not what an id is: it may have been written to become another path, or
/// two ids in a list.
pub(crate) fn sendable(certid: &str) -> Result<&str, BuildError> {
    if CertId::is_sendable(certid) {
        return Ok(certid);
    }
    let problem = "the certid is not letters and digits of ASCII".to_owned();
    Err(BuildError::Invalid(problem))
}

/// A read: path and query.
pub(crate) fn read(
    dialect: &CmDialect,
    call: &ReadCall,
    values: &[(&str, &str)],
    query: &[(&str, String)],
) -> Result<Outgoing, BuildError> {
    read_with_lists(dialect, call, values, query, &[])
}

/// As [`read`], with parameters that have several values.
pub(crate) fn read_with_lists(
    dialect: &CmDialect,
    call: &ReadCall,
    values: &[(&str, &str)],
    query: &[(&str, String)],
    lists: &[(&str, Vec<String>)],
) -> Result<Outgoing, BuildError> {
    let mut outgoing = Outgoing::new(call.verb.method(), path(dialect, &call.path, values)?);
    let last_name = |name| renamed(call, name);
    for (name, value) in query {
        outgoing = outgoing.query(last_name(*name), value);
    }
    for (name, values) in lists {
        outgoing = outgoing.query_list(last_name(*name), values.iter().map(String::as_str));
    }
    // As in writes, a constant is known by either name, and goes by the new one.
    let is_given = |name: &str| {
        let mut given = query.iter().map(|(name, _)| *name);
        let mut listed = lists.iter().map(|(name, _)| *name);
        given.any(|own| last_name(own) == name) || listed.any(|own| last_name(own) == name)
    };
    for (name, value) in &call.constants {
        let name = last_name(name);
        if !is_given(name) {
            outgoing = outgoing.query(name, value);
        }
    }
    Ok(outgoing)
}

fn renamed<'a>(call: &'a ReadCall, name: &'a str) -> &'a str {
    call.rename.get(name).map_or(name, String::as_str)
}

/// A write: path, body, and the signature at its end when this is the second step.
pub(crate) fn write(
    dialect: &CmDialect,
    call: &WriteCall,
    values: &[(&str, &str)],
    fields: Fields,
    signature: Option<&RequestSignature>,
) -> Result<Outgoing, BuildError> {
    let path = path(dialect, &call.path, values)?;
    write_to(
        dialect,
        call,
        Outgoing::new(call.verb.method(), path),
        fields,
        signature,
    )
}

/// As [`write`], where verb and path are settled.
pub(crate) fn write_to(
    dialect: &CmDialect,
    call: &WriteCall,
    outgoing: Outgoing,
    mut fields: Fields,
    signature: Option<&RequestSignature>,
) -> Result<Outgoing, BuildError> {
    for (name, value) in &call.constants {
        if name == SIGNATURE {
            let problem = "dialect: `signature` cannot be a constant; it is made for each request";
            return Err(BuildError::Invalid(problem.to_owned()));
        }
        // Sent twice, a field would mean two things: one certificate more, or another procedure.
        let has =
            |(own, _): &(Cow<'static, str>, Value)| own == name || last_name(dialect, call, own) == name;
        if !fields.0.iter().any(has) {
            fields = fields.named(name.clone(), Value::Text(value.clone()));
        }
    }
    if let Some(signature) = signature {
        fields = fields.with(SIGNATURE, Value::Binary(signature.cms().to_vec()));
    }
    let mut parts: Vec<Part<'_>> = Vec::with_capacity(fields.0.len());
    let mut origins: Vec<&str> = Vec::with_capacity(fields.0.len());
    for (origin, value) in &fields.0 {
        let name = last_name(dialect, call, origin);
        let mut others = parts.iter().zip(&origins);
        if others.any(|(part, other)| part.name == name && *other != &**origin) {
            let problem = format!("dialect: two fields are called {name:?}");
            return Err(BuildError::Invalid(problem));
        }
        parts.push(Part { name, value });
        origins.push(origin);
    }
    let forms = &dialect.requests;
    match call.encoding {
        Encoding::Json => {
            let body = json::write(forms, &parts)?;
            Ok(outgoing.body("application/json", call.request.apply_to_request(body.into())?))
        }
        Encoding::Form => {
            let body = form::write(forms, &parts)?;
            // Without a charset a servlet reads the body as ISO-8859-1.
            let content_type = if form::is_ascii(&parts) {
                "application/x-www-form-urlencoded"
            } else {
                "application/x-www-form-urlencoded; charset=UTF-8"
            };
            Ok(outgoing.body(content_type, body))
        }
        Encoding::Multipart => {
            let (boundary, body) = multipart::write(forms, &parts)?;
            let content_type = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"))
                .map_err(|_| BuildError::Header("Content-Type".to_owned()))?;
            Ok(outgoing
                .body("multipart/form-data", body)
                .header(CONTENT_TYPE, content_type))
        }
    }
}

/// Sets `Accept`, or takes it away.
pub(crate) fn accept(mut outgoing: Outgoing, accept: Option<&str>) -> Result<Outgoing, BuildError> {
    match accept {
        Some(accept) => {
            let value = HeaderValue::from_str(accept).map_err(|_| BuildError::Header("Accept".to_owned()))?;
            Ok(outgoing.header(ACCEPT, value))
        }
        None => {
            outgoing.headers_mut().remove(ACCEPT);
            Ok(outgoing)
        }
    }
}

/// What a field is called on the wire.
pub(crate) fn last_name<'a>(dialect: &'a CmDialect, call: &'a WriteCall, name: &'a str) -> &'a str {
    if let Some(renamed) = call.rename.get(name) {
        return renamed;
    }
    match (name, call.encoding) {
        (CERTID, Encoding::Json) => &dialect.requests.certid_in_json,
        (CERTID, _) => &dialect.requests.certid_in_forms,
        _ => name,
    }
}

/// A certification request in the form that the dialect says, as text; `None` for the form that is no text.
fn csr_text(form: CsrForm, der: &[u8]) -> Option<String> {
    match form {
        CsrForm::Base64 => Some(encode(Flavour::Standard, der)),
        CsrForm::Base64Lines => Some(lines(der, "\r\n")),
        CsrForm::Pem => Some(csr_pem(der)),
        CsrForm::Der => None,
    }
}

/// A certification request as PEM.
pub(crate) fn csr_pem(der: &[u8]) -> String {
    let lines = lines(der, "\n");
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{lines}-----END CERTIFICATE REQUEST-----\n")
}

/// Base64 in lines of 64 letters, each ended.
fn lines(der: &[u8], end: &str) -> String {
    let text = encode(Flavour::Standard, der);
    let mut lines = String::with_capacity(text.len() + text.len() / 32 + 4);
    for (index, letter) in text.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            lines.push_str(end);
        }
        lines.push(letter);
    }
    lines.push_str(end);
    lines
}

/// A value as one text, for the encodings that know nothing else. `None`: several, or bytes. Base64 stands on one line there: where it was
/// seen in such a body it did.
fn one_text(form: CsrForm, value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::Text(text) | Value::Json(text) => Cow::Borrowed(text),
        Value::Secret(secret) => Cow::Borrowed(secret.expose()),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::Bool(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        Value::Binary(bytes) => Cow::Owned(encode(Flavour::Standard, bytes)),
        Value::Csr(der) if form == CsrForm::Base64Lines => Cow::Owned(encode(Flavour::Standard, der)),
        Value::Csr(der) => Cow::Owned(csr_text(form, der)?),
        Value::Texts(_) => return None,
    })
}

/// Hands on the values of a field in a form: one, or as many as the dialect wants a list to be.
fn each_form_value(
    forms: &crate::dialect::Requests,
    part: &Part<'_>,
    mut value: impl FnMut(&str),
) -> Result<(), BuildError> {
    use crate::dialect::Lists;
    match (part.value, forms.lists) {
        (Value::Texts(texts), Lists::Repeated) => texts.iter().for_each(|text| value(text)),
        (Value::Texts(texts), Lists::Joined) => value(&texts.join(",")),
        (other, _) => value(&one_text(forms.csr, other).ok_or_else(|| {
            BuildError::Invalid(format!(
                "dialect: requests.csr = \"der\" can only go out as multipart ({})",
                part.name
            ))
        })?),
    }
    Ok(())
}
