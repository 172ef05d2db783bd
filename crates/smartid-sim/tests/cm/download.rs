//! Certificates as bytes, in every form, and the servlet that hands out those of authorities.

use std::io::{Cursor, Read};

use smartid_sim::pki::Certificate;

use crate::common::{Answer, Bench, base64};

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

/// Certificates of a PEM text, in its order.
fn blocks(text: &str) -> Vec<Vec<u8>> {
    use base64::Engine;
    text.split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .map(|block| {
            let body: String = block
                .split("-----END")
                .next()
                .unwrap()
                .split_whitespace()
                .collect();
            base64::prelude::BASE64_STANDARD.decode(body).unwrap()
        })
        .collect()
}

fn unzip(body: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(body.to_vec())).unwrap();
    (0..archive.len())
        .map(|place| {
            let mut file = archive.by_index(place).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            (file.name().unwrap().into_owned(), content)
        })
        .collect()
}

#[tokio::test]
async fn every_form_of_a_download() {
    let bench = Bench::new("").await;
    let (certid, leaf) = bench.issue("CN=a").await;
    let ca = bench.sim.cm();
    let (issuing, root) = (
        ca.ca().unwrap().issuer_der().to_vec(),
        ca.ca().unwrap().root_der().to_vec(),
    );
    let chain = [leaf.der().to_vec(), issuing.clone(), root.clone()];
    let path = format!("certificates/{certid}/download");
    for accept in [
        None,
        Some("application/pkcs7-mime"),
        Some("*/*"),
        Some("text/html"),
    ] {
        let answer = match accept {
            Some(accept) => bench.ra.get_as(&path, accept).await,
            None => bench.ra.get(&path).await,
        };
        assert_eq!(
            (answer.status, answer.kind().as_str()),
            (200, "application/pkcs7-mime")
        );
        assert_eq!(answer.header("certId").as_deref(), Some(certid.as_str()));
        assert_eq!(answer.body[0], 0x30, "DER, not base64");
        assert!(chain.iter().all(|der| holds(&answer.body, der)));
    }
    let answer = bench.ra.get_as(&path, "application/pkix-cert").await;
    assert_eq!(
        (answer.kind().as_str(), answer.body.as_slice()),
        ("application/pkix-cert", leaf.der())
    );
    let answer = bench.ra.get_as(&path, "application/pem-certificate-chain").await;
    assert_eq!(answer.kind(), "application/pem-certificate-chain");
    assert_eq!(blocks(&answer.text()), chain);
    for (depth, count) in [(1, 1), (2, 2), (3, 3), (9, 3)] {
        let accept = format!("application/pem-certificate-chain;depth={depth}");
        let answer = bench.ra.get_as(&path, &accept).await;
        assert_eq!(blocks(&answer.text()), chain[..count], "{depth}");
    }
    let answer = bench
        .ra
        .get_as(&path, "application/pem-certificate-chain;depth=0")
        .await;
    assert_eq!((answer.error(), bench.word().as_str()), (-14, "depth"));
    let answer = bench.ra.get_as(&path, "application/zip").await;
    assert_eq!(answer.kind(), "application/zip");
    let names = ["1.cer", "2.cer", "3.cer"].map(str::to_owned);
    let wanted: Vec<(String, Vec<u8>)> = names.into_iter().zip(chain).collect();
    assert_eq!(unzip(&answer.body), wanted);
    // What is asked for when issuing is answered in the same forms.
    let request = base64(&crate::common::csr_for("CN=b"));
    bench
        .sim
        .reconfigure(|config| config.cm.signing.mode = smartid_sim::config::SigningMode::Vro);
    let issue = bench
        .ra
        .request("POST", "certificates/pkcs10")
        .header("accept", "application/pem-certificate-chain;depth=1");
    let form = crate::common::form(&[("pkcs10", &request)]);
    let issue = issue
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let answer = Answer::of(issue.send().await.unwrap()).await;
    assert_eq!(blocks(&answer.text()).len(), 1);
}

#[tokio::test]
async fn switches_of_the_forms() {
    let toml = "[cm.download]\ndepth_counts_leaf = false\ninclude_root = false\nunknown_accept = \"406\"\n\
                pkcs7_content_type = \"application/pkcs7-mime; smime-type=certs-only\"\nzip_member = \"c{n}.pem\"\nzip_pem = true\n\
                certid_header = false";
    let bench = Bench::with(toml).await;
    let issued = bench
        .sim
        .cm()
        .issue(&crate::common::csr_for("CN=a"), "User signing")
        .unwrap();
    let path = format!("certificates/{}/download", issued.certid);
    let answer = bench.ra.get(&path).await;
    assert_eq!(answer.kind(), "application/pkcs7-mime; smime-type=certs-only");
    assert_eq!(answer.header("certId"), None);
    assert!(!holds(&answer.body, bench.sim.cm().ca().unwrap().root_der()));
    for (depth, count) in [(0, 1), (1, 2), (2, 2)] {
        let accept = format!("application/pem-certificate-chain;depth={depth}");
        assert_eq!(blocks(&bench.ra.get_as(&path, &accept).await.text()).len(), count);
    }
    let answer = bench.ra.get_as(&path, "text/html").await;
    assert_eq!((answer.status, bench.word().as_str()), (406, "accept"));
    let files = unzip(&bench.ra.get_as(&path, "application/zip").await.body);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["c1.pem", "c2.pem"]);
    assert_eq!(
        blocks(&String::from_utf8(files[0].1.clone()).unwrap()),
        [issued.der.unwrap()]
    );
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let bench = Bench::new("").await;
    for (path, status, word) in [
        ("certificates/0000FFFF/download", 400, "certid"),
        ("certificates/0000FFFF/details", 400, "certid"),
        ("certificates/-/details", 404, "path"),
        ("certificates/a%2Fb/details", 404, "path"),
        ("certificates/%C3%A9/details", 404, "path"),
        ("certificates/", 404, "path"),
    ] {
        let answer = bench.ra.get(path).await;
        assert_eq!((answer.status, bench.word().as_str()), (status, word), "{path}");
    }
}

#[tokio::test]
async fn preloaded_certificates_are_real_when_they_are_wanted() {
    let bench = Bench::new("").await;
    let (first, last) = bench.sim.cm().preload(3).unwrap().unwrap();
    assert!(
        bench
            .sim
            .cm()
            .certificates()
            .iter()
            .all(|certificate| certificate.der.is_none())
    );
    let record = bench.ra.get(&format!("certificates/{last}/details")).await.json()["certificate"].clone();
    let answer = bench
        .ra
        .get_as(&format!("certificates/{last}/download"), "application/pkix-cert")
        .await;
    let certificate = Certificate::parse(&answer.body).unwrap();
    bench
        .sim
        .cm()
        .ca()
        .unwrap()
        .verify(&certificate, bench.now())
        .unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(record["certificateserialnumber"], hex(certificate.serial()));
    assert_eq!(
        record["subjectKeyIdentifier"],
        hex(certificate.subject_key_identifier().unwrap())
    );
    assert_eq!(
        record["authorityKeyIdentifier"],
        hex(certificate.authority_key_identifier().unwrap())
    );
    assert_eq!(record["keyusage"], serde_json::json!(certificate.key_usages()));
    // Nothing changes in the list, and the bytes stay the same.
    assert_eq!(
        bench.ra.get(&format!("certificates/{last}/details")).await.json()["certificate"],
        record
    );
    assert_eq!(
        bench.sim.cm().certificate(&last).unwrap().der.as_deref(),
        Some(answer.body.as_slice())
    );
    assert!(bench.sim.cm().certificate("0").is_err());
    // One that has no bytes yet can be revoked.
    bench.sim.cm().revoke(&first, 4).unwrap();
    let revoked = bench.sim.cm().certificate(&first).unwrap().parse().unwrap();
    assert!(
        bench
            .sim
            .cm()
            .ca()
            .unwrap()
            .verify(&revoked, bench.now())
            .is_err()
    );
}

#[tokio::test]
async fn authorities_and_revocation_lists_are_for_everybody() {
    let bench = Bench::new("").await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let base = bench.sim.cm_dp_url();
    assert!(base.starts_with("http://localhost:") && base.ends_with("/pgwy/dp"));
    let get = async |path: &str| Answer::of(http.get(format!("{base}/{path}")).send().await.unwrap()).await;
    let ca = bench.sim.cm();
    for (name, der) in [
        ("issuing", ca.ca().unwrap().issuer_der()),
        ("root", ca.ca().unwrap().root_der()),
    ] {
        let answer = get(&format!("ca/{name}.cer")).await;
        assert_eq!(
            (answer.status, answer.kind().as_str(), answer.body.as_slice()),
            (200, "application/pkix-cert", der)
        );
    }
    let issued = bench
        .sim
        .cm()
        .issue(&crate::common::csr_for("CN=a"), "1")
        .unwrap();
    bench.sim.cm().revoke(&issued.certid, 1).unwrap();
    let crl = get("crl/issuing.crl").await;
    assert_eq!((crl.status, crl.kind().as_str()), (200, "application/pkix-crl"));
    assert!(holds(&crl.body, &issued.serial));
    assert!(!holds(&get("crl/root.crl").await.body, &issued.serial));
    for (path, status) in [
        ("ca/other.cer", 404),
        ("crl/other.crl", 404),
        ("ca/issuing", 404),
        ("", 404),
        ("ca/", 404),
    ] {
        assert_eq!(get(path).await.status, status, "{path}");
    }
    assert_eq!(
        http.post(format!("{base}/ca/root.cer"))
            .send()
            .await
            .unwrap()
            .status(),
        405
    );
    // The REST API is there, too, and there is no officer without TLS.
    let api = base.replace("/dp", "/api");
    let answer = Answer::of(http.get(format!("{api}/certificates")).send().await.unwrap()).await;
    assert_eq!((answer.status, bench.word().as_str()), (403, "no_certificate"));
}

#[tokio::test]
async fn addresses_of_the_servlet_are_switches() {
    let toml = "[cm.dp]\nprefix = \"/pki\"\nca_path = \"certs/{name}\"\ncrl_path = \"lists/{name}.der\"\nissuing_name = \"Sub CA\"\n\
                root_name = \"Top\"\ncrl_seconds = 60";
    let bench = Bench::with(toml).await;
    let base = bench.sim.cm_dp_url();
    assert!(base.ends_with("/pki"));
    for path in [
        "certs/Sub%20CA",
        "certs/Top",
        "lists/Sub%20CA.der",
        "lists/Top.der",
    ] {
        assert_eq!(
            reqwest::get(format!("{base}/{path}")).await.unwrap().status(),
            200,
            "{path}"
        );
    }
    // The list is good for a minute: 2026-01-01T00:01:00Z as UTCTime.
    assert!(holds(&bench.sim.cm().crl_der().unwrap(), b"260101000100Z"));
    bench.sim.reconfigure(|config| config.cm.dp.start = false);
    assert_eq!(
        reqwest::get(format!("{base}/certs/Top")).await.unwrap().status(),
        404
    );
}
