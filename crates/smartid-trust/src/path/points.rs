//! The names of distribution points, by which a list that covers a part of a CA's certificates is found (RFC 5280 4.2.1.13, 5.2.5).

use crate::certificate::oids;
use crate::der::{self, DerError, Reader, tag};
use crate::{Certificate, Refusal};

/// Most names of one certificate or list.
const MAX_NAMES: usize = 256;

/// The names of a DistributionPointName, each as GeneralName; one that is relative to the issuer is made absolute.
pub(super) fn names(point: &[u8], issuer: &[u8]) -> Result<Vec<Vec<u8>>, DerError> {
    let mut choice = Reader::new(point);
    let element = choice.next()?;
    choice.end()?;
    if element.tag == tag::context(1) {
        let part = der::tlv(tag::SET, element.contents);
        let name = der::tlv(tag::SEQUENCE, &[issuer, &part].concat());
        return Ok(vec![der::explicit(4, &name)]);
    }
    if element.tag != tag::context(0) {
        return Err(DerError("a distribution point of an unknown form"));
    }
    let mut reader = element.reader();
    let mut names = Vec::new();
    while !reader.is_empty() {
        if names.len() == MAX_NAMES {
            return Err(DerError("too many distribution points"));
        }
        names.push(reader.next()?.whole.to_vec());
    }
    Ok(names)
}

/// The names of all points where a complete list of the certificate's own issuer is. Points that name another issuer of the list, or
/// only some reasons, are passed over.
pub(super) fn of_certificate(certificate: &Certificate) -> Result<Vec<Vec<u8>>, Refusal> {
    let Some(extension) = certificate.extension(&oids::CRL_DISTRIBUTION_POINTS) else {
        return Ok(Vec::new());
    };
    let issuer = Reader::only(
        certificate.issuer_der(),
        tag::SEQUENCE,
        "a name that is no sequence",
    )?;
    let mut points = Reader::only(
        &extension.value,
        tag::SEQUENCE,
        "distribution points that are no sequence",
    )?
    .reader();
    let mut all = Vec::new();
    while !points.is_empty() {
        let mut point = points
            .expect(tag::SEQUENCE, "a distribution point that is no sequence")?
            .reader();
        let name = point.optional(tag::context(0))?;
        if let (Some(name), true) = (name, point.is_empty()) {
            all.extend(names(name.contents, issuer.contents)?);
        }
        if all.len() > MAX_NAMES {
            return Err(DerError("too many distribution points").into());
        }
    }
    Ok(all)
}
