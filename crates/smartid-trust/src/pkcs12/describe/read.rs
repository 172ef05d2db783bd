//! Reads what is not encrypted.
//!
//! The outer form must be right, or it is no container. What an algorithm says of itself may be anything: what cannot be read is left
//! out of the description.

use std::borrow::Cow;

use super::{Algorithm, Bag, Derivation, Description, Encryption, MacDescription, Part};
use crate::der::{self, DerError, Element, Oid, Reader, tag};
use crate::pkcs12::attributes::Attributes;
use crate::pkcs12::bags::{CERTIFICATE, MAX_BAGS, SHROUDED_KEY, X509};
use crate::pkcs12::ber::{self, Ber, BerReader};
use crate::pkcs12::container::{DATA, ENCRYPTED_DATA, octets, outermost};
use crate::pkcs12::policy::DEFAULT_MAX_LEN;
use crate::{Certificate, Reason, Refusal};

const PBES2: &str = "1.2.840.113549.1.5.13";
const PBMAC1: &str = "1.2.840.113549.1.5.14";
const PBKDF2: &str = "1.2.840.113549.1.5.12";
const HMAC_SHA1: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 7]);

/// PFX (RFC 7292 4).
pub(super) fn container(bytes: &[u8]) -> Result<Description, Refusal> {
    if bytes.len() > DEFAULT_MAX_LEN {
        return Err(Refusal::new(Reason::TooLarge, "a PKCS #12 container"));
    }
    pfx(bytes).map_err(|refusal| match refusal.reason() {
        Reason::Malformed => Refusal::new(Reason::NotPkcs12, refusal.detail().to_owned()),
        _ => refusal,
    })
}

fn pfx(bytes: &[u8]) -> Result<Description, Refusal> {
    let mut pfx = outermost(bytes)?;
    let mut seen = Seen { der: true, bags: 0 };
    seen.look(ber::first(bytes)?.whole);
    let version = pfx.expect(tag::INTEGER, "a container without its version")?;
    let safe = pfx.expect(tag::SEQUENCE, "a container without its safe")?;
    let (oid, content) = content_info(safe)?;
    let parts = if oid == DATA {
        seen.parts(&octets(content, "a safe that is no octet string")?)?
    } else {
        Vec::new()
    };
    let mac = pfx.optional(tag::SEQUENCE)?;
    pfx.end()?;
    Ok(Description {
        octets: bytes.len(),
        der: seen.der,
        version: number(version).unwrap_or(u64::MAX),
        content: Algorithm::new(oid),
        mac: mac.map(mac_data).transpose()?,
        parts,
    })
}

/// ContentInfo: the type, and what is inside `[0]`.
fn content_info(info: Ber<'_>) -> Result<(Oid, &[u8]), DerError> {
    let mut info = info.reader();
    let oid = info.oid("a content without its type")?;
    let content = info.optional(tag::context(0))?;
    Ok((oid, content.map_or(&[], |content| content.contents)))
}

fn number(integer: Ber<'_>) -> Option<u64> {
    let integer = der::definite(integer.whole).ok()?;
    let element = Reader::only(&integer, tag::INTEGER, "").ok()?;
    element.small_integer().ok()
}

/// What was met on the way.
struct Seen {
    der: bool,
    bags: usize,
}

impl Seen {
    /// Whether it is DER so far. What is nested deeper than is looked into is not.
    fn look(&mut self, element: &[u8]) {
        self.der &= matches!(der::definite(element), Ok(Cow::Borrowed(_)));
    }

    /// AuthenticatedSafe.
    fn parts(&mut self, safe: &[u8]) -> Result<Vec<Part>, Refusal> {
        let safe = ber::first(safe)?;
        if safe.tag != tag::SEQUENCE {
            return Err(DerError("a safe that is no sequence").into());
        }
        self.look(safe.whole);
        let mut contents = safe.reader();
        let mut parts = Vec::new();
        while !contents.is_empty() {
            let info = contents.expect(tag::SEQUENCE, "a content that is no sequence")?;
            let (oid, content) = content_info(info)?;
            // A part counts as a bag does: an empty one has none.
            self.count()?;
            let (length, encryption, bags) = if oid == DATA {
                let plain = octets(content, "a content that is no octet string")?;
                (plain.len(), None, self.bags(&plain)?)
            } else if oid == ENCRYPTED_DATA {
                let (length, encryption) = encrypted_data(content)?;
                (length, Some(encryption), Vec::new())
            } else {
                (content.len(), None, Vec::new())
            };
            parts.push(Part {
                content: Algorithm::new(oid),
                octets: length,
                encryption,
                bags,
            });
        }
        Ok(parts)
    }

    /// SafeContents.
    fn bags(&mut self, contents: &[u8]) -> Result<Vec<Bag>, Refusal> {
        let contents = ber::only(contents, tag::SEQUENCE, "a list of bags that is no sequence")?;
        self.look(contents.whole);
        let mut reader = contents.reader();
        let mut bags = Vec::new();
        while !reader.is_empty() {
            self.count()?;
            bags.push(bag(&mut reader)?);
        }
        Ok(bags)
    }

    fn count(&mut self) -> Result<(), Refusal> {
        self.bags += 1;
        if self.bags > MAX_BAGS {
            return Err(Refusal::new(Reason::TooLarge, "bags of a PKCS #12 container"));
        }
        Ok(())
    }
}

/// SafeBag.
fn bag(bags: &mut BerReader<'_>) -> Result<Bag, DerError> {
    let mut bag = bags.expect(tag::SEQUENCE, "a bag that is no sequence")?.reader();
    let kind = bag.oid("a bag without its type")?;
    let value = bag.expect(tag::context(0), "a bag without its value")?.contents;
    let attributes = bag.optional(tag::SET)?;
    let encryption = (kind == SHROUDED_KEY).then(|| shrouded_key(value)).flatten();
    let certificate = (kind == CERTIFICATE).then(|| certificate(value)).flatten();
    let attributes = attributes.map_or(&[][..], |attributes| attributes.contents);
    let attributes = Attributes::read(attributes).unwrap_or_default();
    Ok(Bag {
        kind: Algorithm::new(kind),
        encryption,
        certificate,
        friendly_name: attributes.name,
        local_key_id: attributes.local_key_id,
    })
}

/// EncryptedPrivateKeyInfo.
fn shrouded_key(value: &[u8]) -> Option<Encryption> {
    let info = ber::only(value, tag::SEQUENCE, "").ok()?;
    let algorithm = info.reader().expect(tag::SEQUENCE, "").ok()?;
    encryption(algorithm).ok()
}

/// CertBag with an X.509 certificate.
fn certificate(value: &[u8]) -> Option<Certificate> {
    let mut bag = ber::only(value, tag::SEQUENCE, "").ok()?.reader();
    if bag.oid("").ok()? != X509 {
        return None;
    }
    let value = bag.expect(tag::context(0), "").ok()?;
    let octets = octets(value.contents, "").ok()?;
    Certificate::from_der(octets.to_vec()).ok()
}

/// EncryptedData (RFC 5652 8): how many octets, and how.
fn encrypted_data(content: &[u8]) -> Result<(usize, Encryption), DerError> {
    let mut data = ber::only(content, tag::SEQUENCE, "encrypted data that are no sequence")?.reader();
    data.expect(tag::INTEGER, "encrypted data without a version")?;
    let mut info = data
        .expect(tag::SEQUENCE, "encrypted data without their content")?
        .reader();
    info.oid("encrypted content without its type")?;
    let algorithm = info.expect(tag::SEQUENCE, "encrypted content without its algorithm")?;
    let length = if info.is_empty() {
        0
    } else {
        info.next()?.octets()?.len()
    };
    Ok((length, encryption(algorithm)?))
}

/// AlgorithmIdentifier of something that is encrypted by a password.
fn encryption(identifier: Ber<'_>) -> Result<Encryption, DerError> {
    let identifier = der::definite(identifier.whole)?;
    let mut identifier = Reader::only(&identifier, tag::SEQUENCE, "")?.reader();
    let scheme = identifier.oid("an encryption scheme without its identifier")?;
    let (derivation, cipher) = if scheme.to_string() == PBES2 {
        derivation_and(&mut identifier)
    } else {
        // pkcs-12PbeParams and PBEParameter: salt and iterations.
        let parameters = identifier.optional(tag::SEQUENCE).ok().flatten();
        let derivation = parameters.map(|parameters| salt_and_iterations(&mut parameters.reader()));
        (derivation.unwrap_or_default(), None)
    };
    Ok(Encryption {
        scheme: Algorithm::new(scheme),
        derivation,
        cipher,
    })
}

/// MacData (RFC 7292 4), or what RFC 9579 makes of it.
fn mac_data(mac: Ber<'_>) -> Result<MacDescription, DerError> {
    let mut mac = mac.reader();
    let mut info = mac
        .expect(tag::SEQUENCE, "a checksum without its algorithm")?
        .reader();
    let identifier = info.expect(tag::SEQUENCE, "a checksum without its digest")?;
    let identifier = der::definite(identifier.whole)?;
    let mut identifier = Reader::only(&identifier, tag::SEQUENCE, "")?.reader();
    let algorithm = identifier.oid("a digest without its identifier")?;
    let (derivation, hmac) = if algorithm.to_string() == PBMAC1 {
        derivation_and(&mut identifier)
    } else {
        let salt = mac.octet_string("a checksum without its salt")?.octets()?;
        let iterations = match mac.optional(tag::INTEGER)? {
            // By default one (RFC 7292 4).
            None => Some(1),
            Some(count) => number(count),
        };
        let derivation = Derivation {
            salt_len: Some(salt.len()),
            iterations,
            ..Derivation::default()
        };
        (derivation, None)
    };
    Ok(MacDescription {
        algorithm: Algorithm::new(algorithm),
        derivation,
        hmac,
    })
}

fn salt_and_iterations(parameters: &mut Reader<'_>) -> Derivation {
    let salt = parameters.optional(tag::OCTET_STRING).ok().flatten();
    let iterations = parameters.optional(tag::INTEGER).ok().flatten();
    Derivation {
        salt_len: salt.map(|salt| salt.contents.len()),
        iterations: iterations.and_then(|count| count.small_integer().ok()),
        ..Derivation::default()
    }
}

/// The parameters of PBES2 and of PBMAC1: a key derivation, and what the key is for.
fn derivation_and(identifier: &mut Reader<'_>) -> (Derivation, Option<Algorithm>) {
    let read = || -> Result<_, DerError> {
        let mut parameters = identifier.expect(tag::SEQUENCE, "")?.reader();
        let derivation = parameters.expect(tag::SEQUENCE, "")?;
        let used_for = parameters.expect(tag::SEQUENCE, "")?.reader().oid("")?;
        Ok((derivation, used_for))
    };
    let Ok((derivation, used_for)) = { read }() else {
        return Default::default();
    };
    (key_derivation(&derivation), Some(Algorithm::new(used_for)))
}

fn key_derivation(identifier: &Element<'_>) -> Derivation {
    let mut identifier = identifier.reader();
    let Ok(function) = identifier.oid("") else {
        return Derivation::default();
    };
    let is_pbkdf2 = function.to_string() == PBKDF2;
    let mut derivation = Derivation::default();
    if let Ok(Some(parameters)) = identifier.optional(tag::SEQUENCE) {
        let mut parameters = parameters.reader();
        derivation = salt_and_iterations(&mut parameters);
        if is_pbkdf2 {
            // The key's length may stand between.
            let prf = parameters
                .optional(tag::INTEGER)
                .and_then(|_| parameters.optional(tag::SEQUENCE));
            derivation.prf = match prf {
                Ok(None) => Some(Algorithm::new(HMAC_SHA1)),
                Ok(Some(prf)) => prf.reader().oid("").ok().map(Algorithm::new),
                Err(_) => None,
            };
        } else {
            // The number that scrypt has there is a size, not a count.
            derivation.iterations = None;
        }
    }
    derivation.function = Some(Algorithm::new(function));
    derivation
}
