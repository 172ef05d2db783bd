//! A new admin key, and what of it travels.

use std::fmt;

use smartid_core::{Lint, Runtime};
use zeroize::Zeroizing;

use super::{ADMIN_KEY_LEN, AdminKeyError, strength};
use crate::coding::OctetCoding;

/// A new admin key: `newadminkey`, 48 lower-case hexadecimal digits for 24 octets (vendor page: API parameters specific to Smart ID
/// Desktop App, documented). It opens the token for ever after, so keep it before it is sent.
///
/// ```
/// use smartid_hermod::admin_key::NewAdminKey;
///
/// let key = NewAdminKey::from_hex("fedcba98765432100f1e2d3c4b5a6978123456789abcdef0")?;
/// assert_eq!(key.to_hex().as_str(), "fedcba98765432100f1e2d3c4b5a6978123456789abcdef0");
/// assert_eq!(format!("{key:?}"), "NewAdminKey(..)");
/// assert!(NewAdminKey::from_hex("FEDCBA98765432100F1E2D3C4B5A6978123456789ABCDEF0").is_err());
/// # Ok::<(), smartid_hermod::admin_key::AdminKeyError>(())
/// ```
#[derive(Clone)]
pub struct NewAdminKey(Zeroizing<[u8; ADMIN_KEY_LEN]>);

impl NewAdminKey {
    /// From 48 lower-case hexadecimal digits, and nothing else.
    ///
    /// # Errors
    /// [`AdminKeyError::Form`].
    pub fn from_hex(digits: &str) -> Result<Self, AdminKeyError> {
        let upper = digits.bytes().any(|digit| digit.is_ascii_uppercase());
        let octets = read_hex(digits).filter(|_| !upper);
        octets.map(Self).ok_or(AdminKeyError::Form { lower_case: true })
    }

    /// From 24 octets.
    ///
    /// # Errors
    /// [`AdminKeyError::Length`].
    pub fn from_octets(octets: &[u8]) -> Result<Self, AdminKeyError> {
        fixed(octets).map(Self).ok_or(AdminKeyError::Length(octets.len()))
    }

    /// A key that nobody can guess, with odd parity; none of those that leave [`lints`](Self::lints).
    ///
    /// # Errors
    /// [`AdminKeyError::Unavailable`] when the runtime's random octets are not random.
    pub fn generate(runtime: &dyn Runtime) -> Result<Self, AdminKeyError> {
        let mut octets = Zeroizing::new([0; ADMIN_KEY_LEN]);
        // One try in 2^50 is a weak key; several in a row are a broken generator.
        for _ in 0..4 {
            runtime.fill_random(&mut *octets);
            strength::set_parity(&mut octets);
            if strength::lints(&octets, "").is_empty() {
                return Ok(Self(octets));
            }
        }
        Err(AdminKeyError::unavailable("the runtime gives no random octets"))
    }

    /// 48 lower-case hexadecimal digits. Do not log them.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        OctetCoding::Hex.write(&*self.0)
    }

    /// The octets. Do not log them.
    #[must_use]
    pub fn expose(&self) -> &[u8; ADMIN_KEY_LEN] {
        &self.0
    }

    /// What is weak about it. A weak key is sent all the same, because a token may have to get its delivery key back.
    #[must_use]
    pub fn lints(&self) -> Vec<Lint> {
        strength::lints(&self.0, "newadminkey")
    }
}

impl fmt::Debug for NewAdminKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_blind) = self;
        f.write_str("NewAdminKey(..)")
    }
}

/// 48 hexadecimal digits in either case.
pub(super) fn read_hex(digits: &str) -> Option<Zeroizing<[u8; ADMIN_KEY_LEN]>> {
    // The length first, so that a long text costs nothing.
    let octets = OctetCoding::Hex.read(
        digits
            .get(..2 * ADMIN_KEY_LEN)
            .filter(|head| head.len() == digits.len())?,
    )?;
    fixed(&octets)
}

fn fixed(octets: &[u8]) -> Option<Zeroizing<[u8; ADMIN_KEY_LEN]>> {
    let octets: &[u8; ADMIN_KEY_LEN] = octets.try_into().ok()?;
    Some(Zeroizing::new(*octets))
}

/// A new admin key as it travels: in clear, or encrypted to the key that the app sent for it.
///
/// [`PinResetChallenge::protect`](crate::answers::PinResetChallenge::protect) makes it from the app's answer, and never in clear because
/// the app's key cannot be used.
#[derive(Clone)]
pub struct AdminKeyInTransit(pub(crate) Form);

#[derive(Clone)]
pub(crate) enum Form {
    Clear(NewAdminKey),
    Encrypted(Vec<u8>),
}

impl AdminKeyInTransit {
    /// In clear, 48 lower-case hexadecimal digits: the documented form. Messaging sees it, and so does whoever reads the command there.
    /// For an app that sent no transport key.
    #[must_use]
    pub fn in_clear(key: NewAdminKey) -> Self {
        Self(Form::Clear(key))
    }

    /// A ciphertext that was made elsewhere, such as in a security module.
    ///
    /// # Errors
    /// [`AdminKeyError::Length`] when it is empty or longer than an RSA key of 8192 bits makes.
    pub fn encrypted(ciphertext: impl Into<Vec<u8>>) -> Result<Self, AdminKeyError> {
        let ciphertext = ciphertext.into();
        match ciphertext.len() {
            1..=1024 => Ok(Self(Form::Encrypted(ciphertext))),
            length => Err(AdminKeyError::Length(length)),
        }
    }

    /// Whether it is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        matches!(self.0, Form::Encrypted(_))
    }

    /// What is weak about a key in clear.
    #[must_use]
    pub fn lints(&self) -> Vec<Lint> {
        match &self.0 {
            Form::Clear(key) => key.lints(),
            Form::Encrypted(_) => Vec::new(),
        }
    }

    /// As it stands in the command.
    pub(crate) fn write(&self, coding: OctetCoding) -> Zeroizing<String> {
        match &self.0 {
            Form::Clear(key) => key.to_hex(),
            Form::Encrypted(ciphertext) => coding.write(ciphertext),
        }
    }
}

impl fmt::Debug for AdminKeyInTransit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Form::Clear(_) => "AdminKeyInTransit(in clear, ..)",
            Form::Encrypted(_) => "AdminKeyInTransit(encrypted, ..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use smartid_core::{BlockingWork, BoxFuture, ManualRuntime, Timestamp, WorkLost};

    use super::*;

    #[test]
    fn only_48_lower_case_digits_are_a_new_key() {
        let digits = "fedcba98765432100f1e2d3c4b5a6978123456789abcdef0";
        let key = NewAdminKey::from_hex(digits).unwrap();
        assert_eq!(
            NewAdminKey::from_octets(key.expose()).unwrap().to_hex().as_str(),
            digits
        );
        for bad in [
            "",
            digits.trim_start_matches("fe"),
            digits.trim_start_matches('f'),
            &format!("{digits}00"),
            &digits.to_uppercase(),
            &digits.replace('f', "g"),
            &digits.replace("fe", "é"),
            &digits.replace("f0", "f\n"),
        ] {
            let error = NewAdminKey::from_hex(bad).unwrap_err();
            assert_eq!(error, AdminKeyError::Form { lower_case: true }, "{bad:?}");
        }
        assert_eq!(
            NewAdminKey::from_octets(&[0; 16]).unwrap_err(),
            AdminKeyError::Length(16)
        );
    }

    #[test]
    fn a_generated_key_is_strong_and_another_one_each_time() {
        let runtime = ManualRuntime::new(Timestamp::from_millis(0));
        let (one, other) = (
            NewAdminKey::generate(&runtime).unwrap(),
            NewAdminKey::generate(&runtime).unwrap(),
        );
        assert_ne!(one.expose(), other.expose());
        assert!(one.lints().is_empty());
        assert!(one.expose().iter().all(|octet| octet.count_ones() % 2 == 1));
    }

    #[test]
    fn a_generator_that_always_says_the_same_is_not_believed() {
        #[derive(Debug)]
        struct Stuck;
        impl Runtime for Stuck {
            fn now(&self) -> Timestamp {
                Timestamp::from_millis(0)
            }
            fn sleep(&self, _: std::time::Duration) -> BoxFuture<'static, ()> {
                Box::pin(std::future::ready(()))
            }
            fn run_blocking(&self, _: BlockingWork) -> BoxFuture<'static, Result<(), WorkLost>> {
                Box::pin(std::future::ready(Err(WorkLost::new())))
            }
            fn fill_random(&self, bytes: &mut [u8]) {
                bytes.fill(7);
            }
        }
        assert!(matches!(
            NewAdminKey::generate(&Stuck),
            Err(AdminKeyError::Unavailable(_))
        ));
    }

    #[test]
    fn what_travels_shows_how_and_not_what() {
        let key = NewAdminKey::from_octets(b"canary-canary-canary-24.").unwrap();
        let clear = AdminKeyInTransit::in_clear(key);
        assert_eq!(format!("{clear:?}"), "AdminKeyInTransit(in clear, ..)");
        let sealed = AdminKeyInTransit::encrypted(*b"canary").unwrap();
        assert_eq!(format!("{sealed:?}"), "AdminKeyInTransit(encrypted, ..)");
        assert_eq!(sealed.write(OctetCoding::HexUpper).as_str(), "63616E617279");
        assert!(
            AdminKeyInTransit::encrypted([]).is_err() && AdminKeyInTransit::encrypted(vec![0; 1025]).is_err()
        );
    }
}
