//! What certificates are for, and how long they last.

use super::csr::Extension;
use super::{PublicKey, der};

pub(super) const OID_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
pub(super) const OID_EXTENDED_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// 1.3.6.1.5.5.7.3
const EXTENDED: [u8; 7] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03];

/// Content of the key usage's `BIT STRING`: number of unused bits, then the bits.
pub(super) const CA_USAGE: [u8; 2] = [1, 0x06];
const SIGNING_USAGE: [u8; 2] = [6, 0xc0];
const SERVER_USAGE: [u8; 2] = [5, 0xa0];
const LOGIN_USAGE: [u8; 2] = [7, 0x80];
const TRANSPORT_USAGE: [u8; 2] = [5, 0x20];
const AGREEMENT_USAGE: [u8; 2] = [3, 0x08];

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Signing documents: key usage `digitalSignature` and `nonRepudiation`, no extended key usage.
    Signing,
    /// Logging in: key usage `digitalSignature`, extended key usage `clientAuth`.
    Authentication,
    /// A server of TLS: key usage `digitalSignature`, for RSA `keyEncipherment` too, extended key usage `serverAuth`.
    Server,
    /// An officer of a Certificate Manager, who logs in by TLS and signs requests: key usage `digitalSignature` and `nonRepudiation`,
    /// extended key usage `clientAuth` and `emailProtection`.
    Officer,
    /// Receiving what is encrypted: key usage `keyEncipherment` for RSA and `keyAgreement` for curves, extended key usage
    /// `emailProtection`.
    Encryption,
}

impl Profile {
    pub(super) fn extensions(self, key: &PublicKey) -> Vec<Extension> {
        let (usage, extended): ([u8; 2], &[u8]) = match self {
            Self::Signing => (SIGNING_USAGE, &[]),
            Self::Authentication => (LOGIN_USAGE, &[2]),
            Self::Server if key.is_rsa() => (SERVER_USAGE, &[1]),
            Self::Server => (LOGIN_USAGE, &[1]),
            Self::Officer => (SIGNING_USAGE, &[2, 4]),
            Self::Encryption if key.is_rsa() => (TRANSPORT_USAGE, &[4]),
            Self::Encryption => (AGREEMENT_USAGE, &[4]),
        };
        let mut out = vec![key_usage(usage)];
        if !extended.is_empty() {
            let purpose = |last: &u8| der::oid(&[EXTENDED.as_slice(), &[*last]].concat());
            let purposes: Vec<u8> = extended.iter().flat_map(purpose).collect();
            out.push(Extension::new(OID_EXTENDED_USAGE, false, der::seq(&[&purposes])));
        }
        out
    }
}

/// From when until when a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validity {
    /// First second, since 1970.
    pub not_before: u64,
    /// Last second, since 1970.
    pub not_after: u64,
}

impl Validity {
    /// Both ends, in seconds since 1970.
    #[must_use]
    pub fn new(not_before: u64, not_after: u64) -> Self {
        Self {
            not_before,
            not_after,
        }
    }

    /// So many days from a moment on.
    #[must_use]
    pub fn days(not_before: u64, days: u32) -> Self {
        let span = u64::from(days).saturating_mul(86_400);
        Self::new(not_before, not_before.saturating_add(span))
    }
}

pub(super) fn key_usage(bits: [u8; 2]) -> Extension {
    Extension::new(OID_KEY_USAGE, true, der::tlv(der::BIT_STRING, &[&bits]))
}
