//! Who may call a receiver: those who present the one user and password, or anybody where that was decided.

use http::HeaderMap;
use smartid_core::{BasicCaller, ConfigError, SecretString};

/// The decision about who may call.
#[derive(Clone, Debug)]
pub(crate) enum Auth {
    Basic { user: String, password: SecretString },
    Nobody,
}

impl Auth {
    /// What to compare with, `None` where nobody is asked. `missing` is said where nothing was decided.
    pub(crate) fn caller(
        auth: Option<Self>,
        setting: &'static str,
        missing: &str,
    ) -> Result<Option<BasicCaller>, ConfigError> {
        match auth {
            None => Err(ConfigError::new(setting, missing)),
            Some(Self::Nobody) => Ok(None),
            Some(Self::Basic { user, password }) => BasicCaller::new(setting, &user, &password).map(Some),
        }
    }
}

/// Whether the caller presented the pair, or none is wanted.
pub(crate) fn is_known(caller: Option<&BasicCaller>, headers: &HeaderMap) -> bool {
    caller.is_none_or(|caller| caller.is_known(headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_only_where_that_was_decided() {
        assert_eq!(
            Auth::caller(None, "x", "is missing").unwrap_err().problem,
            "is missing"
        );
        let nobody = Auth::caller(Some(Auth::Nobody), "x", "").unwrap();
        assert!(is_known(nobody.as_ref(), &HeaderMap::new()));
        let (user, password) = ("hermod".to_owned(), SecretString::new("golden"));
        let auth = Auth::Basic { user, password };
        assert!(!format!("{auth:?}").contains("golden"));
        let caller = Auth::caller(Some(auth), "x", "").unwrap();
        assert!(!is_known(caller.as_ref(), &HeaderMap::new()));
    }
}
