//! What the owner of a new container should know.

use std::fmt;

use crate::Oid;
use crate::pkcs12::PassedOver;

/// Something that does not keep a container from being written, but that somebody may miss or stumble over later.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// The password is empty: whoever has the container has the keys.
    PasswordEmpty,
    /// The password has characters other than printable ASCII. The keystore of the JDK refuses it, whatever the profile (observed with Java
    /// 17); OpenSSL, Windows and this crate open the container. [`password`](crate::password) makes passwords without such characters.
    PasswordNotForJava,
    /// There are certificates and no key.
    NoKey,
    /// A key, by its friendly name, has no certificate in the container. Java does not list such a key.
    KeyWithoutCertificate(Option<String>),
    /// A key, by its friendly name, is of a type that is not implemented, so that nobody has looked whether its certificate belongs to it.
    KeyNotChecked(Option<String>),
    /// Two keys have this friendly name; for Java, which does not tell upper from lower case in it, the last one replaces the others.
    FriendlyNameRepeated(String),
    /// A local key identifier linked a key to a certificate that is not the key's, or two keys to one certificate, and was therefore
    /// exchanged or left out. The friendly name is that of the key or certificate.
    LocalKeyIdChanged(Option<String>),
    /// A part of the container that was opened is not in the new one: a CRL, a secret that is no private key, or what could not be read.
    NotKept(PassedOver),
    /// Attributes of this type, which keys or certificates have in the container that was opened, are not in the new one. Windows says with
    /// some how a key is to be stored, Java which certificates are trusted.
    AttributeNotKept(Oid),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |name: &Option<String>| match name {
            Some(name) => format!("{name:?}"),
            None => "without a name".to_owned(),
        };
        match self {
            Self::PasswordEmpty => {
                f.write_str("the password is empty: whoever has the container has the keys")
            }
            Self::PasswordNotForJava => f.write_str(
                "the password has other characters than printable ASCII: Java will refuse to open the container",
            ),
            Self::NoKey => f.write_str("there is no key in the container"),
            Self::KeyWithoutCertificate(name) => {
                write!(f, "the key {} has no certificate: Java will not list it", of(name))
            }
            Self::KeyNotChecked(name) => write!(
                f,
                "the key {} is of a type that is not implemented: whether its certificate belongs to it was not checked",
                of(name)
            ),
            Self::FriendlyNameRepeated(name) => {
                write!(f, "several keys are called {name:?}: Java will list one of them")
            }
            Self::AttributeNotKept(kind) => write!(f, "attributes of type {kind} were not kept"),
            Self::NotKept(part) => {
                write!(f, "a part of type {} was not kept", part.kind())?;
                match part.refusal() {
                    Some(refusal) => write!(f, ": {refusal}"),
                    None => Ok(()),
                }
            }
            Self::LocalKeyIdChanged(name) => write!(
                f,
                "the local key identifier of {} linked what does not belong together, and was changed",
                of(name)
            ),
        }
    }
}
