//! Requests, certificates and revocation lists.

use smartid_sim::TestCa;
use smartid_sim::pki::csr::{self, Csr};
use smartid_sim::pki::{Certificate, Key, KeyKind, Profile, SigAlg, Validity};

use crate::{Folder, NOW, agrees, algorithms, disagrees, keys, openssl};

#[test]
#[ignore = "needs the program openssl"]
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
#[ignore = "needs the program openssl"]
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
#[ignore = "needs the program openssl"]
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
