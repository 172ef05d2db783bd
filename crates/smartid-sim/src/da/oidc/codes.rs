//! Authorization codes: given once, used once. A second use ends what the first has brought (RFC 6749 4.1.2).

use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde_json::{Value, json};

use super::super::Da;
use super::super::form::Form;
use super::super::oauth::Fault;
use crate::config::{DaConfig, OauthClient};
use crate::net::message::Reply;
use crate::sync::lock;
use crate::webauthn::{b64, sha256};

/// So many are remembered; the oldest go first.
const KEPT: usize = 4096;

/// How the one who redeems a code proves that it was given to him.
#[derive(Clone)]
pub(super) enum Challenge {
    S256(String),
    Plain(String),
}

impl Challenge {
    fn met(&self, verifier: &str) -> bool {
        let (wanted, shown) = match self {
            Self::S256(wanted) => (wanted, b64::encode(&sha256(verifier.as_bytes()))),
            Self::Plain(wanted) => (wanted, verifier.to_owned()),
        };
        verify_slices_are_equal(wanted.as_bytes(), shown.as_bytes()).is_ok()
    }
}

/// A code with what it stands for. It cannot be printed.
#[derive(Clone)]
pub(in crate::da) struct Code {
    pub(super) text: String,
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    pub(super) nonce: Option<String>,
    pub(super) challenge: Option<Challenge>,
    pub(super) user: String,
    /// Display name of the method.
    pub(super) method: String,
    pub(super) auth_time: u64,
    pub(super) expires_at: Duration,
    pub(super) used: bool,
}

impl Da {
    pub(super) fn keep_code(&self, code: Code) {
        let mut codes = lock(&self.codes);
        if codes.len() >= KEPT {
            codes.remove(0);
        }
        codes.push(code);
    }

    fn take_code(&self, config: &DaConfig, client: &OauthClient, form: &Form) -> Result<Code, Fault> {
        let text = form.get("code").ok_or_else(|| Fault::request("code_missing"))?;
        let mut codes = lock(&self.codes);
        let code = codes
            .iter_mut()
            .find(|code| code.text == text)
            .ok_or_else(|| Fault::grant("code_unknown"))?;
        if code.client != client.id {
            return Err(Fault::grant("code_of_other_client"));
        }
        if code.used {
            lock(&self.tokens).revoke_code(text);
            return Err(Fault::grant("code_used"));
        }
        if self.clock.now() >= code.expires_at {
            return Err(Fault::grant("code_expired"));
        }
        // Whoever gets one of these wrong does not get a second try.
        code.used = true;
        if form.get("redirect_uri") != Some(&code.redirect_uri) {
            return Err(Fault::grant("redirect_uri"));
        }
        if config.oidc.pkce {
            match (&code.challenge, form.get("code_verifier")) {
                (None, None) => (),
                (Some(challenge), Some(verifier)) if challenge.met(verifier) => (),
                (Some(_), None) => return Err(Fault::grant("code_verifier_missing")),
                // A verifier without a challenge: somebody has taken the challenge out of the request.
                (None, Some(_)) => return Err(Fault::grant("code_challenge_missing")),
                (Some(_), Some(_)) => return Err(Fault::grant("code_verifier")),
            }
        }
        Ok(code.clone())
    }

    /// The grant `authorization_code` at the token endpoint.
    pub(in crate::da) fn redeem(
        &self,
        config: &DaConfig,
        client: &OauthClient,
        form: &Form,
    ) -> Result<Reply, Fault> {
        let code = self.take_code(config, client, form)?;
        let oauth = &config.oauth;
        let (user, text) = (Some(code.user.clone()), Some(code.text.clone()));
        let token = self.give_token(oauth, client, code.scopes.clone(), user, text);
        let mut body = Self::token_body(oauth, &token, &code.scopes);
        if code.scopes.iter().any(|scope| scope == "openid") {
            let id_token = self
                .id_token(config, &code, &token)
                .map_err(|_| Fault::server("id_token"))?;
            body.insert("id_token".into(), json!(id_token));
        }
        Ok(Reply::json(200, &Value::Object(body)).with_code("code_redeemed"))
    }
}
