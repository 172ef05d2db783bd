//! `multipart/form-data` (RFC 7578), as the vendor's own curl example sends it.
//!
//! The boundary is not random, because an operation's request is a pure function of its values; it is made to occur in no part.

use smartid_core::BuildError;
use smartid_core::base64::{Flavour, encode};

use super::{Part, Value, csr_text, form_values, lines};
use crate::dialect::Requests;

/// The boundary and the body.
pub(super) fn write(forms: &Requests, parts: &[Part<'_>]) -> Result<(String, Vec<u8>), BuildError> {
    let mut pieces: Vec<(String, Vec<u8>)> = Vec::with_capacity(parts.len());
    for part in parts {
        match part.value {
            Value::Csr(der) => pieces.push((
                head(part.name, forms.file_parts, &forms.csr_type),
                csr_text(forms.csr, der).map_or_else(|| der.clone(), String::into_bytes),
            )),
            Value::Binary(bytes) => pieces.push((
                head(part.name, forms.file_parts, &forms.binary_type),
                if forms.binary_lines {
                    lines(bytes, "\r\n")
                } else {
                    encode(Flavour::Standard, bytes)
                }
                .into_bytes(),
            )),
            _ => {
                for value in form_values(forms, part)? {
                    // Without a charset a servlet reads the part as ISO-8859-1.
                    let content_type = if value.is_ascii() {
                        ""
                    } else {
                        "text/plain; charset=utf-8"
                    };
                    pieces.push((head(part.name, false, content_type), value.as_bytes().to_vec()));
                }
            }
        }
    }
    let boundary = boundary(&pieces);
    let size = pieces
        .iter()
        .map(|(head, body)| head.len() + body.len() + 64)
        .sum::<usize>()
        + 64;
    let mut body = Vec::with_capacity(size);
    for (head, value) in &pieces {
        for text in ["--", &boundary, "\r\n", head, "\r\n"] {
            body.extend_from_slice(text.as_bytes());
        }
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    for text in ["--", &boundary, "--\r\n"] {
        body.extend_from_slice(text.as_bytes());
    }
    Ok((boundary, body))
}

fn head(name: &str, file: bool, content_type: &str) -> String {
    let name = quoted(name);
    let mut head = format!("Content-Disposition: form-data; name=\"{name}\"");
    if file {
        head.push_str(&format!("; filename=\"{name}\""));
    }
    head.push_str("\r\n");
    if !content_type.is_empty() {
        head.push_str(&format!("Content-Type: {content_type}\r\n"));
    }
    head
}

/// As the HTML standard writes names: quotes and line ends as percent escapes.
fn quoted(name: &str) -> String {
    let mut quoted = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '"' => quoted.push_str("%22"),
            '\r' => quoted.push_str("%0D"),
            '\n' => quoted.push_str("%0A"),
            other => quoted.push(other),
        }
    }
    quoted
}

fn boundary(pieces: &[(String, Vec<u8>)]) -> String {
    let mut number = 0_u32;
    loop {
        let boundary = format!("smartid-boundary-{number:08x}");
        let line = format!("--{boundary}");
        let occurs = pieces
            .iter()
            .any(|(_, body)| body.windows(line.len()).any(|window| window == line.as_bytes()));
        if !occurs {
            return boundary;
        }
        number = number.wrapping_add(1);
    }
}
