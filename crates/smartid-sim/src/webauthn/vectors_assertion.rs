//! One vector per refusal of a login: a correct assertion with one thing changed.

use serde_json::{Value, json};

use super::vectors::RP;
use super::{assertion, b64, sha256};
use crate::desktop::key::PrivateKey;

/// An assertion with one thing changed.
fn login(
    change: impl FnOnce(&mut Value, &PrivateKey),
    flags: u8,
    count: u32,
    rp: &str,
    stored: u32,
) -> Result<u32, &'static str> {
    let key = PrivateKey::generate(-7).unwrap();
    let client =
        json!({"type": "webauthn.get", "challenge": "AQ", "origin": format!("https://{RP}")}).to_string();
    let mut data = sha256(rp.as_bytes()).to_vec();
    data.push(flags);
    data.extend(count.to_be_bytes());
    let signature = key
        .sign(&[data.as_slice(), &sha256(client.as_bytes())].concat())
        .unwrap();
    let mut body = json!({
        "id": "CQ", "rawId": "CQ", "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": b64::encode(client.as_bytes()),
            "authenticatorData": b64::encode(&data),
            "signature": b64::encode(&signature),
            "userHandle": "AQ",
        },
    });
    change(&mut body, &key);
    let begun = assertion::begin(&body).map_err(|refused| refused.code)?;
    let public = key.public().unwrap();
    let stored = assertion::Stored {
        key: &public,
        user_handle: &[1],
        sign_count: stored,
    };
    assertion::finish(&begun, RP, &[format!("https://{RP}")], true, &stored).map_err(|refused| refused.code)
}

#[test]
fn assertions_are_checked() {
    let keep = |_: &mut Value, _: &PrivateKey| ();
    assert_eq!(login(keep, 5, 2, RP, 1), Ok(2));
    assert_eq!(login(keep, 5, 0, RP, 0), Ok(0));
    assert_eq!(login(keep, 5, 2, RP, 2), Err("sign_count"));
    assert_eq!(login(keep, 5, 0, RP, 1), Err("sign_count"));
    assert_eq!(login(keep, 4, 2, RP, 1), Err("user_presence"));
    assert_eq!(login(keep, 1, 2, RP, 1), Err("user_verification"));
    assert_eq!(login(keep, 5, 2, "other.test", 1), Err("rp_id_hash"));
    let set = |pointer: &'static str, value: Value| {
        move |body: &mut Value, _: &PrivateKey| crate::json::put(body, pointer, value)
    };
    assert_eq!(
        login(set("/response/userHandle", json!("Ag")), 5, 2, RP, 1),
        Err("user_handle")
    );
    assert_eq!(
        login(set("/response/userHandle", Value::Null), 5, 2, RP, 1),
        Ok(2)
    );
    assert_eq!(
        login(set("/response/signature", json!("AAAA")), 5, 2, RP, 1),
        Err("signature")
    );
    assert_eq!(
        login(set("/response/authenticatorData", json!("AAAA")), 5, 2, RP, 1),
        Err("authenticator_data")
    );
    assert_eq!(
        login(set("/response/extra", json!(1)), 5, 2, RP, 1),
        Err("json_unknown_member")
    );
    assert_eq!(login(set("/rawId", json!("Cg")), 5, 2, RP, 1), Err("id_mismatch"));
    for (member, value, code) in [
        ("type", "webauthn.create", "client_data_type"),
        ("origin", "https://other.test", "origin"),
        ("challenge", "%", "client_data_malformed"),
    ] {
        let change = |body: &mut Value, key: &PrivateKey| {
            let mut client =
                json!({"type": "webauthn.get", "challenge": "AQ", "origin": format!("https://{RP}")});
            client[member] = json!(value);
            let client = client.to_string();
            let data = b64::decode(body["response"]["authenticatorData"].as_str().unwrap()).unwrap();
            let signature = key
                .sign(&[data, sha256(client.as_bytes()).to_vec()].concat())
                .unwrap();
            body["response"]["clientDataJSON"] = json!(b64::encode(client.as_bytes()));
            body["response"]["signature"] = json!(b64::encode(&signature));
        };
        assert_eq!(login(change, 5, 2, RP, 1), Err(code));
    }
}
