//! Checks a registration before it is sent.
//!
//! A relying party gives few reasons when it refuses, and each try costs the user another touch of the key. Most of what it will look
//! at can be looked at here first, in its order (W3C Web Authentication, registering a new credential). What cannot be checked here:
//! whether somebody trusts the attestation's certificates, and whether the credential is registered already for another user.

mod error;
mod rules;

use sha2::{Digest, Sha256};
use smartid_core::Lint;
use smartid_core::base64::{Flavour, decode_lenient, encode};

pub use error::PreflightError;
pub use rules::{OriginRule, Preflight, StatementRule};

use super::algorithm::CoseAlgorithm;
use super::attestation::AttestationObject;
use super::auth_data::{Aaguid, AuthenticatorData, Flags};
use super::client_data::ClientData;
use super::options::CreationOptions;
use super::options_view::{AttestationPreference, UserVerification};
use super::registration::Registration;
use super::report::{Report, of_attestation};
use super::{Attestation, AttestationFormat, AttestationVerdict};
use crate::dialect::Encoding;

/// A registration that passed, and what it tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// The credential id.
    pub credential_id: Vec<u8>,
    /// The algorithm of its key.
    pub algorithm: CoseAlgorithm,
    /// The make and model of the authenticator.
    pub aaguid: Aaguid,
    /// The attestation format, such as `none` or `packed`, as the authenticator's side wrote it.
    pub format: String,
    /// The attestation: format, kind, certificates, signature and verdict.
    pub attestation: Attestation,
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

impl Checked {
    /// What was odd but let pass.
    #[must_use]
    pub fn report(&self) -> Report {
        Report::from(self.lints.clone())
    }
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

    // A format that is not taken is named, even where its statement is none that can be read.
    let any = AttestationObject::with_any_statement(registration.attestation_object())?;
    let object = match rules.taken(AttestationFormat::new(any.format)) {
        Ok(()) => AttestationObject::parse(registration.attestation_object())?,
        Err(format) => return Err(PreflightError::Format(format)),
    };
    let (rp_id_hash, flags, sign_count) = AuthenticatorData::head(&object.auth_data)?;
    match rp_id {
        Some(rp_id) if Sha256::digest(rp_id.as_bytes()).as_slice() != rp_id_hash => {
            return Err(PreflightError::RpId(rp_id.to_owned()));
        }
        Some(_) => {}
        None => lints.push(
            Lint::new(
                "authData/rpIdHash",
                "not checked: the options have no rp.id and none is configured",
            )
            .code("not-checked"),
        ),
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
    wanted(options, &object, &mut lints);
    let attestation = statement(registration, rules, &mut lints)?;
    if let Some(first) = options.excluded_at(&attested.credential_id).first() {
        return Err(PreflightError::Excluded(*first));
    }
    Ok(Checked {
        credential_id: attested.credential_id,
        algorithm,
        aaguid: attested.aaguid,
        format: object.format,
        attestation,
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
            lints.push(
                Lint::new(
                    "clientDataJSON/challenge",
                    "not base64url without padding, which some servers refuse",
                )
                .code("padding"),
            );
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
        (OriginRule::RpId, None) => lints.push(
            Lint::new(
                "clientDataJSON/origin",
                "not checked: the options have no rp.id and none is configured",
            )
            .code("not-checked"),
        ),
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
        lints.push(
            Lint::new(
                "clientDataJSON/crossOrigin",
                "the ceremony ran inside another site, which some servers refuse",
            )
            .code("cross-origin"),
        );
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
        lints.push(
            Lint::new(
                "/response/authenticatorData",
                "is not the authenticator data of the attestation object",
            )
            .code("copy-differs"),
        );
    }
    if registration
        .public_key_algorithm()
        .is_some_and(|copy| copy != algorithm)
    {
        lints.push(
            Lint::new(
                "/response/publicKeyAlgorithm",
                "is not the algorithm of the key in the attestation object",
            )
            .code("copy-differs"),
        );
    }
}

/// Whether the attestation is what the options ask for.
fn wanted(options: &CreationOptions, object: &AttestationObject, lints: &mut Vec<Lint>) {
    let wanted = &options.view().attestation;
    if object.format == "none"
        && matches!(
            wanted,
            AttestationPreference::Direct | AttestationPreference::Enterprise
        )
    {
        let what = format!("is none although the options ask for {wanted} attestation");
        lints.push(Lint::new("attestationObject/fmt", what).code("attestation-missing"));
    }
}

/// The statement, as far as the rules want it right.
fn statement(
    registration: &Registration,
    rules: &Preflight,
    lints: &mut Vec<Lint>,
) -> Result<Attestation, PreflightError> {
    let attestation = Attestation::of(registration)?;
    let format = attestation.format();
    if rules
        .formats
        .as_ref()
        .is_some_and(|taken| !taken.contains(format))
    {
        return Err(PreflightError::Format(format.clone()));
    }
    let known = matches!(
        format,
        AttestationFormat::None | AttestationFormat::Packed | AttestationFormat::FidoU2f
    );
    match (attestation.verdict(), rules.attestation) {
        (AttestationVerdict::Wrong(why), StatementRule::Strict) => {
            return Err(PreflightError::Statement(why));
        }
        (AttestationVerdict::Wrong(why), StatementRule::Known) if known => {
            return Err(PreflightError::Statement(why));
        }
        (AttestationVerdict::NotChecked(why), StatementRule::Strict) => {
            return Err(PreflightError::StatementNotChecked(why));
        }
        _ => lints.extend(of_attestation(&attestation)),
    }
    Ok(attestation)
}

/// A text from outside, as an error shows it.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}
