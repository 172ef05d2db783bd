//! Signers, certificates and messages for the tests: keys of aws-lc-rs, certificates of rcgen, and a builder that writes each field of
//! a message for itself, so that one of them can be wrong.

#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each test file uses a part"
)]

mod messages;
mod officers;

use smartid_core::Timestamp;
use smartid_trust::cms::{CmsPolicy, SignedContent, SignedData};
use smartid_trust::{Reason, Unverified, Verified};

pub use messages::*;
pub use officers::*;

pub const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);
pub const CONTENT: &[u8] = b"the content that is signed\n";

pub type Outcome = Result<Verified<SignedContent>, Reason>;

pub fn verify(message: &[u8], policy: &CmsPolicy) -> Outcome {
    let message = SignedData::parse(message.to_vec()).map_err(|refusal| refusal.reason())?;
    verify_parsed(&message, policy)
}

pub fn verify_parsed(message: &Unverified<SignedData>, policy: &CmsPolicy) -> Outcome {
    message.verify(policy, NOW).map_err(|refusal| refusal.reason())
}

pub fn reason(message: &[u8], policy: &CmsPolicy) -> Option<Reason> {
    verify(message, policy).err()
}
