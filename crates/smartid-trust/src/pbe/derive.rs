//! From a password to a key: PBKDF2 (RFC 8018 5.2), and with the feature `pkcs12` what older and newer containers use.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;
use zeroize::Zeroizing;

use super::budget::{Budget, too_many};
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
static FUNCTIONS: [(Oid, Prf); 5] = [
    aws!(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 7], 20, 110, PBKDF2_HMAC_SHA1),
    aws!(&[0x2b, 6, 1, 5, 5, 8, 1, 2], 20, 110, PBKDF2_HMAC_SHA1),
    aws!(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9], 32, 130, PBKDF2_HMAC_SHA256),
    aws!(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 10], 48, 510, PBKDF2_HMAC_SHA384),
    aws!(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 11], 64, 510, PBKDF2_HMAC_SHA512),
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
    cost: u64,
    block: u64,
    parallel: u64,
    key_len: Option<u64>,
}

impl<'a> Derivation<'a> {
    /// The contents of an AlgorithmIdentifier.
    pub(crate) fn parse(mut identifier: Reader<'a>, _budget: &Budget) -> Result<Self, Refusal> {
        let oid = identifier.oid("a key derivation without its identifier")?;
        #[cfg(feature = "pkcs12")]
        if oid == SCRYPT && _budget.scrypt_memory().is_some() {
            let parameters = identifier.expect(tag::SEQUENCE, "scrypt without its parameters")?;
            identifier.end()?;
            return Ok(Self::Scrypt(Scrypt::parse(parameters.reader())?));
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

    /// A key of `length` octets.
    pub(crate) fn key(
        &self,
        password: Password<'_>,
        length: usize,
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        match self {
            Self::Pbkdf2(pbkdf2) => pbkdf2.key(password, length, budget),
            #[cfg(feature = "pkcs12")]
            Self::Scrypt(scrypt) => scrypt.key(password, length, budget),
        }
    }
}

impl<'a> Pbkdf2<'a> {
    fn parse(mut parameters: Reader<'a>) -> Result<Self, Refusal> {
        let salt = match parameters.peek() {
            // AlgorithmIdentifier of another source (RFC 8018 A.2): none was ever defined.
            Some(tag::SEQUENCE) => {
                let oid = parameters.next()?.reader().oid("a source of salt without its identifier")?;
                return Err(unsupported("source of salt", oid));
            }
            _ => parameters.expect(tag::OCTET_STRING, "PBKDF2 without its salt")?,
        };
        let iterations = iterations(&mut parameters)?;
        let iterations = NonZeroU32::new(iterations).ok_or(DerError("an iteration count of zero"))?;
        let key_len = parameters.optional(tag::INTEGER)?.map(|length| length.small_integer());
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

    fn key(&self, password: Password<'_>, length: usize, budget: &mut Budget) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let (oid, prf) = &self.function;
        budget.check_iterations(self.iterations)?;
        let password = password.narrow();
        let from = &[&[0], oid.der_contents(), &self.iterations.get().to_be_bytes(), self.salt, &password];
        budget.once(from, length, |budget| {
            budget.charge_iterations(self.iterations, length.div_ceil(prf.output_len), prf.cost)?;
            let mut key = Zeroizing::new(vec![0; length]);
            (prf.derive)(&password, self.salt, self.iterations, &mut key);
            Ok(key)
        })
    }
}

fn prf(oid: &Oid) -> Option<&'static Prf> {
    let known = FUNCTIONS.iter().find(|(known, _)| known == oid).map(|(_, prf)| prf);
    #[cfg(feature = "pkcs12")]
    let known = known.or_else(|| super::hash::prf(oid));
    known
}

#[cfg(feature = "pkcs12")]
impl<'a> Scrypt<'a> {
    fn parse(mut parameters: Reader<'a>) -> Result<Self, Refusal> {
        let salt = parameters.expect(tag::OCTET_STRING, "scrypt without its salt")?;
        let mut number = |what| parameters.expect(tag::INTEGER, what)?.small_integer();
        let cost = number("scrypt without its cost")?;
        let block = number("scrypt without its block size")?;
        let parallel = number("scrypt without its parallelization")?;
        let key_len = parameters.optional(tag::INTEGER)?.map(|length| length.small_integer());
        parameters.end()?;
        Ok(Self {
            salt: salt.contents,
            cost,
            block,
            parallel,
            key_len: key_len.transpose()?,
        })
    }

    fn key(&self, password: Password<'_>, length: usize, budget: &mut Budget) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let impossible = || DerError("parameters that scrypt does not have");
        let memory = self.cost.saturating_mul(self.block).saturating_mul(128);
        // The buffers of the parallel runs stand beside each other.
        let all = memory.saturating_add(self.block.saturating_mul(self.parallel).saturating_mul(128));
        if all > budget.scrypt_memory().unwrap_or(0) {
            return Err(too_many(format_args!("scrypt with {all} octets of memory instead of")));
        }
        let parameters = (self.cost > 1 && self.cost.is_power_of_two())
            .then(|| {
                let log = u8::try_from(self.cost.trailing_zeros()).ok()?;
                let (block, parallel) = (u32::try_from(self.block).ok()?, u32::try_from(self.parallel).ok()?);
                scrypt::Params::new(log, block, parallel).ok()
            })
            .flatten()
            .ok_or_else(impossible)?;
        let password = password.narrow();
        let numbers = [self.cost, self.block, self.parallel].map(u64::to_be_bytes).concat();
        budget.once(&[&[1], &numbers, self.salt, &password], length, |budget| {
            // Every octet is written once and read once, about a nanosecond each.
            budget.charge(memory.saturating_mul(2).saturating_mul(self.parallel))?;
            let mut key = Zeroizing::new(vec![0; length]);
            scrypt::scrypt(&password, self.salt, &parameters, &mut key).map_err(|_| impossible())?;
            Ok(key)
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
pub(crate) fn pkcs12(
    hash: &Hash,
    purpose: Purpose,
    password: Password<'_>,
    salt: &[u8],
    iterations: u32,
    length: usize,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    // OpenSSL takes none for one.
    let iterations = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    budget.check_iterations(iterations)?;
    let password = password.wide();
    let block = hash.block_len;
    let filled = |part: &[u8]| part.len().div_ceil(block) * block;
    let from = [
        &[2, purpose as u8],
        hash.oid().der_contents(),
        &iterations.get().to_be_bytes(),
        salt,
        &password,
    ];
    budget.once(&from, length, |budget| {
        let blocks = length.div_ceil(hash.output_len);
        budget.charge_iterations(iterations, blocks, hash.cost)?;
        let input_len = filled(salt) + filled(&password);
        // Digested for each block, and added to.
        budget.charge(u64::try_from(blocks.saturating_mul(input_len)).unwrap_or(u64::MAX).saturating_mul(8))?;
        let mut input = Zeroizing::new(Vec::with_capacity(input_len));
        for part in [salt, password.as_slice()] {
            input.extend(part.iter().cycle().take(filled(part)));
        }
        let diversifier = vec![purpose as u8; block];
        let mut out = Zeroizing::new(Vec::with_capacity(blocks * hash.output_len));
        loop {
            let start = out.len();
            hash.repeated(&[&diversifier, &input], iterations.get(), &mut out);
            if out.len() >= length {
                out.truncate(length);
                return Ok(out);
            }
            let value = out.get(start..).unwrap_or_default();
            // Each block of the input grows by the digest, repeated to the length of a block, and by one.
            let addend: Zeroizing<Vec<u8>> = Zeroizing::new(value.iter().copied().cycle().take(block).collect());
            for part in input.chunks_mut(block) {
                let mut carry = 1_u16;
                for (octet, added) in part.iter_mut().zip(addend.iter()).rev() {
                    let sum = u16::from(*octet) + u16::from(*added) + carry;
                    let [high, low] = sum.to_be_bytes();
                    *octet = low;
                    carry = u16::from(high);
                }
            }
        }
    })
}

/// PBKDF1 (RFC 8018 5.1), at most one digest long.
#[cfg(feature = "pkcs12")]
pub(super) fn pbkdf1(
    hash: &Hash,
    password: Password<'_>,
    salt: &[u8],
    iterations: u32,
    length: usize,
    budget: &mut Budget,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let iterations = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    budget.check_iterations(iterations)?;
    let password = password.narrow();
    let from = [&[3], hash.oid().der_contents(), &iterations.get().to_be_bytes(), salt, &password];
    budget.once(&from, length, |budget| {
        budget.charge_iterations(iterations, 1, hash.cost)?;
        let mut key = Zeroizing::new(Vec::with_capacity(hash.output_len));
        hash.repeated(&[&password, salt], iterations.get(), &mut key);
        key.truncate(length);
        Ok(key)
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
        return Err(Refusal::new(Reason::KdfIterations, "more iterations than 64 bits hold"));
    }
    let count = count.small_integer()?;
    u32::try_from(count).map_err(|_| too_many(count))
}
