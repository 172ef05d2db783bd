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

    /// The message is CMS of another type than SignedData: encrypted, or bare data.
    NotSignedData "not-signed-data" Vendor
        "the message is not SignedData" "which format was asked for: a signed message is expected, not an encrypted one";
    /// Nobody signed: the message carries certificates or content only.
    NoSigner "no-signer" Vendor
        "nobody signed the message" "whether this is the signed message and not a bundle of certificates";
    /// The message is detached and its content was not supplied.
    ContentMissing "content-missing" Caller
        "the message is detached and its content was not supplied" "where the content is, and supply it";
    /// The content that was supplied is not the one that is embedded.
    ContentDiffers "content-differs" Caller
        "the content that was supplied is not the one in the message" "which content belongs to this message";
    /// The content is not what the verifier expected to be signed.
    ContentUnexpected "content-unexpected" Caller
        "the signed content is not what was asked to be signed"
        "whether the message answers this request or another; a replayed signature looks like this";
    /// The signer's certificate is neither in the message nor among those supplied.
    SignerCertificateMissing "signer-certificate-missing" Administrator
        "the signer's certificate is neither in the message nor supplied"
        "whether the signer is set to include its certificate, or supply it";
    /// Several certificates answer to the signer's identifier, and more than one of them passes.
    SignerCertificateAmbiguous "signer-certificate-ambiguous" Administrator
        "several certificates pass as the signer's" "which of them is the signer's, and name it in the policy";
    /// The verifier named the certificates that may sign, and the signer's is none of them.
    SignerNotNamed "signer-not-named" Caller
        "the signer is none of those that the verifier named" "whose message this is, and the certificates that are configured";
    /// A signer whose signature the verifier demands has not signed.
    DemandedSignerMissing "demanded-signer-missing" Caller
        "a signer that the verifier demands has not signed" "whether the message is complete, and who was to sign";
    /// The signer names one digest algorithm and signs with another.
    DigestAlgorithmsDiffer "digest-algorithms-differ" Vendor
        "the signer names one digest algorithm and signs with another" "which program made the message";
    /// There are no signed attributes, though the verifier or the type of the content demands them.
    SignedAttributesMissing "signed-attributes-missing" Administrator
        "there are no signed attributes where they are demanded" "how the signer is set: with signed attributes";
    /// The content, of a signer without signed attributes, may be the signed attributes of another message.
    AttributesAsContent "attributes-as-content" Vendor
        "the content looks like the signed attributes of another message"
        "where the message comes from: it may be made of parts of another one";
    /// The signed attributes do not say the type of the content.
    ContentTypeMissing "content-type-missing" Vendor
        "the signed attributes do not say the type of the content" "which program made the message";
    /// The signed attributes say another type than the content has.
    ContentTypeDiffers "content-type-differs" Vendor
        "the signed attributes name another type than the content has" "whether the message was changed on its way";
    /// The signed attributes do not say the digest of the content.
    MessageDigestMissing "message-digest-missing" Vendor
        "the signed attributes do not say the digest of the content" "which program made the message";
    /// The signed attributes say another digest than the content has.
    MessageDigestDiffers "message-digest-differs" Administrator
        "the content has another digest than was signed"
        "whether the content was changed on its way, also in its line ends or its encoding";
    /// A signed attribute that must be there once is there twice.
    AttributeRepeated "attribute-repeated" Vendor
        "a signed attribute is there twice" "which program made the message";
    /// A signed attribute that must have one value has none or several.
    AttributeNotSingleValued "attribute-not-single-valued" Vendor
        "a signed attribute has no or several values" "which program made the message";
    /// The signing certificate attribute names another certificate than the signer's.
    SigningCertificateDiffers "signing-certificate-differs" Administrator
        "the signed attributes name another certificate than the signer's"
        "whether the certificate in the message was exchanged";

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
