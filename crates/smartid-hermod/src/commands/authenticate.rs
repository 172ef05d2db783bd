//! `POST {command-base}/authenticate`: a person shows who it is by signing in the app.
//!
//! Vendor pages: Smart ID Messaging API overview (documented: the verb), Use authentication images from a content provider service
//! (documented example: `authCommand.params.description` and both forms of the picture), API parameters specific to Personal Desktop App
//! 1.1 (documented: "a specific application" of sign; that the other parameters are those of sign is inferred from it). What the
//! signature covers when there is no `tbs` is unknown, setting `answers.signature.covers_without_tbs`: an answer that nothing ties to the
//! command may be an old one and is refused, so send a challenge as `tbs` ([`Authenticate::challenge`]). Sent by an API user with its key.
//! Never repeated by itself: the person would be asked twice. The outcome is
//! [`CommandReport::authenticate`](crate::CommandReport::authenticate); until then it is the person's turn. When the command is refused,
//! see [`HermodError`](crate::HermodError).

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

/// Asks a person who it is.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_hermod::{CommandHeader, Entry, HermodDialect, commands::Authenticate};
///
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?
///     .to(["anna@example.test"])
///     .external_id("a-1");
/// let command = Authenticate::new(header)
///     .description(Entry::authentication_image_by_id("AUTH:0b1d9c52").label("Compare the pictures"));
/// let dialect = HermodDialect::default();
/// let request = command.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "authenticate"));
/// let image = r#"{"content_type":"application/hermod+content-id","data":"AUTH:0b1d9c52","key":"auth_image","description":"Compare the pictures","visible":true}"#;
/// let header = r#"{"lifespan":300,"timeout":250,"to":["anna@example.test"],"externalId":"a-1"}"#;
/// assert_eq!(
///     request.body_bytes(),
///     &format!(r#"{{"commandHeader":{header},"authCommand":{{"params":{{"description":[{image}]}}}}}}"#),
/// );
///
/// let answer = r#"{"commandId":"1011","commandType":"AUTH","state":"IN_PROGRESS"}"#;
/// let incoming = Incoming::new(http::StatusCode::OK, http::HeaderMap::new(), answer.into());
/// assert_eq!(command.response(&dialect, incoming).unwrap().command_id.as_str(), "1011");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Authenticate {
    /// Lifespan, timeout, destinations and our id.
    pub header: CommandHeader,
    /// What the person is told and shown, the picture to compare among it.
    pub description: Vec<Entry>,
    /// Which key may be used (inferred).
    pub filter: Option<CertificateFilter>,
    /// What the signature comes as (inferred); the app chooses when it is not set.
    pub format: Option<SignatureFormat>,
    /// How the signature is made (inferred); the app chooses when it is not set.
    pub mechanism: Option<SignatureMechanism>,
    /// What is to be signed. That this command takes it is unknown.
    pub tbs: Vec<Entry>,
    /// A challenge among the parameters, by analogy with provision (unknown).
    pub nonce: Option<Nonce>,
    /// Further members of `authCommand`. They may not be one of the above.
    pub members: Members,
}

impl Authenticate {
    /// With nothing but a header; to the destinations of the dialect (a temporary mailbox by default), unless the header has its own.
    #[must_use]
    pub fn new(header: CommandHeader) -> Self {
        Self {
            header,
            description: Vec::new(),
            filter: None,
            format: None,
            mechanism: None,
            tbs: Vec::new(),
            nonce: None,
            members: Members::default(),
        }
    }

    /// Something to sign, after what is there already.
    #[must_use]
    pub fn tbs(mut self, tbs: Entry) -> Self {
        self.tbs.push(tbs);
        self
    }

    /// A challenge as hidden `tbs` with the key `tbs`: a signature over it answers this command and no other. It must be used once and
    /// not be guessable; [`Nonce::random`] makes one.
    #[must_use]
    pub fn challenge(self, challenge: &Nonce) -> Self {
        self.tbs(Entry::text("tbs", challenge.as_str()).visible(false))
    }
}

shared_parts!(Authenticate);

impl Endpoint for Authenticate {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    type Output = ImmediateResponse;
    type Error = HermodError;

    const NAME: &'static str = "hermod.authenticate";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &HermodDialect) -> Result<Outgoing, BuildError> {
        let body = self.body()?;
        request(
            &dialect.authenticate,
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
        response(&dialect.authenticate, &dialect.states, incoming)
    }
}
