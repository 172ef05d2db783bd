//! Containers that no program writes: each wrong in one thing.

mod handover;

use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac};
use proptest::prelude::*;
use smartid_core::SecretString;

use super::{Pkcs12, Pkcs12Policy};
use crate::der::{self, Oid, tag};
use crate::pbe::tests::encrypt;
use crate::pbe::{self, Password, Purpose};
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
    let (algorithm, encrypted) = encrypt(2, 2, count, "password", plain);
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
        let key = pbe::derive(
            &digest::SHA256,
            Purpose::Mac,
            Password::new(password),
            b"salt",
            NonZeroU32::new(count).unwrap(),
            32,
        );
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
fn the_budget_is_one_for_everything_hidden_bags_included() {
    let bags = [shrouded(10, &ED25519_KEY), shrouded(10, &ED25519_KEY)];
    let bytes = pfx(&[&encrypted_data(10, &[&bags[0], &bags[1]])], Some(10));
    let with = |iterations| reason(&bytes, &Pkcs12Policy::default().with_max_iterations(iterations));
    assert_eq!(with(40), None);
    for less in [0, 9, 19, 29, 39] {
        assert_eq!(with(less), Some(Reason::KdfIterations), "{less}");
    }
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
    let password = Password::new("").unterminated().unwrap();
    let digest = &digest::SHA256;
    let key = |password| pbe::derive(digest, Purpose::Mac, password, b"salt", NonZeroU32::MIN, 32);
    let old_mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key(Password::new(""))), b"x");
    assert!(
        hmac::verify(
            &hmac::Key::new(hmac::HMAC_SHA256, &key(password)),
            b"x",
            old_mac.as_ref()
        )
        .is_err()
    );
    assert!(Password::new("x").unterminated().is_none());
}

#[test]
fn what_is_not_implemented_says_so() {
    let rc4 = {
        let parameters = der::sequence(&[&der::octet_string(b"salt"), &der::integer(&[1])]);
        let algorithm = der::sequence(&[&oid("1.2.840.113549.1.12.1.1"), &parameters]);
        bag("2", &der::sequence(&[&algorithm, &der::octet_string(&[0; 48])]))
    };
    let other_certificate =
        der::sequence(&[&oid("1.2.840.113549.1.9.22.2"), &der::explicit(0, &der::null())]);
    let enveloped = der::sequence(&[
        &oid("1.2.840.113549.1.7.3"),
        &der::explicit(0, &der::sequence(&[])),
    ]);
    for contents in [
        data(&[&rc4]),
        data(&[&bag("6", &der::sequence(&[]))]),
        data(&[&bag("3", &other_certificate)]),
        enveloped,
    ] {
        let bytes = pfx(&[&contents], Some(1));
        assert_eq!(
            reason(&bytes, &Pkcs12Policy::default()),
            Some(Reason::ContainerUnsupported)
        );
    }
    for passed_over in ["4", "5"] {
        let bytes = pfx(&[&data(&[&bag(passed_over, &der::null())])], Some(1));
        assert!(open(&bytes, &Pkcs12Policy::default()).unwrap().keys().is_empty());
    }
    let mut version = pfx(&[], Some(1));
    let at = version.windows(3).position(|part| part == [2, 1, 3]).unwrap();
    version[at + 2] = 4;
    assert_eq!(
        reason(&version, &Pkcs12Policy::default()),
        Some(Reason::ContainerUnsupported)
    );
}

#[test]
fn caps_hold() {
    let empty = bag("5", &der::null());
    let bags: Vec<&[u8]> = vec![&empty; 1024];
    assert_eq!(
        reason(&pfx(&[&data(&bags)], Some(1)), &Pkcs12Policy::default()),
        None
    );
    let half: Vec<&[u8]> = vec![&empty; 513];
    let split = pfx(&[&data(&half), &data(&half)], Some(1));
    assert_eq!(reason(&split, &Pkcs12Policy::default()), Some(Reason::TooLarge));
    let bytes = pfx(&[], Some(1));
    let with = |length| reason(&bytes, &Pkcs12Policy::default().with_max_len(length));
    assert_eq!(with(bytes.len()), None);
    assert_eq!(with(bytes.len() - 1), Some(Reason::TooLarge));
}

#[test]
fn cut_short_anywhere_it_is_malformed() {
    let bytes = pfx(&[&encrypted_data(1, &[&shrouded(1, &ED25519_KEY)])], Some(1));
    for end in 0..bytes.len() {
        assert_eq!(
            reason(&bytes[..end], &Pkcs12Policy::default()),
            Some(Reason::Malformed),
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
        let _ = open(&bytes, &if lax { policy.danger_accept_without_mac() } else { policy });
    }

    #[test]
    fn garbage_is_refused(bytes: Vec<u8>) {
        prop_assert!(open(&bytes, &Pkcs12Policy::default()).is_err());
    }
}
