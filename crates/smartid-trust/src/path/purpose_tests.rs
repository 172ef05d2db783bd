//! What a key may be used for, and which policies a chain must have.

use super::test_ca::*;
use super::*;
use crate::der::{self, tag};
use crate::{KeyUsage, Oid, Reason};

const EMAIL: &str = "1.3.6.1.5.5.7.3.4";
const SERVER: &str = "1.3.6.1.5.5.7.3.1";
const CLIENT: &str = "1.3.6.1.5.5.7.3.2";
const ANY: &str = "2.5.29.37.0";

#[test]
fn key_usage_is_that_of_the_purpose() {
    let with = |bits: &[u8]| Spec {
        extensions: vec![key_usage(bits)],
        ..leaf()
    };
    let of = |spec: &Spec, purpose: &Purpose| {
        let ca = [intermediate().sign(&key(1))];
        verify_for(builder(), &spec.sign(&key(2)), &ca, purpose, NOW)
            .err()
            .map(|refusal| refusal.reason())
    };
    let (signing, authentication) = (Purpose::signing(), Purpose::authentication());
    assert_eq!(of(&with(&[0]), &signing), None);
    assert_eq!(of(&with(&[1]), &signing), None);
    assert_eq!(of(&with(&[2]), &signing), Some(Reason::KeyUsage));
    assert_eq!(of(&with(&[1]), &authentication), Some(Reason::KeyUsage));
    assert_eq!(of(&with(&[0]), &authentication), None);
    assert_eq!(of(&leaf().without_extensions(), &authentication), None);
    assert_eq!(of(&with(&[2]), &Purpose::any()), None);
    let only_commitment = Purpose::signing().with_key_usage(vec![KeyUsage::NonRepudiation]);
    assert_eq!(of(&with(&[0]), &only_commitment), Some(Reason::KeyUsage));
}

#[test]
fn extended_key_usage_of_leaf_and_cas() {
    let of = |leaf_uses: &[&str], ca_uses: &[&str], purpose: &Purpose| {
        let add = |spec: Spec, uses: &[&str]| {
            if uses.is_empty() {
                spec
            } else {
                spec.with(extended_key_usage(uses))
            }
        };
        let leaf = add(leaf(), leaf_uses).sign(&key(2));
        let ca = add(intermediate(), ca_uses).sign(&key(1));
        verify_for(builder(), &leaf, &[ca], purpose, NOW)
            .err()
            .map(|refusal| refusal.reason())
    };
    let refused = Some(Reason::ExtendedKeyUsage);
    let signing = Purpose::signing();
    for (leaf_uses, ca_uses, expected) in [
        (&[][..], &[][..], None),
        (&[EMAIL], &[], None),
        (&[SERVER, EMAIL], &[], None),
        (&[ANY], &[], None),
        (&[SERVER], &[], refused),
        (&[], &[EMAIL], None),
        (&[], &[SERVER], refused),
        (&[EMAIL], &[SERVER], refused),
        (&[EMAIL], &[CLIENT], refused),
        (&[EMAIL], &[CLIENT, EMAIL], None),
        (&[EMAIL], &[ANY], None),
        (&[ANY], &[EMAIL], None),
        (&[ANY], &[SERVER], refused),
    ] {
        assert_eq!(
            of(leaf_uses, ca_uses, &signing),
            expected,
            "{leaf_uses:?} {ca_uses:?}"
        );
    }
    let email: Oid = EMAIL.parse().unwrap();
    let strict = Purpose::signing().with_extended_use(ExtendedUse::OneOf(vec![email]));
    assert_eq!(of(&[EMAIL], &[], &strict), None);
    assert_eq!(of(&[], &[], &strict), refused);
    assert_eq!(of(&[ANY], &[], &strict), refused);
    assert_eq!(of(&[SERVER], &[SERVER], &Purpose::any()), None);
    // What the leaf says itself and what its CA allows must be the same one.
    let both = [EMAIL, CLIENT].map(|oid| oid.parse().unwrap()).to_vec();
    let strict = Purpose::signing().with_extended_use(ExtendedUse::OneOf(both));
    assert_eq!(of(&[ANY, CLIENT], &[EMAIL, CLIENT], &strict), None);
    assert_eq!(of(&[ANY, CLIENT], &[ANY], &strict), None);
    assert_eq!(of(&[ANY, CLIENT], &[EMAIL], &strict), refused);
}

#[test]
fn a_policy_that_a_ca_demands() {
    let policies = |oids: &[&str]| {
        let list: Vec<u8> = oids
            .iter()
            .flat_map(|oid| der::sequence(&[&der::oid(&oid.parse().unwrap())]))
            .collect();
        extension("2.5.29.32", false, &der::tlv(tag::SEQUENCE, &list))
    };
    let demand = |skip: u8| extension("2.5.29.36", false, &der::sequence(&[&der::tlv(0x80, &[skip])]));
    let inhibit = |skip: u8| extension("2.5.29.54", false, &der::integer(&[skip]));
    let mapping = || extension("2.5.29.33", false, &[0x30, 0]);
    let any = "2.5.29.32.0";
    let refused = Some(Reason::NoValidPolicy);
    let of = |leaf_extensions: &[Vec<u8>], ca_extensions: &[Vec<u8>]| {
        let add = |spec: Spec, all: &[Vec<u8>]| all.iter().cloned().fold(spec, Spec::with);
        reason(&add(leaf(), leaf_extensions), &add(intermediate(), ca_extensions))
    };
    assert_eq!(
        of(&[policies(&["1.2.3"])], &[policies(&["1.2.4"])]),
        None,
        "nobody demands one"
    );
    assert_eq!(
        of(&[policies(&["1.2.3"])], &[policies(&["1.2.4"]), demand(0)]),
        refused
    );
    assert_eq!(
        of(&[policies(&["1.2.3"])], &[policies(&["1.2.3"]), demand(0)]),
        None
    );
    assert_eq!(of(&[policies(&["1.2.3"])], &[policies(&[any]), demand(0)]), None);
    assert_eq!(of(&[policies(&[any])], &[policies(&["1.2.3"]), demand(0)]), None);
    assert_eq!(of(&[], &[policies(&["1.2.3"]), demand(0)]), refused);
    assert_eq!(of(&[], &[demand(0)]), refused);
    assert_eq!(
        of(&[], &[demand(1)]),
        refused,
        "the leaf is the one that may not follow without"
    );
    assert_eq!(of(&[], &[demand(2)]), None);
    assert_eq!(of(&[demand(0)], &[]), refused);
    assert_eq!(of(&[demand(1)], &[]), None);
    assert_eq!(
        of(
            &[policies(&[any])],
            &[policies(&["1.2.3"]), demand(0), inhibit(0)]
        ),
        refused
    );
    assert_eq!(
        of(
            &[policies(&[any])],
            &[policies(&["1.2.3"]), demand(0), inhibit(1)]
        ),
        None
    );
    assert_eq!(
        of(
            &[policies(&["1.2.3"])],
            &[policies(&["1.2.3"]), demand(0), mapping()]
        ),
        refused
    );
    let demand_without_zero = extension("2.5.29.36", false, &der::sequence(&[&der::tlv(0x81, &[0])]));
    assert_eq!(of(&[], &[demand_without_zero]), None);
}
