//! smartid
