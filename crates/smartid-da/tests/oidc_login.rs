//! Whole logins against a provider that answers from a script: what goes wrong on the way, and what stops there.
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
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use smartid_core::base64::{Flavour, encode};
use smartid_core::{
    BoxFuture, Error, Incoming, Outgoing, Phase, Retry, ServiceUrl, Timestamp, Transport, TransportError,
    TransportProblem, Turn,
};
use smartid_da::oauth::ClientAuthentication;
use smartid_da::oidc::{
    CallbackCheck, IdTokenCheck, Issuer, KeySet, Login, LoginOptions, OidcBuilder, OidcClient, OidcPlace,
    OidcReason, OidcRefusal, PkceUse, Provider,
};
use smartid_trust::SigningKey;
use smartid_trust::jws::JwsAlgorithm;
use support::*;

/// The provider's part: signs an ID token with a golden key.
fn signed(key: &str, claims: &serde_json::Value) -> String {
    let pem = String::from_utf8(file(&format!("keys/{key}.test.key"))).unwrap();
    let signer = SigningKey::from_pem(&pem, None).unwrap();
    let part = |json: String| encode(Flavour::Url, json.as_bytes());
    let header = part(format!(r#"{{"alg":"RS256","kid":"{key}"}}"#));
    let message = format!("{header}.{}", part(claims.to_string()));
    let algorithm = JwsAlgorithm::Rs256.signature_algorithm();
    let signature = signer.sign(algorithm, message.as_bytes()).unwrap();
    format!("{message}.{}", encode(Flavour::Url, &signature))
}

fn refusal(error: &Error) -> (OidcPlace, OidcReason) {
    let refusal = error
        .refusal::<OidcRefusal>()
        .unwrap_or_else(|| panic!("{error}"));
    (refusal.place(), refusal.reason())
}

fn stored(login: &Login) -> serde_json::Value {
    serde_json::to_value(login).unwrap()
}

/// Answers the exchange of this login's code with an ID token for it.
fn answer_for(stage: &Stage, login: &Login, key: &str, change: impl FnOnce(&mut serde_json::Value)) {
    let now = stage.client_now() / 1000;
    let mut claims = serde_json::json!({
        "iss": ISSUER, "sub": "alice", "aud": CLIENT, "nonce": stored(login)["nonce"],
        "iat": now, "exp": now + 300,
    });
    change(&mut claims);
    stage.script.answer(
        TOKEN,
        json(&format!(
            r#"{{"access_token":"ACCESS-1","token_type":"Bearer","id_token":"{}"}}"#,
            signed(key, &claims)
        )),
    );
}

impl Stage {
    fn client_now(&self) -> u64 {
        use smartid_core::Runtime as _;
        self.runtime.now().as_millis()
    }

    fn begin(&self) -> (Login, String) {
        let begun = self.run(self.client.begin(&LoginOptions::new())).unwrap();
        (begun.login, begun.address)
    }

    fn complete(&self, login: &Login) -> Result<smartid_da::oidc::LoggedIn, Error> {
        let query = format!("code=CODE-1&state={}", login.state().expose());
        self.run(self.client.complete(login.clone(), &query))
    }
}

#[test]
fn a_login_from_its_beginning_to_the_user() {
    let stage = Stage::new();
    let (login, address) = stage.begin();
    let asked = pairs(address.split_once('?').unwrap().1);
    assert_eq!(asked["state"], login.state().expose());
    assert_eq!(asked["code_challenge_method"], "S256");

    // It survives a session store, and shows nothing.
    let text = serde_json::to_string(&login).unwrap();
    let back: Login = serde_json::from_str(&text).unwrap();
    let shown = format!("{login:?} {:?}", stage.client);
    for secret in ["state", "nonce", "verifier"] {
        let secret = stored(&login)[secret].as_str().unwrap().to_owned();
        assert_eq!(secret.len(), 43);
        assert!(!shown.contains(&secret), "{shown}");
    }
    assert!(!shown.contains(SECRET));

    answer_for(&stage, &login, "rsa-1", |_| {});
    let logged_in = stage.complete(&back).unwrap();
    assert_eq!(logged_in.user().subject(), "alice");
    assert_eq!(logged_in.access_token().expose(), "ACCESS-1");
    // The verifier is the one whose digest was sent.
    let sent = stage
        .script
        .sent()
        .into_iter()
        .find(|sent| sent.address == TOKEN)
        .unwrap();
    let verifier = pairs(&sent.body)["code_verifier"].clone();
    let digest = <sha2::Sha256 as sha2::Digest>::digest(verifier.as_bytes());
    assert_eq!(encode(Flavour::Url, &digest), asked["code_challenge"]);
    // One document, one key set.
    assert_eq!((stage.script.calls(DISCOVERY), stage.script.calls(KEYS)), (1, 1));
}

#[test]
fn a_callback_that_is_replayed_ends_at_the_provider() {
    let stage = Stage::new();
    let (login, _) = stage.begin();
    answer_for(&stage, &login, "rsa-1", |_| {});
    stage
        .script
        .answer(TOKEN, Message::read("token/bad_code_used.http").incoming());
    stage.complete(&login).unwrap();
    let error = stage.complete(&login).unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::Token, OidcReason::Refused));
    assert_eq!((error.code(), error.retry()), (Some("invalid_grant"), Retry::No));
    assert_eq!(
        (error.phase(), error.operation()),
        (Phase::Refused, "da.oidc-token")
    );
    assert_eq!(error.advice().turn, Turn::EndUser);
    assert_eq!(stage.script.calls(TOKEN), 2);
}

#[test]
fn two_logins_at_once_do_not_answer_each_other() {
    let stage = Stage::new();
    let ((first, _), (second, _)) = (stage.begin(), stage.begin());
    assert_ne!(first.state().expose(), second.state().expose());
    let query = format!("code=CODE-1&state={}", second.state().expose());
    let error = stage
        .run(stage.client.complete(first.clone(), &query))
        .unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::Callback, OidcReason::State));
    assert_eq!(stage.script.calls(TOKEN), 0, "nothing went out");

    // The ID token of the second login for the first: a code that was swapped.
    answer_for(&stage, &second, "rsa-1", |_| {});
    let error = stage.complete(&first).unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::IdToken, OidcReason::Nonce));
    assert!(stage.complete(&second).is_ok());
}

/// A code that somebody else's browser was given is exchanged with our verifier, which the provider refuses.
#[test]
fn a_stolen_code_meets_another_verifier() {
    let stage = Stage::new();
    let ((victim, _), (thief, _)) = (stage.begin(), stage.begin());
    stage
        .script
        .answer(TOKEN, Message::read("token/bad_code_used.http").incoming());
    let query = format!("code=CODE-OF-VICTIM&state={}", thief.state().expose());
    let error = stage
        .run(stage.client.complete(thief.clone(), &query))
        .unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::Token, OidcReason::Refused));
    let sent = stage.script.sent().pop().unwrap();
    let verifier = &pairs(&sent.body)["code_verifier"];
    assert_eq!(stored(&thief)["verifier"], **verifier);
    assert_ne!(stored(&victim)["verifier"], **verifier);
}

#[test]
fn a_provider_that_was_mixed_up_is_refused() {
    let stage = Stage::with(basic(), REDIRECT, |settings| settings);
    stage.script.answer(
        DISCOVERY,
        document(r#","authorization_response_iss_parameter_supported":true"#),
    );
    stage.script.answer(KEYS, keys("jwks/keys.json"));
    let (login, _) = stage.begin();
    let error = stage.complete(&login).unwrap_err();
    assert_eq!(
        refusal(&error),
        (OidcPlace::Callback, OidcReason::Iss),
        "promised and missing"
    );
    let query = format!(
        "code=CODE-1&state={}&iss=https%3A%2F%2Fevil.example.org",
        login.state().expose()
    );
    let error = stage
        .run(stage.client.complete(login.clone(), &query))
        .unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::Callback, OidcReason::Iss));

    // A login that was begun with another provider, client or redirect address.
    for member in ["issuer", "client_id", "redirect_uri"] {
        let mut other = stored(&login);
        other[member] = "https://evil.example.org".into();
        let other: Login = serde_json::from_value(other).unwrap();
        let error = stage.complete(&other).unwrap_err();
        assert_eq!(
            refusal(&error),
            (OidcPlace::Callback, OidcReason::OtherLogin),
            "{member}"
        );
    }
    assert_eq!(stage.script.calls(TOKEN), 0);
}

#[test]
fn a_clock_that_jumps_stops_what_has_become_old() {
    let stage = Stage::new();
    let (login, _) = stage.begin();
    answer_for(&stage, &login, "rsa-1", |_| {});
    // Within the leeway, then beyond it.
    stage.runtime.advance(Duration::from_secs(359));
    assert!(stage.complete(&login).is_ok());
    stage.runtime.advance(Duration::from_secs(2));
    let error = stage.complete(&login).unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::IdToken, OidcReason::Exp));
    stage.runtime.advance(Duration::from_secs(30 * 60));
    let error = stage.complete(&login).unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::Callback, OidcReason::LoginExpired));

    // Back by an hour: nobody knows how old the login is.
    stage
        .runtime
        .set(Timestamp::from_iso8601("2026-03-01T09:00:00Z").unwrap());
    let error = stage.complete(&login).unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::Callback, OidcReason::LoginExpired));
    // What was fetched in the meantime is of the future, and is fetched again.
    let before = stage.script.calls(DISCOVERY);
    stage.begin();
    assert_eq!(stage.script.calls(DISCOVERY), before + 1);
}

#[test]
fn a_key_that_was_changed_under_its_name_is_fetched_once() {
    let stage = Stage::with(basic(), REDIRECT, |settings| settings);
    stage.script.answer(DISCOVERY, document(""));
    let mut other: serde_json::Value =
        serde_json::from_str(include_str!("golden/oidc/jwks/rotated.json")).unwrap();
    let set = other["keys"].as_array_mut().unwrap();
    set.retain(|key| key["kid"] == "rsa-2");
    set[0]["kid"] = "rsa-1".into();
    stage.script.answer(KEYS, json(&other.to_string()));
    stage.script.answer(KEYS, keys("jwks/keys.json"));
    let (login, _) = stage.begin();
    answer_for(&stage, &login, "rsa-1", |_| {});
    stage.runtime.advance(Duration::from_secs(61));
    // The set is fetched with the callback at the latest; a minute must have passed until the next.
    let first = stage.complete(&login);
    assert_eq!(
        first.map(|_| ()).map_err(|error| refusal(&error)),
        Err((OidcPlace::IdToken, OidcReason::Signature))
    );
    stage.runtime.advance(Duration::from_secs(61));
    stage.complete(&login).unwrap();
    assert_eq!(stage.script.calls(KEYS), 2);
}

#[test]
fn a_provider_without_a_common_algorithm_is_refused_before_anybody_logs_in() {
    let stage = Stage::with(basic(), REDIRECT, |settings| {
        settings.algorithms([JwsAlgorithm::EdDsa])
    });
    stage.script.answer(DISCOVERY, document(""));
    let error = stage.run(stage.client.begin(&LoginOptions::new())).unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::Document, OidcReason::Algorithm));
}

#[test]
fn claims_that_nobody_asked_for_may_have_any_type() {
    let stage = Stage::new();
    let (login, _) = stage.begin();
    answer_for(&stage, &login, "rsa-1", |claims| {
        claims["address"] = "Main street 1".into();
        claims["email"] = serde_json::json!(["a@example.test", "b@example.test"]);
        claims["phone_number"] = 4670.into();
        claims["email_verified"] = "perhaps".into();
        claims["updated_at"] = "yesterday".into();
        claims["name#sv"] = serde_json::json!({});
    });
    let logged_in = stage.complete(&login).unwrap();
    let address: Option<String> = logged_in.user().claim("address");
    assert_eq!(address.as_deref(), Some("Main street 1"));
    assert_eq!(logged_in.user().claim::<bool>("email_verified"), None);
}

#[test]
fn keys_that_were_changed_are_fetched_once() {
    let stage = Stage::with(basic(), REDIRECT, |settings| settings);
    stage.script.answer(DISCOVERY, document(""));
    stage.script.answer(KEYS, keys("jwks/one_broken.json"));
    stage.script.answer(KEYS, keys("jwks/rotated.json"));
    let (login, _) = stage.begin();
    answer_for(&stage, &login, "rsa-1", |_| {});
    stage.complete(&login).unwrap();
    assert_eq!(stage.script.calls(KEYS), 1);

    // A minute later the provider signs with its new key.
    stage.runtime.advance(Duration::from_secs(60));
    let (login, _) = stage.begin();
    stage.script.answer(TOKEN, json("{}"));
    answer_for(&stage, &login, "rsa-2", |_| {});
    let error = stage.complete(&login).unwrap_err();
    assert_eq!(
        refusal(&error),
        (OidcPlace::IdToken, OidcReason::Nonce),
        "the answer of before"
    );
    let error = stage.complete(&login).unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::Token, OidcReason::TokenType));
    stage.complete(&login).unwrap();
    assert_eq!(stage.script.calls(KEYS), 2);

    // Unknown keys, again and again: within a minute nothing is fetched.
    for _ in 0..5 {
        let (login, _) = stage.begin();
        stage.script.answer(TOKEN, json("{}"));
        let _ = stage.complete(&login);
        answer_for(&stage, &login, "evil", |_| {});
        let _ = stage.complete(&login);
        let error = stage.complete(&login).unwrap_err();
        assert_eq!(refusal(&error), (OidcPlace::IdToken, OidcReason::Key));
    }
    assert_eq!(stage.script.calls(KEYS), 2);
    stage.runtime.advance(Duration::from_secs(60));
    let (login, _) = stage.begin();
    let error = stage.complete(&login).unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::IdToken, OidcReason::Key));
    assert_eq!(stage.script.calls(KEYS), 3);
}

/// The discovery document decides which of the allowed algorithms are believed.
#[test]
fn an_algorithm_that_was_not_announced_is_refused() {
    let stage = Stage::with(basic(), REDIRECT, |settings| settings);
    let text = String::from_utf8(document("").body().to_vec()).unwrap();
    stage
        .script
        .answer(DISCOVERY, json(&text.replace(r#""RS256","#, "")));
    stage.script.answer(KEYS, keys("jwks/keys.json"));
    let (login, _) = stage.begin();
    answer_for(&stage, &login, "rsa-1", |_| {});
    let error = stage.complete(&login).unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::IdToken, OidcReason::Algorithm));
}

#[test]
fn what_was_asked_for_is_demanded_of_the_token() {
    let stage = Stage::new();
    let options = LoginOptions::new()
        .acr("urn:golden:personal-mobile")
        .require_acr()
        .max_age(Duration::from_secs(60));
    let begin = || stage.run(stage.client.begin(&options)).unwrap().login;
    let now = stage.client_now() / 1000;
    for (acr, auth_time, wanted) in [
        ("urn:golden:personal-mobile", now - 60, None),
        ("urn:golden:other", now, Some(OidcReason::Acr)),
        (
            "urn:golden:personal-mobile",
            now - 121,
            Some(OidcReason::AuthTime),
        ),
        ("urn:golden:personal-mobile", now + 61, Some(OidcReason::AuthTime)),
    ] {
        let stage = Stage::new();
        let login: Login = serde_json::from_value(stored(&begin())).unwrap();
        answer_for(&stage, &login, "rsa-1", |claims| {
            claims["acr"] = acr.into();
            claims["auth_time"] = auth_time.into();
        });
        match (stage.complete(&login), wanted) {
            (Ok(logged_in), None) => assert_eq!(logged_in.user().acr(), Some(acr)),
            (Err(error), Some(reason)) => assert_eq!(refusal(&error), (OidcPlace::IdToken, reason)),
            (other, _) => panic!("{acr} {auth_time}: {other:?}"),
        }
    }
    // Required, and none named.
    let error = stage
        .run(stage.client.begin(&LoginOptions::new().require_acr()))
        .unwrap_err();
    assert_eq!(error.phase(), Phase::NotSent);
}

#[test]
fn settings_are_checked_and_kept() {
    let build = |id: &str, redirect: &str, more: fn(OidcBuilder) -> OidcBuilder| {
        let issuer = Issuer::parse(ISSUER).unwrap();
        let runtime = smartid_core::ManualRuntime::new(Timestamp::from_millis(0));
        more(OidcClient::builder(issuer, id, basic(), redirect))
            .build(Arc::new(Script::default()), Arc::new(runtime))
            .map(|_| ())
            .map_err(|error| error.setting)
    };
    assert_eq!(build("", REDIRECT, |b| b).unwrap_err(), "oidc.client_id");
    assert_eq!(
        build("a", "http://app.example.test/", |b| b).unwrap_err(),
        "oidc.redirect_uri"
    );
    assert_eq!(
        build("a", REDIRECT, |b| b.algorithms([])).unwrap_err(),
        "oidc.algorithms"
    );

    let stage = Stage::with(basic(), REDIRECT, |settings| settings.own_host_only());
    let text = String::from_utf8(document("").body().to_vec()).unwrap();
    stage.script.answer(
        DISCOVERY,
        json(&text.replace(KEYS, "https://keys.example.org/jwks")),
    );
    let error = stage.run(stage.client.provider()).unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::Document, OidcReason::Endpoint));

    for (pkce, offered, sent) in [
        (PkceUse::Always, false, true),
        (PkceUse::WhenOffered, false, false),
        (PkceUse::WhenOffered, true, true),
        (PkceUse::Never, true, false),
    ] {
        let stage = Stage::with(basic(), REDIRECT, |settings| settings.pkce(pkce));
        let offer = if offered {
            r#","code_challenge_methods_supported":["S256"]"#
        } else {
            ""
        };
        stage.script.answer(DISCOVERY, document(offer));
        let (login, address) = stage.begin();
        assert_eq!(address.contains("code_challenge="), sent, "{pkce:?}");
        assert_eq!(stored(&login).get("verifier").is_some(), sent, "{pkce:?}");
    }
}

/// A client certificate goes to the endpoint that is named for it, over the transport that has it.
#[test]
fn the_certificate_is_shown_to_the_token_endpoint_alone() {
    let other = Arc::new(Script::default());
    let transport: Arc<dyn Transport> = other.clone();
    let stage = Stage::with(ClientAuthentication::certificate(), REDIRECT, |settings| {
        settings.token_transport(transport)
    });
    let alias = "https://mtls.example.test/token";
    stage.script.answer(
        DISCOVERY,
        document(&format!(
            r#","mtls_endpoint_aliases":{{"token_endpoint":"{alias}"}}"#
        )),
    );
    stage.script.answer(KEYS, keys("jwks/keys.json"));
    let (login, _) = stage.begin();
    answer_for(&stage, &login, "rsa-1", |_| {});
    other.answer(alias, stage.script.answer_at(TOKEN));
    stage.complete(&login).unwrap();
    assert_eq!((other.calls(alias), stage.script.calls(TOKEN)), (1, 0));
    let form = pairs(&other.sent()[0].body);
    assert_eq!(form["client_id"], CLIENT);
    assert!(!form.contains_key("client_secret") && !other.sent()[0].headers.contains_key("authorization"));
}

/// Id and secret in the header as they are, where an installation wants that.
#[test]
fn basic_can_be_written_as_it_is() {
    let raw = || smartid_da::oauth::OAuthDialect::from_toml("basic = 'raw'").unwrap();
    for (dialect, wanted) in [
        (raw(), "golden-client:a b&c"),
        (Default::default(), "golden-client:a+b%26c"),
    ] {
        let authentication = ClientAuthentication::basic("a b&c".into());
        let stage = Stage::with(authentication, REDIRECT, |settings| settings.dialect(dialect));
        stage.script.answer(DISCOVERY, document(""));
        stage.script.answer(KEYS, keys("jwks/keys.json"));
        let (login, _) = stage.begin();
        answer_for(&stage, &login, "rsa-1", |_| {});
        stage.complete(&login).unwrap();
        let sent = stage.script.sent().pop().unwrap();
        let header = format!("Basic {}", encode(Flavour::Standard, wanted.as_bytes()));
        assert_eq!(sent.headers["authorization"], *header);
    }
    let runtime = smartid_core::ManualRuntime::new(Timestamp::from_millis(0));
    let refused = OidcClient::builder(Issuer::parse(ISSUER).unwrap(), "a:b", basic(), REDIRECT)
        .dialect(raw())
        .build(Arc::new(Script::default()), Arc::new(runtime));
    assert_eq!(refused.unwrap_err().setting, "oidc.client_id");
}

/// What could not stand in a header would be a panic in a careless client.
#[test]
fn an_access_token_that_is_none_is_refused() {
    for token in ["", "a b", "a\\nb", "a\\u0000", "ä"] {
        let stage = Stage::new();
        let (login, _) = stage.begin();
        stage.script.answer(
            TOKEN,
            json(&format!(
                r#"{{"access_token":"{token}","token_type":"Bearer","id_token":"a.b.c"}}"#
            )),
        );
        let error = stage.complete(&login).unwrap_err();
        assert_eq!(refusal(&error), (OidcPlace::Token, OidcReason::Token), "{token}");
    }
    let stage = Stage::new();
    let (login, _) = stage.begin();
    let twice = r#"{"access_token":"a","access_token":"b","token_type":"Bearer","id_token":"a.b.c"}"#;
    stage.script.answer(TOKEN, json(twice));
    let error = stage.complete(&login).unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::Token, OidcReason::Duplicate));
}

/// Nothing grows with what a stranger sends.
#[test]
fn what_is_too_large_is_not_read() {
    let issuer = || Issuer::parse(ISSUER).unwrap();
    let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let set = |count: usize| format!(r#"{{"keys":[{}]}}"#, vec![key; count].join(","));
    assert_eq!(KeySet::parse(set(256).as_bytes()).unwrap().usable().count(), 256);
    let many = KeySet::parse(set(257).as_bytes()).unwrap_err();
    assert_eq!((many.place(), many.reason()), (OidcPlace::Keys, OidcReason::Body));
    let long = format!(r#"{{"keys":[],"x":"{}"}}"#, "a".repeat(1024 * 1024));
    assert_eq!(
        KeySet::parse(long.as_bytes()).unwrap_err().reason(),
        OidcReason::Body
    );

    let text = String::from_utf8(document("").body().to_vec()).unwrap();
    let padded = |count: usize| text.replacen('{', &format!("{{{}", " ".repeat(count)), 1);
    assert!(Provider::parse(&issuer(), padded(100_000).as_bytes()).is_ok());
    let long = Provider::parse(&issuer(), padded(132_000).as_bytes()).unwrap_err();
    assert_eq!(long.reason(), OidcReason::Body);

    let check = CallbackCheck::new(issuer(), STATE.into());
    let query = |padding: usize| format!("state={STATE}&code=x&y={}", "a".repeat(padding));
    assert!(check.code(&query(60_000)).is_ok());
    assert_eq!(
        check.code(&query(66_000)).unwrap_err().reason(),
        OidcReason::Shape
    );
    let many = format!("state={STATE}&code=x{}", "&a=b".repeat(62));
    assert!(check.code(&many).is_ok());
    assert_eq!(
        check.code(&format!("{many}&a=b")).unwrap_err().reason(),
        OidcReason::Shape
    );
    for error in ["%22", "%5C", "%C3%A4", "%0A", &"e".repeat(129)] {
        let query = format!("state={STATE}&error={error}");
        assert_eq!(
            check.code(&query).unwrap_err().reason(),
            OidcReason::Shape,
            "{error}"
        );
    }

    let token = IdTokenCheck::new(issuer(), CLIENT, NONCE.into());
    let keys = KeySet::parse(br#"{"keys":[]}"#).unwrap();
    let long = format!("e30.{}.AA", "A".repeat(128 * 1024));
    let now = Timestamp::from_iso8601(NOW).unwrap();
    assert_eq!(
        token.verify(&long, &keys, now).unwrap_err().reason(),
        OidcReason::Shape
    );
    let short = format!("e30.{}.AA", "A".repeat(1024));
    assert_eq!(
        token.verify(&short, &keys, now).unwrap_err().reason(),
        OidcReason::Algorithm
    );
}

#[derive(Debug)]
struct Down(TransportProblem);

impl Transport for Down {
    fn send<'a>(&'a self, _: &'a ServiceUrl, _: Outgoing) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        Box::pin(std::future::ready(Err(TransportError::new(self.0, ""))))
    }
}

#[test]
fn a_provider_that_is_not_there_is_no_refusal() {
    let runtime = smartid_core::ManualRuntime::new(Timestamp::from_iso8601(NOW).unwrap());
    let client = OidcClient::builder(Issuer::parse(ISSUER).unwrap(), CLIENT, basic(), REDIRECT)
        .build(
            Arc::new(Down(TransportProblem::Connect)),
            Arc::new(runtime.clone()),
        )
        .unwrap();
    let error = runtime
        .block_on(client.begin(&LoginOptions::new()))
        .unwrap()
        .unwrap_err();
    assert_eq!(
        (error.phase(), error.operation()),
        (Phase::NotSent, "da.oidc-discovery")
    );
    assert_eq!(error.attempts(), 3);

    // The exchange is not repeated: nobody knows whether the code was used.
    let down: Arc<dyn Transport> = Arc::new(Down(TransportProblem::Timeout));
    let stage = Stage::with(basic(), REDIRECT, |settings| settings.token_transport(down));
    stage.script.answer(DISCOVERY, document(""));
    stage.script.answer(KEYS, keys("jwks/keys.json"));
    let (login, _) = stage.begin();
    let error = stage.complete(&login).unwrap_err();
    assert_eq!((error.phase(), error.attempts()), (Phase::PerhapsDone, 1));

    let mut answer = HeaderMap::new();
    answer.insert("retry-after", "7".parse().unwrap());
    let stage = Stage::with(basic(), REDIRECT, |settings| settings);
    stage.script.answer(
        DISCOVERY,
        Incoming::new(StatusCode::SERVICE_UNAVAILABLE, answer, "".into()),
    );
    stage.script.answer(DISCOVERY, document(""));
    stage.begin();
    assert_eq!(
        stage.script.calls(DISCOVERY),
        2,
        "asked again after seven seconds"
    );
    let refused = OidcReason::Status;
    assert_eq!(refused.name(), "status");
}

/// Plain HTTP on this machine alone, by the switch that says so.
#[test]
fn plain_http_is_for_a_test_on_this_machine() {
    let issuer = Issuer::danger_parse_plain_http("http://localhost:3000").unwrap();
    let script = Arc::new(Script::default());
    let runtime = smartid_core::ManualRuntime::new(Timestamp::from_iso8601(NOW).unwrap());
    let client = OidcClient::builder(issuer, CLIENT, basic(), "http://127.0.0.1:49152/callback")
        .build(script.clone(), Arc::new(runtime.clone()))
        .unwrap();
    let text = String::from_utf8(document("").body().to_vec()).unwrap();
    let local = text.replace("https://login.example.test", "http://localhost:3000");
    let discovery = "http://localhost:3000/.well-known/openid-configuration";
    script.answer(discovery, json(&local));
    script.answer(
        discovery,
        json(&local.replace("http://localhost:3000/https", "http://192.0.2.1/https")),
    );
    let page = smartid_da::portal::AccessPoint::danger_parse_plain_http("http://localhost:3000").unwrap();
    let page = smartid_da::portal::LoginAddress::new(page, "Password").unwrap();
    let options = LoginOptions::new()
        .through(page)
        .login_hint("alice")
        .parameter("tenant", "hidden");
    assert!(!format!("{options:?}").contains("alice") && !format!("{options:?}").contains("hidden"));
    let begun = runtime.block_on(client.begin(&options)).unwrap().unwrap();
    assert!(
        begun
            .address
            .starts_with("http://localhost:3000/wa/auth?authmech=Password&location=http%3A")
    );
    assert!(!format!("{begun:?}").contains("location"));

    // An hour later the document leads elsewhere.
    runtime.advance(Duration::from_secs(3600));
    let error = runtime.block_on(client.begin(&options)).unwrap().unwrap_err();
    assert_eq!(refusal(&error), (OidcPlace::Document, OidcReason::Endpoint));

    for name in ["state", "request_uri", "", "tenant"] {
        let twice = LoginOptions::new().parameter("tenant", "1").parameter(name, "2");
        let stage = Stage::new();
        let error = stage.run(stage.client.begin(&twice)).unwrap_err();
        assert_eq!(error.phase(), Phase::NotSent, "{name}");
    }
}

#[test]
fn a_stored_login_that_ties_to_nothing_is_not_read() {
    let good = stored(&login(None, REDIRECT));
    for member in ["state", "nonce"] {
        let mut bad = good.clone();
        bad[member] = "".into();
        assert!(serde_json::from_value::<Login>(bad).is_err(), "{member}");
    }
    let mut more = good;
    more["admin"] = true.into();
    assert!(serde_json::from_value::<Login>(more).is_err());
}

/// The futures go where tokio wants them.
#[test]
fn futures_can_be_sent() {
    fn send<T: Send>(_: &T) {}
    let stage = Stage::new();
    let login = login(None, REDIRECT);
    send(&stage.client.begin(&LoginOptions::new()));
    send(&stage.client.complete(login, ""));
    answer_nothing(&stage);
}

fn answer_nothing(stage: &Stage) {
    assert_eq!(
        stage.script.sent().len(),
        0,
        "a future that is not awaited sends nothing"
    );
}

proptest! {
    /// Nobody gets a code out of a callback without the state.
    #[test]
    fn no_query_is_believed_without_its_state(query in ".{0,200}") {
        let issuer = Issuer::parse(ISSUER).unwrap();
        let check = CallbackCheck::new(issuer, STATE.into());
        prop_assert!(check.code(&query).is_err());
        let honest = format!("{query}&state={STATE}&code=x");
        if let Ok(code) = check.code(&honest) {
            prop_assert_eq!(code.expose(), "x");
        }
    }

    #[test]
    fn a_code_comes_back_as_it_was_sent(code in "[ -~]{1,80}") {
        let issuer = Issuer::parse(ISSUER).unwrap();
        let check = CallbackCheck::new(issuer, STATE.into());
        let encoded: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
        let query = format!("?state={STATE}&code={encoded}");
        prop_assert_eq!(check.code(&query).unwrap().expose().to_owned(), code);
    }

    #[test]
    fn an_issuer_is_kept_as_it_is_or_refused(text in "(https?://)?[a-z0-9.:@/?#%-]{0,40}") {
        if let Ok(issuer) = Issuer::parse(&text) {
            prop_assert_eq!(issuer.as_str(), &text);
            prop_assert!(text.starts_with("https://") && !text.ends_with('/') && !text.contains(['@', '?', '#']));
        }
    }
}
