//! Reads a CMS message and checks every signature in it against the certificate that the message itself brings. Whether that
//! certificate is to be trusted is the caller's question.

use super::alg::{Digest, SigAlg};
use super::authority::OID_SUBJECT_KEY;
use super::certificate::Certificate;
use super::cms::{
    OID_CONTENT_TYPE, OID_DATA, OID_MESSAGE_DIGEST, OID_RSA, OID_SIGNED_DATA, OID_SIGNING_TIME,
};
use super::der::{self, Element, Reader};
use super::{PublicKey, time};
use crate::SimError;

/// Longer messages are refused.
const MAX_LENGTH: usize = 8 * 1024 * 1024;
const MAX_SIGNERS: usize = 16;
const MAX_CERTIFICATES: usize = 64;

/// A message whose signatures are right. No certificate's issuer, validity or purpose was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// What was signed.
    pub content: Vec<u8>,
    /// Who signed it, in the order of the message; never empty.
    pub signers: Vec<VerifiedSigner>,
    /// All certificates in the message.
    pub certificates: Vec<Certificate>,
}

/// One of those who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedSigner {
    /// The certificate whose key has signed.
    pub certificate: Certificate,
    /// The algorithm.
    pub alg: SigAlg,
    /// The time that the signer claims, in seconds since 1970.
    pub signing_time: Option<u64>,
    /// Whether attributes were signed, and the content through its digest.
    pub signed_attributes: bool,
}

fn unreadable() -> SimError {
    SimError::pki("this is no CMS message that can be read")
}

/// Checks every signature. `detached` is the content when it is not inside.
///
/// # Errors
/// [`SimError::Pki`] when the message cannot be read, holds content and `detached` is given too, or has none and `detached` is missing,
/// when nobody has signed it, a signer's certificate is not in it, or a digest or signature is wrong.
pub fn verify(der: &[u8], detached: Option<&[u8]>) -> Result<Verified, SimError> {
    if der.len() > MAX_LENGTH {
        return Err(unreadable());
    }
    let message = Message::read(der).ok_or_else(unreadable)?;
    let content = match (message.content, detached) {
        (Some(inside), None) => inside,
        (None, Some(apart)) => apart,
        (Some(_), Some(_)) => return Err(SimError::pki("the content is inside, and was given apart")),
        (None, None) => return Err(SimError::pki("the content is not inside")),
    };
    if message.signers.is_empty() {
        return Err(SimError::pki("nobody has signed the message"));
    }
    let certificates = message
        .certificates
        .iter()
        .map(|element| Certificate::parse(element.raw))
        .collect::<Result<Vec<_>, _>>()?;
    let signers = message
        .signers
        .iter()
        .map(|info| info.verify(message.content_type, content, &certificates))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Verified {
        content: content.to_vec(),
        signers,
        certificates,
    })
}

struct Message<'a> {
    content_type: &'a [u8],
    content: Option<&'a [u8]>,
    certificates: Vec<Element<'a>>,
    signers: Vec<SignerInfo<'a>>,
}

impl<'a> Message<'a> {
    fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = der::only(der, der::SEQUENCE)?.reader();
        if outer.expect(der::OID)?.content != OID_SIGNED_DATA {
            return None;
        }
        let body = outer.expect(0xa0)?;
        let mut body = der::only(body.content, der::SEQUENCE)?.reader();
        body.expect(der::INTEGER)?;
        body.expect(der::SET)?;
        let mut inside = body.expect(der::SEQUENCE)?.reader();
        let content_type = inside.expect(der::OID)?.content;
        let content = match inside.optional(0xa0) {
            Some(wrapped) => Some(der::only(wrapped.content, der::OCTET_STRING)?.content),
            None => None,
        };
        let certificates = match body.optional(0xa0) {
            Some(set) => all(set.reader(), MAX_CERTIFICATES, |element| {
                (element.tag == der::SEQUENCE).then_some(element)
            })?,
            None => Vec::new(),
        };
        // Revocation lists, which nobody asks for here.
        body.optional(0xa1);
        let signers = all(body.expect(der::SET)?.reader(), MAX_SIGNERS, |element| {
            SignerInfo::read(element)
        })?;
        (outer.is_empty() && inside.is_empty() && body.is_empty()).then_some(Self {
            content_type,
            content,
            certificates,
            signers,
        })
    }
}

/// Every element of a set, none left over and not too many.
fn all<'a, T>(
    mut reader: Reader<'a>,
    most: usize,
    read: impl Fn(Element<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let mut out = Vec::new();
    while !reader.is_empty() {
        out.push(read(reader.next()?)?);
        if out.len() > most {
            return None;
        }
    }
    Some(out)
}

/// How a message names the certificate of a signer.
enum Identifier<'a> {
    /// Issuer's name and content of the serial number.
    Serial(&'a [u8], &'a [u8]),
    SubjectKey(&'a [u8]),
}

struct SignerInfo<'a> {
    identifier: Identifier<'a>,
    digest: &'a [u8],
    attributes: Option<Element<'a>>,
    algorithm: Element<'a>,
    signature: &'a [u8],
}

impl<'a> SignerInfo<'a> {
    fn read(element: Element<'a>) -> Option<Self> {
        if element.tag != der::SEQUENCE {
            return None;
        }
        let mut parts = element.reader();
        parts.expect(der::INTEGER)?;
        let identifier = match parts.optional(0x80) {
            Some(key) => Identifier::SubjectKey(key.content),
            None => {
                let mut both = parts.expect(der::SEQUENCE)?.reader();
                let issuer = both.expect(der::SEQUENCE)?.raw;
                Identifier::Serial(issuer, both.expect(der::INTEGER)?.content)
            }
        };
        let digest = parts.expect(der::SEQUENCE)?.reader().expect(der::OID)?.content;
        let attributes = parts.optional(0xa0);
        let algorithm = parts.expect(der::SEQUENCE)?;
        let signature = parts.expect(der::OCTET_STRING)?.content;
        // Attributes that nobody has signed.
        parts.optional(0xa1);
        parts.is_empty().then_some(Self {
            identifier,
            digest,
            attributes,
            algorithm,
            signature,
        })
    }

    fn is_of(&self, certificate: &Certificate) -> bool {
        match self.identifier {
            Identifier::Serial(issuer, serial) => {
                certificate.issuer_der() == issuer && certificate.serial() == serial
            }
            Identifier::SubjectKey(key) => certificate
                .extension(OID_SUBJECT_KEY)
                .and_then(|extension| der::only(&extension.value, der::OCTET_STRING))
                .is_some_and(|identifier| identifier.content == key),
        }
    }

    /// The algorithm and its digest, which must be the one that the signer names.
    fn alg(&self) -> Option<SigAlg> {
        let digest = Digest::from_oid(self.digest)?;
        let named = SigAlg::from_identifier(&self.algorithm);
        let alg = named.or_else(|| {
            let kind = self.algorithm.reader().expect(der::OID)?.content;
            let of_digest = [SigAlg::Rs1, SigAlg::Rs256, SigAlg::Rs384, SigAlg::Rs512];
            let plain = of_digest.into_iter().find(|alg| alg.digest() == digest);
            plain.filter(|_| kind == OID_RSA)
        })?;
        (alg.digest() == digest).then_some(alg)
    }

    fn verify(
        &self,
        content_type: &[u8],
        content: &[u8],
        certificates: &[Certificate],
    ) -> Result<VerifiedSigner, SimError> {
        let certificate = certificates
            .iter()
            .find(|certificate| self.is_of(certificate))
            .ok_or_else(|| SimError::pki("the signer's certificate is not in the message"))?;
        let alg = self
            .alg()
            .ok_or_else(|| SimError::pki("the signer's algorithms are unknown or contradict each other"))?;
        let key = PublicKey::from_spki(certificate.spki_der())?;
        let mut signing_time = None;
        match &self.attributes {
            Some(element) => {
                let attributes = Attributes::read(element).ok_or_else(unreadable)?;
                if attributes.content_type != content_type {
                    return Err(SimError::pki("the signed content type is another"));
                }
                if attributes.digest != alg.digest().of(content) {
                    return Err(SimError::pki("the content is not what was signed"));
                }
                signing_time = attributes.signing_time;
                let mut signed = element.raw.to_vec();
                if let Some(tag) = signed.first_mut() {
                    *tag = der::SET;
                }
                key.verify(alg, &signed, self.signature)?;
            }
            // Without attributes only plain data may be signed (RFC 5652 5.3): otherwise signed attributes could pass as content.
            None if content_type == OID_DATA => key.verify(alg, content, self.signature)?,
            None => return Err(SimError::pki("this content must be signed through attributes")),
        }
        Ok(VerifiedSigner {
            certificate: certificate.clone(),
            alg,
            signing_time,
            signed_attributes: self.attributes.is_some(),
        })
    }
}

struct Attributes<'a> {
    content_type: &'a [u8],
    digest: &'a [u8],
    signing_time: Option<u64>,
}

impl<'a> Attributes<'a> {
    fn read(element: &Element<'a>) -> Option<Self> {
        let mut list = element.reader();
        let (mut content_type, mut digest, mut signing_time) = (None, None, None);
        while !list.is_empty() {
            let mut attribute = list.expect(der::SEQUENCE)?.reader();
            let kind = attribute.expect(der::OID)?.content;
            let mut values = attribute.expect(der::SET)?.reader();
            let place = match kind {
                OID_CONTENT_TYPE => &mut content_type,
                OID_MESSAGE_DIGEST => &mut digest,
                OID_SIGNING_TIME => &mut signing_time,
                _ => continue,
            };
            // Each at most once, with exactly one value (RFC 5652 11).
            if place.replace(values.next()?).is_some() || !values.is_empty() {
                return None;
            }
        }
        let of = |element: Option<Element<'a>>, tag: u8| element.filter(|element| element.tag == tag);
        Some(Self {
            content_type: of(content_type, der::OID)?.content,
            digest: of(digest, der::OCTET_STRING)?.content,
            signing_time: match signing_time {
                Some(element) => Some(time::read(&element)?),
                None => None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(oid: &[u8], values: &[&[u8]]) -> Vec<u8> {
        der::seq(&[&der::oid(oid), &der::tlv(der::SET, values)])
    }

    fn reads(attributes: &[&[u8]]) -> bool {
        let list = der::context(0, attributes);
        der::only(&list, 0xa0).is_some_and(|element| Attributes::read(&element).is_some())
    }

    #[test]
    fn each_attribute_stands_once_with_one_value_of_its_type() {
        let (data, digest) = (der::oid(OID_DATA), der::octets(&[7; 32]));
        let kind = attribute(OID_CONTENT_TYPE, &[&data]);
        let hash = attribute(OID_MESSAGE_DIGEST, &[&digest]);
        let time = attribute(OID_SIGNING_TIME, &[&time::time(0)]);
        let unknown = attribute(&[0x2a, 0x03], &[&data, &data]);
        assert!(reads(&[&kind, &hash]));
        assert!(reads(&[&time, &hash, &unknown, &kind]));
        assert!(!reads(&[&kind]) && !reads(&[&hash]) && !reads(&[]));
        assert!(!reads(&[&kind, &hash, &kind]) && !reads(&[&kind, &hash, &hash]));
        assert!(!reads(&[&kind, &hash, &time, &time]));
        assert!(!reads(&[&kind, &attribute(OID_MESSAGE_DIGEST, &[])]));
        assert!(!reads(&[
            &kind,
            &attribute(OID_MESSAGE_DIGEST, &[&digest, &digest])
        ]));
        assert!(!reads(&[&kind, &attribute(OID_MESSAGE_DIGEST, &[&data])]));
        assert!(!reads(&[&attribute(OID_CONTENT_TYPE, &[&digest]), &hash]));
        assert!(!reads(&[&kind, &hash, &attribute(OID_SIGNING_TIME, &[&digest])]));
    }
}
