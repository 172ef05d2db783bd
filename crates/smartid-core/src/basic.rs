//! HTTP Basic of whoever calls us, the same for every receiver: compared in constant time, before a body is read.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::base64::{Flavour, decode, encode};
use crate::secret::{SecretBytes, SecretString};
use crate::url::ConfigError;

/// The user name and the password that a caller has to present.
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use smartid_core::{BasicCaller, SecretString};
///
/// let caller = BasicCaller::new("cm.push.basic_auth", "cm", &SecretString::new("secret"))?;
/// let mut headers = HeaderMap::new();
/// assert!(!caller.is_known(&headers));
/// headers.insert("authorization", HeaderValue::from_static("Basic Y206c2VjcmV0"));
/// assert!(caller.is_known(&headers));
/// # Ok::<(), smartid_core::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct BasicCaller {
    /// `user:password`.
    octets: SecretBytes,
    /// The value of the header as it is written as a rule, so that most callers are known without decoding.
    value: SecretBytes,
}

impl BasicCaller {
    /// Who presents these two; `setting` is the name that an error will carry.
    ///
    /// # Errors
    /// [`ConfigError`] when the user name is empty or has a colon, with which it could be read in two ways, or the password is empty.
    pub fn new(setting: &'static str, user: &str, password: &SecretString) -> Result<Self, ConfigError> {
        let refuse = |problem: &str| Err(ConfigError::new(setting, problem));
        if user.is_empty() || user.contains(':') {
            return refuse("must have a user name that is not empty and has no colon");
        }
        if password.expose().is_empty() {
            return refuse("has an empty password");
        }
        let octets = SecretBytes::new([user, ":", password.expose()].concat().into_bytes());
        let token = SecretString::new(encode(Flavour::Standard, octets.expose()));
        let value = SecretBytes::new(["Basic ", token.expose()].concat().into_bytes());
        Ok(Self { octets, value })
    }

    /// Whether the caller presented the two, once. The comparison does not tell by its duration where they differ.
    #[must_use]
    pub fn is_known(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        // Two of them could be read in two ways.
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        if self.value.constant_time_eq(value.as_bytes()) {
            return true;
        }
        let presented = value
            .to_str()
            .ok()
            .and_then(|text| text.trim().split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
            .and_then(|(_, token)| decode(Flavour::Standard, token.trim()).ok());
        presented.is_some_and(|presented| self.octets.constant_time_eq(&presented))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_one_pair_presented_once_is_known() {
        let caller = BasicCaller::new("x", "hermod", &SecretString::new("gol:den/pässword")).unwrap();
        assert!(!format!("{caller:?}").contains("pässword"));
        let known = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_static(value));
            }
            caller.is_known(&headers)
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
    }

    #[test]
    fn a_pair_that_could_be_read_in_two_ways_is_no_setting() {
        for (user, password) in [("", "p"), ("a:b", "p"), ("a", "")] {
            let error = BasicCaller::new("x", user, &SecretString::new(password)).unwrap_err();
            assert_eq!(error.setting, "x", "{user}");
        }
    }
}
