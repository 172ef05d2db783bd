//! Keys that sign one template and are forgotten.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use smartid_core::BuildError;

use crate::{DigestAlgorithm, SignatureAlgorithm};

/// Which kind of key signs a template before it is forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThrowAwayKey {
    /// RSA with 2048 bits, as the published templates have. Making one takes some hundred milliseconds of computing.
    #[default]
    Rsa2048,
    /// ECDSA on P-256: quick to make. That devices read such a template is a guess \[inferred\].
    P256,
}

/// A key in memory that aws-lc-rs wipes when it is dropped.
pub(super) enum KeyPair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

fn failed<E>(_: E) -> BuildError {
    BuildError::Invalid(
        "the throw-away key cannot be made or used: the random number generator or memory fails".to_owned(),
    )
}

impl KeyPair {
    pub(super) fn generate(kind: ThrowAwayKey) -> Result<Self, BuildError> {
        Ok(match kind {
            ThrowAwayKey::Rsa2048 => {
                Self::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?))
            }
            ThrowAwayKey::P256 => Self::Ec(Box::new(
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(failed)?,
            )),
        })
    }

    pub(super) fn algorithm(&self) -> SignatureAlgorithm {
        match self {
            Self::Rsa(_) => SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256),
            Self::Ec(_) => SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256),
        }
    }

    pub(super) fn spki(&self) -> Result<Vec<u8>, BuildError> {
        let der: PublicKeyX509Der<'_> = match self {
            Self::Rsa(key) => key.public_key().as_der(),
            Self::Ec(key) => key.public_key().as_der(),
        }
        .map_err(failed)?;
        Ok(der.as_ref().to_vec())
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BuildError> {
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            Self::Ec(key) => {
                let signature = key.sign(&SystemRandom::new(), message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}
