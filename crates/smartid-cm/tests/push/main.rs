//! The receiver of pushed certificates: golden requests, wrong callers, hostile bodies, sinks that fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod callers;
mod delivery;
mod golden;
#[path = "../messages/mod.rs"]
mod messages;
mod settings;
mod support;
#[cfg(feature = "tower")]
mod tower;
