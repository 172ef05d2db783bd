//! What is wrong with a certificate filter.
//!
//! A filter that Digital Access cannot read lets nobody in, and one that is read in two ways may let in the wrong certificate. What is
//! no filter is an error; what no page describes is a warning.

use smartid_trust::filter::{CertificateFilter, FilterOp, FilterValue};

use super::document::is_blank;
use super::finding::{FindingCode, FindingLevel};
use super::{Finding, PersonalMethod, property};

/// At most one finding, the heaviest.
pub(super) fn check(method: &PersonalMethod) -> Option<Finding> {
    let finding = |level, sentence: String| {
        Finding::new(level, FindingCode::Filter, property::CERTIFICATE_FILTER, sentence)
    };
    match method.certificate_filter() {
        Err(error) => Some(finding(
            FindingLevel::Error,
            format!("The certificate filter is {error}."),
        )),
        Ok(filter) => {
            let (level, what) = heaviest(&filter?)?;
            Some(finding(level, format!("The certificate filter has {what}.")))
        }
    }
}

type Defect = (FindingLevel, &'static str);

/// The heaviest defect of a filter and of those below it; the depth was capped when it was read.
fn heaviest(filter: &CertificateFilter) -> Option<Defect> {
    let below = filter.filters().iter().filter_map(heaviest);
    own(filter)
        .into_iter()
        .chain(below)
        .min_by_key(|(level, _)| *level)
}

fn own(filter: &CertificateFilter) -> Option<Defect> {
    use FindingLevel::{Error, Warning};
    let op = filter.meant_op();
    if let FilterOp::Other(_) = op {
        return Some((Warning, "an operation that is not known"));
    }
    if op.is_logical() {
        if filter.value().is_some() || filter.filters().is_empty() {
            return Some((Error, "a logical operation without a list of filters"));
        }
        if *op == FilterOp::Not && filter.filters().len() > 1 {
            return Some((
                Warning,
                "a not over several filters, which can be read in two ways",
            ));
        }
        if filter.param().is_some() {
            return Some((Warning, "a logical operation with a param"));
        }
    } else {
        if filter.param().is_none_or(is_blank) {
            return Some((Error, "a comparison without param"));
        }
        match filter.value() {
            None => return Some((Error, "a comparison without value")),
            Some(FilterValue::Null | FilterValue::List(_) | FilterValue::Object(_)) => {
                return Some((Warning, "a comparison whose value is neither text nor number"));
            }
            // Every text begins with it, ends with it and contains it.
            Some(FilterValue::Text(text))
                if text.is_empty() && matches!(op, FilterOp::Co | FilterOp::Sw | FilterOp::Ew) =>
            {
                return Some((
                    Warning,
                    "a comparison with an empty text, which every certificate passes",
                ));
            }
            Some(_) => {}
        }
    }
    let others = filter.other_members().next().is_some();
    others.then_some((Warning, "a member that is not known"))
}
