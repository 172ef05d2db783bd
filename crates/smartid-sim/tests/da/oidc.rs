//! The OpenID provider: a relying party typed by hand, and everything that can be wrong on either side.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::browser::{Browser, location};
use crate::common::{Answer, Bench, b64};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use smartid_sim::config::{DaMethod, DaMethodKind, OauthClient};
use smartid_sim::pki::{Digest, PublicKey, jws};
use smartid_sim::{SimConfig, SimError};

pub(super) const BACK: &str = "https://rp.example.test/cb";
pub(super) const RP: &str = "client_id=rp&redirect_uri=https%3A%2F%2Frp.example.test%2Fcb&response_type=code&scope=openid+profile+email&state=s%2B1&nonce=n-1";
pub(super) const AUTHORIZE: &str = "/https/api/rest/v3.0/oauth2/authorize";
/// RFC 7636 appendix B.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(super) async fn bench(toml: &str) -> Bench {
    let bench = Bench::from_toml(toml).await;
    bench
        .sim
        .put_oauth_client(OauthClient::new("rp", "secret").redirect_uri(BACK));
    bench
}

pub(super) fn code(bench: &Bench) -> String {
    bench.sim.records().last().unwrap().code.clone().unwrap()
}

/// A browser in which alice has logged in with a password.
pub(super) fn logged_in(bench: &Bench) -> Browser {
    logged_in_with(bench, "Password")
}

pub(super) fn logged_in_with(bench: &Bench, method: &str) -> Browser {
    let mut browser = Browser::new(bench);
    let cookie = bench.sim.da_session_of("alice", method).unwrap();
    let (name, value) = cookie.split_once('=').unwrap();
    browser.cookies.insert(name.into(), value.into());
    browser
}

/// What came back to the relying party.
pub(super) fn returned(answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!(answer.status, 302, "{}", answer.text);
    let url = url::Url::parse(&location(answer)).unwrap();
    assert_eq!(
        format!("{}{}", url.origin().ascii_serialization(), url.path()),
        BACK
    );
    url.query_pairs().into_owned().collect()
}

pub(super) async fn fresh_code(bench: &Bench, more: &str) -> String {
    let answer = logged_in(bench).get(&format!("{AUTHORIZE}?{RP}{more}")).await;
    returned(&answer)
        .remove("code")
        .unwrap_or_else(|| panic!("{:?}", answer.headers))
}

pub(super) async fn redeem_as(bench: &Bench, id: &str, secret: &str, code: &str, more: &str) -> Answer {
    let back: String = url::form_urlencoded::byte_serialize(BACK.as_bytes()).collect();
    let request = bench
        .http
        .post(bench.sim.da_token_url())
        .header(
            "authorization",
            format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}"))),
        )
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!(
            "grant_type=authorization_code&code={code}&redirect_uri={back}{more}"
        ));
    Answer::of(request.send().await.unwrap()).await
}

pub(super) async fn redeem(bench: &Bench, code: &str, more: &str) -> Answer {
    redeem_as(bench, "rp", "secret", code, more).await
}

pub(super) async fn get(bench: &Bench, url: &str) -> Value {
    Answer::of(bench.http.get(url).send().await.unwrap()).await.json()
}

pub(super) async fn discovery(bench: &Bench) -> Value {
    get(
        bench,
        &format!("{}/.well-known/openid-configuration", bench.sim.da_issuer()),
    )
    .await
}

pub(super) async fn keys(bench: &Bench) -> Vec<Value> {
    let set = get(bench, discovery(bench).await["jwks_uri"].as_str().unwrap()).await;
    set["keys"].as_array().unwrap().clone()
}

/// The claims of an ID token that one of the published keys has signed.
pub(super) async fn verified(bench: &Bench, token: &str) -> Option<Value> {
    keys(bench).await.iter().find_map(|jwk| {
        let payload = jws::verify(token, &PublicKey::from_jwk(jwk).unwrap()).ok()?;
        serde_json::from_slice(&payload).ok()
    })
}

pub(super) async fn claims(bench: &Bench) -> Value {
    let code = fresh_code(bench, "").await;
    let body = redeem(bench, &code, "").await.json();
    verified(bench, body["id_token"].as_str().unwrap()).await.unwrap()
}

pub(super) async fn user_info(bench: &Bench, token: &str) -> Answer {
    let url = format!("{}/https/api/rest/v3.0/oauth2/userinfo", bench.sim.da_origin());
    Answer::of(bench.http.get(url).bearer_auth(token).send().await.unwrap()).await
}

#[tokio::test]
async fn a_browser_goes_the_whole_way() {
    let bench = bench("").await;
    let found = discovery(&bench).await;
    assert_eq!(found["issuer"], bench.sim.da_origin());
    assert!(!bench.sim.da_issuer().ends_with('/'));
    assert_eq!(
        found["authorization_endpoint"],
        format!("{}{AUTHORIZE}", bench.sim.da_origin())
    );
    assert_eq!(found["token_endpoint"], bench.sim.da_token_url());
    assert_eq!(found["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(found["id_token_signing_alg_values_supported"], json!(["ES256"]));
    let mut browser = Browser::new(&bench);
    let request = format!("{AUTHORIZE}?{RP}&code_challenge={CHALLENGE}&code_challenge_method=S256");
    let answer = browser.get(&request).await;
    assert_eq!((answer.status, code(&bench).as_str()), (302, "login_needed"));
    let menu = browser.get(&location(&answer)).await;
    assert!(menu.text.contains("authmech=Password"));
    let (_, rest) = menu
        .text
        .split_once("<a href=\"/wa/auth?authmech=Password")
        .unwrap();
    let rest = rest.split('"').next().unwrap().replace("&amp;", "&");
    let href = format!("/wa/auth?authmech=Password{rest}");
    let page = browser.get(&href).await;
    let password = bench.sim.da_users()[0].password.clone();
    let answer = browser
        .submit(&page, &format!("username=alice&password={password}"))
        .await;
    assert_eq!(answer.status, 303);
    let answer = browser.get(&location(&answer)).await;
    let back = returned(&answer);
    assert_eq!((back["state"].as_str(), back.contains_key("iss")), ("s+1", false));
    let answer = redeem(&bench, &back["code"], &format!("&code_verifier={VERIFIER}")).await;
    assert_eq!(
        (answer.status, answer.headers["cache-control"].to_str().unwrap()),
        (200, "no-store"),
        "{}",
        answer.text
    );
    let body = answer.json();
    assert_eq!(
        (body["scope"].as_str(), body["expires_in"].as_u64()),
        (Some("openid profile email"), Some(3600))
    );
    let token = body["access_token"].as_str().unwrap();
    let id_token = body["id_token"].as_str().unwrap();
    let now = 1_767_225_600;
    assert_eq!(
        verified(&bench, id_token).await.unwrap(),
        json!({
            "iss": bench.sim.da_issuer(),
            "sub": "alice",
            "aud": "rp",
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": "n-1",
            "acr": "pw0000000001",
            "amr": ["pwd"],
            "at_hash": b64(&Digest::Sha256.of(token.as_bytes())[..16]),
            "name": "alice",
            "preferred_username": "alice",
            "email": "alice@example.test",
        })
    );
    let header = jws::parse(id_token).unwrap().header;
    assert_eq!(
        (header["alg"].as_str(), header["typ"].as_str()),
        (Some("ES256"), Some("JWT"))
    );
    assert_eq!(header["kid"], keys(&bench).await[0]["kid"]);
    let info = user_info(&bench, token).await;
    assert_eq!(
        info.json(),
        json!({"sub": "alice", "name": "alice", "preferred_username": "alice", "email": "alice@example.test"})
    );
    // The token of a client, an unknown one, and one that has expired say nothing about anybody.
    let body = "grant_type=client_credentials&client_id=rp&client_secret=secret";
    let own = bench
        .http
        .post(bench.sim.da_token_url())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let own = Answer::of(own.send().await.unwrap()).await.json();
    let answer = user_info(&bench, own["access_token"].as_str().unwrap()).await;
    assert_eq!(
        (answer.status, code(&bench).as_str()),
        (403, "token_without_user")
    );
    assert_eq!(user_info(&bench, "unknown").await.status, 401);
    bench.sim.advance(Duration::from_secs(3600));
    let answer = user_info(&bench, token).await;
    assert_eq!(
        (
            answer.status,
            answer.headers["www-authenticate"].to_str().unwrap()
        ),
        (401, "Bearer error=\"invalid_token\"")
    );
}

#[tokio::test]
async fn a_method_can_be_asked_for() {
    let bench = bench("").await;
    let mut method = DaMethod::new("Second Word", "second000001", DaMethodKind::Password);
    method.acr = "urn:example:high".into();
    bench.sim.put_method(method).unwrap();
    let to_login = format!(
        "authmech=Second%20Word&location={}",
        AUTHORIZE.replace('/', "%2F")
    );
    for wish in [
        "Second+Word",
        "second000001",
        "urn%3Aexample%3Ahigh",
        "nonsense+second000001",
    ] {
        // A session by another method is not enough.
        let answer = logged_in(&bench)
            .get(&format!("{AUTHORIZE}?{RP}&acr_values={wish}"))
            .await;
        assert!(location(&answer).contains(&to_login), "{}", location(&answer));
        let answer = logged_in_with(&bench, "Second Word")
            .get(&format!("{AUTHORIZE}?{RP}&acr_values={wish}"))
            .await;
        let code = returned(&answer)["code"].clone();
        let token = redeem(&bench, &code, "").await.json();
        let claims = verified(&bench, token["id_token"].as_str().unwrap())
            .await
            .unwrap();
        assert_eq!(claims["acr"], "urn:example:high");
    }
    assert!(
        returned(
            &logged_in(&bench)
                .get(&format!("{AUTHORIZE}?{RP}&acr_values=nonsense"))
                .await
        )
        .contains_key("code")
    );
    // The client's setting.
    bench.sim.put_oauth_client(
        OauthClient::new("rp", "secret")
            .redirect_uri(BACK)
            .method("Second Word"),
    );
    let answer = logged_in(&bench).get(&format!("{AUTHORIZE}?{RP}")).await;
    assert!(location(&answer).contains(&to_login));
    // Anew, or not too long ago.
    bench
        .sim
        .put_oauth_client(OauthClient::new("rp", "secret").redirect_uri(BACK));
    let mut browser = logged_in(&bench);
    let answer = browser.get(&format!("{AUTHORIZE}?{RP}&prompt=login")).await;
    assert!(location(&answer).starts_with("/wa/auth?location=") && !location(&answer).contains("prompt"));
    bench.sim.advance(Duration::from_secs(61));
    assert_eq!(code(&bench), "login_needed");
    assert!(location(&browser.get(&format!("{AUTHORIZE}?{RP}&max_age=60")).await).starts_with("/wa/auth?"));
    assert!(returned(&browser.get(&format!("{AUTHORIZE}?{RP}&max_age=61")).await).contains_key("code"));
}

#[tokio::test]
async fn clients_redeem_by_all_three_ways() {
    let toml = "[[da.oauth.clients]]\nid = \"rp\"\nsecret = \"secret\"\nredirect_uris = [\"https://rp.example.test/cb\"]\nauthentication = [\"basic\", \"body\", \"certificate\"]\n";
    let bench = Bench::from_toml(toml).await;
    let identity = bench.sim.client_identity("rp").unwrap();
    let pem = format!("{}{}", identity.certificate_pem, identity.key_pem);
    let certified = reqwest::Client::builder()
        .tls_backend_rustls()
        .tls_certs_only([reqwest::Certificate::from_pem(bench.sim.ca_pem().as_bytes()).unwrap()])
        .identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap())
        .build()
        .unwrap();
    let code = fresh_code(&bench, "").await;
    assert_eq!(redeem(&bench, &code, "").await.status, 200);
    for (http, more) in [(&bench.http, "&client_secret=secret"), (&certified, "")] {
        let code = fresh_code(&bench, "").await;
        let body = format!(
            "grant_type=authorization_code&client_id=rp{more}&code={code}&redirect_uri=https%3A%2F%2Frp.example.test%2Fcb"
        );
        let request = http
            .post(bench.sim.da_token_url())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        assert!(Answer::of(request.send().await.unwrap()).await.json()["id_token"].is_string());
    }
    // None of them.
    let code = fresh_code(&bench, "").await;
    assert_eq!(redeem_as(&bench, "rp", "wrong", &code, "").await.status, 401);
}

#[tokio::test]
async fn algorithms_and_keys() {
    for (alg, kind) in [("ES256", "EC"), ("RS256", "RSA"), ("PS256", "RSA")] {
        let bench = bench(&format!("[da.oidc]\nid_token_alg = \"{alg}\"\ndecoy_keys = 2")).await;
        let set = keys(&bench).await;
        assert_eq!(
            (set.len(), set[2]["kty"].as_str(), set[2]["alg"].as_str()),
            (3, Some(kind), Some(alg))
        );
        let code = fresh_code(&bench, "").await;
        let token = redeem(&bench, &code, "").await.json()["id_token"]
            .as_str()
            .unwrap()
            .to_owned();
        let header = jws::parse(&token).unwrap().header;
        assert_eq!(
            (header["alg"].as_str(), &header["kid"]),
            (Some(alg), &set[2]["kid"])
        );
        assert!(verified(&bench, &token).await.is_some());
    }
    let bench = bench("[da.oidc]\nformer_keys = 1").await;
    let first = keys(&bench).await.remove(0)["kid"].clone();
    let code = fresh_code(&bench, "").await;
    let old = redeem(&bench, &code, "").await.json()["id_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let second = bench.sim.rotate_oidc_key().unwrap();
    let ids = async || {
        keys(&bench)
            .await
            .iter()
            .map(|jwk| jwk["kid"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids().await, [json!(second), first]);
    assert!(verified(&bench, &old).await.is_some());
    let third = bench.sim.rotate_oidc_key().unwrap();
    assert_eq!(ids().await, [json!(third), json!(second)]);
    assert!(verified(&bench, &old).await.is_none());
    claims(&bench).await;
    bench.sim.reconfigure(|config| config.da.oidc.key_ids = false);
    assert!(keys(&bench).await[0].get("kid").is_none());
    let code = fresh_code(&bench, "").await;
    let token = redeem(&bench, &code, "").await.json()["id_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(jws::parse(&token).unwrap().header.get("kid").is_none());
    for wrong in [
        "id_token_alg = \"HS256\"",
        "issuer = \"http://x\"",
        "issuer = \"https://x/\"",
    ] {
        let config = SimConfig::from_toml(&format!("[da.oidc]\n{wrong}")).unwrap();
        let refused = smartid_sim::Sim::builder()
            .config(config)
            .start()
            .await
            .map(|_| ());
        assert!(matches!(refused, Err(SimError::Config(_))), "{wrong}");
    }
}

#[tokio::test]
async fn addresses_issuer_and_claims_move() {
    let bench = bench(
        "[da.oidc]\nissuer = \"https://login.example.test/op\"\nauthorize_path = \"/a\"\nuserinfo_path = \"/u\"\njwks_path = \"/k\"\n\
         issuer_in_callback = true\nsubject_attribute = \"mail\"\nid_token_lifetime_seconds = 7\n[da.oidc.claims]\nwindows_account = \"samAccountName\"\nemail = \"uid\"\n",
    )
    .await;
    let origin = bench.sim.da_origin().to_owned();
    let found = get(&bench, &format!("{origin}/op/.well-known/openid-configuration")).await;
    assert_eq!(
        (
            found["issuer"].as_str(),
            found["authorization_response_iss_parameter_supported"].as_bool()
        ),
        (Some("https://login.example.test/op"), Some(true))
    );
    assert_eq!(found["jwks_uri"], format!("{origin}/k"));
    let back = returned(&logged_in(&bench).get(&format!("/a?{RP}")).await);
    assert_eq!(back["iss"], "https://login.example.test/op");
    let body = redeem(&bench, &back["code"], "").await.json();
    let set = get(&bench, &format!("{origin}/k")).await;
    let key = PublicKey::from_jwk(&set["keys"][0]).unwrap();
    let claims: Value =
        serde_json::from_slice(&jws::verify(body["id_token"].as_str().unwrap(), &key).unwrap()).unwrap();
    assert_eq!(
        (claims["sub"].as_str(), claims["windows_account"].as_str()),
        (Some("alice@example.test"), Some("alice"))
    );
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        7
    );
    assert_eq!(claims["email"], "alice");
    let info = bench
        .http
        .get(format!("{origin}/u"))
        .bearer_auth(body["access_token"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(info.status(), 200);
    let off = self::bench("[da.oidc]\nprovider = false").await;
    for path in ["/.well-known/openid-configuration", AUTHORIZE] {
        assert_eq!(Browser::new(&off).get(path).await.status, 404);
    }
}
