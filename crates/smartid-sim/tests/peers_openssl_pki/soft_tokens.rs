//! Soft tokens in the forms that authorities of different age hand out.

use smartid_sim::TestCa;
use smartid_sim::pki::p12::{self, P12Cipher, P12Encoding, P12Mac, P12Part, P12Recipe};
use smartid_sim::pki::{Digest, Key, KeyKind, Profile};

use crate::{Folder, NOW, certificate, rsa};

/// Recipes with what the program says about them.
fn recipes() -> Vec<(P12Recipe, &'static str, &'static str)> {
    let modern = P12Recipe::modern;
    let aes = "PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256";
    vec![
        (modern(), aes, "MAC: sha256, Iteration 2048"),
        (
            P12Recipe::legacy(),
            "pbeWithSHA1And40BitRC2-CBC",
            "MAC: sha1, Iteration 2048",
        ),
        (
            P12Recipe::legacy().ciphers(P12Cipher::TripleDes, P12Cipher::Rc2With128Bits),
            "pbeWithSHA1And128BitRC2-CBC",
            "MAC: sha1",
        ),
        (
            P12Recipe::legacy().ciphers(P12Cipher::Rc2With40Bits, P12Cipher::TripleDes),
            "pbeWithSHA1And3-KeyTripleDES-CBC",
            "MAC: sha1",
        ),
        (
            modern().ciphers(P12Cipher::Aes128Sha1, P12Cipher::Aes128Sha1),
            "PBES2, PBKDF2, AES-128-CBC, Iteration 2048, PRF hmacWithSHA1",
            "MAC: sha256",
        ),
        (
            modern()
                .ciphers(P12Cipher::Aes256Sha512, P12Cipher::Aes256Sha512)
                .mac(P12Mac::Hmac(Digest::Sha512)),
            "AES-256-CBC, Iteration 2048, PRF hmacWithSHA512",
            "MAC: sha512",
        ),
        (modern().mac(P12Mac::Hmac(Digest::Sha384)), aes, "MAC: sha384"),
        (
            modern().ciphers(P12Cipher::Aes256Sha256, P12Cipher::Plain),
            "Certificate bag",
            "MAC: sha256",
        ),
        (
            modern().ciphers(P12Cipher::Plain, P12Cipher::Plain),
            "Key bag",
            "MAC: sha256",
        ),
        (modern().iterations(1), "Iteration 1,", "MAC: sha256, Iteration 1"),
        (
            modern().iterations(100_000),
            "Iteration 100000",
            "Iteration 100000",
        ),
        (modern().without_local_key_id(), aes, "MAC: sha256"),
    ]
}

#[test]
#[ignore = "needs the program openssl"]
fn every_recipe_is_opened() {
    let folder = Folder::new();
    let ca = TestCa::new(1, NOW).unwrap();
    let (one, two) = (rsa(), Key::generate(KeyKind::P256).unwrap());
    for (recipe, encryption, mac) in recipes() {
        for encoding in [P12Encoding::Der, P12Encoding::Ber] {
            // A password beyond ASCII is UTF-16 for the old ways and UTF-8 for the new ones.
            for password in ["secret", "pä55", "p\u{1f511}", ""] {
                let recipe = recipe.clone().encoding(encoding);
                let chain = [
                    certificate(&ca, &one, Profile::Authentication).der().to_vec(),
                    ca.issuer_der().to_vec(),
                    ca.root_der().to_vec(),
                ];
                let second = [certificate(&ca, &two, Profile::Signing).der().to_vec()];
                let parts = [
                    P12Part::new(&one, &chain).friendly_name(Some("Åsa \u{1f511}")),
                    P12Part::new(&two, &second),
                ];
                folder.put("token.p12", p12::write(&parts, &recipe, password).unwrap());
                folder.put("password", format!("{password}\n"));
                let fixed = "pkcs12 -in token.p12 -legacy -info -noenc -passin file:password";
                folder.agrees(&format!("{fixed} -out all.pem"), &[encryption, mac]);
                let all = String::from_utf8_lossy(&folder.read("all.pem")).into_owned();
                assert_eq!(all.matches("BEGIN CERTIFICATE").count(), 4, "{recipe:?}");
                assert_eq!(all.matches("BEGIN PRIVATE KEY").count(), 2, "{recipe:?}");
                assert_eq!(all.contains("localKeyID"), recipe.local_key_id);
                assert!(all.contains("friendlyName"));
                folder.put("guess", "another");
                folder.disagrees(
                    "pkcs12 -in token.p12 -legacy -noenc -passin file:guess",
                    "Mac verify error",
                );
            }
        }
    }
}

#[test]
#[ignore = "needs the program openssl"]
fn without_a_mac_it_is_opened_too() {
    let folder = Folder::new();
    let key = Key::generate(KeyKind::P256).unwrap();
    let recipe = P12Recipe::legacy().mac(P12Mac::Absent);
    folder.put(
        "token.p12",
        p12::write(&[P12Part::new(&key, &[])], &recipe, "secret").unwrap(),
    );
    folder.agrees(
        "pkcs12 -in token.p12 -legacy -nomacver -noenc -passin pass:secret",
        &["BEGIN PRIVATE KEY"],
    );
}
