//! What stands around the REST API: limits, the download servlet, and the push to Identity Manager (protocol notes: cm 3, 5, 10).

use serde::{Deserialize, Serialize};

/// How many calls are answered (cm 4.4, T: -40; keys, limits and intervals U).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmRateConfig {
    /// Calls of one caller in a span of time; what is beyond ends with -40. 0 for any number.
    pub calls: u32,
    /// The span, in seconds of the simulator's clock.
    pub seconds: u64,
    /// `Retry-After` of that answer, in seconds; left out, the header is absent.
    pub retry_after_seconds: Option<u64>,
}

impl Default for CmRateConfig {
    fn default() -> Self {
        Self {
            calls: 0,
            seconds: 60,
            retry_after_seconds: None,
        }
    }
}

/// The servlet `dp` (cm 5 and 11, T: `dp/ca/<name>.cer`; revocation lists U).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmDpConfig {
    /// Whether the servlet is started.
    pub start: bool,
    /// Path in front of the two below.
    pub prefix: String,
    /// Where certificates of authorities stand.
    pub ca_path: String,
    /// Where revocation lists stand (I).
    pub crl_path: String,
    /// `{name}` of the issuing authority.
    pub issuing_name: String,
    /// `{name}` of the root.
    pub root_name: String,
    /// How long a revocation list is good for, in seconds.
    pub crl_seconds: u64,
}

impl Default for CmDpConfig {
    fn default() -> Self {
        Self {
            start: true,
            prefix: "/pgwy/dp".into(),
            ca_path: "ca/{name}.cer".into(),
            crl_path: "crl/{name}.crl".into(),
            issuing_name: "issuing".into(),
            root_name: "root".into(),
            crl_seconds: 86_400,
        }
    }
}

/// The push of certificates to Identity Manager (cm 10, D).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmPushConfig {
    /// Path below the receiver's address.
    pub path: String,
    /// Form of the body (D: base64 of DER).
    pub body: PushBody,
    /// `Content-Type` (D).
    pub content_type: String,
    /// Name of the tenant in the query (D).
    pub tenant_parameter: String,
    /// How often each certificate is sent; a distribution may be repeated.
    pub times: u32,
    /// Certificate authorities (PEM) beside the simulator's own that are trusted when pushing over https.
    pub extra_ca_pem: String,
    /// Seconds of real time after which a push counts as failed.
    pub timeout_seconds: u64,
}

impl Default for CmPushConfig {
    fn default() -> Self {
        Self {
            path: "ws/certificate/register".into(),
            body: PushBody::Base64,
            content_type: "application/pkix-cert".into(),
            tenant_parameter: "tenantId".into(),
            times: 1,
            extra_ca_pem: String::new(),
            timeout_seconds: 10,
        }
    }
}

/// Form of a pushed certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PushBody {
    /// Base64 on one line.
    #[default]
    Base64,
    /// Base64 in lines of 64 characters.
    Base64Lines,
    /// PEM.
    Pem,
    /// DER.
    Der,
}
