//! The authenticator's private keys: made by the cryptographic library, for each algorithm that Digital Access offers.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair,
};

use crate::SimError;
use crate::webauthn::cose::{self, CoseKey, Material};

pub(crate) struct PrivateKey {
    pub(crate) algorithm: i64,
    pair: Pair,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
}

fn failed(_: impl Sized) -> SimError {
    SimError::Authenticator("the key operation failed".into())
}

impl PrivateKey {
    pub(crate) fn generate(algorithm: i64) -> Result<Self, SimError> {
        let ec =
            |kind: &'static EcdsaSigningAlgorithm| EcdsaKeyPair::generate(kind).map(Pair::Ec).map_err(failed);
        let pair = match algorithm {
            cose::ES256 => ec(&signature::ECDSA_P256_SHA256_ASN1_SIGNING)?,
            cose::ES384 => ec(&signature::ECDSA_P384_SHA384_ASN1_SIGNING)?,
            cose::ES512 => ec(&signature::ECDSA_P521_SHA512_ASN1_SIGNING)?,
            cose::EDDSA => Pair::Ed25519(Ed25519KeyPair::generate().map_err(failed)?),
            cose::RS256 | cose::RS384 | cose::RS512 => {
                Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?))
            }
            other => return Err(SimError::Authenticator(format!("algorithm {other} is not known"))),
        };
        Ok(Self { algorithm, pair })
    }

    pub(crate) fn public(&self) -> Result<CoseKey, SimError> {
        let material = match &self.pair {
            Pair::Ec(pair) => Material::Ec(pair.public_key().as_ref().to_vec()),
            Pair::Ed25519(pair) => Material::Ed25519(pair.public_key().as_ref().to_vec()),
            Pair::Rsa(pair) => Material::Rsa {
                n: pair
                    .public_key()
                    .modulus()
                    .big_endian_without_leading_zero()
                    .to_vec(),
                e: pair
                    .public_key()
                    .exponent()
                    .big_endian_without_leading_zero()
                    .to_vec(),
            },
        };
        CoseKey::new(self.algorithm, material).ok_or_else(|| failed(()))
    }

    /// `SubjectPublicKeyInfo`, for the Level 3 member `publicKey`.
    pub(crate) fn spki(&self) -> Result<Vec<u8>, SimError> {
        let der: PublicKeyX509Der<'_> = match &self.pair {
            Pair::Ec(pair) => pair.public_key().as_der().map_err(failed)?,
            Pair::Ed25519(pair) => pair.public_key().as_der().map_err(failed)?,
            Pair::Rsa(pair) => pair.public_key().as_der().map_err(failed)?,
        };
        Ok(der.as_ref().to_vec())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SimError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let encoding: &'static dyn RsaEncoding = match self.algorithm {
                    cose::RS384 => &signature::RSA_PKCS1_SHA384,
                    cose::RS512 => &signature::RSA_PKCS1_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut out).map_err(failed)?;
                Ok(out)
            }
        }
    }
}
