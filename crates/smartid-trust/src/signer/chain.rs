//! Puts certificates behind the key that they belong to.
//!
//! Files hold certificates in any order, often with strangers among them. The signer's is the one that has the key; its issuers follow
//! by name and signature.

use super::key::same_numbers;
use crate::{Certificate, PublicKey, Reason, Refusal};

/// Longest chain that is put together.
const MAX_CHAIN_LEN: usize = 16;

/// The certificate of `key` first, then its issuers as far as they are among `certificates`, whatever order those are in. Nothing but
/// the order is checked: whether the chain leads to a trusted root is for [`path`](crate::path) to say.
///
/// # Errors
/// [`Reason::NoCertificate`] without certificates, [`Reason::KeyCertificateMismatch`] when none is for `key`,
/// [`Reason::SeveralCertificates`] when different ones are.
pub fn chain_of(
    key: &PublicKey,
    certificates: impl IntoIterator<Item = Certificate>,
) -> Result<Vec<Certificate>, Refusal> {
    let mut others: Vec<Certificate> = Vec::new();
    let mut own: Option<Certificate> = None;
    let mut any = false;
    for certificate in certificates {
        any = true;
        // A key that cannot be read is not ours: the key that signs is one that can.
        let belongs = certificate
            .public_key()
            .is_ok_and(|certified| same_numbers(key, &certified));
        match &own {
            _ if !belongs => others.push(certificate),
            None => own = Some(certificate),
            Some(first) if *first == certificate => {}
            Some(_) => return Err(Reason::SeveralCertificates.into()),
        }
    }
    let own = own.ok_or(if any {
        Reason::KeyCertificateMismatch
    } else {
        Reason::NoCertificate
    })?;
    Ok(with_issuers(own, others, &mut Checks::default()))
}

/// How many signatures may still be checked. A file may hold a thousand CAs of one name, and each check of a long key costs.
pub(crate) struct Checks(usize);

impl Default for Checks {
    fn default() -> Self {
        Self(64)
    }
}

/// `own` and its issuers as far as they are among `others`. A certificate that stands there several times is taken once.
pub(crate) fn with_issuers(
    own: Certificate,
    mut others: Vec<Certificate>,
    checks: &mut Checks,
) -> Vec<Certificate> {
    let mut chain = vec![own];
    while chain.len() < MAX_CHAIN_LEN
        && let Some(last) = chain.last()
        && !last.is_self_issued()
        && let Some(position) = others.iter().position(|other| issued(other, last, checks))
    {
        chain.push(others.swap_remove(position));
    }
    chain
}

fn issued(issuer: &Certificate, certificate: &Certificate, checks: &mut Checks) -> bool {
    if issuer.subject_der() != certificate.issuer_der() || checks.0 == 0 {
        return false;
    }
    checks.0 -= 1;
    issuer
        .public_key()
        .is_ok_and(|key| certificate.is_signed_by(&key).is_ok())
}
