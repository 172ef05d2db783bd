//! Character references of HTML, as far as they may stand in base64 or PEM.

/// The named ones that mean a letter of base64, of PEM's lines, or one of the five that every writer of HTML makes.
const NAMED: [(&str, char); 15] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("plus", '+'),
    ("sol", '/'),
    ("equals", '='),
    ("lowbar", '_'),
    ("UnderBar", '_'),
    ("hyphen", '-'),
    ("dash", '-'),
    ("NewLine", '\n'),
    ("Tab", '\t'),
    ("nbsp", ' '),
];

/// The text with its references replaced. What is no reference stays as it is; a number that is no character becomes U+FFFD.
pub(super) fn replaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        rest = match reference(behind) {
            Some((letter, rest)) => {
                out.push(letter);
                rest
            }
            None => {
                out.push('&');
                behind
            }
        };
    }
    out.push_str(rest);
    out
}

/// The character, and what stands behind the reference.
fn reference(behind: &str) -> Option<(char, &str)> {
    if let Some(number) = behind.strip_prefix('#') {
        let (radix, digits) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (16, digits),
            None => (10, number),
        };
        let end = digits
            .find(|letter: char| !letter.is_digit(radix))
            .unwrap_or(digits.len());
        let (digits, rest) = digits
            .split_at_checked(end)
            .filter(|(digits, _)| !digits.is_empty())?;
        let number = digits.chars().try_fold(0_u32, |number, digit| {
            number.checked_mul(radix)?.checked_add(digit.to_digit(radix)?)
        });
        let letter = number
            .and_then(char::from_u32)
            .unwrap_or(char::REPLACEMENT_CHARACTER);
        return Some((letter, rest.strip_prefix(';').unwrap_or(rest)));
    }
    NAMED.iter().find_map(|(name, letter)| {
        let rest = behind.strip_prefix(name)?.strip_prefix(';')?;
        Some((*letter, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_and_nothing_else() {
        for (text, expected) in [
            ("a&amp;b", "a&b"),
            ("&#43;&#x2F;&#X2f;&#61;", "+//="),
            ("&plus;&sol;&equals;", "+/="),
            ("&#10;&#13;&NewLine;", "\n\r\n"),
            ("&#43a", "+a"),
            ("&#x;&#;&;&&unknown;&amp", "&#x;&#;&;&&unknown;&amp"),
            ("&#99999999999;&#xD800;", "\u{fffd}\u{fffd}"),
            ("", ""),
            ("å&å", "å&å"),
        ] {
            assert_eq!(replaced(text), expected, "{text}");
        }
        assert_eq!(replaced(&format!("&#{};x", "1".repeat(10_000))), "\u{fffd}x");
    }
}
