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

    // ---- PKCS #10

    /// A certification request of a version other than 0 (RFC 2986 4.1), and the policy does not accept it.
    RequestVersion "request-version" Vendor
        "the certification request is of a version that does not exist"
        "whether the device sends back the version of a template with that quirk; if so, the policy can accept version 2";
    /// A certification request that is signed with SHA-1, and the policy does not accept that.
    RequestSha1 "request-sha1" Vendor
        "the certification request is signed with SHA-1"
        "whether the device keeps the algorithm of a template that is signed with SHA-1: send a template signed with SHA-256";
    /// The template that was sent cannot be read, so that nothing can be compared with it.
    RequestTemplateUnreadable "request-template-unreadable" Caller
        "the template cannot be read, so that the request cannot be compared with it"
        "the template that was sent; the policy can accept a request that nothing is compared with";
    /// The subject of a certification request is not that of its template.
    RequestSubject "request-subject" Administrator
        "the subject is not that of the template"
        "whether the request answers this template; a device that names another person looks like this too";
    /// The alternative names of a certification request are not those of its template.
    RequestAltNames "request-alt-names" Administrator
        "the alternative names are not those of the template"
        "which names were added or left out: a device must not add names";
    /// A certification request asks for an extension that its template does not have, or has otherwise.
    RequestExtension "request-extension" Administrator
        "an extension was added, changed or left out that is not so in the template"
        "whether the extension that the message names is wanted; if so, the policy can allow it";
    /// A certification request has an attribute that its template does not have, or has otherwise.
    RequestAttribute "request-attribute" Administrator
        "an attribute was added or changed that is not so in the template"
        "whether the attribute that the message names is wanted; if so, the policy can allow it";
    /// The key of a certification request is not of the type or size that was asked for.
    RequestKey "request-key" Administrator
        "the key is not of the type or size that was asked for"
        "the key types that the device can make, and whether the configured ones are among them";
    /// A certification request came back with the throw-away key of its template.
    RequestThrowAwayKey "request-throw-away-key" Vendor
        "the key is the throw-away key of the template"
        "why the device made no key of its own: its private half is in nobody's hands, or in the wrong ones";
    /// A certification request has a key that is already in use.
    RequestKeyReused "request-key-reused" Administrator
        "the key is one that is already in use" "whether an old answer was sent again, and whether the device makes new keys";

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
