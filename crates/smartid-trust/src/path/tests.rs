//! One chain that passes, and for each check the same chain with the one flaw that the check is for.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self as aws, EcdsaKeyPair, KeyPair as _, RsaKeyPair};

use super::test_ca::*;
use super::*;
use crate::der::{self, tag};
use crate::{AlgorithmSet, DigestAlgorithm, KeyUsage, Oid, Reason, SignatureAlgorithm};

const EMAIL: &str = "1.3.6.1.5.5.7.3.4";
const SERVER: &str = "1.3.6.1.5.5.7.3.1";
const CLIENT: &str = "1.3.6.1.5.5.7.3.2";
const ANY: &str = "2.5.29.37.0";

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
    verify(builder(), &leaf, &[leaf.clone(), root(), ca.clone(), ca]).unwrap();
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

struct Rsa {
    pair: RsaKeyPair,
    written: Vec<u8>,
    encoding: &'static dyn aws::RsaEncoding,
}

impl Key for Rsa {
    fn spki(&self) -> Vec<u8> {
        let algorithm = der::sequence(&[&der::oid(&crate::algorithm::RSA_ENCRYPTION), &der::null()]);
        der::sequence(&[&algorithm, &der::bit_string(self.pair.public_key().as_ref())])
    }
    fn algorithm(&self) -> Vec<u8> {
        self.written.clone()
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(self.encoding, &SystemRandom::new(), message, &mut signature)
            .unwrap();
        signature
    }
}

struct Ec(EcdsaKeyPair, &'static str, DigestAlgorithm);

impl Key for Ec {
    fn spki(&self) -> Vec<u8> {
        let curve: Oid = self.1.parse().unwrap();
        let algorithm = der::sequence(&[&der::oid(&crate::algorithm::EC_PUBLIC_KEY), &der::oid(&curve)]);
        der::sequence(&[&algorithm, &der::bit_string(self.0.public_key().as_ref())])
    }
    fn algorithm(&self) -> Vec<u8> {
        SignatureAlgorithm::Ecdsa(self.2).identifier()
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0
            .sign(&SystemRandom::new(), message)
            .unwrap()
            .as_ref()
            .to_vec()
    }
}

fn with_root_key(root_key: &impl Key, algorithms: AlgorithmSet) -> Option<Reason> {
    let root = Spec::ca("CN=Root", "CN=Root", root_key).sign(root_key);
    let ca = intermediate().sign(root_key);
    let builder = WebpkiVerifier::builder().root(root).algorithms(algorithms);
    verify(builder, &leaf().sign(&key(2)), &[ca])
        .err()
        .map(|refusal| refusal.reason())
}

#[test]
fn every_algorithm_and_only_those_on_the_list() {
    let ed25519 = AlgorithmSet::none().ed25519();
    let refused = Some(Reason::AlgorithmNotAllowed);
    for (signing, curve, digest) in [
        (
            &aws::ECDSA_P256_SHA256_ASN1_SIGNING,
            "1.2.840.10045.3.1.7",
            DigestAlgorithm::Sha256,
        ),
        (
            &aws::ECDSA_P384_SHA384_ASN1_SIGNING,
            "1.3.132.0.34",
            DigestAlgorithm::Sha384,
        ),
        (
            &aws::ECDSA_P521_SHA512_ASN1_SIGNING,
            "1.3.132.0.35",
            DigestAlgorithm::Sha512,
        ),
    ] {
        let key = Ec(EcdsaKeyPair::generate(signing).unwrap(), curve, digest);
        assert_eq!(with_root_key(&key, ed25519.ecdsa()), None, "{curve}");
        assert_eq!(with_root_key(&key, ed25519), refused, "{curve}");
    }
    let rsa = |written: Vec<u8>, encoding| Rsa {
        pair: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        written,
        encoding,
    };
    let absent = der::sequence(&[&der::oid(&crate::algorithm::RSA_SHA256)]);
    let pkcs1 = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha512).identifier();
    let pss = SignatureAlgorithm::rsa_pss(DigestAlgorithm::Sha384).identifier();
    for (key, with, without) in [
        (
            rsa(absent, &aws::RSA_PKCS1_SHA256),
            ed25519.rsa_pkcs1(),
            ed25519.rsa_pss(),
        ),
        (
            rsa(pkcs1, &aws::RSA_PKCS1_SHA512),
            ed25519.rsa_pkcs1(),
            ed25519.rsa_pss(),
        ),
        (
            rsa(pss, &aws::RSA_PSS_SHA384),
            ed25519.rsa_pss(),
            ed25519.rsa_pkcs1(),
        ),
    ] {
        assert_eq!(with_root_key(&key, with), None);
        assert_eq!(with_root_key(&key, without), refused);
    }
    // The leaf's own signature is looked at too.
    assert_eq!(with_root_key(&key(1), AlgorithmSet::none().ecdsa()), refused);
    let sha1 = rsa(
        der::sequence(&[&der::oid(&"1.2.840.113549.1.1.5".parse().unwrap()), &der::null()]),
        &aws::RSA_PKCS1_SHA256,
    );
    assert_eq!(
        with_root_key(&sha1, AlgorithmSet::default()),
        Some(Reason::AlgorithmUnknown)
    );
}
