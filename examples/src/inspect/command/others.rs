//! Certificate, ping, delete and FIDO commands.

use smartid::core::base64::{Flavour, decode_lenient};
use smartid::core::json;
use smartid::trust::Certificate;

use super::{Parts, about, unknown};
use crate::inspect::places::{self, shown};
use crate::inspect::{Context, Finding, fido as webauthn};

pub(super) fn certificate(finding: &mut Finding, parts: &Parts<'_>, context: &Context) {
    about(finding, parts);
    if let Some(level) = parts.at("/desktopKeyProtectionLevel") {
        finding.fact("key protection", shown(level));
        if !["NONE", "CONSENT"].contains(&shown(level).as_str()) {
            finding.remark("documented protection levels are NONE and CONSENT; a third one exists, and its name is not published");
        }
    }
    let entries = parts.items("/certificates");
    if entries.is_empty() {
        finding.problem("there are no certificates at certificates");
    }
    for (index, entry) in entries.into_iter().enumerate() {
        let at = format!("certificates/{index}");
        let of = |name: &str| {
            let members = json::members(entry)?;
            let (_, raw) = members.into_iter().find(|(known, _)| known == name)?;
            Some(raw)
        };
        let id = of("keyid").map_or_else(|| "(no key: an auxiliary certificate)".to_owned(), shown);
        let mut known = false;
        if let Some(text) = of("certificate").and_then(places::text) {
            known = true;
            match read(&text) {
                Some(certificate) => {
                    finding.fact("for the key", id.clone());
                    finding.fact("  certificate", certificate.subject().to_string());
                    finding.fact("  issuer", certificate.issuer().to_string());
                    if text.contains("-----BEGIN") {
                        finding.remark(format!(
                            "{at}: the certificate is PEM; the client sends base64 alone"
                        ));
                    }
                }
                None => finding.problem(format!("{at}: what stands for the certificate is none")),
            }
        }
        let chain = of("chain").and_then(json::items).unwrap_or_default();
        for issuer in chain {
            match places::text(issuer).and_then(|text| read(&text)) {
                Some(issuer) => finding.fact("  chain", issuer.subject().to_string()),
                None => finding.problem(format!("{at}: a certificate of its chain cannot be read")),
            }
        }
        if let Some(container) = of("pkcs12").and_then(places::text) {
            known = true;
            finding.fact("for the key", id.clone());
            match decode_lenient(Flavour::Standard, &container) {
                Ok((bytes, _)) => finding.fact("  PKCS #12 container", format!("{} bytes", bytes.len())),
                Err(_) => finding.problem(format!("{at}: its PKCS #12 container is not base64")),
            }
            match of("password").and_then(places::text) {
                Some(password) => finding.secret("  password", &password, context),
                None => finding.remark(format!("{at}: the container has no password beside it")),
            }
        }
        if !known {
            finding.problem(format!(
                "{at}: it has neither a certificate nor a PKCS #12 container"
            ));
        }
    }
    unknown(
        finding,
        parts,
        &[
            "nonce",
            "userid",
            "profileid",
            "smartcardid",
            "responsesignaturekey",
            "responseformat",
            "certificates",
            "desktopKeyProtectionLevel",
        ],
    );
}

fn read(text: &str) -> Option<Certificate> {
    if text.contains("-----BEGIN") {
        return Certificate::from_pem(text).ok();
    }
    let (der, _) = decode_lenient(Flavour::Standard, text).ok()?;
    Certificate::from_der(der).ok()
}

pub(super) fn ping(finding: &mut Finding, parts: &Parts<'_>) {
    about(finding, parts);
    match parts.at("/deviceinfo") {
        Some(raw @ ("\"true\"" | "\"false\"")) => finding.fact("device information", shown(raw)),
        Some(raw @ ("true" | "false")) => {
            finding.fact("device information", raw);
            finding.problem(format!("deviceinfo is {raw}; documented is the text \"{raw}\""));
        }
        Some(raw) => finding.problem(format!(
            "deviceinfo is {}; documented are the texts \"true\" and \"false\"",
            shown(raw)
        )),
        None => finding.fact("device information", "not asked for"),
    }
    unknown(
        finding,
        parts,
        &["deviceinfo", "profileid", "smartcardid", "userid"],
    );
}

pub(super) fn delete(finding: &mut Finding, parts: &Parts<'_>, context: &Context) {
    about(finding, parts);
    let one = parts.at("/profileid").is_some() || parts.at("/profile/profileid").is_some();
    let what = if one {
        "one profile"
    } else {
        "all profiles of the user"
    };
    match parts.at("/confirmation") {
        Some("true") => finding.fact("deletes", format!("{what}, on the device too, which answers")),
        Some("false") => finding.fact(
            "deletes",
            format!("the mailbox of {what}; what is on the device stays, and no callback comes"),
        ),
        Some(raw @ ("\"true\"" | "\"false\"")) => {
            let (table, setting) = if raw.contains("true") {
                ("messaging.delete_profile", &context.messaging.delete_profile)
            } else {
                ("messaging.delete_mailbox", &context.messaging.delete_mailbox)
            };
            let constants = json::members(setting.body.as_json()).unwrap_or_default();
            finding.fact("deletes", format!("{what}, with confirmation {}", shown(raw)));
            if !constants
                .iter()
                .any(|(name, value)| name == "confirmation" && *value == raw)
            {
                finding.problem("confirmation is a text, and not so in the dialect");
                finding.fits(table, format!("body = {{ confirmation = {raw} }}"));
            }
        }
        _ => finding.remark("there is no confirmation, so it cannot be told whether the device is asked"),
    }
    finding.remark(
        "that profiles can be deleted is documented; everything about this command on the wire is a guess",
    );
    unknown(
        finding,
        parts,
        &["userid", "profileid", "profile", "confirmation"],
    );
}

pub(super) fn fido(finding: &mut Finding, parts: &Parts<'_>) {
    let options = |raw: &str| {
        // In a text, the options are what it holds.
        let inside = places::text(raw);
        webauthn::options(inside.as_deref().unwrap_or(raw))
    };
    let found = places::find(parts.body, |place| options(place.raw).is_some());
    let whole = options(parts.body).map(|found| (String::new(), found));
    let first = found
        .first()
        .and_then(|place| Some((place.at.clone(), options(place.raw)?)));
    match whole.or(first) {
        Some((at, inner)) => {
            finding.fact("does", "asks for a credential");
            let at = if at.is_empty() {
                "the wrapper itself".to_owned()
            } else {
                at
            };
            finding.fact("creation options at", at);
            let verdict = finding.verdict;
            let wrong = inner.verdict == Some(false);
            finding.absorb(inner);
            if !wrong {
                finding.verdict = verdict;
            }
        }
        None => finding.fact("does", "opens a session: there are no creation options in it"),
    }
    finding.remark("everything about FIDO commands on the wire is inferred");
}
