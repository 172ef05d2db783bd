//! PEM sections (RFC 7468), and the headers that older private keys have inside them (RFC 1421).

use smartid_core::base64::{self, Flavour};
use zeroize::Zeroizing;

use crate::{Reason, Refusal};

/// Most sections of one text.
const MAX_SECTIONS: usize = 1024;

/// One section. Its contents may be a private key, so they are zeroed when it is dropped.
pub(crate) struct Section<'a> {
    /// What stands behind `BEGIN`.
    pub(crate) label: &'a str,
    /// The bytes; empty when they are encrypted by headers.
    pub(crate) contents: Zeroizing<Vec<u8>>,
    /// Whether headers say that the contents are encrypted (`Proc-Type: 4,ENCRYPTED`).
    pub(crate) encrypted_by_headers: bool,
}

/// The contents of every section with this label, in order. Text between sections is passed over.
pub(crate) fn sections(text: &str, label: &str) -> Result<Vec<Vec<u8>>, Refusal> {
    let all = labelled(text)?;
    Ok(all
        .into_iter()
        .filter(|(found, _)| *found == label)
        .map(|(_, contents)| contents)
        .collect())
}

/// Every section with its label, in order.
pub(crate) fn labelled(text: &str) -> Result<Vec<(&str, Vec<u8>)>, Refusal> {
    let all = secret_sections(text)?;
    Ok(all
        .into_iter()
        .map(|mut section| (section.label, std::mem::take(&mut *section.contents)))
        .collect())
}

/// Every section, in order, kept as secrets are.
pub(crate) fn secret_sections(text: &str) -> Result<Vec<Section<'_>>, Refusal> {
    let bad = |what: &'static str| Refusal::new(Reason::Malformed, what);
    let mut sections = Vec::new();
    let mut open: Option<Open<'_>> = None;
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n').or((!rest.is_empty()).then_some((rest, ""))) {
        let line = line.trim();
        rest = after;
        let boundary = |prefix| {
            line.strip_prefix(prefix)
                .and_then(|rest: &str| rest.strip_suffix("-----"))
        };
        if let Some(label) = boundary("-----BEGIN ") {
            if open.is_some() {
                return Err(bad("a PEM section inside another"));
            }
            if sections.len() == MAX_SECTIONS {
                return Err(Refusal::new(Reason::TooLarge, "PEM sections"));
            }
            open = Some(Open::new(label, rest.find("-----END").unwrap_or(0)));
        } else if let Some(label) = boundary("-----END ") {
            match open.take() {
                Some(section) if section.label == label => sections.push(section.close()?),
                _ => return Err(bad("a PEM section that ends without having begun")),
            }
        } else if let Some(section) = &mut open {
            section.line(line);
        }
    }
    if open.is_some() {
        return Err(bad("a PEM section that does not end"));
    }
    Ok(sections)
}

/// One section in lines of 64 letters (RFC 7468 2), kept as secrets are.
pub(crate) fn write(label: &str, contents: &[u8]) -> Zeroizing<String> {
    let letters = Zeroizing::new(base64::encode(Flavour::Standard, contents));
    // It holds everything and so never moves.
    let boundaries = 2 * ("-----BEGIN -----\n".len() + label.len());
    let mut text = Zeroizing::new(String::with_capacity(letters.len() / 64 * 65 + 65 + boundaries));
    text.extend(["-----BEGIN ", label, "-----\n"]);
    let mut rest = letters.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        text.extend([line, "\n"]);
        rest = after;
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}

/// A section whose end has not come yet.
struct Open<'a> {
    label: &'a str,
    letters: Zeroizing<String>,
    encrypted: bool,
}

impl<'a> Open<'a> {
    /// A buffer that holds all `letters` never moves, so that no copy of a key stays behind.
    fn new(label: &'a str, letters: usize) -> Self {
        Self {
            label,
            letters: Zeroizing::new(String::with_capacity(letters)),
            encrypted: false,
        }
    }

    fn line(&mut self, line: &str) {
        match line.split_once(':') {
            // RFC 1421 4.6: headers stand before the contents. A colon is no letter of base64.
            Some((name, value)) if self.letters.is_empty() => {
                self.encrypted |= name.trim() == "Proc-Type" && value.contains("ENCRYPTED");
            }
            // The continuation of a header looks like contents; an encrypted section is not read, so it does not matter.
            _ => self.letters.push_str(line),
        }
    }

    fn close(self) -> Result<Section<'a>, Refusal> {
        let contents = if self.encrypted {
            Vec::new()
        } else {
            base64::decode(Flavour::Standard, &self.letters)
                .map_err(|_| Refusal::new(Reason::Malformed, "a PEM section that is not base64"))?
        };
        Ok(Section {
            label: self.label,
            contents: Zeroizing::new(contents),
            encrypted_by_headers: self.encrypted,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(text: &str) -> Result<Vec<(String, usize, bool)>, String> {
        let all = secret_sections(text).map_err(|refusal| refusal.detail().to_owned())?;
        Ok(all
            .iter()
            .map(|section| {
                (
                    section.label.to_owned(),
                    section.contents.len(),
                    section.encrypted_by_headers,
                )
            })
            .collect())
    }

    #[test]
    fn sections_come_in_order_whatever_stands_between() {
        let text = "Bag Attributes: x\r\n-----BEGIN A-----\r\nAQID\r\n-----END A-----\r\nsubject=\n-----BEGIN B-----\nAQ==\n-----END B-----";
        assert_eq!(
            labels(text),
            Ok(vec![("A".to_owned(), 3, false), ("B".to_owned(), 1, false)])
        );
        assert_eq!(sections(text, "B").unwrap(), [vec![1]]);
    }

    #[test]
    fn headers_are_read_over_and_encryption_is_seen() {
        let plain = "-----BEGIN A-----\nComment: made by hand\n\nAQID\n-----END A-----";
        assert_eq!(labels(plain), Ok(vec![("A".to_owned(), 3, false)]));
        let encrypted =
            "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAQID\n-----END A-----";
        assert_eq!(labels(encrypted), Ok(vec![("A".to_owned(), 0, true)]));
    }

    #[test]
    fn broken_sections_are_refused() {
        for (text, what) in [
            ("-----BEGIN A-----\nAQID", "a PEM section that does not end"),
            (
                "-----BEGIN A-----\n-----BEGIN A-----",
                "a PEM section inside another",
            ),
            ("-----END A-----", "a PEM section that ends without having begun"),
            (
                "-----BEGIN A-----\nAQID\n-----END B-----",
                "a PEM section that ends without having begun",
            ),
            (
                "-----BEGIN A-----\nA\n-----END A-----",
                "a PEM section that is not base64",
            ),
            (
                "-----BEGIN A-----\nAQID\nx: y\n-----END A-----",
                "a PEM section that is not base64",
            ),
        ] {
            assert_eq!(labels(text), Err(what.to_owned()), "{text}");
        }
        let many = "-----BEGIN A-----\n-----END A-----\n".repeat(MAX_SECTIONS + 1);
        assert_eq!(labels(&many), Err("PEM sections".to_owned()));
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read(contents: Vec<u8>, width in 1_usize..100) {
            let letters = base64::encode(Flavour::Standard, &contents);
            let lines: Vec<_> = letters.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
            let text = format!("-----BEGIN X Y-----\n{}\n-----END X Y-----\n", lines.join("\n"));
            prop_assert_eq!(sections(&text, "X Y").unwrap(), [contents]);
        }

        #[test]
        fn what_we_write_is_read_and_does_not_move(contents in prop::collection::vec(any::<u8>(), 0..300)) {
            let text = write("SOME KEY", &contents);
            prop_assert!(text.lines().all(|line| (1..=64).contains(&line.len())));
            prop_assert!(text.capacity() < text.len() + 80, "it has grown");
            prop_assert_eq!(sections(&text, "SOME KEY").unwrap(), [contents]);
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = secret_sections(&text);
        }
    }
}
