//! Keys for the OpenID Connect crate, which verify with ours.
//!
//! The crate brings implementations of RSA, ECDSA and EdDSA of its own. None of them is run: its key type is a trait, and this one has
//! [`smartid_trust`] verify.

use openidconnect::core::{CoreJsonWebKeyType, CoreJsonWebKeyUse, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, JsonWebKeyAlgorithm, JsonWebKeyId, SignatureVerificationError};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use smartid_trust::jws::JwsAlgorithm;
use smartid_trust::{PublicKey, SignatureAlgorithm};

/// The key that made a signature, bound to its algorithm.
#[derive(Clone, Debug)]
pub(super) struct TrustKey {
    id: Option<JsonWebKeyId>,
    kind: CoreJsonWebKeyType,
    algorithm: CoreJwsSigningAlgorithm,
    /// `None` verifies nothing.
    key: Option<(PublicKey, JwsAlgorithm)>,
}

/// The crate's name of an algorithm.
pub(super) fn core(algorithm: JwsAlgorithm) -> CoreJwsSigningAlgorithm {
    match algorithm {
        JwsAlgorithm::Rs256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        JwsAlgorithm::Rs384 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
        JwsAlgorithm::Rs512 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
        JwsAlgorithm::Ps256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        JwsAlgorithm::Ps384 => CoreJwsSigningAlgorithm::RsaSsaPssSha384,
        JwsAlgorithm::Ps512 => CoreJwsSigningAlgorithm::RsaSsaPssSha512,
        JwsAlgorithm::Es256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        JwsAlgorithm::Es384 => CoreJwsSigningAlgorithm::EcdsaP384Sha384,
        JwsAlgorithm::Es512 => CoreJwsSigningAlgorithm::EcdsaP521Sha512,
        JwsAlgorithm::EdDsa => CoreJwsSigningAlgorithm::EdDsa,
        // Not known here: the verifier of this crate has refused it before.
        _ => CoreJwsSigningAlgorithm::None,
    }
}

impl TrustKey {
    pub(super) fn new(id: Option<&str>, key: PublicKey, algorithm: JwsAlgorithm) -> Self {
        let kind = match algorithm.signature_algorithm() {
            SignatureAlgorithm::Ecdsa(_) => CoreJsonWebKeyType::EllipticCurve,
            SignatureAlgorithm::Ed25519 => CoreJsonWebKeyType::OctetKeyPair,
            _ => CoreJsonWebKeyType::RSA,
        };
        Self {
            id: id.map(|id| JsonWebKeyId::new(id.to_owned())),
            kind,
            algorithm: core(algorithm),
            key: Some((key, algorithm)),
        }
    }
}

impl JsonWebKey for TrustKey {
    type KeyUse = CoreJsonWebKeyUse;
    type SigningAlgorithm = CoreJwsSigningAlgorithm;

    fn key_id(&self) -> Option<&JsonWebKeyId> {
        self.id.as_ref()
    }

    fn key_type(&self) -> &CoreJsonWebKeyType {
        &self.kind
    }

    /// Keys for anything else were left out when the set was read.
    fn key_use(&self) -> Option<&CoreJsonWebKeyUse> {
        None
    }

    fn signing_alg(&self) -> JsonWebKeyAlgorithm<&CoreJwsSigningAlgorithm> {
        JsonWebKeyAlgorithm::Algorithm(&self.algorithm)
    }

    /// A key that verifies nothing: no token is believed because somebody knows a shared secret.
    fn new_symmetric(_: Vec<u8>) -> Self {
        Self {
            id: None,
            kind: CoreJsonWebKeyType::Symmetric,
            algorithm: CoreJwsSigningAlgorithm::None,
            key: None,
        }
    }

    fn verify_signature(
        &self,
        algorithm: &CoreJwsSigningAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureVerificationError> {
        let Some((key, own)) = self.key.as_ref().filter(|_| self.algorithm == *algorithm) else {
            return Err(SignatureVerificationError::NoMatchingKey);
        };
        key.verify_jose(own.signature_algorithm(), message, signature)
            .map_err(|refusal| SignatureVerificationError::CryptoError(refusal.reason().code().to_owned()))
    }

    /// Hashes of codes and tokens are compared by this crate itself.
    fn hash_bytes(&self, _: &[u8], _: &CoreJwsSigningAlgorithm) -> Result<Vec<u8>, String> {
        Err("not offered".to_owned())
    }
}

impl Serialize for TrustKey {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom("a key is not written"))
    }
}

impl<'de> Deserialize<'de> for TrustKey {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(de::Error::custom("a key is read by the key set"))
    }
}

#[cfg(test)]
mod tests {
    use smartid_trust::jws::Jwk;

    use super::*;

    #[test]
    fn no_shared_secret_verifies_anything() {
        let key = TrustKey::new_symmetric(b"golden-Secret-1-that-is-long-enough-for-HS256".to_vec());
        for algorithm in [
            CoreJwsSigningAlgorithm::HmacSha256,
            CoreJwsSigningAlgorithm::None,
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        ] {
            assert!(
                key.verify_signature(&algorithm, b"", b"").is_err(),
                "{algorithm:?}"
            );
        }
    }

    #[test]
    fn a_key_verifies_with_its_own_algorithm_alone() {
        // RFC 8037 A.4
        let json = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let public = Jwk::from_json(json).unwrap().key().unwrap().clone();
        let key = TrustKey::new(Some("one"), public, JwsAlgorithm::EdDsa);
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = smartid_core::base64::decode(
            smartid_core::base64::Flavour::Url,
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        )
        .unwrap();
        let eddsa = CoreJwsSigningAlgorithm::EdDsa;
        assert!(key.verify_signature(&eddsa, message, &signature).is_ok());
        assert!(key.verify_signature(&eddsa, b"another", &signature).is_err());
        let other = CoreJwsSigningAlgorithm::EcdsaP256Sha256;
        assert!(key.verify_signature(&other, message, &signature).is_err());
        assert!(key.hash_bytes(b"", &eddsa).is_err());
        assert!(serde_json::to_string(&key).is_err() && serde_json::from_str::<TrustKey>(json).is_err());
        assert!(key.key_use().is_none());
    }
}
