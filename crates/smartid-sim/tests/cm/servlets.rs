//! What AST and EUI have in common: where they are, answers, errors, pages, faults.

use bytes::Bytes;
use smartid_sim::config::{ServletErrorStyle, TokenAnswerConfig};
use smartid_sim::{Fault, FaultKind, Party, Route, Sim, SimConfig};

use crate::common::{Answer, Bench, Caller};

const FORM: &str = "password=test-Passw0rd";

async fn get(bench: &Bench, path: &str) -> Answer {
    let url = format!("{}/{path}", bench.sim.gateway_plain_url());
    Answer::of(Caller::anonymous(&bench.sim).http.get(url).send().await.unwrap()).await
}

#[tokio::test]
async fn servlets_are_where_the_administrator_puts_them() {
    let toml = "[cm.ast]\nprefix = \"/gateway/tokens\"\n[cm.eui]\nprefix = \"/gateway/people\"";
    let bench = Bench::with(toml).await;
    assert!(bench.sim.gateway_url().starts_with("https://localhost:"));
    assert!(bench.sim.gateway_url().ends_with("/gateway"));
    assert!(bench.sim.gateway_plain_url().starts_with("http://localhost:"));
    let post = async |path: &str| {
        let url = format!("{}/{path}", bench.sim.gateway_url());
        let request = bench.ra.http.post(url).body(FORM);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        Answer::of(request.send().await.unwrap()).await.status
    };
    for (path, status) in [
        ("tokens", 200),
        ("people/softtoken", 200),
        ("tokenss", 404),
        ("ast", 404),
    ] {
        assert_eq!(post(path).await, status, "{path}");
    }
    // The page leads to where the servlet is.
    let page = get(&bench, "../pgwy/request/ast.html").await;
    assert!(
        page.text().contains("action=\"../../gateway/tokens\""),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn servlets_that_are_not_started_and_other_methods() {
    let bench = Bench::new("stopped_status = 503\nast = {start = false}\neui = {start = false}").await;
    for path in ["ast", "eui", "eui/softtoken"] {
        let answer = bench.ra.servlet(path, &[], FORM).await;
        assert_eq!((answer.status, bench.word().as_str()), (503, "stopped"), "{path}");
    }
    assert_eq!(get(&bench, "request/ast.html").await.status, 503);
    assert_eq!(get(&bench, "request/server_base64.html").await.status, 404);
    bench.sim.reconfigure(|config| {
        config.cm.ast.start = true;
        config.cm.eui.start = true;
    });
    for (method, path) in [
        ("GET", "ast"),
        ("PUT", "ast"),
        ("HEAD", "eui/server"),
        ("DELETE", "eui"),
    ] {
        let url = format!("{}/{path}", bench.sim.gateway_url());
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let answer = Answer::of(bench.ra.http.request(method, url).send().await.unwrap()).await;
        assert_eq!((answer.status, bench.word().as_str()), (405, "method"), "{path}");
    }
    for (change, word) in [
        (
            (|config: &mut SimConfig| config.cm.initialised = false) as fn(&mut SimConfig),
            "not_initialised",
        ),
        (
            |config: &mut SimConfig| (config.cm.initialised, config.cm.connected) = (true, false),
            "not_connected",
        ),
    ] {
        bench.sim.reconfigure(change);
        let answer = bench.ra.servlet("ast", &[], FORM).await;
        assert_eq!((answer.status, bench.word().as_str()), (503, word));
    }
    assert_eq!(bench.sim.cm().count(), 0);
}

#[tokio::test]
async fn tokens_are_answered_in_any_form() {
    let bench = Bench::new("").await;
    for (kind, disposition, cookies) in [
        (
            "application/pkcs12",
            "attachment; filename=\"../../etc/passwd\"",
            vec!["downloaded=1"],
        ),
        (
            "application/octet-stream",
            "attachment; filename*=UTF-8''%0d%0aSet-Cookie:x",
            vec!["JSESSIONID=1; HttpOnly", "downloaded=; Path=/pgwy; Secure"],
        ),
        ("", "", vec![]),
    ] {
        let set = |answer: &mut TokenAnswerConfig| {
            answer.content_type = kind.into();
            answer.disposition = disposition.into();
            answer.cookies = cookies.iter().map(|cookie| (*cookie).to_owned()).collect();
        };
        bench.sim.reconfigure(|config| {
            set(&mut config.cm.ast.answer);
            set(&mut config.cm.eui.answer);
        });
        for path in ["ast", "eui/softtoken"] {
            let answer = bench.ra.servlet(path, &[], FORM).await;
            assert_eq!((answer.status, answer.body[0]), (200, 0x30));
            let there = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            assert_eq!(answer.header("content-type"), there(kind));
            assert_eq!(answer.header("content-disposition"), there(disposition));
            let set: Vec<&str> = answer
                .headers
                .get_all("set-cookie")
                .iter()
                .map(|value| value.to_str().unwrap())
                .collect();
            assert_eq!(set, cookies);
        }
    }
}

#[tokio::test]
async fn errors_are_answered_in_any_form() {
    let bench = Bench::new("").await;
    let style = |style, status| {
        bench.sim.reconfigure(|config| {
            for errors in [&mut config.cm.ast.errors, &mut config.cm.eui.errors] {
                (errors.style, errors.status) = (style, status);
                errors.login_url = "https://login.example.test/?a=b".into();
            }
        });
    };
    for path in ["ast", "eui/softtoken"] {
        style(ServletErrorStyle::Html, 0);
        let answer = bench.ra.servlet(path, &[], "").await;
        assert_eq!(
            (answer.status, answer.kind().as_str()),
            (400, "text/html;charset=UTF-8")
        );
        assert!(
            answer.text().contains("Missing field: password"),
            "{}",
            answer.text()
        );
        for status in [200, 500] {
            style(ServletErrorStyle::Html, status);
            let answer = bench.ra.servlet(path, &[], "").await;
            assert_eq!(answer.status, status);
            assert!(answer.text().starts_with("<!DOCTYPE html>"));
        }
        style(ServletErrorStyle::Form, 200);
        let answer = bench.ra.servlet(path, &[], "").await;
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains("<form") && answer.text().contains("method=\"post\""));
        style(ServletErrorStyle::Empty, 500);
        let answer = bench.ra.servlet(path, &[], "").await;
        assert_eq!((answer.status, answer.body.as_slice()), (500, b"".as_slice()));
        style(ServletErrorStyle::Redirect, 0);
        let answer = bench.ra.servlet(path, &[], "").await;
        assert_eq!(
            (answer.status, answer.header("location").as_deref()),
            (302, Some("https://login.example.test/?a=b"))
        );
    }
}

#[tokio::test]
async fn the_example_page_asks_for_the_password() {
    let bench = Bench::new("").await;
    let page = get(&bench, "request/ast.html").await;
    assert_eq!(
        (page.status, page.kind().as_str()),
        (200, "text/html;charset=UTF-8")
    );
    let text = page.text();
    assert!(text.contains("<form id=\"form\" method=\"post\" action=\"../ast\""));
    assert!(text.contains("name=\"password\" type=\"password\""));
    assert!(
        text.contains("\"downloaded\""),
        "the cookie that ends the animation"
    );
    for foreign in ["http:", "https:", "//cdn", "src=", "@import", "url("] {
        assert!(!text.contains(foreign), "{foreign}");
    }
    assert_eq!(bench.word(), "page");
    bench.sim.reconfigure(|config| {
        config.cm.ast.password_field = "a\"><script>".into();
        config.cm.ast.page = "/pgwy/request/token.html".into();
    });
    let text = get(&bench, "request/token.html").await.text();
    assert!(text.contains("name=\"a&quot;&gt;&lt;script&gt;\""));
    bench.sim.reconfigure(|config| config.cm.ast.page.clear());
    for path in ["request/ast.html", "request/token.html", "request/", ""] {
        assert_eq!(get(&bench, path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn people_paste_requests_into_the_pages_of_handlers() {
    let bench = Bench::new("").await;
    let page = get(&bench, "request/server_base64.html").await;
    assert_eq!(page.status, 200);
    for part in [
        "action=\"../eui/server\"",
        "name=\"pkcs10\"",
        "name=\"certencoding\"",
        "<option>x509</option><option>pkcs7</option>",
    ] {
        assert!(page.text().contains(part), "{part}");
    }
    // No page for soft tokens, nor for handlers that are none.
    for path in [
        "request/softtoken_base64.html",
        "request/none_base64.html",
        "request/a/b_base64.html",
    ] {
        assert_eq!(get(&bench, path).await.status, 404, "{path}");
    }
    bench
        .sim
        .reconfigure(|config| config.cm.eui.page = "/pgwy/request/{name}.htm".into());
    assert_eq!(get(&bench, "request/server.htm").await.status, 200);
    bench.sim.reconfigure(|config| config.cm.eui.page.clear());
    assert_eq!(get(&bench, "request/server_base64.html").await.status, 404);
}

#[tokio::test]
async fn faults_meet_servlets_and_pages() {
    let bench = Bench::new("").await;
    let inject = |route, fault| bench.sim.faults().inject(Fault::new(route, fault));
    inject(Route::CmAst, FaultKind::LostReply);
    let url = format!("{}/ast", bench.sim.gateway_url());
    let lost = bench
        .ra
        .http
        .post(&url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(FORM);
    assert!(lost.send().await.is_err());
    assert_eq!(bench.sim.cm().soft_tokens().len(), 1, "the work was done");
    inject(Route::CmAst, FaultKind::TruncatedBody);
    let answer = bench.ra.servlet("ast", &[], FORM).await;
    let whole = bench.sim.cm().soft_tokens()[1].file.clone();
    assert_eq!(answer.body, whole[..whole.len() / 2]);
    inject(Route::CmEui, FaultKind::html(502));
    assert_eq!(bench.ra.servlet("eui/softtoken", &[], FORM).await.status, 502);
    inject(Route::CmPage, FaultKind::status(404));
    assert_eq!(get(&bench, "request/ast.html").await.status, 404);
    assert_eq!(get(&bench, "request/ast.html").await.status, 200);
    assert!(bench.sim.faults().pending().is_empty());
    let records = bench.sim.records();
    assert!(
        records
            .iter()
            .all(|record| record.party == Party::CertificateManager)
    );
    let shown = format!("{records:?}");
    assert!(!shown.contains("Passw0rd"), "{shown}");
}

#[tokio::test]
async fn settings_that_cannot_be_are_found_at_the_start() {
    let lines = |count: usize| -> String {
        (0..count)
            .map(|number| format!("handler.1.formatFields.{number} = ast.valuetarget.a{number}.value = h\n"))
            .collect()
    };
    let many = format!("[cm.ast]\nproperties = \"\"\"\n{}\"\"\"", lines(1001));
    let long = format!("[cm.ast]\nproperties = \"# {}\"", "a".repeat(1 << 20));
    let start = async |toml: &str| {
        let config = SimConfig::from_toml(toml).unwrap();
        Sim::builder().config(config).start().await.map(drop)
    };
    start(&format!("[cm.ast]\nproperties = \"\"\"\n{}\"\"\"", lines(1000)))
        .await
        .unwrap();
    for (toml, part) in [
        (many.as_str(), "line 1001: there are too many mappings"),
        (long.as_str(), "the text is too long"),
        (
            "[cm.ast]\nproperties = \"handler.0.formatFields.1=ast.valuetarget.a.value=b c\"",
            "cm.ast.properties: line 1",
        ),
        (
            "[cm.ast]\nproperties_file = \"/nowhere/ast.properties\"",
            "cm.ast.properties_file",
        ),
        (
            "[[cm.ast.handlers]]\nprocedure = \"a\"\n[[cm.ast.handlers]]\nprocedure = \"b\"",
            "cm.ast.handlers",
        ),
        ("[cm.eui]\ncertencodings = []", "cm.eui.certencodings"),
        ("[cm.soft_tokens]\niterations = 0", "cm.soft_tokens"),
        ("[cm.soft_tokens]\nmac_iterations = 0", "cm.soft_tokens"),
        ("[cm.eui.errors]\nstatus = 99", "cm.eui.errors.status"),
        ("[cm.ast.answer]\ncookies = [\"a\\r\\nb: c\"]", "cm.ast.answer"),
        ("[cm.eui.answer]\ndisposition = \"a\\u0000\"", "cm.eui.answer"),
    ] {
        let error = start(toml).await.unwrap_err().to_string();
        assert!(error.contains(part), "{toml}: {error}");
    }
}

#[tokio::test]
async fn a_body_that_is_far_too_large_is_not_read() {
    let bench = Bench::new("max_body_bytes = 1000").await;
    let answer = bench.ra.servlet("ast", &[], "a".repeat(2000)).await;
    assert_eq!((answer.status, bench.word().as_str()), (413, "body_too_large"));
    // The kept request is not kept with its body either.
    assert_eq!(bench.sim.records().last().unwrap().body, Bytes::new());
}
