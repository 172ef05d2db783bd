//! What bytes of unknown form look like: data to be signed are opaque, and a person who is to sign them wants an idea.

use smartid::core::json;

use crate::inspect::places::shown_text;
use crate::inspect::{Context, Finding, evidence};

/// How many elements of an ASN.1 structure are named.
const NAMED: usize = 12;

/// Adds what the bytes look like.
pub(super) fn look(finding: &mut Finding, bytes: &[u8], context: &Context) {
    finding.fact("data to be signed", format!("{} bytes", bytes.len()));
    if bytes.is_empty() {
        return finding.problem("there is nothing in the data to be signed");
    }
    if let Some(outline) = outline(bytes) {
        finding.fact("they look like", format!("ASN.1: {outline}"));
        if let Some(known) = evidence::der(bytes, context).filter(|known| known.problems.is_empty()) {
            finding.fact("they are a", known.kind);
        }
        return;
    }
    match std::str::from_utf8(bytes) {
        Ok(text)
            if text
                .chars()
                .all(|letter| !letter.is_control() || letter.is_whitespace()) =>
        {
            let kind = match text.trim_start().chars().next() {
                Some('{') if json::members(text.trim()).is_some() => "JSON",
                Some('[') if json::items(text.trim()).is_some() => "JSON",
                Some('<') => "XML",
                _ => "text",
            };
            finding.fact(
                "they look like",
                format!("{kind}, {} lines", text.lines().count()),
            );
            finding.fact("they begin", shown_text(text.trim_start()));
        }
        _ => {
            finding.fact("they look like", "neither ASN.1 nor text");
            let head = bytes.get(..bytes.len().min(16)).unwrap_or_default();
            let digits: Vec<String> = head.iter().map(|octet| format!("{octet:02x}")).collect();
            finding.fact("they begin", digits.join(" "));
        }
    }
}

/// One element: its name, its content, and what follows it. Definite lengths only.
fn element(bytes: &[u8]) -> Option<(String, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = octets
                .iter()
                .fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
            (length, rest)
        }
        _ => return None,
    };
    let (content, behind) = rest.split_at_checked(length)?;
    let name = match tag {
        0x01 => "BOOLEAN".to_owned(),
        0x02 => "INTEGER".to_owned(),
        0x03 => "BIT STRING".to_owned(),
        0x04 => "OCTET STRING".to_owned(),
        0x05 => "NULL".to_owned(),
        0x06 => "OBJECT IDENTIFIER".to_owned(),
        0x0a => "ENUMERATED".to_owned(),
        0x0c | 0x13 | 0x14 | 0x16 | 0x1e => "text".to_owned(),
        0x17 | 0x18 => "time".to_owned(),
        0x30 => "SEQUENCE".to_owned(),
        0x31 => "SET".to_owned(),
        0x80..=0xbf => format!("[{}]", tag & 0x1f),
        _ => return None,
    };
    Some((name, content, behind))
}

/// The names of the outermost element and of those directly inside, when the bytes are exactly one element.
fn outline(bytes: &[u8]) -> Option<String> {
    let (name, mut content, behind) = element(bytes)?;
    let is_list = matches!(name.as_str(), "SEQUENCE" | "SET");
    // A byte or two that happen to be an element are no structure.
    if !behind.is_empty() || !is_list {
        return None;
    }
    let mut inside = Vec::new();
    while !content.is_empty() {
        let (name, _, behind) = element(content)?;
        if inside.len() == NAMED {
            inside.push("…".to_owned());
            break;
        }
        inside.push(name);
        content = behind;
    }
    Some(format!("{name} of {}", inside.join(", ")))
}
