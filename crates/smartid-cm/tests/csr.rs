//! Certification requests of callers: every form that is taken, and what is refused before anything is sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod script;

use proptest::prelude::*;
use script::{certificate, pki};
use smartid_cm::{Csr, CsrError};
use smartid_core::base64::{Flavour, encode};
use smartid_trust::Reason;

#[test]
fn every_form_gives_the_same_bytes() {
    let der = pki("device-rsa.csr.der");
    let base64 = encode(Flavour::Standard, &der);
    let wrapped = base64
        .as_bytes()
        .chunks(64)
        .map(|line| [line, b"\r\n"].concat())
        .collect::<Vec<_>>()
        .concat();
    for (what, bytes) in [
        ("DER", der.clone()),
        ("PEM", pki("device-rsa.csr.pem")),
        ("the older label", pki("device-rsa.csr-new.pem")),
        ("PEM behind a text", pki("device-rsa.csr-text.pem")),
        ("base64", base64.into_bytes()),
        ("base64 in lines", wrapped),
    ] {
        let csr = Csr::parse(&bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(csr.der(), &der, "{what}");
        assert!(
            csr.public_key()
                .is_same_key(&certificate("device-rsa.der").public_key().unwrap())
        );
        assert!(
            csr.subject().to_string().contains("CN=Türschloss Nord 7"),
            "{}",
            csr.subject()
        );
    }
}

#[test]
fn what_is_no_request_is_refused_with_its_reason() {
    let reason = |bytes: &[u8]| match Csr::parse(bytes) {
        Err(CsrError::Refused(refusal)) => refusal.reason(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        reason(&pki("device-rsa.csr-bad-signature.der")),
        Reason::BadSignature
    );
    for file in [
        "device-rsa.csr-truncated.der",
        "device-rsa.csr-trailing.der",
        "device-rsa.csr-twice.pem",
        "leaf.b64",
        "leaf.pem",
        "device-rsa.der",
        "chain.p7",
    ] {
        assert_eq!(reason(&pki(file)), Reason::Malformed, "{file}");
    }
    assert_eq!(
        Csr::parse(&pki("officer-rsa.test.key")),
        Err(CsrError::PrivateKey)
    );
    let shown = Csr::parse(&pki("officer-rsa.test.key")).unwrap_err().to_string();
    assert!(!shown.contains("MII"), "{shown}");
    assert_eq!(Csr::parse(&[0xff, 0xfe]), Err(CsrError::NoText));
    for nothing in ["", " ", "OK", "{}"] {
        assert!(Csr::parse(nothing.as_bytes()).is_err(), "{nothing:?}");
    }
}

#[test]
fn what_old_devices_write_is_for_certificate_manager_to_judge() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../smartid-trust/tests/request-data/"
    );
    for file in ["answer-sha1.der", "answer-version2-sha1.der"] {
        let der = std::fs::read(format!("{folder}{file}")).unwrap();
        assert_eq!(Csr::parse(&der).unwrap().der(), &der, "{file}");
    }
}

#[test]
fn sixty_four_kib_are_enough() {
    let mut large = vec![0x30, 0x83, 1, 0, 0];
    large.resize(65 * 1024 + 5, 0);
    for bytes in [
        large.clone(),
        encode(Flavour::Standard, &vec![0; 200_000]).into_bytes(),
        format!(
            "-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----",
            "A".repeat(400_000)
        )
        .into_bytes(),
    ] {
        match Csr::parse(&bytes) {
            Err(CsrError::Refused(refusal)) => assert_eq!(refusal.reason(), Reason::TooLarge),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_cut_off_anywhere_is_refused() {
    let der = pki("device-p256.csr.der");
    for length in 0..der.len() {
        assert!(Csr::parse(&der[..length]).is_err(), "{length}");
    }
}

proptest! {
    #[test]
    fn a_changed_octet_is_found_by_the_signature(at in any::<prop::sample::Index>(), change in 1_u8..) {
        let mut der = pki("device-p256.csr.der");
        let at = at.index(der.len());
        der[at] ^= change;
        prop_assert!(Csr::from_der(der).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        prop_assert!(Csr::parse(&bytes).is_err());
    }
}
