//! Every golden link.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::{index, text};
use smartid_hermod::PlugoutLink;

#[test]
fn every_golden_link_is_read_or_refused_as_it_says() {
    let mixed = PlugoutLink::parse(&text("links/mixed.txt")).unwrap();
    for fixture in index("links") {
        let name = &fixture.file;
        let link = text(&format!("links/{name}"));
        let read = PlugoutLink::parse(&link);
        match (fixture.outcome.as_deref().unwrap(), read) {
            ("refuse", Ok(_)) => panic!("{name} must be refused"),
            ("accept", Err(error)) => panic!("{name}: {error}"),
            (_, Err(error)) => assert!(!error.to_string().contains("51b7c9d0"), "{name}: {error}"),
            (_, Ok(read)) => {
                assert_eq!(read.expose(), link.trim(), "{name}");
                if let Some(token) = &fixture.token {
                    assert_eq!(read.token().expose(), token, "{name}");
                }
                if let Some(bid) = &fixture.bid {
                    assert_eq!(read.bid().as_str(), bid, "{name}");
                }
                if let (Some(base), Some(bid)) = (&fixture.base, &fixture.bid) {
                    assert_eq!(read.box_url(), format!("{base}/{bid}"), "{name}");
                    let same =
                        read.token().expose() == mixed.token().expose() && read.box_url() == mixed.box_url();
                    assert_eq!(read.constant_time_eq(&mixed), same, "{name}");
                }
            }
        }
    }
}
