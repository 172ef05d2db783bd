//! CMS messages, JWS and bare signatures.

use smartid_sim::TestCa;
use smartid_sim::pki::{Digest, KeyKind, Profile, SigAlg, Validity, cms, jws};

use crate::{Folder, NOW, agrees, algorithms, disagrees, keys, openssl, pem_file, rsa};

#[test]
#[ignore = "needs the program openssl"]
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
                base.clone().digest_in_algorithm(),
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

#[test]
#[ignore = "needs the program openssl"]
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
#[ignore = "needs the program openssl"]
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
