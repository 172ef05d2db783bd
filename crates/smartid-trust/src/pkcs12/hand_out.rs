//! What an opened soft token becomes: a TLS client identity, PEM files, a key under a password of its own.
//!
//! Programs want keys in different forms: curl and web servers take PEM, Java takes a container (see
//! [`Profile`](super::Profile) for which one), this crate's clients take an identity. DER is there already:
//! [`TokenKey::pkcs8_der`] and [`Certificate::der`].

use std::sync::Arc;

use smartid_core::SecretString;
use zeroize::Zeroizing;

use super::{OpenedToken, TokenKey, WriteOptions};
#[cfg(doc)]
use crate::Reason;
use crate::pbe::{Budget, Password};
use crate::random::system_random;
use crate::{Certificate, OfficerIdentity, Refusal, pem};

impl OpenedToken {
    /// The one key with its chain as the identity of TLS connections.
    ///
    /// ```
    /// # let bytes = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pkcs12/openssl-p256.p12"));
    /// use smartid_core::{SecretString, TlsIdentity};
    /// use smartid_trust::SoftToken;
    /// use smartid_trust::pkcs12::Pkcs12Policy;
    ///
    /// let token = SoftToken::new(bytes.to_vec());
    /// let identity = token.open(&SecretString::new("test-Passw0rd"), &Pkcs12Policy::default())?.identity()?;
    /// assert_eq!(identity.chain().len(), 2, "without the root");
    /// # Ok::<(), smartid_trust::Refusal>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`the_one_key`](Self::the_one_key) and [`TokenKey::identity`].
    pub fn identity(&self) -> Result<OfficerIdentity, Refusal> {
        self.the_one_key()?.identity()
    }
}

impl TokenKey {
    /// The key with its chain as the identity of TLS connections. [`OfficerIdentity::check`] says whether a server can accept it.
    ///
    /// # Errors
    /// Those of [`signer`](Self::signer) and [`OfficerIdentity::new`].
    pub fn identity(&self) -> Result<OfficerIdentity, Refusal> {
        OfficerIdentity::new(Arc::new(self.signer()?))
    }

    /// The certificate and its issuers as far as they are in the container, as PEM, the key's own first. Empty without a certificate.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.chain().iter().map(Certificate::to_pem).collect()
    }

    /// The key as PEM, PKCS #8 that is not encrypted (`PRIVATE KEY`).
    #[must_use]
    pub fn key_pem(&self) -> SecretString {
        secret(pem::write("PRIVATE KEY", self.pkcs8_der().expose()))
    }

    /// The key as encrypted PKCS #8 in DER, under a password of its own. [`Profile::Modern`](super::Profile::Modern) encrypts with PBES2,
    /// PBKDF2-HMAC-SHA256 and AES-256-CBC, [`Profile::Compatible`](super::Profile::Compatible) with triple DES. Deriving takes a moment:
    /// call it where blocking is allowed.
    ///
    /// # Errors
    /// [`Reason::PasswordEmpty`] unless the options allow it, [`Reason::IterationsOutOfRange`] and [`Reason::RandomUnavailable`].
    pub fn encrypted_key_der(
        &self,
        password: &SecretString,
        options: &WriteOptions,
    ) -> Result<Vec<u8>, Refusal> {
        let iterations = options.check(password)?;
        let password = Password::new(password.expose());
        let sealing = options.sealing();
        let pkcs8 = self.pkcs8_der().expose();
        // The options have bounds of their own.
        let mut budget = Budget::new(u64::MAX, u64::MAX);
        let sealed = sealing.seal(pkcs8, password, iterations, &mut system_random, &mut budget)?;
        Ok(sealed.into_key_info())
    }

    /// The key as encrypted PKCS #8 in PEM (`ENCRYPTED PRIVATE KEY`), under a password of its own; as
    /// [`encrypted_key_der`](Self::encrypted_key_der).
    ///
    /// ```
    /// # let bytes = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pkcs12/openssl-p256.p12"));
    /// use smartid_core::SecretString;
    /// use smartid_trust::pkcs12::{Pkcs12Policy, WriteOptions};
    /// use smartid_trust::{MemorySigner, SoftToken};
    ///
    /// let token = SoftToken::new(bytes.to_vec());
    /// let opened = token.open(&SecretString::new("test-Passw0rd"), &Pkcs12Policy::default())?;
    /// let (key, own) = (opened.the_one_key()?, SecretString::new("of the key"));
    /// let pem = key.encrypted_key_pem(&own, &WriteOptions::default())?;
    /// assert!(pem.expose().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    /// MemorySigner::from_pem(&[&key.chain_pem(), pem.expose()], Some(&own))?;
    /// # Ok::<(), smartid_trust::Refusal>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`encrypted_key_der`](Self::encrypted_key_der).
    pub fn encrypted_key_pem(
        &self,
        password: &SecretString,
        options: &WriteOptions,
    ) -> Result<SecretString, Refusal> {
        let der = self.encrypted_key_der(password, options)?;
        Ok(secret(pem::write("ENCRYPTED PRIVATE KEY", &der)))
    }
}

/// Without a copy.
fn secret(mut text: Zeroizing<String>) -> SecretString {
    SecretString::new(std::mem::take(&mut *text))
}
