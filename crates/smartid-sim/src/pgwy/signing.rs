//! Signing by the caller: the first call hands out what is to be signed, the second brings it back as a CMS message, which is verified
//! to the end (protocol notes: cm 4.5). In VRO mode the server signs by itself, and one call is enough (cm 4.6).

use std::fmt;
use std::time::Duration;

use super::Cm;
use super::caller::{Caller, missing_role};
use super::errors::{BAD_SIGNATURE, Refusal};
use super::fields::Fields;
use super::values;
use crate::config::{CmConfig, CmOperation, SignedAttributes, SigningMode};
use crate::pki::{cms, der};
use crate::sync::lock;

/// The field that carries the signature.
pub(super) const SIGNATURE: &str = "signature";
/// So much that was handed out, and so many signatures, are remembered.
const MAX_KEPT: usize = 4096;
/// And so many bytes of each.
const MAX_BYTES: usize = 64 << 20;

/// What a request says, apart from its signature and from how it was encoded: names with values.
pub(super) type Said = Vec<(String, Vec<u8>)>;

/// What was handed out to be signed.
struct Open {
    data: Vec<u8>,
    operation: CmOperation,
    said: Said,
    caller: Vec<u8>,
    expires_at: Duration,
    life: Life,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    Used,
    Superseded,
}

/// A signature that somebody has sent. The message is not shown by `Debug`.
#[derive(Clone)]
#[non_exhaustive]
pub struct SeenSignature {
    /// The operation that it was for.
    pub operation: CmOperation,
    /// The officer whose certificate has signed, as far as that could be found out.
    pub officer: Option<String>,
    /// The officer of the TLS connection.
    pub caller: String,
    /// The bytes that were signed, when the message could be verified.
    pub content: Vec<u8>,
    /// The CMS message.
    pub message: Vec<u8>,
    /// Why it was refused, as one word; `None` when it was accepted.
    pub refused: Option<String>,
}

impl fmt::Debug for SeenSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation,
            officer,
            caller,
            content: _,
            message: _,
            refused,
        } = self;
        f.debug_struct("SeenSignature")
            .field("operation", operation)
            .field("officer", officer)
            .field("caller", caller)
            .field("refused", refused)
            .finish_non_exhaustive()
    }
}

/// What was handed out and what came back.
#[derive(Default)]
pub(super) struct Desk {
    open: Vec<Open>,
    seen: Vec<SeenSignature>,
}

/// Adds one; the oldest go when there are too many of them, or too many bytes. The newest stays, whatever its size is.
fn keep<T>(all: &mut Vec<T>, new: T, size: impl Fn(&T) -> usize) {
    all.push(new);
    let mut bytes: usize = all.iter().map(&size).sum();
    while all.len() > 1 && (all.len() > MAX_KEPT || bytes > MAX_BYTES) {
        bytes = bytes.saturating_sub(size(&all.remove(0)));
    }
}

fn refused(word: &'static str, message: &str) -> Refusal {
    Refusal::new(BAD_SIGNATURE, word, format!("Bad signature: {message}"))
}

/// What is handed out: a `SEQUENCE` of a nonce, the operation and all that was said. The nonce begins with line ends of two kinds and
/// a zero, so that a client which treats the bytes as text does not pass.
fn encode(operation: CmOperation, said: &Said, nonce: &[u8]) -> Vec<u8> {
    let text = |text: &str| der::tlv(0x0c, &[text.as_bytes()]);
    let said: Vec<Vec<u8>> = said
        .iter()
        .map(|(name, value)| der::seq(&[&text(name), &der::octets(value)]))
        .collect();
    der::seq(&[
        &der::number(1),
        &der::tlv(der::OCTET_STRING, &[b"\n\r\n\0", nonce]),
        &text(&format!("{operation:?}")),
        &der::seq(&[&said.concat()]),
    ])
}

/// Whether every length is definite and as short as it can be, to the depth that CMS and certificates have.
fn is_der(bytes: &[u8], depth: usize) -> bool {
    let mut reader = der::Reader::new(bytes);
    while !reader.is_empty() {
        let Some(element) = reader.next() else {
            return false;
        };
        let head = element.raw.len().saturating_sub(element.content.len());
        let shortest = der::tlv(element.tag, &[element.content]).len();
        let nested = element.tag & 0x20 != 0;
        if element.raw.len() != shortest
            || head < 2
            || (nested && (depth == 0 || !is_der(element.content, depth - 1)))
        {
            return false;
        }
    }
    true
}

impl Cm {
    /// Lets a call that changes something pass, or asks for a signature. Gives the name of the officer who answers for it.
    pub(super) fn authorize(
        &self,
        config: &CmConfig,
        operation: CmOperation,
        caller: &Caller,
        fields: &Fields,
        said: &Said,
    ) -> Result<String, Refusal> {
        if config.mode(operation) == SigningMode::Vro {
            if config.signing.vro_checks_caller {
                caller.has(config.role(operation))?;
            }
            return Ok(caller.name.clone());
        }
        match fields.bytes(SIGNATURE)? {
            Some(signature) if !config.signing.always_again => {
                self.check(config, operation, caller, signature, said)
            }
            _ => Err(Refusal::Sign(self.hand_out(config, operation, caller, said))),
        }
    }

    fn hand_out(&self, config: &CmConfig, operation: CmOperation, caller: &Caller, said: &Said) -> Vec<u8> {
        let data = encode(operation, said, &self.random.bytes32("cm-nonce"));
        let life = Duration::from_secs(config.signing.lifetime_seconds);
        let mut desk = lock(&self.desk);
        if config.signing.supersede {
            let same = |open: &&mut Open| open.operation == operation && open.caller == caller.serial;
            for open in desk.open.iter_mut().filter(same) {
                if open.life == Life::Open {
                    open.life = Life::Superseded;
                }
            }
        }
        let open = Open {
            data: data.clone(),
            operation,
            said: said.clone(),
            caller: caller.serial.clone(),
            expires_at: self.clock.now().saturating_add(life),
            life: Life::Open,
        };
        // What was said is in the data and beside it.
        keep(&mut desk.open, open, |open| open.data.len().saturating_mul(2));
        data
    }

    /// Verifies a signature and remembers it, whatever comes of it.
    fn check(
        &self,
        config: &CmConfig,
        operation: CmOperation,
        caller: &Caller,
        signature: &[u8],
        said: &Said,
    ) -> Result<String, Refusal> {
        let signing = &config.signing;
        let binary = Some(signature.to_vec()).filter(|_| signing.binary && signature.first() == Some(&0x30));
        let message = binary
            .or_else(|| values::unbase64(signature, signing.line_breaks))
            .ok_or_else(|| Refusal::encoding("signature_base64", "signature is not base64"))?;
        let mut seen = SeenSignature {
            operation,
            officer: None,
            caller: caller.name.clone(),
            content: Vec::new(),
            message,
            refused: None,
        };
        let result = self.verify(config, caller, said, &mut seen);
        if let Err(Refusal::Failure(failure)) = &result {
            seen.refused = Some(failure.word.to_owned());
        }
        let size = |seen: &SeenSignature| seen.message.len().saturating_add(seen.content.len());
        keep(&mut lock(&self.desk).seen, seen, size);
        result
    }

    fn verify(
        &self,
        config: &CmConfig,
        caller: &Caller,
        said: &Said,
        seen: &mut SeenSignature,
    ) -> Result<String, Refusal> {
        let signing = &config.signing;
        if signing.strict_der && !is_der(&seen.message, 32) {
            return Err(refused("signature_der", "it is not DER"));
        }
        let verified = cms::verify(&seen.message, None).map_err(|error| {
            let text = error.to_string();
            let word = if text.contains("content is not inside") {
                "signature_detached"
            } else if text.contains("certificate is not in") {
                "signature_certificate"
            } else {
                "signature_cms"
            };
            refused(word, &text)
        })?;
        seen.content.clone_from(&verified.content);
        let officer = self.signers(config, seen.operation, &verified, seen)?;
        if signing.same_officer && officer != caller.name {
            return Err(refused(
                "signature_other_officer",
                "another officer than the caller has signed",
            ));
        }
        let now = self.clock.now();
        let mut desk = lock(&self.desk);
        let open = desk
            .open
            .iter_mut()
            .rev()
            .find(|open| open.operation == seen.operation && open.data == verified.content)
            .ok_or_else(|| refused("signature_content", "this was never handed out to be signed"))?;
        match open.life {
            Life::Used if signing.single_use => return Err(refused("signature_used", "it was used before")),
            Life::Superseded => {
                return Err(refused(
                    "signature_superseded",
                    "a newer request has taken its place",
                ));
            }
            _ => (),
        }
        if open.expires_at <= now {
            return Err(refused("signature_expired", "it comes too late"));
        }
        if signing.compare_fields && open.said != *said {
            return Err(refused(
                "signature_fields",
                "the fields are not those that were signed",
            ));
        }
        open.life = Life::Used;
        Ok(officer)
    }

    /// Every signer must be an officer with the role, whose certificate is good now. Gives the name of the first.
    fn signers(
        &self,
        config: &CmConfig,
        operation: CmOperation,
        verified: &cms::Verified,
        seen: &mut SeenSignature,
    ) -> Result<String, Refusal> {
        let ca = self.ca()?;
        for signer in &verified.signers {
            let wrong = match config.signing.signed_attributes {
                SignedAttributes::Either => false,
                SignedAttributes::Required => !signer.signed_attributes,
                SignedAttributes::Forbidden => signer.signed_attributes,
            };
            if wrong {
                return Err(refused(
                    "signature_attributes",
                    "signed attributes are missing, or not wanted",
                ));
            }
            ca.verify(&signer.certificate, self.now())
                .map_err(|error| refused("signature_signer", &error.to_string()))?;
            let officer = self
                .officers
                .whose(config, &signer.certificate)
                .ok_or_else(|| refused("signature_not_officer", "the signer is no officer"))?;
            seen.officer.get_or_insert_with(|| officer.name.clone());
            if let Some(role) = config.role(operation)
                && !officer.roles.iter().any(|own| own == role)
            {
                return Err(missing_role(role));
            }
        }
        Ok(seen.officer.clone().unwrap_or_default())
    }

    pub(super) fn seen_signatures(&self) -> Vec<SeenSignature> {
        lock(&self.desk).seen.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_is_told_from_what_only_looks_like_it() {
        let said = vec![("name".to_owned(), vec![1; 300])];
        let good = encode(CmOperation::Issue, &said, &[7; 32]);
        assert!(is_der(&good, 8));
        assert!(good.windows(4).any(|bytes| bytes == b"\n\r\n\0"));
        // A length in more digits than it needs, an indefinite one, and one level too many.
        assert!(!is_der(&[0x30, 0x81, 0x02, 0x05, 0x00], 8));
        assert!(!is_der(&[0x30, 0x80, 0x05, 0x00, 0x00, 0x00], 8));
        assert!(!is_der(&good, 0));
        assert!(!is_der(&good[..good.len() - 1], 8));
    }

    #[test]
    fn what_is_said_is_in_what_is_signed() {
        let said = |value: &[u8]| vec![("pkcs10".to_owned(), value.to_vec())];
        let data = encode(CmOperation::Issue, &said(b"a"), b"n");
        assert_ne!(data, encode(CmOperation::Issue, &said(b"b"), b"n"));
        assert_ne!(data, encode(CmOperation::Revoke, &said(b"a"), b"n"));
        assert_ne!(data, encode(CmOperation::Issue, &said(b"a"), b"m"));
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_they_are_too_large() {
        let mut all = Vec::new();
        (0..=MAX_KEPT).for_each(|number| keep(&mut all, number, |_| 1));
        assert_eq!((all.len(), all[0]), (MAX_KEPT, 1));
        let mut all = Vec::new();
        (0..5).for_each(|number| keep(&mut all, number, |_| MAX_BYTES / 2));
        assert_eq!(all, [3, 4]);
        keep(&mut all, 5, |_| MAX_BYTES + 1);
        assert_eq!(all, [5]);
    }
}
