//! Settings of Digital Access. Two verbs, two tail paths and their order are documented; base path, authentication, the user
//! selector, bodies and codes are not (protocol notes: digital-access 1.2 to 1.6), so each is a switch.

mod methods;
mod oauth;
mod oidc;
mod personal;
mod resources;
mod session;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::methods::{DaMethod, DaMethodKind};
pub use self::oauth::{
    BasicDecoding, ClientAuthentication, DaOauthConfig, ExpiresIn, OauthClient, TokenEndpoint,
};
pub use self::oidc::{DaOidcConfig, OidcFlaw};
pub use self::personal::{DaPersonalConfig, PictureStyle};
pub use self::resources::{DaHeader, DaHeaderSource, DaResource};
pub use self::session::DaSessionConfig;

/// Digital Access.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DaConfig {
    /// Path in front of `/fido/...` (digital-access 1.2, candidate A, I).
    pub base_path: String,
    /// How the caller authenticates.
    pub auth: DaAuth,
    /// Bearer token; generated when empty.
    pub token: String,
    /// User of HTTP Basic.
    pub basic_user: String,
    /// Password of HTTP Basic; generated when empty.
    pub basic_password: String,
    /// Name of the header, when `auth` is `header`.
    pub header_name: String,
    /// Its value; generated when empty.
    pub header_value: String,
    /// Ask for a TLS client certificate from the simulator's certificate authority and refuse the handshake without.
    pub require_client_certificate: bool,
    /// What an unauthenticated caller gets.
    pub unauthenticated: Unauthenticated,
    /// Name of the user selector (I).
    pub user_parameter: String,
    /// Where it stands in `GET /fido/options`.
    pub options_user: UserPosition,
    /// Where it stands in `POST /fido/credentials`.
    pub credentials_user: UserPosition,
    /// JSON pointer to the credential in the POST body; empty when the body is the credential.
    pub credential_pointer: String,
    /// Answer the options as `{"publicKey": …}`.
    pub wrapped: bool,
    /// Status of stored (I).
    pub success_status: u16,
    /// Body of stored, sent as JSON; empty for none. With status 204 there is never one.
    pub success_body: String,
    /// Form of error bodies.
    pub error_body: ErrorBody,
    /// Status of each kind of refusal.
    pub status: RefusalStatus,
    /// The users.
    pub users: Vec<DaUser>,
    /// How many challenges may be open for one user; a newer one drops the oldest (digital-access 1.6, U).
    pub pending_per_user: usize,
    /// Relying party id; the credential's domain.
    pub rp_id: String,
    /// Relying party name.
    pub rp_name: String,
    /// Origins that are allowed; empty means exactly `https://<rp_id>` (digital-access 1.5, I).
    pub origins: Vec<String>,
    /// Sites in whose frames the page that registers may stand (`crossOrigin`, `topOrigin`); empty refuses frames of other sites.
    pub top_origins: Vec<String>,
    /// Algorithms offered, in order of preference (digital-access 1.3, D).
    pub algorithms: Vec<i64>,
    /// `timeout` of the options in milliseconds and life of the challenge. Left out, the member is absent and the challenge lives
    /// two minutes (I).
    pub timeout_ms: Option<u64>,
    /// Form of `excludeCredentials`.
    pub exclude_credentials: ExcludeStyle,
    /// `authenticatorSelection.authenticatorAttachment`; empty leaves it out.
    pub attachment: String,
    /// `authenticatorSelection.residentKey`; empty leaves it out.
    pub resident_key: String,
    /// `authenticatorSelection.userVerification`; empty leaves it out, which means `preferred`.
    pub user_verification: String,
    /// `attestation`; empty leaves it out.
    pub attestation: String,
    /// `extensions` (java-webauthn-server always adds credProps).
    pub extensions: Map<String, Value>,
    /// More members of the options, such as `hints`; they win over members of the same name.
    pub extra: Map<String, Value>,
    /// The exact bytes of the options instead of the built ones. `{{challenge}}`, `{{user_id}}`, `{{user_name}}`, `{{rp_id}}` and
    /// `{{exclude}}` (a JSON array) are filled in; nothing else is touched, nor is it wrapped.
    pub options_raw: Option<String>,
    /// Members of `response` that are ignored instead of refused (digital-access 1.4: java-webauthn-server tolerates these two).
    pub tolerated_response_members: Vec<String>,
    /// Path of the login endpoint below the base (digital-access 2.2, I).
    pub login_path: String,
    /// Largest request body that is read, in bytes.
    pub max_body_bytes: usize,
    /// OAuth 2.0.
    pub oauth: DaOauthConfig,
    /// Sessions of browsers.
    pub session: DaSessionConfig,
    /// Web resources behind the access point.
    pub resources: Vec<DaResource>,
    /// The authentication methods.
    pub methods: Vec<DaMethod>,
    /// The OpenID provider.
    pub oidc: DaOidcConfig,
    /// Personal Mobile and Personal Desktop.
    pub personal: DaPersonalConfig,
}

impl Default for DaConfig {
    fn default() -> Self {
        let mut extensions = Map::new();
        extensions.insert("credProps".into(), Value::Bool(true));
        Self {
            base_path: "/https/api/rest/v3.0".into(),
            auth: DaAuth::Bearer,
            token: String::new(),
            basic_user: "fido-admin".into(),
            basic_password: String::new(),
            header_name: "X-Api-Token".into(),
            header_value: String::new(),
            require_client_certificate: false,
            unauthenticated: Unauthenticated::Status401,
            user_parameter: "userId".into(),
            options_user: UserPosition::Query,
            credentials_user: UserPosition::Query,
            credential_pointer: String::new(),
            wrapped: false,
            success_status: 201,
            success_body: String::new(),
            error_body: ErrorBody::Json,
            status: RefusalStatus::default(),
            users: ["alice", "bob"].map(DaUser::example).to_vec(),
            pending_per_user: 5,
            rp_id: "login.example.test".into(),
            rp_name: "Example Digital Access".into(),
            origins: Vec::new(),
            top_origins: Vec::new(),
            algorithms: vec![-7, -8, -35, -36, -257, -258, -259],
            timeout_ms: Some(120_000),
            exclude_credentials: ExcludeStyle::Present,
            attachment: "cross-platform".into(),
            resident_key: "preferred".into(),
            user_verification: "preferred".into(),
            attestation: "none".into(),
            extensions,
            extra: Map::new(),
            options_raw: None,
            tolerated_response_members: vec!["publicKey".into(), "publicKeyAlgorithm".into()],
            login_path: "/webauthn/authentication".into(),
            max_body_bytes: 1 << 20,
            oauth: DaOauthConfig::default(),
            session: DaSessionConfig::default(),
            resources: resources::defaults(),
            methods: methods::defaults(),
            oidc: DaOidcConfig::default(),
            personal: DaPersonalConfig::default(),
        }
    }
}

/// A user of Digital Access. `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DaUser {
    /// The user id.
    pub name: String,
    /// `user.displayName`; the id when empty.
    #[serde(default)]
    pub display_name: String,
    /// Whether FIDO is enabled for the user.
    #[serde(default = "yes")]
    pub fido_enabled: bool,
    /// "Enable Personal" (digital-access 4.1, D).
    #[serde(default = "yes")]
    pub personal_enabled: bool,
    /// Password of the method of kind `password`. Empty: generated for the users of the configuration, none for users that come later.
    #[serde(default)]
    pub password: String,
    /// Attributes of the user storage, such as `mail`, `samAccountName` and `uid` (digital-access 4.3, D).
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

impl fmt::Debug for DaUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            display_name,
            fido_enabled,
            personal_enabled,
            password: _,
            attributes,
        } = self;
        f.debug_struct("DaUser")
            .field("name", name)
            .field("display_name", display_name)
            .field("fido_enabled", fido_enabled)
            .field("personal_enabled", personal_enabled)
            .field("attributes", attributes)
            .finish_non_exhaustive()
    }
}

fn yes() -> bool {
    true
}

impl DaUser {
    /// A user with FIDO and Personal enabled, without a password.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            display_name: String::new(),
            fido_enabled: true,
            personal_enabled: true,
            password: String::new(),
            attributes: BTreeMap::new(),
        }
    }

    fn example(name: &str) -> Self {
        Self::new(name)
            .attribute("mail", format!("{name}@example.test"))
            .attribute("samAccountName", name)
            .attribute("uid", name)
    }

    /// One more attribute.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.insert(name.into(), value.into());
        self
    }

    /// With a password.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = password.into();
        self
    }
}

/// How the caller of `/fido/...` authenticates (digital-access 1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DaAuth {
    /// `Authorization: Bearer`.
    #[default]
    Bearer,
    /// `Authorization: Basic`.
    Basic,
    /// A header of its own.
    Header,
    /// `Authorization: Bearer` with a token of the OAuth endpoint that has the scope `oauth.fido_scope`.
    Oauth,
    /// Not at all, for example because a client certificate is enough.
    None,
}

/// What an unauthenticated caller gets (digital-access 0.3 and 1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Unauthenticated {
    /// 401.
    #[default]
    #[serde(rename = "401")]
    Status401,
    /// 403.
    #[serde(rename = "403")]
    Status403,
    /// 302 to `/wa/auth?authmech=…`.
    Redirect,
    /// 200 with a login page.
    LoginPage,
}

/// Where the user selector stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UserPosition {
    /// As a query parameter.
    #[default]
    Query,
    /// As the last path segment.
    Path,
    /// As a header.
    Header,
    /// As a member of the JSON body, beside the credential. In `GET /fido/options`: of a JSON body.
    Body,
    /// Not sent: the challenge names the user. Only for `POST /fido/credentials`.
    Absent,
}

/// Form of error bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorBody {
    /// `{"error", "message"}`.
    #[default]
    Json,
    /// `text/plain`.
    Plain,
    /// `text/html`.
    Html,
}

/// Form of `excludeCredentials` in the options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ExcludeStyle {
    /// The user's credentials, `[]` when there are none.
    #[default]
    Present,
    /// Always `null`.
    Null,
    /// Never there.
    Absent,
}

/// Status of each kind of refusal (digital-access 1.4, I).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RefusalStatus {
    /// Verification failed, or the body is not understood.
    pub invalid: u16,
    /// The challenge is unknown, used or expired; 410 is the other candidate.
    pub challenge: u16,
    /// No such user.
    pub user: u16,
    /// FIDO is not enabled for the user.
    pub disabled: u16,
    /// The credential is there already.
    pub duplicate: u16,
}

impl Default for RefusalStatus {
    fn default() -> Self {
        Self {
            invalid: 400,
            challenge: 400,
            user: 404,
            disabled: 403,
            duplicate: 409,
        }
    }
}
