//! Who would like to be logged in, or to lead others astray by the login page.

use super::portal::{RIGHT, bench, code};
use crate::browser::{Browser, hidden, location};
use crate::common::Bench;
use smartid_sim::config::OauthClient;

#[tokio::test]
async fn a_login_leads_only_where_it_may() {
    let bench = bench("[da.session]\nlocations = [\"https://app.example.test/start\"]").await;
    bench
        .sim
        .put_oauth_client(OauthClient::new("rp", "s").redirect_uri("https://rp.example.test/cb"));
    let mut browser = Browser::new(&bench);
    let own = bench.sim.da_origin().to_owned();
    let host = own.strip_prefix("https://").unwrap().to_owned();
    for evil in [
        "https://evil.example.test/".to_owned(),
        "//evil.example.test/".into(),
        "/\\evil.example.test/".into(),
        "\\/evil.example.test".into(),
        "/\t/evil.example.test/".into(),
        "https:evil.example.test".into(),
        "javascript:alert(1)".into(),
        "data:text/html,x".into(),
        format!("{own}.evil.example.test/"),
        format!("{own}@evil.example.test/"),
        format!("https://user@{host}/"),
        format!("http://{host}/"),
        "https://rp.example.test/cb/../evil".into(),
        "https://rp.example.test/cb2".into(),
        "https://app.example.test/".into(),
        "wa/desktop.html".into(),
        format!("/{}", "a".repeat(9000)),
        "/\r\nset-cookie: a=b".into(),
    ] {
        let answer = browser
            .get(&bench.sim.da_login_url(Some("Password"), Some(&evil)))
            .await;
        assert_eq!(
            (answer.status, code(&bench).as_str()),
            (400, "location"),
            "{evil}"
        );
        assert_eq!(
            browser
                .get(&bench.sim.da_login_url(None, Some(&evil)))
                .await
                .status,
            400
        );
        // In the form, too.
        let page = browser.get("/wa/auth?authmech=Password").await;
        let escaped: String = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect();
        let answer = browser
            .submit(&page, &format!("{RIGHT}&location={escaped}"))
            .await;
        assert_eq!(
            (answer.status, code(&bench).as_str()),
            (400, "location"),
            "{evil}"
        );
        assert!(!answer.headers.contains_key("location"));
    }
    assert_eq!(bench.sim.da_sessions(), 0);
    for good in [
        format!("{own}/wa/x?y=1#z"),
        "/any".into(),
        "https://rp.example.test/cb?state=1".into(),
        "https://app.example.test/start".into(),
    ] {
        let page = browser
            .get(&bench.sim.da_login_url(Some("Password"), Some(&good)))
            .await;
        let answer = browser.submit(&page, RIGHT).await;
        assert_eq!((answer.status, location(&answer)), (303, good));
    }
}

#[tokio::test]
async fn a_login_belongs_to_the_browser_in_which_it_began() {
    let bench = bench("").await;
    let (mut mine, mut other) = (Browser::new(&bench), Browser::new(&bench));
    let page = mine.get("/wa/auth?authmech=Password").await;
    // A form from elsewhere, one without a token, one of another browser.
    for body in [
        format!("authmech=Password&{RIGHT}"),
        format!("authmech=Password&token=&{RIGHT}"),
        format!("authmech=Password&token={}&{RIGHT}", hidden(&page.text, "token")),
    ] {
        let answer = other.post("/wa/auth", &body).await;
        assert_eq!(
            (answer.status, code(&bench).as_str()),
            (403, "form_token"),
            "{body}"
        );
    }
    // A session that was planted before the login is never adopted, and one that was there ends.
    mine.cookies.insert("WASESSION".into(), "f".repeat(64));
    assert_eq!(mine.submit(&page, RIGHT).await.status, 303);
    assert_ne!(mine.cookies["WASESSION"], "f".repeat(64));
    let first = mine.cookies["WASESSION"].clone();
    assert_eq!(mine.submit(&page, RIGHT).await.status, 303);
    assert_ne!(mine.cookies["WASESSION"], first);
    assert_eq!(bench.sim.da_sessions(), 1);
    other.cookies.insert("WASESSION".into(), first);
    assert_eq!(other.get("/wa/desktop.html").await.status, 302);
    // Two cookies of one name are neither.
    let good = mine.cookies["WASESSION"].clone();
    let url = format!("{}/wa/desktop.html", bench.sim.da_origin());
    for (cookie, status) in [
        (format!("WASESSION={good}"), 200),
        (format!("WASESSION=x; WASESSION={good}"), 302),
        (String::new(), 302),
    ] {
        let answer = bench
            .http
            .get(&url)
            .header("cookie", cookie)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status);
    }
}

#[tokio::test]
async fn wrong_passwords_and_unknown_people_look_the_same() {
    let bench = bench("").await;
    bench.sim.add_user("no-password");
    let mut browser = Browser::new(&bench);
    let page = browser.get("/wa/auth?authmech=Password").await;
    let mut seen = Vec::new();
    for body in [
        "username=alice&password=x",
        "username=nobody&password=x",
        "username=no-password&password=",
        "password=x",
        "username=no-password",
    ] {
        let answer = browser.submit(&page, body).await;
        assert_eq!(
            (answer.status, code(&bench).as_str()),
            (403, "password_wrong"),
            "{body}"
        );
        seen.push(answer.text);
    }
    assert!(seen.iter().all(|text| *text == seen[0]));
    let answer = browser.post("/wa/auth", "username=alice").await;
    assert_eq!((answer.status, code(&bench).as_str()), (400, "method_missing"));
    let long = format!("username={}", "a".repeat(70_000));
    assert_eq!(browser.post("/wa/auth", &long).await.status, 400);
    assert_eq!(browser.post("/wa/auth", &"a".repeat(2 << 20)).await.status, 413);
    assert_eq!(browser.post_json("/wa/auth", "{}").await.status, 400);
    // Users of the configuration get a password, so that a person can play them.
    let bench = Bench::from_toml("").await;
    let alice = bench.sim.da_users().remove(0);
    assert_eq!(
        (alice.password.len(), alice.attributes["mail"].as_str()),
        (64, "alice@example.test")
    );
    assert!(!format!("{alice:?}").contains(&alice.password));
}
