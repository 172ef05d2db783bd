//! Settings of the Desktop App, the authenticator behind it, and the person in front of it.

use serde::{Deserialize, Serialize};

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
