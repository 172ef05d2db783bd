//! Local key identifiers: the same at a key and at its own certificate, another for each key.
//!
//! They are what Java and Windows find a key's certificate by, so a container has them even when the one that it was made from had none.
//! Any value will do if it is unique; a new one is the SHA-1 digest of the certificate, as OpenSSL makes it (Java writes the time, which
//! is neither repeatable nor always unique). Values that are there already stay, except where they would lead astray.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::Finding;
use crate::pkcs12::public_half::PublicHalf;
use crate::pkcs12::{CertificateEntry, KeyEntry};

/// Gives identifiers, and says what is odd about the keys.
pub(super) fn link(
    keys: &mut [KeyEntry],
    certificates: &mut [CertificateEntry],
    findings: &mut Vec<Finding>,
) {
    // Which certificate is whose, by its place, and the identifier that was given.
    let mut linked: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut taken: Vec<Vec<u8>> = Vec::new();
    // Identifiers that later keys bring along are not given to others.
    let brought: Vec<Vec<u8>> = keys.iter().filter_map(|key| key.local_key_id.clone()).collect();
    for key in keys.iter_mut() {
        let half = PublicHalf::of(key);
        let Some((place, leaf)) = own_certificate(key, &half, certificates) else {
            findings.push(Finding::KeyWithoutCertificate(key.friendly_name.clone()));
            continue;
        };
        if !half.is_known() {
            findings.push(Finding::KeyNotChecked(key.friendly_name.clone()));
        }
        let before = key.local_key_id.clone();
        let identifier = if let Some((_, identifier)) = linked.iter().find(|(other, _)| *other == place) {
            identifier.clone()
        } else if let Some(own) = before.clone().filter(|own| !taken.contains(own)) {
            own
        } else if let Some(of_leaf) = leaf
            .local_key_id
            .clone()
            .filter(|id| !taken.contains(id) && !brought.contains(id))
        {
            of_leaf
        } else {
            let mut new = sha1(leaf.certificate.der());
            while taken.contains(&new) || brought.contains(&new) {
                new = sha1(&new);
            }
            new
        };
        if before.is_some_and(|before| before != identifier) {
            findings.push(Finding::LocalKeyIdChanged(key.friendly_name.clone()));
        }
        key.local_key_id = Some(identifier.clone());
        taken.push(identifier.clone());
        linked.push((place, identifier));
    }
    for (place, certificate) in certificates.iter_mut().enumerate() {
        let own = linked.iter().find(|(of, _)| *of == place).map(|(_, id)| id);
        let leads_astray = |id: &Vec<u8>| own.map_or_else(|| taken.contains(id), |own| own != id);
        if certificate.local_key_id.as_ref().is_some_and(leads_astray) {
            findings.push(Finding::LocalKeyIdChanged(certificate.friendly_name.clone()));
            certificate.local_key_id = None;
        }
        if let Some(own) = own {
            certificate.local_key_id = Some(own.clone());
        }
    }
}

/// By public key; among several the one that the identifier names. Where the public half cannot be told the identifier alone decides.
fn own_certificate<'a>(
    key: &KeyEntry,
    half: &PublicHalf,
    certificates: &'a [CertificateEntry],
) -> Option<(usize, &'a CertificateEntry)> {
    let named =
        |entry: &CertificateEntry| key.local_key_id.is_some() && entry.local_key_id == key.local_key_id;
    let mut own: Vec<_> = certificates
        .iter()
        .enumerate()
        .filter(|(_, entry)| {
            if half.is_known() {
                half.is_of(&entry.certificate)
            } else {
                named(entry)
            }
        })
        .collect();
    let chosen = own.iter().position(|(_, entry)| named(entry)).unwrap_or(0);
    (chosen < own.len()).then(|| own.swap_remove(chosen))
}

pub(super) fn sha1(octets: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, octets).as_ref().to_vec()
}
