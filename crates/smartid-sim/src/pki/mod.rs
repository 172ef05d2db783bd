//! Real keys and what is signed with them: JWS, CMS, certificate requests, certificates, PKCS #12.
//!
//! A simulated device must answer with evidence that verifies, or fails to verify for a known reason. What is here is written from the
//! RFCs named in each module and shares nothing with the client crates; it is public because whoever tests a verifier needs a signer
//! that somebody else has written.
//!
//! Keys are for tests. Private keys are random, but nothing here is hardened against an attacker on the same machine.

pub mod admin_key;
mod alg;
pub mod attestation;
mod authority;
mod ca;
#[cfg(test)]
mod ca_tests;
mod certificate;
pub mod cms;
mod cms_verify;
pub mod csr;
pub(crate) mod der;
mod facts;
pub mod jws;
mod key;
mod modpow;
pub mod name;
pub mod p12;
mod pool;
mod profile;
mod public_key;
pub(crate) mod time;

pub use alg::{Digest, KeyKind, SigAlg};
pub use ca::TestCa;
pub use certificate::Certificate;
pub(crate) use certificate::pem;
pub use key::Key;
pub use pool::KeySource;
pub use profile::{Profile, Validity};
pub use public_key::{OaepDigest, PublicKey};
