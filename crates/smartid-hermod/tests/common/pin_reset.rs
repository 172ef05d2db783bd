//! What the tests of PIN resets share: the ids, keys and nonces of the golden files.

use std::time::Duration;

use smartid_hermod::CommandHeader;

pub const CARD: &str = "c5d41f7a-0000-4000-8000-0000000000e1";
pub const PROFILE: &str = "70a1c6de-0000-4000-8000-0000000000d1";
pub const BID: &str = "3c0e7a52-0000-4000-8000-0000000000a1";
pub const NEW_KEY: &str = "fedcba98765432100f1e2d3c4b5a6978123456789abcdef0";
pub const NONCE: [u8; 8] = [0x8f, 0x3a, 0x61, 0xc2, 0x0d, 0x94, 0xbe, 0x57];

pub fn header(id: &str) -> CommandHeader {
    let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250));
    header.unwrap().external_id(id)
}

pub fn hex(digits: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(feature = "triple-des")]
pub fn respond(key: &str, nonce: &[u8]) -> Vec<u8> {
    use smartid_hermod::admin_key::{AdminKey, TripleDesAdminKey};
    let key = TripleDesAdminKey::from_hex(key).unwrap();
    let proof = super::runtime().block_on(key.respond(nonce)).unwrap();
    proof.unwrap().expose().to_vec()
}
