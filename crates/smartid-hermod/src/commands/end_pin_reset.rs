//! `POST {command-base}/endpinreset`: the second half of a PIN reset. The app hands the proof to the token, and the person chooses a PIN.
//!
//! Desktop App only, 1.1 or later. Vendor pages: 1.1 - API parameters specific to Personal Desktop App, and API parameters specific to
//! Smart ID Desktop App (documented: command and parameters); path and wrapper are inferred, and so is that it goes to the mailbox which
//! the first half opened: settings `end_pin_reset.*`; codings: settings `pin_reset.*`. Sent by an API user with its key.
//!
//! **Never repeated by itself**: a proof that the token does not accept may count towards blocking its admin key, and a nonce is good for
//! one proof. When the answer is lost, wait for the callback; to try again, begin with another
//! [`StartPinReset`](super::StartPinReset). The outcome is [`CommandReport::end_pin_reset`](crate::CommandReport::end_pin_reset). When it
//! is refused, see [`HermodError`](crate::HermodError).

use serde::Serialize;
use smartid_core::{BuildError, Endpoint, Incoming, Lint, Outgoing, Repeat, ResponseError};

use super::{Members, request, response};
use crate::admin_key::{AdminKeyInTransit, EncryptedNonce};
use crate::api_key::auth;
use crate::dialect::{DestinationTemplate, HermodDialect, Placeholders};
use crate::error::HermodError;
use crate::header::{CommandHeader, TEMPORARY};
use crate::ids::{Bid, ProfileId, SmartCardId};
use crate::response::ImmediateResponse;
use crate::session::Session;

/// Proves that we have the token's admin key, and perhaps sets another one.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_hermod::admin_key::EncryptedNonce;
/// use smartid_hermod::{CommandHeader, HermodDialect, Session, commands::EndPinReset};
///
/// let session: Session = serde_json::from_str(
///     r#"{"bid":"b-1","mid":"m-1","command_id":"5106","external_id":"r-1","created":0,"expires":250000}"#,
/// )?;
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?.external_id("r-2");
/// let proof = EncryptedNonce::new([0x1d, 0xd4, 0x38, 0x97, 0x63, 0x65, 0xd7, 0x34])?;
///
/// let dialect = HermodDialect::default();
/// let command = EndPinReset::new(header, &session, proof).smart_card_id("card-1");
/// let request = command.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "endpinreset"));
/// assert_eq!(
///     request.body_bytes(),
///     r#"{"commandHeader":{"lifespan":300,"timeout":250,"to":["b-1"],"externalId":"r-2"},"epinCommand":{"encryptednonce":"1dd438976365d734","smartcardid":"card-1"}}"#,
/// );
///
/// let answer = r#"{"commandId":"5107","commandType":"EPIN","state":"IN_PROGRESS"}"#;
/// let incoming = Incoming::new(http::StatusCode::OK, http::HeaderMap::new(), answer.into());
/// assert_eq!(command.response(&dialect, incoming).unwrap().command_id.as_str(), "5107");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndPinReset {
    /// Lifespan, timeout, destinations and our id.
    pub header: CommandHeader,
    /// The session that the first half opened.
    pub session: Option<Session>,
    /// The mailbox, when it is not the session's.
    pub bid: Option<Bid>,
    /// The nonce of the first half, encrypted with the admin key.
    pub proof: EncryptedNonce,
    /// The token.
    pub smart_card_id: Option<SmartCardId>,
    /// A new admin key; when it is there, the admin key is changed and the PIN is not reset.
    pub new_admin_key: Option<AdminKeyInTransit>,
    /// The profile; no page lists it for this command.
    pub profile_id: Option<ProfileId>,
    /// Further members of `epinCommand`.
    pub members: Members,
}

#[derive(Serialize)]
struct Body<'a> {
    encryptednonce: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    smartcardid: Option<&'a SmartCardId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newadminkey: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profileid: Option<&'a ProfileId>,
}

impl EndPinReset {
    /// Into the mailbox of the session that the first half opened.
    #[must_use]
    pub fn new(header: CommandHeader, session: &Session, proof: EncryptedNonce) -> Self {
        Self {
            session: Some(session.clone()),
            ..Self::alone(header, proof)
        }
    }

    /// Into a mailbox.
    #[must_use]
    pub fn mailbox(header: CommandHeader, bid: impl Into<Bid>, proof: EncryptedNonce) -> Self {
        Self {
            bid: Some(bid.into()),
            ..Self::alone(header, proof)
        }
    }

    /// To a temporary mailbox of its own, so that the person opens a second link. A header or a dialect with destinations that need no
    /// session wins over that.
    #[must_use]
    pub fn alone(header: CommandHeader, proof: EncryptedNonce) -> Self {
        Self {
            header,
            session: None,
            bid: None,
            proof,
            smart_card_id: None,
            new_admin_key: None,
            profile_id: None,
            members: Members::default(),
        }
    }

    /// Sets the token.
    #[must_use]
    pub fn smart_card_id(mut self, id: impl Into<SmartCardId>) -> Self {
        self.smart_card_id = Some(id.into());
        self
    }

    /// Sets a new admin key: the admin key is changed, and the PIN is not reset.
    /// [`PinResetChallenge::protect`](crate::answers::PinResetChallenge::protect) decides how it travels.
    #[must_use]
    pub fn new_admin_key(mut self, key: AdminKeyInTransit) -> Self {
        self.new_admin_key = Some(key);
        self
    }

    /// Sets the profile. Not listed for this command.
    #[must_use]
    pub fn profile_id(mut self, id: impl Into<ProfileId>) -> Self {
        self.profile_id = Some(id.into());
        self
    }

    /// What was let pass: what is weak about a new admin key in clear.
    #[must_use]
    pub fn lints(&self) -> Vec<Lint> {
        let key = self.new_admin_key.as_ref();
        key.map(AdminKeyInTransit::lints).unwrap_or_default()
    }
}

impl Endpoint for EndPinReset {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    type Output = ImmediateResponse;
    type Error = HermodError;

    const NAME: &'static str = "hermod.end-pin-reset";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &HermodDialect) -> Result<Outgoing, BuildError> {
        let setting = &dialect.end_pin_reset;
        let session = self.session.as_ref();
        let mut values = session.map_or_else(Placeholders::default, Session::placeholders);
        values.bid = self.bid.as_ref().map(Bid::as_str).or(values.bid);
        values.smart_card_id = self.smart_card_id.as_ref().map(SmartCardId::as_str);
        values.profile_id = self.profile_id.as_ref().map(ProfileId::as_str);

        let nowhere = values.bid.is_none() && self.header.destinations().is_none();
        let temporary;
        let header = if nowhere && setting.to.iter().any(DestinationTemplate::has_placeholder) {
            temporary = self.header.clone().to([TEMPORARY]);
            &temporary
        } else {
            &self.header
        };
        let proof = dialect.pin_reset.proof.write(self.proof.expose());
        let key = self.new_admin_key.as_ref();
        let key = key.map(|key| key.write(dialect.pin_reset.transported_admin_key));
        let body = Body {
            encryptednonce: &proof,
            smartcardid: self.smart_card_id.as_ref(),
            newadminkey: key.as_ref().map(|key| key.as_str()),
            profileid: self.profile_id.as_ref(),
        };
        request(setting, header, &values, &body, &self.members)
    }

    fn response(
        &self,
        dialect: &HermodDialect,
        incoming: Incoming,
    ) -> Result<ImmediateResponse, ResponseError<HermodError>> {
        response(&dialect.end_pin_reset, &dialect.states, incoming)
    }
}
