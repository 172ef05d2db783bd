//! Attestation statements: read for information, and checked as the relying party would.
//!
//! Before a registration is sent, its sender may want to know which model made it and whether the relying party will refuse the
//! statement. The rules are those of W3C Web Authentication section 8, each format in a file of its own. Digital Access takes
//! statements that lead to no anchor, and formats that it does not know, but no wrong signature in a format that it knows \[inferred;
//! vendor page: Set up FIDO2 authentication\].

mod android_key;
mod apple;
mod ceremony;
mod certificate;
mod der;
mod fido_u2f;
mod format;
mod key;
mod packed;
mod reason;
mod statement;
mod tpm;
mod tpm_structures;

use std::cell::Cell;
use std::fmt;

use sha2::{Digest, Sha256};
use smartid_trust::Certificate;

pub use self::format::{AttestationFormat, AttestationKind};
pub use self::reason::{AttestationVerdict, AttestationWrong, SignatureCheck, StatementNotChecked};

use self::ceremony::Ceremony;
use self::reason::Stop;
use self::statement::Statement;
use super::attestation::{AttestationError, AttestationObject};
use super::{Aaguid, AuthenticatorData, CoseAlgorithm, Registration};

/// An entry of `x5c`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainEntry {
    /// A certificate.
    Certificate(Certificate),
    /// Octets that are not one, as they came.
    Unreadable(Vec<u8>),
    /// Not even a byte string.
    NotBytes,
}

/// The attestation of one registration.
///
/// ```
/// use smartid_da::fido::{Attestation, AttestationKind, AttestationVerdict, AttestationWrong, Registration};
///
/// # fn hex(text: &str) -> Vec<u8> {
/// #     text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
/// # }
/// use smartid_core::base64::{Flavour, encode};
///
/// // Format none, and still a member in the statement.
/// let id = "c0ffee";
/// let key = format!("a4010103272006215820{}", "07".repeat(32));
/// let auth_data = format!("{}4500000000{}0003{id}{key}", "00".repeat(32), "00".repeat(16));
/// let length = auth_data.len() / 2;
/// let object = hex(&format!("a363666d74646e6f6e656761747453746d74a16373696740686175746844617461{:04x}{auth_data}", 0x5800 + length));
/// let id = encode(Flavour::Url, &hex(id));
/// let registration = Registration::parse(&format!(
///     r#"{{"id":"{id}","rawId":"{id}","type":"public-key","response":{{"clientDataJSON":"{}","attestationObject":"{}"}}}}"#,
///     encode(Flavour::Url, b"{}"),
///     encode(Flavour::Url, &object),
/// ))?;
///
/// let attestation = Attestation::of(&registration)?;
/// assert_eq!(attestation.kind(), AttestationKind::None);
/// assert!(attestation.aaguid().is_zero());
/// assert_eq!(attestation.verdict(), AttestationVerdict::Wrong(AttestationWrong::NotEmpty));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Attestation {
    format: AttestationFormat,
    kind: AttestationKind,
    aaguid: Aaguid,
    key_algorithm: CoseAlgorithm,
    statement_algorithm: Option<CoseAlgorithm>,
    statement: Vec<u8>,
    x5c: Option<Vec<ChainEntry>>,
    signature: SignatureCheck,
    verdict: AttestationVerdict,
}

impl Attestation {
    /// Reads the attestation of a registration and checks it by the rules of its format.
    ///
    /// # Errors
    /// [`AttestationError`] when there is no attestation object with a credential to speak of. What is wrong with the statement is
    /// no error but the [`verdict`](Self::verdict).
    pub fn of(registration: &Registration) -> Result<Self, AttestationError> {
        let object = AttestationObject::with_any_statement(registration.attestation_object())?;
        let data = AuthenticatorData::parse(&object.auth_data)?;
        let credential = data
            .attested
            .as_ref()
            .ok_or(AttestationError::AuthData("it has no credential"))?;
        let format = AttestationFormat::new(object.format);
        let statement = Statement::read(&object.statement)?;
        let signature = Cell::new(SignatureCheck::NotChecked);
        let ceremony = |statement| Ceremony {
            statement,
            outcome: &signature,
            auth_data: &object.auth_data,
            rp_id_hash: data.rp_id_hash,
            credential,
            client_data_hash: Sha256::digest(registration.client_data_json()).into(),
        };
        let verdict = match check(&format, statement.as_ref().map(ceremony)) {
            Ok(()) => AttestationVerdict::Verified,
            Err(Stop::Wrong(why)) => AttestationVerdict::Wrong(why),
            Err(Stop::NotChecked(why)) => AttestationVerdict::NotChecked(why),
        };
        Ok(Self {
            kind: kind(&format, statement.as_ref()),
            format,
            aaguid: credential.aaguid,
            key_algorithm: credential.key.algorithm,
            statement_algorithm: statement
                .as_ref()
                .and_then(|statement| statement.algorithm().ok()),
            x5c: statement.as_ref().and_then(entries),
            statement: object.statement,
            signature: signature.get(),
            verdict,
        })
    }

    /// `fmt`: the format of the statement.
    #[must_use]
    pub fn format(&self) -> &AttestationFormat {
        &self.format
    }

    /// What the statement claims by its form.
    #[must_use]
    pub fn kind(&self) -> AttestationKind {
        self.kind
    }

    /// The make and model, which metadata services list names by. Unless the verdict is
    /// [`Verified`](AttestationVerdict::Verified), and not even then for self attestation, nobody vouches for it.
    #[must_use]
    pub fn aaguid(&self) -> Aaguid {
        self.aaguid
    }

    /// The algorithm of the credential key.
    #[must_use]
    pub fn key_algorithm(&self) -> CoseAlgorithm {
        self.key_algorithm
    }

    /// `alg` of the statement, when it is there and a number.
    #[must_use]
    pub fn statement_algorithm(&self) -> Option<CoseAlgorithm> {
        self.statement_algorithm
    }

    /// `attStmt`: the statement as CBOR, byte for byte.
    #[must_use]
    pub fn statement(&self) -> &[u8] {
        &self.statement
    }

    /// `x5c`: the certificate that signed, then its issuers; the first 17 entries at most. `None` when there is no such array. That
    /// they lead to an anchor is not checked.
    #[must_use]
    pub fn certificates(&self) -> Option<&[ChainEntry]> {
        self.x5c.as_deref()
    }

    /// Whether the signature is one of the key over what it should be over.
    #[must_use]
    pub fn signature(&self) -> SignatureCheck {
        self.signature
    }

    /// What a relying party that checks by the W3C text would say.
    #[must_use]
    pub fn verdict(&self) -> AttestationVerdict {
        self.verdict
    }
}

impl fmt::Debug for Attestation {
    /// The statement and the certificates are only counted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attestation")
            .field("format", &self.format)
            .field("kind", &self.kind)
            .field("aaguid", &self.aaguid)
            .field("certificates", &self.x5c.as_ref().map(Vec::len))
            .field("signature", &self.signature)
            .field("verdict", &self.verdict)
            .finish_non_exhaustive()
    }
}

/// Without a ceremony the statement is no map.
fn check(format: &AttestationFormat, ceremony: Option<Ceremony<'_>>) -> Result<(), Stop> {
    use AttestationFormat as F;
    let rules = match format {
        F::None => none,
        F::Packed => packed::check,
        F::FidoU2f => fido_u2f::check,
        F::Tpm => tpm::check,
        F::Apple => apple::check,
        F::AndroidKey => android_key::check,
        F::AndroidSafetyNet | F::Compound | F::Other(_) => return Err(StatementNotChecked::Format.into()),
    };
    let ceremony = ceremony.ok_or(AttestationWrong::Type("attStmt"))?;
    if *format != F::None {
        ceremony.statement.within_caps()?;
    }
    rules(&ceremony)
}

/// Format `none`: an empty map (section 8.7).
fn none(ceremony: &Ceremony<'_>) -> Result<(), Stop> {
    if ceremony.statement.is_empty() {
        return Ok(());
    }
    Err(AttestationWrong::NotEmpty.into())
}

fn kind(format: &AttestationFormat, statement: Option<&Statement>) -> AttestationKind {
    use AttestationFormat as F;
    use AttestationKind as K;
    match (format, statement) {
        (F::None, _) => K::None,
        (_, None) | (F::Compound | F::Other(_), _) => K::Unknown,
        (F::Packed, Some(statement)) if statement.has("x5c") => K::Basic,
        (F::Packed, Some(statement)) if statement.has("ecdaaKeyId") => K::Ecdaa,
        (F::Packed, _) => K::SelfAttestation,
        (F::FidoU2f | F::AndroidKey | F::AndroidSafetyNet, _) => K::Basic,
        (F::Tpm, _) => K::AttestationCa,
        (F::Apple, _) => K::AnonymizationCa,
    }
}

fn entries(statement: &Statement) -> Option<Vec<ChainEntry>> {
    let entries = statement.entries()?.iter().map(|entry| match entry {
        None => ChainEntry::NotBytes,
        Some(octets) => Certificate::from_der(octets.clone()).map_or_else(
            |_| ChainEntry::Unreadable(octets.clone()),
            ChainEntry::Certificate,
        ),
    });
    Some(entries.collect())
}
