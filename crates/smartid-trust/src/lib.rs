//! Signed evidence for Nexus Smart ID.

mod algorithm;
mod certificate;
pub mod cms;
mod der;
mod device_encryption;
mod evidence;
pub mod filter;
pub mod jws;
mod key;
pub mod path;
mod pbe;
mod pem;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
#[cfg(feature = "pkcs12")]
pub mod pkcs12;
mod reason;
pub mod request;
mod signer;

pub use algorithm::{AlgorithmSet, DigestAlgorithm, SignatureAlgorithm};
pub use certificate::{
    Attribute, AttributeType, BasicConstraints, Certificate, DistinguishedName, Extension, GeneralName,
    KeyUsage, KeyUsages, MAX_CERTIFICATE_LEN, Radix, SerialNumber, SerialNumberError,
};
pub use der::{Oid, OidError};
pub use evidence::{Check, Proof, Unverified, Verified, Verify};
pub use key::{Curve, KeyType, PublicKey};
pub use reason::{Reason, Refusal};
pub use signer::{MemorySigner, OfficerIdentity, OfficerSigner, SigningKey};
