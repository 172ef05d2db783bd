//! Logging in with the Mobile App and the Desktop App: what a browser sees, what messaging is asked, whose answer counts - and callbacks
//! from people who would like to be somebody else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking, its helpers too"
)]

mod browser;
mod common;
mod devices;

use std::time::Duration;

use browser::{Browser, location};
use common::{Answer, Bench, Receiver};
use devices::{ALICE, NOW, certified_with, enrol, signer, std64, un64};
use serde_json::{Value, json};
use smartid_sim::config::{DaMethod, DaMethodKind, DaUser};
use smartid_sim::pki::{Certificate, Key, KeyKind, Profile, SigAlg, TestCa, Validity, csr, jws};
use smartid_sim::{Fault, FaultKind, Persona, Route};

async fn bench(toml: &str) -> (Bench, Receiver) {
    Bench::with_receiver(toml).await
}

/// The code of the last record on a path that ends so; callbacks are recorded twice, by who sends and by who gets them.
fn code(bench: &Bench, path: &str) -> String {
    bench.code(path).unwrap_or_default()
}

/// Begins a login; gives the address of the page that waits.
async fn begin(browser: &mut Browser, method: &str, user: Option<&str>, back: &str) -> String {
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
async fn end(browser: &mut Browser, wait: &str) -> Answer {
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
fn command(bench: &Bench) -> Value {
    let records = bench.sim.records();
    let posted = records
        .iter()
        .rev()
        .find(|record| record.path.ends_with("/command/authenticate"))
        .unwrap();
    serde_json::from_slice(&posted.body).unwrap()
}

fn tbs(command: &Value) -> Vec<u8> {
    un64(
        command["authCommand"]["params"]["tbs"][0]["data"]
            .as_str()
            .unwrap(),
    )
}

/// A link on a page.
fn link(page: &str) -> String {
    let rest = page
        .split_once("id=\"app\" href=\"")
        .unwrap_or_else(|| panic!("{page}"))
        .1;
    rest.split('"').next().unwrap().replace("&amp;", "&")
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
async fn a_user_who_may_not_looks_like_one_whose_app_is_silent() {
    let (bench, _receiver) = bench("[mobile]\nauto = false").await;
    let mut carol = DaUser::new("carol").attribute("mail", ALICE);
    carol.personal_enabled = false;
    bench.sim.put_user(carol);
    enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
    let mut browser = Browser::new(&bench);
    let mut pages = Vec::new();
    for (user, reason) in [
        ("nobody", "user_unknown"),
        ("carol", "user_unknown"),
        ("bob", "messaging_refused"),
        ("%40tmp", "user_unknown"),
    ] {
        let wait = begin(&mut browser, "Personal%20Mobile", Some(user), "/").await;
        pages.push(end(&mut browser, &wait).await.text);
        assert_eq!(code(&bench, "/wa/auth/wait"), reason, "{user}");
    }
    assert!(pages.iter().all(|page| *page == pages[0]));
    let page = browser.get("/wa/auth?authmech=Personal%20Mobile").await;
    assert_eq!(browser.submit(&page, "username=").await.status, 400);
    // Messaging that cannot be reached, or does not say anything of use.
    for (fault, reason) in [
        (FaultKind::Reset, "messaging_unreachable"),
        (FaultKind::DeepJson { depth: 500 }, "messaging_unreadable"),
        (FaultKind::TruncatedBody, "messaging_unreadable"),
    ] {
        bench.sim.faults().inject(Fault::new(Route::HermodCommand, fault));
        let wait = begin(&mut browser, "Personal%20Mobile", Some("alice"), "/").await;
        assert_eq!(end(&mut browser, &wait).await.status, 403);
        assert_eq!(code(&bench, "/wa/auth/wait"), reason);
    }
}

#[tokio::test]
async fn a_callback_may_be_faster_than_the_answer_to_the_command() {
    let (bench, _receiver) = bench("").await;
    enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
    bench
        .sim
        .faults()
        .inject(Fault::new(Route::HermodCommand, FaultKind::CallbackBeforeReply));
    let mut browser = Browser::new(&bench);
    let wait = begin(&mut browser, "Personal%20Mobile", Some("alice"), "/").await;
    assert_eq!(end(&mut browser, &wait).await.status, 303);
}

/// A template whose certificate names a mail address.
fn template(name: &str, mail: &[&str]) -> Vec<u8> {
    let key = Key::generate(KeyKind::P256).unwrap();
    csr::make(&format!("CN={name}"), mail, &key, SigAlg::Es256).unwrap()
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
async fn a_certificate_that_names_somebody_else_or_nobody_is_refused() {
    let foreign = TestCa::new(99, NOW - 1000).unwrap();
    let foreign_pem = Certificate::parse(foreign.issuer_der()).unwrap().pem();
    let by_mail = |name: &str, ca: &str| {
        DaMethod::new(name, "cert00000001", DaMethodKind::PersonalDesktop).certificate(
            ca,
            "subjectaltname-emailaddress",
            "mail",
        )
    };
    let asking = || by_mail("Cert", "");
    let typed = |user: &'static str| (asking(), Some(user));
    let silent = |method: DaMethod| (method.without_user_name(), None);
    let broken = DaMethod::new("Cert", "cert00000001", DaMethodKind::PersonalDesktop).certificate(
        "",
        "shoe-size",
        "mail",
    );
    for ((method, user), reason) in [
        (typed("alice"), "logged_in"),
        (typed("bob"), "mapping_other_user"),
        (silent(by_mail("Cert", &foreign_pem)), "certificate_not_trusted"),
        (
            silent(by_mail(
                "Cert",
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            )),
            "authority_unreadable",
        ),
        (silent(broken), "certificate_attribute_unknown"),
        (
            silent(asking().certificate("", "cn", "nickname")),
            "mapping_nobody",
        ),
        (
            silent(asking().certificate("", "cn", "team")),
            "mapping_ambiguous",
        ),
        (silent(asking().certificate("", "ou", "mail")), "mapping_nobody"),
    ] {
        let (bench, mut receiver) = bench("").await;
        for name in ["alice", "bob"] {
            bench.sim.put_user(
                DaUser::new(name)
                    .attribute("mail", format!("{name}@example.test"))
                    .attribute("team", "Alice"),
            );
        }
        bench.sim.put_method(method).unwrap();
        certified_with(
            &bench,
            &mut receiver,
            bench.sim.cm().ca().unwrap(),
            &template("Alice", &[ALICE]),
        )
        .await;
        let mut browser = Browser::new(&bench);
        let wait = begin(&mut browser, "Cert", user, "/").await;
        let plugout = link(&browser.get(&wait).await.text);
        bench.sim.desktop().open(&plugout).await.unwrap();
        end(&mut browser, &wait).await;
        assert_eq!(code(&bench, "/wa/auth/wait"), reason);
        assert_eq!(bench.sim.da_sessions(), usize::from(reason == "logged_in"));
    }
    // A stranger's certificate under the right name, a broken signature, a certificate that is over.
    for (persona, days, reason) in [
        (Persona::Stranger, 0, "certificate_not_trusted"),
        (Persona::ForgesSignature, 0, "signature"),
        (Persona::Approves, 400, "certificate_not_trusted"),
    ] {
        let (bench, mut receiver) = bench("").await;
        certified_with(
            &bench,
            &mut receiver,
            bench.sim.cm().ca().unwrap(),
            &template("Alice", &[ALICE]),
        )
        .await;
        bench.sim.advance(Duration::from_secs(days * 86_400));
        let mut browser = Browser::new(&bench);
        let wait = begin(&mut browser, "Personal%20Desktop", None, "/").await;
        let plugout = link(&browser.get(&wait).await.text);
        bench.sim.desktop().open_as(&plugout, persona).await.unwrap();
        assert_eq!(end(&mut browser, &wait).await.status, 403);
        assert_eq!(code(&bench, "/wa/auth/wait"), reason, "{persona}");
    }
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
    let payload = devices::attested(&bench, &answer["response"]);
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
        devices::asked(&bench, &mut receiver, "certificate", "certCommand", body).await["state"],
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
async fn the_waiting_page_is_for_the_browser_that_began() {
    let (bench, _receiver) = bench("[mobile]\nauto = false").await;
    enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
    let (mut mine, mut other) = (Browser::new(&bench), Browser::new(&bench));
    let wait = begin(&mut mine, "Personal%20Mobile", Some("alice"), "/").await;
    other.get("/wa/auth?authmech=Password").await;
    bench.sim.mobile().check().await.unwrap();
    for path in [
        wait.clone(),
        wait.replace("wait", "state"),
        "/wa/auth/wait".into(),
        "/wa/auth/wait?id=".into(),
    ] {
        assert_eq!(other.get(&path).await.status, 404);
    }
    assert_eq!(Browser::new(&bench).get(&wait).await.status, 404);
    assert_eq!(bench.sim.da_sessions(), 0);
    assert_eq!(end(&mut mine, &wait).await.status, 303);
    assert_eq!(mine.post(&wait, "").await.status, 405);
}

/// A callback from anybody who knows the address.
async fn call(bench: &Bench, path: &str, password: Option<&str>, body: String) -> (u16, String) {
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
async fn callbacks_that_belong_to_no_login_are_ignored() {
    let (bench, _receiver) = bench("[mobile]\nauto = false").await;
    enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
    let password = bench.sim.api_user("da").unwrap().callback_basic_auth.unwrap();
    let (mut alice, mut mallory) = (Browser::new(&bench), Browser::new(&bench));
    let wait = begin(&mut alice, "Personal%20Mobile", Some("alice"), "/").await;
    let first = command(&bench);
    let first_id = first["commandHeader"]["externalId"].as_str().unwrap().to_owned();
    let second_wait = begin(&mut mallory, "Personal%20Mobile", Some("alice"), "/").await;
    let second = command(&bench);
    let second_id = second["commandHeader"]["externalId"].as_str().unwrap().to_owned();
    let key = Key::generate(KeyKind::P256).unwrap();
    let signed = |content: &[u8]| {
        jws::sign_compact(content, &key, SigAlg::Es256, &jws::Header::new().kid("signer")).unwrap()
    };
    let success = |external: &str, data: String| {
        json!({"externalId": external, "commandType": "AUTH", "state": "SUCCESS", "response": {"format": "jws", "data": data}}).to_string()
    };
    let right = success(&second_id, signed(&tbs(&second)));
    // Nobody but messaging.
    for wrong in [None, Some("messaging:guess"), Some("")] {
        assert_eq!(
            call(&bench, "", wrong, right.clone()).await,
            (401, "callback_password".into())
        );
    }
    let own = Some(password.as_str());
    assert_eq!(
        call(&bench, "", own, "{\"externalId\":".into()).await,
        (400, "callback_json".into())
    );
    assert_eq!(
        call(&bench, "", own, "[]".into()).await,
        (400, "callback_json".into())
    );
    assert_eq!(
        call(&bench, "", own, "[".repeat(1000)).await,
        (400, "callback_json".into())
    );
    assert_eq!(call(&bench, "", own, " ".repeat(2 << 20)).await.0, 413);
    for (body, word) in [
        ("{}".to_owned(), "callback_unknown"),
        (
            json!({"commandId": "1", "state": "SUCCESS"}).to_string(),
            "callback_unknown",
        ),
        (success("unknown", signed(&tbs(&second))), "callback_unknown"),
        (
            json!({"commandId": "1", "externalId": second_id, "state": "SUCCESS"}).to_string(),
            "callback_unknown",
        ),
        (
            json!({"externalId": second_id, "state": "IN_PROGRESS"}).to_string(),
            "callback_state",
        ),
        (
            json!({"externalId": second_id, "state": "success"}).to_string(),
            "callback_state",
        ),
        (json!({"externalId": second_id}).to_string(), "callback_state"),
        (
            json!({"externalId": second_id, "commandType": "SIGN", "state": "SUCCESS"}).to_string(),
            "callback_of_other_command",
        ),
    ] {
        assert_eq!(
            call(&bench, "", own, body.clone()).await,
            (200, word.into()),
            "{body}"
        );
    }
    // The confusion of commands: an answer to a signature is no login.
    for path in [
        "/callback/sign",
        "/callback/provision",
        "/callback/authenticate/x",
    ] {
        assert_eq!(
            call(&bench, path, own, right.clone()).await,
            (200, "callback_of_other_command".into())
        );
    }
    assert_eq!(call(&bench, "x", own, right.clone()).await.0, 404);
    // An answer to another login: what was signed for the first does not open the second.
    assert_eq!(
        call(
            &bench,
            "/callback/authenticate",
            own,
            success(&second_id, signed(&tbs(&first)))
        )
        .await,
        (200, "answer_content".into())
    );
    assert_eq!(end(&mut mallory, &second_wait).await.status, 403);
    // It has ended: even the right answer comes too late.
    assert_eq!(
        call(&bench, "", own, right).await,
        (200, "callback_finished".into())
    );
    assert_eq!(mallory.get(&second_wait).await.status, 403);
    // The first is untouched, and ends once.
    bench.sim.mobile().check().await.unwrap();
    assert_eq!(end(&mut alice, &wait).await.status, 303);
    let late = json!({"externalId": first_id, "state": "REJECTED"}).to_string();
    assert_eq!(
        call(&bench, "/callback/authenticate", own, late).await,
        (200, "callback_finished".into())
    );
    assert_eq!(alice.get("/wa/desktop.html").await.status, 200);
}

#[tokio::test]
async fn answers_that_prove_nothing_are_refused() {
    let ca = TestCa::new(5, NOW - 1000).unwrap();
    let pem = Certificate::parse(ca.issuer_der()).unwrap().pem();
    let key = Key::generate(KeyKind::P256).unwrap();
    let issued = |profile| {
        ca.issue_for_key(
            "CN=Alice,E=alice@example.test",
            &key,
            profile,
            Validity::days(NOW, 30),
        )
        .unwrap()
        .der()
        .to_vec()
    };
    let good = issued(Profile::Authentication);
    let encryption = issued(Profile::Encryption);
    let with = |content: &[u8], chain: &[Vec<u8>]| {
        jws::sign_compact(content, &key, SigAlg::Es256, &jws::Header::new().x5c(chain)).unwrap()
    };
    type Make<'a> = Box<dyn Fn(&[u8]) -> Value + 'a>;
    let jws_of = |data: String| json!({"format": "jws", "data": data});
    let cases: Vec<(Make<'_>, &str)> = vec![
        (Box::new(|_| Value::Null), "answer_missing"),
        (
            Box::new(|_| json!({"format": "jws", "data": 7})),
            "answer_missing",
        ),
        (
            Box::new(|_| json!({"format": "raw", "data": "AAAA"})),
            "answer_format",
        ),
        (
            Box::new(|_| json!({"format": "jws", "data": "a.b"})),
            "answer_unreadable",
        ),
        (
            Box::new(|_| json!({"format": "pkcs7", "data": "%%"})),
            "answer_unreadable",
        ),
        (
            Box::new(|_| json!({"format": "pkcs7", "data": "AAAA"})),
            "signature",
        ),
        (
            Box::new(|tbs| {
                jws_of(
                    jws::sign_compact(tbs, &key, SigAlg::Es256, &jws::Header::new().kid("signer")).unwrap(),
                )
            }),
            "certificate_missing",
        ),
        (
            Box::new(|tbs| jws_of(jws::with_alg_none(&with(tbs, &[good.clone()])).unwrap())),
            "signature",
        ),
        (
            Box::new(|tbs| jws_of(jws::with_payload(&with(b"other", &[good.clone()]), tbs).unwrap())),
            "signature",
        ),
        (
            Box::new(|_| jws_of(with(b"other", &[good.clone()]))),
            "answer_content",
        ),
        (
            Box::new(|tbs| jws_of(with(tbs, &[vec![0x30, 0x00]]))),
            "certificate_unreadable",
        ),
        (
            Box::new(|tbs| jws_of(with(tbs, &[ca.issuer_der().to_vec()]))),
            "signature",
        ),
        (
            Box::new(|tbs| jws_of(with(tbs, &[encryption.clone()]))),
            "certificate_usage",
        ),
        (
            Box::new(|tbs| jws_of(with(tbs, &[good.clone()]))),
            "callback_accepted",
        ),
    ];
    for (make, reason) in cases {
        let (bench, _receiver) = bench("").await;
        let method = DaMethod::new("Cert", "cert00000001", DaMethodKind::PersonalDesktop)
            .certificate(&pem, "e", "mail")
            .without_user_name();
        bench.sim.put_method(method).unwrap();
        let password = bench.sim.api_user("da").unwrap().callback_basic_auth.unwrap();
        let mut browser = Browser::new(&bench);
        let wait = begin(&mut browser, "Cert", None, "/").await;
        let posted = command(&bench);
        let body = json!({"externalId": posted["commandHeader"]["externalId"], "state": "SUCCESS", "response": make(&tbs(&posted))});
        assert_eq!(
            call(&bench, "", Some(&password), body.to_string()).await,
            (200, reason.into())
        );
        assert_eq!(
            end(&mut browser, &wait).await.status,
            if reason == "callback_accepted" { 303 } else { 403 }
        );
    }
}

#[tokio::test]
async fn digital_access_is_a_client_of_its_own() {
    let toml = "[mobile]\nauto = false\n[[hermod.api_users]]\nclient-id = \"idm\"\ngroup = \"shared\"\n\
        [da.personal]\nclient_id = \"portal\"\nclient_key = \"secret\"\nclient_group = \"shared\"\ncallback_path = \"/cb\"\n\
        callback_password = false\nmessaging_user_attribute = \"uid\"\npicture = \"content-id\"\npicture_path = \"/pictures\"\n";
    let (bench, _receiver) = bench(toml).await;
    enrol(&bench, &bench.sim.mobile(), "alice", &[signer(None)]).await;
    let entry = bench.sim.api_user("portal").unwrap();
    assert_eq!(
        (
            entry.key.as_str(),
            entry.group.as_str(),
            entry.callback_basic_auth
        ),
        ("secret", "shared", None)
    );
    assert_eq!(
        entry.callback_url.unwrap(),
        format!("{}/cb", bench.sim.da_origin())
    );
    let mut browser = Browser::new(&bench);
    let wait = begin(&mut browser, "Personal%20Mobile", Some("alice"), "/").await;
    let posted = command(&bench);
    assert_eq!(posted["commandHeader"]["to"], json!(["alice"]));
    let picture = &posted["authCommand"]["params"]["description"][1];
    assert_eq!(picture["content_type"], "application/hermod+content-id");
    let content = format!("{}/pictures/getcontent", bench.sim.da_origin());
    let fetch = async |id: &str| {
        let body = json!({"contentId": id}).to_string();
        bench.http.post(&content).body(body).send().await.unwrap()
    };
    let data: Value = serde_json::from_str(
        &fetch(picture["data"].as_str().unwrap())
            .await
            .text()
            .await
            .unwrap(),
    )
    .unwrap();
    assert!(
        browser
            .get(&wait)
            .await
            .text
            .contains(data["data"][0]["data"].as_str().unwrap())
    );
    for unknown in ["AUTH:", "AUTH:x", "", &picture["data"].as_str().unwrap()[5..]] {
        assert_eq!(fetch(unknown).await.status(), 404);
    }
    bench.sim.mobile().check().await.unwrap();
    assert_eq!(end(&mut browser, &wait).await.status, 303);
    assert_eq!(code(&bench, "/cb/callback/authenticate"), "callback_accepted");
    bench
        .sim
        .reconfigure(|config| config.da.personal.picture = smartid_sim::config::PictureStyle::None);
    begin(&mut browser, "Personal%20Mobile", Some("alice"), "/").await;
    assert_eq!(
        command(&bench)["authCommand"]["params"]["description"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // Of another group, it does not reach Identity Manager's phones.
    let (bench, _receiver) =
        self::bench("[mobile]\nauto = false\n[da.personal]\nclient_group = \"alone\"").await;
    enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
    let mut browser = Browser::new(&bench);
    let wait = begin(&mut browser, "Personal%20Mobile", Some("alice"), "/").await;
    end(&mut browser, &wait).await;
    assert_eq!(code(&bench, "/wa/auth/wait"), "messaging_refused");
}
