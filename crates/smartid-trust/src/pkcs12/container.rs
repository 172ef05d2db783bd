//! The guard, from the outer form to plain bags: BER to DER, checksum, decryption, under one budget of work.

use std::borrow::Cow;
use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac};
use smartid_core::SecretString;
use zeroize::Zeroizing;

use super::Pkcs12Policy;
use super::bags::PlainBags;
use crate::algorithm::{SHA256, SHA384, SHA512};
use crate::der::{self, Oid, Reader, tag};
use crate::pbe::{self, Password, Purpose, Scheme};
use crate::{Reason, Refusal};

pub(super) const DATA: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]);
pub(super) const ENCRYPTED_DATA: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6]);
pub(super) const SHA1: Oid = Oid::known(&[0x2b, 0x0e, 3, 2, 26]);

/// The work that is left, and the password.
pub(super) struct Opener<'a> {
    left: u64,
    password: Password<'a>,
}

pub(super) fn unsupported(what: &'static str, oid: &Oid) -> Refusal {
    Refusal::new(Reason::ContainerUnsupported, format!("{what} {oid}"))
}

/// PFX (RFC 7292 4).
pub(super) fn open(
    bytes: &[u8],
    password: &SecretString,
    policy: &Pkcs12Policy,
) -> Result<PlainBags, Refusal> {
    if bytes.len() > policy.max_len {
        return Err(Refusal::new(Reason::TooLarge, "a PKCS #12 container"));
    }
    let whole = der::definite(bytes)?;
    let mut pfx = Reader::only(&whole, tag::SEQUENCE, "a container that is no sequence")?.reader();
    let version = pfx
        .expect(tag::INTEGER, "a container without its version")?
        .small_integer()?;
    if version != 3 {
        return Err(Refusal::new(
            Reason::ContainerUnsupported,
            format!("version {version}"),
        ));
    }
    let safe = pfx.expect(tag::SEQUENCE, "a container without its safe")?;
    let (oid, safe) = content_info(safe.contents)?;
    if oid != DATA {
        return Err(unsupported("protected by", &oid));
    }
    let safe = Reader::only(safe, tag::OCTET_STRING, "a safe that is no octet string")?.contents;
    let mac = pfx.optional(tag::SEQUENCE)?;
    pfx.end()?;

    let mut opener = Opener {
        left: policy.max_iterations,
        password: Password::new(password.expose()),
    };
    match mac {
        Some(mac) => opener.verify_mac(mac.contents, safe)?,
        None if policy.mac_required => return Err(Reason::NoMac.into()),
        None => {}
    }
    opener.authenticated_safe(safe)
}

/// ContentInfo: the type, and what is inside `[0]`.
fn content_info(contents: &[u8]) -> Result<(Oid, &[u8]), Refusal> {
    let mut info = Reader::new(contents);
    let oid = info.oid("a content without its type")?;
    let content = info.expect(tag::context(0), "a content that is absent")?;
    info.end()?;
    Ok((oid, content.contents))
}

impl Opener<'_> {
    /// Takes `cost` out of the budget.
    fn charge(&mut self, cost: u64) -> Result<(), Refusal> {
        self.left = self
            .left
            .checked_sub(cost)
            .ok_or_else(|| Refusal::new(Reason::KdfIterations, "of all key derivations together"))?;
        Ok(())
    }

    /// MacData (RFC 7292 4).
    fn verify_mac(&mut self, mac: &[u8], safe: &[u8]) -> Result<(), Refusal> {
        let mut mac = Reader::new(mac);
        let mut info = mac
            .expect(tag::SEQUENCE, "a checksum without its algorithm")?
            .reader();
        let salt = mac.expect(tag::OCTET_STRING, "a checksum without its salt")?;
        let iterations = if mac.is_empty() {
            NonZeroU32::MIN
        } else {
            pbe::iterations(&mut mac)?
        };
        mac.end()?;
        let mut identifier = info
            .expect(tag::SEQUENCE, "a checksum without its digest")?
            .reader();
        let value = info.expect(tag::OCTET_STRING, "a checksum without its octets")?;
        info.end()?;
        let oid = identifier.oid("a digest without its identifier")?;
        let (digest, hmac) = mac_algorithm(&oid)?;
        identifier.optional(tag::NULL)?;
        identifier.end()?;

        for password in [Some(self.password), self.password.unterminated()]
            .into_iter()
            .flatten()
        {
            self.charge(iterations.get().into())?;
            let length = digest.output_len();
            let key = pbe::derive(digest, Purpose::Mac, password, salt.contents, iterations, length);
            if hmac::verify(&hmac::Key::new(hmac, &key), safe, value.contents).is_ok() {
                self.password = password;
                return Ok(());
            }
        }
        Err(Reason::WrongPassword.into())
    }

    /// AuthenticatedSafe: contents, some of them encrypted, each a list of bags.
    fn authenticated_safe(&mut self, safe: &[u8]) -> Result<PlainBags, Refusal> {
        let safe = der::definite(safe)?;
        let mut contents = Reader::only(&safe, tag::SEQUENCE, "a safe that is no sequence")?.reader();
        let mut bags = PlainBags::default();
        while !contents.is_empty() {
            let info = contents.expect(tag::SEQUENCE, "a content that is no sequence")?;
            let (oid, content) = content_info(info.contents)?;
            if oid == DATA {
                let plain = Reader::only(content, tag::OCTET_STRING, "a content that is no octet string")?;
                bags.read(&definite_secret(plain.contents)?, self)?;
            } else if oid == ENCRYPTED_DATA {
                let plain = self.encrypted_data(content)?;
                let wrong = |refusal: Refusal| match refusal.reason() {
                    // Only without a checksum does a wrong password come this far.
                    Reason::Malformed => Reason::WrongPassword.into(),
                    _ => refusal,
                };
                let plain = definite_secret(&plain).map_err(wrong)?;
                bags.read(&plain, self)?;
            } else {
                return Err(unsupported("content encrypted as", &oid));
            }
        }
        Ok(bags)
    }

    /// EncryptedData (RFC 5652 8).
    fn encrypted_data(&mut self, content: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let mut data = Reader::only(content, tag::SEQUENCE, "encrypted data that are no sequence")?.reader();
        data.expect(tag::INTEGER, "encrypted data without a version")?;
        let mut info = data
            .expect(tag::SEQUENCE, "encrypted data without their content")?
            .reader();
        info.oid("encrypted content without its type")?;
        let algorithm = info.expect(tag::SEQUENCE, "encrypted content without its algorithm")?;
        let octets = match info.peek() {
            // BER: the octets in pieces, under the tag of the whole.
            Some(piecewise) if piecewise == tag::context(0) => {
                let mut pieces = info.next()?.reader();
                let mut octets = Vec::new();
                while !pieces.is_empty() {
                    let piece =
                        pieces.expect(tag::OCTET_STRING, "encrypted content in pieces of another type")?;
                    octets.extend_from_slice(piece.contents);
                }
                Cow::Owned(octets)
            }
            _ => {
                let octets = info.expect(tag::context_primitive(0), "encrypted content that is absent")?;
                Cow::Borrowed(octets.contents)
            }
        };
        info.end()?;
        self.decrypt(algorithm.contents, &octets)
    }

    /// Decrypts by a password scheme, within the budget.
    pub(super) fn decrypt(
        &mut self,
        algorithm: &[u8],
        encrypted: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let scheme = Scheme::parse(algorithm).map_err(|refusal| match refusal.reason() {
            Reason::KeyEncryptionUnsupported => {
                Refusal::new(Reason::ContainerUnsupported, refusal.detail().to_owned())
            }
            _ => refusal,
        })?;
        self.charge(scheme.cost())?;
        scheme.decrypt(encrypted, self.password)
    }
}

/// Definite form of what may hold keys.
fn definite_secret(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    Ok(Zeroizing::new(der::definite(bytes)?.into_owned()))
}

fn mac_algorithm(oid: &Oid) -> Result<(&'static digest::Algorithm, hmac::Algorithm), Refusal> {
    [
        (
            SHA1,
            &digest::SHA1_FOR_LEGACY_USE_ONLY,
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        ),
        (SHA256, &digest::SHA256, hmac::HMAC_SHA256),
        (SHA384, &digest::SHA384, hmac::HMAC_SHA384),
        (SHA512, &digest::SHA512, hmac::HMAC_SHA512),
    ]
    .into_iter()
    .find_map(|(known, digest, hmac)| (known == *oid).then_some((digest, hmac)))
    .ok_or_else(|| unsupported("checksum with", oid))
}
