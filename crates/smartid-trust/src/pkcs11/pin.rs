//! The PIN, and the rule that a wrong one is not tried twice.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use smartid_core::SecretString;
use subtle::ConstantTimeEq;

use super::TokenInfo;
use crate::{Reason, Refusal};

/// Where the PIN comes from.
#[derive(Clone, Debug)]
pub struct Pin(pub(super) Source);

#[derive(Clone, Debug)]
pub(super) enum Source {
    Known(SecretString),
    Asked(Arc<dyn PinSource>),
    ProtectedPath,
}

/// Asks a person for the PIN.
pub trait PinSource: Send + Sync + fmt::Debug {
    /// The PIN of `token`. Called when the token must be logged in, which is once for each session, and for each signature with keys
    /// that demand it. May block.
    ///
    /// # Errors
    /// A [`Refusal`], for instance when the person cancels ([`Reason::PasswordMissing`]).
    fn pin(&self, token: &TokenInfo) -> Result<SecretString, Refusal>;
}

impl Pin {
    /// A PIN from a configuration. It is not spent on the last try that a token reports ([`Reason::PinLastTry`]).
    #[must_use]
    pub const fn known(pin: SecretString) -> Self {
        Self(Source::Known(pin))
    }

    /// A PIN that a person is asked for.
    #[must_use]
    pub fn asked(source: Arc<dyn PinSource>) -> Self {
        Self(Source::Asked(source))
    }

    /// A PIN that a person enters on the reader's pad (protected authentication path).
    #[must_use]
    pub const fn protected_path() -> Self {
        Self(Source::ProtectedPath)
    }

    /// The PIN to log in with, `None` for the pad. Looks at what the token says about its counter first.
    pub(super) fn get(&self, token: &TokenInfo) -> Result<Option<SecretString>, Refusal> {
        if token.pin_locked {
            return Err(Reason::PinLocked.into());
        }
        match &self.0 {
            Source::Known(_) if token.pin_last_try => Err(Reason::PinLastTry.into()),
            Source::Known(pin) => Ok(Some(pin.clone())),
            Source::Asked(source) => source.pin(token).map(Some),
            Source::ProtectedPath => Ok(None),
        }
    }
}

/// The PINs that tokens did not accept, as digests, by serial number: shared by every signer of the process.
static REFUSED: Mutex<BTreeMap<String, [u8; 32]>> = Mutex::new(BTreeMap::new());

fn digest_of(pin: &SecretString) -> [u8; 32] {
    let mut octets = [0; 32];
    octets.copy_from_slice(digest::digest(&digest::SHA256, pin.expose().as_bytes()).as_ref());
    octets
}

/// Whether this PIN was refused by this token.
pub(super) fn was_refused(token: &TokenInfo, pin: &SecretString) -> bool {
    let refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
    refused
        .get(&token.key())
        .is_some_and(|known| known.ct_eq(&digest_of(pin)).into())
}

/// Keeps in mind that it was.
pub(super) fn remember(token: &TokenInfo, pin: &SecretString) {
    let mut refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
    refused.insert(token.key(), digest_of(pin));
}

/// A person has looked: the token may be asked again.
pub(super) fn forget(token: &TokenInfo) {
    let mut refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
    refused.remove(&token.key());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(serial_number: &str) -> TokenInfo {
        TokenInfo {
            label: String::new(),
            serial_number: serial_number.to_owned(),
            manufacturer: String::new(),
            model: String::new(),
            pin_locked: false,
            pin_last_try: false,
            pin_on_pad: false,
        }
    }

    #[derive(Debug)]
    struct Cancels;
    impl PinSource for Cancels {
        fn pin(&self, _: &TokenInfo) -> Result<SecretString, Refusal> {
            Err(Reason::PasswordMissing.into())
        }
    }

    fn reason(pin: &Pin, token: &TokenInfo) -> Option<Reason> {
        pin.get(token).err().map(|refusal| refusal.reason())
    }

    #[test]
    fn a_configured_pin_is_not_spent_on_the_last_try() {
        let known = Pin::known("1234".into());
        let mut card = token("last");
        assert_eq!(reason(&known, &card), None);
        card.pin_last_try = true;
        assert_eq!(reason(&known, &card), Some(Reason::PinLastTry));
        assert_eq!(
            reason(&Pin::asked(Arc::new(Cancels)), &card),
            Some(Reason::PasswordMissing)
        );
        assert!(matches!(Pin::protected_path().get(&card), Ok(None)));
        card.pin_locked = true;
        for pin in [known, Pin::protected_path(), Pin::asked(Arc::new(Cancels))] {
            assert_eq!(reason(&pin, &card), Some(Reason::PinLocked));
        }
    }

    #[test]
    fn a_refused_pin_is_known_for_its_token_alone() {
        let (one, other) = (token("one"), token("other"));
        let (wrong, right) = (SecretString::new("0000"), SecretString::new("1234"));
        remember(&one, &wrong);
        assert!(was_refused(&one, &wrong));
        assert!(!was_refused(&one, &right) && !was_refused(&other, &wrong));
        forget(&one);
        assert!(!was_refused(&one, &wrong));
    }

    #[test]
    fn debug_shows_no_pin() {
        assert!(!format!("{:?}", Pin::known("87654321".into())).contains("87654321"));
    }
}
