//! Lets rustls use a [`TlsIdentity`]: a key in memory and a key on a smart card look alike to it.
//!
//! rustls asks a resolver for a certificate when the server wants one, and the key for a signer once a scheme is agreed on. It does so
//! in the middle of the handshake, on whatever thread drives that, and waits for the signature. So a key that blocks signs only where
//! [`blocking`](crate::blocking) has said that this is allowed. Whether the server has asked is also remembered for the request that
//! made the connection, because some servers say nothing more precise than "handshake failure" when they miss a client certificate.

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{OtherError, SignatureAlgorithm, SignatureScheme};
use smartid_core::{ConfigError, KeyKind, TlsIdentity};

use crate::making::{Asked, note, while_signing};

/// Remembers that a certificate was asked for, and gives none.
#[derive(Debug)]
pub(crate) struct Nobody;

impl ResolvesClientCert for Nobody {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        note(Asked::NoneConfigured);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// Gives the chain and key of an identity.
#[derive(Debug)]
pub(crate) struct Somebody {
    certified: Arc<CertifiedKey>,
    blocks: bool,
    /// Whether the key can do RSA with PKCS #1 v1.5 and nothing else.
    pkcs1_alone: bool,
}

const PKCS1: [SignatureScheme; 3] = [
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];
const PSS: [SignatureScheme; 3] = [
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
];

impl Somebody {
    pub(crate) fn new(identity: Arc<dyn TlsIdentity>) -> Result<Self, ConfigError> {
        let chain: Vec<CertificateDer<'static>> = identity
            .chain()
            .iter()
            .map(|der| CertificateDer::from(der.to_vec()))
            .collect();
        if chain.is_empty() {
            return Err(ConfigError::new("tls.identity", "has no certificate"));
        }
        if identity.schemes().is_empty() {
            return Err(ConfigError::new(
                "tls.identity",
                "has a key that can do no signature scheme of TLS",
            ));
        }
        for (number, certificate) in (1..).zip(&chain) {
            if ParsedCertificate::try_from(certificate).is_err() {
                return Err(ConfigError::new(
                    "tls.identity",
                    format!("certificate number {number} of its chain is not an X.509 certificate"),
                ));
            }
        }
        let blocks = identity.blocks();
        let pkcs1_alone = identity
            .schemes()
            .iter()
            .all(|scheme| PKCS1.contains(&SignatureScheme::from(scheme.code())));
        Ok(Self {
            certified: Arc::new(CertifiedKey::new(chain, Arc::new(Key { identity, blocks }))),
            blocks,
            pkcs1_alone,
        })
    }

    /// Whether the key blocks.
    pub(crate) fn blocks(&self) -> bool {
        self.blocks
    }
}

impl ResolvesClientCert for Somebody {
    fn resolve(&self, _: &[&[u8]], offered: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        if self.certified.key.choose_scheme(offered).is_none() {
            note(
                if self.pkcs1_alone && offered.iter().any(|scheme| PSS.contains(scheme)) {
                    Asked::NoPss
                } else {
                    Asked::NoScheme
                },
            );
            return None;
        }
        note(Asked::Given);
        Some(Arc::clone(&self.certified))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Key {
    identity: Arc<dyn TlsIdentity>,
    blocks: bool,
}

impl SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = self
            .identity
            .schemes()
            .iter()
            .copied()
            .find(|scheme| offered.contains(&SignatureScheme::from(scheme.code())))?;
        Some(Box::new(KeySigner {
            identity: Arc::clone(&self.identity),
            blocks: self.blocks,
            scheme,
        }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self.identity.key_kind() {
            KeyKind::Ecdsa => SignatureAlgorithm::ECDSA,
            KeyKind::Ed25519 => SignatureAlgorithm::ED25519,
            // rustls asks this of servers' keys only.
            _ => SignatureAlgorithm::RSA,
        }
    }
}

#[derive(Debug)]
struct KeySigner {
    identity: Arc<dyn TlsIdentity>,
    blocks: bool,
    scheme: smartid_core::SignatureScheme,
}

impl Signer for KeySigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let sign = || {
            self.identity
                .sign(self.scheme, message)
                .map_err(|error| rustls::Error::Other(OtherError(Arc::new(error))))
        };
        if !self.blocks {
            return sign();
        }
        while_signing(sign).unwrap_or_else(|| {
            // A connection that nobody waits for any more: its request went over another one, and hyper makes this one ready for a
            // later request, on the runtime's own thread. It is given up.
            Err(rustls::Error::General(
                "a key that blocks does not sign here".to_owned(),
            ))
        })
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::from(self.scheme.code())
    }
}
