//! smartid-hermod
