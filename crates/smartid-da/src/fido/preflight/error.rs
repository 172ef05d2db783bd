//! What can be wrong with a registration, and whose turn it then is.

use smartid_core::{Advice, Turn};

use crate::fido::{
    AttestationError, AttestationFormat, AttestationWrong, ClientDataError, CoseAlgorithm, RegistrationError,
    StatementNotChecked,
};

/// The first thing that is wrong with a registration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PreflightError {
    /// The text is no registration.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// A member that strict reading wants is absent.
    #[error("the registration has no {0}")]
    MissingMember(&'static str),
    /// A binary member is not base64url without padding.
    #[error("{0} is not written in base64url without padding")]
    Encoding(&'static str),
    /// `type` is not `public-key`.
    #[error("the credential's type is {0:?} and not \"public-key\"")]
    CredentialType(String),
    /// The credential ids differ; the text names the two places.
    #[error("the credential ids of {0} differ")]
    Id(&'static str),
    /// `clientDataJSON` cannot be read.
    #[error(transparent)]
    ClientData(#[from] ClientDataError),
    /// The client data is that of another ceremony.
    #[error("the client data is of type {0:?} and not \"webauthn.create\"")]
    Type(String),
    /// The client data carries another challenge than the options.
    #[error("the registration answers another challenge than that of these options")]
    Challenge,
    /// The origin is not right.
    #[error("the origin is {found:?}; it must be {expected}")]
    #[non_exhaustive]
    Origin {
        /// What the client data says.
        found: String,
        /// What is right.
        expected: String,
    },
    /// The attestation object, or something in it, cannot be read.
    #[error(transparent)]
    Attestation(#[from] AttestationError),
    /// The credential was made for another relying party.
    #[error("the credential was not made for the relying party {0:?}")]
    RpId(String),
    /// UP is not set.
    #[error("the authenticator does not say that the user was present")]
    UserPresenceMissing,
    /// UV is not set although the options require it.
    #[error("the options require that the user is verified, and the authenticator does not say so")]
    UserVerificationMissing,
    /// BS is set without BE.
    #[error("the authenticator says that the credential is backed up although it cannot be")]
    BackupFlags,
    /// AT is not set.
    #[error("the authenticator data holds no new credential")]
    AttestedDataMissing,
    /// The key's algorithm is not among those of the options.
    #[error("the key is of {0}, which the options do not offer")]
    Algorithm(CoseAlgorithm),
    /// The attestation is of a format that the relying party does not take.
    #[error("the attestation is of format {0}, which the relying party does not take")]
    Format(AttestationFormat),
    /// The attestation statement breaks a rule of its format.
    #[error("the attestation statement is wrong: {0}")]
    Statement(AttestationWrong),
    /// Nothing can be said about the attestation statement, and the caller wants it checked.
    #[error("the attestation statement cannot be checked: {0}")]
    StatementNotChecked(StatementNotChecked),
    /// The credential is one that the options exclude: it is stored already.
    #[error("the credential is entry {0} of excludeCredentials, so it is stored already")]
    Excluded(usize),
}

impl PreflightError {
    /// A short name, for metrics and machines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Registration(error) => error.name(),
            Self::MissingMember(_) => "missing-member",
            Self::Encoding(_) => "encoding",
            Self::CredentialType(_) => "credential-type-mismatch",
            Self::Id(_) => "id-mismatch",
            Self::ClientData(_) => "malformed-client-data",
            Self::Type(_) => "type-mismatch",
            Self::Challenge => "challenge-mismatch",
            Self::Origin { .. } => "origin-mismatch",
            Self::Attestation(error) => error.name(),
            Self::RpId(_) => "rp-id-mismatch",
            Self::UserPresenceMissing => "user-presence-missing",
            Self::UserVerificationMissing => "user-verification-missing",
            Self::BackupFlags => "backup-flags",
            Self::AttestedDataMissing => "attested-data-missing",
            Self::Algorithm(_) => "algorithm-not-offered",
            Self::Format(_) => "attestation-format",
            Self::Statement(why) => statement(*why),
            Self::StatementNotChecked(_) => "attestation-not-checked",
            Self::Excluded(_) => "excluded",
        }
    }

    /// Whose turn it is and what to check.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self {
            Self::Challenge => Advice::new(
                Turn::Caller,
                "that the answer belongs to these options and not to an earlier attempt; begin again with new options",
            ),
            Self::Origin { .. } => Advice::new(
                Turn::Administrator,
                "the relying party id in Digital Access and the origin that the app uses; where Digital Access allows other origins, \
                 list them in the dialect (preflight.origins)",
            ),
            Self::RpId(_) => Advice::new(
                Turn::Administrator,
                "the relying party id of the FIDO method in Digital Access: the app made the credential for another one",
            ),
            Self::UserVerificationMissing => Advice::new(
                Turn::EndUser,
                "set a PIN on the security key, or use one with biometrics, and try again",
            ),
            Self::UserPresenceMissing => {
                Advice::new(Turn::EndUser, "try again and touch the security key when it asks")
            }
            Self::Algorithm(_) => Advice::new(
                Turn::Administrator,
                "the algorithms of the FIDO method; the security key chose one that was not offered, so try another key",
            ),
            Self::Encoding(_) | Self::MissingMember(_) => Advice::new(
                Turn::Administrator,
                "the version of the app; if it writes its answers this way, allow it in the dialect (preflight.base64 = \"lenient\")",
            ),
            Self::Format(_) => Advice::new(
                Turn::EndUser,
                "try another authenticator; which formats are taken is the relying party's rule",
            ),
            Self::Statement(_) => Advice::new(
                Turn::Vendor,
                "the versions of the app and of the authenticator's firmware: whoever checks attestation refuses this one. Where your relying \
                 party does not, the check can be told to report it only (in the dialect preflight.attestation = \"report\")",
            ),
            Self::StatementNotChecked(_) => Advice::new(
                Turn::Administrator,
                "whether attestation has to be checked before it is sent (preflight.attestation); this authenticator's format cannot be",
            ),
            Self::Excluded(_) => Advice::new(
                Turn::EndUser,
                "use another authenticator: this credential is stored already and can be used to log in",
            ),
            Self::Id(_)
            | Self::Registration(_)
            | Self::CredentialType(_)
            | Self::ClientData(_)
            | Self::Type(_)
            | Self::Attestation(_)
            | Self::BackupFlags
            | Self::AttestedDataMissing => Advice::new(
                Turn::Vendor,
                "the versions of the app and of the security key's firmware: what they answer is not a WebAuthn registration",
            ),
        }
    }
}

/// The part of a statement in which the mistake is: signature, certificate, or the statement itself.
fn statement(why: AttestationWrong) -> &'static str {
    use AttestationWrong as W;
    match why {
        W::Signature | W::AlgorithmDiffers => "attestation-signature",
        W::ChainEmpty
        | W::ChainCount(_)
        | W::CertificateMalformed
        | W::CertificateOrder
        | W::CertificateSubject(_)
        | W::CertificateCa
        | W::CertificateVersion
        | W::CertificateUsage
        | W::CertificateAlternativeName(_)
        | W::CertificateKey
        | W::Chain
        | W::AaguidDiffers
        | W::AaguidCritical
        | W::AaguidMalformed => "attestation-certificate",
        _ => "attestation-statement",
    }
}
