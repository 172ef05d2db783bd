//! Settings whose effect is in what the simulator hears of a messaging command, or is told by our content provider.

use smartid_sim::{Party, Record};
use smartid_tests::play::{Command, Play};

/// What differs in both runs, the setting, the simulator, what is played, and what the simulator must then have heard.
pub(crate) type Seen = (
    &'static str,
    &'static str,
    &'static str,
    Play,
    fn(&Record) -> bool,
);

const PICTURE: Play = Play::of(Command::Authenticate).with_picture();
const CHANGED: Play = Play::of(Command::PinReset).with_new_admin_key();
const TRANSPORT: &str =
    "[desktop]\nversion = '1.12.1'\nadmin_key_transport = 'rsa-oaep'\n[hermod.body]\nany_admin_key = true";

fn put(record: &Record, path: &str) -> bool {
    record.method == "PUT" && record.path.ends_with(&format!("/command/{path}"))
}

/// What our content provider has answered.
fn provider(record: &Record, says: &str) -> bool {
    record.party == Party::ContentProvider && String::from_utf8_lossy(&record.reply).contains(says)
}

fn asked(record: &Record, status: u16) -> bool {
    record.party == Party::ContentProvider && record.status == Some(status)
}

fn member<'r>(record: &'r Record, body: &'r serde_json::Value, place: &str) -> Option<&'r serde_json::Value> {
    body.pointer(place).filter(|_| record.party == Party::Hermod)
}

pub(crate) const SEEN: &[Seen] = &[
    (
        "",
        "provision.verb = 'PUT'",
        "",
        Play::of(Command::Provision),
        |heard| put(heard, "provision"),
    ),
    (
        "",
        "certificate.verb = 'PUT'",
        "",
        Play::of(Command::Certificate),
        |heard| put(heard, "certificate"),
    ),
    (
        "",
        "authenticate.verb = 'PUT'",
        "",
        Play::of(Command::Authenticate),
        |heard| put(heard, "authenticate"),
    ),
    ("", "sign.verb = 'PUT'", "", Play::of(Command::Sign), |heard| {
        put(heard, "sign")
    }),
    ("", "ping.verb = 'PUT'", "", Play::of(Command::Ping), |heard| {
        put(heard, "ping")
    }),
    (
        "",
        "start_pin_reset.verb = 'PUT'",
        "",
        Play::of(Command::PinReset),
        |heard| put(heard, "startpinreset"),
    ),
    (
        "",
        "end_pin_reset.verb = 'PUT'",
        "",
        Play::of(Command::PinReset),
        |heard| put(heard, "endpinreset"),
    ),
    (
        "",
        "delete_profile.verb = 'PUT'",
        "",
        Play::of(Command::DeleteProfile),
        |heard| put(heard, "delete"),
    ),
    (
        "",
        "delete_mailbox.verb = 'PUT'",
        "",
        Play::of(Command::DeleteMailbox),
        |heard| put(heard, "delete"),
    ),
    (
        "",
        "cancel.verb = 'PATCH'",
        "",
        Play::of(Command::Cancel),
        |heard| heard.method == "PATCH",
    ),
    (
        "",
        "pin_reset.driver = 'string'",
        "[desktop]\nversion = '1.12.1'\n[hermod.body]\nlenient_types = true",
        Play::of(Command::PinReset).through_driver(),
        |heard| {
            let body = heard.json().unwrap_or_default();
            member(heard, &body, "/spinCommand/driver").is_some_and(serde_json::Value::is_string)
        },
    ),
    (
        "",
        "pin_reset.transported_admin_key = 'hex'",
        TRANSPORT,
        CHANGED,
        |heard| {
            let body = heard.json().unwrap_or_default();
            let key = member(heard, &body, "/epinCommand/newadminkey").and_then(serde_json::Value::as_str);
            key.is_some_and(|key| key.len() == 512 && key.bytes().all(|digit| digit.is_ascii_hexdigit()))
        },
    ),
    (
        "",
        "content.back_type = 'application/jws'",
        "",
        Play::of(Command::Provision).with_picture(),
        |heard| provider(heard, "application/jws"),
    ),
    ("", "content.image_key = 'photo'", "", PICTURE, |heard| {
        provider(heard, "\"key\":\"photo\"")
    }),
    (
        "",
        "content.not_found = 410",
        "",
        PICTURE.without_content(),
        |heard| asked(heard, 410),
    ),
    (
        "",
        "content.not_found_body = '{\"none\":true}'",
        "",
        PICTURE.without_content(),
        |heard| provider(heard, "{\"none\":true}"),
    ),
    // An edit that cannot be made is a failure of ours.
    (
        "content.response = [{ set = '/data/x', value = 1 }]",
        "content.failed = 503",
        "",
        PICTURE,
        |heard| asked(heard, 503),
    ),
];
