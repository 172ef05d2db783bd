//! The values of fields in the forms that clients send (protocol notes: cm 4.1): certificate requests in four forms, dates, numbers,
//! booleans, base64. What is none of them is refused with the code that the protocol has for it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::errors::Refusal;
use crate::config::{CmDateStyle, CmDecodeConfig};
use crate::pki::der::{self, GENERALIZED_TIME, SEQUENCE};
use crate::pki::time::{self, Civil};
use serde_json::{Value, json};

/// Base64 with padding, on one line or in lines of 64 characters.
pub(super) fn base64(bytes: &[u8], lines: bool) -> String {
    let text = BASE64_STANDARD.encode(bytes);
    if !lines {
        return text;
    }
    let (mut out, mut rest) = (String::new(), text.as_str());
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        out.push_str(line);
        out.push_str("\r\n");
        rest = after;
    }
    out
}

/// Base64 with padding; line breaks, blanks and tabs are left out when they are allowed.
pub(super) fn unbase64(text: &[u8], line_breaks: bool) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    let clean: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    if clean.is_empty() || (clean.len() != text.len() && !line_breaks) {
        return None;
    }
    BASE64_STANDARD.decode(clean).ok()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    crate::pki::admin_key::hex(bytes)
}

/// The content of the one block of PEM with a label that ends so.
pub(super) fn pem(text: &[u8], label: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (head, rest) = rest.split_once("-----")?;
    let (body, tail) = rest.split_once("-----END ")?;
    let closed = tail.strip_prefix(head)?.trim_start();
    if !head.ends_with(label) || !closed.starts_with("-----") || tail.contains("-----BEGIN ") {
        return None;
    }
    unbase64(body.as_bytes(), true)
}

/// A certificate request in one of the forms that are turned on.
pub(super) fn pkcs10(config: &CmDecodeConfig, value: &[u8]) -> Result<Vec<u8>, Refusal> {
    let unreadable = || {
        Refusal::encoding(
            "pkcs10_encoding",
            "pkcs10 is no certificate request in a known form",
        )
    };
    let off = |form: &str| {
        Refusal::encoding(
            "pkcs10_form",
            format!("pkcs10 as {form} is not understood by this server"),
        )
    };
    if der::only(value, SEQUENCE).is_some() {
        return config
            .pkcs10_der
            .then(|| value.to_vec())
            .ok_or_else(|| off("DER"));
    }
    let text = value.trim_ascii();
    if text.starts_with(b"-----BEGIN ") {
        if !config.pkcs10_pem {
            return Err(off("PEM"));
        }
        return pem(text, "CERTIFICATE REQUEST").ok_or_else(unreadable);
    }
    let wrapped = text.iter().any(u8::is_ascii_whitespace);
    match (wrapped, config.pkcs10_wrapped, config.pkcs10_base64) {
        (true, false, _) => Err(off("base64 in lines")),
        (false, _, false) => Err(off("base64")),
        _ => unbase64(text, true).ok_or_else(unreadable),
    }
}

pub(super) fn boolean(name: &str, text: &str) -> Result<bool, Refusal> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Refusal::value("boolean", format!("{name} must be true or false"))),
    }
}

pub(super) fn number<N: std::str::FromStr>(name: &str, text: &str) -> Result<N, Refusal> {
    text.parse()
        .map_err(|_| Refusal::value("number", format!("{name} must be a number")))
}

/// A moment as ISO 8601 with time and zone, in seconds since 1970.
pub(super) fn date(config: &CmDecodeConfig, name: &str, text: &str) -> Result<u64, Refusal> {
    read_date(text, config.date_fractions)
        .ok_or_else(|| Refusal::value("date", format!("{name} must be a date as 2026-01-01T00:00:00Z")))
}

fn read_date(text: &str, fractions: bool) -> Option<u64> {
    let (day, rest) = text.split_once('T')?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (clock, zone) = rest.split_at_checked(zone_at)?;
    let clock = match clock.split_once('.') {
        Some((whole, digits)) => {
            let sound = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            Some(whole).filter(|_| sound && fractions)?
        }
        None => clock,
    };
    let shape = |text: &str, wanted: &str| {
        text.len() == wanted.len()
            && text
                .bytes()
                .zip(wanted.bytes())
                .all(|(byte, wanted)| match wanted {
                    b'0' => byte.is_ascii_digit(),
                    other => byte == other,
                })
    };
    if !shape(day, "0000-00-00") || !shape(clock, "00:00:00") {
        return None;
    }
    let digits: String = day
        .chars()
        .chain(clock.chars())
        .filter(char::is_ascii_digit)
        .collect();
    let encoded = der::tlv(GENERALIZED_TIME, &[digits.as_bytes(), b"Z"]);
    let unix = time::read(&der::only(&encoded, GENERALIZED_TIME)?)?;
    if zone == "Z" {
        return Some(unix);
    }
    let (sign, offset) = zone.split_at_checked(1)?;
    if !shape(offset, "00:00") {
        return None;
    }
    let (hours, minutes) = offset.split_once(':')?;
    let (hours, minutes): (u64, u64) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let offset = hours * 3600 + minutes * 60;
    match sign {
        "+" => unix.checked_sub(offset),
        _ => unix.checked_add(offset),
    }
}

/// A moment as the switch wants it.
pub(super) fn moment(style: CmDateStyle, unix: u64) -> Value {
    match style {
        CmDateStyle::Milliseconds => json!(unix.saturating_mul(1000)),
        CmDateStyle::Seconds => json!(unix),
        CmDateStyle::Iso => json!(format!("{}Z", Civil::from_unix(unix).iso())),
    }
}

/// A number of any length in decimal digits.
pub(super) fn decimal(big_endian: &[u8]) -> String {
    // Base 10^9, least significant first.
    let mut limbs = vec![0_u32];
    for byte in big_endian {
        let mut carry = u64::from(*byte);
        for limb in &mut limbs {
            let value = u64::from(*limb) * 256 + carry;
            *limb = u32::try_from(value % 1_000_000_000).unwrap_or(0);
            carry = value / 1_000_000_000;
        }
        if carry > 0 {
            limbs.push(u32::try_from(carry).unwrap_or(0));
        }
    }
    let mut text = String::new();
    for (place, limb) in limbs.iter().rev().enumerate() {
        if place == 0 {
            text.push_str(&limb.to_string());
        } else {
            text.push_str(&format!("{limb:09}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_the_forms_that_clients_send() {
        let read = |text| read_date(text, true);
        assert_eq!(read("2021-12-20T08:01:30Z"), Some(1_639_987_290));
        assert_eq!(read("2021-12-20T08:01:30.1234567Z"), Some(1_639_987_290));
        assert_eq!(read("2021-12-20T10:01:30+02:00"), Some(1_639_987_290));
        assert_eq!(read("2021-12-20T07:31:30.5-00:30"), Some(1_639_987_290));
        assert_eq!(read_date("2021-12-20T08:01:30.1Z", false), None);
        for wrong in [
            "",
            "2021-12-20",
            "2021-12-20T08:01:30",
            "2021-13-20T08:01:30Z",
            "2021-02-30T08:01:30Z",
            "2021-12-20T24:01:30Z",
            "2021-12-20 08:01:30Z",
            "2021-12-20T08:01Z",
            "2021-12-20T08:01:30.Z",
            "2021-12-20T08:01:30.12345678901Z",
            "2021-12-20T08:01:30+2",
            "2021-12-20T08:01:30+99:00",
            "2021-12-20T08:01:30Zulu",
            "1969-12-31T23:59:59Z",
            "1639987290",
            "2021-12-20T08:01:3\u{e9}Z",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn decimal_numbers_of_any_length() {
        assert_eq!(decimal(&[]), "0");
        assert_eq!(decimal(&[0xff]), "255");
        assert_eq!(decimal(&u64::MAX.to_be_bytes()), u64::MAX.to_string());
        assert_eq!(decimal(&u128::MAX.to_be_bytes()), u128::MAX.to_string());
        assert_eq!(
            decimal(&10_000_000_000_000_000_001_u128.to_be_bytes()),
            "10000000000000000001"
        );
    }

    #[test]
    fn base64_in_lines_and_without() {
        let bytes: Vec<u8> = (0..200).collect();
        for lines in [false, true] {
            let text = base64(&bytes, lines);
            assert_eq!(text.contains("\r\n"), lines);
            assert_eq!(unbase64(text.as_bytes(), true).as_deref(), Some(bytes.as_slice()));
            assert_eq!(unbase64(text.as_bytes(), false).is_some(), !lines);
        }
        assert!(
            unbase64(b"", true).is_none()
                && unbase64(b"A", true).is_none()
                && unbase64(b"AA", true).is_none()
        );
    }

    #[test]
    fn pem_must_be_one_whole_block() {
        let good = "-----BEGIN CERTIFICATE REQUEST-----\nAAEC\n-----END CERTIFICATE REQUEST-----\n";
        assert_eq!(pem(good.as_bytes(), "CERTIFICATE REQUEST"), Some(vec![0, 1, 2]));
        let new = good.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST");
        assert!(pem(new.as_bytes(), "CERTIFICATE REQUEST").is_some());
        for wrong in [
            good.replace("REQUEST", "THING"),
            good.replace("END CERTIFICATE REQUEST", "END CERTIFICATE"),
            good.replace("AAEC", "A?EC"),
            format!("{good}{good}"),
            "-----BEGIN CERTIFICATE REQUEST-----".into(),
        ] {
            assert!(pem(wrong.as_bytes(), "CERTIFICATE REQUEST").is_none(), "{wrong}");
        }
    }
}
