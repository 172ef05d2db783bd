//! The golden provision commands, as a caller makes them.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use smartid_core::json::Pointer;
use smartid_hermod::commands::provision::{
    CardProtection, KeyRequest, KeyTypePriority, Provision, SignatureKey, TextColor, Usage, VisualData,
};
use smartid_hermod::{CommandHeader, HermodDialect};
use smartid_trust::Curve;
use smartid_trust::request::RequestTemplate;

/// How many requests are made or refused.
pub const MADE: usize = 39;

const USER: &str = "user-1@example.com";
const PROFILE: &str = "70a1c6de-0000-4000-8000-0000000000d1";
const CONTENT: &str = "PROV:0b1d9c52-0000-4000-8000-0000000000f1";

/// A command, and the dialect that sends it in the form of its fixture.
pub struct Made {
    pub command: Provision,
    pub dialect: HermodDialect,
}

/// A fixture of smartid-trust.
pub fn trust(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../smartid-trust/tests/fixtures")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn template() -> RequestTemplate {
    RequestTemplate::passthrough(trust("request/template-openssl.der"))
}

fn header(lifespan: u64, timeout: u64) -> Result<CommandHeader, String> {
    let header = CommandHeader::new(Duration::from_secs(lifespan), Duration::from_secs(timeout));
    header.map_err(|error| error.to_string())
}

fn own() -> CommandHeader {
    header(300, 250).unwrap().external_id("golden-provision-0001")
}

fn rsa(bits: u32) -> KeyTypePriority {
    KeyTypePriority::rsa(bits)
}

fn raw(id: &str) -> KeyRequest {
    KeyRequest::new(id, Usage::Signature, [rsa(2048)])
}

fn signer() -> KeyRequest {
    raw("signer").template(template())
}

fn three_keys() -> [KeyRequest; 3] {
    [
        ("sig1", Usage::Signature),
        ("auth1", Usage::Authentication),
        ("devenc1", Usage::Encryption),
    ]
    .map(|(id, usage)| KeyRequest::new(id, usage, [rsa(2048)]).template(template()))
}

/// A new profile without keys.
fn new() -> Provision {
    Provision::new_profile(own(), USER, "Example Smart ID", "TestProfile").nonce("83012264")
}

fn update(to: &str) -> Provision {
    Provision::update(own().to([to]), USER, PROFILE).nonce("83012264")
}

fn published(lifespan: u64, user: &str, server: &str) -> Provision {
    let header = header(lifespan, lifespan).unwrap();
    Provision::new_profile(header, user, server, "TestProfile").nonce("123456789")
}

/// The sides of the golden card, as a caller has them.
fn card(name: &str, side: &str) -> String {
    let request: Value = serde_json::from_slice(&super::golden(&format!("provision/{name}"))).unwrap();
    let card = &request["provCommand"]["profile"]["visualData"]["profileCard"];
    card[side]["data"].as_str().unwrap().to_owned()
}

fn picture(name: &str, side: &str) -> Vec<u8> {
    smartid_core::base64::decode(smartid_core::base64::Flavour::Standard, &card(name, side)).unwrap()
}

fn front(color: impl Into<TextColor>) -> VisualData {
    VisualData::inline(&picture("request_visual_inline.json", "front"), color)
}

fn both_sides() -> VisualData {
    front(TextColor::White).back_jws(card("request_visual_inline.json", "back"), TextColor::White)
}

fn legacy(protection: impl Into<CardProtection>) -> VisualData {
    let side = |side| picture("request_visual_legacy.json", side);
    VisualData::legacy(&side("front"), &side("back"), protection, TextColor::White)
}

fn with_member(mut command: Provision, at: &[&str], json: &str) -> Provision {
    command.members.set(Pointer::of(at.iter().copied()), json);
    command
}

/// The command of a golden request, or why it cannot be made.
pub fn command(name: &str) -> Result<Made, String> {
    let mut dialect = "";
    let command = match name {
        "request_published.json" => published(1500, USER, "example-hermod1").key(signer()),
        "request_published_external_id.json" => {
            let mut command = published(300, "userA", "example-cod1").key(signer());
            command.header = command.header.external_id("my-id");
            command
        }
        "request_published_quirk_template.json" => published(1500, USER, "example-hermod1")
            .key(raw("signer").template_der(trust("request/quirk-template.der"))),
        "request_minimal.json" => {
            let header = header(300, 250)?;
            let mut command = Provision::new_profile(header, USER, "Example Smart ID", "TestProfile");
            assert!(command.request_error().contains("nonce"));
            command = command.danger_without_nonce();
            (command.signature_key, command.response_format) = (None, None);
            command
        }
        "request_new_one_key.json" => new().key(signer()),
        "request_new_to_tmp.json" => {
            let mut command = new().key(signer());
            command.header = command.header.to(["@tmp"]);
            command
        }
        "request_every_member.json" => {
            let mut command = new().visual(both_sides().content_id(CONTENT));
            command.header = command.header.to([USER]);
            command.profile.profile_id = Some(PROFILE.into());
            let [mut sig, auth, enc] = three_keys();
            sig.priorities = vec![KeyTypePriority::ec(Curve::P256), rsa(3072), rsa(2048)];
            command.key(sig).key(auth).key(enc)
        }
        "request_update_keys.json" => update(USER).key(signer()),
        "request_update_box.json" => update("3c0e7a52-0000-4000-8000-0000000000a2").key(signer()),
        "request_update_names_empty.json" => {
            let mut command = update(USER).key(signer());
            command.profile.server_name = Some(String::new());
            command.profile.name = Some(String::new());
            command
        }
        "request_update_profile_outside.json" => {
            dialect = "provision.request = [{ move = '/provCommand/profile/profileid', to = '/provCommand/profileid' }]";
            update(USER).key(signer())
        }
        "request_update_visual_only.json" => update(USER).visual(VisualData::content(CONTENT)),
        "request_raw_key.json" => new().key(raw("raw1")),
        "request_raw_key_ec.json" => {
            let kinds = [KeyTypePriority::ec(Curve::P256)];
            new().key(KeyRequest::new("raw1", Usage::Authentication, kinds))
        }
        "request_raw_and_template.json" => new().key(raw("raw1")).key(signer()),
        "request_three_keys.json" => three_keys().into_iter().fold(new(), Provision::key),
        "request_device_encryption_only.json" => {
            let [_, _, encryption] = three_keys();
            new().key(encryption)
        }
        "request_key_priorities.json" => {
            let mut key = signer();
            key.priorities = vec![
                KeyTypePriority::ec(Curve::P256),
                rsa(4096).mechanism("RS512"),
                rsa(2048),
            ];
            new().key(key)
        }
        "request_storage_priorities.json" => new().key(signer().storage(["TPM", "APP"])),
        "request_storage_vsc.json" => new().key(signer().storage(["VSC"])),
        "request_storage_windows.json" => new().key(signer().storage(["WINDOWS"])),
        "request_key_length_number.json" => {
            // An index is no place that a member can be set at, so the list is set as a whole.
            let mut keys = serde_json::to_value([signer()]).unwrap();
            keys[0]["keytypeprios"][0]["keylength"] = 2048.into();
            with_member(
                new().key(signer()),
                &["profile", "keygenrequests"],
                &keys.to_string(),
            )
        }
        "request_other_signature_key.json" => {
            let mut command = new().key(signer()).signature_key("signer");
            command.profile.profile_id = Some(PROFILE.into());
            command
        }
        "request_named_attestation.json" => new().key(signer()).signature_key("EXAMPLE_ATTESTATION"),
        "request_nonce_uuid.json" => {
            let nonce = "2d3f2f9e-0000-4000-8000-00000000aa01";
            new()
                .key(signer())
                .nonce(nonce)
                .signature_key(SignatureKey::Attestation)
        }
        "request_keystate_other.json" => new().key(signer().state("INACTIVE")),
        "request_user_unicode.json" => {
            Provision::new_profile(own(), "användare@example.com", "Exämple", "Tjänst \"A\" \\ 東")
                .nonce("83012264")
                .key(signer())
        }
        "request_biometrics.json" => with_member(new().key(signer()), &["bioMetricsAllowed"], "true"),
        "request_biometrics_in_profile.json" => {
            with_member(new().key(signer()), &["profile", "biometricsallowed"], "\"true\"")
        }
        "request_timeout_above_lifespan.json" => return Err(header(250, 300).unwrap_err()),
        "request_visual_inline.json" => new().key(signer()).visual(both_sides()),
        "request_visual_front_only.json" => new().key(signer()).visual(front(TextColor::White)),
        "request_visual_content_id.json" => new().key(signer()).visual(VisualData::content(CONTENT)),
        "request_visual_content_id_plain.json" => {
            let plain = CONTENT.strip_prefix("PROV:").unwrap();
            new().key(signer()).visual(VisualData::content(plain))
        }
        "request_visual_both.json" | "request_visual_published_order.json" => {
            new().key(signer()).visual(both_sides().content_id(CONTENT))
        }
        "request_visual_black_text.json" => new().key(signer()).visual(front(TextColor::Black)),
        "request_visual_legacy.json" => {
            let card = legacy(CardProtection::None).content_id(CONTENT);
            new().key(signer()).visual(card)
        }
        "request_visual_legacy_pin.json" => new().key(signer()).visual(legacy("PIN")),
        name => panic!("{name} has no command"),
    };
    Ok(Made {
        command,
        dialect: super::dialect(dialect),
    })
}

trait RequestError {
    fn request_error(&self) -> String;
}

impl RequestError for Provision {
    /// Why the command is not sent.
    fn request_error(&self) -> String {
        let request = smartid_core::Endpoint::request(self, &HermodDialect::default());
        request.unwrap_err().to_string()
    }
}
