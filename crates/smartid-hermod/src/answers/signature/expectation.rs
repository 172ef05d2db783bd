//! What is kept of a sign or an authenticate command, so that its answer can be checked against what was sent.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smartid_core::base64::{self, Flavour};

use crate::commands::Nonce;
use crate::entry::Entry;
use crate::filter::CertificateFilter;
use crate::ids::UserId;
use crate::signature_kind::{SignatureFormat, SignatureMechanism};

/// What was sent, and so what must have been signed. Made by [`Sign::expectation`](crate::commands::Sign::expectation) and
/// [`Authenticate::expectation`](crate::commands::Authenticate::expectation); serialise it to check the answer in another process.
///
/// It holds the entries themselves and not digests of them: a detached or a bare signature cannot be checked without its content. What
/// was stored is read strictly: without `tbs`, or with a member that this version does not know, it is refused, because less would be
/// checked than was meant.
///
/// ```
/// use smartid_hermod::Entry;
/// use smartid_hermod::answers::SignatureExpectation;
///
/// let asked = SignatureExpectation::of([Entry::content_id("tbs", "SIGN:17")])
///     .user("anna@example.test")
///     .supplying(0, "what the content provider gave out under SIGN:17");
/// let kept = serde_json::to_string(&asked)?;
/// assert_eq!(serde_json::from_str::<SignatureExpectation>(&kept)?, asked);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SignatureExpectation {
    /// The format that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<SignatureFormat>,
    /// The mechanism that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mechanism: Option<SignatureMechanism>,
    /// What was to be signed, in this order.
    pub tbs: Vec<Entry>,
    /// What the person was told. It counts only where a signature covers the entries as such.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub description: Vec<Entry>,
    /// Which key could be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<CertificateFilter>,
    /// The challenge that was sent beside the entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
    /// The user who must be named where the signed content names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The bytes of entries that the command did not carry, by their number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) supplied: BTreeMap<usize, Octets>,
}

impl SignatureExpectation {
    /// That these entries are signed, in any format and by any mechanism.
    #[must_use]
    pub fn of(tbs: impl IntoIterator<Item = Entry>) -> Self {
        Self {
            tbs: tbs.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The user who must be named where the signed content names one. Who signed is better asked of the certificate:
    /// [`SignaturePolicy::expecting_signer`](super::SignaturePolicy::expecting_signer).
    #[must_use]
    pub fn user(mut self, user: impl Into<UserId>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Leaves out what the person was told, which can be large: pictures. It is needed only where the dialect says that a signature
    /// covers the entries as such; without it, descriptions in signed content are refused there.
    #[must_use]
    pub fn without_description(mut self) -> Self {
        self.description.clear();
        self
    }

    /// The bytes of entry `index` of `tbs`, which the command named by content id: those that the content provider gave out.
    #[must_use]
    pub fn supplying(mut self, index: usize, bytes: impl Into<Bytes>) -> Self {
        self.supplied.insert(index, Octets(bytes.into()));
        self
    }

    /// The bytes of an entry that a signature covers.
    pub(super) fn content(&self, index: usize) -> Option<Bytes> {
        let entry = self.tbs.get(index)?;
        // What the command carried cannot be replaced.
        entry
            .signed_bytes()
            .or_else(|| self.supplied.get(&index).map(|Octets(bytes)| bytes.clone()))
    }
}

impl fmt::Debug for SignatureExpectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            format,
            mechanism,
            tbs,
            description,
            filter,
            nonce,
            user,
            supplied,
        } = self;
        f.debug_struct("SignatureExpectation")
            .field("format", format)
            .field("mechanism", mechanism)
            .field("tbs", tbs)
            .field("description", &description.len())
            .field("filter", filter)
            .field("nonce", nonce)
            .field("user", user)
            .field("supplied", &supplied.keys())
            .finish()
    }
}

/// Octets as base64.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Octets(Bytes);

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64::encode(Flavour::Standard, &self.0))
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let octets = base64::decode(Flavour::Standard, &text).map_err(serde::de::Error::custom)?;
        Ok(Self(octets.into()))
    }
}
