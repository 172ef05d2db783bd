//! The part that p12-keystore does: from plain bags to keys, certificates and their names.
//!
//! p12-keystore derives keys up to a cap for each of them and has none for all together, takes scrypt, and accepts a container without
//! a checksum. So it gets a container that was written here: no checksum, one safe that is not encrypted, key bags and certificate bags
//! only. Nothing is left in it that a password would open. Where it does not read a certificate that this crate reads (its reader of
//! certificates is another), what was written here is taken as it is, so that nothing is lost on the way.

use p12_keystore::Pkcs12Archive;
use smartid_core::SecretBytes;
use zeroize::Zeroizing;

use super::attributes::remember;
use super::bags::{Bag, Content, PlainBags, parts, secret_element};
use super::container::DATA;
use super::{CertificateEntry, KeyEntry, Pkcs12};
use crate::der::{self, tag};
use crate::signer::read;
use crate::{Certificate, Refusal};

/// Reads the bags and puts back what was taken off them.
pub(super) fn read(plain: PlainBags) -> Result<Pkcs12, Refusal> {
    let (keys, certificates): (Vec<Bag>, Vec<Bag>) = plain
        .bags
        .into_iter()
        .partition(|bag| matches!(bag.content, Content::Key(_)));
    let archive = Pkcs12Archive::from_pkcs12(&pfx(keys.iter().chain(&certificates)), "")
        .ok()
        .filter(|archive| (archive.keys.len(), archive.certs.len()) == (keys.len(), certificates.len()));
    let (mut read_keys, mut read_certificates) = archive
        .map(|archive| (archive.keys.into_iter(), archive.certs.into_iter()))
        .unzip();

    let mut opened = Pkcs12 {
        keys: Vec::with_capacity(keys.len()),
        certificates: Vec::with_capacity(certificates.len()),
        passed_over: plain.passed_over,
        other_attributes: Vec::new(),
    };
    for bag in keys.into_iter().chain(certificates) {
        let Bag {
            attributes, content, ..
        } = bag;
        for other in attributes.others {
            remember(&mut opened.other_attributes, other);
        }
        match content {
            Content::Key(written) => {
                let read = read_keys.as_mut().and_then(Iterator::next);
                let (mut pkcs8, name) = match read {
                    Some(read) => (parts(&written)?.put_back(read.key.as_der())?, read.friendly_name),
                    None => (written, None),
                };
                opened.keys.push(KeyEntry {
                    key: read::pkcs8(&pkcs8),
                    pkcs8: SecretBytes::new(std::mem::take(&mut *pkcs8)),
                    friendly_name: name.or(attributes.name),
                    local_key_id: attributes.local_key_id,
                });
            }
            Content::Certificate(written) => {
                let read = read_certificates.as_mut().and_then(Iterator::next);
                let (certificate, name) = match read {
                    Some(read) => (
                        Certificate::from_der(read.cert.as_der().to_vec())?,
                        read.friendly_name,
                    ),
                    None => (written, None),
                };
                opened.certificates.push(CertificateEntry {
                    certificate,
                    friendly_name: name.or(attributes.name),
                    local_key_id: attributes.local_key_id,
                });
            }
        }
    }
    Ok(opened)
}

/// PFX (RFC 7292 4) with the bags in one safe.
pub(super) fn pfx<'a>(bags: impl Iterator<Item = &'a Bag>) -> Zeroizing<Vec<u8>> {
    let bags: Vec<&[u8]> = bags.map(|bag| bag.plain.as_slice()).collect();
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
