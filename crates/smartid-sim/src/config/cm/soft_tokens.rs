//! The PKCS #12 files that Certificate Manager hands out, whichever way they are asked for: the REST API, AST or EUI. No page says how
//! they are made (protocol notes: cm 9, U); what a token consists of and whether the chain is in it is the token procedure's (cm 6, D).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::OfficerKey;

/// Soft tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SoftTokenConfig {
    /// Kind of the keys (cm 5.5: from the key procedure, I).
    pub key: OfficerKey,
    /// Two keys, the first for authentication and the second for signing, each with its own certificate (cm 6, D that there may be
    /// several).
    pub two_keys: bool,
    /// Which certificates stand beside that of the key (cm 6: token storage policy, D).
    pub chain: TokenChain,
    /// Encryption.
    pub profile: TokenProfile,
    /// What protects the whole file.
    pub mac: TokenMac,
    /// DER or BER.
    pub encoding: TokenEncoding,
    /// Rounds of key derivation for encryption.
    pub iterations: u32,
    /// Rounds of key derivation for the MAC.
    pub mac_iterations: u32,
    /// `friendlyName`; `{commonname}` and `{number}` of the key are filled in. Empty for none. With two keys and no `{number}` both have the
    /// same name, of which a Java keystore shows one.
    pub friendly_name: String,
    /// Whether `localKeyID` tells which certificate is a key's. Without it, only the public key does.
    pub local_key_id: bool,
    /// What is wrong with the file.
    pub flaw: TokenFlaw,
    /// Values for attributes that a request lacks, as the common context of formats has them (cm 3, D).
    pub common_context: BTreeMap<String, String>,
    /// Attributes without which nothing is issued (U).
    pub required_attributes: Vec<String>,
    /// Fewest characters of a password (U); 0 lets the empty one pass.
    pub password_min: usize,
    /// Most characters of a password (U); 0 for any number.
    pub password_max: usize,
    /// Whether passwords must be of printable ASCII (U).
    pub password_ascii: bool,
}

impl Default for SoftTokenConfig {
    fn default() -> Self {
        Self {
            key: OfficerKey::P256,
            two_keys: false,
            chain: TokenChain::Full,
            profile: TokenProfile::Modern,
            mac: TokenMac::Profile,
            encoding: TokenEncoding::Der,
            iterations: 2048,
            mac_iterations: 2048,
            friendly_name: "{commonname}".into(),
            local_key_id: true,
            flaw: TokenFlaw::None,
            common_context: BTreeMap::from([("commonname".into(), "Soft token".into())]),
            required_attributes: Vec::new(),
            password_min: 1,
            password_max: 0,
            password_ascii: false,
        }
    }
}

/// Which certificates stand beside that of the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TokenChain {
    /// The issuing authority's, and the root's if `cm.download.include_root` says so.
    #[default]
    Full,
    /// None.
    None,
    /// As `full`, and for each key again.
    Repeated,
    /// As `full`, in front of that of the key and the root first.
    Reversed,
}

/// Encryption of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TokenProfile {
    /// AES-256, PBKDF2 with HMAC-SHA-256; the MAC with SHA-256.
    #[default]
    Modern,
    /// Keys with triple DES, certificates with RC2 of 40 bits; the MAC with SHA-1.
    Legacy,
    /// Both with triple DES; the MAC with SHA-1.
    TripleDes,
    /// Keys with triple DES, certificates with RC2 of 128 bits; the MAC with SHA-1.
    #[serde(rename = "rc2-128")]
    Rc2With128Bits,
    /// AES-128, PBKDF2 with HMAC-SHA-1, which is the default and therefore not named; the MAC with SHA-1.
    EarlyAes,
    /// AES-256, PBKDF2 with HMAC-SHA-512; the MAC with SHA-512.
    Strong,
    /// Keys with AES-256, certificates not encrypted; the MAC with SHA-256.
    PlainCertificates,
}

/// What protects a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TokenMac {
    /// That of the profile.
    #[default]
    Profile,
    /// HMAC-SHA-1.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-384.
    Sha384,
    /// HMAC-SHA-512.
    Sha512,
    /// PBMAC1 (RFC 9579).
    Pbmac1,
    /// None.
    None,
}

/// How a file is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TokenEncoding {
    /// Definite lengths.
    #[default]
    Der,
    /// Indefinite lengths, octet strings in pieces.
    Ber,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TokenFlaw {
    /// Nothing.
    #[default]
    None,
    /// Its second half is missing.
    Truncated,
    /// One bit in its middle is another.
    Garbled,
    /// Bytes stand behind it.
    Trailing,
    /// It is under another password than the one that was sent.
    OtherPassword,
    /// The key is another than that of the certificate.
    OtherKey,
    /// It holds certificates and no key.
    NoKey,
    /// It is base64 instead of octets.
    Base64,
    /// It is empty.
    Empty,
}
