//! OpenID Connect of the golden files: issuers, discovery documents, authorization requests, callbacks, key sets, ID tokens.
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

use std::time::Duration;

use smartid_core::{Error, Retry, SecretString, ServiceError, Timestamp};
use smartid_da::oidc::{
    AuthenticationForm, AuthorizationRequest, CallbackCheck, EndpointAddress, IdTokenCheck, Issuer,
    IssuerError, KeySet, LoginOptions, OidcPlace, OidcReason, OidcRefusal, PkceSupport, Prompt, Provider,
};
use smartid_da::portal::{AccessPoint, LoginAddress, LoginAddressError};
use smartid_trust::jws::JwsAlgorithm;
use support::*;
use toml::Table;

fn issuer_reason(error: IssuerError) -> &'static str {
    match error {
        IssuerError::Scheme => "scheme",
        IssuerError::Host => "host",
        IssuerError::Port => "port",
        IssuerError::UserInformation => "user-information",
        IssuerError::Query => "query",
        IssuerError::Fragment => "fragment",
        IssuerError::Path => "path",
        IssuerError::Characters => "characters",
        IssuerError::TrailingSlash => "trailing-slash",
        other => panic!("{other}"),
    }
}

#[test]
fn issuers_are_read_by_their_exact_rules() {
    for row in entries("issuer", 48) {
        let text = get(&row, "issuer");
        assert_eq!(file(get(&row, "file")), text.as_bytes());
        match Issuer::parse(text) {
            Ok(issuer) => {
                assert!(agrees(&row, "accept"), "{text:?}");
                assert_eq!(issuer.as_str(), text);
                assert_eq!(issuer.discovery_url(), get(&row, "discovery"));
            }
            Err(error) => {
                assert!(agrees(&row, "refuse"), "{text:?}");
                if get(&row, "outcome") == "refuse" {
                    assert_eq!(issuer_reason(error), get(&row, "reason"), "{text:?}");
                }
            }
        }
    }
}

/// Fetches and reads the document as a client does.
fn discovered(row: &Table) -> Result<std::sync::Arc<Provider>, Error> {
    let issuer = Issuer::parse(get(row, "issuer")).unwrap();
    let script = std::sync::Arc::new(Script::default());
    let runtime = smartid_core::ManualRuntime::new(Timestamp::from_iso8601(NOW).unwrap());
    script.answer(
        &issuer.discovery_url(),
        Message::read(get(row, "file")).incoming(),
    );
    let client = smartid_da::oidc::OidcClient::builder(issuer, CLIENT, basic(), REDIRECT)
        .policy(smartid_core::CallPolicy::default().with_attempts(1))
        .build(script, std::sync::Arc::new(runtime.clone()))
        .unwrap();
    runtime.block_on(client.provider()).unwrap()
}

fn form(form: &AuthenticationForm) -> &'static str {
    match form {
        AuthenticationForm::Basic => "basic",
        AuthenticationForm::Body => "body",
        AuthenticationForm::Certificate => "certificate",
        other => panic!("{other:?}"),
    }
}

#[test]
fn discovery_documents_are_read_or_refused() {
    for row in entries("discovery", 59) {
        let name = get(&row, "file");
        match discovered(&row) {
            Ok(provider) => {
                assert!(agrees(&row, "accept"), "{name}");
                accepted(&row, &provider);
            }
            Err(error) => {
                assert!(agrees(&row, "refuse"), "{name}: {error}");
                let refusal = error.refusal::<OidcRefusal>().unwrap();
                assert_eq!(refusal.place(), OidcPlace::Document);
                assert_eq!(refusal.reason().name(), get(&row, "reason"), "{name}: {error}");
                if refusal.reason() == OidcReason::Status {
                    let status = row["status"].as_integer().unwrap();
                    assert_eq!(i64::from(refusal.status().unwrap().as_u16()), status, "{name}");
                }
                // Its query may be a secret of somebody.
                let location = opt(&row, "location").map(|location| location.split('?').next().unwrap());
                assert_eq!(refusal.redirect(), location, "{name}");
                let after = row.get("retry_after_seconds").and_then(toml::Value::as_integer);
                let after = after.map(|seconds| Duration::from_secs(seconds.try_into().unwrap()));
                let retry = match opt(&row, "retry") {
                    Some("later") => Retry::Yes { after },
                    _ => Retry::No,
                };
                assert_eq!(error.retry(), retry, "{name}");
            }
        }
    }
}

fn accepted(row: &Table, provider: &Provider) {
    let name = get(row, "file");
    assert_eq!(provider.issuer().as_str(), get(row, "issuer"));
    if let Some(pkce) = opt(row, "pkce") {
        let found = match provider.pkce() {
            PkceSupport::S256 => "S256",
            PkceSupport::None => "none",
            _ => "unknown",
        };
        assert_eq!(found, pkce, "{name}");
    }
    if let Some(forms) = list(row, "client_authentication") {
        let found: Vec<_> = provider.client_authentication().iter().map(form).collect();
        assert_eq!(found, forms, "{name}");
    }
    assert_eq!(
        provider.callback_carries_iss(),
        get(row, "callback_iss") == "required",
        "{name}"
    );
    assert_eq!(
        provider.acr_values(),
        list(row, "acr").unwrap_or_default(),
        "{name}"
    );
    if let Some(algorithms) = list(row, "algorithms") {
        let found: Vec<_> = provider
            .algorithms()
            .unwrap()
            .iter()
            .map(|known| known.name())
            .collect();
        assert_eq!(found, algorithms, "{name}");
    }
    let mtls = provider
        .token_endpoint_for_certificates()
        .map(EndpointAddress::as_str);
    assert_eq!(mtls, opt(row, "token_endpoint_mtls"), "{name}");
    assert_eq!(
        provider.user_info_endpoint().is_none(),
        name.contains("no_userinfo") || name.contains("minimal") || name.contains("nulls"),
        "{name}"
    );
    let mut lints: Vec<_> = provider
        .lints()
        .iter()
        .map(|lint| lint.what.to_string())
        .collect();
    lints.dedup();
    if row.contains_key("lint") || get(row, "outcome") == "accept" {
        assert_eq!(lints, list(row, "lint").unwrap_or_default(), "{name}");
    } else {
        assert!(!lints.is_empty(), "{name}: tolerated in silence");
    }
}

fn request(call: &Table) -> Result<String, String> {
    let secret = |key: &str| SecretString::new(get(call, key));
    let mut options = LoginOptions::new();
    for scope in list(call, "scope").unwrap() {
        options = options.scope(scope);
    }
    for acr in list(call, "acr_values").unwrap_or_default() {
        options = options.acr(acr);
    }
    for locale in list(call, "ui_locales").unwrap_or_default() {
        options = options.ui_locale(locale);
    }
    options = match opt(call, "prompt") {
        Some("login") => options.prompt(Prompt::Login),
        Some(other) => panic!("{other}"),
        None => options,
    };
    if let Some(hint) = opt(call, "login_hint") {
        options = options.login_hint(hint);
    }
    if let Some(age) = opt(call, "max_age") {
        options = options.max_age(Duration::from_secs(age.parse().unwrap()));
    }
    if let Some(point) = opt(call, "access_point") {
        let point = AccessPoint::parse(point).unwrap();
        let page = LoginAddress::new(point, get(call, "authmech")).map_err(|error| match error {
            LoginAddressError::Method => "authmech".to_owned(),
            other => panic!("{other}"),
        })?;
        options = options.through(page);
    }
    let endpoint = EndpointAddress::parse(get(call, "authorization_endpoint")).unwrap();
    let mut request = AuthorizationRequest::new(endpoint, get(call, "client_id"), get(call, "redirect_uri"))
        .with_state(secret("state"))
        .with_nonce(secret("nonce"))
        .with_options(options);
    if call.contains_key("code_verifier") {
        request = request.with_verifier(secret("code_verifier"));
    }
    let shown = format!("{request:?}");
    assert!(
        !shown.contains(VERIFIER) && !shown.contains(NONCE) && !shown.contains(STATE),
        "{shown}"
    );
    request.address().map_err(|error| error.name().to_owned())
}

/// What stands before the question mark, then names and values.
fn same_address(found: &str, wanted: &str, name: &str) {
    let split = |text: &str| {
        let (before, query) = text.split_once('?').unwrap();
        (before.to_owned(), pairs(query))
    };
    let ((found, mut found_query), (wanted, mut wanted_query)) = (split(found), split(wanted));
    assert_eq!(found, wanted, "{name}");
    if let (Some(inner), Some(wanted_inner)) =
        (found_query.remove("location"), wanted_query.remove("location"))
    {
        same_address(&inner, &wanted_inner, name);
    }
    assert_eq!(found_query, wanted_query, "{name}");
}

#[test]
fn authorization_requests_go_where_they_should() {
    for row in entries("authorization-request", 32) {
        let name = get(&row, "file");
        let wanted = String::from_utf8(file(name)).unwrap();
        match (
            request(row["call"].as_table().unwrap()),
            row.contains_key("refuse"),
        ) {
            (Ok(address), false) => {
                same_address(&address, &wanted, name);
                blind(&row, &address);
            }
            // `openid` is added where it is missing.
            (Ok(address), true) if name == "authorize/bad_no_openid.txt" => {
                let scope = pairs(address.split_once('?').unwrap().1)["scope"].clone();
                assert_eq!(scope, "openid profile");
            }
            (Err(reason), true) => assert_eq!(reason, get(&row, "reason"), "{name}"),
            (made, _) => panic!("{name}: {made:?}"),
        }
    }
}

#[test]
fn callbacks_are_believed_for_the_login_that_they_answer() {
    for row in entries("callback", 47) {
        let name = get(&row, "file");
        let message = Message::read(name);
        let (_, target) = message.line();
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let issuer = Issuer::parse(get(&row, "issuer")).unwrap();
        let mut check = CallbackCheck::new(issuer, SecretString::new(get(&row, "state")));
        if get(&row, "callback_iss") == "required" {
            check = check.requiring_iss();
        }
        match check.code(query) {
            Ok(code) => {
                assert!(agrees(&row, "code"), "{name}");
                if let Some(wanted) = opt(&row, "code") {
                    assert_eq!(code.expose(), wanted, "{name}");
                }
                if let Some(length) = row.get("code_length").and_then(toml::Value::as_integer) {
                    assert_eq!(i64::try_from(code.expose().len()).unwrap(), length, "{name}");
                }
                blind(&row, &format!("{code:?} {check:?}"));
            }
            Err(refusal) => {
                assert_eq!(refusal.place(), OidcPlace::Callback);
                blind(&row, &format!("{refusal} {refusal:?} {}", refusal.advice()));
                let denied = refusal.reason() == OidcReason::Denied;
                let outcome = if denied { "error" } else { "refuse" };
                assert!(agrees(&row, outcome), "{name}: {refusal}");
                if outcome != get(&row, "outcome") {
                    continue;
                }
                if denied {
                    assert_eq!(refusal.code(), opt(&row, "error"), "{name}");
                    if let Some(description) = opt(&row, "description") {
                        assert_eq!(refusal.description(), Some(description), "{name}");
                    }
                    let later = matches!(refusal.retry(), Retry::Yes { .. });
                    assert_eq!(later, get(&row, "retry") == "later", "{name}");
                    let shown = format!("{refusal} {:?}", refusal.description());
                    assert!(!shown.contains(['\r', '\n', '\u{202e}']), "{shown:?}");
                } else if message.first.starts_with("POST") {
                    // Only the query is read: what is posted is no callback.
                    assert_eq!(refusal.reason(), OidcReason::State, "{name}");
                } else {
                    assert_eq!(refusal.reason().name(), get(&row, "reason"), "{name}");
                }
            }
        }
    }
}

#[test]
fn key_sets_give_the_keys_that_may_verify() {
    for row in entries("jwks", 18) {
        let name = get(&row, "file");
        match KeySet::parse(&file(name)) {
            Ok(keys) => {
                assert!(agrees(&row, "accept"), "{name}");
                let usable: Vec<_> = keys
                    .usable()
                    .map(|id| id.unwrap_or_default().to_owned())
                    .collect();
                assert_eq!(usable, list(&row, "usable").unwrap(), "{name}");
                let private = keys.lints().iter().any(|lint| lint.what == "private-key");
                let wanted = list(&row, "lint").unwrap_or_default();
                assert_eq!(private, wanted.contains(&"private-key".to_owned()), "{name}");
            }
            Err(refusal) => {
                assert!(agrees(&row, "refuse"), "{name}: {refusal}");
                assert_eq!(refusal.place(), OidcPlace::Keys);
            }
        }
    }
}

/// What an ID token is checked against, and when.
fn expectation(row: &Table) -> (IdTokenCheck, Timestamp) {
    let expect = row["expect"].as_table().unwrap();
    let seconds = |key: &str| {
        let value = expect.get(key).and_then(toml::Value::as_integer)?;
        Some(Duration::from_secs(value.try_into().unwrap()))
    };
    let issuer = Issuer::parse(get(expect, "issuer")).unwrap();
    let nonce = SecretString::new(get(expect, "nonce"));
    let mut check = IdTokenCheck::new(issuer, get(expect, "client_id"), nonce);
    if let Some(leeway) = seconds("leeway_seconds") {
        check = check.with_leeway(leeway);
    }
    if let Some(max_age) = seconds("max_age") {
        check = check.with_max_age(max_age);
    }
    if let Some(acr) = list(expect, "acr_required") {
        check = check.requiring_acr(acr);
    }
    if let Some(algorithms) = list(expect, "algorithms") {
        check = check.allowing(
            algorithms
                .iter()
                .map(|name| JwsAlgorithm::from_name(name).unwrap()),
        );
    }
    if let Some(token) = opt(expect, "access_token") {
        check = check.with_access_token(SecretString::new(token));
    }
    if let Some(code) = opt(expect, "code") {
        check = check.with_code(SecretString::new(code));
    }
    let shown = format!("{check:?}");
    assert!(
        !shown.contains(NONCE) && !shown.contains("ACCESS-GOLDEN"),
        "{shown}"
    );
    (check, Timestamp::from_iso8601(get(expect, "now")).unwrap())
}

#[test]
fn id_tokens_are_verified_or_refused_for_the_stated_reason() {
    for row in entries("id-token", 170) {
        let name = get(&row, "file");
        let token = String::from_utf8_lossy(&file(name)).into_owned();
        let keys = KeySet::parse(&file(get(&row, "jwks"))).unwrap();
        let (check, now) = expectation(&row);
        match check.verify(&token, &keys, now) {
            Ok(user) => {
                assert!(agrees(&row, "accept"), "{name}");
                if get(&row, "outcome") == "accept" {
                    assert_eq!(user.subject(), get(&row, "sub"), "{name}");
                    assert_eq!(user.acr(), opt(&row, "acr"), "{name}");
                    assert_eq!(user.amr(), list(&row, "amr").unwrap_or_default(), "{name}");
                    assert_eq!(user.issuer().as_str(), ISSUER);
                    assert_eq!(user.claim::<String>("nonce").as_deref(), Some(NONCE));
                    assert!(!format!("{user:?}").contains(user.subject()), "{name}");
                }
            }
            Err(refusal) => {
                assert!(agrees(&row, "refuse"), "{name}: {refusal}");
                assert_eq!(refusal.place(), OidcPlace::IdToken);
                if get(&row, "outcome") == "refuse" {
                    assert_eq!(refusal.reason().name(), get(&row, "reason"), "{name}");
                }
                let shown = format!("{refusal} {refusal:?}");
                assert!(token.len() < 20 || !shown.contains(&token), "{name}");
                blind(&row, &shown);
            }
        }
    }
}

/// With every algorithm allowed the others are taken too.
#[test]
fn other_algorithms_are_taken_where_the_caller_allows_them() {
    for name in ["rs384", "rs512", "es384", "eddsa", "at_hash_es384"] {
        let mut rows = entries("id-token", 170);
        rows.retain(|row| get(row, "file") == format!("id-tokens/{name}.jwt"));
        let (check, now) = expectation(&rows[0]);
        let check = check.allowing(JwsAlgorithm::ALL.iter().copied());
        let token = String::from_utf8(file(get(&rows[0], "file"))).unwrap();
        let keys = KeySet::parse(&file(get(&rows[0], "jwks"))).unwrap();
        assert_eq!(
            check.verify(&token, &keys, now).unwrap().subject(),
            "alice",
            "{name}"
        );
    }
}

#[test]
fn the_test_keys_are_those_that_the_tests_say() {
    for row in entries("key", 6) {
        let text = String::from_utf8(file(get(&row, "file"))).unwrap();
        assert!(
            text.starts_with("-----BEGIN PRIVATE KEY-----"),
            "{}",
            get(&row, "file")
        );
    }
}
