//! "Test connection", and what is downloaded from the servlet `dp`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod check;
mod downloads;
#[path = "../messages/mod.rs"]
mod messages;
mod script;
