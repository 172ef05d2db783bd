//! The profile ("card") that a provision command makes or changes.

use serde::{Deserialize, Serialize};
use smartid_core::{BuildError, Lint};

use super::key_request::KeyRequest;
use super::visual::VisualData;
use crate::ids::ProfileId;

/// Most keys of one command. Identity Manager asks for three at most.
pub const MAX_KEYS: usize = 32;

/// `profile`: what the app shows, the keys, and the card.
///
/// A new profile has a server name and a name (vendor page: Example: Smart ID Mobile App provisioning, documented example); an update
/// has the id of the profile (the member is inferred; that a command can update is documented, vendor page: Smart ID Messaging -
/// Standard service tasks in Identity Manager).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Profile {
    /// The label of the server in the app.
    #[serde(rename = "servername", default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// The name of the profile in the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The profile to update; none makes a new one.
    #[serde(rename = "profileid", default, skip_serializing_if = "Option::is_none")]
    pub profile_id: Option<ProfileId>,
    /// The keys to make; with none the member is left out.
    #[serde(rename = "keygenrequests", default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyRequest>,
    /// The card.
    #[serde(rename = "visualData", default, skip_serializing_if = "Option::is_none")]
    pub visual: Option<VisualData>,
}

impl Profile {
    pub(super) fn check(&self) -> Result<(), BuildError> {
        let refuse = |what: String| Err(BuildError::Invalid(what));
        let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
        match &self.profile_id {
            Some(id) if id.as_str().is_empty() => return refuse("the profile id is empty".to_owned()),
            Some(_) => {}
            None if given(&self.server_name) && given(&self.name) => {}
            None => return refuse("a new profile needs a server name and a name".to_owned()),
        }
        if self.keys.len() > MAX_KEYS {
            return refuse(format!("{} keys; the most is {MAX_KEYS}", self.keys.len()));
        }
        for (index, key) in self.keys.iter().enumerate() {
            key.check()?;
            if self
                .keys
                .iter()
                .take(index)
                .any(|other| other.key_id == key.key_id)
            {
                return refuse(format!("two keys have the id {:?}", key.key_id.as_str()));
            }
        }
        self.visual.as_ref().map_or(Ok(()), VisualData::check)
    }

    pub(super) fn lints(&self, lints: &mut Vec<Lint>) {
        if self.profile_id.is_some() && self.keys.is_empty() && self.visual.is_none() {
            lints.push(Lint::new(
                "profile",
                "the update has neither keys nor a card, so it changes nothing",
            ));
        }
        for key in &self.keys {
            key.lints("profile/keygenrequests", lints);
        }
        if let Some(visual) = &self.visual {
            visual.lints(lints);
        }
    }
}
