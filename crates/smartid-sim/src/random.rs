//! Identifiers, tokens and challenges. They come from one seeded stream per purpose, so that a run with a given seed repeats even
//! when tasks interleave differently. Private keys never come from here: they are made by the cryptographic library.

use std::collections::HashMap;
use std::sync::Mutex;

use aws_lc_rs::digest;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use crate::sync::lock;

/// A seeded source with an independent stream for each purpose.
#[derive(Debug)]
pub(crate) struct Random {
    seed: u64,
    counters: Mutex<HashMap<&'static str, u64>>,
}

impl Random {
    /// With a seed, the same calls give the same values; without, the seed is taken from the system.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let seed = seed.unwrap_or_else(|| {
            let mut bytes = [0_u8; 8];
            // Failing system randomness leaves zeros: identifiers then repeat, which harms nobody on loopback.
            let _ = SystemRandom::new().fill(&mut bytes);
            u64::from_be_bytes(bytes)
        });
        Self {
            seed,
            counters: Mutex::new(HashMap::new()),
        }
    }

    /// 32 bytes: SHA-256 over seed, purpose and the purpose's counter.
    pub(crate) fn bytes32(&self, purpose: &'static str) -> [u8; 32] {
        let count = {
            let mut counters = lock(&self.counters);
            let counter = counters.entry(purpose).or_insert(0);
            *counter += 1;
            *counter
        };
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.seed.to_be_bytes());
        context.update(purpose.as_bytes());
        context.update(&count.to_be_bytes());
        let mut out = [0_u8; 32];
        out.copy_from_slice(context.finish().as_ref());
        out
    }

    /// A version 4 UUID as text.
    pub(crate) fn uuid(&self, purpose: &'static str) -> String {
        let mut bytes = [0_u8; 16];
        for (to, from) in bytes.iter_mut().zip(self.bytes32(purpose)) {
            *to = from;
        }
        let value = (u128::from_be_bytes(bytes) & !(0xf000_u128 << 64) & !(0xc000_u128 << 48))
            | (0x4000_u128 << 64)
            | (0x8000_u128 << 48);
        let (a, b, c, d, e) = (
            (value >> 96) & 0xffff_ffff,
            (value >> 80) & 0xffff,
            (value >> 64) & 0xffff,
            (value >> 48) & 0xffff,
            value & 0xffff_ffff_ffff,
        );
        format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
    }

    /// 64 lower-case hex digits, the form of a generated API key (protocol notes: hermod 1.3, "Add API user and callback URL", D-ex).
    pub(crate) fn hex64(&self, purpose: &'static str) -> String {
        self.bytes32(purpose)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// A number below `limit`.
    pub(crate) fn below(&self, purpose: &'static str, limit: u64) -> u64 {
        let mut bytes = [0_u8; 8];
        for (to, from) in bytes.iter_mut().zip(self.bytes32(purpose)) {
            *to = from;
        }
        u64::from_be_bytes(bytes).checked_rem(limit).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_purposes_are_independent() {
        let (first, second) = (Random::new(Some(7)), Random::new(Some(7)));
        let _ = second.uuid("other");
        assert_eq!(first.uuid("bid"), second.uuid("bid"));
        assert_ne!(first.uuid("bid"), Random::new(Some(8)).uuid("bid"));
        assert_ne!(first.uuid("bid"), first.uuid("bid"));
    }

    #[test]
    fn a_uuid_has_version_and_variant() {
        let random = Random::new(Some(1));
        for _ in 0..50 {
            let uuid = random.uuid("x");
            assert_eq!(uuid.len(), 36);
            assert_eq!(uuid.as_bytes()[14], b'4');
            assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
        }
    }
}
