//! Keys in every form that is read, and in forms that must not be.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{self as aws, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};

use super::{Curve, KeyType, PublicKey};
use crate::algorithm::{EC_PUBLIC_KEY, ED25519, RSA_ENCRYPTION, RSA_PSS};
use crate::der::{self, Oid};
use crate::{DigestAlgorithm, Reason, SignatureAlgorithm};

const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;

fn spki(algorithm: &[&[u8]], key: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::sequence(algorithm), &der::bit_string(key)])
}

fn reason(spki: &[u8]) -> Reason {
    PublicKey::from_spki_der(spki).unwrap_err().reason()
}

fn rsa() -> RsaKeyPair {
    RsaKeyPair::generate(KeySize::Rsa2048).unwrap()
}

fn p256() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&aws::ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()
}

fn rsa_sign(key: &RsaKeyPair, padding: &'static dyn aws::RsaEncoding, message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(padding, &SystemRandom::new(), message, &mut signature)
        .unwrap();
    signature
}

fn curve_oid(text: &str) -> Vec<u8> {
    der::oid(&text.parse::<Oid>().unwrap())
}

#[test]
fn the_same_key_is_equal_however_it_was_written() {
    let pkcs1 = rsa().public_key().as_ref().to_vec();
    let with_null =
        PublicKey::from_spki_der(&spki(&[&der::oid(&RSA_ENCRYPTION), &der::null()], &pkcs1)).unwrap();
    let without = PublicKey::from_spki_der(&spki(&[&der::oid(&RSA_ENCRYPTION)], &pkcs1)).unwrap();
    assert_eq!(with_null, without);
    assert_eq!(with_null.key_type(), KeyType::Rsa { bits: 2048 });
    assert_eq!(PublicKey::from_spki_der(with_null.spki_der()).unwrap(), with_null);

    let point = p256().public_key().as_ref().to_vec();
    let compressed = [&[2 | point[64] & 1], &point[1..33]].concat();
    let curve = curve_oid("1.2.840.10045.3.1.7");
    let full = PublicKey::from_spki_der(&spki(&[&der::oid(&EC_PUBLIC_KEY), &curve], &point)).unwrap();
    let short = PublicKey::from_spki_der(&spki(&[&der::oid(&EC_PUBLIC_KEY), &curve], &compressed)).unwrap();
    assert_eq!(full, short);
    assert_eq!(full.key_type(), KeyType::Ec(Curve::P256));
    assert_ne!(full, with_null);
}

#[test]
fn a_key_for_pss_only_makes_no_other_signatures() {
    let key = rsa();
    let read = PublicKey::from_spki_der(&spki(&[&der::oid(&RSA_PSS)], key.public_key().as_ref())).unwrap();
    let pkcs1 = rsa_sign(&key, &aws::RSA_PKCS1_SHA256, b"m");
    let pss = rsa_sign(&key, &aws::RSA_PSS_SHA256, b"m");
    assert_eq!(
        read.verify(SignatureAlgorithm::RsaPkcs1(SHA256), b"m", &pkcs1)
            .unwrap_err()
            .reason(),
        Reason::AlgorithmDoesNotFitKey
    );
    assert_eq!(
        read.verify(SignatureAlgorithm::rsa_pss(SHA256), b"m", &pss),
        Ok(())
    );
}

#[test]
fn the_salt_length_is_part_of_the_algorithm() {
    let key = rsa();
    let read = PublicKey::from_spki_der(&spki(
        &[&der::oid(&RSA_ENCRYPTION), &der::null()],
        key.public_key().as_ref(),
    ))
    .unwrap();
    let pss = rsa_sign(&key, &aws::RSA_PSS_SHA256, b"m");
    for (salt_len, good) in [(32, true), (31, false), (0, false), (222, false), (1024, false)] {
        let verdict = read.verify(
            SignatureAlgorithm::RsaPss {
                digest: SHA256,
                salt_len,
            },
            b"m",
            &pss,
        );
        assert_eq!(verdict.is_ok(), good, "{salt_len}");
        let digest = SHA256.of(b"m");
        let algorithm = SignatureAlgorithm::RsaPss {
            digest: SHA256,
            salt_len,
        };
        assert_eq!(
            read.verify_digest(algorithm, &digest, &pss).is_ok(),
            good,
            "{salt_len}"
        );
    }
}

#[test]
fn every_key_refuses_the_algorithms_of_the_others() {
    let rsa_key = rsa();
    let ec_key = p256();
    let ed_key = Ed25519KeyPair::generate().unwrap();
    let rsa_public = PublicKey::from_spki_der(&spki(
        &[&der::oid(&RSA_ENCRYPTION)],
        rsa_key.public_key().as_ref(),
    ))
    .unwrap();
    let ec_public = PublicKey::from_ec_point(Curve::P256, ec_key.public_key().as_ref()).unwrap();
    let ed_public = PublicKey::from_ed25519(ed_key.public_key().as_ref()).unwrap();
    let rng = SystemRandom::new();
    let signed = [
        (
            SignatureAlgorithm::RsaPkcs1(SHA256),
            rsa_sign(&rsa_key, &aws::RSA_PKCS1_SHA256, b"m"),
            &rsa_public,
        ),
        (
            SignatureAlgorithm::rsa_pss(SHA256),
            rsa_sign(&rsa_key, &aws::RSA_PSS_SHA256, b"m"),
            &rsa_public,
        ),
        (
            SignatureAlgorithm::Ecdsa(SHA256),
            ec_key.sign(&rng, b"m").unwrap().as_ref().to_vec(),
            &ec_public,
        ),
        (
            SignatureAlgorithm::Ed25519,
            ed_key.sign(b"m").as_ref().to_vec(),
            &ed_public,
        ),
    ];
    for (algorithm, signature, key) in &signed {
        assert_eq!(key.verify(*algorithm, b"m", signature), Ok(()), "{algorithm:?}");
        if let Some(digest) = algorithm.digest() {
            let verdict = |message: &[u8]| key.verify_digest(*algorithm, &digest.of(message), signature);
            assert_eq!(verdict(b"m"), Ok(()), "{algorithm:?}");
            assert_eq!(verdict(b"n").unwrap_err().reason(), Reason::BadSignature);
            let foreign = DigestAlgorithm::Sha512.of(b"m");
            let verdict = key.verify_digest(*algorithm, &foreign, signature);
            assert_eq!(verdict.unwrap_err().reason(), Reason::BadSignature);
        }
        assert_eq!(
            key.verify(*algorithm, b"n", signature).unwrap_err().reason(),
            Reason::BadSignature
        );
        for (other, _, other_key) in &signed {
            let verdict = other_key.verify(*algorithm, b"m", signature);
            assert_eq!(verdict.is_ok(), key == other_key, "{algorithm:?} {other:?}");
            if key != other_key {
                assert_eq!(verdict.unwrap_err().reason(), Reason::AlgorithmDoesNotFitKey);
            }
        }
    }
    let padding_swapped = rsa_public.verify(SignatureAlgorithm::rsa_pss(SHA256), b"m", &signed[0].1);
    assert_eq!(padding_swapped.unwrap_err().reason(), Reason::BadSignature);
}

#[test]
fn sha1_is_for_rsa_keys_and_makes_no_other_signature() {
    let key = rsa();
    let pkcs1 = key.public_key().as_ref();
    let public = PublicKey::from_spki_der(&spki(&[&der::oid(&RSA_ENCRYPTION), &der::null()], pkcs1)).unwrap();
    let sha256 = rsa_sign(&key, &aws::RSA_PKCS1_SHA256, b"text");
    let refusal = public.verify_rsa_sha1(b"text", &sha256).unwrap_err();
    assert_eq!(refusal.reason(), Reason::BadSignature);
    let curve = curve_oid("1.2.840.10045.3.1.7");
    let point = p256();
    let point = point.public_key().as_ref();
    let ec = PublicKey::from_spki_der(&spki(&[&der::oid(&EC_PUBLIC_KEY), &curve], point)).unwrap();
    let refusal = ec.verify_rsa_sha1(b"text", &sha256).unwrap_err();
    assert_eq!(refusal.reason(), Reason::AlgorithmDoesNotFitKey);
}

#[test]
fn jws_binds_the_digest_to_the_curve() {
    let key = EcdsaKeyPair::generate(&aws::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let public = PublicKey::from_ec_point(Curve::P256, key.public_key().as_ref()).unwrap();
    let signature = key.sign(&SystemRandom::new(), b"m").unwrap();
    assert_eq!(
        public.verify_jose(SignatureAlgorithm::Ecdsa(SHA256), b"m", signature.as_ref()),
        Ok(())
    );
    assert_eq!(
        public
            .verify(SignatureAlgorithm::Ecdsa(SHA256), b"m", signature.as_ref())
            .unwrap_err()
            .reason(),
        Reason::BadSignature,
        "two numbers are not ASN.1"
    );
    for digest in [DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
        let verdict = public.verify_jose(SignatureAlgorithm::Ecdsa(digest), b"m", signature.as_ref());
        assert_eq!(verdict.unwrap_err().reason(), Reason::AlgorithmDoesNotFitKey);
    }
}

#[test]
fn sizes_at_the_edge() {
    let exponent = [1, 0, 1];
    let modulus = |bits: usize| {
        let mut octets = vec![0xff; bits.div_ceil(8)];
        octets[0] = 0xff >> (octets.len() * 8 - bits);
        octets
    };
    let verdict = |bits| PublicKey::from_rsa(&modulus(bits), &exponent, false).map(|key| key.key_type());
    assert_eq!(verdict(2047).unwrap_err().reason(), Reason::KeyTooSmall);
    assert_eq!(verdict(2048), Ok(KeyType::Rsa { bits: 2048 }));
    assert_eq!(verdict(8192), Ok(KeyType::Rsa { bits: 8192 }));
    assert_eq!(verdict(8193).unwrap_err().reason(), Reason::TooLarge);
    let exponents: [(&[u8], bool); 7] = [
        (&[3], true),
        (&[1, 0, 1], true),
        (&[1], false),
        (&[0], false),
        (&[2], false),
        (&[1, 0, 0], false),
        (&[1; 6], false),
    ];
    for (exponent, good) in exponents {
        let verdict = PublicKey::from_rsa(&modulus(2048), exponent, false);
        assert_eq!(verdict.is_ok(), good, "{exponent:?}");
        if let Err(refusal) = verdict {
            assert_eq!(refusal.reason(), Reason::KeyInvalid);
        }
    }
    let mut even = modulus(2048);
    even[255] = 0xfe;
    assert_eq!(
        PublicKey::from_rsa(&even, &exponent, false).unwrap_err().reason(),
        Reason::KeyInvalid
    );
}

#[test]
fn forms_that_are_no_keys() {
    let point = p256().public_key().as_ref().to_vec();
    let ec = der::oid(&EC_PUBLIC_KEY);
    let curve = curve_oid("1.2.840.10045.3.1.7");
    let mut off = point.clone();
    off[64] ^= 1;
    assert_eq!(
        reason(&spki(&[&ec, &curve], &off)),
        Reason::KeyInvalid,
        "a point off the curve"
    );
    assert_eq!(reason(&spki(&[&ec, &curve], &point[..64])), Reason::KeyInvalid);
    assert_eq!(reason(&spki(&[&ec, &curve], &[])), Reason::KeyInvalid);
    assert_eq!(
        reason(&spki(&[&ec, &curve], &[0])),
        Reason::KeyInvalid,
        "the point at infinity"
    );
    assert_eq!(
        reason(&spki(&[&ec, &curve], &[&[6][..], &point[1..]].concat())),
        Reason::KeyInvalid,
        "hybrid form"
    );
    assert_eq!(
        reason(&spki(&[&ec, &curve], &[&[2][..], &[0xff; 32]].concat())),
        Reason::KeyInvalid
    );
    assert_eq!(reason(&spki(&[&ec], &point)), Reason::KeyUnsupported, "no curve");
    assert_eq!(
        reason(&spki(&[&ec, &der::sequence(&[])], &point)),
        Reason::KeyUnsupported,
        "explicit parameters"
    );
    assert_eq!(
        reason(&spki(&[&ec, &curve_oid("1.3.36.3.3.2.8.1.1.7")], &point)),
        Reason::KeyUnsupported,
        "Brainpool"
    );
    assert_eq!(
        reason(&spki(&[&ec, &curve, &der::null()], &point)),
        Reason::Malformed
    );
    assert_eq!(
        reason(&spki(&[&curve_oid("1.2.840.10040.4.1")], &point)),
        Reason::KeyUnsupported,
        "DSA"
    );
    let ed = der::oid(&ED25519);
    assert_eq!(reason(&spki(&[&ed], &[1; 31])), Reason::KeyInvalid);
    assert_eq!(reason(&spki(&[&ed, &der::null()], &[1; 32])), Reason::Malformed);
    let rsa_oid = der::oid(&RSA_ENCRYPTION);
    let negative = der::sequence(&[&der::tlv(2, &[0x80; 256]), &der::integer(&[3])]);
    assert_eq!(
        reason(&spki(&[&rsa_oid, &der::null()], &negative)),
        Reason::KeyInvalid
    );
    assert_eq!(
        reason(&spki(&[&rsa_oid, &der::tlv(5, &[0])], &negative)),
        Reason::Malformed
    );
    assert_eq!(reason(&spki(&[&rsa_oid, &der::null()], b"x")), Reason::Malformed);
    assert_eq!(reason(&der::sequence(&[])), Reason::Malformed);
    assert_eq!(reason(b""), Reason::Malformed);
}

#[test]
fn a_truncated_key_is_refused_at_every_length() {
    let key = PublicKey::from_ec_point(Curve::P256, p256().public_key().as_ref()).unwrap();
    for len in 0..key.spki_der().len() {
        assert_eq!(reason(&key.spki_der()[..len]), Reason::Malformed, "{len}");
    }
}

/// With the neutral point as key, (1, 0) is a signature over everything; the seven others take a few tries.
#[test]
fn ed25519_keys_of_small_order_are_refused() {
    let read = |octets: &[u8]| PublicKey::from_spki_der(&spki(&[&der::oid(&ED25519)], octets));
    let mut points = vec![[0; 32]; 2];
    points[1][0] = 1;
    for first in 0xec..=0xee {
        let mut minus_one = [0xff; 32];
        (minus_one[0], minus_one[31]) = (first, 0x7f);
        points.push(minus_one);
    }
    for order_8 in [
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ] {
        let digits: Vec<char> = order_8.chars().collect();
        let digit = |index: usize| u8::try_from(digits[index].to_digit(16).unwrap()).unwrap();
        let octet = |index: usize| digit(2 * index) << 4 | digit(2 * index + 1);
        points.push(std::array::from_fn(octet));
    }
    for mut point in points {
        for sign in [0, 0x80] {
            point[31] = point[31] & 0x7f | sign;
            assert_eq!(
                read(&point).unwrap_err().reason(),
                Reason::KeyInvalid,
                "{point:x?}"
            );
            // Its neighbour is another point, or none.
            let mut other = point;
            other[15] ^= 1;
            assert!(!super::spki::has_small_order(&other));
        }
    }
}
