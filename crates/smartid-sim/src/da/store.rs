//! What Digital Access remembers: users with their credentials, and challenges with what becomes of them (protocol notes:
//! digital-access 1.6).

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::config::DaUser;
use crate::webauthn::Refused;
use crate::webauthn::cose::CoseKey;
use crate::webauthn::registration::{Expected, Registered};

/// A credential that Digital Access has stored.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredCredential {
    /// Credential id.
    pub credential_id: Vec<u8>,
    /// COSE algorithm number, for example -7.
    pub algorithm: i64,
    /// The authenticator's model.
    pub aaguid: [u8; 16],
    /// Attestation statement format, for example `packed`.
    pub format: String,
    /// Signature counter, as of the last use.
    pub sign_count: u32,
    /// `user.id` of the options.
    pub user_handle: Vec<u8>,
    /// The COSE key as it came.
    pub public_key_cose: Vec<u8>,
    /// Transports as the registration named them.
    pub transports: Vec<String>,
    pub(crate) key: CoseKey,
}

impl StoredCredential {
    pub(crate) fn new(registered: Registered, user_handle: Vec<u8>) -> Self {
        let Registered {
            credential_id,
            key,
            public_key_cose,
            aaguid,
            format,
            sign_count,
            transports,
            certificates: _,
            backup_eligible: _,
        } = registered;
        Self {
            credential_id,
            algorithm: key.algorithm,
            aaguid,
            format,
            sign_count,
            user_handle,
            public_key_cose,
            transports,
            key,
        }
    }
}

#[derive(Debug)]
pub(crate) struct User {
    pub(crate) config: DaUser,
    pub(crate) handle: Vec<u8>,
    pub(crate) credentials: Vec<StoredCredential>,
    /// Attributes that the user has set.
    pub(crate) free: BTreeMap<String, String>,
}

/// What has become of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Open,
    Used,
    Superseded,
}

/// A challenge that was issued, for a registration or a login.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) challenge: Vec<u8>,
    /// The user; a login without a name has none.
    pub(crate) user: Option<String>,
    pub(crate) expected: Expected,
    pub(crate) expires_at: Duration,
    pub(crate) life: Life,
}

/// Issued challenges. The last 4096 are remembered, so that "used" and "unknown" can be told apart.
#[derive(Debug, Default)]
pub(crate) struct Challenges(Vec<Pending>);

impl Challenges {
    pub(crate) fn issue(&mut self, pending: Pending, per_user: usize) {
        let user = pending.user.clone();
        self.0.push(pending);
        let mut open = 0;
        for older in self
            .0
            .iter_mut()
            .rev()
            .filter(|other| other.user == user && other.life == Life::Open)
        {
            open += 1;
            if open > per_user.max(1) {
                older.life = Life::Superseded;
            }
        }
        if self.0.len() > 4096 {
            self.0.remove(0);
        }
    }

    /// Uses up a challenge: it is found, open, not expired, and for this user.
    pub(crate) fn take(
        &mut self,
        challenge: &[u8],
        now: Duration,
        user: Option<&str>,
    ) -> Result<Pending, Refused> {
        let found = self
            .0
            .iter_mut()
            .rev()
            .find(|pending| pending.challenge == challenge)
            .ok_or_else(|| Refused::new("challenge_unknown", "the challenge was never issued"))?;
        match found.life {
            Life::Used => return Err(Refused::new("challenge_used", "the challenge was used before")),
            Life::Superseded => {
                return Err(Refused::new(
                    "challenge_superseded",
                    "a newer challenge has replaced this one",
                ));
            }
            Life::Open => (),
        }
        if found.expires_at <= now {
            return Err(Refused::new("challenge_expired", "the challenge has expired"));
        }
        if let (Some(named), Some(issued)) = (user, &found.user)
            && named != issued
        {
            return Err(Refused::new(
                "user_mismatch",
                "the challenge was issued for another user",
            ));
        }
        found.life = Life::Used;
        Ok(found.clone())
    }
}

#[derive(Default)]
pub(crate) struct Store {
    pub(crate) users: Vec<User>,
    pub(crate) registrations: Challenges,
    pub(crate) logins: Challenges,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            users,
            registrations: _,
            logins: _,
        } = self;
        f.debug_struct("Store")
            .field("users", &users.len())
            .finish_non_exhaustive()
    }
}

impl Store {
    pub(crate) fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.config.name == name)
    }

    pub(crate) fn user_mut(&mut self, name: &str) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.config.name == name)
    }

    /// The user that holds a credential.
    pub(crate) fn owner(&self, credential_id: &[u8]) -> Option<(&User, &StoredCredential)> {
        self.users.iter().find_map(|user| {
            user.credentials
                .iter()
                .find(|credential| credential.credential_id == credential_id)
                .map(|credential| (user, credential))
        })
    }
}
