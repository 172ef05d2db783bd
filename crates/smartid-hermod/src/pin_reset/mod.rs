//! The two halves of a PIN reset as one thing that can be put away between them.
//!
//! startpinreset opens a mailbox and brings a nonce; endpinreset goes into the same mailbox with the proof (vendor page: API parameters
//! specific to Smart ID Desktop App, documented as two steps; that one mailbox serves both is inferred). A [`PinReset`] remembers ids and
//! times only, never nonce, proof or key; it says what is awaited, finds the mailbox that the second half goes to, and lets one proof out
//! and no second one. [`Hermod::finish_pin_reset`](crate::Hermod::finish_pin_reset) does the steps in one `await`.

mod desktop_version;
mod driver;
mod finish;

use serde::{Deserialize, Serialize};
use smartid_core::Timestamp;

use crate::admin_key::EncryptedNonce;
use crate::answers::PinResetChallenge;
use crate::commands::{EndPinReset, StartPinReset};
use crate::header::CommandHeader;
use crate::ids::{Bid, Mid, SmartCardId};
use crate::pending::Pending;
use crate::response::ImmediateResponse;
use crate::session::Session;

pub use desktop_version::{DesktopVersion, DesktopVersionError};
pub use driver::{Driver, DriverName, DriverType, PinOperation};
pub use finish::FinishError;

/// Why there is no second half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinResetError {
    /// The answer came from a mailbox that the first half was not put into.
    #[error("the nonce comes from a mailbox that the command was not sent to")]
    OtherMailbox,
    /// Several mailboxes and nothing says which one answered, or the answer to the first half named none: what only a callback names is
    /// not sent a proof.
    #[error("nothing that counts says which mailbox the nonce comes from, so there is none for the proof")]
    NoMailbox,
    /// A proof has gone out. A second one may count towards blocking the token.
    #[error("a proof was sent for this PIN reset already; begin another one")]
    AlreadyProved,
}

/// What a PIN reset waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinResetStep<'a> {
    /// The nonce, the answer to the first command.
    Nonce(&'a Pending),
    /// The end, the answer to the second command.
    End(&'a Pending),
}

/// A PIN reset between its two halves. It can be stored: there is no secret in it.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::{Endpoint, Incoming, Timestamp};
/// use smartid_hermod::admin_key::EncryptedNonce;
/// use smartid_hermod::commands::StartPinReset;
/// use smartid_hermod::pin_reset::{PinReset, PinResetStep};
/// use smartid_hermod::{CommandHeader, CommandReport, HermodDialect};
///
/// let dialect = HermodDialect::default();
/// let header = |id: &str| CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250)).map(|header| header.external_id(id));
/// let now = Timestamp::from_millis(0);
///
/// let start = StartPinReset::smart_card(header("r-1")?, "card-1");
/// let answer = r#"{"commandId":"5106","destinations":[{"to":"@tmp","bid":"b-1","mid":"m-1"}],"state":"IN_PROGRESS"}"#;
/// let answer = Incoming::new(http::StatusCode::OK, http::HeaderMap::new(), answer.into());
/// let answer = start.response(&dialect, answer).unwrap();
/// let mut reset = PinReset::started(&start, &answer, now);
/// assert!(matches!(reset.step(), PinResetStep::Nonce(pending) if pending.expects_response));
///
/// // Later, perhaps elsewhere: the callback, or the answer to a poll.
/// let report = r#"{"commandId":"5106","state":"SUCCESS","response":{"nonce":"8f3a61c20d94be57"}}"#;
/// let challenge = CommandReport::read(report.into(), &dialect)?.start_pin_reset(&dialect).succeeded().unwrap();
/// let proof = EncryptedNonce::new([0x1d, 0xd4, 0x38, 0x97, 0x63, 0x65, 0xd7, 0x34])?; // from the admin key
/// let end = reset.prove(header("r-2")?, &challenge, proof, now)?;
/// assert_eq!(
///     end.request(&dialect)?.body_bytes(),
///     r#"{"commandHeader":{"lifespan":300,"timeout":250,"to":["b-1"],"externalId":"r-2"},"epinCommand":{"encryptednonce":"1dd438976365d734","smartcardid":"card-1"}}"#,
/// );
/// assert!(matches!(reset.step(), PinResetStep::End(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PinReset {
    /// The token, when the first half named it; the second half names it too.
    pub smart_card_id: Option<SmartCardId>,
    /// The mailboxes that the first half was put into.
    pub mailboxes: Vec<Mailbox>,
    /// When the first half was sent.
    pub sent: Timestamp,
    /// The first half.
    pub start: Pending,
    /// The second half, once its proof may have gone out.
    pub end: Option<Pending>,
}

/// A mailbox, and the message in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mailbox {
    /// The mailbox.
    pub bid: Bid,
    /// The message.
    pub mid: Option<Mid>,
}

impl PinReset {
    /// After messaging has answered the first half. `sent` is when that was sent.
    #[must_use]
    pub fn started(command: &StartPinReset, answer: &ImmediateResponse, sent: Timestamp) -> Self {
        let mailboxes = answer.destinations.iter().filter_map(|to| {
            Some(Mailbox {
                bid: to.bid.clone()?,
                mid: to.mid.clone(),
            })
        });
        Self {
            smart_card_id: command.smart_card_id.clone(),
            mailboxes: mailboxes.collect(),
            sent,
            start: Pending::new(&command.header, sent)
                .expecting_response()
                .answered(answer),
            end: None,
        }
    }

    /// What is awaited.
    #[must_use]
    pub fn step(&self) -> PinResetStep<'_> {
        self.end
            .as_ref()
            .map_or(PinResetStep::Nonce(&self.start), PinResetStep::End)
    }

    /// The second half, into the mailbox that answered, for the token that the first half named. A new admin key is added to it with
    /// [`EndPinReset::new_admin_key`].
    ///
    /// From here on this value waits for the end: **store it before the command is sent**, because the proof must not go out twice.
    /// `now` is when it is sent.
    ///
    /// # Errors
    /// [`PinResetError`].
    pub fn prove(
        &mut self,
        header: CommandHeader,
        challenge: &PinResetChallenge,
        proof: EncryptedNonce,
        now: Timestamp,
    ) -> Result<EndPinReset, PinResetError> {
        if self.end.is_some() {
            return Err(PinResetError::AlreadyProved);
        }
        let session = self.session(challenge)?;
        self.end = Some(Pending::new(&header, now));
        Ok(EndPinReset {
            smart_card_id: self.smart_card_id.clone(),
            ..EndPinReset::new(header, &session, proof)
        })
    }

    /// After messaging has answered the second half.
    pub fn proved(&mut self, answer: &ImmediateResponse) {
        self.end = self.end.take().map(|pending| pending.answered(answer));
    }

    /// When the second half certainly was not taken: it may be sent again.
    pub fn not_proved(&mut self) {
        self.end = None;
    }

    /// The session of the mailbox that answered.
    fn session(&self, challenge: &PinResetChallenge) -> Result<Session, PinResetError> {
        let mailbox = match (self.mailboxes.as_slice(), &challenge.bid) {
            // Where messaging named no mailbox, a callback's word is not enough: a forged one would be sent the proof.
            ([], _) => return Err(PinResetError::NoMailbox),
            ([only], None) => only.clone(),
            (_, None) => return Err(PinResetError::NoMailbox),
            (all, Some(bid)) => {
                let known = all.iter().find(|mailbox| mailbox.bid == *bid);
                known.ok_or(PinResetError::OtherMailbox)?.clone()
            }
        };
        Ok(Session {
            bid: mailbox.bid,
            mid: mailbox.mid,
            // The answer to the first half, which made this value, has an id.
            command_id: self.start.command_id.clone().ok_or(PinResetError::NoMailbox)?,
            external_id: self.start.external_id.clone(),
            created: self.sent,
            expires: self.start.expires,
        })
    }
}
