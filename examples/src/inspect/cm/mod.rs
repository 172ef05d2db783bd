//! What Certificate Manager answers, what it is asked, and what it sends by itself.

mod answer;
mod fields;
mod look;
mod request;
mod rows;
mod signature;

pub(super) use answer::document;
pub(super) use request::request;
pub(super) use signature::signature;
