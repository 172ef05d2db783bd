//! Entries of `description` and `tbs`: what the person sees and what is signed (protocol notes: hermod 3.4, "Example: Personal Desktop
//! Client signing", D-ex; 3.5, "Use authentication images from a content provider service", D).

use super::super::errors::Refusal;
use super::object::Object;
use crate::webauthn::b64;

/// The content type of an entry that stands for content elsewhere.
pub(crate) const CONTENT_ID: &str = "application/hermod+content-id";

/// Reads the entries at `member` and says whether one of them names content of the provider.
pub(super) fn check<'a>(params: &Object<'a>, member: &'a str) -> Result<bool, Refusal> {
    let mut content = false;
    for entry in params.objects(member)? {
        entry.only(&[
            "content_type",
            "content_encoding",
            "data",
            "description",
            "key",
            "visible",
        ])?;
        let kind = entry.need_text("content_type")?;
        let data = entry.text("data")?.ok_or_else(|| entry.missing("data"))?;
        for name in ["description", "key"] {
            entry.text(name)?;
        }
        entry.flag("visible")?;
        let encoding = entry.text("content_encoding")?;
        if kind == CONTENT_ID {
            if encoding.is_some() || data.is_empty() {
                return Err(Refusal::bad(
                    "entry_content_id",
                    format!(
                        "an entry of {member} with a content id has the id in data and no content_encoding"
                    ),
                ));
            }
            content = true;
            continue;
        }
        let allowed = &params.rules.body.entry_encodings;
        if !allowed.iter().any(|one| one == encoding.unwrap_or_default()) {
            return Err(Refusal::bad(
                "entry_encoding",
                format!("an entry of {member} has no known content_encoding"),
            ));
        }
        if encoding == Some("base64") && b64::decode_standard(data).is_none() {
            return Err(Refusal::bad(
                "entry_base64",
                format!("an entry of {member} is not base64"),
            ));
        }
    }
    Ok(content)
}
