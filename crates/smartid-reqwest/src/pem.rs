//! A client certificate and its key from one PEM text, as `openssl pkcs12 -nodes` and most CAs write them.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{InconsistentKeys, SignatureAlgorithm};
use smartid_core::{ConfigError, KeyKind, SignError, SignatureScheme, TlsIdentity};
use zeroize::Zeroize;

const SETTING: &str = "tls.identity";

/// All that rustls can do for some key, the preferred first.
const SCHEMES: [SignatureScheme; 10] = [
    SignatureScheme::ED25519,
    SignatureScheme::ECDSA_P256_SHA256,
    SignatureScheme::ECDSA_P384_SHA384,
    SignatureScheme::ECDSA_P521_SHA512,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

/// A [`TlsIdentity`] whose key is in memory: RSA, ECDSA on P-256, P-384 or P-521, or Ed25519. For encrypted PEM, PKCS #12 and keys on
/// tokens there is `smartid_trust::OfficerIdentity`, which also says whether the certificate can still be used.
///
/// The DER of the key is zeroed after it has been read; the copy that AWS-LC keeps is not ours to clear.
pub struct PemIdentity {
    chain: Vec<Bytes>,
    kind: KeyKind,
    schemes: Vec<SignatureScheme>,
    key: Arc<dyn SigningKey>,
}

impl PemIdentity {
    /// Reads the certificate, then its issuers if there are any, and one private key (PKCS #8, PKCS #1 or SEC 1, not encrypted) from
    /// one PEM text. The key may stand anywhere; other sections and text between them are passed over.
    ///
    /// # Errors
    /// [`ConfigError`] for `tls.identity`: no certificate, no key, several keys, an encrypted key, a key of an unknown kind, a key
    /// that does not belong to the first certificate. The text shows nothing of the PEM.
    ///
    /// ```
    /// use smartid_core::{KeyKind, TlsIdentity};
    /// use smartid_reqwest::PemIdentity;
    ///
    /// # let made = rcgen::generate_simple_self_signed(vec!["officer.example.test".to_owned()]).unwrap();
    /// # let pem = format!("{}{}", made.cert.pem(), made.signing_key.serialize_pem());
    /// let identity = PemIdentity::from_pem(pem.as_bytes())?;
    /// assert_eq!((identity.chain().len(), identity.key_kind()), (1, KeyKind::Ecdsa));
    /// assert_eq!(format!("{identity:?}"), "PemIdentity { certificates: 1, kind: Ecdsa, key: .. }");
    /// # Ok::<(), smartid_core::ConfigError>(())
    /// ```
    pub fn from_pem(pem: &[u8]) -> Result<Self, ConfigError> {
        if encrypted(pem) {
            return Err(refuse(
                "the private key is encrypted: decrypt it first, for example with openssl pkey, or read it with smartid_trust::MemorySigner, \
                 which takes a password",
            ));
        }
        let chain = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| refuse("is damaged PEM: a section is cut off or is not base64"))?;
        if chain.is_empty() {
            return Err(refuse(
                "holds no certificate (a section that starts with -----BEGIN CERTIFICATE-----)",
            ));
        }
        let mut keys = PrivateKeyDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| refuse("is damaged PEM: a section is cut off or is not base64"))?;
        let read = match keys.as_slice() {
            [key] => any_supported_type(key)
                .map_err(|_| refuse("the private key is damaged, or of a kind that is not supported")),
            [] => Err(refuse(
                "holds no private key (a section that starts with -----BEGIN PRIVATE KEY-----, RSA PRIVATE KEY or EC PRIVATE KEY)",
            )),
            _ => Err(refuse(
                "holds more than one private key: it is not clear which one is meant",
            )),
        };
        keys.iter_mut().for_each(Zeroize::zeroize);
        Self::new(chain, read?)
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: Arc<dyn SigningKey>) -> Result<Self, ConfigError> {
        let kind = match key.algorithm() {
            SignatureAlgorithm::RSA => KeyKind::Rsa,
            SignatureAlgorithm::ECDSA => KeyKind::Ecdsa,
            SignatureAlgorithm::ED25519 => KeyKind::Ed25519,
            _ => return Err(refuse("the private key is of a kind that is not supported")),
        };
        let schemes = SCHEMES
            .into_iter()
            .filter(|scheme| key.choose_scheme(&[scheme.code().into()]).is_some())
            .collect();
        let pair = CertifiedKey::new(chain, key);
        match pair.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err(refuse(
                    "the private key does not belong to the first certificate: put the client's own certificate before its issuers",
                ));
            }
            Err(_) => return Err(refuse("the first certificate is not an X.509 certificate")),
        }
        Ok(Self {
            chain: pair.cert.iter().map(|der| Bytes::copy_from_slice(der)).collect(),
            kind,
            schemes,
            key: pair.key,
        })
    }
}

fn refuse(problem: &str) -> ConfigError {
    ConfigError::new(SETTING, problem)
}

/// Whether there is an encrypted key, in PKCS #8 or in OpenSSL's old form.
fn encrypted(pem: &[u8]) -> bool {
    let mut lines = pem.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.any(|line| {
        line == b"-----BEGIN ENCRYPTED PRIVATE KEY-----" || line.starts_with(b"Proc-Type: 4,ENCRYPTED")
    })
}

impl TlsIdentity for PemIdentity {
    fn chain(&self) -> &[Bytes] {
        &self.chain
    }

    fn key_kind(&self) -> KeyKind {
        self.kind
    }

    fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }

    fn blocks(&self) -> bool {
        false
    }

    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signer = self
            .key
            .choose_scheme(&[scheme.code().into()])
            .ok_or_else(|| SignError::new(format!("it cannot do {scheme:?}")))?;
        signer
            .sign(message)
            .map_err(|_| SignError::new("the cryptographic library refused"))
    }
}

impl fmt::Debug for PemIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            chain,
            kind,
            schemes: _,
            key: _blind,
        } = self;
        f.debug_struct("PemIdentity")
            .field("certificates", &chain.len())
            .field("kind", kind)
            .field("key", &format_args!(".."))
            .finish()
    }
}
