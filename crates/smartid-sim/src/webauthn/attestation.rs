//! Attestation statements: `none`, `packed` with the credential's own key or with a certificate, `fido-u2f`, `apple`, `tpm` (protocol notes:
//! digital-access 1.5; WebAuthn 8). A format that is not known here is accepted unseen, as the library default does (I); a wrong signature in a
//! known format never is.

use ciborium::Value;

use super::auth_data::Attested;
use super::certificate::AttestationCertificate;
use super::cose::{self, CoseKey, Material};
use super::{Refused, cbor};
use crate::pki::der;

/// 1.2.840.113635.100.8.2, where Apple's certificates hold the nonce (WebAuthn 8.8).
const OID_APPLE_NONCE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 0x08, 0x02];

/// Longer chains than any maker of authenticators has.
const MAX_CERTIFICATES: usize = 10;

/// The attestation object, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct AttestationObject {
    pub(crate) format: String,
    statement: Vec<(Value, Value)>,
    pub(crate) auth_data: Vec<u8>,
}

impl AttestationObject {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let value = cbor::read(bytes)?;
        let map = value.as_map()?;
        Some(Self {
            format: cbor::get_text(map, "fmt")?.as_text()?.to_owned(),
            statement: cbor::get_text(map, "attStmt")?.as_map()?.clone(),
            auth_data: cbor::get_text(map, "authData")?.as_bytes()?.clone(),
        })
    }

    /// Verifies the statement for this credential.
    pub(crate) fn verify(
        &self,
        client_data_hash: &[u8; 32],
        rp_id_hash: &[u8; 32],
        attested: &Attested,
        key: &CoseKey,
    ) -> Result<(), Refused> {
        match self.format.as_str() {
            "none" if self.statement.is_empty() => Ok(()),
            "none" => Err(malformed("a statement of format none must be empty")),
            "packed" => self.packed(client_data_hash, attested, key),
            "fido-u2f" => self.fido_u2f(client_data_hash, rp_id_hash, attested, key),
            "apple" => self.apple(client_data_hash, key),
            "tpm" => self.tpm(client_data_hash, attested, key),
            _ => Ok(()),
        }
    }

    fn signature(&self) -> Result<&[u8], Refused> {
        cbor::get_text(&self.statement, "sig")
            .and_then(Value::as_bytes)
            .map(Vec::as_slice)
            .ok_or_else(|| malformed("sig is missing"))
    }

    /// The certificates of `x5c`, first one the leaf; `None` when the member is absent.
    fn certificates(&self) -> Result<Option<Vec<&[u8]>>, Refused> {
        let Some(value) = cbor::get_text(&self.statement, "x5c") else {
            return Ok(None);
        };
        value
            .as_array()
            .and_then(|list| {
                list.iter()
                    .map(|item| item.as_bytes().map(Vec::as_slice))
                    .collect()
            })
            .filter(|list: &Vec<&[u8]>| (1..=MAX_CERTIFICATES).contains(&list.len()))
            .map(Some)
            .ok_or_else(|| malformed("x5c is not a list of certificates"))
    }

    /// The certificates, whatever the format does with them.
    pub(crate) fn certificate_list(&self) -> Vec<Vec<u8>> {
        let list = self.certificates().ok().flatten().unwrap_or_default();
        list.into_iter().map(<[u8]>::to_vec).collect()
    }

    fn packed(&self, client_data_hash: &[u8; 32], attested: &Attested, key: &CoseKey) -> Result<(), Refused> {
        if cbor::get_text(&self.statement, "ecdaaKeyId").is_some() {
            return Err(malformed("ECDAA is not supported"));
        }
        let algorithm = cbor::get_text(&self.statement, "alg")
            .and_then(cbor::as_int)
            .ok_or_else(|| malformed("alg is missing"))?;
        let signature = self.signature()?;
        let signed = [self.auth_data.as_slice(), client_data_hash].concat();
        let Some(certificates) = self.certificates()? else {
            if algorithm != key.algorithm {
                return Err(Refused::new(
                    "attestation_algorithm",
                    "alg differs from the credential's algorithm",
                ));
            }
            return check(key, &signed, signature);
        };
        let leaf = leaf(&certificates)?;
        let signer = leaf
            .key(algorithm)
            .ok_or_else(|| Refused::new("attestation_algorithm", "alg does not fit the certificate's key"))?;
        check(&signer, &signed, signature)?;
        if let Some(fault) = leaf.fault() {
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

    /// No signature of the authenticator: a certificate for the credential's own key, issued over the nonce (WebAuthn 8.8).
    fn apple(&self, client_data_hash: &[u8; 32], key: &CoseKey) -> Result<(), Refused> {
        let certificates = self.certificates()?.ok_or_else(|| malformed("x5c is missing"))?;
        let leaf = leaf(&certificates)?;
        let nonce = super::sha256(&[self.auth_data.as_slice(), client_data_hash].concat());
        let said = leaf
            .extension_value(OID_APPLE_NONCE)
            .and_then(|value| der::only(value, der::SEQUENCE)?.reader().expect(0xa1))
            .and_then(|tagged| der::only(tagged.content, der::OCTET_STRING))
            .ok_or_else(|| wrong_certificate("the certificate holds no nonce"))?;
        if said.content != nonce {
            return Err(Refused::new("attestation_signature", "the nonce is another one"));
        }
        if leaf.key(key.algorithm).as_ref() != Some(key) {
            return Err(wrong_certificate("the certificate is for another key"));
        }
        Ok(())
    }

    fn tpm(&self, client_data_hash: &[u8; 32], attested: &Attested, key: &CoseKey) -> Result<(), Refused> {
        let certificates = self.certificates()?.ok_or_else(|| malformed("x5c is missing"))?;
        let signed = [self.auth_data.as_slice(), client_data_hash].concat();
        super::tpm::verify(&self.statement, &leaf(&certificates)?, &signed, attested, key)
    }

    fn fido_u2f(
        &self,
        client_data_hash: &[u8; 32],
        rp_id_hash: &[u8; 32],
        attested: &Attested,
        key: &CoseKey,
    ) -> Result<(), Refused> {
        let Material::Ec(point) = &key.material else {
            return Err(Refused::new("attestation_algorithm", "fido-u2f needs ES256"));
        };
        if key.algorithm != cose::ES256 {
            return Err(Refused::new("attestation_algorithm", "fido-u2f needs ES256"));
        }
        let certificates = self.certificates()?.ok_or_else(|| malformed("x5c is missing"))?;
        if certificates.len() != 1 {
            return Err(malformed("fido-u2f carries exactly one certificate"));
        }
        let signer = leaf(&certificates)?
            .key(cose::ES256)
            .ok_or_else(|| wrong_certificate("the certificate's key is not on P-256"))?;
        if attested.aaguid != [0; 16] {
            return Err(Refused::new("attestation_aaguid", "fido-u2f has a zero AAGUID"));
        }
        let signed = [
            &[0_u8],
            rp_id_hash.as_slice(),
            client_data_hash,
            &attested.credential_id,
            point,
        ]
        .concat();
        check(&signer, &signed, self.signature()?)
    }
}

/// The first certificate. The others must be certificates, too; whose they are is not judged.
fn leaf(certificates: &[&[u8]]) -> Result<AttestationCertificate, Refused> {
    let mut read: Vec<AttestationCertificate> = certificates
        .iter()
        .map(|der| AttestationCertificate::read(der))
        .collect::<Option<_>>()
        .ok_or_else(|| wrong_certificate("a certificate cannot be read"))?;
    if read.is_empty() {
        return Err(malformed("x5c is empty"));
    }
    Ok(read.swap_remove(0))
}

pub(super) fn malformed(what: &str) -> Refused {
    Refused::new("attestation_statement", what)
}

pub(super) fn wrong_certificate(what: &str) -> Refused {
    Refused::new("attestation_certificate", what)
}

fn check(key: &CoseKey, signed: &[u8], signature: &[u8]) -> Result<(), Refused> {
    if key.verify(signed, signature) {
        Ok(())
    } else {
        Err(Refused::new(
            "attestation_signature",
            "the attestation signature is wrong",
        ))
    }
}
