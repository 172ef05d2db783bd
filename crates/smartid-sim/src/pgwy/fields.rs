//! Fields of a request, whether they came as multipart, as a form, as JSON or in the query (protocol notes: cm 4.1, 4.2).

use bytes::Bytes;
use http_body_util::{BodyDataStream, Full};
use multer::{Constraints, Multipart, SizeLimit};
use serde_json::Value;

use super::errors::Refusal;
use crate::config::{CmConfig, CmDecodeConfig, CmWireConfig};
use crate::json::Move;
use crate::net::message::Request;

/// More fields than this are not read.
const MAX_FIELDS: usize = 20_000;

/// One field. JSON that is no text, number or boolean is kept as it is.
#[derive(Clone, Debug)]
struct Field {
    name: String,
    value: Bytes,
    json: Option<Value>,
}

/// All fields in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<Field>);

fn too_many() -> Refusal {
    Refusal::encoding("fields_too_many", "too many fields")
}

impl Fields {
    fn push(&mut self, name: &str, value: impl Into<Bytes>, json: Option<Value>) -> Result<(), Refusal> {
        if self.0.len() >= MAX_FIELDS {
            return Err(too_many());
        }
        self.0.push(Field {
            name: name.to_owned(),
            value: value.into(),
            json,
        });
        Ok(())
    }

    /// Those of the query.
    pub(super) fn of_query(config: &CmConfig, request: &Request) -> Result<Self, Refusal> {
        let mut fields = Self::default();
        let query = request.query.as_deref().unwrap_or_default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            fields.push(&name, value.into_owned(), None)?;
        }
        fields.named_as_usual(&config.wire)
    }

    /// Without the constants, and with the names that the rest of the simulator knows.
    fn named_as_usual(mut self, wire: &CmWireConfig) -> Result<Self, Refusal> {
        for (name, value) in &wire.constants {
            let is = |field: &Field| field.name == *name && field.value == value.as_bytes();
            let before = self.0.len();
            self.0.retain(|field| !is(field));
            if self.0.len() + 1 != before {
                return Err(Refusal::value(
                    "constant",
                    format!("{name} must be {value:?}, once"),
                ));
            }
        }
        for field in &mut self.0 {
            if let Some((usual, _)) = wire.names.iter().find(|(_, there)| **there == field.name) {
                field.name.clone_from(usual);
            } else if wire.names.contains_key(&field.name) {
                return Err(Refusal::value(
                    "field_renamed",
                    format!("Unknown field: {:?}", field.name),
                ));
            }
        }
        Ok(self)
    }

    /// Those of the body, whatever its type is.
    pub(super) async fn of_body(config: &CmConfig, request: &Request) -> Result<Self, Refusal> {
        let (wire, config) = (&config.wire, &config.decode);
        let full = request.header("content-type").unwrap_or_default();
        let kind = full.split(';').next().unwrap_or_default().trim();
        let fields = match kind.to_ascii_lowercase().as_str() {
            "multipart/form-data" if config.multipart || config.multipart_files => {
                Self::of_multipart(config, wire, full, &request.body).await
            }
            "application/x-www-form-urlencoded" if config.urlencoded => Self::of_form(&request.body),
            "application/json" if config.json => Self::of_json(wire, &request.body),
            _ => Err(Refusal::encoding(
                "content_type",
                format!("a body of this type is not understood: {kind:?}"),
            )),
        };
        fields?.named_as_usual(wire)
    }

    async fn of_multipart(
        config: &CmDecodeConfig,
        wire: &CmWireConfig,
        kind: &str,
        body: &Bytes,
    ) -> Result<Self, Refusal> {
        let broken = |_| Refusal::encoding("multipart", "the multipart body cannot be read");
        let boundary = multer::parse_boundary(kind).map_err(broken)?;
        let stream = BodyDataStream::new(Full::new(body.clone()));
        let size = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let limits = SizeLimit::new().whole_stream(size).per_field(size);
        let constraints = Constraints::new().size_limit(limits);
        let mut parts = Multipart::with_constraints(stream, boundary, constraints);
        let mut fields = Self::default();
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().unwrap_or_default().to_owned();
            let allowed = if part.file_name().is_some() {
                config.multipart_files
            } else {
                config.multipart
            };
            let kind = part.content_type().map(ToString::to_string).unwrap_or_default();
            let value = part.bytes().await.map_err(broken)?;
            if wire.part_types.get(&name).is_some_and(|wanted| *wanted != kind) {
                return Err(Refusal::encoding(
                    "part_type",
                    format!("the part {name:?} is not understood as {kind:?}"),
                ));
            }
            if !allowed {
                return Err(Refusal::encoding(
                    "multipart_part",
                    format!("the part {name:?} is not understood, with a file name or without"),
                ));
            }
            fields.push(&name, value, None)?;
        }
        Ok(fields)
    }

    fn of_form(body: &Bytes) -> Result<Self, Refusal> {
        let mut fields = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            fields.push(&name, value.into_owned(), None)?;
        }
        Ok(fields)
    }

    fn of_json(wire: &CmWireConfig, body: &Bytes) -> Result<Self, Refusal> {
        let broken = |text: &str| Refusal::encoding("json", format!("the JSON body cannot be read: {text}"));
        let mut body: Value = serde_json::from_slice(body).map_err(|error| broken(&error.to_string()))?;
        let usual = |step: &&Move| !step.to.is_empty() && body.pointer(&step.to).is_some();
        if let Some(step) = wire.request_moves.iter().find(usual) {
            return Err(Refusal::value(
                "field_moved",
                format!("nothing may stand at {}", step.to),
            ));
        }
        crate::json::apply(&wire.request_moves, &mut body);
        let Value::Object(members) = body else {
            return Err(broken("it is no object"));
        };
        let mut fields = Self::default();
        for (name, value) in members {
            match value {
                Value::Null => (),
                Value::Array(items) => {
                    for item in items {
                        fields.push_json(&name, item)?;
                    }
                }
                single => fields.push_json(&name, single)?,
            }
        }
        Ok(fields)
    }

    fn push_json(&mut self, name: &str, value: Value) -> Result<(), Refusal> {
        match value {
            Value::String(text) => self.push(name, text, None),
            Value::Bool(_) | Value::Number(_) => self.push(name, value.to_string(), None),
            other => self.push(name, other.to_string(), Some(other)),
        }
    }

    /// Refuses fields that are none of these, if names are looked at closely.
    pub(super) fn only(&self, config: &CmDecodeConfig, known: &[&str]) -> Result<(), Refusal> {
        let unknown = |field: &&Field| !known.contains(&field.name.as_str());
        match self.0.iter().find(unknown) {
            Some(field) if config.strict_fields => {
                let name: String = field.name.chars().take(64).collect();
                Err(Refusal::value(
                    "field_unknown",
                    format!("Unknown field: {name:?}"),
                ))
            }
            _ => Ok(()),
        }
    }

    fn named<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f Field> {
        self.0.iter().filter(move |field| field.name == name)
    }

    /// The value of a field that must not be repeated; an empty one counts as absent.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<&Bytes>, Refusal> {
        let mut all = self.named(name);
        let first = all.next();
        if all.next().is_some() {
            return Err(Refusal::value(
                "field_repeated",
                format!("{name} must not be repeated"),
            ));
        }
        Ok(first.map(|field| &field.value).filter(|value| !value.is_empty()))
    }

    /// As text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.bytes(name)?.map(|value| utf8(name, value)).transpose()
    }

    /// A list under any of these names: repeated, joined by commas, or both.
    pub(super) fn list(&self, config: &CmDecodeConfig, names: &[String]) -> Result<Vec<String>, Refusal> {
        let mut values = Vec::new();
        for field in self.0.iter().filter(|field| names.contains(&field.name)) {
            values.push(utf8(&field.name, &field.value)?);
        }
        if values.len() > 1 && !config.lists_repeated {
            return Err(Refusal::value(
                "list_repeated",
                "a list must be one field here, joined by commas",
            ));
        }
        if !config.lists_joined {
            return Ok(values.into_iter().map(str::to_owned).collect());
        }
        let parts = values.iter().flat_map(|value| value.split(','));
        Ok(parts
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect())
    }

    /// JSON values of a field: of a JSON body as they stood, of a form as a text that holds a value or an array of them.
    pub(super) fn values(&self, name: &str) -> Result<Vec<Value>, Refusal> {
        let mut out = Vec::new();
        for field in self.named(name) {
            let value = match &field.json {
                Some(value) => value.clone(),
                None => serde_json::from_slice(&field.value)
                    .map_err(|_| Refusal::encoding("json", format!("{name} must be JSON")))?,
            };
            match value {
                Value::Array(items) => out.extend(items),
                single => out.push(single),
            }
            if out.len() > MAX_FIELDS {
                return Err(too_many());
            }
        }
        Ok(out)
    }

    /// All texts except one field, for what is stored as it is.
    pub(super) fn texts_without(&self, left_out: &str) -> Result<Vec<(String, String)>, Refusal> {
        let kept = self.0.iter().filter(|field| field.name != left_out);
        kept.map(|field| Ok((field.name.clone(), utf8(&field.name, &field.value)?.to_owned())))
            .collect()
    }
}

fn utf8<'v>(name: &str, value: &'v [u8]) -> Result<&'v str, Refusal> {
    std::str::from_utf8(value).map_err(|_| Refusal::encoding("text", format!("{name} is not UTF-8")))
}
