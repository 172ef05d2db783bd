//! `POST /certificates/pkcs10`: a certificate for a request (protocol notes: cm 5.4). The request must be signed by the key in it; the
//! subject and its alternative names are the request's, the rest is the token procedure's.

use super::procedures::chosen;
use crate::config::{CmConfig, CmOperation, CmProcedureConfig};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::caller::Caller;
use crate::pgwy::errors::Refusal;
use crate::pgwy::fields::Fields;
use crate::pgwy::formats::Format;
use crate::pgwy::signing::{SIGNATURE, Said};
use crate::pgwy::store::Entry;
use crate::pgwy::values::{date, pkcs10};
use crate::pki::csr::Csr;
use crate::pki::{Certificate, Profile, Validity};
use crate::sync::lock;

/// What a call asks for.
pub(in crate::pgwy) struct Order<'c> {
    pub(in crate::pgwy) request: Csr,
    pub(in crate::pgwy) procedure: &'c CmProcedureConfig,
    pub(in crate::pgwy) validity: Validity,
    pub(in crate::pgwy) said: Said,
}

pub(in crate::pgwy) const FIELDS: [&str; 5] = ["pkcs10", "procname", "validfrom", "validto", SIGNATURE];

/// Fields with their values, as far as they are there.
pub(in crate::pgwy) fn said(fields: &Fields, names: &[&str]) -> Result<Said, Refusal> {
    let mut said = Said::new();
    for name in names {
        if let Some(value) = fields.bytes(name)? {
            said.push(((*name).to_owned(), value.to_vec()));
        }
    }
    Ok(said)
}

impl Cm {
    /// From when until when a certificate is to be valid: as asked for, within the authority's own validity.
    pub(in crate::pgwy) fn validity(
        &self,
        config: &CmConfig,
        fields: &Fields,
        procedure: &CmProcedureConfig,
    ) -> Result<Validity, Refusal> {
        let asked = |name: &str| {
            let text = fields.text(name)?;
            text.map(|text| date(&config.decode, name, text)).transpose()
        };
        let now = self.now();
        let (first, last) = self.ca()?.issuer().validity();
        let from = asked("validfrom")?.unwrap_or(now);
        let to = match asked("validto")? {
            Some(to) => to,
            None => Validity::days(from, procedure.days).not_after.min(last),
        };
        if from < first || to > last || to <= from || to <= now {
            return Err(Refusal::value(
                "validity",
                "validfrom and validto must be a span that is not over and within that of the authority",
            ));
        }
        Ok(Validity::new(from, to))
    }

    /// Reads what is common to certificates and attribute certificates.
    pub(in crate::pgwy) fn order<'c>(
        &self,
        config: &'c CmConfig,
        fields: &Fields,
        media_type: &str,
        of_handler: &str,
    ) -> Result<Order<'c>, Refusal> {
        fields.only(&config.decode, &FIELDS)?;
        let sent = fields
            .bytes("pkcs10")?
            .ok_or_else(|| Refusal::missing("pkcs10"))?;
        let der = pkcs10(&config.decode, sent)?;
        let wrong = |word, error: crate::SimError| Refusal::encoding(word, format!("pkcs10: {error}"));
        let request = Csr::parse(&der).map_err(|error| wrong("pkcs10", error))?;
        request
            .verify()
            .map_err(|error| wrong("pkcs10_signature", error))?;
        let procedure = chosen(config, media_type, fields.text("procname")?, of_handler)?;
        let validity = self.validity(config, fields, procedure)?;
        let mut said = said(fields, &["procname", "validfrom", "validto"])?;
        said.push(("pkcs10".to_owned(), der));
        Ok(Order {
            request,
            procedure,
            validity,
            said,
        })
    }

    pub(in crate::pgwy) async fn issue(
        &self,
        config: &CmConfig,
        request: &Request,
        caller: &Caller,
    ) -> Result<Reply, Refusal> {
        let format = Format::asked(&config.download, request)?;
        let fields = Fields::of_body(config, request).await?;
        let order = self.order(config, &fields, "pkcs10", &config.handlers.pkcs10)?;
        let officer = self.authorize(config, CmOperation::Issue, caller, &fields, &order.said)?;
        let profile = order.procedure.pki_profile().unwrap_or(Profile::Authentication);
        let certificate = self
            .ca()?
            .certify_request(&order.request, profile, order.validity);
        let certificate =
            certificate.map_err(|error| Refusal::encoding("pkcs10", format!("pkcs10: {error}")))?;
        let certid = self.keep(&certificate, order.procedure, &officer);
        let chain = self.chain(config, &certid)?.unwrap_or_default();
        Ok(format.reply(config, &certid, &chain)?.with_code("issued"))
    }

    /// Puts a certificate into the database.
    pub(in crate::pgwy) fn keep(
        &self,
        certificate: &Certificate,
        procedure: &CmProcedureConfig,
        officer: &str,
    ) -> String {
        let mut store = lock(&self.store);
        let mut entry = Entry::real(store.number(), certificate);
        entry.procedure = Some(procedure.name.as_str().into());
        entry.officer = Some(officer.into());
        entry.fields = procedure
            .fields
            .iter()
            .map(|(name, text)| (name.clone(), text.replace("{procname}", &procedure.name)))
            .collect();
        let certid = entry.certid();
        store.push(entry);
        store.note("issue", &certid, officer);
        certid
    }
}
