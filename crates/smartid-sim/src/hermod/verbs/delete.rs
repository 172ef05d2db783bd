//! Deletion of a profile on the device, or of mailboxes only (protocol notes: hermod 3.8; behaviour D from the task of Identity
//! Manager, every name U).

use serde_json::Value;

use super::super::errors::Refusal;
use super::Asked;
use super::object::Object;
use crate::config::MissingConfirmation;

pub(super) fn check(body: &Object<'_>, missing: MissingConfirmation) -> Result<Asked, Refusal> {
    body.only(&["userid", "profileid", "confirmation"])?;
    // Without a user it would name everything or nothing.
    let user = body.need_text("userid")?.to_owned();
    let profile = body.kept("profileid")?;
    if profile.as_deref() == Some("") {
        return Err(Refusal::bad("member_empty", "profileid is empty"));
    }
    let said = match body.value("confirmation") {
        Some(Value::String(text)) if body.lenient() && text == "true" => Some(true),
        Some(Value::String(text)) if body.lenient() && text == "false" => Some(false),
        _ => body.flag("confirmation")?,
    };
    let confirmation = match (said, missing) {
        (Some(flag), _) => flag,
        (None, MissingConfirmation::Device) => true,
        (None, MissingConfirmation::Mailbox) => false,
        (None, MissingConfirmation::Refuse) => {
            return Err(Refusal::bad(
                "confirmation_missing",
                "confirmation says whether the device is asked",
            ));
        }
    };
    Ok(Asked {
        user: Some(user),
        profile,
        confirmation,
        ..Asked::default()
    })
}
