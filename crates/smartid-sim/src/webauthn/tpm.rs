//! The attestation format `tpm` (WebAuthn 8.3; TPM 2.0 Part 2): a certificate of the platform's module vouches for a structure that names
//! the credential's key and what was signed.

use aws_lc_rs::digest;
use ciborium::Value;

use super::attestation::{malformed, wrong_certificate};
use super::auth_data::Attested;
use super::certificate::AttestationCertificate;
use super::cose::{self, CoseKey, Material};
use super::{Refused, cbor};

/// `TPM_GENERATED_VALUE`
const MAGIC: u32 = 0xff54_4347;
/// `TPM_ST_ATTEST_CERTIFY`
const CERTIFY: u16 = 0x8017;
const ALG_RSA: u16 = 0x0001;
const ALG_ECC: u16 = 0x0023;
const ALG_NULL: u16 = 0x0010;
/// RSASSA with SHA-1, which older modules sign with. Only for attestation.
const RS1: i64 = -65_535;

/// Values of TPM structures, one after the other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Octets with their count in front.
    fn sized(&mut self) -> Option<&'a [u8]> {
        let count = self.u16()?;
        self.take(usize::from(count))
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// `TPMT_PUBLIC`, as far as it says whose key this is.
struct PublicArea {
    name_algorithm: u16,
    key: Material,
}

impl PublicArea {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let kind = fields.u16()?;
        let name_algorithm = fields.u16()?;
        fields.u32()?; // objectAttributes
        fields.sized()?; // authPolicy
        // A key that signs has no symmetric algorithm.
        if fields.u16()? != ALG_NULL {
            return None;
        }
        if fields.u16()? != ALG_NULL {
            fields.u16()?; // the scheme's hash
        }
        let key = match kind {
            ALG_RSA => {
                fields.u16()?; // keyBits
                let exponent = match fields.u32()? {
                    0 => 65_537,
                    other => other,
                };
                let e = exponent.to_be_bytes();
                let zeros = e.iter().take_while(|byte| **byte == 0).count();
                Material::Rsa {
                    n: fields.sized()?.to_vec(),
                    e: e.get(zeros..)?.to_vec(),
                }
            }
            ALG_ECC => {
                let length: usize = match fields.u16()? {
                    0x0003 => 32,
                    0x0004 => 48,
                    0x0005 => 66,
                    _ => return None,
                };
                if fields.u16()? != ALG_NULL {
                    return None; // a key derivation
                }
                let mut point = vec![4];
                for _ in 0..2 {
                    let coordinate = fields.sized()?;
                    let missing = length.checked_sub(coordinate.len())?;
                    point.resize(point.len() + missing, 0);
                    point.extend_from_slice(coordinate);
                }
                Material::Ec(point)
            }
            _ => return None,
        };
        fields.end()?;
        Some(Self { name_algorithm, key })
    }
}

/// `TPMS_ATTEST` of a certification: what was signed, and the name of the key.
struct CertInfo<'a> {
    extra_data: &'a [u8],
    name: &'a [u8],
}

impl<'a> CertInfo<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        if fields.u32()? != MAGIC || fields.u16()? != CERTIFY {
            return None;
        }
        fields.sized()?; // qualifiedSigner
        let extra_data = fields.sized()?;
        fields.take(17)?; // clockInfo
        fields.take(8)?; // firmwareVersion
        let name = fields.sized()?;
        fields.sized()?; // qualifiedName
        fields.end()?;
        Some(Self { extra_data, name })
    }
}

fn hash(algorithm: &'static digest::Algorithm, bytes: &[u8]) -> Vec<u8> {
    digest::digest(algorithm, bytes).as_ref().to_vec()
}

/// The name of an object: the hash of its public area behind the number of the hash.
fn name_of(algorithm: u16, public_area: &[u8]) -> Option<Vec<u8>> {
    let digest = match algorithm {
        0x0004 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        0x000b => &digest::SHA256,
        0x000c => &digest::SHA384,
        0x000d => &digest::SHA512,
        _ => return None,
    };
    Some([algorithm.to_be_bytes().as_slice(), &hash(digest, public_area)].concat())
}

fn hash_of_signature(algorithm: i64) -> Option<&'static digest::Algorithm> {
    match algorithm {
        RS1 => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        cose::ES256 | cose::RS256 => Some(&digest::SHA256),
        cose::ES384 | cose::RS384 => Some(&digest::SHA384),
        cose::ES512 | cose::RS512 => Some(&digest::SHA512),
        _ => None,
    }
}

/// Verifies a statement; `signed` is authenticator data with the hash of the client data behind it.
pub(super) fn verify(
    statement: &[(Value, Value)],
    leaf: &AttestationCertificate,
    signed: &[u8],
    attested: &Attested,
    key: &CoseKey,
) -> Result<(), Refused> {
    let bytes = |name: &str| {
        cbor::get_text(statement, name)
            .and_then(Value::as_bytes)
            .map(Vec::as_slice)
            .ok_or_else(|| malformed(&format!("{name} is missing")))
    };
    if cbor::get_text(statement, "ver").and_then(Value::as_text) != Some("2.0") {
        return Err(malformed("ver is not 2.0"));
    }
    let algorithm = cbor::get_text(statement, "alg")
        .and_then(cbor::as_int)
        .ok_or_else(|| malformed("alg is missing"))?;
    let digest = hash_of_signature(algorithm)
        .ok_or_else(|| Refused::new("attestation_algorithm", "alg is not known"))?;
    let (public_area, cert_info) = (bytes("pubArea")?, bytes("certInfo")?);
    let public = PublicArea::read(public_area).ok_or_else(|| malformed("pubArea cannot be read"))?;
    if public.key != key.material {
        return Err(Refused::new("attestation_key", "pubArea is another key's"));
    }
    let info = CertInfo::read(cert_info).ok_or_else(|| malformed("certInfo cannot be read"))?;
    if info.extra_data != hash(digest, signed) {
        return Err(Refused::new(
            "attestation_signature",
            "certInfo is about something else",
        ));
    }
    if name_of(public.name_algorithm, public_area).as_deref() != Some(info.name) {
        return Err(Refused::new("attestation_key", "certInfo names another key"));
    }
    let good = if algorithm == RS1 {
        leaf.verify_rsa_sha1(cert_info, bytes("sig")?)
    } else {
        leaf.key(algorithm)
            .ok_or_else(|| Refused::new("attestation_algorithm", "alg does not fit the certificate's key"))?
            .verify(cert_info, bytes("sig")?)
    };
    if !good {
        return Err(Refused::new(
            "attestation_signature",
            "the attestation signature is wrong",
        ));
    }
    if let Some(fault) = leaf.tpm_fault() {
        return Err(wrong_certificate(fault));
    }
    match leaf.aaguid() {
        Some(aaguid) if aaguid != attested.aaguid => Err(Refused::new(
            "attestation_aaguid",
            "the certificate's AAGUID differs from the authenticator data's",
        )),
        _ => Ok(()),
    }
}
