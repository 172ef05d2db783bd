//! Which key belongs to which certificate.
//!
//! The public key decides. A local key identifier only chooses among several certificates of one key, and stands in where the public
//! half of a key cannot be told (DSA, or a curve that is not implemented, without its public key). It also tells an error from a file
//! without certificates: an identifier that names a certificate of nobody here was meant for this key.

use std::cmp::Reverse;

use super::public_half::PublicHalf;
use super::{CertificateEntry, KeyEntry, OpenedToken, PassedOver, Pkcs12, TokenKey};
use crate::signer::chain::{self, Checks};
use crate::{Certificate, Reason, Refusal};

/// Finds what belongs together.
pub(super) fn link(container: Pkcs12) -> Result<OpenedToken, Refusal> {
    let Pkcs12 {
        keys,
        certificates,
        passed_over,
        other_attributes: _,
    } = container;
    if keys.is_empty() {
        let hidden = passed_over.iter().find_map(PassedOver::may_hide_a_key);
        return Err(hidden.unwrap_or_else(|| Reason::NoKey.into()));
    }
    let halves: Vec<PublicHalf> = keys.iter().map(PublicHalf::of).collect();
    let owned: Vec<bool> = certificates
        .iter()
        .map(|entry| {
            let mut keys = keys.iter().zip(&halves);
            keys.any(|(key, half)| half.is_of(&entry.certificate) || may_be_of(half, key, entry))
        })
        .collect();

    let mut checks = Checks::default();
    let mut linked: Vec<TokenKey> = Vec::with_capacity(keys.len());
    for (key, half) in keys.into_iter().zip(&halves) {
        let mut own = own_certificates(&key, half, &certificates).into_iter();
        if own.len() == 0 && is_marked_for_nobody(&key, &certificates, &owned) {
            return Err(Refusal::new(
                Reason::KeyCertificateMismatch,
                "by its local key identifier",
            ));
        }
        let chain = own.next().map_or_else(Vec::new, |leaf| {
            let all = certificates.iter().map(|entry| entry.certificate.clone());
            let others = all.filter(|other| *other != leaf).collect();
            chain::with_issuers(leaf, others, &mut checks)
        });
        linked.push(TokenKey {
            entry: key,
            chain,
            other_certificates: own.collect(),
        });
    }

    let mut strangers: Vec<Certificate> = Vec::new();
    for (entry, owned) in certificates.into_iter().zip(owned) {
        let in_a_chain = || linked.iter().any(|key| key.chain.contains(&entry.certificate));
        if !owned && !strangers.contains(&entry.certificate) && !in_a_chain() {
            strangers.push(entry.certificate);
        }
    }
    if linked.iter().all(|key| key.chain.is_empty()) && !strangers.iter().all(is_issuer) {
        return Err(Refusal::new(
            Reason::KeyCertificateMismatch,
            "another end entity's, and no key has one",
        ));
    }
    Ok(OpenedToken {
        keys: linked,
        certificates: strangers,
        passed_over,
    })
}

/// The certificates of a key, each once: the one with its identifier first, then those that end last.
fn own_certificates(
    key: &KeyEntry,
    half: &PublicHalf,
    certificates: &[CertificateEntry],
) -> Vec<Certificate> {
    let mut own: Vec<_> = certificates
        .iter()
        .filter(|entry| half.is_of(&entry.certificate))
        .collect();
    if own.is_empty() {
        own.extend(certificates.iter().find(|entry| may_be_of(half, key, entry)));
    }
    // Of equals the first stays first.
    own.sort_by_key(|entry| (!same_id(key, entry), Reverse(entry.certificate.not_after())));
    let mut once: Vec<Certificate> = Vec::new();
    for entry in own {
        if !once.contains(&entry.certificate) {
            once.push(entry.certificate.clone());
        }
    }
    once
}

fn same_id(key: &KeyEntry, entry: &CertificateEntry) -> bool {
    key.local_key_id.is_some() && key.local_key_id == entry.local_key_id
}

/// Whether a certificate is this key's as far as its public half is not known.
fn may_be_of(half: &PublicHalf, key: &KeyEntry, entry: &CertificateEntry) -> bool {
    same_id(key, entry) && half.may_be_of(&entry.certificate)
}

/// Whether the key's identifier stands on a certificate that is no key's.
fn is_marked_for_nobody(key: &KeyEntry, certificates: &[CertificateEntry], owned: &[bool]) -> bool {
    let mut certificates = certificates.iter().zip(owned);
    certificates.any(|(entry, owned)| !owned && same_id(key, entry))
}

/// Whether a certificate is one of those that issue others. A root of version 1 says nothing about it.
fn is_issuer(certificate: &Certificate) -> bool {
    match certificate.basic_constraints() {
        Ok(Some(constraints)) => constraints.is_ca,
        _ => certificate.version() < 3 && certificate.is_self_issued(),
    }
}
