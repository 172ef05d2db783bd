//! What is served under a content id, and its JSON.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use smartid_core::BuildError;
use smartid_core::base64::{Flavour, encode};

use super::ContentError;
use crate::dialect::{ContentDialect, ImageForm};

/// The largest picture or JWS, in bytes. No limit is published; this is far above what an app shows.
pub const MAX_CONTENT: usize = 8 * 1024 * 1024;

const BASE64: &str = "base64";
const JPEG: &str = "image/jpeg";

/// One element of `data`, for what [`Content`] has no form of its own for. `Debug` shows no data.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContentItem {
    /// `content_encoding`: `base64`, or `text/plain` for a JWS (documented).
    pub content_encoding: Option<String>,
    /// `content_type`, such as `image/jpeg` (documented).
    pub content_type: Option<String>,
    /// `key`: `front` or `back` of a card (documented).
    pub key: Option<String>,
    /// `data`, already encoded.
    pub data: String,
}

impl ContentItem {
    /// Encoded data without further members.
    #[must_use]
    pub fn new(data: impl Into<String>) -> Self {
        Self {
            content_encoding: None,
            content_type: None,
            key: None,
            data: data.into(),
        }
    }

    /// Sets `key`.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets `content_type`.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Sets `content_encoding`.
    #[must_use]
    pub fn content_encoding(mut self, encoding: impl Into<String>) -> Self {
        self.content_encoding = Some(encoding.into());
        self
    }

    fn picture(key: &str, content_type: &str, data: &str) -> Self {
        let item = Self::new(data).key(key).content_type(content_type);
        item.content_encoding(BASE64)
    }
}

impl fmt::Debug for ContentItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            content_encoding,
            content_type,
            key,
            data,
        } = self;
        f.debug_struct("ContentItem")
            .field("content_encoding", content_encoding)
            .field("content_type", content_type)
            .field("key", key)
            .field("data_bytes", &data.len())
            .finish()
    }
}

/// What stands under one content id. `Debug` shows no picture.
///
/// ```
/// use smartid_hermod::{HermodDialect, content::Content};
///
/// let jpeg = [0xFF, 0xD8, 0xFF, 0xD9];
/// let card = Content::card(&jpeg)?.with_back("eyJhbGciOiJSUzI1NiJ9.e30.c2ln")?;
/// assert_eq!(
///     card.to_json(&HermodDialect::default().content)?,
///     concat!(
///         r#"{"data":[{"content_encoding":"base64","content_type":"image/jpeg","key":"front","data":"/9j/2Q=="},"#,
///         r#"{"content_encoding":"text/plain","content_type":"application/jose","key":"back","data":"eyJhbGciOiJSUzI1NiJ9.e30.c2ln"}]}"#,
///     )
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Content(Form);

#[derive(Clone, PartialEq, Eq)]
enum Form {
    Card { front: String, back: Option<Back> },
    Image { content_type: String, data: String },
    Items(Vec<ContentItem>),
}

#[derive(Clone, PartialEq, Eq)]
enum Back {
    Jws(String),
    Picture(String),
}

impl Content {
    /// A card with its front (documented): a JPEG, whose sides should be as 1200 to 757 (vendor page: Provision mobile virtual smart
    /// card with visual ID).
    ///
    /// # Errors
    /// [`ContentError`] when the bytes are no JPEG, or more than [`MAX_CONTENT`].
    pub fn card(front: &[u8]) -> Result<Self, ContentError> {
        Ok(Self(Form::Card {
            front: jpeg(front)?,
            back: None,
        }))
    }

    /// The back of a card (documented): a compact JWS whose payload carries the picture, signed by the vendor's content provider key.
    /// It is not verified here.
    ///
    /// # Errors
    /// [`ContentError`] when the text is no compact JWS, more than [`MAX_CONTENT`] bytes, or this is no card.
    pub fn with_back(self, jws: &str) -> Result<Self, ContentError> {
        let letters = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if jws.len() > MAX_CONTENT {
            return Err(ContentError::new("the JWS is too large"));
        }
        if jws.split('.').count() != 3 || !jws.split('.').all(letters) {
            return Err(ContentError::new("the back of a card must be a compact JWS"));
        }
        self.back(Back::Jws(jws.to_owned()))
    }

    /// The back of a card as a plain picture, for Mobile App 4.6 (vendor page: 4.6 - Provision mobile virtual smart card with visual ID,
    /// documented for commands and inferred here).
    ///
    /// # Errors
    /// [`ContentError`] when the bytes are no JPEG, more than [`MAX_CONTENT`], or this is no card.
    pub fn with_legacy_back(self, back: &[u8]) -> Result<Self, ContentError> {
        self.back(Back::Picture(jpeg(back)?))
    }

    fn back(self, new: Back) -> Result<Self, ContentError> {
        match self.0 {
            Form::Card { front, back: None } => Ok(Self(Form::Card {
                front,
                back: Some(new),
            })),
            _ => Err(ContentError::new("only a card has a back, and it has one")),
        }
    }

    /// The image that a person compares at an authentication: a JPEG.
    ///
    /// # Errors
    /// [`ContentError`] when the bytes are no JPEG, or more than [`MAX_CONTENT`].
    pub fn auth_image(image: &[u8]) -> Result<Self, ContentError> {
        Ok(Self(Form::Image {
            content_type: JPEG.to_owned(),
            data: jpeg(image)?,
        }))
    }

    /// An authentication image of another type, such as `image/png`. What types the app shows is not published.
    ///
    /// # Errors
    /// [`ContentError`] when the type is none, or there are no bytes, or more than [`MAX_CONTENT`].
    pub fn auth_image_of(content_type: &str, image: &[u8]) -> Result<Self, ContentError> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"/+-._".contains(&byte);
        if !content_type.contains('/') || !content_type.bytes().all(token) {
            return Err(ContentError::new("the content type is none"));
        }
        Ok(Self(Form::Image {
            content_type: content_type.to_owned(),
            data: picture(image)?,
        }))
    }

    /// Elements of one's own making, sent in this order. The settings of the dialect, but for `response`, do not touch them.
    #[must_use]
    pub fn items(items: Vec<ContentItem>) -> Self {
        Self(Form::Items(items))
    }

    /// The body of the answer.
    ///
    /// # Errors
    /// [`BuildError`] when an edit of the dialect cannot be made.
    pub fn to_json(&self, dialect: &ContentDialect) -> Result<Bytes, BuildError> {
        let items = match &self.0 {
            Form::Items(items) => items.clone(),
            Form::Card { front, back } => {
                let mut items = vec![ContentItem::picture("front", JPEG, front)];
                items.extend(back.as_ref().map(|back| match back {
                    Back::Picture(data) => ContentItem::picture("back", JPEG, data),
                    Back::Jws(jws) => {
                        let item = ContentItem::new(jws).key("back").content_encoding("text/plain");
                        match dialect.back_type.as_str() {
                            "" => item,
                            content_type => item.content_type(content_type),
                        }
                    }
                }));
                items
            }
            Form::Image { content_type, data } => {
                vec![ContentItem::picture(&dialect.image_key, content_type, data)]
            }
        };
        let bare = matches!(self.0, Form::Image { .. }) && dialect.image_form == ImageForm::Bare;
        let written = match items.first() {
            Some(item) if bare => serde_json::to_vec(&Wire {
                key: None,
                ..Wire::of(item)
            }),
            _ => serde_json::to_vec(&List {
                data: items.iter().map(Wire::of).collect(),
            }),
        };
        let body = written.map_err(|error| BuildError::Json(error.to_string()))?;
        Ok(dialect.response.apply(body.into())?)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Form::Card { front: _, back: None } => "Content(card)",
            Form::Card {
                front: _,
                back: Some(_),
            } => "Content(card with back)",
            Form::Image {
                content_type: _,
                data: _,
            } => "Content(authentication image)",
            Form::Items(_) => "Content(items)",
        })
    }
}

/// The members in the published order.
#[derive(Serialize)]
struct Wire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    content_encoding: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    data: &'a str,
}

#[derive(Serialize)]
struct List<'a> {
    data: Vec<Wire<'a>>,
}

impl<'a> Wire<'a> {
    fn of(item: &'a ContentItem) -> Self {
        Self {
            content_encoding: item.content_encoding.as_deref(),
            content_type: item.content_type.as_deref(),
            key: item.key.as_deref(),
            data: &item.data,
        }
    }
}

fn jpeg(bytes: &[u8]) -> Result<String, ContentError> {
    if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        picture(bytes)
    } else {
        Err(ContentError::new("the picture is no JPEG"))
    }
}

fn picture(bytes: &[u8]) -> Result<String, ContentError> {
    match bytes.len() {
        0 => Err(ContentError::new("the picture is empty")),
        1..=MAX_CONTENT => Ok(encode(Flavour::Standard, bytes)),
        _ => Err(ContentError::new("the picture is too large")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0];
    const JWS: &str = "e30.e30.c2ln";

    #[test]
    fn what_an_app_could_not_show_is_not_made() {
        assert!(Content::card(PICTURE).unwrap().with_back(JWS).is_ok());
        for wrong in [&b""[..], b"<svg/>", b"\x89PNG\r\n\x1a\n", &[0xFF, 0xD8]] {
            assert!(Content::card(wrong).is_err());
            assert!(Content::auth_image(wrong).is_err());
            assert!(Content::card(PICTURE).unwrap().with_legacy_back(wrong).is_err());
        }
        for jws in ["", "a.b", "a.b.c.d", "a..c", "a.b.c=", "a.b. c", ".b.c"] {
            assert!(Content::card(PICTURE).unwrap().with_back(jws).is_err(), "{jws}");
        }
        for (content_type, bytes) in [
            ("", PICTURE),
            ("png", PICTURE),
            ("image/png\r\n", PICTURE),
            ("image/png", b""),
        ] {
            assert!(
                Content::auth_image_of(content_type, bytes).is_err(),
                "{content_type:?}"
            );
        }
        let huge = [PICTURE, &vec![0; MAX_CONTENT]].concat();
        assert!(Content::card(&huge).is_err());
        assert!(
            Content::card(PICTURE)
                .unwrap()
                .with_back(&"a".repeat(MAX_CONTENT + 1))
                .is_err()
        );
        assert!(Content::auth_image(PICTURE).unwrap().with_back(JWS).is_err());
        let card = Content::card(PICTURE).unwrap().with_back(JWS).unwrap();
        assert!(card.with_legacy_back(PICTURE).is_err(), "it has a back already");
    }

    #[test]
    fn debug_shows_no_picture() {
        let card = Content::card(PICTURE)
            .unwrap()
            .with_back("canary.e30.c2ln")
            .unwrap();
        let item = ContentItem::new("canary").key("front");
        let all = format!(
            "{card:?} {item:?} {:?} {:?}",
            Content::items(vec![item.clone()]),
            Content::auth_image(PICTURE)
        );
        assert!(!all.contains("canary") && !all.contains("/9j"), "{all}");
    }
}
