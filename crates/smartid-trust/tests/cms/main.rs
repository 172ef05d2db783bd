//! CMS SignedData: made, verified, and refused for each reason alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod attributes;
mod hostile;
mod making;
mod message;
mod policies;
mod signers;
mod support;
