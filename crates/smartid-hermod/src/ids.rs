//! The names that messaging gives to things, and the one that we give.
//!
//! They are text: the published examples show a decimal string for commands and UUIDs for mailboxes and messages, but nothing promises
//! that form, and an id that is only ever handed back must not be refused for its looks. A number is accepted where text is documented.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(#[serde(deserialize_with = "smartid_core::json::string_or_number")] String);

        impl $name {
            /// From text, as the service wrote it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text, as the service wrote it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    };
}

id! {
    /// The id that the caller chooses for a command, `commandHeader.externalId`; echoed in callbacks (vendor page: Example: Smart ID
    /// Mobile App certificate provisioning; the member is documented, the echo inferred).
    ExternalId
}
id! {
    /// The id that messaging gives to a command: a decimal **string** in the published answers (vendor page: Example: Personal Desktop
    /// Client signing, documented example).
    CommandId
}
id! {
    /// The id of a message **b**ox (vendor page: Example: Personal Desktop Client signing, documented example).
    Bid
}
id! {
    /// The id of a **m**essage in a box (vendor page: Example: Personal Desktop Client signing, documented example).
    Mid
}
id! {
    /// The bare host name of the messaging node that owns a command (vendor page: Example: Personal Desktop Client signing, documented
    /// example).
    Fqdn
}

id! {
    /// A user of the messaging server, `userid`: an e-mail address or a plain name, shown to the person (vendor page: Smart ID Messaging -
    /// Standard service tasks in Identity Manager, documented).
    UserId
}
id! {
    /// A profile ("card") in an app, `profileid`: a UUID in the published examples (vendor page: API parameters specific to Smart ID
    /// Desktop App, documented).
    ProfileId
}
id! {
    /// A token, `smartcardid`: a smart card or a virtual one (vendor page: API parameters specific to Smart ID Desktop App, documented).
    SmartCardId
}
id! {
    /// A key of a profile, `keyid`: chosen by the caller, and the same id overwrites the key (vendor page: Example: Smart ID Mobile App
    /// provisioning, documented example).
    KeyId
}
id! {
    /// Something at the content provider, `contentId`: a UUID, better with `PROV:` or `AUTH:` before it (vendor page: Requirements on
    /// content provider API, documented).
    ContentId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_as_its_digits() {
        assert_eq!(
            serde_json::from_str::<CommandId>("688").unwrap(),
            CommandId::from("688")
        );
        assert_eq!(
            serde_json::from_str::<CommandId>("\"0688\"").unwrap().as_str(),
            "0688"
        );
        assert!(serde_json::from_str::<CommandId>("688.0").is_err());
        assert_eq!(serde_json::to_string(&Bid::from("b-1")).unwrap(), "\"b-1\"");
    }
}
