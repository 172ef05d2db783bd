//! Attestation keys: the key pair with which an app signs its answer to a provision command, published as a one-line JWK (protocol
//! notes: hermod 5.4, "Configure custom attestation keys", D-ex). What is read here is the public half only.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;

use super::Hermod;
use crate::config::{CheckAnswers, HermodConfig};
use crate::sync::lock;
use crate::webauthn::b64;

#[derive(Clone, Debug)]
pub(crate) struct AttestationKey {
    kid: Option<String>,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    /// Modulus and exponent, for RS256 (D-ex).
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// Uncompressed point on P-256, for ES256 (I: the published keys are RSA).
    P256(Vec<u8>),
}

impl AttestationKey {
    /// Reads a JWK. `None` when it is no complete public key of a known kind, or holds a private part.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let jwk: Value = serde_json::from_str(text).ok()?;
        if jwk.get("d").is_some() {
            return None;
        }
        let bytes = |name: &str| b64::decode(jwk.get(name)?.as_str()?);
        let material = match jwk.get("kty")?.as_str()? {
            "RSA" => Material::Rsa {
                n: bytes("n").filter(|n| (256..=1024).contains(&n.len()))?,
                e: bytes("e").filter(|e| (1..=8).contains(&e.len()))?,
            },
            "EC" if jwk.get("crv")? == "P-256" => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                if x.len() != 32 || y.len() != 32 {
                    return None;
                }
                Material::P256([vec![4], x, y].concat())
            }
            _ => return None,
        };
        Some(Self {
            kid: jwk.get("kid").and_then(Value::as_str).map(str::to_owned),
            material,
        })
    }

    /// Whether this key signed `message` with the algorithm that belongs to it. The algorithm of the header only has to be the same.
    fn verifies(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        match (&self.material, algorithm) {
            (Material::Rsa { n, e }, "RS256") => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            (Material::P256(point), "ES256") => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(message, signature)
                .is_ok(),
            _ => false,
        }
    }
}

/// Whether one of the keys signed this compact JWS; only keys of the header's `kid` when there are any.
pub(super) fn signed_by(keys: &[AttestationKey], compact: &str) -> bool {
    let Some((message, signature)) = compact.rsplit_once('.') else {
        return false;
    };
    let header = message
        .split('.')
        .next()
        .and_then(b64::decode)
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let (Some(header), Some(signature)) = (header, b64::decode(signature)) else {
        return false;
    };
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let Some(algorithm) = text("alg") else {
        return false;
    };
    let named: Vec<_> = keys
        .iter()
        .filter(|key| key.kid.is_some() && key.kid.as_deref() == text("kid"))
        .collect();
    let candidates = if named.is_empty() {
        keys.iter().collect()
    } else {
        named
    };
    candidates
        .iter()
        .any(|key| key.verifies(algorithm, message.as_bytes(), &signature))
}

impl Hermod {
    /// Trusts one more attestation key; false when it is no public JWK of a known kind.
    pub(crate) fn trust_attestation_key(&self, jwk: &str) -> bool {
        let Some(key) = AttestationKey::read(jwk) else {
            return false;
        };
        lock(&self.attestation).push(key);
        true
    }

    /// The keys of the configuration and those that were added, when they are needed at all.
    pub(super) fn attestation_keys(&self, config: &HermodConfig) -> Vec<AttestationKey> {
        if config.check_answers != CheckAnswers::Signature {
            return Vec::new();
        }
        let mut keys: Vec<_> = config
            .attestation_keys
            .iter()
            .filter_map(|text| AttestationKey::read(text))
            .collect();
        keys.extend(lock(&self.attestation).iter().cloned());
        keys
    }
}
