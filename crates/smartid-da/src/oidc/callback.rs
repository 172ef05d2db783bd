//! What the browser comes back with.
//!
//! Anybody can send a browser to the redirect address with a query of his own. So the state is compared before anything else of it is
//! believed, what stands twice is refused because two readers could take different ones, and the issuer, where it is sent, must be the
//! one that was asked.

use percent_encoding::percent_decode_str;
use smartid_core::SecretString;

use super::issuer::Issuer;
use super::reason::{OidcPlace, OidcReason};
use super::refusal::OidcRefusal;

/// The longest query in bytes.
const LONGEST: usize = 64 * 1024;
/// The most parameters.
const MOST: usize = 64;

/// What a callback is checked against. A whole login does this by itself.
///
/// ```
/// use smartid_core::SecretString;
/// use smartid_da::oidc::{CallbackCheck, Issuer};
///
/// let check = CallbackCheck::new(Issuer::parse("https://login.example.test")?, SecretString::new("af0ifjsldkj"));
/// assert_eq!(check.code("code=SplxlOBe&state=af0ifjsldkj")?.expose(), "SplxlOBe");
///
/// let refused = check.code("error=access_denied&state=af0ifjsldkj").unwrap_err();
/// assert_eq!(refused.reason().name(), "denied");
/// assert_eq!(check.code("code=SplxlOBe&state=another").unwrap_err().reason().name(), "state");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CallbackCheck {
    issuer: Issuer,
    state: SecretString,
    iss_required: bool,
}

impl CallbackCheck {
    /// The callback answers the request with this state to this issuer.
    #[must_use]
    pub fn new(issuer: Issuer, state: SecretString) -> Self {
        Self {
            issuer,
            state,
            iss_required: false,
        }
    }

    /// The issuer has promised to send `iss` (RFC 9207).
    #[must_use]
    pub fn requiring_iss(mut self) -> Self {
        self.iss_required = true;
        self
    }

    /// Reads the query of the redirect address, with or without its question mark, and gives the code.
    ///
    /// # Errors
    /// [`OidcRefusal`] of [`OidcPlace::Callback`]; of reason [`OidcReason::Denied`] with the provider's error when it said no to this
    /// very request.
    pub fn code(&self, query: &str) -> Result<SecretString, OidcRefusal> {
        let refuse = |reason| OidcRefusal::new(OidcPlace::Callback, reason);
        let query = Query::read(query).map_err(refuse)?;
        let state = query.state.as_deref().unwrap_or_default();
        if state.is_empty() || !self.state.constant_time_eq(state.as_bytes()) {
            return Err(refuse(OidcReason::State));
        }
        match query.iss.as_deref() {
            None if self.iss_required => return Err(refuse(OidcReason::Iss)),
            Some(iss) if iss != self.issuer.as_str() => return Err(refuse(OidcReason::Iss)),
            _ => {}
        }
        let shape = || refuse(OidcReason::Shape);
        match (query.code, query.error) {
            _ if query.tokens => Err(shape()),
            (Some(code), None) if is_code(&code) => Ok(SecretString::new(code)),
            (None, Some(error)) => Err(OidcRefusal::told(
                OidcPlace::Callback,
                OidcReason::Denied,
                &error,
                query.description.as_deref(),
            )
            .unwrap_or_else(shape)),
            _ => Err(shape()),
        }
    }
}

/// Visible characters and spaces (RFC 6749 A.11).
fn is_code(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|b| (0x20..=0x7e).contains(&b))
}

#[derive(Default)]
struct Query {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    description: Option<String>,
    /// Tokens of a flow that was not asked for.
    tokens: bool,
}

impl Query {
    fn read(query: &str) -> Result<Self, OidcReason> {
        let query = query.strip_prefix('?').unwrap_or(query);
        if query.len() > LONGEST || query.split('&').count() > MOST {
            return Err(OidcReason::Shape);
        }
        let mut read = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            let place = match &*name {
                "state" => &mut read.state,
                "code" => &mut read.code,
                "iss" => &mut read.iss,
                "error" => &mut read.error,
                "error_description" => &mut read.description,
                "id_token" | "access_token" => {
                    read.tokens = true;
                    continue;
                }
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(OidcReason::Duplicate);
            }
        }
        Ok(read)
    }
}

/// Percent-decoded, `+` as a space; each escape must be one, and the octets UTF-8.
fn decoded(text: &str) -> Result<String, OidcReason> {
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first == b'%' {
            match behind {
                [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {}
                _ => return Err(OidcReason::Shape),
            }
        }
    }
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| OidcReason::Shape)
}
