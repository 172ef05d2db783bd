//! Soft tokens over AST against whatever may come, and on the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod answers;
#[path = "../common/mod.rs"]
mod common;
mod log;
mod properties;
mod requests;
mod settings;
mod wire;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid_core::Incoming;

/// An octet string that begins as a container does.
const CONTAINER: &[u8] = b"\x30\x81\x15\x02\x01\x03\x30\x10canary-container";

fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Incoming {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    let body = Bytes::copy_from_slice(body.as_ref());
    Incoming::new(StatusCode::from_u16(status).unwrap(), map, body)
}
