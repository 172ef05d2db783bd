//! Where things stand in a device's answer to each command. Callback bodies are not published, so every place is a setting; pointers
//! begin at the whole report, and those of a provisioning answer's payload at that payload.

mod pin_reset;
mod ping;
mod provision;
mod signature;

use serde::{Deserialize, Serialize};
use smartid_core::Evidence;

pub use pin_reset::{PinResetAnswerDialect, TransportedKeyForm};
pub use ping::PingAnswerDialect;
pub use provision::{PayloadDialect, ProvisionAnswerDialect};
pub use signature::{
    CoversWithoutTbs, SignatureAnswerDialect, SignatureCovers, SignatureFormatNames, SignaturePayloadDialect,
};

/// How the answers to the commands are read. FIDO answers have their settings with the FIDO commands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AnswersDialect {
    /// The signed answer to a provision command.
    pub provision: ProvisionAnswerDialect,
    /// The signature that a sign or an authenticate command brings.
    pub signature: SignatureAnswerDialect,
    /// The answer to a startpinreset command.
    pub pin_reset: PinResetAnswerDialect,
    /// The answer to a ping.
    pub ping: PingAnswerDialect,
}

pub(super) const EVIDENCE: &[&[Evidence]] = &[
    provision::EVIDENCE,
    signature::EVIDENCE,
    pin_reset::EVIDENCE,
    ping::EVIDENCE,
];
