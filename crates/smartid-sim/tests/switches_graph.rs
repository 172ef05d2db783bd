//! Each switch of the simulated Microsoft Graph, changed by its TOML key, and what then differs.
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

use common::{Answer, Bench, b64};
use serde_json::{Value, json};

async fn graph(toml: &str) -> Bench {
    Bench::from_toml(&format!("[graph]\n{toml}")).await
}

async fn send(bench: &Bench, method: &str, tail: &str, body: &Value) -> Answer {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let request = bench
        .http
        .request(method, format!("{}{tail}", bench.sim.graph_url()))
        .bearer_auth(bench.sim.graph_token());
    let request = if body.is_null() {
        request
    } else {
        request
            .header("content-type", "application/json")
            .body(body.to_string())
    };
    Answer::of(request.send().await.unwrap()).await
}

async fn options(bench: &Bench, version: &str, upn: &str) -> Answer {
    let tail = format!("/{version}/users/{upn}/authentication/fido2Methods/creationOptions");
    send(bench, "GET", &tail, &Value::Null).await
}

/// Registers what the Desktop App makes of these options.
async fn register_with(bench: &Bench, upn: &str, options: &str) -> Answer {
    let mut options: Value = serde_json::from_str(options).unwrap();
    options["publicKey"]["excludeCredentials"] = json!([]);
    let made = bench.sim.desktop().register(&options.to_string()).unwrap();
    let made: Value = serde_json::from_str(&made).unwrap();
    let body = json!({"publicKeyCredential": {
        "id": made["id"],
        "response": {
            "clientDataJSON": made["response"]["clientDataJSON"],
            "attestationObject": made["response"]["attestationObject"],
        },
    }});
    let tail = format!("/v1.0/users/{upn}/authentication/fido2Methods");
    send(bench, "POST", &tail, &body).await
}

async fn register(bench: &Bench) -> Answer {
    let text = options(bench, "v1.0", "alice@example.test").await.text;
    register_with(bench, "alice@example.test", &text).await
}

fn word(bench: &Bench) -> String {
    bench.sim.records().last().unwrap().code.clone().unwrap()
}

#[tokio::test]
async fn the_port_is_taken_as_told() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let bench = Bench::from_toml(&format!("[listen]\ngraph_port = {port}")).await;
    assert!(bench.sim.graph_url().ends_with(&format!(":{port}")));
}

#[tokio::test]
async fn the_tenant_and_its_application() {
    let toml = "tenant = \"t\"\nclient_id = \"c\"\nclient_secret = \"s\"\nresource = \"https://graph.example.test/\"\n\
                token_seconds = 10";
    let bench = graph(toml).await;
    assert!(bench.sim.graph_token_url().ends_with("/t/oauth2/v2.0/token"));
    assert_eq!(bench.sim.graph_client(), ("c".into(), "s".into()));
    let body = "grant_type=client_credentials&client_id=c&client_secret=s&scope=https%3A%2F%2Fgraph.example.test%2F.default";
    let request = bench
        .http
        .post(bench.sim.graph_token_url())
        .header("content-type", "application/x-www-form-urlencoded");
    let granted = Answer::of(request.body(body).send().await.unwrap()).await;
    assert_eq!(granted.json()["expires_in"], 10, "{}", granted.text);
    let token = granted.json()["access_token"].as_str().unwrap().to_owned();
    let url = format!(
        "{}/v1.0/users/alice@example.test/authentication/fido2Methods",
        bench.sim.graph_url()
    );
    let call = async || {
        bench
            .http
            .get(&url)
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(call().await, 200);
    bench.sim.advance(Duration::from_secs(10));
    assert_eq!(call().await, 401);
}

#[tokio::test]
async fn permissions_and_who_is_signed_in() {
    let methods = "/v1.0/users/alice@example.test/authentication/fido2Methods";
    let bench = graph("permissions = [\"UserAuthenticationMethod.Read.All\"]").await;
    assert_eq!(send(&bench, "GET", methods, &Value::Null).await.status, 200);
    let refused = options(&bench, "v1.0", "alice@example.test").await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["error"]["code"], "Authorization_RequestDenied");
    let bench = graph("permissions = []").await;
    assert_eq!(send(&bench, "GET", methods, &Value::Null).await.status, 403);
    let bench = graph("permissions = [\"UserAuthenticationMethod.ReadWrite.All\"]").await;
    assert_eq!(options(&bench, "v1.0", "alice@example.test").await.status, 200);

    for who in ["alice", "alice@example.test"] {
        let bench = graph(&format!("signed_in_user = \"{who}\"\nstatus.policy = 400")).await;
        for path in [methods, "/v1.0/me/authentication/fido2Methods"] {
            let tail = format!("{path}/creationOptions");
            let refused = send(&bench, "GET", &tail, &Value::Null).await;
            assert_eq!((refused.status, word(&bench).as_str()), (400, "own_account"));
            assert_eq!(refused.json()["error"]["code"], "accessDenied");
            assert_eq!(send(&bench, "POST", path, &json!({})).await.status, 400);
            assert_eq!(word(&bench), "own_account");
            let one = format!("{path}/x");
            assert_eq!(send(&bench, "DELETE", &one, &Value::Null).await.status, 400);
            assert_eq!(word(&bench), "own_account");
            assert_eq!(send(&bench, "GET", path, &Value::Null).await.status, 200);
        }
        assert_eq!(options(&bench, "v1.0", "bob@example.test").await.status, 200);
    }
}

#[tokio::test]
async fn options_look_as_told() {
    let toml = r#"
        domain = "corp.example.test"
        rp_id = "id.example.test"
        rp_name = "R"
        algorithms = [-8]
        attachment = "platform"
        require_resident_key = false
        user_verification = "preferred"
        attestation = "none"
        value_wrapper = true
        extra = { hints = ["security-key"], timeout = 1 }
    "#;
    let bench = graph(toml).await;
    let body = options(&bench, "beta", "alice@corp.example.test").await.json();
    assert_eq!(body.as_object().unwrap().len(), 1);
    let inner = &body["value"]["publicKey"];
    assert_eq!(inner["rp"]["id"], "id.example.test");
    assert_eq!(inner["rp"]["name"], "R");
    assert_eq!(inner["pubKeyCredParams"][0]["alg"], -8);
    assert_eq!(inner["hints"], json!(["security-key"]));
    assert_eq!(inner["timeout"], 1);
    assert_eq!(inner["attestation"], "none");
    let selection = &inner["authenticatorSelection"];
    assert_eq!(selection["authenticatorAttachment"], "platform");
    assert_eq!(selection["userVerification"], "preferred");
    assert_eq!(selection["requireResidentKey"], false);
    let bare =
        graph("attachment = \"\"\nuser_verification = \"\"\nattestation = \"\"\norigins = [\"app://x\"]")
            .await;
    let answer = options(&bare, "v1.0", "alice@example.test").await;
    let inner = &answer.json()["publicKey"];
    assert!(inner.get("attestation").is_none());
    assert_eq!(inner["authenticatorSelection"].as_object().unwrap().len(), 2);
    assert_eq!(
        register_with(&bare, "alice@example.test", &answer.text)
            .await
            .status,
        400
    );
    assert_eq!(word(&bare), "origin");
    let config = smartid_sim::SimConfig::from_toml("[graph]\ntimeout_ms = 5").unwrap();
    assert_eq!(config.graph.timeout_ms, Some(5));
    let bench = graph("").await;
    bench.sim.reconfigure(|config| config.graph.timeout_ms = None);
    let body = options(&bench, "v1.0", "alice@example.test").await.json();
    assert!(body["publicKey"].get("timeout").is_none());
}

#[tokio::test]
async fn members_of_odata_stand_anywhere_or_nowhere() {
    for (place, first, last, inside) in [
        ("everywhere", true, false, true),
        ("top", true, false, false),
        ("scattered", false, false, true),
        ("last", false, true, true),
        ("none", false, false, false),
    ] {
        let bench = graph(&format!("odata = \"{place}\"")).await;
        let answer = options(&bench, "v1.0", "alice@example.test").await;
        let text = &answer.text;
        assert_eq!(text.starts_with("{\"@odata."), first, "{place}: {text}");
        assert_eq!(
            text.ends_with("webauthnCredentialCreationOptions\"}"),
            last,
            "{place}: {text}"
        );
        assert_eq!(
            answer.json()["publicKey"]["user"].get("@odata.type").is_some(),
            inside,
            "{place}"
        );
        assert_eq!(text.contains("challenge@odata.type"), place == "scattered");
        // Whatever stands among them, it is the same options.
        let stored = register_with(&bench, "alice@example.test", text).await;
        assert_eq!(stored.status, 201, "{place}: {}", stored.text);
        assert_eq!(stored.json().get("@odata.type").is_some(), place != "none");
    }
}

#[tokio::test]
async fn padding_counts_and_ids() {
    for (style, v1, beta) in [
        ("beta", false, true),
        ("always", true, true),
        ("never", false, false),
    ] {
        let bench = graph(&format!(
            "exclude_padding = \"{style}\"\nmethod_id = \"credential\""
        ))
        .await;
        let id = register(&bench).await.json()["id"].as_str().unwrap().to_owned();
        let stored = &bench.sim.graph_methods_of("alice")[0];
        let plain = b64(&stored.credential_id);
        let counted = format!("{plain}{}", (4 - plain.len() % 4) % 4);
        assert_eq!(id, counted);
        for (version, with) in [("v1.0", v1), ("beta", beta)] {
            let body = options(&bench, version, "alice@example.test").await.json();
            let excluded = body["publicKey"]["excludeCredentials"][0]["id"].as_str().unwrap();
            assert_eq!(
                excluded,
                if with { &counted } else { &plain },
                "{style} {version}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_taken_and_what_is_said_about_it() {
    let bench = Bench::from_toml(
        "[desktop]\nattestation = \"fido-u2f\"\n[graph]\nformats = [\"fido-u2f\"]\nattestation_level = \"fromTheFuture\"\n\
         models = { \"00000000-0000-0000-0000-000000000000\" = \"NFC key\" }",
    )
    .await;
    let method = register(&bench).await.json();
    assert_eq!(method["attestationLevel"], "fromTheFuture");
    assert_eq!(method["model"], "NFC key");
    assert_eq!(method["displayName"], Value::Null);
    bench.sim.reconfigure(|config| config.graph.models.clear());
    assert_eq!(register(&bench).await.json()["model"], Value::Null);

    let bench = graph("refuse_unknown_members = false").await;
    let text = options(&bench, "v1.0", "alice@example.test").await.text;
    let made: Value = serde_json::from_str(&bench.sim.desktop().register(&text).unwrap()).unwrap();
    let methods = "/v1.0/users/alice@example.test/authentication/fido2Methods";
    let stored = send(&bench, "POST", methods, &json!({"publicKeyCredential": made})).await;
    assert_eq!(stored.status, 201, "{}", stored.text);
    let bench = graph("max_body_bytes = 100").await;
    assert_eq!(register(&bench).await.status, 413);
}

#[tokio::test]
async fn the_policy_decides() {
    for (toml, code) in [
        ("policy.enabled = false", "policy_off"),
        ("policy.excluded_users = [\"alice\"]", "policy_off"),
        ("policy.self_service = false", "policy_self_service"),
    ] {
        let bench = graph(toml).await;
        let refused = options(&bench, "v1.0", "alice@example.test").await;
        assert_eq!((refused.status, word(&bench).as_str()), (403, code));
        assert_eq!(refused.json()["error"]["code"], "accessDenied");
        let methods = "/v1.0/users/alice@example.test/authentication/fido2Methods";
        assert_eq!(send(&bench, "POST", methods, &json!({})).await.status, 403);
        assert_eq!(send(&bench, "GET", methods, &Value::Null).await.status, 200);
        let bob = options(&bench, "v1.0", "bob@example.test").await.status;
        assert_eq!(bob == 200, toml.contains("excluded"));
    }
    for (toml, code) in [
        ("policy.enforce_attestation = true", "policy_attestation"),
        (
            "policy.allowed_aaguids = [\"00000000-0000-0000-0000-000000000001\"]",
            "policy_aaguid",
        ),
    ] {
        let bench = graph(toml).await;
        assert_eq!(register(&bench).await.status, 403);
        assert_eq!(word(&bench), code);
        assert!(bench.sim.graph_methods_of("alice").is_empty());
    }
    let toml = "[desktop]\nattestation = \"packed-x5c\"\n[graph.policy]\nenforce_attestation = true\n\
                allowed_aaguids = [\"73696D75-6c61-7465-6400-000000000001\"]";
    assert_eq!(register(&Bench::from_toml(toml).await).await.status, 201);
}

#[tokio::test]
async fn callers_are_told_to_slow_down() {
    let bench = graph("throttle = { calls = 2, seconds = 30, retry_after_seconds = 7 }").await;
    for _ in 0..2 {
        assert_eq!(options(&bench, "v1.0", "alice@example.test").await.status, 200);
    }
    let refused = options(&bench, "v1.0", "alice@example.test").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["retry-after"], "7");
    let error = &refused.json()["error"];
    assert_eq!(error["code"], "TooManyRequests");
    assert_eq!(error["innerError"]["code"], "429");
    bench.sim.advance(Duration::from_secs(29));
    assert_eq!(options(&bench, "v1.0", "alice@example.test").await.status, 429);
    bench.sim.advance(Duration::from_secs(1));
    assert_eq!(options(&bench, "v1.0", "alice@example.test").await.status, 200);
}

#[tokio::test]
async fn statuses_and_pending_challenges_are_as_told() {
    let toml =
        "pending_per_user = 1\nstatus = { invalid = 422, challenge = 410, policy = 403, duplicate = 400 }";
    let bench = graph(toml).await;
    let first = options(&bench, "v1.0", "alice@example.test").await.text;
    options(&bench, "v1.0", "alice@example.test").await;
    let refused = register_with(&bench, "alice@example.test", &first).await;
    assert_eq!(
        (refused.status, word(&bench).as_str()),
        (410, "challenge_superseded")
    );
    let methods = "/v1.0/users/alice@example.test/authentication/fido2Methods";
    assert_eq!(send(&bench, "POST", methods, &json!([])).await.status, 422);
    for toml in [
        "status.invalid = 99",
        "status.duplicate = 600",
        "status.policy = 1",
        "status.challenge = 199",
    ] {
        let config = smartid_sim::SimConfig::from_toml(&format!("[graph]\n{toml}")).unwrap();
        let error = smartid_sim::Sim::builder()
            .config(config)
            .start()
            .await
            .unwrap_err();
        assert!(error.to_string().contains("graph.status"), "{error}");
    }
}
