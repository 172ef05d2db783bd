//! Percent coding and the characters of links, for both kinds of link: they are read strictly in one place.

/// The characters of RFC 3986. No quote, no angle bracket, no backslash: a link is put into pages.
pub(super) fn is_uri(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&()*+,;=%".contains(&byte)
}

/// Undoes the escapes once. `None` for an escape that is none, and for what is no UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let value = digit(rest.next()?)? * 16 + digit(rest.next()?)?;
            u8::try_from(value).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

/// What could break out of a URL or a header.
pub(super) fn harmful(c: char) -> bool {
    c.is_control() || c.is_whitespace() || "\"<>\\^`{|}".contains(c)
}

/// Escapes all but letters, digits and `-._~`.
pub(super) fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(
                    char::from_digit(u32::from(nibble), 16)
                        .unwrap_or('0')
                        .to_ascii_uppercase(),
                );
            }
        }
    }
}

pub(super) fn is_uuid(text: &str) -> bool {
    let groups = [8, 4, 4, 4, 12];
    text.split('-').map(str::len).eq(groups) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_an_escape_and_no_utf8_are_refused() {
        for text in ["%", "a%2", "%zz", "%+1", "%ff%fe", "%C3"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode("%c3%A5+%2b").as_deref(), Some("å++"));
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_read_back(text in ".*") {
            let mut escaped = String::new();
            encode(&mut escaped, &text);
            prop_assert!(escaped.bytes().all(|byte| byte == b'%' || byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)));
            prop_assert_eq!(decode(&escaped), Some(text));
        }
    }
}
