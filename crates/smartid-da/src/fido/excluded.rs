//! Ids of credentials that a user has already, read from however they are written.
//!
//! One relying party's library pads them, another writes them in the standard alphabet, a third puts a digit behind them that counts the
//! padding. They are compared as octets, never as text, so all of that has to be read; and what cannot be read still goes to the device.

use std::collections::HashSet;

use smartid_core::Lint;
use smartid_core::base64::{Flavour, Tolerated, decode_lenient};

use super::reader::string;

/// How a relying party writes ids in `excludeCredentials`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExcludedIds {
    /// Base64url; padding and the standard alphabet are read too, each with a lint.
    #[default]
    Base64,
    /// The same, or with a digit behind it that counts the padding that is left out: `0`, `1` or `2` \[observed at Microsoft Graph, beta\].
    /// Where a text can be read both ways, either reading is the credential.
    PaddingCounted,
}

/// What one id means.
#[derive(Default)]
pub(super) struct IdReading {
    /// The octets; empty when it cannot be read.
    pub(super) bytes: Vec<u8>,
    /// What it means when its last digit counts the padding, where it means something without that, too.
    pub(super) counted: Option<Vec<u8>>,
}

/// Reads one id, given as the JSON value that stands in its place; none is the empty text.
pub(super) fn read_id(value: &str, at: &str, ids: ExcludedIds, lints: &mut Vec<Lint>) -> IdReading {
    let mut odd = |code, what: &str| lints.push(Lint::new(at, what).code(code));
    let Some(text) = string(value) else {
        odd(
            "unreadable",
            "is absent or no text; the authenticator may refuse the options",
        );
        return IdReading::default();
    };
    if text.is_empty() {
        odd("empty", "is empty, which no credential's id is");
        return IdReading::default();
    }
    let plain = octets(&text);
    let counted = (ids == ExcludedIds::PaddingCounted)
        .then(|| counted(&text))
        .flatten();
    let Some((_, forgiven)) = plain.as_ref().or(counted.as_ref()) else {
        odd(
            "unreadable",
            "is not base64url; the authenticator may refuse the options",
        );
        return IdReading::default();
    };
    for what in forgiven {
        match what {
            Tolerated::Padding => odd("padding", "base64url with padding"),
            _ => odd("alphabet", "letters of the standard base64 alphabet"),
        }
    }
    if counted.is_some() {
        odd(
            "padding-count",
            "a digit that counts the padding stands behind the id",
        );
    }
    match (plain, counted) {
        (Some((bytes, _)), counted) => IdReading {
            bytes,
            counted: counted.map(|(bytes, _)| bytes),
        },
        (None, counted) => IdReading {
            bytes: counted.map(|(bytes, _)| bytes).unwrap_or_default(),
            counted: None,
        },
    }
}

/// The octets, and what was forgiven. White space is not: it would have been put there by somebody in between.
fn octets(text: &str) -> Option<(Vec<u8>, Vec<Tolerated>)> {
    decode_lenient(Flavour::Url, text)
        .ok()
        .filter(|(bytes, forgiven)| !bytes.is_empty() && !forgiven.contains(&Tolerated::WhiteSpace))
}

/// The octets of the text before a last digit, if that is how much padding it lacks.
fn counted(text: &str) -> Option<(Vec<u8>, Vec<Tolerated>)> {
    let head = text.strip_suffix(['0', '1', '2'])?;
    let missing = text.strip_prefix(head)?.parse::<usize>().ok()?;
    if (head.len() + missing) % 4 != 0 {
        return None;
    }
    octets(head).filter(|(_, forgiven)| !forgiven.contains(&Tolerated::Padding))
}

/// Finds ids that stand in the list before.
#[derive(Default)]
pub(super) struct Seen(HashSet<Vec<u8>>);

impl Seen {
    /// Remembers an id; a lint if one of its readings was there already.
    pub(super) fn note(&mut self, reading: &IdReading, at: &str, lints: &mut Vec<Lint>) {
        let mut again = false;
        for bytes in [Some(&reading.bytes), reading.counted.as_ref()]
            .into_iter()
            .flatten()
        {
            again |= !bytes.is_empty() && !self.0.insert(bytes.clone());
        }
        if again {
            lints.push(Lint::new(at, "the same credential as an entry before").code("duplicate"));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use smartid_core::base64::encode;

    use super::*;

    fn quoted(text: &str) -> String {
        serde_json::Value::from(text).to_string()
    }

    proptest! {
        #[test]
        fn every_id_with_its_padding_counted_is_read_as_itself(id in proptest::collection::vec(any::<u8>(), 1..80)) {
            let text = encode(Flavour::Url, &id);
            let missing = (4 - text.len() % 4) % 4;
            let counted = quoted(&format!("{text}{missing}"));
            let mut lints = Vec::new();
            let read = read_id(&counted, "/x", ExcludedIds::PaddingCounted, &mut lints);
            prop_assert!(read.bytes == id || read.counted.as_ref() == Some(&id));
            prop_assert_eq!(lints.len(), 1);
            let plain = read_id(&quoted(&text), "/x", ExcludedIds::PaddingCounted, &mut Vec::new());
            prop_assert_eq!(plain.bytes, id);
        }

        #[test]
        fn any_text_is_read_or_not(text: String) {
            for ids in [ExcludedIds::Base64, ExcludedIds::PaddingCounted] {
                let _ = read_id(&quoted(&text), "", ids, &mut Vec::new());
                let _ = read_id(&text, "", ids, &mut Vec::new());
            }
        }
    }
}
