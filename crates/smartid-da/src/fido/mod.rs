//! FIDO provisioning on behalf of a user: two calls, what they carry, and the check in between.
//!
//! 1. [`GetOptions`] asks Digital Access for creation options.
//! 2. The options go to the user's authenticator, byte for byte ([`CreationOptions::raw`]); a [`Registration`] comes back.
//! 3. [`preflight::check`] finds what is wrong with it before anything is sent.
//! 4. [`StoreCredential`] binds the credential to the user's account.
//!
//! Creation options and registrations are W3C Web Authentication JSON. Both are kept as the text that came, with a typed view beside
//! it for reading: what one side wrote and the other side hashes must not be written anew in between.

mod algorithm;
mod attestation;
mod attestation_statement;
mod auth_data;
mod cbor;
mod client_data;
mod cose;
mod excluded;
mod extension_outputs;
mod get_options;
mod options;
mod options_read;
mod options_view;
pub mod preflight;
pub(crate) mod reader;
mod registration;
mod registration_read;
mod report;
mod store_credential;
#[cfg(feature = "webauthn-rs-proto")]
pub mod webauthn_rs;

pub use algorithm::CoseAlgorithm;
pub use attestation::{AttestationError, AttestationObject};
pub use attestation_statement::{
    Attestation, AttestationFormat, AttestationKind, AttestationVerdict, AttestationWrong, ChainEntry,
    SignatureCheck, StatementNotChecked,
};
pub use auth_data::{Aaguid, AaguidError, AttestedCredential, AuthenticatorData, Flags};
pub use client_data::{ClientData, ClientDataError};
pub use cose::{CoseKey, KeyMaterial};
pub use excluded::ExcludedIds;
pub use get_options::GetOptions;
pub use options::{CreationOptions, OptionsError};
pub use options_view::{
    Attachment, AttestationPreference, CredentialDescriptor, OptionsView, ResidentKey, Transport,
    UserVerification,
};
pub use registration::{Registration, RegistrationError};
pub use report::Report;
pub use store_credential::{BodyForm, StoreCredential, Stored};
