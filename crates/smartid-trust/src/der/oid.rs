//! Object identifiers.

use std::fmt;
use std::str::FromStr;

use super::DerError;

/// An object identifier, such as that of an extended key usage or of an attribute of a name.
///
/// ```
/// use smartid_trust::Oid;
///
/// let email_protection: Oid = "1.3.6.1.5.5.7.3.4".parse()?;
/// assert_eq!(email_protection.to_string(), "1.3.6.1.5.5.7.3.4");
/// assert!("3.1".parse::<Oid>().is_err());
/// # Ok::<(), smartid_trust::OidError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid(Repr);

/// Known identifiers are constants; read ones own their octets.
#[derive(Clone)]
enum Repr {
    Static(&'static [u8]),
    Owned(Box<[u8]>),
}

impl Repr {
    fn octets(&self) -> &[u8] {
        match self {
            Self::Static(octets) => octets,
            Self::Owned(octets) => octets,
        }
    }
}

impl PartialEq for Repr {
    fn eq(&self, other: &Self) -> bool {
        self.octets() == other.octets()
    }
}
impl Eq for Repr {}
impl std::hash::Hash for Repr {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.octets().hash(state);
    }
}
impl PartialOrd for Repr {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Repr {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.octets().cmp(other.octets())
    }
}

/// The text is not an object identifier in dotted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an object identifier in dotted decimal form, such as 2.5.29.15")]
#[non_exhaustive]
pub struct OidError;

impl Oid {
    /// From the octets that stand inside the DER element, known to be right.
    pub(crate) const fn known(octets: &'static [u8]) -> Self {
        Self(Repr::Static(octets))
    }

    pub(crate) fn from_der_contents(octets: &[u8]) -> Result<Self, DerError> {
        let bad = DerError("an object identifier that is not well formed");
        if octets.is_empty() || octets.len() > 64 || octets.last().is_some_and(|last| last & 0x80 != 0) {
            return Err(bad);
        }
        let mut first_of_arc = true;
        for octet in octets {
            if first_of_arc && *octet == 0x80 {
                return Err(bad);
            }
            first_of_arc = octet & 0x80 == 0;
        }
        Ok(Self(Repr::Owned(octets.into())))
    }

    pub(crate) fn der_contents(&self) -> &[u8] {
        self.0.octets()
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut arc = 0_u128;
        let mut first = true;
        for octet in self.der_contents() {
            arc = arc << 7 | u128::from(octet & 0x7f);
            if octet & 0x80 != 0 {
                if arc >> 120 != 0 {
                    return f.write_str("?");
                }
                continue;
            }
            if first {
                let root = (arc / 40).min(2);
                write!(f, "{root}.{}", arc - root * 40)?;
                first = false;
            } else {
                write!(f, ".{arc}")?;
            }
            arc = 0;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Oid {
    type Err = OidError;

    fn from_str(text: &str) -> Result<Self, OidError> {
        let arcs = text
            .split('.')
            .map(|arc| {
                let canonical = !arc.is_empty()
                    && arc.bytes().all(|byte| byte.is_ascii_digit())
                    && (arc == "0" || !arc.starts_with('0'));
                canonical
                    .then(|| arc.parse::<u64>().ok())
                    .flatten()
                    .ok_or(OidError)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let [root, second, rest @ ..] = arcs.as_slice() else {
            return Err(OidError);
        };
        if *root > 2 || (*root < 2 && *second > 39) || arcs.len() > 32 {
            return Err(OidError);
        }
        let head = second.checked_add(root * 40).ok_or(OidError)?;
        let mut octets = Vec::new();
        for arc in std::iter::once(&head).chain(rest) {
            let groups = (64 - arc.leading_zeros()).div_ceil(7).max(1);
            for group in (0..groups).rev() {
                let seven = u8::try_from(arc >> (group * 7) & 0x7f).unwrap_or_default();
                octets.push(if group == 0 { seven } else { seven | 0x80 });
            }
        }
        Self::from_der_contents(&octets).map_err(|_| OidError)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_that_are_no_identifiers() {
        for bad in [
            "", "1", "1.", ".1", "3.1", "1.40", "1.2.03", "1.2.-3", "1.2.x", "1..2",
        ] {
            assert!(bad.parse::<Oid>().is_err(), "{bad}");
        }
        for bad in [&[][..], &[0x80, 1], &[0x2a, 0x80, 1], &[0x81]] {
            assert!(Oid::from_der_contents(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(root in 0_u64..3, second in 0_u64..40, rest in proptest::collection::vec(any::<u64>(), 0..6)) {
            let text = [root, second].iter().chain(&rest).map(u64::to_string).collect::<Vec<_>>().join(".");
            prop_assert_eq!(text.parse::<Oid>().unwrap().to_string(), text);
        }
    }
}
