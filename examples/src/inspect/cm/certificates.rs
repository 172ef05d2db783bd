//! Certificates as Certificate Manager hands them out: PKCS #7 without signers, a ZIP archive, or whatever else came.

use smartid::cm::{Certificates, CertificatesError};
use smartid::trust::Certificate;

use crate::inspect::evidence::x509;
use crate::inspect::{Context, Finding};

/// Bytes that are certificates; `None` when they are not.
pub(in crate::inspect) fn certificates(bytes: &[u8], kind: &str, context: &Context) -> Option<Finding> {
    let read = match Certificates::parse(bytes.to_vec()) {
        Ok(read) => read,
        Err(error) => {
            let mut finding = Finding::of(kind);
            finding.problem(error.to_string());
            return Some(finding);
        }
    };
    let all = read.all().ok()?;
    let chain = read.chain();
    let mut finding = match chain.as_deref() {
        Ok([leaf, issuers @ ..]) => x509::certificate(leaf, issuers, context),
        _ => Finding::default(),
    };
    finding.kind = kind.to_owned();
    let mut facts = vec![("certificates".to_owned(), all.len().to_string())];
    match chain {
        Ok(chain) => {
            for issuer in chain.iter().skip(1) {
                facts.push(("then".to_owned(), issuer.subject().to_string()));
            }
            if chain.len() < all.len() {
                finding.remark(format!(
                    "{} certificates are not on the way",
                    all.len() - chain.len()
                ));
            }
        }
        Err(CertificatesError::SeveralLeaves) => {
            facts.extend(
                all.iter()
                    .map(|one| ("certificate".to_owned(), one.subject().to_string())),
            );
            finding.remark("several stand at the end of a chain; which one is meant only the key of the request tells (--csr)");
        }
        Err(error) => finding.problem(error.to_string()),
    }
    if read.unreadable() > 0 {
        finding.remark(format!("{} more cannot be read", read.unreadable()));
    }
    facts.append(&mut finding.facts);
    finding.facts = facts;
    of_the_request(&mut finding, all, context);
    Some(finding)
}

/// Whether one of the certificates is for the key of the request that was sent.
pub(in crate::inspect) fn of_the_request(finding: &mut Finding, all: &[Certificate], context: &Context) {
    let Some(csr) = &context.csr else {
        return;
    };
    let for_it = |one: &&Certificate| one.public_key().is_ok_and(|key| key == *csr.public_key());
    match all.iter().find(for_it) {
        Some(own) => {
            finding.fact("for the request's key", own.subject().to_string());
            finding.verdict.get_or_insert(true);
        }
        None => finding.problem("no certificate is for the key of the request: somebody else's was issued, or the answer is another's"),
    }
}
