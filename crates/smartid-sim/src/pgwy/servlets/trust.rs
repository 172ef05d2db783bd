//! Who may send user data (protocol notes: cm 7.1 and 7.4): an officer, known by the TLS client certificate, or a front that has
//! authenticated the user, known by its certificate or its address. Everybody else could ask for a token in anybody's name.

use super::Stop;
use crate::config::{CmConfig, CmTrustConfig, ServletErrorConfig, Untrusted};
use crate::net::message::{Reply, Request};
use crate::pgwy::Cm;
use crate::pgwy::errors::page;
use crate::pki::Certificate;

/// Who has sent a request that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenCaller {
    /// An officer, by name.
    Officer(String),
    /// A front: its name in `cm.officers`, or its address.
    Front(String),
    /// Somebody who is neither, where `untrusted` is `served`.
    Anybody,
}

impl TokenCaller {
    /// The name, for the audit log.
    pub(in crate::pgwy) fn name(&self) -> &str {
        match self {
            Self::Officer(name) | Self::Front(name) => name,
            Self::Anybody => "anybody",
        }
    }
}

impl Cm {
    /// Lets a caller pass, or says what they are answered.
    pub(super) fn trusted(
        &self,
        config: &CmConfig,
        trust: &CmTrustConfig,
        errors: &ServletErrorConfig,
        request: &Request,
    ) -> Result<TokenCaller, Stop> {
        self.known(config, trust, request).or_else(|word| {
            let reply = match trust.untrusted {
                Untrusted::Forbidden => page(403, word),
                Untrusted::OkPage => page(200, word),
                Untrusted::Login => Reply::empty(302)
                    .with_header("location", &errors.login_url)
                    .with_code(word),
                Untrusted::Served => return Ok(TokenCaller::Anybody),
            };
            Err(Stop::Reply(reply))
        })
    }

    /// Who somebody is, or why they are not trusted, as one word.
    fn known(
        &self,
        config: &CmConfig,
        trust: &CmTrustConfig,
        request: &Request,
    ) -> Result<TokenCaller, &'static str> {
        let mut reason = "no_certificate";
        if let Some(shown) = &request.peer {
            let certificate = Certificate::parse(shown).map_err(|_| "certificate")?;
            // The handshake has looked at the chain; a connection may have stood open since then.
            self.ca()
                .and_then(|ca| ca.verify(&certificate, self.now()))
                .map_err(|_| "certificate_state")?;
            if let Some(officer) = self.officers.whose(config, &certificate) {
                let missing = trust.roles.iter().any(|role| !officer.roles.contains(role));
                if missing {
                    return Err("role");
                }
                return Ok(TokenCaller::Officer(officer.name.clone()));
            }
            reason = "not_officer";
            let name = self.officers.name_of(&certificate).unwrap_or_default();
            if !trust.requires_officer && trust.front_certificates.contains(&name) {
                return Ok(TokenCaller::Front(name));
            }
        }
        match request.from {
            Some(address) if !trust.requires_officer && trust.front_addresses.contains(&address) => {
                Ok(TokenCaller::Front(address.to_string()))
            }
            _ => Err(reason),
        }
    }
}
