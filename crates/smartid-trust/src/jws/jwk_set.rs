//! The verifier's keys, and which of them a message can mean.

use serde_json::Value;

use super::algorithm::shown;
use super::header::JwsHeader;
use super::jwk::Jwk;
use super::strict_json;
use crate::{PublicKey, Reason, Refusal, SignatureAlgorithm};

/// Most keys in a set.
pub const MAX_KEYS: usize = 256;

/// Most keys that are tried for one message.
const MAX_TRIED: usize = 16;

/// Longest JWK set that is read, in bytes.
const MAX_LEN: usize = 1024 * 1024;

pub(super) fn capped(json: &[u8]) -> Result<&[u8], Refusal> {
    if json.len() > MAX_LEN {
        return Err(Refusal::new(Reason::TooLarge, "a JWK set"));
    }
    Ok(json)
}

/// The keys that a verifier believes.
///
/// A key that cannot be used (an unknown type, too small, not active) does not make the set unreadable; [`refused`](Self::refused)
/// lists such keys, so that a program can say so when it starts.
///
/// ```
/// use smartid_trust::Reason;
/// use smartid_trust::jws::JwkSet;
///
/// let keys = JwkSet::from_json(
///     r#"{"keys":[
///         {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"one"},
///         {"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"two"}
///     ]}"#,
/// )?;
/// assert_eq!(keys.keys().len(), 2);
/// let (refused, refusal) = keys.refused().next().unwrap();
/// assert_eq!((refused.id(), refusal.reason()), (Some("two"), Reason::KeyUnsupported));
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

impl JwkSet {
    /// These keys.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = Jwk>) -> Self {
        Self {
            keys: keys.into_iter().collect(),
        }
    }

    /// Reads a JWK set (RFC 7517 5), or one JWK by itself, which is a set of one. At most 1 MiB and [`MAX_KEYS`] keys.
    ///
    /// # Errors
    /// [`Reason::JwkMalformed`] when it is neither, [`Reason::DuplicateMember`], [`Reason::TooLarge`].
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, Refusal> {
        let members = strict_json::object(capped(json.as_ref())?, Reason::JwkMalformed)?;
        let list = match members.get("keys") {
            None => return Ok(Self::new([Jwk::from_members(&members)])),
            Some(Value::Array(list)) => list,
            Some(_) => return Err(Refusal::new(Reason::JwkMalformed, "keys is no list")),
        };
        if list.len() > MAX_KEYS {
            return Err(Refusal::new(Reason::TooLarge, "keys in a JWK set"));
        }
        let keys = list.iter().map(|key| {
            let members = key.as_object();
            members
                .map(Jwk::from_members)
                .ok_or(Refusal::new(Reason::JwkMalformed, "a key that is no object"))
        });
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
        })
    }

    /// Every key, usable or not, in order.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The keys that cannot be used, and why.
    pub fn refused(&self) -> impl Iterator<Item = (&Jwk, &Refusal)> {
        self.keys
            .iter()
            .filter_map(|key| key.refusal().map(|refusal| (key, refusal)))
    }

    /// Whether a key of the set has the name that the message gives.
    pub(super) fn names(&self, header: &JwsHeader) -> bool {
        self.has_name(header.key_id())
    }

    /// Whether a key of the set has this name.
    pub(crate) fn has_name(&self, id: Option<&str>) -> bool {
        id.is_some() && self.keys.iter().any(|key| key.id() == id)
    }

    /// The keys that may have made a bare signature of `algorithm`, never none. With a name: those of that name; if there is none, keys
    /// without a name. Without: all.
    pub(crate) fn for_raw(
        &self,
        id: Option<&str>,
        algorithm: SignatureAlgorithm,
    ) -> Result<Vec<PublicKey>, Refusal> {
        let keys: Vec<&Jwk> = match id {
            None => self.keys.iter().collect(),
            Some(_) if self.has_name(id) => self.keys.iter().filter(|key| key.id() == id).collect(),
            Some(_) => self.keys.iter().filter(|key| key.id().is_none()).collect(),
        };
        match (keys.is_empty(), id) {
            (true, Some(id)) => Err(Refusal::new(Reason::JwsKeyUnknown, format!("key {}", shown(id)))),
            (true, None) => Err(Refusal::new(Reason::JwsNoKey, "the set of keys is empty")),
            (false, _) => all_that_fit(keys, |key| key.fitting_raw(algorithm)),
        }
    }

    /// The keys that may have made the signature, never none. With `kid`: those of that name; if there is none, a key without a name,
    /// which cannot contradict. Without `kid`: the one that fits, or all that fit when `any` is set.
    pub(super) fn candidates(&self, header: &JwsHeader, any: bool) -> Result<Vec<PublicKey>, Refusal> {
        let algorithm = header.algorithm();
        let named: Vec<&Jwk> = match header.key_id() {
            None => self.keys.iter().collect(),
            Some(id) if self.names(header) => {
                let named = self.keys.iter().filter(|key| key.id() == Some(id));
                return all_that_fit(named.collect(), |key| key.fitting(algorithm));
            }
            Some(id) => {
                let nameless: Vec<_> = self.keys.iter().filter(|key| key.id().is_none()).collect();
                if nameless.is_empty() {
                    return Err(Refusal::new(Reason::JwsKeyUnknown, format!("kid {}", shown(id))));
                }
                nameless
            }
        };
        if named.is_empty() {
            return Err(Refusal::new(Reason::JwsNoKey, "the set of keys is empty"));
        }
        let fitting = all_that_fit(named, |key| key.fitting(algorithm))?;
        if fitting.len() > 1 && !any {
            return Err(Reason::JwsKeyAmbiguous.into());
        }
        Ok(fitting)
    }
}

/// Those that fit; the refusal of the first when none does.
fn all_that_fit<'a>(
    keys: Vec<&'a Jwk>,
    fitting_key: impl Fn(&'a Jwk) -> Result<&'a PublicKey, Refusal>,
) -> Result<Vec<PublicKey>, Refusal> {
    let mut refused = None;
    let mut fitting = Vec::new();
    for key in keys {
        match fitting_key(key) {
            Ok(key) if fitting.contains(key) => {}
            Ok(_) if fitting.len() == MAX_TRIED => {
                return Err(Refusal::new(
                    Reason::TooLarge,
                    "keys that could have made the signature",
                ));
            }
            Ok(key) => fitting.push(key.clone()),
            Err(refusal) => {
                refused.get_or_insert(refusal);
            }
        }
    }
    match refused {
        Some(refusal) if fitting.is_empty() => Err(refusal),
        _ => Ok(fitting),
    }
}
