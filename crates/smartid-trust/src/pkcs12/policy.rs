//! How much a container may cost, and what it must have.

use crate::pbe::Budget;

/// Largest container, in bytes, unless the caller says otherwise.
pub const DEFAULT_MAX_LEN: usize = 1024 * 1024;
/// Iterations of one key derivation, unless the caller says otherwise; so many are still accepted.
pub const DEFAULT_MAX_ITERATIONS: u32 = 1_000_000;
/// Work of all of a container together, in units, unless the caller says otherwise.
///
/// A unit is a nanosecond of one core of the machine on which it was measured (AMD EPYC with SHA extensions, release build), so that the
/// default is a little less than half a second there. What is counted, in units:
///
/// | for each iteration | RFC 7292 (checksum, old schemes) | PBKDF2 |
/// |---|---|---|
/// | SHA-1 | 55 | 110 |
/// | SHA-224, SHA-256 | 57 | 150, 130 |
/// | SHA-384, SHA-512 | 190 | 510 |
/// | SHA-512/224, SHA-512/256 | 200 | 500 |
/// | SHA-3 | 400 | 1600 |
/// | MD5 | 150 | 300 |
/// | RIPEMD-160, SM3 | 300 | 600 |
///
/// each times the digests that the key is long: triple DES of RFC 7292 takes three (two for the key, one for the initial vector). Beside
/// them count: 40 for an octet that is decrypted (AES-CBC 1), some 400 000 to 8 000 000 for a private key, and 4 for an octet of the
/// container. What was derived once from the same salt and the same number of iterations is not counted again.
///
/// So a million iterations of the checksum and of two derivations by PBKDF2 with HMAC-SHA256 fit (317 000 000), and so do seven
/// derivations of 600 000 by triple DES of RFC 7292 as NSS and GnuTLS make them (429 000 000). PBKDF2 with HMAC-SHA512 fits up to
/// 880 000 iterations once or 290 000 three times; whoever has files with more raises the cap.
pub const DEFAULT_MAX_WORK: u64 = 450_000_000;

/// What is demanded of a container before and while it is opened.
///
/// ```
/// use smartid_trust::pkcs12::{DEFAULT_MAX_WORK, Pkcs12Policy};
///
/// // A batch job may wait ten times as long for one file.
/// let policy = Pkcs12Policy::default().with_max_iterations(10_000_000).with_max_work(10 * DEFAULT_MAX_WORK);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pkcs12Policy {
    pub(super) max_len: usize,
    pub(super) max_iterations: u32,
    pub(super) max_work: u64,
    pub(super) mac_required: bool,
    pub(super) scrypt_memory: Option<u64>,
}

impl Default for Pkcs12Policy {
    fn default() -> Self {
        Self {
            max_len: DEFAULT_MAX_LEN,
            max_iterations: DEFAULT_MAX_ITERATIONS,
            max_work: DEFAULT_MAX_WORK,
            mac_required: true,
            scrypt_memory: None,
        }
    }
}

impl Pkcs12Policy {
    /// Refuses containers of more than `bytes`. By default [`DEFAULT_MAX_LEN`].
    #[must_use]
    pub const fn with_max_len(mut self, bytes: usize) -> Self {
        self.max_len = bytes;
        self
    }

    /// Refuses containers in which one key derivation takes more than `iterations`. By default [`DEFAULT_MAX_ITERATIONS`].
    #[must_use]
    pub const fn with_max_iterations(mut self, iterations: u32) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Refuses containers that take more than `units` of work altogether. By default [`DEFAULT_MAX_WORK`].
    #[must_use]
    pub const fn with_max_work(mut self, units: u64) -> Self {
        self.max_work = units;
        self
    }

    /// Opens containers without a checksum (MAC) too. The attack: whoever can change such a file on its way can swap certificates and
    /// keys that are not encrypted, and nobody notices. A wrong password is then noticed only by what it decrypts to.
    #[must_use]
    pub const fn danger_accept_without_mac(mut self) -> Self {
        self.mac_required = false;
        self
    }

    /// Derives with scrypt too, in at most `bytes` of memory. The attack: a file of a few hundred bytes makes each program that opens
    /// it take that much memory, and a service that opens several at a time takes as many times more; time is capped by
    /// [`with_max_work`](Self::with_max_work). Containers with N = 16 384 and r = 8, which OpenSSL writes, need 17 million bytes.
    #[must_use]
    pub const fn danger_accept_scrypt(mut self, bytes: u64) -> Self {
        self.scrypt_memory = Some(bytes);
        self
    }

    pub(super) const fn budget(&self) -> Budget {
        Budget::new(self.max_iterations as u64, self.max_work).with_scrypt(self.scrypt_memory)
    }
}
