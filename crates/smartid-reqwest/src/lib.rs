//! smartid-reqwest
