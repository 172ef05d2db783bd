//! Asks EUI for a soft token.
//!
//! That AST works in the same way as EUI is documented \[vendor page: AST support in Certificate Manager\], and AST is a form with a
//! `password` that is answered with PKCS #12, with user data from elsewhere; in EUI the user data are in the request. Nothing else is
//! known, so the handler and the names of the fields are the integrator's \[unknown\], and the answer is read by its content: a container,
//! or a page.
//!
//! What can go wrong is a [`CmRefusal`] by its HTTP status, and an answer of phase [`Unreadable`](smartid_core::Phase::Unreadable) with an
//! [`UnusableSoftToken`](crate::soft_token::UnusableSoftToken) as its cause. A second call makes a second token.

use std::fmt;

use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError, SecretString};

use super::{MAX_PAGE, fields, page, refusal};
use crate::auth::Front;
use crate::body::{Fields, Value};
use crate::dialect::CmDialect;
use crate::ids::HandlerName;
use crate::operations::FieldValue;
use crate::refusal::CmRefusal;
use crate::soft_token::{self, IssuedSoftToken};

/// The request; see the module's text for how little of it is known.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_cm::eui::EuiSoftToken;
/// use smartid_cm::soft_token::{SoftTokenProblem, UnusableSoftToken};
/// use smartid_cm::{CmDialect, HandlerName};
/// use smartid_core::{Endpoint, Incoming, ResponseError};
///
/// let dialect = CmDialect::from_toml("[eui.soft_token]\nrename = { password = 'pin' }")?;
/// let ask = EuiSoftToken::new("correct horse")
///     .handler(HandlerName::new("softtoken")?)
///     .field("commonname", "Alice Example");
/// let request = ask.request(&dialect)?;
/// assert_eq!(request.target(), "eui/softtoken");
/// assert_eq!(request.body_bytes(), "pin=correct+horse&commonname=Alice+Example");
///
/// // A page is no token, whatever its status.
/// let answer = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from("<html><p>Denied</p></html>"));
/// let Err(ResponseError::Unreadable(unreadable)) = ask.response(&dialect, answer) else { panic!() };
/// let unusable = unreadable.cause::<UnusableSoftToken>().unwrap();
/// assert_eq!(unusable.problem(), SoftTokenProblem::WebPage);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct EuiSoftToken {
    /// What the container will be encrypted with.
    pub password: SecretString,
    /// The handler; the servlet itself if none (unknown whether it takes that).
    pub handler: Option<HandlerName>,
    /// User data, by the names that the handler's page has (unknown).
    pub fields: Vec<(String, FieldValue)>,
}

impl EuiSoftToken {
    /// From the servlet itself, without user data.
    #[must_use]
    pub fn new(password: impl Into<SecretString>) -> Self {
        Self {
            password: password.into(),
            handler: None,
            fields: Vec::new(),
        }
    }

    fields::handler_and_fields!();
}

impl fmt::Debug for EuiSoftToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            password: _,
            handler,
            fields,
        } = self;
        f.debug_struct("EuiSoftToken")
            .field("handler", handler)
            .field("fields", &fields.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Endpoint for EuiSoftToken {
    type Auth = Front;
    type Dialect = CmDialect;
    type Output = IssuedSoftToken;
    type Error = CmRefusal;

    const NAME: &'static str = "cm.eui_soft_token";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        soft_token::check_password(&self.password)?;
        let fields = Fields::new().with("password", Value::Secret(self.password.clone()));
        let call = &dialect.eui.soft_token;
        fields::request(dialect, call, self.handler.as_ref(), fields, &self.fields)
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<IssuedSoftToken, ResponseError<CmRefusal>> {
        let incoming = dialect.eui.soft_token.response.apply_to_response(incoming);
        refusal::read(incoming, |incoming| {
            // The one form of answer that is known of this servlet is an element of a page.
            soft_token::read_or_find(dialect, incoming, &self.password, |body| {
                if body.len() > MAX_PAGE {
                    return None;
                }
                let values = page::values(&String::from_utf8_lossy(body), &dialect.eui.element);
                values.iter().find_map(|value| soft_token::in_text(value))
            })
        })
    }
}
