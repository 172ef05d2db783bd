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

    // ---- keys of our own

    /// There is no private key where one must be.
    NoKey "no-key" Caller
        "there is no private key" "whether the file or the token holds the key and not only certificates or a public key";
    /// There are several private keys and nothing says which is meant.
    SeveralKeys "several-keys" Caller
        "there are several private keys" "which one is meant: put it into a file of its own, or name it by its label or identifier";
    /// There is no certificate where one must be.
    NoCertificate "no-certificate" Caller
        "there is no certificate" "whether the signer's certificate was configured beside its key";
    /// None of the certificates is the key's.
    KeyCertificateMismatch "key-certificate-mismatch" Caller
        "no certificate belongs to the private key"
        "whether key and certificate are of the same pair; after a renewal both change";
    /// Several different certificates have the key.
    SeveralCertificates "several-certificates" Caller
        "several certificates have this private key" "which one is meant, and remove the older ones: a renewal may have kept the key";
    /// The key or the container is encrypted and no password was given.
    PasswordMissing "password-missing" Caller
        "it is encrypted and no password was given" "whether the password is configured";
    /// The password does not open the key or the container.
    WrongPassword "wrong-password" Caller
        "the password does not open it" "the password, its character set, and whether the file arrived whole";
    /// The key is encrypted in a way that is not implemented.
    KeyEncryptionUnsupported "key-encryption-unsupported" Caller
        "the private key is encrypted in a way that is not implemented"
        "the file; convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in old.pem -out new.pem";
    /// The key is encrypted by PEM headers (`Proc-Type: 4,ENCRYPTED`), an old form with a weak key derivation.
    KeyEncryptionLegacy "key-encryption-legacy" Caller
        "the private key is encrypted by PEM headers, an old and weak form"
        "the file; convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in old.pem -out new.pem";
    /// Deriving the decryption key would take more iterations than the cap allows, which keeps a processor busy for long.
    KdfIterations "kdf-iterations" Caller
        "opening it takes more iterations than the cap allows" "where the file comes from, and whether the cap fits its purpose";
    /// A PKCS #12 container has no checksum.
    NoMac "no-mac" Caller
        "the PKCS #12 container has no checksum (MAC)"
        "which program made the file, and let it write one: without it nobody can tell whether the file was changed";
    /// A PKCS #12 container is protected in a way that is not implemented.
    ContainerUnsupported "container-unsupported" Caller
        "the PKCS #12 container is protected in a way that is not implemented"
        "the file; convert it with: openssl pkcs12 -legacy -in old.p12 -nodes | openssl pkcs12 -export -out new.p12";
    /// The PKCS #11 module could not be loaded or does not answer.
    TokenModule "token-module" Administrator
        "the PKCS #11 module cannot be used"
        "the path of the module, whether it is built for this machine, and its own configuration";
    /// The token is not there.
    TokenMissing "token-missing" Administrator
        "the token is not there" "whether the card is in its reader, the service of the reader runs, and the token's name is right";
    /// Several tokens fit the selection.
    SeveralTokens "several-tokens" Caller
        "several tokens fit" "the selection: a serial number is unique";
    /// The token did not do what it was asked for.
    TokenFailed "token-failed" Administrator
        "the token did not do what it was asked for" "the card and its reader, and the code that the module answered";
    /// The token did not accept the PIN. It is not tried again.
    PinRefused "pin-refused" Caller
        "the token did not accept the PIN, which is not tried again" "the PIN; most cards lock after three wrong ones";
    /// The PIN is locked.
    PinLocked "pin-locked" Administrator
        "the PIN of the token is locked" "whether the officer can unblock it with the PUK, or needs another card";
    /// The token has one try left, and a PIN from a configuration does not get it.
    PinLastTry "pin-last-try" Administrator
        "the token has one try left, which a configured PIN is not spent on"
        "the PIN by hand, with the card's own program: that resets the counter";
    /// The algorithm is not one that the key can sign with.
    AlgorithmNotOffered "algorithm-not-offered" Caller
        "the key does not sign with this algorithm" "which algorithm is configured against the type of the key and what its token can do";
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
