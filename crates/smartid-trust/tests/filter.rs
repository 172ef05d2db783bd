//! The certificate filter: its JSON and its caps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use smartid_trust::filter::{
    CertificateFilter as F, FilterOp, FilterValue, FilterVerdict, MAX_FILTER_DEPTH, MAX_FILTER_LEN,
    MAX_FILTERS,
};

fn read(json: &Value) -> F {
    F::from_json(&json.to_string()).unwrap()
}

fn refused(json: &str) -> String {
    F::from_json(json).unwrap_err().to_string()
}

/// Whether it matches where `t` is true, `f` is false and nothing else is known.
fn ask(filter: &F) -> FilterVerdict {
    filter.evaluate(&|name: &str| match name {
        "t" => Some(vec![FilterValue::from("true")]),
        "f" => Some(vec![FilterValue::from("false")]),
        _ => None,
    })
}

#[test]
fn the_published_example_is_written_as_published() {
    let filter = F::eq("key.type", "RSA");
    assert_eq!(
        filter.to_json().unwrap(),
        r#"{"op":"eq","param":"key.type","value":"RSA"}"#
    );
    let other_order = r#"{ "value": "RSA", "param": "key.type", "op": "eq" }"#;
    assert_eq!(F::from_json(other_order).unwrap(), filter);
    assert_eq!(
        (filter.op(), filter.param()),
        (Some(&FilterOp::Eq), Some("key.type"))
    );
    assert_eq!(filter.value(), Some(&FilterValue::from("RSA")));
    assert!(filter.filters().is_empty());
}

#[test]
fn every_operation_has_its_name() {
    let all = [
        "and", "or", "not", "eq", "nq", "co", "sw", "ew", "lt", "gt", "lte", "gte",
    ];
    for name in all {
        let op = FilterOp::from(name);
        assert!(!matches!(op, FilterOp::Other(_)), "{name}");
        assert_eq!(op.as_str(), name);
        assert_eq!(op.to_string(), name);
        assert_eq!(op.is_logical(), ["and", "or", "not"].contains(&name));
    }
    assert_eq!(FilterOp::from("AND"), FilterOp::Other("AND".to_owned()));
    for (filter, op) in [
        (F::eq("p", 1), "eq"),
        (F::nq("p", 1), "nq"),
        (F::co("p", 1), "co"),
        (F::sw("p", 1), "sw"),
        (F::ew("p", 1), "ew"),
        (F::lt("p", 1), "lt"),
        (F::gt("p", 1), "gt"),
        (F::lte("p", 1), "lte"),
        (F::gte("p", 1), "gte"),
    ] {
        assert_eq!(
            filter.to_json().unwrap(),
            json!({"op": op, "param": "p", "value": 1}).to_string()
        );
    }
}

#[test]
fn a_missing_op_is_and_and_stays_missing() {
    let json = json!({"value": [{"op": "eq", "param": "t", "value": "true"}, {"op": "eq", "param": "f", "value": "true"}]});
    let filter = read(&json);
    assert_eq!((filter.op(), filter.meant_op()), (None, &FilterOp::And));
    assert_eq!(filter.filters().len(), 2);
    assert_eq!(ask(&filter), FilterVerdict::DoesNotMatch);
    assert_eq!(serde_json::to_value(&filter).unwrap(), json);
    assert_eq!(filter, F::implied_and([F::eq("t", "true"), F::eq("f", "true")]));
    assert_eq!(ask(&F::implied_and([F::eq("t", "true")])), FilterVerdict::Matches);
}

#[test]
fn what_is_not_known_comes_back() {
    for json in [
        json!({"op": "within", "param": "geo", "value": {"lat": 1.5, "lon": [1, -2, null, true]}}),
        json!({"op": "within", "value": [{"op": "eq", "param": "t", "value": "true"}]}),
        json!({"op": "eq", "param": "t", "value": "true", "negate": true, "case": {"fold": false}}),
        json!({"op": "and", "value": [{"op": "eq", "param": "t", "value": null}, {"op": "x"}]}),
        json!({"op": "and", "value": ["not", "filters"]}),
        json!({"op": "and", "value": {"op": "eq"}}),
        json!({"op": null, "param": null, "value": [{"op": "eq", "param": "t", "value": 18_446_744_073_709_551_615_u64}]}),
        json!({"op": "eq", "param": "", "value": i64::MIN}),
        json!({"op": "", "value": 0.1}),
        json!({"op": "or", "value": []}),
        json!({}),
    ] {
        assert_eq!(serde_json::to_value(read(&json)).unwrap(), json);
        let through_a_value: F = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(through_a_value, read(&json));
    }
    let filter = read(&json!({"op": null, "x": 1, "param": "t"}));
    assert_eq!(
        filter.other_members().collect::<Vec<_>>(),
        [("x", &FilterValue::Integer(1))]
    );
}

#[test]
fn what_is_no_filter_is_refused() {
    assert!(F::from_json("{}").is_ok());
    for bad in [
        "",
        "null",
        "[]",
        "3",
        "\"and\"",
        "{",
        "{}x",
        "{\"op\":3}",
        "{\"op\":[\"and\"]}",
        "{\"param\":3}",
        "{\"param\":true}",
        "{\"value\":[{\"op\":3}]}",
        "{\"op\":\"and\",\"value\":[{\"param\":1}]}",
        "{1:2}",
    ] {
        assert!(refused(bad).starts_with("not a certificate filter: "), "{bad}");
    }
    let good =
        r#"{"op":"or","value":[{"op":"eq","param":"key.type","value":"RSA"},{"op":"x","y":{"z":[1,2.5]}}]}"#;
    assert!(F::from_json(good).is_ok());
    for end in 0..good.len() {
        assert!(F::from_json(&good[..end]).is_err(), "{end}");
    }
}

#[test]
fn a_member_twice_is_refused_wherever_it_is() {
    for bad in [
        r#"{"op":"and","op":"or"}"#,
        r#"{"value":[],"value":[]}"#,
        r#"{"x":1,"x":1}"#,
        r#"{"op":"eq","param":"a","param":"b","value":1}"#,
        r#"{"op":"x","value":{"a":1,"a":2}}"#,
        r#"{"value":[{"op":"eq","op":"nq"}]}"#,
        r#"{"x":{"y":[{"a":1,"\u0061":2}]}}"#,
    ] {
        assert!(refused(bad).contains("twice"), "{bad}");
    }
}

#[test]
fn numbers_that_would_become_others_are_refused() {
    for bad in [
        "18446744073709551616",
        "-9223372036854775809",
        "9007199254740992.0",
        "1e300",
        "123456789012345678901234567890",
    ] {
        assert!(
            refused(&format!(r#"{{"op":"eq","param":"p","value":{bad}}}"#)).contains("exactly"),
            "{bad}"
        );
    }
    for good in [
        "18446744073709551615",
        "-9223372036854775808",
        "9007199254740991.0",
        "0.25",
    ] {
        assert!(
            F::from_json(&format!(r#"{{"op":"eq","param":"p","value":{good}}}"#)).is_ok(),
            "{good}"
        );
    }
    assert!(F::eq("p", FilterValue::Float(f64::NAN)).to_json().is_err());
    assert!(F::eq("p", FilterValue::Integer(i128::MAX)).to_json().is_err());
}

fn nested(depth: usize) -> F {
    (1..depth).fold(F::eq("t", "true"), |filter, _| F::and([filter]))
}

#[test]
fn depth_is_capped_in_every_direction() {
    let deepest = nested(MAX_FILTER_DEPTH);
    let json = deepest.to_json().unwrap();
    assert_eq!(F::from_json(&json).unwrap(), deepest);
    assert_eq!(ask(&deepest), FilterVerdict::Matches);
    let too_deep = nested(MAX_FILTER_DEPTH + 1);
    assert!(too_deep.to_json().is_err());
    assert!(matches!(ask(&too_deep), FilterVerdict::Undecided(_)));
    assert!(refused(&format!(r#"{{"op":"and","value":[{json}]}}"#)).contains("deep"));
    let lists = |depth: usize| format!(r#"{{"x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(F::from_json(&lists(64)).is_ok());
    assert!(refused(&lists(110)).contains("too deep"));
    assert!(F::from_json(&"[".repeat(60_000)).is_err());
    assert!(F::from_json(&"{\"value\":[".repeat(6_000)).is_err());
}

#[test]
fn sizes_are_capped() {
    let leaf = r#"{"op":"eq"}"#;
    let many = |count: usize| format!(r#"{{"value":[{}]}}"#, vec![leaf; count].join(","));
    assert_eq!(
        F::from_json(&many(MAX_FILTERS - 1)).unwrap().filters().len(),
        MAX_FILTERS - 1
    );
    assert!(refused(&many(MAX_FILTERS)).contains("too many filters"));
    assert!(refused(&format!(r#"{{"x":[{}1]}}"#, "1,".repeat(9000))).contains("too many values"));
    assert!(refused(&format!(r#"{{"x":"{}"}}"#, "a".repeat(MAX_FILTER_LEN))).contains("longer"));
    assert!(refused(&" ".repeat(1 << 21)).contains("longer"));
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(text in "\\PC*|[{}\\[\\]\",:opvaluermnd0-9 ]*") {
        let _ = F::from_json(&text);
    }
}

#[test]
fn numbers_with_a_fraction_go_out_as_they_came_in() {
    for number in [
        "5e-77",
        "1.5",
        "0.1",
        "-2.2250738585072014e-308",
        "4503599627370495.5",
    ] {
        let json = format!(r#"{{"op":"lt","param":"x","value":{number}}}"#);
        let filter = F::from_json(&json).unwrap();
        let written = filter.to_json().unwrap();
        assert_eq!(F::from_json(&written).unwrap(), filter);
        let (_, value) = written.rsplit_once(':').unwrap();
        assert_eq!(value.trim_end_matches('}').replace("e+", "e"), number);
    }
}
