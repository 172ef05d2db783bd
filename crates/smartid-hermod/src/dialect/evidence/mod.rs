//! Where each default comes from. One file per group of settings; [`EVIDENCE`] is all of them.

mod commands;
mod fido;
mod report;

use smartid_core::{Evidence, Tag};

use super::{answers, content, pin_reset};

const SOURCES: [&[&[Evidence]]; 3] = [
    commands::GROUPS,
    &[fido::ROWS, report::ROWS, pin_reset::EVIDENCE, content::EVIDENCE],
    answers::EVIDENCE,
];

/// One row per setting of [`HermodDialect`](super::HermodDialect).
pub const EVIDENCE: &[Evidence] = &JOINED;

const COUNT: usize = count(commands::GROUPS)
    + fido::ROWS.len()
    + report::ROWS.len()
    + pin_reset::EVIDENCE.len()
    + content::EVIDENCE.len()
    + count(answers::EVIDENCE);

const JOINED: [Evidence; COUNT] = join();

const fn count(groups: &[&[Evidence]]) -> usize {
    let (mut sum, mut rest) = (0, groups);
    while let [group, others @ ..] = rest {
        sum += group.len();
        rest = others;
    }
    sum
}

#[expect(
    clippy::indexing_slicing,
    reason = "at compile time, where an index out of bounds is an error"
)]
const fn join() -> [Evidence; COUNT] {
    let mut all = [unknown("", "", ""); COUNT];
    let mut at = 0;
    let mut sources: &[&[&[Evidence]]] = &SOURCES;
    while let [source, others @ ..] = sources {
        let mut groups = *source;
        while let [group, more_groups @ ..] = groups {
            let mut rows = *group;
            while let [row, more_rows @ ..] = rows {
                all[at] = *row;
                at += 1;
                rows = more_rows;
            }
            groups = more_groups;
        }
        sources = others;
    }
    all
}

const fn inferred(key: &'static str, source: &'static str, meaning: &'static str) -> Evidence {
    Evidence::new(key, Tag::Inferred, source, meaning)
}

const fn unknown(key: &'static str, source: &'static str, meaning: &'static str) -> Evidence {
    Evidence::new(key, Tag::Unknown, source, meaning)
}
