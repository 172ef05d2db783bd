//! Client data: the JSON that browser or app signs over. The hash is over the exact bytes, so they are kept as they came.

use serde_json::Value;

use super::{Refused, b64, sha256};

#[derive(Clone, Debug)]
pub(crate) struct ClientData {
    pub(crate) kind: String,
    pub(crate) challenge: Vec<u8>,
    pub(crate) origin: String,
    /// Whether the caller was in a frame of another site.
    pub(crate) cross_origin: bool,
    /// That site.
    pub(crate) top_origin: Option<String>,
    pub(crate) hash: [u8; 32],
}

impl ClientData {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let malformed = |what: &str| Refused::new("client_data_malformed", format!("clientDataJSON: {what}"));
        let value = crate::json::read_strict(bytes).map_err(|_| malformed("not JSON"))?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let cross_origin = match value.get("crossOrigin") {
            None => false,
            Some(flag) => flag
                .as_bool()
                .ok_or_else(|| malformed("crossOrigin is neither true nor false"))?,
        };
        let top_origin = match value.get("topOrigin") {
            None => None,
            Some(Value::String(origin)) if cross_origin => Some(origin.clone()),
            Some(_) => return Err(malformed("topOrigin is no text, or stands without crossOrigin")),
        };
        match value.get("tokenBinding").map(|binding| binding.get("status")) {
            None => (),
            Some(Some(Value::String(status))) if status != "present" => (),
            // No connection here has a token binding.
            Some(Some(Value::String(_))) => {
                return Err(Refused::new("token_binding", "a token binding was never made"));
            }
            Some(_) => return Err(malformed("tokenBinding without a status")),
        }
        Ok(Self {
            kind: text("type").ok_or_else(|| malformed("no type"))?,
            challenge: text("challenge")
                .and_then(|challenge| b64::decode(&challenge))
                .ok_or_else(|| malformed("no challenge in base64url"))?,
            origin: text("origin").ok_or_else(|| malformed("no origin"))?,
            cross_origin,
            top_origin,
            hash: sha256(bytes),
        })
    }

    pub(crate) fn check_type(&self, wanted: &str) -> Result<(), Refused> {
        if self.kind == wanted {
            Ok(())
        } else {
            Err(Refused::new("client_data_type", format!("type is not {wanted}")))
        }
    }

    /// `frames` are the sites in whose frames the page may stand (WebAuthn Level 3, 7.1: `crossOrigin` and `topOrigin`).
    pub(crate) fn check_origin(&self, allowed: &[String], frames: &[String]) -> Result<(), Refused> {
        if !allowed.contains(&self.origin) {
            return Err(Refused::new("origin", "the origin is not allowed"));
        }
        if self.cross_origin && frames.is_empty() {
            return Err(Refused::new(
                "cross_origin",
                "no site may have the page in a frame",
            ));
        }
        match &self.top_origin {
            Some(site) if !frames.contains(site) => Err(Refused::new(
                "top_origin",
                "this site may not have the page in a frame",
            )),
            _ => Ok(()),
        }
    }
}
