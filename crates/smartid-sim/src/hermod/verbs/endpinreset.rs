//! `endpinreset`: the proof for the nonce of `startpinreset`, perhaps with a new admin key (protocol notes: hermod 3.6, members D,
//! coding of the proof I).

use super::super::errors::Refusal;
use super::Asked;
use super::object::Object;

pub(super) fn check(body: &Object<'_>) -> Result<Asked, Refusal> {
    body.only(&["encryptednonce", "smartcardid", "newadminkey"])?;
    if body.text("encryptednonce")?.unwrap_or_default().is_empty() {
        return Err(Refusal::bad("proof_missing", "encryptednonce is missing"));
    }
    body.text("smartcardid")?;
    let is_key =
        |text: &str| text.len() == 48 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if let Some(key) = body.text("newadminkey")?
        && !is_key(key)
        && !body.rules.body.any_admin_key
    {
        return Err(Refusal::bad(
            "admin_key",
            "newadminkey must be 48 lower-case hexadecimal digits",
        ));
    }
    Ok(Asked::default())
}
