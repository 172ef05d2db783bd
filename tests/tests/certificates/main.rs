//! Every operation of Certificate Manager from end to end: the client with an officer's certificate and signature, against simulated
//! Protocol Gateway, over real TLS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod around;
mod download;
mod issue;
mod keys;
mod lost;
mod officers;
mod pages;
mod push;
mod registrations;
mod revoke;
mod search;
mod signatures;
mod store;

use smartid_sim::pki::{Key, KeyKind};
use smartid_tests::certificates::{CmWorld, csr_for};

/// Puts a certificate into the database past the client; its certid.
fn stored(world: &CmWorld, subject: &str) -> String {
    let csr = csr_for(subject, &Key::generate(KeyKind::P256).unwrap());
    world
        .sim
        .cm()
        .issue(csr.der(), "User authentication")
        .unwrap()
        .certid
}
