//! For whom a container is written.

use std::num::NonZeroU32;

use aws_lc_rs::hmac;
use smartid_core::SecretString;

use crate::algorithm::SHA256;
use crate::pbe::encrypt::Sealing;
use crate::pbe::{Hash, SHA1};
use crate::{Reason, Refusal};

/// Iterations of each key derivation of [`Profile::Modern`], unless the caller says otherwise.
///
/// Guessing a password that [`password`](crate::password) made is hopeless with any number; one that a person chose gains from every
/// doubling. What bounds it from above are the programs that open the container: .NET refuses, unless told otherwise, more than 300 000
/// iterations for one derivation and 1 000 000 for all (`Pkcs12LoaderLimits`), and there are three derivations for one key, one more for
/// each further key. 100 000 leaves room for eight keys.
pub const DEFAULT_MODERN_ITERATIONS: u32 = 100_000;

/// Iterations of each key derivation of [`Profile::Compatible`], unless the caller says otherwise: what Java wrote with the same old
/// ciphers before version 16 (observed: files of keytool with `-J-Dkeystore.pkcs12.legacy`).
pub const DEFAULT_COMPATIBLE_ITERATIONS: u32 = 50_000;

/// Fewest iterations that are written: what RFC 8018 4.2 calls the minimum.
pub const MIN_ITERATIONS: u32 = 1_000;

/// Most iterations that are written, for each derivation; the most that [`Pkcs12Policy`](super::super::Pkcs12Policy) opens by default.
pub const MAX_ITERATIONS: u32 = 1_000_000;

/// Which programs must be able to open a container that is written.
///
/// | | encryption of keys and certificates | checksum (MAC) |
/// |---|---|---|
/// | [`Modern`](Self::Modern) | PBES2: PBKDF2-HMAC-SHA256, AES-256-CBC | HMAC-SHA256 |
/// | [`Compatible`](Self::Compatible) | `pbeWithSHAAnd3-KeyTripleDES-CBC` | HMAC-SHA1 |
///
/// For Java: `Modern` from 8 update 301, 11.0.12, and in every version from 16 on; `Compatible` for what is older, and nothing speaks
/// against it for newer ones (both are read by Java 17, observed).
///
/// The key of the checksum is derived as RFC 7292 appendix B says in both: PBMAC1 (RFC 9579) is read by too few programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// AES-256 and SHA-256. For OpenSSL, Java 8 from update 301, 11 from 11.0.12, and 16 and later, Windows 10 from version 1709 and Server
    /// 2019, Python, NSS, GnuTLS, Bouncy Castle.
    #[default]
    Modern,
    /// Triple DES and SHA-1, for old Windows (Server 2016 and before) and old Java. Certificates are encrypted with triple DES too, and not
    /// with RC2 of 40 bits as such programs do themselves: whatever opens the keys has triple DES, and OpenSSL 3 has RC2 only with its
    /// legacy provider. Neither hides certificates from someone who tries; the keys still stand on three keys of DES.
    Compatible,
}

impl Profile {
    const fn sealing(self) -> Sealing {
        match self {
            Self::Modern => Sealing::Aes256,
            Self::Compatible => Sealing::TripleDes,
        }
    }

    /// The digest of the checksum, and its HMAC.
    pub(super) fn mac(self) -> Result<(&'static Hash, hmac::Algorithm), Refusal> {
        let (oid, hmac) = match self {
            Self::Modern => (SHA256, hmac::HMAC_SHA256),
            Self::Compatible => (SHA1, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        };
        let hash = Hash::from_digest(&oid).ok_or(Reason::ContainerUnsupported)?;
        Ok((hash, hmac))
    }

    const fn default_iterations(self) -> u32 {
        match self {
            Self::Modern => DEFAULT_MODERN_ITERATIONS,
            Self::Compatible => DEFAULT_COMPATIBLE_ITERATIONS,
        }
    }
}

/// How a container is written.
///
/// ```
/// use smartid_trust::pkcs12::{Profile, WriteOptions};
///
/// let options = WriteOptions::new(Profile::Compatible).with_iterations(20_000);
/// assert_eq!(options.iterations(), 20_000);
/// assert_eq!(WriteOptions::default().iterations(), 100_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct WriteOptions {
    pub(super) profile: Profile,
    iterations: Option<u32>,
    empty_password: bool,
}

impl WriteOptions {
    /// For the programs that `profile` names.
    #[must_use]
    pub const fn new(profile: Profile) -> Self {
        Self {
            profile,
            iterations: None,
            empty_password: false,
        }
    }

    /// How often each key derivation repeats its function: from [`MIN_ITERATIONS`] to [`MAX_ITERATIONS`]. By default
    /// [`DEFAULT_MODERN_ITERATIONS`] or [`DEFAULT_COMPATIBLE_ITERATIONS`].
    #[must_use]
    pub const fn with_iterations(mut self, iterations: u32) -> Self {
        self.iterations = Some(iterations);
        self
    }

    /// Writes under an empty password too. The attack: whoever gets the file has the keys.
    #[must_use]
    pub const fn danger_allow_empty_password(mut self) -> Self {
        self.empty_password = true;
        self
    }

    /// The iterations of each key derivation.
    #[must_use]
    pub fn iterations(&self) -> u32 {
        self.iterations.unwrap_or(self.profile.default_iterations())
    }

    /// What keys and certificates are encrypted with.
    pub(in crate::pkcs12) const fn sealing(&self) -> Sealing {
        self.profile.sealing()
    }

    /// The iterations, if nothing speaks against them and the password.
    pub(in crate::pkcs12) fn check(&self, password: &SecretString) -> Result<NonZeroU32, Refusal> {
        if password.expose().is_empty() && !self.empty_password {
            return Err(Reason::PasswordEmpty.into());
        }
        let iterations = self.iterations();
        NonZeroU32::new(iterations)
            .filter(|_| (MIN_ITERATIONS..=MAX_ITERATIONS).contains(&iterations))
            .ok_or_else(|| {
                Refusal::new(
                    Reason::IterationsOutOfRange,
                    format!("{iterations}, must be from {MIN_ITERATIONS} to {MAX_ITERATIONS}"),
                )
            })
    }
}
