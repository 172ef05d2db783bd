//! Somebody else's verdict: the `openssl` program verifies the requests, certificates, revocation lists, CMS messages, JWS signatures
//! and PKCS #12 files that the simulator makes, and the simulator verifies what the program makes. Ignored by default because the
//! program must be installed; run with `--ignored`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod issuing;
mod secrets;
mod signatures;

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use smartid_sim::pki::{Key, KeyKind, KeySource, SigAlg};

/// 2026-01-01T00:00:00Z
const NOW: u64 = 1_767_225_600;

/// A folder of its own for each test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "smartid-sim-openssl-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Whether the program agrees, and all that it said.
fn openssl(arguments: &[&str]) -> (bool, String) {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[track_caller]
fn agrees(arguments: &[&str]) -> String {
    let (success, text) = openssl(arguments);
    assert!(success, "openssl {arguments:?}\n{text}");
    text
}

#[track_caller]
fn disagrees(arguments: &[&str]) {
    let (success, text) = openssl(arguments);
    assert!(!success, "openssl {arguments:?}\n{text}");
}

fn rsa() -> Key {
    KeySource::new(Some(1)).key(KeyKind::Rsa2048).unwrap()
}

fn keys() -> Vec<(&'static str, Key)> {
    vec![
        ("rsa", rsa()),
        ("p256", Key::generate(KeyKind::P256).unwrap()),
        ("p384", Key::generate(KeyKind::P384).unwrap()),
        ("p521", Key::generate(KeyKind::P521).unwrap()),
    ]
}

fn algorithms(key: &Key) -> Vec<SigAlg> {
    if key.kind().is_rsa() {
        vec![
            SigAlg::Rs1,
            SigAlg::Rs256,
            SigAlg::Rs384,
            SigAlg::Rs512,
            SigAlg::Ps256,
            SigAlg::Ps384,
            SigAlg::Ps512,
        ]
    } else {
        vec![key.default_alg()]
    }
}

fn pem_file(folder: &Folder, name: &str, key: &Key) -> String {
    let der = folder.put(&format!("{name}.p8"), key.expose_pkcs8());
    let pem = folder.path(&format!("{name}.key"));
    agrees(&["pkey", "-inform", "DER", "-in", &der, "-out", &pem]);
    pem
}
