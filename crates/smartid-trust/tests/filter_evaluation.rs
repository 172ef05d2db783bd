//! The certificate filter: its answers.
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
};

fn read(json: &Value) -> F {
    F::from_json(&json.to_string()).unwrap()
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
