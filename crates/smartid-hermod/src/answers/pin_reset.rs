//! The answer to a startpinreset command: the token's nonce, and perhaps a key for the way of a new admin key.
//!
//! Vendor page: API parameters specific to Smart ID Desktop App: `nonce` and, for 1.12.1 alone, `transportedkey` (documented names); place
//! and coding are inferred, settings `answers.pin_reset.*`. Nothing protects this answer: whoever can call back can make it up. A made-up
//! nonce gets an answer that opens nothing, but a made-up transport key gets the new admin key, so where that matters the callback's
//! authentication has to be good.

use std::fmt;

use smartid_core::json::{self, Pointer};
use smartid_core::{SecretBytes, SecretString};
use smartid_trust::jws::{Jwk, Jws, JwsContent};
use smartid_trust::{PublicKey, Refusal, Unverified, Verified};

use crate::admin_key::{AdminKeyInTransit, BLOCK, NewAdminKey};
use crate::coding::OctetCoding;
use crate::dialect::{HermodDialect, TransportedKeyForm};
use crate::ids::Bid;
use crate::outcome::Outcome;
use crate::read::text;
use crate::report::CommandReport;

/// The longest nonce that is taken, in octets. A token's has 8 or 16.
const MAX_NONCE: usize = 256;

/// The longest transport key that is taken, as text.
const MAX_KEY_TEXT: usize = 16 * 1024;

/// The exponent of a transport key whose modulus alone is sent: 65537.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// A nonce that a token made. With its encrypted form it is a pair from which a short key can be searched for, so `Debug` is blind.
#[derive(Clone)]
pub struct PinResetNonce(SecretBytes);

impl PinResetNonce {
    /// The octets: a whole number of blocks of 8. Do not log them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    fn read(raw: &str, coding: OctetCoding) -> Result<Self, String> {
        let text = secret_text(raw, 4 * MAX_NONCE).ok_or("the nonce is no text, or far too long")?;
        let octets = coding
            .read(text.expose())
            .ok_or_else(|| format!("the nonce is not {}", coding.name()))?;
        match octets.len() {
            length if length == 0 || length % BLOCK != 0 || length > MAX_NONCE => Err(format!(
                "the nonce has {length} octets, which is no whole number of blocks of {BLOCK}, or too many"
            )),
            _ => Ok(Self(SecretBytes::new(octets.as_slice()))),
        }
    }
}

impl fmt::Debug for PinResetNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_blind) = self;
        f.write_str("PinResetNonce(..)")
    }
}

/// The one-time key that the app sent for a new admin key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TransportedKey {
    /// An RSA key.
    Usable(PublicKey),
    /// Something is there that is no key in the form that the dialect says.
    Unusable {
        /// What is the matter. Nothing of it is quoted.
        reason: String,
    },
}

/// There is a transport key, and the new admin key cannot be protected with it. It is not sent in clear for that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the new admin key cannot be protected with the key that the app sent: {reason}; see answers.pin_reset.transported_key_form and pin_reset.key_transport"
)]
#[non_exhaustive]
pub struct TransportError {
    /// What is the matter.
    pub reason: String,
}

/// What the app answered to a startpinreset command: all that the second half needs, besides the admin key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PinResetChallenge {
    /// What is to be encrypted with the admin key.
    pub nonce: PinResetNonce,
    /// The key for the way of a new admin key (Desktop App 1.12.1).
    pub transported_key: Option<TransportedKey>,
    /// The mailbox that answered, when the report names one and no other.
    pub bid: Option<Bid>,
}

impl PinResetChallenge {
    /// The new admin key as it may travel: encrypted to the app's key; in clear where the app sent none, or the dialect says so
    /// (`pin_reset.key_transport`).
    ///
    /// # Errors
    /// [`TransportError`] when the app sent a key that cannot be used. The admin key is then not sent.
    pub fn protect(
        &self,
        key: &NewAdminKey,
        dialect: &HermodDialect,
    ) -> Result<AdminKeyInTransit, TransportError> {
        let refuse = |reason: String| TransportError { reason };
        let (Some(transport), Some(scheme)) = (
            &self.transported_key,
            dialect.pin_reset.key_transport.encryption(),
        ) else {
            return Ok(AdminKeyInTransit::in_clear(key.clone()));
        };
        let transport = match transport {
            TransportedKey::Usable(key) => key,
            TransportedKey::Unusable { reason } => return Err(refuse(reason.clone())),
        };
        let sealed = transport
            .encrypt(scheme, key.expose())
            .map_err(|refusal| refuse(refusal.to_string()))?;
        AdminKeyInTransit::encrypted(sealed).map_err(|error| refuse(error.to_string()))
    }

    /// `at` finds what stands at a pointer of the report.
    fn read(
        report: &CommandReport,
        dialect: &HermodDialect,
        at: impl Fn(&Pointer) -> Option<String>,
    ) -> Result<Self, String> {
        let places = &dialect.answers.pin_reset;
        let nonce = at(&places.nonce).ok_or("there is no nonce where the dialect looks for it")?;
        let mut bids = report.destinations.iter().filter_map(|to| to.bid.as_ref());
        let first = bids.next();
        Ok(Self {
            nonce: PinResetNonce::read(&nonce, places.nonce_coding)?,
            transported_key: at(&places.transported_key)
                .map(|raw| TransportedKey::read(&raw, places.transported_key_form)),
            bid: first.filter(|first| bids.all(|other| other == *first)).cloned(),
        })
    }
}

impl TransportedKey {
    fn read(raw: &str, form: TransportedKeyForm) -> Self {
        match key(raw, form) {
            Ok(key) => Self::Usable(key),
            Err(reason) => Self::Unusable { reason },
        }
    }
}

fn key(raw: &str, form: TransportedKeyForm) -> Result<PublicKey, String> {
    if raw.len() > MAX_KEY_TEXT {
        return Err("it is far too long for a key".to_owned());
    }
    let told = |refusal: Refusal| refusal.to_string();
    if form == TransportedKeyForm::Jwk && raw.starts_with('{') {
        return Jwk::encryption_key(raw).map_err(told);
    }
    let text = text(raw).ok_or("it is no text")?;
    let octets = |coding: OctetCoding| {
        let octets = coding.read(&text).filter(|octets| !octets.is_empty());
        octets.ok_or_else(|| format!("it is not {}", coding.name()))
    };
    match form {
        TransportedKeyForm::Spki => PublicKey::from_spki_der(&octets(OctetCoding::Base64)?),
        TransportedKeyForm::SpkiHex => PublicKey::from_spki_der(&octets(OctetCoding::Hex)?),
        TransportedKeyForm::Pem => PublicKey::from_pem(&text),
        TransportedKeyForm::Jwk => Jwk::encryption_key(&text),
        TransportedKeyForm::ModulusHex => PublicKey::from_rsa_numbers(&octets(OctetCoding::Hex)?, &EXPONENT),
        TransportedKeyForm::ModulusBase64 => {
            PublicKey::from_rsa_numbers(&octets(OctetCoding::Base64)?, &EXPONENT)
        }
    }
    .map_err(told)
}

/// A JSON string, or the digits of a whole number, that is kept as secrets are; `None` when it is another kind or longer than `limit`
/// octets.
fn secret_text(raw: &str, limit: usize) -> Option<SecretString> {
    if raw.len() <= limit && raw.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(SecretString::new(raw));
    }
    // An escape is at most six octets for one.
    (raw.len() <= 6 * limit).then(|| text(raw).map(SecretString::new))?
}

impl CommandReport {
    /// What a startpinreset command came to.
    ///
    /// ```
    /// use smartid_hermod::{CommandReport, HermodDialect, Outcome};
    ///
    /// let dialect = HermodDialect::default();
    /// let body = r#"{"commandId":"5106","state":"SUCCESS","response":{"nonce":"8f3a61c20d94be57"}}"#;
    /// let outcome = CommandReport::read(body.into(), &dialect)?.start_pin_reset(&dialect);
    /// let Outcome::Succeeded(challenge) = outcome else { panic!() };
    /// assert_eq!(challenge.nonce.expose(), [0x8f, 0x3a, 0x61, 0xc2, 0x0d, 0x94, 0xbe, 0x57]);
    /// assert!(challenge.transported_key.is_none());
    /// # Ok::<(), smartid_hermod::ReportError>(())
    /// ```
    #[must_use]
    pub fn start_pin_reset(&self, dialect: &HermodDialect) -> Outcome<PinResetChallenge> {
        self.outcome(dialect, |report| {
            PinResetChallenge::read(report, dialect, |place| report.at(place)).map_err(|reason| match report
                .signed_answer(dialect)
            {
                Some(_) => {
                    "the answer is signed; it has to be verified before the nonce can be read".to_owned()
                }
                None => reason,
            })
        })
    }

    /// As [`start_pin_reset`](Self::start_pin_reset), where the app signs this answer (setting `answers.pin_reset.signed`). That it does
    /// is not documented.
    #[must_use]
    pub fn start_pin_reset_signed(&self, dialect: &HermodDialect) -> Outcome<Unverified<Jws>> {
        self.outcome(dialect, |report| {
            report
                .signed_answer(dialect)
                .ok_or_else(|| "there is no compact JWS where the dialect looks for it".to_owned())
        })
    }

    /// Reads the challenge out of a verified answer: its payload stands for `callback.response`.
    #[must_use]
    pub fn verified_pin_reset(
        &self,
        answer: Verified<JwsContent>,
        dialect: &HermodDialect,
    ) -> Outcome<Verified<PinResetChallenge>> {
        self.outcome(dialect, |report| {
            answer.try_map(|content| {
                let payload = std::str::from_utf8(&content.payload).ok();
                let document = payload.and_then(|payload| {
                    let payload = json::members(payload).map(|_| payload)?;
                    json::put("{}", &dialect.callback.response, payload).ok()
                });
                let document = SecretString::new(document.ok_or("the signed answer is no JSON object")?);
                PinResetChallenge::read(report, dialect, |place| {
                    let found = json::find(document.expose(), place)?;
                    (found != "null").then(|| found.to_owned())
                })
            })
        })
    }

    fn signed_answer(&self, dialect: &HermodDialect) -> Option<Unverified<Jws>> {
        let raw = self.at(&dialect.answers.pin_reset.signed)?;
        Jws::parse(text(&raw)?).ok()
    }
}
