//! Makes soft tokens: keys, their certificates, and the PKCS #12 file around them, for the REST API, AST and EUI alike (protocol notes: cm
//! 5.5, 7, 8, 9). What was handed out is remembered for tests, without the password.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;

use super::Cm;
use super::errors::Refusal;
use super::officers::kind;
use super::servlets::TokenCaller;
use crate::SimError;
use crate::config::{
    CmConfig, CmProcedureConfig, SoftTokenConfig, TokenChain, TokenEncoding, TokenFlaw, TokenMac,
    TokenProfile,
};
use crate::pki::p12::{self, P12Cipher, P12Encoding, P12Mac, P12Part, P12Recipe};
use crate::pki::{Digest, Key, Profile, Validity, der, name};
use crate::sync::lock;

/// So many are remembered.
const MAX_KEPT: usize = 1024;

/// Attributes that the simulated procedure knows (cm 7.3, I).
pub(super) const ATTRIBUTES: [&str; 13] = [
    "countryname",
    "stateorprovincename",
    "localityname",
    "organizationname",
    "organizationalunitname",
    "title",
    "surname",
    "givenname",
    "serialnumber",
    "commonname",
    "rfc822name",
    "upn",
    "dnsname",
];

/// Those that stand in the subject, with the names they have there, in the order of the encoding.
const SUBJECT: [(&str, &str); 11] = [
    ("countryname", "C"),
    ("stateorprovincename", "ST"),
    ("localityname", "L"),
    ("organizationname", "O"),
    ("organizationalunitname", "OU"),
    ("title", "title"),
    ("surname", "SN"),
    ("givenname", "GN"),
    ("serialnumber", "serialNumber"),
    ("commonname", "CN"),
    ("rfc822name", "emailAddress"),
];

/// 1.3.6.1.4.1.311.20.2.3
const UPN: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02, 0x03];

/// How a soft token was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenOrigin {
    /// `POST /certificates/pkcs12` of the REST API.
    Rest,
    /// The servlet AST.
    Ast,
    /// The servlet EUI.
    Eui,
}

/// A soft token that was handed out. `Debug` shows neither the file nor anything of the password.
#[derive(Clone)]
#[non_exhaustive]
pub struct IssuedSoftToken {
    /// How it was asked for.
    pub origin: TokenOrigin,
    /// The name of the servlet's handler; empty for the servlet itself and for the REST API.
    pub handler: String,
    /// The token procedure.
    pub procedure: String,
    /// Who has asked.
    pub caller: TokenCaller,
    /// The subject, as the certificates' `subject` in lists: `CN=Anna, C=SE`.
    pub subject: String,
    /// Attributes that counted, with their values: those of the request, then those of the common context.
    pub attributes: Vec<(String, String)>,
    /// Headers that were read as attributes, by the name in the mapping, with their decoded values.
    pub headers: Vec<(String, String)>,
    /// Numbers of the certificates in the database, the first key's first.
    pub certids: Vec<String>,
    /// The file as it was handed out.
    pub file: Bytes,
    password: Vec<u8>,
}

impl IssuedSoftToken {
    /// Whether this was the password; only its digest is kept.
    #[must_use]
    pub fn has_password(&self, password: &str) -> bool {
        self.password == Digest::Sha256.of(password.as_bytes())
    }
}

impl fmt::Debug for IssuedSoftToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            origin,
            handler,
            procedure,
            caller,
            subject,
            attributes,
            headers,
            certids,
            file: _,
            password: _,
        } = self;
        f.debug_struct("IssuedSoftToken")
            .field("origin", origin)
            .field("handler", handler)
            .field("procedure", procedure)
            .field("caller", caller)
            .field("subject", subject)
            .field("attributes", attributes)
            .field("headers", headers)
            .field("certids", certids)
            .finish_non_exhaustive()
    }
}

/// What is asked for.
pub(super) struct Wish<'a> {
    pub(super) origin: TokenOrigin,
    pub(super) handler: &'a str,
    pub(super) procedure: &'a CmProcedureConfig,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) password: &'a str,
    pub(super) caller: TokenCaller,
    /// The procedure's, from now on, if nothing else is asked for.
    pub(super) validity: Option<Validity>,
}

/// What is handed out.
pub(super) struct Made {
    pub(super) file: Vec<u8>,
    pub(super) certids: Vec<String>,
}

/// Whether the rules for passwords allow this one.
fn check_password(settings: &SoftTokenConfig, password: &str) -> Result<(), Refusal> {
    let length = password.chars().count();
    let printable = password.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if length < settings.password_min {
        return Err(Refusal::value("password_short", "The password is too short"));
    }
    if settings.password_max != 0 && length > settings.password_max {
        return Err(Refusal::value("password_long", "The password is too long"));
    }
    if settings.password_ascii && !printable {
        return Err(Refusal::value(
            "password_characters",
            "The password holds characters that are not allowed",
        ));
    }
    Ok(())
}

/// The attributes of the request with those of the common context that it lacks.
fn completed(
    settings: &SoftTokenConfig,
    mut attributes: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, Refusal> {
    for name in &settings.required_attributes {
        if !attributes.iter().any(|(own, _)| own == name) {
            return Err(Refusal::missing(name));
        }
    }
    for (name, value) in &settings.common_context {
        if !attributes.iter().any(|(own, _)| own == name) {
            attributes.push((name.clone(), value.clone()));
        }
    }
    let control = |(_, value): &&(String, String)| value.chars().any(char::is_control);
    match attributes.iter().find(control) {
        Some((name, _)) => Err(Refusal::value(
            "attribute_control",
            format!("An attribute holds control characters: {name}"),
        )),
        None => Ok(attributes),
    }
}

fn value<'a>(attributes: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.as_str())
}

fn subject(attributes: &[(String, String)]) -> Result<Vec<u8>, Refusal> {
    let parts = SUBJECT.iter().filter_map(|(attribute, short)| {
        let value = value(attributes, attribute)?;
        let value = value.replace('\\', "\\\\").replace(',', "\\,");
        Some(format!("{short}={value}"))
    });
    let parts: Vec<String> = parts.collect();
    name::encode(&parts.join(",")).map_err(|error| Refusal::value("subject", error.to_string()))
}

/// Alternative names (RFC 5280 4.2.1.6): a name of DNS, and the principal name that Windows knows.
fn alternative_names(attributes: &[(String, String)]) -> Result<Option<Vec<u8>>, Refusal> {
    let mut names = Vec::new();
    if let Some(dns) = value(attributes, "dnsname") {
        if !dns.is_ascii() {
            return Err(Refusal::value("subject", "dnsname must be ASCII"));
        }
        names.push(der::tlv(0x82, &[dns.as_bytes()]));
    }
    if let Some(upn) = value(attributes, "upn") {
        let text = der::context(0, &[&der::tlv(0x0c, &[upn.as_bytes()])]);
        names.push(der::context(0, &[&der::oid(&UPN), &text]));
    }
    Ok((!names.is_empty()).then(|| der::seq(&[&names.concat()])))
}

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
struct Pair {
    key: Key,
    chain: Vec<Vec<u8>>,
}

/// The file, with what is wrong with it.
fn file(
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

/// Work that takes its time, where nobody waits for it.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SimError> + Send + 'static,
) -> Result<T, SimError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| SimError::pki("the work was not finished"))?
}

impl Cm {
    /// Makes a soft token and remembers it.
    pub(super) async fn make_soft_token(&self, config: &CmConfig, wish: Wish<'_>) -> Result<Made, Refusal> {
        let settings = &config.soft_tokens;
        check_password(settings, wish.password)?;
        let attributes = completed(settings, wish.attributes)?;
        let (subject, names) = (subject(&attributes)?, alternative_names(&attributes)?);
        let validity = wish
            .validity
            .map_or_else(|| self.usual_validity(wish.procedure), Ok)?;
        let first = wish.procedure.pki_profile().unwrap_or(Profile::Authentication);
        let mut profiles = vec![first];
        if settings.two_keys {
            profiles = vec![Profile::Authentication, Profile::Signing];
        }
        let keys = Arc::clone(&self.keys);
        let (kind, count) = (kind(settings.key), profiles.len());
        let spare = usize::from(settings.flaw == TokenFlaw::OtherKey);
        let mut made = aside(move || (0..count + spare).map(|_| keys.source().key(kind)).collect())
            .await
            .map(|keys: Vec<Key>| keys.into_iter())?;
        let (mut pairs, mut certids) = (Vec::new(), Vec::new());
        for (profile, key) in profiles.into_iter().zip(made.by_ref()) {
            let public = key.public_key();
            let certificate = self
                .ca()?
                .certify(&subject, public, names.clone(), profile, validity)
                .map_err(|error| Refusal::value("subject", error.to_string()))?;
            let certid = self.keep(&certificate, wish.procedure, wish.caller.name());
            let chain = self.chain(config, &certid)?.unwrap_or_default();
            pairs.push(Pair { key, chain });
            certids.push(certid);
        }
        if let (Some(other), Some(pair)) = (made.next(), pairs.first_mut()) {
            pair.key = other;
        }
        let common_name = value(&attributes, "commonname").unwrap_or_default().to_owned();
        let (own, password) = (settings.clone(), wish.password.to_owned());
        let file = aside(move || file(&own, &common_name, &pairs, &password)).await?;
        let mut kept = lock(&self.soft_tokens);
        if kept.len() >= MAX_KEPT {
            kept.remove(0);
        }
        kept.push(IssuedSoftToken {
            origin: wish.origin,
            handler: wish.handler.to_owned(),
            procedure: wish.procedure.name.clone(),
            caller: wish.caller,
            subject: name::text(&subject).unwrap_or_default(),
            attributes,
            headers: wish.headers,
            certids: certids.clone(),
            file: Bytes::from(file.clone()),
            password: Digest::Sha256.of(wish.password.as_bytes()),
        });
        Ok(Made { file, certids })
    }

    /// From now on as long as the procedure says, within the authority's own validity.
    pub(super) fn usual_validity(&self, procedure: &CmProcedureConfig) -> Result<Validity, Refusal> {
        let (_, last) = self.ca()?.issuer().validity();
        let mut validity = Validity::days(self.now(), procedure.days);
        validity.not_after = validity.not_after.min(last);
        Ok(validity)
    }
}
