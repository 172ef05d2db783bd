//! Reads a request: strictly what a device sends, leniently what an integrator passes through.

use bytes::Bytes;

use super::RequestAttribute;
use crate::certificate::{Extensions, oids};
use crate::der::{self, Element, Oid, Reader, tag};
use crate::{DistinguishedName, GeneralName, Reason, Refusal};

/// extensionRequest (RFC 2985 5.4.2).
pub(super) const EXTENSION_REQUEST: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 14]);
/// The same under Microsoft's identifier. A CA may act on it, so it is no attribute to be passed over.
const MS_EXTENSION_REQUEST: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 14]);

/// Most attributes of one request.
const MAX_ATTRIBUTES: usize = 64;

/// What a request asks for: all that is compared with a template.
pub(super) struct Wanted {
    pub(super) subject: DistinguishedName,
    pub(super) spki: Bytes,
    pub(super) attributes: Vec<RequestAttribute>,
    pub(super) extensions: Extensions,
    pub(super) alt_names: Vec<GeneralName>,
}

pub(super) struct Parsed {
    pub(super) der: Bytes,
    pub(super) to_be_signed: Bytes,
    pub(super) version: u64,
    pub(super) names: Wanted,
    /// The contents of the AlgorithmIdentifier.
    pub(super) signature_algorithm: Bytes,
    pub(super) signature: Bytes,
}

/// RFC 2986 4.
pub(super) fn request(der: &Bytes) -> Result<Parsed, Refusal> {
    let mut outer = Reader::only(der, tag::SEQUENCE, "a request that is no sequence")?.reader();
    let info = outer.expect(tag::SEQUENCE, "a request without its body")?;
    let algorithm = outer.expect(tag::SEQUENCE, "a request without its signature algorithm")?;
    let signature = outer
        .expect(tag::BIT_STRING, "a request without its signature")?
        .bit_string()?;
    outer.end()?;
    let mut body = info.reader();
    let version = body
        .expect(tag::INTEGER, "a request without its version")?
        .small_integer()?;
    let names = wanted(der, &mut body)?;
    body.end()?;
    Ok(Parsed {
        to_be_signed: der.slice_ref(info.whole),
        version,
        names,
        signature_algorithm: der.slice_ref(algorithm.contents),
        signature: der.slice_ref(signature),
        der: der.clone(),
    })
}

/// What a template asks for, whatever its version and its signature are, and whatever follows; BER is taken too.
pub(super) fn leniently(der: &Bytes) -> Result<Wanted, Refusal> {
    if der.len() > super::MAX_REQUEST_LEN {
        return Err(Refusal::new(Reason::TooLarge, "a template"));
    }
    let der = Bytes::from(der::definite(der)?.into_owned());
    let mut outer = Reader::new(&der)
        .expect(tag::SEQUENCE, "a template that is no sequence")?
        .reader();
    let mut body = outer
        .expect(tag::SEQUENCE, "a template without its body")?
        .reader();
    body.next()?;
    wanted(&der, &mut body)
}

/// Subject, key and attributes.
fn wanted(owner: &Bytes, body: &mut Reader<'_>) -> Result<Wanted, Refusal> {
    let subject = body.expect(tag::SEQUENCE, "a request without its subject")?;
    let subject = DistinguishedName::from_der(owner.slice_ref(subject.whole))?;
    let spki = body.expect(tag::SEQUENCE, "a request without its public key")?;
    let mut attributes: Vec<RequestAttribute> = Vec::new();
    let mut extensions = None;
    // RFC 2986 has the attributes always there, if need be empty; some producers leave them out.
    if let Some(list) = body.optional(tag::context(0))? {
        let mut list = list.reader();
        while !list.is_empty() {
            let attribute = list.expect(tag::SEQUENCE, "an attribute that is no sequence")?;
            let attribute = one_attribute(owner, &attribute)?;
            if attribute.oid == EXTENSION_REQUEST || attribute.oid == MS_EXTENSION_REQUEST {
                if extensions.is_some() {
                    return Err(Refusal::new(Reason::Malformed, "two extension requests"));
                }
                extensions = Some(requested(&attribute)?);
            } else if attributes.iter().any(|other| other.oid == attribute.oid) {
                return Err(Refusal::new(Reason::Malformed, "the same attribute twice"));
            } else if attributes.len() == MAX_ATTRIBUTES {
                return Err(Refusal::new(Reason::TooLarge, "attributes of a request"));
            } else {
                attributes.push(attribute);
            }
        }
    }
    let extensions = extensions.unwrap_or(Extensions::none());
    Ok(Wanted {
        subject,
        spki: owner.slice_ref(spki.whole),
        attributes,
        alt_names: extensions.subject_alt_names()?,
        extensions,
    })
}

fn one_attribute(owner: &Bytes, attribute: &Element<'_>) -> Result<RequestAttribute, Refusal> {
    let mut parts = attribute.reader();
    let oid = parts.oid("an attribute without its identifier")?;
    let mut values = parts
        .expect(tag::SET, "an attribute without its values")?
        .reader();
    parts.end()?;
    let mut values_der = Vec::new();
    while !values.is_empty() {
        values_der.push(owner.slice_ref(values.next()?.whole));
    }
    if values_der.is_empty() {
        return Err(Refusal::new(Reason::Malformed, "an attribute with no value"));
    }
    Ok(RequestAttribute { oid, values_der })
}

fn requested(attribute: &RequestAttribute) -> Result<Extensions, Refusal> {
    let [value] = attribute.values_der.as_slice() else {
        return Err(Refusal::new(
            Reason::Malformed,
            "an extension request with several values",
        ));
    };
    let list = Reader::only(value, tag::SEQUENCE, "an extension request that is no sequence")?;
    Extensions::parse(value, list.contents)
}

/// The extension as it stands in Extensions.
pub(super) fn extension_der(oid: &Oid, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { der::boolean(true) } else { Vec::new() };
    der::sequence(&[&der::oid(oid), &critical, &der::octet_string(value)])
}

/// Identifier and value of the subject alternative name extension.
pub(super) fn alt_names_der(names: &[GeneralName]) -> (Oid, Vec<u8>) {
    let names: Vec<Vec<u8>> = names.iter().map(GeneralName::to_der).collect();
    let parts: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    (oids::SUBJECT_ALT_NAME, der::sequence(&parts))
}
