//! A soft token over the REST API: key pair and certificate made here and handed out as PKCS #12 (protocol notes: cm 5.5: that the
//! function exists is documented, its wire form inferred). Subject attributes go by the names that Certificate Manager has for them (cm
//! 7.3, I).

use super::issue::said;
use super::procedures::chosen;
use crate::config::{CmConfig, CmOperation};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::caller::Caller;
use crate::pgwy::errors::Refusal;
use crate::pgwy::fields::Fields;
use crate::pgwy::servlets::TokenCaller;
use crate::pgwy::signing::SIGNATURE;
use crate::pgwy::soft_token::{ATTRIBUTES, TokenOrigin, Wish, check};
use crate::pki::Digest;

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
        public.extend(ATTRIBUTES);
        let secret = settings.password_field.as_str();
        let known: Vec<&str> = public.iter().copied().chain([secret, SIGNATURE]).collect();
        fields.only(&config.decode, &known)?;
        let password = fields.text(secret)?.ok_or_else(|| Refusal::missing(secret))?;
        let mut attributes = Vec::new();
        for name in ATTRIBUTES {
            if let Some(value) = fields.text(name)? {
                attributes.push((name.to_owned(), value.to_owned()));
            }
        }
        check(&config.soft_tokens, password, &attributes)?;
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
        let wish = Wish {
            origin: TokenOrigin::Rest,
            handler: "",
            procedure,
            attributes,
            headers: Vec::new(),
            password,
            caller: TokenCaller::Officer(officer),
            validity: Some(validity),
        };
        let made = self.make_soft_token(config, wish).await?;
        let certid = made.certids.first().map_or("", String::as_str);
        Ok(Reply::text(200, &settings.content_type, made.file)
            .with_header(&config.wire.certid_header_name, certid)
            .with_code("issued"))
    }
}
