//! Certificates of others, browsers of others, callbacks from people who would like to be somebody else.

use std::time::Duration;

use super::personal::{begin, bench, call, code, command, end, link, tbs, template};
use crate::browser::Browser;
use crate::devices::{ALICE, NOW, certified_with, enrol, signer};
use serde_json::{Value, json};
use smartid_sim::Persona;
use smartid_sim::config::{DaMethod, DaMethodKind, DaUser};
use smartid_sim::pki::{Certificate, Key, KeyKind, Profile, SigAlg, TestCa, Validity, jws};

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
            Box::new(|tbs| jws_of(jws::with_alg_none(&with(tbs, std::slice::from_ref(&good))).unwrap())),
            "signature",
        ),
        (
            Box::new(|tbs| {
                jws_of(jws::with_payload(&with(b"other", std::slice::from_ref(&good)), tbs).unwrap())
            }),
            "signature",
        ),
        (
            Box::new(|_| jws_of(with(b"other", std::slice::from_ref(&good)))),
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
            Box::new(|tbs| jws_of(with(tbs, std::slice::from_ref(&encryption)))),
            "certificate_usage",
        ),
        (
            Box::new(|tbs| jws_of(with(tbs, std::slice::from_ref(&good)))),
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
