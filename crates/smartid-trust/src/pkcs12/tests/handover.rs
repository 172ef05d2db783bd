//! What p12-keystore gets, and that nothing is lost on the way through it.

use super::*;
use crate::der::Reader;
use crate::pkcs12::{archive, container};

/// Every kind of thing that a password opens.
fn encrypted_everywhere() -> Vec<u8> {
    let (algorithm, encrypted) = encrypt(2, 2, 1, "password", &ED25519_KEY);
    let hidden = der::sequence(&[&der::sequence(&[&algorithm]), &der::octet_string(&encrypted)]);
    let secret = der::sequence(&[
        &oid("1.2.840.113549.1.12.10.1.2"),
        &der::explicit(0, &der::octet_string(&hidden)),
    ]);
    let bags = [
        shrouded(1, &ED25519_KEY),
        bag("5", &secret),
        bag("1", &ED25519_KEY),
    ];
    let bags: Vec<&[u8]> = bags.iter().map(Vec::as_slice).collect();
    pfx(&[&data(&bags), &encrypted_data(1, &bags)], Some(1))
}

/// The types of the bags in what p12-keystore gets; anything that it would decrypt or derive for is a panic.
fn handed_over(bytes: &[u8], password: &str) -> Vec<String> {
    let (plain, _) = container::open(bytes, &SecretString::new(password), &lax());
    let bytes = archive::pfx(plain.unwrap().bags.iter());
    let mut pfx = Reader::only(&bytes, tag::SEQUENCE, "").unwrap().reader();
    pfx.next().unwrap();
    let content = pfx.next().unwrap();
    assert!(pfx.is_empty(), "a checksum");
    let safe = octets_of(content.contents);
    let mut contents = Reader::only(&safe, tag::SEQUENCE, "").unwrap().reader();
    let mut kinds = Vec::new();
    while !contents.is_empty() {
        let bags = octets_of(contents.next().unwrap().contents);
        let mut bags = Reader::only(&bags, tag::SEQUENCE, "").unwrap().reader();
        while !bags.is_empty() {
            let kind = bags.next().unwrap().reader().oid("").unwrap().to_string();
            assert!(
                ["1.2.840.113549.1.12.10.1.1", "1.2.840.113549.1.12.10.1.3"].contains(&kind.as_str()),
                "{kind}"
            );
            kinds.push(kind);
        }
    }
    kinds
}

/// The octets of a ContentInfo that is not encrypted.
fn octets_of(info: &[u8]) -> Vec<u8> {
    let mut info = Reader::new(info);
    assert_eq!(info.oid("").unwrap(), container::DATA, "something encrypted");
    let content = info.next().unwrap();
    let octets = Reader::only(content.contents, tag::OCTET_STRING, "").unwrap();
    octets.contents.to_vec()
}

fn lax() -> Pkcs12Policy {
    Pkcs12Policy::default().danger_accept_without_mac()
}

#[test]
fn nothing_encrypted_is_handed_over() {
    assert_eq!(handed_over(&encrypted_everywhere(), "password").len(), 4);
    let container = open(&encrypted_everywhere(), &Pkcs12Policy::default()).unwrap();
    assert_eq!(container.keys().len(), 4);
    assert!(
        container
            .keys()
            .iter()
            .all(|entry| entry.pkcs8_der().expose() == ED25519_KEY)
    );
    assert!(handed_over(&pfx(&[], None), "password").is_empty());

    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pkcs12");
    let mut opened = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let readable = !path.ends_with("bad-truncated.p12");
        if readable && path.extension().is_some_and(|extension| extension == "p12") {
            assert!(!handed_over(&bytes, "test-Passw0rd").is_empty());
            opened += 1;
        }
    }
    assert!(opened >= 10, "{opened}");
}

#[test]
fn a_key_comes_out_byte_for_byte() {
    let attribute =
        |oid_text: &str| der::sequence(&[&oid(oid_text), &der::set(&[&der::null(), &der::null()])]);
    // Attributes in an order that DER forbids, and twice.
    let attributes = [
        attribute("2.5.29.16"),
        attribute("2.5.29.15"),
        attribute("2.5.29.15"),
    ]
    .concat();
    let attributes = der::explicit(0, &attributes);
    let public = der::tlv(tag::context_primitive(1), &[0; 33]);
    let inside = &ED25519_KEY[5..];
    let version = |number| der::integer(&[number]);
    for key in [
        ED25519_KEY.to_vec(),
        der::sequence(&[&version(0), inside, &attributes]),
        der::sequence(&[&version(1), inside, &attributes, &public]),
        der::sequence(&[&version(1), inside, &public]),
        // Neither fits its version; the key is refused when it is used, not the container.
        der::sequence(&[&version(0), inside, &public]),
        der::sequence(&[&version(7), inside]),
        // Parameters of any kind, or none.
        der::sequence(&[
            &version(0),
            &der::sequence(&[&oid("1.2.3"), &der::sequence(&[&attributes])]),
            &der::octet_string(&[]),
        ]),
    ] {
        for bag in [bag("1", &key), shrouded(1, &key)] {
            let bytes = pfx(&[&data(&[&bag, &self::bag("1", &ED25519_KEY)])], Some(1));
            let container = open(&bytes, &Pkcs12Policy::default()).unwrap();
            assert_eq!(container.keys()[0].pkcs8_der().expose(), key);
            assert_eq!(container.keys()[0].friendly_name(), Some("Schlüssel"));
            assert!(container.keys()[1].key().is_ok());
        }
    }
}

/// A key bag with these attributes.
fn attributed(attributes: &[u8]) -> Vec<u8> {
    let bag = der::sequence(&[
        &oid("1.2.840.113549.1.12.10.1.1"),
        &der::explicit(0, &ED25519_KEY),
        &der::tlv(tag::SET, attributes),
    ]);
    pfx(&[&data(&[&bag])], Some(1))
}

fn name(units: &[u16]) -> Vec<u8> {
    let octets: Vec<u8> = units.iter().copied().flat_map(u16::to_be_bytes).collect();
    let values = der::set(&[&der::tlv(tag::BMP_STRING, &octets)]);
    der::sequence(&[&oid("1.2.840.113549.1.9.20"), &values])
}

fn local_key_id(octets: &[u8]) -> Vec<u8> {
    let values = der::set(&[&der::octet_string(octets)]);
    der::sequence(&[&oid("1.2.840.113549.1.9.21"), &values])
}

#[test]
fn every_name_comes_out() {
    let read = |attributes: &[u8]| {
        let container = open(&attributed(attributes), &Pkcs12Policy::default()).unwrap();
        let entry = &container.keys()[0];
        (
            entry.friendly_name().map(str::to_owned),
            entry.local_key_id().map(<[u8]>::to_vec),
        )
    };
    let text = |text: &str| text.encode_utf16().collect::<Vec<_>>();
    for (units, expected) in [
        (text("plain"), "plain"),
        (text(""), ""),
        (text("a\0"), "a\0"),
        (text("\u{fffe}\u{fffd}"), "\u{fffe}\u{fffd}"),
        // Outside what UCS-2 has.
        (text("key 🔑"), "key 🔑"),
        (text("\u{ffff}"), "\u{ffff}"),
        (vec![0xd83d, 0x61], "\u{fffd}a"),
    ] {
        assert_eq!(read(&name(&units)).0.as_deref(), Some(expected), "{units:x?}");
        let both = [local_key_id(b"1"), name(&units)].concat();
        assert_eq!(read(&both), (Some(expected.to_owned()), Some(b"1".to_vec())));
    }
    let half = der::set(&[&der::tlv(tag::BMP_STRING, &[0, b'a', 0])]);
    let half = der::sequence(&[&oid("1.2.840.113549.1.9.20"), &half]);
    assert_eq!(read(&half).0.as_deref(), Some("a\u{fffd}"));
    // The first one counts, and what is no text does not.
    let twice = [
        name(&text("a")),
        name(&text("b")),
        local_key_id(b"1"),
        local_key_id(b"2"),
    ]
    .concat();
    assert_eq!(read(&twice), (Some("a".to_owned()), Some(b"1".to_vec())));
    let odd = der::sequence(&[&oid("1.2.840.113549.1.9.20"), &der::set(&[&der::null()])]);
    let strange = der::sequence(&[
        &oid("1.3.6.1.4.1.311.17.1"),
        &der::set(&[&der::null(), &der::null()]),
    ]);
    assert_eq!(read(&[odd, strange].concat()), (None, None));
    assert_eq!(read(&[]), (None, None));
}

#[test]
fn keys_without_identifiers_and_strangers_keep_their_order() {
    let mut other = ED25519_KEY;
    other[47] = 8;
    let bytes = pfx(
        &[
            &data(&[
                &bag("1", &other),
                &bag("4", &der::null()),
                &shrouded(1, &ED25519_KEY),
            ]),
            &encrypted_data(1, &[&bag("1", &other)]),
        ],
        Some(1),
    );
    let container = open(&bytes, &Pkcs12Policy::default()).unwrap();
    let keys: Vec<_> = container
        .keys()
        .iter()
        .map(|entry| entry.pkcs8_der().expose())
        .collect();
    assert_eq!(keys, [&other[..], &ED25519_KEY, &other]);
}

#[test]
fn what_is_no_key_is_refused_and_what_is_no_certificate_is_passed_over() {
    let certificate = crate::Certificate::from_pem(include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/doc/officer-one.pem"
    )))
    .unwrap();
    let certificate_bag = |der: &[u8]| {
        let octets = der::explicit(0, &der::octet_string(der));
        bag("3", &der::sequence(&[&oid("1.2.840.113549.1.9.22.1"), &octets]))
    };
    let with_key = |bag: &[u8]| {
        let bytes = pfx(&[&data(&[bag, &self::bag("1", &ED25519_KEY)])], Some(1));
        open(&bytes, &Pkcs12Policy::default()).unwrap()
    };
    let good = with_key(&certificate_bag(certificate.der()));
    assert_eq!(
        (good.certificates().len(), good.keys().len(), good.passed_over()),
        (1, 1, &[][..])
    );
    // SubjectPublicKeyInfo with an algorithm of another type.
    let mut changed = certificate.der().to_vec();
    let spki = changed
        .windows(certificate.spki_der().len())
        .position(|part| part == certificate.spki_der().as_ref())
        .unwrap();
    changed[spki + 2] = tag::OCTET_STRING;
    assert!(crate::Certificate::from_der(changed.clone()).is_ok());
    // p12-keystore refuses it, and it comes out all the same.
    assert_eq!(with_key(&certificate_bag(&changed)).certificates().len(), 1);
    let no_certificate = with_key(&certificate_bag(b"certificate"));
    assert_eq!(
        (no_certificate.certificates().len(), no_certificate.keys().len()),
        (0, 1)
    );
    let [passed_over] = no_certificate.passed_over() else {
        panic!("{no_certificate:?}");
    };
    assert_eq!(passed_over.kind().to_string(), "1.2.840.113549.1.12.10.1.3");
    assert_eq!(passed_over.refusal().unwrap().reason(), Reason::Malformed);
    for (bad, expected) in [
        (bag("1", &der::null()), Reason::NotPkcs12),
        (
            bag("1", &der::sequence(&[&der::integer(&[0])])),
            Reason::NotPkcs12,
        ),
        (bag("1", &[ED25519_KEY, ED25519_KEY].concat()), Reason::NotPkcs12),
        (shrouded(1, &der::sequence(&[])), Reason::NotPkcs12),
        (shrouded(1, b"no sequence"), Reason::WrongPassword),
    ] {
        assert_eq!(
            reason(&pfx(&[&data(&[&bad])], Some(1)), &Pkcs12Policy::default()),
            Some(expected)
        );
        // Beside a key that can be read it is only passed over.
        let beside = with_key(&bad);
        assert_eq!((beside.keys().len(), beside.passed_over().len()), (1, 1));
    }
}
