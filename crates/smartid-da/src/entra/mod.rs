//! Microsoft Entra as the second relying party of an enrolment, by way of Microsoft Graph.
//!
//! Entra lets an administrator register a passkey for a user as Digital Access does: options, an authenticator's answer, and back. It has
//! documented addresses, members and errors, wraps the options in an object with a time limit, wants a name for the credential, and takes
//! attestation of two formats only. [`EntraFido`] makes the two calls and is a [`RelyingParty`](crate::RelyingParty).
//!
//! Everything here rests on the Microsoft Graph reference, pages *fido2AuthenticationMethod: creationOptions*, *Create
//! fido2AuthenticationMethod*, *webauthnCredentialCreationOptions* and *Microsoft Graph error responses* \[documented\], but for what is
//! marked otherwise. The caller needs the application permission `UserAuthMethod-Passkey.ReadWrite.All`, or the wider
//! `UserAuthenticationMethod.ReadWrite.All`; nobody can register a passkey for the own account; and the tenant's passkey policy has to
//! allow self-service set-up, although that is not what this is.

mod client;
mod create_method;
mod creation_options;
mod read;
mod refusal;

pub use client::{Builder, EntraFido};
pub use create_method::CreateFido2Method;
pub use creation_options::GetCreationOptions;
pub use refusal::{EntraRefusal, EntraRefusalKind};

use smartid_core::{BuildError, PathTemplate};

use crate::user::UserId;

/// Names the credential of these calls: a bearer token for Microsoft Graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphToken;

/// Which version of Microsoft Graph is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GraphVersion {
    /// `v1.0`. Its challenges live five minutes.
    #[default]
    V1,
    /// `beta`, which may change at any time. The life of its challenges can be set.
    Beta,
}

impl GraphVersion {
    /// The first segment of the path.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

/// How long a challenge lives when nobody says, in minutes.
const DEFAULT_MINUTES: u32 = 5;
/// The longest life of a challenge: thirty days.
const LONGEST_MINUTES: u32 = 43_200;

/// Refuses a life that Graph would not take.
fn minutes_in_range(version: GraphVersion, minutes: Option<u32>) -> Result<(), String> {
    match (version, minutes) {
        (_, None) => Ok(()),
        (GraphVersion::V1, Some(_)) => Err(String::from(
            "the challenge timeout can be set in beta only; in v1.0 it is five minutes",
        )),
        (GraphVersion::Beta, Some(minutes)) if (DEFAULT_MINUTES..=LONGEST_MINUTES).contains(&minutes) => {
            Ok(())
        }
        (GraphVersion::Beta, Some(minutes)) => Err(format!(
            "the challenge timeout is {minutes} minutes; Graph takes 5 to 43200"
        )),
    }
}

/// The path of the user's FIDO2 methods. The user, an object id or a principal name, is one segment whatever is in it.
fn methods_path(version: GraphVersion, user: &UserId) -> Result<String, BuildError> {
    let template: PathTemplate = "users/{user}/authentication/fido2Methods".parse()?;
    let path = template.expand(&[("user", user.as_str())])?;
    Ok(format!("{}/{path}", version.as_str()))
}
