//! Browsers at Digital Access: the menu, the password page, sessions, the portal user's record - and who tries to misuse them.

use std::time::Duration;

use crate::browser::{Browser, hidden, location};
use crate::common::{Bench, client};
use smartid_sim::config::{DaMethod, DaMethodKind, DaUser};

pub(super) const USERS: &str = "[[da.users]]\nname = \"alice\"\ndisplay_name = \"Alice <A>\"\npassword = \"p\u{e4}ss&1\"\n\
    [da.users.attributes]\nmail = \"alice@example.test\"\nsamAccountName = \"EXAMPLE\\\\alice\"\n";
pub(super) const RIGHT: &str = "username=alice&password=p%C3%A4ss%261";

pub(super) async fn bench(toml: &str) -> Bench {
    Bench::from_toml(&format!("{toml}\n{USERS}")).await
}

pub(super) fn code(bench: &Bench) -> String {
    bench.sim.records().last().unwrap().code.clone().unwrap()
}

pub(super) async fn logged_in(bench: &Bench) -> Browser {
    let mut browser = Browser::new(bench);
    let page = browser.get("/wa/auth?authmech=Password").await;
    let answer = browser.submit(&page, RIGHT).await;
    assert_eq!(
        (answer.status, location(&answer).as_str()),
        (303, "/wa/desktop.html")
    );
    browser
}

#[tokio::test]
async fn a_person_logs_in_and_out() {
    let bench = bench("").await;
    let mut browser = Browser::new(&bench);
    let answer = browser.get("/wa/desktop.html").await;
    assert_eq!(
        (answer.status, location(&answer).as_str()),
        (302, "/wa/auth?location=%2Fwa%2Fdesktop.html")
    );
    let menu = browser.get(&location(&answer)).await;
    for name in ["Password", "Personal Mobile", "Personal Desktop", "FIDO"] {
        assert!(menu.text.contains(&format!(">{name}</a>")), "{}", menu.text);
    }
    assert!(
        menu.text
            .contains("/wa/auth?authmech=Personal%20Mobile&amp;location=%2Fwa%2Fdesktop.html")
    );
    let page = browser
        .get(
            &bench
                .sim
                .da_login_url(Some("Password"), Some("/wa/desktop.html?a=1&b=2")),
        )
        .await;
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    assert!(
        !page.text.contains("http://") && !page.text.contains("https://"),
        "no resource from elsewhere"
    );
    let before = browser.cookies.clone();
    let answer = browser.submit(&page, RIGHT).await;
    assert_eq!(
        (answer.status, location(&answer).as_str()),
        (303, "/wa/desktop.html?a=1&b=2")
    );
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("WASESSION=") && cookie.ends_with("; Path=/; HttpOnly; Secure; SameSite=Lax"),
        "{cookie}"
    );
    assert!(!before.contains_key("WASESSION"));
    let portal = browser.get("/wa/desktop.html").await;
    assert!(
        portal.text.contains("Alice &lt;A&gt;") && portal.text.contains("EXAMPLE\\alice"),
        "{}",
        portal.text
    );
    assert_eq!(bench.sim.da_sessions(), 1);
    let answer = browser.post("/wa/logout", "").await;
    assert_eq!((answer.status, bench.sim.da_sessions()), (303, 0));
    assert_eq!(browser.get("/wa/desktop.html").await.status, 302);
    assert_eq!(browser.get("/wa/logout").await.status, 405);
    assert_eq!(browser.post("/wa/desktop.html", "").await.status, 405);
}

#[tokio::test]
async fn methods_go_by_name_or_id_unless_switched_off() {
    let bench = bench("").await;
    let mut browser = Browser::new(&bench);
    assert_eq!(browser.get("/wa/auth?authmech=pw0000000001").await.status, 200);
    for wrong in ["authmech=password", "authmech=%00", "authmech=Passwort"] {
        assert_eq!(
            browser.get(&format!("/wa/auth?{wrong}")).await.status,
            404,
            "{wrong}"
        );
        assert_eq!(code(&bench), "method_unknown");
    }
    let answer = browser.get("/wa/auth?authmech=Password&authmech=FIDO").await;
    assert_eq!(
        (answer.status, code(&bench).as_str()),
        (400, "parameter_repeated")
    );
    let hide = |config: &mut smartid_sim::SimConfig| config.da.methods[0].visible = false;
    bench.sim.reconfigure(hide);
    assert!(!browser.get("/wa/auth").await.text.contains(">Password<"));
    assert_eq!(browser.get("/wa/auth?authmech=Password").await.status, 200);
    bench
        .sim
        .reconfigure(|config| config.da.methods[0].enabled = false);
    assert_eq!(browser.get("/wa/auth?authmech=Password").await.status, 404);
    let method = DaMethod::new("<b>\"New\"", "new000000001", DaMethodKind::Password);
    bench.sim.put_method(method.clone()).unwrap();
    assert!(
        browser
            .get("/wa/auth")
            .await
            .text
            .contains("&lt;b&gt;&quot;New&quot;")
    );
    bench.sim.put_method(method).unwrap();
    assert!(
        bench
            .sim
            .put_method(DaMethod::new("Other", "new000000001", DaMethodKind::Fido))
            .is_err()
    );
    assert!(
        bench
            .sim
            .put_method(DaMethod::new("Other", "short", DaMethodKind::Fido))
            .is_err()
    );
    let twice = "[[da.methods]]\nname = \"a\"\nid = \"a00000000001\"\nkind = \"fido\"\n".repeat(2);
    let config = smartid_sim::SimConfig::from_toml(&twice).unwrap();
    assert!(smartid_sim::Sim::builder().config(config).start().await.is_err());
}

#[tokio::test]
async fn sessions_end() {
    let bench = bench("[da.session]\ncookie = \"sid\"\nmore_cookies = [\"lang=sv; Path=/\"]\nidle_seconds = 60\nlife_seconds = 150").await;
    let mut browser = logged_in(&bench).await;
    assert_eq!(browser.cookies["lang"], "sv");
    assert!(browser.cookies.contains_key("sid"));
    for seconds in [59, 59] {
        bench.sim.advance(Duration::from_secs(seconds));
        assert_eq!(browser.get("/wa/desktop.html").await.status, 200);
    }
    // Its whole life is over although it was used.
    bench.sim.advance(Duration::from_secs(32));
    assert_eq!(browser.get("/wa/desktop.html").await.status, 302);
    let mut browser = logged_in(&bench).await;
    bench.sim.advance(Duration::from_secs(60));
    assert_eq!(
        (
            browser.get("/wa/desktop.html").await.status,
            bench.sim.da_sessions()
        ),
        (302, 0)
    );
}

#[tokio::test]
async fn the_portal_user_has_a_record() {
    let bench = bench("").await;
    let mut browser = logged_in(&bench).await;
    let me = browser.get(&bench.sim.da_me_url()).await;
    assert_eq!(me.status, 200);
    assert_eq!(
        me.json(),
        serde_json::json!({
            "username": "alice",
            "displayName": "Alice <A>",
            "attributes": {"mail": "alice@example.test", "samAccountName": "EXAMPLE\\alice"},
        })
    );
    let path = "/https/api/rest/v1.0/me/attributes";
    let answer = browser
        .post_json(path, r#"{"phone": "070", "note": "\u00e5"}"#)
        .await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(
        browser.get(&bench.sim.da_me_url()).await.json()["attributes"]["note"],
        "å"
    );
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(200), "]".repeat(200));
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(5000));
    let many: Vec<String> = (0..70).map(|number| format!("\"a{number}\": \"\"")).collect();
    let many = format!("{{{}}}", many.join(","));
    for (body, status, word) in [
        (r#"{"mail": "bob@example.test"}"#, 403, "attributes_of_storage"),
        (r#"{"a": {"b": "c"}}"#, 400, "attributes_json"),
        (r#"{"a": 1}"#, 400, "attributes_json"),
        (r#"{"a": null}"#, 400, "attributes_json"),
        (r#"["a"]"#, 400, "attributes_json"),
        (r#"{"": "a"}"#, 400, "attributes_size"),
        ("", 400, "attributes_json"),
        ("{\"a\": \"b\"", 400, "attributes_json"),
        (&deep, 400, "attributes_json"),
        (&long, 400, "attributes_size"),
        (&many, 400, "attributes_count"),
    ] {
        let answer = browser.post_json(path, body).await;
        assert_eq!(
            (answer.status, code(&bench).as_str()),
            (status, word),
            "{body:.40}"
        );
        assert!(
            answer.headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/plain")
        );
        assert!(!answer.text.is_empty());
    }
    assert_eq!(browser.post(path, "a=b").await.status, 415);
    assert_eq!(browser.get(path).await.status, 405);
    assert_eq!(browser.get("/https/api/rest/v1.0/me/other").await.status, 404);
    assert_eq!(browser.get("/https/api/rest/v1.0/men").await.status, 404);
    assert_eq!(
        browser.get(&bench.sim.da_me_url()).await.json()["attributes"]["mail"],
        "alice@example.test"
    );
    // Without a session: to the login page, which is not followed as an answer.
    let mut nobody = Browser::new(&bench);
    for answer in [
        nobody.get(&bench.sim.da_me_url()).await,
        nobody.post_json(path, "{}").await,
    ] {
        assert_eq!((answer.status, code(&bench).as_str()), (302, "unauthenticated"));
    }
    let token = bench
        .http
        .get(bench.sim.da_me_url())
        .bearer_auth(bench.sim.da_token())
        .send()
        .await
        .unwrap();
    assert_eq!(token.status(), 302, "a token of /fido is no session");
}

#[tokio::test]
async fn addresses_and_refusals_move() {
    let bench = bench("[da.session]\nme_path = \"/rest/me\"\nme_unauthenticated = \"401\"").await;
    let mut browser = Browser::new(&bench);
    assert_eq!(browser.get("/rest/me").await.status, 401);
    let cookie = bench.sim.da_session_of("alice", "Password").unwrap();
    let (name, value) = cookie.split_once('=').unwrap();
    browser.cookies.insert(name.into(), value.into());
    assert_eq!(browser.get("/rest/me").await.json()["username"], "alice");
    assert_eq!(bench.sim.da_session_of("nobody", "Password"), None);
    bench
        .sim
        .put_user(DaUser::new("carol").password("c").attribute("uid", "c1"));
    let carol = bench.sim.da_session_of("carol", "Password").unwrap();
    let answer = client(&bench.sim)
        .get(bench.sim.da_me_url())
        .header("cookie", carol)
        .send()
        .await
        .unwrap();
    assert!(answer.text().await.unwrap().contains("\"uid\":\"c1\""));
}

#[tokio::test]
async fn a_security_key_is_registered_by_its_owner_and_logs_in() {
    let bench = bench("[da.session]\nregistration_path = \"/rest/keys\"").await;
    let mut browser = Browser::new(&bench);
    let answer = browser.get("/wa/fido/fidoProfileProvisioning.html").await;
    assert_eq!(
        (answer.status, location(&answer).as_str()),
        (
            302,
            "/wa/auth?location=%2Fwa%2Ffido%2FfidoProfileProvisioning.html"
        )
    );
    assert_eq!(browser.get("/rest/keys").await.status, 302);
    assert_eq!(browser.post_json("/rest/keys", "{}").await.status, 302);
    let mut browser = logged_in(&bench).await;
    let page = browser.get("/wa/fido/fidoProfileProvisioning.html").await;
    assert!(page.text.contains("navigator.credentials.create") && page.text.contains("\"/rest/keys\""));
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("script-src 'nonce-")
    );
    // Whoever is named in the request, it is for the person of the session.
    let options = browser.get("/rest/keys?userId=bob").await;
    assert_eq!(options.json()["user"]["name"], "alice");
    let registration = bench.sim.desktop().register(&options.text).unwrap();
    assert_eq!(browser.post("/rest/keys", &registration).await.status, 415);
    assert_eq!(browser.post_json("/rest/keys", "{").await.status, 400);
    // A challenge that was issued for somebody else does not become a key of one's own.
    bench.sim.put_user(DaUser::new("bob"));
    let foreign = bench.options("bob").await;
    let foreign = bench.sim.desktop().register(&foreign.text).unwrap();
    let answer = browser.post_json("/rest/keys", &foreign).await;
    assert_eq!((answer.status, code(&bench).as_str()), (400, "user_mismatch"));
    let answer = browser.post_json("/rest/keys?userId=bob", &registration).await;
    assert_eq!(
        (
            answer.status,
            bench.sim.credentials_of("alice").len(),
            bench.sim.credentials_of("bob").len()
        ),
        (201, 1, 0)
    );
    let mut other = Browser::new(&bench);
    let page = other
        .get("/wa/auth?authmech=FIDO&location=%2Fx%3C%2Fscript%3E%22")
        .await;
    assert!(
        page.status == 400 || page.text.contains("location.href=\"/x\\u003c/script>\\\"\""),
        "{}",
        page.text
    );
    let path = "/https/api/rest/v3.0/webauthn/authentication";
    let options = other.get(&format!("{path}?userId=alice")).await;
    let assertion = bench.sim.desktop().assert(&options.text).unwrap();
    let before = bench.sim.da_sessions();
    // A form of another site can send this, but gets no session for it.
    let answer = other.post(path, &assertion).await;
    assert!(answer.status == 200 && !answer.headers.contains_key("set-cookie"));
    assert_eq!(bench.sim.da_sessions(), before);
    let options = other.get(&format!("{path}?userId=alice")).await;
    let assertion = bench.sim.desktop().assert(&options.text).unwrap();
    assert_eq!(other.post_json(path, &assertion).await.status, 200);
    assert_eq!(
        other.get(&bench.sim.da_me_url()).await.json()["username"],
        "alice"
    );
    assert!(other.get("/wa/desktop.html").await.text.contains("by FIDO"));
    // The same assertion again: no second session.
    let mut thief = Browser::new(&bench);
    let answer = thief.post_json(path, &assertion).await;
    assert_eq!((answer.status, code(&bench).as_str()), (400, "challenge_used"));
    assert_eq!(thief.get("/wa/desktop.html").await.status, 302);
    let form = other.get("/wa/auth?authmech=Password").await;
    let body = format!("authmech=FIDO&token={}", hidden(&form.text, "token"));
    assert_eq!(other.post("/wa/auth", &body).await.status, 400);
    bench.sim.reconfigure(|config| {
        config
            .da
            .methods
            .retain(|method| method.kind != DaMethodKind::Fido)
    });
    let before = bench.sim.da_sessions();
    bench.sim.login("alice").await.unwrap();
    assert_eq!(bench.sim.da_sessions(), before);
}
