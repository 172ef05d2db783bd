//! Entries of `allowed-clients` in messaging's configuration (feature `yaml`).
//!
//! Messaging's operator makes an API user by a generator, pastes its text into `application.yml`, and sends it to the integrator. Vendor
//! page: Add API user and callback URL in Hermod (documented: the generator, its text with the ready key in a comment, the members in
//! kebab spelling for 3.x and in camel spelling for 2.x; that there is a user and password for the content provider is documented, the
//! name of that member is inferred). Here the same text, or the whole file, becomes configured clients and receivers: the two sides
//! cannot differ. What is read is a file full of keys, so `Debug` and errors show none of it; the copies that the YAML parser makes
//! while it reads are not zeroed.

mod node;
mod read;
mod repair;
mod write;

use std::fmt;
use std::sync::Arc;

use smartid_core::{Inbox, Lint, Runtime, SecretString};

pub use read::ClientsError;
pub use write::{Nesting, Spelling, YamlOptions};

use crate::api_key::ApiKey;
use crate::callback::{CallbackReader, CallbackReaderBuilder, CallbackReceiver, CallbackReceiverBuilder};
use crate::client::{Hermod, HermodBuilder};
use crate::content::{ContentReceiver, ContentReceiverBuilder, ContentSource};

/// The largest text that is read, in bytes.
pub const MAX_YAML: usize = 256 * 1024;

/// The most entries that are read.
pub const MAX_CLIENTS: usize = 1000;

/// `user:password`, as messaging presents it in HTTP Basic. `Debug` shows neither.
#[derive(Clone)]
pub struct UserPassword {
    user: String,
    password: SecretString,
}

impl UserPassword {
    /// From both halves.
    #[must_use]
    pub fn new(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
        }
    }

    /// From `user:password`, split at the first colon. `None` when a half is empty.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (user, password) = text.split_once(':')?;
        (!user.is_empty() && !password.is_empty()).then(|| Self::new(user, password))
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password.
    #[must_use]
    pub fn password(&self) -> &SecretString {
        &self.password
    }
}

impl fmt::Debug for UserPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            user: _blind,
            password: _secret,
        } = self;
        f.write_str("UserPassword(..)")
    }
}

/// One API user of messaging, as an entry of `allowed-clients` describes it. `Debug` shows its id and its group.
#[derive(Clone)]
#[non_exhaustive]
pub struct ApiClient {
    /// `client-id` and `key`.
    pub api_key: ApiKey,
    /// `group`: API users of one group share users and mailboxes; callbacks still go to the one that began (vendor page: Integrate
    /// Smart ID Messaging with other Smart ID components, documented).
    pub group: Option<String>,
    /// `callback-url`: the base below which messaging calls back at `callback/<verb>`.
    pub callback_url: Option<String>,
    /// `callback-basic-auth`.
    pub callback_basic_auth: Option<UserPassword>,
    /// `content-provider-url`: the base below which messaging asks at `getcontent`.
    pub content_provider_url: Option<String>,
    /// `content-provider-basic-auth`; that there is one is documented, its name is inferred.
    pub content_provider_basic_auth: Option<UserPassword>,
}

impl ApiClient {
    /// An API user without callbacks.
    #[must_use]
    pub fn new(api_key: ApiKey) -> Self {
        Self {
            api_key,
            group: None,
            callback_url: None,
            callback_basic_auth: None,
            content_provider_url: None,
            content_provider_basic_auth: None,
        }
    }

    /// Sets `group`.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// Sets `callback-url`, and `callback-basic-auth` where there is one.
    #[must_use]
    pub fn callbacks_at(mut self, url: impl Into<String>, auth: Option<UserPassword>) -> Self {
        (self.callback_url, self.callback_basic_auth) = (Some(url.into()), auth);
        self
    }

    /// Sets `content-provider-url`, and `content-provider-basic-auth` where there is one.
    #[must_use]
    pub fn content_at(mut self, url: impl Into<String>, auth: Option<UserPassword>) -> Self {
        (self.content_provider_url, self.content_provider_basic_auth) = (Some(url.into()), auth);
        self
    }

    /// A client that sends commands as this API user; `url` is the command base of [`Hermod::builder`].
    #[must_use]
    pub fn hermod(&self, url: &str) -> HermodBuilder {
        Hermod::builder(url, self.api_key.clone())
    }

    /// A receiver of this API user's callbacks. Where the entry has no `callback-basic-auth`, it cannot be built before
    /// [`danger_without_auth`](CallbackReceiverBuilder::danger_without_auth) was called.
    #[must_use]
    pub fn callback_receiver(
        &self,
        inbox: Arc<dyn Inbox>,
        runtime: Arc<dyn Runtime>,
    ) -> CallbackReceiverBuilder {
        let builder = CallbackReceiver::builder(inbox, runtime);
        match &self.callback_basic_auth {
            Some(auth) => builder.basic_auth(auth.user.clone(), auth.password.clone()),
            None => builder,
        }
    }

    /// As [`callback_receiver`](Self::callback_receiver), without store and clock.
    #[must_use]
    pub fn callback_reader(&self) -> CallbackReaderBuilder {
        let builder = CallbackReader::builder();
        match &self.callback_basic_auth {
            Some(auth) => builder.basic_auth(auth.user.clone(), auth.password.clone()),
            None => builder,
        }
    }

    /// What answers messaging's questions to this API user's content provider. Where the entry has no user and password for it, it
    /// cannot be built before [`danger_without_auth`](ContentReceiverBuilder::danger_without_auth) was called.
    #[must_use]
    pub fn content_receiver(&self, source: Arc<dyn ContentSource>) -> ContentReceiverBuilder {
        let builder = ContentReceiver::builder(source);
        match &self.content_provider_basic_auth {
            Some(auth) => builder.basic_auth(auth.user.clone(), auth.password.clone()),
            None => builder,
        }
    }
}

impl fmt::Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            api_key,
            group,
            callback_url: _blind,
            callback_basic_auth: _also,
            content_provider_url: _too,
            content_provider_basic_auth: _secret,
        } = self;
        f.debug_struct("ApiClient")
            .field("api_key", api_key)
            .field("group", group)
            .finish_non_exhaustive()
    }
}

/// The entries of `allowed-clients`, in their order.
///
/// ```
/// use smartid_hermod::clients::{ClientList, YamlOptions};
///
/// // What the generator prints, pasted.
/// let text = "\
/// ## X-Api-Key: Z29sZGVuLWNsaWVudDpzZWNyZXQta2V5
/// - client-id: golden-client
///   key: secret-key
///   ## optional user:password for basic authentication in callbacks
///   callback-basic-auth: hermod:secret-password
///   ## callback URL base for this client
///   callback-url: https://app.example.test/smartid
/// ";
///
/// let list = ClientList::read(text)?;
/// assert!(list.lints.is_empty());
/// let client = list.client("golden-client").ok_or("missing")?;
/// let hermod = client.hermod("https://hermod.example.test:20400/hermod/rest/command");
/// let callbacks = client.callback_reader().build()?;
/// assert!(!format!("{list:?} {hermod:?} {callbacks:?}").contains("secret"));
///
/// assert_eq!(list.expose_yaml(&YamlOptions::new()).expose(), text);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ClientList {
    /// The entries.
    pub clients: Vec<ApiClient>,
    /// What was let pass when they were read: a comment with another key, a member that is not known, indentation that is no YAML.
    pub lints: Vec<Lint>,
}

impl ClientList {
    /// For writing.
    #[must_use]
    pub fn new(clients: Vec<ApiClient>) -> Self {
        Self {
            clients,
            lints: Vec::new(),
        }
    }

    /// The entry of a client id.
    #[must_use]
    pub fn client(&self, client_id: &str) -> Option<&ApiClient> {
        self.clients
            .iter()
            .find(|client| client.api_key.client_id() == client_id)
    }

    /// Reads the generator's text, a list of entries, or a whole configuration file in which
    /// `application.hermod.allowed-clients` is one. Both spellings are read, and every value is text: a key of digits is no number.
    ///
    /// # Errors
    /// [`ClientsError`] when the text is too large, too deep or no YAML, has no list or more than one, or an entry has no id or key, has
    /// a member twice or in both spellings, refers to another part of the file, or has the id of another entry.
    pub fn read(text: &str) -> Result<Self, ClientsError> {
        read::list(text)
    }

    /// The entries as YAML, with their keys and passwords.
    #[must_use]
    pub fn expose_yaml(&self, options: &YamlOptions) -> SecretString {
        write::list(&self.clients, options)
    }
}
