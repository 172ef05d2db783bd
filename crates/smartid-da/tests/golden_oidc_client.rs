//! What an OpenID Connect client sends and takes, by the golden files: requests, answers of the token endpoint, user info.
#![cfg(feature = "oidc")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    dead_code,
    unreachable_pub,
    reason = "a test may panic, and shares its support with others"
)]

#[path = "support/oidc.rs"]
mod support;

use std::sync::Arc;

use smartid_core::base64::{Flavour, decode};
use smartid_core::{CallPolicy, Error, ManualRuntime, SecretString, ServiceError, Timestamp};
use smartid_da::oauth::ClientAuthentication;
use smartid_da::oidc::{Issuer, LoggedIn, OidcClient, OidcPlace, OidcReason, OidcRefusal};
use support::*;
use toml::Table;

/// What the client sends for the call of an entry.
fn sent(call: &Table) -> Sent {
    let operation = get(call, "operation");
    if operation == "discovery" {
        let script = Arc::new(Script::default());
        let issuer = Issuer::parse(get(call, "issuer")).unwrap();
        script.answer(&issuer.discovery_url(), json("{}"));
        let runtime = ManualRuntime::new(Timestamp::from_iso8601(NOW).unwrap());
        let client = OidcClient::builder(issuer, CLIENT, basic(), REDIRECT)
            .build(script.clone(), Arc::new(runtime.clone()))
            .unwrap();
        runtime.block_on(client.provider()).unwrap().unwrap_err();
        return script.sent().remove(0);
    }
    let secret = || SecretString::new(get(call, "client_secret"));
    let authentication = match get(call, "client_authentication") {
        "body" => ClientAuthentication::body(secret()),
        "certificate" => ClientAuthentication::certificate(),
        _ => basic(),
    };
    let redirect = opt(call, "redirect_uri").unwrap_or(REDIRECT);
    let stage = Stage::with(authentication, redirect, |settings| settings);
    stage.script.answer(DISCOVERY, document(""));
    stage.script.answer(KEYS, keys("jwks/keys.json"));
    stage
        .script
        .answer(TOKEN, Message::read("token/answer.http").incoming());
    stage
        .script
        .answer(USER_INFO, Message::read("userinfo/answer.http").incoming());
    let login = login(opt(call, "code_verifier"), redirect);
    let code: String =
        url::form_urlencoded::byte_serialize(opt(call, "code").unwrap_or("x").as_bytes()).collect();
    let query = format!("code={code}&state={STATE}");
    stage.run(async {
        let logged_in = stage.client.complete(login, &query).await.unwrap();
        if operation == "userinfo" {
            assert_eq!(logged_in.access_token().expose(), get(call, "access_token"));
            stage.client.user_info(&logged_in).await.unwrap().unwrap();
        }
    });
    let address = if operation == "code" { TOKEN } else { USER_INFO };
    let mut sent = stage.script.sent();
    sent.retain(|sent| sent.address == address);
    assert_eq!(sent.len(), 1);
    sent.remove(0)
}

/// Client id and secret of a Basic header, with the form encoding undone.
fn identity(header: &str) -> Vec<String> {
    let text = decode(Flavour::Standard, header.strip_prefix("Basic ").unwrap()).unwrap();
    let text = String::from_utf8(text).unwrap();
    let (id, secret) = text.split_once(':').unwrap();
    let undone = |text: &str| pairs(&format!("x={text}"))["x"].clone();
    vec![undone(id), undone(secret)]
}

#[test]
fn requests_go_out_as_they_should() {
    for row in entries("request", 9) {
        let name = get(&row, "file");
        let wanted = Message::read(name);
        let sent = sent(row["call"].as_table().unwrap());
        let (verb, target) = wanted.line();
        assert_eq!(sent.method, verb, "{name}");
        assert_eq!(
            sent.address,
            format!("https://{}{target}", wanted.headers["host"].to_str().unwrap()),
            "{name}"
        );
        for (header, value) in &wanted.headers {
            match header.as_str() {
                "host" => {}
                "authorization" if value.as_bytes().starts_with(b"Basic ") => {
                    let sent = sent.headers[header].to_str().unwrap();
                    assert_eq!(identity(sent), identity(value.to_str().unwrap()), "{name}");
                }
                _ => assert_eq!(sent.headers[header], value, "{name}: {header}"),
            }
        }
        let credential = sent.headers.contains_key("authorization");
        assert_eq!(credential, wanted.headers.contains_key("authorization"), "{name}");
        assert_eq!(
            pairs(&sent.body),
            pairs(std::str::from_utf8(&wanted.body).unwrap()),
            "{name}"
        );
    }
}

fn stage(token: &str, keys_file: &str) -> Stage {
    let stage = Stage::with(basic(), REDIRECT, |settings| {
        settings.policy(CallPolicy::default().with_attempts(1))
    });
    stage.script.answer(DISCOVERY, document(""));
    stage.script.answer(KEYS, keys(keys_file));
    stage.script.answer(TOKEN, Message::read(token).incoming());
    stage
}

fn complete(stage: &Stage) -> Result<LoggedIn, Error> {
    let query = format!("code=SplxlOBeZQQYbYS6WxSbIA&state={STATE}");
    stage.run(stage.client.complete(login(Some(VERIFIER), REDIRECT), &query))
}

#[test]
fn answers_of_the_token_endpoint_are_taken_or_refused() {
    for row in entries("token-response", 14) {
        let name = get(&row, "file");
        let expect = row["expect"].as_table().unwrap();
        assert_eq!((get(expect, "nonce"), get(expect, "now")), (NONCE, NOW), "{name}");
        let stage = stage(name, get(&row, "jwks"));
        match complete(&stage) {
            Ok(logged_in) => {
                assert!(agrees(&row, "accept"), "{name}");
                assert_eq!(logged_in.user().subject(), get(&row, "sub"), "{name}");
                let in_an_hour = 1_772_359_200_000 + 3_600_000;
                assert_eq!(logged_in.access_expires().unwrap().as_millis(), in_an_hour);
                assert_eq!(
                    logged_in.refresh_token().is_some(),
                    name.contains("refresh"),
                    "{name}"
                );
                blind(&row, &format!("{logged_in:?}"));
                assert!(!format!("{logged_in:?}").contains("eyJ"));
            }
            Err(error) => {
                assert!(agrees(&row, "refuse"), "{name}: {error}");
                let refusal = error.refusal::<OidcRefusal>().unwrap();
                assert_eq!(refusal.reason().name(), get(&row, "reason"), "{name}: {error}");
                assert_eq!(error.code(), opt(&row, "error"), "{name}");
                let status = row["status"].as_integer().unwrap();
                if status != 200 {
                    assert_eq!(i64::from(error.status().unwrap().as_u16()), status, "{name}");
                }
                blind(&row, &format!("{error} {error:?} {}", error.advice()));
                // A code is good for one call.
                assert_eq!(stage.script.calls(TOKEN), 1, "{name}");
            }
        }
    }
}

#[test]
fn user_info_is_taken_for_the_subject_of_the_id_token() {
    for row in entries("userinfo", 21) {
        let name = get(&row, "file");
        let stage = stage("token/answer.http", "jwks/keys.json");
        stage.script.answer(USER_INFO, Message::read(name).incoming());
        let logged_in = complete(&stage).unwrap();
        assert_eq!(logged_in.user().subject(), get(&row, "sub"));
        match stage.run(stage.client.user_info(&logged_in)) {
            Ok(user) => {
                assert!(agrees(&row, "accept"), "{name}");
                let user = user.unwrap();
                assert_eq!(user.subject(), get(&row, "sub"));
                let claims = row.get("claims").and_then(toml::Value::as_table);
                for (claim, value) in claims.into_iter().flatten() {
                    assert_eq!(user.claim::<String>(claim).as_deref(), value.as_str(), "{name}");
                    assert!(user.names().any(|known| known == claim));
                    assert!(!format!("{user:?}").contains(value.as_str().unwrap()));
                }
            }
            Err(error) => {
                assert!(agrees(&row, "refuse"), "{name}: {error}");
                let refusal = error.refusal::<OidcRefusal>().unwrap();
                assert_eq!(refusal.place(), OidcPlace::UserInfo);
                assert_eq!(refusal.reason().name(), get(&row, "reason"), "{name}: {error}");
                let status = row["status"].as_integer().unwrap();
                if let Some(found) = refusal.status() {
                    assert_eq!(i64::from(found.as_u16()), status, "{name}");
                }
                assert_eq!(error.code(), opt(&row, "error"), "{name}");
                assert!(!format!("{error} {error:?}").contains("ACCESS-GOLDEN"), "{name}");
            }
        }
    }
}

#[test]
fn a_provider_without_user_info_gives_none() {
    let stage = stage("token/answer.http", "jwks/keys.json");
    let document = String::from_utf8(document("").body().to_vec()).unwrap();
    let without = document.replace("userinfo_endpoint", "somewhere");
    let other = Stage::with(basic(), REDIRECT, |settings| settings);
    other.script.answer(DISCOVERY, json(&without));
    let logged_in = complete(&stage).unwrap();
    assert!(other.run(other.client.user_info(&logged_in)).unwrap().is_none());
}

/// A server that repeats our secret in its error does not put it into our log.
#[test]
fn a_secret_that_the_server_repeats_is_not_shown() {
    let body = format!(
        r#"{{"error":"invalid_client","error_description":"{SECRET} is wrong for SplxlOBeZQQYbYS6WxSbIA {VERIFIER}"}}"#
    );
    let answer = smartid_core::Incoming::new(
        http::StatusCode::UNAUTHORIZED,
        http::HeaderMap::new(),
        body.into(),
    );
    let stage = Stage::with(basic(), REDIRECT, |settings| settings);
    stage.script.answer(DISCOVERY, document(""));
    stage.script.answer(KEYS, keys("jwks/keys.json"));
    stage.script.answer(TOKEN, answer);
    let error = complete(&stage).unwrap_err();
    let refusal = error.refusal::<OidcRefusal>().unwrap();
    assert_eq!(
        (refusal.reason(), refusal.code()),
        (OidcReason::Refused, Some("invalid_client"))
    );
    let shown = format!("{error} {error:?} {}", error.summary());
    assert!(
        !shown.contains(SECRET) && !shown.contains(VERIFIER) && !shown.contains("Splxl"),
        "{shown}"
    );
}
