//! The form that a servlet is sent, `application/x-www-form-urlencoded` (protocol notes: cm 7.2, I).

use crate::config::FormCharset;
use crate::net::message::Request;
use crate::pgwy::errors::Refusal;

/// More fields than this are not read.
const MAX_FIELDS: usize = 1000;

/// Names with values, in the order in which they came.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the body. Fields of the query do not count: the password must be a POST parameter (cm 7.1, D).
    pub(super) fn read(request: &Request, charset: FormCharset, most: usize) -> Result<Self, Refusal> {
        let full = request.header("content-type").unwrap_or_default();
        let (kind, parameters) = full.split_once(';').unwrap_or((full, ""));
        if !kind
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        {
            return Err(Refusal::Page(415, "content_type"));
        }
        if request.body.len() > most {
            return Err(Refusal::Page(413, "form_too_large"));
        }
        let charset = match named_charset(parameters).as_deref() {
            None => charset,
            Some("utf-8") => FormCharset::Utf8,
            Some("iso-8859-1") => FormCharset::Iso8859,
            Some(_) => return Err(Refusal::Page(415, "charset")),
        };
        let mut fields = Vec::new();
        for pair in request
            .body
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
        {
            if fields.len() >= MAX_FIELDS {
                return Err(Refusal::encoding("fields_too_many", "Too many fields"));
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let mut half = || text(halves.next().unwrap_or_default(), charset);
            fields.push((half()?, half()?));
        }
        Ok(Self(fields))
    }

    /// The value of a field, which must not be there twice.
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.0.iter().filter(|(own, _)| own == name);
        let value = values.next().map(|(_, value)| value.as_str());
        match values.next() {
            Some(_) => Err(Refusal::value(
                "field_twice",
                format!("A field came twice: {name}"),
            )),
            None => Ok(value),
        }
    }

    /// The first field that has none of these names.
    pub(super) fn other_than(&self, known: &[&str]) -> bool {
        self.0.iter().any(|(name, _)| !known.contains(&name.as_str()))
    }
}

fn named_charset(parameters: &str) -> Option<String> {
    parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is = name.trim().eq_ignore_ascii_case("charset");
        is.then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    })
}

fn text(encoded: &[u8], charset: FormCharset) -> Result<String, Refusal> {
    let spaced: Vec<u8> = encoded
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let bytes: Vec<u8> = percent_encoding::percent_decode(&spaced).collect();
    match charset {
        FormCharset::Iso8859 => Ok(bytes.into_iter().map(char::from).collect()),
        FormCharset::Utf8 => {
            String::from_utf8(bytes).map_err(|_| Refusal::encoding("form_text", "A field is not UTF-8"))
        }
    }
}
