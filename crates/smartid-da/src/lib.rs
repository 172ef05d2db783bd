//! smartid-da
