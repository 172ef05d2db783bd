//! Certificates read by their bytes: what is told from what, what order they come to, and what every kind of damage does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

#[cfg(feature = "zip")]
mod archives;
#[path = "../script/mod.rs"]
mod script;

use proptest::prelude::*;
use script::{certificate, pki};
use smartid_cm::{Certificates, CertificatesError};
use smartid_core::base64::{Flavour, encode};
use smartid_trust::Certificate;

fn parse(bytes: impl Into<Vec<u8>>) -> Result<Certificates, CertificatesError> {
    Certificates::parse(bytes.into())
}

fn names(certificates: &[Certificate]) -> Vec<String> {
    let subject = |one: &Certificate| one.subject().to_string();
    certificates.iter().map(subject).collect()
}

fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match contents.len() {
        short @ 0..0x80 => out.push(u8::try_from(short).unwrap()),
        long => {
            let octets = u32::try_from(long).unwrap().to_be_bytes();
            let significant = octets.iter().skip_while(|octet| **octet == 0);
            let significant: Vec<u8> = significant.copied().collect();
            out.push(0x80 | u8::try_from(significant.len()).unwrap());
            out.extend(significant);
        }
    }
    out.extend_from_slice(contents);
    out
}

const SIGNED_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const DATA: &[u8] = &[0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];

/// PKCS #7 of whatever stands in its set.
fn pkcs7(certificates: &[u8]) -> Vec<u8> {
    let parts = [
        &[2, 1, 1, 0x31, 0][..],
        DATA,
        &tlv(0xa0, certificates),
        &[0x31, 0],
    ];
    let body = tlv(0xa0, &tlv(0x30, &parts.concat()));
    tlv(0x30, &[SIGNED_DATA, &body].concat())
}

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        encode(Flavour::Standard, der)
    )
}

#[test]
fn every_form_of_the_same_certificates_gives_the_same() {
    let chain = ["device-rsa.der", "issuing-rsa.der", "root.der"].map(certificate);
    let p7 = pki("chain.p7");
    let concatenated: Vec<u8> = chain.iter().flat_map(|one| one.der().to_vec()).collect();
    let pems: String = chain.iter().map(|one| pem("CERTIFICATE", one.der())).collect();
    let mislabelled = pem("CERTIFICATE", &p7);
    for (what, bytes) in [
        ("DER", p7.clone()),
        ("BER", pki("chain-ber.p7")),
        ("base64", encode(Flavour::Standard, &p7).into_bytes()),
        ("base64 in lines", pki("chain.p7.b64")),
        ("PEM of PKCS #7", pki("chain.p7.pem")),
        ("PKCS #7 under another label", mislabelled.into_bytes()),
        ("one behind the other", concatenated.clone()),
        ("with a line end", [&p7[..], b"\r\n"].concat()),
        ("with zeros", [&p7[..], &[0; 7]].concat()),
        (
            "base64 of one behind the other",
            encode(Flavour::Standard, &concatenated).into_bytes(),
        ),
        ("PEM", pems.clone().into_bytes()),
        ("PEM with CRLF", pems.replace('\n', "\r\n").into_bytes()),
        (
            "PEM with text in latin-1",
            [b"subject=T\xfcr\n", pems.as_bytes()].concat(),
        ),
        (
            "PEM with headers",
            pems.replace("-----\nMII", "-----\nComment: x\n\nMII")
                .into_bytes(),
        ),
        (
            "an older label",
            pems.replace("CERTIFICATE", "X509 CERTIFICATE").into_bytes(),
        ),
        ("twice", [pems.as_bytes(), pems.as_bytes()].concat()),
        #[cfg(feature = "zip")]
        ("ZIP", pki("chain.zip")),
        #[cfg(feature = "zip")]
        (
            "base64 of ZIP",
            encode(Flavour::Standard, &pki("chain.zip")).into_bytes(),
        ),
    ] {
        let read = parse(bytes.clone()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(read.bytes(), &bytes, "{what}: the bytes are untouched");
        assert_eq!((read.all().unwrap().len(), read.unreadable()), (3, 0), "{what}");
        assert_eq!(read.chain().unwrap(), chain, "{what}");
        assert_eq!(read.leaf().unwrap(), &chain[0], "{what}");
        assert_eq!(
            read.chain_for(&chain[0].public_key().unwrap()).unwrap(),
            chain,
            "{what}"
        );
    }
}

#[cfg(not(feature = "zip"))]
#[test]
fn an_archive_is_kept_and_names_the_feature_that_reads_it() {
    let bytes = pki("chain.zip");
    let read = parse(bytes.clone()).unwrap();
    assert_eq!(read.bytes(), &bytes);
    let key = certificate("device-rsa.der").public_key().unwrap();
    for error in [
        read.all().unwrap_err(),
        read.leaf().unwrap_err(),
        read.chain().unwrap_err(),
        read.chain_for(&key).unwrap_err(),
        read.of_key(&key).unwrap_err(),
    ] {
        assert_eq!(error, CertificatesError::ZipFeature);
        assert!(error.to_string().contains("feature `zip`"));
    }
}

#[test]
fn a_chain_is_put_in_order_from_any_order() {
    let chain = ["device-p256.der", "issuing-p256.der", "root.der"];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let pems: String = order
            .iter()
            .map(|at| pem("CERTIFICATE", &pki(chain[*at])))
            .collect();
        let read = parse(pems).unwrap();
        assert_eq!(read.chain().unwrap(), chain.map(certificate), "{order:?}");
        assert_eq!(
            read.all().unwrap(),
            order.map(|at| certificate(chain[at])),
            "kept as they came"
        );
    }
}

#[test]
fn without_a_key_the_end_must_be_clear() {
    let of = |files: &[&str]| {
        let pems: String = files.iter().map(|file| pem("CERTIFICATE", &pki(file))).collect();
        parse(pems).unwrap()
    };
    let error = of(&["device-rsa.der", "device-p256.der"]).leaf().unwrap_err();
    assert_eq!(error, CertificatesError::SeveralLeaves);
    let error = of(&["device-rsa.der", "issuing-rsa.der", "unrelated.der"])
        .chain()
        .unwrap_err();
    assert_eq!(error, CertificatesError::SeveralLeaves);
    assert_eq!(
        names(&of(&["root.der"]).chain().unwrap()).len(),
        1,
        "a root is its own end"
    );
    assert_eq!(
        of(&["issuing-rsa.der", "root.der"]).chain().unwrap().len(),
        2,
        "a CA's certificate"
    );
}

#[test]
fn a_name_alone_makes_no_issuer() {
    let mut impostor = pki("issuing-rsa.der");
    let key = certificate("issuing-rsa.der").spki_der().clone();
    let at = impostor
        .windows(key.len())
        .position(|window| window == key)
        .unwrap();
    impostor[at + key.len() / 2] ^= 1;
    let pems = [pki("device-rsa.der"), impostor]
        .map(|der| pem("CERTIFICATE", &der))
        .concat();
    let read = parse(pems).unwrap();
    assert_eq!(read.leaf().unwrap_err(), CertificatesError::SeveralLeaves);
    let device = certificate("device-rsa.der");
    assert_eq!(read.chain_for(&device.public_key().unwrap()).unwrap(), [device]);
}

#[test]
fn a_key_decides_and_not_a_subject() {
    let read = parse(pki("chain-two-leaves.p7")).unwrap();
    let (own, other) = (certificate("device-rsa.der"), certificate("other-key.der"));
    assert_eq!(own.subject().to_string(), other.subject().to_string());
    assert_eq!(read.chain_for(&own.public_key().unwrap()).unwrap()[0], own);
    assert_eq!(read.chain_for(&other.public_key().unwrap()).unwrap()[0], other);
    let stranger = certificate("device-p256.der").public_key().unwrap();
    assert_eq!(
        read.chain_for(&stranger).unwrap_err(),
        CertificatesError::OtherKey
    );
    assert!(read.of_key(&stranger).unwrap().is_empty());
}

#[test]
fn several_certificates_for_one_key_are_all_had() {
    // The same key, another subject: a procedure that issues two.
    let two: String = ["other-subject.der", "device-rsa.der", "issuing-rsa.der"]
        .map(|file| pem("CERTIFICATE", &pki(file)))
        .concat();
    let read = parse(two).unwrap();
    let key = certificate("device-rsa.der").public_key().unwrap();
    assert_eq!(read.of_key(&key).unwrap().len(), 2);
    let chain = read.chain_for(&key).unwrap();
    assert_eq!(chain, ["other-subject.der", "issuing-rsa.der"].map(certificate));
    assert_eq!(read.leaf().unwrap_err(), CertificatesError::SeveralLeaves);
}

#[test]
fn what_is_cut_off_anywhere_is_refused_or_says_what_is_missing() {
    for file in [
        "chain.p7",
        "chain-ber.p7",
        "device-p256.der",
        "leaf.pem",
        "leaf.b64",
    ] {
        let whole = pki(file);
        let full = parse(whole.clone()).unwrap().all().unwrap().len();
        let text = whole.trim_ascii_end().len();
        for length in 0..text {
            if let Ok(read) = parse(&whole[..length]) {
                panic!(
                    "{file} cut at {length} of {text} gives {:?}",
                    read.all().map(<[_]>::len)
                );
            }
        }
        assert!(full >= 1);
    }
}

#[test]
fn an_unreadable_certificate_among_others_is_counted() {
    let good = pki("device-rsa.der");
    let broken = tlv(0x30, &[0x30, 0, 2, 1, 3]);
    for bytes in [
        pkcs7(&[&good[..], &broken].concat()),
        [pem("CERTIFICATE", &broken), pem("CERTIFICATE", &good)]
            .concat()
            .into_bytes(),
        [
            pem("CERTIFICATE", &good),
            "-----BEGIN CERTIFICATE-----\n***\n-----END CERTIFICATE-----\n".to_owned(),
        ]
        .concat()
        .into_bytes(),
    ] {
        let read = parse(bytes).unwrap();
        assert_eq!((read.all().unwrap().len(), read.unreadable()), (1, 1));
    }
    assert!(parse(pkcs7(&broken)).is_err(), "nothing but what cannot be read");
    assert!(parse(pkcs7(&[])).is_err(), "nothing at all");
}

#[test]
fn there_are_caps() {
    let many = |count: usize| -> Vec<u8> {
        let template = pki("device-p256.der");
        (0..count)
            .flat_map(|number| {
                // Another serial number each; the signature is then wrong, which nobody asks.
                let mut der = template.clone();
                let serial = der.windows(10).position(|window| window[..2] == [2, 9]).unwrap();
                der[serial + 3..serial + 5]
                    .copy_from_slice(&u16::try_from(0x8000 + number).unwrap().to_be_bytes());
                der
            })
            .collect()
    };
    assert_eq!(parse(pkcs7(&many(128))).unwrap().all().unwrap().len(), 128);
    let refused = |bytes: Vec<u8>, what: &str| {
        assert!(
            matches!(parse(bytes), Err(CertificatesError::Unreadable(_))),
            "{what}"
        );
    };
    refused(pkcs7(&many(129)), "129 in PKCS #7");
    refused(pkcs7(&many(200)), "200 in PKCS #7");
    refused(many(200), "200 one behind the other");
    let one = |der: &[u8]| pem("CERTIFICATE", der);
    let size = pki("device-p256.der").len();
    refused(
        many(200).chunks(size).map(one).collect::<String>().into_bytes(),
        "200 in PEM",
    );
    let sections = |count| {
        let flood = "-----BEGIN X-----\n-----END X-----\n".repeat(count);
        [one(&pki("device-p256.der")), flood].concat().into_bytes()
    };
    assert!(parse(sections(1023)).is_ok());
    refused(sections(1024), "a flood of sections");
    refused(
        "-----BEGIN ".repeat(300_000).into_bytes(),
        "a flood of beginnings",
    );
    refused(
        "-----BEGIN CERTIFICATE-----\n".repeat(100_000).into_bytes(),
        "a flood of nested beginnings",
    );
    refused(vec![b'A'; 9 * 1024 * 1024], "nine MiB of base64");
    let mut padded = pki("device-p256.der");
    padded.resize(5 * 1024 * 1024, 0);
    refused(padded, "a certificate before five MiB of zeros");
    refused(
        [&pki("device-p256.der")[..], b"x"].concat(),
        "something else behind a certificate",
    );
    refused([0x30, 0x80].repeat(100_000), "nesting without an end");
    refused(pkcs7(&[0x30, 0x80].repeat(50_000)), "nesting inside PKCS #7");
    refused(
        [&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff][..], &[0; 64]].concat(),
        "four GiB",
    );
    refused(
        [&[0x30, 0x88][..], &[0xff; 64]].concat(),
        "a length of eight octets",
    );
}

#[test]
fn thousands_of_signatures_are_not_checked_to_find_an_end() {
    // All of one name and one key: each might have issued each, and each did issue the last.
    let template = pki("root.der");
    let all: Vec<u8> = (0..120_u8)
        .rev()
        .flat_map(|number| {
            let mut der = template.clone();
            let last = der.len() - 1;
            der[last] = der[last].wrapping_add(number);
            der
        })
        .collect();
    let read = parse(pkcs7(&all)).unwrap();
    assert_eq!(read.all().unwrap().len(), 120);
    assert_eq!(read.leaf().unwrap_err(), CertificatesError::NoLeaf);
}

#[test]
fn what_is_no_certificate_is_told_from_one() {
    for (what, bytes) in [
        ("nothing", &b""[..]),
        ("white space", b" \r\n"),
        ("a word", b"OK"),
        ("zero", b"0"),
        ("digits, which begin as DER does", b"0123456789"),
        ("JSON", br#"{"certificate":"MIIB"}"#),
        (
            "a private key",
            b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
        ),
        ("half a page", b"-----BEGIN CERTIFICATE"),
        ("gzip", &[0x1f, 0x8b, 8, 0]),
    ] {
        assert!(
            matches!(parse(bytes), Err(CertificatesError::Unreadable(_))),
            "{what}"
        );
    }
    assert!(
        parse(pki("attribute.der")).is_err(),
        "an attribute certificate is none"
    );
    let shown = pem("CERTIFICATE", &pki("device-rsa.der"));
    for (before, after) in [("<html><pre>", "</pre>"), ("{\"a\":\"", "\"}"), (" [\"", "\"]")] {
        assert!(
            parse(format!("{before}{shown}{after}")).is_err(),
            "{before}: a document that shows one"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = parse(bytes);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(-----(BEGIN|END) (CERTIFICATE|PKCS7|X)-----|[A-Za-z0-9+/=: \r\n]){0,40}") {
        let _ = parse(text);
    }

    #[test]
    fn a_changed_octet_never_gives_a_certificate_that_was_not_there(at in any::<prop::sample::Index>(), octet: u8) {
        let mut bytes = pki("chain.p7");
        let at = at.index(bytes.len());
        bytes[at] = octet;
        if let Ok(read) = parse(bytes) {
            prop_assert!(read.all().unwrap().len() <= 3);
            let _ = (read.leaf(), read.chain());
        }
    }
}
