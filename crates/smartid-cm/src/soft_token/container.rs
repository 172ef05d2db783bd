//! Whether octets are a PKCS #12 container, told by how it begins.
//!
//! Nothing is opened here: who passes a token on has no password to spare, and a page, a certificate or half a file is told apart by
//! the first few octets.

use bytes::Bytes;
use smartid_core::base64::{Flavour, Tolerated, decode_lenient};
use smartid_trust::SoftToken;

use super::SoftTokenProblem;

/// The longest container, in bytes: what a reader of containers accepts unless it is told otherwise.
pub(super) const MAX_LEN: usize = 1024 * 1024;

const SEQUENCE: u8 = 0x30;
/// `version INTEGER 3` and then the `ContentInfo`: so every container begins (RFC 7292 section 4).
const VERSION_3: [u8; 4] = [0x02, 0x01, 0x03, SEQUENCE];
const BEGIN: &str = "-----BEGIN ";

/// The container in a body: as it came, or out of base64 or PEM, in which nothing else can be meant.
pub(super) fn read(body: &Bytes) -> Result<SoftToken, SoftTokenProblem> {
    match begins(body) {
        Begins::Container => {
            if body.len() > MAX_LEN {
                return Err(SoftTokenProblem::TooLarge);
            }
            Ok(SoftToken::new(&**body))
        }
        Begins::Truncated => Err(SoftTokenProblem::Truncated),
        Begins::OtherDer => Err(SoftTokenProblem::OtherFile),
        Begins::Otherwise => text(body),
    }
}

/// Out of a text.
pub(super) fn text(body: &[u8]) -> Result<SoftToken, SoftTokenProblem> {
    let other = Err(SoftTokenProblem::NoContainer);
    let Ok(text) = std::str::from_utf8(body) else {
        return other;
    };
    if text.len() > MAX_LEN / 3 * 4 + MAX_LEN / 32 {
        return Err(SoftTokenProblem::TooLarge);
    }
    let text = text.trim();
    let letters = match text.strip_prefix(BEGIN) {
        Some(section) => {
            let Some((label, rest)) = section.split_once("-----") else {
                return other;
            };
            match rest.split_once(&format!("-----END {label}-----")) {
                Some((letters, "")) => letters,
                _ => return Err(SoftTokenProblem::OtherFile),
            }
        }
        None => text,
    };
    match decode_lenient(Flavour::Standard, letters) {
        Ok((octets, forgiven)) if !forgiven.contains(&Tolerated::Alphabet) => match begins(&octets) {
            Begins::Container if octets.len() <= MAX_LEN => Ok(SoftToken::new(octets)),
            Begins::Container => Err(SoftTokenProblem::TooLarge),
            Begins::Truncated => Err(SoftTokenProblem::Truncated),
            Begins::OtherDer => Err(SoftTokenProblem::OtherFile),
            Begins::Otherwise => other,
        },
        _ => other,
    }
}

/// What octets begin as.
#[derive(Debug, PartialEq, Eq)]
enum Begins {
    Container,
    /// A container that is longer than what came.
    Truncated,
    /// A certificate, PKCS #7, a key.
    OtherDer,
    Otherwise,
}

/// A text may begin with the digit 0, which is the octet of a SEQUENCE; but no container is so short that its length is one octet, and
/// none has a length of more than four octets.
fn begins(octets: &[u8]) -> Begins {
    let Some((&SEQUENCE, rest)) = octets.split_first() else {
        return Begins::Otherwise;
    };
    let (length, contents) = match rest.split_first() {
        Some((0x80, contents)) => (None, contents),
        Some((first @ 0x81..=0x84, rest)) => {
            let Some((length, contents)) = rest.split_at_checked(usize::from(first & 0x7f)) else {
                return Begins::Truncated;
            };
            let length = length
                .iter()
                .fold(0_u64, |length, octet| length << 8 | u64::from(*octet));
            (Some(length), contents)
        }
        _ => return Begins::Otherwise,
    };
    let whole = length.is_none_or(|length| length <= contents.len() as u64);
    if contents.starts_with(&VERSION_3) {
        return if whole {
            Begins::Container
        } else {
            Begins::Truncated
        };
    }
    match (VERSION_3.starts_with(contents), contents.first()) {
        (true, _) => Begins::Truncated,
        (_, Some(&SEQUENCE | &0x02 | &0x06)) => Begins::OtherDer,
        _ => Begins::Otherwise,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use smartid_core::base64::encode;

    use super::*;

    const CONTAINER: &[u8] = &[0x30, 0x81, 0x05, 0x02, 0x01, 0x03, 0x30, 0x00];

    fn of(octets: &[u8]) -> Result<Vec<u8>, SoftTokenProblem> {
        read(&Bytes::copy_from_slice(octets)).map(|token| token.expose_octets().to_vec())
    }

    #[test]
    fn a_container_is_known_by_its_beginning_and_handed_over_as_it_came() {
        assert_eq!(of(CONTAINER).unwrap(), CONTAINER);
        let with_line_end = [CONTAINER, b"\r\n"].concat();
        assert_eq!(of(&with_line_end).unwrap(), with_line_end);
        let indefinite = [0x30, 0x80, 0x02, 0x01, 0x03, 0x30, 0x80, 0, 0, 0, 0];
        assert_eq!(of(&indefinite).unwrap(), indefinite);
        for text in [
            encode(Flavour::Standard, CONTAINER),
            format!("\r\n{}\r\n", encode(Flavour::Standard, CONTAINER)),
            format!(
                "-----BEGIN PKCS12-----\n{}\n-----END PKCS12-----\n",
                encode(Flavour::Standard, CONTAINER)
            ),
        ] {
            assert_eq!(of(text.as_bytes()).unwrap(), CONTAINER, "{text}");
        }
    }

    #[test]
    fn every_other_beginning_has_its_problem() {
        for cut in 2..CONTAINER.len() {
            assert_eq!(of(&CONTAINER[..cut]), Err(SoftTokenProblem::Truncated), "{cut}");
        }
        let cut = encode(Flavour::Standard, &CONTAINER[..6]);
        assert_eq!(of(cut.as_bytes()), Err(SoftTokenProblem::Truncated));
        for other in [
            &[0x30, 0x81, 0x03, 0x30, 0x01, 0x00][..],
            &[0x30, 0x81, 0x03, 0x06, 0x01, 0x00],
            &[0x30, 0x81, 0x04, 0x02, 0x01, 0x00, 0x30],
            b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----BEGIN X-----",
        ] {
            assert_eq!(of(other), Err(SoftTokenProblem::OtherFile), "{other:?}");
        }
        for other in [
            &b"0"[..],
            b"0 Not authorized",
            b"",
            b"\xff\xfe",
            b"PK\x03\x04",
            b"-----BEGIN ",
            &[0x30, 0x05, 0x02, 0x01, 0x03, 0x30, 0x00],
            &[0x30, 0x85, 0, 0, 0, 0, 5, 2, 1, 3, 0x30, 0],
            b"\xef\xbb\xbf0\x81\x05\x02\x01\x030\x00",
            b"\r\n0\x81\x05\x02\x01\x030\x00",
        ] {
            assert_eq!(of(other), Err(SoftTokenProblem::NoContainer), "{other:?}");
        }
    }

    #[test]
    fn a_container_has_a_largest_size() {
        let of_size = |size: usize| {
            let mut octets = vec![0x30, 0x84, 0, 0, 0, 5, 0x02, 0x01, 0x03, 0x30, 0x00];
            octets.resize(size, 0);
            octets
        };
        assert!(of(&of_size(MAX_LEN)).is_ok());
        assert_eq!(of(&of_size(MAX_LEN + 1)), Err(SoftTokenProblem::TooLarge));
        let text = encode(Flavour::Standard, &of_size(MAX_LEN));
        assert!(of(text.as_bytes()).is_ok());
        let text = encode(Flavour::Standard, &of_size(MAX_LEN + 3));
        assert_eq!(of(text.as_bytes()), Err(SoftTokenProblem::TooLarge));
        assert_eq!(
            of("A".repeat(4 * MAX_LEN).as_bytes()),
            Err(SoftTokenProblem::TooLarge)
        );
    }

    proptest! {
        #[test]
        fn any_octets_are_judged(octets in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(found) = of(&octets) {
                prop_assert!(found == octets || octets[0] != SEQUENCE);
            }
        }

        #[test]
        fn any_text_is_judged(text in "\\PC{0,80}") {
            let _ = of(text.as_bytes());
        }
    }
}
