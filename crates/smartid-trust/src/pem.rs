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
