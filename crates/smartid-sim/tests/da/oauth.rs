//! The authorization server of Digital Access: clients, tokens, their end, and who is refused. Requests are typed from RFC 6749.

use std::time::Duration;

use crate::common::{Answer, Bench};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use smartid_sim::config::OauthClient;
use smartid_sim::pki::{Key, KeyKind, Profile, TestCa, Validity};

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

pub(super) const CLIENT: &str =
    "[[da.oauth.clients]]\nid = \"idm:1\"\nsecret = \"s+e%c&r e:t\"\nscopes = [\"WS\", \"other\"]\n";

/// `Basic` with both halves form-encoded by hand.
pub(super) fn basic() -> String {
    format!("Basic {}", BASE64_STANDARD.encode("idm%3A1:s%2Be%25c%26r+e%3At"))
}

pub(super) async fn bench(more: &str) -> Bench {
    Bench::from_toml(&format!("[da.oauth]\n{more}\n{CLIENT}")).await
}

pub(super) async fn post_as(
    http: &reqwest::Client,
    url: &str,
    authorization: Option<&str>,
    body: &str,
) -> Answer {
    let mut request = http.post(url).header("content-type", FORM).body(body.to_owned());
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    Answer::of(request.send().await.unwrap()).await
}

pub(super) async fn token(bench: &Bench, body: &str) -> Answer {
    post_as(&bench.http, &bench.sim.da_token_url(), Some(&basic()), body).await
}

pub(super) fn code(bench: &Bench) -> String {
    bench.sim.records().last().unwrap().code.clone().unwrap()
}

pub(super) async fn options(bench: &Bench, authorization: &str) -> Answer {
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

/// A client with a certificate and its key as PEM.
pub(super) fn with_identity(bench: &Bench, pem: &str) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_backend_rustls()
        .tls_certs_only([reqwest::Certificate::from_pem(bench.sim.ca_pem().as_bytes()).unwrap()])
        .identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap())
        .build()
        .unwrap()
}

/// 2026-01-01, and as long as the test machine's clock may run.
pub(super) fn issued(ca: &TestCa, name: &str) -> String {
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
