//! The certificate filter of Digital Access and Smart ID Messaging: which key, or which certificate, may be used.
//!
//! It is one grammar in both products (vendor page: Certificate filtering for Smart ID authentication \[documented\]; the sign
//! command's `filter` \[documented example\]): an object with `op`, `param` and `value`. Logical operations have a list of
//! filters as their value, and a missing `op` is `and`. The vendor publishes neither the list of parameter names nor what a
//! comparison means in detail. So every name is open and comes back the way it was read, and
//! [evaluation](CertificateFilter::evaluate) has three answers: an operation, a parameter or a member that is not known makes it
//! [undecided](FilterVerdict::Undecided), never true.
//!
//! # What a filter means
//!
//! What the vendor does not say is decided as follows, all of it \[inferred\].
//!
//! * A parameter may have several values, and a comparison holds when it holds for any of them. `nq` is the opposite of `eq`: it holds
//!   when no value is equal, and when there is none.
//! * Texts are compared letter by letter, case included. A number and a text are equal when they are written alike.
//! * `lt`, `gt`, `lte` and `gte` compare whole numbers as such, of any length, also those written as text; two other texts by their
//!   letters, which puts times in the form 2026-01-31T12:00:00Z in order; anything else is undecided.
//! * Logic is Kleene's: `and` is false when one part is false, `or` true when one is true, whatever is undecided beside it.
//! * What no page describes is undecided: an empty list, a logical operation whose value is no list or that has a parameter, a
//!   comparison without parameter or value, a member that is not known; and `not` with several filters, unless both readings of it (none
//!   of them, not all of them) agree.
//!
//! ```
//! use smartid_trust::Certificate;
//! use smartid_trust::filter::{CertificateFilter, FilterVerdict};
//! # let certificate = Certificate::from_pem(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.pem")))?;
//!
//! let filter = CertificateFilter::eq("key.type", "RSA"); // the published example
//! assert_eq!(filter.to_json()?, r#"{"op":"eq","param":"key.type","value":"RSA"}"#);
//! assert_eq!(filter.evaluate(&certificate), FilterVerdict::DoesNotMatch); // an elliptic-curve key
//!
//! let filter = CertificateFilter::from_json(r#"{"value":[{"op":"sw","param":"cert.subject","value":"CN=Officer"}]}"#)?;
//! assert_eq!(filter.evaluate(&certificate), FilterVerdict::Matches);
//!
//! let filter = CertificateFilter::or([CertificateFilter::eq("key.colour", "red"), filter]);
//! assert_eq!(filter.evaluate(&certificate), FilterVerdict::Matches);
//! let filter = CertificateFilter::not(CertificateFilter::eq("key.colour", "red"));
//! assert!(!filter.evaluate(&certificate).matches());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod evaluate;
mod json;
mod subject;
mod value;

use std::fmt;

pub use evaluate::{FilterGap, FilterVerdict};
pub use subject::{EVIDENCE, FilterSubject};
pub use value::FilterValue;

/// Longest text that [`CertificateFilter::from_json`] reads, in bytes.
pub const MAX_FILTER_LEN: usize = 64 * 1024;
/// Deepest nesting of filters that is read, written and evaluated. Each takes two levels of JSON, and readers of JSON stop at 128.
pub const MAX_FILTER_DEPTH: usize = 48;
/// Most filters in one tree that are read.
pub const MAX_FILTERS: usize = 1024;

/// The text is no filter, or one that is too large.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a certificate filter: {0}")]
#[non_exhaustive]
pub struct FilterError(pub(crate) String);

/// An operation. All but `gte` are named by the vendor (vendor page: Certificate filtering for Smart ID authentication \[documented\]).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FilterOp {
    /// `and`: all of a list of filters; also meant when `op` is missing.
    And,
    /// `or`: any of a list of filters.
    Or,
    /// `not`: not the filter in the list.
    Not,
    /// `eq`: equal.
    Eq,
    /// `nq`: not equal.
    Nq,
    /// `co`: contains.
    Co,
    /// `sw`: starts with.
    Sw,
    /// `ew`: ends with.
    Ew,
    /// `lt`: less than.
    Lt,
    /// `gt`: greater than.
    Gt,
    /// `lte`: less than or equal.
    Lte,
    /// `gte`: greater than or equal \[inferred: the vendor's list has `lte` and not this\].
    Gte,
    /// Any other, as it was read.
    Other(String),
}

const OPS: &[(FilterOp, &str)] = &[
    (FilterOp::And, "and"),
    (FilterOp::Or, "or"),
    (FilterOp::Not, "not"),
    (FilterOp::Eq, "eq"),
    (FilterOp::Nq, "nq"),
    (FilterOp::Co, "co"),
    (FilterOp::Sw, "sw"),
    (FilterOp::Ew, "ew"),
    (FilterOp::Lt, "lt"),
    (FilterOp::Gt, "gt"),
    (FilterOp::Lte, "lte"),
    (FilterOp::Gte, "gte"),
];

impl FilterOp {
    /// The operation as it stands in `op`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => OPS
                .iter()
                .find(|(op, _)| op == known)
                .map_or("", |(_, name)| name),
        }
    }

    /// Whether its value is a list of filters.
    #[must_use]
    pub const fn is_logical(&self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Not)
    }
}

impl From<&str> for FilterOp {
    /// Exactly as the vendor writes it: `AND` is not `and`.
    fn from(name: &str) -> Self {
        let known = OPS.iter().find(|(_, known)| *known == name);
        known.map_or_else(|| Self::Other(name.to_owned()), |(op, _)| op.clone())
    }
}

impl fmt::Display for FilterOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A filter: a comparison, or a list of filters put together. See the [module](self).
///
/// Reading and writing (also through serde, from any self-describing format) keep what is not known: operations, parameter names,
/// members, values of any kind. Member order is not kept. Refused are: what is no object; a member twice; `op` or `param` that is no
/// text; nesting, numbers and sizes above the caps; a number that a computer cannot keep exactly.
#[derive(Clone, Debug, PartialEq)]
pub struct CertificateFilter {
    op: Option<FilterOp>,
    param: Option<String>,
    value: Operand,
    /// Members that are not known, and `op` or `param` where they are null.
    others: Vec<(String, FilterValue)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Absent,
    Filters(Vec<CertificateFilter>),
    Value(FilterValue),
}

macro_rules! comparisons {
    ($($name:ident $op:ident $what:literal;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`: the parameter ", $what, " the value.")]
            #[must_use]
            pub fn $name(param: impl Into<String>, value: impl Into<FilterValue>) -> Self {
                Self::compare(FilterOp::$op, param, value)
            }
        )*
    };
}

impl CertificateFilter {
    comparisons! {
        eq Eq "is equal to";
        nq Nq "is not equal to";
        co Co "contains";
        sw Sw "starts with";
        ew Ew "ends with";
        lt Lt "is less than";
        gt Gt "is greater than";
        lte Lte "is less than or equal to";
        gte Gte "is greater than or equal to";
    }

    /// A comparison by any operation.
    #[must_use]
    pub fn compare(op: FilterOp, param: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        Self {
            op: Some(op),
            param: Some(param.into()),
            value: Operand::Value(value.into()),
            others: Vec::new(),
        }
    }

    fn logical(op: Option<FilterOp>, filters: impl IntoIterator<Item = Self>) -> Self {
        Self {
            op,
            param: None,
            value: Operand::Filters(filters.into_iter().collect()),
            others: Vec::new(),
        }
    }

    /// All of these.
    #[must_use]
    pub fn and(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::logical(Some(FilterOp::And), filters)
    }

    /// All of these, written without `op`.
    #[must_use]
    pub fn implied_and(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::logical(None, filters)
    }

    /// Any of these.
    #[must_use]
    pub fn or(filters: impl IntoIterator<Item = Self>) -> Self {
        Self::logical(Some(FilterOp::Or), filters)
    }

    /// Not this.
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "the vendor's word for it, beside `and` and `or`, which are no operators in Rust either"
    )]
    pub fn not(filter: Self) -> Self {
        Self::logical(Some(FilterOp::Not), [filter])
    }

    /// The operation as it is written; `None` when it is missing.
    #[must_use]
    pub const fn op(&self) -> Option<&FilterOp> {
        self.op.as_ref()
    }

    /// The operation as it is meant: a missing one is [`And`](FilterOp::And).
    #[must_use]
    pub const fn meant_op(&self) -> &FilterOp {
        match &self.op {
            Some(op) => op,
            None => &FilterOp::And,
        }
    }

    /// The parameter's name.
    #[must_use]
    pub fn param(&self) -> Option<&str> {
        self.param.as_deref()
    }

    /// The value, unless it is a list of filters.
    #[must_use]
    pub const fn value(&self) -> Option<&FilterValue> {
        match &self.value {
            Operand::Value(value) => Some(value),
            Operand::Absent | Operand::Filters(_) => None,
        }
    }

    /// The filters that a logical operation puts together; empty for a comparison.
    #[must_use]
    pub fn filters(&self) -> &[Self] {
        match &self.value {
            Operand::Filters(filters) => filters,
            Operand::Absent | Operand::Value(_) => &[],
        }
    }

    /// Members other than `op`, `param` and `value`, in the order in which they were read.
    pub fn other_members(&self) -> impl Iterator<Item = (&str, &FilterValue)> {
        self.others
            .iter()
            .filter(|(name, _)| !json::KNOWN.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value))
    }
}
