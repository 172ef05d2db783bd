//! Reads what a provisioning command asks for, and chooses what the app can do of it (protocol notes: hermod 3.1, 3.2).

use std::collections::HashSet;

use serde_json::Value;

use super::Refusal;
use super::command::base64_any;
use super::store::VisualId;
use crate::config::KeyAbilities;
use crate::pki::KeyKind;

/// At most so many keys in one command.
const MAX_KEYS: usize = 20;

/// One of `keygenrequests`, with what the app has chosen.
pub(super) struct Plan {
    pub(super) id: String,
    pub(super) usage: String,
    pub(super) kind: KeyKind,
    pub(super) storage: String,
    pub(super) mechanism: Option<String>,
    pub(super) template: Option<Vec<u8>>,
}

pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
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
pub(super) fn plans(profile: &Value, abilities: &KeyAbilities) -> Result<Vec<Plan>, Refusal> {
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
pub(super) fn visual(profile: &Value) -> Result<Option<VisualId>, Refusal> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webauthn::b64;
    use serde_json::json;

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
