//! Asks for a soft token over AST: the password as a form, the subject as headers.
//!
//! `POST ast[/<handler>]` below the address of Protocol Gateway \[path inferred, by analogy with EUI and EST; that it is a `POST`, its
//! parameter `password` and that headers carry the subject are documented; vendor page: AST support in Certificate Manager\]. The
//! content type is that of a form \[inferred\]. What comes back is a PKCS #12 container \[documented\], read by
//! [`soft_token`](crate::soft_token).
//!
//! The calling program must be trusted: an officer by TLS client certificate, or a front that nobody goes around (see
//! [the module](super)). A second call issues a second token: after a lost answer an officer has to look first, and this call is never
//! repeated by itself.
//!
//! What can go wrong before anything is sent is an [`AstProblem`], the calling program's turn; afterwards a [`CmRefusal`] (an
//! administrator's turn: path, handler, officer, front) or, with a page instead of a token, an answer of phase
//! [`Unreadable`](smartid_core::Phase::Unreadable) whose cause is an
//! [`UnusableSoftToken`](crate::soft_token::UnusableSoftToken).

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use http::header::{Entry, HeaderMap};
use http::{HeaderName, Method};
use smartid_core::{
    BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError, SecretBytes, SecretString,
};
use url::form_urlencoded::byte_serialize;

use super::answer;
use super::mapping::AttributeHeaders;
use super::problem::{AstProblem, PasswordProblem};
use super::value::header_value;
use crate::attribute::Attribute;
use crate::auth::Front;
use crate::body;
use crate::dialect::{AstDialect, CmDialect};
use crate::ids::HandlerName;
use crate::refusal::CmRefusal;
use crate::soft_token::IssuedSoftToken;

/// How long all headers of attributes may be together, in octets: a Java servlet container takes a head of 8 KiB unless it is told
/// otherwise, and there is more in a head than these.
const LONGEST_HEAD: usize = 7 * 1024;

/// The longest password in bytes.
const LONGEST_PASSWORD: usize = 1024;

/// The request; see the module's text for who may send it and when.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, HeaderValue, StatusCode};
/// use smartid_cm::ast::{AstProperties, AstRequest};
/// use smartid_cm::{Attribute, CmDialect, HandlerName};
/// use smartid_core::{Endpoint, Incoming, ResponseError};
///
/// // The lines that the service has configure us too.
/// let properties = AstProperties::parse("handler.0.formatFields.5 = ast.valuetarget.localityname.value = myheader")?;
/// let request = AstRequest::new("correct horse & co.")
///     .handler(HandlerName::new("softtoken")?)
///     .headers(properties.headers("0").clone())
///     .attribute(Attribute::COUNTRY_NAME, "SE")
///     .attribute(Attribute::LOCALITY_NAME, "Kista");
///
/// let dialect = CmDialect::default();
/// let outgoing = request.request(&dialect)?;
/// assert_eq!((outgoing.method().as_str(), outgoing.target().as_str()), ("POST", "ast/softtoken"));
/// assert_eq!(outgoing.headers()["country"], "SE");
/// assert_eq!(outgoing.headers()["myheader"], "Kista");
/// assert_eq!(outgoing.headers()["content-type"], "application/x-www-form-urlencoded");
/// assert_eq!(outgoing.body_bytes(), &"password=correct+horse+%26+co.");
///
/// // What comes back is told by its octets, and handed over as it came.
/// let container = b"\x30\x80\x02\x01\x03\x30\x80\x00\x00\x00\x00";
/// let mut headers = HeaderMap::new();
/// headers.insert("set-cookie", HeaderValue::from_static("downloaded=true; Path=/"));
/// headers.insert("content-disposition", HeaderValue::from_static("attachment; filename=token.p12"));
/// let issued = request.response(&dialect, Incoming::new(StatusCode::OK, headers, Bytes::from_static(container)));
/// let Ok(issued) = issued else { panic!() };
/// assert_eq!(issued.token.expose_octets(), container);
/// assert_eq!(issued.file_name.unwrap().as_str(), "token.p12");
/// // For the end user's browser, as it is.
/// assert_eq!(issued.downloaded.unwrap().set_cookie(), "downloaded=true; Path=/");
///
/// // A page is no token, whatever its status.
/// let page = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from_static(b"<html>Log in</html>"));
/// assert!(matches!(request.response(&dialect, page), Err(ResponseError::Unreadable(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct AstRequest {
    /// The password of the container. The service knows it, and whoever reads the service's log may: it protects the container on its way
    /// to its owner, and not against the service.
    pub password: SecretString,
    /// The handler; that of the servlet's own path if none.
    pub handler: Option<HandlerName>,
    /// Which header carries which attribute: that of the handler's lines in `ast.properties`.
    pub headers: AttributeHeaders,
    /// What the certificate is to say. An attribute without a header is an error, and not left out.
    pub attributes: BTreeMap<Attribute, String>,
}

impl AstRequest {
    /// For a token with this password, by the servlet's own path, with the documented header alone and no attribute yet.
    pub fn new(password: impl Into<SecretString>) -> Self {
        Self {
            password: password.into(),
            handler: None,
            headers: AttributeHeaders::new(),
            attributes: BTreeMap::new(),
        }
    }

    /// By this handler.
    #[must_use]
    pub fn handler(mut self, handler: HandlerName) -> Self {
        self.handler = Some(handler);
        self
    }

    /// With this mapping.
    #[must_use]
    pub fn headers(mut self, headers: AttributeHeaders) -> Self {
        self.headers = headers;
        self
    }

    /// With this attribute in the certificate, in place of one that was given before.
    #[must_use]
    pub fn attribute(mut self, attribute: Attribute, value: impl Into<String>) -> Self {
        self.attributes.insert(attribute, value.into());
        self
    }

    /// Whether the request can be made, as a type that a program can act on; [`request`](Endpoint::request) says the same in words.
    ///
    /// ```
    /// use smartid_cm::ast::{AstProblem, AstRequest};
    /// use smartid_cm::{Attribute, CmDialect};
    ///
    /// let request = AstRequest::new("secret").attribute(Attribute::TITLE, "Dr.");
    /// assert_eq!(request.check(&CmDialect::default()), Err(AstProblem::Unmapped(Attribute::TITLE)));
    /// ```
    ///
    /// # Errors
    /// [`AstProblem`].
    pub fn check(&self, dialect: &CmDialect) -> Result<(), AstProblem> {
        check_password(&self.password, &dialect.ast)?;
        self.header_values(&dialect.ast, &mut HeaderMap::new())
    }

    /// Adds the header of each attribute, each once.
    fn header_values(&self, dialect: &AstDialect, headers: &mut HeaderMap) -> Result<(), AstProblem> {
        let mut length = 0;
        let mut given: Vec<(&HeaderName, &Attribute)> = Vec::with_capacity(self.attributes.len());
        for (attribute, value) in &self.attributes {
            let Some(header) = self.headers.header(attribute) else {
                let attribute = attribute.clone();
                return Err(if self.headers.is_off(&attribute) {
                    AstProblem::SwitchedOff(attribute)
                } else {
                    AstProblem::Unmapped(attribute)
                });
            };
            let value = header_value(value, dialect.non_ascii, dialect.empty_values).map_err(|problem| {
                let attribute = attribute.clone();
                AstProblem::Value { attribute, problem }
            })?;
            match headers.entry(header) {
                Entry::Vacant(entry) => {
                    // A colon, a space and the end of the line.
                    length += header.as_str().len() + value.len() + 4;
                    entry.insert(value);
                    given.push((header, attribute));
                }
                Entry::Occupied(entry) if *entry.get() == value => {}
                Entry::Occupied(_) => {
                    let first = given.iter().find(|(other, _)| *other == header);
                    return Err(AstProblem::TwoValues {
                        header: header.clone(),
                        first: first.map_or_else(|| attribute.clone(), |(_, first)| (*first).clone()),
                        second: attribute.clone(),
                    });
                }
            }
        }
        if length > LONGEST_HEAD {
            return Err(AstProblem::HeadTooLong);
        }
        Ok(())
    }

    fn path(&self, dialect: &AstDialect) -> Result<String, BuildError> {
        match &self.handler {
            None => Ok(dialect.path.expand(&[])?),
            Some(_) if !dialect.handler_path.mentions("handler") => Err(BuildError::Invalid(
                "dialect: ast.handler_path has no {handler}, and the request names one".to_owned(),
            )),
            Some(handler) => Ok(dialect.handler_path.expand(&[("handler", handler.as_str())])?),
        }
    }
}

impl fmt::Debug for AstRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            password,
            handler,
            headers,
            attributes,
        } = self;
        // What the attributes say is personal data.
        f.debug_struct("AstRequest")
            .field("password", password)
            .field("handler", handler)
            .field("headers", headers)
            .field("attributes", &attributes.keys().collect::<Vec<_>>())
            .finish()
    }
}

fn check_password(password: &SecretString, dialect: &AstDialect) -> Result<(), PasswordProblem> {
    let password = password.expose();
    match password {
        "" => Err(PasswordProblem::Empty),
        _ if password.len() > LONGEST_PASSWORD => Err(PasswordProblem::TooLong),
        _ if password.chars().any(char::is_control) => Err(PasswordProblem::Control),
        _ if !password.is_ascii() && !dialect.non_ascii_passwords => Err(PasswordProblem::NonAscii),
        _ => Ok(()),
    }
}

/// The form: the password, and what the dialect adds. The octets are wiped when the last copy of the body is dropped; an HTTP library
/// makes copies of its own.
fn form(password: &SecretString, dialect: &AstDialect) -> Result<Bytes, BuildError> {
    let AstDialect {
        password: name,
        constants,
        ..
    } = dialect;
    if name.is_empty() || constants.contains_key(name) {
        let problem = "dialect: ast.password must be a name, and no constant may have it";
        return Err(BuildError::Invalid(problem.to_owned()));
    }
    let constants = constants
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let fields = || std::iter::once((name.as_str(), password.expose())).chain(constants.clone());
    // One piece: what a growing text leaves behind would not be wiped.
    let longest = fields()
        .map(|(name, value)| 3 * (name.len() + value.len()) + 2)
        .sum();
    let mut octets: Vec<u8> = Vec::with_capacity(longest);
    for (name, value) in fields() {
        if !octets.is_empty() {
            octets.push(b'&');
        }
        push(&mut octets, name);
        octets.push(b'=');
        push(&mut octets, value);
    }
    Ok(Bytes::from_owner(Wiped(SecretBytes::new(octets))))
}

fn push(octets: &mut Vec<u8>, text: &str) {
    byte_serialize(text.as_bytes()).for_each(|piece| octets.extend_from_slice(piece.as_bytes()));
}

/// Octets of a body that are wiped with it.
struct Wiped(SecretBytes);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

impl Endpoint for AstRequest {
    type Auth = Front;
    type Dialect = CmDialect;
    type Output = IssuedSoftToken;
    type Error = CmRefusal;
    const NAME: &'static str = "cm.ast";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        let dialect = &dialect.ast;
        check_password(&self.password, dialect).map_err(AstProblem::from)?;
        let content_type = if self.password.expose().is_ascii() {
            "application/x-www-form-urlencoded"
        } else {
            "application/x-www-form-urlencoded; charset=UTF-8"
        };
        let outgoing = Outgoing::new(Method::POST, self.path(dialect)?);
        let mut outgoing = body::accept(outgoing, None)?.body(content_type, form(&self.password, dialect)?);
        self.header_values(dialect, outgoing.headers_mut())?;
        Ok(outgoing)
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<IssuedSoftToken, ResponseError<CmRefusal>> {
        answer::read(dialect, incoming, &self.password)
    }
}
