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

mod gateway;
mod issuing;
mod secrets;
mod signatures;
mod soft_tokens;

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use smartid_sim::TestCa;
use smartid_sim::pki::{Certificate, Digest, Key, KeyKind, KeySource, Profile, SigAlg, Validity};

/// 2026-01-01T00:00:00Z
const NOW: u64 = 1_767_225_600;

/// A folder of its own for each test, removed at the end, in which the program runs.
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

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.0.join(name), content).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
    }

    /// Whether the program agrees, and all that it said. The arguments are parted by spaces.
    fn openssl(&self, arguments: &str) -> (bool, String) {
        let output = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(&self.0)
            .output()
            .expect("the program openssl");
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    }

    /// The program agrees, and says all this.
    #[track_caller]
    fn agrees(&self, arguments: &str, parts: &[&str]) {
        let (success, text) = self.openssl(arguments);
        assert!(success, "openssl {arguments}\n{text}");
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
    }

    /// The program fails, and says this.
    #[track_caller]
    fn disagrees(&self, arguments: &str, part: &str) {
        let (success, text) = self.openssl(arguments);
        assert!(!success && text.contains(part), "openssl {arguments}\n{text}");
    }

    /// Writes both halves of a key as PEM, to `key.pem` and `public.pem`.
    fn put_key(&self, key: &Key) {
        self.put("key.der", key.expose_pkcs8());
        self.agrees("pkey -inform DER -in key.der -out key.pem", &[]);
        self.put("public.der", key.public_spki_der());
        self.agrees("pkey -pubin -inform DER -in public.der -out public.pem", &[]);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn rsa() -> Key {
    KeySource::new(Some(1)).key(KeyKind::Rsa2048).unwrap()
}

/// Keys for everything that the program does.
fn keys() -> [Key; 4] {
    let curve = |kind| Key::generate(kind).unwrap();
    [
        rsa(),
        curve(KeyKind::P256),
        curve(KeyKind::P384),
        curve(KeyKind::P521),
    ]
}

/// And one with which older versions of the program sign neither CMS nor digests.
fn all_keys() -> impl Iterator<Item = Key> {
    keys()
        .into_iter()
        .chain([Key::generate(KeyKind::Ed25519).unwrap()])
}

fn algorithms(key: &Key) -> impl Iterator<Item = SigAlg> {
    let kind = key.kind();
    SigAlg::all().filter(move |alg| alg.fits(kind))
}

/// The name of an algorithm's digest in the program.
fn digest(alg: SigAlg) -> &'static str {
    match alg.digest() {
        Digest::Sha1 => "sha1",
        Digest::Sha256 => "sha256",
        Digest::Sha384 => "sha384",
        _ => "sha512",
    }
}

fn certificate(ca: &TestCa, key: &Key, profile: Profile) -> Certificate {
    ca.issue_for_key("CN=Anna", key, profile, Validity::days(NOW, 30))
        .unwrap()
}
