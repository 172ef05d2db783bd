//! What Certificate Manager answers, what it is asked, and what it sends by itself.

mod answer;
mod certificates;
mod fields;
mod look;
mod operations;
mod push;
mod request;
mod rows;
mod signature;
mod soft_token;

pub(super) use answer::{document, handed_out, head};
pub(super) use certificates::{certificates, of_the_request};
pub(super) use request::request;
pub(super) use signature::signature;
pub(super) use soft_token::{head_of_token, page as eui_page, properties, token};
