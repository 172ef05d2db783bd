//! The guard, from the outer form to plain bags: checksum, decryption, under one budget of work.

use smartid_core::SecretString;
use zeroize::Zeroizing;

use super::ber::{self, BerReader, Octets};
use super::{Pkcs12Policy, bags::PlainBags, mac};
use crate::der::{self, DerError, Oid, tag};
use crate::pbe::{Budget, Password, Scheme};
use crate::{Reason, Refusal};

pub(super) use crate::cms::ID_DATA as DATA;
pub(super) const ENCRYPTED_DATA: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6]);
/// PKCS #7 and CMS up to the last octet of the type of a content.
const CONTENT_TYPES: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7];

/// The work that is left, and the password in the forms that fit.
pub(super) struct Opener<'a> {
    pub(super) budget: Budget,
    pub(super) password: Password<'a>,
    /// Whether a checksum of RFC 7292 has shown that the password is right, and in which form.
    verified: bool,
}

pub(super) fn unsupported(what: &'static str, oid: &Oid) -> Refusal {
    Refusal::new(Reason::ContainerUnsupported, format!("{what} {oid}")).with_algorithm(oid.clone())
}

/// What reading so many octets takes, in units of work.
pub(super) fn read_cost(octets: usize) -> u64 {
    u64::try_from(octets).unwrap_or(u64::MAX).saturating_mul(4)
}

/// What is not well formed is no container; what an encrypted key is refused for, the container is.
fn of_the_container(refusal: Refusal) -> Refusal {
    let reason = match refusal.reason() {
        Reason::Malformed => Reason::NotPkcs12,
        Reason::KeyEncryptionUnsupported => Reason::ContainerUnsupported,
        _ => return refusal,
    };
    let detail = refusal.detail().to_owned();
    match refusal.algorithm() {
        Some(algorithm) => Refusal::new(reason, detail).with_algorithm(algorithm.clone()),
        None => Refusal::new(reason, detail),
    }
}

/// PFX (RFC 7292 4), and the budget as it was left.
pub(super) fn open(
    bytes: &[u8],
    password: &SecretString,
    policy: &Pkcs12Policy,
) -> (Result<PlainBags, Refusal>, Budget) {
    let mut opener = Opener {
        budget: policy.budget(),
        password: Password::new(password.expose()),
        verified: false,
    };
    let opened = opener.container(bytes, policy).map_err(of_the_container);
    (opened, opener.budget)
}

impl Opener<'_> {
    fn container(&mut self, bytes: &[u8], policy: &Pkcs12Policy) -> Result<PlainBags, Refusal> {
        if bytes.len() > policy.max_len {
            return Err(Refusal::new(Reason::TooLarge, "a PKCS #12 container"));
        }
        // Reading everything once costs little, and takes little out.
        self.budget.charge(read_cost(bytes.len()))?;
        let mut pfx = outermost(bytes)?;
        // Other numbers than 3 are seen to be opened; a container of version 1 has other members and goes no further than this.
        pfx.expect(tag::INTEGER, "a container without its version")?;
        let safe = pfx.expect(tag::SEQUENCE, "a container without its safe")?;
        let (oid, safe) = content_info(safe.contents)?;
        if oid != DATA {
            return Err(unsupported("protected by", &oid));
        }
        let safe = octets(safe, "a safe that is no octet string")?;
        let mac = pfx.optional(tag::SEQUENCE)?;
        pfx.end()?;
        match mac {
            Some(mac) => {
                let verified = mac::verify(mac.contents, &safe, self.password, &mut self.budget)?;
                self.password = verified.password;
                self.verified = verified.shows_the_form;
            }
            None if policy.mac_required => return Err(Reason::NoMac.into()),
            None => {}
        }
        self.look_ahead(&safe)?;
        let mut bags = PlainBags::default();
        self.authenticated_safe(&safe, &mut bags)?;
        bags.finish()
    }

    /// AuthenticatedSafe: contents, some of them encrypted, each a list of bags. What stands behind it is left alone.
    fn authenticated_safe(&mut self, safe: &[u8], bags: &mut PlainBags) -> Result<(), Refusal> {
        let safe = ber::first(safe)?;
        if safe.tag != tag::SEQUENCE {
            return Err(DerError("a safe that is no sequence").into());
        }
        let mut contents = safe.reader();
        while !contents.is_empty() {
            let info = contents.expect(tag::SEQUENCE, "a content that is no sequence")?;
            let oid = info.reader().oid("a content without its type")?;
            let known = oid.der_contents().starts_with(CONTENT_TYPES);
            if oid == DATA {
                let (_, content) = content_info(info.contents)?;
                bags.read(&octets(content, "a content that is no octet string")?, self)?;
            } else if oid == ENCRYPTED_DATA {
                let (_, content) = content_info(info.contents)?;
                let plain = self.encrypted_data(content)?;
                self.look_ahead_in_bags(&plain)?;
                bags.read(&plain, self)?;
            } else if known {
                return Err(unsupported("content encrypted as", &oid));
            } else {
                bags.pass_over(&oid, Some(unsupported("content of the type", &oid)))?;
            }
        }
        Ok(())
    }

    /// EncryptedData (RFC 5652 8).
    fn encrypted_data(&mut self, content: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let mut data = ber::only(content, tag::SEQUENCE, "encrypted data that are no sequence")?.reader();
        data.expect(tag::INTEGER, "encrypted data without a version")?;
        let mut info = data
            .expect(tag::SEQUENCE, "encrypted data without their content")?
            .reader();
        info.oid("encrypted content without its type")?;
        let algorithm = info.expect(tag::SEQUENCE, "encrypted content without its algorithm")?;
        let encrypted = match info.peek() {
            Some(tag) if tag == tag::context_primitive(0) || tag == tag::context(0) => {
                info.next()?.octets()?
            }
            _ => return Err(DerError("encrypted content that is absent").into()),
        };
        info.end()?;
        self.decrypt(algorithm.whole, &encrypted)
    }

    /// Decrypts a sequence by a password scheme, within the budget.
    pub(super) fn decrypt(
        &mut self,
        algorithm: &[u8],
        encrypted: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let algorithm = der::definite(algorithm)?;
        let algorithm = der::Reader::only(&algorithm, tag::SEQUENCE, "an algorithm that is no sequence")?;
        let scheme = Scheme::parse(algorithm.contents, &self.budget)?;
        // Without a checksum the form of the standard is tried, and what the empty password may be besides. With one, the form that it
        // has shown, and for schemes that take another, those that are seen behind such checksums.
        let forms = match (self.verified, scheme.takes_wide()) {
            (true, true) | (false, false) => vec![self.password],
            _ => scheme.forms(self.password),
        };
        for password in forms {
            match scheme.decrypt(encrypted, password, &mut self.budget) {
                Ok(plain) if ber::only(&plain, tag::SEQUENCE, "").is_ok() => {
                    self.password = password;
                    return Ok(plain);
                }
                Err(refusal) if refusal.reason() != Reason::WrongPassword => return Err(refusal),
                _ => {}
            }
        }
        Err(Reason::WrongPassword.into())
    }
}

/// The members of the container. Zeros and other things behind it are left alone: block devices and mail leave them there.
pub(super) fn outermost(bytes: &[u8]) -> Result<BerReader<'_>, Refusal> {
    if bytes.first() != Some(&tag::SEQUENCE) {
        return Err(DerError("it is no sequence").into());
    }
    match ber::first(bytes) {
        Ok(pfx) => Ok(pfx.reader()),
        Err(error) if ber::ends_early(error) => Err(Refusal::new(Reason::ContainerTruncated, error.0)),
        Err(error) => Err(error.into()),
    }
}

/// ContentInfo: the type, and what is inside `[0]`.
fn content_info(contents: &[u8]) -> Result<(Oid, &[u8]), DerError> {
    let mut info = BerReader::new(contents);
    let oid = info.oid("a content without its type")?;
    let content = info.expect(tag::context(0), "a content that is absent")?;
    info.end()?;
    Ok((oid, content.contents))
}

/// The octets of an octet string and nothing else.
pub(super) fn octets<'a>(bytes: &'a [u8], what: &'static str) -> Result<Octets<'a>, DerError> {
    let mut reader = BerReader::new(bytes);
    let string = reader.octet_string(what)?;
    reader.end()?;
    string.octets()
}
