//! Which of several certificates is a key's.

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd};

use super::*;
use crate::{Certificate, OfficerSigner, SoftToken};

fn certify(key: &KeyPair, until: i32) -> Certificate {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.not_before = date_time_ymd(2024, 1, 1);
    parameters.not_after = date_time_ymd(until, 1, 1);
    Certificate::from_der(parameters.self_signed(key).unwrap().der().to_vec()).unwrap()
}

fn attributed(kind: &str, value: &[u8], id: Option<&[u8]>) -> Vec<u8> {
    let id = id.map_or(Vec::new(), |id| {
        let values = der::set(&[&der::octet_string(id)]);
        der::set(&[&der::sequence(&[&oid("1.2.840.113549.1.9.21"), &values])])
    });
    let kind = format!("1.2.840.113549.1.12.10.1.{kind}");
    der::sequence(&[&oid(&kind), &der::explicit(0, value), &id])
}

fn certificate_bag(certificate: &Certificate, id: Option<&[u8]>) -> Vec<u8> {
    let octets = der::explicit(0, &der::octet_string(certificate.der()));
    let value = der::sequence(&[&oid("1.2.840.113549.1.9.22.1"), &octets]);
    attributed("3", &value, id)
}

fn open_bags(bags: &[Vec<u8>]) -> Result<crate::pkcs12::OpenedToken, Refusal> {
    let bags: Vec<&[u8]> = bags.iter().map(Vec::as_slice).collect();
    let token = SoftToken::new(pfx(&[&data(&bags)], Some(1)));
    token.open(&SecretString::new("password"), &Pkcs12Policy::default())
}

#[test]
fn the_identifier_decides_and_then_the_end() {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let [old, new, newest] = [2030, 2040, 2050].map(|year| certify(&key, year));
    let pkcs8 = key.serialize_der();
    let chosen = |key_id: Option<&[u8]>, ids: [Option<&[u8]>; 3]| {
        let opened = open_bags(&[
            certificate_bag(&new, ids[1]),
            certificate_bag(&old, ids[0]),
            certificate_bag(&newest, ids[2]),
            certificate_bag(&newest, None),
            attributed("1", &pkcs8, key_id),
        ]);
        let opened = opened.unwrap();
        let key = opened.the_one_key().unwrap();
        assert!(opened.certificates().is_empty());
        let signer = key.signer().unwrap();
        assert_eq!(signer.chain()[0], *key.certificate().unwrap());
        let own = [key.certificate().unwrap()];
        own.into_iter()
            .chain(key.other_certificates())
            .cloned()
            .collect::<Vec<_>>()
    };
    let by_end = [newest.clone(), new.clone(), old.clone()];
    assert_eq!(chosen(None, [None; 3]), by_end);
    assert_eq!(chosen(Some(b"1"), [None; 3]), by_end);
    // No identifier is none that fits.
    assert_eq!(chosen(None, [Some(b"1"), None, None]), by_end);
    assert_eq!(
        chosen(Some(b"1"), [Some(b"1"), None, Some(b"2")]),
        [old.clone(), newest.clone(), new.clone()]
    );
    assert_eq!(
        chosen(Some(b"1"), [Some(b"1"), Some(b"1"), None]),
        [new, old, newest]
    );
}

#[test]
fn an_identifier_that_names_a_stranger_is_a_mismatch_only_without_an_own_certificate() {
    let [key, other] = [0, 1].map(|_| KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap());
    let (own, strange) = (certify(&key, 2040), certify(&other, 2040));
    let (key, other) = (key.serialize_der(), other.serialize_der());
    let id: Option<&[u8]> = Some(b"1");
    let reason = |bags: &[Vec<u8>]| open_bags(bags).err().map(|refusal| refusal.reason());
    let mismatch = Some(Reason::KeyCertificateMismatch);
    assert_eq!(
        reason(&[attributed("1", &key, id), certificate_bag(&strange, id)]),
        mismatch
    );
    assert_eq!(
        reason(&[attributed("1", &key, None), certificate_bag(&strange, None)]),
        mismatch
    );
    // The other key is there, and so it is no stranger; nothing says that the first should have one.
    let bags = [
        attributed("1", &key, id),
        certificate_bag(&strange, id),
        attributed("1", &other, id),
    ];
    assert_eq!(reason(&bags), None);
    let bags = [
        attributed("1", &key, id),
        certificate_bag(&strange, id),
        certificate_bag(&own, None),
    ];
    assert_eq!(open_bags(&bags).unwrap().keys()[0].certificate(), Some(&own));
}
