//! Opens encrypted PKCS #8 (RFC 5958 3).

use smartid_core::SecretString;

use super::key::SigningKey;
use super::read;
use crate::der::{Reader, tag};
use crate::pbe::{Budget, Password, Scheme};
use crate::{Reason, Refusal};

/// More iterations are refused. What is recommended for PBKDF2 is about a million; ten million take some seconds.
const MAX_ITERATIONS: u64 = 9_999_999;

/// Whether it looks like EncryptedPrivateKeyInfo: a sequence that begins with a sequence, where a plain key begins with its version.
pub(super) fn is_encrypted(der: &[u8]) -> bool {
    Reader::only(der, tag::SEQUENCE, "").is_ok_and(|info| info.reader().peek() == Some(tag::SEQUENCE))
}

/// EncryptedPrivateKeyInfo.
pub(super) fn open(der: &[u8], password: &SecretString) -> Result<SigningKey, Refusal> {
    read::cap(der)?;
    let mut info = Reader::only(der, tag::SEQUENCE, "an encrypted key that is no sequence")?.reader();
    let algorithm = info.expect(tag::SEQUENCE, "an encrypted key without its algorithm")?;
    let encrypted = info.expect(tag::OCTET_STRING, "an encrypted key without its octets")?;
    info.end()?;
    let mut budget = Budget::new(MAX_ITERATIONS, u64::MAX);
    let scheme = Scheme::parse(algorithm.contents, &budget)?;
    let plain = scheme.decrypt(encrypted.contents, Password::new(password.expose()), &mut budget)?;
    // One wrong password in 256 leaves padding that looks right; what is then no key was not decrypted.
    read::pkcs8(&plain).map_err(|refusal| match refusal.reason() {
        Reason::Malformed => Reason::WrongPassword.into(),
        _ => refusal,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der;
    use crate::pbe::AES_128_CBC;
    use crate::pbe::tests::{HMAC_SHA256, encrypt, identifier};

    const ED25519_KEY: [u8; 48] = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
    ];

    fn file(count: u32, plain: &[u8]) -> Vec<u8> {
        let (identifier, encrypted) = encrypt(2, 2, count, "right", plain);
        der::sequence(&[&der::sequence(&[&identifier]), &der::octet_string(&encrypted)])
    }

    fn reason(der: &[u8], password: &str) -> Option<Reason> {
        open(der, &SecretString::new(password))
            .err()
            .map(|refusal| refusal.reason())
    }

    #[test]
    fn no_wrong_password_opens_it_and_each_is_called_wrong() {
        let file = file(1, &ED25519_KEY);
        assert_eq!(reason(&file, "right"), None);
        // Some of them leave good padding behind.
        for wrong in 0..2000 {
            assert_eq!(
                reason(&file, &wrong.to_string()),
                Some(Reason::WrongPassword),
                "{wrong}"
            );
        }
    }

    #[test]
    fn the_iteration_cap_is_where_the_documentation_says() {
        let reason_of = |count: u64| {
            let identifier = identifier(Some(HMAC_SHA256), &AES_128_CBC, count, None);
            let file = der::sequence(&[&der::sequence(&[&identifier]), &der::octet_string(&[0; 16])]);
            reason(&file, "right")
        };
        for count in [MAX_ITERATIONS + 1, u64::from(u32::MAX), i64::MAX as u64] {
            assert_eq!(reason_of(count), Some(Reason::KdfIterations), "{count}");
        }
        assert_eq!(reason_of(1000), Some(Reason::WrongPassword));
    }

    #[test]
    fn what_was_decrypted_is_still_checked() {
        assert_eq!(reason(&file(1, b"no key"), "right"), Some(Reason::WrongPassword));
        let mut unknown = ED25519_KEY;
        unknown[11] = 0x71;
        assert_eq!(reason(&file(1, &unknown), "right"), Some(Reason::KeyUnsupported));
    }

    #[test]
    fn cut_short_anywhere_it_is_malformed() {
        let file = file(1, &ED25519_KEY);
        for end in 0..file.len() {
            assert_eq!(reason(&file[..end], "right"), Some(Reason::Malformed), "{end}");
        }
        assert!(is_encrypted(&file) && !is_encrypted(&ED25519_KEY));
        let plain = SigningKey::from_pkcs8_der(&file).map_err(|refusal| refusal.reason());
        assert_eq!(plain.err(), Some(Reason::PasswordMissing));
    }
}
