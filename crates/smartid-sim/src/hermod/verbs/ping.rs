//! `ping`: is the app there, and what does it run on (protocol notes: hermod 3.10, "API parameters specific to Personal Desktop App
//! 1.1": `deviceinfo` and its two texts D).

use serde_json::Value;

use super::super::errors::Refusal;
use super::Asked;
use super::object::Object;

pub(super) fn check(body: &Object<'_>) -> Result<Asked, Refusal> {
    body.only(&["deviceinfo"])?;
    let device_info = match body.value("deviceinfo") {
        Some(Value::Bool(flag)) if body.lenient() => *flag,
        _ => body.text("deviceinfo")? == Some("true"),
    };
    Ok(Asked {
        device_info,
        ..Asked::default()
    })
}
