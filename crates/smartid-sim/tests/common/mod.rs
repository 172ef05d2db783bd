//! A client that knows nothing but HTTP and JSON, and a receiver for callbacks. What the tests send is typed from the protocol notes.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use smartid_sim::Sim;
use tokio::sync::mpsc;

pub const WAIT: std::time::Duration = std::time::Duration::from_secs(20);

/// An HTTP client that trusts the simulator and follows no redirect.
pub fn client(sim: &Sim) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_backend_rustls()
        .tls_certs_only([reqwest::Certificate::from_pem(sim.ca_pem().as_bytes()).unwrap()])
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

pub fn api_key(id: &str, key: &str) -> String {
    BASE64_STANDARD.encode(format!("{id}:{key}"))
}

pub fn b64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub fn unb64(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// A status with its body.
pub struct Answer {
    pub status: u16,
    pub text: String,
    pub headers: reqwest::header::HeaderMap,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self {
            status,
            headers,
            text: response.text().await.unwrap(),
        }
    }
}

/// A simulator with a raw client.
pub struct Bench {
    pub sim: Sim,
    pub http: reqwest::Client,
}

impl Bench {
    pub fn new(sim: Sim) -> Self {
        let http = client(&sim);
        Self { sim, http }
    }

    /// With a manual clock, a seed, and the switches of a TOML text.
    pub async fn from_toml(toml: &str) -> Self {
        let config = smartid_sim::SimConfig::from_toml(toml).unwrap_or_else(|error| panic!("{error}"));
        let clock = smartid_sim::SimClock::manual();
        Self::new(
            Sim::builder()
                .config(config)
                .seed(7)
                .clock(clock)
                .start()
                .await
                .unwrap(),
        )
    }

    /// The same with a callback receiver.
    pub async fn with_receiver(toml: &str) -> (Self, Receiver) {
        let bench = Self::from_toml(toml).await;
        let receiver = Receiver::start().await;
        bench.sim.set_callback(&receiver.url, None);
        (bench, receiver)
    }

    pub async fn delete(&self, path: &str) -> Answer {
        let response = self
            .http
            .delete(format!("{}/{path}", self.sim.hermod_command_url()))
            .header(
                "X-Api-Key",
                api_key(self.sim.hermod_client_id(), self.sim.hermod_key()),
            )
            .send()
            .await
            .unwrap();
        Answer::of(response).await
    }

    pub async fn command_text(&self, verb: &str, body: String) -> Answer {
        let response = self
            .http
            .post(format!("{}/{verb}", self.sim.hermod_command_url()))
            .header(
                "X-Api-Key",
                api_key(self.sim.hermod_client_id(), self.sim.hermod_key()),
            )
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        Answer::of(response).await
    }

    pub async fn command(&self, verb: &str, body: Value) -> Answer {
        self.command_text(verb, body.to_string()).await
    }

    pub async fn session(&self) -> Answer {
        self.command("fido", session_body()).await
    }

    /// The create command with the options' text in place, byte for byte.
    pub async fn create(&self, bid: &str, options: &str) -> Answer {
        self.command_text("fido", create_text(bid, options)).await
    }

    pub async fn state(&self, id: &str) -> Answer {
        let response = self
            .http
            .get(format!("{}/{id}", self.sim.hermod_command_url()))
            .header(
                "X-Api-Key",
                api_key(self.sim.hermod_client_id(), self.sim.hermod_key()),
            )
            .send()
            .await
            .unwrap();
        Answer::of(response).await
    }

    pub async fn options(&self, user: &str) -> Answer {
        let response = self
            .http
            .get(format!("{}/fido/options?userId={user}", self.sim.da_base_url()))
            .bearer_auth(self.sim.da_token())
            .send()
            .await
            .unwrap();
        Answer::of(response).await
    }

    pub async fn credentials(&self, user: &str, body: &str) -> Answer {
        let response = self
            .http
            .post(format!(
                "{}/fido/credentials?userId={user}",
                self.sim.da_base_url()
            ))
            .bearer_auth(self.sim.da_token())
            .header("content-type", "application/json")
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        Answer::of(response).await
    }

    /// Session and create command; gives link and the two command ids.
    pub async fn begin(&self, options: &str) -> (String, String, String) {
        let session = self.session().await.json();
        let link = session["destinations"][0]["uri"].as_str().unwrap().to_owned();
        let bid = session["destinations"][0]["bid"].as_str().unwrap();
        let create = self.create(bid, options).await;
        assert_eq!(create.status, 200, "{}", create.text);
        let id = |body: &Value| body["commandId"].as_str().unwrap().to_owned();
        (link, id(&session), id(&create.json()))
    }

    /// The word that the simulator noted for the last request on a path that ends so.
    pub fn code(&self, path_end: &str) -> Option<String> {
        self.sim
            .records()
            .iter()
            .rev()
            .find(|record| record.path.ends_with(path_end))
            .and_then(|r| r.code.clone())
    }
}

pub fn session_body() -> Value {
    json!({
        "commandHeader": {"lifespan": 300, "timeout": 250, "to": ["@tmp"], "externalId": "session-1"},
        "fidoCommand": {"operation": "start"}
    })
}

pub fn create_text(bid: &str, options: &str) -> String {
    format!(
        r#"{{"commandHeader": {{"lifespan": 300, "timeout": 250, "to": ["{bid}"], "externalId": "create-1"}}, "fidoCommand": {{"operation": "create", "publicKey": {options}}}}}"#
    )
}

/// One received callback.
#[derive(Clone, Debug)]
pub struct Callback {
    pub path: String,
    pub authorization: Option<String>,
    pub text: String,
}

impl Callback {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

/// A callback receiver over plain HTTP (callbacks may be http; protocol notes: identity-manager 2.4).
pub struct Receiver {
    pub url: String,
    queue: mpsc::UnboundedReceiver<Callback>,
    statuses: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .await
            .unwrap();
        let url = format!("http://127.0.0.1:{}/hook", listener.local_addr().unwrap().port());
        let (sender, queue) = mpsc::unbounded_channel();
        let statuses = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::clone(&statuses);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (sender, answers) = (sender.clone(), Arc::clone(&answers));
                tokio::spawn(async move {
                    let service = service_fn(move |request: hyper::Request<Incoming>| {
                        let (sender, answers) = (sender.clone(), Arc::clone(&answers));
                        async move {
                            let (parts, body) = request.into_parts();
                            let body = body.collect().await?.to_bytes();
                            let _ = sender.send(Callback {
                                path: parts.uri.path().to_owned(),
                                authorization: parts
                                    .headers
                                    .get("authorization")
                                    .map(|value| value.to_str().unwrap().to_owned()),
                                text: String::from_utf8(body.to_vec()).unwrap(),
                            });
                            let status = answers.lock().unwrap().pop().unwrap_or(200);
                            Ok::<_, hyper::Error>(
                                hyper::Response::builder()
                                    .status(status)
                                    .body(Full::new(Bytes::new()))
                                    .unwrap(),
                            )
                        }
                    });
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(tcp), service)
                        .await;
                });
            }
        });
        Self { url, queue, statuses }
    }

    /// The next answers, first one first; 200 afterwards.
    pub fn answer_with(&self, statuses: &[u16]) {
        *self.statuses.lock().unwrap() = statuses.iter().rev().copied().collect();
    }

    pub async fn next(&mut self) -> Callback {
        tokio::time::timeout(WAIT, self.queue.recv())
            .await
            .expect("a callback")
            .unwrap()
    }

    /// The next callback whose path ends so.
    pub async fn next_of(&mut self, command_id: &str) -> Callback {
        loop {
            let callback = self.next().await;
            if callback.json()["commandId"] == command_id {
                return callback;
            }
        }
    }

    pub fn none_waits(&mut self) -> bool {
        self.queue.try_recv().is_err()
    }
}
