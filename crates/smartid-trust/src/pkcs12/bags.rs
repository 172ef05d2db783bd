//! The bags of a container: keys, certificates, and their names.

use zeroize::Zeroizing;

use super::container::{Opener, unsupported};
use crate::der::{Oid, Reader, tag};
use crate::{Reason, Refusal};

const KEY: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 1]);
const SHROUDED_KEY: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2]);
const CERTIFICATE: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3]);
const CRL: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 4]);
const SECRET: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 5]);
const X509: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1]);
const FRIENDLY_NAME: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 20]);
const LOCAL_KEY_ID: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 21]);

/// Most bags of one container.
const MAX_BAGS: usize = 1024;

#[derive(Default)]
pub(super) struct Bags {
    pub(super) keys: Vec<Bag>,
    pub(super) certificates: Vec<Bag>,
    count: usize,
}

/// A key as PKCS #8, or a certificate.
pub(super) struct Bag {
    pub(super) contents: Zeroizing<Vec<u8>>,
    pub(super) friendly_name: Option<String>,
    pub(super) local_key_id: Option<Vec<u8>>,
}

impl Bags {
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
            let (friendly_name, local_key_id) = names(attributes)?;
            let bag = |contents| Bag {
                contents,
                friendly_name,
                local_key_id,
            };
            if oid == KEY {
                self.keys.push(bag(Zeroizing::new(value.to_vec())));
            } else if oid == SHROUDED_KEY {
                self.keys.push(bag(shrouded_key(value, opener)?));
            } else if oid == CERTIFICATE {
                self.certificates.push(bag(certificate(value)?));
            } else if oid != CRL && oid != SECRET {
                // Bags inside bags among them: nobody writes them.
                return Err(unsupported("bag", &oid));
            }
        }
        Ok(())
    }
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
fn certificate(value: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
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
    Ok(Zeroizing::new(octets.contents.to_vec()))
}

/// The attributes that are used: the friendly name, the local key identifier.
fn names(attributes: &[u8]) -> Result<(Option<String>, Option<Vec<u8>>), Refusal> {
    let (mut friendly_name, mut local_key_id) = (None, None);
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
            && let Some(name) = values.optional(tag::BMP_STRING)?
        {
            friendly_name = Some(bmp(name.contents));
        } else if oid == LOCAL_KEY_ID
            && let Some(id) = values.optional(tag::OCTET_STRING)?
        {
            local_key_id = Some(id.contents.to_vec());
        }
    }
    Ok((friendly_name, local_key_id))
}

fn bmp(octets: &[u8]) -> String {
    let units = octets
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| u16::from_be_bytes(*pair));
    char::decode_utf16(units)
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
