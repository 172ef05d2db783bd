//! Signed evidence for Nexus Smart ID: what turns signed bytes into facts.
//!
//! Messaging's callbacks carry the device's raw signature, because the integrator is expected to verify it; Certificate Manager's write
//! operations want a signature from an officer; Digital Access maps a certificate to a user. This crate does all three sides of that:
//!
//! * [`jws`]: JWS in compact form, verified with a JWK set or an `x5c` chain, and made.
//! * [`cms`]: CMS SignedData, verified as OpenSSL, Java and Windows make it, and made as Certificate Manager wants it.
//! * [`raw`]: signatures that are nothing but octets, over content that the verifier has.
//! * [`path`]: which certificates are believed, and for what; [`Certificate`] reads them.
//! * [`request`]: PKCS #10 templates for provisioning, and the check of what the device sends back.
//! * [`filter`]: the certificate filter of Messaging and Digital Access.
//! * [`password`]: passwords for soft tokens, printable and with their entropy stated.
//! * [`OfficerSigner`]: keys that sign for us, in memory or on a smart card.
//!
//! # The one rule
//!
//! Nothing a device says is believed before it is verified. Parsing gives an [`Unverified`] value that shows nothing of its content;
//! [`Unverified::verify`] checks it against a policy, as of a time that the caller gives, and makes a [`Verified`] value with its
//! [`Proof`]: the key, the chain, the time, what was checked, and what was not. Reading without checking takes a method with `danger`
//! in its name.
//!
//! A [`Certificate`] alone is the exception: it can be read before it is verified, because certificates must be listed, shown and
//! configured. What it says counts for a decision once it was verified: it stands in a [`Proof::chain`], or came out of
//! [`path::ChainPolicy::verify`].
//!
//! ```
//! # let root_pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/root.pem"));
//! # let message = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/signed-message.pem"));
//! # let officer = Certificate::from_pem(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.pem")))?;
//! # let now = smartid_core::Timestamp::from_millis(1_800_000_000_000);
//! use std::sync::Arc;
//!
//! use smartid_trust::cms::{CmsPolicy, SignedData};
//! use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
//! use smartid_trust::{Certificate, Check};
//!
//! // Made once, and kept: whom we believe, for what.
//! let verifier = WebpkiVerifier::builder().roots(Certificate::list_from_pem(root_pem)?).build()?;
//! let signers = Arc::new(ChainPolicy::new(Arc::new(verifier), Purpose::signing()));
//!
//! // For each message: what we asked to be signed, and the time.
//! let policy = CmsPolicy::certificates(signers).expecting_content("approve request 7");
//! # let policy = policy.with_certificates(vec![officer]);
//! let verified = SignedData::parse_pem(message)?.verify(&policy, now)?;
//! let signer = verified.proof().signer().expect("a chain was asked for");
//! assert_eq!(signer.subject().to_string(), "CN=Officer One,O=Example");
//! assert!(!verified.proof().was_checked(Check::RevocationOfSigner), "no lists were given");
//! # Ok::<(), smartid_trust::Refusal>(())
//! ```
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
//!
//! # What is refused although it is valid
//!
//! Each refusal has a [`Reason`] with an [advice](Reason::advice). Those that meet something valid are listed where they belong: chains,
//! certificates and revocation lists at [`path::WebpkiVerifier`], messages in [`cms`], requests in [`request`]. In general:
//!
//! * keys other than RSA of 2048 to 8192 bits with an odd exponent of at most 33 bits, points of P-256, P-384 and P-521 (on a named
//!   curve), and Ed25519; Ed25519 keys of small order;
//! * digests other than SHA-256, -384 and -512;
//! * of JWS: every `crit`, payloads that are not encoded (`b64`), `jwk`, `jku` and `x5u` unless
//!   [told otherwise](jws::JwsPolicy::ignoring_key_sources), shared secrets, Ed448, names that stand twice, no `kid` where several keys
//!   fit, more than 4 MiB, a header above 512 KiB, ten certificates or 256 keys, a JWK whose `keystate` is not `active`;
//! * encodings that are not DER where the standard demands DER: only messages, templates and PKCS #12 containers may be BER.
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
pub mod password;
pub mod path;
mod pbe;
mod pem;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
#[cfg(feature = "pkcs12")]
pub mod pkcs12;
mod random;
pub mod raw;
mod reason;
pub mod request;
mod signer;
mod soft_token;

pub use algorithm::{AlgorithmSet, DigestAlgorithm, SignatureAlgorithm};
pub use certificate::{
    Attribute, AttributeType, BasicConstraints, Certificate, DistinguishedName, DistinguishedNameError,
    Extension, Fingerprint, FingerprintError, GeneralName, KeyUsage, KeyUsages, MAX_CERTIFICATE_LEN, Radix,
    SerialNumber, SerialNumberError,
};
pub use certificate::{AttributeComparison, AttributeError, CertificateAttribute};
pub use der::{Oid, OidError};
pub use device_encryption::{DeviceEncryptionCertificate, DeviceEncryptionError, DeviceEncryptionIssuer};
pub use evidence::{Check, Proof, Unverified, Verified, Verify};
pub use key::{Curve, KeyType, PublicKey, RsaEncryption};
pub use reason::{Reason, Refusal};
pub use signer::{MemorySigner, OfficerIdentity, OfficerSigner, SigningError, SigningKey, chain_of};
pub use soft_token::SoftToken;
