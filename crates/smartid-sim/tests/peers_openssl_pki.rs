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

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use smartid_sim::TestCa;
use smartid_sim::pki::csr::{self, Csr};
use smartid_sim::pki::{
    Certificate, Digest, Key, KeyKind, KeySource, OaepDigest, Profile, SigAlg, Validity, cms, jws, p12,
};

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

#[test]
#[ignore = "needs the openssl program"]
fn requests_verify() {
    let folder = Folder::new();
    let throw_away = Key::generate(KeyKind::P256).unwrap();
    let subject = "C=SE,O=Example\\, Ltd,CN=Åsa Öberg,serialNumber=17,DC=example,UID=asa,emailAddress=a@b.se";
    let template = csr::make(subject, &["anna@example.com"], &throw_away, SigAlg::Es256).unwrap();
    for (name, key) in keys() {
        for alg in algorithms(&key) {
            let request = csr::rekey(&template, &key, alg).unwrap();
            let file = folder.put(&format!("{name}-{alg}.csr"), &request);
            let text = agrees(&[
                "req",
                "-inform",
                "DER",
                "-in",
                &file,
                "-verify",
                "-noout",
                "-text",
                "-nameopt",
                "RFC2253,utf8,-esc_msb",
            ]);
            for part in [
                "verify OK",
                "CN=Åsa Öberg",
                "O=Example\\, Ltd",
                "email:anna@example.com",
            ] {
                assert!(text.contains(part), "{part} is not in\n{text}");
            }
            let mut wrong = request.clone();
            *wrong.last_mut().unwrap() ^= 1;
            let file = folder.put("wrong.csr", &wrong);
            let (_, text) = openssl(&["req", "-inform", "DER", "-in", &file, "-verify", "-noout"]);
            assert!(!text.contains("verify OK"), "{text}");
        }
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn their_requests_are_rekeyed_and_their_signatures_verified() {
    let folder = Folder::new();
    let (key_file, csr_file) = (folder.path("key.pem"), folder.path("theirs.csr"));
    for (algorithm, option) in [("RSA", "rsa_keygen_bits:2048"), ("EC", "ec_paramgen_curve:P-384")] {
        for digest in ["-sha256", "-sha384", "-sha512"] {
            agrees(&[
                "genpkey",
                "-quiet",
                "-algorithm",
                algorithm,
                "-pkeyopt",
                option,
                "-out",
                &key_file,
            ]);
            agrees(&[
                "req",
                "-new",
                digest,
                "-key",
                &key_file,
                "-subj",
                "/C=SE/O=Example/CN=Anna",
                "-addext",
                "subjectAltName=email:anna@example.com,DNS:example.com",
                "-addext",
                "keyUsage=digitalSignature",
                "-outform",
                "DER",
                "-out",
                &csr_file,
            ]);
            let template = Csr::parse(&folder.read("theirs.csr")).unwrap();
            // ECDSA on P-384 with another digest than the curve's own is none of the JOSE algorithms.
            if algorithm == "RSA" || digest == "-sha384" {
                template.verify().unwrap();
            }
            let key = Key::generate(KeyKind::P256).unwrap();
            let mine = csr::rekey(&folder.read("theirs.csr"), &key, SigAlg::Es256).unwrap();
            let file = folder.put("mine.csr", &mine);
            let text = agrees(&[
                "req", "-inform", "DER", "-in", &file, "-verify", "-noout", "-text",
            ]);
            for part in [
                "verify OK",
                "DNS:example.com",
                "Digital Signature",
                "ecdsa-with-SHA256",
            ] {
                assert!(text.contains(part), "{part} is not in\n{text}");
            }
            assert_eq!(
                Csr::parse(&mine).unwrap().attributes_der(),
                template.attributes_der()
            );
        }
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn certificates_and_revocation_lists_verify() {
    let folder = Folder::new();
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::P521, KeyKind::Rsa2048] {
        let ca = TestCa::with_keys(7, NOW, kind).unwrap();
        let root = folder.put("root.pem", ca.root_pem());
        let issuer = Certificate::parse(ca.issuer_der()).unwrap();
        let chain = folder.put("chain.pem", issuer.pem());
        let at = (NOW + 3600).to_string();
        let verify = |file: &str, more: &[&str]| {
            let mut arguments = vec![
                "verify",
                "-x509_strict",
                "-attime",
                &at,
                "-CAfile",
                &root,
                "-untrusted",
                &chain,
            ];
            arguments.extend(more);
            arguments.push(file);
            openssl(&arguments)
        };
        let mut last = None;
        for (name, key) in keys() {
            for (profile, purpose, usage) in [
                (Profile::Signing, "any", "Digital Signature, Non Repudiation"),
                (
                    Profile::Authentication,
                    "sslclient",
                    "TLS Web Client Authentication",
                ),
                (
                    Profile::Encryption,
                    "any",
                    if key.kind().is_rsa() {
                        "Key Encipherment"
                    } else {
                        "Key Agreement"
                    },
                ),
            ] {
                let request = csr::make("CN=Anna,C=SE", &["a@b.se"], &key, key.default_alg()).unwrap();
                let certificate = ca.issue(&request, profile, Validity::days(NOW, 30)).unwrap();
                let file = folder.put(&format!("{name}.pem"), certificate.pem());
                let (good, text) = verify(&file, &["-purpose", purpose]);
                assert!(good, "{text}");
                let text = agrees(&["x509", "-in", &file, "-noout", "-text"]);
                for part in [
                    usage,
                    "email:a@b.se",
                    "Jan  1 00:00:00 2026 GMT",
                    "Jan 31 00:00:00 2026 GMT",
                ] {
                    assert!(text.contains(part), "{part} is not in\n{text}");
                }
                last = Some((certificate, file));
            }
        }
        let (certificate, file) = last.unwrap();
        let lists = |ca: &TestCa| {
            let list = ca.crl_der(NOW, NOW + 86_400).unwrap();
            let root = ca.root_crl_der(NOW, NOW + 86_400).unwrap();
            folder.put("lists.pem", TestCa::crl_pem(&list) + &TestCa::crl_pem(&root))
        };
        let list = lists(&ca);
        let (good, text) = verify(&file, &["-crl_check_all", "-CRLfile", &list]);
        assert!(good, "{text}");
        ca.revoke_with_reason(certificate.serial(), 1, NOW + 60).unwrap();
        let list = lists(&ca);
        let (good, text) = verify(&file, &["-crl_check_all", "-CRLfile", &list]);
        assert!(!good && text.contains("certificate revoked"), "{text}");
        let text = agrees(&["crl", "-in", &list, "-noout", "-text", "-CAfile", &chain]);
        for part in ["verify OK", "Key Compromise", "Jan  1 00:01:00 2026 GMT"] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        let stranger = TestCa::with_keys(7, NOW, KeyKind::P256).unwrap();
        let root = folder.put("stranger.pem", stranger.root_pem());
        disagrees(&[
            "verify",
            "-attime",
            &at,
            "-CAfile",
            &root,
            "-untrusted",
            &chain,
            &file,
        ]);
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn cms_messages_verify() {
    let folder = Folder::new();
    let ca = TestCa::new(7, NOW).unwrap();
    let root = folder.put("root.pem", ca.root_pem());
    let content = folder.put("content", b"pay 10 EUR");
    let at = (NOW + 3600).to_string();
    let signers: Vec<cms::Signer> = keys()
        .iter()
        .map(|(name, key)| {
            let certificate = ca
                .issue_for_key(
                    &format!("CN={name}"),
                    key,
                    Profile::Signing,
                    Validity::days(NOW, 30),
                )
                .unwrap();
            cms::Signer::new(key, certificate.der()).chain(&[ca.issuer_der().to_vec()])
        })
        .collect();
    let mut chosen: Vec<&[cms::Signer]> = signers.chunks(1).collect();
    chosen.push(&signers);
    for signers in chosen {
        for digest in [Digest::Sha1, Digest::Sha256, Digest::Sha384, Digest::Sha512] {
            let base = cms::Options::new().digest(digest);
            for options in [
                base.clone().signing_time(NOW),
                base.clone().without_attributes(),
                base.clone().detached(),
                base.clone().detached().without_attributes(),
            ] {
                let message = cms::sign(b"pay 10 EUR", signers, &options).unwrap();
                let file = folder.put("message.der", &message);
                let mut arguments = vec![
                    "cms", "-verify", "-binary", "-inform", "DER", "-in", &file, "-CAfile", &root, "-attime",
                    &at, "-purpose", "any",
                ];
                if !options.attached {
                    arguments.extend(["-content", &content]);
                }
                let text = agrees(&arguments);
                assert!(text.contains("pay 10 EUR"), "{text}");
                if !options.attached {
                    let other = folder.put("other", b"pay 99 EUR");
                    *arguments.last_mut().unwrap() = &other;
                    disagrees(&arguments);
                }
            }
        }
    }
}

fn pem_file(folder: &Folder, name: &str, key: &Key) -> String {
    let der = folder.put(&format!("{name}.p8"), key.expose_pkcs8());
    let pem = folder.path(&format!("{name}.key"));
    agrees(&["pkey", "-inform", "DER", "-in", &der, "-out", &pem]);
    pem
}

#[test]
#[ignore = "needs the openssl program"]
fn their_cms_messages_are_verified() {
    let folder = Folder::new();
    let ca = TestCa::new(7, NOW).unwrap();
    let content = folder.put("content", b"pay 10 EUR");
    let message = folder.path("message.der");
    for (name, key) in keys() {
        let certificate = ca
            .issue_for_key("CN=a", &key, Profile::Signing, Validity::days(NOW, 30))
            .unwrap();
        let certificate_file = folder.put("certificate.pem", certificate.pem());
        let key_file = pem_file(&folder, name, &key);
        // On a curve, the digest that belongs to it.
        let digest = match key.kind() {
            KeyKind::P384 => "sha384",
            KeyKind::P521 => "sha512",
            _ => "sha256",
        };
        for more in [
            &["-nodetach"][..],
            &["-nodetach", "-noattr"],
            &["-nodetach", "-keyid"],
            &[],
            &["-noattr"],
        ] {
            let mut arguments = vec![
                "cms",
                "-sign",
                "-binary",
                "-outform",
                "DER",
                "-md",
                digest,
                "-in",
                &content,
                "-signer",
                &certificate_file,
                "-inkey",
                &key_file,
                "-out",
                &message,
            ];
            arguments.extend(more);
            agrees(&arguments);
            let attached = more.contains(&"-nodetach");
            let apart = (!attached).then_some(&b"pay 10 EUR"[..]);
            let verified = cms::verify(&folder.read("message.der"), apart).unwrap();
            assert_eq!(verified.content, b"pay 10 EUR");
            assert_eq!(verified.signers[0].certificate, certificate);
            let attributes = !more.contains(&"-noattr");
            assert_eq!(verified.signers[0].signed_attributes, attributes);
            assert_eq!(verified.signers[0].signing_time.is_some(), attributes);
            if !attached {
                assert!(cms::verify(&folder.read("message.der"), Some(b"pay 99 EUR")).is_err());
            }
        }
        if key.kind().is_rsa() {
            let arguments = [
                "cms",
                "-sign",
                "-binary",
                "-nodetach",
                "-outform",
                "DER",
                "-md",
                "sha256",
                "-in",
                &content,
                "-signer",
                &certificate_file,
                "-inkey",
                &key_file,
                "-out",
                &message,
                "-keyopt",
                "rsa_padding_mode:pss",
                "-keyopt",
                "rsa_pss_saltlen:digest",
            ];
            agrees(&arguments);
            let verified = cms::verify(&folder.read("message.der"), None).unwrap();
            assert_eq!(verified.signers[0].alg, SigAlg::Ps256);
        }
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn jws_and_bare_signatures_verify() {
    let folder = Folder::new();
    for (name, key) in keys() {
        let public = folder.put("public.der", key.public_spki_der());
        let public_pem = folder.path(&format!("{name}.pub"));
        agrees(&[
            "pkey",
            "-pubin",
            "-inform",
            "DER",
            "-in",
            &public,
            "-out",
            &public_pem,
        ]);
        for alg in algorithms(&key) {
            let digest = match alg.digest() {
                Digest::Sha1 => "-sha1",
                Digest::Sha256 => "-sha256",
                Digest::Sha384 => "-sha384",
                _ => "-sha512",
            };
            let pss = alg.name().starts_with("PS");
            let check = |message: &str, signature: &str| {
                let mut arguments = vec!["dgst", digest, "-verify", &public_pem, "-signature", signature];
                if pss {
                    arguments.extend([
                        "-sigopt",
                        "rsa_padding_mode:pss",
                        "-sigopt",
                        "rsa_pss_saltlen:digest",
                    ]);
                }
                arguments.push(message);
                openssl(&arguments).0
            };
            let message = folder.put("message", b"message");
            let other = folder.put("other", b"massage");
            let signature = folder.put("signature", key.sign_der(alg, b"message").unwrap());
            assert!(check(&message, &signature), "{name} {alg}");
            assert!(!check(&other, &signature), "{name} {alg}");
            // A JWS of RSA is signed over its first two parts, in the very form that the program verifies.
            if alg == SigAlg::Rs1 || !key.kind().is_rsa() {
                continue;
            }
            let text = jws::sign_compact(b"{}", &key, alg, &jws::Header::new().kid("one")).unwrap();
            let (signed, _) = text.rsplit_once('.').unwrap();
            let message = folder.put("signed", signed);
            let signature = folder.put("signature", jws::parse(&text).unwrap().signature);
            assert!(check(&message, &signature), "{name} {alg}");
        }
    }
    // Bytes that are no digest, and a way back.
    let key = rsa();
    let public = folder.path("rsa.pub");
    let signature = folder.put("signature", key.sign_unhashed(b"no digest at all").unwrap());
    let recovered = folder.path("recovered");
    agrees(&[
        "pkeyutl",
        "-verifyrecover",
        "-pubin",
        "-inkey",
        &public,
        "-in",
        &signature,
        "-out",
        &recovered,
    ]);
    assert_eq!(folder.read("recovered"), b"no digest at all");
    let private = pem_file(&folder, "private", &key);
    let content = folder.put("content", b"theirs");
    let theirs = folder.path("theirs");
    agrees(&[
        "pkeyutl", "-sign", "-inkey", &private, "-in", &content, "-out", &theirs,
    ]);
    assert_eq!(folder.read("theirs"), key.sign_unhashed(b"theirs").unwrap());
    key.public_key()
        .verify_unhashed(b"theirs", &folder.read("theirs"))
        .unwrap();
}

#[test]
#[ignore = "needs the openssl program"]
fn what_they_encrypt_is_decrypted() {
    let folder = Folder::new();
    let key = rsa();
    let public = folder.put("public.der", key.public_spki_der());
    let plain = folder.put("plain", [0x5a; 24]);
    let encrypted = folder.path("encrypted");
    for (digest, name) in [
        (Some(OaepDigest::Sha1), "sha1"),
        (Some(OaepDigest::Sha256), "sha256"),
        (Some(OaepDigest::Sha384), "sha384"),
        (Some(OaepDigest::Sha512), "sha512"),
        (None, ""),
    ] {
        let (mode, of) = (
            if digest.is_some() { "oaep" } else { "pkcs1" },
            format!("rsa_oaep_md:{name}"),
        );
        let mode = format!("rsa_padding_mode:{mode}");
        let mut arguments = vec![
            "pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", &public, "-in", &plain, "-out",
            &encrypted, "-pkeyopt", &mode,
        ];
        if digest.is_some() {
            arguments.extend(["-pkeyopt", &of]);
        }
        agrees(&arguments);
        let theirs = folder.read("encrypted");
        let found = match digest {
            Some(digest) => key.decrypt_oaep(digest, &theirs).unwrap(),
            None => key.decrypt_pkcs1(&theirs).unwrap(),
        };
        assert_eq!(found, [0x5a; 24]);
    }
}

#[test]
#[ignore = "needs the openssl program"]
fn pkcs12_files_are_read_in_both_directions() {
    let folder = Folder::new();
    let ca = TestCa::new(7, NOW).unwrap();
    let issuer = Certificate::parse(ca.issuer_der()).unwrap();
    let chain = folder.put("chain.pem", issuer.pem());
    for (name, key) in keys() {
        let certificate = ca
            .issue_for_key("CN=a", &key, Profile::Encryption, Validity::days(NOW, 30))
            .unwrap();
        let mine = p12::make(
            &key,
            &[certificate.der().to_vec(), issuer.der().to_vec()],
            "secret",
        )
        .unwrap();
        let file = folder.put("mine.p12", &mine);
        let text = agrees(&["pkcs12", "-in", &file, "-passin", "pass:secret", "-noenc"]);
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2);
        assert_eq!(text.matches("BEGIN PRIVATE KEY").count(), 1);
        disagrees(&["pkcs12", "-in", &file, "-passin", "pass:guess", "-noenc"]);

        let certificate_file = folder.put("certificate.pem", certificate.pem());
        let key_file = pem_file(&folder, name, &key);
        let theirs = folder.path("theirs.p12");
        agrees(&[
            "pkcs12",
            "-export",
            "-in",
            &certificate_file,
            "-inkey",
            &key_file,
            "-certfile",
            &chain,
            "-passout",
            "pass:secret",
            "-out",
            &theirs,
        ]);
        let entries = p12::open(&folder.read("theirs.p12"), "secret").unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].key.public_key(), key.public_key());
        assert_eq!(entries[0].certificates[0], certificate.der());
        assert_eq!(entries[0].certificates[1], issuer.der());
        agrees(&[
            "pkcs12",
            "-export",
            "-in",
            &certificate_file,
            "-inkey",
            &key_file,
            "-iter",
            "2000001",
            "-passout",
            "pass:secret",
            "-out",
            &theirs,
        ]);
        assert!(Path::new(&theirs).exists());
        let error = p12::open(&folder.read("theirs.p12"), "secret").unwrap_err();
        assert!(error.to_string().contains("too much"), "{error}");
    }
}
