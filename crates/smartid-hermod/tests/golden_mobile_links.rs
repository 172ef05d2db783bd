//! Every golden mobile link.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::side::{Sample, samples};
use common::{answer, golden, text};
use smartid_core::SecretString;
use smartid_hermod::link::{MobileLink, MobileLinkKind, MobileLinkOptions};
use smartid_hermod::{HermodDialect, ImmediateResponse, LinkError};

/// What the fixture is made of, for a builder.
fn options(fixture: &Sample) -> MobileLinkOptions {
    let mut options = MobileLinkOptions::new();
    if let Some(scheme) = fixture.scheme.as_deref().filter(|scheme| *scheme != "personal") {
        options = options.scheme(scheme);
    }
    if let Some(title) = &fixture.title {
        options = options.title(title.clone());
    }
    if let Some(redirect) = &fixture.redirect {
        options = options.redirect(redirect.clone());
    }
    options
}

fn location(fixture: &Sample) -> String {
    let part = |part: &Option<String>| part.clone().unwrap();
    format!(
        "{}/{}/{}",
        part(&fixture.base),
        part(&fixture.bid),
        part(&fixture.mid)
    )
}

fn build(fixture: &Sample) -> Result<MobileLink, LinkError> {
    match fixture.kind.as_deref().unwrap() {
        "start" => MobileLink::start(&options(fixture)),
        "provision" => MobileLink::provision(&location(fixture), &options(fixture)),
        other => panic!("kind {other}"),
    }
}

#[test]
fn every_golden_link_is_read_or_refused_as_it_says() {
    let (mut accepted, mut refused) = (0, 0);
    for fixture in samples("mobile-links") {
        let name = &fixture.file;
        let link = text(&format!("mobile-links/{name}"));
        let outcome = match MobileLink::parse(&link) {
            Ok(_) => "accept",
            Err(_) => "refuse",
        };
        assert!(fixture.allows(outcome), "{name}: {outcome}");
        match MobileLink::parse(&link) {
            Err(error) => {
                let shown = format!("{error} {error:?}");
                for secret in ["3c0e7a52", "evil", "alert", "Golden"] {
                    assert!(!shown.contains(secret), "{name}: {shown}");
                }
                refused += 1;
            }
            // Only where the entry tells what is to be read.
            Ok(read) => {
                assert_eq!(format!("{read:?}"), "MobileLink(..)", "{name}");
                assert_eq!(read.expose(), link.trim(), "{name}");
                assert_eq!(read.scheme(), fixture.scheme.as_deref().unwrap(), "{name}");
                assert_eq!(read.title(), fixture.title.as_deref(), "{name}");
                let redirect = read.redirect().map(SecretString::expose);
                assert_eq!(redirect, fixture.redirect.as_deref(), "{name}");
                match (fixture.kind.as_deref().unwrap(), read.kind()) {
                    ("start", MobileLinkKind::Start) => assert!(read.location().is_none(), "{name}"),
                    ("provision", MobileLinkKind::Provision) => {
                        assert_eq!(read.base(), fixture.base.as_deref(), "{name}");
                        assert_eq!(
                            read.bid().map(|bid| bid.as_str()),
                            fixture.bid.as_deref(),
                            "{name}"
                        );
                        assert_eq!(
                            read.mid().map(|mid| mid.as_str()),
                            fixture.mid.as_deref(),
                            "{name}"
                        );
                        let shown = read.location().unwrap().expose();
                        assert!(shown.eq_ignore_ascii_case(&location(&fixture)), "{name}");
                    }
                    other => panic!("{name}: {other:?}"),
                }
                // Whatever was read can be made again, and reads the same.
                let built = build(&fixture).unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(built.constant_time_eq(&read), "{name}");
                assert!(
                    MobileLink::parse(built.expose()).unwrap().constant_time_eq(&read),
                    "{name}"
                );
                if fixture.writes {
                    assert_eq!(built.expose(), link, "{name}");
                }
                assert!(read.qr().is_ok(), "{name}");
                accepted += 1;
            }
        }
    }
    assert_eq!((accepted, refused), (40, 39), "no fixture is passed over");
}

/// The location of an answer makes a provisioning link without a token.
#[test]
fn an_answer_gives_the_link_of_its_first_location() {
    let dialect = HermodDialect::default();
    let read = |body: Vec<u8>| ImmediateResponse::read(&answer(200, body), &dialect.states).unwrap();
    let title = MobileLinkOptions::new().title("Golden test");
    let body = golden("responses/fido_session.json");
    let response = read(body.clone());
    let link = response.mobile_link(&title).unwrap();
    assert_eq!(link.expose(), text("mobile-links/qr_provision.txt"));
    assert!(!link.expose().contains(response.link().unwrap().token().expose()));
    assert_eq!(link.bid(), response.destinations[0].bid.as_ref());
    assert_eq!(link.mid(), response.destinations[0].mid.as_ref());
    let location = response.destinations[0].location.as_ref().unwrap();
    assert_eq!(link.location().unwrap().expose(), location.expose());

    for (from, to, says) in [
        ("\"location\":\"https", "\"location\":\"http", "not https"),
        ("\"location\":", "\"place\":", "no location"),
        ("\"destinations\":", "\"boxes\":", "no destination"),
    ] {
        let body = String::from_utf8(body.clone()).unwrap().replace(from, to);
        let response = read(body.into_bytes());
        let error = response.mobile_link(&title).map(drop).unwrap_err().to_string();
        assert!(
            error.contains(says) || says == "no location" && error.contains("no destination"),
            "{error}"
        );
        if let Some(destination) = response.destinations.first() {
            let error = destination.mobile_link(&title).map(drop).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("3c0e7a52"), "{error}");
        }
    }
}
