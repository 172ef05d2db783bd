//! Hermod's callbacks at the path where Digital Access takes them.
//!
//! Digital Access is called back at `https://<access point>/https/api/rest/v3.0/personalmessaging` \[documented; vendor pages: Set up Smart
//! ID Messaging in Digital Access, Hermod architecture\]. A program that stands in its place, behind the same address, has to answer
//! there. Whether Hermod appends `/callback/<verb>`, as it does elsewhere, is unknown, so it is a setting.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use smartid_core::{Admission, BoxFuture, ConfigError, Head, Inbound, Reply};
use smartid_da::MappedPath;
use smartid_hermod::callback::CallbackReceiver;

/// The path at the access point \[documented\].
pub const PERSONAL_MESSAGING: &str = "/https/api/rest/v3.0/personalmessaging";

/// What Hermod appends to the callback address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubPath {
    /// Both are taken: the path itself, and `/callback/<verb>` behind it.
    #[default]
    Either,
    /// Nothing: the path itself.
    None,
    /// `/callback/<verb>`, as the messaging server's documentation of callbacks has it \[inferred here\].
    CallbackVerb,
}

/// A [`CallbackReceiver`] that stands at one path, octet by octet, and nowhere else.
///
/// Who calls is the receiver's to check, and what comes is kept whether or not somebody waits for it: a callback of a login that has
/// ended, or that is not known, is answered 200 and changes nothing \[inferred\].
///
/// ```
/// use std::sync::Arc;
/// use http::{HeaderMap, HeaderValue, Method, StatusCode};
/// use smartid::SecretString;
/// use smartid::core::{Head, Inbound, ManualRuntime, MemoryInbox};
/// use smartid::flows::personal_login::{PERSONAL_MESSAGING, PersonalMessagingReceiver};
/// use smartid::hermod::{CallbackReceiver, HermodDialect};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runtime = ManualRuntime::new(smartid::Timestamp::from_millis(0));
/// let receiver = CallbackReceiver::builder(Arc::new(MemoryInbox::new()), Arc::new(runtime.clone()))
///     .dialect(PersonalMessagingReceiver::dialect(HermodDialect::default(), &PERSONAL_MESSAGING.parse()?))
///     .basic_auth("hermod", SecretString::new("secret"))
///     .build()?;
/// let receiver = PersonalMessagingReceiver::new(receiver, PERSONAL_MESSAGING.parse()?)?;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("authorization", HeaderValue::from_static("Basic aGVybW9kOnNlY3JldA=="));
/// let body = r#"{"commandId":"1011","commandType":"AUTH","state":"TIMEOUT"}"#;
/// let head = Head::new(Method::POST, "/https/api/rest/v3.0/personalmessaging", headers.clone());
/// assert_eq!(runtime.block_on(receiver.receive(&head, body.into()))?.status, StatusCode::OK);
/// let elsewhere = Head::new(Method::POST, "/https/api/rest/v3.0/personalmessaging/", headers);
/// assert_eq!(receiver.admit(&elsewhere).unwrap_err().status, StatusCode::NOT_FOUND);
/// # Ok(()) }
/// ```
pub struct PersonalMessagingReceiver {
    inner: Arc<CallbackReceiver>,
    path: String,
    sub_path: SubPath,
}

impl PersonalMessagingReceiver {
    /// At this path, whatever Hermod appends. The receiver's dialect has to be one of [`dialect`](Self::dialect), as that of
    /// [`SmartId::personal_messaging_receiver`](crate::SmartId::personal_messaging_receiver) is.
    ///
    /// # Errors
    /// [`ConfigError`] for `personal_messaging.path` when it has a query, or names nothing on the resource.
    pub fn new(receiver: CallbackReceiver, at: MappedPath) -> Result<Self, ConfigError> {
        let wrong = |problem: &str| ConfigError::new("personal_messaging.path", problem.to_owned());
        if at.query().is_some() {
            return Err(wrong("has a query"));
        }
        if at.path().is_empty() || at.path().ends_with('/') {
            return Err(wrong("does not end in the name of something"));
        }
        Ok(Self {
            inner: Arc::new(receiver),
            path: at.to_string(),
            sub_path: SubPath::default(),
        })
    }

    /// Sets what Hermod appends.
    #[must_use]
    pub fn sub_path(mut self, sub_path: SubPath) -> Self {
        self.sub_path = sub_path;
        self
    }

    /// The dialect with the last segment of this path among those at which callbacks are taken. No command is sent to it, so it counts as
    /// any command's.
    #[must_use]
    pub fn dialect(
        mut dialect: smartid_hermod::HermodDialect,
        at: &MappedPath,
    ) -> smartid_hermod::HermodDialect {
        let last = at.path().rsplit('/').next().unwrap_or_default().to_owned();
        if !dialect.callback.verbs.contains(&last) {
            dialect.callback.verbs.push(last);
        }
        dialect
    }

    /// How many callbacks came, and what became of them. Those at other paths are not among them.
    #[must_use]
    pub fn counters(&self) -> smartid_hermod::callback::Counters {
        self.inner.counters()
    }

    fn is_here(&self, head: &Head) -> bool {
        let Some(rest) = head.path.strip_prefix(&self.path) else {
            return false;
        };
        let verb = rest
            .strip_prefix("/callback/")
            .is_some_and(|verb| !verb.is_empty() && !verb.contains('/'));
        match self.sub_path {
            SubPath::None => rest.is_empty(),
            SubPath::CallbackVerb => verb,
            SubPath::Either => rest.is_empty() || verb,
        }
    }
}

impl fmt::Debug for PersonalMessagingReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            inner,
            path,
            sub_path,
        } = self;
        f.debug_struct("PersonalMessagingReceiver")
            .field("path", path)
            .field("sub_path", sub_path)
            .field("receiver", inner)
            .finish()
    }
}

impl Inbound for PersonalMessagingReceiver {
    fn name(&self) -> &'static str {
        "hermod.personal-messaging"
    }

    fn admit(&self, head: &Head) -> Result<Admission, Box<Reply>> {
        if self.is_here(head) {
            self.inner.admit(head)
        } else {
            Err(Box::new(Reply::empty(StatusCode::NOT_FOUND)))
        }
    }

    fn receive<'a>(&'a self, head: &'a Head, body: Bytes) -> BoxFuture<'a, Reply> {
        if self.is_here(head) {
            self.inner.receive(head, body)
        } else {
            Box::pin(std::future::ready(Reply::empty(StatusCode::NOT_FOUND)))
        }
    }
}
