//! A call with the credential of its client: obtained for each call, renewed once when it was not accepted, and never shown afterwards.
//!
//! Tokens run out between two calls, so a call that was refused as not authenticated is repeated once with a new token; such an answer
//! means that nothing was done. And a service that quotes a token in its answer must not have it quoted on in an error.

use bytes::Bytes;
use smartid_core::{
    BuildError, Caller, Credential, Either, Endpoint, Error, Incoming, Outgoing, Repeat, ResponseError,
    SecretString, race,
};

use crate::auth::Prepared;

/// Calls an operation; all in all it takes no longer than the policy's total limit. `expired` tells whether a failure means that the
/// token was not accepted.
pub(crate) async fn call<E: Endpoint>(
    caller: &Caller,
    auth: &Prepared,
    setting: &'static str,
    endpoint: &E,
    dialect: &E::Dialect,
    expired: fn(&Error) -> bool,
) -> Result<E::Output, Error> {
    let provider = match auth {
        Prepared::Fixed {
            header: _,
            credential,
        } => return caller.call(endpoint, dialect, credential).await,
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
            token: &token,
        };
        match caller.call(&unquoted, dialect, &credential).await {
            Err(error) if may_renew && expired(&error) => {
                may_renew = false;
                earlier = error.attempts();
                tracing::debug!(operation = E::NAME, "token refused, asking for another");
                let left = remaining();
                if let Either::Second(()) = race(provider.refused(&token), runtime.sleep(left)).await {
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

/// The same operation, whose answer is read without the token in it.
struct Unquoted<'a, E> {
    endpoint: &'a E,
    token: &'a SecretString,
}

/// Shorter texts are no tokens but parts of words.
const SHORTEST: usize = 8;

impl<E> Unquoted<'_, E> {
    fn without_token(&self, incoming: Incoming) -> Incoming {
        let token = self.token.expose().trim().as_bytes();
        let body = incoming.body();
        if token.len() < SHORTEST || !body.windows(token.len()).any(|part| part == token) {
            return incoming;
        }
        let mut clean = Vec::with_capacity(body.len());
        let mut rest: &[u8] = body;
        while let Some((first, behind)) = rest.split_first() {
            if let Some(after) = rest.strip_prefix(token) {
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
        self.endpoint.response(dialect, self.without_token(incoming))
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    #[test]
    fn a_quoted_token_is_taken_out_and_nothing_else() {
        let clean = |token: &str, body: &'static str| {
            let token = SecretString::new(token);
            let unquoted = Unquoted {
                endpoint: &(),
                token: &token,
            };
            let incoming = Incoming::new(StatusCode::BAD_REQUEST, HeaderMap::new(), Bytes::from(body));
            String::from_utf8(unquoted.without_token(incoming).body().to_vec()).unwrap()
        };
        assert_eq!(
            clean("canary-12", "a canary-12canary-12 canary-1"),
            "a [...][...] canary-1"
        );
        assert_eq!(clean("abc", "abcdef"), "abcdef");
        assert_eq!(clean("canary-12", ""), "");
    }
}
