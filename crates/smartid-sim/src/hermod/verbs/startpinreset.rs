//! `startpinreset`: asks the Desktop App for a nonce that proves possession of the admin key (protocol notes: hermod 3.6, "API
//! parameters specific to Smart ID Desktop App", members D; the list of all versions together is accepted).

use serde_json::Value;

use super::super::errors::Refusal;
use super::Asked;
use super::object::Object;

pub(super) fn check(body: &Object<'_>) -> Result<Asked, Refusal> {
    body.only(&["smartcardid", "profileid", "driver", "operation"])?;
    for name in ["smartcardid", "profileid"] {
        if body.text(name)? == Some("") {
            return Err(Refusal::bad("member_empty", format!("{name} is empty")));
        }
    }
    body.text("operation")?;
    let text_driver: Value;
    match body.value("driver") {
        None => (),
        Some(Value::String(text)) if body.lenient() => {
            text_driver =
                serde_json::from_str(text).map_err(|_| Refusal::bad("driver", "driver holds no JSON"))?;
            check_driver(&Object::of(body.rules, &text_driver, "driver")?)?;
        }
        Some(driver) => check_driver(&Object::of(body.rules, driver, "driver")?)?,
    }
    // Each one names a token; without any, nothing does.
    if !["smartcardid", "profileid", "driver"]
        .iter()
        .any(|name| body.has(name))
    {
        return Err(Refusal::bad(
            "pin_target_missing",
            "one of smartcardid, profileid and driver must say which token is meant",
        ));
    }
    Ok(Asked {
        profile: body.kept("profileid")?,
        ..Asked::default()
    })
}

fn check_driver(driver: &Object<'_>) -> Result<(), Refusal> {
    let lower = driver.lenient() && driver.has("name");
    let (name, kind) = if lower { ("name", "type") } else { ("Name", "Type") };
    driver.only(&[name, kind])?;
    for (member, list) in [(name, "driver"), (kind, "drivertype")] {
        // Whether both are needed is not said.
        if driver.text_of(member, list)?.is_none() && !(driver.lenient() && member == kind) {
            return Err(driver.missing(member));
        }
    }
    Ok(())
}
