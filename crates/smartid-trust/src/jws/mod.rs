//! JWS in compact form (RFC 7515), as the Smart ID apps answer and as visual ID cards are signed.
//!
//! A message says by itself which algorithm it was signed with and which key to check it with; each of these statements has been used
//! to deceive verifiers. So nothing in a message chooses anything: the algorithm must be on the verifier's list and fit the key, the
//! key is one that the verifier has, or that of a certificate whose chain the verifier's [`ChainPolicy`](crate::path::ChainPolicy)
//! validates. What has more than one reading (base64 with padding, names that stand twice, white space) is refused.
//!
//! ```
//! use smartid_core::Timestamp;
//! use smartid_trust::jws::{JwkSet, Jws, JwsPolicy};
//!
//! // RFC 8037 A.2 and A.4
//! let keys = JwkSet::from_json(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
//! let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
//!     hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
//!
//! let verified = Jws::parse(message)?.verify(&JwsPolicy::keys(keys), Timestamp::from_millis(1_767_225_600_000))?;
//! assert_eq!(verified.fact().payload, "Example of Ed25519 signing");
//! # Ok::<(), smartid_trust::Refusal>(())
//! ```

mod algorithm;
mod header;
mod jwk;
mod jwk_set;
mod make;
mod message;
mod policy;
mod remembered;
mod strict_json;
mod verify;

#[cfg(test)]
mod tests;

pub use algorithm::JwsAlgorithm;
pub use header::{JwsHeader, MAX_X5C};
pub use jwk::Jwk;
pub use jwk_set::{JwkSet, MAX_KEYS};
pub use make::{JwsOptions, sign, sign_detached};
pub use message::{Jws, JwsContent, MAX_HEADER_LEN, MAX_JWS_LEN};
pub use policy::JwsPolicy;
