//! Signed attributes: each rule broken alone, in messages whose signature is right.

use smartid_trust::Reason;
use smartid_trust::cms::{CmsPolicy, SignedData};

use crate::support::*;

fn outcome(attributes: Vec<Vec<u8>>) -> Option<Reason> {
    reason(&message(&Signer::new().with_attributes(attributes)), &policy())
}

fn content_type() -> Vec<u8> {
    attribute(CONTENT_TYPE, &[&oid(DATA)])
}

fn message_digest() -> Vec<u8> {
    attribute(MESSAGE_DIGEST, &[&tlv(4, &[&hash(SHA256, CONTENT)])])
}

#[test]
fn each_rule_broken_alone() {
    let (kind, digest) = (content_type(), message_digest());
    assert_eq!(outcome(vec![kind.clone(), digest.clone()]), None);
    assert_eq!(outcome(vec![digest.clone()]), Some(Reason::ContentTypeMissing));
    assert_eq!(outcome(vec![]), Some(Reason::ContentTypeMissing));
    assert_eq!(outcome(vec![kind.clone()]), Some(Reason::MessageDigestMissing));
    assert_eq!(
        outcome(vec![kind.clone(), kind.clone(), digest.clone()]),
        Some(Reason::AttributeRepeated)
    );
    assert_eq!(
        outcome(vec![kind.clone(), digest.clone(), digest.clone()]),
        Some(Reason::AttributeRepeated)
    );
    let right = tlv(4, &[&hash(SHA256, CONTENT)]);
    let values: [(&[&[u8]], Reason); 7] = [
        (&[], Reason::AttributeNotSingleValued),
        (&[&right, &right], Reason::AttributeNotSingleValued),
        (
            &[&tlv(4, &[&hash(SHA256, b"other")])],
            Reason::MessageDigestDiffers,
        ),
        (
            &[&tlv(4, &[&hash(SHA256, CONTENT)[..31]])],
            Reason::MessageDigestDiffers,
        ),
        (&[&tlv(4, &[])], Reason::MessageDigestDiffers),
        (
            &[&tlv(4, &[&hash(SHA512, CONTENT)])],
            Reason::MessageDigestDiffers,
        ),
        (
            &[&tlv(0x0c, &[&hash(SHA256, CONTENT)])],
            Reason::MessageDigestDiffers,
        ),
    ];
    for (values, expected) in values {
        let wrong = attribute(MESSAGE_DIGEST, values);
        assert_eq!(outcome(vec![kind.clone(), wrong]), Some(expected), "{values:?}");
    }
    let data = oid(DATA);
    let values: [(&[&[u8]], Reason); 4] = [
        (&[], Reason::AttributeNotSingleValued),
        (&[&data, &data], Reason::AttributeNotSingleValued),
        (&[&oid(SIGNED_DATA)], Reason::ContentTypeDiffers),
        (&[&tlv(4, &[&data[2..]])], Reason::ContentTypeDiffers),
    ];
    for (values, expected) in values {
        let wrong = attribute(CONTENT_TYPE, values);
        assert_eq!(outcome(vec![wrong, digest.clone()]), Some(expected), "{values:?}");
    }
    // Others do no harm, also twice, also of a form that is unknown here.
    let odd = attribute("1.2.3.4", &[b"\x02\x01\x00", b"\x02\x01\x00"]);
    assert_eq!(outcome(vec![kind, digest, odd.clone(), odd]), None);
}

#[test]
fn malformed_attributes() {
    let (kind, digest) = (content_type(), message_digest());
    for odd in [
        tlv(0x31, &[&oid("1.2.3.4")]),
        tlv(0x30, &[&oid("1.2.3.4")]),
        tlv(0x30, &[&oid("1.2.3.4"), &tlv(0x30, &[])]),
        tlv(0x30, &[&oid("1.2.3.4"), &tlv(0x31, &[]), b"\x05\x00"]),
        tlv(0x30, &[b"\x05\x00", &tlv(0x31, &[])]),
        tlv(0x30, &[&oid("1.2.3.4"), &tlv(0x31, &[b"\x02\x05\x00"])]),
    ] {
        let attributes = vec![kind.clone(), digest.clone(), odd];
        assert_eq!(outcome(attributes), Some(Reason::Malformed));
    }
    let many = |count: usize| {
        let mut attributes = vec![kind.clone(), digest.clone()];
        attributes.resize(count, attribute("1.2.3.4", &[]));
        outcome(attributes)
    };
    assert_eq!(many(64), None);
    assert_eq!(many(65), Some(Reason::TooLarge));
}

#[test]
fn attributes_verify_as_sent_or_in_the_order_of_der() {
    let mut attributes = standard_attributes(SHA256, CONTENT);
    attributes.sort();
    attributes.reverse();
    let sent = Signer::new().with_attributes(attributes);
    let as_sent = sent.clone().with(|signer| signer.sorts = false);
    assert_eq!(reason(&message(&sent), &policy()), None);
    assert_eq!(reason(&message(&as_sent), &policy()), None);
    // In neither order.
    let mut third = standard_attributes(SHA256, CONTENT);
    third.push(attribute("1.2.3.4", &[]));
    third.sort();
    let [one, two, three] = <[Vec<u8>; 3]>::try_from(third).unwrap();
    let signed = Signer::new()
        .with_attributes(vec![two.clone(), one.clone(), three.clone()])
        .with(|signer| signer.sorts = false);
    let sent = Signer::new().with_attributes(vec![three, one, two]);
    let swap = |info: &[u8]| {
        let find = |signer: &Signer| tlv(0xa0, &[&signer.attributes.as_ref().unwrap().concat()]);
        let (from, to) = (find(&signed), find(&sent));
        let at = info
            .windows(from.len())
            .position(|window| window == from)
            .unwrap();
        [&info[..at], &to, &info[at + from.len()..]].concat()
    };
    assert_eq!(reason(&message(&signed), &policy()), None);
    assert_eq!(
        reason(&swap(&message(&signed)), &policy()),
        Some(Reason::BadSignature)
    );
}

#[test]
fn the_implicit_tag_is_not_what_is_signed() {
    let signer = Signer::new();
    let mut attributes = signer.attributes.clone().unwrap();
    attributes.sort();
    let tagged = tlv(0xa0, &[&attributes.concat()]);
    let wrong = signer.officer.key.sign(signer.algorithm, &tagged);
    let mut parts = signer.with_attributes(attributes);
    parts.unsigned = Vec::new();
    let info = tlv(
        0x30,
        &[
            b"\x02\x01\x01",
            &parts.name,
            &identifier(SHA256),
            &tagged,
            &parts.signature_algorithm,
            &tlv(4, &[&wrong]),
        ],
    );
    let message = Message::of(&parts).with(|message| message.infos = vec![info]);
    assert_eq!(reason(&message.der(), &policy()), Some(Reason::BadSignature));
}

#[test]
fn without_attributes_when_the_policy_or_the_type_demands_them() {
    let bare = Signer::new().with(|signer| signer.attributes = None);
    assert_eq!(reason(&message(&bare), &policy()), None);
    let strict = policy().demanding_signed_attributes();
    assert_eq!(
        reason(&message(&bare), &strict),
        Some(Reason::SignedAttributesMissing)
    );
    assert_eq!(reason(&message(&Signer::new()), &strict), None);

    // Nothing binds the type when the content alone is signed.
    let other = Message::of(&bare).with(|message| message.content_type = "1.2.3.4");
    assert_eq!(
        reason(&other.der(), &policy()),
        Some(Reason::SignedAttributesMissing)
    );
    let bound = Signer::new().with_attributes(vec![
        attribute(CONTENT_TYPE, &[&oid("1.2.3.4")]),
        message_digest(),
    ]);
    let other = Message::of(&bound).with(|message| message.content_type = "1.2.3.4");
    let verified = verify(&other.der(), &policy()).unwrap();
    assert_eq!(verified.fact().content_type.to_string(), "1.2.3.4");
}

#[test]
fn attributes_of_a_message_are_not_content_of_another() {
    // A message that was signed with attributes ...
    let signer = Signer::new();
    let mut attributes = signer.attributes.clone().unwrap();
    attributes.sort();
    let content = tlv(0x31, &[&attributes.concat()]);
    // ... gives a signature over the encoding of the attributes, which is what signing them as content gives too.
    let bare = Signer::new().with(|signer| signer.attributes = None);
    let forged = Message::of(&bare).with(|message| {
        message.content = Some(tlv(4, &[&content]));
        message.infos = vec![bare.info(&content)];
    });
    assert_eq!(
        reason(&forged.der(), &policy()),
        Some(Reason::AttributesAsContent)
    );
    let detached = Message {
        content: None,
        ..forged
    };
    let detached = SignedData::parse(detached.der()).unwrap().with_content(content);
    assert_eq!(
        verify_parsed(&detached, &policy()).unwrap_err(),
        Reason::AttributesAsContent
    );
    // Another SET is content like any other, and the same SET is content for a signer with attributes.
    let other = tlv(0x31, &[b"\x02\x01\x00"]);
    let harmless = Message::of(&bare).with(|message| {
        message.content = Some(tlv(4, &[&other]));
        message.infos = vec![bare.info(&other)];
    });
    assert_eq!(reason(&harmless.der(), &policy()), None);
}

#[test]
fn the_signing_certificate_attribute_must_name_the_signer() {
    let officer = officer(Kind::P256);
    let (own, other) = (officer.certificate().der(), issuing());
    let v2 = |algorithm: Option<&str>, hash: &[u8]| {
        let algorithm = algorithm.map(identifier).unwrap_or_default();
        let id = tlv(0x30, &[&algorithm, &tlv(4, &[hash])]);
        attribute(SIGNING_CERTIFICATE_V2, &[&tlv(0x30, &[&tlv(0x30, &[&id])])])
    };
    let v1 = |hash: &[u8]| {
        let id = tlv(0x30, &[&tlv(4, &[hash])]);
        attribute(SIGNING_CERTIFICATE, &[&tlv(0x30, &[&tlv(0x30, &[&id])])])
    };
    let differs = Some(Reason::SigningCertificateDiffers);
    let cases = [
        (v2(None, &hash(SHA256, own)), None),
        (v2(None, &hash(SHA256, other.der())), differs),
        (v2(Some(SHA256), &hash(SHA256, own)), None),
        (v2(Some(SHA512), &hash(SHA512, own)), None),
        (v2(Some(SHA512), &hash(SHA512, other.der())), differs),
        (v2(Some(SHA512), &hash(SHA256, own)), differs),
        (v1(&hash(SHA1, own)), None),
        (v1(&hash(SHA1, other.der())), differs),
        // What cannot be read says nothing.
        (v2(Some(SHA1), &hash(SHA1, own)), None),
        (attribute(SIGNING_CERTIFICATE_V2, &[b"\x05\x00"]), None),
        (attribute(SIGNING_CERTIFICATE_V2, &[b"\x30\x00"]), None),
    ];
    for (extra, expected) in cases {
        let attributes = vec![content_type(), message_digest(), extra];
        let signed = message(&Signer::new().with_attributes(attributes));
        assert_eq!(reason(&signed, &policy()), expected);
        let named = CmsPolicy::named_certificates(vec![officer.certificate().clone()]);
        assert_eq!(reason(&signed, &named), expected);
    }
}

#[test]
fn the_signing_time_is_a_claim() {
    let time = |values: &[&[u8]]| {
        let attributes = vec![content_type(), message_digest(), attribute(SIGNING_TIME, values)];
        let verified = verify(&message(&Signer::new().with_attributes(attributes)), &policy()).unwrap();
        let signer = verified.fact().signers[0].outcome.as_ref().unwrap();
        signer.claimed_signing_time.map(|time| time.to_string())
    };
    let utc = tlv(0x17, &[b"260101000000Z"]);
    let full = tlv(0x18, &[b"20260101000000Z"]);
    assert_eq!(time(&[&utc]).unwrap(), "2026-01-01T00:00:00.000Z");
    assert_eq!(time(&[&full]).unwrap(), "2026-01-01T00:00:00.000Z");
    assert_eq!(time(&[&utc, &utc]), None);
    assert_eq!(time(&[]), None);
    assert_eq!(time(&[b"\x05\x00"]), None);
}
