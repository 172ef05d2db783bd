//! Ways through many pages: how much memory they take, what an error and a lost call cost, and where they end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use common::client;
use http::{HeaderMap, StatusCode};
use smartid_cm::operations::Search;
use smartid_cm::{CertificateManager, CmDialect, Pages, PagesProblem};
use smartid_core::{
    BoxFuture, Incoming, ManualRuntime, Outgoing, ServiceUrl, Timestamp, Transport, TransportError,
    TransportProblem,
};

fn ok(body: String) -> Result<Incoming, TransportError> {
    Ok(Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body)))
}

/// The parameters of a request.
fn asked(outgoing: &Outgoing) -> (u64, u64) {
    let target = outgoing.target();
    let query = target.split_once('?').unwrap().1;
    let query: BTreeMap<_, _> = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .collect();
    let number = |name: &str| query.get(name).map_or(0, |text| text.parse().unwrap());
    (number("searchLimit"), number("searchOffset"))
}

fn page(hits: u64, ids: impl IntoIterator<Item = u64>) -> String {
    let mut body = format!(r#"{{"error":0,"msg":"","searchHits":{hits},"certificates":["#);
    for (index, id) in ids.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(
            body,
            r#"{comma}{{"certid":"{id}","status":"active","validto":2524607999000,"subject":"CN=Türschloss {id}"}}"#
        )
        .unwrap();
    }
    body.push_str("]}");
    body
}

/// A database of so many certificates behind a server with this cap.
fn database(total: u64, cap: u64) -> impl FnMut(&Outgoing) -> Result<Incoming, TransportError> + Send {
    move |outgoing| {
        let (limit, offset) = asked(outgoing);
        ok(page(total, offset..total.min(offset + limit.min(cap))))
    }
}

fn count(total: u64) -> (u64, u64) {
    let (cm, runtime) = client(CmDialect::default(), database(total, 500));
    let mut pages = cm.pages(Search::new());
    let mut seen = 0;
    runtime
        .block_on(async {
            while let Some(page) = pages.next().await.unwrap() {
                for record in page.certificates {
                    assert_eq!(record.certid.unwrap().as_str(), seen.to_string());
                    seen += 1;
                }
            }
        })
        .unwrap();
    assert!(pages.is_over() && !pages.shifted());
    (seen, pages.repeated())
}

#[test]
fn a_hundred_thousand_certificates_take_no_more_memory_than_one_page() {
    let peak = |total| {
        let measured = measure(|| assert_eq!(count(total), (total, 0)));
        measured.bytes_max
    };
    let few = peak(2_000);
    let many = peak(100_000);
    println!("peak {few} bytes for 2 000 certificates, {many} for 100 000");
    assert!(many < few + few / 20, "{many} bytes for many, {few} for few");
    assert!(many < 4 * 1024 * 1024, "{many} bytes");
}

#[test]
fn a_server_with_a_smaller_cap_is_gone_along_with() {
    let (cm, runtime) = client(CmDialect::default(), database(1_001, 7));
    let collected = runtime
        .block_on(cm.pages(Search::new()).page_size(100).collect_up_to(2_000))
        .unwrap()
        .unwrap();
    assert_eq!(collected.certificates.len(), 1_001);
    assert!(collected.is_complete && !collected.shifted);
    assert_eq!(collected.hits, Some(1_001));
}

#[test]
fn ten_thousand_rows_on_one_page_are_one_page() {
    let (cm, runtime) = client(CmDialect::default(), database(10_000, u64::MAX));
    let mut pages = cm.pages(Search::new()).page_size(10_000);
    let page = runtime.block_on(pages.next()).unwrap().unwrap().unwrap();
    assert_eq!(page.certificates.len(), 10_000);
    assert!(pages.is_over());
    assert!(runtime.block_on(pages.next()).unwrap().unwrap().is_none());
}

#[test]
fn there_are_no_more_than_were_asked_for() {
    let limits = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&limits);
    let mut database = database(1_000, 500);
    let (cm, runtime) = client(CmDialect::default(), move |outgoing| {
        seen.lock().unwrap().push(asked(outgoing));
        database(outgoing)
    });
    let collect = |pages: Pages, most| runtime.block_on(pages.collect_up_to(most)).unwrap().unwrap();
    let collected = collect(cm.pages(Search::new().limit(100).offset(50)), 250);
    assert_eq!(collected.certificates.len(), 250);
    assert!(!collected.is_complete);
    assert_eq!(*limits.lock().unwrap(), [(100, 50), (100, 150), (50, 250)]);
    assert_eq!(collect(cm.pages(Search::new()), 1_000).certificates.len(), 1_000);
    assert!(collect(cm.pages(Search::new()), 1_000).is_complete);
    assert!(!collect(cm.pages(Search::new()), 999).is_complete);
    limits.lock().unwrap().clear();
    assert!(collect(cm.pages(Search::new()), 0).certificates.is_empty());
    assert_eq!(
        collect(cm.pages(Search::new()).at_most(3), 10).certificates.len(),
        3
    );
    assert_eq!(limits.lock().unwrap().len(), 1, "nothing is asked for nothing");
    // A server that gives more than it was asked for.
    let (cm, runtime) = client(CmDialect::default(), |_: &Outgoing| ok(page(1_000, 0..1_000)));
    let collected = runtime
        .block_on(cm.pages(Search::new()).collect_up_to(10))
        .unwrap()
        .unwrap();
    assert_eq!(collected.certificates.len(), 10);
    assert!(!collected.is_complete, "the rest was cut off");
}

#[test]
fn after_an_error_the_same_page_is_asked_for_again() {
    let mut fails = 1;
    let mut database = database(5, 2);
    let (cm, runtime) = client(CmDialect::default(), move |outgoing| {
        if asked(outgoing).1 == 2 && fails > 0 {
            fails -= 1;
            let untrusted = TransportProblem::UntrustedServer;
            return Err(TransportError::new(untrusted, "for the moment"));
        }
        database(outgoing)
    });
    let mut pages = cm.pages(Search::new());
    let mut ids = Vec::new();
    let mut errors = 0;
    runtime
        .block_on(async {
            loop {
                match pages.next().await {
                    Ok(Some(page)) => {
                        ids.extend(page.certificates.into_iter().map(|record| record.certid.unwrap()))
                    }
                    Ok(None) => break,
                    Err(_) => errors += 1,
                }
            }
        })
        .unwrap();
    let ids: Vec<_> = ids.iter().map(|certid| certid.as_str()).collect();
    assert_eq!((ids, errors), (vec!["0", "1", "2", "3", "4"], 1));
}

fn problem(pages: &mut Pages, runtime: &ManualRuntime) -> (usize, PagesProblem) {
    let mut given = 0;
    for _ in 0..10_000 {
        match runtime.block_on(pages.next()).unwrap() {
            Ok(Some(page)) => given += page.certificates.len(),
            Ok(None) => panic!("it ended as if all were there"),
            Err(error) => {
                let cause = error.unreadable_answer().unwrap().cause::<PagesProblem>();
                assert!(!error.advice().check.is_empty());
                return (given, *cause.unwrap());
            }
        }
    }
    panic!("it goes on for ever")
}

#[test]
fn a_server_that_passes_over_the_offset_does_not_go_on_for_ever() {
    let (cm, runtime) = client(CmDialect::default(), |_: &Outgoing| ok(page(1_000_000, [1, 2])));
    let mut pages = cm.pages(Search::new());
    for _ in 0..2 {
        let (given, found) = problem(&mut pages, &runtime);
        assert!(
            matches!(found, PagesProblem::PageAgain { offset: 2, .. }),
            "{found:?}"
        );
        assert!(given <= 2);
    }
    assert_eq!(pages.given(), 2);
    // Not even when it does not tell how many there are, and goes round in a circle.
    let (cm, runtime) = client(CmDialect::default(), |outgoing: &Outgoing| {
        let (_, offset) = asked(outgoing);
        let body = page(0, [offset / 2 % 5 * 2, offset / 2 % 5 * 2 + 1]);
        ok(body.replace(r#""searchHits":0,"#, ""))
    });
    let (given, found) = problem(&mut cm.pages(Search::new()), &runtime);
    assert!(matches!(found, PagesProblem::PageAgain { .. }), "{found:?}");
    assert!((10..40).contains(&given), "{given}");
}

#[test]
fn an_empty_page_is_the_end_only_when_the_total_agrees() {
    let (cm, runtime) = client(CmDialect::default(), |outgoing: &Outgoing| {
        let (_, offset) = asked(outgoing);
        ok(if offset == 0 { page(9, [1, 2]) } else { page(9, []) })
    });
    let (given, found) = problem(&mut cm.pages(Search::new()), &runtime);
    assert!(
        matches!(
            found,
            PagesProblem::EmptyPage {
                offset: 2,
                hits: 9,
                ..
            }
        ),
        "{found:?}"
    );
    assert_eq!(given, 2);
    // Without a total an empty page is all there is to go by.
    let (cm, runtime) = client(CmDialect::default(), |outgoing: &Outgoing| {
        let (_, offset) = asked(outgoing);
        let rows = if offset == 0 { vec![1, 2] } else { vec![] };
        ok(page(0, rows).replace(r#""searchHits":0,"#, ""))
    });
    let collected = runtime
        .block_on(cm.pages(Search::new()).collect_up_to(10))
        .unwrap()
        .unwrap();
    assert_eq!((collected.certificates.len(), collected.hits), (2, None));
    assert!(!collected.is_complete, "nobody said so");
}

#[test]
fn certificates_that_move_on_are_given_once_and_told() {
    // Before the second page one certificate is issued in front of all others.
    let (cm, runtime) = client(CmDialect::default(), |outgoing: &Outgoing| {
        let (limit, offset) = asked(outgoing);
        let ids: Vec<u64> = if offset == 0 {
            (10..16).collect()
        } else {
            (9..16).collect()
        };
        let end = ids.len().min(usize::try_from(offset + limit).unwrap());
        ok(page(
            ids.len() as u64,
            ids[usize::try_from(offset).unwrap()..end].iter().copied(),
        ))
    });
    let mut pages = cm.pages(Search::new().limit(3));
    let mut ids = Vec::new();
    runtime
        .block_on(async {
            while let Some(page) = pages.next().await.unwrap() {
                ids.extend(page.certificates.into_iter().map(|record| record.certid.unwrap()));
            }
        })
        .unwrap();
    let ids: Vec<_> = ids.iter().map(|certid| certid.as_str()).collect();
    assert_eq!(ids, ["10", "11", "12", "13", "14", "15"]);
    assert_eq!(
        (pages.repeated(), pages.shifted(), pages.hits()),
        (1, true, Some(7))
    );
}

#[test]
fn one_by_one_until_the_end_or_an_error() {
    let (cm, runtime) = client(CmDialect::default(), database(1_234, 500));
    let mut records = cm.pages(Search::new()).into_stream();
    let mut seen = 0;
    runtime
        .block_on(async {
            while let Some(record) = records.next().await {
                assert_eq!(record.unwrap().certid.unwrap().as_str(), seen.to_string());
                seen += 1;
            }
            assert!(records.next().await.is_none());
        })
        .unwrap();
    assert_eq!(seen, 1_234);
    let (cm, runtime) = client(CmDialect::default(), |_: &Outgoing| ok(page(10, [1, 2])));
    let mut records = cm.pages(Search::new()).into_stream();
    runtime
        .block_on(async {
            assert!(records.next().await.unwrap().is_ok());
            assert!(records.next().await.unwrap().is_ok());
            assert!(records.next().await.unwrap().is_err());
            assert!(records.next().await.is_none(), "an error is the last item");
        })
        .unwrap();
}

/// Lets the second request hang.
#[derive(Debug)]
struct Hanging(Mutex<u64>);

impl Transport for Hanging {
    fn send<'a>(
        &'a self,
        _: &'a ServiceUrl,
        request: Outgoing,
    ) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        if *count == 2 {
            return Box::pin(std::future::pending());
        }
        let answer = database(5, 2)(&request);
        Box::pin(std::future::ready(answer))
    }
}

#[test]
fn a_call_that_is_dropped_loses_nothing() {
    let runtime = ManualRuntime::new(Timestamp::from_millis(0));
    let cm = CertificateManager::builder(common::BASE)
        .build(Arc::new(Hanging(Mutex::new(0))), Arc::new(runtime.clone()))
        .unwrap();
    let mut pages = cm.pages(Search::new());
    assert_eq!(
        runtime.block_on(pages.next()).unwrap().unwrap().unwrap().offset,
        0
    );
    {
        let mut dropped = Box::pin(pages.next());
        let mut context = Context::from_waker(Waker::noop());
        assert!(dropped.as_mut().poll(&mut context).is_pending());
    }
    let page = runtime.block_on(pages.next()).unwrap().unwrap().unwrap();
    assert_eq!(
        (
            page.offset,
            page.certificates[0].certid.as_ref().unwrap().as_str()
        ),
        (2, "2")
    );
    // One by one, a dropped call is gone on with.
    let cm = CertificateManager::builder(common::BASE)
        .build(Arc::new(Hanging(Mutex::new(2))), Arc::new(runtime.clone()))
        .unwrap();
    let mut records = cm.pages(Search::new()).into_stream();
    drop(Box::pin(records.next()));
    let first = runtime.block_on(records.next()).unwrap().unwrap().unwrap();
    assert_eq!(first.certid.unwrap().as_str(), "0");
}

#[cfg(feature = "stream")]
#[test]
fn the_records_are_a_stream() {
    use std::pin::Pin;
    use std::task::Poll;

    use futures_core::Stream;

    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let (cm, runtime) = client(CmDialect::default(), database(3, 2));
    let mut records = is_send(cm.pages(Search::new()).into_stream());
    let count = runtime
        .block_on(std::future::poll_fn(|context| {
            let mut count = 0;
            while let Poll::Ready(Some(record)) = Pin::new(&mut records).poll_next(context) {
                record.unwrap();
                count += 1;
            }
            Poll::Ready(count)
        }))
        .unwrap();
    assert_eq!(count, 3);
}
