//! In which form certificates are asked for.

use std::borrow::Cow;

/// The `Accept` header of issuing and of downloading (seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin; the
/// default is documented, vendor page: Certificate Manager (CM) REST API). Whatever is asked for, what comes is read by its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateForm {
    /// No header: PKCS #7 in DER, with as much of the chain as Certificate Manager gives.
    #[default]
    Unspecified,
    /// `application/pkcs7-mime`: the same, asked for.
    Pkcs7,
    /// `application/pkix-cert`: the one certificate in DER, without its issuers.
    Certificate,
    /// `application/pem-certificate-chain`: PEM, the certificate and its issuers, at most as many as the number says (`depth`). Whether
    /// the number counts the certificate itself is unknown.
    PemChain(Option<u32>),
    /// `application/zip`: an archive of certificates. Reading it needs the feature `zip`; names of its files are not published and not
    /// looked at.
    Zip,
    /// Another media type.
    Other(Cow<'static, str>),
}

impl CertificateForm {
    /// The header's value; `None` for no header.
    ///
    /// ```
    /// use smartid_cm::CertificateForm;
    ///
    /// assert_eq!(CertificateForm::default().accept(), None);
    /// let form = CertificateForm::PemChain(Some(2));
    /// assert_eq!(form.accept().as_deref(), Some("application/pem-certificate-chain;depth=2"));
    /// ```
    #[must_use]
    pub fn accept(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Unspecified => return None,
            Self::Pkcs7 => "application/pkcs7-mime".into(),
            Self::Certificate => "application/pkix-cert".into(),
            Self::PemChain(None) => "application/pem-certificate-chain".into(),
            Self::PemChain(Some(depth)) => format!("application/pem-certificate-chain;depth={depth}").into(),
            Self::Zip => "application/zip".into(),
            Self::Other(other) => Cow::Borrowed(other),
        })
    }
}
