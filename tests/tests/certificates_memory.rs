//! A hundred thousand certificates are listed in constant memory: what the process holds after the last page is what it held after the
//! first ones. The test has a binary of its own, so that nothing else grows meanwhile.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

use std::collections::BTreeSet;

use smartid::cm::operations::Search;
use smartid_tests::certificates::{CmSetup, CmWorld};

const COUNT: usize = 100_000;
const SOME: usize = 20_000;
const MIB: usize = 1024 * 1024;
/// More than this the process must not grow between the tenth of the list and its end.
const BOUND: usize = 12 * MIB;

/// What the process holds of the machine's memory, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let kib: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib * 1024
}

/// So that two listings cannot be the same by chance: what was listed, as one number.
fn mark(certid: &str) -> u64 {
    u64::from_str_radix(certid, 16).unwrap()
}

#[tokio::test]
async fn a_hundred_thousand_certificates_in_constant_memory() {
    let world = CmWorld::start(CmSetup::default()).await;
    let (first, last) = world.sim.cm().preload(COUNT).unwrap().unwrap();
    let (first, last) = (mark(&first), mark(&last));
    let mut pages = world.cm.pages(Search::new());
    let (mut count, mut sum, mut early) = (0_usize, 0_u64, 0);
    while let Some(page) = pages.next().await.unwrap() {
        for record in &page.certificates {
            count += 1;
            sum += mark(record.certid.as_ref().unwrap().as_str());
        }
        // The simulator remembers what it answered; that is its own.
        world.sim.clear_records();
        if count == COUNT / 10 {
            early = resident();
        }
    }
    let grown = resident().saturating_sub(early);
    assert_eq!(count, COUNT);
    // Every certid, and none twice: they are numbers in a row.
    assert_eq!(sum, (first..=last).sum::<u64>());
    assert!(early > 0 && grown < BOUND, "grown by {} KiB", grown / 1024);
    assert!(!pages.shifted() && pages.repeated() == 0);

    // As a stream, one at a time.
    let mut records = world.cm.pages(Search::new()).at_most(SOME as u64).into_stream();
    let (mut count, early) = (0, resident());
    while let Some(record) = records.next().await {
        assert!(record.unwrap().certid.is_some());
        count += 1;
        if count % 10_000 == 0 {
            world.sim.clear_records();
        }
    }
    let grown = resident().saturating_sub(early);
    assert_eq!(count, SOME);
    assert!(grown < BOUND, "grown by {} KiB", grown / 1024);

    // The measure measures: what is held is seen.
    let early = resident();
    let held = vec![1_u8; 4 * BOUND];
    let grown = resident().saturating_sub(early);
    assert!(
        grown > 3 * BOUND && held.len() == 4 * BOUND,
        "grown by {} KiB",
        grown / 1024
    );
    drop(held);

    let collected = world.cm.pages(Search::new()).collect_up_to(SOME).await.unwrap();
    assert!(!collected.is_complete, "there are more");
    let serials: BTreeSet<_> = collected
        .certificates
        .iter()
        .map(|record| {
            record
                .serial_number(world.cm.dialect())
                .unwrap()
                .as_be_bytes()
                .to_vec()
        })
        .collect();
    assert_eq!((serials.len(), collected.hits), (SOME, Some(COUNT as u64)));
}
