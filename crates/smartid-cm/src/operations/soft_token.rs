//! Asks for a soft token over the REST API: Certificate Manager makes the keys, issues for them, and answers with a PKCS #12 container.
//!
//! That the API does so, and that it is the way to go for those who use AST, is documented \[vendor pages: Certificate Manager (CM) REST
//! API, AST support in Certificate Manager\], and so is the signing in two steps. What goes over the wire is not published. `POST
//! certificates/pkcs12` is inferred from `certificates/pkcs10` and from the media type `pkcs12` of token procedures; fields `procname`,
//! `validfrom` and `validto` as in issuing, `password`, and the subject by the names of attributes that AST has \[inferred\]. Every
//! name, the path and the encoding are settings of the dialect, `[soft_token]`. Kind and size of the keys, whether they are archived, and
//! whether issuers are in the container come from the token procedure and not from the call \[inferred from vendor page: Token procedures
//! in Certificate Manager\].
//!
//! The officer needs the role to issue certificates (inferred). A second call makes a second token: after a lost answer look for the
//! subject first; the key is not known, so nothing finds it for sure.
//!
//! What can go wrong is a [`CmRefusal`]: -7 and -14 (the calling program's turn: a field that the procedure wants, a value that it does
//! not allow), -15 (an administrator's: the role), -17 (the signature). What comes may also be no container; then the error is of phase
//! [`Unreadable`](smartid_core::Phase::Unreadable), its [`cause`](smartid_core::Unreadable::cause) is an
//! [`UnusableSoftToken`](crate::soft_token::UnusableSoftToken), and it is an officer's turn.

use std::collections::BTreeMap;
use std::fmt;

use smartid_core::{BuildError, Incoming, Outgoing, ResponseError, SecretString, Timestamp};

use super::issue;
use crate::attribute::Attribute;
use crate::body::{self, Fields, SIGNATURE, Value};
use crate::dialect::{CmDialect, WriteCall};
use crate::ids::ProcedureName;
use crate::refusal::CmRefusal;
use crate::soft_token::{self, IssuedSoftToken};
use crate::two_step::{RequestSignature, Write};

const PROCEDURE: &str = "procname";
const PASSWORD: &str = "password";
/// The fields that are not the subject's.
const OWN: [&str; 5] = [PROCEDURE, PASSWORD, issue::VALID_FROM, issue::VALID_TO, SIGNATURE];

/// The request; see the module's text for who may send it and when.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, HeaderValue, StatusCode};
/// use smartid_cm::operations::experimental::RequestSoftToken;
/// use smartid_cm::{Attribute, Call, CmDialect, ProcedureName, Step};
/// use smartid_core::{Endpoint, Incoming};
///
/// let dialect = CmDialect::from_toml("[soft_token]\nencoding = 'form'\nrename = { password = 'pin' }")?;
/// let request = RequestSoftToken::new("correct horse")
///     .procedure(ProcedureName::new("Soft token, 2 years")?)
///     .attribute(Attribute::COMMON_NAME, "Alice Example");
/// let outgoing = Call::new(&request).request(&dialect)?;
/// assert_eq!((outgoing.method().as_str(), outgoing.target().as_str()), ("POST", "certificates/pkcs12"));
/// assert_eq!(
///     outgoing.body_bytes(),
///     "procname=Soft+token%2C+2+years&pin=correct+horse&commonname=Alice+Example"
/// );
/// assert!(!format!("{request:?}").contains("horse"));
///
/// // Where Protocol Gateway signs itself, the container comes at once.
/// let mut headers = HeaderMap::new();
/// headers.insert("certId", HeaderValue::from_static("4711"));
/// headers.insert("Content-Disposition", HeaderValue::from_static("attachment; filename=alice.p12"));
/// let container = b"\x30\x81\x06\x02\x01\x03\x30\x01\x00"; // the beginning of one
/// let answer = Incoming::new(StatusCode::OK, headers, Bytes::copy_from_slice(container));
/// let Step::Done(issued) = Call::new(&request).response(&dialect, answer).unwrap() else { panic!() };
/// assert_eq!(issued.token.expose_octets(), container); // closed; smartid-trust opens it
/// assert_eq!(issued.certid.unwrap().as_str(), "4711");
/// assert_eq!(issued.file_name.unwrap().as_str(), "alice.p12");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct RequestSoftToken {
    /// What the container will be encrypted with. What Protocol Gateway demands of it is not published; printable ASCII is read by every
    /// program that opens containers, Java's among them.
    pub password: SecretString,
    /// The token procedure, one for `pkcs12`; that of the handler if none.
    pub procedure: Option<ProcedureName>,
    /// The subject. Which attributes are wanted, and which are allowed, is the procedure's to say.
    pub attributes: BTreeMap<Attribute, String>,
    /// From when on it is to be valid, sent in whole seconds; the procedure's rule if none, and perhaps its limit.
    pub valid_from: Option<Timestamp>,
    /// Until when, as above.
    pub valid_to: Option<Timestamp>,
    control_characters: bool,
}

impl RequestSoftToken {
    /// By the handler's procedure, without attributes, with the procedure's validity.
    #[must_use]
    pub fn new(password: impl Into<SecretString>) -> Self {
        Self {
            password: password.into(),
            procedure: None,
            attributes: BTreeMap::new(),
            valid_from: None,
            valid_to: None,
            control_characters: false,
        }
    }

    /// By this token procedure.
    #[must_use]
    pub fn procedure(mut self, procedure: ProcedureName) -> Self {
        self.procedure = Some(procedure);
        self
    }

    /// With this attribute in the subject. The last value counts.
    #[must_use]
    pub fn attribute(mut self, attribute: Attribute, value: impl Into<String>) -> Self {
        self.attributes.insert(attribute, value.into());
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

    /// Takes values with control characters, such as line ends. They do no harm on the way, but a subject that has them shows something
    /// else than it says; so they are refused unless this is called.
    #[must_use]
    pub fn allow_control_characters(mut self) -> Self {
        self.control_characters = true;
        self
    }

    /// A field cannot mean two things: an attribute is no other field of the request, by its name here or by its name on the wire.
    fn check(&self, dialect: &CmDialect) -> Result<(), BuildError> {
        let call = &dialect.soft_token;
        for (attribute, value) in &self.attributes {
            let name = attribute.as_str();
            let last = body::last_name(dialect, call, name);
            let is_taken = |own: &&str| {
                own.eq_ignore_ascii_case(name)
                    || body::last_name(dialect, call, own).eq_ignore_ascii_case(last)
            };
            if OWN.iter().any(is_taken) {
                let problem = format!("the attribute {name} has the name of another field of the request");
                return Err(BuildError::Invalid(problem));
            }
            if !self.control_characters && value.chars().any(char::is_control) {
                let problem = format!("the value of the attribute {name} has a control character");
                return Err(BuildError::Invalid(problem));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RequestSoftToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            password: _,
            procedure,
            attributes,
            valid_from,
            valid_to,
            control_characters,
        } = self;
        f.debug_struct("RequestSoftToken")
            .field("procedure", procedure)
            .field(
                "attributes",
                &attributes.keys().map(Attribute::as_str).collect::<Vec<_>>(),
            )
            .field("valid_from", valid_from)
            .field("valid_to", valid_to)
            .field("control_characters", control_characters)
            .finish_non_exhaustive()
    }
}

impl Write for RequestSoftToken {
    type Output = IssuedSoftToken;

    const NAME: &'static str = "cm.soft_token";

    fn settings<'d>(&self, dialect: &'d CmDialect) -> &'d WriteCall {
        &dialect.soft_token
    }

    fn request(
        &self,
        dialect: &CmDialect,
        signature: Option<&RequestSignature>,
    ) -> Result<Outgoing, BuildError> {
        soft_token::check_password(&self.password)?;
        self.check(dialect)?;
        let procedure = self.procedure.as_ref();
        let mut fields = Fields::new()
            .optional(PROCEDURE, procedure.map(|name| Value::Text(name.to_string())))
            .with(PASSWORD, Value::Secret(self.password.clone()));
        for (attribute, value) in &self.attributes {
            fields = fields.named(attribute.to_string(), Value::Text(value.clone()));
        }
        let fields = issue::with_validity(fields, dialect, self.valid_from, self.valid_to)?;
        let outgoing = body::write(dialect, &dialect.soft_token, &[], fields, signature)?;
        // Which media type the service would want to be asked for is unknown.
        body::accept(outgoing, None)
    }

    fn done(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<IssuedSoftToken, ResponseError<CmRefusal>> {
        soft_token::read(dialect, incoming, &self.password)
    }

    fn secret(&self) -> Option<&SecretString> {
        Some(&self.password)
    }
}
