//! The bags of a container, made plain: keys decrypted, and of everything else only what is used.
//!
//! What stands here is handed to p12-keystore, so it is written anew in DER rather than passed on: keys and certificates alone, each
//! with no other attributes than its friendly name and its local key identifier. A bag that cannot be read is passed over and
//! remembered, so that one certificate of an unknown type does not keep a key from its owner.

use zeroize::Zeroizing;

use super::PassedOver;
use super::attributes::{Attributes, FRIENDLY_NAME, LOCAL_KEY_ID};
use super::ber::{self, BerReader};
use super::container::{Opener, octets, unsupported};
use crate::der::{self, DerError, Element, Oid, Reader, tag};
use crate::{Certificate, Reason, Refusal};

const KEY: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 1]);
pub(super) const SHROUDED_KEY: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2]);
pub(super) const CERTIFICATE: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3]);
pub(super) const CRL: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 4]);
pub(super) const SECRET: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 5]);
const SAFE_CONTENTS: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 6]);
pub(super) const X509: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1]);

/// Most bags of one container.
pub(super) const MAX_BAGS: usize = 1024;
/// Deepest nesting of bags in bags.
const MAX_DEPTH: usize = 8;
/// p12-keystore keeps identifiers of so many octets.
const MAX_OID_LEN: usize = 39;

/// What checking a key takes, in units of work: its numbers are checked, or its public half is computed. RSA with 8192 bits (4 700
/// octets) takes 1.4 milliseconds, a key on P-521 (98 octets) a sixth of one.
pub(super) const fn key_cost(octets: usize) -> u64 {
    200_000 + 300 * (octets as u64)
}

/// SafeBags that hold nothing encrypted, what was taken off them, and what was passed over.
#[derive(Default)]
pub(super) struct PlainBags {
    pub(super) bags: Vec<Bag>,
    pub(super) passed_over: Vec<PassedOver>,
    count: usize,
}

/// A bag, as it is handed over and as it was.
pub(super) struct Bag {
    /// SafeBag.
    pub(super) plain: Zeroizing<Vec<u8>>,
    pub(super) attributes: Attributes,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// PKCS #8 in DER.
    Key(Zeroizing<Vec<u8>>),
    Certificate(Certificate),
}

impl PlainBags {
    /// SafeContents.
    pub(super) fn read(&mut self, contents: &[u8], opener: &mut Opener<'_>) -> Result<(), Refusal> {
        self.contents(contents, MAX_DEPTH, opener)
    }

    fn contents(&mut self, contents: &[u8], depth: usize, opener: &mut Opener<'_>) -> Result<(), Refusal> {
        let depth = depth
            .checked_sub(1)
            .ok_or(DerError("bags in bags that are nested too deep"))?;
        let mut bags = ber::only(contents, tag::SEQUENCE, "a list of bags that is no sequence")?.reader();
        while !bags.is_empty() {
            let mut bag = bags.expect(tag::SEQUENCE, "a bag that is no sequence")?.reader();
            let oid = bag.oid("a bag without its type")?;
            let value = bag.expect(tag::context(0), "a bag without its value")?.contents;
            let attributes = bag.optional(tag::SET)?;
            bag.end()?;
            if oid == SAFE_CONTENTS {
                self.one_more()?;
                self.contents(value, depth, opener)?;
                continue;
            }
            let content = if oid == KEY {
                octets_of_der(value)
                    .and_then(|plain| key(plain, opener))
                    .map(Content::Key)
            } else if oid == SHROUDED_KEY {
                shrouded_key(value, opener)
                    .and_then(|plain| key(plain, opener))
                    .map(Content::Key)
            } else if oid == CERTIFICATE {
                certificate(value).map(Content::Certificate)
            } else {
                let known = oid == CRL || oid == SECRET;
                self.pass_over(&oid, (!known).then(|| unsupported("bag", &oid)))?;
                continue;
            };
            let attributes = attributes.map_or(&[][..], |attributes| attributes.contents);
            match content {
                Ok(content) => {
                    self.one_more()?;
                    self.bags.push(Bag::new(content, Attributes::read(attributes)?));
                }
                Err(refusal) if stops_everything(refusal.reason()) => return Err(refusal),
                Err(refusal) => self.pass_over(&oid, Some(refusal))?,
            }
        }
        Ok(())
    }

    fn one_more(&mut self) -> Result<(), Refusal> {
        self.count += 1;
        if self.count > MAX_BAGS {
            return Err(Refusal::new(Reason::TooLarge, "bags of a PKCS #12 container"));
        }
        Ok(())
    }

    /// Remembers what is not read.
    pub(super) fn pass_over(&mut self, kind: &Oid, refusal: Option<Refusal>) -> Result<(), Refusal> {
        self.one_more()?;
        self.passed_over.push(PassedOver {
            kind: kind.clone(),
            refusal,
        });
        Ok(())
    }

    /// Everything was read. A container whose keys are all refused is refused for the first of them.
    pub(super) fn finish(self) -> Result<Self, Refusal> {
        let has_key = self.bags.iter().any(|bag| matches!(bag.content, Content::Key(_)));
        let mut refused = self.passed_over.iter();
        let refused = refused.find(|part| part.kind == KEY || part.kind == SHROUDED_KEY);
        match refused.and_then(|part| part.refusal.clone()) {
            Some(refusal) if !has_key => Err(refusal),
            _ => Ok(self),
        }
    }
}

/// Whether it is of no use to read on.
const fn stops_everything(reason: Reason) -> bool {
    matches!(reason, Reason::KdfIterations | Reason::TooLarge)
}

/// An element whose parts may be secret: every buffer is wiped.
pub(super) fn secret_element(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(der::tlv(tag, &Zeroizing::new(parts.concat())))
}

impl Bag {
    fn new(content: Content, attributes: Attributes) -> Self {
        let (kind, value) = match &content {
            // p12-keystore reads version 1 of PKCS #8 (RFC 5208), and sorts attributes.
            Content::Key(pkcs8) => (
                KEY,
                parts(pkcs8).map_or_else(|_| pkcs8.clone(), |parts| parts.first_version()),
            ),
            Content::Certificate(certificate) => {
                let octets = der::octet_string(certificate.der());
                let bag = der::sequence(&[&der::oid(&X509), &der::explicit(0, &octets)]);
                (CERTIFICATE, bag.into())
            }
        };
        let value = secret_element(tag::context(0), &[&value]);
        let plain = secret_element(tag::SEQUENCE, &[&der::oid(&kind), &value, &attributes.der()]);
        Self {
            plain,
            attributes,
            content,
        }
    }
}

impl Attributes {
    /// As a SET, or nothing. A friendly name that is not UCS-2 is left out: p12-keystore would not read it.
    fn der(&self) -> Vec<u8> {
        let attribute = |oid: &Oid, value: &[u8]| der::sequence(&[&der::oid(oid), &der::set(&[value])]);
        let units: Option<Vec<u8>> = self.name.as_ref().and_then(|name| {
            let ucs2 = |unit: &u16| !matches!(unit, 0xd800..=0xdfff | 0xffff);
            let units: Vec<u16> = name.encode_utf16().collect();
            units
                .iter()
                .all(ucs2)
                .then(|| units.iter().flat_map(|unit| unit.to_be_bytes()).collect())
        });
        let name = units.map(|units| attribute(&FRIENDLY_NAME, &der::tlv(tag::BMP_STRING, &units)));
        let id = self
            .local_key_id
            .as_ref()
            .map(|id| attribute(&LOCAL_KEY_ID, &der::octet_string(id)));
        let used: Vec<_> = name.into_iter().chain(id).collect();
        if used.is_empty() {
            Vec::new()
        } else {
            der::set_of(used)
        }
    }
}

/// The members of PrivateKeyInfo or OneAsymmetricKey.
pub(super) struct Parts<'a> {
    version: Element<'a>,
    algorithm: Element<'a>,
    key: Element<'a>,
    /// Attributes and public key (RFC 5958).
    after: &'a [u8],
}

impl Parts<'_> {
    /// Without what came after version 1.
    fn first_version(&self) -> Zeroizing<Vec<u8>> {
        let parts = [&der::integer(&[0]), self.algorithm.whole, self.key.whole];
        secret_element(tag::SEQUENCE, &parts)
    }

    /// What `first_version` of this key left off is put back to `pkcs8`.
    pub(super) fn put_back(&self, pkcs8: &[u8]) -> Result<Zeroizing<Vec<u8>>, DerError> {
        let read = parts(pkcs8)?;
        let parts = [
            self.version.whole,
            read.algorithm.whole,
            read.key.whole,
            self.after,
        ];
        Ok(secret_element(tag::SEQUENCE, &parts))
    }
}

pub(super) fn parts(pkcs8: &[u8]) -> Result<Parts<'_>, DerError> {
    let info = Reader::only(pkcs8, tag::SEQUENCE, "a private key that is no sequence")?;
    let mut reader = info.reader();
    let version = reader.expect(tag::INTEGER, "a private key without its version")?;
    let algorithm = reader.expect(tag::SEQUENCE, "a private key without its algorithm")?;
    let key = reader.expect(tag::OCTET_STRING, "a private key without its octets")?;
    let read = version.whole.len() + algorithm.whole.len() + key.whole.len();
    let after = info.contents.get(read..).unwrap_or_default();
    let oid = algorithm
        .reader()
        .oid("a private key whose algorithm has no identifier")?;
    if oid.der_contents().len() > MAX_OID_LEN {
        return Err(DerError(
            "a private key whose algorithm has an identifier that is too long",
        ));
    }
    Ok(Parts {
        version,
        algorithm,
        key,
        after,
    })
}

/// A copy in DER, which is wiped.
fn octets_of_der(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    Ok(Zeroizing::new(der::definite(bytes)?.into_owned()))
}

/// A private key that is not encrypted, checked as far as its outer form goes.
fn key(pkcs8: Zeroizing<Vec<u8>>, opener: &mut Opener<'_>) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    parts(&pkcs8)?;
    opener.budget.charge(key_cost(pkcs8.len()))?;
    Ok(pkcs8)
}

/// EncryptedPrivateKeyInfo.
fn shrouded_key(value: &[u8], opener: &mut Opener<'_>) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let mut info = ber::only(value, tag::SEQUENCE, "an encrypted key that is no sequence")?.reader();
    let algorithm = info.expect(tag::SEQUENCE, "an encrypted key without its algorithm")?;
    let encrypted = info
        .octet_string("an encrypted key without its octets")?
        .octets()?;
    info.end()?;
    let plain = opener.decrypt(algorithm.whole, &encrypted)?;
    // One wrong password in some thousands leaves a sequence.
    octets_of_der(&plain).map_err(|_| Reason::WrongPassword.into())
}

/// CertBag with an X.509 certificate.
fn certificate(value: &[u8]) -> Result<Certificate, Refusal> {
    let mut bag: BerReader<'_> =
        ber::only(value, tag::SEQUENCE, "a certificate bag that is no sequence")?.reader();
    let oid = bag.oid("a certificate without its type")?;
    if oid != X509 {
        return Err(unsupported("certificate", &oid));
    }
    let certificate = bag.expect(tag::context(0), "a certificate bag without its value")?;
    bag.end()?;
    let octets = octets(certificate.contents, "a certificate that is no octet string")?;
    // Nothing larger, and no longer object identifier, than this crate reads: p12-keystore turns names into text and has no caps.
    Certificate::from_der(octets.to_vec())
}
