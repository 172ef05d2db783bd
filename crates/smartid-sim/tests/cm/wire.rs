//! Other verbs, names and places: what is played differently is what is then demanded.

use serde_json::json;

use crate::common::{Bench, base64, csr_for, signed};

#[tokio::test]
async fn fields_have_other_names_and_constants_and_the_usual_names_are_unknown() {
    let bench = Bench::with(
        "[cm.wire]\nnames = {pkcs10 = 'csr', mediaType = 'kind'}\nconstants = {tenant = 't1'}\ncertid_header_name = 'X-Id'",
    )
    .await;
    let csr = base64(&csr_for("CN=wire"));
    for (fields, right) in [
        (&[("csr", csr.as_str()), ("tenant", "t1")][..], true),
        (&[("pkcs10", csr.as_str()), ("tenant", "t1")], false),
        (&[("csr", csr.as_str())], false),
        (&[("csr", csr.as_str()), ("tenant", "t2")], false),
        (
            &[("csr", csr.as_str()), ("tenant", "t1"), ("tenant", "t1")],
            false,
        ),
    ] {
        let answer = bench.ra.post_form("certificates/pkcs10", fields).await;
        assert_eq!(answer.error() == -19, right, "{fields:?}: {}", answer.text());
    }
    let issued = bench
        .signed("certificates/pkcs10", &[("csr", &csr), ("tenant", "t1")])
        .await;
    assert_eq!(issued.status, 200, "{}", issued.text());
    assert!(issued.header("x-id").is_some() && issued.header("certid").is_none());
    for (query, status) in [
        ("kind=pkcs10&tenant=t1", 200),
        ("mediaType=pkcs10&tenant=t1", 400),
        ("kind=pkcs10", 400),
    ] {
        let answer = bench.ra.get(&format!("procedures?{query}")).await;
        assert_eq!(answer.status, status, "{query}");
    }
}

#[tokio::test]
async fn verbs_and_places_in_json_are_others() {
    let bench = Bench::with(
        "[cm.wire]\nmethods = {search = 'POST', remove = 'DELETE'}\nfirst_index = 1\n\
         request_moves = [{from = '/data/list', to = '/importdata'}, {from = '/data'}]\n\
         answer_moves = [{from = '/searchHits', to = '/total/hits'}]",
    )
    .await;
    assert_eq!(bench.ra.get("certificates").await.status, 405);
    let listed = bench.ra.post("certificates", "text/plain", "").await;
    assert_eq!(listed.json()["total"]["hits"], 0, "{}", listed.text());
    assert_eq!(bench.ra.post_form("certificates/remove", &[]).await.status, 405);
    let body = json!({"procname": "User signing", "data": {"list": [{"certificate": "AAAA"}]}});
    let usual = json!({"procname": "User signing", "importdata": [{"certificate": "AAAA"}]});
    let refused = bench.ra.post_json("certificates/import", &usual).await;
    assert_eq!(refused.error(), -14, "{}", refused.text());
    let answer = signed(&bench, "certificates/import", &body).await;
    assert_eq!(answer.json()["errors"][0]["arrayindex"], 1, "{}", answer.text());
}

#[tokio::test]
async fn parts_must_have_the_type_that_is_asked_for() {
    for (types, right) in [
        ("{pkcs10 = 'application/octet-stream'}", true),
        ("{pkcs10 = 'application/pkcs10'}", false),
        ("{pkcs10 = ''}", false),
    ] {
        let bench = Bench::with(&format!("[cm.wire]\npart_types = {types}")).await;
        let csr = csr_for("CN=part");
        let answer = bench
            .ra
            .post_multipart("certificates/pkcs10", &[("pkcs10*", &csr)])
            .await;
        assert_eq!(answer.error() == -19, right, "{types}: {}", answer.text());
    }
}
