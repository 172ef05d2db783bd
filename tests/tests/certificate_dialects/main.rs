//! Every setting of the dialect of Certificate Manager against a simulator that is set the same way: with the setting the operation
//! does what it should, without it the same simulator does not agree.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod cases;
mod pushed;
mod run;
mod tokens;

use std::collections::BTreeSet;

use smartid::cm::CmDialect;
use smartid::core::dialect::settings;
use smartid_tests::certificates::{CmSetup, CmWorld};

use cases::{Case, calls, others};
use run::Op;

fn keys_of(text: &str) -> BTreeSet<String> {
    /// What these hold is data.
    const DATA: [&str; 2] = [".rename", ".constants"];
    fn walk(prefix: &str, value: &toml::Value, keys: &mut BTreeSet<String>) {
        match value {
            toml::Value::Table(table) if !DATA.iter().any(|end| prefix.ends_with(end)) => {
                for (name, value) in table {
                    let dot = if prefix.is_empty() { "" } else { "." };
                    walk(&format!("{prefix}{dot}{name}"), value, keys);
                }
            }
            _ => {
                keys.insert(prefix.to_owned());
            }
        }
    }
    let mut keys = BTreeSet::new();
    walk("", &toml::Value::Table(toml::from_str(text).unwrap()), &mut keys);
    keys
}

fn cases() -> Vec<Case> {
    calls()
        .into_iter()
        .chain(others())
        .chain(tokens::cases())
        .collect()
}

/// What became of the operation in that world.
async fn ended(case: &Case, with_dialect: bool) -> Result<(), String> {
    let sim = format!("{}\n{}", case.op.switches(), case.sim);
    let dialect = if with_dialect { case.dialect.as_str() } else { "" };
    let world = CmWorld::start(CmSetup::default().sim(&sim).dialect(dialect)).await;
    run::run(case.op, &world, dialect).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_difference_every_operation_does_what_it_should() {
    for op in Op::ALL {
        let case = Case::new(*op, String::new(), String::new());
        assert_eq!(ended(&case, true).await, Ok(()), "{op:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_setting_it_works_and_without_it_does_not() {
    let mut wrong = Vec::new();
    for case in cases() {
        for with_dialect in [true, false] {
            let end = ended(&case, with_dialect).await;
            if end.is_ok() != (with_dialect || case.optional) {
                let with = if with_dialect { "with" } else { "without" };
                wrong.push(format!(
                    "{:?} {:?}: {with} the dialect: {end:?}",
                    case.op, case.dialect
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_setting_is_in_a_case() {
    let mut covered: BTreeSet<String> = pushed::KEYS.iter().map(|key| (*key).to_owned()).collect();
    for case in cases() {
        covered.extend(keys_of(&case.dialect));
    }
    for dialect in tokens::dialects() {
        covered.extend(keys_of(dialect));
    }
    let all: BTreeSet<String> = settings::<CmDialect>().into_iter().map(|(key, _)| key).collect();
    let missing: Vec<_> = all.difference(&covered).collect();
    let unknown: Vec<_> = covered.difference(&all).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "not in a case: {missing:#?}; no such setting: {unknown:#?}"
    );
}
