//! Containers that no program writes: each wrong in one thing.

mod budget;
mod corpus;
mod damaged;
mod handover;
mod link;

use aws_lc_rs::hmac;
use proptest::prelude::*;
use smartid_core::SecretString;

use super::{Pkcs12, Pkcs12Policy};
use crate::der::{self, Oid, tag};
use crate::pbe::tests::{encrypt, encrypt_salted};
use crate::pbe::{self, Budget, Hash, Password, Purpose};
use crate::{Reason, Refusal};

pub(super) const ED25519_KEY: [u8; 48] = [
    0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
    9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
];

fn oid(text: &str) -> Vec<u8> {
    der::oid(&text.parse::<Oid>().unwrap())
}

pub(super) fn bag(kind: &str, value: &[u8]) -> Vec<u8> {
    let name: Vec<u8> = "Schlüssel".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let name = der::set(&[&der::tlv(tag::BMP_STRING, &name)]);
    let name = der::sequence(&[&oid("1.2.840.113549.1.9.20"), &name]);
    let kind = format!("1.2.840.113549.1.12.10.1.{kind}");
    der::sequence(&[&oid(&kind), &der::explicit(0, value), &der::set(&[&name])])
}

fn shrouded(count: u32, plain: &[u8]) -> Vec<u8> {
    shrouded_salted(b"saltsalt", count, plain)
}

fn shrouded_salted(salt: &[u8; 8], count: u32, plain: &[u8]) -> Vec<u8> {
    let (algorithm, encrypted) = encrypt_salted(salt, (2, 2), count, "password", plain);
    bag(
        "2",
        &der::sequence(&[&der::sequence(&[&algorithm]), &der::octet_string(&encrypted)]),
    )
}

/// ContentInfo with these bags, not encrypted.
pub(super) fn data(bags: &[&[u8]]) -> Vec<u8> {
    let bags = der::octet_string(&der::sequence(bags));
    der::sequence(&[&oid("1.2.840.113549.1.7.1"), &der::explicit(0, &bags)])
}

/// ContentInfo with these bags, encrypted.
fn encrypted_data(count: u32, bags: &[&[u8]]) -> Vec<u8> {
    let (algorithm, encrypted) = encrypt(2, 2, count, "password", &der::sequence(bags));
    let content = der::sequence(&[
        &oid("1.2.840.113549.1.7.1"),
        &der::sequence(&[&algorithm]),
        &der::tlv(tag::context_primitive(0), &encrypted),
    ]);
    let content = der::sequence(&[&der::integer(&[0]), &content]);
    der::sequence(&[&oid("1.2.840.113549.1.7.6"), &der::explicit(0, &content)])
}

pub(super) fn pfx(contents: &[&[u8]], mac: Option<u32>) -> Vec<u8> {
    pfx_with(contents, mac, "password")
}

fn pfx_with(contents: &[&[u8]], mac: Option<u32>, password: &str) -> Vec<u8> {
    let safe = der::sequence(contents);
    let mac = mac.map_or(Vec::new(), |count| {
        let count_octets = count.to_be_bytes();
        let key = mac_key(Password::new(password), count);
        let value = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &safe);
        let digest = der::sequence(&[
            &crate::DigestAlgorithm::Sha256.identifier(),
            &der::octet_string(value.as_ref()),
        ]);
        der::sequence(&[&digest, &der::octet_string(b"salt"), &der::integer(&count_octets)])
    });
    let safe = der::sequence(&[
        &oid("1.2.840.113549.1.7.1"),
        &der::explicit(0, &der::octet_string(&safe)),
    ]);
    der::sequence(&[&der::integer(&[3]), &safe, &mac])
}

/// The key of a checksum with SHA-256.
fn mac_key(password: Password<'_>, count: u32) -> Vec<u8> {
    let sha256 = Hash::from_digest(&"2.16.840.1.101.3.4.2.1".parse().unwrap()).unwrap();
    let job = pbe::pkcs12(sha256, Purpose::Mac, password, b"salt", count, 32);
    Budget::new(u64::MAX, u64::MAX).derive(job).unwrap().to_vec()
}

fn open(bytes: &[u8], policy: &Pkcs12Policy) -> Result<Pkcs12, Refusal> {
    Pkcs12::open(bytes, &SecretString::new("password"), policy)
}

fn reason(bytes: &[u8], policy: &Pkcs12Policy) -> Option<Reason> {
    open(bytes, policy).err().map(|refusal| refusal.reason())
}

#[test]
fn keys_come_out_of_every_place_with_their_names() {
    let plain = bag("1", &ED25519_KEY);
    let policy = Pkcs12Policy::default();
    for contents in [
        data(&[&plain]),
        data(&[&shrouded(1, &ED25519_KEY)]),
        encrypted_data(1, &[&plain]),
        encrypted_data(1, &[&shrouded(1, &ED25519_KEY)]),
    ] {
        let container = open(&pfx(&[&contents], Some(1)), &policy).unwrap();
        assert_eq!(container.keys()[0].friendly_name(), Some("Schlüssel"));
        assert_eq!(container.keys()[0].pkcs8_der().expose(), ED25519_KEY);
        assert!(container.keys()[0].key().is_ok());
        assert_eq!(container.signer().unwrap_err().reason(), Reason::NoCertificate);
        let named = |name| container.signer_named(name).unwrap_err().reason();
        assert_eq!(named("Schlüssel"), Reason::NoCertificate);
        assert_eq!(named("schlüssel"), Reason::NoKey);
    }
    let two = open(&pfx(&[&data(&[&plain, &plain])], Some(1)), &policy).unwrap();
    assert_eq!(two.signer().unwrap_err().reason(), Reason::SeveralKeys);
    assert_eq!(
        two.signer_named("Schlüssel").unwrap_err().reason(),
        Reason::SeveralKeys
    );
    let none = open(&pfx(&[], Some(1)), &policy).unwrap();
    assert_eq!(none.signer().unwrap_err().reason(), Reason::NoKey);
}

#[test]
fn a_key_of_an_unknown_type_does_not_keep_the_container_shut() {
    let mut unknown = ED25519_KEY;
    unknown[11] = 0x71;
    let bytes = pfx(
        &[&data(&[&shrouded(1, &unknown), &shrouded(1, &ED25519_KEY)])],
        Some(1),
    );
    let container = open(&bytes, &Pkcs12Policy::default()).unwrap();
    assert_eq!(
        container.keys()[0].key().unwrap_err().reason(),
        Reason::KeyUnsupported
    );
    assert_eq!(container.keys()[0].pkcs8_der().expose(), unknown);
    assert!(container.keys()[1].key().is_ok());
}

#[test]
fn the_checksum_is_demanded_and_checked() {
    let contents = data(&[&shrouded(1, &ED25519_KEY)]);
    let (with, without) = (pfx(&[&contents], Some(5)), pfx(&[&contents], None));
    let (policy, lax) = (
        Pkcs12Policy::default(),
        Pkcs12Policy::default().danger_accept_without_mac(),
    );
    assert_eq!(reason(&with, &policy), None);
    assert_eq!(reason(&without, &policy), Some(Reason::NoMac));
    assert_eq!(reason(&without, &lax), None);
    // The name of the bag is neither encrypted nor of consequence to reading: only the checksum sees the change.
    let mut changed = with;
    let at = changed
        .windows(4)
        .position(|part| part == [0, b'S', 0, b'c'])
        .unwrap();
    changed[at + 1] = b'X';
    assert_eq!(reason(&changed, &policy), Some(Reason::WrongPassword));
    assert_eq!(reason(&changed, &lax), Some(Reason::WrongPassword));

    for (contents, wrong) in [(contents, "wrong"), (encrypted_data(1, &[]), "wrong")] {
        let bytes = pfx(&[&contents], None);
        let refusal = Pkcs12::open(&bytes, &SecretString::new(wrong), &lax).unwrap_err();
        assert_eq!(refusal.reason(), Reason::WrongPassword);
    }
}

#[test]
fn an_empty_password_is_read_both_ways() {
    let bytes = pfx_with(&[&data(&[&bag("1", &ED25519_KEY)])], Some(1), "");
    let opened = Pkcs12::open(&bytes, &SecretString::new(""), &Pkcs12Policy::default());
    assert_eq!(opened.unwrap().keys().len(), 1);
    assert_eq!(
        reason(&bytes, &Pkcs12Policy::default()),
        Some(Reason::WrongPassword)
    );
    let forms: Vec<_> = Password::new("")
        .wide_forms()
        .map(|form| mac_key(form, 1))
        .collect();
    assert!(forms.len() == 2 && forms[0] != forms[1]);
}

fn algorithm(bytes: &[u8]) -> Option<String> {
    let refusal = open(bytes, &Pkcs12Policy::default()).unwrap_err();
    assert_eq!(refusal.reason(), Reason::ContainerUnsupported);
    let algorithm = refusal.algorithm().map(ToString::to_string);
    assert!(
        refusal.to_string().contains(algorithm.as_deref().unwrap()),
        "{refusal}"
    );
    algorithm
}

#[test]
fn what_is_not_implemented_is_named() {
    let parameters = der::sequence(&[&der::octet_string(b"salt"), &der::integer(&[1])]);
    let unknown_scheme = der::sequence(&[&oid("1.2.840.113549.1.12.1.7"), &parameters]);
    let unknown_scheme = bag(
        "2",
        &der::sequence(&[&unknown_scheme, &der::octet_string(&[0; 48])]),
    );
    let enveloped = der::sequence(&[
        &oid("1.2.840.113549.1.7.3"),
        &der::explicit(0, &der::sequence(&[])),
    ]);
    assert_eq!(
        algorithm(&pfx(&[&data(&[&unknown_scheme])], Some(1))).unwrap(),
        "1.2.840.113549.1.12.1.7"
    );
    assert_eq!(
        algorithm(&pfx(&[&enveloped], Some(1))).unwrap(),
        "1.2.840.113549.1.7.3"
    );
    // The whole container.
    let mut signed = pfx(&[], Some(1));
    let at = signed
        .windows(9)
        .position(|part| part == [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]);
    signed[at.unwrap() + 8] = 2;
    assert_eq!(algorithm(&signed).unwrap(), "1.2.840.113549.1.7.2");
}

#[test]
fn what_nobody_needs_is_passed_over_and_counted() {
    let other_certificate =
        der::sequence(&[&oid("1.2.840.113549.1.9.22.2"), &der::explicit(0, &der::null())]);
    let unknown_content = der::sequence(&[&oid("2.999.4"), &der::explicit(0, &der::null())]);
    let bags = [
        bag("3", &other_certificate),
        bag("4", &der::null()),
        bag("5", &der::null()),
        bag("9", &der::null()),
        bag("6", &der::sequence(&[&bag("1", &ED25519_KEY)])),
    ];
    let bags: Vec<&[u8]> = bags.iter().map(Vec::as_slice).collect();
    let bytes = pfx(&[&unknown_content, &data(&bags)], Some(1));
    let container = open(&bytes, &Pkcs12Policy::default()).unwrap();
    assert_eq!((container.keys().len(), container.certificates().len()), (1, 0));
    let named: Vec<_> = container
        .passed_over()
        .iter()
        .map(|part| {
            (
                part.kind().to_string(),
                part.refusal()
                    .and_then(Refusal::algorithm)
                    .map(ToString::to_string),
            )
        })
        .collect();
    let bag_type = |last: &str| format!("1.2.840.113549.1.12.10.1.{last}");
    assert_eq!(
        named,
        [
            ("2.999.4".to_owned(), Some("2.999.4".to_owned())),
            (bag_type("3"), Some("1.2.840.113549.1.9.22.2".to_owned())),
            (bag_type("4"), None),
            (bag_type("5"), None),
            (bag_type("9"), Some(bag_type("9"))),
        ]
    );
    assert!(format!("{container:?}").contains("2.999.4"));
    // The number of the version does not matter.
    let mut version = bytes;
    let at = version.windows(3).position(|part| part == [2, 1, 3]).unwrap();
    version[at + 2] = 4;
    assert_eq!(reason(&version, &Pkcs12Policy::default()), None);
}

#[test]
fn bags_in_bags_are_read_to_a_depth() {
    let nested = |depth| {
        let inner = (0..depth).fold(bag("1", &ED25519_KEY), |inner, _| {
            bag("6", &der::sequence(&[&inner]))
        });
        reason(&pfx(&[&data(&[&inner])], Some(1)), &Pkcs12Policy::default())
    };
    assert_eq!((nested(7), nested(8)), (None, Some(Reason::NotPkcs12)));
}

#[test]
fn cut_short_anywhere_it_is_truncated() {
    let bytes = pfx(&[&encrypted_data(1, &[&shrouded(1, &ED25519_KEY)])], Some(1));
    assert_eq!(reason(&[], &Pkcs12Policy::default()), Some(Reason::NotPkcs12));
    for end in 1..bytes.len() {
        assert_eq!(
            reason(&bytes[..end], &Pkcs12Policy::default()),
            Some(Reason::ContainerTruncated),
            "{end}"
        );
    }
}

#[test]
fn debug_and_errors_show_no_secret() {
    let bytes = pfx(&[&data(&[&bag("1", &ED25519_KEY)])], Some(1));
    let container = open(&bytes, &Pkcs12Policy::default()).unwrap();
    let seen = format!("{container:?} {:?}", container.keys());
    assert!(
        seen.contains("Schl") && !seen.contains("9, 9") && !seen.contains("0909"),
        "{seen}"
    );
    let wrong = SecretString::new("canary-Passw0rd");
    let refusal = Pkcs12::open(&bytes, &wrong, &Pkcs12Policy::default()).unwrap_err();
    assert!(!format!("{refusal} {refusal:?}").contains("canary"));
}

proptest! {
    #[test]
    fn changed_bytes_never_panic_and_never_run_long(at: prop::sample::Index, to: u8, lax: bool) {
        let mut bytes = pfx(&[&encrypted_data(1, &[&shrouded(1, &ED25519_KEY)])], Some(1));
        let at = at.index(bytes.len());
        bytes[at] = to;
        let policy = Pkcs12Policy::default().with_max_iterations(1000);
        _ = open(&bytes, &if lax { policy.danger_accept_without_mac() } else { policy });
    }

    #[test]
    fn garbage_is_refused(bytes: Vec<u8>) {
        prop_assert!(open(&bytes, &Pkcs12Policy::default()).is_err());
    }
}
