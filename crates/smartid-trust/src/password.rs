//! Makes passwords for soft tokens.
//!
//! Whoever asks a service for a soft token chooses its password, so there must be a way to choose one that cannot be guessed: a container
//! can be attacked offline, and nobody knows how few iterations the service will derive its key with.
//!
//! # Printable ASCII
//!
//! The keystore of the JDK refuses to open a container under a password with other characters (
//! observed with Java 17), and programs differ in how they encode such a password. Spaces are not used either, because people and forms
//! cut them off.
//!
//! # Two channels
//!
//! A container and its password are two secrets, and whoever has both has the keys. They reach the token's owner by two ways, such as a
//! download and a letter. So no type of this crate holds both: [`GeneratedPassword`] knows no container, and [`SoftToken`](crate::SoftToken)
//! no password.
//!
//! # Entropy
//!
//! Each password that a policy allows is as likely as any other: characters are drawn from the whole alphabet without bias (a byte that
//! would favour the first characters is drawn again), and a password that misses a minimum is thrown away as a whole. So the entropy is
//! log2 of the number of passwords that the policy allows, minima included: with classes of s₁, s₂, … characters, minima m₁, m₂, … and
//! length n, the sum of n! / (k₁! k₂! …) · s₁^k₁ · s₂^k₂ · … over all k₁ + k₂ + … = n with each kᵢ ≥ mᵢ.

#[cfg(test)]
mod tests;

use std::fmt;

use aws_lc_rs::error::Unspecified;
use smartid_core::SecretString;
use zeroize::Zeroizing;

use crate::random::{Random, draw, system_random};

/// Least entropy, in bits, of the passwords that a policy makes unless told otherwise: 2⁷⁹ guesses on average. With the oldest containers,
/// one iteration of SHA-1, at 10¹² guesses a second, those take 19 000 years.
pub const MIN_ENTROPY_BITS: f64 = 80.0;

/// Longest password, in characters.
pub const MAX_PASSWORD_LEN: usize = 128;

/// Length of a password unless told otherwise, in characters.
pub const DEFAULT_PASSWORD_LEN: usize = 20;

/// Characters that people take for one another.
const LOOK_ALIKES: &str = "0Oo1Il|";

/// Characters that mean something to a shell, in a URL or form, in a Java properties file, or as the first of an argument. Of the symbols
/// it leaves the full stop and the underscore.
const AWKWARD: &str = r##"!"#$%&'()*+,-/:;<=>?@[\]^`{|}~"##;

/// One of so many drawn passwords must fulfil the minima.
const RAREST: f64 = 1024.0;

/// More draws than an honest source of randomness ever takes.
const MAX_DRAWS: usize = 1_000_000;

/// A kind of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CharacterClass {
    /// `a` to `z`.
    Lower,
    /// `A` to `Z`.
    Upper,
    /// `0` to `9`.
    Digit,
    /// The 32 other printable characters of ASCII, without the space.
    Symbol,
}

impl CharacterClass {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Lower, Self::Upper, Self::Digit, Self::Symbol];

    const fn has(self, character: u8) -> bool {
        match self {
            Self::Lower => character.is_ascii_lowercase(),
            Self::Upper => character.is_ascii_uppercase(),
            Self::Digit => character.is_ascii_digit(),
            Self::Symbol => character.is_ascii_punctuation(),
        }
    }
}

/// Which passwords are made. By default 20 characters, letters and digits with at least one lower-case letter, one upper-case letter and
/// one digit, without [look-alikes](Self::with_look_alikes): 116.1 bits.
///
/// ```
/// use smartid_trust::password::{CharacterClass, PasswordPolicy};
///
/// let policy = PasswordPolicy::default().with_length(16).with_class(CharacterClass::Symbol, 1);
/// let password = policy.generate()?;
/// assert!(password.entropy_bits() > 90.0);
/// assert_eq!(format!("{password:?}"), "GeneratedPassword(..)");
///
/// let secret = password.into_secret();
/// assert_eq!(secret.expose().len(), 16);
/// assert!(secret.expose().bytes().all(|byte| byte.is_ascii_graphic()));
/// # Ok::<(), smartid_trust::password::PasswordError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    length: usize,
    /// The least number of each class of [`CharacterClass::ALL`], or `None` for a class that is not used.
    minima: [Option<usize>; 4],
    look_alikes: bool,
    awkward: bool,
    excluded: String,
    weak: bool,
}

/// No password can be made by this policy.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// The length is zero or above [`MAX_PASSWORD_LEN`].
    #[error("a password has from 1 to {MAX_PASSWORD_LEN} characters")]
    Length,
    /// Too few characters are left to draw from, or none of a class that has a minimum.
    #[error("the policy leaves too few characters to draw from")]
    NoCharacters,
    /// The minima add up to more than the length, or are so large that fewer than one in 1024 passwords would do.
    #[error("the minima of the classes are too large for the length")]
    Minima,
    /// The passwords would have less than [`MIN_ENTROPY_BITS`].
    #[error("the passwords would have {bits:.1} bits of entropy, which is too little")]
    #[non_exhaustive]
    TooWeak {
        /// How much they would have.
        bits: f64,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    RandomUnavailable,
}

impl From<Unspecified> for PasswordError {
    fn from(_: Unspecified) -> Self {
        Self::RandomUnavailable
    }
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            length: DEFAULT_PASSWORD_LEN,
            minima: [Some(1), Some(1), Some(1), None],
            look_alikes: false,
            awkward: false,
            excluded: String::new(),
            weak: false,
        }
    }
}

impl PasswordPolicy {
    /// How many characters a password has, from 1 to [`MAX_PASSWORD_LEN`]. By default [`DEFAULT_PASSWORD_LEN`].
    #[must_use]
    pub const fn with_length(mut self, characters: usize) -> Self {
        self.length = characters;
        self
    }

    /// Uses a class of characters, at least `minimum` of them (0: perhaps none) in each password.
    #[must_use]
    pub fn with_class(mut self, class: CharacterClass, minimum: usize) -> Self {
        self.set(class, Some(minimum));
        self
    }

    /// Does not use a class of characters. By default symbols are not used.
    #[must_use]
    pub fn without_class(mut self, class: CharacterClass) -> Self {
        self.set(class, None);
        self
    }

    fn set(&mut self, class: CharacterClass, minimum: Option<usize>) {
        for (known, place) in CharacterClass::ALL.into_iter().zip(&mut self.minima) {
            if known == class {
                *place = minimum;
            }
        }
    }

    /// Uses the characters that people take for one another too: `0 O o 1 I l |`. They are left out by default, because a password is read
    /// from paper and typed.
    #[must_use]
    pub const fn with_look_alikes(mut self) -> Self {
        self.look_alikes = true;
        self
    }

    /// Uses all symbols. By default those are left out that mean something to a shell, in a URL or form, in a Java properties file, or as the
    /// first character of an argument; of the 32 there remain `.` and `_`.
    #[must_use]
    pub const fn with_awkward_symbols(mut self) -> Self {
        self.awkward = true;
        self
    }

    /// Leaves these characters out.
    #[must_use]
    pub fn without_characters(mut self, characters: &str) -> Self {
        self.excluded.push_str(characters);
        self
    }

    /// Makes passwords with less than [`MIN_ENTROPY_BITS`] too, for a service that allows no better. The attack: whoever gets the container
    /// tries them all.
    #[must_use]
    pub const fn danger_allow_weak(mut self) -> Self {
        self.weak = true;
        self
    }

    /// The entropy of each password that is made, in bits: log2 of the number of passwords that the policy allows.
    ///
    /// # Errors
    /// [`PasswordError`] when no password can be made.
    pub fn entropy_bits(&self) -> Result<f64, PasswordError> {
        self.checked().map(|(_, bits)| bits)
    }

    /// Makes a password.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub fn generate(&self) -> Result<GeneratedPassword, PasswordError> {
        self.generate_from(&mut system_random)
    }

    fn generate_from(&self, random: &mut Random<'_>) -> Result<GeneratedPassword, PasswordError> {
        let (classes, entropy_bits) = self.checked()?;
        let alphabet: Vec<u8> = classes
            .iter()
            .flat_map(|class| class.characters.iter().copied())
            .collect();
        // It never grows, so that no copy of a password stays behind.
        let mut text = Zeroizing::new(String::with_capacity(self.length));
        for _ in 0..MAX_DRAWS {
            text.push(char::from(pick(&alphabet, random)?));
            if text.len() == self.length {
                if classes.iter().all(|class| class.is_fulfilled_by(&text)) {
                    return Ok(GeneratedPassword {
                        text: SecretString::new(std::mem::take(&mut *text)),
                        entropy_bits,
                    });
                }
                text.clear();
            }
        }
        Err(PasswordError::RandomUnavailable)
    }

    /// The classes with what is left of them, and the entropy.
    fn checked(&self) -> Result<(Vec<Class>, f64), PasswordError> {
        if !(1..=MAX_PASSWORD_LEN).contains(&self.length) {
            return Err(PasswordError::Length);
        }
        let classes: Vec<Class> = CharacterClass::ALL
            .into_iter()
            .zip(self.minima)
            .filter_map(|(class, minimum)| {
                let characters =
                    (0..=0x7f).filter(|character| class.has(*character) && self.uses(*character));
                Some(Class {
                    characters: characters.collect(),
                    minimum: minimum?,
                })
            })
            .collect();
        let size: usize = classes.iter().map(|class| class.characters.len()).sum();
        let missing = |class: &Class| class.characters.is_empty() && class.minimum > 0;
        if size < 2 || classes.iter().any(missing) {
            return Err(PasswordError::NoCharacters);
        }
        let allowed = allowed(&classes, self.length);
        if allowed * RAREST < power(size, self.length) {
            return Err(PasswordError::Minima);
        }
        let bits = allowed.log2();
        if bits < MIN_ENTROPY_BITS && !self.weak {
            return Err(PasswordError::TooWeak { bits });
        }
        Ok((classes, bits))
    }

    fn uses(&self, character: u8) -> bool {
        let among = |characters: &str| characters.as_bytes().contains(&character);
        (self.look_alikes || !among(LOOK_ALIKES))
            && (self.awkward || !among(AWKWARD))
            && !among(&self.excluded)
    }
}

/// What is drawn from a class.
struct Class {
    characters: Vec<u8>,
    minimum: usize,
}

impl Class {
    fn is_fulfilled_by(&self, text: &str) -> bool {
        let own = text
            .bytes()
            .filter(|character| self.characters.contains(character));
        own.count() >= self.minimum
    }
}

/// One of the characters, each as likely as any other. There are two at least and 94 at most.
fn pick(alphabet: &[u8], random: &mut Random<'_>) -> Result<u8, PasswordError> {
    for _ in 0..MAX_DRAWS {
        let byte = usize::from(draw::<1>(random)?[0]);
        // The bytes behind the last multiple of the size would favour the first characters.
        if byte < 256 - 256 % alphabet.len().max(1)
            && let Some(character) = alphabet.get(byte % alphabet.len().max(1))
        {
            return Ok(*character);
        }
    }
    Err(PasswordError::RandomUnavailable)
}

/// The number of passwords of this length that fulfil the minima; at most 94^128, which a float holds.
fn allowed(classes: &[Class], length: usize) -> f64 {
    // How many ways there are to fill so many places with the classes so far.
    let mut ways = vec![0.0_f64; length + 1];
    if let Some(first) = ways.first_mut() {
        *first = 1.0;
    }
    for class in classes {
        let mut next = vec![0.0_f64; length + 1];
        for (filled, ways) in ways.iter().enumerate() {
            // Places for `count` characters out of those that are free, and the characters in them.
            let mut fillings = 1.0;
            for (count, sum) in next.iter_mut().skip(filled).enumerate() {
                if count > 0 {
                    let free = length - filled - (count - 1);
                    fillings *= number(free) / number(count) * number(class.characters.len());
                }
                if count >= class.minimum {
                    *sum += ways * fillings;
                }
            }
        }
        ways = next;
    }
    ways.last().copied().unwrap_or_default()
}

fn power(size: usize, length: usize) -> f64 {
    (0..length).map(|_| number(size)).product()
}

/// Exact: nothing here is above 128.
fn number(small: usize) -> f64 {
    u32::try_from(small).map_or(f64::INFINITY, f64::from)
}

/// A new password, and how hard it is to guess.
#[derive(Clone)]
pub struct GeneratedPassword {
    text: SecretString,
    entropy_bits: f64,
}

impl GeneratedPassword {
    /// The password, for the owner of the token alone, and on another way than the container. Never into a log.
    #[must_use]
    pub fn into_secret(self) -> SecretString {
        self.text
    }

    /// How hard it is to guess, in bits: log2 of the number of passwords that were as likely.
    #[must_use]
    pub const fn entropy_bits(&self) -> f64 {
        self.entropy_bits
    }
}

impl fmt::Debug for GeneratedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            text: _blind,
            entropy_bits: _,
        } = self;
        f.write_str("GeneratedPassword(..)")
    }
}
