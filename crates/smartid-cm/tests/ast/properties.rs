//! Whatever stands in a properties file: the mappings that were written are read, or it is refused by its line.

use std::collections::BTreeMap;

use proptest::prelude::*;
use smartid_cm::Attribute;
use smartid_cm::ast::{AstProperties, AttributeHeaders};

/// Handler by handler, attribute by attribute: a header, or nothing.
type Maps = BTreeMap<String, BTreeMap<String, Option<String>>>;

/// A line with spaces where they may be, perhaps continued on the next.
fn line(handler: &str, key: usize, attribute: &str, header: &str, look: u8) -> String {
    let (left, right) = [(" = ", " = "), ("=", "="), ("\t:", "=\t"), (" ", " = ")][usize::from(look) % 4];
    let line =
        format!("handler.{handler}.formatFields.{key}{left}ast.valuetarget.{attribute}.value{right}{header}");
    match look / 4 % 4 {
        0 => line,
        1 => format!("  {line}"),
        2 => line.replacen("ast.value", "\\\n\t ast.\\\r\n  value", 1),
        _ => line.replacen("value", "\\u0076alue", 1),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn mappings_that_are_written_are_read(
        maps in prop::collection::btree_map(
            "[0-9]{1,2}|[a-z]{1,6}",
            prop::collection::btree_map("[a-z][a-z0-9._-]{0,8}", prop::option::of("[a-z][a-z0-9!#$%&'*+.^_`|~-]{0,8}x"), 1..5),
            0..4,
        ),
        looks in prop::collection::vec(any::<u8>(), 20),
        beside in prop::collection::vec("# [a-zåä\\\\]{0,12}|start = true|x\\.password\\.encrypted = [A-Za-z]{8}", 20),
        end in "\n|\r\n|\r",
    ) {
        let maps: Maps = maps;
        let mut text = String::new();
        let mut key = 0;
        let mut expected: BTreeMap<&str, AttributeHeaders> = BTreeMap::new();
        for (handler, map) in &maps {
            let headers = expected.entry(handler).or_default();
            for (attribute, header) in map {
                let look = looks[key % looks.len()];
                text += &format!("{}{end}", beside[key % beside.len()]);
                key += 1;
                let name = Attribute::new(attribute.as_str()).unwrap();
                match header {
                    Some(header) => headers.set(name, header).unwrap(),
                    None => headers.switch_off(name),
                }
                text += &format!("{}{end}", line(handler, key, attribute, header.as_deref().unwrap_or_default(), look));
            }
        }
        let read = AstProperties::parse(&text).map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
        let read: BTreeMap<&str, AttributeHeaders> =
            read.handlers().map(|(handler, headers)| (handler, headers.clone())).collect();
        prop_assert_eq!(read, expected, "{}", text);
    }

    #[test]
    fn any_octets_are_read_or_refused_by_a_line_that_is_there(
        octets in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..120),
            "(handler\\.|0|\\.formatFields\\.|1| |=|:|ast\\.valuetarget\\.|title|\\.value|x|\\\\|u0|\n|\r|#|canary|,){0,40}"
                .prop_map(String::into_bytes),
        ],
    ) {
        if let Err(error) = AstProperties::parse(&octets) {
            let lines = 1 + octets.iter().filter(|octet| matches!(octet, b'\n' | b'\r')).count();
            prop_assert!(error.line().is_some_and(|line| (1..=lines).contains(&line)), "{}", error);
            prop_assert!(!error.to_string().chars().any(char::is_control), "{:?}", error);
        }
    }
}
