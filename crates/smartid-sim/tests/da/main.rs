//! Digital Access as an access point: tokens, browsers, apps, the OpenID provider. What the tests send is typed from the protocol notes and
//! the RFCs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "../browser/mod.rs"]
mod browser;
#[path = "../common/mod.rs"]
mod common;
#[path = "../devices/mod.rs"]
mod devices;
mod logins;
mod oauth;
mod oauth_hostile;
mod oidc;
mod oidc_hostile;
mod personal;
mod personal_client;
mod personal_hostile;
mod portal;
mod routes;
