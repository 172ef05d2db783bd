//! Why evidence was refused.
//!
//! Each check that can fail has a reason of its own, so that an operator learns which one it was, a test can demand it, and a metric
//! can count it. [`Reason::ALL`] lists them; the tests hold a vector for each.

use std::borrow::Cow;
use std::fmt;

use smartid_core::{Advice, Turn};

use crate::der::DerError;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $code:literal $turn:ident $sentence:literal $check:literal;)*) => {
        /// Why evidence was refused: one value for each check.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// Every reason that this version knows.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// A short name for logs and metrics, stable across versions.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What was found, as an English sentence without a full stop.
            const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }

            /// Whose turn it is, and what to check.
            #[must_use]
            pub fn advice(self) -> Advice {
                match self { $(Self::$name => Advice::new(Turn::$turn, $check),)* }
            }
        }
    };
}

reasons! {
    // ---- any encoding

    /// The bytes are not of the form that was expected.
    Malformed "malformed" Vendor
        "the bytes are not well formed" "whether the bytes arrived whole, and which program made them";
    /// More bytes, or more parts, than the cap allows.
    TooLarge "too-large" Caller
        "there is more than the cap allows" "what was passed in, and whether the cap fits its purpose";

    // ---- any signature and key

    /// The signature algorithm is one that is not implemented, or broken by today's measure (SHA-1, MD5, DSA).
    AlgorithmUnknown "algorithm-unknown" Administrator
        "the signature algorithm is not implemented or no longer safe" "which algorithm the signer is set to use";
    /// The algorithm is implemented but is not on the verifier's list.
    AlgorithmNotAllowed "algorithm-not-allowed" Caller
        "the signature algorithm is not on the verifier's list"
        "the list of allowed algorithms against what the signer is set to use";
    /// The algorithm does not go with the type or the curve of the key.
    AlgorithmDoesNotFitKey "algorithm-does-not-fit-key" Administrator
        "the signature algorithm does not go with the key"
        "whether the right key is configured; a message made to deceive looks like this too";
    /// The key is of a type or on a curve that is not implemented.
    KeyUnsupported "key-unsupported" Administrator
        "keys of this type are not implemented"
        "the type of the signer's key: RSA, P-256, P-384, P-521 and Ed25519 are read";
    /// The key is too small: RSA below 2048 bits.
    KeyTooSmall "key-too-small" Administrator
        "the key is too small" "the size of the signer's key: RSA needs at least 2048 bits";
    /// The key is not a valid one: a point that is not on its curve, an exponent that cannot be.
    KeyInvalid "key-invalid" Administrator
        "the key is not a valid one" "where the key comes from: its numbers are not those of a key";
    /// The signature was not made by this key over these bytes.
    BadSignature "bad-signature" Administrator
        "the signature does not belong to this key and these bytes"
        "whether the message was changed on its way, and whether the key is the signer's";

    // ---- JWS

    // ---- CMS

    // ---- certificates and paths

    /// No chain leads from the certificate to a configured root.
    UnknownIssuer "unknown-issuer" Administrator
        "no chain leads from the certificate to a configured root"
        "whether the root of the signer's CA is configured, and whether the message carries the intermediates";
    /// The certificate's key usage does not allow what the key was used for.
    KeyUsage "key-usage" Administrator
        "the certificate's key usage does not allow this" "which certificate was used: signing needs another than encryption";
    /// The certificate's extended key usage does not allow what the key was used for.
    ExtendedKeyUsage "extended-key-usage" Administrator
        "the certificate's extended key usage does not allow this"
        "which certificate was used, and whether the configured purpose is the right one";
    /// A certificate of the chain is not yet valid.
    NotYetValid "not-yet-valid" Administrator
        "a certificate of the chain is not yet valid" "the clocks, and when the certificate begins to be valid";
    /// A certificate of the chain has expired.
    Expired "expired" Administrator
        "a certificate of the chain has expired" "whether it has been renewed, and the clocks";
    /// A certificate's validity ends before it begins.
    ValidityInvalid "validity-invalid" Administrator
        "a certificate's validity ends before it begins" "how the CA makes its certificates";
    /// The certificate in question is a CA's.
    CaAsEndEntity "ca-as-end-entity" Administrator
        "the certificate in question is a CA's" "which certificate was used: a CA's key signs certificates and nothing else";
    /// An issuer in the chain is no CA (basic constraints), or a configured root is none.
    NotACa "not-a-ca" Administrator
        "a certificate that is no CA's was used as one" "which certificates are configured or were sent as intermediates";
    /// An issuer's key usage does not allow signing certificates.
    CaKeyUsage "ca-key-usage" Administrator
        "the key usage of a CA does not allow signing certificates" "how the CA's certificate was made";
    /// More CAs follow each other than one of them, or the verifier, allows.
    PathTooLong "path-too-long" Administrator
        "the chain is longer than is allowed" "the path length in the CA certificates";
    /// A name constraint of a CA is violated, or is of a form that is not processed.
    NameConstraint "name-constraint" Administrator
        "a name constraint of a CA is violated or cannot be processed"
        "the CA's name constraints; those on directory names, e-mail addresses and URIs need another chain verifier";
    /// A critical extension that is not processed.
    CriticalExtension "critical-extension" Administrator
        "a certificate has a critical extension that is not processed"
        "which extension it is; certificate policies need another chain verifier";
    /// A certificate of the chain is not of version 3.
    CertificateVersion "certificate-version" Administrator
        "a certificate of the chain is not of version 3" "how the certificate was made";
    /// The signature on a certificate of the chain is not its issuer's.
    BadChainSignature "bad-chain-signature" Administrator
        "the signature on a certificate of the chain is not its issuer's"
        "whether another CA has the same name, and whether the intermediates are current";
    /// A public key that is known to have been misused worldwide.
    Distrusted "distrusted" Administrator
        "a key of the chain is known to have been misused" "where this CA certificate comes from";
    /// No root is configured.
    NoRoots "no-roots" Caller
        "no root is configured" "the configuration: roots are named, never taken from the system";
    /// A certificate of the chain is on a revocation list.
    Revoked "revoked" Administrator
        "a certificate of the chain is revoked" "why it was revoked; the user needs another";
    /// The policy demands a revocation list, and none covers a certificate.
    RevocationUnknown "revocation-unknown" Administrator
        "no revocation list covers a certificate of the chain" "which lists are configured, and whether they are renewed";
    /// The only lists that cover a certificate are too old.
    CrlExpired "crl-expired" Administrator
        "the revocation list is too old" "whether the lists are renewed, and the clocks";
    /// The only lists that cover a certificate are from the future.
    CrlNotYetValid "crl-not-yet-valid" Administrator
        "the revocation list is from a later time" "the clocks, and whether a list of that time is at hand";
    /// No list of the issuer's name was signed by the issuer's key.
    CrlSignature "crl-signature" Administrator
        "no revocation list of this issuer was signed by its key" "where the lists come from, and whether the CA has changed its key";
    /// The issuer's key usage does not allow signing revocation lists.
    CrlSigner "crl-signer" Administrator
        "the key usage of the issuer does not allow signing revocation lists" "whether lists of this CA are signed by another key";
    /// A revocation list of a kind that is not processed.
    CrlUnsupported "crl-unsupported" Administrator
        "a revocation list is of a kind that is not processed" "that complete lists are configured, not deltas or indirect ones";

    // ---- PKCS #10

    // ---- keys of our own
}

/// Evidence that was refused: the reason, and where it matters a detail.
///
/// ```
/// use smartid_trust::{Certificate, Reason};
///
/// let refusal = Certificate::from_der(b"not a certificate".to_vec()).unwrap_err();
/// assert_eq!(refusal.reason(), Reason::Malformed);
/// assert!(refusal.to_string().starts_with("the bytes are not well formed"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
    detail: Cow<'static, str>,
}

impl Refusal {
    /// A refusal with a detail: an algorithm, a part of the message, never content and never a secret. For implementations of the
    /// traits of this crate.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }

    /// The check that failed.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// What exactly, where the reason alone does not say it; may be empty.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Whose turn it is, and what to check.
    #[must_use]
    pub fn advice(&self) -> Advice {
        self.reason.advice()
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self::new(reason, "")
    }
}

impl From<DerError> for Refusal {
    fn from(DerError(what): DerError) -> Self {
        Self::new(Reason::Malformed, what)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.sentence())?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        write!(f, "; check {}", self.reason.advice().check)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_in_kebab_case() {
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for code in codes {
            assert!(
                code.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{code}"
            );
        }
    }

    #[test]
    fn a_refusal_says_what_and_what_to_check() {
        for reason in Reason::ALL {
            let text = Refusal::new(*reason, "detail").to_string();
            assert!(
                text.contains(reason.sentence()) && text.contains("(detail)") && text.contains("; check "),
                "{text}"
            );
            assert!(!text.ends_with('.') && text.is_ascii(), "{text}");
        }
    }
}
