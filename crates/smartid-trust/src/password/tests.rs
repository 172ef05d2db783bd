//! Every password keeps to its policy, every allowed password is as likely as any other, and the entropy is that of counting them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::CharacterClass::{Digit, Lower, Symbol, Upper};
use super::*;

/// A policy over these characters alone.
fn only(characters: &str) -> PasswordPolicy {
    let others: String = (' '..='~')
        .filter(|letter| !characters.contains(*letter))
        .collect();
    PasswordPolicy::default()
        .with_look_alikes()
        .with_awkward_symbols()
        .without_characters(&others)
        .without_class(Lower)
        .without_class(Upper)
        .without_class(Digit)
        .danger_allow_weak()
}

/// What the source's bytes make; `None` when they are used up.
fn made(policy: &PasswordPolicy, bytes: &[u8]) -> Option<String> {
    let mut left = bytes.iter();
    let mut source = |out: &mut [u8]| {
        for byte in out {
            *byte = *left.next().ok_or(Unspecified)?;
        }
        Ok(())
    };
    match policy.generate_from(&mut source) {
        Ok(password) => Some(password.into_secret().expose().to_owned()),
        Err(PasswordError::RandomUnavailable) => None,
        Err(other) => panic!("{other}"),
    }
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

#[test]
fn each_character_is_as_likely_as_any_other() {
    for (characters, rest) in [
        ("ab", 0),
        ("abc", 1),
        ("abcdefg", 4),
        ("abcdefghijklmnopqrstuvwxyz", 22),
    ] {
        let policy = only(characters).with_class(Lower, 0).with_length(1);
        let mut times: BTreeMap<Option<String>, usize> = BTreeMap::new();
        for byte in 0..=255 {
            *times.entry(made(&policy, &[byte])).or_default() += 1;
        }
        // Bytes that are drawn again.
        assert_eq!(times.remove(&None).unwrap_or(0), rest);
        assert_eq!(times.len(), characters.len());
        assert!(
            times.values().all(|count| *count == 256 / characters.len()),
            "{times:?}"
        );
    }
}

#[test]
fn each_allowed_password_is_as_likely_as_any_other_and_no_other_is_made() {
    // Three letters and two digits, at least one digit: 5 * 5 - 3 * 3.
    let policy = only("abc01")
        .with_class(Lower, 0)
        .with_class(Digit, 1)
        .with_length(2);
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for first in 0..=255 {
        for second in 0..=255 {
            if let Some(password) = made(&policy, &[first, second]) {
                *times.entry(password).or_default() += 1;
            }
        }
    }
    assert_eq!(times.len(), 16);
    assert!(
        times.keys().all(|password| password.contains(['0', '1'])),
        "{times:?}"
    );
    assert!(times.values().all(|count| *count == 51 * 51), "{times:?}");
    assert!(close(policy.entropy_bits().unwrap(), 4.0));
}

#[test]
fn a_password_that_misses_a_minimum_is_drawn_anew_as_a_whole() {
    let policy = only("ab01")
        .with_class(Lower, 0)
        .with_class(Digit, 1)
        .with_length(2);
    assert_eq!(made(&policy, &[0, 1, 2, 0]), Some("0a".to_owned()));
    assert_eq!(made(&policy, &[0, 1, 1]), None);
}

#[test]
fn entropy_is_log2_of_the_number_of_passwords() {
    let bits = |policy: PasswordPolicy| policy.danger_allow_weak().entropy_bits().unwrap();
    let all = PasswordPolicy::default()
        .with_look_alikes()
        .with_awkward_symbols();
    let all = all
        .with_class(Lower, 0)
        .with_class(Upper, 0)
        .with_class(Digit, 0)
        .with_class(Symbol, 0);
    assert!(close(bits(all.clone().with_length(10)), 10.0 * 94_f64.log2()));
    assert!(close(
        bits(all.clone().with_length(MAX_PASSWORD_LEN)),
        128.0 * 94_f64.log2()
    ));
    // All minus those without a digit.
    let one_digit = 94_f64.powi(8) - 84_f64.powi(8);
    assert!(close(
        bits(all.clone().with_class(Digit, 1).with_length(8)),
        one_digit.log2()
    ));
    // Nothing but digits, because nothing else is left.
    let digits = all
        .without_class(Lower)
        .without_class(Upper)
        .without_class(Symbol);
    assert!(close(
        bits(digits.with_class(Digit, 6).with_length(6)),
        6.0 * 10_f64.log2()
    ));
    // What the documentation says.
    let default = PasswordPolicy::default().entropy_bits().unwrap();
    assert!((116.0..116.2).contains(&default), "{default}");
}

/// All words over the classes' characters, counted one by one.
fn counted(classes: &[(&str, usize)], length: usize) -> f64 {
    let alphabet: Vec<char> = classes
        .iter()
        .flat_map(|(characters, _)| characters.chars())
        .collect();
    let mut words = vec![String::new()];
    for _ in 0..length {
        words = words
            .iter()
            .flat_map(|word| alphabet.iter().map(move |letter| format!("{word}{letter}")))
            .collect();
    }
    let fulfils = |word: &String| {
        classes.iter().all(|(characters, minimum)| {
            word.matches(|letter| characters.contains(letter)).count() >= *minimum
        })
    };
    let count = words.iter().filter(|word| fulfils(word)).count();
    f64::from(u32::try_from(count).unwrap())
}

proptest! {
    #[test]
    fn counting_one_by_one_gives_the_same(length in 1_usize..6, lower in 0_usize..3, upper in 0_usize..3, digit in 0_usize..3) {
        let policy = only("abXYZ7")
            .with_class(Lower, lower)
            .with_class(Upper, upper)
            .with_class(Digit, digit)
            .with_length(length);
        let number = counted(&[("ab", lower), ("XYZ", upper), ("7", digit)], length);
        match policy.entropy_bits() {
            Ok(bits) => prop_assert!(close(bits, number.log2()), "{bits} {number}"),
            Err(error) => {
                prop_assert_eq!(error, PasswordError::Minima);
                prop_assert!(number * 1024.0 < 6_f64.powi(i32::try_from(length).unwrap()));
            }
        }
    }

    #[test]
    fn every_password_keeps_to_its_policy(
        length in 1_usize..40,
        minima in prop::array::uniform4(prop::option::of(0_usize..4)),
        look_alikes: bool,
        awkward: bool,
        excluded in "[ -~]{0,6}",
    ) {
        let mut policy = PasswordPolicy::default().with_length(length).without_characters(&excluded).danger_allow_weak();
        for (class, minimum) in CharacterClass::ALL.into_iter().zip(minima) {
            policy = match minimum {
                Some(minimum) => policy.with_class(class, minimum),
                None => policy.without_class(class),
            };
        }
        if look_alikes {
            policy = policy.with_look_alikes();
        }
        if awkward {
            policy = policy.with_awkward_symbols();
        }
        let Ok(password) = policy.generate() else {
            prop_assert!(policy.entropy_bits().is_err());
            return Ok(());
        };
        prop_assert_eq!(password.entropy_bits(), policy.entropy_bits().unwrap());
        let secret = password.into_secret();
        let text = secret.expose();
        prop_assert_eq!(text.len(), length);
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
        prop_assert!(!text.contains(|letter| excluded.contains(letter)));
        prop_assert!(look_alikes || !text.contains(|letter| "0Oo1Il|".contains(letter)));
        if !awkward {
            prop_assert!(text.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-_".contains(letter)));
            prop_assert!(!text.contains('-'), "it would look like an option");
        }
        for (class, minimum) in CharacterClass::ALL.into_iter().zip(minima) {
            let own = text.bytes().filter(|byte| match class {
                Lower => byte.is_ascii_lowercase(),
                Upper => byte.is_ascii_uppercase(),
                Digit => byte.is_ascii_digit(),
                Symbol => byte.is_ascii_punctuation(),
            });
            let own = own.count();
            prop_assert!(minimum.map_or(own == 0, |minimum| own >= minimum), "{class:?} {own}");
        }
    }
}

#[test]
fn policies_that_cannot_be_or_must_not_be_are_refused() {
    let default = PasswordPolicy::default;
    let error = |policy: PasswordPolicy| policy.generate().err().unwrap();
    assert_eq!(error(default().with_length(0)), PasswordError::Length);
    assert_eq!(
        error(default().with_length(MAX_PASSWORD_LEN + 1)),
        PasswordError::Length
    );
    assert_eq!(error(only("")), PasswordError::NoCharacters);
    assert_eq!(error(only("a").with_class(Lower, 0)), PasswordError::NoCharacters);
    assert_eq!(
        error(only("ab").with_class(Lower, 0).with_class(Digit, 1)),
        PasswordError::NoCharacters
    );
    assert_eq!(error(default().with_class(Digit, 30)), PasswordError::Minima);
    // Possible, but rare.
    assert_eq!(error(default().with_class(Digit, 18)), PasswordError::Minima);
    // 80 bits with 56 characters take 14 of them.
    assert!(default().with_length(14).generate().is_ok());
    match error(default().with_length(13)) {
        PasswordError::TooWeak { bits } => assert!(bits < MIN_ENTROPY_BITS && bits > 70.0, "{bits}"),
        other => panic!("{other}"),
    }
    let pin = default().without_class(Lower).without_class(Upper).with_length(4);
    assert!(matches!(error(pin.clone()), PasswordError::TooWeak { .. }));
    let pin = pin.danger_allow_weak().generate().unwrap();
    assert!(close(pin.entropy_bits(), 12.0), "eight digits that are not alike");
}

#[test]
fn a_source_that_gives_nothing_or_always_the_same_ends() {
    let policy = PasswordPolicy::default();
    let nothing = policy.generate_from(&mut |_: &mut [u8]| Err(Unspecified)).err();
    assert_eq!(nothing, Some(PasswordError::RandomUnavailable));
    for byte in [0, 255] {
        let mut same = |bytes: &mut [u8]| {
            bytes.fill(byte);
            Ok(())
        };
        assert_eq!(
            policy.generate_from(&mut same).err(),
            Some(PasswordError::RandomUnavailable)
        );
    }
}

#[test]
fn debug_shows_nothing_and_two_passwords_differ() {
    let (one, other) = (
        PasswordPolicy::default().generate().unwrap(),
        PasswordPolicy::default().generate().unwrap(),
    );
    assert_eq!(format!("{one:?}"), "GeneratedPassword(..)");
    assert_ne!(one.into_secret().expose(), other.into_secret().expose());
}
