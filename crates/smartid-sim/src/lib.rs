//! smartid-sim
