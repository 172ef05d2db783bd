//! ID tokens (OpenID Connect Core 2), right ones and wrong ones.

use serde_json::{Map, Value, json};

use super::super::Da;
use super::codes::Code;
use crate::SimError;
use crate::config::{DaConfig, OidcFlaw};
use crate::pki::jws;
use crate::webauthn::{b64, sha256};

/// An hour.
const OFF: u64 = 3600;

/// The left half of the token's digest (OpenID Connect Core 3.1.3.6).
fn at_hash(token: &str) -> String {
    let digest = sha256(token.as_bytes());
    b64::encode(digest.get(..16).unwrap_or_default())
}

impl Da {
    /// What the provider tells about a user, by the scopes that were given.
    pub(super) fn claims(
        &self,
        config: &DaConfig,
        user: &str,
        scopes: &[String],
    ) -> Option<Map<String, Value>> {
        let known = self.user(user)?;
        let oidc = &config.oidc;
        let sub = known
            .attributes
            .get(&oidc.subject_attribute)
            .unwrap_or(&known.name);
        let mut claims = Map::new();
        claims.insert("sub".into(), json!(sub));
        let has = |scope: &str| scopes.iter().any(|own| own == scope);
        if has("profile") {
            claims.insert("name".into(), json!(known.display_name));
            claims.insert("preferred_username".into(), json!(known.name));
        }
        for (claim, attribute) in &oidc.claims {
            // `email` is a scope of its own (OpenID Connect Core 5.4).
            let wanted = if claim == "email" { "email" } else { "profile" };
            if has(wanted)
                && let Some(value) = known.attributes.get(attribute)
            {
                claims.insert(claim.clone(), json!(value));
            }
        }
        Some(claims)
    }

    /// The ID token for a code.
    pub(super) fn id_token(
        &self,
        config: &DaConfig,
        code: &Code,
        access_token: &str,
    ) -> Result<String, SimError> {
        let oidc = &config.oidc;
        let now = self.unix();
        let mut claims = self.claims(config, &code.user, &code.scopes).unwrap_or_default();
        let method = config.methods.iter().find(|method| method.name == code.method);
        let (iat, exp) = match oidc.flaw {
            OidcFlaw::Expired => (now.saturating_sub(2 * OFF), now.saturating_sub(OFF)),
            OidcFlaw::Future => (now + OFF, now + OFF + oidc.id_token_lifetime_seconds),
            _ => (now, now.saturating_add(oidc.id_token_lifetime_seconds)),
        };
        let issuer = match oidc.flaw {
            OidcFlaw::Issuer => "https://issuer.evil.example.test".to_owned(),
            _ => self.issuer(config),
        };
        let audience = match oidc.flaw {
            OidcFlaw::Audience => "another-client",
            _ => code.client.as_str(),
        };
        let hashed = match oidc.flaw {
            OidcFlaw::AtHash => "another token",
            _ => access_token,
        };
        for (name, value) in [
            ("iss", json!(issuer)),
            ("aud", json!(audience)),
            ("iat", json!(iat)),
            ("exp", json!(exp)),
            ("auth_time", json!(code.auth_time)),
            ("at_hash", json!(at_hash(hashed))),
        ] {
            claims.insert(name.into(), value);
        }
        if let Some(nonce) = &code.nonce {
            let nonce = match oidc.flaw {
                OidcFlaw::Nonce => "another nonce",
                _ => nonce.as_str(),
            };
            claims.insert("nonce".into(), json!(nonce));
        }
        if let Some(method) = method {
            claims.insert("acr".into(), json!(method.acr()));
            claims.insert("amr".into(), json!(method.amr));
        }
        for name in &oidc.left_out {
            claims.remove(name);
        }
        let key = self.signing_key(oidc)?;
        let alg = super::keys::alg(oidc).ok_or_else(|| SimError::pki("no such algorithm of ID tokens"))?;
        let mut header = jws::Header::new().typ("JWT");
        if oidc.key_ids {
            header = header.kid(&key.kid);
        }
        let signer = match oidc.flaw {
            OidcFlaw::ForeignKey => self.foreign_key(oidc)?,
            _ => key.key,
        };
        let token = jws::sign_compact(
            Value::Object(claims).to_string().as_bytes(),
            &signer,
            alg,
            &header,
        )?;
        match oidc.flaw {
            OidcFlaw::Signature => jws::with_broken_signature(&token),
            OidcFlaw::AlgNone => jws::with_alg_none(&token),
            OidcFlaw::Garbage => Ok("this.is.no-token".into()),
            _ => Ok(token),
        }
    }
}
