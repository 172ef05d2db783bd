//! Keys and signed things of the simulator: round trips, the RFCs' own examples, forgeries and garbage.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod certificates;
mod cms;
mod jws;
mod keys;
mod p12;
mod requests;

use smartid_sim::SimError;
use smartid_sim::pki::{Key, KeyKind, KeySource};

/// 2026-01-01T00:00:00Z
const NOW: u64 = 1_767_225_600;

/// RSA keys shared by all tests of the process, since making them is slow: the same two in every call.
fn rsa_keys() -> [Key; 2] {
    let source = KeySource::new(Some(1));
    [0, 1].map(|_| source.key(KeyKind::Rsa2048).unwrap())
}

fn rsa() -> Key {
    let [key, _] = rsa_keys();
    key
}

fn ec(kind: KeyKind) -> Key {
    Key::generate(kind).unwrap()
}

/// A refusal by the simulator's keys and signatures, and nothing else, whose text holds this.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, SimError>, text: &str) {
    match result {
        Err(SimError::Pki(message)) => assert!(message.contains(text), "{message:?} does not say {text:?}"),
        other => panic!("{other:?}"),
    }
}

/// Every beginning of `bytes`, and every one of its bytes changed in three ways.
fn spoilt(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let cut = (0..bytes.len()).map(|length| bytes[..length].to_vec());
    let changed = (0..bytes.len()).flat_map(move |place| {
        [0x01, 0x80, 0xff].map(|mask| {
            let mut copy = bytes.to_vec();
            copy[place] ^= mask;
            copy
        })
    });
    cut.chain(changed)
}
