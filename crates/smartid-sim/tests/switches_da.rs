//! Each switch of Digital Access, changed by its TOML key, and what then differs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::{Answer, Bench, unb64};
use serde_json::{Value, json};
use smartid_sim::Sim;
use std::time::Duration;

async fn da(toml: &str) -> Bench {
    Bench::from_toml(&format!("[da]\n{toml}")).await
}

#[tokio::test]
async fn base_path_and_login_path() {
    let bench = da("base_path = \"/rest/v9\"\nlogin_path = \"login\"").await;
    assert!(bench.sim.da_base_url().ends_with("/rest/v9"));
    let options = bench.options("alice").await;
    assert_eq!(options.status, 200);
    let registration = bench.sim.desktop().register(&options.text).unwrap();
    assert_eq!(bench.credentials("alice", &registration).await.status, 201);
    bench.sim.login("alice").await.unwrap();
    assert!(
        bench
            .sim
            .records()
            .iter()
            .any(|record| record.path == "/rest/v9/login")
    );
}

#[tokio::test]
async fn authentication() {
    let toml = "auth = \"basic\"\nbasic_user = \"u\"\nbasic_password = \"p:q\"";
    let bench = da(toml).await;
    let url = format!("{}/fido/options?userId=alice", bench.sim.da_base_url());
    assert_eq!(
        bench
            .http
            .get(&url)
            .basic_auth("u", Some("p:q"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        bench
            .http
            .get(&url)
            .basic_auth("u", Some("p"))
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    let bench = da("auth = \"header\"\nheader_name = \"X-Key\"\nheader_value = \"v\"").await;
    let url = format!("{}/fido/options?userId=alice", bench.sim.da_base_url());
    assert_eq!(
        bench
            .http
            .get(&url)
            .header("x-key", "v")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        bench
            .http
            .get(&url)
            .header("x-key", "w")
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    let bench = da("auth = \"none\"").await;
    let url = format!("{}/fido/options?userId=alice", bench.sim.da_base_url());
    assert_eq!(bench.http.get(&url).send().await.unwrap().status(), 200);
    let bench = da("token = \"t\"").await;
    assert_eq!(bench.sim.da_token(), "t");
    assert_eq!(bench.options("alice").await.status, 200);
}

#[tokio::test]
async fn an_unauthenticated_caller_gets_what_was_told() {
    for (kind, status, location, html) in [
        ("401", 401, false, false),
        ("403", 403, false, false),
        ("redirect", 302, true, false),
        ("login-page", 200, false, true),
    ] {
        let bench = da(&format!("unauthenticated = \"{kind}\"")).await;
        let url = format!("{}/fido/options?userId=alice", bench.sim.da_base_url());
        let answer = Answer::of(bench.http.get(&url).bearer_auth("wrong").send().await.unwrap()).await;
        assert_eq!(answer.status, status, "{kind}");
        let target = answer
            .headers
            .get("location")
            .map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(
            target.is_some_and(|target| target.starts_with("/wa/auth?authmech=")),
            location
        );
        assert_eq!(answer.text.contains("<form"), html);
        assert_eq!(bench.code("/fido/options").as_deref(), Some("unauthenticated"));
    }
}

#[tokio::test]
async fn a_client_certificate_may_be_demanded() {
    let bench = da("require_client_certificate = true\nauth = \"none\"").await;
    let url = format!("{}/fido/options?userId=alice", bench.sim.da_base_url());
    assert!(bench.http.get(&url).send().await.is_err());
    let identity = bench.sim.client_identity("officer").unwrap();
    let pem = format!("{}{}", identity.certificate_pem, identity.key_pem);
    assert!(!format!("{identity:?}").contains("PRIVATE"));
    let http = reqwest::Client::builder()
        .tls_backend_rustls()
        .tls_certs_only([reqwest::Certificate::from_pem(bench.sim.ca_pem().as_bytes()).unwrap()])
        .identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap())
        .build()
        .unwrap();
    assert_eq!(http.get(&url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_user_stands_where_told() {
    for (position, parameter) in [
        ("query", "subject"),
        ("path", ""),
        ("header", "X-User"),
        ("body", "user"),
    ] {
        let toml = format!(
            "user_parameter = \"{parameter}\"\noptions_user = \"{position}\"\ncredentials_user = \"{position}\""
        );
        let bench = da(&toml).await;
        let place = |request: reqwest::RequestBuilder| request.bearer_auth(bench.sim.da_token());
        let base = bench.sim.da_base_url();
        let url = |tail: &str| match position {
            "query" => format!("{base}{tail}?{parameter}=alice"),
            "path" => format!("{base}{tail}/alice"),
            _ => format!("{base}{tail}"),
        };
        let mut request = place(bench.http.get(url("/fido/options")));
        if position == "header" {
            request = request.header(parameter, "alice");
        } else if position == "body" {
            request = request.body(json!({parameter: "alice"}).to_string());
        }
        let options = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(options.status, 200, "{position}");
        assert_eq!(options.json()["user"]["name"], "alice");
        let mut body: Value =
            serde_json::from_str(&bench.sim.desktop().register(&options.text).unwrap()).unwrap();
        if position == "body" {
            body[parameter] = json!("alice");
        }
        let mut request =
            place(bench.http.post(url("/fido/credentials"))).header("content-type", "application/json");
        if position == "header" {
            request = request.header(parameter, "alice");
        }
        assert_eq!(
            request.body(body.to_string()).send().await.unwrap().status(),
            201,
            "{position}"
        );
        // The default place is not the agreed one.
        if position != "query" {
            assert_eq!(bench.options("alice").await.status, 400);
            assert_eq!(bench.code("/fido/options").as_deref(), Some("user_missing"));
        }
    }
    let bench = da("credentials_user = \"absent\"\ncredential_pointer = \"/credential\"").await;
    let options = bench.options("alice").await.text;
    let credential: Value = serde_json::from_str(&bench.sim.desktop().register(&options).unwrap()).unwrap();
    assert_eq!(
        bench
            .credentials("ignored", &json!({"credential": credential}).to_string())
            .await
            .status,
        201
    );
    assert_eq!(bench.sim.credentials_of("alice").len(), 1);
    assert_eq!(
        bench.credentials("alice", "{}").await.json()["error"],
        "json_missing_member"
    );
    let config = smartid_sim::SimConfig::from_toml("[da]\noptions_user = \"absent\"").unwrap();
    let error = Sim::builder()
        .config(config)
        .start()
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("options_user"), "{error}");
}

#[tokio::test]
async fn success_and_refusal_look_as_told() {
    for (toml, status, text) in [
        (
            "success_status = 200\nsuccess_body = '{\"ok\":true}'",
            200,
            "{\"ok\":true}",
        ),
        ("success_status = 204\nsuccess_body = 'x'", 204, ""),
    ] {
        let bench = da(toml).await;
        let options = bench.options("alice").await.text;
        let answer = bench
            .credentials("alice", &bench.sim.desktop().register(&options).unwrap())
            .await;
        assert_eq!((answer.status, answer.text.as_str()), (status, text));
    }
    for (form, begins, kind) in [
        ("json", "{\"error\"", "application/json"),
        ("plain", "user_unknown", "text/plain"),
        ("html", "<!DOCTYPE", "text/html"),
    ] {
        let bench = da(&format!("error_body = \"{form}\"")).await;
        let answer = bench.options("nobody").await;
        assert_eq!(answer.status, 404);
        assert!(answer.text.starts_with(begins), "{}", answer.text);
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with(kind));
    }
    let toml = "[da.status]\ninvalid = 422\nchallenge = 410\nuser = 400\ndisabled = 404\nduplicate = 400\n\
                [[da.users]]\nname = \"alice\"\ndisplay_name = \"Alice A.\"\n[[da.users]]\nname = \"off\"\nfido_enabled = false";
    let bench = Bench::from_toml(toml).await;
    assert_eq!(bench.options("nobody").await.status, 400);
    assert_eq!(
        (bench.options("off").await.status, bench.code("options")),
        (404, Some("user_disabled".into()))
    );
    let options = bench.options("alice").await;
    assert_eq!(options.json()["user"]["displayName"], "Alice A.");
    let registration = bench.sim.desktop().register(&options.text).unwrap();
    assert_eq!(bench.credentials("alice", "{}").await.status, 422);
    assert_eq!(bench.credentials("alice", &registration).await.status, 201);
    assert_eq!(bench.credentials("alice", &registration).await.status, 410);
    assert_eq!(bench.code("credentials").as_deref(), Some("challenge_used"));
}

#[tokio::test]
async fn challenges_live_once_and_for_their_time() {
    let bench = da("timeout_ms = 5000\npending_per_user = 2").await;
    let texts = [
        bench.options("alice").await.text,
        bench.options("alice").await.text,
        bench.options("alice").await.text,
    ];
    let register = |text: &String| bench.sim.desktop().register(text).unwrap();
    assert_eq!(
        bench.credentials("alice", &register(&texts[0])).await.json()["error"],
        "challenge_superseded"
    );
    assert_eq!(
        bench.credentials("bob", &register(&texts[1])).await.json()["error"],
        "user_mismatch"
    );
    bench.sim.advance(Duration::from_millis(4999));
    let late = register(&texts[2]);
    assert_eq!(bench.credentials("alice", &register(&texts[1])).await.status, 201);
    bench.sim.advance(Duration::from_millis(1));
    assert_eq!(
        bench.credentials("alice", &late).await.json()["error"],
        "challenge_expired"
    );
    // A failed verification uses the challenge up as well (digital-access 1.6).
    let text = bench.options("bob").await.text;
    bench
        .sim
        .reconfigure(|config| config.desktop.user_present = false);
    let absent = register(&text);
    bench.sim.reconfigure(|config| config.desktop.user_present = true);
    assert_eq!(
        bench.credentials("bob", &absent).await.json()["error"],
        "user_presence"
    );
    assert_eq!(
        bench.credentials("bob", &register(&text)).await.json()["error"],
        "challenge_used"
    );
}

#[tokio::test]
async fn options_look_as_told() {
    let toml = r#"
        wrapped = true
        rp_id = "id.example.test"
        rp_name = "R"
        algorithms = [-8, -53]
        attachment = "platform"
        resident_key = "required"
        user_verification = "required"
        attestation = "enterprise"
        exclude_credentials = "null"
        [da.extensions]
        prf = {}
        [da.extra]
        hints = ["security-key", "from-the-future"]
        vendor = { deep = [1, 2.5] }
    "#;
    let bench = da(toml).await;
    let options = bench.options("alice").await.json();
    let inner = &options["publicKey"];
    assert_eq!(inner["rp"], json!({"id": "id.example.test", "name": "R"}));
    assert_eq!(inner["pubKeyCredParams"][1]["alg"], -53);
    assert_eq!(inner["attestation"], "enterprise");
    assert_eq!(inner["excludeCredentials"], Value::Null);
    assert!(inner.as_object().unwrap().contains_key("excludeCredentials"));
    assert_eq!(inner["extensions"], json!({"prf": {}}));
    assert_eq!(inner["hints"][1], "from-the-future");
    assert_eq!(inner["vendor"]["deep"][1], 2.5);
    assert_eq!(inner["timeout"], 120_000);
    assert_eq!(
        inner["authenticatorSelection"],
        json!({"authenticatorAttachment": "platform", "residentKey": "required", "requireResidentKey": true, "userVerification": "required"})
    );
    let bare = "attachment = \"\"\nresident_key = \"\"\nuser_verification = \"\"\nattestation = \"\"\nexclude_credentials = \"absent\"\nextensions = {}";
    let options = da(bare).await.options("alice").await.json();
    let members: Vec<_> = options.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        members,
        ["challenge", "pubKeyCredParams", "rp", "timeout", "user"]
    );
}

#[tokio::test]
async fn options_may_be_given_byte_for_byte() {
    let raw = r#"{ "challenge" : "{{challenge}}","rp":{"name":"\u0052","id":"{{rp_id}}"}, "user":{"id":"{{user_id}}","name":"{{user_name}}","displayName":"x"},  "pubKeyCredParams":[{"alg":-257,"type":"public-key"}], "timeout":1e3, "excludeCredentials":{{exclude}},"x":1.0 }"#;
    let bench = da(&format!(
        "origins = [\"app://desktop\"]\noptions_raw = '''{raw}'''"
    ))
    .await;
    let text = bench.options("alice").await.text;
    assert!(
        text.starts_with("{ \"challenge\" : \"") && text.ends_with("\"excludeCredentials\":[],\"x\":1.0 }"),
        "{text}"
    );
    assert_eq!(
        unb64(
            serde_json::from_str::<Value>(&text).unwrap()["challenge"]
                .as_str()
                .unwrap()
        )
        .len(),
        32
    );
    // What the raw text promises is what is verified: RS256 only, and the configured origin.
    let registration = bench.sim.desktop().register(&text).unwrap();
    assert_eq!(
        bench.credentials("alice", &registration).await.json()["error"],
        "origin"
    );
    bench
        .sim
        .reconfigure(|config| config.desktop.origin = Some("app://desktop".into()));
    let text = bench.options("alice").await.text;
    assert_eq!(
        bench
            .credentials("alice", &bench.sim.desktop().register(&text).unwrap())
            .await
            .status,
        201
    );
    assert_eq!(bench.sim.credentials_of("alice")[0].algorithm, -257);
}

#[tokio::test]
async fn tolerated_members_and_sizes() {
    let bench = Bench::from_toml("[desktop]\nlevel3_members = true").await;
    let text = bench.options("alice").await.text;
    let registration = bench.sim.desktop().register(&text).unwrap();
    assert_eq!(
        bench.credentials("alice", &registration).await.json()["error"],
        "json_unknown_member"
    );
    let all = "[\"authenticatorData\", \"publicKey\", \"publicKeyAlgorithm\"]";
    let bench = Bench::from_toml(&format!(
        "[desktop]\nlevel3_members = true\n[da]\ntolerated_response_members = {all}"
    ))
    .await;
    let text = bench.options("alice").await.text;
    let registration = bench.sim.desktop().register(&text).unwrap();
    assert_eq!(bench.credentials("alice", &registration).await.status, 201);
    let bench = da("max_body_bytes = 100").await;
    assert_eq!(bench.credentials("alice", &registration).await.status, 413);
}

#[tokio::test]
async fn a_user_that_is_named_twice_is_nobody() {
    for (position, parameter) in [("query", "userId"), ("header", "X-User")] {
        let bench = da(&format!(
            "user_parameter = \"{parameter}\"\noptions_user = \"{position}\"\ncredentials_user = \"{position}\""
        ))
        .await;
        let url = format!("{}/fido/options", bench.sim.da_base_url());
        let request = match position {
            "query" => bench.http.get(format!("{url}?userId=alice&userId=bob")),
            _ => bench
                .http
                .get(&url)
                .header("X-User", "alice")
                .header("x-user", "alice"),
        };
        let answer = request.bearer_auth(bench.sim.da_token()).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{position}");
        assert_eq!(bench.code("/fido/options").as_deref(), Some("user_twice"));
    }
    // The same inside the body: the last one would win for one reader, the first for another.
    let bench = da("").await;
    let options = bench.options("alice").await.text;
    let registration = bench.sim.desktop().register(&options).unwrap();
    let twice = registration.replacen('{', "{\"type\":\"public-key\",", 1);
    assert_eq!(
        bench.credentials("alice", &twice).await.json()["error"],
        "json_malformed"
    );
    assert_eq!(bench.credentials("alice", &registration).await.status, 201);
}

#[tokio::test]
async fn frames_of_other_sites_are_refused_unless_they_are_named() {
    for (toml, site, expected) in [
        ("", "https://portal.example.test", "cross_origin"),
        (
            "top_origins = [\"https://portal.example.test\"]",
            "https://evil.example",
            "top_origin",
        ),
        (
            "top_origins = [\"https://portal.example.test\"]",
            "https://portal.example.test",
            "",
        ),
    ] {
        let bench = da(toml).await;
        bench.sim.reconfigure(|config| {
            config.desktop.attestation = smartid_sim::config::AttestationChoice::None;
        });
        let options = bench.options("alice").await.text;
        let mut body: Value = serde_json::from_str(&bench.sim.desktop().register(&options).unwrap()).unwrap();
        // Format none signs nothing, so the client data may say more.
        let text = unb64(body["response"]["clientDataJSON"].as_str().unwrap());
        let mut said: Value = serde_json::from_slice(&text).unwrap();
        said["crossOrigin"] = json!(true);
        said["topOrigin"] = json!(site);
        body["response"]["clientDataJSON"] = json!(common::b64(said.to_string().as_bytes()));
        let answer = bench.credentials("alice", &body.to_string()).await;
        if expected.is_empty() {
            assert_eq!(answer.status, 201, "{}", answer.text);
        } else {
            assert_eq!(answer.json()["error"], expected);
        }
    }
}
