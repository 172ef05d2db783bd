//! Installs certificates for the keys of a profile, recovered keys, and certificates that go with none of them; and deletes profiles
//! (protocol notes: hermod 3.3, 3.8). Either everything of a command is installed or nothing.

use serde_json::Value;

use super::command::{Command, base64_any};
use super::store::{Profile, StoredKey};
use super::{App, DeviceReport, Effect, Reaction, Refusal};
use crate::Persona;
use crate::config::CertificateCommandConfig;
use crate::pki::{Certificate, p12};
use crate::sync::lock;

/// At most so many entries of one list.
const MAX_ENTRIES: usize = 50;

fn list<'v>(body: &'v Value, name: &str) -> Result<&'v [Value], Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(list)) if list.len() <= MAX_ENTRIES => Ok(list),
        Some(_) => Err(Refusal::parameter(format!(
            "{name} is not a list of at most {MAX_ENTRIES}"
        ))),
    }
}

fn der(value: &Value, what: &str) -> Result<Vec<u8>, Refusal> {
    let der = value
        .as_str()
        .and_then(|text| base64_any(&without_armour(text)))
        .ok_or_else(|| Refusal::parameter(format!("{what} is not base64")))?;
    Certificate::parse(&der)?;
    Ok(der)
}

/// PEM is taken too.
fn without_armour(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("-----")).collect()
}

/// Puts the command's certificates and keys into the profile.
fn apply(names: &CertificateCommandConfig, body: &Value, profile: &mut Profile) -> Result<usize, Refusal> {
    let protection = body.get("desktopKeyProtectionLevel").and_then(Value::as_str);
    let mut count = 0;
    for entry in list(body, &names.certificates)? {
        count += if entry.get(&names.pkcs12).is_some() {
            recover(names, entry, protection, profile)?
        } else if entry.get(&names.key_id).is_some() {
            certify(names, entry, protection, profile)?
        } else {
            auxiliary(names, entry, profile)?
        };
    }
    for entry in list(body, &names.auxiliary)? {
        count += auxiliary(names, entry, profile)?;
    }
    Ok(count)
}

/// A certificate without a key, as a text or in an entry like the others, with those above it.
fn auxiliary(
    names: &CertificateCommandConfig,
    entry: &Value,
    profile: &mut Profile,
) -> Result<usize, Refusal> {
    let own = if entry.is_string() {
        entry
    } else {
        entry.get(&names.certificate).unwrap_or(&Value::Null)
    };
    for value in std::iter::once(own).chain(list(entry, &names.chain)?) {
        let certificate = der(value, "an auxiliary certificate")?;
        if !profile.auxiliary.contains(&certificate) {
            profile.auxiliary.push(certificate);
        }
    }
    Ok(1)
}

/// A certificate for a key that the profile holds.
fn certify(
    names: &CertificateCommandConfig,
    entry: &Value,
    protection: Option<&str>,
    profile: &mut Profile,
) -> Result<usize, Refusal> {
    let id = entry
        .get(&names.key_id)
        .and_then(Value::as_str)
        .ok_or_else(|| Refusal::parameter("a certificate without its keyid"))?;
    let own = der(
        entry.get(&names.certificate).unwrap_or(&Value::Null),
        "a certificate",
    )?;
    let key = profile
        .keys
        .iter_mut()
        .find(|key| key.id == id)
        .ok_or_else(|| Refusal::new("KEY_UNKNOWN", "the profile has no such key"))?;
    if names.check_public_key && Certificate::parse(&own)?.spki_der() != key.key.public_spki_der() {
        return Err(Refusal::new(
            "KEY_MISMATCH",
            "the certificate is not for this key",
        ));
    }
    let mut chain = vec![own];
    for above in list(entry, &names.chain)? {
        chain.push(der(above, "a certificate of the chain")?);
    }
    key.chain = chain;
    key.protection = protection.map(str::to_owned);
    Ok(1)
}

/// Keys that come with their certificates.
fn recover(
    names: &CertificateCommandConfig,
    entry: &Value,
    protection: Option<&str>,
    profile: &mut Profile,
) -> Result<usize, Refusal> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let file = text(&names.pkcs12)
        .and_then(base64_any)
        .ok_or_else(|| Refusal::parameter("a PKCS #12 is not base64"))?;
    let password = text(&names.pkcs12_password).unwrap_or_default();
    let opened = p12::open(&file, password)
        .map_err(|_| Refusal::new("PKCS12_NOT_OPENED", "wrong password, or no usable PKCS #12"))?;
    let count = opened.len();
    for (place, recovered) in opened.into_iter().enumerate() {
        let id = match text(&names.key_id) {
            Some(id) if place == 0 => id.to_owned(),
            _ => format!("recovered-{}", profile.keys.len()),
        };
        let storage = profile.keys.first().map(|key| key.storage.clone());
        profile.put(StoredKey {
            id,
            usage: "ENC".into(),
            storage: storage.unwrap_or_default(),
            mechanism: None,
            key: recovered.key,
            chain: recovered.certificates,
            protection: protection.map(str::to_owned),
            recovered: true,
        });
    }
    Ok(count)
}

impl App {
    /// The profile that a command means: by `smartcardid`, which wins over `profileid` (hermod 3.6, D), else the one in whose mailbox
    /// it lay, else the user's only one.
    pub(super) fn target(&self, command: &Command, home: Option<&str>) -> Result<Profile, Refusal> {
        let unknown = || Refusal::new("PROFILE_NOT_FOUND", "the app has no such profile");
        let card = command.text("smartcardid");
        if let Some(card) = card
            && let Some(found) = lock(&self.profiles).iter().find(|held| held.card() == card)
        {
            return Ok(found.clone());
        }
        if let Some(id) = command.text("profileid").or(home) {
            let mut profile = self.profile(id).ok_or_else(unknown)?;
            if let Some(card) = card {
                profile.smartcard_id = Some(card.to_owned());
            }
            return Ok(profile);
        }
        let profiles = lock(&self.profiles);
        let user = command.text("userid");
        let mut candidates = profiles
            .iter()
            .filter(|profile| user.is_none_or(|user| profile.user == user));
        match (candidates.next(), candidates.next()) {
            (Some(only), None) if card.is_none() => Ok(only.clone()),
            _ => Err(unknown()),
        }
    }

    pub(super) fn install(
        &self,
        persona: Persona,
        command: &Command,
        home: Option<&str>,
        report: &mut DeviceReport,
    ) -> Result<Reaction, Refusal> {
        let config = self.world.config.get();
        let mut profile = self.target(command, home)?;
        let count = apply(&config.device.certificate, &command.body, &mut profile)?;
        if count == 0 {
            return Err(Refusal::parameter("the command brings nothing to install"));
        }
        report.did(format!("installed {count} certificate(s) and key(s)"));
        report.profile_id = Some(profile.id.clone());
        let response = self.confirmation(persona, command, &profile)?;
        Ok(Reaction::success(response).then(Effect::Keep(Box::new(profile))))
    }

    /// A signed confirmation when the command asks for one by `responsesignaturekey` (I); nothing otherwise.
    fn confirmation(
        &self,
        persona: Persona,
        command: &Command,
        profile: &Profile,
    ) -> Result<Option<Value>, Refusal> {
        if command.text("responsesignaturekey").is_none() {
            return Ok(None);
        }
        let payload = self.identity(
            &self.world.config.get(),
            persona,
            command.body.get("nonce"),
            Some(profile),
        );
        self.signed(persona, command, profile, &payload).map(Some)
    }

    /// Deletes the profile that the command names, or the one in whose mailbox it lay, or all of the user.
    pub(super) fn delete(
        &self,
        persona: Persona,
        command: &Command,
        home: Option<&str>,
        report: &mut DeviceReport,
    ) -> Result<Reaction, Refusal> {
        let named = command.text("profileid").or(home);
        let user = command.text("userid");
        let gone: Vec<Profile> = lock(&self.profiles)
            .iter()
            .filter(|held| match named {
                Some(id) => held.id == id,
                None => user.is_some_and(|user| held.user == user),
            })
            .cloned()
            .collect();
        let first = gone
            .first()
            .ok_or_else(|| Refusal::new("PROFILE_NOT_FOUND", "the app has no such profile"))?;
        report.profile_id = Some(first.id.clone());
        let response = self.confirmation(persona, command, first)?;
        let ids = gone.iter().map(|profile| profile.id.clone()).collect();
        Ok(Reaction::success(response).then(Effect::Forget(ids)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::TestCa;
    use crate::webauthn::b64;
    use serde_json::json;

    #[test]
    fn certificates_are_read_with_and_without_armour() {
        let ca = TestCa::new(1, 0).unwrap();
        let text = b64::encode_standard(ca.root_der());
        for written in [text.clone(), ca.root_pem()] {
            assert_eq!(der(&json!(written), "x").unwrap(), ca.root_der());
        }
        for wrong in [
            json!(null),
            json!(7),
            json!("%"),
            json!(format!("AAAA{text}")),
            json!(""),
        ] {
            assert!(der(&wrong, "x").is_err(), "{wrong}");
        }
    }
}
