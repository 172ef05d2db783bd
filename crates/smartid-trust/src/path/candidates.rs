//! Which of the certificates that came along can be part of a chain at all.
//!
//! The sender of a message chooses what he puts in, and path building tries combinations. Certificates that no root stands behind are
//! dropped before, first by name and, when many remain, by signature: what is left was issued by CAs that are trusted anyway.

use crate::{Certificate, Reason, Refusal};

/// Most certificates that may come with a message.
pub(super) const MAX_GIVEN: usize = 32;

/// Up to this many, path building tries all combinations in no time.
const FEW: usize = 6;

/// Most certificates with valid signatures that path building is asked to combine.
const MAX_COMBINED: usize = 16;

/// Those of `given` and `known` that lie between `end_entity` and a root.
pub(super) fn useful<'a>(
    end_entity: &Certificate,
    given: &'a [Certificate],
    known: &'a [Certificate],
    roots: &[Certificate],
) -> Result<Vec<&'a Certificate>, Refusal> {
    let mut all: Vec<&Certificate> = Vec::new();
    for certificate in given {
        if certificate != end_entity && !all.contains(&certificate) {
            all.push(certificate);
        }
    }
    if all.len() > MAX_GIVEN {
        return Err(Refusal::new(Reason::TooLarge, "certificates beside the signer's"));
    }
    for certificate in known {
        if certificate != end_entity && !all.contains(&certificate) {
            all.push(certificate);
        }
    }
    let above = closure(&all, |certificate, found| {
        let subject = certificate.subject_der();
        subject == end_entity.issuer_der() || found.iter().any(|below| below.issuer_der() == subject)
    });
    let mut between = closure(&above, |certificate, found| {
        let issuer = certificate.issuer_der();
        roots
            .iter()
            .chain(found.iter().copied())
            .any(|ca| ca.subject_der() == issuer)
    });
    if between.len() > FEW {
        between = signed(&between, roots);
    }
    if between.len() > MAX_COMBINED {
        return Err(Refusal::new(
            Reason::TooLarge,
            "CA certificates that may be part of the chain",
        ));
    }
    Ok(between)
}

/// Picks until nothing more is picked, in the order of `all`.
fn closure<'a>(
    all: &[&'a Certificate],
    pick: impl Fn(&Certificate, &[&'a Certificate]) -> bool,
) -> Vec<&'a Certificate> {
    let mut picked: Vec<&Certificate> = Vec::new();
    loop {
        let before = picked.len();
        for certificate in all {
            if !picked.contains(certificate) && pick(certificate, &picked) {
                picked.push(certificate);
            }
        }
        if picked.len() == before {
            return all
                .iter()
                .copied()
                .filter(|certificate| picked.contains(certificate))
                .collect();
        }
    }
}

/// Those that a root, or one that it stands behind, has signed. Each pair is tried once.
fn signed<'a>(all: &[&'a Certificate], roots: &[Certificate]) -> Vec<&'a Certificate> {
    let mut signed: Vec<&Certificate> = Vec::new();
    let mut issuers: Vec<&Certificate> = roots.iter().collect();
    while !issuers.is_empty() {
        let mut fresh = Vec::new();
        for issuer in issuers {
            let Ok(key) = issuer.public_key() else { continue };
            for certificate in all {
                if certificate.issuer_der() == issuer.subject_der()
                    && !signed.contains(certificate)
                    && certificate.is_signed_by(&key).is_ok()
                {
                    signed.push(certificate);
                    fresh.push(*certificate);
                }
            }
        }
        issuers = fresh;
    }
    all.iter()
        .copied()
        .filter(|certificate| signed.contains(certificate))
        .collect()
}
