//! An officer from the file or the token to the server that Protocol Gateway runs on: `smartid-trust` reads the key, `smartid-reqwest`
//! makes the connection, Debian's Tomcat 10 says who came.
//!
//! These tests need `apt-get install tomcat10 openjdk-17-jdk-headless libbcpkix-java softhsm2`, so they run only when asked for:
//! `cargo test -p smartid-tests --test officer_tomcat -- --ignored`. They fail, and are not skipped, when it is missing.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

#[path = "../peers/tomcat/peer.rs"]
mod tomcat;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use http::Method;
use serde_json::Value;
use smartid::{ReqwestTransport, Runtime, SecretString, TokioRuntime};
use smartid_core::{Outgoing, ServiceUrl, Transport, TransportProblem};
use smartid_trust::pkcs11::{KeySelector, Pin, Pkcs11Module, TokenSelector};
use smartid_trust::{Certificate, MemorySigner, OfficerIdentity, OfficerSigner, Reason};
use tomcat::{PASSWORD, Tomcat};

const PIN: &str = "canary-4711";
const CHILD: &str = "SMARTID_TOMCAT_SOFTHSM_CHILD";

fn transport(tomcat: &Tomcat, signer: impl OfficerSigner + 'static) -> ReqwestTransport {
    let identity = OfficerIdentity::new(Arc::new(signer)).unwrap();
    identity.check(TokioRuntime::new().now()).unwrap();
    let builder = ReqwestTransport::builder().root_pem(tomcat.read("ca.pem"));
    builder.identity(Arc::new(identity)).build().unwrap()
}

/// Who came, as Tomcat saw it.
async fn officer(tomcat: &Tomcat, connector: &str, client: &ReqwestTransport) -> String {
    let base = ServiceUrl::parse("cm.url", &tomcat.url(connector)).unwrap();
    let request = Outgoing::new(Method::GET, "procedures".to_owned());
    let answer: Value = client.send(&base, request).await.unwrap().json().unwrap();
    answer["officer"].as_str().unwrap().to_owned()
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn from_every_file() {
    let tomcat = Tomcat::shared();
    let password = SecretString::new(PASSWORD);
    let (own, ca) = (tomcat.text("officer.pem"), tomcat.text("ca.pem"));
    for key in ["officer.key", "officer-encrypted.key"] {
        let key = tomcat.text(key);
        let signer = MemorySigner::from_pem(&[&ca, &key, &own], Some(&password)).unwrap();
        let client = transport(&tomcat, signer);
        for connector in ["required", "required12"] {
            let came = officer(&tomcat, connector, &client).await;
            assert_eq!(came, "CN=Officer One,O=Example");
        }
    }
    for (file, name) in [("officer.p12", "One"), ("signer.p12", "Two")] {
        let signer = MemorySigner::from_pkcs12(&tomcat.read(file), &password).unwrap();
        let client = transport(&tomcat, signer);
        for connector in ["required", "required12"] {
            let came = officer(&tomcat, connector, &client).await;
            assert_eq!(came, format!("CN=Officer {name},O=Example"));
        }
    }
    let wrong = SecretString::new("wrong");
    let refused = MemorySigner::from_pkcs12(&tomcat.read("officer.p12"), &wrong).unwrap_err();
    assert_eq!(refused.reason(), Reason::WrongPassword);
}

#[tokio::test]
#[ignore = "needs tomcat10"]
async fn an_expired_officer_is_told_before_and_by_the_server() {
    let tomcat = Tomcat::shared();
    let texts = [tomcat.text("expired.pem"), tomcat.text("expired.key")];
    let signer = MemorySigner::from_pem(&[&texts[0], &texts[1]], None).unwrap();
    let identity = OfficerIdentity::new(Arc::new(signer)).unwrap();
    let refused = identity.check(TokioRuntime::new().now()).unwrap_err();
    assert_eq!(refused.reason(), Reason::Expired);
    let client = ReqwestTransport::builder().root_pem(tomcat.read("ca.pem"));
    let client = client.identity(Arc::new(identity)).build().unwrap();
    let base = ServiceUrl::parse("cm.url", &tomcat.url("required")).unwrap();
    let request = Outgoing::new(Method::GET, "procedures".to_owned());
    let error = client.send(&base, request).await.unwrap_err();
    assert_eq!(error.problem(), TransportProblem::ClientCertificate, "{error}");
}

fn softhsm() -> PathBuf {
    [
        "/usr/lib/softhsm",
        "/usr/lib/x86_64-linux-gnu/softhsm",
        "/usr/lib/aarch64-linux-gnu/softhsm",
        "/usr/local/lib/softhsm",
    ]
    .iter()
    .map(|folder| Path::new(folder).join("libsofthsm2.so"))
    .find(|path| path.exists())
    .expect("SoftHSM 2 is not installed: apt-get install softhsm2")
}

fn util(configuration: &Path, arguments: &str) {
    let output = Command::new("softhsm2-util")
        .env("SOFTHSM2_CONF", configuration)
        .args(arguments.split_whitespace())
        .output()
        .expect("softhsm2-util is not installed: apt-get install softhsm2");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The configuration of SoftHSM is the process's, so the test runs itself again with the one that it has made.
#[test]
#[ignore = "needs tomcat10 and SoftHSM 2"]
fn from_a_token() {
    if let Some(folder) = std::env::var_os(CHILD) {
        return with_a_token(Path::new(&folder));
    }
    let folder = std::env::temp_dir().join(format!("smartid-tomcat-token-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("tokens")).unwrap();
    let tokens = folder.join("tokens");
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\n",
        tokens.display()
    );
    std::fs::write(folder.join("softhsm2.conf"), text).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "from_a_token", "--ignored", "--nocapture"])
        .env("SOFTHSM2_CONF", folder.join("softhsm2.conf"))
        .env(CHILD, &folder)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let seen = [output.stdout, output.stderr].concat();
    let seen = String::from_utf8_lossy(&seen);
    assert!(output.status.success() && seen.contains("1 passed"), "{seen}");
    assert!(!seen.contains(PIN), "the PIN is in what the test wrote");
}

fn with_a_token(folder: &Path) {
    let tomcat = Arc::new(Tomcat::start());
    let configuration = folder.join("softhsm2.conf");
    util(
        &configuration,
        &format!("--init-token --free --label officers --pin {PIN} --so-pin 12345678"),
    );
    for (id, name) in [("01", "officer"), ("02", "signer")] {
        let key = tomcat.path(&format!("{name}.key"));
        let import = format!("--token officers --label {name} --id {id} --pin {PIN}");
        util(&configuration, &format!("--import {} {import}", key.display()));
    }
    let module = Pkcs11Module::load(softhsm()).unwrap();
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let several = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    for runtime in [one.unwrap(), several.unwrap()] {
        for (name, subject) in [
            ("officer", "CN=Officer One,O=Example"),
            ("signer", "CN=Officer Two,O=Example"),
        ] {
            // The certificate need not be on the token.
            let own = Certificate::from_pem(&tomcat.text(&format!("{name}.pem"))).unwrap();
            let key = KeySelector::any().with_label(name).with_certificate(own);
            let signer = module
                .signer(TokenSelector::any(), key, Pin::known(PIN.into()))
                .unwrap();
            assert!(signer.blocks());
            let client = transport(&tomcat, signer);
            for connector in ["required", "required12"] {
                runtime.block_on(async {
                    let calls: Vec<_> = (0..4)
                        .map(|_| {
                            let (tomcat, client) = (Arc::clone(&tomcat), client.clone());
                            tokio::spawn(async move { officer(&tomcat, connector, &client).await })
                        })
                        .collect();
                    for call in calls {
                        assert_eq!(call.await.unwrap(), subject);
                    }
                });
            }
        }
    }
}
