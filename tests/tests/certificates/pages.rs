//! Listings of many pages: caps, totals that do not hold, and a database that changes meanwhile.

use std::collections::BTreeSet;

use smartid::cm::CertId;
use smartid::cm::PagesProblem;
use smartid::cm::operations::experimental::RemoveCertificates;
use smartid::cm::operations::{Revoke, Search};
use smartid_tests::certificates::{CmSetup, CmWorld, kind};

async fn all(world: &CmWorld, page_size: u32) -> (BTreeSet<CertId>, usize) {
    let mut pages = world.cm.pages(Search::new()).page_size(page_size);
    let (mut seen, mut count) = (BTreeSet::new(), 0);
    while let Some(page) = pages.next().await.unwrap() {
        for record in page.certificates {
            count += 1;
            seen.insert(record.certid.unwrap());
        }
    }
    assert!(pages.is_over());
    (seen, count)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_come_in_pages_of_what_the_server_gives() {
    let world = CmWorld::start(CmSetup::default()).await;
    world.sim.cm().preload(10_000).unwrap();
    let (seen, count) = all(&world, 500).await;
    assert_eq!((seen.len(), count), (10_000, 10_000));
    assert_eq!(world.count("/certificates"), 20);
    // More than the server gives is asked for: the offset goes by what came.
    let (seen, count) = all(&world, 100_000).await;
    assert_eq!((seen.len(), count), (10_000, 10_000));
    assert_eq!(world.count("/certificates"), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_cap_and_any_default_limit_give_all_of_them() {
    for (switches, page_size) in [
        ("cap = 7", 500),
        ("cap = 1000\ndefault_limit = 3", 10),
        ("cap = 50", 50),
        ("cap = 50", 49),
    ] {
        let world = CmWorld::with(&format!("[cm.search]\n{switches}")).await;
        world.sim.cm().preload(101).unwrap();
        let (seen, count) = all(&world, page_size).await;
        assert_eq!((seen.len(), count), (101, 101), "{switches}");
    }
    // A server that refuses larger pages says so.
    let world = CmWorld::with("[cm.search]\ncap = 50\nover_cap = 'refuse'").await;
    world.sim.cm().preload(101).unwrap();
    let error = world.cm.pages(Search::new()).next().await.unwrap_err();
    assert_eq!(kind(&error).name(), "bad-field-value", "{error}");
    assert_eq!(all(&world, 50).await.1, 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_empty_too_early_is_no_end() {
    for switches in ["phantom_hits = 5", "empty_from = 100"] {
        let world = CmWorld::with(&format!("[cm.search]\ncap = 50\n{switches}")).await;
        world.sim.cm().preload(120).unwrap();
        let mut pages = world.cm.pages(Search::new());
        let mut count = 0;
        let error = loop {
            match pages.next().await {
                Ok(Some(page)) => count += page.certificates.len(),
                Ok(None) => panic!("{switches}: it looks complete"),
                Err(error) => break error,
            }
        };
        let problem = error.unreadable_answer().unwrap().cause::<PagesProblem>();
        assert!(
            matches!(problem, Some(PagesProblem::EmptyPage { .. })),
            "{switches}: {error}"
        );
        assert_eq!(count, if switches.starts_with("phantom") { 120 } else { 100 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_of_the_page_alone_is_not_taken_for_the_end_unheard() {
    let world = CmWorld::with("[cm.search]\ncap = 50\ntotal_hits = false").await;
    world.sim.cm().preload(120).unwrap();
    let collected = world.cm.pages(Search::new()).collect_up_to(1000).await.unwrap();
    // Such a server cannot be told from one that has no more; what came is what it said that there is.
    assert_eq!((collected.certificates.len(), collected.hits), (50, Some(50)));
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_are_added_meanwhile_are_noticed_and_none_comes_twice() {
    let world = CmWorld::with("[cm.search]\ncap = 50").await;
    world.sim.cm().preload(120).unwrap();
    let mut pages = world.cm.pages(Search::new());
    let mut seen = BTreeSet::new();
    while let Some(page) = pages.next().await.unwrap() {
        for record in page.certificates {
            assert!(seen.insert(record.certid.unwrap()), "twice");
        }
        if seen.len() == 50 {
            world.sim.cm().preload(30).unwrap();
        }
    }
    assert_eq!(seen.len(), 150);
    assert!(pages.shifted());
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_are_removed_meanwhile_are_noticed() {
    let world = CmWorld::with("[cm.search]\ncap = 50").await;
    world.sim.cm().preload(120).unwrap();
    let mut pages = world.cm.pages(Search::new());
    let first = pages.next().await.unwrap().unwrap();
    let gone = first.certificates[0].certid.clone().unwrap();
    let removed = world.cm.write(&RemoveCertificates::new(gone)).await.unwrap();
    assert!(removed.all_done());
    let mut seen: BTreeSet<CertId> = first
        .certificates
        .into_iter()
        .map(|record| record.certid.unwrap())
        .collect();
    while let Some(page) = pages.next().await.unwrap() {
        for record in page.certificates {
            assert!(seen.insert(record.certid.unwrap()), "twice");
        }
    }
    // The row that moved over the edge of a page was not seen, and that is told.
    assert_eq!(seen.len(), 119);
    assert!(pages.shifted());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newest_first_list_that_grows_shows_rows_again_but_gives_them_once() {
    let world = CmWorld::with("[cm.search]\ncap = 50").await;
    world.sim.cm().preload(120).unwrap();
    let mut pages = world.cm.pages(Search::new().descending(true));
    let mut seen = BTreeSet::new();
    while let Some(page) = pages.next().await.unwrap() {
        for record in page.certificates {
            assert!(seen.insert(record.certid.unwrap()), "twice");
        }
        if seen.len() == 50 {
            world.sim.cm().preload(10).unwrap();
        }
    }
    assert_eq!(seen.len(), 120);
    assert!(pages.shifted());
    assert_eq!(pages.repeated(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_can_be_cut_and_says_so() {
    let world = CmWorld::with("[cm.search]\ncap = 50").await;
    world.sim.cm().preload(120).unwrap();
    let collected = world.cm.pages(Search::new()).collect_up_to(60).await.unwrap();
    assert_eq!(
        (
            collected.certificates.len(),
            collected.hits,
            collected.is_complete,
            collected.shifted
        ),
        (60, Some(120), false, false)
    );
    assert_eq!(world.count("/certificates"), 2);
    let whole = world.cm.pages(Search::new()).collect_up_to(1000).await.unwrap();
    assert!(whole.is_complete && whole.certificates.len() == 120);
    let mut records = world.cm.pages(Search::new()).into_stream();
    let mut count = 0;
    while let Some(record) = records.next().await {
        record.unwrap();
        count += 1;
    }
    assert_eq!(count, 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_listed_can_be_revoked() {
    let world = CmWorld::start(CmSetup::default()).await;
    world.sim.cm().preload(3).unwrap();
    let page = world.cm.call(&Search::new()).await.unwrap();
    let mut certids = page.certificates.into_iter().map(|record| record.certid.unwrap());
    let mut call = Revoke::hold(certids.next().unwrap());
    for certid in certids {
        call = call.and(certid);
    }
    assert!(world.cm.write(&call).await.unwrap().all_done());
    let left = world.cm.call(&Search::new().not_revoked(true)).await.unwrap();
    assert_eq!(left.hits, Some(0));
}
