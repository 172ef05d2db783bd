//! Signed evidence for Nexus Smart ID: what turns signed bytes into facts.
//!
//! Messaging's callbacks carry the device's raw signature, because the integrator is expected to verify it; Certificate Manager's write
//! operations want a signature from an officer; Digital Access maps a certificate to a user. This crate does all three sides of that:
//!
//! * [`jws`]: JWS in compact form, verified with a JWK set or an `x5c` chain, and made.
//! * [`cms`]: CMS SignedData, verified as OpenSSL, Java and Windows make it, and made as Certificate Manager wants it.
//! * [`path`]: which certificates are believed, and for what; [`Certificate`] reads them.
//! * [`request`]: PKCS #10 templates for provisioning, and the check of what the device sends back.
//! * [`filter`]: the certificate filter of Messaging and Digital Access.
//! * [`OfficerSigner`]: keys that sign for us, in memory or on a smart card.
//!
//! # The one rule
//!
//! Nothing a device says is believed before it is verified. Parsing gives an [`Unverified`] value that shows nothing of its content;
//! [`Unverified::verify`] checks it against a policy, as of a time that the caller gives, and makes a [`Verified`] value with its
//! [`Proof`]: the key, the chain, the time, what was checked, and what was not. Reading without checking takes a method with `danger`
//! in its name.
//!
//! # Threat model
//!
//! The message is the attacker's. So the algorithm comes from the verifier's [`AlgorithmSet`] and the key's type, never from the message
//! alone; keys come from the verifier's set or from a chain to a configured root, never from the message; every length, depth and count
//! has a cap, and nothing panics. The attacker may also have real certificates of the same CA for other purposes: a [`path::Purpose`]
//! says which will do, and the roots are those that were configured, never the system's.
//!
//! Not covered: who may do what. A verified signer is a name, a key and a chain; whether that person may is the application's to
//! decide. Private keys in memory are zeroed when they are dropped as far as they are ours; copies inside aws-lc are freed by it.
//!
//! # Reasons for the defaults
//!
//! * SHA-1, MD5, RSA below 2048 bits, unnamed curves: refused, without a switch. The one exception is a request's self-signature made
//!   from a template of the vendor's, which an explicit policy accepts.
//! * RSA with PKCS #1 v1.5 is on the list: the published attestation key is RS256, and officers' cards do nothing else.
//! * Every signer of a CMS message must verify, unless the caller says that one is enough: a second signature that nobody checks is a
//!   way to show one thing and prove another.
//! * Revocation is checked where a list is given, and reported as not checked where none is: an installation without lists can begin,
//!   and nobody believes that something was looked at which was not.
//! * The path validator is rustls-webpki's. It refuses what it does not know, such as critical policies; an installation that needs
//!   those plugs another [`path::ChainVerifier`] in.
#![cfg_attr(docsrs, feature(doc_cfg))]

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
    Attribute, AttributeType, BasicConstraints, Certificate, DistinguishedName, DistinguishedNameError,
    Extension, GeneralName, KeyUsage, KeyUsages, MAX_CERTIFICATE_LEN, Radix, SerialNumber, SerialNumberError,
};
pub use certificate::{AttributeComparison, AttributeError, CertificateAttribute};
pub use der::{Oid, OidError};
pub use device_encryption::{DeviceEncryptionCertificate, DeviceEncryptionError, DeviceEncryptionIssuer};
pub use evidence::{Check, Proof, Unverified, Verified, Verify};
pub use key::{Curve, KeyType, PublicKey};
pub use reason::{Reason, Refusal};
pub use signer::{MemorySigner, OfficerIdentity, OfficerSigner, SigningError, SigningKey};
