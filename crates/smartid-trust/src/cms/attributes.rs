//! The signed attributes of a signer (RFC 5652 11, RFC 5035).
//!
//! With them a signature covers a list of statements and not the content itself: two of the statements, content type and message
//! digest, tie the list to the content, and a verifier that does not look at both verifies nothing.

use smartid_core::Timestamp;

use crate::der::{self, DerError, Element, Oid, Reader, tag};
use crate::{Certificate, DigestAlgorithm, Reason, Refusal};

pub(super) static CONTENT_TYPE: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3]);
pub(super) static MESSAGE_DIGEST: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4]);
pub(super) static SIGNING_TIME: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 5]);
static SIGNING_CERTIFICATE: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 12]);
pub(super) static SIGNING_CERTIFICATE_V2: Oid =
    Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47]);

/// Most attributes of one signer.
const MAX_ATTRIBUTES: usize = 64;

/// One attribute.
#[derive(Clone, Copy)]
pub(super) struct Attribute<'a> {
    /// The octets of its identifier.
    kind: &'a [u8],
    /// The values, one element after the other.
    values: &'a [u8],
    /// Identifier and values, as they stand there.
    whole: &'a [u8],
}

impl<'a> Attribute<'a> {
    fn is(&self, kind: &Oid) -> bool {
        self.kind == kind.der_contents()
    }

    /// The one value; none when there are none or several.
    fn only_value(&self) -> Option<Element<'a>> {
        let mut values = Reader::new(self.values);
        let value = values.next().ok()?;
        values.is_empty().then_some(value)
    }

    fn elements(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let mut values = Reader::new(self.values);
        std::iter::from_fn(move || values.next().ok())
    }
}

/// Reads every attribute of the contents of a SET OF Attribute.
pub(super) fn walk<'a>(contents: &'a [u8], mut each: impl FnMut(Attribute<'a>)) -> Result<(), Refusal> {
    let mut reader = Reader::new(contents);
    let mut count = 0;
    while !reader.is_empty() {
        count += 1;
        if count > MAX_ATTRIBUTES {
            return Err(Refusal::new(Reason::TooLarge, "attributes of a signer"));
        }
        let whole = reader.expect(tag::SEQUENCE, "an attribute that is no sequence")?;
        let mut parts = whole.reader();
        let kind = parts.expect(tag::OID, "an attribute without its type")?;
        let values = parts.expect(tag::SET, "an attribute without its values")?;
        parts.end()?;
        let mut each_value = values.reader();
        while !each_value.is_empty() {
            each_value.next()?;
        }
        each(Attribute {
            kind: kind.contents,
            values: values.contents,
            whole: whole.whole,
        });
    }
    Ok(())
}

/// The signed attributes of one signer, in the order in which they were sent.
pub(super) struct SignedAttributes<'a> {
    all: Vec<Attribute<'a>>,
    /// With their implicit tag.
    as_sent: &'a [u8],
}

impl<'a> SignedAttributes<'a> {
    /// `as_sent` has the implicit tag `[0]`.
    pub(super) fn read(as_sent: &'a [u8]) -> Result<Self, Refusal> {
        let contents = Reader::only(as_sent, tag::context(0), "signed attributes of another tag")?.contents;
        let mut all = Vec::with_capacity(8);
        walk(contents, |attribute| all.push(attribute))?;
        Ok(Self { all, as_sent })
    }

    fn named<'s>(&'s self, kind: &'s Oid) -> impl Iterator<Item = &'s Attribute<'a>> {
        self.all.iter().filter(move |attribute| attribute.is(kind))
    }

    /// The one value of the one attribute of this kind (RFC 5652 11.1 and 11.2).
    fn single(&self, kind: &Oid, missing: Reason, name: &'static str) -> Result<Element<'a>, Refusal> {
        let mut found = self.named(kind);
        let attribute = found.next().ok_or(missing)?;
        if found.next().is_some() {
            return Err(Refusal::new(Reason::AttributeRepeated, name));
        }
        attribute
            .only_value()
            .ok_or(Refusal::new(Reason::AttributeNotSingleValued, name))
    }

    /// Whether they say the type of the content.
    pub(super) fn check_content_type(&self, content_type: &Oid) -> Result<(), Refusal> {
        let value = self.single(&CONTENT_TYPE, Reason::ContentTypeMissing, "content type")?;
        if value.tag == tag::OID && value.contents == content_type.der_contents() {
            Ok(())
        } else {
            Err(Reason::ContentTypeDiffers.into())
        }
    }

    /// Whether they say the digest of the content.
    pub(super) fn check_message_digest(&self, digest: &[u8]) -> Result<(), Refusal> {
        let value = self.single(&MESSAGE_DIGEST, Reason::MessageDigestMissing, "message digest")?;
        if value.tag == tag::OCTET_STRING && value.contents == digest {
            Ok(())
        } else {
            Err(Reason::MessageDigestDiffers.into())
        }
    }

    /// Whether every signing certificate attribute that can be read names `certificate` first (RFC 5035 3 and 4).
    pub(super) fn check_signing_certificate(&self, certificate: &Certificate) -> Result<(), Refusal> {
        let version_2 = self.named(&SIGNING_CERTIFICATE_V2).map(|found| (found, false));
        let version_1 = self.named(&SIGNING_CERTIFICATE).map(|found| (found, true));
        for (attribute, sha1) in version_2.chain(version_1) {
            for value in attribute.elements() {
                if named_certificate(value, sha1, certificate) == Ok(false) {
                    return Err(Reason::SigningCertificateDiffers.into());
                }
            }
        }
        Ok(())
    }

    /// When the signer says that it signed; none when it says nothing that can be read.
    pub(super) fn signing_time(&self) -> Option<Timestamp> {
        let mut found = self.named(&SIGNING_TIME);
        let value = found.next()?.only_value()?;
        if found.next().is_some() {
            return None;
        }
        der::parse_time(&value).ok()
    }

    /// What is signed: the attributes as a SET, as they were sent.
    pub(super) fn signed_form(&self) -> Vec<u8> {
        let mut set = self.as_sent.to_vec();
        if let Some(first) = set.first_mut() {
            *first = tag::SET;
        }
        set
    }

    /// What is signed by the letter of RFC 5652 5.4, when it is not what was sent: the attributes in the order of DER.
    pub(super) fn sorted_form(&self) -> Option<Vec<u8>> {
        if self.all.is_sorted_by_key(|attribute| attribute.whole) {
            return None;
        }
        let parts = self.all.iter().map(|attribute| attribute.whole.to_vec());
        Some(der::set_of(parts.collect()))
    }
}

/// Whether a value of SigningCertificate (with SHA-1) or SigningCertificateV2 names `certificate`; an error when it cannot be read.
fn named_certificate(value: Element<'_>, sha1: bool, certificate: &Certificate) -> Result<bool, DerError> {
    let unreadable = DerError("a signing certificate that cannot be read");
    if value.tag != tag::SEQUENCE {
        return Err(unreadable);
    }
    let mut certificates = value
        .reader()
        .expect(tag::SEQUENCE, "signing certificates that are no sequence")?
        .reader();
    let mut id = certificates
        .expect(tag::SEQUENCE, "a signing certificate that is no sequence")?
        .reader();
    let algorithm = if sha1 {
        &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY
    } else {
        match id.optional(tag::SEQUENCE)? {
            None => DigestAlgorithm::Sha256.aws(),
            Some(algorithm) => DigestAlgorithm::from_identifier(algorithm.contents)
                .map_err(|_| unreadable)?
                .aws(),
        }
    };
    let hash = id.expect(tag::OCTET_STRING, "a signing certificate without its digest")?;
    Ok(hash.contents == aws_lc_rs::digest::digest(algorithm, certificate.der()).as_ref())
}

/// Whether `content` may be the signed attributes of another message: a SET in which the identifier of the message digest attribute
/// occurs. Deliberately coarse: no limit and no odd encoding that the reader knows lets attributes through.
pub(super) fn look_like_attributes(content: &[u8]) -> bool {
    let kind = der::oid(&MESSAGE_DIGEST);
    content.first() == Some(&tag::SET) && content.windows(kind.len()).any(|window| window == kind)
}
