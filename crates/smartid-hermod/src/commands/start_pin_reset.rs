//! `POST {command-base}/startpinreset`: the first half of a PIN reset. The app asks the token for a nonce and answers with it.
//!
//! Desktop App only, 1.1 or later. Vendor pages: 1.1 - API parameters specific to Personal Desktop App, and API parameters specific to
//! Smart ID Desktop App (documented: command and parameters); path and wrapper are inferred, settings `start_pin_reset.*`. Sent by an API
//! user with its key. Never repeated by itself: another temporary mailbox would be made, and the person asked twice. The outcome is
//! [`CommandReport::start_pin_reset`](crate::CommandReport::start_pin_reset), and the second half is [`EndPinReset`](super::EndPinReset)
//! in the same mailbox. When it is refused, see [`HermodError`](crate::HermodError).
//!
//! | parameter | 1.1 | 1.12.1 | 2.0 |
//! |---|---|---|---|
//! | `smartcardid` | yes | yes | yes |
//! | `profileid` | no | yes | yes |
//! | `driver` | no | yes | no |
//! | `operation` | no | yes | no |
//!
//! When the versions between 1.1 and 1.12.1 began to know the other three is not said.

use serde::Serialize;
use smartid_core::{BuildError, Endpoint, Incoming, Lint, Outgoing, Repeat, ResponseError};

use super::{Members, request, response};
use crate::api_key::auth;
use crate::dialect::{HermodDialect, OptionsForm, Placeholders};
use crate::error::HermodError;
use crate::header::CommandHeader;
use crate::ids::{ProfileId, SmartCardId};
use crate::pin_reset::{DesktopVersion, Driver, PinOperation};
use crate::response::ImmediateResponse;

/// Asks for the nonce of a token.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_hermod::commands::StartPinReset;
/// use smartid_hermod::pin_reset::{DesktopVersion, PinOperation};
/// use smartid_hermod::{CommandHeader, HermodDialect};
///
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?.external_id("r-1");
/// let (command, dialect) = (StartPinReset::profile(header, "profile-1"), HermodDialect::default());
/// let command = command.operation(PinOperation::AdminKeyChange);
/// let request = command.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "startpinreset"));
/// assert_eq!(
///     request.body_bytes(),
///     r#"{"commandHeader":{"lifespan":300,"timeout":250,"to":["@tmp"],"externalId":"r-1"},"spinCommand":{"operation":"adminkeychange","profileid":"profile-1"}}"#,
/// );
/// assert!(command.check_for(DesktopVersion::V1_12_1).is_ok());
/// assert!(command.check_for(DesktopVersion::V2_0).is_err());
///
/// let answer = r#"{"commandId":"5106","commandType":"SPIN","state":"IN_PROGRESS"}"#;
/// let incoming = Incoming::new(http::StatusCode::OK, http::HeaderMap::new(), answer.into());
/// assert_eq!(command.response(&dialect, incoming).unwrap().command_id.as_str(), "5106");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StartPinReset {
    /// Lifespan, timeout, destinations and our id.
    pub header: CommandHeader,
    /// Through which driver the token is reached, for an operation without a profile. Desktop App 1.12.1; gone in 2.0.
    pub driver: Option<Driver>,
    /// What is to be done; a PIN reset when it is left out. Desktop App 1.12.1; not listed for 2.0.
    pub operation: Option<PinOperation>,
    /// The token. Every version; before 1.12 it names the profile that is meant.
    pub smart_card_id: Option<SmartCardId>,
    /// The profile whose token is meant; where that profile has another token, `smartcardid` wins. Desktop App 1.12.1 and 2.0.
    pub profile_id: Option<ProfileId>,
    /// Further members of `spinCommand`.
    pub members: Members,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    driver: Option<DriverForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a PinOperation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smartcardid: Option<&'a SmartCardId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profileid: Option<&'a ProfileId>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum DriverForm<'a> {
    Json(&'a Driver),
    Text(String),
}

impl StartPinReset {
    fn new(header: CommandHeader) -> Self {
        Self {
            header,
            driver: None,
            operation: None,
            smart_card_id: None,
            profile_id: None,
            members: Members::default(),
        }
    }

    /// Of one token.
    #[must_use]
    pub fn smart_card(header: CommandHeader, id: impl Into<SmartCardId>) -> Self {
        Self::new(header).smart_card_id(id)
    }

    /// Of the token that a profile is on.
    #[must_use]
    pub fn profile(header: CommandHeader, id: impl Into<ProfileId>) -> Self {
        Self::new(header).profile_id(id)
    }

    /// Of the token that a driver reaches.
    #[must_use]
    pub fn through(header: CommandHeader, driver: Driver) -> Self {
        Self::new(header).driver(driver)
    }

    /// Sets the token; where the profile has another one, this one wins.
    #[must_use]
    pub fn smart_card_id(mut self, id: impl Into<SmartCardId>) -> Self {
        self.smart_card_id = Some(id.into());
        self
    }

    /// Sets the profile.
    #[must_use]
    pub fn profile_id(mut self, id: impl Into<ProfileId>) -> Self {
        self.profile_id = Some(id.into());
        self
    }

    /// Sets the driver.
    #[must_use]
    pub fn driver(mut self, driver: Driver) -> Self {
        self.driver = Some(driver);
        self
    }

    /// Sets what is to be done.
    #[must_use]
    pub fn operation(mut self, operation: PinOperation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// What that version of the Desktop App does not know of this command, or is not known to know.
    #[must_use]
    pub fn lints_for(&self, version: DesktopVersion) -> Vec<Lint> {
        self.unknown_to(version)
            .into_iter()
            .map(|(name, why, _)| Lint::new(format!("/{name}"), format!("Desktop App {version}: {why}")))
            .collect()
    }

    /// Refuses what that version of the Desktop App is documented not to know. What is only not certain is a lint.
    ///
    /// # Errors
    /// [`BuildError::Invalid`] with the name of the parameter.
    pub fn check_for(&self, version: DesktopVersion) -> Result<(), BuildError> {
        let unknown = self.unknown_to(version);
        match unknown.iter().find(|(_, _, certain)| *certain) {
            None => Ok(()),
            Some((name, why, _)) => Err(BuildError::Invalid(format!(
                "{name}: Desktop App {version}: {why}"
            ))),
        }
    }

    /// Parameter, reason, and whether it is certain.
    fn unknown_to(&self, version: DesktopVersion) -> Vec<(&'static str, &'static str, bool)> {
        let later = [
            ("profileid", self.profile_id.is_some(), false),
            ("driver", self.driver.is_some(), true),
            ("operation", self.operation.is_some(), true),
        ];
        let verdict = |dropped: bool| {
            if version < DesktopVersion::V1_2 {
                Some(("the page for 1.1 does not list it", true))
            } else if version < DesktopVersion::V1_12_1 {
                Some(("listed for 1.12.1, and it is not said since when", false))
            } else if version >= DesktopVersion::V2_0 && dropped {
                Some(("the page for 2.0 does not list it any more", true))
            } else {
                None
            }
        };
        let mut unknown: Vec<_> = later
            .into_iter()
            .filter(|(_, used, _)| *used)
            .filter_map(|(name, _, dropped)| verdict(dropped).map(|(why, certain)| (name, why, certain)))
            .collect();
        if version < DesktopVersion::V1_1 {
            unknown.push(("smartcardid", "PIN resets are documented from 1.1 on", false));
        }
        unknown
    }
}

impl Endpoint for StartPinReset {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    type Output = ImmediateResponse;
    type Error = HermodError;

    const NAME: &'static str = "hermod.start-pin-reset";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &HermodDialect) -> Result<Outgoing, BuildError> {
        let named = self
            .smart_card_id
            .as_ref()
            .is_some_and(|id| !id.as_str().is_empty())
            || self.profile_id.as_ref().is_some_and(|id| !id.as_str().is_empty())
            || self.driver.as_ref().is_some_and(Driver::is_named);
        if !named {
            return Err(BuildError::Invalid(
                "nothing says which token the PIN reset is for: it needs a smart card id, a profile id or a driver".to_owned(),
            ));
        }
        let driver = match (&self.driver, dialect.pin_reset.driver) {
            (None, _) => None,
            (Some(driver), OptionsForm::Json) => Some(DriverForm::Json(driver)),
            (Some(driver), OptionsForm::String) => {
                let text =
                    serde_json::to_string(driver).map_err(|error| BuildError::Json(error.to_string()))?;
                Some(DriverForm::Text(text))
            }
        };
        let body = Body {
            driver,
            operation: self.operation.as_ref(),
            smartcardid: self.smart_card_id.as_ref(),
            profileid: self.profile_id.as_ref(),
        };
        let values = Placeholders {
            smart_card_id: self.smart_card_id.as_ref().map(SmartCardId::as_str),
            profile_id: self.profile_id.as_ref().map(ProfileId::as_str),
            ..Placeholders::default()
        };
        request(
            &dialect.start_pin_reset,
            &self.header,
            &values,
            &body,
            &self.members,
        )
    }

    fn response(
        &self,
        dialect: &HermodDialect,
        incoming: Incoming,
    ) -> Result<ImmediateResponse, ResponseError<HermodError>> {
        response(&dialect.start_pin_reset, &dialect.states, incoming)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::pin_reset::{DriverName, DriverType};

    fn header() -> CommandHeader {
        CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250)).unwrap()
    }

    #[test]
    fn a_command_that_names_no_token_is_not_built() {
        let mut nothing = StartPinReset::smart_card(header(), "");
        let dialect = HermodDialect::default();
        assert!(nothing.request(&dialect).is_err());
        nothing.smart_card_id = None;
        assert!(
            nothing
                .clone()
                .operation(PinOperation::PinReset)
                .request(&dialect)
                .is_err()
        );
        let nameless = Driver::named(DriverName::from(""));
        assert!(nothing.clone().driver(nameless).request(&dialect).is_err());
        assert!(nothing.clone().profile_id("").request(&dialect).is_err());
        assert!(nothing.profile_id("p").request(&dialect).is_ok());
    }

    #[test]
    fn each_version_is_told_what_it_does_not_know() {
        let every = StartPinReset::smart_card(header(), "s")
            .profile_id("p")
            .driver(Driver::new(DriverName::Vsc, DriverType::Minidriver))
            .operation(PinOperation::PinReset);
        let names = |command: &StartPinReset, version: &str| {
            let version = version.parse().unwrap();
            let lints = command.lints_for(version);
            let names: Vec<String> = lints.into_iter().map(|lint| lint.at).collect();
            (names.join(" "), command.check_for(version).is_ok())
        };
        for (version, lints, passes) in [
            ("1.0", "/profileid /driver /operation /smartcardid", false),
            ("1.1", "/profileid /driver /operation", false),
            ("1.1.3", "/profileid /driver /operation", false),
            ("1.6", "/profileid /driver /operation", true),
            ("1.12.1", "", true),
            ("1.13.5", "", true),
            ("2.0", "/driver /operation", false),
            ("2.4", "/driver /operation", false),
        ] {
            assert_eq!(names(&every, version), (lints.to_owned(), passes), "{version}");
        }
        let plain = StartPinReset::smart_card(header(), "s");
        for version in ["1.1", "1.6", "1.12.1", "2.0"] {
            assert_eq!(names(&plain, version), (String::new(), true), "{version}");
        }
        assert_eq!(
            names(&StartPinReset::profile(header(), "p"), "2.0"),
            (String::new(), true)
        );
    }
}
