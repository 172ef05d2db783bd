//! The simulated Certificate Manager between two strangers: the program makes requests and signs as an officer, and reads what is
//! issued.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use smartid_sim::{Officer, Sim, SimClock};

use crate::Folder;

const TYPE: &str = "application/x-www-form-urlencoded";

async fn post(http: &reqwest::Client, sim: &Sim, fields: &[(&str, &str)]) -> (u16, Vec<u8>) {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let url = format!("{}/certificates/pkcs10", sim.cm_url());
    let sent = http
        .post(url)
        .header("content-type", TYPE)
        .body(body)
        .send()
        .await
        .unwrap();
    (sent.status().as_u16(), sent.bytes().await.unwrap().to_vec())
}

fn client(sim: &Sim, officer: &Officer) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_backend_rustls()
        .tls_certs_only([reqwest::Certificate::from_pem(sim.ca_pem().as_bytes()).unwrap()])
        .identity(reqwest::Identity::from_pem(officer.identity_pem().as_bytes()).unwrap())
        .no_proxy()
        .build()
        .unwrap()
}

/// A simulator, and a folder with the root of its Certificate Manager.
async fn world() -> (Folder, Sim) {
    let folder = Folder::new();
    let sim = Sim::builder().seed(7).clock(SimClock::manual());
    let sim = sim.start().await.unwrap();
    folder.put("root.pem", sim.cm_root_pem());
    (folder, sim)
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn the_program_is_an_officer() {
    let (folder, sim) = world().await;
    // A request made by the program, subject in UTF-8.
    folder.agrees(
        "req -new -newkey rsa:2048 -nodes -utf8 -subj /C=SE/O=Example/CN=Åsa -keyout own.key -out request.pem",
        &[],
    );
    let request = String::from_utf8(folder.read("request.pem")).unwrap();
    for name in ["ra-officer", "rsa-officer"] {
        let officer = sim.officer(name).unwrap();
        folder.put("officer.p12", officer.p12("pa55").unwrap());
        folder.agrees(
            "pkcs12 -in officer.p12 -passin pass:pa55 -nodes -out officer.pem",
            &[],
        );
        let http = client(&sim, &officer);
        for options in ["", " -noattr", " -md sha384"] {
            let (status, body) = post(&http, &sim, &[("pkcs10", &request)]).await;
            assert_eq!(status, 200);
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            folder.put(
                "data",
                BASE64_STANDARD
                    .decode(body["dataToSign"].as_str().unwrap())
                    .unwrap(),
            );
            let sign = "cms -sign -nodetach -binary -outform DER -signer officer.pem -in data -out signature";
            // The curve of the officer's key goes with SHA-256 alone here.
            if name == "ra-officer" && options.contains("sha384") {
                continue;
            }
            folder.agrees(&format!("{sign}{options}"), &[]);
            let signature = BASE64_STANDARD.encode(folder.read("signature"));
            let (status, issued) =
                post(&http, &sim, &[("pkcs10", &request), ("signature", &signature)]).await;
            assert_eq!(
                status,
                200,
                "{name}{options}: {}",
                String::from_utf8_lossy(&issued)
            );
            folder.put("issued.p7", issued);
            let at = sim.clock().unix_millis() / 1000 + 60;
            folder.agrees("pkcs7 -inform DER -in issued.p7 -print_certs -out chain.pem", &[]);
            let chain = String::from_utf8(folder.read("chain.pem")).unwrap();
            assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 3);
            let all = sim.cm().certificates();
            folder.put("leaf.der", all.last().unwrap().der.clone().unwrap());
            folder.agrees(
                "x509 -inform DER -in leaf.der -text -noout",
                &["Digital Signature"],
            );
            folder.agrees("x509 -inform DER -in leaf.der -out leaf.pem", &[]);
            folder.agrees(
                &format!("verify -x509_strict -attime {at} -CAfile root.pem -untrusted chain.pem leaf.pem"),
                &["OK"],
            );
        }
    }
    let certid = sim.cm().certificates()[0].certid.clone();
    sim.cm().revoke(&certid, 1).unwrap();
    folder.put("list.crl", sim.cm().crl_der().unwrap());
    folder.put("issuer.pem", sim.cm().issuer().unwrap().pem());
    folder.agrees(
        "crl -inform DER -in list.crl -CAfile issuer.pem -text -noout",
        &["verify OK", "Key Compromise"],
    );
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn the_program_accepts_what_an_officer_signs_here() {
    let (folder, sim) = world().await;
    folder.put("issuer.pem", sim.cm().issuer().unwrap().pem());
    let at = sim.clock().unix_millis() / 1000 + 60;
    for name in ["ra-officer", "rsa-officer"] {
        let officer = sim.officer(name).unwrap();
        folder.put("signed", officer.sign(b"\n\r\n\0data").unwrap());
        folder.agrees(
            &format!("cms -verify -binary -inform DER -in signed -CAfile root.pem -attime {at} -out content"),
            &["successful"],
        );
        assert_eq!(folder.read("content"), b"\n\r\n\0data");
    }
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn the_program_verifies_what_the_signing_authority_signs() {
    let (folder, sim) = world().await;
    sim.reconfigure(|config| config.cm.signing.mode = smartid_sim::config::SigningMode::Vro);
    let http = client(&sim, &sim.officer("ra-officer").unwrap());
    folder.put("content", "a document");
    let at = sim.clock().unix_millis() / 1000 + 60;
    for (algorithm, digest) in [
        ("SHA-256", "sha256"),
        ("SHA3-256", "sha3-256"),
        ("SHA-512/224", "sha512-224"),
    ] {
        folder.agrees(&format!("dgst -{digest} -binary -out hash content"), &[]);
        let body = serde_json::json!({
            "hash": BASE64_STANDARD.encode(folder.read("hash")), "hashAlgorithm": algorithm, "signatureFormat": "SignedData",
        });
        let url = format!("{}/signingauthority/sign", sim.cm_url());
        let sent = http
            .post(url)
            .header("content-type", "application/json")
            .body(body.to_string());
        let answer: serde_json::Value =
            serde_json::from_slice(&sent.send().await.unwrap().bytes().await.unwrap()).unwrap();
        folder.put(
            "signed",
            BASE64_STANDARD
                .decode(answer["signedData"].as_str().unwrap())
                .unwrap(),
        );
        folder.agrees(
            &format!("cms -verify -binary -inform DER -in signed -content content -CAfile root.pem -attime {at} -out out"),
            &["successful"],
        );
    }
}
