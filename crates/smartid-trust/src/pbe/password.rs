//! The octets that a password is derived from.
//!
//! Standards say which: UTF-8 for RFC 8018, UTF-16 with a terminator for RFC 7292. Producers have done otherwise, and their files are
//! still handed out, so a password has several forms. Which one a container means shows in its checksum, or in what decrypts.

use zeroize::Zeroizing;

/// A form of the password for the derivation of RFC 7292 (appendix B.1).
#[cfg(feature = "pkcs12")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wide {
    /// UTF-16, big-endian, with two zero octets at its end. Letters outside the Basic Multilingual Plane become two units, as Java and
    /// OpenSSL write them.
    Terminated,
    /// No octets at all: some producers take an empty password for none.
    None,
    /// Each octet of the UTF-8 form as a unit, as OpenSSL wrote before version 1.1.
    Widened,
}

/// A form of the password for the derivations of RFC 8018.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Narrow {
    /// UTF-8.
    Utf8,
    /// As `Wide::Terminated`: some producers derive everything from one form.
    #[cfg(feature = "pkcs12")]
    Wide,
    /// The low seven bits of each unit of UTF-16, as Java derives with Bouncy Castle's PBKDF2.
    #[cfg(feature = "pkcs12")]
    SevenBit,
}

/// A password, and how it is turned into octets.
#[derive(Clone, Copy)]
pub(crate) struct Password<'a> {
    text: &'a str,
    #[cfg(feature = "pkcs12")]
    pub(super) wide: Wide,
    pub(super) narrow: Narrow,
}

impl<'a> Password<'a> {
    /// In the forms of the standards.
    pub(crate) const fn new(text: &'a str) -> Self {
        Self {
            text,
            #[cfg(feature = "pkcs12")]
            wide: Wide::Terminated,
            narrow: Narrow::Utf8,
        }
    }

    pub(super) fn narrow(self) -> Zeroizing<Vec<u8>> {
        let mut octets = Zeroizing::new(Vec::with_capacity(2 * self.text.len() + 2));
        match self.narrow {
            Narrow::Utf8 => octets.extend_from_slice(self.text.as_bytes()),
            #[cfg(feature = "pkcs12")]
            Narrow::Wide => wide(self.text.encode_utf16(), &mut octets),
            #[cfg(feature = "pkcs12")]
            Narrow::SevenBit => {
                octets.extend(self.text.encode_utf16().map(|unit| unit.to_be_bytes()[1] & 0x7f))
            }
        }
        octets
    }
}

#[cfg(feature = "pkcs12")]
impl Password<'_> {
    /// Every form that differs, the present one first.
    pub(crate) fn wide_forms(self) -> impl Iterator<Item = Self> {
        let (empty, ascii) = (self.text.is_empty(), self.text.is_ascii());
        let others = [
            (Wide::Terminated, true),
            (Wide::None, empty),
            (Wide::Widened, !ascii),
        ]
        .into_iter()
        .filter_map(move |(wide, differs)| (differs && wide != self.wide).then_some(Self { wide, ..self }));
        std::iter::once(self).chain(others)
    }

    /// Every form that differs, the present one first.
    pub(crate) fn narrow_forms(self) -> impl Iterator<Item = Self> {
        let ascii = self.text.is_ascii();
        let others = [
            (Narrow::Utf8, true),
            (Narrow::Wide, true),
            (Narrow::SevenBit, !ascii),
        ]
        .into_iter()
        .filter_map(move |(narrow, differs)| {
            (differs && narrow != self.narrow).then_some(Self { narrow, ..self })
        });
        std::iter::once(self).chain(others)
    }

    pub(super) fn wide(self) -> Zeroizing<Vec<u8>> {
        let mut octets = Zeroizing::new(Vec::with_capacity(2 * self.text.len() + 2));
        match self.wide {
            Wide::Terminated => wide(self.text.encode_utf16(), &mut octets),
            Wide::Widened => wide(self.text.bytes().map(u16::from), &mut octets),
            Wide::None => {}
        }
        octets
    }
}

/// Big-endian units and a terminator.
#[cfg(feature = "pkcs12")]
fn wide(units: impl Iterator<Item = u16>, octets: &mut Vec<u8>) {
    for unit in units.chain([0]) {
        octets.extend_from_slice(&unit.to_be_bytes());
    }
}

#[cfg(all(test, feature = "pkcs12"))]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_its_octets() {
        let password = Password::new("å\u{1f600}");
        assert_eq!(password.narrow().as_slice(), "å\u{1f600}".as_bytes());
        let wide: Vec<Vec<u8>> = password.wide_forms().map(|form| form.wide().to_vec()).collect();
        assert_eq!(
            wide,
            [
                vec![0, 0xe5, 0xd8, 0x3d, 0xde, 0, 0, 0],
                vec![0, 0xc3, 0, 0xa5, 0, 0xf0, 0, 0x9f, 0, 0x98, 0, 0x80, 0, 0],
            ]
        );
        let narrow: Vec<Vec<u8>> = password
            .narrow_forms()
            .map(|form| form.narrow().to_vec())
            .collect();
        assert_eq!(narrow[1], wide[0]);
        assert_eq!(narrow[2], [0x65, 0x3d, 0]);
    }

    #[test]
    fn forms_that_do_not_differ_are_not_tried() {
        let forms = |text| {
            (
                Password::new(text).wide_forms().count(),
                Password::new(text).narrow_forms().count(),
            )
        };
        assert_eq!(forms("ascii"), (1, 2));
        assert_eq!(forms(""), (2, 2));
        assert_eq!(forms("å"), (2, 3));
        let empty: Vec<Vec<u8>> = Password::new("")
            .wide_forms()
            .map(|form| form.wide().to_vec())
            .collect();
        assert_eq!(empty, [vec![0, 0], vec![]]);
    }
}
