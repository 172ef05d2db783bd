//! How much a container may cost, and what it must have.

/// Largest container, in bytes, unless the caller says otherwise.
pub const DEFAULT_MAX_LEN: usize = 1024 * 1024;
/// Iterations of all key derivations of a container together, unless the caller says otherwise.
pub const DEFAULT_MAX_ITERATIONS: u64 = 3_000_000;

/// What is demanded of a container before and while it is opened.
///
/// ```
/// use smartid_trust::pkcs12::Pkcs12Policy;
///
/// let policy = Pkcs12Policy::default().with_max_iterations(500_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pkcs12Policy {
    pub(super) max_len: usize,
    pub(super) max_iterations: u64,
    pub(super) mac_required: bool,
}

impl Default for Pkcs12Policy {
    fn default() -> Self {
        Self {
            max_len: DEFAULT_MAX_LEN,
            max_iterations: DEFAULT_MAX_ITERATIONS,
            mac_required: true,
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

    /// Refuses containers whose key derivations together take more than `iterations`. By default [`DEFAULT_MAX_ITERATIONS`], about a
    /// second of work. The old schemes of RFC 7292 derive three times for each thing they decrypt.
    #[must_use]
    pub const fn with_max_iterations(mut self, iterations: u64) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Opens containers without a checksum (MAC) too. The attack: whoever can change such a file on its way can swap certificates and
    /// keys that are not encrypted, and nobody notices. A wrong password is then noticed only by what it decrypts to.
    #[must_use]
    pub const fn danger_accept_without_mac(mut self) -> Self {
        self.mac_required = false;
        self
    }
}
