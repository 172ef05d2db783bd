//! The operations of the REST API, one file each (protocol notes: cm 5).

mod details;
mod download;
mod issue;
mod procedures;
mod reinstate;
mod revoke;
mod search;
