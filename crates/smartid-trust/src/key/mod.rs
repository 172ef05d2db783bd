//! Public keys: read from certificates, requests and JWKs, checked to be strong enough, and used to verify, and to encrypt.

mod encrypt;
mod public;
mod spki;
#[cfg(test)]
mod tests;
mod verify;

pub use encrypt::RsaEncryption;
pub use public::{Curve, KeyType, PublicKey};
