//! The client: where messaging is, who we are, and the settings that all commands share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use smartid_core::{
    CallPolicy, Caller, ConfigError, Credential, Endpoint, Error, Inbox, Lint, Runtime, ServiceUrl,
    Transport, random_id,
};

use crate::api_key::{ApiKey, auth};
use crate::callback::{CallbackReceiver, CallbackReceiverBuilder, DEFAULT_RETENTION};
use crate::dialect::HermodDialect;
use crate::header::CommandHeader;
use crate::letter;
use crate::trial;

/// How long messaging keeps a command, unless set.
pub const DEFAULT_LIFESPAN: Duration = Duration::from_secs(300);
/// How long the device can fetch a command, unless set.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(250);

const URL: &str = "hermod.url";

/// A client of one messaging server. Cloning it is cheap.
#[derive(Clone)]
pub struct Hermod(Arc<Inner>);

struct Inner {
    caller: Caller,
    credential: Credential,
    client_id: String,
    header: CommandHeader,
    dialect: HermodDialect,
    lints: Vec<Lint>,
}

/// Settings of a [`Hermod`].
#[derive(Clone, Debug)]
pub struct HermodBuilder {
    url: String,
    api_key: ApiKey,
    lifespan: Duration,
    timeout: Duration,
    dialect: HermodDialect,
    policy: CallPolicy,
    strict: bool,
    plain_http: bool,
    inbox_name: Option<String>,
}

impl Hermod {
    /// `url`: the command base as Identity Manager stores it, ending in `command`, with or without a slash (vendor page: Integrate
    /// Identity Manager with Smart ID Messaging, documented). Verbs are appended to it; its prefix is kept as it is.
    #[must_use]
    pub fn builder(url: &str, api_key: ApiKey) -> HermodBuilder {
        HermodBuilder {
            url: url.to_owned(),
            api_key,
            lifespan: DEFAULT_LIFESPAN,
            timeout: DEFAULT_TIMEOUT,
            dialect: HermodDialect::default(),
            policy: CallPolicy::default(),
            strict: false,
            plain_http: false,
            inbox_name: None,
        }
    }

    /// Sends a command, within the limits of the client's [`CallPolicy`].
    ///
    /// # Errors
    /// [`Error`]; a refusal is a [`HermodError`](crate::HermodError).
    pub async fn call<E>(&self, endpoint: &E) -> Result<E::Output, Error>
    where
        E: Endpoint<Auth = auth::ApiKey, Dialect = HermodDialect>,
    {
        let inner = &*self.0;
        inner
            .caller
            .call(endpoint, &inner.dialect, &inner.credential)
            .await
    }

    /// As [`call`](Self::call), within other limits.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn call_with<E>(&self, endpoint: &E, policy: CallPolicy) -> Result<E::Output, Error>
    where
        E: Endpoint<Auth = auth::ApiKey, Dialect = HermodDialect>,
    {
        let inner = &*self.0;
        let caller = inner.caller.clone().with_policy(policy);
        caller.call(endpoint, &inner.dialect, &inner.credential).await
    }

    /// A header for one command: the client's lifespan and timeout, and an external id that nobody can guess.
    #[must_use]
    pub fn header(&self) -> CommandHeader {
        self.0.header.clone().external_id(random_id(&**self.runtime()))
    }

    /// A receiver of the callbacks to this client's commands, for the same dialect and inbox name. It keeps outcomes for ten minutes more
    /// than the client's lifespan, at least for [`DEFAULT_RETENTION`]. It lacks the user and password of `callback-basic-auth`.
    pub fn callback_receiver(&self, inbox: Arc<dyn Inbox>) -> CallbackReceiverBuilder {
        let lifespan = self.0.header.get_lifespan();
        let receiver = CallbackReceiver::builder(inbox, Arc::clone(self.runtime()))
            .dialect(self.dialect().clone())
            .retention(DEFAULT_RETENTION.max(lifespan.saturating_add(Duration::from_secs(600))));
        match self.0.header.inbox_name() {
            Some(name) => receiver.inbox_name(name),
            None => receiver,
        }
    }

    /// The dialect.
    #[must_use]
    pub fn dialect(&self) -> &HermodDialect {
        &self.0.dialect
    }

    /// The runtime that calls and waits are timed with.
    #[must_use]
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        self.0.caller.runtime()
    }

    /// The command base.
    #[must_use]
    pub fn url(&self) -> &ServiceUrl {
        self.0.caller.base()
    }

    /// What was odd in the settings but let pass.
    #[must_use]
    pub fn lints(&self) -> &[Lint] {
        &self.0.lints
    }
}

impl fmt::Debug for Hermod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hermod")
            .field("url", self.url())
            .field("client_id", &self.0.client_id)
            .finish_non_exhaustive()
    }
}

impl HermodBuilder {
    /// How long messaging keeps a command: 300 seconds unless set.
    #[must_use]
    pub fn lifespan(mut self, lifespan: Duration) -> Self {
        self.lifespan = lifespan;
        self
    }

    /// How long the device can fetch a command: 250 seconds unless set. At most the lifespan.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What this installation does differently.
    #[must_use]
    pub fn dialect(mut self, dialect: HermodDialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Limits and retries of calls.
    #[must_use]
    pub fn policy(mut self, policy: CallPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Whether what is only odd is refused: a URL that does not end in `command`, a timeout that equals the lifespan.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Takes an `http` URL too.
    ///
    /// Everyone on the way can then read the API key, send commands with it, and open the links in the answers. Only for a loopback
    /// address in a test.
    #[must_use]
    pub fn danger_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Keeps the outcomes of this client's commands apart from those of others in the same inbox: of another API user, also one of the
    /// same group, and of another messaging server. Without it the ids alone tell whose outcome a callback brings, and command ids count
    /// up on every server.
    ///
    /// The receiver of the callbacks must have the same name; [`Hermod::callback_receiver`] sees to that. 1 to 64 of the letters, digits
    /// and `._-+@:` of ASCII. It is part of [`CommandHeader`]s that the client makes, and is never sent.
    #[must_use]
    pub fn inbox_name(mut self, name: impl Into<String>) -> Self {
        self.inbox_name = Some(name.into());
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`ConfigError`] with the setting: `hermod.url`, `hermod.api_key`, `hermod.lifespan`, `hermod.timeout`, `hermod.inbox_name`, or
    /// `hermod.dialect` with the operation whose request cannot be made with it.
    pub fn build(
        self,
        transport: Arc<dyn Transport>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<Hermod, ConfigError> {
        let base = if self.plain_http {
            ServiceUrl::danger_parse_plain_http(URL, &self.url)?
        } else {
            ServiceUrl::parse(URL, &self.url)?
        };
        let header = CommandHeader::checked(self.lifespan, self.timeout, self.strict)?;
        if let Some(name) = &self.inbox_name {
            letter::check_name(name)?;
        }
        let header = header.in_inbox(self.inbox_name.as_deref());
        let mut lints = header.lints();
        if !base.path().ends_with("/command") {
            let problem = "does not end in /command; as a rule it is https://<host>:20400/hermod/rest/command or https://<host>/command";
            if self.strict {
                return Err(ConfigError::new(URL, problem));
            }
            lints.push(Lint::new(URL, problem));
        }
        trial::requests(&self.dialect, &header)?;
        Ok(Hermod(Arc::new(Inner {
            credential: self.api_key.credential()?,
            client_id: self.api_key.client_id().to_owned(),
            caller: Caller::new(base, transport, runtime).with_policy(self.policy),
            header,
            dialect: self.dialect,
            lints,
        })))
    }
}

#[cfg(test)]
mod tests {
    use smartid_core::{BoxFuture, Incoming, ManualRuntime, Outgoing, Timestamp, TransportError};

    use super::*;

    #[derive(Debug)]
    struct Nowhere;

    impl Transport for Nowhere {
        fn send<'a>(
            &'a self,
            _: &'a ServiceUrl,
            _: Outgoing,
        ) -> BoxFuture<'a, Result<Incoming, TransportError>> {
            Box::pin(std::future::pending())
        }
    }

    fn build(builder: HermodBuilder) -> Result<Hermod, ConfigError> {
        builder.build(
            Arc::new(Nowhere),
            Arc::new(ManualRuntime::new(Timestamp::from_millis(0))),
        )
    }

    fn at(url: &str) -> HermodBuilder {
        Hermod::builder(url, ApiKey::new("client", "key").unwrap())
    }

    #[test]
    fn each_setting_that_cannot_be_used_is_named() {
        let second = Duration::from_secs(1);
        for (builder, setting) in [
            (at(""), "hermod.url"),
            (at("http://h/command"), "hermod.url"),
            (at("https://h/command?x=1"), "hermod.url"),
            (
                at("https://h/command").lifespan(Duration::ZERO),
                "hermod.lifespan",
            ),
            (
                at("https://h/command").timeout(Duration::from_millis(999)),
                "hermod.timeout",
            ),
            (at("https://h/command").lifespan(second), "hermod.timeout"),
            (
                at("https://h/command")
                    .lifespan(second)
                    .timeout(second)
                    .strict(true),
                "hermod.timeout",
            ),
            (at("https://h/rest").strict(true), "hermod.url"),
        ] {
            let error = build(builder).unwrap_err();
            assert_eq!(error.setting, setting, "{error}");
        }
    }

    #[test]
    fn a_dialect_with_which_no_request_can_be_made_is_found_here() {
        let dialect = |toml: &str| {
            build(at("https://h/command").dialect(smartid_core::dialect::overlay(toml).unwrap()))
        };
        for (toml, says) in [
            ("fido.session.path = 'fido/{bid}'", "hermod.fido-session"),
            ("fido.session.to = ['{bid}']", "hermod.fido-session"),
            (
                "fido.session.request = [{ set = '/commandHeader/to/x', value = 1 }]",
                "hermod.fido-session",
            ),
            ("fido.create.path = 'fido/{user}'", "hermod.fido-create"),
            (
                "fido.create.options = '/commandHeader/lifespan/x'",
                "hermod.fido-create",
            ),
            (
                "[fido]\nsingle_command = true\n[fido.create]\npath = 'fido/{bid}'",
                "hermod.fido-create",
            ),
            ("status.path = '{bid}'", "hermod.command-status"),
            ("cancel.path = '{bid}'", "hermod.cancel"),
            ("ping.path = '{bid}'", "hermod.ping"),
            ("provision.path = '{bid}'", "hermod.provision"),
            ("certificate.to = ['{bid}']", "hermod.certificate"),
            ("sign.to = ['{bid}']", "hermod.sign"),
            ("authenticate.path = '{user_id}'", "hermod.authenticate"),
            ("start_pin_reset.path = '{user_id}'", "hermod.start-pin-reset"),
            ("end_pin_reset.path = '{user_id}'", "hermod.end-pin-reset"),
            ("delete_profile.path = '{command_id}'", "hermod.delete-profile"),
            ("delete_mailbox.path = '{command_id}'", "hermod.delete-mailbox"),
            (
                "fido.single_command = true\nfido.create_after_open = true",
                "fido.create_after_open",
            ),
        ] {
            let error = dialect(toml).unwrap_err();
            assert_eq!(error.setting, "hermod.dialect", "{toml:?}: {error}");
            assert!(error.problem.contains(says), "{toml:?}: {error}");
        }
        dialect("fido.create.path = 'fido/{bid}/{mid}/{command_id}/{external_id}'").unwrap();
        for each in [
            "provision.path = '{user_id}/{profile_id}'",
            "certificate.path = '{user_id}/{profile_id}/{smart_card_id}'",
            "start_pin_reset.path = '{profile_id}/{smart_card_id}'",
            "end_pin_reset.path = '{bid}/{mid}/{command_id}/{external_id}'",
            "delete_profile.path = '{user_id}/{profile_id}/{bid}'",
            "delete_mailbox.path = '{user_id}/{profile_id}/{bid}'",
            "authenticate.request = [{ move = '/authCommand/params/nonce', to = '/authCommand/nonce' }]",
        ] {
            dialect(each).unwrap();
        }
        // What a plan does not use may be wrong.
        dialect("cancel = { enabled = false, path = '{bid}' }").unwrap();
        dialect("[fido]\nsingle_command = true\n[fido.session]\npath = '{bid}'").unwrap();
    }

    #[test]
    fn what_is_odd_is_let_pass_with_a_lint() {
        let second = Duration::from_secs(1);
        let odd = build(at("https://h/rest").lifespan(second).timeout(second)).unwrap();
        assert_eq!(odd.lints().len(), 2);
        let plain = build(at("http://127.0.0.1:1/command/").danger_plain_http()).unwrap();
        assert!(plain.lints().is_empty());
        assert_eq!(plain.url().as_str(), "http://127.0.0.1:1/command");
    }

    #[test]
    fn every_command_has_an_id_of_its_own() {
        let hermod = build(at("https://h/command")).unwrap();
        let (one, other) = (hermod.header(), hermod.header());
        assert_ne!(one.get_external_id(), other.get_external_id());
        assert_eq!(one.get_lifespan(), DEFAULT_LIFESPAN);
        assert_eq!(one.get_timeout(), DEFAULT_TIMEOUT);
    }
}
