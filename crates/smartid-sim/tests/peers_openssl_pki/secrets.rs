//! What is encrypted for a key, and keys under a password.

use smartid_sim::TestCa;
use smartid_sim::pki::{Certificate, OaepDigest, Profile, Validity, p12};

use crate::{Folder, NOW, agrees, disagrees, keys, pem_file, rsa};

#[test]
#[ignore = "needs the program openssl"]
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
#[ignore = "needs the program openssl"]
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
        assert!(std::path::Path::new(&theirs).exists());
        let error = p12::open(&folder.read("theirs.p12"), "secret").unwrap_err();
        assert!(error.to_string().contains("too much"), "{error}");
        agrees(&[
            "pkcs12",
            "-export",
            "-nokeys",
            "-in",
            &certificate_file,
            "-passout",
            "pass:secret",
            "-out",
            &theirs,
        ]);
        let error = p12::open(&folder.read("theirs.p12"), "secret").unwrap_err();
        assert!(error.to_string().contains("holds no private key"), "{error}");
    }
}
