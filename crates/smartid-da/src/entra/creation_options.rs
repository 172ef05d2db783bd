//! Asks for creation options on behalf of a user.
//!
//! `GET {version}/users/{user}/authentication/fido2Methods/creationOptions`, in beta with the function parameter
//! `(challengeTimeoutInMinutes=n)` \[documented; Microsoft Graph: fido2AuthenticationMethod: creationOptions\]. A second call does no harm: it
//! issues another challenge.
//!
//! The answer is an object with `publicKey`, the options, and `challengeTimeoutDateTime`; the example on the page of beta has it in a member
//! `value`. The authenticator's side gets the octets of the value of `publicKey`, whatever stands in it.

use std::time::Duration;

use http::{Method, StatusCode};
use smartid_core::{
    BuildError, Content, Endpoint, Incoming, Lint, Outgoing, Repeat, ResponseError, Timestamp,
};

use super::read::{answered, date_of};
use super::refusal::EntraRefusal;
use super::{DEFAULT_MINUTES, GraphToken, GraphVersion, methods_path, minutes_in_range};
use crate::fido::reader::{Object, string, too_deep, without_bom};
use crate::fido::{CreationOptions, ExcludedIds};
use crate::relying_party::Offer;
use crate::user::UserId;

/// The request; see the module's text for what it asks.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming, Timestamp};
/// use smartid_da::{UserId, entra::GetCreationOptions};
///
/// let asked = Timestamp::from_iso8601("2026-03-01T10:00:00Z").unwrap();
/// let call = GetCreationOptions::new(UserId::new("alice@example.test")?).asked(asked);
/// let request = call.request(&())?;
/// assert_eq!(request.target(), "v1.0/users/alice%40example.test/authentication/fido2Methods/creationOptions");
///
/// let body = br#"{"challengeTimeoutDateTime": "2026-03-01T10:05:00Z", "publicKey": {"rp": {"id": "login.example.test", "name": "Tenant"},
///     "user": {"id": "AQ", "name": "alice", "displayName": "Alice"}, "challenge": "AAECAwQFBgcICQoLDA0ODw",
///     "pubKeyCredParams": [{"type": "public-key", "alg": -7}], "timeout": 0}}"#;
/// let answer = Incoming::new(StatusCode::OK, HeaderMap::new(), bytes::Bytes::from_static(body));
/// let offer = call.response(&(), answer).unwrap();
/// assert!(offer.options.raw().starts_with(r#"{"rp": {"#));
/// assert_eq!(offer.expires.unwrap().to_iso8601(), "2026-03-01T10:05:00Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetCreationOptions {
    /// Whose credential it will be: object id or user principal name.
    pub user: UserId,
    /// Which version of Graph is asked.
    pub version: GraphVersion,
    /// How long the challenge shall live, in minutes: 5 to 43 200, in beta only.
    pub challenge_minutes: Option<u32>,
    /// When the request is sent. What the answer says about time is understood from there, where it has no `Date`.
    pub asked: Option<Timestamp>,
}

impl GetCreationOptions {
    /// Options for this user, by v1.0.
    #[must_use]
    pub fn new(user: UserId) -> Self {
        Self {
            user,
            version: GraphVersion::V1,
            challenge_minutes: None,
            asked: None,
        }
    }

    /// Sets the version of Graph.
    #[must_use]
    pub fn version(mut self, version: GraphVersion) -> Self {
        self.version = version;
        self
    }

    /// Sets how long the challenge shall live, in minutes.
    #[must_use]
    pub fn challenge_minutes(mut self, minutes: Option<u32>) -> Self {
        self.challenge_minutes = minutes;
        self
    }

    /// Sets when the request is sent.
    #[must_use]
    pub fn asked(mut self, at: Timestamp) -> Self {
        self.asked = Some(at);
        self
    }

    /// When the challenge ends by our clock. Where the answer has a `Date`, only the time between the two counts, so that a clock that
    /// is wrong here does not matter. Without a usable time limit the documented one counts from the request.
    fn expires(&self, limit: Option<&str>, incoming: &Incoming, lints: &mut Vec<Lint>) -> Option<Timestamp> {
        let at = "/challengeTimeoutDateTime";
        let mut odd = |code, what: &str| lints.push(Lint::new(at, what).code(code));
        let told = limit.and_then(string);
        let Some(end) = told.as_deref().and_then(Timestamp::from_iso8601) else {
            odd("timeout", "is no time; what is documented counts");
            let minutes = u64::from(self.challenge_minutes.unwrap_or(DEFAULT_MINUTES));
            return self.asked.map(|asked| asked + Duration::from_secs(minutes * 60));
        };
        let end = match (self.asked, date_of(incoming)) {
            (Some(asked), Some(date)) => asked + end.since(date),
            _ => end,
        };
        if self.asked.is_some_and(|asked| end <= asked) {
            odd("past", "is past already: a clock is wrong somewhere");
        }
        Some(end)
    }
}

impl Endpoint for GetCreationOptions {
    type Auth = GraphToken;
    type Dialect = ();
    type Output = Offer;
    type Error = EntraRefusal;

    const NAME: &'static str = "entra.fido-options";
    const REPEAT: Repeat = Repeat::Idempotent;

    fn request(&self, _: &()) -> Result<Outgoing, BuildError> {
        minutes_in_range(self.version, self.challenge_minutes).map_err(BuildError::Invalid)?;
        let mut path = methods_path(self.version, &self.user)?;
        path.push_str("/creationOptions");
        if let Some(minutes) = self.challenge_minutes {
            path.push_str(&format!("(challengeTimeoutInMinutes={minutes})"));
        }
        Ok(Outgoing::new(Method::GET, path))
    }

    fn response(&self, _: &(), incoming: Incoming) -> Result<Offer, ResponseError<EntraRefusal>> {
        answered(&incoming, Self::REPEAT, self.asked)?;
        if incoming.status() != StatusCode::OK {
            return Err(incoming
                .unreadable("a status that this call does not have")
                .into());
        }
        if incoming.content() == Content::Empty {
            return Err(incoming
                .unreadable("no creation options, the body is empty")
                .into());
        }
        let text = std::str::from_utf8(incoming.body())
            .map_err(|_| incoming.unreadable("the creation options are not UTF-8"))?;
        let mut lints = Vec::new();
        let text = without_bom(text).0.trim();
        if too_deep(text) {
            return Err(incoming
                .unreadable("the answer nests more than 64 levels deep")
                .into());
        }
        let no_object = || incoming.unreadable("the answer is no JSON object");
        let mut outer = Object::read(text).ok_or_else(no_object)?;
        let mut whole = text;
        if let (None, Some(inner)) = (outer.get("publicKey"), outer.get("value")) {
            lints.push(Lint::new("/value", "holds the whole answer").code("wrapper"));
            outer = Object::read(inner).ok_or_else(no_object)?;
            whole = inner;
        }
        if outer.get("publicKey").is_none() {
            return Err(incoming.unreadable("the answer has no publicKey").into());
        }
        let options = CreationOptions::parse_with(whole, ExcludedIds::PaddingCounted)
            .map_err(|error| incoming.unreadable(&error.to_string()))?;
        let expires = self.expires(outer.get("challengeTimeoutDateTime"), &incoming, &mut lints);
        let mut offer = Offer::new(options).expires(expires);
        offer.lints = lints;
        Ok(offer)
    }
}
