//! How much work a file may cause, and what it has caused.
//!
//! The file says how many iterations a derivation takes, so the cost is counted before anything is derived. Iterations differ in what
//! they cost by a factor of ten, so what is counted is work: one unit is about a nanosecond of one processor (see
//! `pkcs12::DEFAULT_MAX_WORK` for the machine).

use std::num::NonZeroU32;

use zeroize::Zeroizing;

use crate::{Reason, Refusal};

/// What is left for a file.
pub(crate) struct Budget {
    left: u64,
    max_iterations: u64,
    #[cfg(feature = "pkcs12")]
    scrypt_memory: Option<u64>,
    /// What was derived already: a container may have the same salt in many places.
    derived: Vec<Derived>,
}

struct Derived {
    /// Everything that the key depends on.
    from: Zeroizing<Vec<u8>>,
    key: Zeroizing<Vec<u8>>,
}

/// So many derivations are remembered. A container that is meant to be opened has fewer.
const REMEMBERED: usize = 64;
/// Longest salt and password, together and in octets, for which that is done.
const REMEMBERED_LEN: usize = 4096;

impl Budget {
    /// `max_iterations` for each derivation, `work` for all of them together.
    pub(crate) const fn new(max_iterations: u64, work: u64) -> Self {
        Self {
            left: work,
            max_iterations,
            #[cfg(feature = "pkcs12")]
            scrypt_memory: None,
            derived: Vec::new(),
        }
    }

    /// Takes scrypt with so many octets of memory.
    #[cfg(feature = "pkcs12")]
    pub(crate) const fn with_scrypt(mut self, memory: Option<u64>) -> Self {
        self.scrypt_memory = memory;
        self
    }

    #[cfg(feature = "pkcs12")]
    pub(super) const fn scrypt_memory(&self) -> Option<u64> {
        self.scrypt_memory
    }

    /// The units that are left.
    #[cfg(all(test, feature = "pkcs12"))]
    pub(crate) const fn left(&self) -> u64 {
        self.left
    }

    /// Takes `work` out.
    pub(crate) fn charge(&mut self, work: u64) -> Result<(), Refusal> {
        self.left = self
            .left
            .checked_sub(work)
            .ok_or_else(|| Refusal::new(Reason::KdfIterations, "for everything in it together"))?;
        Ok(())
    }

    /// Takes out what `iterations` cost, `each` time `blocks`.
    pub(super) fn charge_iterations(&mut self, iterations: NonZeroU32, blocks: usize, each: u64) -> Result<(), Refusal> {
        self.check_iterations(iterations)?;
        let blocks = u64::try_from(blocks).unwrap_or(u64::MAX);
        self.charge(u64::from(iterations.get()).saturating_mul(blocks).saturating_mul(each))
    }

    pub(super) fn check_iterations(&self, iterations: NonZeroU32) -> Result<(), Refusal> {
        if u64::from(iterations.get()) > self.max_iterations {
            return Err(too_many(iterations));
        }
        Ok(())
    }

    /// What `derive` gives for everything that the key depends on, derived once.
    pub(super) fn once(
        &mut self,
        from: &[&[u8]],
        length: usize,
        derive: impl FnOnce(&mut Self) -> Result<Zeroizing<Vec<u8>>, Refusal>,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let mut whole = Zeroizing::new(Vec::with_capacity(
            from.iter().map(|part| part.len() + 8).sum::<usize>() + 8,
        ));
        whole.extend_from_slice(&length.to_be_bytes());
        for part in from {
            whole.extend_from_slice(&part.len().to_be_bytes());
            whole.extend_from_slice(part);
        }
        if let Some(derived) = self.derived.iter().find(|derived| *derived.from == *whole) {
            return Ok(derived.key.clone());
        }
        let key = derive(self)?;
        if self.derived.len() < REMEMBERED && whole.len() <= REMEMBERED_LEN {
            self.derived.push(Derived {
                from: whole,
                key: key.clone(),
            });
        }
        Ok(key)
    }
}

/// The refusal of one derivation.
pub(super) fn too_many(iterations: impl std::fmt::Display) -> Refusal {
    Refusal::new(Reason::KdfIterations, format!("{iterations} iterations"))
}
