//! Public keys: read from certificates, requests and JWKs, checked to be strong enough, and used to verify.

mod public;
mod spki;
#[cfg(test)]
mod tests;
mod verify;

pub use public::{Curve, KeyType, PublicKey};
