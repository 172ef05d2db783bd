//! Lets rustls use a [`TlsIdentity`]: a key in memory and a key on a smart card look alike to it.
//!
//! rustls asks a resolver for a certificate when the server wants one, and the key for a signer once a scheme is agreed on. Whether
//! the server has asked is also remembered for the request that made the connection, because some servers say nothing more precise
//! than "handshake failure" when they miss a client certificate.

use std::cell::Cell;
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{OtherError, SignatureAlgorithm, SignatureScheme};
use smartid_core::{ConfigError, KeyKind, TlsIdentity};

/// What the server has asked for while a connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// No client certificate.
    No,
    /// A client certificate; it was given.
    Given,
    /// A client certificate; none is configured.
    NoneConfigured,
    /// A client certificate; the configured key can do none of the signature schemes that the server accepts.
    NoScheme,
}

tokio::task_local! {
    /// Set by the resolver, which rustls calls in the task of the request that makes the connection.
    pub(crate) static ASKED: Cell<Asked>;
}

fn note(asked: Asked) {
    // Not set when the connection is finished in the background for a later request: then only the hint is missing.
    let _ = ASKED.try_with(|cell| cell.set(asked));
}

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
pub(crate) struct Somebody(Arc<CertifiedKey>);

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
        Ok(Self(Arc::new(CertifiedKey::new(chain, Arc::new(Key(identity))))))
    }
}

impl ResolvesClientCert for Somebody {
    fn resolve(&self, _: &[&[u8]], offered: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        if self.0.key.choose_scheme(offered).is_none() {
            note(Asked::NoScheme);
            return None;
        }
        note(Asked::Given);
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Key(Arc<dyn TlsIdentity>);

impl SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = self
            .0
            .schemes()
            .iter()
            .copied()
            .find(|scheme| offered.contains(&SignatureScheme::from(scheme.code())))?;
        Some(Box::new(KeySigner {
            identity: Arc::clone(&self.0),
            scheme,
        }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self.0.key_kind() {
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
    scheme: smartid_core::SignatureScheme,
}

impl Signer for KeySigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        self.identity
            .sign(self.scheme, message)
            .map_err(|error| rustls::Error::Other(OtherError(Arc::new(error))))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::from(self.scheme.code())
    }
}
