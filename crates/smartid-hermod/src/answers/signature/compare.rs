//! Whether signed content that is a JSON object says what was sent.
//!
//! The content is compared as it stands there, without reading it into a value first: a reader keeps one of two members with the same
//! name, and which one is a matter of taste.

use serde_json::Value;
use smartid_core::json;
use smartid_core::json::Pointer;

use super::signer::Bindings;
use super::{Binding, SignatureExpectation, SignatureRefusal};
use crate::dialect::SignaturePayloadDialect;
use crate::entry::Entry;

/// Deepest nesting of an object that is compared.
const MAX_DEPTH: usize = 32;

/// Which entries the content must have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Entries {
    /// What was to be signed; descriptions too when they are there.
    Tbs,
    /// Descriptions.
    Description,
    /// None.
    None,
}

/// Compares signed content with what was sent.
pub(super) fn check(
    content: &[u8],
    asked: &SignatureExpectation,
    entries: Entries,
    places: &SignaturePayloadDialect,
    bindings: &mut Bindings,
) -> Result<(), SignatureRefusal> {
    // Where the entries are the content itself, it is the list of them.
    let begins = |text: &str| {
        text.starts_with('{') || text.starts_with('[') && entries == Entries::Tbs && places.tbs.is_root()
    };
    let object = std::str::from_utf8(content).ok().map(str::trim);
    let object = object.filter(|text| begins(text) && said_once(text, MAX_DEPTH));
    let at = |place: &Pointer| {
        object
            .and_then(|text| json::find(text, place))
            .filter(|raw| *raw != "null")
    };

    if object.is_none() && (entries != Entries::None || asked.nonce.is_some()) {
        return Err(SignatureRefusal::ContentUnreadable);
    }
    if entries == Entries::Tbs && !at(&places.tbs).is_some_and(|raw| same_entries(raw, &asked.tbs)) {
        return Err(SignatureRefusal::EntriesDiffer);
    }
    match (entries, at(&places.description)) {
        (Entries::None, _) => {}
        (_, Some(raw)) if same_entries(raw, &asked.description) => {
            bindings.record(Binding::Description, true);
        }
        (Entries::Tbs, None) => bindings.record(Binding::Description, false),
        _ => return Err(SignatureRefusal::DescriptionDiffers),
    }
    if let Some(nonce) = &asked.nonce {
        let found = at(&places.nonce).ok_or(SignatureRefusal::NonceMissing)?;
        if crate::read::id(found).as_deref() != Some(nonce.as_str()) {
            return Err(SignatureRefusal::NonceDiffers);
        }
        bindings.record(Binding::Nonce, true);
    }
    if let Some(user) = &asked.user {
        let found = at(&places.user_id);
        if found.is_some_and(|raw| crate::read::id(raw).as_deref() != Some(user.as_str())) {
            return Err(SignatureRefusal::UserDiffers);
        }
        bindings.record(Binding::User, found.is_some());
    }
    Ok(())
}

fn same_entries(raw: &str, entries: &[Entry]) -> bool {
    let items = json::items(raw).unwrap_or_default();
    let mut pairs = items.iter().zip(entries);
    items.len() == entries.len()
        && raw.starts_with('[')
        && pairs.all(|(raw, entry)| serde_json::to_value(entry).is_ok_and(|entry| same(raw, &entry)))
}

/// Whether a JSON text is this value; member order and white space do not count.
fn same(raw: &str, value: &Value) -> bool {
    match value {
        Value::Object(wanted) => {
            let members = json::members(raw).unwrap_or_default();
            members.len() == wanted.len()
                && members
                    .iter()
                    .all(|(name, raw)| wanted.get(name).is_some_and(|value| same(raw, value)))
                && raw.starts_with('{')
        }
        Value::Array(wanted) => {
            let items = json::items(raw).unwrap_or_default();
            items.len() == wanted.len()
                && items.iter().zip(wanted).all(|(raw, value)| same(raw, value))
                && raw.starts_with('[')
        }
        scalar => serde_json::from_str::<Value>(raw).is_ok_and(|found| found == *scalar),
    }
}

/// Whether no name stands twice in any object, down to so many levels.
fn said_once(raw: &str, depth: usize) -> bool {
    let Some(below) = depth.checked_sub(1) else {
        return false;
    };
    if raw.starts_with('{') {
        let Some(members) = json::members(raw) else {
            return false;
        };
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.windows(2).all(|pair| pair.first() != pair.last())
            && members.iter().all(|(_, raw)| said_once(raw, below))
    } else if raw.starts_with('[') {
        json::items(raw).is_some_and(|items| items.iter().all(|raw| said_once(raw, below)))
    } else {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_may_be_the_list_of_entries_itself() {
        let asked = SignatureExpectation::of([Entry::text("tbs", "one"), Entry::text("tbs", "two")]);
        let list = serde_json::to_string(&asked.tbs).unwrap();
        let check = |content: &str, entries: Entries, place: &str| {
            let places = SignaturePayloadDialect {
                tbs: place.parse().unwrap(),
                ..SignaturePayloadDialect::default()
            };
            check(
                content.as_bytes(),
                &asked,
                entries,
                &places,
                &mut Bindings::default(),
            )
        };
        assert_eq!(check(&list, Entries::Tbs, ""), Ok(()));
        assert_eq!(
            check("[]", Entries::Tbs, ""),
            Err(SignatureRefusal::EntriesDiffer)
        );
        assert_eq!(
            check("{}", Entries::Tbs, ""),
            Err(SignatureRefusal::EntriesDiffer)
        );
        // Anywhere else it is an object that has the list.
        assert_eq!(
            check(&list, Entries::Tbs, "/tbs"),
            Err(SignatureRefusal::ContentUnreadable)
        );
        assert_eq!(
            check(&list, Entries::Description, ""),
            Err(SignatureRefusal::ContentUnreadable)
        );
        assert_eq!(
            check(&format!("{{\"tbs\":{list}}}"), Entries::Tbs, "/tbs"),
            Ok(())
        );
    }

    #[test]
    fn a_value_is_compared_whatever_its_order() {
        let value = serde_json::json!({"a": [1, {"b": "\u{e5}"}], "c": null});
        assert!(same(r#"{ "c" : null, "a":[1,{"b":"\u00e5"}]}"#, &value));
        for other in [
            r#"{"a":[1,{"b":"å"}]}"#,
            r#"{"a":[1,{"b":"å"}],"c":null,"d":1}"#,
            r#"{"a":[1,{"b":"å"}],"c":null,"c":null}"#,
            r#"{"a":[{"b":"å"},1],"c":null}"#,
            r#"{"a":[1,{"b":"a"}],"c":null}"#,
            r#"{"a":1,"c":null}"#,
            "[]",
            "null",
            "",
            "{",
        ] {
            assert!(!same(other, &value), "{other}");
        }
        assert!(!same("{}", &serde_json::json!([])) && !same("[]", &serde_json::json!({})));
    }

    #[test]
    fn a_name_that_stands_twice_spoils_the_object() {
        assert!(said_once(r#"{"a":{"b":1},"c":[{"b":1},{"b":2}]}"#, 8));
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":[{"a":1,"b":2,"a":3}]}"#,
            "{",
            "{\"a\":1",
        ] {
            assert!(!said_once(bad, 8), "{bad}");
        }
        assert!(!said_once(&format!("{}{}", "[".repeat(9), "]".repeat(9)), 8));
    }
}
