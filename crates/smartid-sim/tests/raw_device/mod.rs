//! A device that knows nothing but HTTP and JSON: it opens links and mailboxes, fetches and answers whatever the test tells it. And
//! the bodies of commands, typed from the protocol notes.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use serde_json::{Value, json};

use crate::common::{Answer, Bench, api_key, b64};

pub const USER: &str = "user-1@example.com";
pub const PROFILE: &str = "70a1c6de-0000-4000-8000-0000000000d1";

/// Two API users of one group and one alone.
pub const THREE_USERS: &str = r#"
    [[hermod.api_users]]
    client-id = "idm"
    key = "one"
    group = "shared"
    [[hermod.api_users]]
    client-id = "da"
    key = "two"
    group = "shared"
    [[hermod.api_users]]
    client-id = "alone"
    key = "three"
"#;

/// One opened mailbox.
pub struct Device<'b> {
    bench: &'b Bench,
    url: String,
    session: String,
}

/// `{public-url}/{bid}` of a destination of a command.
pub fn box_url(command: &Value, position: usize) -> String {
    let location = command["destinations"][position]["location"].as_str().unwrap();
    location.rsplit_once('/').unwrap().0.to_owned()
}

pub fn mid(command: &Value, position: usize) -> String {
    command["destinations"][position]["mid"]
        .as_str()
        .unwrap()
        .to_owned()
}

pub fn id(command: &Value) -> String {
    command["commandId"].as_str().unwrap().to_owned()
}

impl<'b> Device<'b> {
    /// Opens the temporary box of a command by its link.
    pub async fn open(bench: &'b Bench, command: &Value) -> Device<'b> {
        let uri = command["destinations"][0]["uri"].as_str().unwrap();
        let token = uri.rsplit_once("token=").unwrap().1;
        let url = box_url(command, 0);
        let response = bench
            .http
            .get(format!("{url}?token={token}"))
            .send()
            .await
            .unwrap();
        let answer = Answer::of(response).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let session = answer.json()["session"].as_str().unwrap().to_owned();
        Device { bench, url, session }
    }

    /// A mailbox of its own, with the secret that it was given.
    pub fn own(bench: &'b Bench, bid: &str, session: &str) -> Device<'b> {
        let base = bench.sim.hermod_command_url();
        let base = base.strip_suffix("/command").unwrap();
        Device {
            bench,
            url: format!("{base}/ms/{bid}"),
            session: session.to_owned(),
        }
    }

    pub async fn list(&self) -> Answer {
        let request = self.bench.http.get(&self.url);
        Answer::of(request.header("x-session", &self.session).send().await.unwrap()).await
    }

    pub async fn fetch(&self, mid: &str) -> Answer {
        let request = self.bench.http.get(format!("{}/{mid}", self.url));
        Answer::of(request.header("x-session", &self.session).send().await.unwrap()).await
    }

    pub async fn answer(&self, mid: &str, answer: &Value) -> Answer {
        let request = self.bench.http.post(format!("{}/{mid}", self.url));
        let request = request
            .header("x-session", &self.session)
            .body(answer.to_string());
        Answer::of(request.send().await.unwrap()).await
    }
}

/// User and profile of each mailbox that belongs to somebody.
pub fn owners(bench: &Bench) -> Vec<(String, String)> {
    let boxes = bench.sim.mailboxes();
    boxes.into_iter().map(|one| (one.user, one.profile)).collect()
}

/// A body of one command member.
pub fn body(to: &[&str], wrapper: &str, command: Value) -> Value {
    let mut body = json!({"commandHeader": {"lifespan": 300, "timeout": 250, "externalId": "e-1"}});
    if !to.is_empty() {
        body["commandHeader"]["to"] = json!(to);
    }
    body[wrapper] = command;
    body
}

/// The key request of the published example (hermod 3.1).
pub fn key_request() -> Value {
    json!({
        "keyid": "signer",
        "usage": "SIG",
        "keytypeprios": [{"keytype": "RSA", "keylength": "2048", "responsemechanism": "RS256"}],
        "storageprios": ["APP"],
        "keystate": "ACTIVE",
        "certreq": "MAA="
    })
}

pub fn provision(user: &str) -> Value {
    json!({
        "nonce": "123456789",
        "userid": user,
        "responsesignaturekey": "ATTESTATION",
        "responseformat": "jws",
        "profile": {"servername": "server", "name": "profile", "keygenrequests": [key_request()]}
    })
}

pub fn entry(key: &str) -> Value {
    json!({
        "content_type": "text/plain", "content_encoding": "base64", "data": "RXhhbXBsZQ==",
        "description": "label", "key": key, "visible": true
    })
}

pub fn sign() -> Value {
    json!({"params": {
        "description": [entry("requester")],
        "filter": {"op": "eq", "param": "key.type", "value": "RSA"},
        "format": "pkcs7",
        "mechanism": "CKM_SHA256_RSA_PKCS",
        "tbs": [entry("tbs")]
    }})
}

/// Each command that needs no more than a temporary box: path, command member, type, body.
pub fn commands() -> [(&'static str, &'static str, &'static str, Value); 8] {
    [
        ("provision", "provCommand", "PROV", provision(USER)),
        (
            "certificate",
            "certCommand",
            "CERT",
            json!({"certificates": [{"certificate": "MAA="}]}),
        ),
        ("authenticate", "authCommand", "AUTH", json!({"params": {}})),
        ("sign", "signCommand", "SIGN", sign()),
        ("ping", "pingCommand", "PING", json!({})),
        (
            "startpinreset",
            "spinCommand",
            "SPIN",
            json!({"smartcardid": "s"}),
        ),
        (
            "endpinreset",
            "epinCommand",
            "EPIN",
            json!({"encryptednonce": "1dd438976365d734"}),
        ),
        (
            "delete",
            "deleteCommand",
            "DELETE",
            json!({"userid": USER, "confirmation": true}),
        ),
    ]
}

/// An unsigned compact text in the form of a JWS.
pub fn jws(payload: &Value) -> String {
    format!(
        "{}.{}.{}",
        b64(br#"{"alg":"RS256"}"#),
        b64(payload.to_string().as_bytes()),
        b64(b"signature")
    )
}

/// What an app answers to a provision command (hermod 6.2, I).
pub fn provisioned(user: &str, profile: &str) -> Value {
    let payload = json!({"nonce": "123456789", "userid": user, "profileid": profile});
    json!({"state": "SUCCESS", "response": {"format": "jws", "data": jws(&payload)}})
}

impl Bench {
    /// A command of a certain API user.
    pub async fn command_of(&self, client: &str, verb: &str, body: &Value) -> Answer {
        let key = self.sim.api_user(client).unwrap().key;
        let request = self
            .http
            .post(format!("{}/{verb}", self.sim.hermod_command_url()))
            .header("X-Api-Key", api_key(client, &key))
            .header("content-type", "application/json");
        Answer::of(request.body(body.to_string()).send().await.unwrap()).await
    }

    /// Provisions a profile; gives the id and the secret of its mailbox.
    pub async fn enrol(&self, client: &str, user: &str, profile: &str) -> (String, String) {
        let command = self
            .command_of(client, "provision", &body(&[], "provCommand", provision(user)))
            .await
            .json();
        let device = Device::open(self, &command).await;
        let given = device
            .answer(&mid(&command, 0), &provisioned(user, profile))
            .await;
        assert_eq!(given.status, 200, "{}", given.text);
        let given = given.json();
        (
            given["bid"].as_str().unwrap().to_owned(),
            given["session"].as_str().unwrap().to_owned(),
        )
    }
}
