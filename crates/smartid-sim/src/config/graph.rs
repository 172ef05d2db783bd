//! Settings of the simulated Microsoft Graph, the second relying party of the FIDO flow (protocol notes: entra-fido). Paths, members and
//! the two attestation formats are documented by Microsoft; statuses and words of refusals are not, so they are switches.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Microsoft Graph with the token endpoint of its tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct GraphConfig {
    /// The tenant, the first segment of the token endpoint's path.
    pub tenant: String,
    /// The application's id.
    pub client_id: String,
    /// Its secret; generated when empty.
    pub client_secret: String,
    /// The resource that a scope names in front of `/.default`; empty means this Graph's own address.
    pub resource: String,
    /// Life of an access token, in seconds of the simulator's clock.
    pub token_seconds: u64,
    /// What the application may do (permission names of Graph).
    pub permissions: Vec<String>,
    /// The user as whom a token acts (delegated access): name, object id or UPN. Empty: the application acts as itself.
    pub signed_in_user: String,
    /// Behind the `@` of a UPN, for users of the simulator whose name holds none.
    pub domain: String,
    /// Relying party id (the documented example says `login.microsoftonline.com`).
    pub rp_id: String,
    /// Relying party name.
    pub rp_name: String,
    /// Origins that are allowed; empty means exactly `https://<rp_id>`.
    pub origins: Vec<String>,
    /// Algorithms offered, in order of preference.
    pub algorithms: Vec<i64>,
    /// `publicKey.timeout` in milliseconds: time for the person, not the life of the challenge. Left out, the member is absent.
    pub timeout_ms: Option<u64>,
    /// `authenticatorSelection.authenticatorAttachment`; empty leaves it out.
    pub attachment: String,
    /// `authenticatorSelection.requireResidentKey`.
    pub require_resident_key: bool,
    /// `authenticatorSelection.userVerification`; empty leaves it out, which means `preferred`.
    pub user_verification: String,
    /// `attestation`; empty leaves it out.
    pub attestation: String,
    /// More members of `publicKey`; they win over members of the same name.
    pub extra: Map<String, Value>,
    /// Where members that begin with `@odata.` stand.
    pub odata: OdataPlace,
    /// Answer the options inside a member `value`, as the example of the beta page does.
    pub value_wrapper: bool,
    /// Where ids in `excludeCredentials` end with the number of padding characters that base64 would have had.
    pub exclude_padding: ExcludePadding,
    /// Form of a method's id.
    pub method_id: MethodIdStyle,
    /// Refuse members of the request that the resource types do not have.
    pub refuse_unknown_members: bool,
    /// Attestation formats that are taken (documented: these two).
    pub formats: Vec<String>,
    /// `attestationLevel`; empty: `attested` when certificates came, `notAttested` otherwise.
    pub attestation_level: String,
    /// `model` by AAGUID in UUID form; a model that is not here is `null`.
    pub models: BTreeMap<String, String>,
    /// How many challenges may be open for one user; a newer one drops the oldest (U).
    pub pending_per_user: usize,
    /// The tenant's FIDO2 policy.
    pub policy: GraphPolicyConfig,
    /// When callers are told to slow down.
    pub throttle: GraphThrottleConfig,
    /// Status of each kind of refusal.
    pub status: GraphStatusConfig,
    /// Largest request body that is read, in bytes.
    pub max_body_bytes: usize,
}

impl Default for GraphConfig {
    fn default() -> Self {
        Self {
            tenant: "7e4a2c10-0000-4000-8000-000000000001".into(),
            client_id: "7e4a2c10-0000-4000-8000-000000000002".into(),
            client_secret: String::new(),
            resource: String::new(),
            token_seconds: 3599,
            permissions: vec!["UserAuthMethod-Passkey.ReadWrite.All".into()],
            signed_in_user: String::new(),
            domain: "example.test".into(),
            rp_id: "login.microsoftonline.com".into(),
            rp_name: "Microsoft".into(),
            origins: Vec::new(),
            algorithms: vec![-7, -257],
            timeout_ms: Some(60_000),
            attachment: "cross-platform".into(),
            require_resident_key: true,
            user_verification: "required".into(),
            attestation: "direct".into(),
            extra: Map::new(),
            odata: OdataPlace::Everywhere,
            value_wrapper: false,
            exclude_padding: ExcludePadding::Beta,
            method_id: MethodIdStyle::Uuid,
            refuse_unknown_members: true,
            formats: vec!["packed".into(), "none".into()],
            attestation_level: String::new(),
            models: BTreeMap::new(),
            pending_per_user: 5,
            policy: GraphPolicyConfig::default(),
            throttle: GraphThrottleConfig::default(),
            status: GraphStatusConfig::default(),
            max_body_bytes: 1 << 20,
        }
    }
}

/// The FIDO2 authentication method policy of the tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct GraphPolicyConfig {
    /// Whether the method is on at all.
    pub enabled: bool,
    /// "Allow self-service set up"; without it provisioning is refused (documented as a known issue).
    pub self_service: bool,
    /// Refuse credentials whose attestation level is not `attested`.
    pub enforce_attestation: bool,
    /// Models that are allowed, AAGUIDs in UUID form; empty allows all.
    pub allowed_aaguids: Vec<String>,
    /// Users for whom the method is off: names of the simulator.
    pub excluded_users: Vec<String>,
}

impl Default for GraphPolicyConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            self_service: true,
            enforce_attestation: false,
            allowed_aaguids: Vec::new(),
            excluded_users: Vec::new(),
        }
    }
}

/// Throttling: 429 with `Retry-After` (documented).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct GraphThrottleConfig {
    /// Calls in a span of time; what is beyond is refused. 0 for any number.
    pub calls: u32,
    /// The span, in seconds of the simulator's clock.
    pub seconds: u64,
    /// `Retry-After` of a refusal, in seconds.
    pub retry_after_seconds: u64,
}

impl Default for GraphThrottleConfig {
    fn default() -> Self {
        Self {
            calls: 0,
            seconds: 10,
            retry_after_seconds: 10,
        }
    }
}

/// Status of each kind of refusal (I).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct GraphStatusConfig {
    /// Verification failed, or the body is not understood.
    pub invalid: u16,
    /// The challenge is unknown, used or expired.
    pub challenge: u16,
    /// The policy, or the caller's own account.
    pub policy: u16,
    /// The credential is there already.
    pub duplicate: u16,
}

impl Default for GraphStatusConfig {
    fn default() -> Self {
        Self {
            invalid: 400,
            challenge: 400,
            policy: 403,
            duplicate: 409,
        }
    }
}

/// Where members that begin with `@odata.` stand (they may stand anywhere).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OdataPlace {
    /// First in every object, as in the documented examples.
    #[default]
    Everywhere,
    /// First in the outermost object only.
    Top,
    /// In the middle of every object, and beside members (`challenge@odata.type`).
    Scattered,
    /// Last in every object.
    Last,
    /// Nowhere.
    None,
}

/// Where ids in `excludeCredentials` end with a padding count (documented for beta; v1.0 has none).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ExcludePadding {
    /// In beta only.
    #[default]
    Beta,
    /// In both versions.
    Always,
    /// Nowhere.
    Never,
}

/// Form of a method's id; both stand in documented examples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MethodIdStyle {
    /// A UUID.
    #[default]
    Uuid,
    /// The credential id in base64url with a padding count behind it.
    Credential,
}
