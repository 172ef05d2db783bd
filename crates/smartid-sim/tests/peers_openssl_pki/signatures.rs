//! CMS messages, JWS and bare signatures.

use smartid_sim::TestCa;
use smartid_sim::pki::{Digest, Key, KeyKind, Profile, SigAlg, cms, jws};

use crate::{Folder, NOW, algorithms, certificate, digest, keys, rsa};

const CONTENT: &[u8] = b"pay 10 EUR";
const OTHER: &[u8] = b"pay 99 EUR";

#[test]
#[ignore = "needs the program openssl"]
fn cms_messages_verify() {
    let folder = Folder::new();
    let ca = TestCa::new(7, NOW).unwrap();
    folder.put("root.pem", ca.root_pem());
    folder.put("content", CONTENT);
    folder.put("other", OTHER);
    let verify = format!(
        "cms -verify -binary -inform DER -in message.der -CAfile root.pem -attime {} -purpose any",
        NOW + 3600
    );
    let signers = keys().map(|key| {
        let certificate = certificate(&ca, &key, Profile::Signing);
        cms::Signer::new(&key, certificate.der()).chain(&[ca.issuer_der().to_vec()])
    });
    for signers in signers.chunks(1).chain([signers.as_slice()]) {
        for digest in [Digest::Sha1, Digest::Sha256, Digest::Sha384, Digest::Sha512] {
            let base = cms::Options::new().digest(digest);
            for options in [
                base.clone().signing_time(NOW),
                base.clone().without_attributes(),
                base.clone().digest_in_algorithm(),
                base.clone().detached(),
                base.clone().detached().without_attributes(),
            ] {
                folder.put("message.der", cms::sign(CONTENT, signers, &options).unwrap());
                if options.attached {
                    folder.agrees(&verify, &["pay 10 EUR"]);
                } else {
                    folder.agrees(&format!("{verify} -content content"), &["pay 10 EUR"]);
                    folder.disagrees(&format!("{verify} -content other"), "erification failure");
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
    folder.put("content", CONTENT);
    for key in keys() {
        let certificate = certificate(&ca, &key, Profile::Signing);
        folder.put("certificate.pem", certificate.pem());
        folder.put_key(&key);
        // On a curve, the digest that belongs to it.
        let fixed = format!(
            "cms -sign -binary -outform DER -md {} -in content -signer certificate.pem -inkey key.pem -out message.der",
            digest(key.default_alg())
        );
        let theirs = |options: &str| {
            folder.agrees(&format!("{fixed}{options}"), &[]);
            folder.read("message.der")
        };
        for options in [
            " -nodetach",
            " -nodetach -noattr",
            " -nodetach -keyid",
            "",
            " -noattr",
        ] {
            let message = theirs(options);
            let attached = options.contains("-nodetach");
            let verified = cms::verify(&message, (!attached).then_some(CONTENT)).unwrap();
            assert_eq!(verified.content, CONTENT);
            let signer = &verified.signers[0];
            assert_eq!(signer.certificate, certificate);
            let attributes = !options.contains("-noattr");
            assert_eq!(signer.signed_attributes, attributes);
            assert_eq!(signer.signing_time.is_some(), attributes);
            if !attached {
                assert!(cms::verify(&message, Some(OTHER)).is_err());
            }
        }
        if key.kind().is_rsa() {
            let pss = " -nodetach -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:digest";
            let verified = cms::verify(&theirs(pss), None).unwrap();
            assert_eq!(verified.signers[0].alg, SigAlg::Ps256);
        }
    }
}

#[test]
#[ignore = "needs the program openssl"]
fn jws_and_bare_signatures_verify() {
    let folder = Folder::new();
    folder.put("other", OTHER);
    for key in keys() {
        folder.put_key(&key);
        for alg in algorithms(&key) {
            let pss = match alg.name().starts_with("PS") {
                true => "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest ",
                false => "",
            };
            let digest = digest(alg);
            let verify = format!("dgst -{digest} -verify public.pem -signature signature {pss}");
            folder.put("signed", CONTENT);
            folder.put("signature", key.sign_der(alg, CONTENT).unwrap());
            folder.agrees(&format!("{verify}signed"), &["Verified OK"]);
            folder.disagrees(&format!("{verify}other"), "Verification failure");
            // A JWS of RSA is signed over its first two parts, in the very form that the program verifies.
            if alg != SigAlg::Rs1 && key.kind().is_rsa() {
                let text = jws::sign_compact(b"{}", &key, alg, &jws::Header::new().kid("one")).unwrap();
                folder.put("signed", text.rsplit_once('.').unwrap().0);
                folder.put("signature", jws::parse(&text).unwrap().signature);
                folder.agrees(&format!("{verify}signed"), &["Verified OK"]);
            }
        }
    }
}

#[test]
#[ignore = "needs the program openssl"]
fn bytes_that_are_no_digest_are_signed_alike() {
    let folder = Folder::new();
    let key = rsa();
    folder.put_key(&key);
    folder.put("signature", key.sign_unhashed(CONTENT).unwrap());
    folder.agrees(
        "pkeyutl -verifyrecover -pubin -inkey public.pem -in signature",
        &["pay 10 EUR"],
    );
    folder.put("content", CONTENT);
    folder.agrees("pkeyutl -sign -inkey key.pem -in content -out theirs", &[]);
    let theirs = folder.read("theirs");
    assert_eq!(theirs, folder.read("signature"));
    key.public_key().verify_unhashed(CONTENT, &theirs).unwrap();
}

#[test]
#[ignore = "needs the program openssl"]
fn signatures_of_an_edwards_key_verify() {
    let folder = Folder::new();
    let key = Key::generate(KeyKind::Ed25519).unwrap();
    folder.put_key(&key);
    folder.put("signed", "message");
    folder.put("signature", key.sign(SigAlg::EdDsa, b"message").unwrap());
    let verify = "pkeyutl -verify -pubin -inkey public.pem -rawin -in signed -sigfile signature";
    folder.agrees(verify, &["Successfully"]);
    folder.agrees("pkeyutl -sign -inkey key.pem -rawin -in signed -out theirs", &[]);
    key.public_key()
        .verify(SigAlg::EdDsa, b"message", &folder.read("theirs"))
        .unwrap();
    folder.put("signed", "massage");
    folder.disagrees(verify, "Fail");
}
