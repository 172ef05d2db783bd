//! Protocol Gateway around the operations: paths, servlets that are not started, error styles, limits, faults, records.

use std::time::Duration;

use bytes::Bytes;
use smartid_sim::{Fault, FaultKind, Party, Route, RoutePattern, Sim, SimConfig};

use crate::common::{Answer, Bench, Caller, base64, csr_for};

const LIST: &str = "certificates";

#[tokio::test]
async fn paths_are_the_administrators() {
    let toml = "prefix = \"/api\"\ninstance = \"prod\"\nsuffix = \"verification\"\npaths = {issuers = \"cas\", search = \"certs\"}";
    let bench = Bench::new(toml).await;
    assert!(bench.sim.cm_url().ends_with("/api/prod"));
    for (path, status) in [
        ("certs/verification", 200),
        ("cas/verification", 200),
        ("procedures/verification", 200),
        ("certs", 404),
        ("certificates/verification", 404),
        ("certs/other", 404),
    ] {
        assert_eq!(bench.ra.get(path).await.status, status, "{path}");
    }
    let request = base64(&csr_for("CN=a"));
    assert_eq!(
        bench
            .ra
            .post_form("certificates/pkcs10/verification", &[("pkcs10", &request)])
            .await
            .error(),
        -19
    );
    let url = bench.sim.cm_url().replace("/prod", "");
    let answer = bench
        .ra
        .http
        .get(format!("{url}/certs/verification"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);
    let bench = Bench::new("prefix = \"\"").await;
    assert_eq!(bench.ra.get(LIST).await.status, 200);
}

#[tokio::test]
async fn methods_are_told_apart() {
    let bench = Bench::new("").await;
    for (method, path) in [
        ("POST", LIST),
        ("DELETE", LIST),
        ("GET", "certificates/pkcs10"),
        ("PUT", "certificates/revoke"),
        ("HEAD", LIST),
    ] {
        let answer = Answer::of(bench.ra.request(method, path).send().await.unwrap()).await;
        assert_eq!(
            (answer.status, bench.word().as_str()),
            (405, "method"),
            "{method} {path}"
        );
    }
    let nowhere = bench.ra.get("nowhere").await;
    assert_eq!((nowhere.status, bench.word().as_str()), (404, "path"));
    assert!(nowhere.text().contains("HTTP Status 404"));
}

#[tokio::test]
async fn a_servlet_that_is_not_started_is_not_there() {
    let bench = Bench::new("start = false").await;
    let answer = bench.ra.get(LIST).await;
    assert_eq!((answer.status, bench.word().as_str()), (404, "stopped"));
    assert!(answer.kind().starts_with("text/html"));
    bench.sim.reconfigure(|config| config.cm.stopped_status = 503);
    assert_eq!(bench.ra.get(LIST).await.status, 503);
    bench.sim.reconfigure(|config| config.cm.start = true);
    assert_eq!(bench.ra.get(LIST).await.status, 200);
}

#[tokio::test]
async fn every_code_in_every_style() {
    let bench = Bench::new("").await;
    for (code, status) in [
        (-1, 500),
        (-7, 400),
        (-8, 400),
        (-12, 503),
        (-14, 400),
        (-15, 403),
        (-17, 400),
        (-18, 503),
        (-40, 429),
        (-99, 500),
    ] {
        for (style, wanted) in [
            ("http-status", status),
            ("ok", 200),
            ("html", status),
            ("empty", status),
        ] {
            let style_of = |style: &str| {
                SimConfig::from_toml(&format!("[cm]\nerror_style = \"{style}\""))
                    .unwrap()
                    .cm
                    .error_style
            };
            bench.sim.reconfigure(|config| {
                config.cm.error_style = style_of(style);
                config.cm.fail = [(smartid_sim::config::CmOperation::Search, code)].into();
            });
            let answer = bench.ra.get(LIST).await;
            assert_eq!(
                (answer.status, bench.word().as_str()),
                (wanted, "told_to_fail"),
                "{code} {style}"
            );
            match style {
                "html" => assert!(answer.text().contains(&format!("HTTP Status {status}"))),
                "empty" => assert!(answer.body.is_empty()),
                _ => assert_eq!(answer.error(), code),
            }
            // Others are not told to fail.
            assert_eq!(bench.ra.get("procedures").await.status, 200);
        }
    }
}

#[tokio::test]
async fn each_code_has_a_status_of_its_own() {
    let table = "general = 460\nmissing_field = 461\nencoding = 462\nnot_initialised = 463\nbad_value = 464\nprivilege = 465\n\
                 bad_signature = 466\nconnection = 467\nsignature_required = 468\ntoo_many_requests = 469";
    let codes = [-1, -7, -8, -12, -14, -15, -17, -18, -19, -40];
    let bench = Bench::with(&format!("[cm.status]\n{table}")).await;
    for (code, status) in codes.into_iter().zip(460..) {
        bench
            .sim
            .reconfigure(|config| config.cm.fail = [(smartid_sim::config::CmOperation::Search, code)].into());
        assert_eq!(bench.ra.get(LIST).await.status, status, "{code}");
    }
    let request = base64(&csr_for("CN=a"));
    assert_eq!(
        bench
            .ra
            .post_form("certificates/pkcs10", &[("pkcs10", &request)])
            .await
            .status,
        468
    );
}

#[tokio::test]
async fn the_factory_may_be_out_of_reach() {
    let bench = Bench::new("connected = false").await;
    let answer = bench.ra.get(LIST).await;
    assert_eq!(
        (answer.status, answer.error(), bench.word().as_str()),
        (503, -18, "not_connected")
    );
    bench.sim.cm().reconfigure(|config| {
        config.connected = true;
        config.initialised = false;
    });
    let answer = bench.ra.get(LIST).await;
    assert_eq!(
        (answer.status, answer.error(), bench.word().as_str()),
        (503, -12, "not_initialised")
    );
    bench.sim.cm().reconfigure(|config| config.initialised = true);
    assert_eq!(bench.ra.get(LIST).await.status, 200);
}

#[tokio::test]
async fn calls_are_counted() {
    let bench = Bench::with("[cm.rate]\ncalls = 2\nseconds = 10\nretry_after_seconds = 10").await;
    for _ in 0..2 {
        assert_eq!(bench.ra.get(LIST).await.status, 200);
    }
    let answer = bench.ra.get(LIST).await;
    assert_eq!(
        (answer.status, answer.error(), bench.word().as_str()),
        (429, -40, "rate")
    );
    assert_eq!(answer.header("retry-after").as_deref(), Some("10"));
    // Another caller has calls of its own, and time gives new ones.
    assert_eq!(Caller::new(&bench.sim, "reader").get(LIST).await.status, 200);
    bench.sim.advance(Duration::from_secs(9));
    assert_eq!(bench.ra.get(LIST).await.status, 429);
    bench.sim.advance(Duration::from_secs(1));
    assert_eq!(bench.ra.get(LIST).await.status, 200);
    bench
        .sim
        .reconfigure(|config| config.cm.rate.retry_after_seconds = None);
    bench.ra.get(LIST).await;
    assert_eq!(bench.ra.get(LIST).await.header("retry-after"), None);
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let bench = Bench::new("max_body_bytes = 1000").await;
    let answer = bench
        .ra
        .post_form("certificates/pkcs10", &[("pkcs10", &"A".repeat(2000))])
        .await;
    assert_eq!((answer.status, bench.word().as_str()), (413, "body_too_large"));
}

#[tokio::test]
async fn the_answer_to_the_second_call_may_be_lost() {
    let bench = Bench::new("").await;
    let request = base64(&csr_for("CN=a"));
    bench
        .sim
        .faults()
        .inject(Fault::new(Route::CmIssue, FaultKind::LostReply).skip(1));
    let data = bench
        .ra
        .post_form("certificates/pkcs10", &[("pkcs10", &request)])
        .await
        .data();
    let signature = bench.sign("ra-officer", &data);
    let body = crate::common::form(&[("pkcs10", &request), ("signature", &signature)]);
    let sent = bench
        .ra
        .request("POST", "certificates/pkcs10")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    assert!(sent.send().await.is_err());
    // It was done all the same.
    let ski = bench.sim.cm().certificates()[0]
        .parse()
        .unwrap()
        .subject_key_identifier()
        .unwrap()
        .to_vec();
    let hex: String = ski.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        bench
            .ra
            .get(&format!("certificates?subjectKeyIdentifier={hex}"))
            .await
            .json()["searchHits"],
        1
    );
}

#[tokio::test]
async fn faults_find_every_operation() {
    let bench = Bench::new("").await;
    for (route, method, path) in [
        (Route::CmSearch, "GET", "certificates"),
        (Route::CmDetails, "GET", "certificates/1/details"),
        (Route::CmDownload, "GET", "certificates/1/download"),
        (Route::CmIssue, "POST", "certificates/pkcs10"),
        (Route::CmRevoke, "POST", "certificates/revoke"),
        (Route::CmReinstate, "POST", "certificates/reinstate"),
        (Route::CmProcedures, "GET", "procedures"),
        (Route::CmRegistrations, "GET", "registrations/a/est"),
        (Route::CmRegistrations, "POST", "registrations/a/est"),
        (Route::CmOther, "POST", "certificates/import"),
        (Route::CmDp, "GET", "../dp/ca/root.cer"),
        (Route::Other, "GET", "nowhere"),
    ] {
        bench
            .sim
            .faults()
            .inject(Fault::new(route, FaultKind::status(418)));
        let answer = Answer::of(bench.ra.request(method, path).send().await.unwrap()).await;
        assert_eq!(answer.status, 418, "{route:?}");
        assert!(bench.sim.faults().pending().is_empty());
    }
    bench.sim.faults().inject(Fault::new(
        RoutePattern::path("/pgwy/api/cert*"),
        FaultKind::html(502),
    ));
    assert_eq!(bench.ra.get(LIST).await.status, 502);
}

#[tokio::test]
async fn records_tell_what_was_received() {
    let bench = Bench::new("").await;
    bench.ra.get("certificates?searchLimit=1").await;
    let records = bench.sim.records();
    let record = records.last().unwrap();
    assert_eq!(
        (record.party, record.path.as_str()),
        (Party::CertificateManager, "/pgwy/api/certificates")
    );
    assert_eq!(
        (record.query.as_deref(), record.status, record.code.as_deref()),
        (Some("searchLimit=1"), Some(200), Some("search"))
    );
    assert_ne!(record.reply, Bytes::new());
}

#[tokio::test]
async fn what_contradicts_itself_is_found_at_the_start() {
    for (toml, named) in [
        ("stopped_status = 99", "cm.stopped_status"),
        ("paths = {search = \"\"}", "cm.paths"),
        ("paths = {search = \"a//b\"}", "cm.paths"),
        ("[cm.status]\ngeneral = 99", "cm.status.general"),
        ("[cm.search]\ncap = 0", "cm.search.cap"),
        ("[cm.tls]\nversions = []", "cm.tls.versions"),
        ("[cm.tls]\nversions = [\"1.1\"]", "cm.tls.versions"),
        ("[[cm.officers]]\nname = \"../x\"", "cm.officers"),
        (
            "[[cm.officers]]\nname = \"a\"\n[[cm.officers]]\nname = \"a\"",
            "cm.officers",
        ),
        (
            "[[cm.procedures]]\nname = \"\"\nmedia_type = \"pkcs10\"",
            "cm.procedures",
        ),
        (
            "[[cm.procedures]]\nname = \"a\"\nmedia_type = \"pkcs10\"\nprofile = \"x\"",
            "cm.procedures",
        ),
    ] {
        let config = SimConfig::from_toml(&format!("[cm]\n{toml}")).unwrap();
        let error = Sim::builder()
            .config(config)
            .start()
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(named), "{toml}: {error}");
    }
    for toml in [
        "typo = 1",
        "paths = {serach = \"x\"}",
        "[cm.tls]\nclient_certificate = \"maybe\"",
        "[cm.signing.operations]\nissue = \"nobody\"",
    ] {
        assert!(SimConfig::from_toml(&format!("[cm]\n{toml}")).is_err(), "{toml}");
    }
}

#[tokio::test]
async fn ports_can_be_chosen() {
    let free = || {
        std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
    };
    let (tls, plain) = (free(), free());
    let bench = Bench::with(&format!("[listen]\ncm_port = {tls}\ncm_plain_port = {plain}")).await;
    assert_eq!(bench.sim.cm_url(), format!("https://localhost:{tls}/pgwy/api"));
    assert_eq!(bench.sim.cm_dp_url(), format!("http://localhost:{plain}/pgwy/dp"));
    assert_eq!(bench.ra.get(LIST).await.status, 200);
}

#[tokio::test]
async fn simulators_do_not_know_each_others_officers() {
    let (one, other) = (Bench::new("").await, Bench::new("").await);
    let identity = other.sim.officer("ra-officer").unwrap().identity_pem();
    let stranger = Caller::with_identity(&one.sim, &identity);
    assert!(stranger.request("GET", LIST).send().await.is_err());
}

#[tokio::test]
async fn every_path_can_be_moved() {
    let paths = "search = \"s\"\ndetails = \"d/{certid}\"\ndownload = \"l/{certid}\"\nissue = \"i\"\nrevoke = \"r\"\nreinstate = \"ri\"\n\
                 procedures = \"p\"\nregistrations = \"g/{account}/{type}\"\nregister = \"g/{account}/{type}\"\nissuers = \"is\"\n\
                 import = \"im\"\nremove = \"rm\"\nattribute-certificate = \"ac\"\nsigning-authority = \"sa\"\npkcs12 = \"p12\"\n";
    let bench = Bench::with(&format!("[cm.paths]\n{paths}")).await;
    for (path, word) in [
        ("s", "search"),
        ("d/1", "certid"),
        ("l/1", "certid"),
        ("p", "procedures"),
        ("g/a/est", "registrations"),
        ("is", "issuers"),
        ("certificates", "path"),
    ] {
        bench.ra.get(path).await;
        assert_eq!(bench.word(), word, "{path}");
    }
    for path in ["i", "r", "ri", "g/a/est", "im", "rm", "ac", "sa", "p12"] {
        bench.ra.post_form(path, &[]).await;
        assert_eq!(bench.word(), "field_missing", "{path}");
    }
}
