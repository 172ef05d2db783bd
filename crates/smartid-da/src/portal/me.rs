//! The user of a portal session, and the attributes that this user may set.
//!
//! `GET <api>/me` and `POST <api>/me/attributes`, where `<api>` is `/https/api/rest/v1.0` \[observed in third-party code; no vendor
//! page\]. The caller is a person's browser session ([`PortalSession`](super::PortalSession)), and the portal page's own script is what
//! such calls look like, so its headers are sent. One attribute or several are set at once; only 204 means that they are.
//!
//! What can go wrong is a [`DaRefusal`]: the session has ended (401, a redirect or a login page: the person must log in again), an
//! attribute is not allowed (403, 400 or any other answer with a text: the calling program), the server failed (500: the attributes may
//! be set; setting them again does no harm).

use std::fmt;

use http::header::{ACCEPT, REFERER};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use smartid_core::dialect::SuccessStatus;
use smartid_core::{
    BuildError, ConfigError, Endpoint, Incoming, Outgoing, Repeat, ResponseError, Unreadable, json,
};

use super::{AccessPoint, MappedPath};
use crate::dialect::DaDialect;
use crate::fido::reader::{Object, string, too_deep, without_bom};
use crate::refusal::{DaRefusal, accept, rejection};

/// How many attributes a user may have.
const MOST: usize = 1024;

/// Where the portal's calls go: an access point, and the API behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalApi {
    access_point: AccessPoint,
    api: String,
}

impl PortalApi {
    /// The API at its usual place, `/https/api/rest/v1.0` \[observed\].
    #[must_use]
    pub fn new(access_point: AccessPoint) -> Self {
        Self {
            access_point,
            api: String::from("/https/api/rest/v1.0"),
        }
    }

    /// The API at another place: another version, or a web resource of another name.
    ///
    /// # Errors
    /// [`ConfigError`] of setting `portal.api` when the path has a query, or a slash at its end.
    pub fn at(mut self, api: &MappedPath) -> Result<Self, ConfigError> {
        if api.query().is_some() || api.path().ends_with('/') {
            return Err(ConfigError::new(
                "portal.api",
                "must have no query and no slash at its end",
            ));
        }
        self.api = api.to_string();
        Ok(self)
    }

    /// The access point.
    #[must_use]
    pub fn access_point(&self) -> &AccessPoint {
        &self.access_point
    }

    fn request(&self, method: Method, path: &str) -> Result<Outgoing, BuildError> {
        let referer = format!("{}/wa/desktop.html", self.access_point);
        let referer =
            HeaderValue::from_str(&referer).map_err(|_| BuildError::Header(String::from("Referer")))?;
        let path = format!("{}{path}", self.api.trim_start_matches('/'));
        Ok(Outgoing::new(method, path)
            .header(
                ACCEPT,
                HeaderValue::from_static("application/json, text/javascript, */*; q=0.01"),
            )
            .header(
                HeaderName::from_static("x-requested-with"),
                HeaderValue::from_static("XMLHttpRequest"),
            )
            .header(REFERER, referer))
    }
}

/// Asks for the session's user.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_da::DaDialect;
/// use smartid_da::portal::{AccessPoint, Me, PortalApi};
///
/// let api = PortalApi::new(AccessPoint::parse("https://da.example.test")?);
/// let call = Me::new(api);
/// let request = call.request(&DaDialect::default())?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("GET", "https/api/rest/v1.0/me"));
///
/// let body = br#"{"attributes":{"mail":"alice@example.test","age":17}}"#;
/// let answer = Incoming::new(StatusCode::OK, HeaderMap::new(), bytes::Bytes::from_static(body));
/// let user = call.response(&DaDialect::default(), answer).unwrap();
/// assert_eq!((user.text("mail"), user.text("age"), user.json("age")), (Some("alice@example.test"), None, Some("17")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    api: PortalApi,
}

impl Me {
    /// The user of the session that the call is made with.
    #[must_use]
    pub fn new(api: PortalApi) -> Self {
        Self { api }
    }
}

impl Endpoint for Me {
    type Auth = super::PortalSession;
    type Dialect = DaDialect;
    type Output = PortalUser;
    type Error = DaRefusal;

    const NAME: &'static str = "da.me";
    const REPEAT: Repeat = Repeat::Safe;

    fn request(&self, _: &DaDialect) -> Result<Outgoing, BuildError> {
        self.api.request(Method::GET, "/me")
    }

    fn response(
        &self,
        dialect: &DaDialect,
        incoming: Incoming,
    ) -> Result<PortalUser, ResponseError<DaRefusal>> {
        accept(dialect, &SuccessStatus::any_2xx(), &incoming)?;
        Ok(PortalUser::read(&incoming)?)
    }
}

/// Sets attributes of the session's user: those that the user may set, not those of the user storage.
///
/// ```
/// use smartid_core::Endpoint;
/// use smartid_da::DaDialect;
/// use smartid_da::portal::{AccessPoint, PortalApi, SetAttributes};
///
/// let api = PortalApi::new(AccessPoint::parse("https://da.example.test")?);
/// let request = SetAttributes::new(api).set("locale", "sv").request(&DaDialect::default())?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "https/api/rest/v1.0/me/attributes"));
/// assert_eq!(&request.body_bytes()[..], br#"{"locale":"sv"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct SetAttributes {
    api: PortalApi,
    attributes: Vec<(String, String)>,
}

impl SetAttributes {
    /// No attribute yet; at least one must be set.
    pub fn new(api: PortalApi) -> Self {
        Self {
            api,
            attributes: Vec::new(),
        }
    }

    /// One more attribute; an empty value is a value.
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }
}

impl Endpoint for SetAttributes {
    type Auth = super::PortalSession;
    type Dialect = DaDialect;
    type Output = ();
    type Error = DaRefusal;

    const NAME: &'static str = "da.me-attributes";
    const REPEAT: Repeat = Repeat::Idempotent;

    fn request(&self, _: &DaDialect) -> Result<Outgoing, BuildError> {
        let invalid = |problem: &str| Err(BuildError::Invalid(format!("attributes: {problem}")));
        let mut object = serde_json::Map::new();
        for (name, value) in &self.attributes {
            if name.is_empty() {
                return invalid("one has no name");
            }
            if object.insert(name.clone(), value.as_str().into()).is_some() {
                return invalid("one is set twice");
            }
        }
        if object.is_empty() || object.len() > MOST {
            return invalid("there must be one at least, and 1024 at most");
        }
        self.api.request(Method::POST, "/me/attributes")?.json(&object)
    }

    fn response(&self, dialect: &DaDialect, incoming: Incoming) -> Result<(), ResponseError<DaRefusal>> {
        accept(dialect, &SuccessStatus::any_2xx(), &incoming)?;
        if incoming.status() == StatusCode::NO_CONTENT {
            return Ok(());
        }
        Err(ResponseError::Refused(rejection(dialect, &incoming)))
    }
}

impl fmt::Debug for SetAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { api, attributes } = self;
        let names: Vec<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("SetAttributes")
            .field("api", api)
            .field("attributes", &names)
            .finish()
    }
}

/// The user of a session, as the portal shows it. `Debug` shows the names of the attributes and no values.
///
/// Names and values are the sender's text: they may hold what steers a terminal.
#[derive(Clone, PartialEq, Eq)]
pub struct PortalUser(Vec<Attribute>);

#[derive(Clone, PartialEq, Eq)]
struct Attribute {
    name: String,
    json: String,
    text: Option<String>,
}

impl PortalUser {
    /// The value of an attribute, if it is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.text.as_deref()
    }

    /// The value of an attribute as the JSON that came: a list, a number, null.
    #[must_use]
    pub fn json(&self, name: &str) -> Option<&str> {
        self.get(name).map(|attribute| attribute.json.as_str())
    }

    /// All attributes whose value is a text, in the order in which they came.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter_map(|attribute| Some((attribute.name.as_str(), attribute.text.as_deref()?)))
    }

    /// The names of all attributes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|attribute| attribute.name.as_str())
    }

    fn get(&self, name: &str) -> Option<&Attribute> {
        self.0.iter().find(|attribute| attribute.name == name)
    }

    fn read(incoming: &Incoming) -> Result<Self, Unreadable> {
        let wrong = |problem: &str| incoming.unreadable(problem);
        let text = std::str::from_utf8(incoming.body()).map_err(|_| wrong("the user is not UTF-8"))?;
        let (text, _) = without_bom(text);
        if too_deep(text) {
            return Err(wrong("the user nests more than 64 levels deep"));
        }
        let object = Object::read(text).ok_or_else(|| wrong("the user is not a JSON object"))?;
        if object.repeated(&["attributes"]).is_some() {
            return Err(wrong("attributes stands there twice"));
        }
        let attributes = object
            .get("attributes")
            .and_then(json::members)
            .ok_or_else(|| wrong("the user has no object attributes"))?;
        if attributes.len() > MOST {
            return Err(wrong("the user has more than 1024 attributes"));
        }
        let mut names: Vec<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            return Err(wrong("an attribute stands there twice"));
        }
        let attribute = |(name, json): (String, &str)| Attribute {
            name,
            json: json.to_owned(),
            text: string(json),
        };
        Ok(Self(attributes.into_iter().map(attribute).collect()))
    }
}

impl fmt::Debug for PortalUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PortalUser")?;
        f.debug_list().entries(self.names()).finish()
    }
}
