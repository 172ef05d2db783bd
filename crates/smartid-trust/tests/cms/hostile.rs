//! Damage: cut, flipped, nested. Each ends in a refusal, or changes nothing that was verified.

use smartid_trust::cms::{CmsPolicy, SignedData};
use smartid_trust::{Proof, Reason};

use crate::support::*;

fn messages() -> Vec<Vec<u8>> {
    let rsa = officer(Kind::Ed25519);
    let mut unsigned = Signer::of(rsa);
    unsigned.unsigned = tlv(0xa1, &[&attribute("1.2.3.4", &[])]);
    let bare = Signer::new().with(|signer| signer.attributes = None);
    vec![message(&unsigned), message(&bare)]
}

fn same(one: &Proof, other: &Proof) -> bool {
    one.key == other.key
        && one.algorithm == other.algorithm
        && one.chain == other.chain
        && one.checked == other.checked
        && one.not_checked == other.not_checked
}

#[test]
fn cut_at_every_byte() {
    for message in messages() {
        for length in 0..message.len() {
            assert_eq!(reason(&message[..length], &policy()), Some(Reason::Malformed));
        }
    }
}

#[test]
fn every_flipped_bit_is_refused_or_changes_nothing() {
    for message in messages() {
        let chains = policy();
        let keys = CmsPolicy::named_certificates(vec![
            officer(Kind::P256).certificate().clone(),
            officer(Kind::Ed25519).certificate().clone(),
        ]);
        for policy in [chains, keys] {
            let good = verify(&message, &policy).unwrap();
            let mut passed = 0;
            for bit in 0..message.len() * 8 {
                let mut flipped = message.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                if let Ok(verified) = verify(&flipped, &policy) {
                    passed += 1;
                    assert_eq!(verified.fact().content, good.fact().content);
                    assert_eq!(verified.fact().content_type, good.fact().content_type);
                    assert_eq!(verified.fact().signers.len(), 1);
                    assert!(same(verified.proof(), good.proof()));
                }
            }
            assert!(passed < message.len() * 8);
        }
    }
}

#[test]
fn deep_nesting() {
    let deep: Vec<u8> = [0x30, 0x80].repeat(100_000);
    assert_eq!(reason(&deep, &policy()), Some(Reason::Malformed));
    let deep: Vec<u8> = [0x24, 0x80].repeat(100_000);
    assert_eq!(reason(&deep, &policy()), Some(Reason::Malformed));
    // Where nothing is looked into, depth does no harm: 200 levels of definite length inside an unsigned attribute.
    let mut inner = vec![0x05, 0x00];
    for _ in 0..200 {
        inner = tlv(0x30, &[&inner]);
    }
    let signer = Signer::new().with(|signer| signer.unsigned = tlv(0xa1, &[&inner]));
    assert_eq!(reason(&message(&signer), &policy()), None);
}

#[test]
fn large_sets() {
    let many = |tag: u8, part: &[u8], count: usize| tlv(tag, &[&part.repeat(count)]);
    let base = Message::of(&Signer::new());
    // A million values in one attribute are walked, not kept.
    let attributes = [
        standard_attributes(SHA256, CONTENT),
        vec![tlv(0x30, &[&oid("1.2.3.4"), &many(0x31, b"\x05\x00", 1_000_000)])],
    ]
    .concat();
    assert_eq!(
        reason(&message(&Signer::new().with_attributes(attributes)), &policy()),
        None
    );
    let revocation = base
        .clone()
        .with(|message| message.crls = many(0xa1, b"\x30\x00", 1_000_000));
    assert_eq!(reason(&revocation.der(), &policy()), None);
    let name = tlv(
        0x30,
        &[
            &many(0x30, &tlv(0x31, &[&identifier("2.5.4.3")]), 10_000),
            b"\x02\x01\x01",
        ],
    );
    let names = Signer::new().with(|signer| signer.name = name);
    assert_eq!(reason(&message(&names), &policy()), Some(Reason::Malformed));
}

#[test]
fn ber_with_too_many_pieces() {
    let piece = tlv(4, &[b"x"]);
    let mut ber = vec![0x30, 0x80, 0x24, 0x80];
    ber.extend(piece.repeat(200_000));
    ber.extend([0, 0, 0, 0]);
    assert_eq!(SignedData::parse(ber).unwrap_err().reason(), Reason::Malformed);
}

/// Each signature over the content itself would hash it anew; it is hashed once, and where that cannot be (Ed25519), not without end.
#[test]
fn many_signers_of_large_content() {
    let content = vec![b'x'; 2 * 1024 * 1024];
    let outcome = |kind, count| {
        let signer = Signer::of(officer(kind)).with(|signer| signer.attributes = None);
        let info = signer.info(&content);
        let message = Message::of(&signer).with(|message| {
            message.content = Some(tlv(4, &[&content]));
            message.infos = vec![info; count];
        });
        let refusal = SignedData::parse(message.der())
            .unwrap()
            .verify(&policy(), NOW)
            .err();
        refusal.map(|refusal| refusal.to_string())
    };
    assert_eq!(outcome(Kind::P256, 64), None);
    assert_eq!(outcome(Kind::Ed25519, 32), None);
    let refusal = outcome(Kind::Ed25519, 33).unwrap();
    assert!(refusal.contains("content for so many signers"), "{refusal}");
}

/// Signers of the sender's own making, each of which would be a path to build, where one good signer is enough.
#[test]
fn many_signers_whom_nobody_trusts() {
    let made = Made {
        by_stranger: true,
        ..Made::default()
    };
    let stranger = issue(Key::new(Kind::P256), 11, made);
    let (bad, good) = (Signer::of(stranger.clone()), Signer::new());
    let outcomes = |count: usize| {
        let message = Message::of(&good).with(|message| {
            message.certificates.push(stranger.chain[0].der().to_vec());
            message.infos = vec![bad.info(CONTENT); count];
            message.infos.push(good.info(CONTENT));
        });
        let reports = SignedData::parse(message.der()).unwrap().reports(&policy(), NOW);
        let reasons = reports
            .iter()
            .map(|report| report.outcome.as_ref().err().map(|refusal| refusal.reason()));
        reasons.collect::<Vec<_>>()
    };
    let mut expected = vec![Some(Reason::UnknownIssuer); 15];
    expected.push(None);
    assert_eq!(outcomes(15), expected);
    let behind = &outcomes(17)[15..];
    let expected = [
        Some(Reason::UnknownIssuer),
        Some(Reason::TooLarge),
        Some(Reason::TooLarge),
    ];
    assert_eq!(behind, expected);
}
