//! The two commands of a PIN reset.

use smartid::core::base64::{Flavour, decode_lenient};
use smartid::hermod::admin_key::NewAdminKey;
use smartid::hermod::commands::StartPinReset;
use smartid::hermod::pin_reset::{DesktopVersion, Driver, DriverName, DriverType, PinOperation};

use super::{Parts, about, unknown};
use crate::inspect::places::{self, named, shown, shown_text};
use crate::inspect::{Context, Finding};

pub(super) fn start(finding: &mut Finding, parts: &Parts<'_>) {
    about(finding, parts);
    let driver = parts.at("/driver");
    let inside = driver.and_then(places::text);
    if let Some(raw) = driver {
        let raw = inside.as_deref().unwrap_or(raw);
        let word = |name: &str| named(raw, &[name]).map(|place| shown(place.raw));
        let words: Vec<String> = ["name", "type"].into_iter().filter_map(word).collect();
        finding.fact("driver", words.join(", "));
        if inside.is_some() {
            finding.problem("driver is a text that holds JSON; the dialect sends JSON");
            finding.fits_text("messaging.pin_reset", "driver", "string");
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
            let hex = |letter: u8| letter.is_ascii_digit() || (b'a'..=b'f').contains(&letter);
            let form = if proof.bytes().all(hex) && proof.len() % 2 == 0 {
                format!("{} octets", proof.len() / 2)
            } else if proof.bytes().all(|letter| letter.is_ascii_hexdigit()) {
                finding.problem("encryptednonce is in capital digits; the dialect writes small ones");
                finding.fits_text("messaging.pin_reset", "proof", "hex-upper");
                format!("{} octets", proof.len() / 2)
            } else if let Ok((octets, _)) = decode_lenient(Flavour::Standard, &proof) {
                finding.problem("encryptednonce is base64; the dialect writes hexadecimal digits");
                finding.fits_text("messaging.pin_reset", "proof", "base64");
                format!("{} octets", octets.len())
            } else {
                finding.problem("encryptednonce is neither hexadecimal nor base64");
                "cannot be read".to_owned()
            };
            finding.fact("proof length", form);
            finding.secret("proof", &proof, context);
        }
        None => {
            finding.problem("there is no encryptednonce, so nothing proves that the caller has the admin key")
        }
    }
    if let Some(key) = parts.text("/newadminkey") {
        let octets = decode_lenient(Flavour::Standard, &key).map(|(octets, _)| octets.len());
        let is_hex = key.bytes().all(|letter| letter.is_ascii_hexdigit());
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
            Err(_) if is_hex && key.len() >= 256 => {
                finding.problem(
                    "the encrypted new admin key is in hexadecimal digits; the dialect writes base64",
                );
                finding.fits_text("messaging.pin_reset", "transported_admin_key", "hex");
            }
            Err(_) if !is_hex && octets.is_ok_and(|octets| octets >= 128) => {
                finding.fact("new admin key", "encrypted to a transport key, as it looks");
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
