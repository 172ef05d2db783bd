//! Lists registrations: devices that may enrol by EST, SCEP, CMP, ACME and others.
//!
//! `GET registrations/{account}/{type}` \[seen in public third-party code: device-registration scripts for a hosted service\]. Changes
//! nothing and may be repeated.
//!
//! The answer was a bare list in one public client, and anything at all in a later version of it; a list in an envelope is read as well,
//! in `registrations` or in whatever member is the only list. What can go wrong is a [`CmRefusal`]: -15 (an administrator's turn: the
//! role), a status 404 (an administrator's: the handler, or the path in the dialect).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use super::registration_kind::{self, RegistrationKind};
use crate::answer;
use crate::auth::Officer;
use crate::body;
use crate::dialect::{CmDialect, ReadCall};
use crate::ids::AccountId;
use crate::record;
use crate::refusal::CmRefusal;
use crate::rows;

/// One registration. Of its members three were seen in public third-party code (device-registration scripts for a hosted service).
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Registration {
    /// Its id.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub regid: Option<String>,
    /// The name of the device.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub fqdn: Option<String>,
    /// The officer who registered it.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub officer: Option<String>,
    /// What else the answer says of it. It may hold secrets, so [`Debug`](fmt::Debug) shows the names only.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// A text, a number as text, or nothing.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match record::text(Value::deserialize(deserializer)?) {
        Ok(text) => Ok(Some(text)),
        Err(Value::Null) => Ok(None),
        Err(_) => Err(serde::de::Error::custom("a text or a number is expected")),
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            regid,
            fqdn,
            officer,
            other,
        } = self;
        f.debug_struct("Registration")
            .field("regid", regid)
            .field("fqdn", fqdn)
            .field("officer", officer)
            .field("other", &other.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// The request; see the module's text for who may send it and when.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_cm::operations::{RegistrationKind, Registrations};
/// use smartid_cm::{AccountId, CmDialect};
///
/// let dialect = CmDialect::default();
/// let call = Registrations::new(AccountId::new("t1234567890123456789")?, RegistrationKind::AcmeAccount);
/// assert_eq!(call.request(&dialect)?.target(), "registrations/t1234567890123456789/acme/account");
///
/// let answer = |body: &'static str| Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body));
/// for body in [r#"[{"regid":1042,"fqdn":"a.example.test"}]"#, r#"{"error":0,"msg":"","registrations":[{"regid":"1042"}]}"#] {
///     let registrations = call.response(&dialect, answer(body)).unwrap();
///     assert_eq!(registrations[0].regid.as_deref(), Some("1042"));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registrations {
    /// Of this account.
    pub account: AccountId,
    /// Of this kind.
    pub kind: RegistrationKind,
}

impl Registrations {
    /// Of this account and kind.
    #[must_use]
    pub fn new(account: AccountId, kind: RegistrationKind) -> Self {
        Self { account, kind }
    }
}

impl Endpoint for Registrations {
    type Auth = Officer;
    type Dialect = CmDialect;
    type Output = Vec<Registration>;
    type Error = CmRefusal;

    const NAME: &'static str = "cm.registrations";
    const REPEAT: Repeat = Repeat::Safe;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        let settings = &dialect.registrations;
        let (path, values) = registration_kind::path(&settings.path, self.account.as_str(), &self.kind)?;
        let call = ReadCall {
            path,
            ..settings.clone()
        };
        body::read(dialect, &call, &values, &[])
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<Vec<Registration>, ResponseError<CmRefusal>> {
        let incoming = dialect.registrations.response.apply_to_response(incoming);
        let incoming = answer::document(dialect, incoming)?;
        Ok(rows::anywhere(dialect, &incoming, "registrations")?)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn read(body: &'static str) -> Result<Vec<Registration>, ResponseError<CmRefusal>> {
        let account = AccountId::new("a").unwrap();
        let incoming = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body));
        Registrations::new(account, RegistrationKind::Est).response(&CmDialect::default(), incoming)
    }

    #[test]
    fn the_list_is_found_wherever_it_stands_and_never_made_up() {
        for (body, rows) in [
            (r#"[{},{"regid":null}]"#, 2),
            (r#"{"error":0,"registrations":[{}]}"#, 1),
            (r#"{"error":0,"items":[{}],"errors":[]}"#, 1),
            (r#"{"items":[{},{}],"page":1}"#, 2),
            (r#"{"error":0,"registrations":[{}],"items":[{},{}]}"#, 1),
            (r#"{"error":0,"registrations":null,"msg":""}"#, 0),
            (r#"{"error":0,"msg":""}"#, 0),
        ] {
            assert_eq!(read(body).unwrap().len(), rows, "{body}");
        }
        for bad in [
            r#"{"regid":"1042"}"#,
            "{}",
            r#"{"error":0,"a":[{}],"b":[{}]}"#,
            r#"{"error":0,"registrations":{}}"#,
            r#"{"error":0,"count":3}"#,
            r#"[7]"#,
            r#"[{"regid":[]}]"#,
            "null",
        ] {
            assert!(matches!(read(bad), Err(ResponseError::Unreadable(_))), "{bad}");
        }
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let rows = read(r#"[{"fqdn":"a","password":"canary","hmackey":"canary"}]"#).unwrap();
        assert_eq!(rows[0].other["password"], "canary");
        let shown = format!("{rows:?}");
        assert!(!shown.contains("canary") && shown.contains("password"), "{shown}");
    }
}
