//! Client for Nexus Smart ID Certificate Manager behind Protocol Gateway.
//!
//! This crate is the place for the Certificate Manager REST API (search, issue, revoke, hold, reinstate, procedures, registrations)
//! with an officer's TLS certificate and the two-step CMS signature, for soft tokens over REST, AST and EUI, and for the receiver of
//! pushed certificates.
//!
//! **Nothing of that exists yet.** The crate is here because the facade will compose it with the two others and the arrows between the
//! crates are drawn: it will depend on `smartid-core` and `smartid-trust`, and on no other crate of the workspace.
