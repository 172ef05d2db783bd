//! PEM sections (RFC 7468).

use smartid_core::base64::{self, Flavour};

use crate::{Reason, Refusal};

/// Most sections of one text.
const MAX_SECTIONS: usize = 1024;

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
    let bad = |what: &'static str| Refusal::new(Reason::Malformed, what);
    let mut sections = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in text.lines().map(str::trim) {
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
            open = Some((label, String::new()));
        } else if let Some(label) = boundary("-----END ") {
            match open.take() {
                Some((begun, letters)) if begun == label => {
                    let contents = base64::decode(Flavour::Standard, &letters);
                    sections.push((
                        label,
                        contents.map_err(|_| bad("a PEM section that is not base64"))?,
                    ));
                }
                _ => return Err(bad("a PEM section that ends without having begun")),
            }
        } else if let Some((_, letters)) = &mut open {
            letters.push_str(line);
        }
    }
    if open.is_some() {
        return Err(bad("a PEM section that does not end"));
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn section(label: &str, letters: &str) -> String {
        format!("-----BEGIN {label}-----\n{letters}\n-----END {label}-----\n")
    }

    fn reason(text: &str) -> Reason {
        labelled(text).unwrap_err().reason()
    }

    #[test]
    fn sections_of_one_label_in_order_with_text_between() {
        let text = format!(
            "subject=x\n{}\r\nBag Attributes\n{}{}",
            section("A", "AQ==").replace('\n', "\r\n"),
            section("B", "Ag=="),
            section("A", "  AwQF\n\tBgcI  ")
        );
        assert_eq!(sections(&text, "A").unwrap(), [vec![1], vec![3, 4, 5, 6, 7, 8]]);
        let labels: Vec<_> = labelled(&text)
            .unwrap()
            .into_iter()
            .map(|(label, _)| label)
            .collect();
        assert_eq!(labels, ["A", "B", "A"]);
        assert!(sections("", "A").unwrap().is_empty());
        assert_eq!(labelled(&section("", "")).unwrap(), [("", vec![])]);
    }

    #[test]
    fn sections_that_are_not_whole_are_refused() {
        for text in [
            "-----BEGIN A-----\nAQ==",
            "-----END A-----",
            "-----BEGIN A-----\nAQ==\n-----END B-----",
            "-----BEGIN A-----\n-----BEGIN A-----\n-----END A-----",
            "-----BEGIN A-----\nA\n-----END A-----",
            "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n-----END A-----",
            "-----BEGIN A-----\nAQ=\n-----END A-----",
            "-----BEGIN A-----\nÅQ==\n-----END A-----",
        ] {
            assert_eq!(reason(text), Reason::Malformed, "{text}");
        }
        assert_eq!(reason(&section("A", "AQ==").repeat(1025)), Reason::TooLarge);
        assert_eq!(labelled(&section("A", "AQ==").repeat(1024)).unwrap().len(), 1024);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(contents in prop::collection::vec(any::<u8>(), 0..200), width in 1_usize..80) {
            let letters = base64::encode(Flavour::Standard, &contents);
            let lines: Vec<String> =
                letters.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
            let text = section("X", &lines.join("\n"));
            prop_assert_eq!(sections(&text, "X").unwrap(), [contents]);
            for end in 0..text.trim_end().len() {
                prop_assert!(sections(text.get(..end).unwrap(), "X").map_or(true, |found| found.is_empty()));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(-----BEGIN A-----|-----END A-----|\n|AQ==|\\PC){0,20}") {
            let _ = labelled(&text);
        }
    }
}
