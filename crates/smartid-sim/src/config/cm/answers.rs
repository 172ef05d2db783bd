//! How answers are written: errors, certificates as JSON, certificates as bytes (protocol notes: cm 4.3, 4.4, 5.1).

use serde::{Deserialize, Serialize};

/// Form of error answers (cm 4.4: statuses are not public).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CmErrorStyle {
    /// The envelope with a status of its own for each code (I).
    #[default]
    HttpStatus,
    /// The envelope with status 200.
    Ok,
    /// A page of HTML as Tomcat writes it, with the status.
    Html,
    /// The status alone.
    Empty,
}

/// HTTP status of each error code (cm 4.4, I).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmStatusConfig {
    /// -1, and every code that is not named here.
    pub general: u16,
    /// -7
    pub missing_field: u16,
    /// -8
    pub encoding: u16,
    /// -12
    pub not_initialised: u16,
    /// -14
    pub bad_value: u16,
    /// -15
    pub privilege: u16,
    /// -17
    pub bad_signature: u16,
    /// -18
    pub connection: u16,
    /// -19, in every style: two clients depend on 200 (T).
    pub signature_required: u16,
    /// -40
    pub too_many_requests: u16,
}

impl Default for CmStatusConfig {
    fn default() -> Self {
        Self {
            general: 500,
            missing_field: 400,
            encoding: 400,
            not_initialised: 503,
            bad_value: 400,
            privilege: 403,
            bad_signature: 400,
            connection: 503,
            signature_required: 200,
            too_many_requests: 429,
        }
    }
}

impl CmStatusConfig {
    /// The status of a code.
    pub(crate) fn of(&self, code: i64) -> u16 {
        match code {
            // An answer that tells of single failures and has no code of its own (cm 4.4, T: both occur).
            0 => 200,
            -7 => self.missing_field,
            -8 => self.encoding,
            -12 => self.not_initialised,
            -14 => self.bad_value,
            -15 => self.privilege,
            -17 => self.bad_signature,
            -18 => self.connection,
            -19 => self.signature_required,
            -40 => self.too_many_requests,
            _ => self.general,
        }
    }

    /// All of them with their keys.
    pub(crate) fn all(&self) -> [(&'static str, u16); 10] {
        [
            ("general", self.general),
            ("missing_field", self.missing_field),
            ("encoding", self.encoding),
            ("not_initialised", self.not_initialised),
            ("bad_value", self.bad_value),
            ("privilege", self.privilege),
            ("bad_signature", self.bad_signature),
            ("connection", self.connection),
            ("signature_required", self.signature_required),
            ("too_many_requests", self.too_many_requests),
        ]
    }
}

/// `GET /certificates` (cm 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmSearchConfig {
    /// Most certificates in one answer (cm 3, T: 500 by default).
    pub cap: usize,
    /// What happens to a greater `searchLimit` (U).
    pub over_cap: OverCap,
    /// Certificates in an answer to a call without `searchLimit`; 0 for as many as the cap allows (U).
    pub default_limit: usize,
    /// Whether `*` in a text stands for anything (U).
    pub wildcards: bool,
    /// Whether texts are compared without regard to case (U).
    pub ignore_case: bool,
    /// Whether `searchHits` is the number of all hits (cm 5.1, T), and not of those in the answer.
    pub total_hits: bool,
    /// Added to `searchHits`: a total that is never reached.
    pub phantom_hits: u64,
    /// From this offset on pages are empty, whatever `searchHits` says.
    pub empty_from: Option<usize>,
}

impl Default for CmSearchConfig {
    fn default() -> Self {
        Self {
            cap: 500,
            over_cap: OverCap::Clamp,
            default_limit: 0,
            wildcards: true,
            ignore_case: true,
            total_hits: true,
            phantom_hits: 0,
            empty_from: None,
        }
    }
}

/// What happens to a limit beyond the cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OverCap {
    /// It is the cap.
    #[default]
    Clamp,
    /// It is refused with -14.
    Refuse,
}

/// How certificates and envelopes are written as JSON (cm 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmAnswerConfig {
    /// `msg` of success (U).
    pub ok_message: String,
    /// `validfrom` and `validto` (cm 5.1: integers, T; milliseconds, I).
    pub date_style: CmDateStyle,
    /// `revocationtime` (cm 5.1: a text, T).
    pub revocation_time_style: CmDateStyle,
    /// `certificateserialnumber` (cm 5.1: hex I).
    pub serial_style: SerialStyle,
    /// `authorityKeyIdentifier` and `subjectKeyIdentifier` (cm 5.1: hex I).
    pub key_identifier_style: KeyIdentifierStyle,
    /// Name of the certificate's number, also in `errors` (cm 4.2, T: `certid`).
    pub certid_name: String,
    /// Members without a value are `null` instead of absent (U).
    pub null_members: bool,
}

impl Default for CmAnswerConfig {
    fn default() -> Self {
        Self {
            ok_message: "OK".into(),
            date_style: CmDateStyle::Milliseconds,
            revocation_time_style: CmDateStyle::Iso,
            serial_style: SerialStyle::Hex,
            key_identifier_style: KeyIdentifierStyle::Hex,
            certid_name: "certid".into(),
            null_members: false,
        }
    }
}

/// How a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CmDateStyle {
    /// Milliseconds since 1970, as a number.
    Milliseconds,
    /// Seconds since 1970, as a number.
    Seconds,
    /// `2026-01-01T00:00:00Z`
    Iso,
}

/// How a serial number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SerialStyle {
    /// Hexadecimal, lower case.
    Hex,
    /// Hexadecimal, upper case.
    HexUpper,
    /// Decimal.
    Decimal,
}

/// How a key identifier is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KeyIdentifierStyle {
    /// Hexadecimal, lower case.
    Hex,
    /// Hexadecimal, upper case, a colon between the bytes.
    HexColons,
    /// Base64.
    Base64,
}

/// Certificates as bytes (cm 4.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmDownloadConfig {
    /// Whether `depth` counts the certificate itself (U).
    pub depth_counts_leaf: bool,
    /// Whether chains end with the root (U).
    pub include_root: bool,
    /// What happens when nothing in `Accept` is known.
    pub unknown_accept: UnknownAccept,
    /// `Content-Type` of PKCS #7 (cm 4.3).
    pub pkcs7_content_type: String,
    /// Names in a zip archive, `{n}` counts from 1 (U).
    pub zip_member: String,
    /// Whether the archive holds PEM instead of DER (U).
    pub zip_pem: bool,
    /// Whether the header `certId` is sent (cm 4.3, T).
    pub certid_header: bool,
}

impl Default for CmDownloadConfig {
    fn default() -> Self {
        Self {
            depth_counts_leaf: true,
            include_root: true,
            unknown_accept: UnknownAccept::Default,
            pkcs7_content_type: "application/pkcs7-mime".into(),
            zip_member: "{n}.cer".into(),
            zip_pem: false,
            certid_header: true,
        }
    }
}

/// What happens when nothing in `Accept` is known (U).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UnknownAccept {
    /// PKCS #7, as without the header.
    #[default]
    Default,
    /// 406.
    #[serde(rename = "406")]
    NotAcceptable,
}
