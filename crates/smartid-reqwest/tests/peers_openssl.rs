//! The same questions put to OpenSSL: what its servers say, and the six kinds of on-premises servers that rustls does not get on with.
//!
//! These tests need the program `openssl` (3.0 or later), so they run only when asked for:
//! `cargo test -p smartid-reqwest --test peers_openssl -- --ignored`. They fail, and are not skipped, when the program is missing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use smartid_core::{Phase, ServiceUrl, TlsIdentity, TransportError, TransportProblem as P};
use smartid_reqwest::{PemIdentity, ReqwestTransport, ReqwestTransportBuilder};
use support::get;

const EXTENSIONS: &str = "\
[leaf]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n\
[common_name]\nbasicConstraints=CA:FALSE\n\
[client]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n";

/// A folder with a CA (`ca.pem`, `ca.key`), removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder =
            Self(std::env::temp_dir().join(format!("smartid-openssl-{}-{number}", std::process::id())));
        std::fs::create_dir_all(&folder.0).unwrap();
        std::fs::write(folder.path("ext.cnf"), EXTENSIONS).unwrap();
        folder.run("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=CA");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn run(&self, arguments: &str) {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(&self.0)
            .output()
            .expect("the program openssl is needed");
        assert!(
            output.status.success(),
            "openssl {arguments}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// `NAME.pem` and `NAME.key`, issued by the CA; without a section of extensions it is of X.509 version 1.
    fn issue(&self, name: &str, new_key: &str, section: Option<&str>, digest: &str) {
        self.run(&format!(
            "req -newkey {new_key} -nodes -keyout {name}.key -out {name}.csr -subj /CN=127.0.0.1"
        ));
        let extensions = section.map_or(String::new(), |section| {
            format!("-extfile ext.cnf -extensions {section}")
        });
        self.run(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days 20 -{digest} -out {name}.pem {extensions}"
        ));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `openssl s_server`, ended with the test.
struct Peer {
    child: Child,
    stdin: Option<ChildStdin>,
    base: ServiceUrl,
    lines: Receiver<String>,
}

impl Peer {
    fn start(folder: &Path, arguments: &str) -> Self {
        let mut child = Command::new("openssl")
            .args("s_server -accept 127.0.0.1:0".split_whitespace())
            .args(arguments.split_whitespace())
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program openssl is needed");
        let (send, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        let mut peer = Self {
            stdin: child.stdin.take(),
            child,
            base: ServiceUrl::parse("test.url", "https://127.0.0.1").unwrap(),
            lines,
        };
        let accept = peer.wait_for("ACCEPT 127.0.0.1:");
        let port = accept.rsplit(':').next().unwrap().to_owned();
        peer.base = ServiceUrl::parse("test.url", &format!("https://127.0.0.1:{port}/base")).unwrap();
        peer
    }

    fn wait_for(&self, text: &str) -> String {
        loop {
            let line = self
                .lines
                .recv_timeout(Duration::from_secs(20))
                .unwrap_or_else(|_| panic!("s_server did not say {text:?}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    async fn meet(&self, client: ReqwestTransportBuilder) -> Result<(), TransportError> {
        get(&client.build().unwrap(), &self.base).await.map(|_| ())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn trusting(pem: &str) -> ReqwestTransportBuilder {
    ReqwestTransport::builder().root_pem(pem)
}

#[track_caller]
fn refused(outcome: Result<(), TransportError>, problem: P, says: &str) {
    let error = outcome.expect_err("must fail");
    assert_eq!(
        (error.problem(), error.phase()),
        (problem, Phase::NotSent),
        "{error}"
    );
    assert!(error.to_string().contains(says), "{error}");
}

/// As [`refused`], and row `case` of the table on the crate's front page, and no other, quotes problem and text after host and port.
#[track_caller]
fn quoted(case: usize, outcome: Result<(), TransportError>, problem: P) {
    let text = outcome
        .as_ref()
        .err()
        .map(ToString::to_string)
        .unwrap_or_default();
    let (_, text) = text.split_once("127.0.0.1:").unwrap_or_default();
    let (_, text) = text.split_once(": ").unwrap_or_default();
    let text = format!("`{}`", text.replace("127.0.0.1", "cm.example.test"));
    let rows: Vec<&str> = include_str!("../src/lib.rs")
        .lines()
        .filter(|line| line.contains(&text))
        .collect();
    assert_eq!(rows.len(), 1, "not in one row of the front page: {text}");
    assert!(rows[0].starts_with(&format!("//! | {case} |")), "{rows:?}");
    assert!(rows[0].contains(&format!("`{problem:?}`")), "{rows:?}");
    refused(outcome, problem, "");
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn an_ordinary_server_is_met_with_tls_1_2_and_1_3() {
    let folder = Folder::new();
    folder.issue("server", "rsa:2048", Some("leaf"), "sha256");
    for version in ["-tls1_2", "-tls1_3"] {
        let peer = Peer::start(
            &folder.0,
            &format!("-www -cert server.pem -key server.key {version}"),
        );
        peer.meet(trusting(&folder.read("ca.pem"))).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn case_1_self_signed_by_openssl_req_is_a_ca() {
    let folder = Folder::new();
    folder.run("req -x509 -newkey rsa:2048 -nodes -keyout s.key -out s.pem -days 9 -subj /CN=x -addext subjectAltName=IP:127.0.0.1");
    let peer = Peer::start(&folder.0, "-www -cert s.pem -key s.key");
    let outcome = peer.meet(trusting(&folder.read("s.pem"))).await;
    quoted(1, outcome, P::ServerCertificateForm);
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn case_2_common_name_only() {
    let folder = Folder::new();
    folder.issue("server", "rsa:2048", Some("common_name"), "sha256");
    let peer = Peer::start(&folder.0, "-www -cert server.pem -key server.key");
    let outcome = peer.meet(trusting(&folder.read("ca.pem"))).await;
    quoted(2, outcome, P::ServerName);
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn case_3_x509_version_1() {
    let folder = Folder::new();
    folder.issue("server", "rsa:2048", None, "sha256");
    let peer = Peer::start(&folder.0, "-www -cert server.pem -key server.key");
    let outcome = peer.meet(trusting(&folder.read("ca.pem"))).await;
    quoted(3, outcome, P::ServerCertificateForm);
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn case_4_tls_1_2_with_rsa_key_exchange_only() {
    let folder = Folder::new();
    folder.issue("server", "rsa:2048", Some("leaf"), "sha256");
    let peer = Peer::start(
        &folder.0,
        "-www -cert server.pem -key server.key -tls1_2 -cipher AES128-GCM-SHA256",
    );
    let outcome = peer.meet(trusting(&folder.read("ca.pem"))).await;
    quoted(4, outcome, P::Handshake);
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn case_5_weak_or_old() {
    let folder = Folder::new();
    folder.issue("sha1", "rsa:2048", Some("leaf"), "sha1");
    folder.issue("short", "rsa:1024", Some("leaf"), "sha256");
    folder.issue("client", "rsa:2048", Some("client"), "sha256");
    folder.issue("server", "rsa:2048", Some("leaf"), "sha256");
    for (arguments, problem) in [
        (
            "-cert sha1.pem -key sha1.key -cipher ALL:@SECLEVEL=0",
            P::ServerCertificateForm,
        ),
        (
            "-cert short.pem -key short.key -cipher ALL:@SECLEVEL=0",
            P::UntrustedServer,
        ),
        ("-cert client.pem -key client.key", P::ServerCertificateForm),
        (
            "-cert server.pem -key server.key -tls1_1 -cipher ALL:@SECLEVEL=0",
            P::Handshake,
        ),
    ] {
        let peer = Peer::start(&folder.0, &format!("-www {arguments}"));
        quoted(5, peer.meet(trusting(&folder.read("ca.pem"))).await, problem);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the program openssl"]
async fn case_6_a_certificate_request_after_the_first_handshake() {
    let folder = Folder::new();
    folder.issue("server", "rsa:2048", Some("leaf"), "sha256");
    let mut peer = Peer::start(
        &folder.0,
        "-cert server.pem -key server.key -tls1_2 -CAfile ca.pem",
    );
    let client = trusting(&folder.read("ca.pem")).build().unwrap();
    let base = peer.base.clone();
    let call = tokio::spawn(async move { get(&client, &base).await });
    peer.wait_for("GET /base/op");
    // What old servers do for a path that needs a certificate: negotiate anew, and ask for it.
    peer.stdin.as_mut().unwrap().write_all(b"R\n").unwrap();
    quoted(6, call.await.unwrap().map(|_| ()), P::LateClientCertificate);
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn a_missing_or_unknown_client_certificate_is_named_so() {
    let folder = Folder::new();
    folder.issue("server", "rsa:2048", Some("leaf"), "sha256");
    folder.run("req -x509 -newkey rsa:2048 -nodes -keyout o.key -out o.pem -days 9 -subj /CN=stranger -addext basicConstraints=CA:FALSE");
    let stranger = PemIdentity::from_pem((folder.read("o.key") + &folder.read("o.pem")).as_bytes()).unwrap();
    let stranger: Arc<dyn TlsIdentity> = Arc::new(stranger);
    for version in ["-tls1_2", "-tls1_3"] {
        let peer = Peer::start(
            &folder.0,
            &format!(
                "-www -cert server.pem -key server.key {version} -Verify 2 -CAfile ca.pem -verify_return_error"
            ),
        );
        let outcome = peer.meet(trusting(&folder.read("ca.pem"))).await;
        refused(outcome, P::ClientCertificate, "none is configured");
        let outcome = peer
            .meet(trusting(&folder.read("ca.pem")).identity(stranger.clone()))
            .await;
        refused(outcome, P::ClientCertificate, "was given the configured one");
    }
}

#[tokio::test]
#[ignore = "needs the program openssl"]
async fn keys_as_openssl_writes_them_are_read_and_accepted() {
    let folder = Folder::new();
    folder.issue("server", "rsa:2048", Some("leaf"), "sha256");
    folder.issue("rsa", "rsa:2048", Some("client"), "sha256");
    folder.issue(
        "ec",
        "ec -pkeyopt ec_paramgen_curve:P-384",
        Some("client"),
        "sha256",
    );
    folder.issue(
        "p521",
        "ec -pkeyopt ec_paramgen_curve:P-521",
        Some("client"),
        "sha256",
    );
    folder.issue("ed", "ed25519", Some("client"), "sha256");
    folder.run("rsa -in rsa.key -traditional -out rsa.pkcs1");
    folder.run("ec -in ec.key -out ec.sec1");
    folder.run("pkcs12 -export -in rsa.pem -inkey rsa.key -certfile ca.pem -out rsa.p12 -passout pass:x");
    folder.run("pkcs12 -in rsa.p12 -passin pass:x -nodes -out bag.key");
    assert!(folder.read("rsa.pkcs1").contains("BEGIN RSA PRIVATE KEY"));
    assert!(folder.read("ec.sec1").contains("BEGIN EC PRIVATE KEY"));
    for version in ["-tls1_2", "-tls1_3"] {
        let peer = Peer::start(
            &folder.0,
            &format!(
                "-www -cert server.pem -key server.key {version} -Verify 2 -CAfile ca.pem -verify_return_error"
            ),
        );
        for (certificate, key) in [
            ("rsa.pem", "rsa.key"),
            ("rsa.pem", "rsa.pkcs1"),
            ("ec.pem", "ec.key"),
            ("ec.pem", "ec.sec1"),
            ("p521.pem", "p521.key"),
            ("ed.pem", "ed.key"),
            ("", "bag.key"),
        ] {
            let mut pem = folder.read(key);
            if !certificate.is_empty() {
                pem.push_str(&folder.read(certificate));
            }
            let identity =
                PemIdentity::from_pem(pem.as_bytes()).unwrap_or_else(|error| panic!("{key}: {error}"));
            let outcome = peer
                .meet(trusting(&folder.read("ca.pem")).identity(Arc::new(identity)))
                .await;
            if (version, key) == ("-tls1_2", "p521.key") {
                // Under TLS 1.2 OpenSSL takes no client key on a curve that the client does not offer for the key exchange too.
                refused(outcome, P::Handshake, "was given the configured one");
                continue;
            }
            assert!(outcome.is_ok(), "{version} {key}: {outcome:?}");
        }
    }
}

#[test]
#[ignore = "needs the program openssl"]
fn encrypted_keys_as_openssl_writes_them_are_told_apart() {
    let folder = Folder::new();
    folder.issue("rsa", "rsa:2048", Some("client"), "sha256");
    folder.run("pkcs8 -topk8 -in rsa.key -out pkcs8.key -passout pass:secret");
    folder.run("rsa -aes128 -traditional -in rsa.key -out old.key -passout pass:secret");
    for key in ["pkcs8.key", "old.key"] {
        let pem = folder.read("rsa.pem") + &folder.read(key);
        let error = PemIdentity::from_pem(pem.as_bytes()).unwrap_err();
        assert!(
            error.to_string().contains("the private key is encrypted"),
            "{key}: {error}"
        );
    }
}
