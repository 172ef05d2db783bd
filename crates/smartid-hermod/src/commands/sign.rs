//! `POST {command-base}/sign`: a person looks at something in the app and signs it.
//!
//! Vendor pages: Smart ID Messaging API overview (documented: the verb), Example: Personal Desktop Client signing (documented example:
//! `signCommand.params` with `description`, `filter`, `format`, `mechanism`, `tbs`). What a signature covers when there are several `tbs`
//! is unknown, setting `answers.signature.covers`. Sent by an API user with its key. Never repeated by itself: the person would be asked
//! twice. The outcome is [`CommandReport::sign`](crate::CommandReport::sign); until then it is the person's turn. When the command is
//! refused, see [`HermodError`](crate::HermodError).

use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use super::signature_params::shared_parts;
use super::{Members, Nonce, request, response};
use crate::api_key::auth;
use crate::dialect::{HermodDialect, Placeholders};
use crate::entry::Entry;
use crate::error::HermodError;
use crate::filter::CertificateFilter;
use crate::header::CommandHeader;
use crate::response::ImmediateResponse;
use crate::signature_kind::{SignatureFormat, SignatureMechanism};

/// Asks a person for a signature.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_hermod::filter::CertificateFilter;
/// use smartid_hermod::{CommandHeader, Entry, HermodDialect, SignatureMechanism, commands::Sign};
///
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?.external_id("s-1");
/// let command = Sign::new(header, Entry::text("tbs", "Order 17").label("To be signed"))
///     .description(Entry::text("requester", "Bank").label("Request from"))
///     .filter(CertificateFilter::eq("key.type", "RSA"))
///     .mechanism(SignatureMechanism::Sha256RsaPkcs);
/// let dialect = HermodDialect::default();
/// let request = command.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "sign"));
/// let params = concat!(
///     r#"{"description":[{"content_encoding":"base64","content_type":"text/plain","data":"QmFuaw==","description":"Request from","key":"requester","visible":true}],"#,
///     r#""filter":{"op":"eq","param":"key.type","value":"RSA"},"format":"pkcs7","mechanism":"CKM_SHA256_RSA_PKCS","#,
///     r#""tbs":[{"content_encoding":"base64","content_type":"text/plain","data":"T3JkZXIgMTc=","description":"To be signed","key":"tbs","visible":true}]}"#,
/// );
/// let header = r#"{"lifespan":300,"timeout":250,"to":["@tmp"],"externalId":"s-1"}"#;
/// assert_eq!(
///     request.body_bytes(),
///     &format!(r#"{{"commandHeader":{header},"signCommand":{{"params":{params}}}}}"#),
/// );
///
/// let answer = r#"{"commandId":"688","commandType":"SIGN","state":"IN_PROGRESS"}"#;
/// let incoming = Incoming::new(http::StatusCode::OK, http::HeaderMap::new(), answer.into());
/// assert_eq!(command.response(&dialect, incoming).unwrap().command_id.as_str(), "688");
///
/// // Kept until the answer comes, here or in another process: what was sent is what must have been signed.
/// let kept = serde_json::to_string(&command.expectation())?;
/// # let _: smartid_hermod::answers::SignatureExpectation = serde_json::from_str(&kept)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sign {
    /// Lifespan, timeout, destinations and our id.
    pub header: CommandHeader,
    /// What the person is told; not necessarily signed.
    pub description: Vec<Entry>,
    /// Which key may be used.
    pub filter: Option<CertificateFilter>,
    /// What the signature comes as; `pkcs7` unless set. With `None` the app chooses.
    pub format: Option<SignatureFormat>,
    /// How the signature is made; the app chooses when it is not set. A bare signature is verified only when it was.
    pub mechanism: Option<SignatureMechanism>,
    /// What is to be signed, in this order; at least one.
    pub tbs: Vec<Entry>,
    /// A challenge among the parameters. None is published for this command (unknown).
    pub nonce: Option<Nonce>,
    /// Further members of `signCommand`. They may not be one of the above.
    pub members: Members,
}

impl Sign {
    /// One thing to sign, as `pkcs7`; to the destinations of the dialect (a temporary mailbox by default), unless the header has its
    /// own.
    #[must_use]
    pub fn new(header: CommandHeader, tbs: Entry) -> Self {
        Self {
            header,
            description: Vec::new(),
            filter: None,
            format: Some(SignatureFormat::Pkcs7),
            mechanism: None,
            tbs: vec![tbs],
            nonce: None,
            members: Members::default(),
        }
    }

    /// One more thing to sign.
    #[must_use]
    pub fn and(mut self, tbs: Entry) -> Self {
        self.tbs.push(tbs);
        self
    }
}

shared_parts!(Sign);

impl Endpoint for Sign {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    type Output = ImmediateResponse;
    type Error = HermodError;

    const NAME: &'static str = "hermod.sign";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &HermodDialect) -> Result<Outgoing, BuildError> {
        if self.tbs.is_empty() {
            return Err(BuildError::Invalid("there is nothing to sign".to_owned()));
        }
        let body = self.body()?;
        request(
            &dialect.sign,
            &self.header,
            &Placeholders::default(),
            &body,
            &self.members,
        )
    }

    fn response(
        &self,
        dialect: &HermodDialect,
        incoming: Incoming,
    ) -> Result<ImmediateResponse, ResponseError<HermodError>> {
        response(&dialect.sign, &dialect.states, incoming)
    }
}
