//! `GET /certificates/{certid}/details`: one record of the database (protocol notes: cm 5.2).

use serde_json::json;

use crate::config::CmConfig;
use crate::net::message::Reply;
use crate::pgwy::errors::{Refusal, success};
use crate::pgwy::{Cm, listing};
use crate::sync::lock;

pub(in crate::pgwy) fn unknown(certid: &str) -> Refusal {
    let short: String = certid.chars().take(64).collect();
    Refusal::value("certid", format!("There is no certificate {short:?}"))
}

impl Cm {
    pub(in crate::pgwy) fn details(&self, config: &CmConfig, certid: &str) -> Result<Reply, Refusal> {
        let store = lock(&self.store);
        let entry = store.get(certid).ok_or_else(|| unknown(certid))?;
        let members = json!({"certificate": listing::certificate(config, entry, self.now())});
        Ok(success(config, members).with_code("details"))
    }
}
