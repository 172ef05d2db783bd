//! The two commands of a PIN reset.

use smartid::core::base64::{Flavour, decode_lenient};
use smartid::hermod::OctetCoding;
use smartid::hermod::admin_key::NewAdminKey;
use smartid::hermod::commands::StartPinReset;
use smartid::hermod::dialect::OptionsForm;
use smartid::hermod::pin_reset::{DesktopVersion, Driver, DriverName, DriverType, PinOperation};

use super::{Parts, about, unknown};
use crate::inspect::places::{self, named, shown, shown_text};
use crate::inspect::{Context, Finding};

/// How octets are written in a text, by its letters, and how many they are.
fn coding(text: &str) -> Option<(OctetCoding, usize)> {
    let (small, capital) = (
        text.bytes().any(|letter| letter.is_ascii_lowercase()),
        text.bytes().any(|letter| letter.is_ascii_uppercase()),
    );
    if text.bytes().all(|letter| letter.is_ascii_hexdigit()) && text.len().is_multiple_of(2) {
        let coding = if capital && !small {
            OctetCoding::HexUpper
        } else {
            OctetCoding::Hex
        };
        return Some((coding, text.len() / 2));
    }
    let (octets, _) = decode_lenient(Flavour::Standard, text).ok()?;
    Some((OctetCoding::Base64, octets.len()))
}

/// A text of octets: what is odd about its coding, and the line that expects it.
fn octets(finding: &mut Finding, text: &str, setting: &str, wanted: OctetCoding) -> Option<usize> {
    let (found, length) = coding(text)?;
    let word = |coding| match coding {
        OctetCoding::HexUpper => "hex-upper",
        OctetCoding::Base64 => "base64",
        _ => "hex",
    };
    let digits_only = text.bytes().all(|letter| letter.is_ascii_digit());
    if found != wanted && !(digits_only && wanted == OctetCoding::HexUpper) {
        finding.problem(format!(
            "{setting} is written as {}; the dialect has {}",
            word(found),
            word(wanted)
        ));
        finding.fits_text("messaging.pin_reset", setting, word(found));
    }
    Some(length)
}

pub(super) fn start(finding: &mut Finding, parts: &Parts<'_>, context: &Context) {
    about(finding, parts);
    let driver = parts.at("/driver");
    let inside = driver.and_then(places::text);
    if let Some(raw) = driver {
        let raw = inside.as_deref().unwrap_or(raw);
        let word = |name: &str| named(raw, &[name]).map(|place| shown(place.raw));
        let words: Vec<String> = ["name", "type"].into_iter().filter_map(word).collect();
        finding.fact("driver", words.join(", "));
        let (found, word) = match inside {
            Some(_) => (OptionsForm::String, "string"),
            None => (OptionsForm::Json, "json"),
        };
        if found != context.messaging.pin_reset.driver {
            finding.problem(format!(
                "driver is not in the form of the dialect; it is a {word}"
            ));
            finding.fits_text("messaging.pin_reset", "driver", word);
        }
        if !raw.contains("\"Name\"") {
            finding.remark("the page writes the members of driver as Name and Type; which letter case counts is not certain");
        }
    }
    let operation = parts.text("/operation");
    match &operation {
        Some(operation) => finding.fact("operation", shown_text(operation)),
        None => finding.fact("operation", "pinreset (the default)"),
    }
    let token = parts.text("/smartcardid");
    let profile = parts.text("/profileid");
    if token.is_none() && profile.is_none() && driver.is_none() {
        finding.problem("it names neither a token, nor a profile, nor a driver");
    }
    let Some(header) = parts.client_header() else {
        return;
    };
    let driver = driver.map(|raw| {
        let raw = inside.as_deref().unwrap_or(raw);
        let text = |name: &str| named(raw, &[name]).and_then(|place| places::text(place.raw));
        let name = DriverName::from(text("name").unwrap_or_default().as_str());
        match text("type") {
            Some(kind) => Driver::new(name, DriverType::from(kind.as_str())),
            None => Driver::named(name),
        }
    });
    let mut command = match (token, &profile, driver.clone()) {
        (Some(token), ..) => StartPinReset::smart_card(header, token),
        (None, Some(profile), _) => StartPinReset::profile(header, profile.as_str()),
        (None, None, Some(driver)) => StartPinReset::through(header, driver),
        (None, None, None) => return,
    };
    if let Some(profile) = profile {
        command = command.profile_id(profile);
    }
    if let Some(driver) = driver {
        command = command.driver(driver);
    }
    if let Some(operation) = operation {
        command = command.operation(PinOperation::from(operation.as_str()));
    }
    let fits: Vec<String> = [
        DesktopVersion::V1_1,
        DesktopVersion::V1_12_1,
        DesktopVersion::V2_0,
    ]
    .into_iter()
    .filter(|version| command.check_for(*version).is_ok())
    .map(|version| version.to_string())
    .collect();
    finding.fact(
        "known to Desktop App",
        if fits.is_empty() {
            "none".to_owned()
        } else {
            fits.join(", ")
        },
    );
    unknown(
        finding,
        parts,
        &["smartcardid", "profileid", "driver", "operation", "userid"],
    );
}

pub(super) fn end(finding: &mut Finding, parts: &Parts<'_>, context: &Context) {
    about(finding, parts);
    match parts.text("/encryptednonce") {
        Some(proof) => {
            match octets(finding, &proof, "proof", context.messaging.pin_reset.proof) {
                Some(length) => finding.fact("proof length", format!("{length} octets")),
                None => finding.problem("encryptednonce is neither hexadecimal nor base64"),
            }
            finding.secret("proof", &proof, context);
        }
        None => {
            finding.problem("there is no encryptednonce, so nothing proves that the caller has the admin key")
        }
    }
    if let Some(key) = parts.text("/newadminkey") {
        match NewAdminKey::from_hex(&key) {
            Ok(read) => {
                finding.fact("new admin key", "in clear, 24 octets");
                for lint in read.lints() {
                    finding.remark(lint.to_string());
                }
                finding.remark(
                    "messaging, and whoever reads its storage, learns a new admin key that is in clear",
                );
            }
            // The shortest RSA ciphertext that counts.
            Err(_) if coding(&key).is_some_and(|(_, length)| length >= 128) => {
                finding.fact("new admin key", "encrypted to a transport key, as it looks");
                let wanted = context.messaging.pin_reset.transported_admin_key;
                octets(finding, &key, "transported_admin_key", wanted);
            }
            Err(error) => finding.problem(error.to_string()),
        }
        finding.secret("newadminkey", &key, context);
        finding.remark("with newadminkey the admin key is changed, and the PIN is not reset");
    }
    unknown(
        finding,
        parts,
        &["encryptednonce", "newadminkey", "smartcardid", "profileid"],
    );
}
