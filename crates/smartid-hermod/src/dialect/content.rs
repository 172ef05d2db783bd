//! How messaging asks a content provider, and what it is answered.

use serde::{Deserialize, Serialize};
use smartid_core::dialect::{Edits, ReplyStatus};
use smartid_core::{Evidence, Tag};

/// Whether an authentication image stands in the list that a card stands in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ImageForm {
    /// As the one element of `data`.
    #[default]
    Wrapped,
    /// As the whole answer, without a key.
    Bare,
}

/// `POST {content-provider-url}/getcontent`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ContentDialect {
    /// The last segment of the path that messaging asks at.
    pub path: String,
    /// Changes of the request's body before it is read.
    pub request: Edits,
    /// The content type of the JWS on the back of a card; left out where empty.
    pub back_type: String,
    /// The key of an authentication image.
    pub image_key: String,
    /// Whether an authentication image stands in a list as a card does.
    pub image_form: ImageForm,
    /// Changes of the answer's body.
    pub response: Edits,
    /// The status where there is nothing under an id.
    pub not_found: ReplyStatus,
    /// The body where there is nothing under an id: JSON text, or empty.
    pub not_found_body: String,
    /// The status where the source failed.
    pub failed: ReplyStatus,
}

impl Default for ContentDialect {
    fn default() -> Self {
        Self {
            path: "getcontent".to_owned(),
            request: Edits::default(),
            back_type: "application/jose".to_owned(),
            image_key: "auth_image".to_owned(),
            image_form: ImageForm::Wrapped,
            response: Edits::default(),
            not_found: ReplyStatus::NOT_FOUND,
            not_found_body: String::new(),
            failed: ReplyStatus::INTERNAL_SERVER_ERROR,
        }
    }
}

const PROVIDER: &str = "vendor page: Requirements on content provider API";
const STATUS: &str =
    "vendor page: Requirements on content provider API. No status is told; HTTP's own meaning";
const BACK: &str = "vendor page: Requirements on content provider API. content_encoding text/plain and the JWS are documented, the type is not";
const IMAGE: &str = "vendor page: Use authentication images from a content provider service. Data, type and encoding are documented; that they are wrapped as a card is not";
const EDITS: &str = "nothing to change is known";

const fn row(key: &'static str, tag: Tag, source: &'static str, meaning: &'static str) -> Evidence {
    Evidence::new(key, tag, source, meaning)
}

pub(super) const EVIDENCE: &[Evidence] = &[
    row(
        "content.back_type",
        Tag::Inferred,
        BACK,
        "content type of the JWS on the back of a card; left out where empty",
    ),
    row(
        "content.failed",
        Tag::Inferred,
        STATUS,
        "status of a content answer where the source failed",
    ),
    row(
        "content.image_form",
        Tag::Inferred,
        IMAGE,
        "whether an authentication image stands in a list as a card does",
    ),
    row(
        "content.image_key",
        Tag::Inferred,
        IMAGE,
        "key of an authentication image; that of the entry in the command",
    ),
    row(
        "content.not_found",
        Tag::Inferred,
        STATUS,
        "status of a content answer where there is nothing under the id",
    ),
    row(
        "content.not_found_body",
        Tag::Unknown,
        STATUS,
        "body of a content answer where there is nothing under the id",
    ),
    row(
        "content.path",
        Tag::Documented,
        PROVIDER,
        "last path segment at which content is asked for",
    ),
    row(
        "content.request",
        Tag::Inferred,
        EDITS,
        "changes of a content request before it is read",
    ),
    row(
        "content.response",
        Tag::Inferred,
        EDITS,
        "changes of the answer to a content request",
    ),
];
