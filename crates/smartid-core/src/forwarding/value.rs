//! A value as the octets of one header, and nothing that could be more than one.

use http::HeaderValue;
use serde::{Deserialize, Serialize};

use super::ForwardingProblem;

/// The longest value in octets, as it goes out.
const LONGEST: usize = 4096;

/// How values beyond ASCII are written. What Digital Access does is unknown; UTF-8 is assumed \[inferred\], and a Java servlet reads
/// headers as ISO-8859-1 unless it decodes them itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HeaderEncoding {
    /// As UTF-8 octets.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// As ISO-8859-1 octets. What this set does not have is refused.
    #[serde(rename = "iso-8859-1")]
    Latin1,
    /// Not at all: a value beyond ASCII is refused.
    Ascii,
}

/// Whether some receiver could take it for the end of a line, or obey it. A tabulator is allowed within a header's value.
fn is_control(letter: char) -> bool {
    (letter.is_control() && letter != '\t') || matches!(letter, '\u{2028}' | '\u{2029}')
}

impl HeaderEncoding {
    /// The value as it goes out, marked sensitive.
    pub(super) fn write(self, value: &str) -> Result<HeaderValue, ForwardingProblem> {
        // No encoding here makes fewer octets than characters, and none more than the text has.
        if value.chars().take(LONGEST + 1).count() > LONGEST {
            return Err(ForwardingProblem::TooLong);
        }
        if value.contains(is_control) {
            return Err(ForwardingProblem::Control);
        }
        if value.trim() != value {
            return Err(ForwardingProblem::OuterSpace);
        }
        let octets = match self {
            Self::Ascii if !value.is_ascii() => Err(ForwardingProblem::Encoding),
            Self::Ascii | Self::Utf8 => Ok(value.as_bytes().to_vec()),
            Self::Latin1 => {
                let octets: Result<_, _> = value.chars().map(u8::try_from).collect();
                octets.map_err(|_| ForwardingProblem::Encoding)
            }
        }?;
        if octets.len() > LONGEST {
            return Err(ForwardingProblem::TooLong);
        }
        let mut value = HeaderValue::try_from(octets).map_err(|_| ForwardingProblem::Control)?;
        value.set_sensitive(true);
        Ok(value)
    }
}
