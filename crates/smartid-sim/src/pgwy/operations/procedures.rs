//! `GET /procedures?mediaType=`: token procedures, also used as a sign of life (protocol notes: cm 5.7).

use serde_json::{Value, json};

use crate::config::{CmConfig, CmProcedureConfig};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::errors::{Refusal, success};
use crate::pgwy::fields::Fields;

/// Words that `mediaType` may be (cm 5.5, T).
const MEDIA_TYPES: [&str; 5] = ["pkcs10", "pkcs12", "smartcard", "attributecertificate", "data"];

/// The procedure that a request names by description or id, or that of the handler when it names none.
pub(in crate::pgwy) fn chosen<'c>(
    config: &'c CmConfig,
    media_type: &str,
    named: Option<&str>,
    of_handler: &str,
) -> Result<&'c CmProcedureConfig, Refusal> {
    let wanted = match named {
        Some(name) => name,
        None if of_handler.is_empty() => return Err(Refusal::missing("procname")),
        None => of_handler,
    };
    let short: String = wanted.chars().take(64).collect();
    config
        .procedures
        .iter()
        .filter(|procedure| procedure.media_type == media_type)
        .find(|procedure| procedure.name == wanted || (!procedure.id.is_empty() && procedure.id == wanted))
        .ok_or_else(|| Refusal::value("procedure", format!("There is no such procedure: {short:?}")))
}

impl Cm {
    pub(in crate::pgwy) fn list_procedures(
        &self,
        config: &CmConfig,
        request: &Request,
    ) -> Result<Reply, Refusal> {
        let fields = Fields::of_query(config, request)?;
        fields.only(&config.decode, &["mediaType"])?;
        let wanted = fields.text("mediaType")?;
        if wanted.is_some_and(|kind| !MEDIA_TYPES.contains(&kind)) {
            return Err(Refusal::value("media_type", "mediaType is not known"));
        }
        let procedures: Vec<Value> = config
            .procedures
            .iter()
            .filter(|procedure| wanted.is_none_or(|kind| procedure.media_type == kind))
            .map(|procedure| json!({"name": procedure.name, "id": procedure.id}))
            .collect();
        let members = json!({"procedures": procedures});
        Ok(success(config, members).with_code("procedures"))
    }
}
