//! DER in and out, and BER made definite.
//!
//! Certificates, requests and key files are DER and are read strictly: one way to write each length, no indefinite form, nothing left
//! over. Signed messages may be BER, because Java producers write it; [`definite`] turns such a message into DER-like definite form
//! before anything else looks at it. All of it works on borrowed bytes and has caps on depth and on the number of elements.

mod definite;
mod oid;
mod reader;
mod time;
mod writer;

pub(crate) use definite::definite;
pub use oid::{Oid, OidError};
pub(crate) use reader::{DerError, Element, Reader};
pub(crate) use time::{parse_time, time_element};
pub(crate) use writer::{
    bit_string, boolean, explicit, integer, null, octet_string, oid, sequence, set, set_of, tlv, utf8,
};

/// The tags that occur here.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const NUMERIC_STRING: u8 = 0x12;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const TELETEX_STRING: u8 = 0x14;
    pub(crate) const IA5_STRING: u8 = 0x16;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const VISIBLE_STRING: u8 = 0x1a;
    pub(crate) const UNIVERSAL_STRING: u8 = 0x1c;
    pub(crate) const BMP_STRING: u8 = 0x1e;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// A context-specific tag, constructed.
    pub(crate) const fn context(number: u8) -> u8 {
        0xa0 | number
    }

    /// A context-specific tag, primitive.
    pub(crate) const fn context_primitive(number: u8) -> u8 {
        0x80 | number
    }
}
