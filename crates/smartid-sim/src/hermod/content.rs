//! Asks a client's content provider for what a command only names: pictures of an authentication, the card of a profile (protocol
//! notes: hermod 8, "Requirements on content provider API", D). It is asked when a device fetches the message.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Hermod;
use super::callback::CallbackSender;
use super::verbs::CONTENT_ID;
use crate::config::HermodConfig;
use crate::faults::{FaultKind, Route};
use crate::net::client::{Answer, Call, HttpClient};
use crate::record::{Party, Record};
use crate::sync::lock;
use crate::webauthn::b64;

/// Different ids in one command.
const MAX_IDS: usize = 16;

/// Where content is missing in a command.
struct Gap {
    /// JSON pointer to the entry, or to `visualData`.
    pointer: String,
    id: String,
    /// `key` of the entry; none for a card.
    entry: Option<Option<String>>,
}

fn gaps(command: &Value) -> Vec<Gap> {
    let mut all = Vec::new();
    for list in ["/params/description", "/params/tbs"] {
        let entries = command
            .pointer(list)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        for (position, entry) in entries.enumerate() {
            let text = |name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
            if text("content_type").as_deref() == Some(CONTENT_ID)
                && let Some(id) = text("data")
            {
                all.push(Gap {
                    pointer: format!("{list}/{position}"),
                    id,
                    entry: Some(text("key")),
                });
            }
        }
    }
    let visual = "/profile/visualData";
    if let Some(id) = command
        .pointer(&format!("{visual}/contentId"))
        .and_then(Value::as_str)
    {
        // Inline data wins (hermod 3.2, D).
        let inline = ["front", "back"].iter().any(|side| {
            command
                .pointer(&format!("{visual}/profileCard/{side}/data"))
                .is_some()
        });
        if !inline {
            all.push(Gap {
                pointer: visual.into(),
                id: id.to_owned(),
                entry: None,
            });
        }
    }
    all
}

/// The elements of an answer, `{"data": [{content_encoding, content_type, key, data}]}`.
fn elements(answer: &Answer, accept_bare: bool) -> Result<Vec<Value>, &'static str> {
    if !(200..300).contains(&answer.status) {
        return Err("content_status");
    }
    let body: Value = serde_json::from_slice(&answer.body).map_err(|_| "content_json")?;
    let list = match body.get("data") {
        Some(Value::Array(list)) => list.clone(),
        Some(Value::String(_)) if accept_bare => vec![body],
        _ => return Err("content_form"),
    };
    let is_whole = |element: &Value| {
        let data = element.get("data").and_then(Value::as_str);
        match (element.get("content_encoding").and_then(Value::as_str), data) {
            (Some("base64"), Some(data)) => b64::decode_standard(data).is_some(),
            (Some(_), Some(_)) => true,
            _ => false,
        }
    };
    if list.is_empty() || !list.iter().all(is_whole) {
        return Err("content_form");
    }
    Ok(list)
}

/// The members that replace the id of an entry.
fn entry_content(list: &[Value], key: Option<&str>) -> Result<Map<String, Value>, &'static str> {
    let has_key = |element: &&Value| key.is_some() && element.get("key").and_then(Value::as_str) == key;
    let element = list
        .iter()
        .find(has_key)
        .or_else(|| list.first())
        .ok_or("content_form")?;
    let mut members = Map::new();
    for name in ["data", "content_type", "content_encoding"] {
        let text = element
            .get(name)
            .filter(|value| value.is_string())
            .ok_or("content_form")?;
        members.insert(name.into(), text.clone());
    }
    Ok(members)
}

/// The card that a list of sides makes.
fn card(list: &[Value]) -> Result<Value, &'static str> {
    let mut card = Map::new();
    for element in list {
        let text = |name: &str| element.get(name).and_then(Value::as_str);
        let (Some(side @ ("front" | "back")), Some(data)) = (text("key"), text("data")) else {
            return Err("content_form");
        };
        let mut written = Map::new();
        written.insert("data".into(), json!(data));
        written.insert("key".into(), json!(side));
        // A back side that is plain text is a JWS; in base64 it is the picture of Mobile App 4.6, which has no dataType.
        match (side, text("content_encoding")) {
            ("front", _) => written.insert("dataType".into(), json!("IMAGE")),
            ("back", Some("text/plain")) => written.insert("dataType".into(), json!("JOSE")),
            _ => None,
        };
        card.insert(side.into(), Value::Object(written));
    }
    Ok(Value::Object(card))
}

impl Hermod {
    /// The command member with all content in place, or a word for why it cannot be had.
    pub(super) async fn fill(
        &self,
        config: &HermodConfig,
        client_id: &str,
        raw: &str,
    ) -> Result<String, &'static str> {
        let mut command: Value = serde_json::from_str(raw).map_err(|_| "content_json")?;
        let mut known: HashMap<String, Vec<Value>> = HashMap::new();
        for gap in gaps(&command) {
            if !known.contains_key(&gap.id) {
                if known.len() >= MAX_IDS {
                    return Err("content_many");
                }
                let list = self.ask(config, client_id, &gap.id).await?;
                known.insert(gap.id.clone(), list);
            }
            let list = known.get(&gap.id).map(Vec::as_slice).unwrap_or_default();
            let Some(Value::Object(place)) = command.pointer_mut(&gap.pointer) else {
                return Err("content_form");
            };
            match &gap.entry {
                Some(key) => place.extend(entry_content(list, key.as_deref())?),
                None => {
                    place.insert("profileCard".into(), card(list)?);
                }
            }
        }
        Ok(command.to_string())
    }

    async fn ask(
        &self,
        config: &HermodConfig,
        client_id: &str,
        content_id: &str,
    ) -> Result<Vec<Value>, &'static str> {
        let sender = self.sender.get().ok_or("content_provider_missing")?;
        let user = self.api_user(client_id).ok_or("content_provider_missing")?;
        let Some(base) = user.content_provider_url else {
            return Err("content_provider_missing");
        };
        let path = config.content.path.trim_matches('/');
        let url = format!("{}/{path}", base.trim_end_matches('/'));
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        if let Some(basic) = user.content_provider_basic_auth {
            let value = format!("Basic {}", BASE64_STANDARD.encode(basic));
            headers.push(("authorization".into(), value));
        }
        let body = Bytes::from(json!({"contentId": content_id}).to_string());
        let number = sender.records.begin(Record {
            number: 0,
            at: self.clock.now(),
            party: Party::ContentProvider,
            method: "POST".into(),
            path: url.split('?').next().unwrap_or_default().to_owned(),
            query: None,
            headers: headers.clone(),
            body: body.clone(),
            status: None,
            reply: Bytes::new(),
            code: None,
        });
        let call = Call {
            method: "POST",
            url: &url,
            headers: &headers,
            body,
        };
        let (answer, played) = self.call(config, sender, path, call).await;
        let (status, reply) = match &answer {
            Ok(answer) => (Some(answer.status), answer.body.clone()),
            Err(_) => (None, Bytes::new()),
        };
        let result = match &answer {
            Ok(answer) => elements(answer, config.content.accept_bare),
            Err(_) => Err("content_unreachable"),
        };
        let code = played.or_else(|| match (&answer, &result) {
            (Err(error), _) => Some(format!("content_unreachable: {error}")),
            (_, Err(code)) => Some((*code).to_owned()),
            _ => None,
        });
        sender.records.finish(number, status, reply, code);
        result
    }

    /// The call itself, with the faults that are due; gives their note for the records.
    async fn call(
        &self,
        config: &HermodConfig,
        sender: &CallbackSender,
        path: &str,
        call: Call<'_>,
    ) -> (Result<Answer, String>, Option<String>) {
        let mut truncate = false;
        for fault in sender.faults.take(Route::ContentProvider, "POST", path) {
            let name = fault.name();
            let answer = match fault {
                FaultKind::Latency { millis } => {
                    self.clock.sleep(Duration::from_millis(millis)).await;
                    continue;
                }
                FaultKind::TruncatedBody => {
                    truncate = true;
                    continue;
                }
                FaultKind::Respond { status, body, .. } => Ok(Answer {
                    status,
                    headers: http::HeaderMap::new(),
                    body: Bytes::from(body),
                }),
                FaultKind::DeepJson { depth } => Ok(Answer {
                    status: 200,
                    headers: http::HeaderMap::new(),
                    body: Bytes::from("[".repeat(depth) + &"]".repeat(depth)),
                }),
                _ => Err("the connection was cut".to_owned()),
            };
            return (answer, Some(format!("fault:{name}")));
        }
        let answer = match sender.authority.client_config(&config.callback.extra_ca_pem) {
            Ok(tls) => {
                let timeout = Duration::from_secs(config.content.timeout_seconds);
                HttpClient::new(tls, Some(timeout)).send(call).await
            }
            Err(error) => Err(error.to_string()),
        };
        if !truncate {
            return (answer, None);
        }
        let cut = answer.map(|mut answer| {
            answer.body.truncate(answer.body.len() / 2);
            answer
        });
        (cut, Some("fault:truncated_body".into()))
    }

    /// Sets where an API user's content comes from.
    pub(crate) fn set_content_provider(&self, client_id: &str, url: &str, basic: Option<(&str, &str)>) {
        let mut store = lock(&self.store);
        if let Some(user) = store.users.iter_mut().find(|user| user.client_id == client_id) {
            user.content_provider_url = Some(url.to_owned());
            user.content_provider_basic_auth = basic.map(|(name, password)| format!("{name}:{password}"));
        }
    }
}
