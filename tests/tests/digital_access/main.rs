//! Digital Access from end to end: our clients against the simulated access point, over real HTTPS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod entra;
mod forwarding;
mod hostile_registrations;
mod oauth_tokens;
mod oidc_login;
mod personal_login;
mod portal_session;
