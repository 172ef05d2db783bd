//! Attestations that mean harm, or are made of things that nobody knows here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

use proptest::prelude::*;
use smartid_core::base64::{Flavour, encode};
use smartid_da::fido::{
    Attestation, AttestationError, AttestationKind, AttestationVerdict, AttestationWrong as Wrong,
    ChainEntry, CoseAlgorithm, Registration, SignatureCheck, StatementNotChecked as NotChecked,
};

fn registration(object: &[u8]) -> Registration {
    let object = encode(Flavour::Url, object);
    let text = format!(
        r#"{{"id":"AQID","rawId":"AQID","type":"public-key","response":{{"clientDataJSON":"e30","attestationObject":"{object}"}}}}"#
    );
    Registration::parse(&text).unwrap()
}

fn attestation(object: &[u8]) -> Result<Attestation, AttestationError> {
    Attestation::of(&registration(object))
}

/// A head of CBOR: the major type in the upper bits, and a number.
fn head(major: u8, number: usize) -> Vec<u8> {
    match number {
        0..=23 => vec![major | u8::try_from(number).unwrap()],
        24..=255 => vec![major | 24, u8::try_from(number).unwrap()],
        _ => {
            let [high, low] = u16::try_from(number).unwrap().to_be_bytes();
            vec![major | 25, high, low]
        }
    }
}

fn bytes(octets: &[u8]) -> Vec<u8> {
    [head(0x40, octets.len()), octets.to_vec()].concat()
}

fn text(text: &str) -> Vec<u8> {
    [head(0x60, text.len()), text.into()].concat()
}

fn map(members: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = head(0xa0, members.len());
    for (name, value) in members {
        out.extend([name.as_slice(), value].concat());
    }
    out
}

fn object(format: &str, statement: &[u8], auth_data: &[u8]) -> Vec<u8> {
    let members = [
        (text("fmt"), text(format)),
        (text("attStmt"), statement.to_vec()),
        (text("authData"), bytes(auth_data)),
    ];
    map(&members)
}

fn auth_data(key: &[u8]) -> Vec<u8> {
    [&[7; 32], &[0x45, 0, 0, 0, 0][..], &[0; 16], &[0, 3, 1, 2, 3], key].concat()
}

/// A COSE key of P-256 whose point is anything.
fn p256() -> Vec<u8> {
    let point = [[0x21].to_vec(), bytes(&[1; 32]), [0x22].to_vec(), bytes(&[2; 32])].concat();
    [&[0xa5, 1, 2, 3, 0x26, 0x20, 1], point.as_slice()].concat()
}

/// A COSE key of RSA with this many octets; `algorithm` is CBOR.
fn rsa(algorithm: &[u8], length: usize) -> Vec<u8> {
    let parts = [
        &[0xa4, 1, 3, 3],
        algorithm,
        &[0x20],
        &bytes(&vec![0xff; length]),
        &[0x21],
        &bytes(&[1, 0, 1]),
    ];
    parts.concat()
}

fn packed(members: &[(Vec<u8>, Vec<u8>)], key: &[u8]) -> Attestation {
    attestation(&object("packed", &map(members), &auth_data(key))).unwrap()
}

/// Self attestation with this `alg` and a signature of nothing.
fn own(algorithm: &[u8], key: &[u8]) -> AttestationVerdict {
    let signature = (text("sig"), bytes(&[0; 256]));
    packed(&[(text("alg"), algorithm.to_vec()), signature], key).verdict()
}

fn golden(file: &str) -> Registration {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/attestation/");
    Registration::parse(&std::fs::read_to_string(format!("{folder}{file}.registration.json")).unwrap())
        .unwrap()
}

/// The golden registration with one run of octets put in the place of another.
fn altered(file: &str, from: &[u8], to: &[u8]) -> Attestation {
    let whole = golden(file);
    let whole = whole.attestation_object();
    let at = whole.windows(from.len()).position(|run| run == from).unwrap();
    attestation(&[&whole[..at], to, &whole[at + from.len()..]].concat()).unwrap()
}

const RS1: [u8; 3] = [0x39, 0xff, 0xfe];

#[test]
fn what_cannot_be_verified_here_is_not_called_wrong() {
    let not = AttestationVerdict::NotChecked;
    let rs256 = [0x39, 1, 0];
    assert_eq!(own(&rs256, &rsa(&rs256, 128)), not(NotChecked::Key));
    assert_eq!(own(&rs256, &rsa(&rs256, 1200)), not(NotChecked::Key));
    assert_eq!(
        own(&RS1, &rsa(&RS1, 256)),
        not(NotChecked::Algorithm(CoseAlgorithm::RS1))
    );
    let ed448 = [
        &[0xa4, 1, 1, 3, 0x38, 0x34, 0x20, 7, 0x21],
        bytes(&[3; 57]).as_slice(),
    ]
    .concat();
    assert_eq!(own(&[0x38, 0x34], &ed448), not(NotChecked::Key));
    assert_eq!(
        own(&[0x38, 0x63], &[0xa2, 1, 2, 3, 0x38, 0x63]),
        not(NotChecked::Key)
    );
    let many: Vec<_> = (0..33)
        .map(|index| (text(&format!("m{index}")), vec![0]))
        .collect();
    assert_eq!(packed(&many, &p256()).verdict(), not(NotChecked::TooManyMembers));
    let large = [&[0x81], bytes(&vec![0x30; 65_535]).as_slice()].concat();
    let large = packed(&[(text("x5c"), large)], &p256());
    assert!(matches!(large.certificates(), Some([ChainEntry::Unreadable(octets)]) if octets.len() == 65_535));
}

#[test]
fn long_chains_are_cut() {
    for (length, kept) in [(16, 16), (17, 17), (300, 17)] {
        let chain = [head(0x80, length), bytes(b"x").repeat(length)].concat();
        let found = packed(&[(text("x5c"), chain)], &p256());
        assert_eq!(found.certificates().map(<[_]>::len), Some(kept));
        let verdict = match length {
            16 => AttestationVerdict::Wrong(Wrong::CertificateMalformed),
            _ => AttestationVerdict::NotChecked(NotChecked::TooManyCertificates),
        };
        assert_eq!(found.verdict(), verdict);
    }
}

#[test]
fn keys_that_are_none_are_wrong() {
    assert_eq!(
        own(&[0x26], &p256()),
        AttestationVerdict::Wrong(Wrong::KeyInvalid)
    );
}

#[test]
fn a_name_in_two_forms_is_a_member_twice() {
    // "alg" in one piece, and in chunks.
    let twice = [
        (text("alg"), vec![0x26]),
        (b"\x7f\x63alg\xff".to_vec(), vec![0x27]),
    ];
    let read = attestation(&object("packed", &map(&twice), &auth_data(&p256())));
    assert!(matches!(read, Err(AttestationError::Cbor(_))), "{read:?}");
}

#[test]
fn without_a_credential_there_is_no_attestation() {
    let bare = [&[7; 32], &[0x05, 0, 0, 0, 0][..]].concat();
    let read = attestation(&object("none", &[0xa0], &bare));
    assert_eq!(
        read.unwrap_err(),
        AttestationError::AuthData("it has no credential")
    );
}

#[test]
fn sha1_is_for_tpms_with_rsa_keys() {
    let alg = |value: &[u8]| [&text("alg"), value].concat();
    let wrong = altered("tpm-ecc-aik-es256", &alg(&[0x26]), &alg(&RS1));
    assert_eq!(
        wrong.verdict(),
        AttestationVerdict::Wrong(Wrong::AlgorithmDiffers)
    );
    let packed = altered("packed-x5c-rs256", &alg(&[0x39, 1, 0]), &alg(&RS1));
    assert_eq!(
        packed.verdict(),
        AttestationVerdict::NotChecked(NotChecked::Algorithm(CoseAlgorithm::RS1))
    );
}

#[test]
fn chains_of_every_format_hang_together_and_begin_with_the_leaf() {
    for file in ["packed-x5c-two", "tpm-with-root", "apple", "android-key"] {
        let good = Attestation::of(&golden(file)).unwrap();
        let Some([ChainEntry::Certificate(leaf), ChainEntry::Certificate(issuer), ..]) = good.certificates()
        else {
            panic!("{file}");
        };
        let (leaf, issuer) = (bytes(leaf.der()), bytes(issuer.der()));
        let whole = golden(file).raw().to_owned();
        let put = |chain: &[&Vec<u8>; 2]| {
            let object = golden(file).attestation_object().to_vec();
            let pair = [leaf.clone(), issuer.clone()].concat();
            let at = object.windows(pair.len()).position(|run| run == pair).unwrap();
            let changed = [&object[..at], chain[0], chain[1], &object[at + pair.len()..]].concat();
            let text = whole.replace(&encode(Flavour::Url, &object), &encode(Flavour::Url, &changed));
            Attestation::of(&Registration::parse(&text).unwrap())
                .unwrap()
                .verdict()
        };
        assert_eq!(put(&[&leaf, &issuer]), AttestationVerdict::Verified, "{file}");
        assert_eq!(
            put(&[&leaf, &leaf]),
            AttestationVerdict::Wrong(Wrong::Chain),
            "{file}"
        );
        assert_eq!(
            put(&[&issuer, &leaf]),
            AttestationVerdict::Wrong(Wrong::CertificateOrder),
            "{file}"
        );
    }
}

#[test]
fn a_u2f_key_is_es256_by_that_number_alone() {
    let key = |algorithm| [0xa5, 1, 2, 3, algorithm, 0x20, 1];
    let other = altered("fido-u2f", &key(0x26), &key(0x28));
    assert_eq!(other.key_algorithm(), CoseAlgorithm::ESP256);
    assert_eq!(other.verdict(), AttestationVerdict::Wrong(Wrong::KeyType));
}

#[test]
fn every_octet_of_a_self_attestation_counts() {
    let good = golden("packed-self-es256");
    assert_eq!(
        Attestation::of(&good).unwrap().verdict(),
        AttestationVerdict::Verified
    );
    let text = good.raw().to_owned();
    let whole = good.attestation_object().to_vec();
    let old = encode(Flavour::Url, &whole);
    for at in 0..whole.len() {
        for bit in [0x01, 0x80] {
            let mut turned = whole.clone();
            turned[at] ^= bit;
            let registration =
                Registration::parse(&text.replace(&old, &encode(Flavour::Url, &turned))).unwrap();
            if let Ok(found) = Attestation::of(&registration) {
                assert_ne!(found.verdict(), AttestationVerdict::Verified, "octet {at}");
                assert_ne!(found.signature(), SignatureCheck::Verified, "octet {at}");
            }
        }
    }
    for length in 1..whole.len() {
        assert!(attestation(&whole[..length]).is_err(), "{length} octets");
    }
}

proptest! {
    #[test]
    fn any_statement_is_read_or_refused(
        format in "none|packed|fido-u2f|tpm|apple|android-key|x",
        names in proptest::collection::vec("alg|sig|x5c|ver|certInfo|pubArea|x", 0..7),
        values in proptest::collection::vec(any::<Vec<u8>>(), 7),
    ) {
        let members: Vec<_> = names.iter().zip(&values).map(|(name, value)| (text(name), bytes(value))).collect();
        if let Ok(found) = attestation(&object(&format, &map(&members), &auth_data(&p256()))) {
            prop_assert_eq!(found.format().as_str(), format.as_str());
            let nothing = found.kind() == AttestationKind::None && names.is_empty();
            prop_assert_eq!(found.verdict() == AttestationVerdict::Verified, nothing);
        }
    }

    #[test]
    fn damaged_statements_never_panic(which in 0..5_usize, at: prop::sample::Index, octet: u8) {
        let file = ["packed-x5c-aaguid", "fido-u2f", "tpm-ecc", "apple", "android-key"][which];
        let mut whole = golden(file).attestation_object().to_vec();
        let at = at.index(whole.len());
        whole[at] = octet;
        let _ = attestation(&whole);
    }
}
