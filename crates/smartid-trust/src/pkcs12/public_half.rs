//! The public half of a private key, as far as it can be told, to be compared with certificates.
//!
//! Of a key that this crate can use it is computed. A key of another type or size still has its certificate in the container: RSA keys
//! say their public numbers, and those of RFC 5915 and RFC 5958 may carry their public key.

use super::KeyEntry;
use crate::algorithm::{EC_PUBLIC_KEY, RSA_ENCRYPTION, RSA_PSS};
use crate::der::{self, DerError, Oid, Reader, tag};
use crate::{Certificate, KeyType};

/// What is known of the public half.
pub(super) struct PublicHalf {
    algorithm: Option<Oid>,
    /// The contents of the bit string of SubjectPublicKeyInfo, without the octet that counts unused bits.
    bits: Option<Vec<u8>>,
    curve: bool,
}

impl PublicHalf {
    pub(super) fn of(entry: &KeyEntry) -> Self {
        if let Ok(key) = entry.key() {
            let (algorithm, bits) = info(key.public_key().spki_der()).unzip();
            return Self {
                algorithm,
                bits: bits.map(<[u8]>::to_vec),
                curve: matches!(key.public_key().key_type(), KeyType::Ec(_)),
            };
        }
        let (algorithm, bits) = carried(entry.pkcs8_der().expose()).unwrap_or_default();
        Self {
            algorithm,
            bits,
            curve: false,
        }
    }

    /// Whether it can be told at all.
    pub(super) const fn is_known(&self) -> bool {
        self.bits.is_some()
    }

    /// Whether the certificate is for this key.
    pub(super) fn is_of(&self, certificate: &Certificate) -> bool {
        let (Some(own), Some(bits)) = (&self.algorithm, &self.bits) else {
            return false;
        };
        let Some((algorithm, certified)) = info(certificate.spki_der()) else {
            return false;
        };
        if !same_family(own, &algorithm) {
            return false;
        }
        if bits == certified {
            return true;
        }
        // A point may be compressed: its first coordinate is the same.
        let compressed =
            matches!(certified.first(), Some(2 | 3)) && bits.get(1..certified.len()) == certified.get(1..);
        self.curve
            && compressed
            && certificate
                .public_key()
                .is_ok_and(|key| info(key.spki_der()).is_some_and(|(_, uncompressed)| bits == uncompressed))
    }

    /// Whether the certificate is for a key of this type, where nothing more is known.
    pub(super) fn may_be_of(&self, certificate: &Certificate) -> bool {
        let certified = info(certificate.spki_der());
        match (&self.algorithm, &self.bits, certified) {
            (Some(own), None, Some((algorithm, _))) => same_family(own, &algorithm),
            _ => false,
        }
    }
}

/// A certificate may restrict an RSA key to PSS (RFC 4055 1.2) that itself says nothing about it.
fn same_family(one: &Oid, other: &Oid) -> bool {
    let rsa = |oid: &Oid| *oid == RSA_ENCRYPTION || *oid == RSA_PSS;
    one == other || (rsa(one) && rsa(other))
}

/// Algorithm and bits of SubjectPublicKeyInfo.
fn info(spki: &[u8]) -> Option<(Oid, &[u8])> {
    let mut info = Reader::only(spki, tag::SEQUENCE, "").ok()?.reader();
    let algorithm = info.next().ok()?.reader().oid("").ok()?;
    Some((algorithm, info.next().ok()?.bit_string().ok()?))
}

/// Algorithm of PKCS #8, and the public key that it carries.
fn carried(pkcs8: &[u8]) -> Result<(Option<Oid>, Option<Vec<u8>>), DerError> {
    let mut info = Reader::only(pkcs8, tag::SEQUENCE, "")?.reader();
    info.expect(tag::INTEGER, "")?;
    let algorithm = info.expect(tag::SEQUENCE, "")?.reader().oid("")?;
    let key = info.expect(tag::OCTET_STRING, "")?.contents;
    info.optional(tag::context(0))?;
    let outside = info.optional(tag::context_primitive(1))?;
    let bits = if algorithm == RSA_ENCRYPTION || algorithm == RSA_PSS {
        rsa(key).ok()
    } else if algorithm == EC_PUBLIC_KEY {
        elliptic(key).ok().flatten()
    } else {
        None
    };
    let outside = outside.and_then(|public| Some(public.bit_string().ok()?.to_vec()));
    Ok((Some(algorithm), bits.or(outside)))
}

/// RSAPublicKey out of RSAPrivateKey.
fn rsa(key: &[u8]) -> Result<Vec<u8>, DerError> {
    let mut numbers = Reader::only(key, tag::SEQUENCE, "")?.reader();
    numbers.expect(tag::INTEGER, "")?;
    let modulus = numbers.expect(tag::INTEGER, "")?;
    let exponent = numbers.expect(tag::INTEGER, "")?;
    Ok(der::sequence(&[modulus.whole, exponent.whole]))
}

/// The point in ECPrivateKey.
fn elliptic(key: &[u8]) -> Result<Option<Vec<u8>>, DerError> {
    let mut members = Reader::only(key, tag::SEQUENCE, "")?.reader();
    members.expect(tag::INTEGER, "")?;
    members.expect(tag::OCTET_STRING, "")?;
    members.optional(tag::context(0))?;
    let Some(public) = members.optional(tag::context(1))? else {
        return Ok(None);
    };
    let point = Reader::only(public.contents, tag::BIT_STRING, "")?.bit_string()?;
    Ok(Some(point.to_vec()))
}
