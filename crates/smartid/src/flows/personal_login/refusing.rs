//! Refusals of an answer, as ends: which of them are about the certificate, and which about the answer.

use smartid_core::{Advice, Turn};
use smartid_da::personal::MappingError;
use smartid_hermod::answers::{SignatureAnswer, SignatureData, SignatureRefusal};
use smartid_hermod::{CommandReport, Pending};
use smartid_trust::Reason;

use super::end::{End, NotAcceptable};

pub(super) fn is_of_another_mailbox(report: &CommandReport, pending: &Pending) -> bool {
    let mid = report.mid.as_ref();
    mid.is_some_and(|mid| !pending.mids.is_empty() && !pending.mids.contains(mid))
}

/// The key id that a JWS names; believed by nobody.
pub(super) fn key_id(answer: &SignatureAnswer) -> Option<String> {
    let SignatureData::Jws(jws) = &answer.signatures().first()?.data else {
        return None;
    };
    let id = jws.danger_unverified().header().ok()?.key_id()?;
    (!id.is_empty() && id.len() <= 256).then(|| id.to_owned())
}

pub(super) fn answer_refused(code: &str, problem: &str, check: &'static str) -> End {
    End::AnswerRefused(NotAcceptable::new(
        code,
        problem,
        Advice::new(Turn::Administrator, check),
    ))
}

pub(super) fn certificate_refused(code: &str, problem: &str) -> End {
    let check = "the certificate that the app used, against the method's Certificate Attribute";
    End::CertificateRefused(NotAcceptable::new(
        code,
        problem,
        Advice::new(Turn::Administrator, check),
    ))
}

/// Of a certificate that was verified, and does not lead to one user.
pub(super) fn unmapped(error: &MappingError) -> End {
    match error {
        MappingError::NoUser => End::NoUser,
        MappingError::SeveralUsers => End::SeveralUsers,
        MappingError::TypedUserDiffers => End::OtherUser,
        MappingError::NoValue => certificate_refused("no-value", &error.to_string()),
        _ => certificate_refused("attribute-unreadable", &error.to_string()),
    }
}

/// Of a signature or its certificate.
pub(super) fn refused(refusal: &SignatureRefusal) -> End {
    let about_certificate = match refusal {
        SignatureRefusal::FilterDoesNotMatch { .. } | SignatureRefusal::SignerUnnamed => true,
        SignatureRefusal::Signature(inner) => is_about_the_certificate(inner.reason()),
        _ => false,
    };
    let code = match refusal {
        SignatureRefusal::Signature(inner) => inner.reason().code(),
        other => other.code(),
    };
    let problem = NotAcceptable::new(code, refusal, refusal.advice());
    if about_certificate {
        End::CertificateRefused(problem)
    } else {
        End::AnswerRefused(problem)
    }
}

fn is_about_the_certificate(reason: Reason) -> bool {
    use Reason as R;
    matches!(
        reason,
        R::JwsNoKey
            | R::JwsKeyUnknown
            | R::SignerCertificateMissing
            | R::SignerCertificateAmbiguous
            | R::UnknownIssuer
            | R::KeyUsage
            | R::ExtendedKeyUsage
            | R::NotYetValid
            | R::Expired
            | R::ValidityInvalid
            | R::CaAsEndEntity
            | R::NotACa
            | R::CaKeyUsage
            | R::PathTooLong
            | R::NameConstraint
            | R::CriticalExtension
            | R::NoValidPolicy
            | R::UniqueIdentifiers
            | R::CertificateVersion
            | R::BadChainSignature
            | R::Distrusted
            | R::Revoked
            | R::RevocationUnknown
            | R::CrlExpired
            | R::CrlNotYetValid
            | R::CrlSignature
            | R::CrlSigner
            | R::CrlUnsupported
    )
}
