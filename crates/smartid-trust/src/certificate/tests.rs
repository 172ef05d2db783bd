//! Certificates of every odd form: what is read is exact, what cannot be read is refused, and nothing panics.

use proptest::prelude::*;
use smartid_core::Timestamp;

use super::*;
use crate::der::tag;
use crate::path::test_ca::{self, NOW, Spec, days, extension, key, name, subject_alt_name};

fn leaf() -> Spec {
    test_ca::leaf()
}

fn read(spec: &Spec) -> Result<Certificate, Reason> {
    Certificate::from_der(spec.der(&key(2))).map_err(|refusal| refusal.reason())
}

fn certificate(spec: &Spec) -> Certificate {
    read(spec).unwrap()
}

/// Asks for everything that can be asked.
fn look_at(certificate: &Certificate) -> usize {
    let mut seen = format!(
        "{certificate:?} {} {}",
        certificate.subject(),
        certificate.issuer()
    );
    seen += &certificate.serial_number().to_text(Radix::Decimal);
    seen += &format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        certificate.basic_constraints(),
        certificate.key_usage(),
        certificate.extended_key_usage(),
        certificate.policies(),
        certificate.subject_key_id(),
        certificate.subject_alt_names(),
        certificate.signature_algorithm(),
    );
    seen += &certificate.email_addresses().concat();
    seen += &certificate.user_principal_names().concat();
    seen += &certificate.dns_names().concat();
    seen += &certificate.uris().concat();
    seen += &format!("{:?}", certificate.public_key());
    seen.len()
}

fn rich() -> Vec<u8> {
    let upn = GeneralName::from_user_principal_name("a@corp.example").to_der();
    let names = [
        upn,
        der::tlv(0x81, b"a@example.com"),
        der::tlv(0x87, &[127, 0, 0, 1]),
    ]
    .concat();
    let policy = der::sequence(&[&der::oid(&"1.2.3".parse().unwrap())]);
    let spec = leaf()
        .with(subject_alt_name(&names))
        .with(test_ca::extended_key_usage(&[
            "1.3.6.1.5.5.7.3.4",
            "1.3.6.1.5.5.7.3.2",
        ]))
        .with(extension("2.5.29.32", false, &der::sequence(&[&policy])))
        .with(extension("2.5.29.14", false, &der::octet_string(&[1, 2, 3])))
        .with(test_ca::basic_constraints(false, None));
    Spec {
        subject: name("CN=Åsa \\+ Ek+UID=1,OU=A,OU=B,C=SE"),
        ..spec
    }
    .der(&key(2))
}

#[test]
fn everything_is_read_as_it_was_written() {
    let certificate = Certificate::from_der(rich()).unwrap();
    assert_eq!(certificate.version(), 3);
    assert_eq!(certificate.der(), &rich());
    assert_eq!(certificate.serial_number().to_text(Radix::Hex), "10");
    assert_eq!(
        certificate.subject().to_string(),
        "UID=1+CN=Åsa \\+ Ek,OU=A,OU=B,C=SE"
    );
    assert_eq!(certificate.issuer().to_string(), "CN=CA");
    assert_eq!(
        (certificate.not_before(), certificate.not_after()),
        (days(-10), days(10))
    );
    assert_eq!(certificate.email_addresses(), ["a@example.com"]);
    assert_eq!(certificate.user_principal_names(), ["a@corp.example"]);
    assert!(certificate.dns_names().is_empty() && certificate.uris().is_empty());
    assert_eq!(certificate.policies().unwrap(), ["1.2.3".parse().unwrap()]);
    assert_eq!(certificate.subject_key_id().unwrap().unwrap().as_ref(), [1, 2, 3]);
    assert_eq!(
        certificate
            .key_usage()
            .unwrap()
            .unwrap()
            .iter()
            .collect::<Vec<_>>(),
        [KeyUsage::DigitalSignature]
    );
    assert_eq!(certificate.extended_key_usage().unwrap().unwrap().len(), 2);
    let constraints = certificate.basic_constraints().unwrap().unwrap();
    assert_eq!((constraints.is_ca, constraints.path_length), (false, None));
    assert_eq!(certificate.signature_algorithm(), Ok(SignatureAlgorithm::Ed25519));
    assert_eq!(
        certificate.spki_der().as_ref(),
        certificate.public_key().unwrap().spki_der()
    );
    assert_eq!(certificate.extensions().len(), 6);
    assert!(!certificate.is_self_issued());
    let issuer = test_ca::intermediate().sign(&key(1));
    certificate.is_signed_by(&issuer.public_key().unwrap()).unwrap();
    let other = test_ca::root().public_key().unwrap();
    assert_eq!(
        certificate.is_signed_by(&other).unwrap_err().reason(),
        Reason::BadSignature
    );
}

#[test]
fn what_is_absent_is_none() {
    let bare = certificate(&leaf().without_extensions());
    assert_eq!(bare.key_usage(), Ok(None));
    assert_eq!(bare.extended_key_usage(), Ok(None));
    assert_eq!(bare.basic_constraints(), Ok(None));
    assert_eq!(bare.subject_key_id(), Ok(None));
    assert_eq!(bare.policies(), Ok(Vec::new()));
    assert_eq!(bare.subject_alt_names(), Ok(Vec::new()));
    assert!(bare.extensions().is_empty());
}

#[test]
fn each_truncation_is_refused_and_each_flipped_bit_is_survived() {
    let good = rich();
    for end in 0..good.len() {
        assert!(Certificate::from_der(good[..end].to_vec()).is_err(), "{end}");
    }
    assert!(Certificate::from_der([good.as_slice(), &[0]].concat()).is_err());
    let issuer = test_ca::intermediate().sign(&key(1)).public_key().unwrap();
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        if let Ok(certificate) = Certificate::from_der(bad) {
            assert!(look_at(&certificate) > 0);
            assert!(certificate.is_signed_by(&issuer).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn versions() {
    let bare = || leaf().without_extensions();
    assert_eq!(
        certificate(&Spec {
            version: None,
            ..bare()
        })
        .version(),
        1
    );
    assert_eq!(
        certificate(&Spec {
            version: Some(1),
            ..bare()
        })
        .version(),
        2
    );
    assert_eq!(
        read(&Spec {
            version: Some(3),
            ..bare()
        })
        .unwrap_err(),
        Reason::Malformed
    );
    assert_eq!(
        read(&Spec {
            version: None,
            ..leaf()
        })
        .unwrap_err(),
        Reason::Malformed,
        "extensions"
    );
    let unique = der::tlv(0x81, &[0, 1]);
    assert!(
        certificate(&Spec {
            unique_ids: unique.clone(),
            ..leaf()
        })
        .has_unique_ids()
    );
    let both = [unique.clone(), der::tlv(0x82, &[0, 1])].concat();
    assert!(
        certificate(&Spec {
            version: Some(1),
            unique_ids: both,
            ..bare()
        })
        .has_unique_ids()
    );
    let in_version_1 = Spec {
        version: None,
        unique_ids: unique,
        ..bare()
    };
    assert_eq!(read(&in_version_1).unwrap_err(), Reason::Malformed);
    assert!(!certificate(&leaf()).has_unique_ids());
}

#[test]
fn serial_numbers_of_every_sign_and_length() {
    for (octets, decimal) in [
        (&[0x00][..], "0"),
        (&[0x7f], "127"),
        (&[0x00, 0x80], "128"),
        (&[0x80], "-128"),
        (&[0xff], "-1"),
        (&[0xff, 0x7f], "-129"),
        (&[0xff, 0x00], "-256"),
    ] {
        let serial = certificate(&leaf().serial(octets)).serial_number().clone();
        assert_eq!(serial.to_text(Radix::Decimal), decimal);
        assert_eq!(serial.to_der_contents(), octets);
    }
    for bad in [&[][..], &[0, 0x7f], &[0xff, 0xff]] {
        assert_eq!(read(&leaf().serial(bad)).unwrap_err(), Reason::Malformed);
    }
    assert_eq!(
        certificate(&leaf().serial(&[1; 200]))
            .serial_number()
            .to_text(Radix::Hex)
            .len(),
        399
    );
}

#[test]
fn an_extension_occurs_once_and_lists_are_not_empty() {
    let twice = leaf().with(test_ca::key_usage(&[0]));
    assert_eq!(read(&twice).unwrap_err(), Reason::Malformed);
    let many = |count: u8| {
        (0..count).fold(leaf(), |spec, n| {
            spec.with(extension(&format!("1.2.{n}"), false, &[5, 0]))
        })
    };
    assert!(read(&many(63)).is_ok());
    assert_eq!(read(&many(64)).unwrap_err(), Reason::TooLarge);
    let empty = Spec {
        extensions: vec![Vec::new()],
        ..leaf()
    };
    assert_eq!(read(&empty).unwrap_err(), Reason::Malformed);
    let value =
        |oid, value: &[u8]| certificate(&leaf().without_extensions().with(extension(oid, false, value)));
    assert!(value("2.5.29.37", &[0x30, 0]).extended_key_usage().is_err());
    assert!(value("2.5.29.37", &[0x30, 2, 5, 0]).extended_key_usage().is_err());
    assert!(value("2.5.29.15", &[0x04, 1, 0]).key_usage().is_err());
    assert!(
        value("2.5.29.15", &[3, 2, 6, 0xff]).key_usage().is_err(),
        "unused bits that are set"
    );
    assert!(
        value("2.5.29.19", &[0x30, 3, 1, 1, 1])
            .basic_constraints()
            .is_err(),
        "a boolean that is 1"
    );
    assert!(
        value("2.5.29.19", &[0x30, 0, 0]).basic_constraints().is_err(),
        "something follows"
    );
    assert!(value("2.5.29.32", &[5, 0]).policies().is_err());
    assert!(
        value("2.5.29.17", &[0x30, 2, 0x8f, 0])
            .subject_alt_names()
            .is_err(),
        "an unknown form"
    );
}

#[test]
fn each_bit_of_the_key_usage() {
    for (index, usage) in KeyUsage::ALL.into_iter().enumerate() {
        let bits = if index < 8 {
            vec![3, 2, 0, 0x80 >> index]
        } else {
            vec![3, 3, 7, 0, 0x80]
        };
        let bare = leaf()
            .without_extensions()
            .with(extension("2.5.29.15", true, &bits));
        let usages = certificate(&bare).key_usage().unwrap().unwrap();
        assert_eq!(usages, [usage].into_iter().collect());
        assert_eq!(format!("{usages:?}"), format!("{{{usage:?}}}"));
    }
}

#[test]
fn each_form_of_alternative_name() {
    let directory = DistinguishedName::from_der(name("CN=A")).unwrap();
    let other = GeneralName::Other {
        oid: "1.2.3".parse().unwrap(),
        value_der: der::utf8("x").into(),
    };
    let names = vec![
        GeneralName::Email("a@example.com".into()),
        GeneralName::Dns("example.com".into()),
        GeneralName::Uri("urn:x".into()),
        GeneralName::Directory(directory),
        GeneralName::Ip(Bytes::from_static(&[127, 0, 0, 1])),
        GeneralName::RegisteredId("1.2.3".parse().unwrap()),
        GeneralName::from_user_principal_name("å@corp.example"),
        other,
        GeneralName::Unread(Bytes::from_static(&[0xa3, 0])),
        GeneralName::Unread(Bytes::from_static(&[0xa5, 0])),
    ];
    let encoded: Vec<u8> = names.iter().flat_map(GeneralName::to_der).collect();
    let certificate = certificate(&leaf().with(subject_alt_name(&encoded)));
    assert_eq!(certificate.subject_alt_names().unwrap(), names);
    assert_eq!(certificate.user_principal_names(), ["å@corp.example"]);
    assert_eq!(certificate.uris(), ["urn:x"]);
    assert_eq!(certificate.dns_names(), ["example.com"]);
    assert_eq!(names[7].user_principal_name(), None);
    let two = [der::utf8("one@corp.example"), der::utf8("two@corp.example")].concat();
    let two = der::explicit(
        0,
        &[der::oid(&general_name::UPN), der::explicit(0, &two)].concat(),
    );
    let two_values = self::certificate(&leaf().with(subject_alt_name(&two)));
    assert!(two_values.user_principal_names().is_empty());
    let many: Vec<u8> = (0..257).flat_map(|_| der::tlv(0x82, b"a")).collect();
    assert!(
        read(&leaf().with(subject_alt_name(&many)))
            .unwrap()
            .subject_alt_names()
            .is_err()
    );
    let latin = subject_alt_name(&der::tlv(0x81, &[0xe5]));
    let certificate = read(&leaf().with(latin)).unwrap();
    assert!(certificate.subject_alt_names().is_err() && certificate.email_addresses().is_empty());
}

#[test]
fn times_from_1970_to_9999() {
    let end = Timestamp::from_millis(253_402_300_799_000);
    let spec = Spec {
        from: Timestamp::from_millis(0),
        until: end,
        ..leaf()
    };
    let certificate = certificate(&spec);
    assert_eq!(
        (certificate.not_before(), certificate.not_after()),
        (spec.from, end)
    );
}

#[test]
fn two_algorithms_and_unused_bits_of_the_signature_are_refused() {
    let good = leaf().der(&key(2));
    let algorithm = SignatureAlgorithm::Ed25519.identifier();
    let last = good
        .windows(algorithm.len())
        .rposition(|window| window == algorithm)
        .unwrap();
    let mut two = good.clone();
    two[last + algorithm.len() - 1] ^= 1;
    assert_eq!(
        Certificate::from_der(two).unwrap_err().reason(),
        Reason::Malformed
    );
    let mut unused = good;
    unused[last + algorithm.len() + 2] = 1;
    assert_eq!(
        Certificate::from_der(unused).unwrap_err().reason(),
        Reason::Malformed
    );
}

#[test]
fn names_may_be_empty_but_not_their_parts() {
    let with = |subject: Vec<u8>| read(&Spec { subject, ..leaf() });
    let empty = with(name("")).unwrap().subject();
    assert!(empty.is_empty() && empty.to_string().is_empty() && empty.common_name().is_none());
    assert_eq!(with(vec![0x30, 2, 0x31, 0]).unwrap_err(), Reason::Malformed);
    assert_eq!(
        with(der::sequence(&[&der::set(&[&der::sequence(&[])])])).unwrap_err(),
        Reason::Malformed
    );
    let attribute = der::set(&[&der::sequence(&[
        &der::oid(&"2.5.4.3".parse().unwrap()),
        &der::utf8("a"),
    ])]);
    let many = |count| with(der::tlv(tag::SEQUENCE, &attribute.repeat(count)));
    assert!(many(64).is_ok());
    assert_eq!(many(65).unwrap_err(), Reason::Malformed);
}

#[test]
fn large_things_are_refused() {
    let large = Certificate::from_der(vec![0x30; MAX_CERTIFICATE_LEN + 1]).unwrap_err();
    assert_eq!(large.reason(), Reason::TooLarge);
    let megabyte = Certificate::from_der(vec![0; 1 << 20]).unwrap_err();
    assert_eq!(megabyte.reason(), Reason::TooLarge);
    let nested = [0x30, 0x80].repeat(50_000);
    assert_eq!(
        Certificate::from_der(nested).unwrap_err().reason(),
        Reason::Malformed
    );
}

#[test]
fn equal_is_who_has_the_same_bytes() {
    let one = certificate(&leaf());
    assert_eq!(one, certificate(&leaf()));
    assert_ne!(one, certificate(&leaf().serial(&[0x11])));
    assert!(NOW > one.not_before());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(certificate) = Certificate::from_der(bytes) {
            look_at(&certificate);
        }
    }

    #[test]
    fn any_extension_value_is_read_or_refused(
        oid in prop::sample::select(vec!["2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.32", "2.5.29.37"]),
        value in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let spec = leaf().without_extensions().with(extension(oid, false, &value));
        look_at(&Certificate::from_der(spec.der(&key(2))).unwrap());
    }

    #[test]
    fn several_bytes_changed(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bad = rich();
        for (index, octet) in changes {
            let index = index.index(bad.len());
            bad[index] = octet;
        }
        if let Ok(certificate) = Certificate::from_der(bad) {
            look_at(&certificate);
        }
    }
}
