//! smartid-core
