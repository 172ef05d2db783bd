//! The bodies of the commands, one file each: which members there are, of which JSON type, and which have to stand together. A body is
//! read as strictly as the real product may read it, so that a client which passes here has nothing to fear there; what the pages
//! leave open is a switch (protocol notes: hermod 3).

mod authenticate;
mod certificate;
mod delete;
mod endpinreset;
mod entries;
mod filter;
mod object;
mod ping;
mod provision;
mod sign;
mod startpinreset;
mod visual;

use serde_json::Value;

use self::object::{Object, Rules};
use super::errors::Refusal;
use crate::config::{CommandVerb, HermodConfig};

pub(crate) use self::entries::CONTENT_ID;

/// What a body says that matters after it has been read. It holds a challenge, therefore it cannot be printed.
#[derive(Clone, Default)]
pub(crate) struct Asked {
    pub(crate) user: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) nonce: Option<String>,
    /// `responseformat`, or `format` of what is to be signed.
    pub(crate) format: Option<String>,
    /// `deviceinfo` is "true".
    pub(crate) device_info: bool,
    /// Whether a deletion goes to the device.
    pub(crate) confirmation: bool,
    /// Something in the body has to be asked of the content provider.
    pub(crate) content: bool,
}

/// Reads the body of a command.
pub(super) fn check(config: &HermodConfig, verb: CommandVerb, body: &Value) -> Result<Asked, Refusal> {
    let settings = config.verbs.get(verb);
    let rules = Rules {
        body: &config.body,
        extra: &settings.extra_members,
        refuse_unknown: config.refuse_unknown_members,
    };
    let body = Object::of(&rules, body, &settings.wrapper)?;
    match verb {
        CommandVerb::Provision => provision::check(&body),
        CommandVerb::Certificate => certificate::check(&body),
        CommandVerb::Authenticate => authenticate::check(&body),
        CommandVerb::Sign => sign::check(&body),
        CommandVerb::Ping => ping::check(&body),
        CommandVerb::StartPinReset => startpinreset::check(&body),
        CommandVerb::EndPinReset => endpinreset::check(&body),
        CommandVerb::Delete => delete::check(&body, config.delete.missing_confirmation),
    }
}
