//! When two names, two lists of names, two keys are the same.
//!
//! A device reads the template and writes it anew, so that the same text may come back in another string type. Two subjects are the
//! same when they are so byte for byte, or when they have the same parts in the same order, and in each part the same attributes with
//! the same text, whatever the string type. Letters count as they are: no case is folded, no white space is dropped, nothing is
//! normalised. TeletexString is compared byte for byte only, because nobody agrees on what its letters outside ASCII are.
//!
//! Alternative names are compared byte for byte, in any order, each as often as it occurs.

use crate::der::{Element, Reader, tag};
use crate::{Attribute, DistinguishedName};

/// Whether the two are the same; see the module.
pub(super) fn same_subject(one: &DistinguishedName, other: &DistinguishedName) -> bool {
    if one == other {
        return true;
    }
    let (one, other) = (one.rdns(), other.rdns());
    // The order within a part is that of the encoding, which changes with the string type.
    one.len() == other.len()
        && one
            .iter()
            .zip(&other)
            .all(|(one, other)| same_in_any_order(one, other, same_attribute))
}

/// Whether each list has what the other has, each as often.
pub(super) fn same_in_any_order<T>(one: &[T], other: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut left: Vec<&T> = other.iter().collect();
    one.iter().all(|wanted| {
        let found = left.iter().position(|candidate| same(wanted, candidate));
        found.map(|index| left.swap_remove(index)).is_some()
    })
}

fn same_attribute(one: &Attribute, other: &Attribute) -> bool {
    if one.kind != other.kind {
        return false;
    }
    let recoded = || {
        let unicode = |attribute: &Attribute| attribute.value_der.first() != Some(&tag::TELETEX_STRING);
        unicode(one) && unicode(other) && one.text.is_some() && one.text == other.text
    };
    one.value_der == other.value_der || recoded()
}

/// What makes a key that key, whatever algorithm identifier stands beside it: of an RSA key the modulus, else the bits.
pub(crate) fn key_material(spki: &[u8]) -> Option<&[u8]> {
    let bits = key_bits(spki)?;
    let modulus = Reader::only(bits, tag::SEQUENCE, "RSA")
        .and_then(|key| key.reader().expect(tag::INTEGER, "modulus"))
        .map(|modulus: Element<'_>| modulus.contents);
    let Ok(mut modulus) = modulus else {
        return Some(bits);
    };
    while let [0, shorter @ ..] = modulus {
        modulus = shorter;
    }
    Some(modulus)
}

/// The bits of SubjectPublicKeyInfo.
pub(crate) fn key_bits(spki: &[u8]) -> Option<&[u8]> {
    let mut info = Reader::only(spki, tag::SEQUENCE, "key").ok()?.reader();
    info.next().ok()?;
    info.expect(tag::BIT_STRING, "bits").ok()?.bit_string().ok()
}
