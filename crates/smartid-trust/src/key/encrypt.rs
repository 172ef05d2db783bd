//! Encrypting a short secret to an RSA key, and the forms in which such keys are handed over.
//!
//! A device that wants a secret sends a one-time key with its answer. Such a key comes as SubjectPublicKeyInfo, in PEM, as a JWK, or as
//! the bare numbers; it proves nothing about who has its private half.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey,
    Pkcs1PublicEncryptingKey, PublicEncryptingKey,
};

use super::public::{KeyType, PublicKey};
use crate::{Reason, Refusal, SignatureAlgorithm, pem};

/// How a short secret is padded before it is encrypted to an RSA key (RFC 8017 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RsaEncryption {
    /// RSAES-OAEP with SHA-256, also for its mask; no label.
    OaepSha256,
    /// RSAES-OAEP with SHA-1, also for its mask; no label. What OAEP needs of its digest, SHA-1 still has.
    OaepSha1,
    /// RSAES-PKCS1-v1_5. Safe only as long as whoever decrypts does not tell a wrong padding from another mistake.
    Pkcs1,
}

impl PublicKey {
    /// Encrypts a short secret. The result is as long as the modulus, and another one each time.
    ///
    /// # Errors
    /// [`Reason::AlgorithmDoesNotFitKey`] for a key that is not RSA, or is for RSA-PSS only; [`Reason::TooLarge`] for a secret that is
    /// longer than modulus and padding leave room for.
    pub fn encrypt(&self, scheme: RsaEncryption, secret: &[u8]) -> Result<Vec<u8>, Refusal> {
        let unfit = |why: &'static str| Refusal::new(Reason::AlgorithmDoesNotFitKey, why);
        let KeyType::Rsa { .. } = self.key_type() else {
            return Err(unfit("encryption with a key that is not RSA"));
        };
        // A key that makes no PKCS #1 signatures is one for PSS alone.
        self.fits(SignatureAlgorithm::RsaPkcs1(crate::DigestAlgorithm::Sha256))
            .map_err(|_| unfit("encryption with a key that is for RSA-PSS only"))?;
        let invalid = || Refusal::new(Reason::KeyInvalid, "an RSA key that cannot encrypt");
        let key = PublicEncryptingKey::from_der(self.spki_der()).map_err(|_| invalid())?;
        let mut out = vec![0; key.key_size_bytes()];
        let too_long = || Refusal::new(Reason::TooLarge, "a secret for this key and padding");
        let oaep = |key, algorithm: &'static OaepAlgorithm, out: &mut [u8]| {
            let key = OaepPublicEncryptingKey::new(key).map_err(|_| invalid())?;
            if secret.len() > key.max_plaintext_size(algorithm) {
                return Err(too_long());
            }
            let written = key.encrypt(algorithm, secret, out, None);
            written.map(|written| written.len()).map_err(|_| invalid())
        };
        let length = match scheme {
            RsaEncryption::OaepSha256 => oaep(key, &OAEP_SHA256_MGF1SHA256, &mut out)?,
            RsaEncryption::OaepSha1 => oaep(key, &OAEP_SHA1_MGF1SHA1, &mut out)?,
            RsaEncryption::Pkcs1 => {
                let key = Pkcs1PublicEncryptingKey::new(key).map_err(|_| invalid())?;
                if secret.len() > key.max_plaintext_size() {
                    return Err(too_long());
                }
                let written = key.encrypt(secret, &mut out);
                written.map(|written| written.len()).map_err(|_| invalid())?
            }
        };
        out.truncate(length);
        Ok(out)
    }

    /// Reads a PEM text with one `PUBLIC KEY` (RFC 7468 13); sections of other kinds are passed over.
    ///
    /// # Errors
    /// [`Reason::Malformed`] when there is none or more than one; those of [`from_spki_der`](Self::from_spki_der).
    pub fn from_pem(text: &str) -> Result<Self, Refusal> {
        match pem::sections(text, "PUBLIC KEY")?.as_slice() {
            [der] => Self::from_spki_der(der),
            [] => Err(Refusal::new(Reason::Malformed, "no PUBLIC KEY in the PEM text")),
            _ => Err(Refusal::new(
                Reason::Malformed,
                "more than one PUBLIC KEY in the PEM text",
            )),
        }
    }

    /// From the modulus and the public exponent of an RSA key, big-endian; leading zero octets are passed over.
    ///
    /// # Errors
    /// [`Reason::KeyTooSmall`], [`Reason::TooLarge`], [`Reason::KeyInvalid`].
    pub fn from_rsa_numbers(modulus: &[u8], exponent: &[u8]) -> Result<Self, Refusal> {
        Self::from_rsa(modulus, exponent, false)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::rsa::{
        KeySize, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey,
    };
    use smartid_core::base64::{Flavour, encode};

    use super::*;
    use crate::jws::Jwk;

    fn opened(private: &PrivateDecryptingKey, scheme: RsaEncryption, sealed: &[u8]) -> Option<Vec<u8>> {
        let mut out = vec![0; sealed.len()];
        let oaep = |algorithm, out: &mut [u8]| {
            let key = OaepPrivateDecryptingKey::new(private.clone()).unwrap();
            key.decrypt(algorithm, sealed, out, None)
                .ok()
                .map(|plain| plain.to_vec())
        };
        match scheme {
            RsaEncryption::OaepSha256 => oaep(&OAEP_SHA256_MGF1SHA256, &mut out),
            RsaEncryption::OaepSha1 => oaep(&OAEP_SHA1_MGF1SHA1, &mut out),
            RsaEncryption::Pkcs1 => {
                let key = Pkcs1PrivateDecryptingKey::new(private.clone()).unwrap();
                key.decrypt(sealed, &mut out).ok().map(|plain| plain.to_vec())
            }
        }
    }

    #[test]
    fn what_is_encrypted_is_opened_with_the_same_padding_only() {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let spki = private.public_key().as_der().unwrap();
        let key = PublicKey::from_spki_der(spki.as_ref()).unwrap();
        let schemes = [
            (RsaEncryption::OaepSha256, 190),
            (RsaEncryption::OaepSha1, 214),
            (RsaEncryption::Pkcs1, 245),
        ];
        for (scheme, room) in schemes {
            let secret = [0x5a; 24];
            let sealed = key.encrypt(scheme, &secret).unwrap();
            assert_eq!(sealed.len(), 256);
            assert_ne!(sealed, key.encrypt(scheme, &secret).unwrap());
            for (other, _) in schemes {
                let plain = opened(&private, other, &sealed);
                assert_eq!(
                    plain.as_deref() == Some(&secret[..]),
                    scheme == other,
                    "{scheme:?} {other:?}"
                );
            }
            key.encrypt(scheme, &vec![1; room]).unwrap();
            let refusal = key.encrypt(scheme, &vec![1; room + 1]).unwrap_err();
            assert_eq!(refusal.reason(), Reason::TooLarge, "{scheme:?}");
        }

        let pem = |label: &str, times: usize| {
            let letters = encode(Flavour::Standard, spki.as_ref());
            format!("-----BEGIN {label}-----\n{letters}\n-----END {label}-----\n").repeat(times)
        };
        assert_eq!(PublicKey::from_pem(&pem("PUBLIC KEY", 1)).unwrap(), key);
        for text in [String::new(), pem("RSA PUBLIC KEY", 1), pem("PUBLIC KEY", 2)] {
            let refusal = PublicKey::from_pem(&text).unwrap_err();
            assert_eq!(refusal.reason(), Reason::Malformed, "{text:.40}");
        }
    }

    #[test]
    fn keys_that_do_not_encrypt_are_refused() {
        let point = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let ed25519 = Jwk::from_json(format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{point}"}}"#)).unwrap();
        let refusal = ed25519
            .key()
            .unwrap()
            .encrypt(RsaEncryption::Pkcs1, b"x")
            .unwrap_err();
        assert_eq!(refusal.reason(), Reason::AlgorithmDoesNotFitKey);
        let pss = PublicKey::from_rsa(&[&[0x80][..], &[1; 255]].concat(), &[1, 0, 1], true).unwrap();
        let refusal = pss.encrypt(RsaEncryption::OaepSha256, b"x").unwrap_err();
        assert_eq!(refusal.reason(), Reason::AlgorithmDoesNotFitKey);
        assert!(PublicKey::from_rsa_numbers(&[1; 128], &[1, 0, 1]).is_err());
        assert!(PublicKey::from_rsa_numbers(&[1; 257], &[2]).is_err());
    }

    #[test]
    fn a_jwk_that_is_for_secrets_is_read_and_one_for_signatures_is_not() {
        let number = encode(Flavour::Url, &[&[0x80][..], &[1; 255]].concat());
        let jwk = |more: &str| format!(r#"{{"kty":"RSA","n":"{number}","e":"AQAB"{more}}}"#);
        for more in [
            "",
            r#","use":"enc","alg":"RSA-OAEP""#,
            r#","key_ops":["wrapKey"],"keystate":"ACTIVE""#,
        ] {
            let key = Jwk::encryption_key(jwk(more)).unwrap();
            assert_eq!(key.key_type(), KeyType::Rsa { bits: 2048 });
        }
        for (more, reason) in [
            (r#","use":"sig""#, Reason::JwkUse),
            (r#","key_ops":["verify"]"#, Reason::JwkUse),
            (r#","d":"AQ""#, Reason::JwkPrivate),
            (r#","keystate":"revoked""#, Reason::JwkNotActive),
            (r#","e":"AQAB""#, Reason::DuplicateMember),
        ] {
            let refusal = Jwk::encryption_key(jwk(more)).unwrap_err();
            assert_eq!(refusal.reason(), reason, "{more}");
        }
        assert!(Jwk::encryption_key("[]").is_err());
        let jwk = Jwk::from_json(jwk(r#","use":"enc""#)).unwrap();
        assert_eq!(jwk.key().unwrap_err().reason(), Reason::JwkUse);
    }
}
