//! Writes PKCS #12 in all the forms that certificate authorities of different age produce (RFC 7292), so that readers meet them:
//! new and old encryption, several keys, DER and BER, with labels and without.

use super::scheme::{P12Cipher, P12Mac, bmp, encrypt, mac_data};
use crate::SimError;
use crate::pki::{Certificate, Digest, Key, der};

/// 1.2.840.113549.1
const PKCS: [u8; 7] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01];
/// Pieces that a long octet string is cut into when it is written as BER.
const PIECE: usize = 1000;

/// How a file is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum P12Encoding {
    /// DER: every length is definite.
    Der,
    /// BER as Bouncy Castle writes it by default: indefinite lengths, long octet strings in pieces.
    Ber,
}

/// How a file is made. The default is [`P12Recipe::modern`].
///
/// ```
/// use smartid_sim::pki::p12::{self, P12Encoding, P12Mac, P12Part, P12Recipe};
/// use smartid_sim::pki::{Key, KeyKind};
///
/// let key = Key::generate(KeyKind::P256)?;
/// let recipe = P12Recipe::modern().iterations(1000).mac(P12Mac::Pbmac1);
/// let file = p12::write(&[P12Part::new(&key, &[])], &recipe, "secret")?;
/// assert_eq!(file[0], 0x30);
/// let ber = p12::write(&[P12Part::new(&key, &[])], &P12Recipe::legacy().encoding(P12Encoding::Ber), "secret")?;
/// assert_eq!(ber[..2], [0x30, 0x80]);
/// # Ok::<(), smartid_sim::SimError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct P12Recipe {
    /// What keys are encrypted with.
    pub keys: P12Cipher,
    /// What certificates are encrypted with.
    pub certificates: P12Cipher,
    /// What protects the whole.
    pub mac: P12Mac,
    /// Rounds of key derivation for encryption.
    pub iterations: u32,
    /// Rounds of key derivation for the MAC.
    pub mac_iterations: u32,
    /// Whether keys and their certificates carry `localKeyID`.
    pub local_key_id: bool,
    /// DER or BER.
    pub encoding: P12Encoding,
}

impl Default for P12Recipe {
    fn default() -> Self {
        Self::modern()
    }
}

impl P12Recipe {
    /// AES-256, PBKDF2 with HMAC-SHA-256, MAC with SHA-256; 2048 rounds.
    #[must_use]
    pub fn modern() -> Self {
        Self {
            keys: P12Cipher::Aes256Sha256,
            certificates: P12Cipher::Aes256Sha256,
            mac: P12Mac::Hmac(Digest::Sha256),
            iterations: 2048,
            mac_iterations: 2048,
            local_key_id: true,
            encoding: P12Encoding::Der,
        }
    }

    /// What older Java and Windows wrote: keys with triple DES, certificates with RC2 of 40 bits, MAC with SHA-1; 2048 rounds.
    #[must_use]
    pub fn legacy() -> Self {
        Self {
            keys: P12Cipher::TripleDes,
            certificates: P12Cipher::Rc2With40Bits,
            mac: P12Mac::Hmac(Digest::Sha1),
            ..Self::modern()
        }
    }

    /// With another MAC.
    #[must_use]
    pub fn mac(mut self, mac: P12Mac) -> Self {
        self.mac = mac;
        self
    }

    /// With other ciphers, for keys and for certificates.
    #[must_use]
    pub fn ciphers(mut self, keys: P12Cipher, certificates: P12Cipher) -> Self {
        (self.keys, self.certificates) = (keys, certificates);
        self
    }

    /// With so many rounds, for encryption and for the MAC.
    #[must_use]
    pub fn iterations(mut self, rounds: u32) -> Self {
        (self.iterations, self.mac_iterations) = (rounds, rounds);
        self
    }

    /// Without `localKeyID`: only public keys tell what belongs together.
    #[must_use]
    pub fn without_local_key_id(mut self) -> Self {
        self.local_key_id = false;
        self
    }

    /// DER or BER.
    #[must_use]
    pub fn encoding(mut self, encoding: P12Encoding) -> Self {
        self.encoding = encoding;
        self
    }
}

/// A key and certificates of a file; either may be missing. The first certificate is taken as the key's.
#[derive(Clone, Copy, Debug)]
pub struct P12Part<'a> {
    key: Option<&'a Key>,
    certificates: &'a [Vec<u8>],
    friendly_name: Option<&'a str>,
}

impl<'a> P12Part<'a> {
    /// A key with its certificates (DER).
    #[must_use]
    pub fn new(key: &'a Key, certificates: &'a [Vec<u8>]) -> Self {
        Self {
            key: Some(key),
            ..Self::certificates(certificates)
        }
    }

    /// Certificates alone.
    #[must_use]
    pub fn certificates(certificates: &'a [Vec<u8>]) -> Self {
        Self {
            key: None,
            certificates,
            friendly_name: None,
        }
    }

    /// With a `friendlyName` on the key and its certificate.
    #[must_use]
    pub fn friendly_name(mut self, name: Option<&'a str>) -> Self {
        self.friendly_name = name;
        self
    }
}

/// The shapes in which DER and BER differ here.
#[derive(Clone, Copy)]
struct Shape(P12Encoding);

impl Shape {
    /// A constructed element.
    fn constructed(self, tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        match self.0 {
            P12Encoding::Der => der::tlv(tag, parts),
            P12Encoding::Ber => [&[tag, 0x80], parts.concat().as_slice(), &[0, 0]].concat(),
        }
    }

    fn seq(self, parts: &[&[u8]]) -> Vec<u8> {
        self.constructed(der::SEQUENCE, parts)
    }

    /// An octet string under this tag, which is primitive.
    fn octets(self, tag: u8, content: &[u8]) -> Vec<u8> {
        match self.0 {
            P12Encoding::Der => der::tlv(tag, &[content]),
            P12Encoding::Ber => {
                let pieces: Vec<Vec<u8>> = content.chunks(PIECE).map(der::octets).collect();
                self.constructed(tag | 0x20, &[&pieces.concat()])
            }
        }
    }

    /// `ContentInfo` of type data.
    fn data(self, content: &[u8]) -> Vec<u8> {
        let content = self.octets(der::OCTET_STRING, content);
        self.seq(&[&pkcs(&[7, 1]), &self.constructed(0xa0, &[&content])])
    }

    /// `ContentInfo` of type encryptedData (RFC 5652 8), or data when there is no cipher.
    fn encrypted(
        self,
        cipher: P12Cipher,
        password: &str,
        rounds: u32,
        content: &[u8],
    ) -> Result<Vec<u8>, SimError> {
        let Some(sealed) = encrypt(cipher, password, rounds, content)? else {
            return Ok(self.data(content));
        };
        let bytes = self.octets(0x80, &sealed.bytes);
        let info = self.seq(&[&pkcs(&[7, 1]), &sealed.algorithm, &bytes]);
        let data = self.seq(&[&der::number(0), &info]);
        Ok(self.seq(&[&pkcs(&[7, 6]), &self.constructed(0xa0, &[&data])]))
    }
}

fn pkcs(rest: &[u8]) -> Vec<u8> {
    der::oid(&[PKCS.as_slice(), rest].concat())
}

/// `SafeBag` of 1.2.840.113549.1.12.10.1.<last>
fn bag(last: u8, value: &[u8], attributes: &[Vec<u8>]) -> Vec<u8> {
    let attributes = match attributes {
        [] => Vec::new(),
        some => der::set_of(der::SET, some),
    };
    der::seq(&[&pkcs(&[12, 10, 1, last]), &der::context(0, &[value]), &attributes])
}

/// What is told of a key and of its certificate: PKCS #9, 20 and 21.
fn attributes(part: &P12Part<'_>, recipe: &P12Recipe) -> Vec<Vec<u8>> {
    let attribute = |last: u8, value: &[u8]| der::seq(&[&pkcs(&[9, last]), &der::tlv(der::SET, &[value])]);
    let mut out = Vec::new();
    if let Some(name) = part.friendly_name {
        let mut text = bmp(name);
        // Without the zero that a password has behind it.
        text.truncate(text.len().saturating_sub(2));
        out.push(attribute(20, &der::tlv(0x1e, &[&text])));
    }
    if let (true, Some(key)) = (recipe.local_key_id, part.key) {
        out.push(attribute(21, &der::octets(&key.public_key().key_identifier())));
    }
    out
}

/// Makes a file of keys and certificates as the recipe says. Certificates stand in the order of the parts.
///
/// # Errors
/// [`SimError::Pki`] when a certificate cannot be read, or there are no rounds.
pub fn write(parts: &[P12Part<'_>], recipe: &P12Recipe, password: &str) -> Result<Vec<u8>, SimError> {
    let shape = Shape(recipe.encoding);
    let (mut certificates, mut keys) = (Vec::new(), Vec::new());
    for part in parts {
        let labels = attributes(part, recipe);
        for (place, certificate) in part.certificates.iter().enumerate() {
            Certificate::parse(certificate)
                .map_err(|_| SimError::pki("the PKCS #12 file cannot be made: a certificate is none"))?;
            let value = der::context(0, &[&der::octets(certificate)]);
            let value = der::seq(&[&pkcs(&[9, 22, 1]), &value]);
            let own = place == 0 && part.key.is_some();
            certificates.push(bag(3, &value, if own { &labels } else { &[] }));
        }
        if let Some(key) = part.key {
            let plain = key.expose_pkcs8();
            keys.push(match encrypt(recipe.keys, password, recipe.iterations, plain)? {
                Some(sealed) => {
                    let bytes = der::octets(&sealed.bytes);
                    bag(2, &der::seq(&[&sealed.algorithm, &bytes]), &labels)
                }
                None => bag(1, plain, &labels),
            });
        }
    }
    let mut contents = Vec::new();
    if !certificates.is_empty() {
        let safe = der::seq(&[&certificates.concat()]);
        contents.push(shape.encrypted(recipe.certificates, password, recipe.iterations, &safe)?);
    }
    if !keys.is_empty() {
        contents.push(shape.data(&der::seq(&[&keys.concat()])));
    }
    let safe = shape.seq(&[&contents.concat()]);
    // The MAC is over the octets themselves, not over the pieces that they may be cut into.
    let mac = mac_data(recipe.mac, password, recipe.mac_iterations, &safe)?;
    Ok(shape.seq(&[&der::number(3), &shape.data(&safe), &mac]))
}
