//! What a device's answer to each command says, one file per kind of answer. Nothing signed is opened here: it comes as
//! [`Unverified`](smartid_trust::Unverified).

mod ping;
mod signature;

pub use ping::DeviceInfo;
pub use signature::{
    Binding, OtherSignature, SignatureAnswer, SignatureData, SignatureExpectation, SignatureItem,
    SignaturePolicy, SignatureRefusal, SignedStatement, Signers, VerifiedSignature, VerifiedSigner,
};
