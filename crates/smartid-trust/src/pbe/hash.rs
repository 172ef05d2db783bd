//! The digests that containers of PKCS #12 name: in their checksums, in the derivations of RFC 7292 and RFC 8018.
//!
//! aws-lc computes those that it has: it is fast in debug builds too, and the iterations are where the time goes. The others are as old
//! or as rare as the programs that write them; OpenSSL opens them, so they are read. What each costs stands beside it, in units of work
//! ([`DEFAULT_MAX_WORK`](crate::pkcs12::DEFAULT_MAX_WORK)), measured as they are.

use aws_lc_rs::{digest as aws, hmac as aws_hmac};
use hmac::digest::block_api::BlockSizeUser;
use hmac::digest::typenum::Unsigned;
use hmac::digest::{Digest, FixedOutput, OutputSizeUser, Update};
use hmac::{Hmac, KeyInit, Mac, SimpleHmac};

use super::Prf;
use crate::Oid;

/// A digest.
pub(crate) struct Hash {
    oid: Oid,
    /// Length of a block in octets.
    pub(super) block_len: usize,
    /// Length of the digest in octets.
    pub(crate) output_len: usize,
    /// What the digest of a digest takes.
    pub(super) cost: u64,
    repeated: fn(&[&[u8]], u32, &mut Vec<u8>),
    is_hmac: fn(&[u8], &[u8], &[u8]) -> bool,
}

macro_rules! nist {
    ($last:literal) => {
        Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, $last])
    };
}
macro_rules! rsadsi {
    ($last:literal) => {
        Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, $last])
    };
}
/// A digest and its HMAC by aws-lc.
macro_rules! aws {
    ($oid:expr, $block_len:literal, $output_len:literal, $cost:literal, $digest:ident, $hmac:ident) => {
        Hash {
            oid: $oid,
            block_len: $block_len,
            output_len: $output_len,
            cost: $cost,
            repeated: |parts, count, out| by_aws(&aws::$digest, parts, count, out),
            is_hmac: |key, content, mac| {
                aws_hmac::verify(&aws_hmac::Key::new(aws_hmac::$hmac, key), content, mac).is_ok()
            },
        }
    };
}

/// Everything of this digest by RustCrypto.
const fn other<D: Digest + BlockSizeUser>(oid: Oid, cost: u64) -> Hash {
    Hash {
        oid,
        block_len: <D as BlockSizeUser>::BlockSize::USIZE,
        output_len: <D as OutputSizeUser>::OutputSize::USIZE,
        cost,
        repeated: repeated::<D>,
        is_hmac: is_hmac::<D>,
    }
}

pub(crate) const SHA1: Oid = Oid::known(&[0x2b, 0x0e, 3, 2, 0x1a]);
const RIPEMD160: Oid = Oid::known(&[0x2b, 0x24, 3, 2, 1]);

static TABLE: [Hash; 18] = [
    aws!(
        SHA1,
        64,
        20,
        55,
        SHA1_FOR_LEGACY_USE_ONLY,
        HMAC_SHA1_FOR_LEGACY_USE_ONLY
    ),
    aws!(nist!(4), 64, 28, 60, SHA224, HMAC_SHA224),
    aws!(nist!(1), 64, 32, 60, SHA256, HMAC_SHA256),
    aws!(nist!(2), 128, 48, 190, SHA384, HMAC_SHA384),
    aws!(nist!(3), 128, 64, 190, SHA512, HMAC_SHA512),
    other::<sha2::Sha512_224>(nist!(5), 175),
    other::<sha2::Sha512_256>(nist!(6), 175),
    other::<sha3::Sha3_224>(nist!(7), 320),
    other::<sha3::Sha3_256>(nist!(8), 320),
    other::<sha3::Sha3_384>(nist!(9), 320),
    other::<sha3::Sha3_512>(nist!(10), 320),
    other::<md4::Md4>(rsadsi!(4), 80),
    other::<md5::Md5>(rsadsi!(5), 115),
    other::<ripemd::Ripemd160>(RIPEMD160, 215),
    other::<sm3::Sm3>(Oid::known(&[0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x11]), 200),
    other::<whirlpool::Whirlpool>(Oid::known(&[0x28, 0xcf, 6, 3, 0, 0x37]), 900),
    other::<blake2::Blake2b512>(Oid::known(&[0x2b, 6, 1, 4, 1, 0x8d, 0x3a, 0x0c, 2, 1, 0x10]), 140),
    other::<blake2::Blake2s256>(Oid::known(&[0x2b, 6, 1, 4, 1, 0x8d, 0x3a, 0x0c, 2, 2, 8]), 140),
];

impl Hash {
    /// By the identifier of the digest.
    pub(crate) fn from_digest(oid: &Oid) -> Option<&'static Self> {
        TABLE.iter().find(|hash| hash.oid == *oid)
    }

    /// By the identifier of its HMAC.
    pub(crate) fn from_hmac(oid: &Oid) -> Option<&'static Self> {
        HMACS
            .iter()
            .find(|row| row.0 == *oid)
            .and_then(|row| Self::from_digest(&row.1))
    }

    pub(crate) const fn oid(&self) -> &Oid {
        &self.oid
    }

    /// The digest of `parts` one after the other, the digest of that, and so on: `count` digests.
    pub(super) fn repeated(&self, parts: &[&[u8]], count: u32, out: &mut Vec<u8>) {
        (self.repeated)(parts, count, out);
    }

    /// Whether `mac` is the HMAC of `content` under `key`, all of it.
    pub(crate) fn is_hmac(&self, key: &[u8], content: &[u8], mac: &[u8]) -> bool {
        (self.is_hmac)(key, content, mac)
    }
}

fn by_aws(algorithm: &'static aws::Algorithm, parts: &[&[u8]], count: u32, out: &mut Vec<u8>) {
    let mut context = aws::Context::new(algorithm);
    for part in parts {
        context.update(part);
    }
    let mut value = context.finish();
    for _ in 1..count {
        value = aws::digest(algorithm, value.as_ref());
    }
    out.extend_from_slice(value.as_ref());
}

fn repeated<D: Digest>(parts: &[&[u8]], count: u32, out: &mut Vec<u8>) {
    let mut first = D::new();
    for part in parts {
        first.update(part);
    }
    let mut value = first.finalize();
    for _ in 1..count {
        value = D::digest(&value);
    }
    out.extend_from_slice(&value);
}

fn is_hmac<D: Digest + BlockSizeUser>(key: &[u8], content: &[u8], mac: &[u8]) -> bool {
    SimpleHmac::<D>::new_from_slice(key).is_ok_and(|mut hmac| {
        Mac::update(&mut hmac, content);
        hmac.verify_slice(mac).is_ok()
    })
}

/// Identifiers of HMAC, and of the digest in it.
static HMACS: [(Oid, Oid); 16] = [
    (rsadsi!(7), SHA1),
    (Oid::known(&[0x2b, 6, 1, 5, 5, 8, 1, 2]), SHA1),
    (rsadsi!(6), rsadsi!(5)),
    (Oid::known(&[0x2b, 6, 1, 5, 5, 8, 1, 1]), rsadsi!(5)),
    (Oid::known(&[0x2b, 6, 1, 5, 5, 8, 1, 4]), RIPEMD160),
    (rsadsi!(8), nist!(4)),
    (rsadsi!(9), nist!(1)),
    (rsadsi!(10), nist!(2)),
    (rsadsi!(11), nist!(3)),
    (rsadsi!(12), nist!(5)),
    (rsadsi!(13), nist!(6)),
    (nist!(13), nist!(7)),
    (nist!(14), nist!(8)),
    (nist!(15), nist!(9)),
    (nist!(16), nist!(10)),
    (
        Oid::known(&[0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x11, 3, 1]),
        Oid::known(&[0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x11]),
    ),
];

/// The pseudo-random functions of PBKDF2 that aws-lc has not, by the identifier of the digest in them.
static FUNCTIONS: [(Oid, Prf); 10] = [
    (rsadsi!(5), function::<Hmac<md5::Md5>>(235)),
    (RIPEMD160, function::<Hmac<ripemd::Ripemd160>>(415)),
    (nist!(4), function::<Hmac<sha2::Sha224>>(130)),
    (nist!(5), function::<Hmac<sha2::Sha512_224>>(355)),
    (nist!(6), function::<Hmac<sha2::Sha512_256>>(355)),
    (nist!(7), function::<SimpleHmac<sha3::Sha3_224>>(960)),
    (nist!(8), function::<SimpleHmac<sha3::Sha3_256>>(960)),
    (nist!(9), function::<SimpleHmac<sha3::Sha3_384>>(960)),
    (nist!(10), function::<SimpleHmac<sha3::Sha3_512>>(960)),
    (
        Oid::known(&[0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x11]),
        function::<Hmac<sm3::Sm3>>(305),
    ),
];

const fn function<M: KeyInit + Update + FixedOutput + Clone>(cost: u64) -> Prf {
    Prf {
        output_len: <M as OutputSizeUser>::OutputSize::USIZE,
        cost,
        derive: |password, salt, iterations, key| {
            // HMAC takes keys of every length.
            _ = pbkdf2::pbkdf2::<M>(password, salt, iterations.get(), key);
        },
    }
}

/// The pseudo-random function by the identifier of its HMAC.
pub(super) fn prf(oid: &Oid) -> Option<&'static Prf> {
    let (_, digest) = HMACS.iter().find(|(hmac, _)| hmac == oid)?;
    let (_, function) = FUNCTIONS.iter().find(|(known, _)| known == digest)?;
    Some(function)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::pbe::derive;

    /// The shortest of many short runs, so that other programs do not count, for one iteration.
    #[allow(clippy::disallowed_methods, reason = "it measures time")]
    fn nanoseconds(mut run: impl FnMut()) -> f64 {
        let shortest = (0..60).map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        });
        shortest.min().unwrap_or(Duration::MAX).as_secs_f64() * 1e9 / 2000.0
    }

    /// Run with `cargo test --release -p smartid-trust --features pkcs12 --lib measure_what -- --ignored --nocapture`.
    #[test]
    #[ignore = "measures time"]
    fn measure_what_an_iteration_takes() {
        for hash in &TABLE {
            let time = nanoseconds(|| hash.repeated(&[b"x"], 2000, &mut Vec::new()));
            println!("{time:8.0} ns for {:5} units: digest {}", hash.cost, hash.oid);
        }
        for (oid, prf) in derive::FUNCTIONS.iter().chain(&FUNCTIONS) {
            let mut key = vec![0; prf.output_len];
            let count = NonZeroU32::new(2000).unwrap();
            let time = nanoseconds(|| (prf.derive)(b"password", b"saltsalt", count, &mut key));
            println!("{time:8.0} ns for {:5} units: PBKDF2 {oid}", prf.cost);
        }
    }
}
