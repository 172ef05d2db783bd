//! The operations of the REST API, one file each (protocol notes: cm 5).

pub(super) mod attribute_certificate;
mod details;
mod download;
mod import;
mod issue;
mod issuers;
mod pkcs12;
pub(super) mod procedures;
pub(super) mod registrations;
mod reinstate;
mod remove;
mod revoke;
mod search;
pub(super) mod signing_authority;
