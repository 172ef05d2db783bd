//! What an issuer signs: certificates and revocation lists (RFC 5280 4.1 and 5.1).

use std::collections::BTreeMap;

use super::csr::Extension;
use super::{Certificate, Key, PublicKey, SigAlg, Validity, der, time};
use crate::SimError;

pub(super) const OID_SUBJECT_KEY: &[u8] = &[0x55, 0x1d, 0x0e];
const OID_CRL_NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
const OID_REASON: &[u8] = &[0x55, 0x1d, 0x15];
pub(super) const OID_AUTHORITY_KEY: &[u8] = &[0x55, 0x1d, 0x23];

fn authority_key(issuer: &PublicKey) -> Extension {
    let identifier = der::tlv(0x80, &[&issuer.key_identifier()]);
    Extension::new(OID_AUTHORITY_KEY, false, der::seq(&[&identifier]))
}

/// One of the two authorities.
pub(super) struct Authority {
    pub(super) key: Key,
    pub(super) certificate: Certificate,
}

impl Authority {
    pub(super) fn alg(&self) -> SigAlg {
        self.key.default_alg()
    }

    /// A signature around what certificates and lists have in common.
    pub(super) fn seal(key: &Key, content: &[u8]) -> Result<Vec<u8>, SimError> {
        let alg = key.default_alg();
        let signature = key.sign_der(alg, content)?;
        Ok(der::seq(&[content, &alg.identifier(), &der::bits(&signature)]))
    }

    /// A list of what is withdrawn; `revoked` maps serial numbers to moment and reason.
    pub(super) fn revocation_list(
        &self,
        number: u64,
        this_update: u64,
        next_update: u64,
        revoked: &BTreeMap<Vec<u8>, (u64, u8)>,
    ) -> Result<Vec<u8>, SimError> {
        let entries: Vec<Vec<u8>> = revoked
            .iter()
            .map(|(serial, (when, reason))| {
                let reason = Extension::new(OID_REASON, false, der::tlv(0x0a, &[&[*reason]]));
                // Unspecified is said by saying nothing (RFC 5280 5.3.1).
                let extensions = match reason.value.last() {
                    Some(0) => Vec::new(),
                    _ => der::seq(&[&reason.der()]),
                };
                der::seq(&[
                    &der::tlv(der::INTEGER, &[serial]),
                    &time::time(*when),
                    &extensions,
                ])
            })
            .collect();
        let list = if entries.is_empty() {
            Vec::new()
        } else {
            der::seq(&[&entries.concat()])
        };
        let number = Extension::new(OID_CRL_NUMBER, false, der::number(number));
        let extensions = der::seq(&[&authority_key(self.key.public_key()).der(), &number.der()]);
        let content = der::seq(&[
            &der::number(1),
            &self.alg().identifier(),
            self.certificate.subject_der(),
            &time::time(this_update),
            &time::time(next_update),
            &list,
            &der::context(0, &[&extensions]),
        ]);
        Self::seal(&self.key, &content)
    }
}

/// What a certificate is to say.
pub(super) struct Content<'a> {
    pub(super) serial: &'a [u8],
    pub(super) subject: &'a [u8],
    pub(super) key: &'a PublicKey,
    pub(super) validity: Validity,
    pub(super) extensions: Vec<Extension>,
}

/// Issues a certificate of version 3.
pub(super) fn issue(
    issuer: &Key,
    issuer_name: &[u8],
    authority: Option<&PublicKey>,
    content: Content<'_>,
) -> Result<Certificate, SimError> {
    let Content {
        serial,
        subject,
        key,
        validity,
        mut extensions,
    } = content;
    if validity.not_after < validity.not_before {
        return Err(SimError::pki("a certificate cannot end before it begins"));
    }
    let identifier = der::octets(&key.key_identifier());
    extensions.push(Extension::new(OID_SUBJECT_KEY, false, identifier));
    extensions.extend(authority.map(authority_key));
    let extensions: Vec<Vec<u8>> = extensions.iter().map(Extension::der).collect();
    let tbs = der::seq(&[
        &der::context(0, &[&der::number(2)]),
        &der::tlv(der::INTEGER, &[serial]),
        &issuer.default_alg().identifier(),
        issuer_name,
        &der::seq(&[&time::time(validity.not_before), &time::time(validity.not_after)]),
        subject,
        key.spki_der(),
        &der::context(3, &[&der::seq(&[&extensions.concat()])]),
    ]);
    Certificate::parse(&Authority::seal(issuer, &tbs)?)
}
