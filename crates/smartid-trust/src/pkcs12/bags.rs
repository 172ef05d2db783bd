//! The bags of a container, made plain: keys decrypted, and of everything else only what is used.
//!
//! What stands here is handed to p12-keystore, so it is written anew in DER rather than passed on: keys and certificates alone, each
//! with no other attributes than its friendly name and its local key identifier.

use zeroize::Zeroizing;

use super::container::{Opener, unsupported};
use crate::der::{self, Element, Oid, Reader, tag};
use crate::{Certificate, Reason, Refusal};

const KEY: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 1]);
pub(super) const SHROUDED_KEY: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2]);
pub(super) const CERTIFICATE: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3]);
pub(super) const CRL: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 4]);
pub(super) const SECRET: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 5]);
pub(super) const X509: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1]);
pub(super) const FRIENDLY_NAME: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 20]);
pub(super) const LOCAL_KEY_ID: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 21]);

/// Most bags of one container.
pub(super) const MAX_BAGS: usize = 1024;

/// SafeBags that hold nothing encrypted, and what was taken off them.
#[derive(Default)]
pub(super) struct PlainBags {
    pub(super) bags: Vec<Zeroizing<Vec<u8>>>,
    pub(super) keys: Vec<KeyRest>,
    pub(super) certificates: Vec<NameRest>,
    count: usize,
}

/// A friendly name that p12-keystore would drop: it reads UCS-2, and Java and OpenSSL write UTF-16.
pub(super) type NameRest = Option<String>;

/// What p12-keystore does not read in a key bag: it wants version 1 of PKCS #8 (RFC 5208), and sorts attributes.
pub(super) struct KeyRest {
    pub(super) name: NameRest,
    version: Vec<u8>,
    /// Attributes and public key (RFC 5958).
    after: Vec<u8>,
}

impl PlainBags {
    /// SafeContents, in definite form.
    pub(super) fn read(&mut self, contents: &[u8], opener: &mut Opener<'_>) -> Result<(), Refusal> {
        let mut bags = Reader::only(contents, tag::SEQUENCE, "a list of bags that is no sequence")?.reader();
        while !bags.is_empty() {
            self.count += 1;
            if self.count > MAX_BAGS {
                return Err(Refusal::new(Reason::TooLarge, "bags of a PKCS #12 container"));
            }
            let mut bag = bags.expect(tag::SEQUENCE, "a bag that is no sequence")?.reader();
            let oid = bag.oid("a bag without its type")?;
            let value = bag.expect(tag::context(0), "a bag without its value")?.contents;
            let attributes = bag.optional(tag::SET)?;
            bag.end()?;
            let attributes = attributes.map_or(&[][..], |attributes| attributes.contents);
            let (attributes, name) = names(attributes)?;
            if oid == KEY {
                self.push_key(value, &attributes, name)?;
            } else if oid == SHROUDED_KEY {
                self.push_key(&shrouded_key(value, opener)?, &attributes, name)?;
            } else if oid == CERTIFICATE {
                check_certificate(value)?;
                self.push(&CERTIFICATE, value, &attributes);
                self.certificates.push(name);
            } else if oid != CRL && oid != SECRET {
                // Bags inside bags among them: nobody writes them.
                return Err(unsupported("bag", &oid));
            }
        }
        Ok(())
    }

    fn push_key(&mut self, pkcs8: &[u8], attributes: &[u8], name: NameRest) -> Result<(), Refusal> {
        let (plain, rest) = KeyRest::take_off(pkcs8, name)?;
        self.push(&KEY, &plain, attributes);
        self.keys.push(rest);
        Ok(())
    }

    fn push(&mut self, kind: &Oid, value: &[u8], attributes: &[u8]) {
        let value = secret_element(tag::context(0), &[value]);
        self.bags.push(secret_element(
            tag::SEQUENCE,
            &[&der::oid(kind), &value, attributes],
        ));
    }
}

/// An element whose parts may be secret: every buffer is wiped.
pub(super) fn secret_element(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(der::tlv(tag, &Zeroizing::new(parts.concat())))
}

impl KeyRest {
    /// The key as p12-keystore reads it, and the rest.
    fn take_off(pkcs8: &[u8], name: NameRest) -> Result<(Zeroizing<Vec<u8>>, Self), Refusal> {
        let (version, algorithm, key, after) = parts(pkcs8)?;
        let plain = secret_element(tag::SEQUENCE, &[&der::integer(&[0]), algorithm.whole, key.whole]);
        let rest = Self {
            name,
            version: version.whole.to_vec(),
            after: after.to_vec(),
        };
        Ok((plain, rest))
    }

    /// The key as it was in the container.
    pub(super) fn put_back(&self, pkcs8: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let (_, algorithm, key, _) = parts(pkcs8)?;
        let parts = [&self.version, algorithm.whole, key.whole, &self.after];
        Ok(secret_element(tag::SEQUENCE, &parts))
    }
}

/// PrivateKeyInfo or OneAsymmetricKey: version, algorithm, key, the rest.
fn parts(pkcs8: &[u8]) -> Result<(Element<'_>, Element<'_>, Element<'_>, &[u8]), Refusal> {
    let info = Reader::only(pkcs8, tag::SEQUENCE, "a private key that is no sequence")?;
    let mut reader = info.reader();
    let version = reader.expect(tag::INTEGER, "a private key without its version")?;
    let algorithm = reader.expect(tag::SEQUENCE, "a private key without its algorithm")?;
    let key = reader.expect(tag::OCTET_STRING, "a private key without its octets")?;
    let read = version.whole.len() + algorithm.whole.len() + key.whole.len();
    let after = info.contents.get(read..).unwrap_or_default();
    Ok((version, algorithm, key, after))
}

/// EncryptedPrivateKeyInfo.
fn shrouded_key(value: &[u8], opener: &mut Opener<'_>) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let mut info = Reader::only(value, tag::SEQUENCE, "an encrypted key that is no sequence")?.reader();
    let algorithm = info.expect(tag::SEQUENCE, "an encrypted key without its algorithm")?;
    let encrypted = info.expect(tag::OCTET_STRING, "an encrypted key without its octets")?;
    info.end()?;
    let plain = opener.decrypt(algorithm.contents, encrypted.contents)?;
    // Only without a checksum does a wrong password come this far.
    Reader::only(&plain, tag::SEQUENCE, "").map_err(|_| Reason::WrongPassword)?;
    Ok(plain)
}

/// CertBag with an X.509 certificate.
fn check_certificate(value: &[u8]) -> Result<(), Refusal> {
    let mut bag = Reader::only(value, tag::SEQUENCE, "a certificate bag that is no sequence")?.reader();
    let oid = bag.oid("a certificate without its type")?;
    if oid != X509 {
        return Err(unsupported("certificate", &oid));
    }
    let certificate = bag.expect(tag::context(0), "a certificate bag without its value")?;
    bag.end()?;
    let octets = Reader::only(
        certificate.contents,
        tag::OCTET_STRING,
        "a certificate that is no octet string",
    )?;
    // Nothing larger, and no longer object identifier, than this crate reads: p12-keystore turns names into text and has no caps.
    Certificate::from_der(octets.contents.to_vec()).map(|_| ())
}

/// The attributes that are used, as a SET or nothing, and a friendly name that cannot be among them.
fn names(attributes: &[u8]) -> Result<(Vec<u8>, NameRest), Refusal> {
    let (mut name, mut local_key_id) = (None, None);
    let mut attributes = Reader::new(attributes);
    while !attributes.is_empty() {
        let mut attribute = attributes
            .expect(tag::SEQUENCE, "an attribute that is no sequence")?
            .reader();
        let oid = attribute.oid("an attribute without its type")?;
        let mut values = attribute
            .expect(tag::SET, "an attribute without its values")?
            .reader();
        attribute.end()?;
        if oid == FRIENDLY_NAME
            && let Some(value) = values.optional(tag::BMP_STRING)?
        {
            name = Some(value);
        } else if oid == LOCAL_KEY_ID
            && let Some(value) = values.optional(tag::OCTET_STRING)?
        {
            local_key_id = Some(value);
        }
    }
    let (name, rest) = match name {
        Some(name) if !is_ucs2(name.contents) => (None, Some(utf16(name.contents))),
        name => (name, None),
    };
    let used = [(FRIENDLY_NAME, name), (LOCAL_KEY_ID, local_key_id)];
    let used: Vec<_> = used
        .into_iter()
        .filter_map(|(oid, value)| Some(der::sequence(&[&der::oid(&oid), &der::set(&[value?.whole])])))
        .collect();
    let set = if used.is_empty() {
        Vec::new()
    } else {
        der::set_of(used)
    };
    Ok((set, rest))
}

fn units(octets: &[u8]) -> impl Iterator<Item = u16> {
    octets
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| u16::from_be_bytes(*pair))
}

/// Whether p12-keystore reads it: whole units, no surrogates, not the last of the plane.
fn is_ucs2(octets: &[u8]) -> bool {
    octets.len().is_multiple_of(2) && units(octets).all(|unit| !matches!(unit, 0xd800..=0xdfff | 0xffff))
}

fn utf16(octets: &[u8]) -> String {
    char::decode_utf16(units(octets))
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
