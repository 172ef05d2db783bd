//! Who issues the device-encryption certificate.
//!
//! Every provisioning asks the device for an encryption key too, which secures the traffic between server and app; its certificate does
//! not come from the CA of the users but is made by the integrator itself (vendor page: Smart ID Messaging - Standard service
//! tasks in Identity Manager, Create Key \[documented\]: Identity Manager signs it with its `hermodDeviceEnc` key). What makes it
//! is different in every house - a key in a file, an HSM, a small CA - so here is only the interface. It takes a verified
//! request: nothing is issued on what a device merely says.

use std::error::Error;
use std::fmt;

use smartid_core::{Advice, BoxFuture, Retry, Turn};

use crate::request::CertificationRequest;
use crate::{Certificate, Verified};

/// Issues device-encryption certificates.
///
/// ```
/// use smartid_core::{Advice, BoxFuture, Timestamp, Turn};
/// use smartid_trust::request::{CertificationRequest, KeyRequirement, RequestPolicy};
/// use smartid_trust::{
///     Certificate, Curve, DeviceEncryptionCertificate, DeviceEncryptionError, DeviceEncryptionIssuer, Verified,
/// };
///
/// /// Hands out what an officer has put into a drawer beforehand.
/// #[derive(Debug)]
/// struct Drawer(Vec<Certificate>);
///
/// impl DeviceEncryptionIssuer for Drawer {
///     fn issue(
///         &self,
///         request: Verified<CertificationRequest>,
///     ) -> BoxFuture<'_, Result<DeviceEncryptionCertificate, DeviceEncryptionError>> {
///         Box::pin(async move {
///             let found = self.0.iter().find(|certificate| certificate.subject() == *request.fact().subject());
///             let found = found.ok_or_else(|| {
///                 DeviceEncryptionError::new("nothing in the drawer", Advice::new(Turn::Administrator, "fill the drawer"))
///             })?;
///             DeviceEncryptionCertificate::new(&request, found.clone(), Vec::new())
///         })
///     }
/// }
///
/// # let certificate = Certificate::from_pem(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.pem")))?;
/// # let request = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/device-request.pem"));
/// # let runtime = std::sync::Arc::new(smartid_core::ManualRuntime::new(Timestamp::from_millis(0)));
/// let issuer: Box<dyn DeviceEncryptionIssuer> = Box::new(Drawer(vec![certificate.clone()]));
/// let policy = RequestPolicy::without_template(KeyRequirement::ec(Curve::P256));
/// let request = CertificationRequest::from_pem(request)?.verify(&policy, Timestamp::from_millis(0))?;
/// let issued = runtime.block_on(issuer.issue(request)).expect("it does not wait")?;
/// assert_eq!(issued.certificate(), &certificate);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait DeviceEncryptionIssuer: Send + Sync + fmt::Debug {
    /// Issues a certificate for the key of `request`. Names in it are those of the template only when its
    /// [proof](crate::Proof::checked) has [`Check::Template`](crate::Check::Template).
    ///
    /// It may be asked twice for the same request, when the answer of the first call was lost.
    fn issue(
        &self,
        request: Verified<CertificationRequest>,
    ) -> BoxFuture<'_, Result<DeviceEncryptionCertificate, DeviceEncryptionError>>;
}

/// A device-encryption certificate with its issuers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceEncryptionCertificate {
    certificate: Certificate,
    issuers: Vec<Certificate>,
}

impl DeviceEncryptionCertificate {
    /// The certificate that was issued on `request`, and those of its issuers as far as the device needs them, the nearest first.
    ///
    /// # Errors
    /// [`DeviceEncryptionError`] when the certificate is for another key than that of the request.
    pub fn new(
        request: &Verified<CertificationRequest>,
        certificate: Certificate,
        issuers: Vec<Certificate>,
    ) -> Result<Self, DeviceEncryptionError> {
        let same = certificate
            .public_key()
            .is_ok_and(|key| key == request.proof().key);
        if !same {
            return Err(DeviceEncryptionError::new(
                "the certificate is for another key than the request",
                Advice::new(
                    Turn::Caller,
                    "which certificate the issuer returns for which request",
                ),
            ));
        }
        Ok(Self { certificate, issuers })
    }

    /// The certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its issuers, the nearest first; may be empty.
    #[must_use]
    pub fn issuers(&self) -> &[Certificate] {
        &self.issuers
    }
}

/// A device-encryption certificate was not issued.
#[derive(Debug, thiserror::Error)]
#[error("the device-encryption certificate was not issued: {what}")]
pub struct DeviceEncryptionError {
    what: String,
    advice: Advice,
    retry: Retry,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl DeviceEncryptionError {
    /// `what` is an English phrase without a secret; `advice` says whose turn it is. By default it would fail again.
    pub fn new(what: impl Into<String>, advice: Advice) -> Self {
        Self {
            what: what.into(),
            advice,
            retry: Retry::No,
            source: None,
        }
    }

    /// States whether to ask again.
    #[must_use]
    pub const fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Adds the error below.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whether to ask again.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        self.retry
    }

    /// Whose turn it is, and what to check.
    #[must_use]
    pub const fn advice(&self) -> &Advice {
        &self.advice
    }
}

#[cfg(test)]
mod tests {
    use smartid_core::Timestamp;

    use super::*;
    use crate::request::{KeyRequirement, RequestPolicy, TemplateBuilder, ThrowAwayKey};

    #[test]
    fn a_certificate_for_another_key_is_no_answer() {
        let certificate = Certificate::from_pem(include_str!("../doc/officer-one.pem")).unwrap();
        let policy = RequestPolicy::without_template(KeyRequirement::any());
        let verified = |der: Vec<u8>| {
            let request = CertificationRequest::from_der(der).unwrap();
            request.verify(&policy, Timestamp::from_millis(0)).unwrap()
        };
        let other = TemplateBuilder::new(certificate.subject())
            .build(ThrowAwayKey::P256)
            .unwrap();
        let error = DeviceEncryptionCertificate::new(
            &verified(other.der().to_vec()),
            certificate.clone(),
            Vec::new(),
        )
        .unwrap_err();
        assert!(error.to_string().contains("another key"), "{error}");
        assert_eq!((error.retry(), error.advice().turn), (Retry::No, Turn::Caller));
        let own =
            crate::pem::sections(include_str!("../doc/device-request.pem"), "CERTIFICATE REQUEST").unwrap();
        assert!(DeviceEncryptionCertificate::new(&verified(own[0].clone()), certificate, Vec::new()).is_ok());
    }

    #[test]
    fn an_error_keeps_what_is_below_it() {
        let error = DeviceEncryptionError::new("the HSM is asleep", Advice::new(Turn::Time, "later"))
            .with_retry(Retry::Yes { after: None })
            .with_source("no session");
        assert_eq!(error.source().unwrap().to_string(), "no session");
        assert_eq!(error.retry(), Retry::Yes { after: None });
        assert_eq!(
            error.to_string(),
            "the device-encryption certificate was not issued: the HSM is asleep"
        );
    }
}
