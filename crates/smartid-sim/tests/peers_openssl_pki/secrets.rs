//! What is encrypted for a key, and keys under a password.

use smartid_sim::TestCa;
use smartid_sim::pki::{Certificate, OaepDigest, Profile, p12};

use crate::{Folder, NOW, all_keys, certificate, rsa};

#[test]
#[ignore = "needs the program openssl"]
fn what_they_encrypt_is_decrypted() {
    let folder = Folder::new();
    let key = rsa();
    folder.put_key(&key);
    folder.put("plain", [0x5a; 24]);
    let encrypted = |options: &str| {
        let options = format!("-pkeyopt rsa_padding_mode:{options}");
        folder.agrees(
            &format!("pkeyutl -encrypt -pubin -inkey public.pem -in plain -out encrypted {options}"),
            &[],
        );
        folder.read("encrypted")
    };
    for (digest, name) in [
        (OaepDigest::Sha1, "sha1"),
        (OaepDigest::Sha256, "sha256"),
        (OaepDigest::Sha384, "sha384"),
        (OaepDigest::Sha512, "sha512"),
    ] {
        let theirs = encrypted(&format!("oaep -pkeyopt rsa_oaep_md:{name}"));
        assert_eq!(key.decrypt_oaep(digest, &theirs).unwrap(), [0x5a; 24]);
    }
    assert_eq!(key.decrypt_pkcs1(&encrypted("pkcs1")).unwrap(), [0x5a; 24]);
}

#[test]
#[ignore = "needs the program openssl"]
fn pkcs12_files_are_read_in_both_directions() {
    let folder = Folder::new();
    let ca = TestCa::new(7, NOW).unwrap();
    let issuer = Certificate::parse(ca.issuer_der()).unwrap();
    folder.put("issuer.pem", issuer.pem());
    for key in all_keys() {
        let certificate = certificate(&ca, &key, Profile::Encryption);
        let chain = [certificate.der().to_vec(), issuer.der().to_vec()];
        folder.put("mine.p12", p12::make(&key, &chain, "secret").unwrap());
        folder.agrees("pkcs12 -in mine.p12 -passin pass:secret -noenc -out all.pem", &[]);
        let text = String::from_utf8(folder.read("all.pem")).unwrap();
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2);
        assert_eq!(text.matches("BEGIN PRIVATE KEY").count(), 1);
        folder.disagrees(
            "pkcs12 -in mine.p12 -passin pass:guess -noenc",
            "invalid password",
        );

        folder.put("certificate.pem", certificate.pem());
        folder.put_key(&key);
        let theirs = |options: &str| {
            let fixed = "pkcs12 -export -in certificate.pem -passout pass:secret -out theirs.p12";
            folder.agrees(&format!("{fixed} {options}"), &[]);
            p12::open(&folder.read("theirs.p12"), "secret")
        };
        let entries = theirs("-inkey key.pem -certfile issuer.pem").unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].key.public_key(), key.public_key());
        assert_eq!(entries[0].certificates, chain);
        let error = theirs("-inkey key.pem -iter 2000001").unwrap_err().to_string();
        assert!(error.contains("too much"), "{error}");
        let error = theirs("-nokeys").unwrap_err().to_string();
        assert!(error.contains("holds no private key"), "{error}");
    }
}
