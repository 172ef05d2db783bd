//! An officer's key file, from the file to the connection: each form of file authenticates, each mistake has its reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test stops where it fails"
)]

mod common;

use std::sync::Arc;

use rcgen::KeyPair;
use rustls::version::{TLS12, TLS13};
use smartid_core::base64::{self, Flavour};
use smartid_core::{SecretString, TlsIdentity};
use smartid_trust::{Certificate, MemorySigner, OfficerIdentity, Reason, Refusal};

const PASSWORD: &str = "test-Passw0rd";

/// Made with `openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256`, from the key below.
const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhjsKwnA7ENXQICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEECBjJ6HjgDz/j10MLFOnrfwEQAK3
r/UTve+tEIjTmsb6mFOitMDsv/hIPsoLvmMQlKj4yNR/GgRdUs2mjjN91kd8JtXy
DWvFygZOEPWWeH92w1U=
-----END ENCRYPTED PRIVATE KEY-----
";
const PLAIN: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIH2ZBExLniAMmmb1A4w8FpQb2HzLY3fR7dRDPImg6Gvz
-----END PRIVATE KEY-----
";

fn pem(certificate: &Certificate) -> String {
    let base64 = base64::encode(Flavour::Standard, certificate.der());
    format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
}

/// The officer's certificate and the root, for the key above.
fn certified() -> (Certificate, Certificate) {
    common::certify("officer", &KeyPair::from_pem(PLAIN).unwrap())
}

#[track_caller]
fn authenticates(signer: MemorySigner, root: &Certificate) {
    let identity = Arc::new(OfficerIdentity::new(Arc::new(signer)).unwrap());
    assert!(!identity.blocks());
    for version in [&TLS12, &TLS13] {
        let seen = common::handshake(identity.clone(), root, version).unwrap();
        assert_eq!(seen, identity.chain()[0]);
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Refusal>, reason: Reason) {
    let refusal = outcome.unwrap_err();
    assert_eq!(refusal.reason(), reason);
    let text = format!("{refusal} {refusal:?}");
    assert!(
        !text.contains(PASSWORD) && !text.contains("wrong-canary"),
        "{text}"
    );
}

#[test]
fn pem_with_and_without_a_password() {
    let (own, root) = certified();
    let (own_pem, root_pem) = (pem(&own), pem(&root));
    let password = SecretString::new(PASSWORD);
    for texts in [vec![PLAIN, &own_pem], vec![&root_pem, &own_pem, PLAIN]] {
        authenticates(MemorySigner::from_pem(&texts, None).unwrap(), &root);
    }
    let texts = [own_pem.as_str(), ENCRYPTED, &root_pem];
    authenticates(MemorySigner::from_pem(&texts, Some(&password)).unwrap(), &root);

    let wrong = SecretString::new("wrong-canary");
    refused(
        MemorySigner::from_pem(&texts, Some(&wrong)),
        Reason::WrongPassword,
    );
    refused(MemorySigner::from_pem(&texts, None), Reason::PasswordMissing);
    let two = [own_pem.as_str(), PLAIN, ENCRYPTED];
    refused(MemorySigner::from_pem(&two, Some(&password)), Reason::SeveralKeys);
    refused(MemorySigner::from_pem(&[&own_pem], None), Reason::NoKey);
    refused(MemorySigner::from_pem(&[PLAIN], None), Reason::NoCertificate);
    let strangers = [root_pem.as_str(), PLAIN];
    refused(
        MemorySigner::from_pem(&strangers, None),
        Reason::KeyCertificateMismatch,
    );
}

#[cfg(feature = "pkcs12")]
mod pkcs12 {
    use smartid_trust::OfficerSigner;
    use smartid_trust::pkcs12::{Pkcs12, Pkcs12Policy};

    use super::*;

    /// From OpenSSL, Java, Python and Bouncy Castle.
    const FILES: &[&[u8]] = &[
        include_bytes!("fixtures/pkcs12/openssl-p256.p12"),
        include_bytes!("fixtures/pkcs12/openssl-rsa.p12"),
        include_bytes!("fixtures/pkcs12/openssl-ed25519.p12"),
        include_bytes!("fixtures/pkcs12/keytool-rsa.p12"),
        include_bytes!("fixtures/pkcs12/python-p256.p12"),
        include_bytes!("fixtures/pkcs12/bc-default.p12"),
    ];

    #[test]
    fn containers_of_every_program() {
        let password = SecretString::new(PASSWORD);
        for file in FILES {
            let signer = MemorySigner::from_pkcs12(file, &password).unwrap();
            let root = signer.chain().last().unwrap().clone();
            assert!(root.is_self_issued());
            authenticates(signer, &root);
            let wrong = SecretString::new("wrong-canary");
            refused(MemorySigner::from_pkcs12(file, &wrong), Reason::WrongPassword);
            let cut = &file[..file.len() - 1];
            refused(
                MemorySigner::from_pkcs12(cut, &password),
                Reason::ContainerTruncated,
            );
        }
        let none = include_bytes!("fixtures/pkcs12/bad-no-key.p12");
        refused(MemorySigner::from_pkcs12(none, &password), Reason::NoKey);
    }

    /// Made with `keytool -genkeypair -keyalg EC -dname CN=one -alias one`, and the same for two, into one file.
    const TWO_KEYS: &str = "\
        MIIGhwIBAzCCBjEGCSqGSIb3DQEHAaCCBiIEggYeMIIGGjCCAjEGCSqGSIb3DQEHAaCCAiIEggIeMIICGjCCAQkGCyqGSIb3DQEM\
        CgECoIG9MIG6MGYGCSqGSIb3DQEFDTBZMDgGCSqGSIb3DQEFDDArBBTmvTzgLFTNebqT5R0ClZAn4QLn/QICJxACASAwDAYIKoZI\
        hvcNAgkFADAdBglghkgBZQMEASoEEJxvgT1eE3WdYDTSoDwHgc0EUJ3ZxYZYHvID4dODi548a5BBxjc1y6tMPZ4gYgtYl2QkKlTO\
        XNV8PzsdyaKIXlryr6SdiOmFyvpz0hij8OHpaB/24ivavNR6tzLH7Vf/FZMSMTowFQYJKoZIhvcNAQkUMQgeBgBvAG4AZTAhBgkq\
        hkiG9w0BCRUxFAQSVGltZSAxNzk1MzYwNDQ4NzA4MIIBCQYLKoZIhvcNAQwKAQKggb0wgbowZgYJKoZIhvcNAQUNMFkwOAYJKoZI\
        hvcNAQUMMCsEFKFoRRRsg0jtnCptmpB5PouvmrgXAgInEAIBIDAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQOLqgg31RZib1\
        zLl0J476FARQu7NxH46X0UT39kH0tDy6+f6o+0G1MPYIRQnyg8n+aX5LMzETCxsLlE1VjxkSDWR3taRjb+EwriP7635rBtw3mG22\
        gggToyv/Kr5asun4AvIxOjAVBgkqhkiG9w0BCRQxCB4GAHQAdwBvMCEGCSqGSIb3DQEJFTEUBBJUaW1lIDE3OTUzNjA0NTEzMjYw\
        ggPhBgkqhkiG9w0BBwagggPSMIIDzgIBADCCA8cGCSqGSIb3DQEHATBmBgkqhkiG9w0BBQ0wWTA4BgkqhkiG9w0BBQwwKwQUbXv/\
        xw/76XdEVjR3pppmdjPE0cMCAicQAgEgMAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBCQFJipxB2flxOT1BaKjCQpgIIDUF0p\
        LfcZ64Meazk7pxzE1vycI7yXEr6SKOF2h2p32s7RhPzaJba0zDWHbfO2GDE5FRaNtZBmBDG3/urLaBPvShr/raL7025JnJkT91B3\
        +hGNmDGmGmzJRexX77il7Cr2nmHyKzJJWKpX0AJl/4YFl260/We6sLCG75lZT5L+n4C1rPFCgsIwZHQXwEVwkyr9qOjJVuO/6iCz\
        0lAKarkWn4pyLnXfJk1O2AmZ4zwpmVcXTBXzGoEmWQwRrTZ1P8Ekm5yAOu5KLTN5eUzvffFd+XlyIppWY1BHu3H2VV8DnO9nr9aY\
        aNfOqGXGgbxHANL9yVeq2K6CUkzhdV5c0B3TRXfucGezPH9LC5sOYorfUtviMX7PWpnXyO9up/K1J2abpZovNNBX5HhC6yBssl2u\
        6yH+S89/g4Cu+jLnOBZ+HfTGgH99zNre/B17HWCAaCKt0ExDusQnJ/5ty/tjfIf8EXhv37PYozDL7voZNtfIATfkB8bPbEiG81gG\
        1aOC4AFw6YutbusmDR8IIbNfeIa53lY+jOLsVoYRSN52ZsTLwZ/SSIf5HlN1ReO/oWrXyDeAbyPhDRUhuhPtzVbSLQL4i5rkmGN/\
        iosgqUdPJvIqVe2mDWWusrvb10vQuLA8656Q0KScuS4CtR8mlm4N1FZzn9qjmLAVuhK7mSw4UZJeCM2NyXN8yxLaTC7JfoART80e\
        kNXsC4zelh4Z01UEOA6khDwIMyZoYqaQGhUSIs8wNIYrfFe0IlFJUbbS8Pq/MNSHbWuhNTjrtAxOyBaCU4Y5/+XYSz9KEDY95hfl\
        lFYPzQJISsEyH4snnp/hIYmJbReKAzbmNs8Jn0VaL2vmoHjqZV8LeUGY+LfkLtyvLy6S0p/GqqGujJA7LkiI7kKtxJGMdz2x36fq\
        oeyyREtG78Cn7E5SQpYRuAFnoqTge9XHOg9XMEASihjqsp7o0x/cr9+jGPeKLB8fCTIk+w9w7zC0WwNhJ0WBv1In9BoJlLoJW3Fw\
        ZAYL9LfYSxRneKOUVw1/9pEdtNMLv7JDYNE9xuQfXwSqJKjKIRoMhGn5D3GuGkHvL3cv9i3O3OZeg7ZhJuyNxgSYZoczncdNQ8Vl\
        OaqiqxEJlKsNBiZob7Cs+2scJpMPME0wMTANBglghkgBZQMEAgEFAAQgGgmt9LAMBabiWGa2cDU2E4XMTxPGmhucwA+hbRtuBZYE\
        FMUw6mHNBJI9rU/iCHEEbfSLwvprAgInEA==";

    #[test]
    fn a_container_with_two_keys_needs_a_choice() {
        let file = &base64::decode(Flavour::Standard, TWO_KEYS).unwrap();
        let password = SecretString::new(PASSWORD);
        refused(MemorySigner::from_pkcs12(file, &password), Reason::SeveralKeys);
        let container = Pkcs12::open(file, &password, &Pkcs12Policy::default()).unwrap();
        for name in ["one", "two"] {
            let signer = container.signer_named(name).unwrap();
            assert_eq!(signer.chain()[0].subject().to_string(), format!("CN={name}"));
            OfficerIdentity::new(Arc::new(signer)).unwrap();
        }
        refused(container.signer_named("three"), Reason::NoKey);
    }
}
