//! Keys for the OpenID Connect crate, which verify with ours.
//!
//! The crate brings implementations of RSA, ECDSA and EdDSA of its own. None of them is run: its key type is a trait, and this one has
//! [`smartid_trust`] verify.

use std::fmt;

use openidconnect::core::{CoreJsonWebKeyType, CoreJsonWebKeyUse, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, JsonWebKeyAlgorithm, JsonWebKeyId, SignatureVerificationError};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::{Map, Value};
use smartid_core::base64::{Flavour, encode};
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
    /// What the crate is shown, and what was signed, where these differ.
    stand_in: Option<StandIn>,
}

/// A token for the crate's eyes, with only those claims that it judges. It would refuse a token for the type of any other that the
/// standard names, such as an address that is a text, although nobody asked for it.
#[derive(Clone)]
pub(super) struct StandIn {
    token: String,
    shown: Vec<u8>,
    signed: Vec<u8>,
}

/// The claims that the crate judges.
const JUDGED: [&str; 7] = ["iss", "sub", "aud", "azp", "exp", "iat", "nonce"];

impl StandIn {
    /// Of a token whose form, signature and claims were read.
    pub(super) fn of(token: &str, claims: &Map<String, Value>) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, _) = signed.split_once('.')?;
        let judged: Map<String, Value> = JUDGED
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), claims.get(*name)?.clone())))
            .collect();
        let payload = encode(Flavour::Url, Value::Object(judged).to_string().as_bytes());
        let shown = format!("{header}.{payload}");
        Some(Self {
            token: format!("{shown}.{signature}"),
            shown: shown.into_bytes(),
            signed: signed.as_bytes().to_vec(),
        })
    }

    /// The token that the crate is given.
    pub(super) fn token(&self) -> &str {
        &self.token
    }
}

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            token: _blind,
            shown: _,
            signed: _,
        } = self;
        f.write_str("StandIn(..)")
    }
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
            stand_in: None,
        }
    }

    /// The same key, which knows what was signed in place of what the crate is shown. Nothing else verifies with it then.
    pub(super) fn knowing(mut self, stand_in: StandIn) -> Self {
        self.stand_in = Some(stand_in);
        self
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
            stand_in: None,
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
        let message = match &self.stand_in {
            None => message,
            Some(known) if known.shown == message => &known.signed,
            Some(_) => return Err(SignatureVerificationError::NoMatchingKey),
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
    fn a_stand_in_shows_what_is_judged_and_verifies_what_was_signed() {
        let json = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let public = Jwk::from_json(json).unwrap().key().unwrap().clone();
        let token = concat!(
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
        let claims = serde_json::from_str(r#"{"sub":"s","address":"Main street 1","exp":5}"#).unwrap();
        let stand_in = StandIn::of(token, &claims).unwrap();
        let parts: Vec<&str> = stand_in.token().split('.').collect();
        let payload = smartid_core::base64::decode(Flavour::Url, parts[1]).unwrap();
        assert_eq!(payload, br#"{"exp":5,"sub":"s"}"#);
        let signature = smartid_core::base64::decode(Flavour::Url, parts[2]).unwrap();
        let shown = format!("{}.{}", parts[0], parts[1]);
        let key = TrustKey::new(None, public, JwsAlgorithm::EdDsa).knowing(stand_in);
        let eddsa = CoreJwsSigningAlgorithm::EdDsa;
        assert!(key.verify_signature(&eddsa, shown.as_bytes(), &signature).is_ok());
        let signed = token.rsplit_once('.').unwrap().0;
        assert!(
            key.verify_signature(&eddsa, signed.as_bytes(), &signature)
                .is_err()
        );
        assert!(key.verify_signature(&eddsa, shown.as_bytes(), &[0; 64]).is_err());
        assert!(!format!("{key:?}").contains("eyJ"));
        assert!(StandIn::of("no-token", &claims).is_none());
    }

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
            Flavour::Url,
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
