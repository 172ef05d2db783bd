//! What a receiver has to be told before it can take callbacks.

use std::sync::Arc;
use std::time::Duration;

use smartid_core::{ConfigError, Inbox, Runtime, SecretString};

use super::{CallbackReader, CallbackReceiver, Counts, DEFAULT_BODY_LIMIT, DEFAULT_RETENTION};
use crate::basic::Auth;
use crate::dialect::HermodDialect;
use crate::letter;

/// Settings of a [`CallbackReceiver`].
#[derive(Debug)]
pub struct CallbackReceiverBuilder {
    pub(super) inbox: Arc<dyn Inbox>,
    pub(super) runtime: Arc<dyn Runtime>,
    pub(super) settings: CallbackReaderBuilder,
}

/// Settings of a [`CallbackReader`].
#[derive(Clone, Debug, Default)]
pub struct CallbackReaderBuilder {
    auth: Option<Auth>,
    body_limit: Option<usize>,
    retention: Option<Duration>,
    inbox_name: Option<String>,
    dialect: HermodDialect,
}

macro_rules! settings {
    ($($field:ident)?) => {
        /// The user and password of `callback-basic-auth` (documented).
        #[must_use]
        pub fn basic_auth(mut self, user: impl Into<String>, password: SecretString) -> Self {
            self$(.$field)?.auth = Some(Auth::Basic { user: user.into(), password });
            self
        }

        /// Takes callbacks from anybody.
        ///
        /// Whoever reaches the address can then answer any command whose id they can guess: command ids count up. Only where
        /// something in front lets nobody through but messaging.
        #[must_use]
        pub fn danger_without_auth(mut self) -> Self {
            self$(.$field)?.auth = Some(Auth::Nobody);
            self
        }

        /// How large a callback may be, in bytes; 1 MiB unless set.
        #[must_use]
        pub fn body_limit(mut self, bytes: usize) -> Self {
            self$(.$field)?.body_limit = Some(bytes);
            self
        }

        /// How long an outcome is kept after it came: at least the longest `lifespan` in use. 15 minutes unless set.
        #[must_use]
        pub fn retention(mut self, retention: Duration) -> Self {
            self$(.$field)?.retention = Some(retention);
            self
        }

        /// Keeps the outcomes apart from those of other API users, or other messaging servers, that share the inbox; the name is that of
        /// the [`HermodBuilder`](crate::HermodBuilder::inbox_name) which makes the client.
        #[must_use]
        pub fn inbox_name(mut self, name: impl Into<String>) -> Self {
            self$(.$field)?.inbox_name = Some(name.into());
            self
        }

        /// The dialect; that of the [`Hermod`](crate::Hermod) which sends the commands.
        #[must_use]
        pub fn dialect(mut self, dialect: HermodDialect) -> Self {
            self$(.$field)?.dialect = dialect;
            self
        }
    };
}

impl CallbackReceiverBuilder {
    settings!(settings);

    /// The receiver.
    ///
    /// # Errors
    /// [`ConfigError`] for `hermod.callback.*` when there is neither user nor the decision to do without, or a value cannot be used.
    pub fn build(self) -> Result<CallbackReceiver, ConfigError> {
        Ok(CallbackReceiver {
            inbox: self.inbox,
            runtime: self.runtime,
            reader: self.settings.build()?,
            counts: Counts::default(),
        })
    }
}

impl CallbackReaderBuilder {
    settings!();

    /// The reader.
    ///
    /// # Errors
    /// As [`CallbackReceiverBuilder::build`].
    pub fn build(self) -> Result<CallbackReader, ConfigError> {
        let refuse = |setting: &'static str, problem: &str| Err(ConfigError::new(setting, problem));
        let missing = "is missing; it is the user:password of `callback-basic-auth` in messaging's entry for this API user";
        let known = Auth::caller(self.auth, "hermod.callback.basic_auth", missing)?;
        let body_limit = self.body_limit.unwrap_or(DEFAULT_BODY_LIMIT);
        if body_limit == 0 {
            return refuse("hermod.callback.body_limit", "is zero");
        }
        let retention = self.retention.unwrap_or(DEFAULT_RETENTION);
        if retention.is_zero() {
            return refuse("hermod.callback.retention", "is zero");
        }
        if let Some(name) = &self.inbox_name {
            letter::check_name(name)?;
        }
        Ok(CallbackReader {
            known,
            body_limit,
            retention,
            verbs: self.dialect.callback_verbs(),
            inbox_name: self.inbox_name,
            dialect: self.dialect,
        })
    }
}
