//! The transport against the server that Protocol Gateway runs on: Tomcat 10 as Debian ships it, which asks for client certificates in
//! the handshake or, set up otherwise, when it has read the request.
//!
//! These tests need `apt-get install tomcat10 openjdk-17-jdk-headless libbcpkix-java`, so they run only when asked for:
//! `cargo test -p smartid-reqwest --test peers_tomcat -- --ignored`. They fail, and are not skipped, when it is missing.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

#[path = "../../../tests/peers/tomcat/peer.rs"]
mod tomcat;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, HeaderValue};
use serde_json::Value;
use smartid_core::base64::{Flavour, decode, encode};
use smartid_core::{
    Incoming, KeyKind, Outgoing, Phase, ServiceUrl, SignError, SignatureScheme, TlsIdentity, Transport,
    TransportError, TransportProblem as P,
};
use smartid_reqwest::{PemIdentity, ReqwestTransport, ReqwestTransportBuilder};
use tomcat::Tomcat;

fn base(tomcat: &Tomcat, connector: &str) -> ServiceUrl {
    ServiceUrl::parse("cm.url", &tomcat.url(connector)).unwrap()
}

fn trusting(tomcat: &Tomcat) -> ReqwestTransportBuilder {
    ReqwestTransport::builder().root_pem(tomcat.read("ca.pem"))
}

fn pem(tomcat: &Tomcat, name: &str) -> PemIdentity {
    let text = tomcat.text(&format!("{name}.pem")) + &tomcat.text(&format!("{name}.key"));
    PemIdentity::from_pem(text.as_bytes()).unwrap()
}

fn officer(tomcat: &Tomcat, name: &str) -> ReqwestTransport {
    trusting(tomcat)
        .identity(Arc::new(pem(tomcat, name)))
        .build()
        .unwrap()
}

async fn get(client: &ReqwestTransport, base: &ServiceUrl) -> Result<Incoming, TransportError> {
    client
        .send(base, Outgoing::new(Method::GET, "procedures".to_owned()))
        .await
}

async fn json(client: &ReqwestTransport, base: &ServiceUrl) -> Value {
    get(client, base).await.unwrap().json().unwrap()
}

#[track_caller]
fn refused(outcome: Result<Incoming, TransportError>, problem: P, says: &str) {
    let error = outcome.expect_err("must fail");
    assert_eq!(
        (error.problem(), error.phase()),
        (problem, Phase::NotSent),
        "{error}"
    );
    assert!(error.to_string().contains(says), "{error}");
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn officers_are_known_by_their_certificates() {
    let tomcat = Tomcat::shared();
    for (connector, protocol) in [("required", "TLSv1.3"), ("required12", "TLSv1.2")] {
        for (name, subject) in [
            ("officer", "CN=Officer One,O=Example"),
            ("signer", "CN=Officer Two,O=Example"),
        ] {
            let answer = json(&officer(&tomcat, name), &base(&tomcat, connector)).await;
            assert_eq!(
                (&answer["officer"], &answer["protocol"]),
                (&subject.into(), &protocol.into())
            );
        }
    }
    let only = trusting(&tomcat)
        .identity(Arc::new(pem(&tomcat, "officer")))
        .tls_1_2_only();
    let answer = json(&only.build().unwrap(), &base(&tomcat, "required")).await;
    assert_eq!(answer["protocol"], "TLSv1.2");
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn a_connection_is_kept_and_the_certificate_is_changed_with_it() {
    let tomcat = Tomcat::shared();
    for connector in ["required", "required12"] {
        let base = base(&tomcat, connector);
        let client = officer(&tomcat, "officer");
        let mut connections = BTreeSet::new();
        for (round, name) in ["officer", "signer", "officer"].into_iter().enumerate() {
            if round > 0 {
                client.set_identity(Arc::new(pem(&tomcat, name))).unwrap();
            }
            let expected = if name == "officer" {
                "CN=Officer One"
            } else {
                "CN=Officer Two"
            };
            for _ in 0..3 {
                let answer = json(&client, &base).await;
                assert!(
                    answer["officer"].as_str().unwrap().starts_with(expected),
                    "{answer}"
                );
                connections.insert(answer["connection"].as_u64().unwrap());
            }
            assert_eq!(
                connections.len(),
                round + 1,
                "one connection for each certificate"
            );
        }
        client.remove_identity().unwrap();
        refused(
            get(&client, &base).await,
            P::ClientCertificate,
            "none is configured",
        );
    }
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn missing_unknown_and_expired_certificates_are_named_so() {
    let tomcat = Tomcat::shared();
    for connector in ["required", "required12"] {
        let base = base(&tomcat, connector);
        let none = trusting(&tomcat).build().unwrap();
        refused(
            get(&none, &base).await,
            P::ClientCertificate,
            "none is configured",
        );
        for name in ["stranger", "expired"] {
            let outcome = get(&officer(&tomcat, name), &base).await;
            refused(outcome, P::ClientCertificate, "was given the configured one");
        }
    }
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn a_certificate_that_is_asked_for_late_is_an_error_of_its_own() {
    let tomcat = Tomcat::shared();
    let renegotiation = "received fatal alert: HandshakeFailure (the server wanted to renegotiate)";
    let page = "the answer 401 Unauthorized says that there is no client certificate (the server did not ask for one in the handshake)";
    for client in [officer(&tomcat, "officer"), trusting(&tomcat).build().unwrap()] {
        // More than Tomcat keeps while it negotiates (maxSavePostSize, 4 KiB).
        for (connector, body, says) in [
            ("late12", 0, renegotiation),
            ("late12", 100, renegotiation),
            ("late12", 2_000_000, page),
            ("late13", 0, page),
            ("late13", 100, page),
            ("late13", 2_000_000, page),
        ] {
            let mut request = Outgoing::new(Method::GET, "certificates/pkcs10".to_owned());
            if body > 0 {
                request = Outgoing::new(Method::POST, "certificates/pkcs10".to_owned());
                request = request.body("application/octet-stream", vec![b'x'; body]);
            }
            let outcome = client.send(&base(&tomcat, connector), request).await;
            refused(outcome, P::LateClientCertificate, says);
        }
    }
}

/// A key in memory that says that it blocks.
#[derive(Debug)]
struct Card(PemIdentity);

impl TlsIdentity for Card {
    fn chain(&self) -> &[Bytes] {
        self.0.chain()
    }
    fn key_kind(&self) -> KeyKind {
        self.0.key_kind()
    }
    fn schemes(&self) -> &[SignatureScheme] {
        self.0.schemes()
    }
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0.sign(scheme, message)
    }
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn a_card_makes_several_connections_at_once() {
    let tomcat = Tomcat::shared();
    for connector in ["required", "required12"] {
        let card = Arc::new(Card(pem(&tomcat, "officer")));
        let client = trusting(&tomcat).identity(card).build().unwrap();
        let calls: Vec<_> = (0..8)
            .map(|_| {
                let (client, base) = (client.clone(), base(&tomcat, connector));
                tokio::spawn(async move { json(&client, &base).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap()["officer"], "CN=Officer One,O=Example");
        }
    }
}

// --- The writes of the application, so that whoever tests a client against it can rely on it ---

/// What the program openssl makes of `input`.
fn openssl(tomcat: &Tomcat, arguments: &str, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(tomcat.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program openssl is needed");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments}");
    output.stdout
}

/// A POST as `multipart/form-data`.
async fn post(
    client: &ReqwestTransport,
    base: &ServiceUrl,
    path: &str,
    fields: &[(&str, &[u8])],
) -> Incoming {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").bytes());
        body.extend(*value);
        body.extend(b"\r\n");
    }
    body.extend(b"--B--\r\n");
    let request = Outgoing::new(Method::POST, path.to_owned());
    let request = request.body("multipart/form-data; boundary=B", body);
    client.send(base, request).await.unwrap()
}

fn code(answer: &Incoming) -> i64 {
    answer.json::<Value>().unwrap()["error"].as_i64().unwrap()
}

fn data_to_sign(answer: &Incoming) -> Vec<u8> {
    assert_eq!(code(answer), -19);
    let answer: Value = answer.json().unwrap();
    decode(Flavour::Standard, answer["dataToSign"].as_str().unwrap()).unwrap()
}

fn signature(tomcat: &Tomcat, signer: &str, options: &str, data: &[u8]) -> String {
    let arguments =
        format!("cms -sign -binary -outform DER -signer {signer}.pem -inkey {signer}.key {options}");
    encode(Flavour::Standard, &openssl(tomcat, &arguments, data))
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn the_application_issues_to_officers_who_sign_what_it_has_handed_out() {
    let tomcat = Tomcat::shared();
    let (client, base) = (officer(&tomcat, "officer"), base(&tomcat, "required"));
    let path = "certificates/pkcs10";
    let request = encode(Flavour::Standard, &tomcat.read("request.csr"));
    for csr in [
        tomcat.read("request.csr"),
        tomcat.read("request.pem"),
        request.clone().into_bytes(),
    ] {
        let data = data_to_sign(&post(&client, &base, path, &[("pkcs10", &csr)]).await);
        let signed = signature(&tomcat, "signer", "-nodetach", &data);
        let fields = [("pkcs10", csr.as_slice()), ("signature", signed.as_bytes())];
        let answer = post(&client, &base, path, &fields).await;
        assert_eq!(answer.headers()["content-type"], "application/pkcs7-mime");
        let id = answer.headers()["certid"].to_str().unwrap().to_owned();
        let text = openssl(&tomcat, "pkcs7 -inform DER -print_certs -noout", answer.body());
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.contains("CN = New One") && text.contains("CN = Peer CA"),
            "{text}"
        );
        for (accept, count) in [
            ("application/pem-certificate-chain", 2),
            ("application/pem-certificate-chain;depth=1", 1),
        ] {
            let chain = Outgoing::new(Method::GET, format!("certificates/{id}/download"));
            let chain = chain.header(ACCEPT, HeaderValue::from_static(accept));
            let chain = client.send(&base, chain).await.unwrap();
            let text = String::from_utf8(chain.body().to_vec()).unwrap();
            assert_eq!(text.matches("BEGIN CERTIFICATE").count(), count);
            openssl(&tomcat, "x509 -noout", text.as_bytes());
        }
        // The signature was for once.
        assert_eq!(code(&post(&client, &base, path, &fields).await), -17);

        let fields = [("certId", id.as_bytes()), ("reason", b"1")];
        let data = data_to_sign(&post(&client, &base, "certificates/revoke", &fields).await);
        let signed = signature(&tomcat, "officer", "-nodetach", &data);
        let fields = [fields[0], fields[1], ("signature", signed.as_bytes())];
        assert_eq!(
            code(&post(&client, &base, "certificates/revoke", &fields).await),
            0
        );
    }
    let list = client
        .send(&base, Outgoing::new(Method::GET, "certificates".to_owned()))
        .await;
    let list: Value = list.unwrap().json().unwrap();
    assert!(list["searchHits"].as_u64().unwrap() >= 3);
    assert_eq!(list["certificates"][0]["status"], "revoked");
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn the_application_refuses_every_other_signature() {
    let tomcat = Tomcat::shared();
    let (client, base) = (officer(&tomcat, "officer"), base(&tomcat, "required"));
    let path = "certificates/pkcs10";
    let csr = tomcat.read("request.pem");
    let cases: [(&str, &str, &[u8], &str); 6] = [
        ("signer", "", b"", "detached"),
        ("stranger", "-nodetach", b"", "not an officer"),
        ("expired", "-nodetach", b"", "not an officer"),
        ("signer", "-nodetach -nocerts", b"", "certificate is not there"),
        ("signer", "-nodetach", b"and more", "was not handed out"),
        (
            "signer",
            "-nodetach -signer officer.pem -inkey officer.key",
            b"",
            "2 signers",
        ),
    ];
    for (signer, options, more, says) in cases {
        let mut data = data_to_sign(&post(&client, &base, path, &[("pkcs10", &csr)]).await);
        data.extend(more);
        let signed = signature(&tomcat, signer, options, &data);
        let fields = [("pkcs10", csr.as_slice()), ("signature", signed.as_bytes())];
        let answer = post(&client, &base, path, &fields).await;
        assert_eq!(code(&answer), -17, "{signer} {options}");
        let message: Value = answer.json().unwrap();
        assert!(message["msg"].as_str().unwrap().contains(says), "{message}");
    }
    // Other fields than before; no CMS at all; no request; garbage.
    let data = data_to_sign(&post(&client, &base, path, &[("pkcs10", &csr)]).await);
    let signed = signature(&tomcat, "signer", "-nodetach", &data);
    let fields: [(&str, &[u8]); 3] = [
        ("pkcs10", &csr),
        ("procname", b"other"),
        ("signature", signed.as_bytes()),
    ];
    assert_eq!(code(&post(&client, &base, path, &fields).await), -17);
    let fields: [(&str, &[u8]); 2] = [("pkcs10", &csr), ("signature", b"AAAA")];
    assert_eq!(code(&post(&client, &base, path, &fields).await), -17);
    assert_eq!(code(&post(&client, &base, path, &[]).await), -7);
    assert_eq!(
        code(&post(&client, &base, path, &[("pkcs10", b"garbage")]).await),
        -8
    );
}
