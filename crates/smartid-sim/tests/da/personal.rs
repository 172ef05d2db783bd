//! Logging in with the Mobile App and the Desktop App: what a browser sees, what messaging is asked, whose answer counts - and callbacks
//! from people who would like to be somebody else.

use std::time::Duration;

use crate::browser::{Browser, location};
use crate::common::{Answer, Bench, Receiver};
use crate::devices::{ALICE, NOW, certified_with, enrol, signer, std64, un64};
use serde_json::{Value, json};
use smartid_sim::Persona;
use smartid_sim::config::{DaMethod, DaMethodKind};
use smartid_sim::pki::{Certificate, Key, KeyKind, Profile, SigAlg, TestCa, Validity, csr};

pub(super) async fn bench(toml: &str) -> (Bench, Receiver) {
    Bench::with_receiver(toml).await
}

/// The code of the last record on a path that ends so; callbacks are recorded twice, by who sends and by who gets them.
pub(super) fn code(bench: &Bench, path: &str) -> String {
    bench.code(path).unwrap_or_default()
}

/// Begins a login; gives the address of the page that waits.
pub(super) async fn begin(browser: &mut Browser, method: &str, user: Option<&str>, back: &str) -> String {
    let page = browser
        .get(&format!("/wa/auth?authmech={method}&location={back}"))
        .await;
    let answer = match user {
        Some(user) => browser.submit(&page, &format!("username={user}")).await,
        None => page,
    };
    assert_eq!(answer.status, 303, "{}", answer.text);
    location(&answer)
}

/// Looks until the login is over.
pub(super) async fn end(browser: &mut Browser, wait: &str) -> Answer {
    let state = wait.replace("/wa/auth/wait", "/wa/auth/state");
    for _ in 0..5000 {
        let now = browser.get(&state).await.json()["state"]
            .as_str()
            .unwrap()
            .to_owned();
        if now != "started" && now != "delivered" {
            return browser.get(wait).await;
        }
        tokio::task::yield_now().await;
    }
    panic!("the login does not end");
}

/// The command as messaging got it.
pub(super) fn command(bench: &Bench) -> Value {
    let records = bench.sim.records();
    let posted = records
        .iter()
        .rev()
        .find(|record| record.path.ends_with("/command/authenticate"))
        .unwrap();
    serde_json::from_slice(&posted.body).unwrap()
}

pub(super) fn tbs(command: &Value) -> Vec<u8> {
    un64(
        command["authCommand"]["params"]["tbs"][0]["data"]
            .as_str()
            .unwrap(),
    )
}

/// A link on a page.
pub(super) fn link(page: &str) -> String {
    let rest = page
        .split_once("id=\"app\" href=\"")
        .unwrap_or_else(|| panic!("{page}"))
        .1;
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

/// A template whose certificate names a mail address.
pub(super) fn template(name: &str, mail: &[&str]) -> Vec<u8> {
    let key = Key::generate(KeyKind::P256).unwrap();
    csr::make(&format!("CN={name}"), mail, &key, SigAlg::Es256).unwrap()
}

/// A callback from anybody who knows the address.
pub(super) async fn call(bench: &Bench, path: &str, password: Option<&str>, body: String) -> (u16, String) {
    let url = format!(
        "{}/https/api/rest/v3.0/personalmessaging{path}",
        bench.sim.da_origin()
    );
    let mut request = bench
        .http
        .post(url)
        .header("content-type", "application/json")
        .body(body);
    if let Some(password) = password {
        request = request.header("authorization", format!("Basic {}", std64(password.as_bytes())));
    }
    let status = request.send().await.unwrap().status().as_u16();
    let code = bench
        .sim
        .records()
        .last()
        .unwrap()
        .code
        .clone()
        .unwrap_or_default();
    (status, code)
}

#[tokio::test]
async fn a_phone_that_identity_manager_has_enrolled_logs_in() {
    let (bench, _receiver) = bench("[mobile]\nauto = false").await;
    enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
    let mut browser = Browser::new(&bench);
    let wait = begin(&mut browser, "Personal%20Mobile", Some("alice"), "/wa/app?x=1").await;
    let page = browser.get(&wait).await;
    assert_eq!(
        (page.status, code(&bench, "/wa/auth/wait").as_str()),
        (200, "delivered")
    );
    assert!(
        page.text
            .contains("<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>")
    );
    let posted = command(&bench);
    assert_eq!(posted["commandHeader"]["to"], json!([ALICE]));
    assert_eq!(
        (
            &posted["commandHeader"]["timeout"],
            &posted["commandHeader"]["lifespan"]
        ),
        (&json!(120), &json!(150))
    );
    // The same picture on both sides.
    let picture = &posted["authCommand"]["params"]["description"][1];
    assert_eq!(
        (picture["key"].as_str(), picture["content_type"].as_str()),
        (Some("auth_image"), Some("image/jpeg"))
    );
    assert!(page.text.contains(picture["data"].as_str().unwrap()));
    let report = bench.sim.mobile().check().await.unwrap();
    assert_eq!(report.states, ["SUCCESS"]);
    let done = end(&mut browser, &wait).await;
    assert_eq!((done.status, location(&done).as_str()), (303, "/wa/app?x=1"));
    assert_eq!(
        browser.get(&bench.sim.da_me_url()).await.json()["username"],
        "alice"
    );
    assert_eq!(bench.sim.da_sessions(), 1);
    // Once only: a second look gives no second session.
    let again = browser.get(&wait).await;
    assert_eq!(
        (again.status, again.headers.get("set-cookie").is_some()),
        (303, false)
    );
    assert_eq!(
        (bench.sim.da_sessions(), code(&bench, "/wa/auth/wait").as_str()),
        (1, "login_finished")
    );
}

#[tokio::test]
async fn only_acceptance_becomes_a_session() {
    for (persona, reason, text) in [
        (Persona::Declines, "not_accepted", "declined"),
        (Persona::Cancels, "not_accepted", "declined"),
        (Persona::WrongPin, "not_accepted", "has failed"),
        (Persona::SignsOther, "answer_content", "has failed"),
        (Persona::WrongFormat, "not_accepted", "has failed"),
    ] {
        let (bench, _receiver) = bench("[mobile]\nauto = false").await;
        enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
        let mut browser = Browser::new(&bench);
        let wait = begin(&mut browser, "pm0000000001", Some("alice"), "/").await;
        bench.sim.mobile().check_as(persona).await.unwrap();
        let page = end(&mut browser, &wait).await;
        assert_eq!(
            (page.status, code(&bench, "/wa/auth/wait").as_str()),
            (403, reason),
            "{persona}"
        );
        assert!(
            page.text.contains(text) && page.text.contains("authmech=Personal%20Mobile&amp;location=%2F"),
            "{}",
            page.text
        );
        assert_eq!(
            (
                bench.sim.da_sessions(),
                browser.get("/wa/desktop.html").await.status
            ),
            (0, 302)
        );
    }
}

#[tokio::test]
async fn time_runs_out() {
    let (bench, _receiver) = bench("[mobile]\nauto = false\n[da.personal]\ncommand_timeout_seconds = 30\ncommand_lifespan_seconds = 40\nlook_seconds = 7").await;
    enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
    let mut browser = Browser::new(&bench);
    let wait = begin(&mut browser, "Personal%20Mobile", Some("alice"), "/").await;
    assert!(browser.get(&wait).await.text.contains("content=\"7\""));
    assert_eq!(
        (
            &command(&bench)["commandHeader"]["timeout"],
            &command(&bench)["commandHeader"]["lifespan"]
        ),
        (&json!(30), &json!(40))
    );
    bench.sim.advance(Duration::from_secs(30));
    let page = end(&mut browser, &wait).await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("Nobody has answered"), "{}", page.text);
}

#[tokio::test]
async fn a_certificate_on_the_desktop_names_the_user() {
    let (bench, mut receiver) = bench("").await;
    let cm = bench.sim.cm();
    let ca = cm.ca().unwrap();
    certified_with(
        &bench,
        &mut receiver,
        ca,
        &template("Alice", &["x@example.test", ALICE]),
    )
    .await;
    let mut browser = Browser::new(&bench);
    let wait = begin(&mut browser, "Personal%20Desktop", None, "/wa/desktop.html").await;
    let page = browser.get(&wait).await;
    let plugout = link(&page.text);
    assert!(
        plugout.starts_with("com.nexusgroup.plugout:///?url="),
        "{plugout}"
    );
    let posted = command(&bench);
    assert_eq!(
        (
            &posted["commandHeader"]["to"],
            &posted["authCommand"]["params"]["format"]
        ),
        (&json!(["@tmp"]), &json!("pkcs7"))
    );
    bench.sim.desktop().open(&plugout).await.unwrap();
    let done = end(&mut browser, &wait).await;
    assert_eq!(
        (done.status, location(&done).as_str()),
        (303, "/wa/desktop.html"),
        "{}",
        code(&bench, "/wa/auth/wait")
    );
    assert_eq!(
        browser.get(&bench.sim.da_me_url()).await.json()["username"],
        "alice"
    );
    // JWS with its certificate, when it is asked for.
    bench
        .sim
        .reconfigure(|config| config.da.personal.certificate_format = "jws".into());
    let wait = begin(&mut browser, "Personal%20Desktop", None, "/").await;
    let plugout = link(&browser.get(&wait).await.text);
    bench.sim.desktop().open(&plugout).await.unwrap();
    assert_eq!(
        end(&mut browser, &wait).await.status,
        303,
        "{}",
        code(&bench, "/wa/auth/wait")
    );
}

#[tokio::test]
async fn a_code_for_another_device_and_a_link_for_the_same() {
    let (bench, mut receiver) = bench("[mobile]\nauto = false").await;
    let ca = TestCa::new(3, NOW - 1000).unwrap();
    let pem = Certificate::parse(ca.issuer_der()).unwrap().pem();
    let phone = bench.sim.mobile();
    enrol(
        &bench,
        &phone,
        ALICE,
        &[signer(Some(&template("Alice", &[ALICE])))],
    )
    .await;
    let answer = receiver.next().await.json();
    let payload = crate::devices::attested(&bench, &answer["response"]);
    let request = un64(payload["keys"][0]["certreq"].as_str().unwrap());
    let certificate = ca
        .issue(&request, Profile::Signing, Validity::days(NOW, 365))
        .unwrap();
    let body = json!({
        "userid": ALICE,
        "profileid": payload["profileid"],
        "certificates": [{"keyid": "signer", "certificate": std64(certificate.der()), "chain": []}],
    });
    assert_eq!(
        crate::devices::asked(&bench, &mut receiver, "certificate", "certCommand", body).await["state"],
        "SUCCESS"
    );
    let mut method = DaMethod::new("Code", "code00000001", DaMethodKind::PersonalMobile)
        .certificate(&pem, "subjectaltname-emailaddress", "mail")
        .without_user_name();
    method.certificate_filter = r#"{"value": [{"op": "eq", "param": "key.id", "value": "signer"}]}"#.into();
    bench.sim.put_method(method.clone()).unwrap();
    let mut browser = Browser::new(&bench);
    let wait = begin(&mut browser, "Code", None, "/").await;
    let page = browser.get(&wait).await;
    assert!(
        page.text.contains("<svg") && !page.text.contains("id=\"app\""),
        "{}",
        page.text
    );
    let posted = command(&bench);
    assert_eq!(
        posted["authCommand"]["params"]["filter"],
        json!({"op": "and", "value": [{"op": "eq", "param": "key.id", "value": "signer"}]})
    );
    method.name = "Same".into();
    method.id = "same00000001".into();
    method.same_device = true;
    method.wait_seconds = 3;
    method.redirect_text = "Off to <the> app".into();
    bench.sim.put_method(method).unwrap();
    let wait = begin(&mut browser, "Same", None, "/wa/desktop.html").await;
    let page = browser.get(&wait).await;
    assert!(
        page.text.contains("Off to &lt;the&gt; app") && page.text.contains("},3000)"),
        "{}",
        page.text
    );
    phone.open(&link(&page.text)).await.unwrap();
    let done = end(&mut browser, &wait).await;
    assert_eq!(
        (done.status, location(&done).as_str()),
        (303, "/wa/desktop.html"),
        "{}",
        code(&bench, "/wa/auth/wait")
    );
}

#[tokio::test]
async fn on_the_same_device_the_app_is_started_and_comes_back() {
    let (bench, _receiver) = bench("[mobile]\nauto = false").await;
    let phone = bench.sim.mobile();
    enrol(&bench, &phone, ALICE, &[signer(None)]).await;
    let method = DaMethod::new("Same", "same00000001", DaMethodKind::PersonalMobile).on_same_device();
    bench.sim.put_method(method).unwrap();
    let mut browser = Browser::new(&bench);
    let wait = begin(&mut browser, "Same", Some("alice"), "/").await;
    let start = link(&browser.get(&wait).await.text);
    assert!(
        start.starts_with("personal://start?title=Same&redirect="),
        "{start}"
    );
    let report = phone.open(&start).await.unwrap();
    assert_eq!(report.redirect, Some(format!("{}{wait}", bench.sim.da_origin())));
    assert_eq!(end(&mut browser, &wait).await.status, 303);
}

#[tokio::test]
async fn answers_may_leave_out_what_was_signed() {
    let (bench, mut receiver) = bench("[device.signature]\ndetached = true").await;
    let cm = bench.sim.cm();
    certified_with(
        &bench,
        &mut receiver,
        cm.ca().unwrap(),
        &template("Alice", &[ALICE]),
    )
    .await;
    let mut browser = Browser::new(&bench);
    for format in ["pkcs7", "jws"] {
        for (persona, reason) in [
            (Persona::Approves, "logged_in"),
            (Persona::SignsOther, "signature"),
        ] {
            bench
                .sim
                .reconfigure(|config| config.da.personal.certificate_format = format.into());
            let wait = begin(&mut browser, "Personal%20Desktop", None, "/").await;
            let plugout = link(&browser.get(&wait).await.text);
            bench.sim.desktop().open_as(&plugout, persona).await.unwrap();
            end(&mut browser, &wait).await;
            assert_eq!(code(&bench, "/wa/auth/wait"), reason, "{format} {persona}");
        }
    }
}
