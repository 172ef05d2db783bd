//! How much a container may cost, and what it must have.

use crate::pbe::Budget;

/// Largest container, in bytes, unless the caller says otherwise.
pub const DEFAULT_MAX_LEN: usize = 1024 * 1024;
/// Iterations of one key derivation, unless the caller says otherwise; so many are still accepted.
pub const DEFAULT_MAX_ITERATIONS: u32 = 1_000_000;
/// Work of all of a container together, in units, unless the caller says otherwise.
///
/// A unit is a nanosecond of a core of the machine on which it was measured (AMD EPYC with SHA extensions, release build). What is
/// counted, in units:
///
/// | for each iteration | RFC 7292 (checksum, old schemes) | PBKDF2 |
/// |---|---|---|
/// | SHA-1 | 55 | 118 |
/// | SHA-224, SHA-256 | 60 | 130, 128 |
/// | SHA-384, SHA-512 | 190 | 505 |
/// | SHA-512/224, SHA-512/256 | 175 | 355 |
/// | SHA-3 | 320 | 960 |
/// | MD5 | 115 | 235 |
/// | RIPEMD-160 | 215 | 415 |
/// | SM3 | 200 | 305 |
///
/// each as often as the key has digests: triple DES of RFC 7292 takes three (two for the key, one for the initial vector). Beside them
/// count: 40 for an octet that is decrypted (1 with AES-CBC), 200 000 for a private key and 300 more for each octet of it, 4 for an
/// octet of the container. What was derived once from the same salt and the same number of iterations is not counted again.
///
/// The checksum is computed first. Then what the container says in the clear about its contents and keys is derived on two threads, and
/// counts as long as the longer of them takes. So the default is the time on a machine with two free cores, a little less than half a
/// second; with one it is the double. Reading, sorting and looking for issuers is not counted, and takes less than a twentieth of a second for
/// containers of the default length.
///
/// A million iterations of the checksum and of two derivations by PBKDF2 with HMAC-SHA256 fit (188 000 000), so do thirteen
/// derivations of 600 000 by RFC 7292 with SHA-1 as GnuTLS makes them (232 000 000), and 600 000 of the checksum and of two derivations
/// with SHA-512 as NSS makes them if it is told to (417 000 000). PBKDF2 with HMAC-SHA512 fits up to 850 000 iterations: whoever has
/// files with a million raises the cap.
pub const DEFAULT_MAX_WORK: u64 = 430_000_000;

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
