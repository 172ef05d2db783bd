//! A real browser's own output through our types: headless Chromium with a virtual authenticator.
//!
//! Run by name: `cargo test -p smartid-tests --test peers_browser -- --ignored`. It needs `chromium`, `node` and `openssl`, and what
//! `peers_webauthn` needs; a missing program fails the tests, nothing is skipped. `SMARTID_CHROMIUM` names another browser of that family.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod made;
mod odd_options;
mod simulator;
mod through;

use serde_json::{Value, json};

const RP_ID: &str = "login.example.test";
const ORIGIN: &str = "https://login.example.test";
/// What the virtual authenticator says it is.
const AAGUID: &str = "01020304-0506-0708-0102-030405060708";

/// Creation options with some members changed; null takes one away.
fn options(changes: &Value) -> String {
    let mut options = json!({
        "rp": {"id": RP_ID, "name": "Login"},
        "user": {"id": "AQ", "name": "alice", "displayName": "Alice Example"},
        "challenge": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        "timeout": 100,
        "attestation": "direct",
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            options.as_object_mut().unwrap().remove(name);
        } else {
            options[name] = value.clone();
        }
    }
    options.to_string()
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
