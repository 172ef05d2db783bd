//! HTTP Basic of whoever calls us, the same for callbacks and for content requests: compared in constant time, before a body is read.

use http::header::{ALLOW, AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use smartid_core::base64::{Flavour, decode, encode};
use smartid_core::{ConfigError, Reply, SecretBytes, SecretString};

/// The decision about who may call.
#[derive(Clone, Debug)]
pub(crate) enum Auth {
    Basic { user: String, password: SecretString },
    Nobody,
}

/// What a known caller presents.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// `user:password`.
    octets: SecretBytes,
    /// The value of the header as it is written as a rule, so that most callers are known without decoding.
    value: SecretBytes,
}

impl Auth {
    /// What to compare with, `None` where nobody is asked. `missing` is said where nothing was decided.
    pub(crate) fn pair(
        auth: Option<Self>,
        setting: &'static str,
        missing: &str,
    ) -> Result<Option<Pair>, ConfigError> {
        let refuse = |problem: &str| Err(ConfigError::new(setting, problem));
        match auth {
            None => refuse(missing),
            Some(Self::Nobody) => Ok(None),
            Some(Self::Basic { user, password }) => {
                if user.is_empty() || user.contains(':') {
                    return refuse("must have a user name that is not empty and has no colon");
                }
                if password.expose().is_empty() {
                    return refuse("has an empty password");
                }
                let octets = SecretBytes::new(format!("{user}:{}", password.expose()).into_bytes());
                let token = SecretString::new(encode(Flavour::Standard, octets.expose()));
                let value = SecretBytes::new(["Basic ", token.expose()].concat().into_bytes());
                Ok(Some(Pair { octets, value }))
            }
        }
    }
}

/// Whether the caller presented the pair, or none is wanted.
pub(crate) fn is_known(pair: Option<&Pair>, headers: &HeaderMap) -> bool {
    let Some(pair) = pair else { return true };
    let mut values = headers.get_all(AUTHORIZATION).iter();
    // Two of them could be read in two ways.
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    if pair.value.constant_time_eq(value.as_bytes()) {
        return true;
    }
    let presented = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, token)| decode(Flavour::Standard, token.trim()).ok());
    presented.is_some_and(|presented| pair.octets.constant_time_eq(&presented))
}

/// 401 with a challenge, such as `Basic realm="callback", charset="UTF-8"`.
pub(crate) fn challenge(challenge: &'static str) -> Reply {
    Reply::empty(StatusCode::UNAUTHORIZED).header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

/// 405: everything that calls us posts.
pub(crate) fn post_only() -> Reply {
    Reply::empty(StatusCode::METHOD_NOT_ALLOWED).header(ALLOW, HeaderValue::from_static("POST"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_pair_presented_once_is_known() {
        let auth = Auth::Basic {
            user: "hermod".to_owned(),
            password: SecretString::new("gol:den/pässword"),
        };
        assert!(!format!("{auth:?}").contains("pässword"));
        let pair = Auth::pair(Some(auth), "x", "").unwrap();
        let known = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_static(value));
            }
            is_known(pair.as_ref(), &headers)
        };
        let good = "Basic aGVybW9kOmdvbDpkZW4vcMOkc3N3b3Jk";
        assert!(known(&[good]));
        assert!(known(&["bAsIc aGVybW9kOmdvbDpkZW4vcMOkc3N3b3Jk"]));
        for values in [
            &[][..],
            &[good, good],
            &["Basic"],
            &["Basic aGVybW9kOmdvbDpkZW4vcMOkc3N3b3J"],
            &["Basic aGVybW9kOndyb25n"],
            &["Bearer aGVybW9kOmdvbDpkZW4vcMOkc3N3b3Jk"],
            &["aGVybW9kOmdvbDpkZW4vcMOkc3N3b3Jk"],
        ] {
            assert!(!known(values), "{values:?}");
        }
        assert!(is_known(None, &HeaderMap::new()));
    }

    #[test]
    fn a_pair_that_could_be_read_in_two_ways_is_no_setting() {
        let pair = |user: &str, password: &str| {
            let (user, password) = (user.to_owned(), SecretString::new(password));
            Auth::pair(Some(Auth::Basic { user, password }), "x", "is missing")
        };
        for (user, password) in [("", "p"), ("a:b", "p"), ("a", "")] {
            assert!(pair(user, password).is_err(), "{user}");
        }
        assert!(Auth::pair(Some(Auth::Nobody), "x", "").unwrap().is_none());
        assert_eq!(
            Auth::pair(None, "x", "is missing").unwrap_err().problem,
            "is missing"
        );
    }
}
