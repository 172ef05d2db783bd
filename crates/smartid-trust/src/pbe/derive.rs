//! From a password to a key: PBKDF2 (RFC 8018 5.2), and with the feature `pkcs12` what older and newer containers use.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;
use zeroize::Zeroizing;

use super::budget::{Budget, Job, too_many};
#[cfg(feature = "pkcs12")]
use super::hash::Hash;
use super::{Password, unsupported};
use crate::der::{DerError, Element, Oid, Reader, tag};
use crate::{Reason, Refusal};

#[cfg(feature = "pkcs12")]
pub(super) const HMAC_SHA256: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9]);
pub(super) const PBKDF2: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12]);
#[cfg(feature = "pkcs12")]
const SCRYPT: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0xda, 0x47, 4, 0x0b]);

/// A pseudo-random function of PBKDF2.
pub(super) struct Prf {
    /// Length of what it gives, in octets.
    pub(super) output_len: usize,
    /// What an iteration takes.
    pub(super) cost: u64,
    pub(super) derive: fn(&[u8], &[u8], NonZeroU32, &mut [u8]),
}

macro_rules! aws {
    ($oid:expr, $output_len:literal, $cost:literal, $algorithm:ident) => {
        (
            Oid::known($oid),
            Prf {
                output_len: $output_len,
                cost: $cost,
                derive: |password, salt, iterations, key| {
                    pbkdf2::derive(pbkdf2::$algorithm, iterations, salt, password, key);
                },
            },
        )
    };
}

/// The functions that aws-lc has. HMAC-SHA1 is the default (RFC 8018 A.2), and has a second identifier.
pub(super) static FUNCTIONS: [(Oid, Prf); 5] = [
    aws!(
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 7],
        20,
        118,
        PBKDF2_HMAC_SHA1
    ),
    aws!(&[0x2b, 6, 1, 5, 5, 8, 1, 2], 20, 118, PBKDF2_HMAC_SHA1),
    aws!(
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9],
        32,
        128,
        PBKDF2_HMAC_SHA256
    ),
    aws!(
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 10],
        48,
        505,
        PBKDF2_HMAC_SHA384
    ),
    aws!(
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 11],
        64,
        505,
        PBKDF2_HMAC_SHA512
    ),
];

/// How a key comes from a password.
pub(crate) enum Derivation<'a> {
    Pbkdf2(Pbkdf2<'a>),
    #[cfg(feature = "pkcs12")]
    Scrypt(Scrypt<'a>),
}

/// PBKDF2-params.
pub(crate) struct Pbkdf2<'a> {
    salt: &'a [u8],
    iterations: NonZeroU32,
    pub(crate) key_len: Option<u64>,
    function: (Oid, &'static Prf),
}

/// scrypt-params (RFC 7914 7).
#[cfg(feature = "pkcs12")]
pub(crate) struct Scrypt<'a> {
    salt: &'a [u8],
    numbers: [u64; 3],
    work: u64,
    parameters: scrypt::Params,
    key_len: Option<u64>,
}

impl<'a> Derivation<'a> {
    /// The contents of an AlgorithmIdentifier.
    pub(crate) fn parse(mut identifier: Reader<'a>, _budget: &Budget) -> Result<Self, Refusal> {
        let oid = identifier.oid("a key derivation without its identifier")?;
        #[cfg(feature = "pkcs12")]
        if oid == SCRYPT
            && let Some(memory) = _budget.scrypt_memory()
        {
            let parameters = identifier.expect(tag::SEQUENCE, "scrypt without its parameters")?;
            identifier.end()?;
            return Ok(Self::Scrypt(Scrypt::parse(parameters.reader(), memory)?));
        }
        if oid != PBKDF2 {
            return Err(unsupported("key derivation", oid));
        }
        let parameters = identifier.expect(tag::SEQUENCE, "PBKDF2 without its parameters")?;
        identifier.end()?;
        Ok(Self::Pbkdf2(Pbkdf2::parse(parameters.reader())?))
    }

    /// The length that the parameters say, in octets.
    pub(crate) const fn key_len(&self) -> Option<u64> {
        match self {
            Self::Pbkdf2(pbkdf2) => pbkdf2.key_len,
            #[cfg(feature = "pkcs12")]
            Self::Scrypt(scrypt) => scrypt.key_len,
        }
    }

    /// What makes a key of `length` octets.
    pub(crate) fn job(&self, password: Password<'_>, length: usize) -> Job<'_> {
        match self {
            Self::Pbkdf2(pbkdf2) => pbkdf2.job(password, length),
            #[cfg(feature = "pkcs12")]
            Self::Scrypt(scrypt) => scrypt.job(password, length),
        }
    }
}

impl<'a> Pbkdf2<'a> {
    fn parse(mut parameters: Reader<'a>) -> Result<Self, Refusal> {
        let salt = match parameters.peek() {
            // AlgorithmIdentifier of another source (RFC 8018 A.2): none was ever defined.
            Some(tag::SEQUENCE) => {
                let oid = parameters
                    .next()?
                    .reader()
                    .oid("a source of salt without its identifier")?;
                return Err(unsupported("source of salt", oid));
            }
            _ => parameters.expect(tag::OCTET_STRING, "PBKDF2 without its salt")?,
        };
        let iterations = iterations(&mut parameters)?;
        let iterations = NonZeroU32::new(iterations).ok_or(DerError("an iteration count of zero"))?;
        let key_len = parameters
            .optional(tag::INTEGER)?
            .map(|length| length.small_integer());
        let function = match parameters.optional(tag::SEQUENCE)? {
            None => Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 7]),
            Some(function) => {
                let mut function = function.reader();
                let oid = function.oid("a pseudo-random function without its identifier")?;
                function.optional(tag::NULL)?;
                function.end()?;
                oid
            }
        };
        parameters.end()?;
        let prf = prf(&function).ok_or_else(|| unsupported("pseudo-random function", function.clone()))?;
        Ok(Self {
            salt: salt.contents,
            iterations,
            key_len: key_len.transpose()?,
            function: (function, prf),
        })
    }

    fn job(&self, password: Password<'_>, length: usize) -> Job<'_> {
        let (oid, prf) = &self.function;
        let password = password.narrow();
        let from = [
            &[0],
            oid.der_contents(),
            &self.iterations.get().to_be_bytes(),
            self.salt,
            &password,
        ];
        Job::new(
            &from,
            length,
            self.iterations,
            length.div_ceil(prf.output_len),
            prf.cost,
            {
                let password = password.clone();
                move || {
                    let mut key = Zeroizing::new(vec![0; length]);
                    (prf.derive)(&password, self.salt, self.iterations, &mut key);
                    key
                }
            },
        )
    }
}

fn prf(oid: &Oid) -> Option<&'static Prf> {
    let known = FUNCTIONS
        .iter()
        .find(|(known, _)| known == oid)
        .map(|(_, prf)| prf);
    #[cfg(feature = "pkcs12")]
    let known = known.or_else(|| super::hash::prf(oid));
    known
}

#[cfg(feature = "pkcs12")]
impl<'a> Scrypt<'a> {
    fn parse(mut reader: Reader<'a>, most_memory: u64) -> Result<Self, Refusal> {
        let salt = reader.expect(tag::OCTET_STRING, "scrypt without its salt")?;
        let mut number = |what| reader.expect(tag::INTEGER, what)?.small_integer();
        let cost = number("scrypt without its cost")?;
        let block = number("scrypt without its block size")?;
        let parallel = number("scrypt without its parallelization")?;
        let key_len = reader
            .optional(tag::INTEGER)?
            .map(|length| length.small_integer());
        reader.end()?;
        let memory = cost.saturating_mul(block).saturating_mul(128);
        // The blocks of the parallel runs stand beside each other.
        let all = memory.saturating_add(block.saturating_mul(parallel).saturating_mul(128));
        if all > most_memory {
            return Err(Refusal::new(
                Reason::KdfIterations,
                format!("scrypt with {all} octets of memory"),
            ));
        }
        let parameters = (cost > 1 && cost.is_power_of_two()).then(|| {
            let log = u8::try_from(cost.trailing_zeros()).ok()?;
            scrypt::Params::new(log, u32::try_from(block).ok()?, u32::try_from(parallel).ok()?).ok()
        });
        Ok(Self {
            salt: salt.contents,
            numbers: [cost, block, parallel],
            // Every octet is written once and read once, about a nanosecond each.
            work: memory.saturating_mul(2).saturating_mul(parallel),
            parameters: parameters
                .flatten()
                .ok_or(DerError("numbers that scrypt does not take"))?,
            key_len: key_len.transpose()?,
        })
    }

    fn job(&self, password: Password<'_>, length: usize) -> Job<'_> {
        let password = password.narrow();
        let numbers = self.numbers.map(u64::to_be_bytes).concat();
        let from: [&[u8]; 4] = [&[1], &numbers, self.salt, &password];
        Job::new(&from, length, NonZeroU32::MIN, 1, self.work, {
            let password = password.clone();
            move || {
                let mut key = Zeroizing::new(vec![0; length]);
                // It takes every length but none.
                _ = scrypt::scrypt(&password, self.salt, &self.parameters, &mut key);
                key
            }
        })
    }
}

/// What a derivation of RFC 7292 is for (appendix B.3).
#[cfg(feature = "pkcs12")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Key = 1,
    InitialVector = 2,
    Mac = 3,
}

/// RFC 7292 B.2.
#[cfg(feature = "pkcs12")]
pub(crate) fn pkcs12<'a>(
    hash: &'static Hash,
    purpose: Purpose,
    password: Password<'_>,
    salt: &'a [u8],
    iterations: u32,
    length: usize,
) -> Job<'a> {
    // OpenSSL takes none for one.
    let iterations = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    let password = password.wide();
    let count = iterations.get().to_be_bytes();
    let from = [
        &[2, purpose as u8],
        hash.oid().der_contents(),
        &count,
        salt,
        &password,
    ];
    let blocks = length.div_ceil(hash.output_len);
    let filled = |part: &[u8]| part.len().div_ceil(hash.block_len) * hash.block_len;
    let input_len = filled(salt) + filled(&password);
    // The input is digested for each block, and added to.
    let more = u64::try_from(blocks.saturating_mul(input_len)).unwrap_or(u64::MAX);
    Job::new(&from, length, iterations, blocks, hash.cost, {
        let password = password.clone();
        move || {
            let mut input = Zeroizing::new(Vec::with_capacity(input_len));
            for part in [salt, &password] {
                input.extend(part.iter().cycle().take(filled(part)));
            }
            let diversifier = vec![purpose as u8; hash.block_len];
            let mut out = Zeroizing::new(Vec::with_capacity(blocks * hash.output_len));
            for _ in 0..blocks {
                let start = out.len();
                hash.repeated(&[&diversifier, &input], iterations.get(), &mut out);
                add(&mut input, out.get(start..).unwrap_or_default(), hash.block_len);
            }
            out.truncate(length);
            out
        }
    })
    .with_more(more.saturating_mul(8))
}

/// Each block of the input grows by the digest, repeated to the length of a block, and by one.
#[cfg(feature = "pkcs12")]
fn add(input: &mut [u8], digest: &[u8], block_len: usize) {
    let addend: Zeroizing<Vec<u8>> = Zeroizing::new(digest.iter().copied().cycle().take(block_len).collect());
    for part in input.chunks_mut(block_len) {
        let mut carry = 1_u16;
        for (octet, added) in part.iter_mut().zip(addend.iter()).rev() {
            let sum = u16::from(*octet) + u16::from(*added) + carry;
            let [high, low] = sum.to_be_bytes();
            *octet = low;
            carry = u16::from(high);
        }
    }
}

/// PBKDF1 (RFC 8018 5.1), at most one digest long.
#[cfg(feature = "pkcs12")]
pub(super) fn pbkdf1<'a>(
    hash: &'static Hash,
    password: Password<'_>,
    salt: &'a [u8],
    iterations: u32,
    length: usize,
) -> Job<'a> {
    let iterations = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    let password = password.narrow();
    let from = [
        &[3],
        hash.oid().der_contents(),
        &iterations.get().to_be_bytes(),
        salt,
        &password,
    ];
    Job::new(&from, length, iterations, 1, hash.cost, {
        let password = password.clone();
        move || {
            let mut key = Zeroizing::new(Vec::with_capacity(hash.output_len));
            hash.repeated(&[&password, salt], iterations.get(), &mut key);
            key.truncate(length);
            key
        }
    })
}

/// An iteration count: zero to what 32 bits hold. What is larger is too many for everybody.
pub(crate) fn iterations(reader: &mut Reader<'_>) -> Result<u32, Refusal> {
    let count = reader.expect(tag::INTEGER, "a key derivation without its iteration count")?;
    number_of_iterations(&count)
}

pub(crate) fn number_of_iterations(count: &Element<'_>) -> Result<u32, Refusal> {
    let octets = count.integer()?;
    if octets.first().is_some_and(|first| first & 0x80 != 0) {
        return Err(DerError("a negative iteration count").into());
    }
    if octets.len() > 8 {
        return Err(Refusal::new(
            Reason::KdfIterations,
            "more iterations than 64 bits hold",
        ));
    }
    let count = count.small_integer()?;
    u32::try_from(count).map_err(|_| too_many(count))
}
