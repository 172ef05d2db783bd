//! `POST {command-base}/delete`, not forwarded: messaging forgets a user's mailboxes, and the profiles stay in the apps.
//!
//! Vendor page: Smart ID Messaging - Standard service tasks in Identity Manager (documented: the task "Delete profile" without
//! confirmation deletes one mailbox when a profile id is given, all of the user's if not). Nothing of the wire is: settings
//! `delete_mailbox.*`. Sent by an API user with its key. May be repeated: what is gone stays gone. It is done when messaging has answered;
//! whether a callback follows is not known, and one that comes is read with
//! [`CommandReport::delete_profile`](crate::CommandReport::delete_profile). When it is refused, see [`HermodError`](crate::HermodError).

use smartid_core::{BuildError, Content, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use super::profiles::Profiles;
use super::{Members, response};
use crate::api_key::auth;
use crate::dialect::HermodDialect;
use crate::error::HermodError;
use crate::header::CommandHeader;
use crate::outcome::Outcome;
use crate::response::ImmediateResponse;
use crate::state::State;

/// Makes messaging forget mailboxes.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_hermod::commands::{DeleteMailbox, Profiles};
/// use smartid_hermod::{CommandHeader, HermodDialect, Outcome};
///
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?.external_id("d-1");
/// let command = DeleteMailbox::new(header, Profiles::all("anna.golden@example.test"));
/// let dialect = HermodDialect::default();
/// let request = command.request(&dialect)?;
/// assert_eq!(
///     request.body_bytes(),
///     r#"{"commandHeader":{"lifespan":300,"timeout":250,"to":["anna.golden@example.test"],"externalId":"d-1"},"deleteCommand":{"userid":"anna.golden@example.test","confirmation":false}}"#,
/// );
///
/// let answer = r#"{"commandId":"5108","state":"SUCCESS","destinations":[{"to":"anna.golden@example.test","bid":"b-1"}]}"#;
/// let incoming = Incoming::new(http::StatusCode::OK, http::HeaderMap::new(), answer.into());
/// let deletion = command.response(&dialect, incoming).unwrap();
/// assert_eq!(deletion.outcome(), Outcome::Succeeded(()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeleteMailbox {
    /// Lifespan, timeout, destinations and our id.
    pub header: CommandHeader,
    /// Whose mailboxes.
    pub profiles: Profiles,
    /// Further members of the command.
    pub members: Members,
}

/// What messaging answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MailboxDeletion {
    /// The answer: one destination for each mailbox. None when messaging agreed without a word.
    pub answer: Option<ImmediateResponse>,
}

impl MailboxDeletion {
    /// What it came to: agreement without a word is success, and an answer says it with its state. [`Outcome::Pending`] means that
    /// messaging did not say that it is done; a poll or a callback may.
    #[must_use]
    pub fn outcome(&self) -> Outcome<()> {
        match self.answer.as_ref().map(|answer| &answer.state) {
            None | Some(State::Success) => Outcome::Succeeded(()),
            Some(State::InProgress | State::Other(_)) => Outcome::Pending,
            Some(State::Failed) => Outcome::Failed {
                code: None,
                message: None,
            },
            Some(State::TimedOut) => Outcome::TimedOut,
            Some(State::Rejected) => Outcome::Declined,
            Some(State::Cancelled) => Outcome::Cancelled,
        }
    }
}

impl DeleteMailbox {
    /// Of one profile, or of all that a user has.
    #[must_use]
    pub fn new(header: CommandHeader, profiles: Profiles) -> Self {
        Self {
            header,
            profiles,
            members: Members::default(),
        }
    }
}

impl Endpoint for DeleteMailbox {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    type Output = MailboxDeletion;
    type Error = HermodError;

    const NAME: &'static str = "hermod.delete-mailbox";
    const REPEAT: Repeat = Repeat::Idempotent;

    fn request(&self, dialect: &HermodDialect) -> Result<Outgoing, BuildError> {
        self.profiles
            .request(&dialect.delete_mailbox, &self.header, &self.members)
    }

    fn response(
        &self,
        dialect: &HermodDialect,
        incoming: Incoming,
    ) -> Result<MailboxDeletion, ResponseError<HermodError>> {
        let setting = &dialect.delete_mailbox;
        if incoming.content() == Content::Empty && setting.success.accepts(incoming.status()) {
            return Ok(MailboxDeletion { answer: None });
        }
        let answer = response(setting, &dialect.states, incoming)?;
        Ok(MailboxDeletion { answer: Some(answer) })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::commands::DeleteProfile;

    fn header() -> CommandHeader {
        CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250)).unwrap()
    }

    #[test]
    fn nobody_is_nobody_and_not_everybody() {
        let dialect = HermodDialect::default();
        assert!(
            DeleteMailbox::new(header(), Profiles::all(""))
                .request(&dialect)
                .is_err()
        );
        assert!(
            DeleteMailbox::new(header(), Profiles::one("u", ""))
                .request(&dialect)
                .is_err()
        );
        assert!(
            DeleteProfile::new(header().to(["x"]), Profiles::all(""))
                .request(&dialect)
                .is_err()
        );
        assert!(
            DeleteProfile::new(header(), Profiles::one("u", ""))
                .request(&dialect)
                .is_err()
        );
    }

    #[test]
    fn a_path_that_names_what_the_command_lacks_is_refused() {
        let dialect = |path: &str| {
            let toml = format!("[delete_mailbox]\nverb='DELETE'\nwrapper=''\nto=[]\npath='{path}'");
            smartid_core::dialect::overlay::<HermodDialect>(&toml).unwrap()
        };
        for path in ["profile/{profile_id}", "mailbox/{bid}"] {
            assert!(
                DeleteMailbox::new(header(), Profiles::all("u"))
                    .request(&dialect(path))
                    .is_err(),
                "{path}"
            );
        }
        let by_user = DeleteMailbox::new(header(), Profiles::all("a/b@x"))
            .request(&dialect("user/{user_id}"))
            .unwrap();
        assert_eq!(
            (by_user.target().as_str(), by_user.body_bytes().len()),
            ("user/a%2Fb%40x", 0)
        );
    }

    #[test]
    fn each_state_has_its_outcome() {
        let outcome = |status: u16, body: &'static str| {
            let status = StatusCode::from_u16(status).unwrap();
            let incoming = Incoming::new(status, HeaderMap::new(), body.into());
            let deletion = DeleteMailbox::new(header(), Profiles::all("u"))
                .response(&HermodDialect::default(), incoming);
            deletion.map(|deletion| deletion.outcome().name()).ok()
        };
        for (body, name) in [
            ("", "succeeded"),
            (r#"{"commandId":1,"state":"SUCCESS"}"#, "succeeded"),
            (r#"{"commandId":1}"#, "pending"),
            (r#"{"commandId":1,"state":"SOON"}"#, "pending"),
            (r#"{"commandId":1,"state":"FAILED"}"#, "failed"),
            (r#"{"commandId":1,"state":"TIMEOUT"}"#, "timed-out"),
            (r#"{"commandId":1,"state":"REJECTED"}"#, "declined"),
            (r#"{"commandId":1,"state":"CANCELLED"}"#, "cancelled"),
        ] {
            assert_eq!(outcome(200, body), Some(name), "{body}");
        }
        assert_eq!(outcome(404, ""), None);
        assert_eq!(outcome(200, "<html>"), None);
        assert_eq!(outcome(200, "{}"), None);
    }
}
