//! Checks a registration before it is sent.
//!
//! A relying party gives few reasons when it refuses, and each try costs the user another touch of the key. Most of what it will look
//! at can be looked at here first, in its order (W3C Web Authentication, registering a new credential). What cannot be checked here:
//! the attestation's signature and chain, and whether the credential is registered already.

mod error;

use sha2::{Digest, Sha256};
use smartid_core::Lint;
use smartid_core::base64::{Flavour, decode_lenient, encode};

pub use error::PreflightError;

use super::algorithm::CoseAlgorithm;
use super::attestation::AttestationObject;
use super::auth_data::{Aaguid, AuthenticatorData, Flags};
use super::client_data::ClientData;
use super::options::CreationOptions;
use super::options_view::{AttestationPreference, UserVerification};
use super::registration::Registration;
use crate::dialect::Encoding;

/// Which origins are right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginRule {
    /// Exactly `https://<rp.id>`: no other port, no subdomain \[inferred: the default of the server library that Digital Access is
    /// thought to use; vendor page: Set up FIDO2 authentication\].
    #[default]
    RpId,
    /// One of these, compared exactly.
    Listed(Vec<String>),
    /// Any; [`Checked::origin`] reports it.
    Report,
}

/// What the check expects beyond the options.
///
/// ```
/// use smartid_da::dialect::Encoding;
/// use smartid_da::fido::preflight::{OriginRule, Preflight};
///
/// let rules = Preflight::new()
///     .origin(OriginRule::Listed(vec!["https://login.example.test:8443".to_owned()]))
///     .encoding(Encoding::Lenient);
/// # let _ = rules;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preflight {
    /// Which origins are right.
    pub origin: OriginRule,
    /// The relying party id where the options leave it out.
    pub rp_id: Option<String>,
    /// Whether binary members may be written in another way than base64url without padding, and `rawId` may be absent.
    pub encoding: Encoding,
}

impl Preflight {
    /// Strict, with the origin `https://<rp.id>`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets which origins are right.
    #[must_use]
    pub fn origin(mut self, rule: OriginRule) -> Self {
        self.origin = rule;
        self
    }

    /// Sets the relying party id to check against where the options leave it out.
    #[must_use]
    pub fn rp_id(mut self, rp_id: impl Into<String>) -> Self {
        self.rp_id = Some(rp_id.into());
        self
    }

    /// Sets how strictly binary members are read.
    #[must_use]
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }
}

/// A registration that passed, and what it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// The credential id.
    pub credential_id: Vec<u8>,
    /// The algorithm of its key.
    pub algorithm: CoseAlgorithm,
    /// The make and model of the authenticator.
    pub aaguid: Aaguid,
    /// The attestation format, such as `none` or `packed`.
    pub format: String,
    /// The signature counter.
    pub sign_count: u32,
    /// What the authenticator attests by bits.
    pub flags: Flags,
    /// Whether the user was verified, by PIN or biometrics.
    pub user_verified: bool,
    /// The origin that the authenticator's side named.
    pub origin: String,
    /// What was odd but let pass, of the registration and of what is in it.
    pub lints: Vec<Lint>,
}

/// Checks `registration` against the `options` that it answers.
///
/// # Errors
/// [`PreflightError`] with the first thing that is wrong.
pub fn check(
    options: &CreationOptions,
    registration: &Registration,
    rules: &Preflight,
) -> Result<Checked, PreflightError> {
    let mut lints = registration.lints().to_vec();
    let strict = rules.encoding == Encoding::Strict;
    envelope(registration, strict)?;

    let client_data = ClientData::parse(registration.client_data_json())?;
    lints.extend(client_data.lints.iter().cloned());
    if client_data.kind != "webauthn.create" {
        return Err(PreflightError::Type(shown(&client_data.kind)));
    }
    challenge(options, &client_data, strict, &mut lints)?;
    let rp_id = options.view().rp_id.as_deref().or(rules.rp_id.as_deref());
    origin(&client_data, rp_id, &rules.origin, &mut lints)?;

    let object = AttestationObject::parse(registration.attestation_object())?;
    let (rp_id_hash, flags, sign_count) = AuthenticatorData::head(&object.auth_data)?;
    match rp_id {
        Some(rp_id) if Sha256::digest(rp_id.as_bytes()).as_slice() != rp_id_hash => {
            return Err(PreflightError::RpId(rp_id.to_owned()));
        }
        Some(_) => {}
        None => lints.push(Lint::new(
            "authData/rpIdHash",
            "not checked: the options have no rp.id and none is configured",
        )),
    }
    check_flags(options, flags)?;
    let data = AuthenticatorData::parse(&object.auth_data)?;
    let attested = data.attested.ok_or(PreflightError::AttestedDataMissing)?;
    if attested.credential_id != registration.id() {
        return Err(PreflightError::Id("id and the authenticator data"));
    }
    let algorithm = attested.key.algorithm;
    if !options.view().algorithms.contains(&algorithm) {
        return Err(PreflightError::Algorithm(algorithm));
    }
    copies(registration, &object, algorithm, &mut lints);
    statement(options, &object, &mut lints);
    Ok(Checked {
        credential_id: attested.credential_id,
        algorithm,
        aaguid: attested.aaguid,
        format: object.format,
        sign_count,
        flags,
        user_verified: flags.user_verified(),
        origin: client_data.origin,
        lints,
    })
}

/// What the JSON around the signed parts says.
fn envelope(registration: &Registration, strict: bool) -> Result<(), PreflightError> {
    if registration.kind() != "public-key" {
        return Err(PreflightError::CredentialType(shown(registration.kind())));
    }
    if strict {
        if let Some(at) = registration.irregular_encoding() {
            return Err(PreflightError::Encoding(at));
        }
        if !registration.has_raw_id() {
            return Err(PreflightError::MissingMember("rawId"));
        }
    }
    if registration.id() != registration.raw_id() {
        return Err(PreflightError::Id("id and rawId"));
    }
    Ok(())
}

/// The challenge is compared as bytes; its text must be the one that a browser writes.
fn challenge(
    options: &CreationOptions,
    client_data: &ClientData,
    strict: bool,
    lints: &mut Vec<Lint>,
) -> Result<(), PreflightError> {
    let issued = &options.view().challenge;
    if client_data.challenge == encode(Flavour::Url, issued) {
        return Ok(());
    }
    match decode_lenient(Flavour::Url, &client_data.challenge) {
        Ok((bytes, _)) if bytes == *issued && strict => {
            Err(PreflightError::Encoding("clientDataJSON/challenge"))
        }
        Ok((bytes, _)) if bytes == *issued => {
            lints.push(Lint::new(
                "clientDataJSON/challenge",
                "not base64url without padding, which some servers refuse",
            ));
            Ok(())
        }
        _ => Err(PreflightError::Challenge),
    }
}

fn origin(
    client_data: &ClientData,
    rp_id: Option<&str>,
    rule: &OriginRule,
    lints: &mut Vec<Lint>,
) -> Result<(), PreflightError> {
    let found = &client_data.origin;
    let refused = |expected: String| {
        Err(PreflightError::Origin {
            found: shown(found),
            expected,
        })
    };
    match (rule, rp_id) {
        (OriginRule::RpId, Some(rp_id)) => {
            let expected = format!("https://{rp_id}");
            if *found != expected {
                return refused(expected);
            }
        }
        (OriginRule::RpId, None) => lints.push(Lint::new(
            "clientDataJSON/origin",
            "not checked: the options have no rp.id and none is configured",
        )),
        (OriginRule::Listed(origins), _) => {
            if !origins.contains(found) {
                return refused(match origins.as_slice() {
                    [] => String::from("one of preflight.origins, which lists none"),
                    some => format!("one of {}", some.join(", ")),
                });
            }
        }
        (OriginRule::Report, _) => {}
    }
    if client_data.cross_origin == Some(true) {
        lints.push(Lint::new(
            "clientDataJSON/crossOrigin",
            "the ceremony ran inside another site, which some servers refuse",
        ));
    }
    Ok(())
}

fn check_flags(options: &CreationOptions, flags: Flags) -> Result<(), PreflightError> {
    if !flags.user_present() {
        return Err(PreflightError::UserPresenceMissing);
    }
    if options.view().user_verification == UserVerification::Required && !flags.user_verified() {
        return Err(PreflightError::UserVerificationMissing);
    }
    if flags.backed_up() && !flags.backup_eligible() {
        return Err(PreflightError::BackupFlags);
    }
    if !flags.attested_data() {
        return Err(PreflightError::AttestedDataMissing);
    }
    Ok(())
}

/// The Level 3 form repeats parts of the attestation object; only the attestation object counts.
fn copies(
    registration: &Registration,
    object: &AttestationObject,
    algorithm: CoseAlgorithm,
    lints: &mut Vec<Lint>,
) {
    if registration
        .authenticator_data()
        .is_some_and(|copy| copy != object.auth_data)
    {
        lints.push(Lint::new(
            "/response/authenticatorData",
            "is not the authenticator data of the attestation object",
        ));
    }
    if registration
        .public_key_algorithm()
        .is_some_and(|copy| copy != algorithm)
    {
        lints.push(Lint::new(
            "/response/publicKeyAlgorithm",
            "is not the algorithm of the key in the attestation object",
        ));
    }
}

/// What can be said about the attestation without verifying it.
fn statement(options: &CreationOptions, object: &AttestationObject, lints: &mut Vec<Lint>) {
    let empty = matches!(object.statement.as_slice(), [0xa0] | [0xbf, 0xff]);
    if object.format == "none" && !empty {
        lints.push(Lint::new(
            "attestationObject/attStmt",
            "is not empty although the format is none",
        ));
    }
    let wanted = &options.view().attestation;
    if object.format == "none"
        && matches!(
            wanted,
            AttestationPreference::Direct | AttestationPreference::Enterprise
        )
    {
        lints.push(Lint::new(
            "attestationObject/fmt",
            format!("is none although the options ask for {wanted} attestation"),
        ));
    }
}

/// A text from outside, as an error shows it.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}
