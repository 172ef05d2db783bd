//! Reads SignedData (RFC 5652 5.1) and PKCS #7 signed data (RFC 2315 9.1), which differ in nothing that is read here.
//!
//! DER is read as it is. What is not DER is made definite first and read again, so that the ordinary message is walked once and a BER
//! message comes to the same checks. Structure is checked here; what a signer says is checked when it is verified, so that one signer
//! with an unknown algorithm does not make the others unreadable.

use std::fmt;

use bytes::Bytes;

use super::signer_info::{SignerIdentifier, SignerInfo};
use super::{ID_DATA, ID_SIGNED_DATA};
use crate::der::{self, Reader, tag};
use crate::{Certificate, Oid, Reason, Refusal, Unverified};

/// Largest message that is read, in bytes.
pub const MAX_MESSAGE_LEN: usize = 16 * 1024 * 1024;
/// Most certificates in one message.
const MAX_CERTIFICATES: usize = 128;
/// Most signers of one message.
const MAX_SIGNERS: usize = 64;
/// Most digest algorithms that a message lists.
const MAX_DIGEST_ALGORITHMS: usize = 64;

/// An octet string in pieces, which only BER has.
const OCTET_STRING_IN_PIECES: u8 = tag::OCTET_STRING | 0x20;

/// A signed message. It is handed out as [`Unverified`]; its own methods are reached through methods with `danger` in their name.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedData {
    pub(super) content_type: Oid,
    pub(super) embedded: Option<Bytes>,
    pub(super) supplied: Option<Bytes>,
    pub(super) certificates: Vec<Bytes>,
    pub(super) attribute_certificates: Vec<Bytes>,
    pub(super) signers: Vec<SignerInfo>,
}

impl SignedData {
    /// Reads a message: a ContentInfo of type SignedData, DER or BER, nothing after it, at most [`MAX_MESSAGE_LEN`] bytes, 128
    /// certificates and 64 signers.
    ///
    /// # Errors
    /// [`Reason::Malformed`], [`Reason::TooLarge`] and [`Reason::NotSignedData`].
    pub fn parse(bytes: impl Into<Bytes>) -> Result<Unverified<Self>, Refusal> {
        let bytes = bytes.into();
        if bytes.len() > MAX_MESSAGE_LEN {
            return Err(Refusal::new(Reason::TooLarge, "a signed message"));
        }
        let strict = match read(&bytes) {
            Err(refusal) if refusal.reason() == Reason::Malformed => refusal,
            result => return result.map(Unverified::new),
        };
        match der::definite(&bytes)? {
            std::borrow::Cow::Borrowed(_) => Err(strict),
            std::borrow::Cow::Owned(definite) => read(&definite.into()).map(Unverified::new),
        }
    }

    /// Reads the first `CMS` or `PKCS7` section of a PEM text (RFC 7468 8 and 9; OpenSSL's older label too).
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_pem(text: &str) -> Result<Unverified<Self>, Refusal> {
        if text.len() > MAX_MESSAGE_LEN * 3 / 2 {
            return Err(Refusal::new(Reason::TooLarge, "a signed message"));
        }
        let sections = crate::pem::labelled(text)?;
        let message = sections
            .into_iter()
            .find(|(label, _)| ["CMS", "PKCS7", "PKCS #7 SIGNED DATA"].contains(label));
        let (_, message) =
            message.ok_or(Refusal::new(Reason::Malformed, "no CMS or PKCS7 in the PEM text"))?;
        Self::parse(message)
    }

    /// The type of the content.
    #[must_use]
    pub const fn content_type(&self) -> &Oid {
        &self.content_type
    }

    /// The content that is embedded: the octets that are digested, without tag and length. `None`: the message is detached.
    #[must_use]
    pub const fn embedded_content(&self) -> Option<&Bytes> {
        self.embedded.as_ref()
    }

    /// The X.509 certificates of the message as DER, in order; other kinds are left out. Some may be unreadable.
    #[must_use]
    pub fn certificates_der(&self) -> &[Bytes] {
        &self.certificates
    }

    /// The attribute certificates of the message (RFC 5755) as DER, in order, each as it stands outside of a message; they are not read.
    #[must_use]
    pub fn attribute_certificates_der(&self) -> &[Bytes] {
        &self.attribute_certificates
    }

    /// The certificates that can be read.
    #[must_use]
    pub fn certificates(&self) -> Vec<Certificate> {
        let readable = self
            .certificates
            .iter()
            .filter_map(|der| Certificate::from_der(der.clone()).ok());
        readable.collect()
    }

    /// Whom the signers say they are, in order.
    pub fn signers(&self) -> impl ExactSizeIterator<Item = &SignerIdentifier> {
        self.signers.iter().map(|signer| &signer.identifier)
    }
}

impl Unverified<SignedData> {
    /// Supplies the content of a detached message. For a message with embedded content it must be the same bytes
    /// ([`Reason::ContentDiffers`]).
    #[must_use]
    pub fn with_content(self, content: impl Into<Bytes>) -> Self {
        let mut message = self.danger_into_unverified();
        message.supplied = Some(content.into());
        Self::new(message)
    }
}

fn read(bytes: &Bytes) -> Result<SignedData, Refusal> {
    let mut info = Reader::only(bytes, tag::SEQUENCE, "a message that is no sequence")?.reader();
    let kind = info.oid("a message without its type")?;
    if kind != ID_SIGNED_DATA {
        return Err(Refusal::new(Reason::NotSignedData, format!("type {kind}")));
    }
    let body = info.expect(tag::context(0), "a message without its body")?;
    info.end()?;
    let mut body = Reader::only(body.contents, tag::SEQUENCE, "SignedData that is no sequence")?.reader();

    let version = body
        .expect(tag::INTEGER, "SignedData without its version")?
        .small_integer()?;
    if !matches!(version, 1 | 3..=5) {
        return Err(Refusal::new(
            Reason::Malformed,
            "SignedData of an unknown version",
        ));
    }
    let mut digests = body
        .expect(tag::SET, "SignedData without its digest algorithms")?
        .reader();
    let mut count = 0;
    while !digests.is_empty() {
        // Each signer names its own digest; the list is for those who read in one pass.
        digests.expect(tag::SEQUENCE, "a digest algorithm that is no sequence")?;
        count += 1;
        if count > MAX_DIGEST_ALGORITHMS {
            return Err(Refusal::new(Reason::TooLarge, "digest algorithms"));
        }
    }
    let (content_type, embedded) = content(bytes, body.expect(tag::SEQUENCE, "SignedData without content")?)?;
    let (certificates, attribute_certificates) = match body.optional(tag::context(0))? {
        Some(set) => certificates(bytes, set.reader())?,
        None => (Vec::new(), Vec::new()),
    };
    // Revocation lists come from the verifier's configuration, never from the message.
    body.optional(tag::context(1))?;
    let mut infos = body
        .expect(tag::SET, "SignedData without its set of signers")?
        .reader();
    body.end()?;
    let mut signers = Vec::new();
    while !infos.is_empty() {
        if signers.len() == MAX_SIGNERS {
            return Err(Refusal::new(Reason::TooLarge, "signers"));
        }
        let signer = infos.expect(tag::SEQUENCE, "a signer that is no sequence")?;
        signers.push(SignerInfo::read(bytes, signer.reader())?);
    }
    Ok(SignedData {
        content_type,
        embedded,
        supplied: None,
        certificates,
        attribute_certificates,
        signers,
    })
}

/// EncapsulatedContentInfo. In PKCS #7 content of other types than data is not wrapped into an octet string; either way the octets
/// inside the one element are what is digested (RFC 2315 9.3, RFC 5652 5.4).
fn content(bytes: &Bytes, info: der::Element<'_>) -> Result<(Oid, Option<Bytes>), Refusal> {
    let mut info = info.reader();
    let content_type = info.oid("content without its type")?;
    let Some(wrapper) = info.optional(tag::context(0))? else {
        info.end()?;
        return Ok((content_type, None));
    };
    info.end()?;
    let mut wrapper = wrapper.reader();
    let content = wrapper.next()?;
    wrapper.end()?;
    if content.tag == OCTET_STRING_IN_PIECES || (content_type == ID_DATA && content.tag != tag::OCTET_STRING)
    {
        return Err(Refusal::new(Reason::Malformed, "content that is no octet string"));
    }
    Ok((content_type, Some(bytes.slice_ref(content.contents))))
}

/// In a CertificateSet an attribute certificate has this implicit tag (RFC 5652 10.2.2).
const ATTRIBUTE_CERTIFICATE: u8 = tag::context(2);

/// CertificateSet: X.509 certificates, attribute certificates, and others that are passed over (RFC 5652 10.2.2).
fn certificates(bytes: &Bytes, mut set: Reader<'_>) -> Result<(Vec<Bytes>, Vec<Bytes>), Refusal> {
    let mut certificates = Vec::new();
    let mut attribute_certificates = Vec::new();
    let mut count = 0;
    while !set.is_empty() {
        count += 1;
        if count > MAX_CERTIFICATES {
            return Err(Refusal::new(Reason::TooLarge, "certificates"));
        }
        let choice = set.next()?;
        match choice.tag {
            tag::SEQUENCE => certificates.push(bytes.slice_ref(choice.whole)),
            ATTRIBUTE_CERTIFICATE => {
                let mut outside = choice.whole.to_vec();
                if let Some(first) = outside.first_mut() {
                    *first = tag::SEQUENCE;
                }
                attribute_certificates.push(outside.into());
            }
            0xa0..=0xa3 => {}
            _ => {
                return Err(Refusal::new(
                    Reason::Malformed,
                    "a certificate of an unknown kind",
                ));
            }
        }
    }
    Ok((certificates, attribute_certificates))
}

impl fmt::Debug for SignedData {
    /// Without the content, which may be anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            content_type,
            embedded,
            supplied,
            certificates,
            attribute_certificates,
            signers,
        } = self;
        f.debug_struct("SignedData")
            .field("content_type", content_type)
            .field("embedded_len", &embedded.as_ref().map(Bytes::len))
            .field("supplied_len", &supplied.as_ref().map(Bytes::len))
            .field("certificates", &certificates.len())
            .field("attribute_certificates", &attribute_certificates.len())
            .field("signers", signers)
            .finish()
    }
}
