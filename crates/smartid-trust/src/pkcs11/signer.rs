//! A key on a token, as an officer's signer.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use smartid_core::SignError;

use super::locate::{Located, locate};
use super::mechanism::{Plan, finish};
use super::{KeySelector, Pin, Pkcs11Module, TokenInfo, TokenSelector, failure, pin};
use crate::signer::key::{choose, default_algorithms, not_offered};
use crate::{Certificate, OfficerSigner, PublicKey, Reason, Refusal, SignatureAlgorithm};

/// A key on a token with its certificate. Made by [`Pkcs11Module::signer`].
///
/// Signatures by several threads are made one after the other. When the session was lost, it is opened again once; a token that is gone
/// ends in an error that says so, and the next signature looks for it again.
pub struct Pkcs11Signer {
    module: Pkcs11Module,
    token: TokenSelector,
    key: KeySelector,
    public: PublicKey,
    chain: Vec<Certificate>,
    algorithms: Vec<SignatureAlgorithm>,
    state: Mutex<State>,
}

struct State {
    pin: Pin,
    open: Option<Open>,
}

/// A session that is logged in, and the key in it.
struct Open {
    session: Session,
    token: TokenInfo,
    key: Located,
    offered: Vec<MechanismType>,
}

/// What went wrong, and whether a new session may help.
struct Failed {
    refusal: Refusal,
    lost: bool,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self {
            refusal: failure::refusal(&error),
            lost: failure::is_lost_session(&error),
        }
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, lost: false }
    }
}

impl Pkcs11Signer {
    pub(super) fn open(
        module: Pkcs11Module,
        token: TokenSelector,
        key: KeySelector,
        pin: Pin,
    ) -> Result<Self, Refusal> {
        let open = Open::new(&module, &token, &key, &pin)?;
        let own = open.key.chain.first().ok_or(Reason::NoCertificate)?;
        let public = own.public_key()?;
        let mut algorithms = default_algorithms(&public);
        algorithms.retain(|algorithm| open.plan(*algorithm).is_some());
        if algorithms.is_empty() {
            return Err(Refusal::new(
                Reason::AlgorithmNotOffered,
                "the token has no mechanism for the key",
            ));
        }
        Ok(Self {
            // The token that was found, and no other, is looked for again.
            token: TokenSelector::any()
                .with_label(&open.token.label)
                .with_serial_number(&open.token.serial_number),
            chain: open.key.chain.clone(),
            module,
            key,
            public,
            algorithms,
            state: Mutex::new(State {
                pin,
                open: Some(open),
            }),
        })
    }

    /// Restricts and orders what the key signs with: the first is what is used where nobody asks for another.
    ///
    /// # Errors
    /// [`Reason::AlgorithmNotOffered`] when the list is empty or holds what the token does not do.
    pub fn with_algorithms(
        mut self,
        algorithms: impl IntoIterator<Item = SignatureAlgorithm>,
    ) -> Result<Self, Refusal> {
        self.algorithms = choose(algorithms, &self.algorithms)?.to_vec();
        Ok(self)
    }

    /// Sets another PIN, because the former was refused or has changed. Only this makes the token be asked with a PIN that it has
    /// refused: somebody has looked.
    ///
    /// # Errors
    /// [`Reason::TokenMissing`] and the other reasons of the token.
    pub fn set_pin(&self, pin: Pin) -> Result<(), Refusal> {
        let (_, token) = self.module.find(&self.token)?;
        pin::forget(&token);
        self.state.lock().unwrap_or_else(PoisonError::into_inner).pin = pin;
        Ok(())
    }

    fn signature(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { pin, open } = &mut *state;
        let mut reopened = false;
        loop {
            let current = match open.take() {
                Some(current) => current,
                None => {
                    reopened = true;
                    let current = Open::new(&self.module, &self.token, &self.key, pin)?;
                    if current.key.chain.first() != self.chain.first() {
                        return Err(Refusal::new(
                            Reason::KeyCertificateMismatch,
                            "the token has another certificate than before",
                        ));
                    }
                    current
                }
            };
            match current.sign(algorithm, message, pin) {
                Ok(signature) => {
                    *open = Some(current);
                    return Ok(signature);
                }
                Err(Failed { lost: true, .. }) if !reopened => {
                    tracing::info!(target: "smartid::trust", "the session with the token was lost and is opened again");
                }
                Err(Failed { refusal, lost }) => {
                    // A signature that was begun and waits for its PIN would stand in the way of every later one.
                    let begun = current.key.always_authenticate;
                    *open = (!lost && !begun).then_some(current);
                    return Err(refusal);
                }
            }
        }
    }
}

impl Open {
    fn new(
        module: &Pkcs11Module,
        token: &TokenSelector,
        key: &KeySelector,
        pin: &Pin,
    ) -> Result<Self, Refusal> {
        let failed = |error| failure::refusal(&error);
        let (slot, token) = module.find(token)?;
        let session = module.context.open_ro_session(slot).map_err(failed)?;
        if !is_logged_in(&session) {
            login(&session, UserType::User, &token, pin)?;
        }
        Ok(Self {
            key: locate(&session, key)?,
            offered: mechanisms(module, slot)?,
            session,
            token,
        })
    }

    fn plan(&self, algorithm: SignatureAlgorithm) -> Option<Plan> {
        Plan::new(algorithm, &self.offered, self.key.always_authenticate)
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8], pin: &Pin) -> Result<Vec<u8>, Failed> {
        let plan = self.plan(algorithm).ok_or_else(|| {
            Refusal::new(
                Reason::AlgorithmNotOffered,
                "the token has no mechanism for it any more",
            )
        })?;
        let data = plan.data(message);
        let signature = if plan.in_parts {
            self.session.sign_init(&plan.mechanism, self.key.handle)?;
            login(&self.session, UserType::ContextSpecific, &self.token, pin)?;
            self.session.sign_update(&data)?;
            self.session.sign_final()?
        } else {
            self.session.sign(&plan.mechanism, self.key.handle, &data)?
        };
        let unreadable = || Refusal::new(Reason::TokenFailed, "its signature is not of the right form");
        Ok(finish(algorithm, signature).ok_or_else(unreadable)?)
    }
}

/// The mechanisms that sign.
fn mechanisms(module: &Pkcs11Module, slot: Slot) -> Result<Vec<MechanismType>, Refusal> {
    let all = module.context.get_mechanism_list(slot);
    Ok(all
        .map_err(|error| failure::refusal(&error))?
        .into_iter()
        .filter(|mechanism| {
            module
                .context
                .get_mechanism_info(slot, *mechanism)
                .is_ok_and(|info| info.sign())
        })
        .collect())
}

/// Whether another session of this process has logged in: the login is the token's, not the session's (PKCS #11 5.6).
fn is_logged_in(session: &Session) -> bool {
    use cryptoki::session::SessionState::{RoUser, RwUser};
    session
        .get_session_info()
        .is_ok_and(|info| matches!(info.session_state(), RoUser | RwUser))
}

static TRYING: Mutex<()> = Mutex::new(());

/// Gives the PIN, once.
fn login(session: &Session, user: UserType, token: &TokenInfo, pin: &Pin) -> Result<(), Refusal> {
    let given = pin.get(token)?;
    // Held while a PIN is tried, so that two threads do not both try a wrong one. A person at a pad keeps nobody waiting.
    let _trying = given
        .is_some()
        .then(|| TRYING.lock().unwrap_or_else(PoisonError::into_inner));
    if given.as_ref().is_some_and(|given| pin::was_refused(token, given)) {
        return Err(Refusal::new(Reason::PinRefused, "it was refused before"));
    }
    let outcome = match &given {
        Some(given) => session.login(user, Some(&AuthPin::from(given.expose()))),
        None => session.login(user, None),
    };
    match outcome {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(error) => {
            let refusal = failure::refusal(&error);
            if let (Reason::PinRefused, Some(given)) = (refusal.reason(), &given) {
                pin::remember(token, given);
            }
            Err(refusal)
        }
    }
}

impl OfficerSigner for Pkcs11Signer {
    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        &self.algorithms
    }

    fn blocks(&self) -> bool {
        true
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        if !self.algorithms.contains(&algorithm) {
            return Err(not_offered(algorithm));
        }
        let signature = self
            .signature(algorithm, message)
            .map_err(|refusal| SignError::new(refusal.to_string()))?;
        let own = self.public.verify(algorithm, message, &signature);
        own.map_err(|_| SignError::new(Refusal::from(Reason::KeyCertificateMismatch).to_string()))?;
        Ok(signature)
    }
}

impl fmt::Debug for Pkcs11Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            module,
            token,
            key: _,
            public,
            chain,
            algorithms,
            state: _blind,
        } = self;
        f.debug_struct("Pkcs11Signer")
            .field("module", module)
            .field("token", token)
            .field("public_key", public)
            .field("certificate", &chain.first())
            .field("algorithms", algorithms)
            .finish_non_exhaustive()
    }
}
