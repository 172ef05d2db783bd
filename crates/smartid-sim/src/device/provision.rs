//! Provisioning: makes the keys that were asked for, puts them into the certificate request templates, keeps the profile, and answers
//! with a JWS of the attestation key (protocol notes: hermod 3.1, 3.2, 5.4).

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::command::{Command, base64_any};
use super::store::{Profile, StoredKey, VisualId};
use super::{App, DeviceReport, Effect, Reaction, Refusal, flaw};
use crate::Persona;
use crate::config::{KeyAbilities, SimConfig};
use crate::pki::{KeyKind, SigAlg, csr, jws};
use crate::webauthn::b64;

/// At most so many keys in one command.
const MAX_KEYS: usize = 20;

/// One of `keygenrequests`, with what the app has chosen.
struct Plan {
    id: String,
    usage: String,
    kind: KeyKind,
    storage: String,
    mechanism: Option<String>,
    template: Option<Vec<u8>>,
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// A text; a number is taken too (hermod 11.2).
fn text_or_number(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The first key type and the first store, in the order of the request, that the app can do.
fn plan(request: &Value, abilities: &KeyAbilities) -> Result<Plan, Refusal> {
    let id = text(request, "keyid")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Refusal::parameter("a key generation request has no keyid"))?;
    let prios = request
        .get("keytypeprios")
        .and_then(Value::as_array)
        .ok_or_else(|| Refusal::parameter("a key generation request has no keytypeprios"))?;
    let chosen = prios.iter().find_map(|prio| {
        let (kind, length) = (text(prio, "keytype")?, text_or_number(prio, "keylength")?);
        let able = abilities.types.contains(&format!("{kind}-{length}"));
        let kind = KeyKind::from_request(kind, &length).ok().filter(|_| able)?;
        Some((kind, text(prio, "responsemechanism").map(str::to_owned)))
    });
    let (kind, mechanism) =
        chosen.ok_or_else(|| Refusal::new("KEY_TYPE_NOT_SUPPORTED", "none of the key types can be made"))?;
    let storage = match request.get("storageprios").and_then(Value::as_array) {
        None => abilities.storages.first(),
        Some(prios) => prios
            .iter()
            .filter_map(Value::as_str)
            .find_map(|prio| abilities.storages.iter().find(|able| *able == prio)),
    };
    let storage = storage
        .ok_or_else(|| Refusal::new("STORAGE_NOT_SUPPORTED", "none of the stores is there"))?
        .clone();
    let template = match request.get("certreq") {
        None | Some(Value::Null) => None,
        Some(value) => Some(
            value
                .as_str()
                .and_then(base64_any)
                .ok_or_else(|| Refusal::parameter("certreq is not base64"))?,
        ),
    };
    Ok(Plan {
        id: id.to_owned(),
        usage: text(request, "usage").unwrap_or_default().to_owned(),
        kind,
        storage,
        mechanism,
        template,
    })
}

/// All of `keygenrequests`; an update may have none.
fn plans(profile: &Value, abilities: &KeyAbilities) -> Result<Vec<Plan>, Refusal> {
    let requests = match profile.get("keygenrequests") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(list) => list
            .as_array()
            .ok_or_else(|| Refusal::parameter("keygenrequests is not a list"))?,
    };
    if requests.len() > MAX_KEYS {
        return Err(Refusal::parameter(format!("more than {MAX_KEYS} keys")));
    }
    let plans: Vec<Plan> = requests
        .iter()
        .map(|request| plan(request, abilities))
        .collect::<Result<_, _>>()?;
    let ids: HashSet<&str> = plans.iter().map(|plan| plan.id.as_str()).collect();
    if ids.len() != plans.len() {
        return Err(Refusal::parameter("a keyid is asked for twice"));
    }
    Ok(plans)
}

/// `visualData` (hermod 3.2): the front is a picture, the back stays as it came.
fn visual(profile: &Value) -> Result<Option<VisualId>, Refusal> {
    let Some(data) = profile.get("visualData").filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let side = |name: &str| {
        data.pointer(&format!("/profileCard/{name}/data"))
            .and_then(Value::as_str)
    };
    let front = match side("front") {
        None => None,
        Some(front) => {
            let picture = base64_any(front).ok_or_else(|| Refusal::parameter("the front is not base64"))?;
            // The first bytes of every JPEG.
            if !picture.starts_with(&[0xff, 0xd8, 0xff]) {
                return Err(Refusal::parameter("the front is not a JPEG picture"));
            }
            Some(picture)
        }
    };
    Ok(Some(VisualId {
        front,
        back: side("back").map(str::to_owned),
        content_id: text(data, "contentId").map(str::to_owned),
    }))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn request(id: &str) -> Value {
        json!({
            "keyid": id,
            "keytypeprios": [{"keytype": "EC", "keylength": "256", "responsemechanism": "ES256"}],
            "storageprios": ["APP"],
        })
    }

    fn planned(requests: &Value) -> Result<Vec<Plan>, Refusal> {
        let abilities = KeyAbilities::new(&["EC-256", "RSA-2048", "RSA-1024"], &["APP", "SE"]);
        plans(&json!({"keygenrequests": requests}), &abilities)
    }

    #[test]
    fn the_first_that_can_be_done_is_taken() {
        let mut wish = request("a");
        wish["keytypeprios"] = json!([
            // Named as an ability, and still none that can be made.
            {"keytype": "RSA", "keylength": "1024"},
            {"keytype": "RSA", "keylength": 2048, "responsemechanism": "RS256"},
            {"keytype": "EC", "keylength": "256"},
        ]);
        wish["storageprios"] = json!(["TPM", 7, "SE", "APP"]);
        let plans = planned(&json!([wish])).unwrap();
        assert_eq!(
            (plans[0].kind, plans[0].storage.as_str()),
            (KeyKind::Rsa2048, "SE")
        );
        assert_eq!(plans[0].mechanism.as_deref(), Some("RS256"));
        let mut anywhere = request("b");
        anywhere.as_object_mut().unwrap().remove("storageprios");
        assert_eq!(planned(&json!([anywhere])).unwrap()[0].storage, "APP");
        assert!(planned(&Value::Null).unwrap().is_empty());
    }

    #[test]
    fn requests_that_cannot_be_are_refused() {
        let with = |name: &str, value: Value| {
            let mut wish = request("a");
            wish[name] = value;
            json!([wish])
        };
        let many: Vec<Value> = (0..=MAX_KEYS)
            .map(|number| request(&number.to_string()))
            .collect();
        for requests in [
            json!({}),
            json!([7]),
            json!([request("a"), request("a")]),
            json!(many),
            with("keyid", json!("")),
            with("keyid", json!(1)),
            with("keytypeprios", json!([])),
            with("keytypeprios", json!("EC")),
            with("keytypeprios", json!([{"keytype": "EC", "keylength": "384"}])),
            with("storageprios", json!(["TPM"])),
            with("certreq", json!("%")),
            with("certreq", json!(7)),
        ] {
            assert!(planned(&requests).is_err(), "{requests}");
        }
        assert!(planned(&json!(many[..MAX_KEYS])).is_ok());
    }

    #[test]
    fn pictures_are_jpeg() {
        let with = |front: Value| visual(&json!({"visualData": {"profileCard": {"front": {"data": front}}}}));
        assert!(
            with(json!(b64::encode_standard(&[0xff, 0xd8, 0xff])))
                .unwrap()
                .unwrap()
                .front
                .is_some()
        );
        assert!(with(json!(b64::encode_standard(b"GIF89a"))).is_err());
        assert!(with(json!("%")).is_err());
        assert_eq!(visual(&json!({"visualData": null})).unwrap(), None);
        assert_eq!(
            visual(&json!({"visualData": {}})).unwrap(),
            Some(VisualId::default())
        );
    }
}
