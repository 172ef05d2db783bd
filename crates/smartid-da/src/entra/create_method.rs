//! Binds a new credential to the user's account, as a sign-in method of theirs.
//!
//! `POST {version}/users/{user}/authentication/fido2Methods` \[documented; Microsoft Graph: Create fido2AuthenticationMethod\]. Of the
//! registration `id`, `clientDataJSON` and `attestationObject` are sent; that nothing else may be there is inferred. Attestation of another
//! format than `packed` and `none` is not taken, so it is not sent.
//!
//! It is sent once: the challenge dies with the first attempt. Where the service fails while it stores, the credential may be stored.

use std::str::FromStr;

use http::{Method, StatusCode};
use serde::Serialize;
use smartid_core::base64::{Flavour, encode};
use smartid_core::{BuildError, Content, Endpoint, Incoming, Outgoing, Repeat, ResponseError, Timestamp};

use super::read::answered;
use super::refusal::EntraRefusal;
use super::{GraphToken, GraphVersion, methods_path};
use crate::fido::reader::{Object, string, without_bom};
use crate::fido::{Aaguid, AttestationFormat, AttestationObject, Registration};
use crate::relying_party::{DisplayName, StoredMethod};
use crate::user::UserId;

/// The formats that Entra takes.
pub(super) const FORMATS: [AttestationFormat; 2] = [AttestationFormat::Packed, AttestationFormat::None];

/// The request; see the module's text for what is sent.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::base64::{Flavour, encode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_da::relying_party::DisplayName;
/// use smartid_da::{UserId, entra::CreateFido2Method, fido::Registration};
///
/// let object = encode(Flavour::Url, b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x41\x00");
/// let registration = Registration::parse(&format!(
///     r#"{{"id":"AQI","rawId":"AQI","type":"public-key","response":{{"clientDataJSON":"e30","attestationObject":"{object}"}}}}"#
/// ))?;
/// let call = CreateFido2Method::new(UserId::new("alice@example.test")?, &registration, DisplayName::new("Blue key")?);
/// let request = call.request(&())?;
/// assert_eq!(request.target(), "v1.0/users/alice%40example.test/authentication/fido2Methods");
/// assert_eq!(
///     request.body_bytes(),
///     &format!(
///         r#"{{"displayName":"Blue key","publicKeyCredential":{{"id":"AQI","response":{{"clientDataJSON":"e30","attestationObject":"{object}"}}}}}}"#
///     ),
/// );
///
/// let body = br#"{"id": "AQI", "displayName": "Blue key", "model": "Blue", "createdDateTime": "2026-03-01T10:01:02Z"}"#;
/// let answer = Incoming::new(StatusCode::CREATED, HeaderMap::new(), bytes::Bytes::from_static(body));
/// assert_eq!(call.response(&(), answer).unwrap().model.as_deref(), Some("Blue"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateFido2Method {
    /// Whose credential it is: object id or user principal name.
    pub user: UserId,
    /// Which version of Graph is called.
    pub version: GraphVersion,
    /// What the authenticator's side answered.
    pub registration: Registration,
    /// What the credential will be called.
    pub display_name: DisplayName,
    /// When the request is sent. What the answer says about time is understood from there, where it has no `Date`.
    pub asked: Option<Timestamp>,
}

impl CreateFido2Method {
    /// Stores this credential for this user, by v1.0.
    #[must_use]
    pub fn new(user: UserId, registration: &Registration, display_name: DisplayName) -> Self {
        Self {
            user,
            version: GraphVersion::V1,
            registration: registration.clone(),
            display_name,
            asked: None,
        }
    }

    /// Sets the version of Graph.
    #[must_use]
    pub fn version(mut self, version: GraphVersion) -> Self {
        self.version = version;
        self
    }

    /// Sets when the request is sent.
    #[must_use]
    pub fn asked(mut self, at: Timestamp) -> Self {
        self.asked = Some(at);
        self
    }

    fn format_is_taken(&self) -> Result<(), BuildError> {
        let object = AttestationObject::with_any_statement(self.registration.attestation_object())
            .map_err(|error| BuildError::Invalid(error.to_string()))?;
        let format = AttestationFormat::new(object.format);
        if FORMATS.contains(&format) {
            return Ok(());
        }
        Err(BuildError::Invalid(format!(
            "the attestation is of format {format}; Microsoft Entra takes packed and none"
        )))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    display_name: &'a str,
    public_key_credential: Credential,
}

#[derive(Serialize)]
struct Credential {
    id: String,
    response: Response,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    attestation_object: String,
}

impl Endpoint for CreateFido2Method {
    type Auth = GraphToken;
    type Dialect = ();
    type Output = StoredMethod;
    type Error = EntraRefusal;

    const NAME: &'static str = "entra.fido-credentials";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, _: &()) -> Result<Outgoing, BuildError> {
        self.format_is_taken()?;
        let base64url = |bytes| encode(Flavour::Url, bytes);
        Outgoing::new(Method::POST, methods_path(self.version, &self.user)?).json(&Body {
            display_name: self.display_name.as_str(),
            public_key_credential: Credential {
                id: base64url(self.registration.id()),
                response: Response {
                    client_data_json: base64url(self.registration.client_data_json()),
                    attestation_object: base64url(self.registration.attestation_object()),
                },
            },
        })
    }

    fn response(&self, _: &(), incoming: Incoming) -> Result<StoredMethod, ResponseError<EntraRefusal>> {
        answered(&incoming, Self::REPEAT, self.asked)?;
        match (incoming.status(), incoming.content()) {
            (StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT, Content::Empty) => {
                Ok(StoredMethod::default())
            }
            (StatusCode::OK | StatusCode::CREATED, _) => method(&incoming),
            // Accepted, or something else that nobody explains: it may have been done.
            _ => Err(incoming
                .unreadable("a success status that does not say whether the credential is stored")
                .into()),
        }
    }
}

/// The method object. What it says counts where it can be used; only that it is one is asked for.
fn method(incoming: &Incoming) -> Result<StoredMethod, ResponseError<EntraRefusal>> {
    let object = std::str::from_utf8(incoming.body())
        .ok()
        .and_then(|text| Object::read(without_bom(text).0.trim()))
        .ok_or_else(|| incoming.unreadable("the answer is not the method that was stored"))?;
    let text = |name| {
        object
            .get(name)
            .and_then(string)
            .filter(|text| !text.is_empty() && text.len() <= LONGEST)
    };
    Ok(StoredMethod {
        id: text("id"),
        display_name: text("displayName"),
        created: text("createdDateTime").and_then(|text| Timestamp::from_iso8601(&text)),
        aaguid: text("aaGuid")
            .and_then(|text| Aaguid::from_str(&text).ok())
            .map(|aaguid| aaguid.to_string()),
        model: text("model"),
        attestation_level: text("attestationLevel"),
    })
}

/// Longest text of a method that is kept, in bytes.
const LONGEST: usize = 2048;
