//! Provisioning: makes the keys that were asked for, puts them into the certificate request templates, keeps the profile, and answers
//! with a JWS of the attestation key (protocol notes: hermod 3.1, 5.4).

use serde_json::{Map, Value, json};

use super::command::Command;
use super::plan::{Plan, plans, text, visual};
use super::store::{Profile, StoredKey, VisualId};
use super::{App, DeviceReport, Effect, Reaction, Refusal, flaw};
use crate::Persona;
use crate::config::SimConfig;
use crate::pki::{SigAlg, csr, jws};
use crate::webauthn::b64;

impl App {
    pub(super) async fn provision(
        &self,
        persona: Persona,
        command: &Command,
        report: &mut DeviceReport,
    ) -> Result<Reaction, Refusal> {
        let config = self.world.config.get();
        let body = &command.body;
        let asked = body.get("profile").filter(|profile| profile.is_object());
        let asked = asked.ok_or_else(|| Refusal::parameter("provCommand has no profile"))?;
        let user = text(body, "userid").ok_or_else(|| Refusal::parameter("provCommand has no userid"))?;
        if let Some(format) = text(body, "responseformat")
            && format != "jws"
        {
            return Err(Refusal::new("FORMAT_NOT_SUPPORTED", "responseformat is not jws"));
        }
        let plans = plans(asked, &self.abilities())?;
        let mut profile = self.profile_for(asked, body, user)?;
        if let Some(visual) = visual(asked)? {
            profile.visual = visual;
        }
        let made = self.make_keys(plans).await?;
        report.did(format!("made {} key(s)", made.len()));
        let payload = self.payload(&config, persona, command, &profile, &made)?;
        for (_, key) in made {
            profile.put(key);
        }
        report.profile_id = Some(profile.id.clone());
        let response = self.signed(persona, command, &profile, &payload)?;
        Ok(Reaction::success(Some(response)).then(Effect::Keep(Box::new(profile))))
    }

    /// A new profile, or the one that the command names, with its new names (hermod 3.1: `profileid` I, overwriting D).
    fn profile_for(&self, asked: &Value, body: &Value, user: &str) -> Result<Profile, Refusal> {
        let id = text(asked, "profileid").or_else(|| text(body, "profileid"));
        let name = |name: &str| text(asked, name).map(str::to_owned);
        let Some(id) = id else {
            return Ok(Profile {
                id: self.world.random.uuid("profile"),
                user: user.to_owned(),
                server_name: name("servername").unwrap_or_default(),
                name: name("name").unwrap_or_default(),
                smartcard_id: None,
                keys: Vec::new(),
                visual: VisualId::default(),
                auxiliary: Vec::new(),
                mailbox: None,
            });
        };
        let mut profile = self
            .profile(id)
            .filter(|profile| profile.user == user)
            .ok_or_else(|| Refusal::new("PROFILE_NOT_FOUND", "the app has no such profile of this user"))?;
        profile.server_name = name("servername").unwrap_or(profile.server_name);
        profile.name = name("name").unwrap_or(profile.name);
        Ok(profile)
    }

    /// Keys are made where they hold up nobody.
    async fn make_keys(&self, plans: Vec<Plan>) -> Result<Vec<(Plan, StoredKey)>, Refusal> {
        let mut made = Vec::new();
        for plan in plans {
            let (world, kind) = (std::sync::Arc::clone(&self.world), plan.kind);
            let key = tokio::task::spawn_blocking(move || world.keys().key(kind))
                .await
                .map_err(|_| Refusal::new("UnknownError", "the key could not be made"))??;
            let key = StoredKey {
                id: plan.id.clone(),
                usage: plan.usage.clone(),
                storage: plan.storage.clone(),
                mechanism: plan.mechanism.clone(),
                key,
                chain: Vec::new(),
                protection: None,
                recovered: false,
            };
            made.push((plan, key));
        }
        Ok(made)
    }

    /// What is signed: nonce, user, profile, and per key its new request or its public half (hermod 5.4, I).
    fn payload(
        &self,
        config: &SimConfig,
        persona: Persona,
        command: &Command,
        profile: &Profile,
        made: &[(Plan, StoredKey)],
    ) -> Result<Map<String, Value>, Refusal> {
        let names = &config.device.provision;
        let mut payload = self.identity(config, persona, command.body.get("nonce"), Some(profile));
        let answered = match persona {
            Persona::DropsKey => made.split_last().map_or(made, |(_, rest)| rest),
            _ => made,
        };
        let keys: Vec<Value> = answered
            .iter()
            .map(|(plan, key)| {
                let mut entry = Map::new();
                entry.insert(names.key_id.clone(), json!(key.id));
                match &plan.template {
                    Some(template) => {
                        let alg = key
                            .mechanism
                            .as_deref()
                            .and_then(SigAlg::from_name)
                            .unwrap_or_else(|| key.key.default_alg());
                        let request = match persona {
                            Persona::KeepsTemplateKey => template.clone(),
                            _ => csr::rekey(template, &key.key, alg)?,
                        };
                        entry.insert(names.certreq.clone(), json!(b64::encode_standard(&request)));
                    }
                    None => {
                        entry.insert(names.jwk.clone(), key.key.jwk(Some(&key.id)));
                    }
                }
                Ok(Value::Object(entry))
            })
            .collect::<Result<_, Refusal>>()?;
        payload.insert(names.keys.clone(), Value::Array(keys));
        Ok(payload)
    }

    /// What every signed answer repeats: nonce, user, profile.
    pub(super) fn identity(
        &self,
        config: &SimConfig,
        persona: Persona,
        nonce: Option<&Value>,
        profile: Option<&Profile>,
    ) -> Map<String, Value> {
        let names = &config.device.provision;
        let mut payload = Map::new();
        if let Some(nonce) = nonce {
            let nonce = match persona {
                Persona::WrongNonce => json!(self.world.random.hex64("wrong-nonce")),
                _ => nonce.clone(),
            };
            payload.insert(names.nonce.clone(), nonce);
        }
        if let Some(profile) = profile {
            let user = match persona {
                Persona::WrongUser => "somebody.else@example.test",
                _ => profile.user.as_str(),
            };
            payload.insert(names.user_id.clone(), json!(user));
            payload.insert(names.profile_id.clone(), json!(profile.id));
        }
        payload
    }

    /// `{format, data}` with a JWS of the key that the command names: the attestation key, or a key of the profile by its id.
    pub(super) fn signed(
        &self,
        persona: Persona,
        command: &Command,
        profile: &Profile,
        payload: &Map<String, Value>,
    ) -> Result<Value, Refusal> {
        let config = self.world.config.get();
        let names = &config.device.provision;
        let text = Value::Object(payload.clone()).to_string();
        if persona == Persona::WrongFormat {
            return Ok(json!({"format": "json", "data": text}));
        }
        let attestation = self.world.attestation.get()?;
        let wanted = command.text("responsesignaturekey");
        let (key, kid, alg) = match wanted {
            Some(id) if !names.attestation.iter().any(|name| name == id) => {
                let held = profile.keys.iter().find(|key| key.id == id);
                let held = held.ok_or_else(|| {
                    Refusal::new("KEY_UNKNOWN", "responsesignaturekey names no key of the app")
                })?;
                (held.key.clone(), held.id.clone(), held.key.default_alg())
            }
            _ => (
                attestation.key().clone(),
                attestation.kid().to_owned(),
                attestation.key().default_alg(),
            ),
        };
        let key = match persona {
            Persona::Stranger => self.world.keys().key(key.kind())?,
            _ => key,
        };
        let mut header = jws::Header::new();
        if names.kid {
            header = header.kid(&kid);
        }
        let mut data = jws::sign_compact(text.as_bytes(), &key, alg, &header)?;
        if persona == Persona::ForgesSignature {
            data = flaw::break_jws(&data);
        }
        Ok(json!({"format": names.format, "data": data}))
    }
}
