//! The message that wakes an app, and the registration of a device.

use smartid::core::json;
use smartid::hermod::push::{DeviceOs, DeviceRegistration, PushNotification, PushType};

use super::places::shown_text;
use super::{Context, Finding};

pub(super) fn message(text: &str, context: &Context) -> Option<Finding> {
    let members = json::members(text)?;
    let has = |name: &str| members.iter().any(|(known, _)| known == name);
    if has("pushId") || has("messageId") {
        return Some(notification(text));
    }
    (has("deviceID") || has("profileID") || has("profileIDs")).then(|| device(text, context))
}

fn notification(text: &str) -> Finding {
    let mut finding = Finding::of("push message of Digital Access to a notification server");
    match PushNotification::read(text.as_bytes()) {
        Ok(push) => {
            finding.fact("message", shown_text(&push.message_id));
            finding.fact("for the profile", shown_text(push.push_id.as_str()));
            finding.fact("asked for by", shown_text(&push.requestor));
            finding.fact("type", push.push_type.as_str());
            if let Some(time) = push.time_to_live {
                finding.fact("time to live", format!("{time} (its unit is not published)"));
            }
            if !matches!(push.push_type, PushType::Auth | PushType::Sign) {
                finding.remark("documented types are AUTH and SIGN; another one is handed on as it is");
            }
            if push.push_id.as_str() != push.push_id.as_str().trim() {
                finding.remark(
                    "pushId has white space around it, as in the published sample; it is compared without",
                );
            }
            unknown(&mut finding, push.extra.iter());
            finding.remark("it proves nothing: it only says that something waits");
            finding.verdict = Some(true);
        }
        Err(error) => finding.problem(error.to_string()),
    }
    finding
}

fn device(text: &str, context: &Context) -> Finding {
    let mut finding = Finding::of("registration of a device with a notification server");
    match DeviceRegistration::read(text.as_bytes()) {
        Ok(device) => {
            finding.fact("profiles", device.profile_ids.len().to_string());
            for profile in &device.profile_ids {
                finding.fact("profile", shown_text(profile.as_str()));
            }
            finding.fact("system", device.os.as_str());
            if !matches!(device.os, DeviceOs::Ios | DeviceOs::Android) {
                finding.remark("documented systems are iOS and Android");
            }
            finding.secret("device token", device.device_id.expose(), context);
            unknown(&mut finding, device.extra.iter());
            finding.verdict = Some(true);
        }
        Err(error) => finding.problem(error.to_string()),
    }
    finding
}

fn unknown<'a>(finding: &mut Finding, extra: impl Iterator<Item = (&'a str, &'a str)>) {
    let names: Vec<&str> = extra.map(|(name, _)| name).collect();
    if !names.is_empty() {
        finding.remark(format!("members that are not known: {}", names.join(", ")));
    }
}
