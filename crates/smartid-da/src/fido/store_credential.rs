//! Binds a new credential to the user's account.
//!
//! `POST /fido/credentials`, Digital Access 6.11 and later \[documented; vendor page: Fido credential provisioning with Digital
//! Access\]. The body (a W3C `RegistrationResponseJSON` and nothing else), how the user is named (as in the first call) and what success
//! looks like (any 2xx) are inferred and stand in the dialect under `user` and `credentials`.
//!
//! Only a caller with the right to provision may call it. It is sent once: the challenge dies with the first attempt, so after a lost
//! answer the thing to do is to ask for options anew and see whether they [exclude](super::CreationOptions::excludes) the credential.
//!
//! What can go wrong is a [`DaRefusal`]: 400 or 410 (the challenge is used or expired: the user's turn, to start again; else an
//! administrator's: origins, relying party, attestation), 409 (stored already), 404, 401 and 403 as for the options.

use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError, json};

use super::registration::Registration;
use crate::auth::FidoProvisioning;
use crate::dialect::DaDialect;
use crate::refusal::{DaRefusal, accept};
use crate::request::{Target, header_value};
use crate::user::UserId;

/// Which members of a registration are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BodyForm {
    /// Only those that a strict server takes; see [`Registration::strict_body`].
    #[default]
    Strict,
    /// The text as it came from the authenticator's side.
    AsReceived,
}

/// The request; see the module's text for who may send it and when.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_da::{DaDialect, UserId, fido::{Registration, StoreCredential}};
///
/// let dialect = DaDialect::default();
/// let registration = Registration::parse(
///     r#"{"id":"AQI","rawId":"AQI","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA","publicKeyAlgorithm":-7}}"#,
/// )?;
/// let call = StoreCredential::new(UserId::new("anna")?, &registration);
/// let request = call.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "fido/credentials?userId=anna"));
/// assert_eq!(
///     request.body_bytes(),
///     r#"{"id":"AQI","rawId":"AQI","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"},"clientExtensionResults":{}}"#,
/// );
///
/// let answer = Incoming::new(StatusCode::CREATED, HeaderMap::new(), bytes::Bytes::new());
/// assert_eq!(call.response(&dialect, answer).unwrap().status, StatusCode::CREATED);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreCredential {
    /// Whose credential it is.
    pub user: UserId,
    /// What the authenticator's side answered.
    pub registration: Registration,
    /// Which of its members are sent; `None` leaves it to the dialect (`credentials.body`).
    pub body: Option<BodyForm>,
}

impl StoreCredential {
    /// Stores this credential for this user.
    #[must_use]
    pub fn new(user: UserId, registration: &Registration) -> Self {
        Self {
            user,
            registration: registration.clone(),
            body: None,
        }
    }

    /// Sets which members are sent, whatever the dialect says.
    #[must_use]
    pub fn body(mut self, form: BodyForm) -> Self {
        self.body = Some(form);
        self
    }
}

/// The credential is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// The status of the answer.
    pub status: StatusCode,
    /// Its body, which is optional and whose form is not known.
    pub body: Bytes,
}

impl Endpoint for StoreCredential {
    type Auth = FidoProvisioning;
    type Dialect = DaDialect;
    type Output = Stored;
    type Error = DaRefusal;

    const NAME: &'static str = "da.fido-credentials";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &DaDialect) -> Result<Outgoing, BuildError> {
        let call = &dialect.credentials;
        let target = Target::new(&self.user, &call.verb, &call.path).named(
            &dialect.user,
            call.user_position,
            call.user_name.as_deref(),
        );
        let mut body = match self.body.unwrap_or(call.body) {
            BodyForm::Strict => self.registration.strict_body(),
            BodyForm::AsReceived => self.registration.as_received().to_owned(),
        };
        if !call.credential.is_root() {
            body = json::put("{}", &call.credential, &body)?;
        }
        if let Some(named) = target.in_body(&body)? {
            body = named;
        }
        let body = call.request.apply_to_request(body.into())?;
        Ok(target.request()?.body("application/json", body).header(
            CONTENT_TYPE,
            header_value("credentials.content_type", &call.content_type)?,
        ))
    }

    fn response(&self, dialect: &DaDialect, incoming: Incoming) -> Result<Stored, ResponseError<DaRefusal>> {
        accept(dialect, &dialect.credentials.success, &incoming)?;
        let page = incoming.content_type().eq_ignore_ascii_case("text/html");
        if page && incoming.body().trim_ascii().is_empty() && dialect.errors.html_is_login {
            // Neither a login page nor an answer: it may have been done.
            return Err(incoming
                .unreadable("an empty web page in place of an answer")
                .into());
        }
        Ok(Stored {
            status: incoming.status(),
            body: incoming.body().clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn call() -> StoreCredential {
        let text = r#"{"id":"AQI=","rawId":"AQI=","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"}}"#;
        StoreCredential::new(UserId::new("anna").unwrap(), &Registration::parse(text).unwrap())
    }

    #[test]
    fn extension_results_are_always_sent_and_under_their_right_name() {
        let request = call().request(&DaDialect::default()).unwrap();
        let body: serde_json::Value = serde_json::from_slice(request.body_bytes()).unwrap();
        assert_eq!(body["clientExtensionResults"], serde_json::json!({}));
        assert_eq!(
            (&body["id"], body.get("extensions")),
            (&serde_json::json!("AQI"), None)
        );
    }

    #[test]
    fn a_login_page_is_never_taken_for_success() {
        let read = |status, body: &'static str| {
            let incoming = Incoming::new(status, HeaderMap::new(), Bytes::from_static(body.as_bytes()));
            call().response(&DaDialect::default(), incoming)
        };
        assert_eq!(read(StatusCode::OK, "stored").unwrap().body, "stored");
        assert!(matches!(
            read(StatusCode::OK, "<!DOCTYPE html><title>Log in</title>"),
            Err(ResponseError::Refused(refusal)) if refusal.is_not_authenticated()
        ));
        assert!(
            matches!(read(StatusCode::CONFLICT, ""), Err(ResponseError::Refused(refusal)) if refusal.is_duplicate())
        );
    }
}
