//! Lists the CAs that Certificate Manager knows as issuers. **Experimental**: the path is a guess.
//!
//! `GET certificates/issuers` \[path inferred, from the dialect; the answer from a model in public third-party code that no client was
//! seen to use: Keyfactor/nexus-certificate-manager-caplugin\]. Changes nothing and may be repeated. A refusal of status 404 means that
//! the guess is wrong: `issuers.path` of the dialect is where to say it, once an administrator has looked at the handlers of
//! `api.properties`.
//!
//! The answer is an envelope with `searchHits` and `subjects`, each of which has the name as text and in parts.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use crate::answer;
use crate::auth::Officer;
use crate::body;
use crate::dialect::CmDialect;
use crate::record;
use crate::refusal::CmRefusal;
use crate::rows::{self, Total};

/// A CA's name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Issuer {
    /// The whole name as text.
    #[serde(default, rename = "subjectDn", skip_serializing_if = "Option::is_none")]
    pub subject_dn: Option<String>,
    /// Its parts: the values of each kind of attribute, by its name on the wire.
    #[serde(
        default,
        deserialize_with = "parts",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub subject: BTreeMap<String, Vec<String>>,
    /// What else the answer says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// The parts of a name: each a text, a number, or a list of them. A part that is nothing of these is left out; the whole name has it.
fn parts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    let parts = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    let texts = |value| match value {
        Value::Array(values) => values
            .into_iter()
            .filter_map(|value| record::text(value).ok())
            .collect(),
        value => record::text(value).into_iter().collect::<Vec<_>>(),
    };
    Ok(parts
        .into_iter()
        .map(|(name, value)| (name, texts(value)))
        .collect())
}

/// The CAs that were found.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct IssuerPage {
    /// How many there are in all, when the answer tells. It may be more than are on the page.
    pub hits: Option<u64>,
    /// Their names, in the order of the answer.
    pub issuers: Vec<Issuer>,
}

/// The request; see the module's text for who may send it and when.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_cm::CmDialect;
/// use smartid_cm::operations::experimental::Issuers;
///
/// let dialect = CmDialect::from_toml("[issuers]\npath = 'issuers'")?;
/// let call = Issuers::new();
/// assert_eq!(call.request(&dialect)?.target(), "issuers");
///
/// let body = r#"{"error":0,"msg":"","searchHits":1,"subjects":[{"subjectDn":"CN=Root, OU=a, OU=b","subject":{"CN":"Root","OU":["a","b"]}}]}"#;
/// let page = call.response(&dialect, Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(body))).unwrap();
/// assert_eq!(page.issuers[0].subject["OU"], ["a", "b"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issuers {
    /// At most so many (`searchLimit`; that the parameters of the search are taken here too is inferred).
    pub limit: Option<u32>,
    /// Without the first so many (`searchOffset`).
    pub offset: Option<u64>,
}

impl Issuers {
    /// All of them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so many.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Without the first so many.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }
}

impl Endpoint for Issuers {
    type Auth = Officer;
    type Dialect = CmDialect;
    type Output = IssuerPage;
    type Error = CmRefusal;

    const NAME: &'static str = "cm.issuers";
    const REPEAT: Repeat = Repeat::Safe;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        let limit = self.limit.map(|limit| ("searchLimit", limit.to_string()));
        let offset = self.offset.map(|offset| ("searchOffset", offset.to_string()));
        let query: Vec<_> = limit.into_iter().chain(offset).collect();
        body::read(dialect, &dialect.issuers, &[], &query)
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<IssuerPage, ResponseError<CmRefusal>> {
        let incoming = dialect.issuers.response.apply_to_response(incoming);
        let incoming = answer::document(dialect, incoming)?;
        let (Total(hits), issuers) = rows::with_total(&incoming, "subjects")?;
        Ok(IssuerPage { hits, issuers })
    }
}
