//! Each cipher and each digest that is read, as OpenSSL computes it.

use super::super::block;
use super::super::cipher::Cipher;
use super::super::derive::Derivation;
use super::super::hash::Hash;
use super::*;
use crate::pbe::{Purpose, pkcs12};

const PLAIN: &[u8] = b"Some plain text, longer than two blocks.";

fn octets(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(' ').collect())
}

fn counted(from: usize, step: usize, len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| u8::try_from((from + step * at) % 256).unwrap())
        .collect()
}

/// The parameters of a cipher as PBES2 has them.
fn encryption(oid: &Oid, parameters: &[u8]) -> Vec<u8> {
    [der::oid(oid), parameters.to_vec()].concat()
}

#[test]
fn every_cipher_and_mode_decrypts() {
    let mut seen = 0;
    for row in rows(include_str!("../../../tests/fixtures/pbe/ciphers.txt")) {
        let [oid, key_len, iv_len, encrypted] = row[..] else {
            panic!("{row:?}")
        };
        let oid: Oid = oid.parse().unwrap();
        let (key_len, iv_len) = (key_len.parse().unwrap(), iv_len.parse().unwrap());
        let (key, iv) = (counted(1, 7, key_len), counted(5, 11, iv_len));
        // Without an initial vector there may be a NULL; RC2 has parameters of its own.
        let parameters = match iv_len {
            0 => der::null(),
            _ if oid.to_string() == "1.2.840.113549.3.2" => {
                der::sequence(&[&der::integer(&[58]), &der::octet_string(&iv)])
            }
            _ => der::octet_string(&iv),
        };
        let encryption = encryption(&oid, &parameters);
        let cipher = Cipher::parse(Reader::new(&encryption), None).unwrap();
        assert_eq!(
            (cipher.key_len, cipher.iv.as_slice()),
            (key_len, iv.as_slice()),
            "{oid}"
        );
        let plain = cipher.decrypt(&key, &cipher.iv, &octets(encrypted)).unwrap();
        assert_eq!(plain.as_slice(), PLAIN, "{oid}");
        // Another length of the key, unless it varies.
        let varies = block::find(&oid).is_some_and(|(family, ..)| family.takes_key_len(13));
        assert_eq!(
            Cipher::parse(Reader::new(&encryption), Some(13)).is_ok(),
            varies,
            "{oid}"
        );
        if iv_len > 0 && oid.to_string() != "1.2.840.113549.3.2" {
            let short = [der::oid(&oid), der::octet_string(&iv[1..])].concat();
            assert!(Cipher::parse(Reader::new(&short), None).is_err(), "{oid}");
        }
        seen += 1;
    }
    assert_eq!(seen, 61);
}

#[test]
fn rc2_has_effective_bits_and_cast5_a_length() {
    let rc2: Oid = "1.2.840.113549.3.2".parse().unwrap();
    let version = |octets: &[u8]| {
        let parameters = der::sequence(&[&der::integer(octets), &der::octet_string(&[0; 8])]);
        let encryption = encryption(&rc2, &parameters);
        let cipher = Cipher::parse(Reader::new(&encryption), None).ok()?;
        Some(
            cipher
                .decrypt(&[7; 16], &[0; 8], &[9; 8])
                .map(|plain| plain.to_vec())
                .map_err(|refusal| refusal.reason()),
        )
    };
    for known in [&[160][..], &[120], &[58], &[1, 0]] {
        assert!(version(known).is_some());
    }
    assert!(version(&[59]).is_none() && version(&[4, 1]).is_none());

    let cast5: Oid = "1.2.840.113533.7.66.10".parse().unwrap();
    let bits = |bits: u8| {
        let parameters = der::sequence(&[&der::octet_string(&[0; 8]), &der::integer(&[bits])]);
        let encryption = encryption(&cast5, &parameters);
        Cipher::parse(Reader::new(&encryption), None).unwrap().key_len
    };
    assert_eq!((bits(40), bits(128)), (5, 16));
}

#[test]
fn every_digest_derives_and_authenticates() {
    let salt: Vec<u8> = (1..21).collect();
    let password = Password::new("test-Passw0rd");
    let mut budget = Budget::new(u64::MAX, u64::MAX);
    let mut seen = 0;
    for row in rows(include_str!("../../../tests/fixtures/pbe/digests.txt")) {
        let hash = Hash::from_digest(&row[0].parse().unwrap()).unwrap();
        let job = pkcs12(hash, Purpose::Mac, password, &salt, 5, 100);
        assert_eq!(*budget.derive(job).unwrap(), octets(row[1]), "{}", row[0]);
        let mut mac = octets(row[2]);
        assert_eq!(mac.len(), hash.output_len);
        assert!(hash.is_hmac(&salt, PLAIN, &mac), "{}", row[0]);
        assert!(!hash.is_hmac(&salt, PLAIN, &mac[1..]), "{}", row[0]);
        mac[3] ^= 1;
        assert!(!hash.is_hmac(&salt, PLAIN, &mac), "{}", row[0]);
        for hmac in row
            .get(4)
            .into_iter()
            .flat_map(|identifiers| identifiers.split(','))
        {
            let hmac: Oid = hmac.parse().unwrap();
            assert!(std::ptr::eq(Hash::from_hmac(&hmac).unwrap(), hash), "{hmac}");
            let parameters = der::sequence(&[
                &der::octet_string(&salt),
                &der::integer(&[5]),
                &der::sequence(&[&der::oid(&hmac), &der::null()]),
            ]);
            let identifier = [der::oid(&PBKDF2), parameters].concat();
            let derivation = Derivation::parse(Reader::new(&identifier), &budget).unwrap();
            assert_eq!(
                *budget.derive(derivation.job(password, 70)).unwrap(),
                octets(row[3]),
                "{hmac}"
            );
        }
        seen += 1;
    }
    assert_eq!(seen, 18);
}

/// RFC 7914 12, the first vector, and one by `openssl kdf SCRYPT`.
#[test]
fn scrypt_is_for_those_who_ask() {
    let identifier = |[cost, block, parallel]: [u8; 3], salt: &[u8]| {
        let parameters = der::sequence(&[
            &der::octet_string(salt),
            &der::integer(&[cost]),
            &der::integer(&[block]),
            &der::integer(&[parallel]),
        ]);
        let scrypt: Oid = "1.3.6.1.4.1.11591.4.11".parse().unwrap();
        [der::oid(&scrypt), parameters].concat()
    };
    let budget = |memory| Budget::new(u64::MAX, 1_000_000_000).with_scrypt(memory);
    // Its memory: the large table, and the blocks of the parallel runs.
    for (password, salt, numbers, memory, key) in [
        ("", &b""[..], [16, 1, 1], 2048 + 128, "77d6576238657b20"),
        ("password", b"NaCl", [32, 2, 3], 8192 + 768, "c62ff3f4666a9c3a"),
    ] {
        let identifier = identifier(numbers, salt);
        let refusal = Derivation::parse(Reader::new(&identifier), &budget(None))
            .err()
            .unwrap();
        assert_eq!(refusal.reason(), Reason::KeyEncryptionUnsupported);
        assert_eq!(refusal.algorithm().unwrap().to_string(), "1.3.6.1.4.1.11591.4.11");
        let refusal = Derivation::parse(Reader::new(&identifier), &budget(Some(memory - 1)))
            .err()
            .unwrap();
        assert_eq!(refusal.reason(), Reason::KdfIterations);
        let mut budget = budget(Some(memory));
        let derivation = Derivation::parse(Reader::new(&identifier), &budget).unwrap();
        let made = budget
            .derive(derivation.job(Password::new(password), 64))
            .unwrap();
        assert_eq!(made[..8], octets(key));
        let mut poor = Budget::new(u64::MAX, 2 * memory - 2000).with_scrypt(Some(memory));
        let refusal = poor
            .derive(derivation.job(Password::new(password), 64))
            .unwrap_err();
        assert_eq!(refusal.reason(), Reason::KdfIterations);
    }
    for numbers in [[0, 8, 1], [1, 8, 1], [24, 8, 1], [2, 0, 1], [2, 1, 0]] {
        let identifier = identifier(numbers, b"salt");
        assert!(Derivation::parse(Reader::new(&identifier), &budget(Some(1 << 30))).is_err());
    }
}
