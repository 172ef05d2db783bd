//! A soft token: key pair and certificate made here and handed out as PKCS #12 (protocol notes: cm 5.5: that the function exists is
//! documented, its wire form inferred). Subject attributes go by the names that Certificate Manager has for them (cm 7.3, I).

use super::issue::said;
use super::procedures::chosen;
use crate::config::{CmConfig, CmOperation};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::caller::Caller;
use crate::pgwy::errors::Refusal;
use crate::pgwy::fields::Fields;
use crate::pgwy::officers::kind;
use crate::pgwy::signing::SIGNATURE;
use crate::pki::{Digest, Profile, p12};

/// Names of attributes with those of a distinguished name, in the order of the encoding.
const SUBJECT: [(&str, &str); 10] = [
    ("countryname", "C"),
    ("stateorprovincename", "ST"),
    ("localityname", "L"),
    ("organizationname", "O"),
    ("organizationalunitname", "OU"),
    ("surname", "SN"),
    ("givenname", "GN"),
    ("serialnumber", "serialNumber"),
    ("commonname", "CN"),
    ("rfc822name", "emailAddress"),
];

impl Cm {
    pub(in crate::pgwy) async fn issue_pkcs12(
        &self,
        config: &CmConfig,
        request: &Request,
        caller: &Caller,
    ) -> Result<Reply, Refusal> {
        let settings = &config.pkcs12;
        let fields = Fields::of_body(config, request).await?;
        let mut public: Vec<&str> = vec!["procname", "validfrom", "validto"];
        public.extend(SUBJECT.iter().map(|(name, _)| *name));
        let secret = settings.password_field.as_str();
        let known: Vec<&str> = public.iter().copied().chain([secret, SIGNATURE]).collect();
        fields.only(&config.decode, &known)?;
        let password = fields.text(secret)?.ok_or_else(|| Refusal::missing(secret))?;
        if fields.text("commonname")?.is_none() {
            return Err(Refusal::missing("commonname"));
        }
        let mut subject = Vec::new();
        for (name, attribute) in SUBJECT {
            if let Some(value) = fields.text(name)? {
                let value = value.replace('\\', "\\\\").replace(',', "\\,");
                subject.push(format!("{attribute}={value}"));
            }
        }
        let procedure = chosen(
            config,
            "pkcs12",
            fields.text("procname")?,
            &config.handlers.pkcs12,
        )?;
        let validity = self.validity(config, &fields, procedure)?;
        let mut said = said(&fields, &public)?;
        // What is handed out to be signed must not tell the password.
        said.push((secret.to_owned(), Digest::Sha256.of(password.as_bytes())));
        let officer = self.authorize(config, CmOperation::Pkcs12, caller, &fields, &said)?;
        let key = self.keys.source().key(kind(settings.key))?;
        let profile = procedure.pki_profile().unwrap_or(Profile::Authentication);
        let certificate = self
            .ca()?
            .issue_for_key(&subject.join(","), &key, profile, validity)
            .map_err(|error| Refusal::value("subject", error.to_string()))?;
        let certid = self.keep(&certificate, procedure, &officer);
        let mut chain = self.chain(config, &certid)?.unwrap_or_default();
        if !settings.include_chain {
            chain.truncate(1);
        }
        let file = p12::make(&key, &chain, password)?;
        Ok(Reply::text(200, &settings.content_type, file)
            .with_header(&config.wire.certid_header_name, &certid)
            .with_code("issued"))
    }
}
