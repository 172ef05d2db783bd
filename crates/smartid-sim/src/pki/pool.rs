//! Where a simulator takes its keys from. Making an RSA key costs more than all the rest of a test, so simulators with a seed share
//! what the process has already made; without a seed every key is new.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use super::{Key, KeyKind};
use crate::SimError;
use crate::sync::lock;

/// So many keys of a kind are kept; what is wanted beyond is made anew.
const KEPT: usize = 32;

type Slot = Arc<Mutex<Option<Key>>>;

static POOL: OnceLock<Mutex<HashMap<(KeyKind, usize), Slot>>> = OnceLock::new();

/// Hands out keys. Within one source all keys differ.
///
/// With a seed, the n-th RSA key of a kind is the same in every source of this process, whatever the seed is: made at random when it is
/// first wanted, then kept (up to 32 of a kind). It differs from process to process, so nothing may rest on its value. Keys on elliptic
/// curves are always new.
#[derive(Debug)]
pub struct KeySource {
    shared: bool,
    taken: Mutex<HashMap<KeyKind, usize>>,
}

impl KeySource {
    /// A source for a simulator with this seed, or without one.
    #[must_use]
    pub fn new(seed: Option<u64>) -> Self {
        Self {
            shared: seed.is_some(),
            taken: Mutex::new(HashMap::new()),
        }
    }

    /// The next key of this kind.
    ///
    /// # Errors
    /// As [`Key::generate`].
    pub fn key(&self, kind: KeyKind) -> Result<Key, SimError> {
        if !self.shared || !kind.is_rsa() {
            return Key::generate(kind);
        }
        let number = {
            let mut taken = lock(&self.taken);
            let count = taken.entry(kind).or_insert(0);
            *count = count.saturating_add(1);
            *count
        };
        if number > KEPT {
            return Key::generate(kind);
        }
        let slot = {
            let mut pool = lock(POOL.get_or_init(Mutex::default));
            Arc::clone(pool.entry((kind, number)).or_default())
        };
        // Only those who want the very same key wait for its making.
        let mut slot = lock(&slot);
        if let Some(key) = &*slot {
            return Ok(key.clone());
        }
        let key = Key::generate(kind)?;
        *slot = Some(key.clone());
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modulus(source: &KeySource) -> Vec<u8> {
        source.key(KeyKind::Rsa2048).unwrap().public_spki_der()
    }

    #[test]
    fn seeded_sources_share_and_others_do_not() {
        let (first, second) = (KeySource::new(Some(1)), KeySource::new(Some(2)));
        let (one, two) = (modulus(&first), modulus(&first));
        assert_ne!(one, two, "within a source all keys differ");
        assert_eq!([one.clone(), two], [modulus(&second), modulus(&second)]);
        assert_ne!(modulus(&KeySource::new(None)), one);
    }

    #[test]
    fn curves_are_always_new() {
        let spki = || {
            KeySource::new(Some(1))
                .key(KeyKind::P256)
                .unwrap()
                .public_spki_der()
        };
        assert_ne!(spki(), spki());
    }
}
