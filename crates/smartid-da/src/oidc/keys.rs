//! The provider's keys.
//!
//! A key set is published by a stranger and holds keys for other purposes too. One that cannot be used does not spoil the others; a
//! private half that was published by mistake is not read.

use smartid_core::{Lint, json};
use smartid_trust::jws::{Jwk, JwkSet, MAX_KEYS};

use super::reason::{OidcPlace, OidcReason};
use super::refusal::OidcRefusal;
use super::strict;

/// Members that hold a private key (RFC 7518 6.2.2 and 6.3.2).
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// The keys of a provider that may verify an ID token.
///
/// ```
/// use smartid_da::oidc::KeySet;
///
/// let keys = KeySet::parse(
///     br#"{"keys": [
///         {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "one"},
///         {"kty": "oct", "k": "AAAA", "kid": "published"}]}"#,
/// )?;
/// assert_eq!(keys.usable().collect::<Vec<_>>(), [Some("one")]);
/// # Ok::<(), smartid_da::oidc::OidcRefusal>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    pub(super) keys: Vec<Jwk>,
    lints: Vec<Lint>,
}

impl KeySet {
    /// Reads a JWK set (RFC 7517 5): at most 1 MiB and 256 keys.
    ///
    /// # Errors
    /// [`OidcRefusal`] of [`OidcPlace::Keys`] when it is none.
    pub fn parse(document: &[u8]) -> Result<Self, OidcRefusal> {
        let refuse = |reason| OidcRefusal::new(OidcPlace::Keys, reason);
        let members = strict::members(document).map_err(refuse)?;
        let list = members.iter().find(|(name, _)| name == "keys");
        let list = list
            .and_then(|(_, list)| json::items(list))
            .ok_or(refuse(OidcReason::Member))?;
        if list.len() > MAX_KEYS {
            return Err(refuse(OidcReason::Body));
        }
        let mut set = Self::default();
        for (index, text) in list.into_iter().enumerate() {
            let at = format!("keys/{index}");
            let public = without_private_half(text);
            if public.is_some() {
                set.lints.push(Lint::new(at.as_str(), "private-key"));
            }
            match Jwk::from_json(public.as_deref().unwrap_or(text)) {
                Ok(key) if key.key().is_ok() => set.keys.push(key),
                Ok(_) | Err(_) => set.lints.push(Lint::new(at.as_str(), "not-usable")),
            }
        }
        Ok(set)
    }

    /// The `kid` of each key that may verify an ID token, in the set's order; `None` for a key without one.
    pub fn usable(&self) -> impl Iterator<Item = Option<&str>> {
        self.keys.iter().map(Jwk::id)
    }

    /// What was tolerated: `private-key` (published with its private half: the provider should change it at once), `not-usable` (for
    /// another purpose, of an unknown kind, too small or broken; passed over).
    #[must_use]
    pub fn lints(&self) -> &[Lint] {
        &self.lints
    }

    pub(super) fn set(&self) -> JwkSet {
        JwkSet::new(self.keys.iter().cloned())
    }
}

/// The key without its private members, when it has any and is not symmetric, which has no public half.
fn without_private_half(text: &str) -> Option<String> {
    let members = json::members(text)?;
    let private = |name: &str| PRIVATE.contains(&name);
    if !members.iter().any(|(name, _)| private(name)) {
        return None;
    }
    let public: Vec<String> = members
        .iter()
        .filter(|(name, _)| !private(name))
        .map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name.as_str())))
        .collect();
    Some(format!("{{{}}}", public.join(",")))
}
