//! Reads what an attestation certificate must say (WebAuthn 8.2.1; protocol notes: digital-access 1.5): version, subject, CA flag,
//! AAGUID extension and public key. Its chain is not judged, because Digital Access is believed to accept attestation that it cannot
//! trust-anchor (I).

use super::cose::{self, CoseKey, Material};
use crate::pki::der::Reader;

const OID_ORGANISATIONAL_UNIT: &[u8] = &[0x55, 0x04, 0x0b];
const OID_COUNTRY: &[u8] = &[0x55, 0x04, 0x06];
const OID_ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];
const OID_COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const OID_BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// 1.3.6.1.4.1.45724.1.1.4
const OID_AAGUID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xe5, 0x1c, 0x01, 0x01, 0x04];
const OID_EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const OID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;

#[derive(Clone, Debug, Default)]
pub(crate) struct AttestationCertificate {
    pub(crate) version: u8,
    subject: Vec<(Vec<u8>, String)>,
    pub(crate) is_ca: bool,
    /// Content of the AAGUID extension, and whether it is critical.
    pub(crate) aaguid: Option<([u8; 16], bool)>,
    key_kind: Vec<u8>,
    key: Vec<u8>,
}

impl AttestationCertificate {
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let mut outer = Reader::new(der);
        let certificate = outer.expect(SEQUENCE)?;
        if !outer.is_empty() {
            return None;
        }
        let mut tbs = certificate.reader().expect(SEQUENCE)?.reader();
        let mut out = Self {
            version: 1,
            ..Self::default()
        };
        if let Some(version) = tbs.optional(0xa0) {
            out.version = version.reader().expect(0x02)?.content.last()?.checked_add(1)?;
        }
        tbs.expect(0x02)?; // serial number
        tbs.expect(SEQUENCE)?; // signature algorithm
        tbs.expect(SEQUENCE)?; // issuer
        tbs.expect(SEQUENCE)?; // validity
        let mut subject = tbs.expect(SEQUENCE)?.reader();
        while !subject.is_empty() {
            let mut set = subject.expect(0x31)?.reader();
            while !set.is_empty() {
                let mut attribute = set.expect(SEQUENCE)?.reader();
                let kind = attribute.expect(OID)?.content.to_vec();
                let value = String::from_utf8_lossy(attribute.next()?.content).into_owned();
                out.subject.push((kind, value));
            }
        }
        let mut spki = tbs.expect(SEQUENCE)?.reader();
        out.key_kind = spki.expect(SEQUENCE)?.reader().expect(OID)?.content.to_vec();
        let (unused, key) = spki.expect(0x03)?.content.split_first()?;
        if *unused != 0 {
            return None;
        }
        out.key = key.to_vec();
        tbs.optional(0x81);
        tbs.optional(0x82);
        if let Some(extensions) = tbs.optional(0xa3) {
            let mut list = extensions.reader().expect(SEQUENCE)?.reader();
            while !list.is_empty() {
                let mut extension = list.expect(SEQUENCE)?.reader();
                let kind = extension.expect(OID)?.content;
                let critical = extension.optional(0x01).is_some_and(|flag| flag.content != [0]);
                let value = extension.expect(0x04)?.content;
                if kind == OID_BASIC_CONSTRAINTS {
                    let mut constraints = Reader::new(value).expect(SEQUENCE)?.reader();
                    out.is_ca = constraints.optional(0x01).is_some_and(|flag| flag.content != [0]);
                } else if kind == OID_AAGUID {
                    let aaguid = Reader::new(value).expect(0x04)?.content;
                    out.aaguid = Some((aaguid.try_into().ok()?, critical));
                }
            }
        }
        Some(out)
    }

    fn subject(&self, kind: &[u8]) -> Option<&str> {
        self.subject
            .iter()
            .find(|(name, _)| name == kind)
            .map(|(_, value)| value.as_str())
    }

    /// Why this is no attestation certificate, if it is none.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let filled = |kind: &[u8]| self.subject(kind).is_some_and(|value| !value.is_empty());
        if self.version != 3 {
            Some("the certificate is not version 3")
        } else if self.subject(OID_ORGANISATIONAL_UNIT) != Some("Authenticator Attestation") {
            Some("the subject's OU is not \"Authenticator Attestation\"")
        } else if !filled(OID_COUNTRY) || !filled(OID_ORGANISATION) || !filled(OID_COMMON_NAME) {
            Some("the subject lacks C, O or CN")
        } else if self.is_ca {
            Some("the certificate is a certificate authority's")
        } else if self.aaguid.is_some_and(|(_, critical)| critical) {
            Some("the AAGUID extension is critical")
        } else {
            None
        }
    }

    /// The key, to be used with a COSE algorithm; `None` when the two do not fit.
    pub(crate) fn key(&self, algorithm: i64) -> Option<CoseKey> {
        let kind = self.key_kind.as_slice();
        let material = if kind == OID_EC && cose::curve(algorithm).is_some() {
            Material::Ec(self.key.clone())
        } else if kind == OID_ED25519 && algorithm == cose::EDDSA {
            Material::Ed25519(self.key.clone())
        } else if kind == OID_RSA {
            let mut parts = Reader::new(&self.key).expect(SEQUENCE)?.reader();
            let positive = |bytes: &[u8]| bytes.strip_prefix(&[0]).unwrap_or(bytes).to_vec();
            Material::Rsa {
                n: positive(parts.expect(0x02)?.content),
                e: positive(parts.expect(0x02)?.content),
            }
        } else {
            return None;
        };
        CoseKey::new(algorithm, material)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_is_not_a_certificate() {
        assert!(AttestationCertificate::read(&[]).is_none());
        assert!(AttestationCertificate::read(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).is_none());
        assert!(AttestationCertificate::read(&[0x30; 64]).is_none());
    }
}
