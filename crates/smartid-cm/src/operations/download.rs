//! Downloads a certificate.
//!
//! `GET certificates/{certid}/download` \[path documented; vendor page: Upgrade Protocol Gateway\], in the form that the `Accept` header
//! names \[seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin; the default is documented, vendor page:
//! Certificate Manager (CM) REST API\]. Changes nothing, so it may be repeated. Any officer that Protocol Gateway lets in may call it
//! \[inferred\].
//!
//! What can go wrong is a [`CmRefusal`]: -14 or a page with status 404 (the calling program's turn: no such certificate), -15 (an
//! administrator's). No key is known here, so the certificate that was meant is [`Certificates::leaf`], or is found by a key that the
//! caller has.

use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use crate::answer;
use crate::auth::Officer;
use crate::body;
use crate::certificates::{self, CertificateForm, Certificates};
use crate::dialect::CmDialect;
use crate::ids::CertId;
use crate::refusal::CmRefusal;

/// The request; see the module's text for who may send it and when.
///
/// ```
/// # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../smartid-trust/doc/officer-one.pem"));
/// use bytes::Bytes;
/// use http::{HeaderMap, HeaderValue, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_cm::operations::Download;
/// use smartid_cm::{CertId, CertificateForm, CmDialect};
///
/// let dialect = CmDialect::default();
/// let download = Download::new(CertId::new("4711")?).form(CertificateForm::PemChain(Some(1)));
/// let request = download.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("GET", "certificates/4711/download"));
/// assert_eq!(request.headers()["accept"], "application/pem-certificate-chain;depth=1");
///
/// let mut headers = HeaderMap::new();
/// headers.insert("certId", HeaderValue::from_static("4711"));
/// let answer = download.response(&dialect, Incoming::new(StatusCode::OK, headers, Bytes::from(pem))).unwrap();
/// assert_eq!(answer.leaf()?.subject().to_string(), "CN=Officer One,O=Example");
/// assert_eq!((answer.certid(), answer.bytes().len()), (Some(&download.certid), pem.len()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Download {
    /// Which.
    pub certid: CertId,
    /// In which form it is wanted.
    pub form: CertificateForm,
}

impl Download {
    /// In the default form.
    #[must_use]
    pub fn new(certid: CertId) -> Self {
        Self {
            certid,
            form: CertificateForm::default(),
        }
    }

    /// In this form. An archive is kept as it is by a build without the feature `zip`.
    #[must_use]
    pub fn form(mut self, form: CertificateForm) -> Self {
        self.form = form;
        self
    }
}

impl Endpoint for Download {
    type Auth = Officer;
    type Dialect = CmDialect;
    type Output = Certificates;
    type Error = CmRefusal;

    const NAME: &'static str = "cm.download";
    const REPEAT: Repeat = Repeat::Safe;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        let values = [("certid", self.certid.as_str())];
        let outgoing = body::read(dialect, &dialect.download, &values, &[])?;
        body::accept(outgoing, self.form.accept().as_deref())
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<Certificates, ResponseError<CmRefusal>> {
        let incoming = dialect.download.response.apply_to_response(incoming);
        let incoming = answer::bytes(dialect, incoming)?;
        Certificates::of_answer(dialect, &incoming)
            .map_err(|error| certificates::unreadable(&incoming, &error).into())
    }
}
