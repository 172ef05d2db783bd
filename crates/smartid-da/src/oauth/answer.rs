//! The token that a server gives, read from an answer that may be anything.
//!
//! The form is that of RFC 6749, 5.1. Known servers write `expires_in` as a text or leave it out, and some leave out `token_type`: that
//! is let pass and leaves a lint. What could be taken for another token, or cannot stand in a header, is refused.

use std::fmt;
use std::time::Duration;

use smartid_core::{Content, Incoming, Lint, SecretString};

use super::error::{OAuthError, OAuthErrorKind, TokenProblem, json_object};
use super::known::Known;
use crate::fido::reader::{Object, string};

/// The longest token.
const LONGEST_TOKEN: usize = 32 * 1024;

/// No lifetime is believed beyond this: a year.
const LONGEST_LIFETIME: u64 = 365 * 24 * 60 * 60;

/// How many scopes of an answer are kept, and how long each may be.
const SCOPES: usize = 256;

/// A token, and what the server says of it.
#[derive(Clone)]
pub struct AccessToken {
    token: SecretString,
    lifetime: Option<Duration>,
    scope: Option<Vec<String>>,
    lints: Vec<Lint>,
}

impl AccessToken {
    /// The token: 1 to 32768 visible ASCII characters.
    #[must_use]
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// How long it was valid when it was issued, in whole seconds; at most a year. Zero: for this call at most. `None`: not known.
    #[must_use]
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    /// What was granted. `None`: the server does not say, which means what was asked for.
    #[must_use]
    pub fn scope(&self) -> Option<&[String]> {
        self.scope.as_deref()
    }

    /// Whether the server says what it granted, and this scope is not among it.
    #[must_use]
    pub fn lacks(&self, scope: &str) -> bool {
        self.scope()
            .is_some_and(|granted| granted.iter().all(|one| one != scope))
    }

    /// What was odd in the answer and let pass.
    #[must_use]
    pub fn lints(&self) -> &[Lint] {
        &self.lints
    }

    pub(super) fn read(incoming: &Incoming, known: &Known) -> Result<Self, OAuthError> {
        if !incoming.status().is_success() || incoming.content() == Content::Html {
            return Err(OAuthError::read(incoming, known, None));
        }
        Self::of(incoming).map_err(|problem| {
            let kind = problem.map(OAuthErrorKind::Unreadable);
            OAuthError::read(incoming, known, kind)
        })
    }

    /// `Err(None)`: it is an error in spite of its status.
    fn of(incoming: &Incoming) -> Result<Self, Option<TokenProblem>> {
        let object = json_object(incoming).map_err(Some)?;
        if object.repeats_any() {
            return Err(Some(TokenProblem::Duplicate));
        }
        if object.get("error").is_some() {
            let both = object.get("access_token").is_some();
            return Err(both.then_some(TokenProblem::Body));
        }
        Self::from_members(&object).map_err(Some)
    }

    fn from_members(object: &Object<'_>) -> Result<Self, TokenProblem> {
        let mut lints = Vec::new();
        let token = object
            .get("access_token")
            .and_then(string)
            .map(SecretString::new)
            .filter(|token| (1..=LONGEST_TOKEN).contains(&token.expose().len()))
            .ok_or(TokenProblem::Token)?;
        if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenProblem::TokenCharacters);
        }
        if !is_b64token(token.expose()) {
            lints.push(Lint::new(
                "/access_token",
                "has characters that RFC 6750 does not list",
            ));
        }
        match object.get("token_type").map(string) {
            None => lints.push(Lint::new("/token_type", "is missing; taken to be Bearer")),
            Some(Some(kind)) if kind.eq_ignore_ascii_case("bearer") => {}
            Some(_) => return Err(TokenProblem::TokenType),
        }
        let (lifetime, odd) = read_lifetime(object.get("expires_in"));
        lints.extend(odd.map(|what| Lint::new("/expires_in", what)));
        let scope = match object.get("scope").map(string) {
            None => None,
            Some(text) => {
                let scope = text.as_deref().and_then(read_scope);
                if scope.is_none() {
                    lints.push(Lint::new("/scope", "is no list of scopes, and not read"));
                }
                scope
            }
        };
        Ok(Self {
            token,
            lifetime: lifetime.map(Duration::from_secs),
            scope,
            lints,
        })
    }
}

/// RFC 6750, 2.1: letters, digits, `-._~+/`, and `=` at the end.
fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    !body.is_empty()
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

/// The seconds that a token lives, and what is odd in how that was written.
fn read_lifetime(value: Option<&str>) -> (Option<u64>, Option<&'static str>) {
    let Some(value) = value else {
        return (
            None,
            Some("is missing: the lifetime is not known, and the token is not kept for long"),
        );
    };
    let (number, is_text) = match string(value) {
        Some(text) => (text.trim().to_owned(), true),
        None => (value.to_owned(), false),
    };
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let of_number = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    // More digits than a u64 has are read as a float, which is exact enough to be too much.
    let seconds = match number.parse::<u64>() {
        Ok(seconds) if digits => seconds,
        _ => match number.parse::<f64>() {
            Ok(float) if number.bytes().all(of_number) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "such a conversion stops at the ends"
                )]
                let whole = float as u64;
                whole
            }
            _ => return (None, Some("is no number: the lifetime is not known")),
        },
    };
    let odd = if seconds > LONGEST_LIFETIME {
        Some("is more than a year, and not believed")
    } else if seconds == 0 {
        Some("is not above zero: the token is not kept")
    } else if is_text {
        Some("is a text and not a number")
    } else if !digits {
        Some("is not a whole number")
    } else {
        None
    };
    (Some(seconds.min(LONGEST_LIFETIME)), odd)
}

/// Scopes with a space between them; `None` when one of them cannot be a scope.
fn read_scope(text: &str) -> Option<Vec<String>> {
    let scopes: Vec<String> = text
        .split(' ')
        .filter(|scope| !scope.is_empty())
        .take(SCOPES + 1)
        .map(str::to_owned)
        .collect();
    let fits = scopes.len() <= SCOPES
        && scopes
            .iter()
            .all(|scope| scope.len() <= SCOPES && is_scope(scope));
    fits.then_some(scopes)
}

/// RFC 6749, 3.3: visible characters but for the quotation mark and the backslash.
pub(super) fn is_scope(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            token,
            lifetime,
            scope,
            lints,
        } = self;
        f.debug_struct("AccessToken")
            .field("token", token)
            .field("lifetime", lifetime)
            .field("scope", scope)
            .field("lints", lints)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_read_in_odd_forms() {
        let read = |value| {
            let (seconds, odd) = read_lifetime(value);
            (seconds, odd.is_some())
        };
        assert_eq!(read(Some("1")), (Some(1), false));
        assert_eq!(read(Some("31536000")), (Some(LONGEST_LIFETIME), false));
        assert_eq!(read(Some("31536001")), (Some(LONGEST_LIFETIME), true));
        assert_eq!(read(Some("\" 60 \"")), (Some(60), true));
        assert_eq!(read(Some("\"59.9\"")), (Some(59), true));
        assert_eq!(read(Some("0.9")), (Some(0), true));
        assert_eq!(read(Some("-0")), (Some(0), true));
        assert_eq!(read(Some("-1e300")), (Some(0), true));
        assert_eq!(read(Some("1e999")), (Some(LONGEST_LIFETIME), true));
        for unknown in ["\"\"", "\"inf\"", "\"NaN\"", "\"1h\"", "[1]", "{}", "false"] {
            assert_eq!(read(Some(unknown)), (None, true), "{unknown}");
        }
        assert_eq!(read(None), (None, true));
    }

    #[test]
    fn scopes_are_read_or_left() {
        assert_eq!(read_scope("a  b:c/d").unwrap(), ["a", "b:c/d"]);
        assert_eq!(read_scope("").unwrap(), [""; 0]);
        assert_eq!(read_scope("a\tb"), None);
        assert_eq!(read_scope("a \"b\""), None);
        assert_eq!(read_scope(&"a ".repeat(SCOPES)).unwrap().len(), SCOPES);
        assert_eq!(read_scope(&"a ".repeat(SCOPES + 1)), None);
        assert_eq!(read_scope(&"a".repeat(SCOPES + 1)), None);
    }

    proptest::proptest! {
        #[test]
        fn any_number_is_a_lifetime_within_bounds(number in proptest::num::f64::ANY, text: bool) {
            let value = if text { format!("\"{number}\"") } else { number.to_string() };
            if let (Some(seconds), _) = read_lifetime(Some(&value)) {
                proptest::prop_assert!(seconds <= LONGEST_LIFETIME);
                #[expect(clippy::cast_precision_loss, reason = "small")]
                let back = seconds as f64;
                proptest::prop_assert!(back <= number.max(0.0));
            }
        }

        #[test]
        fn a_token_that_is_written_is_read(token in "[!-~]{1,200}", seconds in 1_u64..=LONGEST_LIFETIME) {
            let body = serde_json::json!({"access_token": token, "token_type": "bearer", "expires_in": seconds});
            let incoming = Incoming::new(
                http::StatusCode::OK,
                http::HeaderMap::new(),
                bytes::Bytes::from(body.to_string()),
            );
            let read = AccessToken::read(&incoming, &Known::default()).unwrap();
            proptest::prop_assert_eq!(read.token().expose(), token.as_str());
            proptest::prop_assert_eq!(read.lifetime(), Some(Duration::from_secs(seconds)));
            proptest::prop_assert_eq!(read.lints().is_empty(), is_b64token(&token));
        }
    }
}
