//! Nothing but tests: see `tests/backend_switch.rs`.
