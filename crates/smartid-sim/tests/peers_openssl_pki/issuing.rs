//! Requests, certificates and revocation lists.

use smartid_sim::TestCa;
use smartid_sim::pki::csr::{self, Csr};
use smartid_sim::pki::{Certificate, Key, KeyKind, Profile, SigAlg, Validity};

use crate::{Folder, NOW, algorithms, all_keys};

#[test]
#[ignore = "needs the program openssl"]
fn requests_verify() {
    let folder = Folder::new();
    let throw_away = Key::generate(KeyKind::P256).unwrap();
    let subject = "C=SE,O=Example\\, Ltd,CN=Åsa Öberg,serialNumber=17,DC=example,UID=asa,emailAddress=a@b.se";
    let template = csr::make(subject, &["anna@example.com"], &throw_away, SigAlg::Es256).unwrap();
    let verify = "req -inform DER -in request.der -verify -noout -text -nameopt RFC2253,utf8,-esc_msb";
    for key in all_keys() {
        for alg in algorithms(&key) {
            let mut request = csr::rekey(&template, &key, alg).unwrap();
            folder.put("request.der", &request);
            let parts = [
                "verify OK",
                "CN=Åsa Öberg",
                "O=Example\\, Ltd",
                "email:anna@example.com",
            ];
            folder.agrees(verify, &parts);
            *request.last_mut().unwrap() ^= 1;
            folder.put("request.der", &request);
            let (_, text) = folder.openssl(verify);
            assert!(!text.contains("verify OK"), "{text}");
        }
    }
}

#[test]
#[ignore = "needs the program openssl"]
fn their_requests_are_rekeyed_and_their_signatures_verified() {
    let folder = Folder::new();
    for key in [
        "RSA -pkeyopt rsa_keygen_bits:2048",
        "EC -pkeyopt ec_paramgen_curve:P-384",
    ] {
        folder.agrees(&format!("genpkey -quiet -algorithm {key} -out key.pem"), &[]);
        for digest in ["sha256", "sha384", "sha512"] {
            let extensions = "-addext subjectAltName=email:anna@example.com,DNS:example.com -addext keyUsage=digitalSignature";
            folder.agrees(
                &format!("req -new -{digest} -key key.pem -subj /C=SE/CN=Anna {extensions} -outform DER -out request.der"),
                &[],
            );
            let theirs = folder.read("request.der");
            let template = Csr::parse(&theirs).unwrap();
            // ECDSA on P-384 with another digest than the curve's own is none of the JOSE algorithms.
            let known = key.starts_with("RSA") || digest == "sha384";
            assert_eq!(template.verify().is_ok(), known);
            let key = Key::generate(KeyKind::P256).unwrap();
            let mine = csr::rekey(&theirs, &key, SigAlg::Es256).unwrap();
            folder.put("request.der", &mine);
            let parts = [
                "verify OK",
                "DNS:example.com",
                "Digital Signature",
                "ecdsa-with-SHA256",
            ];
            folder.agrees("req -inform DER -in request.der -verify -noout -text", &parts);
            let mine = Csr::parse(&mine).unwrap();
            assert_eq!(mine.attributes_der(), template.attributes_der());
        }
    }
}

#[test]
#[ignore = "needs the program openssl"]
fn certificates_and_revocation_lists_verify() {
    let folder = Folder::new();
    let verify = format!(
        "verify -x509_strict -attime {} -CAfile root.pem -untrusted issuer.pem",
        NOW + 3600
    );
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::P521, KeyKind::Rsa2048] {
        let ca = TestCa::with_keys(7, NOW, kind).unwrap();
        folder.put("root.pem", ca.root_pem());
        folder.put("issuer.pem", Certificate::parse(ca.issuer_der()).unwrap().pem());
        let mut serial = Vec::new();
        for key in all_keys() {
            let encryption = match key.kind().is_rsa() {
                true => "Key Encipherment",
                false => "Key Agreement",
            };
            for (profile, purpose, usage) in [
                (Profile::Signing, "any", "Digital Signature, Non Repudiation"),
                (
                    Profile::Authentication,
                    "sslclient",
                    "TLS Web Client Authentication",
                ),
                (Profile::Officer, "sslclient", "E-mail Protection"),
                (Profile::Officer, "smimesign", "TLS Web Client Authentication"),
                (Profile::Server, "sslserver", "TLS Web Server Authentication"),
                (Profile::Encryption, "any", encryption),
            ] {
                let request = csr::make("CN=Anna,C=SE", &["a@b.se"], &key, key.default_alg()).unwrap();
                let certificate = ca.issue(&request, profile, Validity::days(NOW, 30)).unwrap();
                folder.put("leaf.pem", certificate.pem());
                folder.agrees(
                    &format!("{verify} -purpose {purpose} leaf.pem"),
                    &["leaf.pem: OK"],
                );
                let parts = [
                    usage,
                    "email:a@b.se",
                    "Jan  1 00:00:00 2026 GMT",
                    "Jan 31 00:00:00 2026 GMT",
                ];
                folder.agrees("x509 -in leaf.pem -noout -text", &parts);
                serial = certificate.serial().to_vec();
            }
        }
        let put_lists = || {
            let list = ca.crl_der(NOW, NOW + 86_400).unwrap();
            let root = ca.root_crl_der(NOW, NOW + 86_400).unwrap();
            folder.put("lists.pem", TestCa::crl_pem(&list) + &TestCa::crl_pem(&root));
        };
        let with_lists = format!("{verify} -crl_check_all -CRLfile lists.pem leaf.pem");
        put_lists();
        folder.agrees(&with_lists, &["leaf.pem: OK"]);
        ca.revoke_with_reason(&serial, 1, NOW + 60).unwrap();
        put_lists();
        folder.disagrees(&with_lists, "certificate revoked");
        folder.agrees(
            "crl -in lists.pem -noout -text -CAfile issuer.pem",
            &["verify OK", "Key Compromise", "Jan  1 00:01:00 2026 GMT"],
        );
        let stranger = TestCa::with_keys(7, NOW, KeyKind::P256).unwrap();
        folder.put("root.pem", stranger.root_pem());
        folder.disagrees(&format!("{verify} leaf.pem"), "verification failed");
    }
}
