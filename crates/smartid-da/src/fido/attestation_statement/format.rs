//! Names of formats, and what a statement claims by its form.

use std::fmt;

/// `fmt`: the format of a statement. Names are compared as they are; those nobody knows here are kept.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttestationFormat {
    /// `none`: no attestation.
    None,
    /// `packed`: security keys.
    Packed,
    /// `fido-u2f`: keys of the older standard.
    FidoU2f,
    /// `tpm`: a platform with a trusted platform module.
    Tpm,
    /// `apple`: a device of Apple's.
    Apple,
    /// `android-key`: a key in Android's key store.
    AndroidKey,
    /// `android-safetynet`: a service that was switched off; known by name only.
    AndroidSafetyNet,
    /// `compound`: several statements; known by name only.
    Compound,
    /// Any other name, as it came.
    Other(String),
}

/// Longest name of a format that the W3C text allows, in octets; longer ones are shown cut.
const MAX_SHOWN: usize = 32;

impl AttestationFormat {
    const KNOWN: [Self; 8] = [
        Self::None,
        Self::Packed,
        Self::FidoU2f,
        Self::Tpm,
        Self::Apple,
        Self::AndroidKey,
        Self::AndroidSafetyNet,
        Self::Compound,
    ];

    /// By its name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self::KNOWN
            .into_iter()
            .find(|known| known.as_str() == name)
            .unwrap_or(Self::Other(name))
    }

    /// The name as it came. It is the authenticator's side that wrote it: print [`Display`](fmt::Display) instead.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::None => "none",
            Self::Packed => "packed",
            Self::FidoU2f => "fido-u2f",
            Self::Tpm => "tpm",
            Self::Apple => "apple",
            Self::AndroidKey => "android-key",
            Self::AndroidSafetyNet => "android-safetynet",
            Self::Compound => "compound",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for AttestationFormat {
    /// At most 32 letters, those that cannot be printed escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.as_str().chars().take(MAX_SHOWN) {
            if letter == '"' || letter == '\'' {
                write!(f, "{letter}")?;
            } else {
                write!(f, "{}", letter.escape_debug())?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for AttestationFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttestationFormat({self})")
    }
}

/// What a statement claims by its form (W3C Web Authentication section 6.5.3); whether that is true is the verdict's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttestationKind {
    /// Nothing.
    None,
    /// The credential key speaks for itself.
    SelfAttestation,
    /// A key that a whole model or one device has.
    Basic,
    /// A key of one TPM, certified by an attestation CA.
    AttestationCa,
    /// A key for this credential alone, certified by the maker.
    AnonymizationCa,
    /// ECDAA, of the first level of the W3C text.
    Ecdaa,
    /// The form says nothing.
    Unknown,
}

impl AttestationKind {
    /// A short name, for metrics and machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SelfAttestation => "self",
            Self::Basic => "basic",
            Self::AttestationCa => "attestation-ca",
            Self::AnonymizationCa => "anonymization-ca",
            Self::Ecdaa => "ecdaa",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_without_harm() {
        let evil = AttestationFormat::new("a\n\u{202e}packed");
        assert_eq!(evil.to_string(), "a\\n\\u{202e}packed");
        assert_eq!(format!("{evil:?}"), "AttestationFormat(a\\n\\u{202e}packed)");
        assert_eq!(
            AttestationFormat::new("x".repeat(207)).to_string(),
            "x".repeat(32)
        );
        assert_ne!(AttestationFormat::new("Packed"), AttestationFormat::Packed);
    }
}
