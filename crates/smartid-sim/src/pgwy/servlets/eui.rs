//! EUI: everything in the form. A certificate request is answered with a page that holds the certificate (protocol notes: cm 8, T), user
//! data and a password with a soft token (D that it does, form I).

use super::form::Form;
use super::pages::{self, element};
use super::trust::TokenCaller;
use super::{Stop, handler, token};
use crate::config::{CmConfig, CmEuiConfig, CmProcedureConfig};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::errors::Refusal;
use crate::pgwy::formats::certs_only;
use crate::pgwy::soft_token::{ATTRIBUTES, TokenOrigin, Wish};
use crate::pgwy::values::pkcs10;
use crate::pki::Profile;
use crate::pki::csr::Csr;

/// Name of the form field for an attribute.
fn field<'c>(settings: &'c CmEuiConfig, attribute: &'c str) -> &'c str {
    settings.fields.get(attribute).map_or(attribute, String::as_str)
}

impl Cm {
    pub(super) async fn eui(&self, config: &CmConfig, name: &str, request: &Request) -> Result<Reply, Stop> {
        let settings = &config.eui;
        Self::ready(config, settings.start, request)?;
        let handler = handler(&settings.handlers, name)?;
        let wanted = handler.procedure.as_str();
        let procedure = config
            .procedures
            .iter()
            .find(|known| known.name == wanted || (!known.id.is_empty() && known.id == wanted))
            .ok_or_else(|| Refusal::value("procedure", "The handler has no procedure"))?;
        let caller = self.trusted(config, &settings.trust, &settings.errors, request)?;
        let form = Form::read(request, settings.form_charset, settings.max_form_bytes)?;
        match procedure.media_type.as_str() {
            "pkcs10" => self.eui_certificate(config, procedure, &form, &caller),
            "pkcs12" if settings.soft_tokens => self.eui_token(config, name, procedure, &form, caller).await,
            _ => Err(Refusal::Page(404, "handler").into()),
        }
    }

    fn eui_certificate(
        &self,
        config: &CmConfig,
        procedure: &CmProcedureConfig,
        form: &Form,
        caller: &TokenCaller,
    ) -> Result<Reply, Stop> {
        let settings = &config.eui;
        let (request, encoding) = (&settings.request_field, &settings.certencoding_field);
        if settings.strict_fields && form.other_than(&[request, encoding]) {
            return Err(Refusal::value("field_unknown", "There is a field that nobody knows").into());
        }
        let sent = form.one(request)?.ok_or_else(|| Refusal::missing(request))?;
        let known = &settings.certencodings;
        let encoding = match form.one(encoding)? {
            Some(name) => known.iter().find(|known| *known == name),
            None => known.first(),
        };
        let encoding = encoding
            .ok_or_else(|| Refusal::value("certencoding", "The encoding of certificates is not known"))?;
        let der = pkcs10(&config.decode, sent.as_bytes())?;
        let wrong = |word, error: crate::SimError| Refusal::encoding(word, format!("pkcs10: {error}"));
        let csr = Csr::parse(&der).map_err(|error| wrong("pkcs10", error))?;
        csr.verify().map_err(|error| wrong("pkcs10_signature", error))?;
        let ca = self.ca().map_err(Refusal::from)?;
        let validity = self.usual_validity(procedure)?;
        let profile = procedure.pki_profile().unwrap_or(Profile::Authentication);
        let certificate = ca
            .certify_request(&csr, profile, validity)
            .map_err(|error| wrong("pkcs10", error))?;
        let certid = self.keep(&certificate, procedure, caller.name());
        let octets = if encoding.eq_ignore_ascii_case("pkcs7") {
            let chain = self.chain(config, &certid).map_err(Refusal::from)?;
            certs_only(&chain.unwrap_or_default())
        } else {
            certificate.der().to_vec()
        };
        let text = pages::answer(&element(settings, &octets));
        Ok(Reply::text(200, "text/html;charset=UTF-8", text)
            .with_header("cache-control", "no-store")
            .with_code("issued"))
    }

    async fn eui_token(
        &self,
        config: &CmConfig,
        handler: &str,
        procedure: &CmProcedureConfig,
        form: &Form,
        caller: TokenCaller,
    ) -> Result<Reply, Stop> {
        let settings = &config.eui;
        let secret = settings.password_field.as_str();
        let names = ATTRIBUTES.map(|attribute| (attribute, field(settings, attribute)));
        let known: Vec<&str> = names.iter().map(|(_, field)| *field).chain([secret]).collect();
        if settings.strict_fields && form.other_than(&known) {
            return Err(Refusal::value("field_unknown", "There is a field that nobody knows").into());
        }
        let password = form.one(secret)?.ok_or_else(|| Refusal::missing(secret))?;
        let mut attributes = Vec::new();
        for (attribute, field) in names {
            if let Some(value) = form.one(field)?.map(str::trim).filter(|value| !value.is_empty()) {
                attributes.push((attribute.to_owned(), value.to_owned()));
            }
        }
        let wish = Wish {
            origin: TokenOrigin::Eui,
            handler,
            procedure,
            attributes,
            headers: Vec::new(),
            password,
            caller,
            validity: None,
        };
        let made = self.make_soft_token(config, wish).await?;
        Ok(token(&settings.answer, made.file))
    }
}
