//! The visual ID: what the card of a profile looks like.
//!
//! Messaging 3.1.1 or later, Mobile App 5.4 or later. Vendor pages: Provision mobile virtual smart card with visual ID (documented: every
//! member; one value each of `textColor`), and the same page for 4.6, whose older form has no `dataType` and a `back.protection`. Members
//! are in camel case here, beside the all-lower-case ones around them.

use std::fmt;

use serde::{Deserialize, Serialize};
use smartid_core::base64::{Flavour, decode, encode};
use smartid_core::{BuildError, Lint};
use smartid_trust::jws::Jws;

use crate::ids::ContentId;
use crate::open::open_enum;

/// Largest picture or JWS of a card, in bytes. The limit of messaging itself is unknown.
pub const MAX_CARD_SIDE: usize = 2 * 1024 * 1024;

open_enum! {
    /// `dataType`: what one side of a card is.
    CardDataType {
        /// A JPEG picture in base64 (documented).
        Image = "IMAGE",
        /// A compact JWS whose payload is a picture (documented).
        Jose = "JOSE",
    }
}

open_enum! {
    /// `textColor`: the colour of what the app writes on a card.
    TextColor {
        /// White (documented).
        White = "WHITE",
        /// Black (inferred).
        Black = "BLACK",
    }
}

open_enum! {
    /// `protection` of the back in the form of Mobile App 4.6. From 5.4 on the back is always protected by the PIN (documented).
    CardProtection {
        /// Anybody can turn the card (documented).
        None = "NONE",
        /// The PIN is asked for. That there is such a value is documented, the value itself is unknown.
        Pin = "PIN",
    }
}

/// `visualData`: the card, inline or by the id that the content provider knows it by.
///
/// ```
/// use smartid_hermod::commands::provision::{TextColor, VisualData};
///
/// // A JPEG of 1200 x 757 or of the same shape.
/// let jpeg = [0xff, 0xd8, 0xff, 0xe0];
/// let inline = VisualData::inline(&jpeg, TextColor::White);
/// assert_eq!(
///     serde_json::to_string(&inline)?,
///     r#"{"profileCard":{"front":{"data":"/9j/4A==","dataType":"IMAGE","key":"front","textColor":"WHITE"}}}"#,
/// );
/// let by_reference = VisualData::content("PROV:0b1d9c52-0000-4000-8000-0000000000f1");
/// assert_eq!(serde_json::to_string(&by_reference)?, r#"{"contentId":"PROV:0b1d9c52-0000-4000-8000-0000000000f1"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct VisualData {
    /// What messaging asks the content provider for; `PROV:` and a UUID is recommended. Pictures of the card win over it (documented).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<ContentId>,
    /// The sides of the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_card: Option<ProfileCard>,
}

/// `profileCard`: the two sides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProfileCard {
    /// The front.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub front: Option<CardSide>,
    /// The back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<CardSide>,
}

/// One side. `Debug` shows the length of the data: it is somebody's picture.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CardSide {
    /// The data as it is sent: base64 of a picture, or a compact JWS.
    pub data: String,
    /// What the data are; not there in the form of Mobile App 4.6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_type: Option<CardDataType>,
    /// `front` or `back`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Who may see it; only in the form of Mobile App 4.6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<CardProtection>,
    /// The colour of text on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_color: Option<TextColor>,
}

impl CardSide {
    fn new(key: &str, data: String, data_type: Option<CardDataType>, text_color: TextColor) -> Self {
        Self {
            data,
            data_type,
            key: Some(key.to_owned()),
            protection: None,
            text_color: Some(text_color),
        }
    }

    fn check(&self, name: &str) -> Result<(), BuildError> {
        let refuse = |what: &str| Err(BuildError::Invalid(format!("the {name} of the card {what}")));
        // Base64 takes four letters for three bytes.
        let limit = match self.data_type {
            Some(CardDataType::Jose) => MAX_CARD_SIDE,
            _ => MAX_CARD_SIDE.div_ceil(3) * 4,
        };
        if self.data.is_empty() {
            return refuse("is empty");
        }
        if self.data.len() > limit {
            return refuse(&format!("has more than {MAX_CARD_SIDE} bytes"));
        }
        match self.data_type {
            Some(CardDataType::Jose) if Jws::parse(&self.data).is_err() => refuse("is not a compact JWS"),
            Some(CardDataType::Image) | None if decode(Flavour::Standard, &self.data).is_err() => {
                refuse("is not base64")
            }
            _ => Ok(()),
        }
    }

    fn lints(&self, name: &str, lints: &mut Vec<Lint>) {
        if !matches!(self.data_type, Some(CardDataType::Image) | None) {
            return;
        }
        let at = format!("profile/visualData/profileCard/{name}");
        let picture = decode(Flavour::Standard, &self.data).unwrap_or_default();
        if !picture.starts_with(&[0xff, 0xd8, 0xff]) {
            lints.push(Lint::new(at, "is not a JPEG picture"));
        } else if let Some((width, height)) = jpeg_size(&picture)
            // 1200:757, and one line of pixels more or less.
            && (u64::from(width) * 757).abs_diff(u64::from(height) * 1200) > 1200
        {
            lints.push(Lint::new(
                at,
                format!("has {width} x {height} pixels, which is not the shape 1200:757"),
            ));
        }
    }
}

impl VisualData {
    /// A front: a JPEG picture.
    #[must_use]
    pub fn inline(front: &[u8], text_color: impl Into<TextColor>) -> Self {
        let image = Some(CardDataType::Image);
        let front = CardSide::new(
            "front",
            encode(Flavour::Standard, front),
            image,
            text_color.into(),
        );
        Self::of(Some(front), None)
    }

    /// What the content provider has under this id.
    #[must_use]
    pub fn content(id: impl Into<ContentId>) -> Self {
        Self {
            content_id: Some(id.into()),
            profile_card: None,
        }
    }

    /// The form of Mobile App 4.6: both sides are JPEG pictures, and the back may be seen by anybody or not.
    #[must_use]
    pub fn legacy(
        front: &[u8],
        back: &[u8],
        protection: impl Into<CardProtection>,
        text_color: impl Into<TextColor>,
    ) -> Self {
        let text_color = text_color.into();
        let side = |key, data| CardSide::new(key, encode(Flavour::Standard, data), None, text_color.clone());
        let back = CardSide {
            protection: Some(protection.into()),
            ..side("back", back)
        };
        Self::of(Some(side("front", front)), Some(back))
    }

    fn of(front: Option<CardSide>, back: Option<CardSide>) -> Self {
        Self {
            content_id: None,
            profile_card: Some(ProfileCard { front, back }),
        }
    }

    /// Adds a back: a compact JWS whose payload carries the picture, signed with a certificate that the vendor issues (documented).
    /// [`smartid_trust::jws::sign`] makes one.
    #[must_use]
    pub fn back_jws(mut self, jws: impl Into<String>, text_color: impl Into<TextColor>) -> Self {
        let jose = Some(CardDataType::Jose);
        let back = CardSide::new("back", jws.into(), jose, text_color.into());
        self.profile_card.get_or_insert_default().back = Some(back);
        self
    }

    /// Adds an id at the content provider.
    #[must_use]
    pub fn content_id(mut self, id: impl Into<ContentId>) -> Self {
        self.content_id = Some(id.into());
        self
    }

    fn sides(&self) -> impl Iterator<Item = (&'static str, &CardSide)> {
        let card = self.profile_card.as_ref();
        let front = card
            .and_then(|card| card.front.as_ref())
            .map(|side| ("front", side));
        let back = card
            .and_then(|card| card.back.as_ref())
            .map(|side| ("back", side));
        front.into_iter().chain(back)
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        let refuse = |what: &str| Err(BuildError::Invalid(what.to_owned()));
        match &self.content_id {
            Some(id) if id.as_str().is_empty() => return refuse("the content id of the card is empty"),
            None if self.sides().next().is_none() => {
                return refuse("the card has neither a content id nor a side");
            }
            _ => {}
        }
        self.sides().try_for_each(|(name, side)| side.check(name))
    }

    pub(super) fn lints(&self, lints: &mut Vec<Lint>) {
        if self.content_id.is_some() && self.sides().any(|(name, _)| name == "front") {
            let what = "is passed over, because there is a front too";
            lints.push(Lint::new("profile/visualData/contentId", what));
        }
        self.sides().for_each(|(name, side)| side.lints(name, lints));
    }
}

/// Width and height of a JPEG picture (ITU-T T.81 B.2.2), as far as its headers can be followed.
fn jpeg_size(picture: &[u8]) -> Option<(u16, u16)> {
    let mut rest = picture.get(2..)?;
    loop {
        let [0xff, marker, high, low, ..] = *rest else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let [_, _, _, _, _precision, h1, h0, w1, w0, ..] = *rest else {
                return None;
            };
            return Some((u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0])));
        }
        rest = rest.get(2 + length.max(2)..)?;
    }
}

impl fmt::Debug for CardSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            data,
            data_type,
            key,
            protection,
            text_color,
        } = self;
        f.debug_struct("CardSide")
            .field("data_len", &data.len())
            .field("data_type", data_type)
            .field("key", key)
            .field("protection", protection)
            .field("text_color", text_color)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A JPEG that has nothing but a start, a comment, and the header of a frame of this size.
    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let mut picture = vec![0xff, 0xd8, 0xff, 0xfe, 0, 4, 1, 2, 0xff, 0xc0, 0, 17, 8];
        picture.extend(height.to_be_bytes());
        picture.extend(width.to_be_bytes());
        picture.extend([3; 10]);
        picture
    }

    fn lints(visual: &VisualData) -> Vec<String> {
        let mut lints = Vec::new();
        visual.lints(&mut lints);
        lints.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_shape_of_a_picture_is_looked_at() {
        assert_eq!(jpeg_size(&jpeg(1200, 757)), Some((1200, 757)));
        for good in [(1200, 757), (600, 378), (600, 379), (2400, 1514)] {
            let visual = VisualData::inline(&jpeg(good.0, good.1), TextColor::White);
            assert_eq!(lints(&visual), Vec::<String>::new(), "{good:?}");
        }
        for odd in [(757, 1200), (1200, 760), (1200, 0)] {
            let visual = VisualData::inline(&jpeg(odd.0, odd.1), TextColor::White);
            assert!(lints(&visual)[0].contains("1200:757"), "{odd:?}");
        }
        for cut in 0..jpeg(1, 1).len() {
            let _ = jpeg_size(&jpeg(1, 1)[..cut]);
        }
        assert_eq!(jpeg_size(&[0xff, 0xd8, 0xff, 0xfe, 0, 0, 0xff]), None);
        let png = VisualData::inline(b"\x89PNG", TextColor::White);
        assert!(lints(&png)[0].contains("not a JPEG"));
    }

    #[test]
    fn what_cannot_be_a_side_is_refused() {
        let inline = |data: &[u8]| VisualData::inline(data, TextColor::White);
        assert!(inline(&[0; MAX_CARD_SIDE]).check().is_ok());
        for (visual, says) in [
            (inline(&[]), "is empty"),
            (inline(&[0; MAX_CARD_SIDE + 3]), "more than"),
            (
                inline(&[1]).back_jws("a.b", TextColor::White),
                "back of the card is not a compact JWS",
            ),
            (VisualData::default(), "neither"),
            (VisualData::content(""), "content id"),
            (
                VisualData::legacy(&[1], &[], CardProtection::None, TextColor::White),
                "back of the card is empty",
            ),
        ] {
            let error = visual.check().unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        let mut odd = inline(&[1]);
        odd.profile_card.as_mut().unwrap().front.as_mut().unwrap().data = "-".to_owned();
        assert!(odd.check().unwrap_err().to_string().contains("not base64"));
    }

    #[test]
    fn a_picture_beside_an_id_leaves_a_lint_and_debug_shows_no_picture() {
        let both = VisualData::inline(&[0xff, 0xd8, 0xff], TextColor::White).content_id("PROV:1");
        assert!(lints(&both)[0].contains("contentId"));
        assert!(!format!("{both:?}").contains("/9j/"));
    }
}
