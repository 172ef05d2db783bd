//! Commands as the protocol notes write them, for tests that drive the simulated phones and the Desktop App over raw HTTP.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use smartid_sim::pki::{Key, KeyKind, PublicKey, SigAlg, csr, jws};
use smartid_sim::{DeviceReport, Mobile, Persona};

use crate::common::{Answer, Bench, Callback, Receiver};

pub const ALICE: &str = "alice@example.test";

pub fn std64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

pub fn un64(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).unwrap()
}

/// A certificate request template with the right subject and a throw-away key.
pub fn template(name: &str) -> Vec<u8> {
    let key = Key::generate(KeyKind::P256).unwrap();
    csr::make(&format!("CN={name},O=Example"), &[], &key, SigAlg::Es256).unwrap()
}

/// One of `keygenrequests`.
pub fn key_request(id: &str, usage: &str, kind: &str, length: &str, template: Option<&[u8]>) -> Value {
    let mechanism = if kind == "RSA" { "RS256" } else { "ES256" };
    let mut request = json!({
        "keyid": id,
        "usage": usage,
        "keytypeprios": [{"keytype": kind, "keylength": length, "responsemechanism": mechanism}],
        "storageprios": ["APP"],
        "keystate": "ACTIVE",
    });
    if let Some(template) = template {
        request["certreq"] = json!(std64(template));
    }
    request
}

/// An EC key `signer`.
pub fn signer(template: Option<&[u8]>) -> Value {
    key_request("signer", "SIG", "EC", "256", template)
}

pub fn provision(user: &str, requests: &[Value]) -> Value {
    json!({
        "commandHeader": {"lifespan": 300, "timeout": 250, "externalId": "prov-1"},
        "provCommand": {
            "nonce": "83012264",
            "userid": user,
            "responsesignaturekey": "ATTESTATION",
            "responseformat": "jws",
            "profile": {"servername": "Example Smart ID", "name": "Work phone", "keygenrequests": requests},
        },
    })
}

/// A command to a user id.
pub fn to_user(user: &str, wrapper: &str, body: Value) -> Value {
    let mut command = json!({"commandHeader": {"lifespan": 300, "timeout": 250, "to": [user]}});
    command[wrapper] = body;
    command
}

/// A command to a temporary box.
pub fn to_link(wrapper: &str, body: Value) -> Value {
    let mut command = json!({"commandHeader": {"lifespan": 300, "timeout": 250, "to": ["@tmp"]}});
    command[wrapper] = body;
    command
}

pub fn entry(key: &str, text: &str) -> Value {
    json!({
        "content_type": "text/plain",
        "content_encoding": "base64",
        "data": std64(text.as_bytes()),
        "description": key,
        "key": key,
        "visible": true,
    })
}

/// `params` of a sign command.
pub fn sign_params(format: &str, mechanism: &str, texts: &[&str]) -> Value {
    let tbs: Vec<Value> = texts.iter().map(|text| entry("tbs", text)).collect();
    json!({"params": {
        "description": [entry("requester", "Example Bank")],
        "filter": {"op": "eq", "param": "key.usage", "value": "SIG"},
        "format": format,
        "mechanism": mechanism,
        "tbs": tbs,
    }})
}

/// The first destination's member of an immediate response.
pub fn destination(answer: &Answer, member: &str) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["destinations"][0][member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member}: {}", answer.text))
        .to_owned()
}

pub fn command_id(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["commandId"].as_str().unwrap().to_owned()
}

/// The link of the Mobile App: `location` without `https://`, no token (hermod 5.1, D).
pub fn mobile_link(answer: &Answer) -> String {
    destination(answer, "location").replacen("https://", "personal://", 1)
}

/// Sends a provisioning command and lets the phone open its link.
pub async fn enrol(bench: &Bench, phone: &Mobile, user: &str, requests: &[Value]) -> DeviceReport {
    let sent = bench.command("provision", provision(user, requests)).await;
    phone
        .open_as(&mobile_link(&sent), Persona::Approves)
        .await
        .unwrap()
}

/// The payload of a provisioning answer, its signature verified with the attestation key.
pub fn attested(bench: &Bench, response: &Value) -> Value {
    let key: Value = serde_json::from_str(&bench.sim.attestation_jwk().unwrap()).unwrap();
    let key = PublicKey::from_jwk(&key).unwrap();
    assert_eq!(response["format"], "jws");
    let payload = jws::verify(response["data"].as_str().unwrap(), &key).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

/// Sends a command and waits for the callback of its answer.
pub async fn answered(bench: &Bench, receiver: &mut Receiver, verb: &str, body: Value) -> Callback {
    let sent = bench.command(verb, body).await;
    receiver.next_of(&command_id(&sent)).await
}
