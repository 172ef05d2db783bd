//! `POST {command-base}/provision`: makes a profile with keys in an app, or changes one.
//!
//! Vendor pages: Smart ID Messaging API overview (documented: the verb), Example: Smart ID Mobile App provisioning and Example: Smart ID
//! Mobile App certificate provisioning (documented examples: wrapper, members, their letter case), Smart ID Messaging - Standard service
//! tasks in Identity Manager (documented: new or update, the same key id overwrites). Inferred: `profileid`, the usages but `SIG`, `EC`.
//! Sent by an API user with its key. Never repeated by itself: the person would be asked twice. Without a destination the command makes a
//! temporary mailbox, and the immediate answer has the link that a person opens. The outcome is
//! [`CommandReport::provision`](crate::CommandReport::provision): an answer that the app has signed, and that is verified with what
//! [`Provision::policy`] has kept of the command.
//!
//! When messaging refuses the command, see [`HermodError`]; when the answer cannot be believed, see
//! [`ProvisionRefusal`](crate::answers::ProvisionRefusal).

mod key_request;
mod profile;
mod visual;

#[cfg(test)]
mod tests;

use serde::Serialize;
use smartid_core::{BuildError, Endpoint, Incoming, Lint, Outgoing, Repeat, ResponseError};

use super::{Members, Nonce, request, response};
use crate::answers::{AttestationKeys, ProvisionExpectation, ProvisionPolicy};
use crate::api_key::auth;
use crate::dialect::{HermodDialect, Placeholders};
use crate::error::HermodError;
use crate::header::CommandHeader;
use crate::ids::{ProfileId, UserId};
use crate::open::open_enum;
use crate::response::ImmediateResponse;

pub(crate) use key_request::quirks;
pub use key_request::{KeyRequest, KeyState, KeyTypeName, KeyTypePriority, Storage, Usage};
pub use profile::{MAX_KEYS, Profile};
pub use visual::{CardDataType, CardProtection, CardSide, MAX_CARD_SIDE, ProfileCard, TextColor, VisualData};

open_enum! {
    /// `responsesignaturekey`: the key that an app signs its answer with.
    SignatureKey {
        /// The attestation key of the app (vendor pages: Example: Smart ID Mobile App provisioning, Configure custom attestation keys,
        /// documented example). Other values are unknown; the id of a key of the profile is the nearest.
        Attestation = "ATTESTATION",
    }
}

open_enum! {
    /// `responseformat`: the form of a signed answer.
    ResponseFormat {
        /// A JWS (documented example).
        Jws = "jws",
    }
}

/// Makes or changes a profile.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_hermod::commands::provision::{KeyRequest, KeyTypePriority, Provision, Usage};
/// use smartid_hermod::{CommandHeader, HermodDialect};
///
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?.external_id("p-1");
/// let key = KeyRequest::new("signer", Usage::Signature, [KeyTypePriority::rsa(2048)]);
/// let command = Provision::new_profile(header, "user-1@example.com", "Example Smart ID", "TestProfile")
///     .nonce("83012264") // as a rule Nonce::random(&**hermod.runtime())
///     .key(key); // with .template(..) where a certificate is wanted
/// assert!(command.lints().is_empty());
///
/// let dialect = HermodDialect::default();
/// let request = command.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "provision"));
/// let body = r#"{"commandHeader":{"lifespan":300,"timeout":250,"externalId":"p-1"},"provCommand":{
///     "nonce":"83012264","userid":"user-1@example.com","responsesignaturekey":"ATTESTATION","responseformat":"jws","profile":{
///     "servername":"Example Smart ID","name":"TestProfile","keygenrequests":[{"keyid":"signer","usage":"SIG","keytypeprios":[
///     {"keytype":"RSA","keylength":"2048","responsemechanism":"RS256"}],"storageprios":["APP"],"keystate":"ACTIVE"}]}}}"#;
/// assert_eq!(request.body_bytes(), &body.lines().map(str::trim).collect::<String>());
///
/// let answer = r#"{"commandId":"5101","destinations":[{"to":"@tmp",
///     "uri":"com.nexusgroup.plugout:///?url=https%3a%2f%2fh.example.test%2fms%2fb-1&token=t-1"}]}"#;
/// let incoming = Incoming::new(http::StatusCode::OK, http::HeaderMap::new(), answer.into());
/// assert!(command.response(&dialect, incoming).unwrap().link().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Provision {
    /// Lifespan, timeout, destinations and our id.
    pub header: CommandHeader,
    /// The challenge that comes back in the answer. A command without one is not sent, see
    /// [`danger_without_nonce`](Self::danger_without_nonce).
    pub nonce: Option<Nonce>,
    /// The user on the messaging server; the app shows it.
    pub user_id: UserId,
    /// The key that the answer is signed with; the attestation key unless set.
    pub signature_key: Option<SignatureKey>,
    /// The form of the answer; `jws` unless set.
    pub response_format: Option<ResponseFormat>,
    /// Names, keys and card.
    pub profile: Profile,
    /// Further members of `provCommand`. What they change is not part of [`policy`](Self::policy).
    pub members: Members,
    without_nonce: bool,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a Nonce>,
    userid: &'a UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    responsesignaturekey: Option<&'a SignatureKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    responseformat: Option<&'a ResponseFormat>,
    profile: &'a Profile,
}

impl Provision {
    /// Makes a profile: `server` is the label of the server and `name` that of the profile in the app.
    pub fn new_profile(
        header: CommandHeader,
        user: impl Into<UserId>,
        server: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        let profile = Profile {
            server_name: Some(server.into()),
            name: Some(name.into()),
            ..Profile::default()
        };
        Self::with_profile(header, user.into(), profile)
    }

    /// Changes a profile: keys with ids that it has are overwritten. As a rule the header has a destination then, because an app that
    /// has the profile needs no link.
    pub fn update(header: CommandHeader, user: impl Into<UserId>, profile_id: impl Into<ProfileId>) -> Self {
        let profile = Profile {
            profile_id: Some(profile_id.into()),
            ..Profile::default()
        };
        Self::with_profile(header, user.into(), profile)
    }

    fn with_profile(header: CommandHeader, user_id: UserId, profile: Profile) -> Self {
        Self {
            header,
            nonce: None,
            user_id,
            signature_key: Some(SignatureKey::Attestation),
            response_format: Some(ResponseFormat::Jws),
            profile,
            members: Members::default(),
            without_nonce: false,
        }
    }

    /// Sets the challenge. Each command needs one of its own.
    #[must_use]
    pub fn nonce(mut self, nonce: impl Into<Nonce>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// Sends no challenge.
    ///
    /// Nothing then ties an answer to this command: whoever has an older answer of the same user and profile can pass it off as the
    /// answer to this one, and a certificate is issued to a key that somebody else may hold by now.
    #[must_use]
    pub fn danger_without_nonce(mut self) -> Self {
        self.nonce = None;
        self.without_nonce = true;
        self
    }

    /// Adds a key.
    #[must_use]
    pub fn key(mut self, key: KeyRequest) -> Self {
        self.profile.keys.push(key);
        self
    }

    /// Sets the card.
    #[must_use]
    pub fn visual(mut self, visual: VisualData) -> Self {
        self.profile.visual = Some(visual);
        self
    }

    /// Sets the key that the answer is signed with.
    #[must_use]
    pub fn signature_key(mut self, key: impl Into<SignatureKey>) -> Self {
        self.signature_key = Some(key.into());
        self
    }

    /// What the answer will be checked by: store it with the pending command where another process may take the answer.
    #[must_use]
    pub fn expectation(&self) -> ProvisionExpectation {
        let signature_key = self.signature_key.clone().unwrap_or(SignatureKey::Attestation);
        ProvisionExpectation::new(
            self.nonce.clone(),
            self.user_id.clone(),
            self.profile.profile_id.clone(),
            signature_key,
        )
        .keys(self.profile.keys.iter().cloned())
    }

    /// What the answer must be.
    #[must_use]
    pub fn policy(&self, keys: &AttestationKeys) -> ProvisionPolicy {
        ProvisionPolicy::new(self.expectation(), keys)
    }

    /// What is odd, but not refused.
    #[must_use]
    pub fn lints(&self) -> Vec<Lint> {
        let mut lints = self.header.lints();
        if self.nonce.is_none() {
            lints.push(Lint::new("nonce", "nothing ties the answer to this command"));
        }
        if self.profile.profile_id.is_some() && self.header.destinations().is_none() {
            lints.push(Lint::new(
                "commandHeader/to",
                "the update goes to a temporary mailbox, not to the mailbox of the profile",
            ));
        }
        self.profile.lints(&mut lints);
        lints
    }

    fn check(&self) -> Result<(), BuildError> {
        let refuse = |what: &str| Err(BuildError::Invalid(what.to_owned()));
        if self.user_id.as_str().trim().is_empty() {
            return refuse("the user id is empty");
        }
        match &self.nonce {
            Some(nonce) if nonce.as_str().is_empty() => return refuse("the nonce is empty"),
            None if !self.without_nonce => {
                return refuse("there is no nonce, so nothing would tie the answer to this command");
            }
            _ => {}
        }
        self.profile.check()
    }
}

impl Endpoint for Provision {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    type Output = ImmediateResponse;
    type Error = HermodError;

    const NAME: &'static str = "hermod.provision";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &HermodDialect) -> Result<Outgoing, BuildError> {
        self.check()?;
        let body = Body {
            nonce: self.nonce.as_ref(),
            userid: &self.user_id,
            responsesignaturekey: self.signature_key.as_ref(),
            responseformat: self.response_format.as_ref(),
            profile: &self.profile,
        };
        let values = Placeholders {
            user_id: Some(self.user_id.as_str()),
            profile_id: self.profile.profile_id.as_ref().map(ProfileId::as_str),
            ..Placeholders::default()
        };
        request(&dialect.provision, &self.header, &values, &body, &self.members)
    }

    fn response(
        &self,
        dialect: &HermodDialect,
        incoming: Incoming,
    ) -> Result<ImmediateResponse, ResponseError<HermodError>> {
        response(&dialect.provision, &dialect.states, incoming)
    }
}
