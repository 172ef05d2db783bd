//! One thing that is shown or signed: an entry of `description` or `tbs`.
//!
//! Vendor pages: Example: Personal Desktop Client signing (documented example: the members, `text/plain` in base64), Use authentication
//! images from a content provider service (documented: the picture under the key `auth_image`, inline and by content id). Names are in
//! snake case, unlike all else in a command. An entry knows the very bytes that a signature of it covers, which is what its verification
//! stands on.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smartid_core::BuildError;
use smartid_core::base64::{self, Flavour};

use crate::ids::ContentId;

/// Text (documented example).
pub const TEXT: &str = "text/plain";
/// A picture (documented).
pub const JPEG: &str = "image/jpeg";
/// A document. That PDF can be signed is documented (vendor page: Features of Smart ID Mobile SDK and Smart ID Mobile App), the type is
/// inferred.
pub const PDF: &str = "application/pdf";
/// `data` names something at the content provider (documented).
pub const CONTENT_ID: &str = "application/hermod+content-id";
/// The key of the picture that a person compares (documented).
pub const AUTH_IMAGE: &str = "auth_image";

const BASE64: &str = "base64";

/// An entry of `description` or `tbs`. Cloning is cheap: clones share the data. `Debug` does not show the data.
///
/// ```
/// use smartid_hermod::Entry;
///
/// let entry = Entry::text("tbs", "Transfer 500 EUR").label("To be signed");
/// assert_eq!(
///     serde_json::to_string(&entry)?,
///     r#"{"content_encoding":"base64","content_type":"text/plain","data":"VHJhbnNmZXIgNTAwIEVVUg==","description":"To be signed","key":"tbs","visible":true}"#,
/// );
/// assert_eq!(entry.signed_bytes().unwrap(), "Transfer 500 EUR");
///
/// let image = Entry::authentication_image_by_id("AUTH:0b1d9c52").label("Compare the pictures");
/// assert_eq!(
///     serde_json::to_string(&image)?,
///     r#"{"content_type":"application/hermod+content-id","data":"AUTH:0b1d9c52","key":"auth_image","description":"Compare the pictures","visible":true}"#,
/// );
/// assert_eq!(image.signed_bytes(), None, "only the content provider knows");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Entry {
    content_type: String,
    content_encoding: Option<String>,
    data: Arc<str>,
    label: Option<String>,
    key: String,
    visible: Option<bool>,
    others: BTreeMap<String, serde_json::Value>,
}

impl Entry {
    fn new(
        key: impl Into<String>,
        content_type: impl Into<String>,
        content_encoding: Option<&str>,
        data: impl Into<Arc<str>>,
    ) -> Self {
        Self {
            content_type: content_type.into(),
            content_encoding: content_encoding.map(str::to_owned),
            data: data.into(),
            label: None,
            key: key.into(),
            visible: Some(true),
            others: BTreeMap::new(),
        }
    }

    /// Octets of any type, in base64. Visible, as all entries are until they are told otherwise.
    #[must_use]
    pub fn bytes(content_type: impl Into<String>, key: impl Into<String>, octets: &[u8]) -> Self {
        Self::new(
            key,
            content_type,
            Some(BASE64),
            base64::encode(Flavour::Standard, octets),
        )
    }

    /// A text, in UTF-8 and base64 as published. It is not normalised: line ends stay what they are.
    #[must_use]
    pub fn text(key: impl Into<String>, text: &str) -> Self {
        Self::bytes(TEXT, key, text.as_bytes())
    }

    /// A PDF document.
    #[must_use]
    pub fn pdf(key: impl Into<String>, octets: &[u8]) -> Self {
        Self::bytes(PDF, key, octets)
    }

    /// A JPEG picture.
    #[must_use]
    pub fn jpeg(key: impl Into<String>, octets: &[u8]) -> Self {
        Self::bytes(JPEG, key, octets)
    }

    /// A text as it is, without `content_encoding`. Published is base64 only; that an app takes this form, and then signs the text in
    /// UTF-8, is unknown.
    #[must_use]
    pub fn plain_text(key: impl Into<String>, text: &str) -> Self {
        Self::new(key, TEXT, None, text)
    }

    /// Something that messaging asks the content provider for, who supplies data, type and encoding.
    #[must_use]
    pub fn content_id(key: impl Into<String>, id: impl Into<ContentId>) -> Self {
        Self::new(key, CONTENT_ID, None, id.into().as_str())
    }

    /// The JPEG picture that a person compares with the one in the browser.
    #[must_use]
    pub fn authentication_image(jpeg: &[u8]) -> Self {
        Self::jpeg(AUTH_IMAGE, jpeg)
    }

    /// The picture that a person compares, from the content provider; the vendor recommends ids that begin with `AUTH:`.
    #[must_use]
    pub fn authentication_image_by_id(id: impl Into<ContentId>) -> Self {
        Self::content_id(AUTH_IMAGE, id)
    }

    /// `description`: what the person reads beside it.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// `visible`: whether the person sees it.
    #[must_use]
    pub fn visible(mut self, visible: bool) -> Self {
        self.visible = Some(visible);
        self
    }

    /// Adds a member that this library does not know. `json` is its JSON text.
    ///
    /// # Errors
    /// [`BuildError::Invalid`] when that is no JSON, or the member is one of those that an entry has.
    pub fn member(mut self, name: impl Into<String>, json: &str) -> Result<Self, BuildError> {
        let name = name.into();
        if MEMBERS.contains(&name.as_str()) {
            return Err(BuildError::Invalid(format!(
                "an entry has the member {name} already"
            )));
        }
        let value = serde_json::from_str(json)
            .map_err(|error| BuildError::Invalid(format!("the member {name} is not JSON: {error}")))?;
        self.others.insert(name, value);
        Ok(self)
    }

    /// The content type.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The encoding of the data: `base64`, or none.
    #[must_use]
    pub fn content_encoding(&self) -> Option<&str> {
        self.content_encoding.as_deref()
    }

    /// The data as they stand in the command.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }

    /// What the person reads beside it.
    #[must_use]
    pub fn get_label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// The machine name.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether the person sees it; `None` when the entry does not say.
    #[must_use]
    pub fn is_visible(&self) -> Option<bool> {
        self.visible
    }

    /// The bytes that a signature of this entry covers: the decoded data, or the UTF-8 of data that are not encoded. `None` for a
    /// content id, whose bytes the content provider has, and for data that are not what their encoding says.
    ///
    /// That the decoded data are signed, and not their base64, is inferred: vendor page Example: Personal Desktop Client signing calls
    /// it the encoding of the content.
    #[must_use]
    pub fn signed_bytes(&self) -> Option<Bytes> {
        match self.content_encoding.as_deref() {
            Some(BASE64) => Some(base64::decode(Flavour::Standard, &self.data).ok()?.into()),
            None if self.content_type != CONTENT_ID => Some(Bytes::copy_from_slice(self.data.as_bytes())),
            _ => None,
        }
    }
}

const MEMBERS: [&str; 6] = [
    "content_encoding",
    "content_type",
    "data",
    "description",
    "key",
    "visible",
];

impl Serialize for Entry {
    /// In the order of the page that shows such an entry.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let image = self.key == AUTH_IMAGE;
        if let Some(encoding) = self.content_encoding.as_ref().filter(|_| !image) {
            map.serialize_entry("content_encoding", encoding)?;
        }
        map.serialize_entry("content_type", &self.content_type)?;
        map.serialize_entry("data", &*self.data)?;
        if image {
            if let Some(encoding) = &self.content_encoding {
                map.serialize_entry("content_encoding", encoding)?;
            }
            map.serialize_entry("key", &self.key)?;
        }
        if let Some(label) = &self.label {
            map.serialize_entry("description", label)?;
        }
        if !image {
            map.serialize_entry("key", &self.key)?;
        }
        if let Some(visible) = self.visible {
            map.serialize_entry("visible", &visible)?;
        }
        for (name, value) in &self.others {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Form {
            content_type: String,
            #[serde(default)]
            content_encoding: Option<String>,
            data: String,
            #[serde(default)]
            description: Option<String>,
            key: String,
            #[serde(default)]
            visible: Option<bool>,
            #[serde(flatten)]
            others: BTreeMap<String, serde_json::Value>,
        }
        let Form {
            content_type,
            content_encoding,
            data,
            description,
            key,
            visible,
            others,
        } = Form::deserialize(deserializer)?;
        Ok(Self {
            content_type,
            content_encoding,
            data: data.into(),
            label: description,
            key,
            visible,
            others,
        })
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            content_type,
            content_encoding,
            data,
            label: _,
            key,
            visible,
            others,
        } = self;
        f.debug_struct("Entry")
            .field("content_type", content_type)
            .field("content_encoding", content_encoding)
            .field("data_len", &data.len())
            .field("key", key)
            .field("visible", visible)
            .field("others", &others.keys())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_signed_is_what_was_given() {
        assert_eq!(
            Entry::text("t", "a\r\nb\u{2028}").signed_bytes().unwrap(),
            "a\r\nb\u{2028}"
        );
        assert_eq!(Entry::plain_text("t", "YQ==").signed_bytes().unwrap(), "YQ==");
        assert_eq!(Entry::text("t", "").signed_bytes().unwrap(), "");
        assert_eq!(Entry::content_id("t", "SIGN:1").signed_bytes(), None);
        for odd in [
            r#"{"content_type":"text/plain","content_encoding":"base64","data":"YQ","key":"t"}"#,
            r#"{"content_type":"text/plain","content_encoding":"base64","data":"_w==","key":"t"}"#,
            r#"{"content_type":"text/plain","content_encoding":"gzip","data":"YQ==","key":"t"}"#,
            r#"{"content_type":"application/hermod+content-id","data":"YQ==","key":"t"}"#,
        ] {
            let entry: Entry = serde_json::from_str(odd).unwrap();
            assert_eq!(entry.signed_bytes(), None, "{odd}");
        }
    }

    #[test]
    fn further_members_are_added_and_kept() {
        let entry = Entry::text("t", "a").member("page", "[1, {}]").unwrap();
        assert!(entry.clone().member("page", "{").is_err());
        assert!(entry.clone().member("data", "\"b\"").is_err());
        let json = serde_json::to_string(&entry).unwrap();
        assert!(json.ends_with(r#""visible":true,"page":[1,{}]}"#), "{json}");
        assert_eq!(serde_json::from_str::<Entry>(&json).unwrap(), entry);
    }

    #[test]
    fn debug_does_not_show_the_data() {
        let entry = Entry::plain_text("tbs", "canary")
            .label("canary")
            .member("x", "\"canary\"");
        assert!(!format!("{entry:?}").contains("canary"));
    }

    proptest! {
        #[test]
        fn entries_come_back(
            key in prop_oneof![Just("auth_image".to_owned()), ".{0,8}"],
            kind in ".{0,12}",
            octets in proptest::collection::vec(any::<u8>(), 0..200),
            label in proptest::option::of(".{0,12}"),
            visible: bool,
        ) {
            let mut entry = Entry::bytes(kind, key, &octets).visible(visible);
            if let Some(label) = label {
                entry = entry.label(label);
            }
            let json = serde_json::to_string(&entry).unwrap();
            let again: Entry = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(&again, &entry);
            prop_assert_eq!(again.signed_bytes().unwrap(), octets);
            let value: Entry = serde_json::from_value(serde_json::to_value(&entry).unwrap()).unwrap();
            prop_assert_eq!(value, entry);
        }

        #[test]
        fn plain_texts_come_back(text in ".{0,60}") {
            let entry = Entry::plain_text("t", &text);
            let again: Entry = serde_json::from_str(&serde_json::to_string(&entry).unwrap()).unwrap();
            prop_assert_eq!(again.signed_bytes().unwrap(), text.as_bytes());
        }
    }
}
