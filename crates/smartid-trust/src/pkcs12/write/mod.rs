//! Writes containers: a soft token under a new password, for the programs that its owner has.
//!
//! A service's container comes with the service's password and in the service's ciphers; whoever hands it on wants neither. What is
//! written opens with this crate's own default policy, so size, bags and iterations are bounded by the same numbers.

mod encode;
mod entry;
mod finding;
mod link;
mod options;
mod rewrap;
#[cfg(test)]
mod tests;

use std::fmt;

use smartid_core::{Runtime, SecretString, WorkLost, run_blocking};

use super::bags::MAX_BAGS;
use super::policy::DEFAULT_MAX_LEN;
use super::{CertificateEntry, KeyEntry, Pkcs12};
use crate::random::{Random, system_random};
use crate::{Certificate, Reason, Refusal, SoftToken};
use encode::Encoder;
use entry::{add, copy};

pub use entry::NewKey;
pub use finding::Finding;
pub use options::{
    DEFAULT_COMPATIBLE_ITERATIONS, DEFAULT_MODERN_ITERATIONS, MAX_ITERATIONS, MIN_ITERATIONS, Profile,
    WriteOptions,
};

/// A new container, before it is written.
///
/// ```
/// # let bytes = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pkcs12/openssl-rsa-legacy.p12"));
/// use smartid_core::SecretString;
/// use smartid_trust::pkcs12::{Pkcs12, Pkcs12Builder, Pkcs12Policy, Profile, WriteOptions};
///
/// let opened = Pkcs12::open(bytes, &SecretString::new("test-Passw0rd"), &Pkcs12Policy::default())?;
/// let password = SecretString::new("another one");
/// let written = Pkcs12Builder::from_container(&opened).write(&password, &WriteOptions::new(Profile::Modern))?;
/// assert!(written.findings().is_empty(), "nothing was lost");
///
/// let again = Pkcs12::open(written.token().expose_octets(), &password, &Pkcs12Policy::default())?;
/// assert_eq!(again.certificates().len(), opened.certificates().len());
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
#[derive(Default)]
pub struct Pkcs12Builder {
    keys: Vec<KeyEntry>,
    certificates: Vec<CertificateEntry>,
    findings: Vec<Finding>,
}

/// A container that was written, and what its owner should know. The password is not in it: it goes another way.
#[derive(Clone)]
pub struct Written {
    token: SoftToken,
    findings: Vec<Finding>,
}

/// A container could not be written on a runtime.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// What was to be written was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The runtime did not finish the work.
    #[error(transparent)]
    Lost(#[from] WorkLost),
}

impl Pkcs12Builder {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything that is in an opened container, to be written again under another password: every key, certificate, friendly name and
    /// local key identifier. A certificate that stands there twice with the same name and identifier is taken once. What is not kept will
    /// be among the findings.
    #[must_use]
    pub fn from_container(container: &Pkcs12) -> Self {
        let mut certificates = Vec::new();
        for entry in &container.certificates {
            add(&mut certificates, entry.clone());
        }
        let not_kept = container.passed_over.iter().cloned().map(Finding::NotKept);
        let attributes = container.other_attributes.iter().cloned();
        Self {
            keys: container.keys.iter().map(copy).collect(),
            certificates,
            findings: not_kept
                .chain(attributes.map(Finding::AttributeNotKept))
                .collect(),
        }
    }

    /// Adds a key with its certificates. A certificate that is there already is not added again.
    #[must_use]
    pub fn with_key(mut self, key: NewKey) -> Self {
        let NewKey {
            mut entry,
            certificates,
        } = key;
        for (place, certificate) in certificates.into_iter().enumerate() {
            let own = place == 0;
            if own && entry.local_key_id.is_none() {
                entry.local_key_id = Some(link::sha1(certificate.der()));
            }
            let certificate = CertificateEntry {
                certificate,
                friendly_name: entry.friendly_name.clone().filter(|_| own),
                local_key_id: entry.local_key_id.clone().filter(|_| own),
            };
            add(&mut self.certificates, certificate);
        }
        self.keys.push(entry);
        self
    }

    /// Adds a certificate that belongs to no key, unless it is there already.
    #[must_use]
    pub fn with_certificate(self, certificate: Certificate) -> Self {
        self.with_certificate_bag(certificate, None)
    }

    /// Adds a certificate that belongs to no key, under the name that people see.
    #[must_use]
    pub fn with_named_certificate(self, friendly_name: impl Into<String>, certificate: Certificate) -> Self {
        self.with_certificate_bag(certificate, Some(friendly_name.into()))
    }

    fn with_certificate_bag(mut self, certificate: Certificate, friendly_name: Option<String>) -> Self {
        let bag = CertificateEntry {
            certificate,
            friendly_name,
            local_key_id: None,
        };
        add(&mut self.certificates, bag);
        self
    }

    /// Writes the container. Deriving keys takes a good part of a second: call it where blocking is allowed, or use
    /// [`write_on`](Self::write_on). Salts and initial vectors come from the system's secure source; all else is the same each time.
    ///
    /// # Errors
    /// [`Reason::PasswordEmpty`] unless the options allow it, [`Reason::IterationsOutOfRange`], [`Reason::NoKey`] when there is neither
    /// key nor certificate, [`Reason::TooLarge`] and [`Reason::KdfIterations`] when this crate would not open what is written: more than
    /// 1 MiB, more than 1024 keys and certificates, or so many keys and iterations that opening takes more than
    /// [`DEFAULT_MAX_WORK`](super::DEFAULT_MAX_WORK), and [`Reason::RandomUnavailable`].
    pub fn write(self, password: &SecretString, options: &WriteOptions) -> Result<Written, Refusal> {
        self.write_with(password, *options, &mut system_random)
    }

    /// As [`write`](Self::write), on the runtime's threads for blocking work.
    ///
    /// # Errors
    /// As [`write`](Self::write), and [`WriteError::Lost`] when the runtime does not finish the work.
    pub async fn write_on(
        self,
        runtime: &dyn Runtime,
        password: SecretString,
        options: WriteOptions,
    ) -> Result<Written, WriteError> {
        Ok(run_blocking(runtime, move || self.write(&password, &options)).await??)
    }

    fn write_with(
        self,
        password: &SecretString,
        options: WriteOptions,
        random: &mut Random<'_>,
    ) -> Result<Written, Refusal> {
        let Self {
            mut keys,
            mut certificates,
            mut findings,
        } = self;
        if keys.is_empty() && certificates.is_empty() {
            return Err(Reason::NoKey.into());
        }
        let iterations = options.check(password)?;
        if keys.len() + certificates.len() > MAX_BAGS {
            return Err(Refusal::new(Reason::TooLarge, "bags of a PKCS #12 container"));
        }
        link::link(&mut keys, &mut certificates, &mut findings);
        findings.extend(of_password(password));
        findings.extend(of_names(&keys));
        let octets = Encoder::new(options, iterations, password, random).container(&keys, &certificates)?;
        if octets.len() > DEFAULT_MAX_LEN {
            return Err(Refusal::new(Reason::TooLarge, "a PKCS #12 container"));
        }
        Ok(Written {
            token: SoftToken::new(octets),
            findings,
        })
    }
}

fn of_password(password: &SecretString) -> Option<Finding> {
    let password = password.expose();
    if password.is_empty() {
        return Some(Finding::PasswordEmpty);
    }
    let printable = password.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    (!printable).then_some(Finding::PasswordNotForJava)
}

fn of_names(keys: &[KeyEntry]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if keys.is_empty() {
        findings.push(Finding::NoKey);
    }
    let mut seen: Vec<(String, usize)> = Vec::new();
    for name in keys.iter().filter_map(|key| key.friendly_name.as_deref()) {
        let folded = name.to_lowercase();
        match seen.iter_mut().find(|(other, _)| *other == folded) {
            Some((_, count)) => {
                *count += 1;
                if *count == 2 {
                    findings.push(Finding::FriendlyNameRepeated(name.to_owned()));
                }
            }
            None => seen.push((folded, 1)),
        }
    }
    findings
}

impl Written {
    /// The container.
    #[must_use]
    pub const fn token(&self) -> &SoftToken {
        &self.token
    }

    /// The container alone.
    #[must_use]
    pub fn into_token(self) -> SoftToken {
        self.token
    }

    /// What somebody may miss or stumble over; empty when all is well.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token, findings } = self;
        f.debug_struct("Written")
            .field("token", token)
            .field("findings", findings)
            .finish()
    }
}

impl fmt::Debug for Pkcs12Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            keys,
            certificates,
            findings: _,
        } = self;
        f.debug_struct("Pkcs12Builder")
            .field("keys", &keys.len())
            .field("certificates", &certificates.len())
            .finish_non_exhaustive()
    }
}
