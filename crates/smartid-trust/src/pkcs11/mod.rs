//! Keys on smart cards and in security modules, through PKCS #11.
//!
//! An officer's key usually lives on a card that never gives it away. [`Pkcs11Module::signer`] finds a key and its certificate on a
//! token and makes an [`OfficerSigner`](crate::OfficerSigner) of them, which serves for messages and, through
//! [`OfficerIdentity`](crate::OfficerIdentity), for TLS.
//!
//! * A module is initialised once per process (PKCS #11 5.4) and never finalised: other users of it in the same process keep working.
//!   After a `fork` the child must not use it.
//! * A signer has one session behind a lock, because a token does one thing at a time anyway. A session that was lost (card taken out
//!   and put back, another program that logged everyone out) is opened again once for each signature.
//! * A wrong PIN is never tried twice, by whatever signer of the process: cards lock after three. A configured PIN is not spent on the
//!   last try that a token reports, because a service that restarts in a loop would lock the card.
//! * Every signature is verified with the certificate's key before it is handed out, so that a certificate that belongs to another key
//!   of the token is noticed here and not at the server.
//!
//! Every call may block for as long as a card or a person takes: use [`Runtime::run_blocking`](smartid_core::Runtime::run_blocking).

mod failure;
mod locate;
mod mechanism;
mod module;
mod pin;
mod select;
mod signer;

pub use module::{Pkcs11Module, TokenInfo};
pub use pin::{Pin, PinSource};
pub use select::{KeySelector, TokenSelector};
pub use signer::Pkcs11Signer;
