//! The authorization server of Digital Access: clients, tokens, their end, and who is refused. Requests are typed from RFC 6749.
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

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use common::{Answer, Bench};
use smartid_sim::config::OauthClient;
use smartid_sim::pki::{Key, KeyKind, Profile, TestCa, Validity};

const FORM: &str = "application/x-www-form-urlencoded";

const CLIENT: &str =
    "[[da.oauth.clients]]\nid = \"idm:1\"\nsecret = \"s+e%c&r e:t\"\nscopes = [\"WS\", \"other\"]\n";

/// `Basic` with both halves form-encoded by hand.
fn basic() -> String {
    format!("Basic {}", BASE64_STANDARD.encode("idm%3A1:s%2Be%25c%26r+e%3At"))
}

async fn bench(more: &str) -> Bench {
    Bench::from_toml(&format!("[da.oauth]\n{more}\n{CLIENT}")).await
}

async fn post_as(http: &reqwest::Client, url: &str, authorization: Option<&str>, body: &str) -> Answer {
    let mut request = http.post(url).header("content-type", FORM).body(body.to_owned());
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    Answer::of(request.send().await.unwrap()).await
}

async fn token(bench: &Bench, body: &str) -> Answer {
    post_as(&bench.http, &bench.sim.da_token_url(), Some(&basic()), body).await
}

fn code(bench: &Bench) -> String {
    bench.sim.records().last().unwrap().code.clone().unwrap()
}

async fn options(bench: &Bench, authorization: &str) -> Answer {
    let url = format!("{}/fido/options?userId=alice", bench.sim.da_base_url());
    Answer::of(
        bench
            .http
            .get(url)
            .header("authorization", authorization)
            .send()
            .await
            .unwrap(),
    )
    .await
}

#[tokio::test]
async fn a_client_gets_a_token_by_basic_and_by_form() {
    let bench = bench("").await;
    assert!(
        bench
            .sim
            .da_token_url()
            .ends_with("/https/api/rest/v3.0/oauth2/token")
    );
    let answer = token(&bench, "grant_type=client_credentials").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["pragma"], "no-cache");
    assert_eq!(answer.headers["content-type"], "application/json");
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body["scope"], "WS other");
    assert_eq!(body["access_token"].as_str().unwrap().len(), 64);
    let by_form =
        "grant_type=client_credentials&client_id=idm%3A1&client_secret=s%2Be%25c%26r+e%3At&scope=WS";
    let answer = post_as(&bench.http, &bench.sim.da_token_url(), None, by_form).await;
    assert_eq!(answer.json()["scope"], "WS", "{}", answer.text);
    assert_ne!(answer.json()["access_token"], body["access_token"]);
    assert_eq!(bench.sim.oauth_tokens(), 2);
    assert_eq!(code(&bench), "token");
}

#[tokio::test]
async fn refusals_are_those_of_the_rfc() {
    let bench = bench("").await;
    let url = bench.sim.da_token_url();
    let good = basic();
    let wrong = format!("Basic {}", BASE64_STANDARD.encode("idm%3A1:wrong"));
    let stranger = format!("Basic {}", BASE64_STANDARD.encode("nobody:wrong"));
    let not_base64 = "Basic %%%";
    let grant = "grant_type=client_credentials";
    let secret_body = format!("{grant}&client_id=idm%3A1&client_secret=wrong");
    let both = format!("{grant}&client_id=idm%3A1&client_secret=s%2Be%25c%26r+e%3At");
    let long = format!("{grant}&pad={}", "x".repeat(70_000));
    for (authorization, body, status, error, word) in [
        (
            Some(wrong.as_str()),
            grant,
            401,
            "invalid_client",
            "client_secret",
        ),
        (Some(&stranger), grant, 401, "invalid_client", "client_unknown"),
        (Some(not_base64), grant, 401, "invalid_client", "basic_unreadable"),
        (
            Some("Bearer abc"),
            grant,
            401,
            "invalid_client",
            "basic_unreadable",
        ),
        (None, grant, 401, "invalid_client", "client_missing"),
        (None, secret_body.as_str(), 401, "invalid_client", "client_secret"),
        (
            None,
            "grant_type=client_credentials&client_id=idm%3A1",
            401,
            "invalid_client",
            "certificate_missing",
        ),
        (
            Some(&good),
            both.as_str(),
            400,
            "invalid_request",
            "two_authentications",
        ),
        (
            Some(&good),
            "grant_type=client_credentials&client_id=other",
            400,
            "invalid_request",
            "two_clients",
        ),
        (
            Some(&good),
            "scope=WS",
            400,
            "invalid_request",
            "grant_type_missing",
        ),
        (
            Some(&good),
            "grant_type=",
            400,
            "invalid_request",
            "grant_type_missing",
        ),
        (
            Some(&good),
            "grant_type=password",
            400,
            "unsupported_grant_type",
            "grant_type",
        ),
        (
            Some(&good),
            "grant_type=client_credentials&scope=admin",
            400,
            "invalid_scope",
            "scope",
        ),
        (
            Some(&good),
            "grant_type=a&grant_type=a",
            400,
            "invalid_request",
            "parameter_repeated",
        ),
        (
            Some(&good),
            long.as_str(),
            400,
            "invalid_request",
            "form_too_large",
        ),
    ] {
        let answer = post_as(&bench.http, &url, authorization, body).await;
        assert_eq!(
            (answer.status, code(&bench).as_str()),
            (status, word),
            "{}",
            answer.text
        );
        assert_eq!(answer.json()["error"], error);
        assert_eq!(answer.headers["cache-control"], "no-store");
        let challenge = answer.headers.contains_key("www-authenticate");
        assert_eq!(
            challenge,
            matches!(word, "client_secret" | "client_unknown") && authorization.is_some()
        );
        assert!(
            !answer.text.contains("wrong"),
            "nothing that was sent is repeated"
        );
    }
    // The secret in the query, documented as forbidden, even when it is right.
    let query = format!("{url}?client_id=idm%3A1&client_secret=s%2Be%25c%26r+e%3At");
    let answer = post_as(&bench.http, &query, None, grant).await;
    assert_eq!((answer.status, code(&bench).as_str()), (400, "secret_in_query"));
    let answer = post_as(&bench.http, &query, Some(&good), grant).await;
    assert_eq!((answer.status, code(&bench).as_str()), (400, "secret_in_query"));
    let request = bench
        .http
        .post(&url)
        .header("authorization", &good)
        .header("content-type", "application/json")
        .body(r#"{"grant_type": "client_credentials"}"#);
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!((answer.status, code(&bench).as_str()), (400, "form_content_type"));
    let answer = Answer::of(bench.http.get(&url).send().await.unwrap()).await;
    assert_eq!(
        (answer.status, answer.headers["allow"].to_str().unwrap()),
        (405, "POST")
    );
    let twice = bench
        .http
        .post(&url)
        .header("content-type", FORM)
        .header("authorization", &good)
        .header("authorization", &good);
    let answer = Answer::of(twice.body(grant).send().await.unwrap()).await;
    assert_eq!(
        (answer.status, code(&bench).as_str()),
        (400, "authorization_repeated")
    );
    assert_eq!(bench.sim.oauth_tokens(), 0);
}

#[tokio::test]
async fn what_a_client_may_is_said_at_the_client() {
    let bench = Bench::from_toml(
        "[[da.oauth.clients]]\nid = \"c\"\nsecret = \"s\"\ngrants = [\"authorization_code\"]\n\
         [[da.oauth.clients]]\nid = \"b\"\nsecret = \"s\"\nscopes = [\"openid\", \"WS\"]\nauthentication = [\"body\"]\n",
    )
    .await;
    let url = bench.sim.da_token_url();
    let answer = post_as(
        &bench.http,
        &url,
        None,
        "grant_type=client_credentials&client_id=c&client_secret=s",
    )
    .await;
    assert_eq!((answer.status, code(&bench).as_str()), (400, "grant_of_client"));
    assert_eq!(answer.json()["error"], "unauthorized_client");
    let by_basic = format!("Basic {}", BASE64_STANDARD.encode("b:s"));
    let answer = post_as(
        &bench.http,
        &url,
        Some(&by_basic),
        "grant_type=client_credentials",
    )
    .await;
    assert_eq!(
        (answer.status, code(&bench).as_str()),
        (401, "client_authentication")
    );
    let body = "grant_type=client_credentials&client_id=b&client_secret=s";
    assert_eq!(post_as(&bench.http, &url, None, body).await.json()["scope"], "WS");
    let openid = format!("{body}&scope=openid");
    let answer = post_as(&bench.http, &url, None, &openid).await;
    assert_eq!(
        (answer.status, code(&bench).as_str()),
        (400, "openid_without_user")
    );
    // A client that comes later, with a secret of its own.
    let made = bench
        .sim
        .put_oauth_client(OauthClient::new("late", "").scopes(&["WS"]));
    assert_eq!(made.secret.len(), 64);
    assert!(!format!("{made:?}").contains(&made.secret));
    let body = format!(
        "grant_type=client_credentials&client_id=late&client_secret={}",
        made.secret
    );
    assert_eq!(post_as(&bench.http, &url, None, &body).await.status, 200);
    assert_eq!(bench.sim.oauth_clients().len(), 3);
    // By default there is one, with a generated secret.
    let bench = Bench::from_toml("").await;
    let client = bench.sim.oauth_clients().remove(0);
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        client.id, client.secret
    );
    assert_eq!(
        post_as(&bench.http, &bench.sim.da_token_url(), None, &body)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn tokens_open_fido_until_they_expire_or_are_revoked() {
    let toml = format!(
        "[da]\nauth = \"oauth\"\n[da.oauth]\nfido_scope = \"FIDO\"\ntoken_lifetime_seconds = 60\n{}",
        CLIENT.replace("\"other\"", "\"FIDO\"")
    );
    let bench = Bench::from_toml(&toml).await;
    let fetch = async || {
        let body = token(&bench, "grant_type=client_credentials").await.json();
        assert_eq!(body["expires_in"], 60);
        format!("Bearer {}", body["access_token"].as_str().unwrap())
    };
    let first = fetch().await;
    assert_eq!(options(&bench, &first).await.status, 200);
    assert_eq!(
        options(&bench, &first.replace("Bearer", "bEARER")).await.status,
        200
    );
    // The fixed token is none of these.
    let fixed = format!("Bearer {}", bench.sim.da_token());
    assert_eq!(options(&bench, &fixed).await.status, 401);
    assert_eq!(
        options(&bench, &first.replace("Bearer ", "Basic ")).await.status,
        401
    );
    let narrow = token(&bench, "grant_type=client_credentials&scope=WS")
        .await
        .json();
    let narrow = format!("Bearer {}", narrow["access_token"].as_str().unwrap());
    let answer = options(&bench, &narrow).await;
    assert_eq!(
        (answer.status, code(&bench).as_str()),
        (403, "insufficient_scope")
    );
    assert_eq!(
        answer.headers["www-authenticate"],
        "Bearer error=\"insufficient_scope\""
    );
    // The last second, and the one after it.
    bench.sim.advance(Duration::from_secs(59));
    assert_eq!(options(&bench, &first).await.status, 200);
    bench.sim.advance(Duration::from_secs(1));
    assert_eq!(options(&bench, &first).await.status, 401);
    assert_eq!(bench.sim.oauth_tokens(), 0);
    let second = fetch().await;
    let third = fetch().await;
    bench.sim.put_oauth_client(OauthClient::new("thief", "t"));
    let text = second.strip_prefix("Bearer ").unwrap();
    let url = bench.sim.da_revoke_url();
    let stolen = format!("token={text}&client_id=thief&client_secret=t");
    let answer = post_as(&bench.http, &url, None, &stolen).await;
    assert_eq!(
        (answer.status, code(&bench).as_str()),
        (400, "token_of_other_client")
    );
    assert_eq!(options(&bench, &second).await.status, 200);
    for body in [
        format!("token={text}"),
        format!("token={text}&token_type_hint=access_token"),
        "token=unknown".to_owned(),
    ] {
        let answer = post_as(&bench.http, &url, Some(&basic()), &body).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    }
    assert_eq!(options(&bench, &second).await.status, 401);
    assert_eq!(options(&bench, &third).await.status, 200);
    let answer = post_as(&bench.http, &url, Some(&basic()), "x=1").await;
    assert_eq!((answer.status, code(&bench).as_str()), (400, "token_missing"));
    assert_eq!(
        post_as(&bench.http, &url, None, &format!("token={text}"))
            .await
            .status,
        401
    );
    bench.sim.forget_oauth_tokens();
    assert_eq!(options(&bench, &third).await.status, 401);
}

/// A client with a certificate and its key as PEM.
fn with_identity(bench: &Bench, pem: &str) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_backend_rustls()
        .tls_certs_only([reqwest::Certificate::from_pem(bench.sim.ca_pem().as_bytes()).unwrap()])
        .identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap())
        .build()
        .unwrap()
}

/// 2026-01-01, and as long as the test machine's clock may run.
fn issued(ca: &TestCa, name: &str) -> String {
    let key = Key::generate(KeyKind::P256).unwrap();
    let validity = Validity::new(1_600_000_000, 4_000_000_000);
    let certificate = ca
        .issue_for_key(&format!("CN={name}"), &key, Profile::Authentication, validity)
        .unwrap();
    let body = BASE64_STANDARD.encode(key.expose_pkcs8());
    format!(
        "{}-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n",
        certificate.pem()
    )
}

#[tokio::test]
async fn a_client_authenticates_by_certificate() {
    let ca = TestCa::new(7, 1_600_000_000).unwrap();
    let ca_pem = smartid_sim::pki::Certificate::parse(ca.issuer_der())
        .unwrap()
        .pem();
    let bench = Bench::from_toml(&format!(
        "[[da.oauth.clients]]\nid = \"own\"\nsecret = \"s\"\nauthentication = [\"certificate\"]\n\
         [[da.oauth.clients]]\nid = \"named\"\nauthentication = [\"certificate\"]\nca_pem = '''\n{ca_pem}'''\ncertificate_common_name = \"idm.example.test\"\n"
    ))
    .await;
    let url = bench.sim.da_token_url();
    let ask = async |http: &reqwest::Client, client: &str| {
        let body = format!("grant_type=client_credentials&client_id={client}");
        let status = post_as(http, &url, None, &body).await.status;
        (status, code(&bench))
    };
    let identity = bench.sim.client_identity("anybody").unwrap();
    let own = with_identity(
        &bench,
        &format!("{}{}", identity.certificate_pem, identity.key_pem),
    );
    assert_eq!(ask(&own, "own").await, (200, "token".into()));
    // A certificate is no use at another client, even one of the same kind.
    assert_eq!(
        ask(&own, "named").await,
        (401, "certificate_of_other_authority".into())
    );
    let named = with_identity(&bench, &issued(&ca, "idm.example.test"));
    assert_eq!(ask(&named, "named").await, (200, "token".into()));
    assert_eq!(
        ask(&named, "own").await,
        (401, "certificate_of_other_authority".into())
    );
    let other = with_identity(&bench, &issued(&ca, "other.example.test"));
    assert_eq!(
        ask(&other, "named").await,
        (401, "certificate_of_other_client".into())
    );
    assert_eq!(ask(&bench.http, "own").await, (401, "certificate_missing".into()));
    // A secret is not enough where a certificate is demanded.
    let body = "grant_type=client_credentials&client_id=own&client_secret=s";
    assert_eq!(post_as(&own, &url, None, body).await.status, 401);
    assert_eq!(code(&bench), "client_authentication");
    bench
        .sim
        .advance(Duration::from_secs(4_000_000_000 - 1_767_225_600 + 1));
    assert_eq!(ask(&named, "named").await, (401, "certificate_expired".into()));
    // A stranger's authority fails in the handshake already.
    let stranger = TestCa::new(8, 1_600_000_000).unwrap();
    let http = with_identity(&bench, &issued(&stranger, "idm.example.test"));
    assert!(http.post(&url).send().await.is_err());
}

#[tokio::test]
async fn answers_take_other_forms() {
    let bench = bench("expires_in = \"absent\"\ntoken_type = \"bearer\"").await;
    let body = token(&bench, "grant_type=client_credentials").await.json();
    assert_eq!(
        (body.get("expires_in"), body["token_type"].as_str()),
        (None, Some("bearer"))
    );
    bench
        .sim
        .reconfigure(|config| config.da.oauth.expires_in = smartid_sim::config::ExpiresIn::Text);
    assert_eq!(
        token(&bench, "grant_type=client_credentials").await.json()["expires_in"],
        "3600"
    );
    for (form, kind, text) in [
        ("plain", "text/plain;charset=UTF-8", "invalid_scope: scope"),
        (
            "html",
            "text/html;charset=UTF-8",
            "<h1>Error 400</h1><p>invalid_scope</p>",
        ),
    ] {
        let bench = self::bench(&format!("token_error_body = \"{form}\"")).await;
        let answer = token(&bench, "grant_type=client_credentials&scope=x").await;
        assert_eq!(
            (answer.status, answer.headers["content-type"].to_str().unwrap()),
            (400, kind)
        );
        assert!(answer.text.contains(text), "{}", answer.text);
    }
    let bench = self::bench("token_endpoint = \"login-redirect\"").await;
    let answer = token(&bench, "grant_type=client_credentials").await;
    assert_eq!(
        (answer.status, answer.headers["location"].to_str().unwrap()),
        (302, "/wa/auth?authmech=Password")
    );
    let bench = self::bench("token_endpoint = \"login-page\"").await;
    let answer = token(&bench, "grant_type=client_credentials").await;
    assert!(answer.status == 200 && answer.text.contains("<form"));
    let bench = self::bench("token_path = \"/oauth/t\"\nrevoke_path = \"/oauth/r\"").await;
    assert!(
        bench.sim.da_token_url().ends_with("/oauth/t") && bench.sim.da_revoke_url().ends_with("/oauth/r")
    );
    assert_eq!(token(&bench, "grant_type=client_credentials").await.status, 200);
    let old = format!("{}/oauth2/token", bench.sim.da_base_url());
    assert_eq!(
        post_as(&bench.http, &old, Some(&basic()), "grant_type=client_credentials")
            .await
            .status,
        404
    );
    let bench = self::bench("enabled = false").await;
    assert_eq!(token(&bench, "grant_type=client_credentials").await.status, 404);
}

#[tokio::test]
async fn basic_is_decoded_as_told() {
    let raw = format!("Basic {}", BASE64_STANDARD.encode("idm:s+e%c&r e:t"));
    for (rule, encoded, bare) in [("form", 200, 401), ("raw", 401, 200)] {
        let toml = format!(
            "[da.oauth]\nbasic_decoding = \"{rule}\"\n[[da.oauth.clients]]\nid = \"idm\"\nsecret = \"s+e%c&r e:t\"\n"
        );
        let bench = Bench::from_toml(&toml).await;
        let by_form = format!("Basic {}", BASE64_STANDARD.encode("idm:s%2Be%25c%26r+e%3At"));
        let url = bench.sim.da_token_url();
        let grant = "grant_type=client_credentials";
        assert_eq!(
            post_as(&bench.http, &url, Some(&by_form), grant).await.status,
            encoded,
            "{rule}"
        );
        assert_eq!(
            post_as(&bench.http, &url, Some(&raw), grant).await.status,
            bare,
            "{rule}"
        );
    }
}
