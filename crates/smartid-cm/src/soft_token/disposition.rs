//! The file name in `Content-Disposition` (RFC 6266, RFC 8187).
//!
//! Whether the servlets send the header is unknown; a browser that shows a download wants it. What the header says beyond doubt is
//! taken; of what senders have been seen to get wrong, nothing is guessed, because a guess at a name is worth less than none.

use http::HeaderMap;
use http::header::CONTENT_DISPOSITION;
use percent_encoding::percent_decode_str;

use super::FileName;

/// The name that the answer proposes, if it is one and safe.
pub(super) fn file_name(headers: &HeaderMap) -> Option<FileName> {
    let mut values = headers.get_all(CONTENT_DISPOSITION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let parameters = parameters(value.as_bytes())?;
    // The extended form counts where both are given (RFC 6266 section 4.3); one that cannot be read is as if it were not there.
    let extended = single(&parameters, "filename*")?
        .and_then(|value| (!value.quoted).then(|| extended(value.octets)).flatten());
    let name = match extended {
        Some(name) => name,
        None => plain(single(&parameters, "filename")??)?,
    };
    FileName::new(name).ok()
}

/// A parameter's value as it stands there, without its quotes.
struct Value<'a> {
    octets: &'a [u8],
    quoted: bool,
}

type Parameters<'a> = Vec<(String, Value<'a>)>;

/// The value of a parameter, which may be absent; `None` when it stands there more than once.
fn single<'p, 'a>(parameters: &'p Parameters<'a>, name: &str) -> Option<Option<&'p Value<'a>>> {
    let mut found = parameters.iter().filter(|(known, _)| known == name);
    let value = found.next().map(|(_, value)| value);
    found.next().is_none().then_some(value)
}

/// Octets of a token (RFC 9110 section 5.6.2).
const fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(
            octet,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// The parameters behind the type, or without one; `None` for what is no such header.
fn parameters(value: &[u8]) -> Option<Parameters<'_>> {
    let mut parameters = Vec::new();
    let mut rest = value.trim_ascii();
    let mut first = true;
    while !rest.is_empty() {
        let (name, behind) = token(rest)?;
        let behind = behind.trim_ascii_start();
        rest = match behind.strip_prefix(b"=") {
            Some(behind) => {
                let (value, behind) = one_value(behind.trim_ascii_start())?;
                parameters.push((name, value));
                behind.trim_ascii_start()
            }
            // `attachment`, which need not be there.
            None if first => behind,
            None => return None,
        };
        first = false;
        rest = match rest.split_first() {
            None => rest,
            Some((b';', rest)) => rest.trim_ascii_start(),
            Some(_) => return None,
        };
    }
    Some(parameters)
}

/// A token in lower case, and what stands behind it.
fn token(octets: &[u8]) -> Option<(String, &[u8])> {
    let (token, rest) = split_token(octets);
    let token = std::str::from_utf8(token)
        .ok()
        .filter(|token| !token.is_empty())?;
    Some((token.to_ascii_lowercase(), rest))
}

fn split_token(octets: &[u8]) -> (&[u8], &[u8]) {
    let end = octets.iter().position(|octet| !is_token(*octet));
    octets.split_at(end.unwrap_or(octets.len()))
}

fn one_value(octets: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let Some(inside) = octets.strip_prefix(b"\"") else {
        let (octets, rest) = split_token(octets);
        let quoted = false;
        return (!octets.is_empty()).then_some((Value { octets, quoted }, rest));
    };
    let mut escaped = false;
    let end = inside.iter().position(|octet| {
        let ends = *octet == b'"' && !escaped;
        escaped = *octet == b'\\' && !escaped;
        ends
    })?;
    let (octets, rest) = inside.split_at(end);
    let quoted = true;
    Some((Value { octets, quoted }, rest.get(1..)?))
}

/// ASCII as it stands there. A backslash is an escape to some and a separator to others, `=?` begins an encoded word that browsers do not
/// decode and mail programs do, and octets beyond ASCII are in nobody knows which encoding.
fn plain(value: &Value<'_>) -> Option<String> {
    let text = std::str::from_utf8(value.octets).ok()?;
    (text.is_ascii() && !text.contains('\\') && !text.contains("=?")).then(|| text.to_owned())
}

/// `charset'language'percent-encoded`.
fn extended(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?;
    let mut parts = text.splitn(3, '\'');
    let (charset, _, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let mut letters = encoded.bytes();
    while let Some(letter) = letters.next() {
        let good = match letter {
            b'%' => {
                let mut is_digit = || letters.next().is_some_and(|digit| digit.is_ascii_hexdigit());
                is_digit() && is_digit()
            }
            b'*' | b'\'' => false,
            other => is_token(other),
        };
        if !good {
            return None;
        }
    }
    let decoded = percent_decode_str(encoded);
    if charset.eq_ignore_ascii_case("utf-8") {
        return Some(decoded.decode_utf8().ok()?.into_owned());
    }
    charset
        .eq_ignore_ascii_case("iso-8859-1")
        .then(|| decoded.map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    fn of(value: &[u8]) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_bytes(value).ok()?);
        file_name(&headers).map(|name| name.as_str().to_owned())
    }

    #[test]
    fn a_name_is_taken_that_is_said_beyond_doubt() {
        for (value, name) in [
            ("attachment; filename=token.p12", "token.p12"),
            ("attachment;filename=\"token.p12\"", "token.p12"),
            ("inline; size=7; FILENAME = \"a;b=c.p12\" ; x=\"y\"", "a;b=c.p12"),
            ("filename=\"token.p12\"", "token.p12"),
            ("attachment; filename=token.p12;", "token.p12"),
            (
                "attachment; filename=a.p12; filename*=UTF-8'sv'%C3%A5.p12",
                "å.p12",
            ),
            ("attachment; filename*=iso-8859-1''%E5.p12", "å.p12"),
            ("attachment; filename=a.p12; filename*=KOI8-R''%C1.p12", "a.p12"),
            ("attachment; filename=a.p12; filename*=UTF-8''%FF.p12", "a.p12"),
            ("attachment; filename=a.p12; filename*=UTF-8''%C3%.p12", "a.p12"),
            ("attachment; filename=a.p12; filename*=\"UTF-8''b.p12\"", "a.p12"),
        ] {
            assert_eq!(of(value.as_bytes()).as_deref(), Some(name), "{value}");
        }
    }

    #[test]
    fn of_everything_else_nothing_is_taken() {
        for value in [
            "",
            "attachment",
            "attachment; filename",
            "attachment; filename=",
            "attachment; filename=\"\"",
            "attachment; filename=a b.p12",
            "attachment; filename=\"a.p12",
            "attachment; filename=\"a\\\"b.p12\"",
            "attachment; filename=\"..\\..\\a.p12\"",
            "attachment; filename=\"a\\\\b.p12\"",
            "attachment, filename=a.p12",
            "attachment; filename=a.p12; filename=a.p12",
            "attachment; filename*=UTF-8''a.p12; filename*=UTF-8''a.p12",
            "attachment; filename*=UTF-8''..%2Fa.p12; filename=a.p12",
            "attachment; filename*=UTF-8''a%00.p12",
            "attachment; filename*0=\"a\"; filename*1=\".p12\"",
            "attachment; filename=\"=?UTF-8?Q?a?=.p12\"",
            "attachment; filename=\"å.p12\"",
            "; filename=a.p12",
            "attachment;; filename=a.p12",
        ] {
            assert_eq!(of(value.as_bytes()), None, "{value}");
        }
        assert_eq!(of(b"attachment; filename=\"\xe5.p12\""), None);
        let mut headers = HeaderMap::new();
        for _ in 0..2 {
            headers.append(
                CONTENT_DISPOSITION,
                HeaderValue::from_static("attachment; filename=a.p12"),
            );
        }
        assert_eq!(file_name(&headers), None, "two headers");
    }

    proptest! {
        #[test]
        fn what_comes_is_safe(value in "[!-~ ]{0,40}|attachment; filename\\*?=\"?(UTF-8'')?[!-~]{0,20}\"?") {
            if let Some(name) = of(value.as_bytes()) {
                prop_assert!(FileName::new(name).is_ok());
            }
        }

        #[test]
        fn any_safe_name_comes_through_the_extended_form(name in "\\PC{1,12}(\\.p12)?") {
            let encoded = utf8_percent_encode(&name, NON_ALPHANUMERIC);
            let value = format!("attachment; filename*=UTF-8''{encoded}");
            let expected = FileName::new(name.clone()).ok().map(|_| name);
            prop_assert_eq!(of(value.as_bytes()), expected);
        }
    }
}
