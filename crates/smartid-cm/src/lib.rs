//! smartid-cm
