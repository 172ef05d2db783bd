//! Revoking, holding, reinstating: reasons, failures of single certificates, and that the state is seen everywhere.

use serde_json::json;
use smartid_sim::CertificateState;

use crate::common::{Answer, Bench, Caller, csr_for};

const REVOKE: &str = "certificates/revoke";
const REINSTATE: &str = "certificates/reinstate";

fn issue(bench: &Bench, subject: &str) -> String {
    bench
        .sim
        .cm()
        .issue(&csr_for(subject), "User authentication")
        .unwrap()
        .certid
}

fn state(bench: &Bench, certid: &str) -> Option<u8> {
    match bench.sim.cm().certificate(certid).unwrap().state {
        CertificateState::Revoked { reason, .. } => Some(reason),
        _ => None,
    }
}

async fn record(bench: &Bench, certid: &str) -> serde_json::Value {
    bench
        .ra
        .get(&format!("certificates/{certid}/details"))
        .await
        .json()["certificate"]
        .clone()
}

#[tokio::test]
async fn each_reason_has_its_word_and_is_on_the_list() {
    let bench = Bench::new("").await;
    for (reason, word) in [
        (0, "unspecified"),
        (1, "key compromise"),
        (3, "affiliation changed"),
        (4, "superseded"),
        (5, "cessation of operation"),
        (6, "certificate hold"),
        (9, "privilege withdrawn"),
    ] {
        let certid = issue(&bench, "CN=a");
        let answer = bench
            .signed(REVOKE, &[("certId", &certid), ("reason", &reason.to_string())])
            .await;
        assert_eq!((answer.status, answer.error()), (200, 0), "{}", answer.text());
        assert_eq!(state(&bench, &certid), Some(reason));
        let record = record(&bench, &certid).await;
        assert_eq!(
            (&record["status"], &record["reason"]),
            (&json!("revoked"), &json!(word))
        );
        assert_eq!(record["revocationtime"], "2026-01-01T00:00:00Z");
        let serial = bench.sim.cm().certificate(&certid).unwrap().serial;
        let crl = bench.sim.cm().crl_der().unwrap();
        assert!(crl.windows(serial.len()).any(|window| window == serial));
    }
    let bench = Bench::with("[cm.revocation]\nunspecified = \"none given\"").await;
    let certid = issue(&bench, "CN=a");
    bench.sim.cm().revoke(&certid, 0).unwrap();
    assert_eq!(record(&bench, &certid).await["reason"], "none given");
}

#[tokio::test]
async fn a_hold_is_taken_back_and_a_revocation_is_not() {
    let bench = Bench::new("").await;
    let certid = issue(&bench, "CN=a");
    let certificate = bench.sim.cm().certificate(&certid).unwrap().parse().unwrap();
    let ca = bench.sim.cm();
    bench
        .signed(REVOKE, &[("certid", &certid), ("reason", "6")])
        .await;
    assert!(ca.ca().unwrap().verify(&certificate, bench.now()).is_err());
    let answer = bench.signed(REINSTATE, &[("certId", &certid)]).await;
    assert_eq!((answer.status, answer.error()), (200, 0));
    assert_eq!(state(&bench, &certid), None);
    ca.ca().unwrap().verify(&certificate, bench.now()).unwrap();
    let refused = bench.signed(REINSTATE, &[("certId", &certid)]).await;
    assert_eq!(refused.json()["errors"][0]["certid"], certid.as_str());
    // On hold, then for good.
    bench
        .signed(REVOKE, &[("certid", &certid), ("reason", "6")])
        .await;
    let again = bench
        .signed(REVOKE, &[("certid", &certid), ("reason", "6")])
        .await;
    assert_eq!(again.error(), -14);
    assert_eq!(
        bench
            .signed(REVOKE, &[("certid", &certid), ("reason", "1")])
            .await
            .error(),
        0
    );
    assert_eq!(state(&bench, &certid), Some(1));
    assert_eq!(bench.signed(REINSTATE, &[("certId", &certid)]).await.error(), -14);
    assert!(bench.sim.cm().reinstate(&certid).is_err());
    let actions: Vec<String> = bench
        .sim
        .cm()
        .audit_log()
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    assert_eq!(actions, ["issue", "hold", "reinstate", "hold", "revoke"]);
}

#[tokio::test]
async fn certificates_fail_one_by_one() {
    let bench = Bench::new("").await;
    let ids: Vec<String> = ["CN=a", "CN=b", "CN=c"]
        .iter()
        .map(|subject| issue(&bench, subject))
        .collect();
    bench.sim.cm().revoke(&ids[1], 1).unwrap();
    let list = format!("{},{},0000FFFF,{}", ids[0], ids[1], ids[2]);
    let answer = bench.signed(REVOKE, &[("certId", &list), ("reason", "4")]).await;
    assert_eq!(
        (answer.status, answer.error(), bench.word().as_str()),
        (400, -14, "partial")
    );
    let errors = answer.json()["errors"].clone();
    assert_eq!(errors.as_array().unwrap().len(), 2);
    assert_eq!(errors[0]["certid"], ids[1].as_str());
    assert_eq!(
        (&errors[1]["certid"], &errors[1]["errorcode"]),
        (&json!("0000FFFF"), &json!(-14))
    );
    assert!(errors[1]["errormessage"].is_string() && errors[1]["servererrormessage"].is_string());
    assert_eq!(
        [
            state(&bench, &ids[0]),
            state(&bench, &ids[1]),
            state(&bench, &ids[2])
        ],
        [Some(4), Some(1), Some(4)]
    );
}

#[tokio::test]
async fn switches_of_failures() {
    let bench = Bench::with(
        "[cm.revocation]\nall_or_nothing = true\npartial_code = -1\n[cm.answers]\ncertid_name = \"certId\"",
    )
    .await;
    let certid = issue(&bench, "CN=a");
    let list = format!("{certid},0000FFFF");
    let answer = bench.signed(REVOKE, &[("certId", &list), ("reason", "1")]).await;
    assert_eq!((answer.status, answer.error()), (500, -1));
    assert_eq!(answer.json()["errors"][0]["certId"], "0000FFFF");
    assert_eq!(state(&bench, &certid), None);
    bench.sim.reconfigure(|config| {
        config.cm.revocation.again_is_error = false;
        config.cm.revocation.reason_required = false;
    });
    for _ in 0..2 {
        assert_eq!(bench.signed(REVOKE, &[("certId", &certid)]).await.error(), 0);
    }
    assert_eq!(state(&bench, &certid), Some(0));
}

#[tokio::test]
async fn lists_come_under_both_names_and_in_both_forms() {
    let bench = Bench::new("").await;
    let ids: Vec<String> = (0..6).map(|_| issue(&bench, "CN=a")).collect();
    let fields = [("certId", ids[0].as_str()), ("certId", &ids[1]), ("reason", "1")];
    assert_eq!(bench.signed(REVOKE, &fields).await.error(), 0);
    let joined = format!("{},{}", ids[2], ids[3]);
    assert_eq!(
        bench
            .signed(REVOKE, &[("certid", &joined), ("reason", "1")])
            .await
            .error(),
        0
    );
    let body = json!({"certid": [ids[4], ids[5]], "reason": 1});
    let data = bench.ra.post_json(REVOKE, &body).await.data();
    let mut signed = body.clone();
    signed["signature"] = json!(bench.sign("ra-officer", &data));
    assert_eq!(bench.ra.post_json(REVOKE, &signed).await.error(), 0);
    assert!(ids.iter().all(|certid| state(&bench, certid) == Some(1)));
    // A server that takes one spelling, and one form of lists.
    bench.sim.reconfigure(|config| {
        config.cm.decode.certid_names = vec!["certId".into()];
        config.cm.decode.lists_repeated = false;
    });
    assert_eq!(
        bench
            .ra
            .post_form(REVOKE, &[("certid", &ids[0]), ("reason", "1")])
            .await
            .error(),
        -14
    );
    assert_eq!(bench.word(), "field_unknown");
    assert_eq!(bench.ra.post_form(REVOKE, &fields).await.error(), -14);
    assert_eq!(bench.word(), "list_repeated");
    assert_eq!(
        bench
            .ra
            .post_form(REVOKE, &[("certId", &joined), ("reason", "1")])
            .await
            .error(),
        -19
    );
    bench
        .sim
        .reconfigure(|config| config.cm.decode.lists_joined = false);
    let answer = bench
        .signed(REVOKE, &[("certId", &joined), ("reason", "1")])
        .await;
    assert_eq!(answer.json()["errors"][0]["certid"], joined.as_str());
    bench
        .sim
        .reconfigure(|config| config.cm.decode.strict_fields = false);
    let answer = bench
        .ra
        .post_form(REVOKE, &[("certid", &ids[0]), ("reason", "1")])
        .await;
    assert_eq!((answer.error(), bench.word().as_str()), (-7, "field_missing"));
}

#[tokio::test]
async fn mistakes_are_refused_before_anybody_signs() {
    let bench = Bench::new("").await;
    let certid = issue(&bench, "CN=a");
    for (fields, code, word) in [
        (vec![("reason", "1")], -7, "field_missing"),
        (vec![("certId", ""), ("reason", "1")], -7, "field_missing"),
        (vec![("certId", ","), ("reason", "1")], -7, "field_missing"),
        (vec![("certId", certid.as_str())], -7, "field_missing"),
        (vec![("certId", &certid), ("reason", "2")], -14, "reason"),
        (vec![("certId", &certid), ("reason", "8")], -14, "reason"),
        (vec![("certId", &certid), ("reason", "10")], -14, "reason"),
        (vec![("certId", &certid), ("reason", "256")], -14, "number"),
        (
            vec![("certId", &certid), ("reason", "key compromise")],
            -14,
            "number",
        ),
        (
            vec![("certId", &certid), ("reason", "1"), ("reason", "1")],
            -14,
            "field_repeated",
        ),
        (
            vec![("certId", &certid), ("reason", "1"), ("resaon", "1")],
            -14,
            "field_unknown",
        ),
    ] {
        let answer = bench.ra.post_form(REVOKE, &fields).await;
        assert_eq!(
            (answer.status, answer.error(), bench.word().as_str()),
            (400, code, word),
            "{fields:?}"
        );
    }
    for (kind, body, word) in [
        ("application/json", "[]", "json"),
        ("application/json", "{\"certid\": ", "json"),
        ("text/plain", "certId=1", "content_type"),
        ("", "certId=1", "content_type"),
        ("multipart/form-data", "--x", "multipart"),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"certId\"\r\n\r\n1",
            "multipart",
        ),
        (
            "application/x-www-form-urlencoded",
            "certId=%ff%fe&reason=1",
            "certid_text",
        ),
    ] {
        let answer: Answer = bench.ra.post(REVOKE, kind, body).await;
        if word == "certid_text" {
            // A form replaces what is not UTF-8; the number is then unknown, and nothing else happens.
            assert_eq!(answer.error(), -19);
            continue;
        }
        assert_eq!(
            (answer.error(), bench.word().as_str()),
            (-8, word),
            "{kind} {body}"
        );
    }
    let nested = format!("{{\"certid\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(
        bench.ra.post(REVOKE, "application/json", nested).await.error(),
        -8
    );
    let many: String = (0..30_000).map(|_| "certId=1&").collect();
    assert_eq!(
        bench
            .ra
            .post(REVOKE, "application/x-www-form-urlencoded", many)
            .await
            .error(),
        -8
    );
    assert_eq!(bench.word(), "fields_too_many");
    assert_eq!(state(&bench, &certid), None);
}

#[tokio::test]
async fn the_signer_needs_the_role() {
    let bench = Bench::new("").await;
    let certid = issue(&bench, "CN=a");
    let fields = [("certId", certid.as_str()), ("reason", "1")];
    let reader = Caller::new(&bench.sim, "reader");
    let data = reader.post_form(REVOKE, &fields).await.data();
    let signature = bench.sign("reader", &data);
    let answer = reader
        .post_form(REVOKE, &[fields[0], fields[1], ("signature", &signature)])
        .await;
    assert_eq!((answer.status, answer.error()), (403, -15));
    assert_eq!(state(&bench, &certid), None);
}

#[tokio::test]
async fn long_lists_are_worked_off() {
    let bench = Bench::with("[cm.signing]\nmode = \"vro\"").await;
    bench.sim.cm().preload(19_000).unwrap();
    let ids: Vec<String> = bench
        .sim
        .cm()
        .certificates()
        .into_iter()
        .map(|one| one.certid)
        .collect();
    let answer = bench
        .ra
        .post_json(REVOKE, &json!({"certid": ids, "reason": 4}))
        .await;
    assert_eq!(answer.error(), 0);
    let revoked = bench.ra.get("certificates?revocationReason=4").await;
    assert_eq!(revoked.json()["searchHits"], 19_000);
    // All of them once more: each fails by itself.
    let answer = bench
        .ra
        .post_json(REVOKE, &json!({"certid": ids, "reason": 4}))
        .await;
    assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 19_000);
    let answer = bench
        .ra
        .post_json("certificates/remove", &json!({"certid": ids}))
        .await;
    assert_eq!((answer.error(), bench.sim.cm().count()), (0, 0));
}
