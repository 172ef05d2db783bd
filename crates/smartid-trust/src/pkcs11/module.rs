//! Modules: loaded and initialised once per process.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::slot::Slot;

use super::{KeySelector, Pin, Pkcs11Signer, TokenSelector, failure};
use crate::{Reason, Refusal};

/// A PKCS #11 module, the library that comes with a card or a security module. Cloning is cheap.
///
/// ```no_run
/// use smartid_trust::OfficerSigner;
/// use smartid_trust::pkcs11::{KeySelector, Pin, Pkcs11Module, TokenSelector};
///
/// let module = Pkcs11Module::load("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so")?;
/// let officer = module.signer(
///     TokenSelector::any().with_label("Officer One"),
///     KeySelector::any().with_id([0x45]),
///     Pin::protected_path(),
/// )?;
/// println!("{}", officer.chain()[0].subject());
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
#[derive(Clone)]
pub struct Pkcs11Module {
    path: Arc<Path>,
    pub(super) context: Pkcs11,
}

/// A token as it describes itself. None of it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenInfo {
    /// The label, without the blanks behind it.
    pub label: String,
    /// The serial number, as the module shows it.
    pub serial_number: String,
    /// Who made it.
    pub manufacturer: String,
    /// The model.
    pub model: String,
    /// The token says that its PIN is locked.
    pub pin_locked: bool,
    /// The token says that one more wrong PIN will lock it. Not every token tells.
    pub pin_last_try: bool,
    /// The PIN is entered on a pad of its own (protected authentication path).
    pub pin_on_pad: bool,
}

impl TokenInfo {
    fn new(info: &cryptoki::slot::TokenInfo) -> Self {
        Self {
            label: info.label().to_owned(),
            serial_number: info.serial_number().to_owned(),
            manufacturer: info.manufacturer_id().to_owned(),
            model: info.model().to_owned(),
            pin_locked: info.user_pin_locked(),
            pin_last_try: info.user_pin_final_try(),
            pin_on_pad: info.protected_authentication_path(),
        }
    }

    /// What tells it from every other token.
    pub(super) fn key(&self) -> String {
        [&self.manufacturer, &self.model, &self.serial_number, &self.label]
            .map(String::as_str)
            .join("\n")
    }
}

/// Every module that this process has loaded. They stay: finalising one would take it from other users in the process, and a library
/// that is unloaded while one of its threads runs ends the process.
static LOADED: Mutex<Vec<Pkcs11Module>> = Mutex::new(Vec::new());

impl Pkcs11Module {
    /// Loads a module, or gives back the one that was loaded from this path before. The module may lock with the means of the
    /// operating system; that somebody else in the process has initialised it is fine.
    ///
    /// # Errors
    /// [`Reason::TokenModule`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Refusal> {
        let path = path.as_ref();
        // A bare file name is looked for by the operating system and has no canonical form here.
        let canonical = path.canonicalize().unwrap_or_else(|_| PathBuf::from(path));
        // Held until the module is initialised, so that two threads do not initialise it twice.
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = loaded.iter().find(|module| *module.path == *canonical) {
            return Ok(module.clone());
        }
        let unusable = |error: Error| Refusal::new(Reason::TokenModule, error.to_string());
        let context = Pkcs11::new(&canonical).map_err(unusable)?;
        match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, Function::Initialize)) => {}
            Err(error) => return Err(unusable(error)),
        }
        let module = Self {
            path: canonical.into(),
            context,
        };
        loaded.push(module.clone());
        Ok(module)
    }

    /// The tokens that are there now.
    ///
    /// # Errors
    /// [`Reason::TokenModule`] and [`Reason::TokenFailed`].
    pub fn tokens(&self) -> Result<Vec<TokenInfo>, Refusal> {
        Ok(self.slots()?.into_iter().map(|(_, token)| token).collect())
    }

    fn slots(&self) -> Result<Vec<(Slot, TokenInfo)>, Refusal> {
        let slots = self.context.get_slots_with_token();
        let mut tokens = Vec::new();
        for slot in slots.map_err(|error| failure::refusal(&error))? {
            match self.context.get_token_info(slot) {
                Ok(info) if info.token_initialized() => tokens.push((slot, TokenInfo::new(&info))),
                // Taken out in between, or of a make that the module does not know.
                Ok(_) | Err(Error::Pkcs11(..)) => {}
                Err(error) => return Err(failure::refusal(&error)),
            }
        }
        Ok(tokens)
    }

    /// The one token that fits.
    pub(super) fn find(&self, selector: &TokenSelector) -> Result<(Slot, TokenInfo), Refusal> {
        let mut fitting = self
            .slots()?
            .into_iter()
            .filter(|(_, token)| selector.fits(&token.label, &token.serial_number));
        match (fitting.next(), fitting.next()) {
            (Some(token), None) => Ok(token),
            (None, _) => Err(Reason::TokenMissing.into()),
            (Some(_), Some(_)) => Err(Reason::SeveralTokens.into()),
        }
    }

    /// Logs in and finds a key with its certificate.
    ///
    /// The certificate is the one with the same public key, or where the token does not tell that, with the same CKA_ID; its issuers
    /// come from the token and from [`KeySelector::with_issuers`].
    ///
    /// # Errors
    /// Of the token: [`Reason::TokenMissing`], [`Reason::SeveralTokens`], [`Reason::TokenFailed`]. Of the PIN:
    /// [`Reason::PinRefused`], [`Reason::PinLocked`], [`Reason::PinLastTry`]. Of the key: [`Reason::NoKey`], [`Reason::SeveralKeys`],
    /// [`Reason::NoCertificate`], [`Reason::KeyCertificateMismatch`], [`Reason::SeveralCertificates`],
    /// [`Reason::AlgorithmNotOffered`] when the token has no mechanism for it.
    pub fn signer(&self, token: TokenSelector, key: KeySelector, pin: Pin) -> Result<Pkcs11Signer, Refusal> {
        Pkcs11Signer::open(self.clone(), token, key, pin)
    }
}

impl fmt::Debug for Pkcs11Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, context: _ } = self;
        f.debug_tuple("Pkcs11Module").field(path).finish()
    }
}
