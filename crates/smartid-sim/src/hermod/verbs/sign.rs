//! `sign`: a person signs what they see (protocol notes: hermod 3.4, "Example: Personal Desktop Client signing", D-ex).

use super::super::errors::Refusal;
use super::object::Object;
use super::{Asked, entries, filter};

pub(super) fn check(body: &Object<'_>) -> Result<Asked, Refusal> {
    let (params, asked) = check_params(body)?;
    if params.list("tbs")?.unwrap_or_default().is_empty() {
        return Err(Refusal::bad("tbs_missing", "there is nothing to be signed"));
    }
    params.need_text("format")?;
    Ok(asked)
}

/// What `sign` and `authenticate` have in common: "a specific application of sign" (hermod 3.5, D).
pub(super) fn check_params<'a>(body: &Object<'a>) -> Result<(Object<'a>, Asked), Refusal> {
    body.only(&["params"])?;
    let params = body.need_object("params")?;
    params.only(&["description", "filter", "format", "mechanism", "tbs"])?;
    let described = entries::check(&params, "description")?;
    let signed = entries::check(&params, "tbs")?;
    filter::check(&params)?;
    params.text("mechanism")?;
    let asked = Asked {
        format: params.kept("format")?,
        content: described || signed,
        ..Asked::default()
    };
    Ok((params, asked))
}
