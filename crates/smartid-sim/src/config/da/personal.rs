//! Settings of Digital Access as a client of Smart ID Messaging (protocol notes: digital-access 4.5, and the policy service settings
//! named there).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Personal Mobile and Personal Desktop, as far as they are the same for all methods. `Debug` does not show the key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DaPersonalConfig {
    /// Digital Access' own entry among messaging's API users. It is added when `hermod.api_users` has none of this name.
    pub client_id: String,
    /// Its key; generated when empty.
    pub client_key: String,
    /// Its group (D: equal to Identity Manager's if phones enrolled there shall work here). Empty is the first API user's.
    pub client_group: String,
    /// Path of the callback (D); what follows it may name the command.
    pub callback_path: String,
    /// Whether messaging shows a password when it calls back. It is generated.
    pub callback_password: bool,
    /// User attribute that is the user id at messaging; the user's name when it is empty or the user has no such attribute (I).
    pub messaging_user_attribute: String,
    /// `timeout` of the command in seconds (U).
    pub command_timeout_seconds: u64,
    /// `lifespan` of the command in seconds (U).
    pub command_lifespan_seconds: u64,
    /// `format` of the answer with certificate: `pkcs7` or `jws`. Both are understood, whatever was asked for (I).
    pub certificate_format: String,
    /// How the picture goes to the app (digital-access 4.5: both forms are D for messaging).
    pub picture: PictureStyle,
    /// Path of the content provider for pictures (D).
    pub picture_path: String,
    /// How often the waiting page looks, in seconds.
    pub look_seconds: u64,
}

impl fmt::Debug for DaPersonalConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            client_id,
            client_key: _,
            client_group,
            callback_path,
            callback_password,
            messaging_user_attribute,
            command_timeout_seconds,
            command_lifespan_seconds,
            certificate_format,
            picture,
            picture_path,
            look_seconds,
        } = self;
        f.debug_struct("DaPersonalConfig")
            .field("client_id", client_id)
            .field("client_group", client_group)
            .field("callback_path", callback_path)
            .field("callback_password", callback_password)
            .field("messaging_user_attribute", messaging_user_attribute)
            .field("command_timeout_seconds", command_timeout_seconds)
            .field("command_lifespan_seconds", command_lifespan_seconds)
            .field("certificate_format", certificate_format)
            .field("picture", picture)
            .field("picture_path", picture_path)
            .field("look_seconds", look_seconds)
            .finish_non_exhaustive()
    }
}

impl Default for DaPersonalConfig {
    fn default() -> Self {
        Self {
            client_id: "da".into(),
            client_key: String::new(),
            client_group: String::new(),
            callback_path: "/https/api/rest/v3.0/personalmessaging".into(),
            callback_password: true,
            messaging_user_attribute: "mail".into(),
            command_timeout_seconds: 120,
            command_lifespan_seconds: 150,
            certificate_format: "pkcs7".into(),
            picture: PictureStyle::Inline,
            picture_path: "/distribution-service/image/v1/rest/image".into(),
            look_seconds: 2,
        }
    }
}

/// How the picture that people compare goes into the command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PictureStyle {
    /// As `image/jpeg` (D).
    #[default]
    Inline,
    /// As `application/hermod+content-id`; messaging asks the content provider (D).
    ContentId,
    /// Not at all.
    None,
}
