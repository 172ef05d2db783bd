//! Importing certificates of other issuers (protocol notes: cm 5.6: members T, the path inferred). Each element succeeds or fails by
//! itself; what failed is in `errors` with its place.

use serde_json::{Value, json};

use super::issue::said;
use crate::config::{CmConfig, CmOperation};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::caller::Caller;
use crate::pgwy::errors::{BAD_VALUE, ENCODING, Refusal, element, success};
use crate::pgwy::fields::Fields;
use crate::pgwy::listing::REASONS;
use crate::pgwy::signing::SIGNATURE;
use crate::pgwy::store::{Entry, Withdrawn};
use crate::pgwy::values::{date, unbase64};
use crate::pki::Certificate;
use crate::sync::lock;

/// One element that can be imported.
struct Import {
    certificate: Certificate,
    withdrawn: Option<Withdrawn>,
}

impl Import {
    fn read(config: &CmConfig, value: &Value, now: u64) -> Result<Self, (i64, &'static str)> {
        let text = value.get("certificate").and_then(Value::as_str);
        let der = text.and_then(|text| unbase64(text.as_bytes(), true));
        let certificate = der.and_then(|der| Certificate::parse(&der).ok());
        let certificate = certificate.ok_or((ENCODING, "certificate is not the base64 of a certificate"))?;
        let reason = match value.get("reason") {
            None | Some(Value::Null) => None,
            Some(reason) => {
                let number = reason.as_u64().or_else(|| reason.as_str()?.parse().ok());
                let known = REASONS
                    .iter()
                    .find(|(known, _)| number == Some(u64::from(*known)));
                Some(known.ok_or((BAD_VALUE, "there is no such reason"))?.0)
            }
        };
        let at = match value.get("revocationtime") {
            None | Some(Value::Null) => None,
            Some(time) => {
                let read = time
                    .as_str()
                    .map(|text| date(&config.decode, "revocationtime", text));
                Some(
                    read.and_then(Result::ok)
                        .ok_or((BAD_VALUE, "revocationtime is no date"))?,
                )
            }
        };
        let withdrawn = (reason.is_some() || at.is_some()).then(|| Withdrawn {
            reason: reason.unwrap_or(0),
            at: at.unwrap_or(now),
        });
        Ok(Self {
            certificate,
            withdrawn,
        })
    }
}

/// The number of an element in an error.
fn index(config: &CmConfig, place: usize) -> Value {
    let place = u64::try_from(place).unwrap_or(u64::MAX);
    json!(place.saturating_add(config.wire.first_index))
}

impl Cm {
    pub(in crate::pgwy) async fn import(
        &self,
        config: &CmConfig,
        request: &Request,
        caller: &Caller,
    ) -> Result<Reply, Refusal> {
        let fields = Fields::of_body(config, request).await?;
        fields.only(&config.decode, &["procname", "importdata", SIGNATURE])?;
        let name = fields.text("procname")?;
        let known = |name: &str| config.procedures.iter().any(|procedure| procedure.name == name);
        if name.is_some_and(|name| !known(name)) {
            return Err(Refusal::value("procedure", "There is no such procedure"));
        }
        let elements = fields.values("importdata")?;
        if elements.is_empty() {
            return Err(Refusal::missing("importdata"));
        }
        let limit = config.import.limit;
        if elements.len() > limit {
            let mut error = element(
                ("arrayindex", index(config, limit)),
                BAD_VALUE,
                "Too many elements",
            );
            crate::json::put(&mut error, "/limit", json!(limit));
            return Err(Refusal::partial(BAD_VALUE, vec![error]));
        }
        let mut said = said(&fields, &["procname"])?;
        let one = |element: &Value| ("importdata".to_owned(), element.to_string().into_bytes());
        said.extend(elements.iter().map(one));
        let officer = self.authorize(config, CmOperation::Import, caller, &fields, &said)?;
        let now = self.now();
        let mut errors = Vec::new();
        let mut store = lock(&self.store);
        for (place, value) in elements.iter().enumerate() {
            let read = Import::read(config, value, now).and_then(|import| {
                match store.by_der(import.certificate.der()) {
                    Some(_) => Err((BAD_VALUE, "the certificate is there already")),
                    None => Ok(import),
                }
            });
            match read {
                Ok(import) => {
                    let mut entry = Entry::real(store.number(), &import.certificate);
                    entry.withdrawn = import.withdrawn;
                    entry.imported = true;
                    entry.officer = Some(officer.as_str().into());
                    entry.procedure = name.map(Into::into);
                    let certid = entry.certid();
                    store.push(entry);
                    store.note("import", &certid, &officer);
                }
                Err((code, message)) => {
                    errors.push(element(("arrayindex", index(config, place)), code, message))
                }
            }
        }
        drop(store);
        if errors.is_empty() {
            return Ok(success(config, json!({})).with_code("imported"));
        }
        Err(Refusal::partial(config.revocation.partial_code, errors))
    }
}
