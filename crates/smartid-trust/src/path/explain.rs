//! What webpki found, in the reasons of this crate.
//!
//! webpki says what is wrong and not with which certificate. Where the certificates that took part show it, the detail names it.

use smartid_core::Timestamp;
use webpki::{DerTypeId, Error};

use super::ca;
use crate::certificate::oids;
use crate::{AlgorithmSet, Certificate, PublicKey, Reason, Refusal};

/// The refusal for an error; `certificates` are the one in question and all that could be part of its chain, `roots` those configured.
pub(super) fn explain(
    error: &Error,
    certificates: &[&Certificate],
    roots: &[Certificate],
    algorithms: AlgorithmSet,
    at: Timestamp,
) -> Refusal {
    let about = |reason, culprit: &dyn Fn(&Certificate) -> bool| {
        let found = certificates.iter().find(|certificate| culprit(certificate));
        Refusal::new(
            reason,
            found.map_or_else(String::new, |it| it.subject().to_string()),
        )
    };
    let plain = |reason, detail: &'static str| Refusal::new(reason, detail);
    match error {
        Error::UnknownIssuer => Refusal::new(Reason::UnknownIssuer, unknown_issuer(certificates)),
        Error::CertNotValidYet { .. } => about(Reason::NotYetValid, &|it| it.not_before() > at),
        Error::CertExpired { .. } => about(Reason::Expired, &|it| it.not_after() < at),
        Error::InvalidCertValidity => about(Reason::ValidityInvalid, &|it| it.not_before() > it.not_after()),
        Error::CaUsedAsEndEntity => about(Reason::CaAsEndEntity, &|_| true),
        Error::EndEntityUsedAsCa => {
            let others = certificates.get(1..).unwrap_or_default();
            let found = others.iter().find(|it| !is_ca(it));
            Refusal::new(
                Reason::NotACa,
                found.map_or_else(String::new, |it| it.subject().to_string()),
            )
        }
        Error::PathLenConstraintViolated => plain(Reason::PathTooLong, "a CA's own limit"),
        Error::MaximumPathDepthExceeded => plain(Reason::PathTooLong, "more than six intermediates"),
        Error::NameConstraintViolation
        | Error::InvalidNetworkMaskConstraint
        | Error::MalformedNameConstraint => {
            let mut cas = certificates.iter().skip(1).copied().chain(roots);
            let found = cas.find(|ca| ca.extension(&oids::NAME_CONSTRAINTS).is_some());
            Refusal::new(
                Reason::NameConstraint,
                found.map_or_else(String::new, |it| it.subject().to_string()),
            )
        }
        Error::CertNotValidForName(_) => plain(Reason::NameConstraint, "the name asked for"),
        Error::UnsupportedCriticalExtension => {
            let found = certificates
                .iter()
                .find_map(|it| Some(format!("{} in {}", ca::unprocessed(it)?, it.subject())));
            Refusal::new(Reason::CriticalExtension, found.unwrap_or_default())
        }
        Error::UnsupportedCertVersion => about(Reason::CertificateVersion, &|it| it.version() != 3),
        Error::InvalidSignatureForPublicKey => bad_signature(certificates, roots),
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            algorithm(certificates, roots, algorithms)
        }
        Error::EmptyEkuExtension | Error::RequiredEkuNotFoundContext(_) => {
            plain(Reason::ExtendedKeyUsage, "")
        }
        Error::CertDistrusted => about(Reason::Distrusted, &|_| false),
        Error::MaximumSignatureChecksExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => {
            plain(Reason::TooLarge, "ways to build a chain from what came along")
        }
        Error::CertRevoked => plain(Reason::Revoked, ""),
        Error::UnknownRevocationStatus => plain(Reason::RevocationUnknown, ""),
        Error::CrlExpired { .. } => plain(Reason::CrlExpired, ""),
        Error::IssuerNotCrlSigner => plain(Reason::CrlSigner, ""),
        Error::InvalidCrlSignatureForPublicKey
        | Error::UnsupportedCrlSignatureAlgorithmContext(_)
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => plain(Reason::CrlSignature, ""),
        Error::InvalidCrlNumber
        | Error::UnsupportedCrlIssuingDistributionPoint
        | Error::UnsupportedCrlVersion
        | Error::UnsupportedDeltaCrl
        | Error::UnsupportedIndirectCrl
        | Error::UnsupportedRevocationReason
        | Error::UnsupportedRevocationReasonsPartitioning => plain(Reason::CrlUnsupported, ""),
        Error::UnsupportedNameType => plain(Reason::Malformed, "a name of an unknown type"),
        Error::SignatureAlgorithmMismatch => plain(
            Reason::Malformed,
            "a certificate that names two signature algorithms",
        ),
        Error::InvalidSerialNumber => plain(Reason::Malformed, "a serial number"),
        Error::ExtensionValueInvalid | Error::MalformedExtensions => {
            plain(Reason::Malformed, "an extension of a certificate")
        }
        // The times were read before; only those before 1970 are none to webpki.
        Error::BadDerTime => about(Reason::ValidityInvalid, &|it| it.not_before().as_millis() == 0),
        Error::TrailingData(DerTypeId::CertificateExtensions) => {
            about(Reason::UniqueIdentifiers, &Certificate::has_unique_ids)
        }
        // BadDer, other TrailingData, MalformedDnsIdentifier, and whatever later versions add.
        other => Refusal::new(
            Reason::Malformed,
            format!("a certificate of the chain: {other:?}"),
        ),
    }
}

fn is_ca(certificate: &Certificate) -> bool {
    matches!(certificate.basic_constraints(), Ok(Some(constraints)) if constraints.is_ca)
}

/// The issuer at which the chain ends.
fn unknown_issuer(certificates: &[&Certificate]) -> String {
    let Some((mut last, rest)) = certificates.split_first() else {
        return String::new();
    };
    for _ in rest {
        match rest.iter().find(|ca| ca.subject_der() == last.issuer_der()) {
            Some(next) if !next.is_self_issued() => last = next,
            _ => break,
        }
    }
    format!("the issuer {}", last.issuer())
}

/// The keys of all that bear the name of this certificate's issuer, or why they cannot be used.
fn issuer_keys(
    certificate: &Certificate,
    certificates: &[&Certificate],
    roots: &[Certificate],
) -> Vec<Result<PublicKey, Refusal>> {
    certificates
        .iter()
        .copied()
        .chain(roots)
        .filter(|ca| ca.subject_der() == certificate.issuer_der())
        .map(Certificate::public_key)
        .collect()
}

fn with_subject(refusal: &Refusal, certificate: &Certificate) -> Refusal {
    let text = format!("{} ({})", certificate.subject(), refusal.detail());
    Refusal::new(refusal.reason(), text)
}

fn with_issuer(refusal: &Refusal, certificate: &Certificate) -> Refusal {
    let text = format!("the key of {} ({})", certificate.issuer(), refusal.detail());
    Refusal::new(refusal.reason(), text)
}

fn bad_signature(certificates: &[&Certificate], roots: &[Certificate]) -> Refusal {
    for certificate in certificates {
        let keys = issuer_keys(certificate, certificates, roots);
        if keys
            .iter()
            .flatten()
            .any(|key| certificate.is_signed_by(key).is_ok())
        {
            continue;
        }
        // A key that may not be used is the reason, if there is one.
        if let Some(refusal) = keys.iter().find_map(|key| key.as_ref().err()) {
            return with_issuer(refusal, certificate);
        }
        if !keys.is_empty() {
            return Refusal::new(Reason::BadChainSignature, certificate.subject().to_string());
        }
    }
    behind_names(certificates, roots)
}

/// Every signature is that of some issuer of the right name: path building has met a wrong combination of CAs that share a name, and
/// says so although another combination failed for a better reason. That reason is looked for on the chain that the signatures make.
fn behind_names(certificates: &[&Certificate], roots: &[Certificate]) -> Refusal {
    let signs = |ca: &Certificate, below: &Certificate| {
        ca.subject_der() == below.issuer_der()
            && ca.public_key().is_ok_and(|key| below.is_signed_by(&key).is_ok())
    };
    let mut chain: Vec<&Certificate> = certificates.iter().take(1).copied().collect();
    while let Some(last) = chain.last().copied() {
        if roots.iter().any(|root| signs(root, last)) {
            break;
        }
        match certificates
            .iter()
            .find(|ca| !chain.contains(ca) && signs(ca, last))
        {
            Some(next) => chain.push(next),
            None => return Reason::BadChainSignature.into(),
        }
    }
    for (depth, ca) in chain.iter().skip(1).enumerate() {
        if let Ok(Some(constraints)) = ca.basic_constraints()
            && constraints
                .path_length
                .is_some_and(|most| u64::try_from(depth).unwrap_or(u64::MAX) > most)
        {
            return Refusal::new(Reason::PathTooLong, ca.subject().to_string());
        }
        if ca.extension(&oids::NAME_CONSTRAINTS).is_some() {
            return Refusal::new(Reason::NameConstraint, ca.subject().to_string());
        }
    }
    Reason::BadChainSignature.into()
}

fn algorithm(certificates: &[&Certificate], roots: &[Certificate], allowed: AlgorithmSet) -> Refusal {
    for certificate in certificates {
        match certificate.signature_algorithm() {
            Err(refusal) => return with_subject(&refusal, certificate),
            Ok(algorithm) => {
                if let Err(refusal) = allowed.check(algorithm) {
                    return with_subject(&refusal, certificate);
                }
                for key in issuer_keys(certificate, certificates, roots) {
                    match key {
                        Err(refusal) => return with_issuer(&refusal, certificate),
                        Ok(key) => {
                            if let Err(refusal) = key.fits(algorithm) {
                                return with_subject(&refusal, certificate);
                            }
                        }
                    }
                }
            }
        }
    }
    Refusal::new(
        Reason::AlgorithmUnknown,
        "parameters of a signature algorithm in the chain",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::test_ca::*;

    /// Every error that webpki can answer here, by the list of its version 0.103: none may end in a reason that says nothing.
    #[test]
    fn every_error_has_its_reason() {
        let time = rustls_pki_types::UnixTime::since_unix_epoch(std::time::Duration::ZERO);
        for (error, reason) in [
            (Error::UnknownIssuer, Reason::UnknownIssuer),
            (
                Error::CertNotValidYet {
                    time,
                    not_before: time,
                },
                Reason::NotYetValid,
            ),
            (
                Error::CertExpired {
                    time,
                    not_after: time,
                },
                Reason::Expired,
            ),
            (Error::InvalidCertValidity, Reason::ValidityInvalid),
            (Error::BadDerTime, Reason::ValidityInvalid),
            (Error::CaUsedAsEndEntity, Reason::CaAsEndEntity),
            (Error::EndEntityUsedAsCa, Reason::NotACa),
            (Error::PathLenConstraintViolated, Reason::PathTooLong),
            (Error::MaximumPathDepthExceeded, Reason::PathTooLong),
            (Error::NameConstraintViolation, Reason::NameConstraint),
            (Error::InvalidNetworkMaskConstraint, Reason::NameConstraint),
            (Error::MalformedNameConstraint, Reason::NameConstraint),
            (Error::UnsupportedCriticalExtension, Reason::CriticalExtension),
            (Error::UnsupportedCertVersion, Reason::CertificateVersion),
            (Error::InvalidSignatureForPublicKey, Reason::BadChainSignature),
            (Error::EmptyEkuExtension, Reason::ExtendedKeyUsage),
            (Error::CertDistrusted, Reason::Distrusted),
            (Error::MaximumSignatureChecksExceeded, Reason::TooLarge),
            (Error::MaximumPathBuildCallsExceeded, Reason::TooLarge),
            (Error::MaximumNameConstraintComparisonsExceeded, Reason::TooLarge),
            (Error::CertRevoked, Reason::Revoked),
            (Error::UnknownRevocationStatus, Reason::RevocationUnknown),
            (
                Error::CrlExpired {
                    time,
                    next_update: time,
                },
                Reason::CrlExpired,
            ),
            (Error::IssuerNotCrlSigner, Reason::CrlSigner),
            (Error::InvalidCrlSignatureForPublicKey, Reason::CrlSignature),
            (Error::InvalidCrlNumber, Reason::CrlUnsupported),
            (
                Error::UnsupportedCrlIssuingDistributionPoint,
                Reason::CrlUnsupported,
            ),
            (Error::UnsupportedCrlVersion, Reason::CrlUnsupported),
            (Error::UnsupportedDeltaCrl, Reason::CrlUnsupported),
            (Error::UnsupportedIndirectCrl, Reason::CrlUnsupported),
            (Error::UnsupportedRevocationReason, Reason::CrlUnsupported),
            (
                Error::UnsupportedRevocationReasonsPartitioning,
                Reason::CrlUnsupported,
            ),
            (
                Error::TrailingData(DerTypeId::CertificateExtensions),
                Reason::UniqueIdentifiers,
            ),
            (Error::TrailingData(DerTypeId::Certificate), Reason::Malformed),
            (Error::BadDer, Reason::Malformed),
            (Error::ExtensionValueInvalid, Reason::Malformed),
            (Error::InvalidSerialNumber, Reason::Malformed),
            (Error::MalformedDnsIdentifier, Reason::Malformed),
            (Error::MalformedExtensions, Reason::Malformed),
            (Error::SignatureAlgorithmMismatch, Reason::Malformed),
            (Error::UnsupportedNameType, Reason::Malformed),
        ] {
            let (leaf, ca) = (leaf().sign(&key(2)), intermediate().sign(&key(1)));
            let refusal = explain(&error, &[&leaf, &ca], &[root()], AlgorithmSet::default(), NOW);
            assert_eq!(refusal.reason(), reason, "{error:?}");
        }
    }
}
