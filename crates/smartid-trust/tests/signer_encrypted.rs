//! One key, encrypted by OpenSSL in every way that it offers. Made with
//! `openssl pkcs8 -topk8 -provider legacy -provider default -v1 PBE-SHA1-RC2-40` and so on, password `test-Passw0rd`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test stops where it fails"
)]

use smartid_core::SecretString;
use smartid_core::base64::{self, Flavour};
use smartid_trust::{Reason, Refusal, SigningKey};

const PLAIN: &str = "MC4CAQAwBQYDK2VwBCIEIH2ZBExLniAMmmb1A4w8FpQb2HzLY3fR7dRDPImg6Gvz";

const ALWAYS: &[(&str, &str)] = &[
    (
        "AES-128, SHA-512",
        "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiPCnFuU8ddQQICCAAwDAYIKoZIhvcNAgsFADAdBglghkgBZQMEAQIE\
         EJ6DeOLiEdHOH5bW+Dubx2YEQDgvMd60Ha5F4jy0NWYbpYFdngw0ZmV7Hrea8upPNM5y7tv6Wg6uTtiKseRQkxjtFLYuckNE1Jei\
         cXKhzggkggM=",
    ),
    (
        "AES-192, SHA-384",
        "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhoFBrHyhVhigICCAAwDAYIKoZIhvcNAgoFADAdBglghkgBZQMEARYE\
         EBWULzAp+2jF1IM50yKpTmUEQGtX+8O51hcdtl5rLrCkFnKycXVU0DDE1b62EH3YjkfEonYqriCsiLgf6WDWOGnWcohEM4gYOCnJ\
         NUGZ6blFEFA=",
    ),
];

/// With the feature `pkcs12`.
const LEGACY: &[(&str, &str)] = &[
    (
        "RC2-40",
        "MFgwHAYKKoZIhvcNAQwBBjAOBAhA8lfEDwH70AICCAAEOPNjJpn5HqWlCz7b8BdjXrpjghcZ7JGsSvJ88vB5AbwjpNrTFQGh+oHG\
         tRXmWwwnBRRPSurmAQ8b",
    ),
    (
        "RC2-128",
        "MFgwHAYKKoZIhvcNAQwBBTAOBAhJyrJOJ/jekAICCAAEOFNuJ18p7RcSvosHh0ifBi3LwwmQ4bbRbOCv+z+GmvHp7ACTUqEKjPBV\
         ZSB7wQo2uWDjVbrX8Q3c",
    ),
    (
        "two-key triple DES",
        "MFgwHAYKKoZIhvcNAQwBBDAOBAi8QIlJDak8cwICCAAEOGRPqklVhwrFRRgsuRt8hOBhqnsncm1s5ow3k0ktvn45JBN98iJB3QPQ\
         FkBAvNb1Qd4wL8AjUBbI",
    ),
    (
        "three-key triple DES",
        "MFgwHAYKKoZIhvcNAQwBAzAOBAhLYFrvqF0CrAICCAAEOGJdjX64vsNJiRkwr6MJJqI1DQf1O40xXtHGT5CJfuZA2z1F3jB+2hPE\
         CaE0xWdFMusIQIo4zQoZ",
    ),
    (
        "PBES2 with triple DES",
        "MHwwQAYJKoZIhvcNAQUNMDMwGwYJKoZIhvcNAQUMMA4ECNAnyxpqfOJyAgIIADAUBggqhkiG9w0DBwQIbbCgWzc6D9UEOBLEpM13\
         +AEwuBmLMcNB59JwXeYHLXVIME2gp3J13fvKJ3qbEONFgh5KjD/vRsvyt8hXVVbPOCxL",
    ),
    (
        "RC4-128",
        "MFAwHAYKKoZIhvcNAQwBATAOBAhybT5S0I346AICCAAEMCkKFynDOfzJJH4gCMoqubviAGPM8vHmgduUQXEmuGNxL6mnDNF9zbss\
         xZ34AV7vRA==",
    ),
    (
        "MD5 and DES",
        "MFcwGwYJKoZIhvcNAQUDMA4ECBAYf0Q458nFAgIIAAQ4pbMhzL8aVVfyz3NAaQaQD8JfPY+r03yXDE7BbEeNqrbFV8YO2fdloaps\
         H4tgg15Nen3tWN1AD2s=",
    ),
    (
        "ARIA",
        "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAj7dYG0fuBLhQICCAAwDAYIKoZIhvcNAgkFADAdBgkqgxqMmm4BAQIE\
         EHdGc5/xb1HOPDxYoTufwPYEQETa91wmgZKDmXbioTYA+fslYkBIg/bxJDbNvqM49led2a4Jj1B5QGlq5/2F28I6TRjmhrMjqJXX\
         /iLDL1S9bwA=",
    ),
];

/// A file may ask scrypt for any amount of memory.
const NEVER: &[(&str, &str)] = &[(
    "scrypt",
    "MIGTME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAjKW2mPdMfuAQICQAACAQgCAQEwHQYJYIZIAWUDBAEqBBCvZw8c8Z5Y\
         5RsGky23uy8MBEAKTIadGaaSXwhHVlsncfI0A/eaY7EDLc/wR3UU/95STClujbZIY5xMBv5jwMnAVOi9oQhMdy6/ktO3oXnqH+nJ",
)];

fn open(letters: &str, password: &str) -> Result<SigningKey, Refusal> {
    let der = base64::decode(Flavour::Standard, letters).unwrap();
    SigningKey::from_encrypted_pkcs8_der(&der, &SecretString::new(password))
}

fn opens(cases: &[(&str, &str)]) {
    let plain = base64::decode(Flavour::Standard, PLAIN).unwrap();
    let plain = SigningKey::from_pkcs8_der(&plain).unwrap();
    for (name, letters) in cases {
        let key = open(letters, "test-Passw0rd").unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(key.public_key(), plain.public_key(), "{name}");
        for wrong in ["", "test-passw0rd", "test-Passw0rd "] {
            let refusal = open(letters, wrong).unwrap_err();
            assert_eq!(refusal.reason(), Reason::WrongPassword, "{name}");
        }
    }
}

fn is_refused(cases: &[(&str, &str)]) {
    for (name, letters) in cases {
        let refusal = open(letters, "test-Passw0rd").unwrap_err();
        assert_eq!(refusal.reason(), Reason::KeyEncryptionUnsupported, "{name}");
        assert!(refusal.to_string().contains("openssl pkcs8 -topk8"), "{refusal}");
    }
}

#[test]
fn pbes2_with_aes_opens() {
    opens(ALWAYS);
}

#[test]
fn what_eats_memory_is_refused_with_the_way_out() {
    is_refused(NEVER);
}

#[cfg(feature = "pkcs12")]
#[test]
fn the_old_schemes_open() {
    opens(LEGACY);
}

#[cfg(not(feature = "pkcs12"))]
#[test]
fn the_old_schemes_are_refused_with_the_way_out() {
    is_refused(LEGACY);
}
