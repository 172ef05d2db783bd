//! Which words look like a token, and which only look like it: a sentence without its class names and member names helps nobody.

/// Words with digits that our own sentences need.
const OF_THE_TRADE: &[&str] = &[
    "base64",
    "base64url",
    "options.base64",
    "preflight.base64",
    "SHA-256",
];

/// Long, or of mixed letters and digits, or with base64's own letters: no word that explains a refusal looks like that.
pub(super) fn looks_secret(word: &str) -> bool {
    let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
    if OF_THE_TRADE.contains(&word) {
        return false;
    }
    let of_token = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if word.split(|c| !of_token(c)).any(|part| part.starts_with("eyJ")) {
        // JSON in base64, as every signed token begins.
        return true;
    }
    if word
        .split(|c: char| !c.is_ascii_digit())
        .any(|run| run.len() >= 6)
    {
        return true;
    }
    if is_path_of_names(word) {
        return false;
    }
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    word.len() > 32
        || (word.len() >= 16 && (digits > 0 || is_scrambled(word)))
        || (word.len() >= 8 && digits >= 2 && letters >= 2)
        || (word.len() >= 12 && word.contains('='))
}

/// An exception's class name or the path of a member: names between dots, slashes and brackets, with small numbers as indices.
fn is_path_of_names(word: &str) -> bool {
    let mut parts = 0;
    let name = |part: &str| {
        let snake = |c: char| c.is_ascii_lowercase() || c == '_';
        part.len() <= 40
            && (part.chars().all(snake)
                || part.chars().all(|c| c.is_ascii_alphabetic() || c == '$')
                    && (part.len() < 8 || is_camel_case(part)))
    };
    let index = |part: &str| part.len() <= 5 && part.bytes().all(|b| b.is_ascii_digit());
    word.split(['.', '/', '[', ']']).all(|part| {
        parts += 1;
        name(part) || index(part)
    }) && parts > 1
}

/// Whether capitals and small letters alternate as they do in base64 and not in a name: three changes or more from small to capital, a
/// word of both with many capitals, or one of both with an underscore, because names are of one style.
fn is_scrambled(word: &str) -> bool {
    let (small, capital) = (|b: u8| b.is_ascii_lowercase(), |b: u8| b.is_ascii_uppercase());
    let two_styles = word.contains('_') && word.bytes().any(small) && word.bytes().any(capital);
    two_styles || changes(word) >= 3 || has_many_capitals(word)
}

fn changes(word: &str) -> usize {
    let bytes = word.as_bytes();
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    pairs
        .filter(|(one, next)| one.is_ascii_lowercase() && next.is_ascii_uppercase())
        .count()
}

/// More than three capitals in ten letters, and small ones too.
fn has_many_capitals(word: &str) -> bool {
    let capitals = word.bytes().filter(u8::is_ascii_uppercase).count();
    let small = word.bytes().filter(u8::is_ascii_lowercase).count();
    small > 0 && capitals * 10 > (capitals + small) * 3
}

/// Whether a word of many changes is one of CamelCase all the same: its parts are of four letters on average, each with a vowel.
fn is_camel_case(word: &str) -> bool {
    if has_many_capitals(word) {
        return false;
    }
    let mut parts = 1;
    let mut vowel = false;
    let mut before = 'A';
    for c in word.chars() {
        if before.is_ascii_lowercase() && c.is_ascii_uppercase() {
            if !vowel {
                return false;
            }
            (parts, vowel) = (parts + 1, false);
        }
        vowel |= "aeiouyAEIOUY".contains(c);
        before = c;
    }
    vowel && word.len() >= parts * 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::message;

    #[test]
    fn names_of_classes_and_members_stay_readable() {
        for word in [
            "java.lang.IllegalArgumentException",
            "java.security.NoSuchAlgorithmException:",
            "java.lang.ArrayIndexOutOfBoundsException",
            "com.nexusgroup.hermod.command.FidoCommandHandler$Inner",
            "destinations[0].uri",
            "/excludeCredentials/10/id",
            "/pubKeyCredParams/0/alg",
            "response.transports[12]",
            "clientExtensionResults",
            "userVerification",
            "USER_ALREADY_REGISTERED",
            "hermod.fido.create_after_open",
            "application/problem+json",
            "SHA-256",
            "(base64url)",
        ] {
            assert_eq!(message(word), word);
        }
        for word in [
            "a.kJqWbRzTyPmNcXvLs.b",
            "kJqWbRzTy/PmNcXvLsq/zXcVbNmK/qWpLkJhGf",
            "token1234567890ab",
            "aBcDeFgHiJkLmNoP",
        ] {
            assert_eq!(message(word), "[…]");
        }
    }

    /// 2 000 tokens of 16 bytes, the same in each run.
    fn tokens() -> impl Iterator<Item = [u8; 16]> {
        use proptest::strategy::{Strategy as _, ValueTree as _};
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let strategy = proptest::array::uniform16(proptest::num::u8::ANY);
        (0..2000).map(move |_| strategy.new_tree(&mut runner).unwrap().current())
    }

    #[test]
    fn random_tokens_are_masked_wherever_they_stand() {
        use crate::base64::{Flavour, encode};
        let mut shown = Vec::new();
        for bytes in tokens() {
            let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
            let groups = [
                &bytes[..4],
                &bytes[4..6],
                &bytes[6..8],
                &bytes[8..10],
                &bytes[10..],
            ];
            let uuid = groups.map(hex).join("-");
            let hex = hex(&bytes);
            for token in [encode(Flavour::Url, &bytes), hex, uuid] {
                let seen = [
                    format!("bad {token} here"),
                    format!("bad \"{token}\", here"),
                    format!("{token}: unknown"),
                    format!("at https://h.example/ms/{token}."),
                    format!("id={token}"),
                ]
                .into_iter()
                .any(|text| message(&text).contains(&token));
                if seen || !looks_secret(&token) {
                    shown.push(token);
                }
            }
        }
        // Chance may give a token that looks like a name; among these none does.
        assert!(shown.is_empty(), "{} of 6000 shown: {shown:?}", shown.len());
    }
}
