//! What a device's answer to each command says, one file per kind of answer. Nothing signed is opened here: it comes as
//! [`Unverified`](smartid_trust::Unverified).

mod done;
mod pin_reset;
mod ping;

pub use done::Done;
pub use pin_reset::{PinResetChallenge, PinResetNonce, TransportError, TransportedKey};
pub use ping::DeviceInfo;
