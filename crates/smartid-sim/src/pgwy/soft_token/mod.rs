//! Makes soft tokens: keys, their certificates, and the PKCS #12 file around them, for the REST API, AST and EUI alike (protocol notes: cm
//! 5.5, 7, 8, 9). What was handed out is remembered for tests, without the password.

mod attributes;
mod container;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

pub(super) use self::attributes::ATTRIBUTES;
use self::attributes::{alternative_names, completed, subject, value};
use self::container::{Pair, file};
use super::Cm;
use super::errors::Refusal;
use super::officers::kind;
use super::servlets::TokenCaller;
use crate::SimError;
use crate::config::{CmConfig, CmProcedureConfig, SoftTokenConfig, TokenFlaw};
use crate::pki::{Digest, Key, Profile, Validity, name};
use crate::sync::lock;

/// So many are remembered.
const MAX_KEPT: usize = 1024;

/// How a soft token was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenOrigin {
    /// `POST /certificates/pkcs12` of the REST API.
    Rest,
    /// The servlet AST.
    Ast,
    /// The servlet EUI.
    Eui,
}

/// A soft token that was handed out. `Debug` shows neither the file nor anything of the password.
#[derive(Clone)]
#[non_exhaustive]
pub struct IssuedSoftToken {
    /// How it was asked for.
    pub origin: TokenOrigin,
    /// The name of the servlet's handler; empty for the servlet itself and for the REST API.
    pub handler: String,
    /// The token procedure.
    pub procedure: String,
    /// Who has asked.
    pub caller: TokenCaller,
    /// The subject, as the certificates' `subject` in lists: `CN=Anna, C=SE`.
    pub subject: String,
    /// Attributes that counted, with their values: those of the request, then those of the common context.
    pub attributes: Vec<(String, String)>,
    /// Headers that were read as attributes, by the name in the mapping, with their decoded values.
    pub headers: Vec<(String, String)>,
    /// Numbers of the certificates in the database, the first key's first.
    pub certids: Vec<String>,
    /// The file as it was handed out.
    pub file: Bytes,
    password: Vec<u8>,
}

impl IssuedSoftToken {
    /// Whether this was the password; only its digest is kept.
    #[must_use]
    pub fn has_password(&self, password: &str) -> bool {
        self.password == Digest::Sha256.of(password.as_bytes())
    }
}

impl fmt::Debug for IssuedSoftToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            origin,
            handler,
            procedure,
            caller,
            subject,
            attributes,
            headers,
            certids,
            file: _,
            password: _,
        } = self;
        f.debug_struct("IssuedSoftToken")
            .field("origin", origin)
            .field("handler", handler)
            .field("procedure", procedure)
            .field("caller", caller)
            .field("subject", subject)
            .field("attributes", attributes)
            .field("headers", headers)
            .field("certids", certids)
            .finish_non_exhaustive()
    }
}

/// What is asked for.
pub(super) struct Wish<'a> {
    pub(super) origin: TokenOrigin,
    pub(super) handler: &'a str,
    pub(super) procedure: &'a CmProcedureConfig,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) password: &'a str,
    pub(super) caller: TokenCaller,
    /// The procedure's, from now on, if nothing else is asked for.
    pub(super) validity: Option<Validity>,
}

/// Whether a token could be made for these attributes under this password, for those who have to be asked for a signature first.
pub(super) fn check(
    settings: &SoftTokenConfig,
    password: &str,
    attributes: &[(String, String)],
) -> Result<(), Refusal> {
    check_password(settings, password)?;
    let attributes = completed(settings, attributes.to_vec())?;
    subject(&attributes)?;
    alternative_names(&attributes).map(drop)
}

/// What is handed out.
pub(super) struct Made {
    pub(super) file: Vec<u8>,
    pub(super) certids: Vec<String>,
}

/// Whether the rules for passwords allow this one.
fn check_password(settings: &SoftTokenConfig, password: &str) -> Result<(), Refusal> {
    let length = password.chars().count();
    let printable = password.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if length < settings.password_min {
        return Err(Refusal::value("password_short", "The password is too short"));
    }
    if settings.password_max != 0 && length > settings.password_max {
        return Err(Refusal::value("password_long", "The password is too long"));
    }
    if settings.password_ascii && !printable {
        return Err(Refusal::value(
            "password_characters",
            "The password holds characters that are not allowed",
        ));
    }
    Ok(())
}

/// Work that takes its time, where nobody waits for it.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SimError> + Send + 'static,
) -> Result<T, SimError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| SimError::pki("the work was not finished"))?
}

impl Cm {
    /// Makes a soft token and remembers it.
    pub(super) async fn make_soft_token(&self, config: &CmConfig, wish: Wish<'_>) -> Result<Made, Refusal> {
        let settings = &config.soft_tokens;
        check_password(settings, wish.password)?;
        let attributes = completed(settings, wish.attributes)?;
        let (subject, names) = (subject(&attributes)?, alternative_names(&attributes)?);
        let validity = wish
            .validity
            .map_or_else(|| self.usual_validity(wish.procedure), Ok)?;
        let first = wish.procedure.pki_profile().unwrap_or(Profile::Authentication);
        let mut profiles = vec![first];
        if settings.two_keys {
            profiles = vec![Profile::Authentication, Profile::Signing];
        }
        let keys = Arc::clone(&self.keys);
        let (kind, count) = (kind(settings.key), profiles.len());
        let spare = usize::from(settings.flaw == TokenFlaw::OtherKey);
        let mut made = aside(move || (0..count + spare).map(|_| keys.source().key(kind)).collect())
            .await
            .map(|keys: Vec<Key>| keys.into_iter())?;
        let (mut pairs, mut certids) = (Vec::new(), Vec::new());
        for (profile, key) in profiles.into_iter().zip(made.by_ref()) {
            let public = key.public_key();
            let certificate = self
                .ca()?
                .certify(&subject, public, names.clone(), profile, validity)
                .map_err(|error| Refusal::value("subject", error.to_string()))?;
            let certid = self.keep(&certificate, wish.procedure, wish.caller.name());
            let chain = self.chain(config, &certid)?.unwrap_or_default();
            pairs.push(Pair { key, chain });
            certids.push(certid);
        }
        if let (Some(other), Some(pair)) = (made.next(), pairs.first_mut()) {
            pair.key = other;
        }
        let common_name = value(&attributes, "commonname").unwrap_or_default().to_owned();
        let (own, password) = (settings.clone(), wish.password.to_owned());
        let file = aside(move || file(&own, &common_name, &pairs, &password)).await?;
        let mut kept = lock(&self.soft_tokens);
        if kept.len() >= MAX_KEPT {
            kept.remove(0);
        }
        kept.push(IssuedSoftToken {
            origin: wish.origin,
            handler: wish.handler.to_owned(),
            procedure: wish.procedure.name.clone(),
            caller: wish.caller,
            subject: name::text(&subject).unwrap_or_default(),
            attributes,
            headers: wish.headers,
            certids: certids.clone(),
            file: Bytes::from(file.clone()),
            password: Digest::Sha256.of(wish.password.as_bytes()),
        });
        Ok(Made { file, certids })
    }

    /// From now on as long as the procedure says, within the authority's own validity.
    pub(super) fn usual_validity(&self, procedure: &CmProcedureConfig) -> Result<Validity, Refusal> {
        let (_, last) = self.ca()?.issuer().validity();
        let mut validity = Validity::days(self.now(), procedure.days);
        validity.not_after = validity.not_after.min(last);
        Ok(validity)
    }
}
