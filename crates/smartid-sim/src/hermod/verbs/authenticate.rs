//! `authenticate`: a person shows who they are, perhaps by comparing a picture (protocol notes: hermod 3.5, "Use authentication images
//! from a content provider service": `params.description` D, the other members I because it is an application of sign).

use super::super::errors::Refusal;
use super::object::Object;
use super::{Asked, sign};

pub(super) fn check(body: &Object<'_>) -> Result<Asked, Refusal> {
    sign::check_params(body).map(|(_, asked)| asked)
}
