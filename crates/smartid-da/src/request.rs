//! What the two FIDO calls have in common: verb, path, and the place where the user is named.

use http::{HeaderName, HeaderValue};
use smartid_core::dialect::Verb;
use smartid_core::json::{self, Pointer};
use smartid_core::{BuildError, Outgoing, PathTemplate};

use crate::auth::refuse_reserved;
use crate::dialect::{UserPosition, UserSelector};
use crate::user::UserId;

/// One call on behalf of one user.
pub(crate) struct Target<'a> {
    verb: &'a Verb,
    path: &'a PathTemplate,
    position: UserPosition,
    name: &'a str,
    user: &'a UserId,
}

impl<'a> Target<'a> {
    /// A call that names the user nowhere.
    pub(crate) fn new(user: &'a UserId, verb: &'a Verb, path: &'a PathTemplate) -> Self {
        Self {
            verb,
            path,
            position: UserPosition::None,
            name: "",
            user,
        }
    }

    /// Names the user as both calls do, but for what the settings of this one call put in its place.
    pub(crate) fn named(
        mut self,
        both: &'a UserSelector,
        position: Option<UserPosition>,
        name: Option<&'a str>,
    ) -> Self {
        self.position = position.unwrap_or(both.position);
        self.name = name.unwrap_or(&both.name);
        self
    }

    /// The request with the user in it, but for one who stands in the body.
    pub(crate) fn request(&self) -> Result<Outgoing, BuildError> {
        let user = self.user.as_str();
        let mut path = self.path.expand(&[("user", user)])?;
        if self.position == UserPosition::Path && !self.path.mentions("user") {
            let segment: PathTemplate = "{user}".parse()?;
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&segment.expand(&[("user", user)])?);
        }
        let request = Outgoing::new(self.verb.method(), path);
        Ok(match self.position {
            UserPosition::Query => request.query(self.name, user),
            UserPosition::Header => {
                let name: HeaderName = self.name.parse().map_err(|_| {
                    BuildError::Header(format!("user.name ({:?} as a header's name)", self.name))
                })?;
                refuse_reserved("user.name", &name)
                    .map_err(|error| BuildError::Invalid(error.to_string()))?;
                request.header(name, header_value("user", user)?)
            }
            UserPosition::Path | UserPosition::Body | UserPosition::None => request,
        })
    }

    /// The body with the user in it, when that is where the user stands.
    pub(crate) fn in_body(&self, body: &str) -> Result<Option<String>, BuildError> {
        if self.position != UserPosition::Body {
            return Ok(None);
        }
        let pointer = if self.name.starts_with('/') {
            self.name.to_owned()
        } else {
            format!("/{}", self.name.replace('~', "~0").replace('/', "~1"))
        };
        let pointer: Pointer = pointer
            .parse()
            .map_err(|error: json::PointerError| BuildError::Invalid(format!("user.name: {error}")))?;
        let value = serde_json::Value::from(self.user.as_str()).to_string();
        Ok(Some(json::put(body, &pointer, &value)?))
    }
}

/// A header's value in UTF-8; `what` names it in an error.
pub(crate) fn header_value(what: &str, value: &str) -> Result<HeaderValue, BuildError> {
    HeaderValue::from_bytes(value.as_bytes()).map_err(|_| BuildError::Header(what.to_owned()))
}
