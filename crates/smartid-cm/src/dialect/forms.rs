//! What all requests, and all answers, of an installation have in common.

use serde::{Deserialize, Serialize};
use smartid_core::PathTemplate;
use smartid_core::json::Pointer;
use smartid_trust::Radix;

/// How the fields of a write are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Encoding {
    /// `multipart/form-data`.
    Multipart,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
}

/// How a certification request is written into a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CsrForm {
    /// Base64 of the DER on one line.
    Base64,
    /// Base64 of the DER in lines of 64 letters in multipart, on one line in forms and JSON.
    Base64Lines,
    /// PEM.
    Pem,
    /// The DER itself; only in multipart.
    Der,
}

/// How a list is written into a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Lists {
    /// The field once for each value.
    Repeated,
    /// One field, the values with commas between them.
    Joined,
}

/// How dates are written into requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DateForm {
    /// `2021-12-20T08:01:30Z`.
    Seconds,
    /// `2021-12-20T08:01:30.0000000Z`.
    Fraction,
}

/// How a number of days is written into a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DaysForm {
    /// A text: `"7"`.
    Text,
    /// A number: `7`. The same in multipart and forms.
    Number,
}

/// How serial numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SerialRadix {
    /// Hexadecimal.
    Hex,
    /// Decimal.
    Decimal,
}

impl From<SerialRadix> for Radix {
    fn from(radix: SerialRadix) -> Self {
        match radix {
            SerialRadix::Hex => Self::Hex,
            SerialRadix::Decimal => Self::Decimal,
        }
    }
}

/// What became of a certificate of a call that partly failed, when the answer does not name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Unlisted {
    /// Nobody knows.
    Unclear,
    /// It is done.
    Done,
}

/// What all requests have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Requests {
    /// What stands behind the path of every operation.
    pub path_suffix: PathTemplate,
    /// How a certification request is written.
    pub csr: CsrForm,
    /// Whether requests and signatures are parts with a file name in multipart.
    pub file_parts: bool,
    /// The content type of a certification request's part; empty for none.
    pub csr_type: String,
    /// The content type of the part of a signature, or of other bytes; empty for none.
    pub binary_type: String,
    /// Whether base64 of a signature, or of other bytes, is broken into lines of 64 letters in multipart.
    pub binary_lines: bool,
    /// How lists are written in forms.
    pub lists: Lists,
    /// How dates are written.
    pub dates: DateForm,
    /// How the validity of a registration is written.
    pub registration_days: DaysForm,
    /// What `certid` is called in multipart and forms.
    pub certid_in_forms: String,
    /// What `certid` is called in JSON.
    pub certid_in_json: String,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            path_suffix: PathTemplate::default(),
            csr: CsrForm::Base64Lines,
            file_parts: true,
            csr_type: String::from("application/octet-stream"),
            binary_type: String::from("application/octet-stream"),
            binary_lines: true,
            lists: Lists::Repeated,
            dates: DateForm::Seconds,
            registration_days: DaysForm::Text,
            certid_in_forms: String::from("certId"),
            certid_in_json: String::from("certid"),
        }
    }
}

/// What all answers have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Answers {
    /// Where an envelope has its code.
    pub code: Pointer,
    /// Where it has its text.
    pub message: Pointer,
    /// Where it has the data to be signed.
    pub data_to_sign: Pointer,
    /// Where it has what went wrong with single certificates or elements.
    pub items: Pointer,
    /// The number of the first element of a list, where errors name elements by number.
    pub first_index: u64,
    /// What became of a certificate that a partly failed call does not name.
    pub unlisted: Unlisted,
    /// How serial numbers are written, in answers and in the search.
    pub serial_radix: SerialRadix,
    /// The header that tells the id of an issued or downloaded certificate.
    pub certid_header: String,
}

impl Default for Answers {
    fn default() -> Self {
        let at = |name: &str| Pointer::of([name]);
        Self {
            code: at("error"),
            message: at("msg"),
            data_to_sign: at("dataToSign"),
            items: at("errors"),
            first_index: 0,
            unlisted: Unlisted::Unclear,
            serial_radix: SerialRadix::Hex,
            certid_header: String::from("certId"),
        }
    }
}
