//! Writes the plugout link (protocol notes: hermod 5.1, "Example: Personal Desktop Client signing", D-ex). The published sample mixes
//! the letter case of percent escapes inside one string; clients that compare links as text break on it, therefore it is the default.

use crate::config::LinkEscapes;

/// `com.nexusgroup.plugout:///?url=<escaped>&token=<token>`.
pub(crate) fn build(box_url: &str, token: &str, escapes: LinkEscapes) -> String {
    let mut escaped = String::with_capacity(box_url.len() * 2);
    let mut reserved_seen = 0_usize;
    let mut slashes_after_authority = 0_usize;
    for byte in box_url.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
            continue;
        }
        reserved_seen += 1;
        let lower = match escapes {
            LinkEscapes::Upper => false,
            LinkEscapes::Lower => true,
            // The sample: "://" lower, the port's colon upper, then slashes lower and upper in turn, the first one lower.
            LinkEscapes::Mixed => {
                if reserved_seen <= 3 {
                    true
                } else if byte == b'/' {
                    slashes_after_authority += 1;
                    slashes_after_authority == 1
                } else {
                    false
                }
            }
        };
        if lower {
            escaped.push_str(&format!("%{byte:02x}"));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("com.nexusgroup.plugout:///?url={escaped}&token={token}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_is_the_published_pattern() {
        let url = "https://hermod.example.test:20400/hermod/rest/ms/3c0e7a52-0000-4000-8000-0000000000a1";
        assert_eq!(
            build(url, "51b7c9d0-0000-4000-8000-0000000000c3", LinkEscapes::Mixed),
            "com.nexusgroup.plugout:///?url=https%3a%2f%2fhermod.example.test%3A20400%2fhermod%2Frest%2Fms%2F\
             3c0e7a52-0000-4000-8000-0000000000a1&token=51b7c9d0-0000-4000-8000-0000000000c3"
        );
        assert!(build(url, "t", LinkEscapes::Upper).contains("https%3A%2F%2Fhermod"));
        assert!(!build(url, "t", LinkEscapes::Lower).contains("%3A"));
    }
}
