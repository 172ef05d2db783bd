//! Soft tokens over the REST API and EUI against whatever may come, and certificates out of EUI's pages.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

#[path = "../common/mod.rs"]
mod common;
mod hostile;
#[path = "../ast/log.rs"]
mod log;
mod pages;
#[path = "../script/mod.rs"]
mod script;
mod settings;

/// An octet string that begins as a container does.
const CONTAINER: &[u8] = b"\x30\x81\x15\x02\x01\x03\x30\x10canary-container";
