//! The users, as a login looks them up.
//!
//! Digital Access asks its user storage; here it is whatever the program has: LDAP, a database, a list. What is asked for is small, and
//! nothing that comes from a certificate is believed to be harmless: values are handed over as they stand in it.

use std::fmt;

use smartid_core::BoxFuture;
use smartid_da::UserId;
use smartid_da::personal::{PersonalAccount, StoredUser};
use smartid_trust::jws::Jwk;

use crate::flows::DirectoryError;

/// A user with what the account says about Personal.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectoryUser {
    user: StoredUser,
    account: PersonalAccount,
}

impl DirectoryUser {
    /// A user for whom Personal is enabled.
    #[must_use]
    pub fn new(user: StoredUser) -> Self {
        Self {
            user,
            account: PersonalAccount::enabled(),
        }
    }

    /// Sets what the account says about Personal: a user for whom it is not enabled cannot log in \[documented; vendor page: Set up Smart
    /// ID (Personal) authentication\].
    #[must_use]
    pub fn with_account(mut self, account: PersonalAccount) -> Self {
        self.account = account;
        self
    }

    /// The user.
    #[must_use]
    pub const fn user(&self) -> &StoredUser {
        &self.user
    }

    /// The user's id.
    #[must_use]
    pub const fn id(&self) -> &UserId {
        self.user.id()
    }

    /// What the account says about Personal.
    #[must_use]
    pub const fn account(&self) -> &PersonalAccount {
        &self.account
    }
}

/// A key of a user's profile, as provisioning has verified it.
#[derive(Clone)]
#[non_exhaustive]
pub struct ProfileKey {
    /// Whose.
    pub user: DirectoryUser,
    /// The public key.
    pub key: Jwk,
}

impl ProfileKey {
    /// A key of this user.
    #[must_use]
    pub fn new(user: DirectoryUser, key: Jwk) -> Self {
        Self { user, key }
    }
}

impl fmt::Debug for ProfileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, key } = self;
        f.debug_struct("ProfileKey")
            .field("user", user.id())
            .field("key", &key.id())
            .finish()
    }
}

/// Which profile keys are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProfileKeyQuery<'a> {
    /// Those of a user.
    OfUser(&'a UserId),
    /// Those with this key id, of anybody. The id comes from an answer that is not verified yet.
    ById(&'a str),
}

/// Where users are looked up.
///
/// A failure of the directory is not the end of a login: the flow stands where it was, and asks again when it is carried on.
pub trait UserDirectory: Send + Sync + fmt::Debug {
    /// The user whom a typed user name means; `None` when there is none.
    fn user<'a>(&'a self, typed: &'a UserId) -> BoxFuture<'a, Result<Option<DirectoryUser>, DirectoryError>>;

    /// All users who may have this value in this attribute. More than have it do no harm, values are compared again; one who is left out
    /// is not found to make the value ambiguous. The value is a text of a stranger: escape it, and let no character of it be a pattern.
    fn by_attribute<'a>(
        &'a self,
        attribute: &'a str,
        value: &'a str,
    ) -> BoxFuture<'a, Result<Vec<DirectoryUser>, DirectoryError>>;

    /// Whether [`profile_keys`](Self::profile_keys) finds any.
    fn keeps_profile_keys(&self) -> bool {
        false
    }

    /// The keys of profiles, as provisioning has verified them. With them, an answer without a certificate is verified here; without them,
    /// messaging alone says that it is valid.
    fn profile_keys<'a>(
        &'a self,
        query: ProfileKeyQuery<'a>,
    ) -> BoxFuture<'a, Result<Vec<ProfileKey>, DirectoryError>> {
        let _unused = query;
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// A directory in memory: for tests, examples, and installations with a list.
///
/// ```
/// use smartid::UserId;
/// use smartid::da::personal::StoredUser;
/// use smartid::flows::personal_login::{DirectoryUser, MemoryUserDirectory, UserDirectory};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let alice = StoredUser::new(UserId::new("alice")?).with("mail", "alice@example.test");
/// let directory = MemoryUserDirectory::new([DirectoryUser::new(alice)]);
/// # let runtime = smartid::core::ManualRuntime::new(smartid::Timestamp::from_millis(0));
/// let found = runtime.block_on(directory.by_attribute("mail", "alice@example.test"))??;
/// assert_eq!(found[0].id().as_str(), "alice");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryUserDirectory {
    users: Vec<DirectoryUser>,
    keys: Vec<ProfileKey>,
}

impl MemoryUserDirectory {
    /// With these users.
    #[must_use]
    pub fn new(users: impl IntoIterator<Item = DirectoryUser>) -> Self {
        Self {
            users: users.into_iter().collect(),
            keys: Vec::new(),
        }
    }

    /// One more key of a profile.
    #[must_use]
    pub fn with_profile_key(mut self, key: ProfileKey) -> Self {
        self.keys.push(key);
        self
    }
}

impl UserDirectory for MemoryUserDirectory {
    fn user<'a>(&'a self, typed: &'a UserId) -> BoxFuture<'a, Result<Option<DirectoryUser>, DirectoryError>> {
        let found = self.users.iter().find(|user| user.id() == typed).cloned();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn by_attribute<'a>(
        &'a self,
        attribute: &'a str,
        value: &'a str,
    ) -> BoxFuture<'a, Result<Vec<DirectoryUser>, DirectoryError>> {
        // Whether case counts is the login's to decide, so users whose value differs in nothing else are candidates.
        let has = |user: &&DirectoryUser| {
            user.user
                .values(attribute)
                .any(|own| own.eq_ignore_ascii_case(value))
        };
        let found = self.users.iter().filter(has).cloned().collect();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn keeps_profile_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    fn profile_keys<'a>(
        &'a self,
        query: ProfileKeyQuery<'a>,
    ) -> BoxFuture<'a, Result<Vec<ProfileKey>, DirectoryError>> {
        let wanted = |key: &&ProfileKey| match query {
            ProfileKeyQuery::OfUser(user) => key.user.id() == user,
            ProfileKeyQuery::ById(id) => key.key.id() == Some(id),
        };
        let found = self.keys.iter().filter(wanted).cloned().collect();
        Box::pin(std::future::ready(Ok(found)))
    }
}
