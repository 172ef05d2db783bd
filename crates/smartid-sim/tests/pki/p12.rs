//! PKCS #12: what is put in comes out under the same password, and hostile files cost nothing.

use std::num::NonZeroU32;

use aws_lc_rs::{hmac, pbkdf2};
use smartid_sim::TestCa;
use smartid_sim::pki::p12::{P12Mac, P12Part, P12Recipe};
use smartid_sim::pki::{KeyKind, Profile, Validity, p12};

use crate::{NOW, ec, refused, rsa};

#[test]
fn key_and_certificates_come_back() {
    let ca = TestCa::new(1, NOW).unwrap();
    for key in [rsa(), ec(KeyKind::P256), ec(KeyKind::P384), ec(KeyKind::P521)] {
        let certificate = ca
            .issue_for_key("CN=recovered", &key, Profile::Encryption, Validity::days(NOW, 30))
            .unwrap();
        let chain = [
            certificate.der().to_vec(),
            ca.issuer_der().to_vec(),
            ca.root_der().to_vec(),
        ];
        let file = p12::make(&key, &chain, "pass wörd").unwrap();
        let [entry] = <[p12::Entry; 1]>::try_from(p12::open(&file, "pass wörd").unwrap()).unwrap();
        assert_eq!(entry.key.public_key(), key.public_key());
        assert_eq!(entry.key.expose_pkcs8(), key.expose_pkcs8());
        assert_eq!(entry.certificates, chain);
        assert_eq!(
            format!("{entry:?}"),
            format!("Entry {{ key: {key:?}, certificates: 3 }}")
        );
        for wrong in ["", "pass word", "pass wörd "] {
            refused(p12::open(&file, wrong), "password is another");
        }
    }
}

#[test]
fn garbage_is_refused() {
    let key = ec(KeyKind::P256);
    let file = p12::make(&key, &[], "secret").unwrap();
    assert_eq!(p12::open(&file, "secret").unwrap().len(), 1);
    for length in 0..file.len() {
        refused(p12::open(&file[..length], "secret"), "PKCS #12");
    }
    for place in (0..file.len()).step_by(13) {
        let mut wrong = file.clone();
        wrong[place] ^= 0x55;
        assert!(p12::open(&wrong, "secret").is_err(), "byte {place}");
    }
    // What stands behind it is garbage, unless it is too long to be looked at.
    let behind = |length: usize| {
        let digits = u32::try_from(length).unwrap().to_be_bytes();
        [&file, &[0x04, 0x84][..], &digits, &vec![0; length]].concat()
    };
    refused(p12::open(&behind(1), "secret"), "no PKCS #12 file");
    refused(p12::open(&behind(1024 * 1024), "secret"), "too much");
    refused(p12::make(&key, &[vec![1, 2, 3]], "secret"), "cannot be made");
}

#[test]
fn more_rounds_than_reasonable_are_refused_before_they_are_made() {
    let file = p12::make(&ec(KeyKind::P256), &[], "secret").unwrap();
    p12::open(&file, "secret").unwrap();
    // 2048 as INTEGER right behind a salt; made a number of the same length that is negative, which no honest file has.
    let rounds = [0x02, 0x02, 0x08, 0x00];
    let places: Vec<usize> = (0..=file.len() - 4)
        .filter(|place| file[*place..place + 4] == rounds)
        .collect();
    assert!(places.len() >= 2, "the key's and the MAC's: {places:?}");
    for place in places {
        let mut wrong = file.clone();
        wrong[place + 2] = 0xff;
        refused(p12::open(&wrong, "secret"), "too much");
    }
}

#[test]
fn nesting_without_end_is_refused() {
    let mut nested = Vec::new();
    for _ in 0..200 {
        let mut outer = vec![0x30, 0x82];
        outer.extend(u16::try_from(nested.len()).unwrap().to_be_bytes());
        outer.extend(nested);
        nested = outer;
    }
    refused(p12::open(&nested, "secret"), "too much");
    // Many small elements beside each other.
    let flat = [&[0x30, 0x82, 0x40, 0x00][..], &[0x05, 0x00].repeat(0x2000)].concat();
    refused(p12::open(&flat, "secret"), "too much");
}

/// The contents of the elements in a DER element.
fn inside(element: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    let mut rest = element;
    while let [_, first, ..] = rest {
        let count = usize::from(if *first < 0x80 { 0 } else { first & 0x7f });
        let digits = &rest[2..2 + count];
        let length = digits.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let length = if *first < 0x80 {
            usize::from(*first)
        } else {
            length
        };
        let (content, behind) = rest[2 + count..].split_at(length);
        out.push(content);
        rest = behind;
    }
    out
}

/// RFC 9579, step by step with other means than the writer's: where the octets stand, and what they must be.
#[test]
fn pbmac1_is_what_the_rfc_says() {
    let key = ec(KeyKind::P256);
    let recipe = P12Recipe::modern().mac(P12Mac::Pbmac1).iterations(3000);
    let file = p12::write(&[P12Part::new(&key, &[])], &recipe, "pä55").unwrap();
    let parts = inside(inside(&file)[0]);
    // PFX: version, ContentInfo with [0] and an octet string, MacData.
    let content = inside(inside(inside(parts[1])[1])[0]);
    assert_eq!(content.len(), 1, "one AuthenticatedSafe");
    let signed = inside(inside(parts[1])[1])[0];
    let mac_data = inside(parts[2]);
    let info = inside(mac_data[0]);
    let algorithm = inside(info[0]);
    // 1.2.840.113549.1.5.14
    assert_eq!(
        algorithm[0],
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0e]
    );
    let parameters = inside(algorithm[1]);
    let derivation = inside(inside(parameters[0])[1]);
    let (salt, rounds, length, prf) = (derivation[0], derivation[1], derivation[2], inside(derivation[3]));
    let hmac_sha256 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09];
    assert_eq!((rounds, length), (&[0x0b, 0xb8][..], &[32][..]));
    assert_eq!(
        (prf[0], inside(parameters[1])[0]),
        (&hmac_sha256[..], &hmac_sha256[..])
    );
    let mut derived = [0; 32];
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        NonZeroU32::new(3000).unwrap(),
        salt,
        "pä55".as_bytes(),
        &mut derived,
    );
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &derived), signed, info[1]).unwrap();
    assert_eq!(
        mac_data.len(),
        2,
        "a salt that is not used, and one round, which is the default"
    );
}
