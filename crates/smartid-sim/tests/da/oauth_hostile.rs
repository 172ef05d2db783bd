//! Clients that are not who they say.

use std::time::Duration;

use super::oauth::{FORM, basic, bench, code, issued, post_as, with_identity};
use crate::common::{Answer, Bench};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use smartid_sim::pki::TestCa;

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
