//! What a provisioning answer must be: bound to the command that it answers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smartid_trust::PublicKey;
use smartid_trust::jws::{JwkSet, JwsPolicy};
use smartid_trust::request::RequestPolicy;

use super::ProvisionRefusal;
use crate::commands::Nonce;
use crate::commands::provision::{KeyRequest, SignatureKey, quirks};
use crate::ids::{KeyId, ProfileId, UserId};

/// The keys that answers are signed with, by the names that a command gives in `responsesignaturekey`. Make it once and keep it.
///
/// Apps have a built-in attestation key, or one of the organisation (vendor page: Configure custom attestation keys, documented); its
/// public half is published as JWK. That sets of custom keys are named in `responsesignaturekey` is inferred.
///
/// ```
/// use smartid_hermod::answers::AttestationKeys;
/// use smartid_trust::jws::JwkSet;
///
/// let keys = JwkSet::from_json(
///     r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"attestation_1","keystate":"active"}"#,
/// )?;
/// let keys = AttestationKeys::new(keys.clone()).with("OUR_ATTESTATION", keys);
/// assert_eq!(keys.names().collect::<Vec<_>>(), ["ATTESTATION", "OUR_ATTESTATION"]);
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct AttestationKeys(BTreeMap<String, Arc<JwsPolicy>>);

impl AttestationKeys {
    /// The keys of the set `ATTESTATION`.
    #[must_use]
    pub fn new(keys: JwkSet) -> Self {
        Self::default().with(SignatureKey::Attestation, keys)
    }

    /// Adds a set under another name: that of a custom set, or the id of a key of the profile, whose public half is then the set.
    /// An answer without `kid` is tried with every key of its set.
    #[must_use]
    pub fn with(self, name: impl Into<SignatureKey>, keys: JwkSet) -> Self {
        self.with_policy(name, JwsPolicy::keys(keys).trying_every_key())
    }

    /// As [`with`](Self::with), with full control: fewer algorithms, or certificates in place of keys.
    #[must_use]
    pub fn with_policy(mut self, name: impl Into<SignatureKey>, policy: JwsPolicy) -> Self {
        self.0.insert(name.into().as_str().to_owned(), Arc::new(policy));
        self
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// What is kept of a provision command to check its answer by, perhaps in another process. There is no secret in it: it is what the
/// device was sent. What was stored is read strictly: one that lacks a member, or has one that this version does not know, is refused,
/// because less would be checked than was meant.
///
/// ```
/// use std::time::Duration;
/// use smartid_hermod::CommandHeader;
/// use smartid_hermod::answers::ProvisionExpectation;
/// use smartid_hermod::commands::provision::Provision;
///
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?;
/// let command = Provision::update(header, "userA", "70a1c6de").nonce("83012264");
/// let stored = serde_json::to_string(&command.expectation())?;
/// assert_eq!(
///     stored,
///     r#"{"nonce":"83012264","user_id":"userA","profile_id":"70a1c6de","signature_key":"ATTESTATION","keys":[]}"#,
/// );
/// assert_eq!(serde_json::from_str::<ProvisionExpectation>(&stored)?, command.expectation());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ProvisionExpectation {
    /// The challenge; without one it is not looked at.
    #[serde(deserialize_with = "Option::deserialize")]
    pub nonce: Option<Nonce>,
    /// The user.
    pub user_id: UserId,
    /// The profile to update; without one a new profile is expected.
    #[serde(deserialize_with = "Option::deserialize")]
    pub profile_id: Option<ProfileId>,
    /// The key that the answer is signed with.
    pub signature_key: SignatureKey,
    /// The keys that were asked for.
    pub keys: Vec<KeyRequest>,
}

impl ProvisionExpectation {
    /// Without keys.
    #[must_use]
    pub fn new(
        nonce: Option<Nonce>,
        user_id: UserId,
        profile_id: Option<ProfileId>,
        signature_key: SignatureKey,
    ) -> Self {
        Self {
            nonce,
            user_id,
            profile_id,
            signature_key,
            keys: Vec::new(),
        }
    }

    /// Adds keys that were asked for.
    #[must_use]
    pub fn keys(mut self, keys: impl IntoIterator<Item = KeyRequest>) -> Self {
        self.keys.extend(keys);
        self
    }
}

type Adjust = dyn Fn(&KeyId, RequestPolicy) -> RequestPolicy + Send + Sync;

/// What a provisioning answer must be; made from the command ([`Provision::policy`](crate::commands::Provision::policy)), or from what
/// was stored of it.
///
/// Checked are: the signature, by the keys of the set that the command named; nonce, user and profile; that exactly the keys that were
/// asked for are there, each once; of each key its kind, and that it is neither a throw-away key of a template nor one in use; of each
/// certification request its self-signature, and its names against those of its template. A request may have version 2 or be signed with
/// SHA-1 only where its template is so.
#[derive(Clone)]
pub struct ProvisionPolicy {
    pub(super) expectation: ProvisionExpectation,
    signature: Option<Arc<JwsPolicy>>,
    adjust: Option<Arc<Adjust>>,
    pub(super) keys_in_use: Vec<PublicKey>,
    pub(super) refuse_shared_keys: bool,
}

impl ProvisionPolicy {
    /// From what was stored of a command.
    #[must_use]
    pub fn new(expectation: ProvisionExpectation, keys: &AttestationKeys) -> Self {
        Self {
            signature: keys.0.get(expectation.signature_key.as_str()).cloned(),
            expectation,
            adjust: None,
            keys_in_use: Vec::new(),
            refuse_shared_keys: false,
        }
    }

    /// Refuses these keys: those that somebody has a certificate for already.
    #[must_use]
    pub fn with_keys_in_use(mut self, keys: impl IntoIterator<Item = PublicKey>) -> Self {
        self.keys_in_use.extend(keys);
        self
    }

    /// Refuses an answer in which two keys are the same. By default that leaves a lint: what a device does when it is asked for several
    /// keys of one kind is not published.
    #[must_use]
    pub fn refusing_shared_keys(mut self) -> Self {
        self.refuse_shared_keys = true;
        self
    }

    /// Changes what certification requests must be, for instance to accept an extension that a device adds
    /// ([`RequestPolicy::allow_extension`]), or a template that cannot be read ([`RequestPolicy::accept_unreadable_template`]).
    #[must_use]
    pub fn adjusting_requests(
        mut self,
        adjust: impl Fn(&KeyId, RequestPolicy) -> RequestPolicy + Send + Sync + 'static,
    ) -> Self {
        self.adjust = Some(Arc::new(adjust));
        self
    }

    pub(super) fn signature(&self) -> Result<&JwsPolicy, ProvisionRefusal> {
        let name = || self.expectation.signature_key.to_string();
        self.signature
            .as_deref()
            .ok_or_else(|| ProvisionRefusal::NoAttestationKeys { name: name() })
    }

    /// What the certification request of a key must be.
    pub(super) fn request(&self, wanted: &KeyRequest) -> RequestPolicy {
        let kind = wanted
            .requirement()
            .unwrap_or_else(smartid_trust::request::KeyRequirement::any);
        let mut policy = match &wanted.template {
            None => RequestPolicy::without_template(kind),
            Some(template) => {
                let (version_2, sha1) = quirks(template);
                let mut policy = RequestPolicy::from_template(template, kind);
                if version_2 {
                    policy = policy.accept_version_2();
                }
                if sha1 {
                    policy = policy.accept_sha1_self_signature();
                }
                policy
            }
        };
        if let Some(adjust) = &self.adjust {
            policy = adjust(&wanted.key_id, policy);
        }
        policy
    }
}

impl fmt::Debug for ProvisionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            expectation,
            signature,
            adjust,
            keys_in_use,
            refuse_shared_keys,
        } = self;
        f.debug_struct("ProvisionPolicy")
            .field("expectation", expectation)
            .field("has_attestation_keys", &signature.is_some())
            .field("adjusts_requests", &adjust.is_some())
            .field("keys_in_use", &keys_in_use.len())
            .field("refuse_shared_keys", refuse_shared_keys)
            .finish()
    }
}
