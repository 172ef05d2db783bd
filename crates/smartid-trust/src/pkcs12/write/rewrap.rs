//! From one password and one set of ciphers to another.

use smartid_core::{Runtime, SecretString, run_blocking};

use super::{Pkcs12Builder, WriteError, WriteOptions, Written};
use crate::pkcs12::{Pkcs12, Pkcs12Policy};
#[cfg(doc)]
use crate::{Reason, pkcs12::Finding};
use crate::{Refusal, SoftToken};

impl SoftToken {
    /// Opens the container and writes all that is in it under another password. What is not kept is among the
    /// [findings](Written::findings) as [`Finding::NotKept`]. Takes as long as opening and writing: call it where blocking is allowed, or
    /// use [`rewrap_on`](Self::rewrap_on).
    ///
    /// ```
    /// # let bytes = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pkcs12/bc-default.p12"));
    /// use smartid_core::SecretString;
    /// use smartid_trust::SoftToken;
    /// use smartid_trust::pkcs12::{Pkcs12Policy, Profile, WriteOptions};
    ///
    /// let token = SoftToken::new(bytes.to_vec());
    /// let (old, new) = (SecretString::new("test-Passw0rd"), SecretString::new("another one"));
    /// let written = token.rewrap(&old, &Pkcs12Policy::default(), &new, &WriteOptions::new(Profile::Compatible))?;
    /// assert!(written.findings().is_empty());
    /// let opened = written.token().open(&new, &Pkcs12Policy::default())?;
    /// assert_eq!(opened.the_one_key()?.chain().len(), 3);
    /// # Ok::<(), smartid_trust::Refusal>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Pkcs12::open`] and [`Pkcs12Builder::write`]. A container without a key is written again with its certificates, and
    /// refused with [`Reason::NoKey`] if it has none.
    pub fn rewrap(
        &self,
        password: &SecretString,
        policy: &Pkcs12Policy,
        new_password: &SecretString,
        options: &WriteOptions,
    ) -> Result<Written, Refusal> {
        let opened = Pkcs12::open(self.expose_octets(), password, policy)?;
        Pkcs12Builder::from_container(&opened).write(new_password, options)
    }

    /// As [`rewrap`](Self::rewrap), on the runtime's threads for blocking work.
    ///
    /// # Errors
    /// As [`rewrap`](Self::rewrap), and [`WriteError::Lost`] when the runtime does not finish the work.
    pub async fn rewrap_on(
        &self,
        runtime: &dyn Runtime,
        password: SecretString,
        policy: Pkcs12Policy,
        new_password: SecretString,
        options: WriteOptions,
    ) -> Result<Written, WriteError> {
        let token = self.clone();
        let work = move || token.rewrap(&password, &policy, &new_password, &options);
        Ok(run_blocking(runtime, work).await??)
    }
}
