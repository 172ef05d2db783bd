//! PIN reset and its relatives (protocol notes: hermod 3.6): the card makes a nonce, whoever knows the admin key proves it by encrypting
//! the nonce, and the person chooses a new PIN; or the admin key itself is replaced. Parameters differ by version (D), crypto and
//! encodings are inferred.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::cards::{Card, Challenge, card_not_found};
use crate::Persona;
use crate::config::{
    AdminKeyTransport, DesktopConfig, DesktopVersion, NonceEncoding, SurplusParameters,
    TransportedKeyEncoding,
};
use crate::device::command::{Command, base64_any};
use crate::device::{App, DeviceReport, Reaction, Refusal};
use crate::pki::{Key, KeyKind, OaepDigest, admin_key};

const OPERATIONS: &[&str] = &["pinreset", "adminkeychange", "pinchange", "pukchange"];

/// Parameters of startpinreset that a version does not have.
fn surplus(version: DesktopVersion) -> &'static [&'static str] {
    match version {
        DesktopVersion::V1_1 => &["profileid", "driver", "operation"],
        DesktopVersion::V1_12_1 => &[],
        DesktopVersion::V2_0 => &["driver", "operation"],
    }
}

/// A parameter, if this version has it.
fn parameter<'c>(version: DesktopVersion, command: &'c Command, name: &str) -> Option<&'c Value> {
    command
        .body
        .get(name)
        .filter(|value| !value.is_null() && !surplus(version).contains(&name))
}

/// A member of `driver`, whose letter case is not certain; the driver itself may be an object or a text that holds one.
fn driver_member(driver: &Value, name: &str) -> Option<String> {
    let parsed = driver
        .as_str()
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    let members = parsed.as_ref().unwrap_or(driver).as_object()?;
    let (_, value) = members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    value.as_str().map(str::to_owned)
}

fn write(encoding: NonceEncoding, bytes: &[u8]) -> String {
    match encoding {
        NonceEncoding::Hex => admin_key::hex(bytes),
        NonceEncoding::Base64 => BASE64_STANDARD.encode(bytes),
    }
}

fn read(encoding: NonceEncoding, text: &str) -> Option<Vec<u8>> {
    match encoding {
        NonceEncoding::Hex => admin_key::from_hex(text),
        NonceEncoding::Base64 => base64_any(text),
    }
}

/// 48 lower-case hex digits (hermod 3.6, D).
fn clear_key(text: &str) -> Option<[u8; 24]> {
    let lower = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    lower.then(|| admin_key::key_from_hex(text).ok()).flatten()
}

fn new_admin_key(config: &DesktopConfig, challenge: &Challenge, text: &str) -> Result<[u8; 24], Refusal> {
    let wrong = || Refusal::new("ADMIN_KEY_FORMAT", "newadminkey cannot be read");
    if config.admin_key_transport == AdminKeyTransport::Clear {
        return clear_key(text).ok_or_else(wrong);
    }
    let key = challenge.transport.as_ref().ok_or_else(wrong)?;
    let encrypted = admin_key::from_hex(text)
        .or_else(|| base64_any(text))
        .ok_or_else(wrong)?;
    let plain = match config.admin_key_transport {
        AdminKeyTransport::RsaPkcs1 => key.decrypt_pkcs1(&encrypted),
        _ => key.decrypt_oaep(OaepDigest::Sha256, &encrypted),
    }
    .map_err(|_| wrong())?;
    if let Ok(bytes) = plain.as_slice().try_into() {
        return Ok(bytes);
    }
    std::str::from_utf8(&plain)
        .ok()
        .and_then(clear_key)
        .ok_or_else(wrong)
}

impl App {
    fn card_for(
        &self,
        version: DesktopVersion,
        command: &Command,
        home: Option<&str>,
    ) -> Result<Card, Refusal> {
        // `smartcardid` wins over `profileid`; with it or a driver no profile is needed (hermod 3.6, D).
        if let Some(id) = command.text("smartcardid") {
            return self.tokens.card(id).ok_or_else(card_not_found);
        }
        if let Some(driver) = parameter(version, command, "driver") {
            let name =
                driver_member(driver, "Name").ok_or_else(|| Refusal::parameter("driver has no name"))?;
            let kind = driver_member(driver, "Type");
            return self
                .tokens
                .find(|card| {
                    (name == "any" || card.driver == name)
                        && kind.as_ref().is_none_or(|kind| card.driver_type == *kind)
                })
                .ok_or_else(card_not_found);
        }
        let profile = parameter(version, command, "profileid")
            .and_then(Value::as_str)
            .or(home);
        let profile = profile.ok_or_else(|| Refusal::parameter("neither a card nor a profile is named"))?;
        let profile = self
            .profile(profile)
            .ok_or_else(|| Refusal::new("PROFILE_NOT_FOUND", "the app has no such profile"))?;
        self.tokens.card(profile.card()).ok_or_else(card_not_found)
    }

    pub(crate) async fn start_pin_reset(
        &self,
        persona: Persona,
        command: &Command,
        home: Option<&str>,
        report: &mut DeviceReport,
    ) -> Result<Reaction, Refusal> {
        let live = self.world.config.get();
        let config = &live.desktop;
        if config.surplus_parameters == SurplusParameters::Refuse
            && let Some(name) = surplus(config.version)
                .iter()
                .find(|name| command.body.get(**name).is_some())
        {
            return Err(Refusal::new(
                "UNKNOWN_PARAMETER",
                format!("this version has no {name}"),
            ));
        }
        let card = self.card_for(config.version, command, home)?;
        let operation = parameter(config.version, command, "operation")
            .and_then(Value::as_str)
            .unwrap_or("pinreset");
        if !OPERATIONS.contains(&operation) {
            return Err(Refusal::parameter("operation is not known"));
        }
        self.tokens
            .admin_blocked(&card.smartcard_id, config.admin_tries)?;
        let nonce = self.nonce("nonce");
        let sent = match persona {
            Persona::WrongNonce => self.nonce("wrong-nonce"),
            _ => nonce,
        };
        let mut response = json!({"nonce": write(config.nonce_encoding, &sent)});
        let mut transport = None;
        if config.version == DesktopVersion::V1_12_1 && config.offer_transported_key {
            let world = std::sync::Arc::clone(&self.world);
            let key = tokio::task::spawn_blocking(move || world.keys().key(KeyKind::Rsa2048))
                .await
                .map_err(|_| Refusal::new("UnknownError", "the key could not be made"))??;
            crate::json::put(&mut response, "/transportedkey", public(config, &key));
            transport = Some(key);
        }
        report.did(format!("made a nonce for {operation}"));
        self.tokens.challenge(Challenge {
            card: card.smartcard_id,
            nonce,
            operation: operation.to_owned(),
            transport,
        });
        Ok(Reaction::success(Some(response)))
    }

    fn nonce(&self, purpose: &'static str) -> [u8; 8] {
        let mut nonce = [0; 8];
        for (to, from) in nonce.iter_mut().zip(self.world.random.bytes32(purpose)) {
            *to = from;
        }
        nonce
    }

    pub(crate) fn end_pin_reset(
        &self,
        persona: Persona,
        command: &Command,
        report: &mut DeviceReport,
    ) -> Result<Reaction, Refusal> {
        let live = self.world.config.get();
        let config = &live.desktop;
        let challenge = self
            .tokens
            .take_challenge()
            .ok_or_else(|| Refusal::new("NO_CHALLENGE", "startpinreset has not been answered before"))?;
        if command.text("smartcardid").is_some_and(|id| id != challenge.card) {
            return Err(Refusal::new(
                "CARD_MISMATCH",
                "startpinreset was for another card",
            ));
        }
        let proof = command
            .text("encryptednonce")
            .and_then(|text| read(config.nonce_encoding, text))
            .ok_or_else(|| Refusal::parameter("encryptednonce cannot be read"))?;
        self.tokens.prove(&challenge, &proof, config.admin_tries)?;
        if let Some(text) = command.text("newadminkey") {
            // With it the admin key is changed instead of the PIN (hermod 3.6, D).
            let key = new_admin_key(config, &challenge, text)?;
            self.tokens.change(&challenge.card, |card| card.admin_key = key);
            report.did("changed the admin key");
            return Ok(Reaction::success(None));
        }
        match challenge.operation.as_str() {
            "adminkeychange" => return Err(Refusal::parameter("newadminkey is missing")),
            "pukchange" => {
                let puk = self.digits("puk", 100_000_000, 8);
                self.tokens.change(&challenge.card, |card| card.puk = puk);
                report.did("the person chose a new PUK");
            }
            operation => {
                if operation == "pinchange" {
                    let wrong = persona == Persona::WrongPin;
                    self.tokens.type_pin(&challenge.card, wrong, config.pin_tries)?;
                }
                let pin = self.digits("pin", 1_000_000, 6);
                self.tokens.change(&challenge.card, |card| card.pin = pin);
                report.did("the person chose a new PIN");
            }
        }
        Ok(Reaction::success(None))
    }

    fn digits(&self, purpose: &'static str, limit: u64, width: usize) -> String {
        format!("{:0width$}", self.world.random.below(purpose, limit))
    }
}

fn public(config: &DesktopConfig, key: &Key) -> Value {
    match config.transported_key_encoding {
        TransportedKeyEncoding::Spki => json!(BASE64_STANDARD.encode(key.public_spki_der())),
        TransportedKeyEncoding::Jwk => {
            let mut jwk = key.jwk(None);
            if let Some(members) = jwk.as_object_mut() {
                // It is there to be encrypted to (RFC 7517 4.2), by whatever algorithm.
                members.remove("alg");
                members.insert("use".to_owned(), json!("enc"));
            }
            jwk
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_key_is_48_lower_case_digits() {
        assert!(clear_key(&"0a".repeat(24)).is_some());
        for wrong in [
            String::new(),
            "0A".repeat(24),
            "0a".repeat(23),
            "0g".repeat(24),
            "é".repeat(24),
        ] {
            assert!(clear_key(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn driver_members_are_found_in_any_case() {
        for driver in [
            json!({"Name": "yubi", "Type": "pkcs11"}),
            json!({"name": "yubi", "type": "pkcs11"}),
            json!("{\"Name\": \"yubi\", \"TYPE\": \"pkcs11\"}"),
        ] {
            assert_eq!(driver_member(&driver, "Name").as_deref(), Some("yubi"));
            assert_eq!(driver_member(&driver, "Type").as_deref(), Some("pkcs11"));
        }
        assert_eq!(driver_member(&json!("yubi"), "Name"), None);
        assert_eq!(driver_member(&json!({"Name": 7}), "Name"), None);
    }
}
