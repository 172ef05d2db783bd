//! The message around the signers: type, content, versions, certificates, BER, PEM.

use proptest::prelude::*;
use smartid_trust::Reason;
use smartid_trust::cms::{self, MAX_MESSAGE_LEN, SignOptions, SignedData};

use crate::support::*;

fn good() -> Message {
    Message::of(&Signer::new())
}

fn outcome(message: &Message) -> Option<Reason> {
    reason(&message.der(), &policy())
}

#[test]
fn other_types_and_nobody_signing() {
    assert_eq!(outcome(&good()), None);
    let enveloped = good().with(|message| message.kind = "1.2.840.113549.1.7.3");
    assert_eq!(outcome(&enveloped), Some(Reason::NotSignedData));
    let nobody = good().with(|message| message.infos.clear());
    assert_eq!(outcome(&nobody), Some(Reason::NoSigner));
    let nothing = nobody.clone().with(|message| message.content = None);
    assert_eq!(outcome(&nothing), Some(Reason::NoSigner));
    let parsed = SignedData::parse(nobody.der()).unwrap();
    assert!(parsed.reports(&policy(), NOW).is_empty());
    assert_eq!(
        parsed.danger_unverified().certificates().len(),
        2,
        "a bundle of certificates can be read"
    );
}

#[test]
fn versions() {
    for version in 0..=9 {
        let expected = (![1, 3, 4, 5].contains(&version)).then_some(Reason::Malformed);
        assert_eq!(
            outcome(&good().with(|message| message.version = version)),
            expected
        );
        let signer = Signer::new().with(|signer| signer.version = version);
        let expected = (![1, 3].contains(&version)).then_some(Reason::Malformed);
        assert_eq!(outcome(&Message::of(&signer)), expected);
    }
}

#[test]
fn content_embedded_supplied_or_both() {
    let attached = SignedData::parse(good().der()).unwrap();
    let detached = SignedData::parse(good().with(|message| message.content = None).der()).unwrap();
    let outcome = |message| verify_parsed(&message, &policy()).err();
    assert_eq!(outcome(attached.clone()), None);
    assert_eq!(outcome(attached.clone().with_content(CONTENT)), None);
    assert_eq!(
        outcome(attached.clone().with_content("other")),
        Some(Reason::ContentDiffers)
    );
    assert_eq!(outcome(detached.clone()), Some(Reason::ContentMissing));
    assert_eq!(outcome(detached.clone().with_content(CONTENT)), None);
    assert_eq!(
        outcome(detached.clone().with_content("other")),
        Some(Reason::MessageDigestDiffers)
    );
    let expecting = policy().expecting_content(CONTENT);
    assert!(verify_parsed(&attached, &expecting).is_ok());
    let expecting = policy().expecting_content("other");
    assert_eq!(
        verify_parsed(&attached, &expecting).unwrap_err(),
        Reason::ContentUnexpected
    );
    // The reports say so too, for every signer.
    let reports = detached.reports(&policy(), NOW);
    assert_eq!(
        reports[0].outcome.as_ref().unwrap_err().reason(),
        Reason::ContentMissing
    );
}

#[test]
fn content_of_other_types() {
    // PKCS #7: the content of another type than data stands there bare, and its octets are digested without tag and length.
    let inner = b"\x02\x01\x05\x0c\x02hi";
    let signer = Signer::new().with_attributes(vec![
        attribute(CONTENT_TYPE, &[&oid("1.3.6.1.4.1.311.2.1.4")]),
        attribute(MESSAGE_DIGEST, &[&tlv(4, &[&hash(SHA256, inner)])]),
    ]);
    let bare = Message::of(&signer).with(|message| {
        message.content_type = "1.3.6.1.4.1.311.2.1.4";
        message.content = Some(tlv(0x30, &[inner]));
    });
    assert_eq!(verify(&bare.der(), &policy()).unwrap().fact().content, &inner[..]);
    // An octet string in pieces is one octet string, whatever the type.
    let signer = Signer::new().with_attributes(vec![
        attribute(CONTENT_TYPE, &[&oid("1.2.3.4")]),
        attribute(MESSAGE_DIGEST, &[&tlv(4, &[&hash(SHA256, CONTENT)])]),
    ]);
    let (first, second) = CONTENT.split_at(5);
    let pieces = Message::of(&signer).with(|message| {
        message.content_type = "1.2.3.4";
        message.content = Some(tlv(0x24, &[&tlv(4, &[first]), &tlv(4, &[second])]));
    });
    assert_eq!(verify(&pieces.der(), &policy()).unwrap().fact().content, CONTENT);
    // Data is an octet string, nothing else.
    for content in [
        tlv(0x30, &[CONTENT]),
        tlv(0x0c, &[CONTENT]),
        tlv(0x24, &[CONTENT]),
    ] {
        let odd = good().with(|message| message.content = Some(content));
        assert_eq!(outcome(&odd), Some(Reason::Malformed));
    }
    let two = [tlv(4, &[CONTENT]), tlv(4, &[CONTENT])].concat();
    assert_eq!(
        outcome(&good().with(|message| message.content = Some(two))),
        Some(Reason::Malformed)
    );
    assert_eq!(
        outcome(&good().with(|message| message.content = Some(vec![]))),
        Some(Reason::Malformed)
    );
}

#[test]
fn what_else_stands_in_the_set_of_certificates() {
    let attribute_certificate = tlv(0xa2, &[b"\x02\x01\x00"]);
    let other = tlv(0xa3, &[&oid("1.2.3"), b"\x05\x00"]);
    let with = |extra: Vec<u8>| outcome(&good().with(|message| message.certificates.insert(0, extra)));
    assert_eq!(with(attribute_certificate.clone()), None);
    let message = good().with(|message| message.certificates.insert(0, attribute_certificate));
    let message = SignedData::parse(message.der()).unwrap().danger_into_unverified();
    assert_eq!(
        message.attribute_certificates_der(),
        [&b"\x30\x03\x02\x01\x00"[..]]
    );
    assert_eq!(with(other), None);
    assert_eq!(
        with(tlv(0x30, &[b"\x02\x01\x00"])),
        None,
        "unreadable, passed over"
    );
    assert_eq!(with(root().der().to_vec()), None);
    assert_eq!(with(tlv(0x04, &[b"odd"])), Some(Reason::Malformed));
    let lists = good().with(|message| message.crls = tlv(0xa1, &[&tlv(0x30, &[])]));
    assert_eq!(outcome(&lists), None);
}

#[test]
fn unsigned_attributes_are_read_over() {
    let unsigned = |contents: &[u8]| {
        let counter = tlv(0xa1, &[contents]);
        outcome(&Message::of(
            &Signer::new().with(|signer| signer.unsigned = counter),
        ))
    };
    assert_eq!(unsigned(&attribute("1.2.840.113549.1.9.6", &[b"\x30\x00"])), None);
    assert_eq!(unsigned(b"anything"), None);
    let trailing = Signer::new().with(|signer| signer.unsigned = b"\x05\x00".to_vec());
    assert_eq!(outcome(&Message::of(&trailing)), Some(Reason::Malformed));
}

#[test]
fn caps_and_trailing_bytes() {
    let repeat = |count: usize, change: fn(&mut Message, usize)| {
        outcome(&good().with(|message| change(message, count)))
    };
    let signers: fn(&mut Message, usize) =
        |message, count| message.infos = vec![message.infos[0].clone(); count];
    let certificates: fn(&mut Message, usize) =
        |message, count| message.certificates.resize(count, root().der().to_vec());
    let digests: fn(&mut Message, usize) = |message, count| message.digests = vec![identifier(SHA256); count];
    for (change, most) in [(signers, 64), (certificates, 128), (digests, 64)] {
        assert_eq!(repeat(most, change), None);
        assert_eq!(repeat(most + 1, change), Some(Reason::TooLarge));
        assert_eq!(repeat(5000, change), Some(Reason::TooLarge));
    }
    assert_eq!(repeat(0, digests), None, "an empty list is allowed");
    let null = || b"\x05\x00".to_vec();
    let after_content = good().with(|message| message.after_content = null());
    assert_eq!(outcome(&after_content), Some(Reason::Malformed));
    let detached = after_content.with(|message| message.content = None).der();
    assert_eq!(reason(&detached, &policy()), Some(Reason::Malformed));
    let after_signers = good().with(|message| message.after_signers = null());
    assert_eq!(outcome(&after_signers), Some(Reason::Malformed));
    let der = good().der();
    let (tag, contents, _) = split(&der);
    assert_eq!(
        reason(&tlv(tag, &[contents, &null()]), &policy()),
        Some(Reason::Malformed)
    );
    let mut bytes = good().der();
    bytes.push(0);
    assert_eq!(reason(&bytes, &policy()), Some(Reason::Malformed));
    let huge = vec![0x30; MAX_MESSAGE_LEN + 1];
    assert_eq!(reason(&huge, &policy()), Some(Reason::TooLarge));
}

/// The same message with indefinite lengths everywhere above the leaves, and octet strings in pieces.
fn to_ber(bytes: &[u8], top: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (tag, contents, after) = split(rest);
        match tag {
            0x30 | 0x31 | 0xa0 => {
                out.extend([tag, 0x80]);
                out.extend(to_ber(contents, false));
                out.extend([0, 0]);
            }
            0x04 if contents.len() > 3 => {
                out.extend([0x24, 0x80]);
                for piece in contents.chunks(contents.len() / 2) {
                    out.extend(tlv(4, &[piece]));
                }
                out.extend([0, 0]);
            }
            _ => out.extend(tlv(tag, &[contents])),
        }
        rest = after;
    }
    assert!(!top || bytes.len() < out.len());
    out
}

fn split(bytes: &[u8]) -> (u8, &[u8], &[u8]) {
    let (length, header) = match bytes[1] {
        short @ 0..=127 => (usize::from(short), 2),
        long => {
            let count = usize::from(long & 0x7f);
            let length = bytes[2..2 + count]
                .iter()
                .fold(0, |all, octet| all << 8 | usize::from(*octet));
            (length, 2 + count)
        }
    };
    (
        bytes[0],
        &bytes[header..header + length],
        &bytes[header + length..],
    )
}

#[test]
fn ber_is_the_same_message() {
    for attributes in [true, false] {
        let mut signer = Signer::new();
        if !attributes {
            signer.attributes = None;
        }
        let der = message(&signer);
        let ber = to_ber(&der, true);
        let verified = verify(&ber, &policy()).unwrap();
        assert_eq!(verified.fact().content, CONTENT);
        assert_eq!(SignedData::parse(ber).unwrap(), SignedData::parse(der).unwrap());
    }
}

#[test]
fn pem() {
    let der = good().der();
    let base64 = |bytes: &[u8]| smartid_core::base64::encode(smartid_core::base64::Flavour::Standard, bytes);
    let pem = |label: &str| {
        format!(
            "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
            base64(&der)
        )
    };
    for label in ["CMS", "PKCS7", "PKCS #7 SIGNED DATA"] {
        let parsed = SignedData::parse_pem(&pem(label)).unwrap();
        assert!(verify_parsed(&parsed, &policy()).is_ok());
    }
    let refused = |text: &str| SignedData::parse_pem(text).unwrap_err().reason();
    assert_eq!(refused(&pem("CERTIFICATE")), Reason::Malformed);
    assert_eq!(refused(""), Reason::Malformed);
    assert_eq!(refused(&" ".repeat(MAX_MESSAGE_LEN * 2)), Reason::TooLarge);
}

#[test]
fn debug_shows_no_content() {
    let message = cms::sign(
        &officer(Kind::P256),
        b"PIN 4711",
        &SignOptions::new().with_chain(),
    )
    .unwrap();
    let parsed = SignedData::parse(message).unwrap();
    let policy = policy().expecting_content("PIN 4711");
    let verified = verify_parsed(&parsed, &policy).unwrap();
    let text = format!(
        "{parsed:?} {:?} {policy:?} {verified:?}",
        parsed.danger_unverified()
    );
    assert!(text.contains("content_len: 8"), "{text}");
    for secret in ["4711", "52, 55, 49, 49"] {
        assert!(!text.contains(secret), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_content_round_trips(content in proptest::collection::vec(any::<u8>(), 0..600), detached: bool, bare: bool) {
        let mut options = SignOptions::new().with_chain();
        if detached { options = options.detached(); }
        if bare { options = options.without_signed_attributes(); }
        let message = cms::sign(&officer(Kind::Ed25519), &content, &options).unwrap();
        let mut parsed = SignedData::parse(message).unwrap();
        if detached { parsed = parsed.with_content(content.clone()); }
        let verified = verify_parsed(&parsed, &policy()).unwrap();
        prop_assert_eq!(&verified.fact().content, &content);
    }

    #[test]
    fn any_bytes_end_in_a_refusal(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(SignedData::parse(bytes).is_err());
    }
}
