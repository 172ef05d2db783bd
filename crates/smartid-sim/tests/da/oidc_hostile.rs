//! Requests that are wrong, codes that are stolen, and a provider that lies.

use std::time::Duration;

use super::oidc::{
    AUTHORIZE, BACK, CHALLENGE, RP, VERIFIER, bench, claims, code, discovery, fresh_code, keys, logged_in,
    redeem, redeem_as, returned, user_info, verified,
};
use crate::browser::Browser;
use serde_json::json;
use smartid_sim::config::{OauthClient, OidcFlaw};
use smartid_sim::pki::jws;

#[tokio::test]
async fn a_wrong_client_or_address_is_told_to_the_person_and_nobody_else() {
    let bench = bench("").await;
    bench
        .sim
        .put_oauth_client(OauthClient::new("other", "o").redirect_uri("https://other.example.test/cb"));
    let mut browser = logged_in(&bench);
    let uri = |text: &str| RP.replace("https%3A%2F%2Frp.example.test%2Fcb", text);
    for (query, word) in [
        (RP.replace("client_id=rp", "client_id=x"), "client_unknown"),
        (RP.replace("client_id=rp", ""), "client_unknown"),
        (uri("https%3A%2F%2Fevil.example.test%2Fcb"), "redirect_uri"),
        (uri("https%3A%2F%2Fother.example.test%2Fcb"), "redirect_uri"),
        (uri("https%3A%2F%2Frp.example.test%2Fcb%2F"), "redirect_uri"),
        (uri("https%3A%2F%2Frp.example.test%2Fcb%3Fa%3D1"), "redirect_uri"),
        (uri("https%3A%2F%2Frp.example.test%2Fcb%23"), "redirect_uri"),
        (uri("HTTPS%3A%2F%2FRP.example.test%2Fcb"), "redirect_uri"),
        (uri(""), "redirect_uri"),
        (format!("{RP}&client_id=rp"), "parameter_repeated"),
        (format!("{RP}{}", "&x".repeat(101)), "form_too_large"),
    ] {
        let answer = browser.get(&format!("{AUTHORIZE}?{query}")).await;
        assert_eq!(
            (answer.status, code(&bench).as_str()),
            (400, word),
            "{query:.200}"
        );
        assert!(!answer.headers.contains_key("location"));
    }
}

#[tokio::test]
async fn other_mistakes_go_back_with_the_state() {
    let bench = bench("").await;
    let mut browser = logged_in(&bench);
    let s256 = "&code_challenge_method=S256";
    for (query, error, word) in [
        (
            RP.replace("response_type=code", "response_type=token"),
            "unsupported_response_type",
            "response_type",
        ),
        (
            RP.replace("response_type=code", "response_type=code+id_token"),
            "unsupported_response_type",
            "response_type",
        ),
        (
            RP.replace("response_type=code", ""),
            "invalid_request",
            "response_type_missing",
        ),
        (
            RP.replace("scope=openid", "scope=admin"),
            "invalid_scope",
            "scope",
        ),
        (
            format!("{RP}&response_mode=fragment"),
            "invalid_request",
            "response_mode",
        ),
        (format!("{RP}&request=abc"), "request_not_supported", "request"),
        (
            format!("{RP}&request_uri=https%3A%2F%2Fevil.example.test"),
            "request_uri_not_supported",
            "request_uri",
        ),
        (format!("{RP}&max_age=soon"), "invalid_request", "max_age"),
        (
            format!("{RP}&code_challenge={CHALLENGE}"),
            "invalid_request",
            "code_challenge_method",
        ),
        (
            format!("{RP}&code_challenge={CHALLENGE}&code_challenge_method=plain"),
            "invalid_request",
            "code_challenge_method",
        ),
        (
            format!("{RP}&code_challenge=short{s256}"),
            "invalid_request",
            "code_challenge",
        ),
        (
            format!("{RP}&code_challenge={CHALLENGE}%3D{s256}"),
            "invalid_request",
            "code_challenge",
        ),
        (format!("{RP}{s256}"), "invalid_request", "code_challenge_missing"),
    ] {
        let back = returned(&browser.get(&format!("{AUTHORIZE}?{query}")).await);
        assert_eq!(
            (
                back["error"].as_str(),
                back["state"].as_str(),
                code(&bench).as_str()
            ),
            (error, "s+1", word),
            "{query}"
        );
        assert!(!back.contains_key("code"));
    }
    let mut nobody = Browser::new(&bench);
    let back = returned(&nobody.get(&format!("{AUTHORIZE}?{RP}&prompt=none")).await);
    assert_eq!(back["error"], "login_required");
    let mut narrow = OauthClient::new("rp", "secret").redirect_uri(BACK);
    narrow.grants = vec!["client_credentials".into()];
    bench.sim.put_oauth_client(narrow);
    let back = returned(&browser.get(&format!("{AUTHORIZE}?{RP}")).await);
    assert_eq!(back["error"], "unauthorized_client");
    assert_eq!(browser.post(AUTHORIZE, RP).await.status, 405);
}

#[tokio::test]
async fn a_code_is_good_once_for_one_client() {
    let bench = bench("[da.oidc]\ncode_lifetime_seconds = 10").await;
    bench
        .sim
        .put_oauth_client(OauthClient::new("other", "o").redirect_uri(BACK));
    let first = fresh_code(&bench, "").await;
    // Somebody else who has seen the code does not get it, nor does he spoil it.
    let answer = redeem_as(&bench, "other", "o", &first, "").await;
    assert_eq!(
        (
            answer.status,
            answer.json()["error"].as_str(),
            code(&bench).as_str()
        ),
        (400, Some("invalid_grant"), "code_of_other_client")
    );
    let token = redeem(&bench, &first, "").await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(user_info(&bench, &token).await.status, 200);
    // The second use, after which the first one's token is over.
    let answer = redeem(&bench, &first, "").await;
    assert_eq!((answer.status, code(&bench).as_str()), (400, "code_used"));
    assert_eq!(user_info(&bench, &token).await.status, 401);
    let late = fresh_code(&bench, "").await;
    bench.sim.advance(Duration::from_secs(10));
    redeem(&bench, &late, "").await;
    assert_eq!(code(&bench), "code_expired");
    let moved = fresh_code(&bench, "").await;
    let body = format!(
        "grant_type=authorization_code&client_id=rp&client_secret=secret&code={moved}&redirect_uri=https%3A%2F%2Fevil.example.test"
    );
    let request = bench
        .http
        .post(bench.sim.da_token_url())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    assert_eq!(request.send().await.unwrap().status(), 400);
    assert_eq!(code(&bench), "redirect_uri");
    // Whoever has got it wrong does not try again.
    redeem(&bench, &moved, "").await;
    assert_eq!(code(&bench), "code_used");
    redeem(&bench, "guess", "").await;
    assert_eq!(code(&bench), "code_unknown");
    redeem(&bench, "", "").await;
    assert_eq!(code(&bench), "code_missing");
}

#[tokio::test]
async fn pkce_binds_the_code_to_who_asked() {
    let bench = bench("").await;
    let more = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256");
    for (asked, shown, word) in [
        (
            more.as_str(),
            format!("&code_verifier={VERIFIER}"),
            "code_redeemed",
        ),
        (&more, format!("&code_verifier={VERIFIER}x"), "code_verifier"),
        (&more, format!("&code_verifier={CHALLENGE}"), "code_verifier"),
        (&more, String::new(), "code_verifier_missing"),
        ("", format!("&code_verifier={VERIFIER}"), "code_challenge_missing"),
    ] {
        let code = fresh_code(&bench, asked).await;
        redeem(&bench, &code, &shown).await;
        assert_eq!(self::code(&bench), word);
    }
    // A provider that takes the weaker one, and one that knows neither.
    let plain = self::bench("[da.oidc]\nplain_pkce = true").await;
    assert_eq!(
        discovery(&plain).await["code_challenge_methods_supported"],
        json!(["S256", "plain"])
    );
    for method in ["", "&code_challenge_method=plain"] {
        let code = fresh_code(&plain, &format!("&code_challenge={VERIFIER}{method}")).await;
        assert_eq!(
            redeem(&plain, &code, &format!("&code_verifier={VERIFIER}"))
                .await
                .status,
            200
        );
    }
    let none = self::bench("[da.oidc]\npkce = false").await;
    assert!(
        discovery(&none)
            .await
            .get("code_challenge_methods_supported")
            .is_none()
    );
    let code = fresh_code(&none, &more).await;
    assert_eq!(redeem(&none, &code, "&code_verifier=anything").await.status, 200);
}

#[tokio::test]
async fn a_hostile_provider() {
    let bench = bench("").await;
    let right = claims(&bench).await;
    for (flaw, claim) in [
        (OidcFlaw::Nonce, "nonce"),
        (OidcFlaw::Audience, "aud"),
        (OidcFlaw::Issuer, "iss"),
        (OidcFlaw::Expired, "exp"),
        (OidcFlaw::Future, "iat"),
        (OidcFlaw::AtHash, "at_hash"),
    ] {
        bench.sim.reconfigure(|config| config.da.oidc.flaw = flaw);
        let wrong = claims(&bench).await;
        assert_ne!(wrong[claim], right[claim], "{flaw:?}");
        let differing = right
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| wrong[*name] != right[*name]);
        let times = matches!(flaw, OidcFlaw::Expired | OidcFlaw::Future);
        // The digest is of another token each time.
        assert_eq!(
            differing
                .filter(|name| *name != "at_hash" && (!times || *name != "iat" && *name != "exp"))
                .count(),
            usize::from(!times && claim != "at_hash"),
            "{flaw:?}"
        );
    }
    bench
        .sim
        .reconfigure(|config| config.da.oidc.flaw = OidcFlaw::Expired);
    assert!(claims(&bench).await["exp"].as_u64().unwrap() < 1_767_225_600);
    for flaw in [
        OidcFlaw::Signature,
        OidcFlaw::ForeignKey,
        OidcFlaw::AlgNone,
        OidcFlaw::Garbage,
    ] {
        bench.sim.reconfigure(|config| config.da.oidc.flaw = flaw);
        let code = fresh_code(&bench, "").await;
        let token = redeem(&bench, &code, "").await.json()["id_token"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(verified(&bench, &token).await.is_none(), "{flaw:?}");
        if flaw == OidcFlaw::ForeignKey {
            assert_eq!(
                jws::parse(&token).unwrap().header["kid"],
                keys(&bench).await[0]["kid"]
            );
        }
        if flaw == OidcFlaw::AlgNone {
            assert_eq!(jws::parse(&token).unwrap().header["alg"], "none");
        }
    }
    bench
        .sim
        .reconfigure(|config| config.da.oidc.flaw = OidcFlaw::State);
    let back = returned(&logged_in(&bench).get(&format!("{AUTHORIZE}?{RP}")).await);
    assert_eq!(back["state"], "another state");
    bench.sim.reconfigure(|config| {
        config.da.oidc.flaw = OidcFlaw::None;
        config.da.oidc.userinfo_other_subject = true;
        config.da.oidc.left_out = vec!["acr".into(), "auth_time".into(), "sub".into()];
        config.da.oidc.discovery_issuer = "https://other.example.test".into();
    });
    let fewer = claims(&bench).await;
    assert!(
        ["acr", "auth_time", "sub"]
            .iter()
            .all(|name| fewer.get(name).is_none())
    );
    let code = fresh_code(&bench, "").await;
    let token = redeem(&bench, &code, "").await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(user_info(&bench, &token).await.json()["sub"], "somebody-else");
    assert_eq!(discovery(&bench).await["issuer"], "https://other.example.test");
}
