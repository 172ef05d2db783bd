//! Every golden file of the certificate command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::commands;
use smartid_hermod::HermodDialect;

#[test]
fn every_golden_callback_ends_as_it_says() {
    let checked = commands::callbacks(
        "certificate",
        |_| HermodDialect::default(),
        |_, report, dialect| commands::word(&report.ping(dialect)),
    );
    assert_eq!(checked, 41);
}
