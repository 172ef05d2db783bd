//! What the simulated Microsoft Graph refuses: callers, addresses, bodies.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;
mod graph_client;

use std::time::Duration;

use common::Answer;
use graph_client::{ALICE, Graph, refused};
use serde_json::{Value, json};

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
