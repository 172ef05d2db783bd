//! What authorities issue, withdraw and refuse.

use super::csr::{self, Csr, Extension, OID_SAN};
use super::der::{self, Reader};
use super::profile::{OID_EXTENDED_USAGE, OID_KEY_USAGE};
use super::{Certificate, Key, KeyKind, KeySource, Profile, PublicKey, SigAlg, TestCa, Validity};
use crate::SimError;

const NOW: u64 = 1_767_225_600;

fn year() -> Validity {
    Validity::days(NOW, 365)
}

fn pki(error: SimError) -> String {
    error.to_string()
}

#[test]
fn names_and_serial_numbers_repeat_with_the_seed() {
    let issue = |seed| {
        let ca = TestCa::new(seed, NOW).unwrap();
        let key = Key::generate(KeyKind::P256).unwrap();
        let first = ca.issue_for_key("CN=a", &key, Profile::Signing, year()).unwrap();
        let second = ca.issue_for_key("CN=a", &key, Profile::Signing, year()).unwrap();
        assert_ne!(first.serial(), second.serial());
        (first.issuer_der().to_vec(), first.serial().to_vec())
    };
    assert_eq!(issue(1), issue(1));
    assert_ne!(issue(1).0, issue(2).0);
    assert_ne!(issue(1).1, issue(2).1);
}

#[test]
fn each_profile_has_its_usage() {
    let ca = TestCa::new(1, NOW).unwrap();
    let rsa = KeySource::new(Some(1)).key(KeyKind::Rsa2048).unwrap();
    let ec = Key::generate(KeyKind::P384).unwrap();
    let usage = |key: &Key, profile| {
        let certificate = ca.issue_for_key("CN=a", key, profile, year()).unwrap();
        let bits = certificate.extension(OID_KEY_USAGE).unwrap().clone();
        assert!(bits.critical);
        let extended = certificate.extension(OID_EXTENDED_USAGE);
        (
            bits.value[2..].to_vec(),
            extended.map(|list| *list.value.last().unwrap()),
        )
    };
    assert_eq!(usage(&ec, Profile::Signing), (vec![6, 0xc0], None));
    assert_eq!(usage(&ec, Profile::Authentication), (vec![7, 0x80], Some(2)));
    assert_eq!(usage(&ec, Profile::Encryption), (vec![3, 0x08], Some(4)));
    assert_eq!(usage(&rsa, Profile::Encryption), (vec![5, 0x20], Some(4)));
}

#[test]
fn subject_and_alternative_names_are_the_requests() {
    let ca = TestCa::new(1, NOW).unwrap();
    let key = Key::generate(KeyKind::P256).unwrap();
    for (subject, alone) in [("CN=Anna,C=SE", false), ("", true)] {
        let request = csr::make(subject, &["anna@example.com"], &key, SigAlg::Es256).unwrap();
        let certificate = ca.issue(&request, Profile::Signing, year()).unwrap();
        let request = Csr::parse(&request).unwrap();
        assert_eq!(certificate.subject_der(), request.subject_der());
        assert_eq!(certificate.spki_der(), request.spki_der());
        let san = certificate.extension(OID_SAN).unwrap();
        assert_eq!(
            (san.value.clone(), san.critical),
            (request.san_der().unwrap(), alone)
        );
    }
}

#[test]
fn a_request_that_is_not_signed_by_its_key_is_refused() {
    let ca = TestCa::new(1, NOW).unwrap();
    let key = Key::generate(KeyKind::P256).unwrap();
    let mut request = csr::make("CN=a", &[], &key, SigAlg::Es256).unwrap();
    *request.last_mut().unwrap() ^= 1;
    assert!(pki(ca.issue(&request, Profile::Signing, year()).unwrap_err()).contains("does not verify"));
}

#[test]
fn alternative_names_that_are_no_sequence_are_refused() {
    let ca = TestCa::new(1, NOW).unwrap();
    let key = Key::generate(KeyKind::P256).unwrap();
    let mut template = csr::make("CN=a", &["a@b.se"], &key, SigAlg::Es256).unwrap();
    let names = b"\x30\x08\x81\x06a@b.se";
    let place = template
        .windows(names.len())
        .position(|part| part == names)
        .unwrap();
    for tag in [0x31, 0x04] {
        template[place] = tag;
        // Signed anew, so that nothing is wrong with it but this.
        let request = csr::rekey(&template, &key, SigAlg::Es256).unwrap();
        let error = ca.issue(&request, Profile::Signing, year()).unwrap_err();
        assert!(pki(error).contains("alternative names"));
    }
}

#[test]
fn no_more_than_64_extensions_are_read() {
    let one = Extension::new(OID_SAN, true, vec![0x30, 0]).der();
    let read = |count: usize| Extension::read_all(Reader::new(&one.repeat(count)));
    assert_eq!(read(64).unwrap().len(), 64);
    assert_eq!(read(65), None);
    assert_eq!(Extension::read_all(Reader::new(&one[..one.len() - 1])), None);
}

#[test]
fn verification_finds_what_is_wrong() {
    let (ca, other) = (TestCa::new(1, NOW).unwrap(), TestCa::new(1, NOW).unwrap());
    let key = Key::generate(KeyKind::P256).unwrap();
    let certificate = ca.issue_for_key("CN=a", &key, Profile::Signing, year()).unwrap();
    let (first, last) = certificate.validity();
    assert_eq!((first, last), (NOW, NOW + 365 * 86_400));
    ca.verify(&certificate, first).unwrap();
    ca.verify(&certificate, last).unwrap();
    for outside in [first - 1, last + 1] {
        assert!(pki(ca.verify(&certificate, outside).unwrap_err()).contains("not valid at this time"));
    }
    // The same names, another key.
    assert!(pki(other.verify(&certificate, NOW).unwrap_err()).contains("does not verify"));
    let stranger = TestCa::new(2, NOW).unwrap();
    assert!(pki(stranger.verify(&certificate, NOW).unwrap_err()).contains("another issuer's"));
    let backwards = Validity::new(NOW, NOW - 1);
    assert!(
        ca.issue_for_key("CN=a", &key, Profile::Signing, backwards)
            .is_err()
    );
}

#[test]
fn withdrawal_is_from_its_moment_on_and_stands_in_the_list() {
    let ca = TestCa::new(1, NOW).unwrap();
    let key = Key::generate(KeyKind::P256).unwrap();
    let certificate = ca.issue_for_key("CN=a", &key, Profile::Signing, year()).unwrap();
    let serial = certificate.serial();
    let has = |list: &[u8]| list.windows(serial.len()).any(|part| part == serial);
    assert!(!has(&ca.crl_der(NOW, NOW + 60).unwrap()));
    ca.revoke_with_reason(serial, 1, NOW + 10).unwrap();
    ca.revoke(serial, NOW).unwrap();
    ca.verify(&certificate, NOW + 9).unwrap();
    assert!(pki(ca.verify(&certificate, NOW + 10).unwrap_err()).contains("is revoked"));
    assert!(has(&ca.crl_der(NOW, NOW + 60).unwrap()));
    assert!(!has(&ca.root_crl_der(NOW, NOW + 60).unwrap()));
    assert!(ca.revoke(&[1, 2, 3], NOW).is_err());
    for reason in [7, 8, 11, 255] {
        assert!(ca.revoke_with_reason(serial, reason, NOW).is_err(), "{reason}");
    }
}

#[test]
fn the_chain_is_issuer_then_root() {
    let ca = TestCa::with_keys(1, NOW, KeyKind::P384).unwrap();
    let chain = ca.chain_pem();
    assert!(chain.ends_with(&ca.root_pem()));
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2);
    let root = Certificate::parse(ca.root_der()).unwrap();
    let issuer = Certificate::parse(ca.issuer_der()).unwrap();
    assert_eq!(issuer.issuer_der(), root.subject_der());
    assert_eq!(root.issuer_der(), root.subject_der());
    let key = PublicKey::from_spki(root.spki_der()).unwrap();
    root.verify_signature(&key).unwrap();
    issuer.verify_signature(&key).unwrap();
    // SubjectPublicKeyInfo is one element with nothing behind it.
    let mut spki = Reader::new(root.spki_der());
    assert!(spki.expect(der::SEQUENCE).is_some() && spki.is_empty());
}

#[test]
fn debug_shows_no_key() {
    let ca = TestCa::new(1, NOW).unwrap();
    assert_eq!(format!("{ca:?}"), "TestCa { seed: 1, .. }");
}
