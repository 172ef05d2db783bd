//! Reads what is not encrypted.
//!
//! The outer form must be right, or it is no container. What an algorithm says of itself may be anything: what cannot be read is left
//! out of the description.

use std::borrow::Cow;

use super::{Algorithm, Bag, Derivation, Description, Encryption, MacDescription, Part};
use crate::der::{self, DerError, Element, Oid, Reader, tag};
use crate::pkcs12::attributes::{FRIENDLY_NAME, LOCAL_KEY_ID};
use crate::pkcs12::bags::{CERTIFICATE, MAX_BAGS, SHROUDED_KEY, X509};
use crate::pkcs12::container::{DATA, ENCRYPTED_DATA};
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
    let mut seen = Seen { der: true, bags: 0 };
    let all = bytes;
    let (bytes, reason) = match length(bytes) {
        // Zeros behind the end are padding.
        Some(length) => match bytes.split_at_checked(length) {
            Some((whole, rest)) if rest.iter().all(|octet| *octet == 0) => (whole, Reason::NotPkcs12),
            Some(_) => (bytes, Reason::NotPkcs12),
            None => (bytes, Reason::ContainerTruncated),
        },
        None => (bytes, Reason::NotPkcs12),
    };
    let whole = seen
        .definite(bytes)
        .map_err(|error| Refusal::new(reason, error.0))?;
    let mut pfx = Reader::only(&whole, tag::SEQUENCE, "a container that is no sequence")
        .map_err(wrong)?
        .reader();
    let version = pfx
        .expect(tag::INTEGER, "a container without its version")
        .and_then(|version| version.small_integer())
        .map_err(wrong)?;
    let safe = pfx
        .expect(tag::SEQUENCE, "a container without its safe")
        .map_err(wrong)?;
    let (oid, content) = content_info(safe.contents).map_err(wrong)?;
    let parts = if oid == DATA {
        let safe =
            Reader::only(content, tag::OCTET_STRING, "a safe that is no octet string").map_err(wrong)?;
        seen.parts(safe.contents)?
    } else {
        Vec::new()
    };
    let mac = pfx.optional(tag::SEQUENCE).map_err(wrong)?;
    pfx.end().map_err(wrong)?;
    Ok(Description {
        octets: all.len(),
        der: seen.der,
        version,
        content: Algorithm::new(oid),
        mac: mac.map(|mac| mac_data(mac).map_err(wrong)).transpose()?,
        parts,
    })
}

fn wrong(error: DerError) -> Refusal {
    Refusal::new(Reason::NotPkcs12, error.0)
}

/// The length of the outermost element with its header; `usize::MAX` where it goes on behind the end. `None` of what is no sequence.
fn length(bytes: &[u8]) -> Option<usize> {
    let ([tag::SEQUENCE], rest) = bytes.split_at_checked(1)? else {
        return None;
    };
    let declared = match rest.split_first() {
        None => return Some(usize::MAX),
        // Indefinite: it has its end marks, or it goes on.
        Some((0x80, rest)) if rest.ends_with(&[0, 0]) => return None,
        Some((0x80, _)) => return Some(usize::MAX),
        Some((short @ ..0x80, _)) => 2 + usize::from(*short),
        Some((long, rest)) => {
            let octets = usize::from(long & 0x7f);
            let Some((length, _)) = rest.split_at_checked(octets) else {
                return Some(usize::MAX);
            };
            let length = length.iter().try_fold(0_usize, |length, octet| {
                length.checked_mul(256)?.checked_add(usize::from(*octet))
            });
            length.unwrap_or(usize::MAX).saturating_add(2 + octets)
        }
    };
    Some(declared)
}

/// ContentInfo: the type, and what is inside `[0]`.
fn content_info(contents: &[u8]) -> Result<(Oid, &[u8]), DerError> {
    let mut info = Reader::new(contents);
    let oid = info.oid("a content without its type")?;
    let content = info.optional(tag::context(0))?;
    Ok((oid, content.map_or(&[], |content| content.contents)))
}

/// What was met on the way.
struct Seen {
    der: bool,
    bags: usize,
}

impl Seen {
    fn definite<'a>(&mut self, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, DerError> {
        let definite = der::definite(bytes)?;
        self.der &= matches!(definite, Cow::Borrowed(_));
        Ok(definite)
    }

    /// AuthenticatedSafe.
    fn parts(&mut self, safe: &[u8]) -> Result<Vec<Part>, Refusal> {
        let safe = self.definite(safe).map_err(wrong)?;
        let mut contents = Reader::only(&safe, tag::SEQUENCE, "a safe that is no sequence")
            .map_err(wrong)?
            .reader();
        let mut parts = Vec::new();
        while !contents.is_empty() {
            let info = contents
                .expect(tag::SEQUENCE, "a content that is no sequence")
                .map_err(wrong)?;
            let (oid, content) = content_info(info.contents).map_err(wrong)?;
            // A part counts as a bag does: an empty one has none.
            self.count()?;
            let (octets, encryption, bags) = if oid == DATA {
                let plain = Reader::only(content, tag::OCTET_STRING, "a content that is no octet string")
                    .map_err(wrong)?;
                (plain.contents.len(), None, self.bags(plain.contents)?)
            } else if oid == ENCRYPTED_DATA {
                let (octets, encryption) = encrypted_data(content).map_err(wrong)?;
                (octets, Some(encryption), Vec::new())
            } else {
                (content.len(), None, Vec::new())
            };
            parts.push(Part {
                content: Algorithm::new(oid),
                octets,
                encryption,
                bags,
            });
        }
        Ok(parts)
    }

    /// SafeContents.
    fn bags(&mut self, contents: &[u8]) -> Result<Vec<Bag>, Refusal> {
        let contents = self.definite(contents).map_err(wrong)?;
        let mut reader = Reader::only(&contents, tag::SEQUENCE, "a list of bags that is no sequence")
            .map_err(wrong)?
            .reader();
        let mut bags = Vec::new();
        while !reader.is_empty() {
            self.count()?;
            bags.push(bag(&mut reader).map_err(wrong)?);
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
fn bag(bags: &mut Reader<'_>) -> Result<Bag, DerError> {
    let mut bag = bags.expect(tag::SEQUENCE, "a bag that is no sequence")?.reader();
    let kind = bag.oid("a bag without its type")?;
    let value = bag.expect(tag::context(0), "a bag without its value")?.contents;
    let attributes = bag.optional(tag::SET)?;
    let encryption = if kind == SHROUDED_KEY {
        let info = Reader::only(value, tag::SEQUENCE, "an encrypted key that is no sequence")?;
        let algorithm = info
            .reader()
            .expect(tag::SEQUENCE, "an encrypted key without its algorithm")?;
        Some(encryption(algorithm)?)
    } else {
        None
    };
    let certificate = (kind == CERTIFICATE).then(|| certificate(value)).flatten();
    let friendly_name = attribute(attributes, &FRIENDLY_NAME).and_then(name);
    let local_key_id = attribute(attributes, &LOCAL_KEY_ID)
        .filter(|value| value.tag == tag::OCTET_STRING)
        .map(|value| value.contents.to_vec());
    Ok(Bag {
        kind: Algorithm::new(kind),
        encryption,
        certificate,
        friendly_name,
        local_key_id,
    })
}

/// A friendly name, whatever is wrong with its letters. It should be a BMPString.
fn name(value: Element<'_>) -> Option<String> {
    match value.tag {
        tag::BMP_STRING => {
            let (units, rest) = value.contents.as_chunks::<2>();
            let letters = char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit)));
            let letters = letters.map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER));
            let half = (!rest.is_empty()).then_some(char::REPLACEMENT_CHARACTER);
            Some(letters.chain(half).collect())
        }
        tag::UTF8_STRING => Some(String::from_utf8_lossy(value.contents).into_owned()),
        _ => None,
    }
}

/// The first value of an attribute.
fn attribute<'a>(attributes: Option<Element<'a>>, wanted: &Oid) -> Option<Element<'a>> {
    let mut attributes = attributes?.reader();
    while !attributes.is_empty() {
        let mut attribute = attributes.expect(tag::SEQUENCE, "").ok()?.reader();
        if attribute.oid("").ok()? == *wanted {
            return attribute.expect(tag::SET, "").ok()?.reader().next().ok();
        }
    }
    None
}

/// CertBag with an X.509 certificate.
fn certificate(value: &[u8]) -> Option<Certificate> {
    let mut bag = Reader::only(value, tag::SEQUENCE, "").ok()?.reader();
    if bag.oid("").ok()? != X509 {
        return None;
    }
    let octets = bag.expect(tag::context(0), "").ok()?;
    let octets = Reader::only(octets.contents, tag::OCTET_STRING, "").ok()?;
    Certificate::from_der(octets.contents.to_vec()).ok()
}

/// EncryptedData (RFC 5652 8): how many octets, and how.
fn encrypted_data(content: &[u8]) -> Result<(usize, Encryption), DerError> {
    let mut data = Reader::only(content, tag::SEQUENCE, "encrypted data that are no sequence")?.reader();
    data.expect(tag::INTEGER, "encrypted data without a version")?;
    let mut info = data
        .expect(tag::SEQUENCE, "encrypted data without their content")?
        .reader();
    info.oid("encrypted content without its type")?;
    let algorithm = info.expect(tag::SEQUENCE, "encrypted content without its algorithm")?;
    let mut octets = 0;
    if !info.is_empty() {
        let content = info.next()?;
        octets = content.contents.len();
        // BER: in pieces, under the tag of the whole.
        if content.tag == tag::context(0) {
            let mut pieces = content.reader();
            octets = 0;
            while !pieces.is_empty() {
                octets += pieces.next()?.contents.len();
            }
        }
    }
    Ok((octets, encryption(algorithm)?))
}

/// AlgorithmIdentifier of something that is encrypted by a password.
fn encryption(identifier: Element<'_>) -> Result<Encryption, DerError> {
    let mut identifier = identifier.reader();
    let scheme = identifier.oid("an encryption scheme without its identifier")?;
    let (derivation, cipher) = if scheme.to_string() == PBES2 {
        derivation_and(&mut identifier)
    } else {
        // pkcs-12PbeParams and PBEParameter: salt and iterations.
        let derivation = identifier
            .optional(tag::SEQUENCE)
            .ok()
            .flatten()
            .map(|parameters| salt_and_iterations(&mut parameters.reader()));
        (derivation.unwrap_or_default(), None)
    };
    Ok(Encryption {
        scheme: Algorithm::new(scheme),
        derivation,
        cipher,
    })
}

/// MacData (RFC 7292 4), or what RFC 9579 makes of it.
fn mac_data(mac: Element<'_>) -> Result<MacDescription, DerError> {
    let mut mac = mac.reader();
    let mut info = mac
        .expect(tag::SEQUENCE, "a checksum without its algorithm")?
        .reader();
    let mut identifier = info
        .expect(tag::SEQUENCE, "a checksum without its digest")?
        .reader();
    let algorithm = identifier.oid("a digest without its identifier")?;
    let (derivation, hmac) = if algorithm.to_string() == PBMAC1 {
        derivation_and(&mut identifier)
    } else {
        let mut derivation = salt_and_iterations(&mut mac);
        // By default one (RFC 7292 4).
        if derivation.salt_len.is_some() && mac.is_empty() && derivation.iterations.is_none() {
            derivation.iterations = Some(1);
        }
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
