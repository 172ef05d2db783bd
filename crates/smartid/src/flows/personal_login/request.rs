//! What one login asks for: who is expected, and what the person is shown in the app.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smartid_core::base64::{self, Flavour};
use smartid_da::{UserId, UserIdError};
use smartid_hermod::{ContentId, Entry};

/// The largest picture that travels inside the command, in bytes. No limit is published; larger ones belong to the content provider.
pub const MAX_IMAGE: usize = 256 * 1024;

/// The largest text that the person is told, in bytes.
pub const MAX_DESCRIPTION: usize = 4096;

/// A request that cannot be made; nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The picture is no JPEG, which is the only form that is documented.
    #[error("the authentication image is no JPEG")]
    NotJpeg,
    /// The picture is larger than [`MAX_IMAGE`].
    #[error("the authentication image is larger than {MAX_IMAGE} bytes; let the content provider serve it")]
    ImageTooLarge,
    /// The content id is empty, too long, or has control characters.
    #[error("the content id of the authentication image cannot be used")]
    ContentId,
    /// The typed user name cannot be one.
    #[error("the user name cannot be one: {0}")]
    User(#[from] UserIdError),
    /// The text for the person is empty, larger than [`MAX_DESCRIPTION`], or has control characters other than line ends and tabs.
    #[error("the text for the person cannot be shown")]
    Description,
}

/// The picture that the person compares: the same one in the app and on the page.
///
/// ```
/// use smartid::flows::personal_login::{LoginImage, RequestError};
///
/// assert!(LoginImage::jpeg(vec![0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xD9]).is_ok());
/// assert_eq!(LoginImage::jpeg("GIF89a").unwrap_err(), RequestError::NotJpeg);
/// assert!(LoginImage::by_id("AUTH:0b1d9c52").is_ok());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct LoginImage(Form);

#[derive(Clone, PartialEq, Eq)]
enum Form {
    Jpeg(Bytes),
    ById(ContentId),
}

impl LoginImage {
    /// A JPEG that travels inside the command \[documented; vendor page: Use authentication images from a content provider service\].
    ///
    /// # Errors
    /// [`RequestError::NotJpeg`], [`RequestError::ImageTooLarge`].
    pub fn jpeg(octets: impl Into<Bytes>) -> Result<Self, RequestError> {
        let octets = octets.into();
        if !octets.starts_with(&[0xff, 0xd8, 0xff]) {
            return Err(RequestError::NotJpeg);
        }
        if octets.len() > MAX_IMAGE {
            return Err(RequestError::ImageTooLarge);
        }
        Ok(Self(Form::Jpeg(octets)))
    }

    /// A picture that messaging fetches from the content provider \[documented\]; the vendor recommends ids that begin with `AUTH:`. That
    /// Digital Access sends this form is inferred.
    ///
    /// # Errors
    /// [`RequestError::ContentId`].
    pub fn by_id(id: impl Into<String>) -> Result<Self, RequestError> {
        let id = id.into();
        if id.trim().is_empty() || id.len() > 256 || id.chars().any(char::is_control) {
            return Err(RequestError::ContentId);
        }
        Ok(Self(Form::ById(ContentId::from(id))))
    }

    /// The picture, when it travels inside the command: for the page. It is no secret; who sees it cannot answer.
    #[must_use]
    pub fn octets(&self) -> Option<&Bytes> {
        match &self.0 {
            Form::Jpeg(octets) => Some(octets),
            Form::ById(_) => None,
        }
    }

    /// Its id at the content provider, when it is there: the page shows what stands under it.
    #[must_use]
    pub fn content_id(&self) -> Option<&ContentId> {
        match &self.0 {
            Form::ById(id) => Some(id),
            Form::Jpeg(_) => None,
        }
    }

    pub(super) fn entry(&self) -> Entry {
        match &self.0 {
            Form::Jpeg(octets) => Entry::authentication_image(octets),
            Form::ById(id) => Entry::authentication_image_by_id(id.clone()),
        }
    }
}

impl fmt::Debug for LoginImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(form) = self;
        match form {
            Form::Jpeg(octets) => write!(f, "LoginImage(jpeg, {} bytes)", octets.len()),
            Form::ById(_) => f.write_str("LoginImage(by id)"),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Stored {
    Jpeg(String),
    ById(String),
}

impl Serialize for LoginImage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = match &self.0 {
            Form::Jpeg(octets) => Stored::Jpeg(base64::encode(Flavour::Standard, octets)),
            Form::ById(id) => Stored::ById(id.as_str().to_owned()),
        };
        stored.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LoginImage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let image = match Stored::deserialize(deserializer)? {
            Stored::Jpeg(text) => {
                let octets = base64::decode(Flavour::Standard, &text).map_err(serde::de::Error::custom)?;
                Self::jpeg(octets)
            }
            Stored::ById(id) => Self::by_id(id),
        };
        image.map_err(serde::de::Error::custom)
    }
}

/// One login.
///
/// ```
/// use smartid::flows::personal_login::{LoginImage, LoginRequest};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let request = LoginRequest::new()
///     .typed_user("alice")?
///     .image(LoginImage::by_id("AUTH:0b1d9c52")?)
///     .description("Log in to Example Bank")?;
/// # drop(request); Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    pub(super) typed: Option<UserId>,
    pub(super) image: Option<LoginImage>,
    pub(super) description: Option<String>,
}

impl LoginRequest {
    /// Nobody has typed a name: the answer says who it is. For the QR code, for Personal Desktop, and on the same device.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Somebody has typed a user name: the answer must be that user's.
    ///
    /// # Errors
    /// [`RequestError::User`] when the text can be nobody's.
    pub fn typed_user(mut self, name: impl Into<String>) -> Result<Self, RequestError> {
        self.typed = Some(UserId::new(name)?);
        Ok(self)
    }

    /// The picture that the person compares. Digital Access picks one of its own for each login; here the program does.
    #[must_use]
    pub fn image(mut self, image: LoginImage) -> Self {
        self.image = Some(image);
        self
    }

    /// What the person is told in the app.
    ///
    /// # Errors
    /// [`RequestError::Description`].
    pub fn description(mut self, text: impl Into<String>) -> Result<Self, RequestError> {
        let text = text.into();
        let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if text.trim().is_empty() || text.len() > MAX_DESCRIPTION || text.chars().any(odd) {
            return Err(RequestError::Description);
        }
        self.description = Some(text);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_caps_and_come_back_from_the_store() {
        let mut jpeg = vec![0xff, 0xd8, 0xff];
        jpeg.resize(MAX_IMAGE, 0);
        let request = LoginRequest::new()
            .image(LoginImage::jpeg(jpeg.clone()).unwrap())
            .description("a\nb")
            .unwrap();
        let stored = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<LoginRequest>(&stored).unwrap(), request);
        assert!(!format!("{request:?}").contains("255, 216"));
        jpeg.push(0);
        assert_eq!(LoginImage::jpeg(jpeg).unwrap_err(), RequestError::ImageTooLarge);
        for bad in ["", " ", "a\u{7}", &"x".repeat(MAX_DESCRIPTION + 1)] {
            assert_eq!(
                LoginRequest::new().description(bad).unwrap_err(),
                RequestError::Description
            );
        }
        for bad in ["", "a\n", &"x".repeat(257)] {
            assert_eq!(LoginImage::by_id(bad).unwrap_err(), RequestError::ContentId);
        }
        assert!(matches!(
            LoginRequest::new().typed_user(" alice"),
            Err(RequestError::User(UserIdError::WhiteSpace))
        ));
        // What was tampered with in the store is refused.
        assert!(serde_json::from_str::<LoginImage>(r#"{"jpeg":"R0lGODlh"}"#).is_err());
    }
}
