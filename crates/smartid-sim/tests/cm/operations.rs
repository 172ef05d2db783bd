//! Issuing by procedure and validity, requests that are none, procedures, registrations.

use serde_json::json;
use smartid_sim::TestCa;
use smartid_sim::pki::{SigAlg, csr};

use crate::common::{Bench, base64, csr_for, key, signed};

#[tokio::test]
async fn procedures_are_listed_by_media_type() {
    let bench = Bench::new("").await;
    let names = async |query: &str| {
        let body = bench.ra.get(&format!("procedures{query}")).await.json();
        assert_eq!(body["error"], 0);
        let list = body["procedures"].as_array().unwrap().clone();
        list.iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names("?mediaType=pkcs10").await,
        ["User authentication", "User signing", "TLS server"]
    );
    assert_eq!(names("?mediaType=pkcs12").await, ["Soft token"]);
    assert_eq!(names("?mediaType=smartcard").await, ["Employee card"]);
    assert_eq!(names("?mediaType=attributecertificate").await, ["Role"]);
    assert_eq!(names("?mediaType=data").await, ["Personal data"]);
    assert_eq!(names("").await.len(), 7);
    assert_eq!(bench.ra.get("procedures?mediaType=PKCS10").await.error(), -14);
    assert_eq!(bench.ra.get("procedures?mediatype=pkcs10").await.error(), -14);
}

#[tokio::test]
async fn a_procedure_is_named_or_the_handlers() {
    let toml = "[cm.signing]\nmode = \"vro\"\n[cm.handlers]\npkcs10 = \"2\"\npkcs12 = \"Soft token\"\nattributecertificate = \"Role\"\n\
                [[cm.procedures]]\nname = \"One\"\nmedia_type = \"pkcs10\"\nprofile = \"server\"\ndays = 10\n\
                [[cm.procedures]]\nname = \"Two\"\nid = \"2\"\nmedia_type = \"pkcs10\"\nfields = {field3 = \"made by {procname}\"}\n\
                [[cm.procedures]]\nname = \"Soft token\"\nmedia_type = \"pkcs12\"";
    let bench = Bench::with(toml).await;
    let request = base64(&csr_for("CN=a"));
    for (named, status, procedure) in [
        (None, 200, "Two"),
        (Some("One"), 200, "One"),
        (Some("2"), 200, "Two"),
        (Some("Three"), 400, ""),
        (Some("one"), 400, ""),
        // Of another media type.
        (Some("Soft token"), 400, ""),
    ] {
        let mut fields = vec![("pkcs10", request.as_str())];
        fields.extend(named.map(|name| ("procname", name)));
        let answer = bench.ra.post_form("certificates/pkcs10", &fields).await;
        assert_eq!(answer.status, status, "{named:?}");
        if status == 400 {
            assert_eq!((answer.error(), bench.word().as_str()), (-14, "procedure"));
        } else {
            let issued = bench
                .sim
                .cm()
                .certificate(&answer.header("certId").unwrap())
                .unwrap();
            assert_eq!(issued.procedure.as_deref(), Some(procedure));
            let (from, to) = issued.parse().unwrap().validity();
            assert_eq!(to - from, if procedure == "One" { 10 } else { 365 } * 86_400);
        }
    }
    assert_eq!(
        bench.ra.get("certificates?field3=made%20by%20Two").await.json()["searchHits"],
        2
    );
    bench
        .sim
        .reconfigure(|config| config.cm.handlers.pkcs10 = String::new());
    let answer = bench
        .ra
        .post_form("certificates/pkcs10", &[("pkcs10", &request)])
        .await;
    assert_eq!(
        (answer.error(), answer.json()["msg"].as_str()),
        (-7, Some("Missing field: procname"))
    );
}

#[tokio::test]
async fn validity_can_be_asked_for() {
    let bench = Bench::with("[cm.signing]\nmode = \"vro\"").await;
    let request = base64(&csr_for("CN=a"));
    for (from, to, span) in [
        (None, None, Some((0, 365 * 86_400))),
        (
            Some("2026-02-01T00:00:00Z"),
            None,
            Some((31 * 86_400, 396 * 86_400)),
        ),
        (None, Some("2026-01-02T00:00:00Z"), Some((0, 86_400))),
        (
            Some("2026-01-01T12:00:00.25Z"),
            Some("2026-01-02T01:00:00+01:00"),
            Some((43_200, 86_400)),
        ),
        (Some("2026-01-02T00:00:00Z"), Some("2026-01-02T00:00:00Z"), None),
        (Some("2025-12-01T00:00:00Z"), Some("2025-12-31T00:00:00Z"), None),
        (None, Some("2099-01-01T00:00:00Z"), None),
        (Some("2000-01-01T00:00:00Z"), None, None),
        (Some("tomorrow"), None, None),
    ] {
        let mut fields = vec![("pkcs10", request.as_str())];
        fields.extend(from.map(|from| ("validfrom", from)));
        fields.extend(to.map(|to| ("validto", to)));
        let answer = bench.ra.post_form("certificates/pkcs10", &fields).await;
        let Some((first, last)) = span else {
            assert_eq!((answer.status, answer.error()), (400, -14), "{from:?} {to:?}");
            continue;
        };
        let issued = bench
            .sim
            .cm()
            .certificate(&answer.header("certId").unwrap())
            .unwrap();
        let (from, to) = issued.parse().unwrap().validity();
        assert_eq!((from - bench.now(), to - bench.now()), (first, last));
    }
}

#[tokio::test]
async fn a_request_must_be_one() {
    let bench = Bench::with("[cm.signing]\nmode = \"vro\"").await;
    let good = csr_for("CN=a");
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    let certificate = TestCa::new(1, bench.now()).unwrap().root_der().to_vec();
    for (value, code, word) in [
        (vec![], -7, "field_missing"),
        (forged, -8, "pkcs10_signature"),
        (certificate, -8, "pkcs10"),
        (b"0".to_vec(), -8, "pkcs10_encoding"),
        (b"\x30\x00".to_vec(), -8, "pkcs10"),
        (good[..good.len() - 1].to_vec(), -8, "pkcs10_encoding"),
        // So many zeros, as base64.
        (vec![0x30; 100_000], -8, "pkcs10"),
        (
            b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA".to_vec(),
            -8,
            "pkcs10_encoding",
        ),
    ] {
        let answer = bench
            .ra
            .post_multipart("certificates/pkcs10", &[("pkcs10*", &value)])
            .await;
        assert_eq!(
            (answer.status, answer.error(), bench.word().as_str()),
            (400, code, word)
        );
    }
    assert_eq!(bench.ra.post_form("certificates/pkcs10", &[]).await.error(), -7);
    let twice = base64(&good);
    let answer = bench
        .ra
        .post_form("certificates/pkcs10", &[("pkcs10", &twice), ("pkcs10", &twice)])
        .await;
    assert_eq!((answer.error(), bench.word().as_str()), (-14, "field_repeated"));
    assert_eq!(bench.sim.cm().count(), 0);
    assert!(bench.sim.cm().issue(&good, "no such procedure").is_err());
}

#[tokio::test]
async fn registrations_are_made_and_listed() {
    let bench = Bench::new("").await;
    let body = json!({
        "fqdn": "device.example.com", "realm": "r", "username": "u", "password": "s3cret", "status": "open", "validity": "7",
    });
    let path = "registrations/t0123456789012345678/est";
    assert_eq!(bench.ra.get(path).await.json(), json!([]));
    let answer = signed(&bench, path, &body).await;
    assert_eq!((answer.status, answer.error()), (200, 0), "{}", answer.text());
    let list = bench.ra.get(path).await.json();
    assert_eq!(
        (&list[0]["fqdn"], &list[0]["officer"], &list[0]["status"]),
        (&json!("device.example.com"), &json!("ra-officer"), &json!("open"))
    );
    assert_eq!(list[0]["regid"], answer.json()["regid"]);
    assert!(!list.to_string().contains("s3cret"));
    let kept = bench.sim.cm().registrations();
    assert_eq!(
        (kept.len(), kept[0].account.as_str(), kept[0].kind.as_str()),
        (1, "t0123456789012345678", "est")
    );
    assert!(
        kept[0]
            .members
            .contains(&("password".to_owned(), "s3cret".to_owned()))
    );
    assert!(!format!("{kept:?}").contains("s3cret"));
    // Types of several segments, and each list by itself.
    let acme = json!({"hmackey": "k", "keyid": "i", "alloweddomains": "a.example,b.example"});
    assert_eq!(
        signed(&bench, "registrations/t1/acme/account", &acme)
            .await
            .error(),
        0
    );
    assert_eq!(
        bench.ra.get("registrations/t1/acme/account").await.json()[0]["alloweddomains"],
        "a.example,b.example"
    );
    assert_eq!(bench.ra.get("registrations/t1/acme").await.json(), json!([]));
    for (path, body, code, word) in [
        ("registrations/t1/ftp", body.clone(), -14, "registration_type"),
        (path, json!({"fqdn": "x"}), -7, "field_missing"),
        ("registrations/t1/scep", json!({}), -7, "field_missing"),
        (
            path,
            {
                let mut body = body.clone();
                body["status"] = json!("ajar");
                body
            },
            -14,
            "registration_status",
        ),
        (
            path,
            {
                let mut body = body.clone();
                body["validity"] = json!("a week");
                body
            },
            -14,
            "registration_validity",
        ),
        (
            path,
            {
                let mut body = body.clone();
                body["validity"] = json!(0);
                body
            },
            -14,
            "registration_validity",
        ),
    ] {
        let answer = bench.ra.post_json(path, &body).await;
        assert_eq!((answer.error(), bench.word().as_str()), (code, word), "{body}");
    }
    assert_eq!(bench.ra.get("registrations/t1").await.status, 404);
}

#[tokio::test]
async fn switches_of_registrations() {
    let toml = "[cm.registrations]\nlist_style = \"envelope\"\nlist_name = \"regs\"\ntypes = [\"scep\"]\naccounts = [\"a\"]\nmax = 1";
    let bench = Bench::with(toml).await;
    let body = json!({"fqdn": "x"});
    assert_eq!(signed(&bench, "registrations/a/scep", &body).await.error(), 0);
    let full = signed(&bench, "registrations/a/scep", &body).await;
    assert_eq!((full.error(), bench.word().as_str()), (-14, "registrations_full"));
    let list = bench.ra.get("registrations/a/scep").await.json();
    assert_eq!(
        (&list["error"], list["regs"].as_array().unwrap().len()),
        (&json!(0), 1)
    );
    assert_eq!(bench.ra.get("registrations/a/est").await.error(), -14);
    assert_eq!(bench.ra.get("registrations/b/scep").await.error(), -14);
}

#[tokio::test]
async fn subjects_and_alternative_names_come_from_the_request() {
    let bench = Bench::with("[cm.signing]\nmode = \"vro\"").await;
    let request = csr::make("C=SE,CN=用户", &["a@example.com"], &key(), SigAlg::Es256).unwrap();
    let answer = bench
        .ra
        .post_multipart("certificates/pkcs10", &[("pkcs10", &request)])
        .await;
    let issued = bench
        .sim
        .cm()
        .certificate(&answer.header("certId").unwrap())
        .unwrap();
    assert_eq!(issued.subject, "CN=用户, C=SE");
    assert!(
        issued
            .der
            .unwrap()
            .windows(13)
            .any(|part| part == b"a@example.com")
    );
}
