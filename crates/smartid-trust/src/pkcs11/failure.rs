//! What a module's answers mean.

use cryptoki::error::{Error, RvError};

use crate::{Reason, Refusal};

/// A module's error as a refusal. Neither a PIN nor a key is in an error of PKCS #11.
pub(super) fn refusal(error: &Error) -> Refusal {
    let reason = match error {
        Error::Pkcs11(code, _) => reason(*code),
        Error::LibraryLoading(_) | Error::MissingSymbol(_) | Error::NullFunctionPointer => {
            Reason::TokenModule
        }
        _ => Reason::TokenFailed,
    };
    let detail = match error {
        Error::Pkcs11(code, function) => format!("{function:?} answered {code:?}"),
        other => other.to_string(),
    };
    Refusal::new(reason, detail)
}

fn reason(code: RvError) -> Reason {
    match code {
        RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => Reason::PinRefused,
        RvError::PinLocked => Reason::PinLocked,
        RvError::TokenNotPresent
        | RvError::TokenNotRecognized
        | RvError::DeviceRemoved
        | RvError::SlotIdInvalid => Reason::TokenMissing,
        RvError::CryptokiNotInitialized | RvError::LibraryLoadFailed => Reason::TokenModule,
        _ => Reason::TokenFailed,
    }
}

/// Whether the session, or what was known through it, is gone, so that a new one may help.
pub(super) fn is_lost_session(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::DeviceRemoved
                | RvError::TokenNotPresent
                | RvError::UserNotLoggedIn
                | RvError::KeyHandleInvalid
                | RvError::ObjectHandleInvalid,
            _
        )
    )
}

#[cfg(test)]
mod tests {
    use cryptoki::context::Function;

    use super::*;

    #[test]
    fn codes_have_reasons() {
        let of = |code| refusal(&Error::Pkcs11(code, Function::Login)).reason();
        assert_eq!(of(RvError::PinIncorrect), Reason::PinRefused);
        assert_eq!(of(RvError::PinLenRange), Reason::PinRefused);
        assert_eq!(of(RvError::PinLocked), Reason::PinLocked);
        assert_eq!(of(RvError::DeviceRemoved), Reason::TokenMissing);
        assert_eq!(of(RvError::TokenNotPresent), Reason::TokenMissing);
        assert_eq!(of(RvError::CryptokiNotInitialized), Reason::TokenModule);
        assert_eq!(of(RvError::DeviceError), Reason::TokenFailed);
        assert_eq!(
            refusal(&Error::MissingSymbol("C_GetFunctionList")).reason(),
            Reason::TokenModule
        );
        assert_eq!(refusal(&Error::InvalidValue).reason(), Reason::TokenFailed);
    }

    #[test]
    fn only_lost_sessions_are_opened_again() {
        let lost = |code| is_lost_session(&Error::Pkcs11(code, Function::Sign));
        assert!(lost(RvError::SessionHandleInvalid) && lost(RvError::UserNotLoggedIn));
        assert!(!lost(RvError::PinIncorrect) && !lost(RvError::PinLocked) && !lost(RvError::DeviceError));
    }
}
