//! Registers a device, so that it may enrol by EST, SCEP, CMP, ACME or another protocol.
//!
//! `POST registrations/{account}/{type}`, signed in the second step \[seen in public third-party code: device-registration scripts for
//! a hosted service, with JSON, `fqdn`, `realm`, `username`, `password`, `status` and `validity`\]. Which fields a kind needs is not
//! published; those of ACME are the names that Identity Manager has for them (vendor page: Certificates - Standard service tasks in
//! Identity Manager; that they are those of this call is inferred). From 8.1 for ACME.
//!
//! Must not be repeated blindly: whether a second registration of the same device is refused is unknown. After a lost answer look at
//! [`Registrations`](super::Registrations).
//!
//! What can go wrong is a [`CmRefusal`]: -7 and -14 (the calling program's turn: a field), -15 (an administrator's: the role), -17 (the
//! signature).

use std::fmt;

use smartid_core::{BuildError, Incoming, Outgoing, ResponseError, SecretString, json};

use super::field::FieldValue;
use super::registration_kind::{self, RegistrationKind, RegistrationStatus};
use super::registrations::Registration;
use crate::answer;
use crate::body::{self, Fields, Value};
use crate::dialect::{CmDialect, DaysForm, Encoding, WriteCall};
use crate::ids::AccountId;
use crate::refusal::CmRefusal;
use crate::rows;
use crate::two_step::{RequestSignature, Write};

/// The request; see the module's text for who may send it and when.
///
/// ```
/// use smartid_core::Endpoint;
/// use smartid_cm::operations::{Register, RegistrationKind, RegistrationStatus};
/// use smartid_cm::{AccountId, Call, CmDialect};
///
/// let register = Register::new(AccountId::new("t1234567890123456789")?, RegistrationKind::Est)
///     .fqdn("device-7.example.test")
///     .realm("golden")
///     .username("device-7")
///     .password("correct horse")
///     .status(RegistrationStatus::Open)
///     .valid_for_days(7);
/// let request = Call::new(&register).request(&CmDialect::default())?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "registrations/t1234567890123456789/est"));
/// assert_eq!(
///     request.body_bytes(),
///     r#"{"fqdn":"device-7.example.test","realm":"golden","username":"device-7","password":"correct horse","status":"open","validity":"7"}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Register {
    /// In this account.
    pub account: AccountId,
    /// Of this kind.
    pub kind: RegistrationKind,
    /// The name of the device.
    pub fqdn: Option<String>,
    /// Where it enrols; on the hosted service a segment of the path of EST.
    pub realm: Option<String>,
    /// The name that it authenticates with.
    pub username: Option<String>,
    /// The password that it authenticates with.
    pub password: Option<SecretString>,
    /// Whether it can be used at once.
    pub status: Option<RegistrationStatus>,
    /// For how many days it can be used.
    pub validity_days: Option<u32>,
    /// The MAC key of an ACME account binding; base64 is inferred.
    pub hmac_key: Option<SecretString>,
    /// The id of that key.
    pub key_id: Option<String>,
    /// The domains that certificates may be asked for.
    pub allowed_domains: Vec<String>,
    /// Fields that this library does not know, in their order.
    pub further: Vec<(String, FieldValue)>,
}

impl Register {
    /// Registers in this account, for this kind of enrolment.
    #[must_use]
    pub fn new(account: AccountId, kind: RegistrationKind) -> Self {
        Self {
            account,
            kind,
            fqdn: None,
            realm: None,
            username: None,
            password: None,
            status: None,
            validity_days: None,
            hmac_key: None,
            key_id: None,
            allowed_domains: Vec::new(),
            further: Vec::new(),
        }
    }

    /// The name of the device.
    #[must_use]
    pub fn fqdn(mut self, fqdn: impl Into<String>) -> Self {
        self.fqdn = Some(fqdn.into());
        self
    }

    /// Where it enrols.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// The name that it authenticates with.
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// The password that it authenticates with.
    #[must_use]
    pub fn password(mut self, password: impl Into<SecretString>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Whether it can be used at once.
    #[must_use]
    pub fn status(mut self, status: RegistrationStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// For how many days it can be used.
    #[must_use]
    pub fn valid_for_days(mut self, days: u32) -> Self {
        self.validity_days = Some(days);
        self
    }

    /// The MAC key of an ACME account binding.
    #[must_use]
    pub fn hmac_key(mut self, key: impl Into<SecretString>) -> Self {
        self.hmac_key = Some(key.into());
        self
    }

    /// The id of that key.
    #[must_use]
    pub fn key_id(mut self, id: impl Into<String>) -> Self {
        self.key_id = Some(id.into());
        self
    }

    /// One more domain that certificates may be asked for.
    #[must_use]
    pub fn allow_domain(mut self, domain: impl Into<String>) -> Self {
        self.allowed_domains.push(domain.into());
        self
    }

    /// A field that this library does not know.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<FieldValue>) -> Self {
        self.further.push((name.into(), value.into()));
        self
    }

    /// The domains as one text.
    fn domains(&self) -> Result<Option<Value>, BuildError> {
        if self.allowed_domains.iter().any(|domain| domain.contains(',')) {
            let problem = "a domain contains a comma, which would make it two".to_owned();
            return Err(BuildError::Invalid(problem));
        }
        let joined = || Value::Text(self.allowed_domains.join(","));
        Ok((!self.allowed_domains.is_empty()).then(joined))
    }
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            account,
            kind,
            fqdn,
            realm,
            username,
            password,
            status,
            validity_days,
            hmac_key,
            key_id,
            allowed_domains,
            further,
        } = self;
        f.debug_struct("Register")
            .field("account", account)
            .field("kind", kind)
            .field("fqdn", fqdn)
            .field("realm", realm)
            .field("username", username)
            .field("password", password)
            .field("status", status)
            .field("validity_days", validity_days)
            .field("hmac_key", hmac_key)
            .field("key_id", key_id)
            .field("allowed_domains", allowed_domains)
            .field("further", further)
            .finish()
    }
}

/// What Certificate Manager answered to a registration that it made.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Registered {
    /// What it says of the registration; nothing, one, or a list, as its answer is not published.
    pub registrations: Vec<Registration>,
}

impl Write for Register {
    type Output = Registered;

    const NAME: &'static str = "cm.register";

    fn settings<'a>(&'a self, dialect: &'a CmDialect) -> &'a WriteCall {
        &dialect.register
    }

    fn request(
        &self,
        dialect: &CmDialect,
        signature: Option<&RequestSignature>,
    ) -> Result<Outgoing, BuildError> {
        let settings = &dialect.register;
        let text = |text: &Option<String>| text.clone().map(Value::Text);
        let days = self.validity_days.map(|days| {
            let number =
                settings.encoding == Encoding::Json && dialect.requests.registration_days == DaysForm::Number;
            if number {
                Value::Number(days.into())
            } else {
                Value::Text(days.to_string())
            }
        });
        let mut fields = Fields::new()
            .optional("fqdn", text(&self.fqdn))
            .optional("realm", text(&self.realm))
            .optional("username", text(&self.username))
            .optional("password", self.password.clone().map(Value::Secret))
            .optional(
                "status",
                self.status.as_ref().map(|status| Value::Text(status.to_string())),
            )
            .optional("validity", days)
            .optional("hmackey", self.hmac_key.clone().map(Value::Secret))
            .optional("keyid", text(&self.key_id))
            .optional("alloweddomains", self.domains()?);
        for (name, value) in &self.further {
            fields = fields.named(super::field::name(name)?, value.to_value()?);
        }
        let (path, values) = registration_kind::path(&settings.path, self.account.as_str(), &self.kind)?;
        let call = WriteCall {
            path,
            ..settings.clone()
        };
        body::write(dialect, &call, &values, fields, signature)
    }

    fn done(&self, dialect: &CmDialect, incoming: Incoming) -> Result<Registered, ResponseError<CmRefusal>> {
        if incoming.body().trim_ascii_start().starts_with(b"[") {
            let incoming = answer::document(dialect, incoming)?;
            // No code says that it is done, so the list must: by what it holds.
            let registrations: Vec<Registration> = rows::anywhere(dialect, &incoming, "registrations")?;
            if registrations.is_empty() {
                return Err(incoming.unreadable("the list of registrations is empty").into());
            }
            return Ok(Registered { registrations });
        }
        let incoming = answer::agreed(dialect, incoming)?;
        let members = json::members(rows::text(&incoming)?).unwrap_or_default();
        let registrations = if rows::member(&members, "regid").is_some() {
            let mut one: Registration = incoming.json()?;
            one.other.retain(|name, _| !rows::is_envelope(dialect, name));
            vec![one]
        } else {
            // It is done, whatever else the answer says.
            rows::anywhere(dialect, &incoming, "registrations").unwrap_or_default()
        };
        Ok(Registered { registrations })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};
    use smartid_core::Endpoint;

    use super::*;
    use crate::two_step::{Call, Step};

    fn register() -> Register {
        Register::new(AccountId::new("a").unwrap(), RegistrationKind::Acme)
    }

    fn body(register: &Register, dialect: &CmDialect) -> Result<String, BuildError> {
        let request = Call::new(register).request(dialect)?;
        Ok(String::from_utf8(request.body_bytes().to_vec()).unwrap())
    }

    #[test]
    fn only_what_is_given_is_sent() {
        let acme = register()
            .key_id("kid-7")
            .hmac_key("c2VjcmV0")
            .allow_domain("a.example.test")
            .allow_domain("b.example.test")
            .field("itsid", "0011");
        assert_eq!(
            body(&acme, &CmDialect::default()).unwrap(),
            r#"{"hmackey":"c2VjcmV0","keyid":"kid-7","alloweddomains":"a.example.test,b.example.test","itsid":"0011"}"#
        );
        assert!(body(&register().allow_domain("a,b"), &CmDialect::default()).is_err());
        assert!(body(&register().field("signature", "x"), &CmDialect::default()).is_err());
    }

    #[test]
    fn days_are_a_number_where_the_dialect_says_so() {
        let dialect = CmDialect::from_toml("[requests]\nregistration_days = 'number'").unwrap();
        assert_eq!(
            body(&register().valid_for_days(7), &dialect).unwrap(),
            r#"{"validity":7}"#
        );
        let form =
            CmDialect::from_toml("[requests]\nregistration_days = 'number'\n[register]\nencoding = 'form'")
                .unwrap();
        assert_eq!(body(&register().valid_for_days(7), &form).unwrap(), "validity=7");
    }

    #[test]
    fn the_answer_may_tell_of_it_or_not_but_must_say_that_it_is_done() {
        let dialect = CmDialect::default();
        let read = |body: &'static str| {
            let incoming = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body));
            Call::new(&register()).response(&dialect, incoming)
        };
        for (body, ids) in [
            (r#"{"error":0,"msg":""}"#, vec![]),
            (
                r#"{"error":0,"msg":"","regid":1044,"note":7}"#,
                vec![Some("1044")],
            ),
            (r#"[{"regid":"1044"},{}]"#, vec![Some("1044"), None]),
            (r#"{"error":0,"registration":[{"regid":"1"}]}"#, vec![Some("1")]),
            (r#"{"error":0,"odd":{}}"#, vec![]),
        ] {
            let Ok(Step::Done(done)) = read(body) else {
                panic!("{body}")
            };
            let told: Vec<_> = done
                .registrations
                .iter()
                .map(|row| row.regid.as_deref())
                .collect();
            assert_eq!(told, ids, "{body}");
            assert!(
                done.registrations
                    .iter()
                    .all(|row| !row.other.contains_key("error"))
            );
        }
        for bad in [
            "{}",
            r#"{"regid":"1044"}"#,
            "",
            "null",
            "0",
            r#"{"error":null}"#,
            "[]",
            "[[]]",
            "[1]",
        ] {
            assert!(matches!(read(bad), Err(ResponseError::Unreadable(_))), "{bad}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let register = register()
            .password("canary")
            .hmac_key("canary")
            .field("pin", SecretString::new("canary"))
            .field("note", "canary");
        assert!(!format!("{register:?}").contains("canary"));
    }
}
