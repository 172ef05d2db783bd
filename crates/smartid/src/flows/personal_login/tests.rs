//! Rules that no network is needed for.
