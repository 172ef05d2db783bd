//! The list of authorities that are seen as issuers (protocol notes: cm 5.6: the answer T, the path inferred).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::config::CmConfig;
use crate::net::message::Reply;
use crate::pgwy::Cm;
use crate::pgwy::errors::{Refusal, success};
use crate::pgwy::store::{Body, Entry};
use crate::pki::{Certificate, name};
use crate::sync::lock;

/// The issuer's name as DER; of what this authority issues nobody has to look it up.
fn issuer(entry: &Entry) -> Option<Vec<u8>> {
    match &entry.body {
        Body::Real { der, .. } if entry.imported => Certificate::parse(der)
            .ok()
            .map(|read| read.issuer_der().to_vec()),
        _ => None,
    }
}

impl Cm {
    pub(in crate::pgwy) fn list_issuers(&self, config: &CmConfig) -> Result<Reply, Refusal> {
        let mut names: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let own = self.ca()?.issuer().subject_der().to_vec();
        for der in std::iter::once(own).chain(lock(&self.store).all().iter().filter_map(issuer)) {
            names.insert(name::text(&der).unwrap_or_default(), der);
        }
        let subjects: Vec<Value> = names
            .iter()
            .map(|(text, der)| {
                let attributes = name::attributes(der).unwrap_or_default();
                let subject: Map<String, Value> = attributes
                    .into_iter()
                    .map(|(name, value)| (name, json!(value)))
                    .collect();
                json!({"subjectDn": text, "subject": subject})
            })
            .collect();
        let members = json!({"searchHits": subjects.len(), "subjects": subjects});
        Ok(success(config, members).with_code("issuers"))
    }
}
