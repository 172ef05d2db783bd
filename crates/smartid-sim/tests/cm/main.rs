//! Protocol Gateway with the REST API of Certificate Manager, over real TLS with client certificates. What the tests send is typed from
//! the protocol notes; signatures are the simulator's own, of officers it has made.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod ast;
mod common;
mod download;
mod eui;
mod gateway;
mod golden;
mod inferred;
mod issue;
mod operations;
mod push;
mod revoke;
mod search;
mod servlets;
mod signing;
mod soft_tokens;
mod tls;
mod wire;
