//! Settings of the Desktop App, the authenticator behind it, and the person in front of it.

use serde::{Deserialize, Serialize};

use super::{HiddenText, KeyAbilities};
use crate::Persona;

/// The simulated Desktop App.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DesktopConfig {
    /// The person.
    pub persona: Persona,
    /// Where declining and cancelling personas do so.
    pub stage: DesktopStage,
    /// How long the slow persona thinks, in seconds of the simulator's clock.
    pub slow_seconds: u64,
    /// Algorithms that the authenticator can make, as COSE numbers; the first one in the options' order that is here is taken.
    pub algorithms: Vec<i64>,
    /// Attestation statement that the authenticator makes.
    pub attestation: AttestationChoice,
    /// Origin in the client data; left out, `https://<rp.id>` (protocol notes: digital-access 1.5, origin rule, I).
    pub origin: Option<String>,
    /// Flag UP, user present.
    pub user_present: bool,
    /// Flag UV, user verified.
    pub user_verified: bool,
    /// Flag BE, the credential may be backed up.
    pub backup_eligible: bool,
    /// Flag BS, the credential is backed up.
    pub backup_state: bool,
    /// Count signatures; off leaves the counter at 0, as synchronised passkeys do.
    pub counts: bool,
    /// `authenticatorAttachment` of the answer; empty leaves it out.
    pub attachment: String,
    /// `transports` of the answer.
    pub transports: Vec<String>,
    /// Add the Level 3 members `authenticatorData`, `publicKey` and `publicKeyAlgorithm` to `response`. A strict server refuses
    /// some of them (digital-access 1.4).
    pub level3_members: bool,
    /// Add `crossOrigin: false` to the client data.
    pub cross_origin_member: bool,
    /// How often the app tries again when the message server cuts the connection.
    pub reconnects: u32,
    /// Which app it is: the parameters of PIN reset differ (hermod 3.6, D).
    pub version: DesktopVersion,
    /// What a version does with parameters that it does not have (hermod 3.6, U).
    pub surplus_parameters: SurplusParameters,
    /// Which keys the app can make, and where (hermod 3.1: the stores exist, D; their names U).
    pub keys: KeyAbilities,
    /// Stores of `keys.storages` that make a virtual smart card, with the profile's id as its `smartcardid` (hermod 3.3, 3.6, I).
    pub card_storages: Vec<String>,
    /// Admin key of virtual smart cards that provisioning makes: 48 lower-case hex digits. The default is the customary test value of
    /// virtual smart cards (U for this product).
    pub default_admin_key: HiddenText,
    /// How often a wrong PIN may be given before the card is blocked (U).
    pub pin_tries: u32,
    /// How often a wrong proof of the admin key may be given before the card is blocked for good (U).
    pub admin_tries: u32,
    /// How `nonce` and `encryptednonce` are written (hermod 3.6: hex by analogy with `newadminkey`, I).
    pub nonce_encoding: NonceEncoding,
    /// Offer `transportedkey` in the answer to startpinreset (hermod 3.6: version 1.12.1 does, D; other versions never do).
    pub offer_transported_key: bool,
    /// How `transportedkey` is written (hermod 3.6, U).
    pub transported_key_encoding: TransportedKeyEncoding,
    /// In which form `newadminkey` is expected (hermod 3.6: clear D; with `transportedkey` U).
    pub admin_key_transport: AdminKeyTransport,
    /// `deviceinfo.operatingsystem` of a ping (hermod 3.10, I); empty leaves `deviceinfo` out.
    pub operating_system: String,
}

/// Versions of the Desktop App whose parameters differ (hermod 3.6 and 10, D).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DesktopVersion {
    /// 1.1: PIN reset by `smartcardid` alone; signatures as PKCS #7 and JWS.
    #[serde(rename = "1.1")]
    V1_1,
    /// 1.12.1: `profileid`, `driver`, `operation`, `transportedkey`; XML signatures and raw RSA.
    #[serde(rename = "1.12.1")]
    V1_12_1,
    /// 2.0 and later: `smartcardid` and `profileid`; FIDO from 2.4 on.
    #[default]
    #[serde(rename = "2.0")]
    V2_0,
}

/// What an app does with parameters of other versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SurplusParameters {
    /// Does as if they were not there.
    #[default]
    Ignore,
    /// Answers `FAILED` with the code `UNKNOWN_PARAMETER`.
    Refuse,
}

/// How eight bytes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NonceEncoding {
    /// Lower-case hex digits; read in either case.
    #[default]
    Hex,
    /// Base64 with padding.
    Base64,
}

/// How a public key is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TransportedKeyEncoding {
    /// Base64 of the DER `SubjectPublicKeyInfo`.
    #[default]
    Spki,
    /// A JWK, as an object.
    Jwk,
}

/// How a new admin key travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AdminKeyTransport {
    /// 48 lower-case hex digits (hermod 3.6, D).
    #[default]
    Clear,
    /// Hex or base64 of a ciphertext for the transported key: RSAES-OAEP with SHA-256 over the 24 bytes, or over their hex digits.
    RsaOaep,
    /// The same with RSAES-PKCS1-v1_5.
    RsaPkcs1,
}

impl Default for DesktopConfig {
    fn default() -> Self {
        Self {
            persona: Persona::Approves,
            stage: DesktopStage::Create,
            slow_seconds: 20,
            algorithms: vec![-7, -8, -35, -36, -257, -258, -259],
            attestation: AttestationChoice::Auto,
            origin: None,
            user_present: true,
            user_verified: true,
            backup_eligible: false,
            backup_state: false,
            counts: true,
            attachment: "cross-platform".into(),
            transports: vec!["usb".into()],
            level3_members: false,
            cross_origin_member: true,
            reconnects: 3,
            version: DesktopVersion::V2_0,
            surplus_parameters: SurplusParameters::Ignore,
            keys: KeyAbilities::new(
                &["RSA-2048", "RSA-3072", "RSA-4096", "EC-256", "EC-384", "EC-521"],
                &["VSC", "WINDOWS", "TOKEN", "APP"],
            ),
            card_storages: vec!["VSC".into(), "TOKEN".into()],
            default_admin_key: "010203040506070801020304050607080102030405060708".into(),
            pin_tries: 3,
            admin_tries: 5,
            nonce_encoding: NonceEncoding::Hex,
            offer_transported_key: true,
            transported_key_encoding: TransportedKeyEncoding::Spki,
            admin_key_transport: AdminKeyTransport::Clear,
            operating_system: "Windows 11".into(),
        }
    }
}

/// Which message a declining, cancelling or slow person reacts to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DesktopStage {
    /// Already the session message.
    Session,
    /// The message that asks for the credential.
    #[default]
    Create,
}

/// Attestation statement formats (protocol notes: digital-access 1.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AttestationChoice {
    /// `packed` with the credential's own key when the options ask for `direct`, `indirect` or `enterprise`, else `none`.
    #[default]
    Auto,
    /// `none`, whatever was asked.
    None,
    /// `packed`, signed with the credential's own key.
    Packed,
    /// `packed` with a certificate.
    PackedX5c,
    /// `fido-u2f`; only ES256.
    FidoU2f,
}
