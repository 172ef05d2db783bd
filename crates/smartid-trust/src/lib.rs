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
mod pem;
mod reason;
pub mod request;
mod signer;

pub use algorithm::{AlgorithmSet, DigestAlgorithm, SignatureAlgorithm};
pub use certificate::{
    Attribute, AttributeType, BasicConstraints, Certificate, DistinguishedName, DistinguishedNameError,
    Extension, GeneralName, KeyUsage, KeyUsages, MAX_CERTIFICATE_LEN, Radix, SerialNumber, SerialNumberError,
};
pub use certificate::{AttributeComparison, AttributeError, CertificateAttribute};
pub use der::{Oid, OidError};
pub use device_encryption::{DeviceEncryptionCertificate, DeviceEncryptionError, DeviceEncryptionIssuer};
pub use evidence::{Check, Proof, Unverified, Verified, Verify};
pub use key::{Curve, KeyType, PublicKey};
pub use reason::{Reason, Refusal};
pub use signer::OfficerSigner;
