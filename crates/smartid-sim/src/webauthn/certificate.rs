//! Reads what an attestation certificate must say (WebAuthn 8.2.1; protocol notes: digital-access 1.5): version, subject, CA flag,
//! extensions and public key. Its chain is not judged, because Digital Access is believed to accept attestation that it cannot
//! trust-anchor (I).

use aws_lc_rs::signature::{RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RsaPublicKeyComponents};

use super::cose::{self, CoseKey, Material};
use crate::pki::der::{self, BOOLEAN, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, SET};

const OID_ORGANISATIONAL_UNIT: &[u8] = &[0x55, 0x04, 0x0b];
const OID_COUNTRY: &[u8] = &[0x55, 0x04, 0x06];
const OID_ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];
const OID_COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const OID_BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// 1.3.6.1.4.1.45724.1.1.4
const OID_AAGUID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xe5, 0x1c, 0x01, 0x01, 0x04];
const OID_EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const OID_P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const OID_P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const OID_P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 2.5.29.37 and 2.5.29.17
const OID_EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const OID_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// 2.23.133.8.3, `tcg-kp-AIKCertificate`
const OID_AIK: &[u8] = &[0x67, 0x81, 0x05, 0x08, 0x03];
/// 2.23.133.2.1 to 2.23.133.2.3: manufacturer, model and version of the module
const OID_MODULE: [&[u8]; 3] = [
    &[0x67, 0x81, 0x05, 0x02, 0x01],
    &[0x67, 0x81, 0x05, 0x02, 0x02],
    &[0x67, 0x81, 0x05, 0x02, 0x03],
];
const OID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// A `SubjectPublicKeyInfo`.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubjectKey {
    kind: Vec<u8>,
    /// The curve, for keys of elliptic curves.
    curve: Option<Vec<u8>>,
    bits: Vec<u8>,
}

impl SubjectKey {
    /// Reads exactly one.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut spki = der::only(bytes, SEQUENCE)?.reader();
        let mut algorithm = spki.expect(SEQUENCE)?.reader();
        let kind = algorithm.expect(OID)?.content.to_vec();
        let curve = algorithm.optional(OID).map(|oid| oid.content.to_vec());
        let bits = spki.bits()?.to_vec();
        spki.is_empty().then_some(Self { kind, curve, bits })
    }

    /// The key, to be used with a COSE algorithm; `None` when the two do not fit.
    pub(crate) fn key(&self, algorithm: i64) -> Option<CoseKey> {
        let curve = match algorithm {
            cose::ES256 => OID_P256,
            cose::ES384 => OID_P384,
            _ => OID_P521,
        };
        let material = match self.kind.as_slice() {
            OID_EC if cose::curve(algorithm).is_some() && self.curve.as_deref() == Some(curve) => {
                Material::Ec(self.bits.clone())
            }
            OID_ED25519 if algorithm == cose::EDDSA => Material::Ed25519(self.bits.clone()),
            OID_RSA => {
                let mut parts = der::only(&self.bits, SEQUENCE)?.reader();
                Material::Rsa {
                    n: parts.expect(INTEGER)?.unsigned()?.to_vec(),
                    e: parts.expect(INTEGER)?.unsigned()?.to_vec(),
                }
            }
            _ => return None,
        };
        CoseKey::new(algorithm, material)
    }
}

struct Extension {
    kind: Vec<u8>,
    critical: bool,
    value: Vec<u8>,
}

pub(crate) struct AttestationCertificate {
    version: u64,
    subject: Vec<(Vec<u8>, String)>,
    is_ca: bool,
    extensions: Vec<Extension>,
    key: SubjectKey,
}

impl AttestationCertificate {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut tbs = der::only(bytes, SEQUENCE)?.reader().expect(SEQUENCE)?.reader();
        let version = match tbs.optional(0xa0) {
            Some(version) => version.reader().expect(INTEGER)?.small()?.checked_add(1)?,
            None => 1,
        };
        tbs.expect(INTEGER)?; // serial number
        tbs.expect(SEQUENCE)?; // signature algorithm
        tbs.expect(SEQUENCE)?; // issuer
        tbs.expect(SEQUENCE)?; // validity
        let subject = read_name(tbs.expect(SEQUENCE)?.reader())?;
        let key = SubjectKey::read(tbs.expect(SEQUENCE)?.raw)?;
        tbs.optional(0x81);
        tbs.optional(0x82);
        let extensions = match tbs.optional(0xa3) {
            Some(list) => read_extensions(list.reader().expect(SEQUENCE)?.reader())?,
            None => Vec::new(),
        };
        let mut out = Self {
            version,
            subject,
            is_ca: false,
            extensions,
            key,
        };
        if let Some(constraints) = out.extension(OID_BASIC_CONSTRAINTS) {
            let mut constraints = der::only(&constraints.value, SEQUENCE)?.reader();
            out.is_ca = constraints
                .optional(BOOLEAN)
                .is_some_and(|flag| flag.content != [0]);
        }
        // What stands there and cannot be read would otherwise pass as absent.
        if out.extension(OID_AAGUID).is_some() && out.aaguid().is_none() {
            return None;
        }
        Some(out)
    }

    fn extension(&self, kind: &[u8]) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.kind == kind)
    }

    /// The content of an extension.
    pub(crate) fn extension_value(&self, kind: &[u8]) -> Option<&[u8]> {
        self.extension(kind).map(|extension| extension.value.as_slice())
    }

    /// What the AAGUID extension says, an OCTET STRING of its own.
    pub(crate) fn aaguid(&self) -> Option<[u8; 16]> {
        let value = self.extension_value(OID_AAGUID)?;
        der::only(value, OCTET_STRING)?.content.try_into().ok()
    }

    /// The value of an attribute that is there once.
    fn subject(&self, kind: &[u8]) -> Option<&str> {
        let mut values = self.subject.iter().filter(|(name, _)| name == kind);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// Why this is no attestation certificate, if it is none.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let filled = |kind: &[u8]| self.subject(kind).is_some_and(|value| !value.is_empty());
        let country = |value: &str| value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic());
        if self.version != 3 {
            Some("the certificate is not version 3")
        } else if self.subject(OID_ORGANISATIONAL_UNIT) != Some("Authenticator Attestation") {
            Some("the subject's OU is not \"Authenticator Attestation\"")
        } else if !self.subject(OID_COUNTRY).is_some_and(country) {
            Some("the subject's C is not the code of a country")
        } else if !filled(OID_ORGANISATION) || !filled(OID_COMMON_NAME) {
            Some("the subject lacks O or CN")
        } else if self.is_ca {
            Some("the certificate is a certificate authority's")
        } else if self.extension(OID_AAGUID).is_some_and(|aaguid| aaguid.critical) {
            Some("the AAGUID extension is critical")
        } else {
            None
        }
    }

    /// The key, to be used with a COSE algorithm; `None` when the two do not fit.
    pub(crate) fn key(&self, algorithm: i64) -> Option<CoseKey> {
        self.key.key(algorithm)
    }

    /// A signature of an older TPM.
    pub(crate) fn verify_rsa_sha1(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.key.key(cose::RS256).map(|key| key.material) {
            Some(Material::Rsa { n, e }) => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, message, signature)
                .is_ok(),
            _ => false,
        }
    }

    /// Why this is no certificate of an attestation key of a TPM, if it is none (WebAuthn 8.3.1).
    pub(crate) fn tpm_fault(&self) -> Option<&'static str> {
        let aik = |value: &[u8]| {
            let mut purposes = der::only(value, SEQUENCE)?.reader();
            while !purposes.is_empty() {
                if purposes.expect(OID)?.content == OID_AIK {
                    return Some(());
                }
            }
            None
        };
        let module = |value: &[u8]| {
            let mut names = der::only(value, SEQUENCE)?.reader();
            while !names.is_empty() {
                // directoryName
                if let Some(tagged) = names.optional(0xa4) {
                    let name = read_name(der::only(tagged.content, SEQUENCE)?.reader())?;
                    let said = |kind: &&[u8]| name.iter().any(|(own, text)| own == kind && !text.is_empty());
                    return OID_MODULE.iter().all(said).then_some(());
                }
                names.next()?;
            }
            None
        };
        if self.version != 3 {
            Some("the certificate is not version 3")
        } else if !self.subject.is_empty() {
            Some("the subject of a TPM's certificate is empty")
        } else if self
            .extension_value(OID_ALTERNATIVE_NAME)
            .and_then(module)
            .is_none()
        {
            Some("the certificate does not name the module")
        } else if self
            .extension_value(OID_EXTENDED_KEY_USAGE)
            .and_then(aik)
            .is_none()
        {
            Some("the certificate is not for attestation keys")
        } else if self.is_ca {
            Some("the certificate is a certificate authority's")
        } else {
            None
        }
    }
}

fn read_name(mut name: Reader<'_>) -> Option<Vec<(Vec<u8>, String)>> {
    let mut out = Vec::new();
    while !name.is_empty() {
        let mut set = name.expect(SET)?.reader();
        while !set.is_empty() {
            let mut attribute = set.expect(SEQUENCE)?.reader();
            let kind = attribute.expect(OID)?.content.to_vec();
            let value = String::from_utf8_lossy(attribute.next()?.content).into_owned();
            out.push((kind, value));
        }
    }
    Some(out)
}

/// Each extension is there once (RFC 5280 4.2).
fn read_extensions(mut list: Reader<'_>) -> Option<Vec<Extension>> {
    let mut out: Vec<Extension> = Vec::new();
    while !list.is_empty() {
        let mut extension = list.expect(SEQUENCE)?.reader();
        let kind = extension.expect(OID)?.content.to_vec();
        let critical = extension
            .optional(BOOLEAN)
            .is_some_and(|flag| flag.content != [0]);
        let value = extension.expect(OCTET_STRING)?.content.to_vec();
        if out.iter().any(|known| known.kind == kind) || !extension.is_empty() {
            return None;
        }
        out.push(Extension {
            kind,
            critical,
            value,
        });
    }
    Some(out)
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
