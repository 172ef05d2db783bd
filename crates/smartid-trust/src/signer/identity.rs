//! The officer's key as a TLS client identity.
//!
//! Certificate Manager knows an officer by the certificate of the TLS connection and asks the same officer for CMS signatures; on a
//! smart card it is the same key. This is the one adapter from the one to the other. Here too it is told whether a server can accept the
//! certificate at all: what a server says about an expired one is an alert that may mean anything.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use smartid_core::{KeyKind, SignError, SignatureScheme, Timestamp, TlsIdentity};

use super::OfficerSigner;
use crate::path::{CLIENT_AUTH, ExtendedUse, Purpose};
use crate::{Certificate, Curve, DigestAlgorithm, KeyType, PublicKey, Reason, Refusal, SignatureAlgorithm};

/// An [`OfficerSigner`] that authenticates TLS connections.
///
/// | the officer's key is in | signer |
/// |---|---|
/// | PEM: PKCS #8, PKCS #1, SEC 1, also encrypted PKCS #8 | [`MemorySigner::from_pem`](super::MemorySigner::from_pem) |
/// | PKCS #12 (`.p12`, `.pfx`; feature `pkcs12`) | [`MemorySigner::from_pkcs12`](super::MemorySigner), or `Pkcs12` where it has several keys |
/// | a smart card or security module (feature `pkcs11`) | `Pkcs11Module::signer` |
///
/// ```
/// # let pem = concat!(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.pem")),
/// #     include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.key")));
/// use std::sync::Arc;
///
/// use smartid_core::{SignatureScheme, TlsIdentity};
/// use smartid_trust::{MemorySigner, OfficerIdentity};
///
/// let officer = Arc::new(MemorySigner::from_pem(&[pem], None)?);
/// let identity = OfficerIdentity::new(officer)?;
/// assert_eq!(identity.schemes(), [SignatureScheme::ECDSA_P256_SHA256]);
/// # let now = smartid_core::Timestamp::from_millis(1_800_000_000_000);
/// identity.check(now)?;
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
pub struct OfficerIdentity {
    signer: Arc<dyn OfficerSigner>,
    kind: KeyKind,
    chain: Vec<Bytes>,
    /// What TLS calls each algorithm, and what we call it.
    offered: Vec<(SignatureScheme, SignatureAlgorithm)>,
    schemes: Vec<SignatureScheme>,
}

impl OfficerIdentity {
    /// The signer's chain, without a root at its end, and those of its algorithms that TLS has a name for. RSA-PSS stands before
    /// PKCS #1 v1.5, whatever the signer prefers for messages: TLS 1.3 knows only the former.
    ///
    /// # Errors
    /// [`Reason::NoCertificate`], [`Reason::AlgorithmNotOffered`] when TLS has a name for none, and the reasons of
    /// [`Certificate::public_key`](crate::Certificate::public_key).
    pub fn new(signer: Arc<dyn OfficerSigner>) -> Result<Self, Refusal> {
        let own = signer.chain().first().ok_or(Reason::NoCertificate)?;
        let certified = own.public_key()?;
        let kind = match certified.key_type() {
            KeyType::Rsa { .. } => KeyKind::Rsa,
            KeyType::Ec(_) => KeyKind::Ecdsa,
            KeyType::Ed25519 => KeyKind::Ed25519,
        };
        let mut offered: Vec<_> = signer
            .algorithms()
            .iter()
            .filter_map(|algorithm| Some((scheme(&certified, *algorithm)?, *algorithm)))
            .collect();
        offered.sort_by_key(|(_, algorithm)| matches!(algorithm, SignatureAlgorithm::RsaPkcs1(_)));
        if offered.is_empty() {
            return Err(Refusal::new(
                Reason::AlgorithmNotOffered,
                "none that TLS has a name for",
            ));
        }
        let mut chain: Vec<_> = signer
            .chain()
            .iter()
            .map(|certificate| certificate.der().clone())
            .collect();
        if let [_, .., last] = signer.chain()
            && last.is_self_issued()
        {
            chain.pop();
        }
        Ok(Self {
            kind,
            chain,
            schemes: offered.iter().map(|(scheme, _)| *scheme).collect(),
            offered,
            signer,
        })
    }

    /// The certificates that are sent: the officer's and its issuers, without the root.
    fn sent(&self) -> impl Iterator<Item = &Certificate> {
        self.signer.chain().iter().take(self.chain.len())
    }

    /// Whether a server can accept the identity at this time: no certificate that is sent is expired or not valid yet, and the
    /// officer's own allows client authentication. Whether the server trusts its issuer, and whether it was revoked, only the server
    /// knows.
    ///
    /// # Errors
    /// [`Reason::Expired`], [`Reason::NotYetValid`], both with the subject of the certificate and the time; [`Reason::KeyUsage`] without
    /// digitalSignature (RFC 5246 7.4.8, RFC 8446 4.4.2.2), [`Reason::ExtendedKeyUsage`] without clientAuth among those that are
    /// listed, and [`Reason::Malformed`] for extensions that cannot be read.
    pub fn check(&self, at: Timestamp) -> Result<(), Refusal> {
        for certificate in self.sent() {
            let (from, until) = (certificate.not_before(), certificate.not_after());
            let about = |reason, limit| Refusal::new(reason, format!("{} {limit}", certificate.subject()));
            if at < from {
                return Err(about(Reason::NotYetValid, format!("from {from}")));
            }
            if until < at {
                return Err(about(Reason::Expired, format!("until {until}")));
            }
        }
        let clients = ExtendedUse::OneOfIfPresent(vec![CLIENT_AUTH]);
        let purpose = Purpose::authentication().with_extended_use(clients);
        self.sent().take(1).try_for_each(|own| purpose.check(own))
    }

    /// When the first of the certificates that are sent ends: it must be renewed before.
    #[must_use]
    pub fn valid_until(&self) -> Timestamp {
        let ends = self.sent().map(Certificate::not_after);
        // There is at least the officer's own.
        ends.min().unwrap_or(Timestamp::from_millis(0))
    }
}

/// RFC 8446 4.2.3: the digest of an ECDSA scheme is bound to the curve, the salt of a PSS scheme is as long as the digest, and keys
/// that are certified for PSS alone have schemes of their own.
fn scheme(key: &PublicKey, algorithm: SignatureAlgorithm) -> Option<SignatureScheme> {
    let any_rsa = key
        .fits(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256))
        .is_ok();
    key.fits(algorithm).ok()?;
    match (key.key_type(), algorithm) {
        (_, SignatureAlgorithm::RsaPkcs1(digest)) => Some(match digest {
            DigestAlgorithm::Sha256 => SignatureScheme::RSA_PKCS1_SHA256,
            DigestAlgorithm::Sha384 => SignatureScheme::RSA_PKCS1_SHA384,
            DigestAlgorithm::Sha512 => SignatureScheme::RSA_PKCS1_SHA512,
        }),
        (_, SignatureAlgorithm::RsaPss { digest, salt_len }) if salt_len == digest.len() => {
            Some(match (digest, any_rsa) {
                (DigestAlgorithm::Sha256, true) => SignatureScheme::RSA_PSS_SHA256,
                (DigestAlgorithm::Sha384, true) => SignatureScheme::RSA_PSS_SHA384,
                (DigestAlgorithm::Sha512, true) => SignatureScheme::RSA_PSS_SHA512,
                (DigestAlgorithm::Sha256, false) => SignatureScheme::from_code(0x0809),
                (DigestAlgorithm::Sha384, false) => SignatureScheme::from_code(0x080a),
                (DigestAlgorithm::Sha512, false) => SignatureScheme::from_code(0x080b),
            })
        }
        (KeyType::Ec(curve), SignatureAlgorithm::Ecdsa(digest)) if digest == curve.digest() => {
            Some(match curve {
                Curve::P256 => SignatureScheme::ECDSA_P256_SHA256,
                Curve::P384 => SignatureScheme::ECDSA_P384_SHA384,
                Curve::P521 => SignatureScheme::ECDSA_P521_SHA512,
            })
        }
        (_, SignatureAlgorithm::Ed25519) => Some(SignatureScheme::ED25519),
        _ => None,
    }
}

impl TlsIdentity for OfficerIdentity {
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
        self.signer.blocks()
    }

    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let algorithm = self
            .offered
            .iter()
            .find_map(|(offered, algorithm)| (*offered == scheme).then_some(*algorithm))
            .ok_or_else(|| SignError::new(format!("it does not sign with {scheme:?}")))?;
        self.signer.sign(algorithm, message)
    }
}

impl fmt::Debug for OfficerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            signer,
            kind: _,
            chain: _,
            offered: _,
            schemes,
        } = self;
        f.debug_struct("OfficerIdentity")
            .field("signer", signer)
            .field("schemes", schemes)
            .finish_non_exhaustive()
    }
}
