//! Names and ids that Certificate Manager gives, as types, so that one cannot stand in the place of another.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use smartid_core::json::string_or_number;

/// A text that cannot be such a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
#[non_exhaustive]
pub struct NameError {
    what: &'static str,
    problem: &'static str,
}

/// The longest name in bytes.
const LONGEST: usize = 1024;

fn check(what: &'static str, text: &str) -> Result<(), NameError> {
    let problem = match text {
        _ if text.trim().is_empty() => "is empty",
        _ if text.len() > LONGEST => "is longer than 1024 bytes",
        _ if text.chars().any(char::is_control) => "contains a control character",
        _ => return Ok(()),
    };
    Err(NameError { what, problem })
}

macro_rules! name {
    ($(#[$meta:meta])* $name:ident, $what:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
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

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            /// From an answer: also from a number, and without the rule for what we send.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = string_or_number(deserializer)?;
                check($what, &text).map_err(serde::de::Error::custom)?;
                Ok(Self(text))
            }
        }
    };
}

name!(
    /// The id of a certificate in Certificate Manager's database: letters and digits of ASCII (vendor page: Upgrade Protocol Gateway,
    /// documented by the handlers' patterns). Not its serial number.
    CertId,
    "the certid"
);

impl CertId {
    /// From a text.
    ///
    /// # Errors
    /// [`NameError`] when it is not letters and digits of ASCII: Protocol Gateway would route it to nothing.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        check("the certid", &text)?;
        if !Self::is_sendable(&text) {
            return Err(NameError {
                what: "the certid",
                problem: "must be letters and digits of ASCII",
            });
        }
        Ok(Self(text))
    }

    /// Whether it can be sent: an answer may tell an id that [`new`](Self::new) would refuse.
    pub(crate) fn is_sendable(text: &str) -> bool {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// From an answer's header, as lenient as from its body.
    pub(crate) fn from_answer(text: &str) -> Option<Self> {
        let text = text.trim();
        check("the certid", text).is_ok().then(|| Self(text.to_owned()))
    }
}

/// A name that may be any text of one line.
macro_rules! free_name {
    ($(#[$meta:meta])* $name:ident, $what:literal) => {
        name!($(#[$meta])* $name, $what);

        impl $name {
            /// From a text.
            ///
            /// # Errors
            /// [`NameError`] when it is empty, longer than 1024 bytes, or contains a control character.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                check($what, &text)?;
                Ok(Self(text))
            }
        }
    };
}

free_name!(
    /// The name of a token procedure: its description or its id (vendor page: Certificate request verifications in Protocol Gateway,
    /// documented for the handlers' `tokenprocedure`; that `procname` takes the same is inferred).
    ProcedureName,
    "the procedure name"
);

free_name!(
    /// The account under which registrations stand: on the vendor's hosted service an opaque tenant id (seen in public third-party
    /// code: device-registration scripts).
    AccountId,
    "the account"
);

free_name!(
    /// The certificate template under which a certificate is pushed: `certificateCoreTemplate` of the path (vendor page: Push
    /// certificates from Certificate Manager to Identity Manager, documented). Letter case counts.
    CoreTemplate,
    "the certificate template"
);

free_name!(
    /// The process that a pushed certificate should start: `processDefinitionId` of the path (vendor page: Push certificates from
    /// Certificate Manager to Identity Manager, documented).
    ProcessDefinitionId,
    "the process definition id"
);

free_name!(
    /// The tenant that a pushed certificate is for: `tenantId` of the query (vendor page: Push certificates from Certificate Manager
    /// to Identity Manager, documented).
    TenantId,
    "the tenant id"
);

name!(
    /// The name of a handler of a servlet for soft tokens: one segment of the path behind the servlet's (`eui/<handler>` seen in public
    /// scripts; for AST inferred).
    HandlerName,
    "the handler"
);

impl HandlerName {
    /// From a text.
    ///
    /// # Errors
    /// [`NameError`] when it is empty, longer than 1024 bytes, contains a control character, a slash or a backslash, or is `.` or `..`:
    /// encoded they would be harmless to us, but what stands in front of the servlet may decode them.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        check("the handler", &text)?;
        let problem = match text.as_str() {
            "." | ".." => "is made of dots",
            _ if text.contains(['/', '\\']) => "contains a slash or a backslash",
            _ => return Ok(Self(text)),
        };
        Err(NameError {
            what: "the handler",
            problem,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certid_is_letters_and_digits() {
        assert_eq!(CertId::new("4711aB").unwrap().as_str(), "4711aB");
        for bad in ["", " ", "47 11", "47/11", "..", "å", "47-11", "47\n"] {
            assert!(CertId::new(bad).is_err(), "{bad:?}");
        }
        assert!(CertId::new("a".repeat(1025)).is_err());
    }

    #[test]
    fn names_from_answers_may_be_numbers_and_are_kept_as_they_are() {
        assert_eq!(serde_json::from_str::<CertId>("4711").unwrap().as_str(), "4711");
        assert_eq!(serde_json::from_str::<CertId>("\"a-b\"").unwrap().as_str(), "a-b");
        for bad in ["\"\"", "null", "[]", "\"a\\u0000\""] {
            assert!(serde_json::from_str::<CertId>(bad).is_err(), "{bad}");
        }
        assert_eq!(
            ProcedureName::new("Användare, inloggning").unwrap().to_string(),
            "Användare, inloggning"
        );
        assert!(ProcedureName::new("\r\n").is_err());
    }

    #[test]
    fn a_handler_is_one_segment() {
        for good in ["server", "web server ä", "...", "a%2Fb", "a;b"] {
            assert_eq!(HandlerName::new(good).unwrap().as_str(), good);
        }
        for bad in ["", " ", ".", "..", "a/b", "a\\b", "a\r\nb", "a\0", "/"] {
            assert!(HandlerName::new(bad).is_err(), "{bad:?}");
        }
    }
}
