//! Soft tokens from end to end: asked for over REST, AST and EUI from simulated Protocol Gateway, over real TLS, opened, and used.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod ast;
mod ast_answers;
mod ast_headers;
mod direct_use;
mod eui;
mod lost;
mod parallel;
mod passwords;
mod profiles;
mod refusals;
mod rest;

use smartid::Error;
use smartid::cm::soft_token::{SoftTokenProblem, UnusableSoftToken};

/// The path of soft tokens over the REST API.
const PKCS12: &str = "/certificates/pkcs12";

/// The path of AST without a handler.
const AST: &str = "/pgwy/ast";

/// What an answer was that should have been a token.
fn unusable(error: &Error) -> &UnusableSoftToken {
    let unreadable = error
        .unreadable_answer()
        .unwrap_or_else(|| panic!("it was read: {error}; {error:?}"));
    unreadable
        .cause()
        .unwrap_or_else(|| panic!("another cause: {unreadable}; {unreadable:?}"))
}

/// What is wrong with it.
fn problem(error: &Error) -> SoftTokenProblem {
    unusable(error).problem()
}
