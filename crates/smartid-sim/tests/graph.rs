//! The simulated Microsoft Graph, asked by a client that knows nothing but HTTP and JSON. What is sent is typed from Graph's reference
//! ("fido2AuthenticationMethod: creationOptions", "Create fido2AuthenticationMethod"); what must be refused comes first.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use std::time::Duration;

use common::{Answer, Bench, b64, unb64};
use serde_json::{Value, json};
use smartid_sim::config::AttestationChoice;
use smartid_sim::{Fault, FaultKind, Party, Route};

struct Graph(Bench);

impl Graph {
    async fn new(toml: &str) -> Self {
        Self(Bench::from_toml(toml).await)
    }

    /// `/v1.0/users/{who}/authentication/fido2Methods{tail}`
    fn url(&self, version: &str, who: &str, tail: &str) -> String {
        format!(
            "{}/{version}/users/{who}/authentication/fido2Methods{tail}",
            self.0.sim.graph_url()
        )
    }

    async fn call(&self, request: reqwest::RequestBuilder) -> Answer {
        let token = self.0.sim.graph_token();
        Answer::of(request.bearer_auth(token).send().await.unwrap()).await
    }

    async fn get(&self, url: &str) -> Answer {
        self.call(self.0.http.get(url)).await
    }

    async fn options(&self, who: &str) -> Answer {
        self.get(&self.url("v1.0", who, "/creationOptions")).await
    }

    async fn post(&self, who: &str, body: &Value) -> Answer {
        let url = self.url("v1.0", who, "");
        let request = self.0.http.post(url).header("content-type", "application/json");
        self.call(request.body(body.to_string())).await
    }

    /// The body that registers what the Desktop App makes of these options.
    fn body(&self, options: &str) -> Value {
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

    async fn register(&self, who: &str) -> Answer {
        let options = self.options(who).await;
        assert_eq!(options.status, 200, "{}", options.text);
        self.post(who, &self.body(&options.text)).await
    }

    fn word(&self) -> String {
        let records = self.0.sim.records();
        records.last().unwrap().code.clone().unwrap_or_default()
    }

    fn attest(&self, choice: AttestationChoice) {
        self.0
            .sim
            .reconfigure(|config| config.desktop.attestation = choice);
    }
}

const ALICE: &str = "alice@example.test";

/// Graph's error object, whole.
#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
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

#[tokio::test]
async fn nobody_passes_without_a_token_of_this_tenant() {
    let graph = Graph::new("").await;
    let url = graph.url("v1.0", ALICE, "/creationOptions");
    let token = graph.0.sim.graph_token();
    for (authorization, word) in [
        (None, "token_missing"),
        (Some(String::new()), "token_missing"),
        (Some("Bearer ".to_owned()), "token_missing"),
        (Some(format!("Basic {token}")), "token_missing"),
        (Some(format!("Bearer{token}")), "token_missing"),
        (Some(format!("Bearer {token}0")), "token_unknown"),
        (
            Some(format!("Bearer {}", graph.0.sim.da_token())),
            "token_unknown",
        ),
    ] {
        let mut request = graph.0.http.get(&url);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let answer = Answer::of(request.send().await.unwrap()).await;
        refused(&answer, 401, "InvalidAuthenticationToken");
        assert_eq!(graph.word(), word);
    }
    let with = |token: &str| graph.0.http.get(&url).bearer_auth(token).send();
    graph.0.sim.advance(Duration::from_secs(3598));
    assert_eq!(with(&token).await.unwrap().status(), 200);
    graph.0.sim.advance(Duration::from_secs(1));
    let late = Answer::of(with(&token).await.unwrap()).await;
    assert_eq!(
        (late.status, graph.word().as_str()),
        (401, "token_expired"),
        "{}",
        late.text
    );
}

#[tokio::test]
async fn the_token_endpoint_refuses_everything_but_client_credentials_for_its_scope() {
    let graph = Graph::new("[graph]\nclient_secret = \"s+ä\"").await;
    let sim = &graph.0.sim;
    let url = sim.graph_token_url();
    let (id, secret) = sim.graph_client();
    let scope = format!("{}/.default", sim.graph_url());
    assert_eq!(sim.graph_scope(), scope);
    let form = |pairs: &[(&str, &str)]| {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(pairs);
        text.finish()
    };
    let good = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
        ("scope", scope.as_str()),
    ];
    let post = async |url: &str, body: String| {
        let request = graph
            .0
            .http
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded");
        Answer::of(request.body(body).send().await.unwrap()).await
    };
    let with = |name: &str, value: &'static str| {
        let mut pairs = good;
        for pair in &mut pairs {
            if pair.0 == name {
                pair.1 = value;
            }
        }
        form(&pairs)
    };
    let cases = [
        (
            with("grant_type", "authorization_code"),
            400,
            "unsupported_grant_type",
            "grant_type",
        ),
        (with("grant_type", ""), 400, "invalid_request", "field_missing"),
        (
            with("client_id", "else"),
            400,
            "unauthorized_client",
            "client_unknown",
        ),
        (
            with("client_secret", "s ä"),
            401,
            "invalid_client",
            "client_secret",
        ),
        (with("client_secret", ""), 400, "invalid_request", "field_missing"),
        (
            with("scope", "https://graph.microsoft.com/.default"),
            400,
            "invalid_scope",
            "scope",
        ),
        (with("scope", ""), 400, "invalid_request", "field_missing"),
        (
            format!("{}&scope=x", form(&good)),
            400,
            "invalid_request",
            "field_twice",
        ),
        ("a=b&".repeat(200), 400, "invalid_request", "fields_too_many"),
    ];
    for (body, status, error, word) in cases {
        let answer = post(&url, body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert_eq!(answer.json()["error"], error);
        assert!(
            answer.json()["error_description"]
                .as_str()
                .unwrap()
                .starts_with("AADSTS")
        );
        assert!(answer.json()["error_codes"][0].is_u64());
        assert_eq!(graph.word(), word);
        assert!(!answer.text.contains(&secret));
    }
    // Another tenant, another content type, another method; a secret in the query does not count.
    let elsewhere = url.replace("7e4a2c10", "00000000");
    assert_eq!(post(&elsewhere, form(&good)).await.status, 400);
    assert_eq!(graph.word(), "tenant");
    let json = graph.0.http.post(&url).header("content-type", "application/json");
    assert_eq!(json.body(form(&good)).send().await.unwrap().status(), 400);
    assert_eq!(graph.word(), "content_type");
    assert_eq!(graph.0.http.get(&url).send().await.unwrap().status(), 400);
    assert_eq!(graph.word(), "method");
    let query = format!("{url}?{}", form(&good));
    assert_eq!(post(&query, String::new()).await.status, 400);

    let answer = post(&url, form(&good)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store, no-cache");
    let granted = answer.json();
    assert_eq!(granted["token_type"], "Bearer");
    assert_eq!(granted["expires_in"], 3599);
    let token = granted["access_token"].as_str().unwrap();
    let methods = graph.0.http.get(graph.url("v1.0", ALICE, "")).bearer_auth(token);
    assert_eq!(methods.send().await.unwrap().status(), 200);
    // The same by HTTP Basic, each half form-encoded.
    let request = graph
        .0
        .http
        .post(&url)
        .basic_auth(&id, Some("s%2B%C3%A4"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form(&[("grant_type", "client_credentials"), ("scope", &scope)]));
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn paths_that_graph_does_not_have() {
    let graph = Graph::new("").await;
    let base = graph.0.sim.graph_url().to_owned();
    let methods = "users/alice@example.test/authentication/fido2Methods";
    for (path, status, word) in [
        ("", 400, "version"),
        ("/v2.0/users/x", 400, "version"),
        (&*format!("/v1.0/{methods}/a/b"), 400, "path"),
        ("/v1.0/users//authentication/fido2Methods", 400, "path"),
        ("/v1.0/users/x/authentication", 400, "path"),
        ("/v1.0/groups/x/authentication/fido2Methods", 400, "path"),
        (
            "/v1.0/users/nobody@example.test/authentication/fido2Methods",
            404,
            "user_unknown",
        ),
        (
            "/v1.0/users/alice/authentication/fido2Methods",
            404,
            "user_unknown",
        ),
        (&*format!("/v1.0/{methods}/unknown"), 404, "method_unknown"),
        ("/v1.0/me/authentication/fido2Methods", 400, "me"),
        (
            &*format!("/v1.0/{methods}/creationOptions(challengeTimeoutInMinutes=5)"),
            400,
            "function_parameter",
        ),
        (
            &*format!("/beta/{methods}/creationOptions(challengeTimeoutInMinutes=4)"),
            400,
            "function_parameter",
        ),
        (
            &*format!("/beta/{methods}/creationOptions(challengeTimeoutInMinutes=43201)"),
            400,
            "function_parameter",
        ),
        (
            &*format!("/beta/{methods}/creationOptions(minutes=5)"),
            400,
            "function_parameter",
        ),
    ] {
        let answer = graph.get(&format!("{base}{path}")).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        assert_eq!(graph.word(), word, "{path}");
        assert!(answer.headers.contains_key("request-id"));
    }
    let put = graph.0.http.put(graph.url("v1.0", ALICE, ""));
    refused(&graph.call(put).await, 405, "methodNotAllowed");
    let post = graph.0.http.post(graph.url("v1.0", ALICE, "/creationOptions"));
    refused(&graph.call(post).await, 405, "methodNotAllowed");
}

/// What is changed, how, and the word for it.
type Case = (&'static str, fn(&mut Value), &'static str);

#[tokio::test]
async fn bodies_that_are_no_registration() {
    let graph = Graph::new("").await;
    let options = graph.options(ALICE).await.text;
    let good = graph.body(&options);
    let cases: &[Case] = &[
        ("no object", |body| *body = json!([]), "json_wrong_type"),
        (
            "no credential",
            |body| *body = json!({"displayName": "x"}),
            "json_missing_member",
        ),
        (
            "a name that is none",
            |body| body["displayName"] = json!(1),
            "json_wrong_type",
        ),
        (
            "an unknown member",
            |body| body["name"] = json!("x"),
            "json_unknown_member",
        ),
        (
            "the whole browser's credential",
            |body| {
                body["publicKeyCredential"]["rawId"] = body["publicKeyCredential"]["id"].clone();
                body["publicKeyCredential"]["type"] = json!("public-key");
            },
            "json_unknown_member",
        ),
        (
            "transports",
            |body| body["publicKeyCredential"]["response"]["transports"] = json!([]),
            "json_unknown_member",
        ),
        (
            "no response",
            |body| body["publicKeyCredential"] = json!({"id": "AAAA"}),
            "json_missing_member",
        ),
        (
            "padding",
            |body| body["publicKeyCredential"]["id"] = json!("AA=="),
            "base64url",
        ),
        (
            "client data that is none",
            |body| body["publicKeyCredential"]["response"]["clientDataJSON"] = json!("AAAA"),
            "client_data_malformed",
        ),
    ];
    for (what, change, word) in cases {
        let mut body = good.clone();
        change(&mut body);
        refused(&graph.post(ALICE, &body).await, 400, "badRequest");
        assert_eq!(&graph.word(), word, "{what}");
    }
    let url = graph.url("v1.0", ALICE, "");
    let text = graph.0.http.post(&url).body(good.to_string());
    refused(&graph.call(text).await, 400, "badRequest");
    assert_eq!(graph.word(), "content_type");
    let cut = graph.0.http.post(&url).header("content-type", "application/json");
    refused(
        &graph.call(cut.body("{\"displayName\":")).await,
        400,
        "badRequest",
    );
    assert_eq!(graph.word(), "json_malformed");
    assert!(graph.0.sim.graph_methods_of("alice").is_empty());
    // None of these has used the challenge up.
    assert_eq!(graph.post(ALICE, &good).await.status, 201);
}

#[tokio::test]
async fn credentials_that_are_not_for_this_challenge_user_or_time() {
    let graph = Graph::new("").await;
    let register = |options: &str| graph.body(options);
    // Used twice.
    let body = register(&graph.options(ALICE).await.text);
    assert_eq!(graph.post(ALICE, &body).await.status, 201);
    refused(&graph.post(ALICE, &body).await, 400, "badRequest");
    assert_eq!(graph.word(), "challenge_used");
    // Somebody else's.
    let body = register(&graph.options(ALICE).await.text);
    refused(&graph.post("bob@example.test", &body).await, 400, "badRequest");
    assert_eq!(graph.word(), "user_mismatch");
    // An id with a padding count behind it, as options of beta write it.
    let mut body = register(&graph.options(ALICE).await.text);
    let id = format!("{}1", body["publicKeyCredential"]["id"].as_str().unwrap());
    body["publicKeyCredential"]["id"] = json!(id);
    refused(&graph.post(ALICE, &body).await, 400, "badRequest");
    assert_eq!(graph.word(), "credential_id_mismatch");
    // Digital Access' challenge.
    let own = graph.0.options("alice").await.json();
    let body = register(&json!({"publicKey": own}).to_string());
    refused(&graph.post(ALICE, &body).await, 400, "badRequest");
    assert_eq!(graph.word(), "challenge_unknown");
    // Too late: five minutes, to the second.
    let (early, late) = (
        register(&graph.options(ALICE).await.text),
        register(&graph.options(ALICE).await.text),
    );
    graph.0.sim.advance(Duration::from_secs(299));
    assert_eq!(graph.post(ALICE, &early).await.status, 201);
    graph.0.sim.advance(Duration::from_secs(1));
    assert_eq!(graph.post(ALICE, &late).await.status, 400);
    assert_eq!(graph.word(), "challenge_expired");
    // The same credential once more, for whomever.
    let stored = graph.0.sim.graph_methods_of("alice");
    assert_eq!(stored.len(), 2);
    let options = graph.options("bob@example.test").await.json();
    graph.attest(AttestationChoice::None);
    let mut body = register(&options.to_string());
    let response = &mut body["publicKeyCredential"]["response"];
    // Format none is signed by nobody: the id of a stored credential can be put in.
    let mut object = unb64(response["attestationObject"].as_str().unwrap());
    let own = unb64(body["publicKeyCredential"]["id"].as_str().unwrap());
    let at = object
        .windows(own.len())
        .position(|window| window == own)
        .unwrap();
    object.splice(at..at + own.len(), stored[0].credential_id.iter().copied());
    body["publicKeyCredential"]["response"]["attestationObject"] = json!(b64(&object));
    body["publicKeyCredential"]["id"] = json!(b64(&stored[0].credential_id));
    let answer = graph.post("bob@example.test", &body).await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert_eq!(answer.json()["error"]["code"], "conflict");
    assert_eq!(graph.word(), "duplicate");
}

#[tokio::test]
async fn only_packed_and_none_are_taken() {
    let graph = Graph::new("").await;
    for (choice, level, certificates) in [
        (AttestationChoice::None, "notAttested", 0),
        (AttestationChoice::Packed, "notAttested", 0),
        (AttestationChoice::PackedX5c, "attested", 1),
    ] {
        graph.attest(choice);
        let answer = graph.register(ALICE).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let method = answer.json();
        assert_eq!(method["attestationLevel"], level);
        let thumbprints = method["attestationCertificates"].as_array().unwrap();
        assert_eq!(thumbprints.len(), certificates);
        assert!(
            thumbprints
                .iter()
                .all(|print| print.as_str().unwrap().len() == 40)
        );
    }
    graph.attest(AttestationChoice::FidoU2f);
    refused(&graph.register(ALICE).await, 400, "badRequest");
    assert_eq!(graph.word(), "attestation_format");
}

#[tokio::test]
async fn options_and_method_look_as_the_reference_says() {
    let graph = Graph::new("[[da.users]]\nname = \"alice\"\ndisplay_name = \"Alice A.\"").await;
    let user = graph.0.sim.graph_user("alice").unwrap();
    assert_eq!(user.user_principal_name, ALICE);
    assert_eq!(user.id.len(), 36);
    assert!(graph.0.sim.graph_user("nobody").is_none());
    let by_id = graph.options(&user.id.to_uppercase()).await;
    assert_eq!(by_id.status, 200);
    assert!(
        by_id.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/json;")
    );
    let options = by_id.json();
    assert_eq!(options["challengeTimeoutDateTime"], "2026-01-01T00:05:00Z");
    assert_eq!(
        options["@odata.type"],
        "#microsoft.graph.webauthnCredentialCreationOptions"
    );
    let inner = &options["publicKey"];
    assert_eq!(
        inner["rp"],
        json!({
            "@odata.type": "#microsoft.graph.webauthnPublicKeyCredentialRpEntity",
            "id": "login.microsoftonline.com", "name": "Microsoft",
        })
    );
    assert_eq!(inner["user"]["displayName"], "Alice A.");
    assert_eq!(inner["user"]["name"], ALICE);
    assert_eq!(unb64(inner["challenge"].as_str().unwrap()).len(), 32);
    assert_eq!(inner["timeout"], 60_000);
    assert_eq!(inner["excludeCredentials"], json!([]));
    assert_eq!(inner["authenticatorSelection"]["requireResidentKey"], true);

    let mut body = graph.body(&by_id.text);
    // Members of OData are part of every request, as in the documented example.
    body["@odata.type"] = json!("#microsoft.graph.fido2AuthenticationMethod");
    body["publicKeyCredential"]["clientExtensionResults"] = json!({});
    body["publicKeyCredential"]["response"]["@odata.type"] =
        json!("#microsoft.graph.webauthnAuthenticatorAttestationResponse");
    let answer = graph.post(ALICE, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let method = answer.json();
    assert_eq!(method["displayName"], "Red key");
    assert_eq!(method["createdDateTime"], "2026-01-01T00:00:00Z");
    assert_eq!(method["aaGuid"], "73696d75-6c61-7465-6400-000000000001");
    assert_eq!(method["model"], "smartid-sim soft authenticator");
    assert_eq!(method["passkeyType"], "deviceBound");
    let id = method["id"].as_str().unwrap();
    assert_eq!(
        answer.headers["location"].to_str().unwrap(),
        format!(
            "{}/v1.0/users/{}/authentication/fido2Methods/{id}",
            graph.0.sim.graph_url(),
            user.id
        )
    );

    // What is stored is excluded next time; beta counts the padding.
    let stored = &graph.0.sim.graph_methods_of("alice")[0];
    assert_eq!(stored.id, id);
    let plain = b64(&stored.credential_id);
    let again = graph.options(ALICE).await.json();
    assert_eq!(again["publicKey"]["excludeCredentials"][0]["id"], plain.as_str());
    let url = graph.url("beta", ALICE, "/creationOptions(challengeTimeoutInMinutes=10)");
    let beta = graph.get(&url).await.json();
    assert_eq!(beta["challengeTimeoutDateTime"], "2026-01-01T00:10:00Z");
    let padding = (4 - plain.len() % 4) % 4;
    assert_eq!(
        beta["publicKey"]["excludeCredentials"][0]["id"],
        format!("{plain}{padding}")
    );
    // The longer life is kept.
    let late = graph.body(&beta.to_string());
    graph.0.sim.advance(Duration::from_secs(599));
    assert_eq!(graph.post(ALICE, &late).await.status, 201);

    // Listing, reading, deleting.
    let list = graph.get(&graph.url("v1.0", ALICE, "")).await.json();
    assert_eq!(list["value"].as_array().unwrap().len(), 2);
    let one = graph.url("v1.0", ALICE, &format!("/{id}"));
    assert_eq!(graph.get(&one).await.json()["displayName"], "Red key");
    let gone = graph.call(graph.0.http.delete(&one)).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert_eq!(graph.get(&one).await.status, 404);
    assert_eq!(graph.call(graph.0.http.delete(&one)).await.status, 404);
    assert_eq!(graph.0.sim.graph_methods_of("alice").len(), 1);
    // Digital Access has none of it.
    assert!(graph.0.sim.credentials_of("alice").is_empty());
}

#[tokio::test]
async fn ids_of_calls_are_on_every_answer_and_in_the_records() {
    let graph = Graph::new("").await;
    let url = graph.url("v1.0", ALICE, "/creationOptions");
    let answer = graph
        .call(graph.0.http.get(&url).header("client-request-id", "mine-1"))
        .await;
    assert_eq!(answer.headers["client-request-id"], "mine-1");
    assert_ne!(answer.headers["request-id"], "mine-1");
    let long = "x".repeat(65);
    let answer = graph
        .call(graph.0.http.get(&url).header("client-request-id", &long))
        .await;
    assert_eq!(answer.headers["client-request-id"], answer.headers["request-id"]);
    let records = graph.0.sim.records();
    assert!(records.iter().all(|record| record.party == Party::Graph));
    // Faults can be aimed at each call.
    for (route, method, tail) in [
        (Route::GraphOptions, "GET", "/creationOptions"),
        (Route::GraphCreate, "POST", ""),
        (Route::GraphMethods, "GET", ""),
        (Route::GraphMethods, "DELETE", "/x"),
    ] {
        graph
            .0
            .sim
            .faults()
            .inject(Fault::new(route, FaultKind::status(503)));
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = graph.0.http.request(method, graph.url("v1.0", ALICE, tail));
        assert_eq!(graph.call(request).await.status, 503);
        assert!(graph.0.sim.faults().pending().is_empty());
    }
    graph
        .0
        .sim
        .faults()
        .inject(Fault::new(Route::GraphToken, FaultKind::status(503)));
    let token = graph.0.http.post(graph.0.sim.graph_token_url()).send();
    assert_eq!(token.await.unwrap().status(), 503);
}
