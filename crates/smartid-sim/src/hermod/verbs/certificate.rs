//! `certificate`: certificates for keys that the device holds (protocol notes: hermod 3.3; only `smartcardid` and
//! `desktopKeyProtectionLevel` are documented, "API parameters specific to Personal Desktop App", the rest is inferred).

use super::super::errors::Refusal;
use super::Asked;
use super::object::Object;

pub(super) fn check(body: &Object<'_>) -> Result<Asked, Refusal> {
    body.only(&[
        "userid",
        "profileid",
        "nonce",
        "responsesignaturekey",
        "responseformat",
        "certificates",
        "smartcardid",
        "desktopKeyProtectionLevel",
    ])?;
    for name in ["responsesignaturekey", "smartcardid", "desktopKeyProtectionLevel"] {
        body.text(name)?;
    }
    let certificates = body.objects("certificates")?;
    if certificates.is_empty() {
        return Err(body.missing("certificates"));
    }
    for one in certificates {
        // A recovered key comes as PKCS #12 in place of a certificate (hermod 3.3, I).
        one.only(&["keyid", "certificate", "chain", "pkcs12", "password"])?;
        if !one.has("certificate") && !one.has("pkcs12") {
            return Err(one.missing("certificate"));
        }
        for name in ["keyid", "password"] {
            one.text(name)?;
        }
        one.der("certificate")?;
        one.der("pkcs12")?;
        for issuer in one.texts("chain")? {
            one.is_der("chain", issuer)?;
        }
    }
    Ok(Asked {
        user: body.kept("userid")?,
        profile: body.kept("profileid")?,
        nonce: body.text_or_number("nonce")?,
        format: body.kept("responseformat")?,
        ..Asked::default()
    })
}
