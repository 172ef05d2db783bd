//! CMS SignedData (RFC 5652 5), which PKCS #7 messages are too: read, verified, made.
//!
//! A signing command of Hermod asks for `format: "pkcs7"` (vendor page: Example: Personal Desktop Client signing, documented). A write
//! operation of the Certificate Manager wants the data that it handed out back as SignedData of an officer: content embedded, binary,
//! DER, signer certificate included (vendor page: Certificate Manager (CM) REST API, documented; the form observed in four public
//! clients). So this module verifies what devices send, in BER as Java producers write it, and makes what the Certificate Manager reads.
//!
//! ```
//! # let officer = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.pem"));
//! # let message = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/signed-message.pem"));
//! use smartid_core::Timestamp;
//! use smartid_trust::cms::{CmsPolicy, SignedData};
//! use smartid_trust::{Certificate, Check, Reason};
//!
//! let officer = Certificate::from_pem(officer)?;
//! let message = SignedData::parse_pem(message)?;
//! let now = Timestamp::from_millis(1_800_000_000_000);
//!
//! let policy = CmsPolicy::named_certificates(vec![officer]);
//! let verified = message.verify(&policy, now)?;
//! assert_eq!(verified.fact().content, "approve request 7");
//! assert!(verified.proof().was_checked(Check::KeyNamedByVerifier));
//! assert!(verified.proof().not_checked.contains(&Check::Chain));
//!
//! let policy = policy.expecting_content("approve request 8");
//! assert_eq!(message.verify(&policy, now).unwrap_err().reason(), Reason::ContentUnexpected);
//! # Ok::<(), smartid_trust::Refusal>(())
//! ```
//!
//! # What is checked
//!
//! * The content: embedded, or supplied by the caller when it is detached. When both are there they must be the same bytes.
//! * Each signer: its certificate is found by issuer and serial number or by subject key identifier, among the certificates of the
//!   message and those that the verifier supplied; its algorithms are on the verifier's list, fit its key, and name one digest.
//! * Signed attributes, when there are any: content type and message digest, each once with one value, equal to the content's. The
//!   signature is checked over the attributes as they were sent and, when that fails, in the order of DER. A signing certificate
//!   attribute (RFC 5035) that can be read must name the certificate that was found. Without signed attributes only content of type
//!   `id-data` is accepted, because nothing else binds the type (RFC 5652 5.3).
//! * Trust: a chain to a configured root for the purpose of the policy, or a certificate or key that the verifier named.
//!
//! Counter signatures and other unsigned attributes, attribute certificates and revocation lists in the message are read over. The
//! signing time is what the signer claims; the message is judged as of the time that the caller gives.
//!
//! # What is refused although a standard may allow it
//!
//! SHA-1, MD5, SHA-224 and SHA-3; DSA and the plain form of ECDSA; RSA-PSS whose mask has another digest than the message; a digest of
//! the content other than that of the signature; versions that neither RFC 2315 nor RFC 5652 names; two certificates that both pass as
//! the signer's; tags above 30; BER nested deeper than 32 or with more than 65 536 elements; more than 64 signers, 128 certificates or
//! 64 attributes of one signer; more than [`MAX_MESSAGE_LEN`] bytes; Ed25519 signatures without signed attributes whose content would
//! have to be read for more than 64 MiB together; signers behind 16 others whose chain was refused; names above 4 KiB that are the same only after letters are made equal.
//!
//! # Signed attributes that come as content
//!
//! What is signed is either the content or the encoding of the signed attributes, and the signature does not say which. Whoever has a
//! message with signed attributes can therefore present the encoding of its attributes as the content of a message without any, with
//! the same signature. Content without signed attributes is for that reason refused when it is a SET in which the message digest
//! attribute occurs ([`Reason::AttributesAsContent`](crate::Reason::AttributesAsContent)), and [`sign`] does not sign such content
//! without attributes either. A verifier that knows that its
//! signers send attributes does well to say so: [`CmsPolicy::demanding_signed_attributes`].

mod attributes;
mod candidates;
mod fact;
mod make;
mod message;
mod policy;
mod search;
mod signer_info;
mod verify;

pub use fact::{SignedContent, SignerProof, SignerReport};
pub use make::{SignOptions, sign, sign_blocking_on};
pub use message::{MAX_MESSAGE_LEN, SignedData};
pub use policy::CmsPolicy;
pub use signer_info::SignerIdentifier;

use crate::Oid;

pub(crate) const ID_DATA: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]);
pub(crate) const ID_SIGNED_DATA: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2]);
