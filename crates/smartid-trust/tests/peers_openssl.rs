//! The OpenSSL program reads what is made here, and what it makes is read here. Run by name: it needs `openssl` 3 on the path.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use smartid_trust::cms::{self, SignOptions, SignedData};

#[path = "cms/support/mod.rs"]
mod support;

use support::*;

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("smartid-trust-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, contents: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    let text = smartid_core::base64::encode(smartid_core::base64::Flavour::Standard, der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
    .into_bytes()
}

fn openssl(arguments: &[&str], files: &[(&str, &Path)]) -> Output {
    let mut command = Command::new("openssl");
    command.args(arguments);
    for (option, path) in files {
        command.arg(option).arg(path);
    }
    command.output().expect("the openssl program")
}

/// OpenSSL 3.0 has no EdDSA in CMS; Bouncy Castle is the peer for it.
const KINDS: [Kind; 4] = [Kind::Rsa, Kind::P256, Kind::P384, Kind::P521];

const COMBINATIONS: [(bool, bool); 4] = [(false, true), (false, false), (true, true), (true, false)];

#[test]
#[ignore = "needs the openssl program"]
fn openssl_verifies_what_is_made_here() {
    let folder = Folder::new("made");
    let root = folder.write("root.pem", &pem("CERTIFICATE", root().der()));
    let content = folder.write("content", CONTENT);
    let mut changed = CONTENT.to_vec();
    changed[0] ^= 1;
    let changed = folder.write("changed", &changed);
    let mut count = 0;
    for kind in KINDS {
        for algorithm in kind.algorithms() {
            let officer = officer(kind).preferring(algorithm);
            for (detached, attributes) in COMBINATIONS {
                let mut options = SignOptions::new().with_chain().with_signing_time(NOW);
                options = if detached { options.detached() } else { options };
                options = if attributes {
                    options.with_signing_certificate()
                } else {
                    options.without_signed_attributes()
                };
                let message = cms::sign(&officer, CONTENT, &options).unwrap();
                let made = folder.write("message", &message);
                let verify = |made: &Path, content: &Path| {
                    let mut files = vec![("-CAfile", root.as_path()), ("-in", made)];
                    if detached {
                        files.push(("-content", content));
                    }
                    let fixed = ["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"];
                    openssl(&fixed, &files)
                };
                let said = verify(&made, &content);
                assert!(
                    said.status.success() && said.stdout == CONTENT,
                    "{algorithm:?} {detached} {attributes}: {}",
                    String::from_utf8_lossy(&said.stderr)
                );
                let refused = if detached {
                    verify(&made, &changed)
                } else {
                    let at = message
                        .windows(CONTENT.len())
                        .position(|window| window == CONTENT)
                        .unwrap();
                    let mut message = message;
                    message[at] ^= 1;
                    verify(&folder.write("message", &message), &content)
                };
                assert!(!refused.status.success(), "{algorithm:?} {detached} {attributes}");
                count += 1;
            }
        }
    }
    assert!(count >= 36, "{count}");
}

#[test]
#[ignore = "needs the openssl program"]
fn what_openssl_makes_verifies_here() {
    let folder = Folder::new("read");
    let content = folder.write("content", CONTENT);
    let mut count = 0;
    for kind in KINDS {
        let officer = officer(kind);
        let key = folder.write("key.pem", &pem("PRIVATE KEY", &officer.key.pkcs8));
        let certificate = folder.write(
            "certificate.pem",
            &pem("CERTIFICATE", officer.certificate().der()),
        );
        let issuer = folder.write("issuer.pem", &pem("CERTIFICATE", officer.chain[1].der()));
        let paddings: &[&[&str]] = if kind == Kind::Rsa {
            &[
                &[],
                &["-keyopt", "rsa_padding_mode:pss"],
                &[
                    "-keyopt",
                    "rsa_padding_mode:pss",
                    "-keyopt",
                    "rsa_pss_saltlen:digest",
                ],
            ]
        } else {
            &[&[]]
        };
        let digest = match kind {
            Kind::P384 => "sha384",
            Kind::P521 => "sha512",
            _ => "sha256",
        };
        for padding in paddings {
            for (detached, attributes) in COMBINATIONS {
                for extra in [&[][..], &["-stream"], &["-cades"], &["-outform", "PEM"]] {
                    if extra == ["-cades"] && !attributes {
                        continue;
                    }
                    // OpenSSL 3.0 cannot write PSS while streaming ("illegal zero content").
                    if extra == ["-stream"] && !padding.is_empty() {
                        continue;
                    }
                    let mut arguments = vec!["cms", "-sign", "-binary", "-outform", "DER", "-md", digest];
                    if !detached {
                        arguments.push("-nodetach");
                    }
                    if !attributes {
                        arguments.push("-noattr");
                    }
                    arguments.extend(extra);
                    let out = folder.0.join("message");
                    // Options of the signer's key follow the signer.
                    let mut command = Command::new("openssl");
                    command
                        .args(&arguments)
                        .arg("-in")
                        .arg(&content)
                        .arg("-out")
                        .arg(&out);
                    command
                        .arg("-certfile")
                        .arg(&issuer)
                        .arg("-signer")
                        .arg(&certificate);
                    command.arg("-inkey").arg(&key).args(*padding);
                    let said = command.output().expect("the openssl program");
                    let what = format!("{kind:?} {padding:?} {arguments:?}");
                    assert!(
                        said.status.success(),
                        "{what}: {}",
                        String::from_utf8_lossy(&said.stderr)
                    );
                    let message = std::fs::read(&out).unwrap();
                    let parsed = if extra == ["-outform", "PEM"] {
                        SignedData::parse_pem(std::str::from_utf8(&message).unwrap())
                    } else {
                        SignedData::parse(message)
                    };
                    // A detached message that is streamed carries its content all the same.
                    let parsed = parsed.unwrap().with_content(CONTENT);
                    match verify_parsed(&parsed, &policy().expecting_content(CONTENT)) {
                        Ok(verified) => assert_eq!(verified.fact().content, CONTENT),
                        Err(reason) => panic!("{what}: {reason:?}"),
                    }
                    let mut changed = CONTENT.to_vec();
                    changed[0] ^= 1;
                    assert!(
                        verify_parsed(&parsed.with_content(changed), &policy()).is_err(),
                        "{what}"
                    );
                    count += 1;
                }
            }
        }
    }
    assert!(count >= 70, "{count}");
}
