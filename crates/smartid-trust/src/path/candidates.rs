//! Which of the certificates that came along can be part of a chain at all.
//!
//! The sender of a message chooses what he puts in, and path building tries combinations. Certificates that no root stands behind are
//! dropped before, first by name and, when many remain, by signature: what is left was issued by CAs that are trusted anyway.

use crate::{Certificate, Reason, Refusal};

/// Most certificates that may come with a message and lie, by their names, between the signer's and a root.
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
    for certificate in given.iter().chain(known) {
        if certificate != end_entity && !all.contains(&certificate) {
            all.push(certificate);
        }
    }
    let above = closure(&all, &[end_entity], |certificate, below| {
        certificate.subject_der() == below.issuer_der()
    });
    let roots_of: Vec<&Certificate> = roots.iter().collect();
    let mut between = closure(&above, &roots_of, |certificate, ca| {
        certificate.issuer_der() == ca.subject_der()
    });
    // A message has the certificates of other signers too: they are not between.
    if between.iter().filter(|one| given.contains(one)).count() > MAX_GIVEN {
        return Err(Refusal::new(
            Reason::TooLarge,
            "CA certificates that came with the signer's",
        ));
    }
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

/// What `start` leads to, step by step, in the order of `all`. Each pair is looked at once.
fn closure<'a>(
    all: &[&'a Certificate],
    start: &[&Certificate],
    leads: impl Fn(&Certificate, &Certificate) -> bool,
) -> Vec<&'a Certificate> {
    let mut found = vec![false; all.len()];
    let mut last = start.to_vec();
    while !last.is_empty() {
        let mut next = Vec::new();
        for (certificate, found) in all.iter().zip(&mut found) {
            if !*found && last.iter().any(|from| leads(certificate, from)) {
                *found = true;
                next.push(*certificate);
            }
        }
        last = next;
    }
    let found = all.iter().zip(found).filter(|(_, found)| *found);
    found.map(|(certificate, _)| *certificate).collect()
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
