//! A client of Graph that knows nothing but HTTP and JSON. What is sent is typed from Graph's reference ("fido2AuthenticationMethod:
//! creationOptions", "Create fido2AuthenticationMethod").
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use serde_json::{Value, json};
use smartid_sim::config::AttestationChoice;

use crate::common::{Answer, Bench};

pub struct Graph(pub Bench);

impl Graph {
    pub async fn new(toml: &str) -> Self {
        Self(Bench::from_toml(toml).await)
    }

    /// `/v1.0/users/{who}/authentication/fido2Methods{tail}`
    pub fn url(&self, version: &str, who: &str, tail: &str) -> String {
        format!(
            "{}/{version}/users/{who}/authentication/fido2Methods{tail}",
            self.0.sim.graph_url()
        )
    }

    pub async fn call(&self, request: reqwest::RequestBuilder) -> Answer {
        let token = self.0.sim.graph_token();
        Answer::of(request.bearer_auth(token).send().await.unwrap()).await
    }

    pub async fn get(&self, url: &str) -> Answer {
        self.call(self.0.http.get(url)).await
    }

    pub async fn options(&self, who: &str) -> Answer {
        self.get(&self.url("v1.0", who, "/creationOptions")).await
    }

    pub async fn post(&self, who: &str, body: &Value) -> Answer {
        let url = self.url("v1.0", who, "");
        let request = self.0.http.post(url).header("content-type", "application/json");
        self.call(request.body(body.to_string())).await
    }

    /// The body that registers what the Desktop App makes of these options.
    pub fn body(&self, options: &str) -> Value {
        let mut options: Value = serde_json::from_str(options).unwrap();
        // As an authenticator that does not look at it: what is excluded is for others to tell.
        options["publicKey"]["excludeCredentials"] = json!([]);
        let made = self.0.sim.desktop().register(&options.to_string()).unwrap();
        let made: Value = serde_json::from_str(&made).unwrap();
        json!({
            "displayName": "Red key",
            "publicKeyCredential": {
                "id": made["id"],
                "response": {
                    "clientDataJSON": made["response"]["clientDataJSON"],
                    "attestationObject": made["response"]["attestationObject"],
                },
            },
        })
    }

    pub async fn register(&self, who: &str) -> Answer {
        let options = self.options(who).await;
        assert_eq!(options.status, 200, "{}", options.text);
        self.post(who, &self.body(&options.text)).await
    }

    pub fn word(&self) -> String {
        let records = self.0.sim.records();
        records.last().unwrap().code.clone().unwrap_or_default()
    }

    pub fn attest(&self, choice: AttestationChoice) {
        self.0
            .sim
            .reconfigure(|config| config.desktop.attestation = choice);
    }
}

pub const ALICE: &str = "alice@example.test";

/// Graph's error object, whole.
#[track_caller]
pub fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    let error = &answer.json()["error"];
    assert_eq!(error["code"], code);
    assert!(!error["message"].as_str().unwrap().is_empty());
    assert_eq!(
        error["innerError"]["request-id"],
        answer.headers["request-id"].to_str().unwrap()
    );
    assert_eq!(error["innerError"]["date"], "2026-01-01T00:00:00");
}
