//! What a device's answer to each command says, one file per kind of answer. Nothing signed is opened here: it comes as
//! [`Unverified`](smartid_trust::Unverified).

mod certificate;
mod done;
mod jws;
mod pin_reset;
mod ping;
mod provision;
mod signature;

pub use certificate::CertificatesInstalled;
pub use done::Done;
pub use pin_reset::{PinResetChallenge, PinResetNonce, TransportError, TransportedKey};
pub use ping::DeviceInfo;
pub use provision::{
    AttestationKeys, ClaimedKey, ProvisionAnswer, ProvisionClaims, ProvisionExpectation, ProvisionPolicy,
    ProvisionRefusal, Provisioned, ProvisionedKey,
};
pub use signature::{
    Binding, OtherSignature, SignatureAnswer, SignatureData, SignatureExpectation, SignatureItem,
    SignaturePolicy, SignatureRefusal, SignedStatement, Signers, VerifiedSignature, VerifiedSigner,
};
