//! Signed evidence for Nexus Smart ID.
//!
//! This crate is the place for what turns signed bytes into facts: JWS and CMS signatures, certificate paths and purposes, PKCS #10
//! templates, PKCS #12 containers, the certificate filter, and officers' keys in memory and on PKCS #11 tokens. What a device sends
//! will be an `Unverified<T>` until a verifier of this crate has checked it.
//!
//! **Nothing of that exists yet.** The crate is here because the clients will depend on it and the arrows between the crates are
//! drawn: `smartid-core` below it, `smartid-hermod`, `smartid-cm` and `smartid-da` above. FIDO enrolment needs none of it: there the
//! relying party verifies the attestation, and the checks that come before are in `smartid-da`.
