//! Evaluation in three values, as the [module above](super) decides what the vendor does not say.
//!
//! The one rule behind it: a filter that is not understood must not let anything pass, and neither must its negation.

use std::cmp::Ordering;
use std::fmt;

use super::{CertificateFilter, FilterOp, FilterSubject, FilterValue, MAX_FILTER_DEPTH, Operand};

/// Whether a filter lets something pass.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilterVerdict {
    /// It does.
    Matches,
    /// It does not.
    DoesNotMatch,
    /// It cannot be said. Treat it as a no where access depends on it.
    Undecided(FilterGap),
}

/// What is missing for a verdict; of several, the first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilterGap {
    /// An operation that is not known.
    Op(String),
    /// A parameter that the subject does not know, or cannot read.
    Param(String),
    /// A member of a filter that is not known.
    Member(String),
    /// A form of filter or a pair of values that no page describes, as an English phrase.
    Form(&'static str),
}

impl fmt::Display for FilterGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Op(name) => write!(f, "the operation {name:?} is not known"),
            Self::Param(name) => write!(f, "the parameter {name:?} is not known here"),
            Self::Member(name) => write!(f, "the member {name:?} is not known"),
            Self::Form(what) => f.write_str(what),
        }
    }
}

impl FilterVerdict {
    /// Whether it is certain that the filter lets it pass.
    #[must_use]
    pub const fn matches(&self) -> bool {
        matches!(self, Self::Matches)
    }

    const fn form(what: &'static str) -> Self {
        Self::Undecided(FilterGap::Form(what))
    }

    fn negated(self) -> Self {
        match self {
            Self::Matches => Self::DoesNotMatch,
            Self::DoesNotMatch => Self::Matches,
            undecided @ Self::Undecided(_) => undecided,
        }
    }

    /// `decisive` as soon as one part is that; else the first that is undecided; else the opposite of `decisive`.
    fn combine(parts: impl Iterator<Item = Self>, decisive: &Self) -> Self {
        let mut undecided = None;
        for part in parts {
            if part == *decisive {
                return part;
            }
            if undecided.is_none() && matches!(part, Self::Undecided(_)) {
                undecided = Some(part);
            }
        }
        undecided.unwrap_or_else(|| decisive.clone().negated())
    }

    fn all(parts: impl Iterator<Item = Self>) -> Self {
        Self::combine(parts, &Self::DoesNotMatch)
    }

    fn any(parts: impl Iterator<Item = Self>) -> Self {
        Self::combine(parts, &Self::Matches)
    }
}

impl From<bool> for FilterVerdict {
    fn from(matches: bool) -> Self {
        if matches {
            Self::Matches
        } else {
            Self::DoesNotMatch
        }
    }
}

impl CertificateFilter {
    /// Whether the filter lets `subject` pass: a certificate, or whatever answers for the parameters. What is not known is never a
    /// match; the [module](super) says what each operation means. A certificate is taken at its word: verify it before access depends
    /// on the answer.
    #[must_use]
    pub fn evaluate(&self, subject: &dyn FilterSubject) -> FilterVerdict {
        self.at_depth(subject, 1)
    }

    fn at_depth(&self, subject: &dyn FilterSubject, depth: usize) -> FilterVerdict {
        if depth > MAX_FILTER_DEPTH {
            return FilterVerdict::form("filters nested too deep");
        }
        if let FilterOp::Other(name) = self.meant_op() {
            return FilterVerdict::Undecided(FilterGap::Op(name.clone()));
        }
        if let Some((name, _)) = self.other_members().next() {
            return FilterVerdict::Undecided(FilterGap::Member(name.to_owned()));
        }
        if self.meant_op().is_logical() {
            self.logic(subject, depth)
        } else {
            self.comparison(subject)
        }
    }

    fn logic(&self, subject: &dyn FilterSubject, depth: usize) -> FilterVerdict {
        let Operand::Filters(filters) = &self.value else {
            return FilterVerdict::form("a logical operation whose value is no list of filters");
        };
        if filters.is_empty() {
            return FilterVerdict::form("a logical operation with an empty list");
        }
        if self.param.is_some() {
            return FilterVerdict::form("a logical operation with a parameter");
        }
        let parts = || filters.iter().map(|filter| filter.at_depth(subject, depth + 1));
        match self.meant_op() {
            FilterOp::Or => FilterVerdict::any(parts()),
            FilterOp::Not => {
                let parts: Vec<_> = parts().collect();
                let none = FilterVerdict::any(parts.iter().cloned()).negated();
                let not_all = FilterVerdict::all(parts.into_iter()).negated();
                if none == not_all {
                    none
                } else {
                    FilterVerdict::form("a negation of several filters that disagree")
                }
            }
            _ => FilterVerdict::all(parts()),
        }
    }

    fn comparison(&self, subject: &dyn FilterSubject) -> FilterVerdict {
        let (Some(param), Some(wanted)) = (&self.param, self.value()) else {
            return FilterVerdict::form("a comparison without a parameter or a value");
        };
        let Some(values) = subject.param(param) else {
            return FilterVerdict::Undecided(FilterGap::Param(param.clone()));
        };
        if wanted.scalar_text().is_none() {
            return FilterVerdict::form("a comparison with a value that is no text, number or boolean");
        }
        let holds = |op| {
            FilterVerdict::any(values.iter().map(|value| {
                compare(op, value, wanted).map_or(
                    FilterVerdict::form("two values that cannot be compared"),
                    FilterVerdict::from,
                )
            }))
        };
        match self.meant_op() {
            FilterOp::Nq => holds(&FilterOp::Eq).negated(),
            op => holds(op),
        }
    }
}

/// One value against the wanted one; `None` when that makes no sense.
fn compare(op: &FilterOp, value: &FilterValue, wanted: &FilterValue) -> Option<bool> {
    let (text, wanted_text) = (value.scalar_text()?, wanted.scalar_text()?);
    Some(match op {
        FilterOp::Eq => text == wanted_text || order_of_numbers(value, wanted) == Some(Ordering::Equal),
        FilterOp::Co => text.contains(&wanted_text),
        FilterOp::Sw => text.starts_with(&wanted_text),
        FilterOp::Ew => text.ends_with(&wanted_text),
        FilterOp::Lt => order(value, wanted)?.is_lt(),
        FilterOp::Gt => order(value, wanted)?.is_gt(),
        FilterOp::Lte => order(value, wanted)?.is_le(),
        FilterOp::Gte => order(value, wanted)?.is_ge(),
        _ => return None,
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "only beside a number with a fraction, which is not exact either"
)]
fn order_of_numbers(one: &FilterValue, other: &FilterValue) -> Option<Ordering> {
    match (one, other) {
        (FilterValue::Integer(one), FilterValue::Integer(other)) => Some(one.cmp(other)),
        (FilterValue::Float(one), FilterValue::Float(other)) => one.partial_cmp(other),
        (FilterValue::Integer(one), FilterValue::Float(other)) => (*one as f64).partial_cmp(other),
        (FilterValue::Float(one), FilterValue::Integer(other)) => one.partial_cmp(&(*other as f64)),
        _ => None,
    }
}

fn order(one: &FilterValue, other: &FilterValue) -> Option<Ordering> {
    if let Some(order) = order_of_numbers(one, other) {
        return Some(order);
    }
    if matches!(one, FilterValue::Bool(_)) || matches!(other, FilterValue::Bool(_)) {
        return None;
    }
    let (one_text, other_text) = (one.scalar_text()?, other.scalar_text()?);
    match (whole_number(&one_text), whole_number(&other_text)) {
        (Some(one), Some(other)) => Some(order_of_digits(one, other)),
        (None, None) => {
            let texts = matches!((one, other), (FilterValue::Text(_), FilterValue::Text(_)));
            texts.then(|| one_text.cmp(&other_text))
        }
        _ => None,
    }
}

/// Sign and digits without leading zeros.
fn whole_number(text: &str) -> Option<(bool, &str)> {
    let (negative, digits) = text
        .strip_prefix('-')
        .map_or((false, text), |digits| (true, digits));
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some((negative && !digits.is_empty(), digits))
}

fn order_of_digits((negative, one): (bool, &str), (other_negative, other): (bool, &str)) -> Ordering {
    let magnitude = one.len().cmp(&other.len()).then_with(|| one.cmp(other));
    match (negative, other_negative) {
        (false, false) => magnitude,
        (true, true) => magnitude.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}
