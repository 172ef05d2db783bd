//! The certificate filter: its JSON, its caps, and its answers.
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
use smartid_core::Tag;
use smartid_trust::Certificate;
use smartid_trust::filter::{
    CertificateFilter as F, EVIDENCE, FilterGap, FilterOp, FilterSubject, FilterValue, FilterVerdict,
    MAX_FILTER_DEPTH, MAX_FILTER_LEN, MAX_FILTERS,
};

fn read(json: &Value) -> F {
    F::from_json(&json.to_string()).unwrap()
}

fn refused(json: &str) -> String {
    F::from_json(json).unwrap_err().to_string()
}

fn officer() -> Certificate {
    Certificate::from_pem(include_str!("../doc/officer-one.pem")).unwrap()
}

/// `t` and `f` have one value each, `none` has no value, `many` has two; everything else is not known.
fn subject(name: &str) -> Option<Vec<FilterValue>> {
    Some(match name {
        "t" => vec!["true".into()],
        "f" => vec!["false".into()],
        "none" => vec![],
        "many" => vec!["one".into(), "two".into()],
        "number" => vec![FilterValue::Integer(10)],
        "digits" => vec!["0010".into()],
        "negative" => vec!["-3".into()],
        "flag" => vec![FilterValue::Bool(true)],
        "fraction" => vec![FilterValue::Float(1.5)],
        "time" => vec!["2026-01-31T12:00:00Z".into()],
        "list" => vec![FilterValue::List(vec![])],
        _ => return None,
    })
}

fn ask(filter: &F) -> FilterVerdict {
    filter.evaluate(&subject)
}

const YES: FilterVerdict = FilterVerdict::Matches;
const NO: FilterVerdict = FilterVerdict::DoesNotMatch;

fn undecided(verdict: &FilterVerdict) -> bool {
    matches!(verdict, FilterVerdict::Undecided(_))
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
    assert_eq!(ask(&filter), NO);
    assert_eq!(serde_json::to_value(&filter).unwrap(), json);
    assert_eq!(filter, F::implied_and([F::eq("t", "true"), F::eq("f", "true")]));
    assert_eq!(ask(&F::implied_and([F::eq("t", "true")])), YES);
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
fn what_is_not_known_is_undecided_by_name() {
    let gap = |json: Value| match ask(&read(&json)) {
        FilterVerdict::Undecided(gap) => gap,
        decided => panic!("{json}: {decided:?}"),
    };
    let good = json!({"op": "eq", "param": "t", "value": "true"});
    assert_eq!(ask(&read(&good)), YES);
    assert_eq!(
        gap(json!({"op": "within", "param": "t", "value": "true"})),
        FilterGap::Op("within".to_owned())
    );
    assert_eq!(
        gap(json!({"op": "eq", "param": "colour", "value": "true"})),
        FilterGap::Param("colour".to_owned())
    );
    assert_eq!(
        gap(json!({"op": "eq", "param": "t", "value": "true", "negate": false})),
        FilterGap::Member("negate".to_owned())
    );
    for form in [
        json!({}),
        json!({"op": "and"}),
        json!({"op": "and", "value": []}),
        json!({"op": "or", "value": []}),
        json!({"op": "not", "value": []}),
        json!({"op": "and", "value": good}),
        json!({"op": "and", "value": [good, "x"]}),
        json!({"op": "and", "param": "t", "value": [good]}),
        json!({"param": "t", "value": "true"}),
        json!({"op": "eq", "param": "t"}),
        json!({"op": "eq", "value": "true"}),
        json!({"op": "eq", "param": "t", "value": null}),
        json!({"op": "eq", "param": "t", "value": ["true"]}),
        json!({"op": "nq", "param": "t", "value": {"x": 1}}),
        json!({"op": "eq", "param": "none", "value": null}),
        json!({"op": "eq", "param": "list", "value": "x"}),
        json!({"op": "lt", "param": "number", "value": "ten"}),
        json!({"op": "lt", "param": "t", "value": 3}),
        json!({"op": "lt", "param": "flag", "value": true}),
        json!({"op": "lt", "param": "fraction", "value": "1.7"}),
        json!({"op": "not", "value": [good, {"op": "eq", "param": "f", "value": "true"}]}),
    ] {
        let what = gap(form.clone());
        assert!(matches!(what, FilterGap::Form(_)), "{form}: {what:?}");
        assert!(!what.to_string().is_empty());
    }
    // The opposite of what is not known is not known either.
    assert!(undecided(&ask(&F::not(F::eq("colour", "red")))));
    assert!(undecided(&ask(&F::nq("colour", "red"))));
}

#[test]
fn comparisons() {
    let cases = [
        (F::eq("t", "true"), YES),
        (F::eq("t", "True"), NO),
        (F::eq("t", true), YES),
        (F::nq("t", "true"), NO),
        (F::nq("t", "x"), YES),
        (F::eq("none", "x"), NO),
        (F::nq("none", "x"), YES),
        (F::co("none", ""), NO),
        (F::eq("many", "two"), YES),
        (F::nq("many", "two"), NO),
        (F::nq("many", "three"), YES),
        (F::co("many", "w"), YES),
        (F::co("many", "W"), NO),
        (F::sw("many", "on"), YES),
        (F::sw("many", "ne"), NO),
        (F::ew("many", "ne"), YES),
        (F::ew("many", "on"), NO),
        (F::eq("number", 10), YES),
        (F::eq("number", "10"), YES),
        (F::eq("number", "010"), NO),
        (F::eq("number", FilterValue::Float(10.0)), YES),
        (F::eq("digits", 10), NO),
        (F::eq("digits", "0010"), YES),
        (F::lt("number", 9), NO),
        (F::lt("number", 10), NO),
        (F::lt("number", 11), YES),
        (F::lt("number", "9"), NO),
        (F::lt("digits", "9"), NO),
        (F::lte("digits", "10"), YES),
        (F::gte("digits", 10), YES),
        (F::gt("digits", 10), NO),
        (F::gt("digits", 9), YES),
        (F::lte("number", 9), NO),
        (F::gte("number", 11), NO),
        (
            F::lt("digits", "123456789012345678901234567890123456789012345"),
            YES,
        ),
        (F::gt("negative", "-20"), YES),
        (F::lt("negative", 0), YES),
        (F::gt("number", "-0"), YES),
        (F::lt("fraction", 2), YES),
        (F::gt("fraction", 2), NO),
        (F::gt("number", FilterValue::Float(9.5)), YES),
        (F::lt("time", "2026-02-01"), YES),
        (F::gt("time", "2026-02-01"), NO),
        (F::lte("time", "2026-01-31T12:00:00Z"), YES),
        (F::eq("flag", true), YES),
        (F::eq("flag", "true"), YES),
        (F::lt("none", 1), NO),
    ];
    for (filter, expected) in cases {
        assert_eq!(ask(&filter), expected, "{filter:?}");
    }
}

#[test]
fn logic_with_what_is_not_known() {
    let (t, f, u) = (F::eq("t", "true"), F::eq("f", "true"), F::eq("colour", "red"));
    assert_eq!(ask(&F::and([u.clone(), f.clone()])), NO);
    assert!(undecided(&ask(&F::and([u.clone(), t.clone()]))));
    assert_eq!(ask(&F::or([u.clone(), t.clone()])), YES);
    assert!(undecided(&ask(&F::or([u, f.clone()]))));
    // Both readings of a negated list agree when its parts do.
    let negated = |filters: Vec<F>| {
        let list: Vec<Value> = filters
            .iter()
            .map(|filter| serde_json::to_value(filter).unwrap())
            .collect();
        ask(&read(&json!({"op": "not", "value": list})))
    };
    assert_eq!(negated(vec![t.clone(), t.clone()]), NO);
    assert_eq!(negated(vec![f.clone(), f.clone()]), YES);
    assert!(undecided(&negated(vec![f, t])));
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
    assert_eq!(ask(&deepest), YES);
    let too_deep = nested(MAX_FILTER_DEPTH + 1);
    assert!(too_deep.to_json().is_err());
    assert!(undecided(&ask(&too_deep)));
    assert!(refused(&format!(r#"{{"op":"and","value":[{json}]}}"#)).contains("deep"));
    let lists = |depth: usize| format!(r#"{{"x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(F::from_json(&lists(64)).is_ok());
    assert!(refused(&lists(100)).contains("too deep"));
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

#[test]
fn a_certificate_answers_for_itself() {
    let certificate = officer();
    let yes = |filter: F| assert_eq!(filter.evaluate(&certificate), YES, "{filter:?}");
    yes(F::eq("key.type", "EC"));
    yes(F::eq("key.length", 256));
    yes(F::eq("cert.subject", "CN=Officer One,O=Example"));
    yes(F::eq("cert.issuer", "CN=Example Root,O=Example"));
    yes(F::co("cert.issuer", "Root"));
    yes(F::eq("subjectaltname-emailaddress", "officer@example.com"));
    yes(F::eq("subjectaltname-upn", "officer@corp.example"));
    yes(F::eq("cn", "Officer One"));
    yes(F::nq("uid", "x"));
    yes(F::gt("cert.notafter", certificate.not_before().to_string()));
    let written = certificate.not_before().to_string().replace(".000Z", "Z");
    yes(F::eq("cert.notbefore", written));
    for name in [
        "key.id",
        "key.usage",
        "profile.id",
        "cert.serial",
        "key.colour",
        "",
    ] {
        assert!(undecided(&F::eq(name, "x").evaluate(&certificate)), "{name}");
    }
}

#[test]
fn the_evidence_names_what_a_certificate_answers_to() {
    let certificate = officer();
    let mut keys: Vec<_> = EVIDENCE.iter().map(|row| row.key).collect();
    assert!(keys.is_sorted(), "{keys:?}");
    keys.dedup();
    assert_eq!(keys.len(), EVIDENCE.len());
    for row in EVIDENCE {
        assert!(!row.source.is_empty() && !row.meaning.is_empty(), "{}", row.key);
        let Some(name) = row.key.strip_prefix("filter.param.") else {
            continue;
        };
        let answered = certificate.param(name).is_some();
        let in_the_app = row.source.contains("stands in the app");
        assert_eq!(answered, !in_the_app && !name.starts_with('<'), "{name}");
        assert_eq!(row.tag == Tag::Documented, name == "key.type", "{name}");
    }
}

fn filters() -> impl Strategy<Value = F> {
    let leaf = prop_oneof![
        Just(F::eq("t", "true")),
        Just(F::eq("f", "true")),
        Just(F::eq("u1", "x")),
        Just(F::compare(FilterOp::Other("x".to_owned()), "t", "true")),
        ("[a-z.]{0,6}", any::<i64>()).prop_map(|(name, number)| F::gt(name, number)),
        ("[a-z.]{0,6}", "\\PC{0,6}").prop_map(|(name, text)| F::sw(name, text)),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(F::and),
            prop::collection::vec(inner.clone(), 1..4).prop_map(F::implied_and),
            prop::collection::vec(inner.clone(), 1..4).prop_map(F::or),
            inner.prop_map(F::not),
        ]
    })
}

/// Verdicts without the name of what is missing.
fn kind(verdict: &FilterVerdict) -> Option<bool> {
    match verdict {
        FilterVerdict::Matches => Some(true),
        FilterVerdict::DoesNotMatch => Some(false),
        _ => None,
    }
}

proptest! {
    #[test]
    fn filters_come_back(filter in filters()) {
        let json = filter.to_json().unwrap();
        prop_assert_eq!(F::from_json(&json).unwrap(), filter);
    }

    #[test]
    fn any_json_is_read_or_refused(text in "\\PC*|[{}\\[\\]\",:opvaluermnd0-9 ]*") {
        let _ = F::from_json(&text);
    }

    #[test]
    fn de_morgan(parts in prop::collection::vec(filters(), 1..4)) {
        let negated: Vec<F> = parts.iter().cloned().map(F::not).collect();
        let (all, any) = (F::and(parts.clone()), F::or(parts));
        prop_assert_eq!(kind(&ask(&F::not(all))), kind(&ask(&F::or(negated.clone()))));
        prop_assert_eq!(kind(&ask(&F::not(any))), kind(&ask(&F::and(negated))));
    }

    /// Learning what `u1` is never changes a verdict that was already there.
    #[test]
    fn knowing_more_changes_no_verdict(filter in filters()) {
        let before = kind(&ask(&filter));
        for learned in ["x", "y"] {
            let subject = |name: &str| if name == "u1" { Some(vec![learned.into()]) } else { subject(name) };
            let after = kind(&filter.evaluate(&subject));
            prop_assert!(before.is_none() || before == after);
        }
    }

    #[test]
    fn twice_not_is_nothing(filter in filters()) {
        prop_assert_eq!(kind(&ask(&F::not(F::not(filter.clone())))), kind(&ask(&filter)));
    }
}
