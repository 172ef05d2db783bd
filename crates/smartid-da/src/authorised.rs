//! A call with the credential of its client: obtained for each call, renewed once when it was not accepted, and never shown afterwards.
//!
//! Tokens run out between two calls, so a call that was refused as not authenticated is repeated once with a new token. A call that must be
//! made once is repeated only if the answer means for certain that nothing was done; a web page, or a redirect to anywhere, may be what a
//! service says after its work. And a service that quotes a credential in its answer must not have it quoted on in an error.

use bytes::Bytes;
use smartid_core::{
    BuildError, Caller, Credential, Either, Endpoint, Error, Incoming, Outgoing, Repeat, ResponseError,
    SecretString, race,
};

use crate::auth::Prepared;

/// What a failure says of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing.
    Accepted,
    /// It seems not to have been accepted, or something else has answered.
    Doubtful,
    /// It was not accepted, and nothing was done.
    Refused,
}

impl Verdict {
    /// Of an answer that means "not authenticated": a status from 400 on does nothing, and neither does a redirect to the login page.
    pub(crate) fn of_not_authenticated(error: &Error, redirect: Option<&str>) -> Self {
        let login = redirect.is_some_and(|to| to.contains(LOGIN));
        match error.status() {
            Some(status) if status.is_client_error() || status.is_redirection() && login => Self::Refused,
            _ => Self::Doubtful,
        }
    }
}

/// The login pages of Digital Access [documented; vendor page: Nexus GO Authentication].
const LOGIN: &str = "/wa/auth";

/// Calls an operation; all in all it takes no longer than the policy's total limit. `verdict` tells what a failure says of the token.
pub(crate) async fn call<E: Endpoint>(
    caller: &Caller,
    auth: &Prepared,
    setting: &'static str,
    endpoint: &E,
    dialect: &E::Dialect,
    verdict: fn(&Error) -> Verdict,
) -> Result<E::Output, Error> {
    let provider = match auth {
        Prepared::Fixed {
            header: _,
            credential,
            secrets,
        } => {
            let unquoted = Unquoted { endpoint, secrets };
            return caller.call(&unquoted, dialect, credential).await;
        }
        Prepared::Token(provider) => provider,
    };
    let policy = *caller.policy();
    let runtime = caller.runtime();
    let deadline = runtime.now() + policy.total_limit();
    // Never more than all of it: the clock may have been set back.
    let remaining = || deadline.since(runtime.now()).min(policy.total_limit());
    let mut may_renew = provider.renews();
    let mut earlier = 0;
    loop {
        let left = remaining();
        let token = match race(provider.token(), runtime.sleep(left)).await {
            Either::First(token) => token.map_err(|error| Error::credential(E::NAME, error))?,
            Either::Second(()) => return Err(Error::deadline(E::NAME, false)),
        };
        let credential =
            Credential::bearer(setting, &token).map_err(|error| Error::config(E::NAME, error))?;
        let left = remaining();
        let shorter;
        let caller = if left == policy.total_limit() {
            caller
        } else {
            shorter = caller.clone().with_policy(policy.with_total_limit(left));
            &shorter
        };
        let unquoted = Unquoted {
            endpoint,
            secrets: std::slice::from_ref(&token),
        };
        match caller.call(&unquoted, dialect, &credential).await {
            Err(error) if may_renew && verdict(&error) != Verdict::Accepted => {
                may_renew = false;
                earlier = error.attempts();
                let again = E::REPEAT != Repeat::Once || verdict(&error) == Verdict::Refused;
                tracing::debug!(operation = E::NAME, "token refused, asking for another");
                let left = remaining();
                let told = race(provider.refused(&token), runtime.sleep(left)).await;
                if !again || matches!(told, Either::Second(())) {
                    return Err(error);
                }
            }
            // Whoever asks how often it was sent must hear of the call before the renewal, too.
            Err(error) => {
                let attempts = error.attempts() + earlier;
                return Err(error.with_attempts(attempts));
            }
            done => return done,
        }
    }
}

/// The same operation, whose answer is read without the credential in it.
struct Unquoted<'a, E> {
    endpoint: &'a E,
    secrets: &'a [SecretString],
}

/// Shorter texts are no secrets but parts of words.
const SHORTEST: usize = 8;

impl<E> Unquoted<'_, E> {
    fn without_secrets(&self, incoming: Incoming) -> Incoming {
        let body = incoming.body();
        let secrets: Vec<&[u8]> = self
            .secrets
            .iter()
            .map(|secret| secret.expose().trim().as_bytes())
            .filter(|secret| secret.len() >= SHORTEST)
            .filter(|secret| body.windows(secret.len()).any(|part| part == *secret))
            .collect();
        if secrets.is_empty() {
            return incoming;
        }
        let mut clean = Vec::with_capacity(body.len());
        let mut rest: &[u8] = body;
        while let Some((first, behind)) = rest.split_first() {
            if let Some(after) = secrets.iter().find_map(|secret| rest.strip_prefix(*secret)) {
                clean.extend_from_slice(b"[...]");
                rest = after;
            } else {
                clean.push(*first);
                rest = behind;
            }
        }
        Incoming::new(incoming.status(), incoming.headers().clone(), Bytes::from(clean))
    }
}

impl<E: Endpoint> Endpoint for Unquoted<'_, E> {
    type Auth = E::Auth;
    type Dialect = E::Dialect;
    type Output = E::Output;
    type Error = E::Error;

    const NAME: &'static str = E::NAME;
    const REPEAT: Repeat = E::REPEAT;

    fn request(&self, dialect: &E::Dialect) -> Result<Outgoing, BuildError> {
        self.endpoint.request(dialect)
    }

    fn response(
        &self,
        dialect: &E::Dialect,
        incoming: Incoming,
    ) -> Result<E::Output, ResponseError<E::Error>> {
        self.endpoint.response(dialect, self.without_secrets(incoming))
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    #[test]
    fn a_quoted_secret_is_taken_out_and_nothing_else() {
        let clean = |secrets: &[&str], body: &'static str| {
            let secrets: Vec<SecretString> = secrets.iter().map(|text| SecretString::new(*text)).collect();
            let unquoted = Unquoted {
                endpoint: &(),
                secrets: &secrets,
            };
            let incoming = Incoming::new(StatusCode::BAD_REQUEST, HeaderMap::new(), Bytes::from(body));
            String::from_utf8(unquoted.without_secrets(incoming).body().to_vec()).unwrap()
        };
        assert_eq!(
            clean(&["canary-12"], "a canary-12canary-12 canary-1"),
            "a [...][...] canary-1"
        );
        assert_eq!(clean(&["abc"], "abcdef"), "abcdef");
        assert_eq!(clean(&["canary-12"], ""), "");
        assert_eq!(
            clean(
                &["correct-horse", "c3ZjOmNvcnJlY3Q="],
                "svc:correct-horse c3ZjOmNvcnJlY3Q="
            ),
            "svc:[...] [...]"
        );
    }
}
