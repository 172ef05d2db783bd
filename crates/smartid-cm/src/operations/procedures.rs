//! Lists token procedures: what a certificate, a card or a soft token can be issued by.
//!
//! `GET procedures?mediaType=` \[seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin; its JSON spelling is
//! inferred\]. Changes nothing; any officer that Protocol Gateway lets in may call it, which is why it serves as a test of the connection.
//!
//! The answer is an envelope with `procedures`, whose elements have a `name`; what else they have is unknown and kept. A bare list, and
//! names without anything around them, are read as well.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use crate::answer;
use crate::auth::Officer;
use crate::body;
use crate::dialect::CmDialect;
use crate::ids::ProcedureName;
use crate::refusal::CmRefusal;
use crate::rows;

/// What a procedure produces (seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaType {
    /// Certificates for PKCS #10 requests.
    Pkcs10,
    /// Soft tokens: keys and certificates in a PKCS #12 container.
    Pkcs12,
    /// Smart cards.
    SmartCard,
    /// Attribute certificates.
    AttributeCertificate,
    /// Data.
    Data,
    /// Another one.
    Other(Cow<'static, str>),
}

impl MediaType {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pkcs10 => "pkcs10",
            Self::Pkcs12 => "pkcs12",
            Self::SmartCard => "smartcard",
            Self::AttributeCertificate => "attributecertificate",
            Self::Data => "data",
            Self::Other(name) => name,
        }
    }

    /// From the name on the wire.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "pkcs10" => Self::Pkcs10,
            "pkcs12" => Self::Pkcs12,
            "smartcard" => Self::SmartCard,
            "attributecertificate" => Self::AttributeCertificate,
            "data" => Self::Data,
            other => Self::Other(Cow::Owned(other.to_owned())),
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A token procedure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Listed")]
#[non_exhaustive]
pub struct Procedure {
    /// Its name, as [`procname`](super::IssueCertificate::procedure) takes it.
    pub name: ProcedureName,
    /// What else the answer says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

/// A procedure as lists have it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    Name(ProcedureName),
    Object {
        name: ProcedureName,
        #[serde(flatten)]
        other: BTreeMap<String, serde_json::Value>,
    },
}

impl From<Listed> for Procedure {
    fn from(listed: Listed) -> Self {
        match listed {
            Listed::Name(name) => Self {
                name,
                other: BTreeMap::new(),
            },
            Listed::Object { name, other } => Self { name, other },
        }
    }
}

/// The request; see the module's text for who may send it and when.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_cm::CmDialect;
/// use smartid_cm::operations::{MediaType, Procedures};
///
/// let dialect = CmDialect::default();
/// let call = Procedures::of(MediaType::Pkcs10);
/// assert_eq!(call.request(&dialect)?.target(), "procedures?mediaType=pkcs10");
///
/// let body = r#"{"error":0,"msg":"","procedures":[{"name":"Server TLS","id":7}]}"#;
/// let procedures = call.response(&dialect, Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body))).unwrap();
/// assert_eq!(procedures[0].name.as_str(), "Server TLS");
/// assert_eq!(procedures[0].other["id"], 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Procedures {
    /// Of this kind only; of every kind otherwise (that the parameter can be left out is inferred).
    pub media_type: Option<MediaType>,
}

impl Procedures {
    /// Those that produce this.
    #[must_use]
    pub fn of(media_type: MediaType) -> Self {
        Self {
            media_type: Some(media_type),
        }
    }

    /// All of them.
    #[must_use]
    pub fn all() -> Self {
        Self { media_type: None }
    }
}

impl Endpoint for Procedures {
    type Auth = Officer;
    type Dialect = CmDialect;
    type Output = Vec<Procedure>;
    type Error = CmRefusal;

    const NAME: &'static str = "cm.procedures";
    const REPEAT: Repeat = Repeat::Safe;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        let query: Vec<_> = self
            .media_type
            .iter()
            .map(|media_type| ("mediaType", media_type.to_string()))
            .collect();
        body::read(dialect, &dialect.procedures, &[], &query)
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<Vec<Procedure>, ResponseError<CmRefusal>> {
        let incoming = dialect.procedures.response.apply_to_response(incoming);
        let incoming = answer::document(dialect, incoming)?;
        Ok(rows::anywhere(dialect, &incoming, "procedures")?)
    }
}
