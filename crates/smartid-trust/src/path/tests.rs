//! One chain that passes, and for each check the same chain with the one flaw that the check is for.

use super::test_ca::*;
use super::*;
use crate::der;
use crate::{GeneralName, Reason};

#[test]
fn a_good_chain_passes_and_says_what_was_not_checked() {
    let (leaf, ca) = (leaf().sign(&key(2)), intermediate().sign(&key(1)));
    let chain = verify(builder(), &leaf, std::slice::from_ref(&ca)).unwrap();
    assert_eq!(chain.certificates, [leaf.clone(), ca.clone(), root()]);
    assert_eq!(chain.revocation_of_signer, RevocationStatus::NotChecked);
    assert_eq!(chain.revocation_of_intermediates, RevocationStatus::NotChecked);
    assert_eq!(
        (chain.good_from, chain.good_until),
        (Some(days(-10)), Some(days(10)))
    );
    // Known to the installation, given twice, the root and the leaf beside it: all the same.
    verify(builder().intermediates([ca.clone()]), &leaf, &[]).unwrap();
    verify(builder(), &leaf, &[leaf.clone(), root(), ca.clone(), ca.clone()]).unwrap();
    // Copies count once, however many there are.
    let copies = vec![ca; 100];
    verify(builder(), &leaf, &copies).unwrap();
    verify(builder().intermediates(copies), &leaf, &[]).unwrap();
}

#[test]
fn the_root_must_be_configured_and_the_intermediate_be_there() {
    let (leaf, ca) = (leaf().sign(&key(2)), intermediate().sign(&key(1)));
    let other = Spec::ca("CN=Other", "CN=Other", &key(9)).sign(&key(9));
    let refusal = |builder: VerifierBuilder, cas: &[Certificate]| verify(builder, &leaf, cas).unwrap_err();
    let strange = refusal(WebpkiVerifier::builder().root(other), std::slice::from_ref(&ca));
    assert_eq!(
        (strange.reason(), strange.detail()),
        (Reason::UnknownIssuer, "the issuer CN=Root")
    );
    assert_eq!(refusal(builder(), &[]).detail(), "the issuer CN=CA");
    assert_eq!(
        WebpkiVerifier::builder().build().unwrap_err().reason(),
        Reason::NoRoots
    );
    // A root of the right name and another key.
    let namesake = Spec::ca("CN=Root", "CN=Root", &key(9)).sign(&key(9));
    let namesake = refusal(WebpkiVerifier::builder().root(namesake), &[ca]);
    assert_eq!(
        (namesake.reason(), namesake.detail()),
        (Reason::BadChainSignature, "CN=CA")
    );
}

#[test]
fn times_are_those_of_every_certificate_to_the_second() {
    let at = |leaf: &Spec, ca: &Spec, at| {
        let (leaf, ca) = (leaf.sign(&key(2)), ca.sign(&key(1)));
        verify_for(builder(), &leaf, &[ca], &Purpose::signing(), at).map_err(|refusal| refusal.reason())
    };
    let second = 1000;
    let shift = |time: Timestamp, by: i64| {
        Timestamp::from_millis(u64::try_from(i64::try_from(time.as_millis()).unwrap() + by).unwrap())
    };
    let (good, ca) = (leaf(), intermediate());
    at(&good, &ca, good.from).unwrap();
    at(&good, &ca, good.until).unwrap();
    assert_eq!(
        at(&good, &ca, shift(good.from, -second)).unwrap_err(),
        Reason::NotYetValid
    );
    assert_eq!(
        at(&good, &ca, shift(good.until, second)).unwrap_err(),
        Reason::Expired
    );
    let expired = Spec {
        until: days(-1),
        ..leaf()
    };
    assert_eq!(reason(&expired, &ca), Some(Reason::Expired));
    let early = Spec {
        from: days(1),
        ..leaf()
    };
    assert_eq!(reason(&early, &ca), Some(Reason::NotYetValid));
    let expired = Spec {
        until: days(-1),
        ..intermediate()
    };
    assert_eq!(reason(&good, &expired), Some(Reason::Expired));
    let early = Spec {
        from: days(1),
        ..intermediate()
    };
    assert_eq!(reason(&good, &early), Some(Reason::NotYetValid));
    let turned = Spec {
        from: days(1),
        until: days(-1),
        ..leaf()
    };
    assert_eq!(reason(&turned, &ca), Some(Reason::ValidityInvalid));
    let ancient = Spec {
        from: Timestamp::from_millis(0),
        ..leaf()
    };
    assert_eq!(reason(&ancient, &ca), None);
}

#[test]
fn an_expired_root_refuses_unless_the_installation_says_otherwise() {
    let root = |from, until| {
        Spec {
            from,
            until,
            ..Spec::ca("CN=Root", "CN=Root", &key(1))
        }
        .sign(&key(1))
    };
    let (leaf, ca) = (leaf().sign(&key(2)), intermediate().sign(&key(1)));
    for (root, reason) in [
        (root(days(-9), days(-1)), Reason::Expired),
        (root(days(1), days(9)), Reason::NotYetValid),
    ] {
        let builder = WebpkiVerifier::builder().root(root);
        let cas = std::slice::from_ref(&ca);
        assert_eq!(verify(builder.clone(), &leaf, cas).unwrap_err().reason(), reason);
        let chain = verify(builder.root_may_be_expired(), &leaf, cas).unwrap();
        assert_eq!(
            (chain.good_from, chain.good_until),
            (Some(days(-10)), Some(days(10)))
        );
    }
}

#[test]
fn issuers_are_cas() {
    let plain = |extensions: Vec<Vec<u8>>| Spec {
        extensions,
        ..intermediate()
    };
    let ca_bits = || key_usage(&[5, 6]);
    assert_eq!(reason(&leaf(), &plain(vec![basic_constraints(true, None)])), None);
    assert_eq!(reason(&leaf(), &plain(vec![ca_bits()])), Some(Reason::NotACa));
    let not = plain(vec![basic_constraints(false, None), ca_bits()]);
    assert_eq!(reason(&leaf(), &not), Some(Reason::NotACa));
    let no_bit = plain(vec![basic_constraints(true, None), key_usage(&[0, 6])]);
    assert_eq!(reason(&leaf(), &no_bit), Some(Reason::CaKeyUsage));
    let nameless = Spec {
        subject: name(""),
        ..intermediate()
    };
    let of_nameless = Spec {
        issuer: name(""),
        ..leaf()
    };
    assert_eq!(reason(&of_nameless, &nameless), Some(Reason::NotACa));
    let as_leaf = leaf().with(basic_constraints(true, None));
    assert_eq!(reason(&as_leaf, &intermediate()), Some(Reason::CaAsEndEntity));
    assert_eq!(
        reason(&leaf().with(basic_constraints(false, None)), &intermediate()),
        None
    );
}

#[test]
fn a_ca_that_may_not_sign_does_not_hide_one_that_may() {
    let leaf = leaf().sign(&key(2));
    let extensions = vec![basic_constraints(true, None), key_usage(&[6])];
    let wrong = Spec {
        extensions,
        ..intermediate()
    }
    .sign(&key(1));
    verify(builder(), &leaf, &[wrong, intermediate().sign(&key(1))]).unwrap();
}

#[test]
fn path_lengths_of_intermediates_and_of_the_root() {
    let sub = |length| {
        let upper = Spec {
            extensions: vec![basic_constraints(true, length), key_usage(&[5])],
            ..intermediate()
        };
        let lower = Spec::ca("CN=Sub", "CN=CA", &key(4)).sign(&key(2));
        let leaf = Spec::leaf("CN=Leaf", "CN=Sub", &key(3)).sign(&key(4));
        verify(builder(), &leaf, &[lower, upper.sign(&key(1))])
            .err()
            .map(|refusal| refusal.reason())
    };
    assert_eq!(sub(Some(1)), None);
    assert_eq!(sub(Some(0)), Some(Reason::PathTooLong));
    let root = |length| {
        let extensions = vec![basic_constraints(true, Some(length)), key_usage(&[5])];
        let root = Spec {
            extensions,
            ..Spec::ca("CN=Root", "CN=Root", &key(1))
        };
        WebpkiVerifier::builder().root(root.sign(&key(1)))
    };
    let (leaf, ca) = (leaf().sign(&key(2)), [intermediate().sign(&key(1))]);
    verify(root(1), &leaf, &ca).unwrap();
    assert_eq!(
        verify(root(0), &leaf, &ca).unwrap_err().reason(),
        Reason::PathTooLong
    );
}

#[test]
fn seven_intermediates_are_too_many() {
    let chain = |count: u8| {
        let cas: Vec<_> =
            (0..count)
                .map(|index| {
                    let issuer = if index == 0 {
                        "CN=Root".to_owned()
                    } else {
                        format!("CN=CA {}", index - 1)
                    };
                    Spec::ca(&format!("CN=CA {index}"), &issuer, &key(101 + index))
                        .sign(&key(if index == 0 { 1 } else { 100 + index }))
                })
                .collect();
        let issuer = format!("CN=CA {}", count - 1);
        let leaf = Spec::leaf("CN=Leaf", &issuer, &key(3)).sign(&key(100 + count));
        verify(builder(), &leaf, &cas)
            .err()
            .map(|refusal| refusal.reason())
    };
    assert_eq!(chain(6), None);
    assert_eq!(chain(7), Some(Reason::PathTooLong));
}

#[test]
fn what_can_be_no_root_is_refused_when_it_is_configured() {
    let build = |spec: Spec| {
        WebpkiVerifier::builder()
            .root(spec.sign(&key(1)))
            .build()
            .err()
            .map(|it| it.reason())
    };
    let root = || Spec::ca("CN=Root", "CN=Root", &key(1));
    assert_eq!(build(root()), None);
    assert_eq!(
        build(Spec {
            version: None,
            ..root().without_extensions()
        }),
        None,
        "version 1"
    );
    assert_eq!(build(root().without_extensions()), Some(Reason::NotACa));
    assert_eq!(
        build(Spec::leaf("CN=Root", "CN=Root", &key(1))),
        Some(Reason::NotACa)
    );
    let no_bit = Spec {
        extensions: vec![basic_constraints(true, None), key_usage(&[6])],
        ..root()
    };
    assert_eq!(build(no_bit), Some(Reason::CaKeyUsage));
    assert_eq!(
        build(root().with(extension("1.2.3", true, &[5, 0]))),
        Some(Reason::CriticalExtension)
    );
    assert_eq!(build(root().with(extension("1.2.3", false, &[5, 0]))), None);
    assert_eq!(
        build(Spec {
            subject: name(""),
            ..root()
        }),
        Some(Reason::NotACa)
    );
    let many = || (0..257).map(|_| Spec::ca("CN=Root", "CN=Root", &key(1)).sign(&key(1)));
    assert_eq!(
        WebpkiVerifier::builder()
            .roots(many())
            .build()
            .unwrap_err()
            .reason(),
        Reason::TooLarge
    );
    assert_eq!(
        builder().intermediates(many()).build().unwrap_err().reason(),
        Reason::TooLarge
    );
}

#[test]
fn a_self_signed_certificate_is_no_chain() {
    let own = Spec::leaf("CN=Self", "CN=Self", &key(3)).sign(&key(3));
    assert_eq!(
        verify(builder(), &own, &[]).unwrap_err().reason(),
        Reason::UnknownIssuer
    );
    let root = root();
    let purpose = Purpose::any();
    let refusal = verify_for(builder(), &root, &[], &purpose, NOW).unwrap_err();
    assert_eq!(refusal.reason(), Reason::CaAsEndEntity);
}

#[test]
fn versions_below_3_unique_identifiers_and_critical_extensions() {
    let old = |version, spec: Spec| Spec {
        version,
        ..spec.without_extensions()
    };
    assert_eq!(
        reason(&old(None, leaf()), &intermediate()),
        Some(Reason::CertificateVersion)
    );
    assert_eq!(
        reason(&old(Some(1), leaf()), &intermediate()),
        Some(Reason::CertificateVersion)
    );
    assert_eq!(
        reason(&leaf(), &old(None, intermediate())),
        Some(Reason::CertificateVersion)
    );
    let unique = Spec {
        unique_ids: der::tlv(0x81, &[0, 1]),
        ..leaf()
    };
    assert_eq!(reason(&unique, &intermediate()), Some(Reason::UniqueIdentifiers));
    for (oid, critical, expected) in [
        ("1.2.3", false, None),
        ("1.2.3", true, Some(Reason::CriticalExtension)),
        // qcStatements
        ("1.3.6.1.5.5.7.1.3", true, Some(Reason::CriticalExtension)),
    ] {
        let odd = extension(oid, critical, &[0x30, 0]);
        assert_eq!(reason(&leaf().with(odd.clone()), &intermediate()), expected);
        assert_eq!(reason(&leaf(), &intermediate().with(odd)), expected);
    }
    let leaf = leaf().with(extension("1.2.3", true, &[5, 0])).sign(&key(2));
    let refusal = verify(builder(), &leaf, &[intermediate().sign(&key(1))]).unwrap_err();
    assert_eq!(refusal.detail(), "1.2.3 in CN=Leaf");
}

#[test]
fn signatures_of_leaf_and_intermediate() {
    let leaf_by_other = leaf().sign(&key(9));
    let ca = intermediate().sign(&key(1));
    let refusal = verify(builder(), &leaf_by_other, std::slice::from_ref(&ca)).unwrap_err();
    assert_eq!(
        (refusal.reason(), refusal.detail()),
        (Reason::BadChainSignature, "CN=Leaf")
    );
    let ca_by_other = intermediate().sign(&key(9));
    let refusal = verify(builder(), &leaf().sign(&key(2)), &[ca_by_other]).unwrap_err();
    assert_eq!(
        (refusal.reason(), refusal.detail()),
        (Reason::BadChainSignature, "CN=CA")
    );
}

#[test]
fn name_constraints_hold_or_refuse() {
    let dns = |name: &str| der::tlv(0x82, name.as_bytes());
    let email = |name: &str| der::tlv(0x81, name.as_bytes());
    let of = |leaf: Spec, constraint: Vec<u8>| reason(&leaf, &intermediate().with(constraint));
    let refused = Some(Reason::NameConstraint);
    let named = |names: &[u8]| leaf().with(subject_alt_name(names));
    assert_eq!(
        of(named(&dns("a.example.com")), permitted(&[&dns("example.com")])),
        None
    );
    assert_eq!(
        of(named(&dns("a.example.org")), permitted(&[&dns("example.com")])),
        refused
    );
    assert_eq!(of(leaf(), permitted(&[&dns("example.com")])), None);
    let directory = der::explicit(4, &name("CN=Leaf"));
    assert_eq!(
        of(leaf(), permitted(&[&directory])),
        refused,
        "documented: not processed"
    );
    assert_eq!(
        of(
            named(&email("a@example.com")),
            permitted(&[&email("example.com")])
        ),
        refused,
        "documented"
    );
    // In the subject too, where webpki does not look.
    let in_subject = Spec {
        subject: name("E=a@example.org,CN=Leaf"),
        ..leaf()
    };
    assert_eq!(
        of(in_subject.clone(), permitted(&[&email("example.com")])),
        refused
    );
    assert_eq!(of(in_subject, permitted(&[&dns("example.com")])), None);
    assert_eq!(of(leaf(), permitted(&[&email("example.com")])), None);
    let mailbox = GeneralName::Other {
        oid: "1.3.6.1.5.5.7.8.9".parse().unwrap(),
        value_der: der::utf8("å@example.org").into(),
    };
    assert_eq!(
        of(named(&mailbox.to_der()), permitted(&[&email("example.com")])),
        refused
    );
    let upn = GeneralName::from_user_principal_name("a@example.org").to_der();
    assert_eq!(of(named(&upn), permitted(&[&email("example.com")])), None);
    let in_leaf = leaf().with(permitted(&[&dns("example.com")]));
    assert_eq!(
        reason(&in_leaf, &intermediate()),
        refused,
        "RFC 5280 4.2.1.10: in CA certificates only"
    );
    // Those of the root count.
    let constrained = Spec::ca("CN=Root", "CN=Root", &key(1)).with(permitted(&[&dns("example.com")]));
    let builder = WebpkiVerifier::builder().root(constrained.sign(&key(1)));
    let leaf = named(&dns("a.example.org")).sign(&key(2));
    let refusal = verify(builder, &leaf, &[intermediate().sign(&key(1))]).unwrap_err();
    assert_eq!(
        (refusal.reason(), refusal.detail()),
        (Reason::NameConstraint, "CN=Root")
    );
}

/// Path building goes on where a first candidate fails, whatever it fails for.
#[test]
fn a_bad_twin_does_not_hide_the_good_one() {
    let dns = der::tlv(0x82, b"example.com");
    let good = intermediate().sign(&key(1));
    let twins = [
        Spec {
            until: days(-1),
            ..intermediate()
        },
        Spec {
            from: days(1),
            ..intermediate()
        },
        Spec {
            version: None,
            ..intermediate().without_extensions()
        },
        intermediate().without_extensions(),
        Spec {
            extensions: vec![basic_constraints(false, None)],
            ..intermediate()
        },
        Spec {
            extensions: vec![basic_constraints(true, None), key_usage(&[0])],
            ..intermediate()
        },
        Spec {
            spki: key(9).spki(),
            ..intermediate()
        },
        intermediate().with(extension("1.2.3", true, &[5, 0])),
        intermediate().with(extended_key_usage(&["1.3.6.1.5.5.7.3.1"])),
        intermediate().with(permitted(&[&dns])),
        intermediate().serial(&[0x21]),
    ];
    let leaf = leaf()
        .with(subject_alt_name(&der::tlv(0x82, b"a.example.org")))
        .sign(&key(2));
    let lists = || [ListSpec::of("CN=Root").revoking(0x21).sign(&key(1))];
    for twin in twins {
        let twin = twin.sign(&key(1));
        let alone = verify(
            builder().revocation_lists(lists()),
            &leaf,
            std::slice::from_ref(&twin),
        );
        assert!(alone.is_err(), "{twin:?}");
        for pair in [[twin.clone(), good.clone()], [good.clone(), twin]] {
            let chain = verify(builder().revocation_lists(lists()), &leaf, &pair).unwrap();
            assert_eq!(chain.certificates[1], good);
        }
    }
    let unsigned = intermediate().sign(&key(9));
    verify(builder(), &leaf, &[unsigned, good]).unwrap();
}

#[test]
fn of_two_roots_with_one_name_the_right_one_is_found() {
    let namesake = Spec::ca("CN=Root", "CN=Root", &key(9)).sign(&key(9));
    let (leaf, ca) = (leaf().sign(&key(2)), [intermediate().sign(&key(1))]);
    for roots in [[namesake.clone(), root()], [root(), namesake]] {
        let chain = verify(WebpkiVerifier::builder().roots(roots), &leaf, &ca).unwrap();
        assert_eq!(chain.certificates.last(), Some(&root()));
    }
}

#[test]
fn keys_that_are_too_small_or_unknown() {
    let spki = |oid: &str, parameters: &[u8], key: &[u8]| {
        let algorithm = der::sequence(&[&der::oid(&oid.parse().unwrap()), parameters]);
        der::sequence(&[&algorithm, &der::bit_string(key)])
    };
    let modulus = [&[0x80][..], &[0; 126], &[1]].concat();
    let rsa_1024 = der::sequence(&[&der::integer(&modulus), &der::integer(&[1, 0, 1])]);
    let rsa_1024 = spki("1.2.840.113549.1.1.1", &der::null(), &rsa_1024);
    let brainpool = der::oid(&"1.3.36.3.3.2.8.1.1.7".parse().unwrap());
    let brainpool = spki("1.2.840.10045.2.1", &brainpool, &[4; 65]);
    for (spki, expected) in [
        (rsa_1024, Reason::KeyTooSmall),
        (brainpool, Reason::KeyUnsupported),
    ] {
        let small = Spec {
            spki: spki.clone(),
            ..leaf()
        };
        assert_eq!(reason(&small, &intermediate()), Some(expected));
        let small = Spec {
            spki: spki.clone(),
            ..intermediate()
        };
        let refusal = verify(builder(), &leaf().sign(&key(2)), &[small.sign(&key(1))]).unwrap_err();
        assert!(
            matches!(refusal.reason(), Reason::KeyTooSmall | Reason::KeyUnsupported),
            "{refusal}"
        );
        assert!(refusal.detail().contains("CN=CA"), "{refusal}");
        let root = Spec {
            spki,
            ..Spec::ca("CN=Root", "CN=Root", &key(1))
        };
        let refusal = WebpkiVerifier::builder()
            .root(root.sign(&key(1)))
            .build()
            .unwrap_err();
        assert_eq!(refusal.reason(), expected);
    }
}

#[test]
fn certificates_above_64_kib() {
    let large = || extension("1.2.3", false, &[0; 66_000]);
    assert_eq!(
        reason(&leaf().with(large()), &intermediate()),
        Some(Reason::TooLarge)
    );
    assert_eq!(
        reason(&leaf(), &intermediate().with(large())),
        Some(Reason::Malformed)
    );
    let root = Spec::ca("CN=Root", "CN=Root", &key(1))
        .with(large())
        .sign(&key(1));
    assert_eq!(
        WebpkiVerifier::builder().root(root).build().unwrap_err().reason(),
        Reason::TooLarge
    );
}
