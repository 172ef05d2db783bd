//! Logging in with what was provisioned: assertion options from Digital Access, a signature from the same authenticator, and the
//! verdict, all over HTTPS (protocol notes: digital-access 2.2).

use bytes::Bytes;
use serde_json::Value;

use super::Desktop;
use crate::SimError;
use crate::net::client::{Answer, Call};

/// A login that succeeded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoginReport {
    /// Who logged in, as Digital Access says.
    pub user: String,
    /// With which credential.
    pub credential_id: Vec<u8>,
    /// The signature counter after it.
    pub sign_count: u32,
}

fn refused(answer: &Answer) -> SimError {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let word = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    SimError::Login {
        code: word("error").unwrap_or_else(|| format!("http_{}", answer.status)),
        message: word("message").unwrap_or_default(),
    }
}

impl Desktop {
    /// Logs `user` in at `url`; without a user, the authenticator's user handle decides.
    pub(crate) async fn login(
        &self,
        url: &str,
        parameter: &str,
        user: Option<&str>,
    ) -> Result<LoginReport, SimError> {
        let mut target = url::Url::parse(url).map_err(|error| SimError::Device(error.to_string()))?;
        if let Some(user) = user {
            target.query_pairs_mut().append_pair(parameter, user);
        }
        let call = Call {
            method: "GET",
            url: target.as_str(),
            headers: &[],
            body: Bytes::new(),
        };
        let options = self.app.world.http.send(call).await.map_err(SimError::Device)?;
        if options.status != 200 {
            return Err(refused(&options));
        }
        let assertion = self.assert(&String::from_utf8_lossy(&options.body))?;
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        let call = Call {
            method: "POST",
            url,
            headers: &headers,
            body: Bytes::from(assertion),
        };
        let verdict = self.app.world.http.send(call).await.map_err(SimError::Device)?;
        if verdict.status != 200 {
            return Err(refused(&verdict));
        }
        let body: Value =
            serde_json::from_slice(&verdict.body).map_err(|error| SimError::Device(error.to_string()))?;
        let text = |name: &str| {
            body.get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Ok(LoginReport {
            user: text("user"),
            credential_id: crate::webauthn::b64::decode(&text("credentialId")).unwrap_or_default(),
            sign_count: body
                .get("signCount")
                .and_then(Value::as_u64)
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or_default(),
        })
    }
}
