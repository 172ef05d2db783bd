//! Commands as the protocol notes write them, for tests that drive the simulated phones and the Desktop App over raw HTTP.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use smartid_sim::pki::{Key, KeyKind, Profile, PublicKey, SigAlg, TestCa, Validity, csr, jws};
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

/// Sends a command to the phone's user, lets the phone look, gives the callback.
pub async fn asked(bench: &Bench, receiver: &mut Receiver, verb: &str, wrapper: &str, body: Value) -> Value {
    let sent = bench.command(verb, to_user(ALICE, wrapper, body)).await;
    bench.sim.mobile().check().await.unwrap();
    receiver.next_of(&command_id(&sent)).await.json()
}

/// Provisions the phone by its link; the callback.
pub async fn provisioned(bench: &Bench, receiver: &mut Receiver, body: Value) -> Value {
    let sent = bench.command("provision", body).await;
    bench.sim.mobile().open(&mobile_link(&sent)).await.unwrap();
    receiver.next_of(&command_id(&sent)).await.json()
}

/// A command to a temporary box, opened by the Desktop App; the callback's body.
pub async fn by_link(
    bench: &Bench,
    receiver: &mut Receiver,
    verb: &str,
    wrapper: &str,
    body: Value,
) -> Value {
    by_link_as(bench, receiver, verb, wrapper, body, Persona::Approves)
        .await
        .1
}

/// The same with a person; the app's report, too.
pub async fn by_link_as(
    bench: &Bench,
    receiver: &mut Receiver,
    verb: &str,
    wrapper: &str,
    body: Value,
    persona: Persona,
) -> (DeviceReport, Value) {
    let sent = bench.command(verb, to_link(wrapper, body)).await;
    let link = destination(&sent, "uri");
    let report = bench.sim.desktop().open_as(&link, persona).await.unwrap();
    (report, receiver.next_of(&command_id(&sent)).await.json())
}

/// Starts a PIN reset, and ends it with what `end` makes of the first answer, unless that is a refusal.
pub async fn reset(
    bench: &Bench,
    receiver: &mut Receiver,
    start: Value,
    end: impl Fn(&Value) -> Value,
    persona: Persona,
) -> (DeviceReport, Value, Value) {
    let sent = bench
        .command("startpinreset", to_link("spinCommand", start))
        .await;
    let (link, bid) = (destination(&sent, "uri"), destination(&sent, "bid"));
    let desktop = bench.sim.desktop();
    let app = tokio::spawn(async move { desktop.open_as(&link, persona).await });
    let first = receiver.next_of(&command_id(&sent)).await.json();
    let mut last = Value::Null;
    if first["state"] == "SUCCESS" {
        // The second half goes to the same box: both are inside one session.
        let mut second = to_link("epinCommand", end(&first["response"]));
        second["commandHeader"]["to"] = json!([bid]);
        last = answered(bench, receiver, "endpinreset", second).await.json();
    }
    (app.await.unwrap().unwrap(), first, last)
}

/// Seconds since 1970 at which a manual clock starts.
pub const NOW: u64 = 1_767_225_600;

/// A profile with a certified RSA key `signer` on a virtual smart card of the Desktop App; gives its id.
pub async fn certified(bench: &Bench, receiver: &mut Receiver, ca: &TestCa) -> String {
    certified_with(bench, receiver, ca, &template("Alice")).await
}

/// The same with a template of one's own.
pub async fn certified_with(bench: &Bench, receiver: &mut Receiver, ca: &TestCa, template: &[u8]) -> String {
    let mut request = key_request("signer", "SIG", "RSA", "2048", Some(template));
    request["storageprios"] = json!(["VSC"]);
    let sent = bench.command("provision", provision(ALICE, &[request])).await;
    bench
        .sim
        .desktop()
        .open(&destination(&sent, "uri"))
        .await
        .unwrap();
    let payload = attested(
        bench,
        &receiver.next_of(&command_id(&sent)).await.json()["response"],
    );
    let request = un64(payload["keys"][0]["certreq"].as_str().unwrap());
    let certificate = ca
        .issue(&request, Profile::Signing, Validity::days(NOW, 365))
        .unwrap();
    let profile = payload["profileid"].as_str().unwrap().to_owned();
    let body = json!({
        "userid": ALICE,
        "profileid": profile,
        "desktopKeyProtectionLevel": "CONSENT",
        "certificates": [{
            "keyid": "signer",
            "certificate": std64(certificate.der()),
            "chain": [std64(ca.issuer_der()), std64(ca.root_der())],
        }],
    });
    let callback = by_link(bench, receiver, "certificate", "certCommand", body).await;
    assert_eq!(callback["state"], "SUCCESS", "{callback}");
    profile
}

/// `params` of a sign command for an RSA key.
pub fn rsa_params(format: &str, mechanism: &str, texts: &[&str]) -> Value {
    let mut params = sign_params(format, mechanism, texts);
    params["params"]["filter"] = json!({"op": "eq", "param": "key.type", "value": "RSA"});
    params
}
