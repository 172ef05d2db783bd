//! `multipart/form-data` (RFC 7578), as the vendor's own curl example sends it.
//!
//! The boundary is not random, because an operation's request is a pure function of its values; it is made to occur in no part.

use std::ops::Range;

use smartid_core::BuildError;
use smartid_core::base64::{Flavour, encode};

use super::{Part, Value, csr_text, each_form_value, lines};
use crate::dialect::Requests;

/// The boundary and the body.
pub(super) fn write(forms: &Requests, parts: &[Part<'_>]) -> Result<(String, Vec<u8>), BuildError> {
    let mut number = 0_u32;
    loop {
        let boundary = format!("smartid-boundary-{number:08x}");
        let mut body = Body::new(&boundary, parts.len());
        for part in parts {
            body.part(forms, part)?;
        }
        if let Some(bytes) = body.finish() {
            return Ok((boundary, bytes));
        }
        number = number.wrapping_add(1);
    }
}

/// A body that is being written.
struct Body<'b> {
    boundary: &'b str,
    bytes: Vec<u8>,
    /// Where the values are.
    values: Vec<Range<usize>>,
}

impl<'b> Body<'b> {
    fn new(boundary: &'b str, parts: usize) -> Self {
        Self {
            boundary,
            bytes: Vec::with_capacity(1024),
            values: Vec::with_capacity(parts),
        }
    }

    fn push(&mut self, texts: &[&str]) {
        for text in texts {
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// One field, which is several parts when it is a list.
    fn part(&mut self, forms: &Requests, part: &Part<'_>) -> Result<(), BuildError> {
        match part.value {
            Value::Csr(der) => match csr_text(forms.csr, der) {
                Some(text) => self.value(part.name, forms.file_parts, &forms.csr_type, text.as_bytes()),
                None => self.value(part.name, forms.file_parts, &forms.csr_type, der),
            },
            Value::Binary(bytes) => {
                let text = if forms.binary_lines {
                    lines(bytes, "\r\n")
                } else {
                    encode(Flavour::Standard, bytes)
                };
                self.value(part.name, forms.file_parts, &forms.binary_type, text.as_bytes());
            }
            _ => each_form_value(forms, part, |value| {
                // Without a charset a servlet reads the part as ISO-8859-1.
                let content_type = if value.is_ascii() {
                    ""
                } else {
                    "text/plain; charset=utf-8"
                };
                self.value(part.name, false, content_type, value.as_bytes());
            })?,
        }
        Ok(())
    }

    fn value(&mut self, name: &str, file: bool, content_type: &str, value: &[u8]) {
        self.push(&["--", self.boundary, "\r\nContent-Disposition: form-data; name=\""]);
        self.quoted(name);
        if file {
            self.push(&["\"; filename=\""]);
            self.quoted(name);
        }
        self.push(&["\"\r\n"]);
        if !content_type.is_empty() {
            self.push(&["Content-Type: ", content_type, "\r\n"]);
        }
        self.push(&["\r\n"]);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.values.push(start..self.bytes.len());
        self.push(&["\r\n"]);
    }

    /// As the HTML standard writes names: quotes and line ends as percent escapes.
    fn quoted(&mut self, name: &str) {
        for letter in name.bytes() {
            match letter {
                b'"' => self.push(&["%22"]),
                b'\r' => self.push(&["%0D"]),
                b'\n' => self.push(&["%0A"]),
                other => self.bytes.push(other),
            }
        }
    }

    /// The whole, unless the boundary occurs in a value.
    fn finish(mut self) -> Option<Vec<u8>> {
        let boundary = self.boundary.as_bytes();
        let occurs = self.values.iter().any(|value| {
            let value = self.bytes.get(value.clone()).unwrap_or_default();
            value.windows(boundary.len()).any(|window| window == boundary)
        });
        if occurs {
            return None;
        }
        self.push(&["--", self.boundary, "--\r\n"]);
        Some(self.bytes)
    }
}
