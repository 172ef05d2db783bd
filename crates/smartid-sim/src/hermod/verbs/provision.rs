//! `provision`: a new profile, or new keys and a new picture for one that exists (protocol notes: hermod 3.1, "Example: Smart ID Mobile
//! App provisioning" and "certificate provisioning", D-ex).

use std::collections::HashSet;

use super::super::errors::Refusal;
use super::object::Object;
use super::{Asked, visual};

pub(super) fn check(body: &Object<'_>) -> Result<Asked, Refusal> {
    body.only(&[
        "nonce",
        "userid",
        "responsesignaturekey",
        "responseformat",
        "profile",
    ])?;
    let user = body.need_text("userid")?.to_owned();
    let nonce = body.text_or_number("nonce")?;
    body.text("responsesignaturekey")?;
    let profile = body.need_object("profile")?;
    profile.only(&["servername", "name", "profileid", "keygenrequests", "visualData"])?;
    let id = profile
        .has("profileid")
        .then(|| profile.need_text("profileid"))
        .transpose()?
        .map(str::to_owned);
    for name in ["servername", "name"] {
        // Both are for new profiles (hermod 3.1; Identity Manager leaves them empty for an update).
        if id.is_none() {
            profile.need_text(name)?;
        } else {
            profile.text(name)?;
        }
    }
    let mut keys = HashSet::new();
    for request in profile.objects("keygenrequests")? {
        if !keys.insert(check_key(&request)?) {
            return Err(Refusal::bad(
                "keyid_repeated",
                "two keys of one profile have the same keyid",
            ));
        }
    }
    Ok(Asked {
        user: Some(user),
        profile: id,
        nonce,
        format: body.kept("responseformat")?,
        content: visual::check(&profile)?,
        ..Asked::default()
    })
}

/// One key to make; gives its id.
fn check_key<'a>(request: &Object<'a>) -> Result<&'a str, Refusal> {
    request.only(&[
        "keyid",
        "usage",
        "keytypeprios",
        "storageprios",
        "keystate",
        "certreq",
    ])?;
    let id = request.need_text("keyid")?;
    request.need_text("usage")?;
    request.text("keystate")?;
    request.texts("storageprios")?;
    request.der("certreq")?;
    let kinds = request.objects("keytypeprios")?;
    if kinds.is_empty() {
        return Err(request.missing("keytypeprios"));
    }
    for kind in kinds {
        kind.only(&["keytype", "keylength", "responsemechanism"])?;
        kind.need_text("keytype")?;
        kind.text("responsemechanism")?;
        // A text of digits in the published examples.
        let length = kind.text_or_number("keylength")?;
        if length.is_some_and(|digits| digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit())) {
            return Err(Refusal::bad(
                "keylength",
                "keylength must be a text of decimal digits",
            ));
        }
    }
    Ok(id)
}
