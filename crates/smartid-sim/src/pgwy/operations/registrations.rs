//! `GET` and `POST /registrations/{account}/{type}`: what devices may enrol (protocol notes: cm 5.8, seen in third-party scripts). Secrets
//! that are sent are not shown again.

use serde_json::{Map, Value, json};

use crate::config::{CmConfig, CmOperation, ListStyle};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::caller::Caller;
use crate::pgwy::errors::{Refusal, success};
use crate::pgwy::fields::Fields;
use crate::pgwy::path::Target;
use crate::pgwy::signing::SIGNATURE;
use crate::sync::lock;

/// Members that are kept, and never listed.
const SECRETS: [&str; 2] = ["password", "hmackey"];

/// Members that an EST registration was always seen with.
const EST: [&str; 3] = ["fqdn", "username", "password"];

/// A registration. `Debug` shows none of its members.
#[derive(Clone)]
#[non_exhaustive]
pub struct Registration {
    /// Its number.
    pub regid: String,
    /// The account in the path.
    pub account: String,
    /// The type in the path, for example `est` or `acme/account`.
    pub kind: String,
    /// The officer who signed it.
    pub officer: String,
    /// Members as they were sent, secrets included, without the signature.
    pub members: Vec<(String, String)>,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            regid,
            account,
            kind,
            officer,
            members: _,
        } = self;
        f.debug_struct("Registration")
            .field("regid", regid)
            .field("account", account)
            .field("kind", kind)
            .field("officer", officer)
            .finish_non_exhaustive()
    }
}

impl Registration {
    fn json(&self) -> Value {
        let mut out = Map::new();
        out.insert("regid".into(), json!(self.regid));
        out.insert("officer".into(), json!(self.officer));
        for (name, value) in &self.members {
            if !SECRETS.contains(&name.as_str()) {
                out.insert(name.clone(), json!(value));
            }
        }
        Value::Object(out)
    }
}

fn check(config: &CmConfig, target: &Target) -> Result<(), Refusal> {
    let settings = &config.registrations;
    if !settings.types.contains(&target.kind) {
        return Err(Refusal::value(
            "registration_type",
            "There is no such type of registration",
        ));
    }
    if !settings.accounts.is_empty() && !settings.accounts.contains(&target.account) {
        return Err(Refusal::value("registration_account", "There is no such account"));
    }
    Ok(())
}

impl Cm {
    pub(in crate::pgwy) fn list_registrations(
        &self,
        config: &CmConfig,
        target: &Target,
    ) -> Result<Reply, Refusal> {
        check(config, target)?;
        let list: Vec<Value> = lock(&self.registrations)
            .iter()
            .filter(|known| known.account == target.account && known.kind == target.kind)
            .map(Registration::json)
            .collect();
        let reply = match config.registrations.list_style {
            ListStyle::Array => Reply::json(200, &Value::Array(list)),
            ListStyle::Envelope => {
                let mut members = Map::new();
                members.insert(config.registrations.list_name.clone(), Value::Array(list));
                success(config, Value::Object(members))
            }
        };
        Ok(reply.with_code("registrations"))
    }

    pub(in crate::pgwy) async fn register(
        &self,
        config: &CmConfig,
        target: &Target,
        request: &Request,
        caller: &Caller,
    ) -> Result<Reply, Refusal> {
        check(config, target)?;
        let fields = Fields::of_body(config, request).await?;
        let mut members = fields.texts_without(SIGNATURE)?;
        members.sort();
        let has = |name: &str| {
            members
                .iter()
                .any(|(own, value)| own == name && !value.is_empty())
        };
        if target.kind == "est"
            && let Some(missing) = EST.into_iter().find(|name| !has(name))
        {
            return Err(Refusal::missing(missing));
        }
        if members.is_empty() {
            return Err(Refusal::missing("fqdn"));
        }
        if fields
            .text("status")?
            .is_some_and(|status| status != "open" && status != "closed")
        {
            return Err(Refusal::value("registration_status", "status is open or closed"));
        }
        let days = fields.text("validity")?;
        if days.is_some_and(|days| days.parse::<u32>().map_or(true, |days| days == 0)) {
            return Err(Refusal::value(
                "registration_validity",
                "validity is a number of days",
            ));
        }
        let mut said: Vec<(String, Vec<u8>)> = members
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().into_bytes()))
            .collect();
        said.push((format!("{}/{}", target.account, target.kind), Vec::new()));
        let officer = self.authorize(config, CmOperation::Register, caller, &fields, &said)?;
        let regid = format!("R{}", lock(&self.store).number());
        let mut all = lock(&self.registrations);
        let same = |known: &&Registration| known.account == target.account && known.kind == target.kind;
        if all.iter().filter(same).count() >= config.registrations.max {
            return Err(Refusal::value(
                "registrations_full",
                "There are too many registrations",
            ));
        }
        all.push(Registration {
            regid: regid.clone(),
            account: target.account.clone(),
            kind: target.kind.clone(),
            officer,
            members,
        });
        drop(all);
        Ok(success(config, json!({"regid": regid})).with_code("registered"))
    }
}
