//! The claims of an ID token, each with the type that it must have.

use serde_json::{Map, Value};
use smartid_core::Timestamp;

use super::reason::OidcReason;

/// The longest subject in characters (OpenID Connect Core 1.0, 2).
const LONGEST_SUBJECT: usize = 255;

/// What an ID token says of itself.
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) azp: Option<String>,
    pub(super) exp: Timestamp,
    pub(super) iat: Timestamp,
    pub(super) nbf: Option<Timestamp>,
    pub(super) auth_time: Option<Timestamp>,
    pub(super) nonce: String,
    pub(super) acr: Option<String>,
    pub(super) amr: Vec<String>,
    pub(super) at_hash: Option<String>,
    pub(super) c_hash: Option<String>,
}

impl Claims {
    pub(super) fn read(claims: &Map<String, Value>) -> Result<Self, OidcReason> {
        use OidcReason as R;
        let required = |name: &str, reason| text(claims, name, reason)?.ok_or(reason);
        let sub = required("sub", R::Sub)?;
        if sub.is_empty() || sub.chars().count() > LONGEST_SUBJECT {
            return Err(R::Sub);
        }
        check_audiences(claims.get("aud"))?;
        Ok(Self {
            iss: required("iss", R::Iss)?,
            sub,
            azp: text(claims, "azp", R::Azp)?,
            exp: time(claims, "exp", R::Exp)?.ok_or(R::Exp)?,
            iat: time(claims, "iat", R::Iat)?.ok_or(R::Iat)?,
            nbf: time(claims, "nbf", R::Nbf)?,
            auth_time: time(claims, "auth_time", R::AuthTime)?,
            nonce: required("nonce", R::Nonce)?,
            acr: text(claims, "acr", R::Acr)?,
            amr: amr(claims.get("amr"))?,
            at_hash: text(claims, "at_hash", R::AtHash)?,
            c_hash: text(claims, "c_hash", R::CHash)?,
        })
    }
}

fn text(claims: &Map<String, Value>, name: &str, reason: OidcReason) -> Result<Option<String>, OidcReason> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(reason),
    }
}

/// A text, or texts; who they are is compared by the OpenID Connect crate.
fn check_audiences(aud: Option<&Value>) -> Result<(), OidcReason> {
    match aud {
        Some(Value::String(_)) => Ok(()),
        Some(Value::Array(list)) if !list.is_empty() && list.iter().all(Value::is_string) => Ok(()),
        _ => Err(OidcReason::Aud),
    }
}

fn amr(amr: Option<&Value>) -> Result<Vec<String>, OidcReason> {
    match amr {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => list
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or(OidcReason::Payload),
        Some(_) => Err(OidcReason::Payload),
    }
}

/// Seconds since 1970, perhaps with a fraction.
fn time(
    claims: &Map<String, Value>,
    name: &str,
    reason: OidcReason,
) -> Result<Option<Timestamp>, OidcReason> {
    let seconds = match claims.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_f64().ok_or(reason)?,
        Some(_) => return Err(reason),
    };
    // Up to the year 9999.
    if !(0.0..253_402_300_800.0).contains(&seconds) {
        return Err(reason);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within the bounds above"
    )]
    let millis = (seconds * 1000.0) as u64;
    Ok(Some(Timestamp::from_millis(millis)))
}
