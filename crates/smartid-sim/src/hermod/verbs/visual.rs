//! The picture of a profile, its visual ID (protocol notes: hermod 3.2, "Provision mobile virtual smart card with visual ID", D; the
//! form of Mobile App 4.6 has no `dataType`).

use super::super::errors::Refusal;
use super::object::Object;
use crate::webauthn::b64;

/// Reads `visualData` and says whether it has to be asked of the content provider: inline data wins over `contentId` (D).
pub(super) fn check(profile: &Object<'_>) -> Result<bool, Refusal> {
    let Some(visual) = profile.object("visualData")? else {
        return Ok(false);
    };
    visual.only(&["contentId", "profileCard"])?;
    let content_id = visual.text("contentId")?;
    let card = visual.object("profileCard")?;
    let mut inline = false;
    if let Some(card) = card {
        card.only(&["front", "back"])?;
        for name in ["front", "back"] {
            if let Some(side) = card.object(name)? {
                inline |= check_side(&side, name)?;
            }
        }
    }
    match content_id {
        Some("") => Err(Refusal::bad("visual_content_id", "contentId is empty")),
        None if !inline => Err(Refusal::bad(
            "visual_empty",
            "visualData has neither contentId nor a card",
        )),
        content_id => Ok(content_id.is_some() && !inline),
    }
}

/// Says whether the side holds data.
fn check_side(side: &Object<'_>, name: &str) -> Result<bool, Refusal> {
    side.only(&["data", "dataType", "key", "textColor", "protection"])?;
    for member in ["textColor", "protection"] {
        side.text(member)?;
    }
    let (key, kind) = (side.text("key")?, side.text("dataType")?);
    let Some(data) = side.text("data")? else {
        return Ok(false);
    };
    let is_picture = || b64::decode_standard(data).is_some_and(|bytes| !bytes.is_empty());
    let fits = match (name, kind) {
        // The form of 4.6: plain base64 on both sides; what stands in key is not spelled out.
        (_, None) => is_picture(),
        ("front", Some("IMAGE")) => key == Some("front") && is_picture(),
        ("back", Some("JOSE")) => key == Some("back") && is_compact(data),
        _ => false,
    };
    if !fits {
        return Err(Refusal::bad(
            "visual_side",
            format!("the {name} of the card has no form that is known"),
        ));
    }
    Ok(true)
}

/// Three parts of base64url. The signature is not looked at: the vendor's authority issues its certificate.
fn is_compact(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3
        && parts
            .iter()
            .all(|part| b64::decode(part).is_some_and(|bytes| !bytes.is_empty()))
}
