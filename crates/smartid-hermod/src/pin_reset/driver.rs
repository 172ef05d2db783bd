//! Which driver and which operation: the words of startpinreset. Open, because a page of one version is all that lists them.

use serde::Serialize;

use crate::open::open_enum;

open_enum! {
    /// `operation`: what is done with the token. Desktop App 1.12.1 (vendor page: API parameters specific to Smart ID Desktop App,
    /// documented); the page for 2.0 does not list it.
    PinOperation {
        /// A new PIN without the old one; what is done when no operation is named.
        PinReset = "pinreset",
        /// Another admin key.
        AdminKeyChange = "adminkeychange",
        /// A new PIN in exchange for the old one.
        PinChange = "pinchange",
        /// A new PUK in exchange for the old one.
        PukChange = "pukchange",
    }
}

open_enum! {
    /// The name of a token's driver (vendor page: API parameters specific to Smart ID Desktop App, documented for 1.12.1).
    DriverName {
        /// YubiKey.
        Yubi = "yubi",
        /// CardOS.
        CardOs = "cardos",
        /// Whichever fits.
        Any = "any",
        /// `c2300`.
        C2300 = "c2300",
        /// Gemalto.
        Gemalto = "gemalto",
        /// A virtual smart card.
        Vsc = "vsc",
    }
}

open_enum! {
    /// The kind of a token's driver (vendor page: API parameters specific to Smart ID Desktop App, documented for 1.12.1).
    DriverType {
        /// A Windows minidriver.
        Minidriver = "minidriver",
        /// A PKCS #11 library.
        Pkcs11 = "pkcs11",
    }
}

/// `driver`: through which driver a token is reached, for an operation without a profile. Desktop App 1.12.1; gone in 2.0.
///
/// The page writes the two members with capitals; the letter case on the wire is not certain, and an edit of the dialect renames them.
/// Whether both are needed is not said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Driver {
    /// `Name`.
    #[serde(rename = "Name", skip_serializing_if = "Option::is_none")]
    pub name: Option<DriverName>,
    /// `Type`.
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<DriverType>,
}

impl Driver {
    /// A driver of that name and kind.
    #[must_use]
    pub fn new(name: DriverName, kind: DriverType) -> Self {
        Self {
            name: Some(name),
            kind: Some(kind),
        }
    }

    /// A driver of that name, its kind left out.
    #[must_use]
    pub fn named(name: DriverName) -> Self {
        Self {
            name: Some(name),
            kind: None,
        }
    }

    /// Whether it names a driver.
    pub(crate) fn is_named(&self) -> bool {
        let name = self.name.as_ref().map_or("", DriverName::as_str);
        let kind = self.kind.as_ref().map_or("", DriverType::as_str);
        !(name.is_empty() && kind.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_as_written() {
        for word in ["pinreset", "adminkeychange", "pinchange", "pukchange"] {
            let operation = PinOperation::from(word);
            assert!(!matches!(operation, PinOperation::Other(_)), "{word}");
            assert_eq!(operation.as_str(), word);
        }
        assert_eq!(
            PinOperation::from("PinReset"),
            PinOperation::Other("PinReset".into())
        );
        assert_eq!(DriverName::from("unheard-of").to_string(), "unheard-of");
    }
}
