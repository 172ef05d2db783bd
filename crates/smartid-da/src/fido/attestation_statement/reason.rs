//! What came of checking a statement: each way in which it can be wrong or unchecked has a type of its own, so that a caller can act
//! on it and a log can name it.

use std::fmt;

use crate::fido::CoseAlgorithm;

/// What a relying party that checks by the W3C text would say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttestationVerdict {
    /// Every rule of the format holds. Whether the certificates lead to an anchor that somebody trusts is another question.
    Verified,
    /// A rule of the format is broken.
    Wrong(AttestationWrong),
    /// Nothing can be said.
    NotChecked(StatementNotChecked),
}

/// Whether the key that the statement names made the signature: arithmetic alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureCheck {
    /// It did. For `apple`, which has no signature: nonce and key fit.
    Verified,
    /// It did not.
    Wrong,
    /// There is no signature, or the check ended before it.
    NotChecked,
}

impl SignatureCheck {
    /// A short name, for metrics and machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Wrong => "wrong",
            Self::NotChecked => "not-checked",
        }
    }
}

/// Which rule of its format a statement breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttestationWrong {
    /// A member is missing.
    #[error("the statement has no {0}")]
    MemberMissing(&'static str),
    /// A member, or the statement itself (`attStmt`), is of another type.
    #[error("{0} is of the wrong type")]
    Type(&'static str),
    /// Format `none` with a member in the statement.
    #[error("the statement of format none is not empty")]
    NotEmpty,
    /// The signature is not one of the key over what it should be over.
    #[error("the signature is wrong")]
    Signature,
    /// `alg` does not fit the key that signed.
    #[error("alg does not fit the key")]
    AlgorithmDiffers,
    /// `x5c` has no entry.
    #[error("x5c is empty")]
    ChainEmpty,
    /// `x5c` has another number of entries than the format allows.
    #[error("x5c has {0} certificates where the format has one")]
    ChainCount(usize),
    /// An entry of `x5c` is not a certificate.
    #[error("x5c has an entry that is not a certificate")]
    CertificateMalformed,
    /// The issuer stands before the certificate that it issued.
    #[error("the issuer stands before the certificate that it issued")]
    CertificateOrder,
    /// The subject is not as the format wants it; the text names the part.
    #[error("the certificate's subject is not as it should be: {0}")]
    CertificateSubject(&'static str),
    /// The certificate is a CA's, or does not say that it is none.
    #[error("the certificate does not say that it is no CA's")]
    CertificateCa,
    /// The certificate is not one of X.509 version 3.
    #[error("the certificate is not of version 3")]
    CertificateVersion,
    /// The extended key usage is not that of an attestation identity key.
    #[error("the certificate's extended key usage is not that of an attestation identity key")]
    CertificateUsage,
    /// The alternative name does not say which TPM it is.
    #[error("the certificate's alternative name is not that of a TPM: {0}")]
    CertificateAlternativeName(&'static str),
    /// The certificate's key is not of the kind that the format wants.
    #[error("the certificate's key is not of the kind that the format wants")]
    CertificateKey,
    /// A certificate was not signed by the one behind it.
    #[error("a certificate was not issued by the one behind it")]
    Chain,
    /// The certificate's AAGUID is not that of the authenticator data.
    #[error("the certificate names another AAGUID than the authenticator data")]
    AaguidDiffers,
    /// The AAGUID extension is critical.
    #[error("the certificate's AAGUID extension is critical")]
    AaguidCritical,
    /// The AAGUID extension is not an octet string of sixteen octets.
    #[error("the certificate's AAGUID extension is malformed")]
    AaguidMalformed,
    /// A U2F key with an AAGUID.
    #[error("the AAGUID of a U2F key is not zero")]
    AaguidNotZero,
    /// The credential key is not of the kind that the format can attest.
    #[error("the format cannot attest a credential key of this kind")]
    KeyType,
    /// The credential key is no key, such as a point that is not on its curve.
    #[error("the credential key is no key")]
    KeyInvalid,
    /// The certificate is for another key than the credential's.
    #[error("the certificate is for another key than the credential's")]
    KeyDiffers,
    /// The nonce is another, or not in its structure.
    #[error("the nonce in the certificate is wrong")]
    Nonce,
    /// The certificate has no nonce.
    #[error("the certificate has no nonce")]
    NonceMissing,
    /// `ver` is not 2.0.
    #[error("ver is not 2.0")]
    TpmVersion,
    /// `certInfo` was not made by a TPM.
    #[error("certInfo does not begin as a TPM's structures do")]
    TpmMagic,
    /// `certInfo` certifies something else than a key.
    #[error("certInfo certifies something else than a key")]
    TpmType,
    /// `extraData` is not the hash of what is attested.
    #[error("extraData is not the hash of authenticator data and client data hash")]
    TpmExtraData,
    /// The attested name is not that of the public area.
    #[error("the attested name is not that of the public area")]
    TpmName,
    /// The public area holds another key than the credential's.
    #[error("the public area holds another key than the credential's")]
    TpmKey,
    /// A structure of the TPM cannot be read.
    #[error("{0} is malformed")]
    TpmMalformed(&'static str),
    /// The attestation challenge is not the client data's hash.
    #[error("the attestation challenge is not the hash of the client data")]
    AndroidChallenge,
    /// The certificate has no key description, or one that cannot be read.
    #[error("the certificate's key description is absent or malformed")]
    AndroidDescription,
    /// What the key is authorised for is not what it should be.
    #[error("the key description's authorisations are not as they should be: {0}")]
    AndroidAuthorizations(&'static str),
    /// ECDAA, which the second level of the W3C text removed.
    #[error("ECDAA is no longer part of the format")]
    Unsupported,
}

impl AttestationWrong {
    /// A short name, for metrics and machines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::MemberMissing(_) => "statement-member",
            Self::Type(_) => "statement-type",
            Self::NotEmpty => "statement-not-empty",
            Self::Signature => "signature",
            Self::AlgorithmDiffers => "algorithm-differs",
            Self::ChainEmpty => "x5c-empty",
            Self::ChainCount(_) => "x5c-count",
            Self::CertificateMalformed => "certificate-malformed",
            Self::CertificateOrder => "certificate-order",
            Self::CertificateSubject(_) => "certificate-subject",
            Self::CertificateCa => "certificate-ca",
            Self::CertificateVersion => "certificate-version",
            Self::CertificateUsage => "certificate-usage",
            Self::CertificateAlternativeName(_) => "certificate-alternative-name",
            Self::CertificateKey => "certificate-key",
            Self::Chain => "chain",
            Self::AaguidDiffers => "aaguid-differs",
            Self::AaguidCritical => "aaguid-critical",
            Self::AaguidMalformed => "aaguid-malformed",
            Self::AaguidNotZero => "aaguid-not-zero",
            Self::KeyType => "key-type",
            Self::KeyInvalid => "key-invalid",
            Self::KeyDiffers => "key-differs",
            Self::Nonce => "nonce",
            Self::NonceMissing => "nonce-missing",
            Self::TpmVersion => "tpm-version",
            Self::TpmMagic => "tpm-magic",
            Self::TpmType => "tpm-type",
            Self::TpmExtraData => "tpm-extra-data",
            Self::TpmName => "tpm-name",
            Self::TpmKey => "tpm-key",
            Self::TpmMalformed(_) => "tpm-malformed",
            Self::AndroidChallenge => "android-challenge",
            Self::AndroidDescription => "android-description",
            Self::AndroidAuthorizations(_) => "android-authorizations",
            Self::Unsupported => "unsupported",
        }
    }
}

/// Why nothing can be said about a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementNotChecked {
    /// The format is not known here, or known by name only.
    #[error("the format is not known")]
    Format,
    /// Signatures of this algorithm cannot be verified here.
    #[error("{0} cannot be verified here")]
    Algorithm(CoseAlgorithm),
    /// Keys of this kind or size cannot be used here.
    #[error("a key of this kind or size cannot be used here")]
    Key,
    /// The statement has more than 32 members.
    #[error("the statement has more than 32 members")]
    TooManyMembers,
    /// `x5c` has more than 16 entries.
    #[error("x5c has more than 16 entries")]
    TooManyCertificates,
    /// A certificate is larger than any that is read here.
    #[error("a certificate is too large")]
    CertificateTooLarge,
}

impl fmt::Display for AttestationVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verified => f.write_str("verified"),
            Self::Wrong(why) => write!(f, "wrong: {why}"),
            Self::NotChecked(why) => write!(f, "not checked: {why}"),
        }
    }
}

/// Where a check ends before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Wrong(AttestationWrong),
    NotChecked(StatementNotChecked),
}

impl From<AttestationWrong> for Stop {
    fn from(why: AttestationWrong) -> Self {
        Self::Wrong(why)
    }
}

impl From<StatementNotChecked> for Stop {
    fn from(why: StatementNotChecked) -> Self {
        Self::NotChecked(why)
    }
}
