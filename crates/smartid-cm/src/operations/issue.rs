//! Issues a certificate for a certification request.
//!
//! `POST certificates/pkcs10` \[documented; vendor page: Certificate Manager (CM) REST API\]; field `pkcs10` \[documented\], fields
//! `procname`, `validfrom`, `validto` \[seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin\], and `signature`
//! in the second step \[documented\]. Without `procname` the handler's token procedure applies \[inferred\]. What comes back is
//! certificate bytes, not JSON, with the id in a header.
//!
//! The officer needs the role to issue certificates (inferred: "Issue certificate"; vendor page: Officers and roles in Certificate
//! Manager). A second call issues a second certificate: after a lost answer look for one with the request's key first.
//!
//! What can go wrong is a [`CmRefusal`]: -15 (an administrator's turn: the role), -14 (the calling program's: the procedure, a date),
//! -8 (the request), -17 (the signature). What comes may also be a certificate of another key, or nothing that can be read; then a
//! certificate has been issued all the same: the error is of phase [`Unreadable`](smartid_core::Phase::Unreadable), its
//! [`cause`](smartid_core::Unreadable::cause) is an [`UnusableCertificate`], and it is an officer's turn.

use smartid_core::{Advice, BuildError, Incoming, Outgoing, ResponseError, Timestamp, Turn, Unreadable};
use smartid_trust::Certificate;

use crate::answer;
use crate::body::{self, Fields, Value};
use crate::certificates::{self, CertificateForm, Certificates, CertificatesError};
use crate::csr::Csr;
use crate::date;
use crate::dialect::{CmDialect, WriteCall};
use crate::ids::{CertId, ProcedureName};
use crate::refusal::CmRefusal;
use crate::two_step::{RequestSignature, Write};

/// The request; see the module's text for who may send it and when.
///
/// ```
/// # let template = smartid_trust::request::TemplateBuilder::new(smartid_trust::DistinguishedName::from_der(
/// #     vec![0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x02, 0x55, 0x31])?)
/// #     .build(smartid_trust::request::ThrowAwayKey::P256)?;
/// # let pem = format!("-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n", template.certreq_base64());
/// # let another = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../smartid-trust/doc/officer-one.pem"));
/// use bytes::Bytes;
/// use http::{HeaderMap, HeaderValue, StatusCode};
/// use smartid_cm::operations::{IssueCertificate, UnusableCertificate};
/// use smartid_cm::{Call, CertificateForm, CmDialect, Csr, ProcedureName};
/// use smartid_core::{Endpoint, Incoming, ResponseError};
///
/// let dialect = CmDialect::from_toml("[requests]\ncsr = 'pem'\nfile_parts = false\ncsr_type = ''")?;
/// let issue = IssueCertificate::new(Csr::from_pem(&pem)?)
///     .procedure(ProcedureName::new("Server TLS")?)
///     .form(CertificateForm::Certificate);
/// let request = Call::new(&issue).request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "certificates/pkcs10"));
/// assert_eq!(request.headers()["accept"], "application/pkix-cert");
/// let body = std::str::from_utf8(request.body_bytes())?;
/// assert!(body.contains("form-data; name=\"pkcs10\"\r\n\r\n-----BEGIN CERTIFICATE REQUEST-----\n"));
/// assert!(body.contains("form-data; name=\"procname\"\r\n\r\nServer TLS\r\n"));
///
/// // What comes is read by its bytes, and must be for the key of the request.
/// let mut headers = HeaderMap::new();
/// headers.insert("certId", HeaderValue::from_static("4711"));
/// let answer = Incoming::new(StatusCode::OK, headers, Bytes::from(another));
/// let Err(ResponseError::Unreadable(unreadable)) = Call::new(&issue).response(&dialect, answer) else { panic!() };
/// let issued = unreadable.cause::<UnusableCertificate>().unwrap();
/// assert_eq!(issued.certid().unwrap().as_str(), "4711"); // for an officer to revoke
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssueCertificate {
    /// What is asked for.
    pub csr: Csr,
    /// The token procedure; that of the handler if none.
    pub procedure: Option<ProcedureName>,
    /// From when on it is to be valid, sent in whole seconds; the procedure's rule if none, and perhaps its limit.
    pub valid_from: Option<Timestamp>,
    /// Until when, as above.
    pub valid_to: Option<Timestamp>,
    /// In which form the certificate is wanted.
    pub form: CertificateForm,
}

impl IssueCertificate {
    /// By the handler's procedure, with its validity, in the default form.
    #[must_use]
    pub fn new(csr: Csr) -> Self {
        Self {
            csr,
            procedure: None,
            valid_from: None,
            valid_to: None,
            form: CertificateForm::default(),
        }
    }

    /// By this token procedure.
    #[must_use]
    pub fn procedure(mut self, procedure: ProcedureName) -> Self {
        self.procedure = Some(procedure);
        self
    }

    /// Valid from then on.
    #[must_use]
    pub fn valid_from(mut self, time: Timestamp) -> Self {
        self.valid_from = Some(time);
        self
    }

    /// Valid until then.
    #[must_use]
    pub fn valid_to(mut self, time: Timestamp) -> Self {
        self.valid_to = Some(time);
        self
    }

    /// In this form.
    #[must_use]
    pub fn form(mut self, form: CertificateForm) -> Self {
        self.form = form;
        self
    }
}

/// A certificate that was issued, for the key of the request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuedCertificate {
    /// Its id, by which it is revoked. An answer need not say it.
    pub certid: Option<CertId>,
    /// The certificate; where several came for this key, the first.
    pub certificate: Certificate,
    /// The certificate, then its issuers as far as they came. Nothing is believed of them but the order.
    pub chain: Vec<Certificate>,
    /// Further certificates for this key, of a procedure that issues several.
    pub others: Vec<Certificate>,
    /// All that came, and the bytes.
    pub answer: Certificates,
}

/// A certificate was issued, as far as one can tell, and what came is not it: nobody here has it, and Certificate Manager does.
#[derive(Clone, Debug, thiserror::Error)]
#[error("a certificate was issued{}, and what came cannot be used: {problem}", shown(.certid.as_ref()))]
#[non_exhaustive]
pub struct UnusableCertificate {
    certid: Option<CertId>,
    problem: CertificatesError,
    certificates: Vec<Certificate>,
}

fn shown(certid: Option<&CertId>) -> String {
    certid.map_or_else(String::new, |certid| format!(" (certid {certid})"))
}

impl UnusableCertificate {
    pub(super) fn new(dialect: &CmDialect, incoming: &Incoming, problem: CertificatesError) -> Self {
        Self {
            certid: certificates::certid(dialect, incoming),
            problem,
            certificates: Vec::new(),
        }
    }

    /// The id of what was issued, when the answer says it.
    #[must_use]
    pub const fn certid(&self) -> Option<&CertId> {
        self.certid.as_ref()
    }

    /// What is wrong with what came.
    #[must_use]
    pub const fn problem(&self) -> &CertificatesError {
        &self.problem
    }

    /// The certificates that came, as far as they can be read.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    pub(super) fn into_unreadable(self, incoming: &Incoming) -> Unreadable {
        let check = match &self.certid {
            Some(certid) => format!(
                "an officer should look at certificate {certid} in Certificate Manager, and revoke it unless its holder has it; then find out \
                 what answered with something else"
            ),
            None => "an officer should search Certificate Manager for a certificate with the key of the request (by its subject key \
                     identifier), and revoke what nobody has; do not ask for another before"
                .to_owned(),
        };
        let advice = Advice::new(Turn::Administrator, check);
        Unreadable::because(incoming, self, advice)
    }
}

/// The fields of a certification request, which is DER, and what is to become of it.
pub(crate) fn fields(
    dialect: &CmDialect,
    csr: &[u8],
    procedure: Option<&ProcedureName>,
    valid_from: Option<Timestamp>,
    valid_to: Option<Timestamp>,
) -> Result<Fields, BuildError> {
    let fields = Fields::new()
        .with("pkcs10", Value::Csr(csr.to_vec()))
        .optional("procname", procedure.map(|name| Value::Text(name.to_string())));
    with_validity(fields, dialect, valid_from, valid_to)
}

pub(super) const VALID_FROM: &str = "validfrom";
pub(super) const VALID_TO: &str = "validto";

/// The fields of a request that may say how long what is issued is to be valid.
pub(super) fn with_validity(
    fields: Fields,
    dialect: &CmDialect,
    valid_from: Option<Timestamp>,
    valid_to: Option<Timestamp>,
) -> Result<Fields, BuildError> {
    if let (Some(from), Some(to)) = (valid_from, valid_to)
        && to <= from
    {
        return Err(BuildError::Invalid(
            "validto must be later than validfrom".to_owned(),
        ));
    }
    let date = |time: Timestamp| Value::Text(date::to_wire(dialect, time));
    Ok(fields
        .optional(VALID_FROM, valid_from.map(date))
        .optional(VALID_TO, valid_to.map(date)))
}

impl Write for IssueCertificate {
    type Output = IssuedCertificate;

    const NAME: &'static str = "cm.issue";

    fn settings<'d>(&self, dialect: &'d CmDialect) -> &'d WriteCall {
        &dialect.issue
    }

    fn request(
        &self,
        dialect: &CmDialect,
        signature: Option<&RequestSignature>,
    ) -> Result<Outgoing, BuildError> {
        if self.form == CertificateForm::Zip && cfg!(not(feature = "zip")) {
            // A certificate would be issued that nobody can check.
            return Err(BuildError::Invalid(CertificatesError::ZipFeature.to_string()));
        }
        let fields = fields(
            dialect,
            self.csr.der(),
            self.procedure.as_ref(),
            self.valid_from,
            self.valid_to,
        )?;
        let outgoing = body::write(dialect, &dialect.issue, &[], fields, signature)?;
        body::accept(outgoing, self.form.accept().as_deref())
    }

    fn done(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<IssuedCertificate, ResponseError<CmRefusal>> {
        let incoming = answer::bytes(dialect, incoming)?;
        issued(
            dialect,
            &incoming,
            &self.csr,
            Certificates::of_answer(dialect, &incoming),
        )
    }
}

/// What was issued, if it is for the key of the request.
pub(crate) fn issued(
    dialect: &CmDialect,
    incoming: &Incoming,
    csr: &Csr,
    answer: Result<Certificates, CertificatesError>,
) -> Result<IssuedCertificate, ResponseError<CmRefusal>> {
    let unusable = |problem| UnusableCertificate::new(dialect, incoming, problem);
    let answer = answer.map_err(|problem| unusable(problem).into_unreadable(incoming))?;
    let found = answer.chain_for(csr.public_key()).and_then(|chain| {
        let others = answer.of_key(csr.public_key())?;
        let others = others.into_iter().skip(1).cloned().collect();
        Ok((chain, others))
    });
    let problem = match found {
        Ok((chain, others)) => match chain.first().cloned() {
            Some(certificate) => {
                return Ok(IssuedCertificate {
                    certid: answer.certid().cloned(),
                    certificate,
                    chain,
                    others,
                    answer,
                });
            }
            None => CertificatesError::OtherKey,
        },
        Err(problem) => problem,
    };
    let mut unusable = unusable(problem);
    unusable.certificates = answer.all().map(<[_]>::to_vec).unwrap_or_default();
    Err(unusable.into_unreadable(incoming).into())
}
