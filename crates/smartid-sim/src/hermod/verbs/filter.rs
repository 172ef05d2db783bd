//! The filter that says which key may be used. One leaf is published, trees are unknown, so that it is read as a tree of anything with
//! an operator (protocol notes: hermod 3.7).

use serde_json::Value;

use super::super::errors::Refusal;
use super::object::Object;

/// Nodes of one filter.
const MAX_NODES: usize = 1000;

pub(super) fn check(params: &Object<'_>) -> Result<(), Refusal> {
    let Some(filter) = params.object("filter")? else {
        return Ok(());
    };
    let mut left = MAX_NODES;
    node(&filter, params.rules.body.max_filter_depth, &mut left)
}

fn node(filter: &Object<'_>, depth: usize, left: &mut usize) -> Result<(), Refusal> {
    if depth == 0 {
        return Err(Refusal::bad("filter_depth", "the filter is nested too deeply"));
    }
    *left = left
        .checked_sub(1)
        .ok_or_else(|| Refusal::bad("filter_size", "the filter has too many parts"))?;
    filter.only(&["op", "param", "value"])?;
    filter.need_text("op")?;
    filter.text("param")?;
    match filter.value("value") {
        // Whoever allows members of another name may mean one that holds the parts.
        None if filter.has_other(&["op", "param"]) => Ok(()),
        None => Err(filter.missing("value")),
        Some(Value::Array(list)) => list
            .iter()
            .filter(|part| part.is_object())
            .try_for_each(|part| node(&Object::of(filter.rules, part, "filter")?, depth - 1, left)),
        Some(part @ Value::Object(_)) => node(&Object::of(filter.rules, part, "filter")?, depth - 1, left),
        Some(_) => Ok(()),
    }
}
