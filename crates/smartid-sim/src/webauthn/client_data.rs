//! Client data: the JSON that browser or app signs over. The hash is over the exact bytes, so they are kept as they came.

use serde_json::Value;

use super::{Refused, b64, sha256};

#[derive(Clone, Debug)]
pub(crate) struct ClientData {
    pub(crate) kind: String,
    pub(crate) challenge: Vec<u8>,
    pub(crate) origin: String,
    pub(crate) hash: [u8; 32],
}

impl ClientData {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let malformed = |what: &str| Refused::new("client_data_malformed", format!("clientDataJSON: {what}"));
        let value: Value = serde_json::from_slice(bytes).map_err(|_| malformed("not JSON"))?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            kind: text("type").ok_or_else(|| malformed("no type"))?,
            challenge: text("challenge")
                .and_then(|challenge| b64::decode(&challenge))
                .ok_or_else(|| malformed("no challenge in base64url"))?,
            origin: text("origin").ok_or_else(|| malformed("no origin"))?,
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

    pub(crate) fn check_origin(&self, allowed: &[String]) -> Result<(), Refused> {
        if allowed.contains(&self.origin) {
            Ok(())
        } else {
            Err(Refused::new("origin", "the origin is not allowed"))
        }
    }
}
