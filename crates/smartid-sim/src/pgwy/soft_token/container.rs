//! The PKCS #12 file of a soft token, in the form that the switches ask for (protocol notes: cm 9).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::SimError;
use crate::config::{SoftTokenConfig, TokenChain, TokenEncoding, TokenFlaw, TokenMac, TokenProfile};
use crate::pki::p12::{self, P12Cipher, P12Encoding, P12Mac, P12Part, P12Recipe};
use crate::pki::{Digest, Key};

fn recipe(settings: &SoftTokenConfig) -> P12Recipe {
    let hmac = P12Mac::Hmac;
    let (keys, certificates, mac) = match settings.profile {
        TokenProfile::Modern => (
            P12Cipher::Aes256Sha256,
            P12Cipher::Aes256Sha256,
            hmac(Digest::Sha256),
        ),
        TokenProfile::Legacy => (P12Cipher::TripleDes, P12Cipher::Rc2With40Bits, hmac(Digest::Sha1)),
        TokenProfile::TripleDes => (P12Cipher::TripleDes, P12Cipher::TripleDes, hmac(Digest::Sha1)),
        TokenProfile::Rc2With128Bits => (
            P12Cipher::TripleDes,
            P12Cipher::Rc2With128Bits,
            hmac(Digest::Sha1),
        ),
        TokenProfile::EarlyAes => (P12Cipher::Aes128Sha1, P12Cipher::Aes128Sha1, hmac(Digest::Sha1)),
        TokenProfile::Strong => (
            P12Cipher::Aes256Sha512,
            P12Cipher::Aes256Sha512,
            hmac(Digest::Sha512),
        ),
        TokenProfile::PlainCertificates => (P12Cipher::Aes256Sha256, P12Cipher::Plain, hmac(Digest::Sha256)),
    };
    let mac = match settings.mac {
        TokenMac::Profile => mac,
        TokenMac::Sha1 => hmac(Digest::Sha1),
        TokenMac::Sha256 => hmac(Digest::Sha256),
        TokenMac::Sha384 => hmac(Digest::Sha384),
        TokenMac::Sha512 => hmac(Digest::Sha512),
        TokenMac::Pbmac1 => P12Mac::Pbmac1,
        TokenMac::None => P12Mac::Absent,
    };
    P12Recipe {
        mac_iterations: settings.mac_iterations,
        local_key_id: settings.local_key_id,
        encoding: match settings.encoding {
            TokenEncoding::Der => P12Encoding::Der,
            TokenEncoding::Ber => P12Encoding::Ber,
        },
        ..P12Recipe::modern()
            .ciphers(keys, certificates)
            .mac(mac)
            .iterations(settings.iterations)
    }
}

/// A key with its chain, that of the key first.
pub(super) struct Pair {
    pub(super) key: Key,
    pub(super) chain: Vec<Vec<u8>>,
}

/// The file, with what is wrong with it.
pub(super) fn file(
    settings: &SoftTokenConfig,
    common_name: &str,
    pairs: &[Pair],
    password: &str,
) -> Result<Vec<u8>, SimError> {
    let names: Vec<String> = (1..=pairs.len())
        .map(|number| {
            let name = settings.friendly_name.replace("{number}", &number.to_string());
            name.replace("{commonname}", common_name)
        })
        .collect();
    let reversed: Vec<Vec<u8>> = pairs
        .first()
        .map(|pair| pair.chain.iter().skip(1).rev().cloned().collect())
        .unwrap_or_default();
    let mut parts = Vec::new();
    if settings.chain == TokenChain::Reversed {
        parts.push(P12Part::certificates(&reversed));
    }
    for (place, (pair, name)) in pairs.iter().zip(&names).enumerate() {
        let whole = match settings.chain {
            TokenChain::Full => place == 0,
            TokenChain::Repeated => true,
            TokenChain::None | TokenChain::Reversed => false,
        };
        let count = if whole { pair.chain.len() } else { 1 };
        let certificates = pair.chain.get(..count).unwrap_or_default();
        let part = if settings.flaw == TokenFlaw::NoKey {
            P12Part::certificates(certificates)
        } else {
            P12Part::new(&pair.key, certificates)
        };
        parts.push(part.friendly_name(Some(name.as_str()).filter(|name| !name.is_empty())));
        if settings.chain == TokenChain::Repeated && pairs.len() == 1 {
            parts.push(P12Part::certificates(pair.chain.get(1..).unwrap_or_default()));
        }
    }
    let other = format!("not {password}");
    let password = if settings.flaw == TokenFlaw::OtherPassword {
        &other
    } else {
        password
    };
    let mut file = p12::write(&parts, &recipe(settings), password)?;
    let half = file.len() / 2;
    match settings.flaw {
        TokenFlaw::Truncated => file.truncate(half),
        TokenFlaw::Garbled => file.iter_mut().skip(half).take(1).for_each(|byte| *byte ^= 0x10),
        TokenFlaw::Trailing => file.extend_from_slice(b"behind it"),
        TokenFlaw::Base64 => file = BASE64_STANDARD.encode(&file).into_bytes(),
        TokenFlaw::Empty => file.clear(),
        TokenFlaw::None | TokenFlaw::OtherPassword | TokenFlaw::OtherKey | TokenFlaw::NoKey => (),
    }
    Ok(file)
}
