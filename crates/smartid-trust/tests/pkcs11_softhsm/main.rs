//! Keys on a token, with SoftHSM 2 as the token. Not run by default, because SoftHSM must be installed
//! (`apt-get install softhsm2`); run with
//! `cargo test -p smartid-trust --features pkcs11 --test pkcs11_softhsm -- --ignored`.
//!
//! The login of a token belongs to the process, and so does SoftHSM's configuration. Each test therefore makes a token directory and
//! runs itself again in a process of its own.
#![cfg(feature = "pkcs11")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test stops where it fails"
)]

#[path = "../common/mod.rs"]
mod common;
mod keys;
mod pin;
mod selection;
mod sessions;
mod support;
mod tls;
