//! `tpm`: a trusted platform module certifies the credential key with an attestation identity key (W3C Web Authentication section 8.3).

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use smartid_trust::{Attribute, Certificate, GeneralName, Oid};

use super::ceremony::Ceremony;
use super::certificate::{self, Chain};
use super::reason::{AttestationWrong as Wrong, StatementNotChecked as NotChecked, Stop};
use super::tpm_structures::{CertInfo, PubArea};
use crate::fido::CoseAlgorithm;

/// tcg-kp-AIKCertificate.
const IDENTITY_KEY: &str = "2.23.133.8.3";
/// Manufacturer, model and version of the TPM (TCG EK Credential Profile section 3.2.9).
const MANUFACTURER: &str = "2.23.133.2.1";
const MODEL: &str = "2.23.133.2.2";
const VERSION: &str = "2.23.133.2.3";

pub(super) fn check(ceremony: &Ceremony<'_>) -> Result<(), Stop> {
    let statement = ceremony.statement;
    let chain = Chain::read(statement)?;
    let algorithm = statement.algorithm()?;
    let cert_info = statement.bytes("certInfo")?;
    if algorithm == CoseAlgorithm::RS1 {
        // Older TPMs sign with SHA-1, and no other format may.
        ceremony.note(chain.key.verify_rsa_sha1(cert_info, statement.bytes("sig")?))?;
    } else {
        ceremony.verify_statement(&chain.key, cert_info)?;
    }
    if statement.text("ver")? != "2.0" {
        return Err(Wrong::TpmVersion.into());
    }
    let area = statement.bytes("pubArea")?;
    let pub_area = PubArea::read(area)?;
    if !pub_area.is(&ceremony.credential.key.material) {
        return Err(Wrong::TpmKey.into());
    }
    let cert_info = CertInfo::read(cert_info)?;
    let hash = hash_of(algorithm).ok_or(NotChecked::Algorithm(algorithm))?;
    if cert_info.extra_data != hash.digest(&ceremony.message()) {
        return Err(Wrong::TpmExtraData.into());
    }
    let hash = Hash::from_tpm(pub_area.name_algorithm).ok_or(Wrong::TpmName)?;
    let name = [
        pub_area.name_algorithm.to_be_bytes().as_slice(),
        &hash.digest(area),
    ]
    .concat();
    if cert_info.name != name {
        return Err(Wrong::TpmName.into());
    }
    certificate::end_entity(&chain.leaf)?;
    identity(&chain.leaf)?;
    certificate::aaguid(&chain.leaf, ceremony.credential.aaguid)?;
    chain.links()
}

/// What an identity key's certificate says of its TPM (section 8.3.1).
fn identity(leaf: &Certificate) -> Result<(), Wrong> {
    if !leaf.subject().is_empty() {
        return Err(Wrong::CertificateSubject("it is not empty"));
    }
    let wanted = IDENTITY_KEY.parse::<Oid>().ok();
    let usages = leaf
        .extended_key_usage()
        .map_err(|_| Wrong::CertificateUsage)?
        .unwrap_or_default();
    if !usages.iter().any(|usage| Some(usage) == wanted.as_ref()) {
        return Err(Wrong::CertificateUsage);
    }
    let names = leaf
        .subject_alt_names()
        .map_err(|_| Wrong::CertificateAlternativeName("it cannot be read"))?;
    let attributes: Vec<Attribute> = names
        .into_iter()
        .filter_map(|name| match name {
            GeneralName::Directory(name) => Some(name.attributes()),
            _ => None,
        })
        .flatten()
        .collect();
    let text = |oid: &str| {
        let oid = oid.parse::<Oid>().ok()?;
        let found = attributes.iter().find(|attribute| attribute.kind.oid() == oid)?;
        found.text.as_deref().filter(|text| !text.is_empty())
    };
    if !text(MANUFACTURER).is_some_and(is_manufacturer) {
        return Err(Wrong::CertificateAlternativeName("it names no manufacturer"));
    }
    if text(MODEL).is_none() {
        return Err(Wrong::CertificateAlternativeName("it names no model"));
    }
    if text(VERSION).is_none() {
        return Err(Wrong::CertificateAlternativeName("it names no version"));
    }
    Ok(())
}

/// `id:` and four octets in hexadecimal, which spell a short name, filled up with zeros or spaces (TCG Vendor ID Registry). The
/// registry grows, so any name is taken, but not none.
fn is_manufacturer(text: &str) -> bool {
    let Some(digits) = text.strip_prefix("id:") else {
        return false;
    };
    digits.len() == 8
        && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        && u32::from_str_radix(digits, 16).is_ok_and(|number| {
            number
                .to_be_bytes()
                .first()
                .is_some_and(u8::is_ascii_alphanumeric)
        })
}

/// A hash that a TPM makes names and digests with.
#[derive(Clone, Copy)]
enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn from_tpm(number: u16) -> Option<Self> {
        Some(match number {
            0x0004 => Self::Sha1,
            0x000b => Self::Sha256,
            0x000c => Self::Sha384,
            0x000d => Self::Sha512,
            _ => return None,
        })
    }

    fn digest(self, octets: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(octets).to_vec(),
            Self::Sha256 => Sha256::digest(octets).to_vec(),
            Self::Sha384 => Sha384::digest(octets).to_vec(),
            Self::Sha512 => Sha512::digest(octets).to_vec(),
        }
    }
}

/// The hash of a signature algorithm, which `extraData` is made with.
fn hash_of(algorithm: CoseAlgorithm) -> Option<Hash> {
    use CoseAlgorithm as A;
    Some(match algorithm {
        A::RS1 => Hash::Sha1,
        A::ES256 | A::ESP256 | A::RS256 | A::PS256 => Hash::Sha256,
        A::ES384 | A::ESP384 | A::RS384 | A::PS384 => Hash::Sha384,
        A::ES512 | A::ESP512 | A::RS512 | A::PS512 => Hash::Sha512,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manufacturer_has_a_name() {
        assert!(is_manufacturer("id:53544D20") && is_manufacturer("id:494e5443"));
        for none in [
            "id:00000000",
            "id:53544D2",
            "53544D20",
            "id:+3544D20",
            "id:",
            "STM",
            "",
        ] {
            assert!(!is_manufacturer(none), "{none}");
        }
    }
}
