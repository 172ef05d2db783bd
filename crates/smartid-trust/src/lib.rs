//! smartid-trust
