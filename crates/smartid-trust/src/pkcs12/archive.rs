//! The part that p12-keystore does: from plain bags to keys, certificates and their names.
//!
//! p12-keystore derives keys up to a cap for each of them and has none for all together, takes scrypt, and accepts a container without
//! a checksum. So it gets a container that was written here: no checksum, one safe that is not encrypted, key bags and certificate bags
//! only. Nothing is left in it that a password would open.

use p12_keystore::Pkcs12Archive;
use smartid_core::SecretBytes;
use zeroize::Zeroizing;

use super::bags::{PlainBags, secret_element};
use super::container::DATA;
use super::{CertificateEntry, KeyEntry, Pkcs12};
use crate::der::{self, tag};
use crate::signer::read;
use crate::{Certificate, Reason, Refusal};

/// Reads the bags and puts back what was taken off them.
pub(super) fn read(plain: &PlainBags) -> Result<Pkcs12, Refusal> {
    let archive = Pkcs12Archive::from_pkcs12(&pfx(plain), "")
        .map_err(|error| Refusal::new(Reason::Malformed, format!("a key or a certificate: {error}")))?;
    let found = (archive.keys.len(), archive.certs.len());
    if found != (plain.keys.len(), plain.certificates.len()) {
        return Err(Refusal::new(Reason::Malformed, "bags that are passed over"));
    }
    let keys = archive.keys.into_iter().zip(&plain.keys).map(|(bag, rest)| {
        let mut pkcs8 = rest.put_back(bag.key.as_der())?;
        Ok(KeyEntry {
            key: read::pkcs8(&pkcs8),
            pkcs8: SecretBytes::new(std::mem::take(&mut *pkcs8)),
            friendly_name: rest.name.clone().or(bag.friendly_name),
            local_key_id: bag.local_key_id.map(|id| id.0),
        })
    });
    let certificates = archive.certs.into_iter().zip(&plain.certificates);
    let certificates = certificates.map(|(bag, name)| {
        Ok(CertificateEntry {
            certificate: Certificate::from_der(bag.cert.as_der().to_vec())?,
            friendly_name: name.clone().or(bag.friendly_name),
            local_key_id: bag.local_key_id,
        })
    });
    Ok(Pkcs12 {
        keys: keys.collect::<Result<_, Refusal>>()?,
        certificates: certificates.collect::<Result<_, Refusal>>()?,
        passed_over: Vec::new(),
    })
}

/// PFX (RFC 7292 4) with the bags in one safe.
pub(super) fn pfx(plain: &PlainBags) -> Zeroizing<Vec<u8>> {
    let bags: Vec<&[u8]> = plain.bags.iter().map(|bag| bag.as_slice()).collect();
    let safe = data(&secret_element(tag::SEQUENCE, &bags));
    let contents = data(&secret_element(tag::SEQUENCE, &[&safe]));
    secret_element(tag::SEQUENCE, &[&der::integer(&[3]), &contents])
}

/// ContentInfo with octets that are not encrypted.
fn data(octets: &[u8]) -> Zeroizing<Vec<u8>> {
    let octets = secret_element(tag::OCTET_STRING, &[octets]);
    let content = secret_element(tag::context(0), &[&octets]);
    secret_element(tag::SEQUENCE, &[&der::oid(&DATA), &content])
}
