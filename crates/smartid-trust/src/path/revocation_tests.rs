//! Revocation: for each policy and each kind of list, what is answered and what is reported.

use super::test_ca::*;
use super::*;
use crate::der::{self, tag};
use crate::{AlgorithmSet, Radix, Reason, SerialNumber};

use RevocationStatus::{NotChecked, NotRevoked};

/// The statuses of signer and intermediates, or the reason.
fn statuses(lists: &[RevocationList], policy: Revocation) -> Result<[RevocationStatus; 2], Reason> {
    let builder = builder().revocation_lists(lists.to_vec()).revocation(policy);
    let chain = verify(builder, &leaf().sign(&key(2)), &[intermediate().sign(&key(1))]);
    chain
        .map(|chain| [chain.revocation_of_signer, chain.revocation_of_intermediates])
        .map_err(|refusal| refusal.reason())
}

fn given(lists: &[RevocationList]) -> Result<[RevocationStatus; 2], Reason> {
    statuses(lists, Revocation::IfGiven)
}

fn by_ca(list: ListSpec) -> RevocationList {
    list.sign(&key(2))
}

fn by_root(list: ListSpec) -> RevocationList {
    list.sign(&key(1))
}

fn ca_list() -> ListSpec {
    ListSpec::of("CN=CA")
}

fn root_list() -> ListSpec {
    ListSpec::of("CN=Root")
}

#[test]
fn each_policy_with_each_choice_of_lists() {
    let (ca, root) = (by_ca(ca_list()), by_root(root_list()));
    let unknown = Err(Reason::RevocationUnknown);
    for (lists, if_given, for_signer, for_chain) in [
        (vec![], Ok([NotChecked, NotChecked]), unknown, unknown),
        (
            vec![ca.clone()],
            Ok([NotRevoked, NotChecked]),
            Ok([NotRevoked, NotChecked]),
            unknown,
        ),
        (vec![root.clone()], Ok([NotChecked, NotRevoked]), unknown, unknown),
        (
            vec![ca, root],
            Ok([NotRevoked, NotRevoked]),
            Ok([NotRevoked, NotRevoked]),
            Ok([NotRevoked, NotRevoked]),
        ),
    ] {
        assert_eq!(statuses(&lists, Revocation::IfGiven), if_given);
        assert_eq!(statuses(&lists, Revocation::RequireForSigner), for_signer);
        assert_eq!(statuses(&lists, Revocation::RequireForChain), for_chain);
    }
}

#[test]
fn a_chain_without_intermediates() {
    let leaf = Spec::leaf("CN=Leaf", "CN=Root", &key(3)).sign(&key(1));
    let chain = verify(builder().revocation_lists([by_root(root_list())]), &leaf, &[]).unwrap();
    assert_eq!(
        [chain.revocation_of_signer, chain.revocation_of_intermediates],
        [NotRevoked, NotRevoked]
    );
    let chain = verify(builder(), &leaf, &[]).unwrap();
    assert_eq!(
        [chain.revocation_of_signer, chain.revocation_of_intermediates],
        [NotChecked, NotChecked]
    );
}

#[test]
fn revoked_is_revoked_by_any_policy() {
    for policy in [
        Revocation::IfGiven,
        Revocation::RequireForSigner,
        Revocation::RequireForChain,
    ] {
        assert_eq!(
            statuses(&[by_ca(ca_list().revoking(0x10))], policy),
            Err(Reason::Revoked)
        );
        assert_eq!(
            statuses(&[by_root(root_list().revoking(0x20))], policy),
            Err(Reason::Revoked)
        );
    }
    assert_eq!(
        given(&[by_ca(ca_list().revoking(0x11))]),
        Ok([NotRevoked, NotChecked])
    );
    // The serial number of another issuer's certificate.
    assert_eq!(
        given(&[by_root(root_list().revoking(0x10))]),
        Ok([NotChecked, NotRevoked])
    );
    let refusal = verify(
        builder().revocation_lists([by_root(root_list().revoking(0x20))]),
        &leaf().sign(&key(2)),
        &[intermediate().sign(&key(1))],
    );
    assert_eq!(refusal.unwrap_err().detail(), "CN=CA");
}

#[test]
fn negative_and_long_serial_numbers_are_found() {
    for serial in [
        vec![0xff],
        vec![0x80],
        vec![0x00, 0x80],
        vec![0x7f; 20],
        vec![0xff, 0x7f],
    ] {
        let leaf = leaf().serial(&serial).sign(&key(2));
        let mut list = ca_list().revoking(0x11);
        list.revoked.push((serial.clone(), Vec::new()));
        let list = by_ca(list);
        assert!(list.contains(leaf.serial_number()), "{serial:02x?}");
        assert_eq!(list.len(), 2);
        let outcome = verify(
            builder().revocation_lists([list]),
            &leaf,
            &[intermediate().sign(&key(1))],
        );
        assert_eq!(outcome.unwrap_err().reason(), Reason::Revoked);
    }
    let list = by_ca(ca_list().revoking(0x11));
    assert!(list.contains(&SerialNumber::parse("11", Radix::Hex).unwrap()));
    assert!(!list.contains(&SerialNumber::parse("-11", Radix::Hex).unwrap()));
}

#[test]
fn a_list_must_be_current() {
    let old = |until| {
        by_ca(ListSpec {
            from: days(-3),
            until: Some(until),
            ..ca_list()
        })
    };
    assert_eq!(given(&[old(days(-1))]), Err(Reason::CrlExpired));
    assert_eq!(
        given(&[old(NOW)]),
        Err(Reason::CrlExpired),
        "at nextUpdate the next one is there"
    );
    let last = Timestamp::from_millis(NOW.as_millis() + 1000);
    assert_eq!(given(&[old(last)]), Ok([NotRevoked, NotChecked]));
    let early = by_ca(ListSpec {
        from: days(1),
        until: Some(days(2)),
        ..ca_list()
    });
    assert_eq!(given(std::slice::from_ref(&early)), Err(Reason::CrlNotYetValid));
    let current = by_ca(ca_list());
    assert_eq!(
        given(&[old(days(-1)), early, current.clone()]),
        Ok([NotRevoked, NotChecked])
    );
    // An old list may hold what has been released; a later one that revokes is believed.
    let held = by_ca(ListSpec {
        from: days(-3),
        until: Some(days(-1)),
        ..ca_list().revoking(0x10)
    });
    assert_eq!(given(&[held, current.clone()]), Ok([NotRevoked, NotChecked]));
    let later = by_ca(ListSpec {
        from: days(1),
        until: Some(days(2)),
        ..ca_list().revoking(0x10)
    });
    assert_eq!(given(&[later, current]), Err(Reason::Revoked));
}

#[test]
fn the_answer_holds_while_all_lists_do() {
    let span = |lists: Vec<RevocationList>| {
        let leaf = leaf().sign(&key(2));
        let chain = verify(
            builder().revocation_lists(lists),
            &leaf,
            &[intermediate().sign(&key(1))],
        )
        .unwrap();
        (chain.good_from.unwrap(), chain.good_until.unwrap())
    };
    let before = |time: Timestamp| Timestamp::from_millis(time.as_millis() - 1);
    let current = || by_ca(ca_list());
    assert_eq!(span(vec![]), (days(-10), days(10)));
    assert_eq!(span(vec![current()]), (days(-1), before(days(1))));
    let root = by_root(ListSpec {
        from: days(-4),
        until: Some(days(4)),
        ..root_list()
    });
    assert_eq!(span(vec![root.clone()]), (days(-4), before(days(4))));
    assert_eq!(span(vec![root, current()]), (days(-1), before(days(1))));
    let held = by_ca(ListSpec {
        from: days(-3),
        until: Some(days(0)),
        ..ca_list().revoking(0x10)
    });
    assert_eq!(span(vec![held, current()]).0, days(0));
}

#[test]
fn a_list_is_signed_by_the_issuer_with_an_allowed_algorithm() {
    assert_eq!(given(&[ca_list().sign(&key(9))]), Err(Reason::CrlSignature));
    // The other key is that of an older CA of the same name.
    assert_eq!(
        given(&[ca_list().sign(&key(9)), by_ca(ca_list())]),
        Ok([NotRevoked, NotChecked])
    );
    assert_eq!(
        given(&[ca_list().revoking(0x10).sign(&key(9)), by_ca(ca_list())]),
        Ok([NotRevoked, NotChecked])
    );
    assert!(
        by_ca(ca_list())
            .is_signed_by(&intermediate().sign(&key(1)).public_key().unwrap())
            .is_ok()
    );
    let refusal = by_ca(ca_list())
        .is_signed_by(&root().public_key().unwrap())
        .unwrap_err();
    assert_eq!(refusal.reason(), Reason::CrlSignature);
    // Asked twice, answered twice: what was found for one key is not said of another.
    let list = by_ca(ca_list());
    let ca_key = intermediate().sign(&key(1)).public_key().unwrap();
    list.check_signature(&ca_key, AlgorithmSet::default()).unwrap();
    assert!(
        list.check_signature(&root().public_key().unwrap(), AlgorithmSet::default())
            .is_err()
    );
    assert!(list.check_signature(&ca_key, AlgorithmSet::none()).is_err());
}

#[test]
fn the_issuer_must_be_allowed_to_sign_lists() {
    let extensions = vec![basic_constraints(true, None), key_usage(&[5])];
    let ca = Spec {
        extensions,
        ..intermediate()
    }
    .sign(&key(1));
    let leaf = leaf().sign(&key(2));
    let builder = || builder().revocation_lists([by_ca(ca_list())]);
    assert_eq!(
        verify(builder(), &leaf, std::slice::from_ref(&ca))
            .unwrap_err()
            .reason(),
        Reason::CrlSigner
    );
    // Another certificate of the CA's name that may, issued by the same root.
    let signer = |bits: &[u8], issuer: u8| {
        Spec {
            extensions: vec![key_usage(bits)],
            serial: vec![0x21],
            ..Spec::leaf("CN=CA", "CN=Root", &key(5))
        }
        .sign(&key(issuer))
    };
    let by_signer = |extra: Certificate, lists: Vec<RevocationList>| {
        let builder = WebpkiVerifier::builder().root(root()).revocation_lists(lists);
        verify(builder, &leaf, &[ca.clone(), extra])
            .map(|chain| chain.revocation_of_signer)
            .map_err(|refusal| refusal.reason())
    };
    let list = || ca_list().sign(&key(5));
    assert_eq!(by_signer(signer(&[6], 1), vec![list()]), Ok(NotRevoked));
    assert_eq!(
        by_signer(signer(&[6], 1), vec![ca_list().revoking(0x10).sign(&key(5))]),
        Err(Reason::Revoked)
    );
    assert_eq!(by_signer(signer(&[0], 1), vec![list()]), Err(Reason::CrlSigner));
    assert_eq!(
        by_signer(signer(&[6], 9), vec![list()]),
        Err(Reason::CrlSigner),
        "signed by a stranger"
    );
    let revoked = by_root(root_list().revoking(0x21));
    assert_eq!(
        by_signer(signer(&[6], 1), vec![list(), revoked]),
        Err(Reason::CrlSigner)
    );
    let odd = Spec {
        extensions: vec![key_usage(&[6]), extension("1.2.3", true, &[5, 0])],
        ..Spec::leaf("CN=CA", "CN=Root", &key(5))
    };
    assert_eq!(
        by_signer(odd.sign(&key(1)), vec![list()]),
        Err(Reason::CrlSigner),
        "a critical extension"
    );
    let old = Spec {
        until: days(-1),
        extensions: vec![key_usage(&[6])],
        ..Spec::leaf("CN=CA", "CN=Root", &key(5))
    };
    assert_eq!(
        by_signer(old.sign(&key(1)), vec![list()]),
        Err(Reason::CrlSigner),
        "expired"
    );
}

fn scope(contents: &[&[u8]]) -> Vec<u8> {
    extension("2.5.29.28", true, &der::sequence(contents))
}

fn point(uri: &str) -> Vec<u8> {
    der::explicit(0, &der::explicit(0, &der::tlv(0x86, uri.as_bytes())))
}

#[test]
fn a_list_of_a_part_covers_that_part_and_revokes_anyway() {
    let only_users = || ca_list().with(scope(&[&der::tlv(0x81, &[0xff])]));
    let only_cas = || ca_list().with(scope(&[&der::tlv(0x82, &[0xff])]));
    let some_reasons = || ca_list().with(scope(&[&der::tlv(0x83, &[6, 0x40])]));
    assert_eq!(given(&[by_ca(only_users())]), Ok([NotRevoked, NotChecked]));
    assert_eq!(given(&[by_ca(only_cas())]), Ok([NotChecked, NotChecked]));
    assert_eq!(given(&[by_ca(some_reasons())]), Ok([NotChecked, NotChecked]));
    for list in [only_users(), only_cas(), some_reasons()] {
        assert_eq!(given(&[by_ca(list.revoking(0x10))]), Err(Reason::Revoked));
    }
    let root_users = by_root(root_list().with(scope(&[&der::tlv(0x81, &[0xff])])));
    assert_eq!(given(&[root_users]), Ok([NotChecked, NotChecked]));
    let root_cas = by_root(root_list().with(scope(&[&der::tlv(0x82, &[0xff])])));
    assert_eq!(given(&[root_cas]), Ok([NotChecked, NotRevoked]));
    let expired = by_ca(ListSpec {
        until: Some(days(0)),
        ..only_cas()
    });
    assert_eq!(
        given(&[expired]),
        Ok([NotChecked, NotChecked]),
        "an old list of another part is nobody's"
    );
}

#[test]
fn a_list_of_a_distribution_point_covers_those_that_name_it() {
    let list = by_ca(ca_list().with(scope(&[&point("http://a.example/1")])));
    let of = |leaf: Spec| {
        let builder = builder().revocation_lists([list.clone()]);
        verify(builder, &leaf.sign(&key(2)), &[intermediate().sign(&key(1))])
            .unwrap()
            .revocation_of_signer
    };
    let named = |point: &[u8]| {
        leaf().with(extension(
            "2.5.29.31",
            false,
            &der::sequence(&[&der::sequence(&[point])]),
        ))
    };
    assert_eq!(of(leaf()), NotChecked);
    assert_eq!(of(named(&point("http://a.example/1"))), NotRevoked);
    assert_eq!(of(named(&point("http://a.example/2"))), NotChecked);
    let with_reasons = [point("http://a.example/1"), der::tlv(0x81, &[6, 0x40])].concat();
    assert_eq!(of(named(&with_reasons)), NotChecked);
    // Relative to the issuer: OU=1 below CN=CA.
    let part = der::sequence(&[&der::oid(&"2.5.4.11".parse().unwrap()), &der::utf8("1")]);
    let relative = der::explicit(0, &der::explicit(1, &part));
    let list = by_ca(ca_list().with(scope(&[&relative])));
    let absolute = der::explicit(0, &der::explicit(0, &der::explicit(4, &name("OU=1,CN=CA"))));
    let builder = builder().revocation_lists([list]);
    for point in [relative, absolute] {
        let chain = verify(
            builder.clone(),
            &named(&point).sign(&key(2)),
            &[intermediate().sign(&key(1))],
        );
        assert_eq!(chain.unwrap().revocation_of_signer, NotRevoked);
    }
}

#[test]
fn too_many_distribution_points() {
    let uris: Vec<u8> = (0..257).flat_map(|_| der::tlv(0x86, b"urn:x")).collect();
    let many = scope(&[&der::explicit(0, &der::explicit(0, &uris))]);
    let refusal = RevocationList::from_der(ca_list().with(many).der(&key(2))).unwrap_err();
    assert_eq!(refusal.reason(), Reason::Malformed);
    let points: Vec<u8> = (0..257).flat_map(|_| der::sequence(&[&point("urn:x")])).collect();
    let leaf = leaf().with(extension("2.5.29.31", false, &der::tlv(tag::SEQUENCE, &points)));
    let list = by_ca(ca_list().with(scope(&[&point("urn:x")])));
    let builder = builder().revocation_lists([list]);
    let outcome = verify(builder, &leaf.sign(&key(2)), &[intermediate().sign(&key(1))]);
    assert_eq!(outcome.unwrap_err().reason(), Reason::Malformed);
}

#[test]
fn lists_that_are_not_understood_are_not_passed_over() {
    let read = |list: ListSpec| {
        RevocationList::from_der(list.der(&key(2)))
            .err()
            .map(|refusal| refusal.reason())
    };
    let unsupported = Some(Reason::CrlUnsupported);
    assert_eq!(read(ca_list()), None);
    assert_eq!(
        read(ca_list().with(extension("2.5.29.27", true, &der::integer(&[1])))),
        unsupported,
        "delta"
    );
    assert_eq!(
        read(ca_list().with(scope(&[&der::tlv(0x84, &[0xff])]))),
        unsupported,
        "indirect"
    );
    assert_eq!(
        read(ca_list().with(scope(&[&der::tlv(0x85, &[0xff])]))),
        unsupported,
        "attributes"
    );
    assert_eq!(
        read(ca_list().with(extension("1.2.3", true, &[5, 0]))),
        unsupported
    );
    assert_eq!(read(ca_list().with(extension("1.2.3", false, &[5, 0]))), None);
    assert_eq!(
        read(ListSpec {
            until: None,
            ..ca_list()
        }),
        unsupported
    );
    let entry = |extension: Vec<u8>| {
        let mut list = ca_list();
        list.revoked.push((vec![1], der::tlv(tag::SEQUENCE, &extension)));
        read(list)
    };
    assert_eq!(
        entry(extension("2.5.29.21", true, &[0x0a, 1, 1])),
        None,
        "a reason"
    );
    assert_eq!(entry(extension("1.2.3", true, &[5, 0])), unsupported);
    assert_eq!(entry(extension("1.2.3", false, &[5, 0])), None);
    assert_eq!(
        entry(extension("2.5.29.29", false, &[0x30, 0])),
        unsupported,
        "another issuer"
    );
    let twice = extension("2.5.29.20", false, &der::integer(&[1]));
    assert_eq!(
        read(ca_list().with(twice.clone()).with(twice)),
        Some(Reason::Malformed)
    );
}

#[test]
fn no_bytes_make_the_reader_panic() {
    let good = ca_list()
        .revoking(1)
        .with(scope(&[&point("http://a.example/1")]))
        .der(&key(2));
    for end in 0..good.len() {
        assert!(RevocationList::from_der(good[..end].to_vec()).is_err());
    }
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let key = intermediate().sign(&key(1)).public_key().unwrap();
        assert!(
            RevocationList::from_der(bad)
                .and_then(|list| list.is_signed_by(&key))
                .is_err(),
            "{bit}"
        );
    }
    let large = RevocationList::from_der(vec![0; 64 * 1024 * 1024 + 1]).unwrap_err();
    assert_eq!(large.reason(), Reason::TooLarge);
    assert!(RevocationList::from_der([good, vec![0]].concat()).is_err());
}

#[test]
fn lists_in_pem() {
    let encode = |der: &[u8]| {
        let letters = smartid_core::base64::encode(smartid_core::base64::Flavour::Standard, der);
        format!("-----BEGIN X509 CRL-----\n{letters}\n-----END X509 CRL-----\n")
    };
    let (one, two) = (ca_list().der(&key(2)), root_list().der(&key(1)));
    let lists = RevocationList::list_from_pem(&(encode(&one) + &encode(&two))).unwrap();
    assert_eq!(
        lists.iter().map(RevocationList::der).collect::<Vec<_>>(),
        [&one, &two]
    );
    assert_eq!(lists[1].issuer().to_string(), "CN=Root");
    assert!(lists[1].is_empty());
    assert_eq!(
        (lists[1].this_update(), lists[1].next_update()),
        (days(-1), days(1))
    );
    assert_eq!(
        RevocationList::list_from_pem("").unwrap_err().reason(),
        Reason::Malformed
    );
}

#[test]
fn a_list_of_version_1_has_no_extensions() {
    let without_version = |list: ListSpec| {
        let der = list.der(&key(2));
        let mut outer = der::Reader::only(&der, tag::SEQUENCE, "list").unwrap().reader();
        let mut body = outer.next().unwrap().reader();
        body.next().unwrap();
        let mut rest = Vec::new();
        while !body.is_empty() {
            rest.extend_from_slice(body.next().unwrap().whole);
        }
        let (algorithm, signature) = (outer.next().unwrap(), outer.next().unwrap());
        RevocationList::from_der(der::sequence(&[
            &der::tlv(tag::SEQUENCE, &rest),
            algorithm.whole,
            signature.whole,
        ]))
    };
    assert!(without_version(ca_list()).is_ok());
    let number = extension("2.5.29.20", false, &der::integer(&[7]));
    assert_eq!(
        without_version(ca_list().with(number)).unwrap_err().reason(),
        Reason::Malformed
    );
}
