//! The OpenSSL program verifies what a client signs in the second step of a write, and finds the content that was handed out. Run by
//! name: it needs `openssl` 3 on the path.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod script;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use script::*;
use smartid_cm::CmDialect;
use smartid_cm::operations::IssueCertificate;
use smartid_core::base64::{Flavour, decode};
use smartid_trust::cms::SignOptions;
use smartid_trust::{MemorySigner, OfficerSigner};

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("smartid-cm-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, contents: &[u8]) -> String {
        std::fs::write(self.path(name), contents).unwrap();
        self.path(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn openssl(arguments: &[&str]) -> Output {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "openssl {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// An officer whose key and certificate the program makes.
fn made(folder: &Folder, algorithm: &[&str]) -> (Arc<dyn OfficerSigner>, String) {
    let (key, certificate) = (folder.path("made.key"), folder.path("made.pem"));
    let mut arguments = vec![
        "req",
        "-x509",
        "-nodes",
        "-days",
        "30",
        "-subj",
        "/CN=Officer Three",
        "-newkey",
    ];
    arguments.extend(algorithm);
    arguments.extend(["-keyout", &key, "-out", &certificate]);
    openssl(&arguments);
    let signer = MemorySigner::from_pem(&[&folder.read("made.key"), &folder.read("made.pem")], None).unwrap();
    (Arc::new(signer), certificate)
}

/// Whether the program itself makes messages with the key that it made.
fn signs_itself(folder: &Folder) -> bool {
    let data = folder.write("data", b"data");
    let (key, certificate) = (folder.path("made.key"), folder.path("made.pem"));
    let out = folder.path("own.der");
    let arguments = [
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        "-outform",
        "DER",
        "-in",
        &data,
        "-inkey",
        &key,
        "-signer",
        &certificate,
        "-out",
        &out,
    ];
    Command::new("openssl")
        .args(arguments)
        .output()
        .unwrap()
        .status
        .success()
}

/// The message that the client sends in its second step.
fn sent(officer: Arc<dyn OfficerSigner>, options: SignOptions, data: &[u8]) -> Vec<u8> {
    let dialect = CmDialect::from_toml("[issue]\nencoding = 'json'").unwrap();
    let builder = builder().dialect(dialect).signer(officer).sign_options(options);
    let ran = write(
        builder,
        vec![demand(data).into(), issued().into()],
        &IssueCertificate::new(csr()),
    );
    assert!(ran.result.is_ok());
    let body: serde_json::Value = serde_json::from_slice(&ran.sent[1].body).unwrap();
    decode(Flavour::Standard, body["signature"].as_str().unwrap()).unwrap()
}

/// Content that a tool that thinks of mail would change.
fn contents() -> Vec<Vec<u8>> {
    vec![
        b"plain".to_vec(),
        pki("tosign-issue.bin"),
        b"lone\nmixed\r\nold\rtrailing \n\n.\n\0\xff\xfe".to_vec(),
        (0..=255).cycle().take(100_000).collect(),
    ]
}

fn accepts(folder: &Folder, officer: &Arc<dyn OfficerSigner>, trusted: &str) {
    for options in [
        SignOptions::new(),
        SignOptions::new().detached(),
        SignOptions::new().without_signed_attributes(),
        SignOptions::new().with_chain().with_signing_certificate(),
    ] {
        for data in contents() {
            let message = sent(Arc::clone(officer), options.clone(), &data);
            let message = folder.write("message.der", &message);
            let out = folder.path("content");
            // No -content: what is verified is what the message embeds.
            openssl(&[
                "cms",
                "-verify",
                "-binary",
                "-inform",
                "DER",
                "-in",
                &message,
                "-CAfile",
                trusted,
                "-partial_chain",
                "-purpose",
                "any",
                "-out",
                &out,
            ]);
            assert_eq!(
                std::fs::read(&out).unwrap(),
                data,
                "the content that was handed out"
            );
        }
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn it_accepts_what_an_rsa_officer_signs() {
    let folder = Folder::new("rsa");
    let trusted = folder.write("officer.pem", &pki("officer-rsa.pem"));
    accepts(&folder, &officer("rsa"), &trusted);
}

#[test]
#[ignore = "needs the openssl program"]
fn it_accepts_what_a_p256_officer_signs() {
    let folder = Folder::new("p256");
    let trusted = folder.write("officer.pem", &pki("officer-p256.pem"));
    accepts(&folder, &officer("p256"), &trusted);
}

#[test]
#[ignore = "needs the openssl program"]
fn it_accepts_what_officers_sign_whose_keys_it_made() {
    for (name, algorithm) in [
        ("ed25519", &["ed25519"][..]),
        ("p384", &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        ("rsa3072", &["rsa:3072"]),
    ] {
        let folder = Folder::new(name);
        let (officer, trusted) = made(&folder, algorithm);
        // OpenSSL 3.0 knows Ed25519, and not in CMS.
        if name == "ed25519" && !signs_itself(&folder) {
            eprintln!("this openssl makes no CMS with Ed25519; not tried");
        } else {
            accepts(&folder, &officer, &trusted);
        }
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn it_refuses_the_same_message_with_other_content() {
    let folder = Folder::new("tampered");
    let trusted = folder.write("officer.pem", &pki("officer-rsa.pem"));
    let mut message = sent(officer("rsa"), SignOptions::new(), b"revoke 4711");
    let at = message
        .windows(11)
        .position(|window| window == b"revoke 4711")
        .unwrap();
    message[at + 10] = b'2';
    let message = folder.write("message.der", &message);
    let output = Command::new("openssl")
        .args([
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            &message,
            "-CAfile",
            &trusted,
            "-partial_chain",
            "-purpose",
            "any",
        ])
        .output()
        .unwrap();
    assert!(!output.status.success(), "the check can fail");
}
