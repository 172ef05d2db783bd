//! What is read strictly, and what leniently.

use super::*;

#[test]
fn an_unreadable_template_is_never_silent() {
    let template = RequestTemplate::passthrough(b"no request".to_vec());
    assert!(template.readable().is_err() && template.subject().is_none());
    assert!(template.subject_alt_names().is_none() && template.throw_away_key().is_none());
    assert_eq!(
        reason(&Answer::new(), &policy_for(&template)),
        Reason::RequestTemplateUnreadable
    );
    let proof = verdict(
        &Answer::new(),
        &policy_for(&template).accept_unreadable_template(),
    )
    .unwrap()
    .into_parts()
    .1;
    assert_eq!(
        proof.not_checked,
        [Check::KeyNamedByVerifier, Check::Chain, Check::Template]
    );
}

#[test]
fn a_template_is_read_however_odd_it_is() {
    let odd = Answer::with(|answer| {
        answer.version = vec![2, 1, 0xff];
        answer.algorithm = Some(vec![0x30, 0]);
    });
    let mut der = odd.der();
    let subject = Some(name(SUBJECT));
    let template = RequestTemplate::passthrough(der.clone());
    assert_eq!(template.subject(), subject.as_ref());
    assert!(verdict(&Answer::new(), &policy_for(&template)).is_ok());
    assert_eq!(template.der(), &der);
    // Indefinite length.
    let contents = Reader::only(&der, tag::SEQUENCE, "?").unwrap().contents.to_vec();
    der = [&[0x30, 0x80][..], &contents, &[0, 0]].concat();
    let template = RequestTemplate::passthrough(der.clone());
    assert_eq!(
        (template.subject(), template.der()),
        (subject.as_ref(), &Bytes::from(der))
    );
    let huge = RequestTemplate::passthrough(vec![0x30; 1 << 21]);
    assert_eq!(huge.readable().unwrap_err().reason(), Reason::TooLarge);
    assert_eq!(huge.der().len(), 1 << 21);
    // A throw-away key that is too small to be used can still be thrown away.
    let small = der::sequence(&[&der::integer(&[0xc1; 128]), &der::integer(&[1, 0, 1])]);
    let rsa = ThrowAwayKey::Rsa2048
        .generate()
        .unwrap()
        .public_key()
        .spki_der()
        .to_vec();
    let small = der::sequence(&[&rsa[4..19], &der::bit_string(&small)]);
    let template = RequestTemplate::passthrough(Answer::with(|answer| answer.spki = Some(small)).der());
    assert!(template.readable().is_ok() && template.throw_away_key().is_none());
    assert!(verdict(&Answer::new(), &policy_for(&template)).is_ok());
}

#[test]
fn structure_is_read_strictly() {
    let broken = |change: fn(&mut Answer)| {
        CertificationRequest::from_der(Answer::with(change).der()).map_err(|refusal| refusal.reason())
    };
    assert!(broken(|_| {}).is_ok());
    let cases: [fn(&mut Answer); 9] = [
        |answer| answer.attributes.push(attribute(&challenge(), &[])),
        |answer| {
            for text in ["a", "b"] {
                answer
                    .attributes
                    .push(attribute(&challenge(), &[&der::utf8(text)]));
            }
        },
        |answer| {
            answer
                .attributes
                .push(extension_request(&EXTENSION_REQUEST, &answer.extensions))
        },
        |answer| {
            let value = der::sequence(&[&answer.extensions.concat()]);
            answer.extensions.clear();
            answer
                .attributes
                .push(attribute(&EXTENSION_REQUEST, &[&value, &value]));
        },
        |answer| answer.extensions.push(answer.extensions[0].clone()),
        |answer| answer.extensions[0] = extension_der(&oids_san(), false, b"\x30\x02\x81"),
        |answer| answer.attributes.push(vec![5, 0]),
        |answer| answer.subject = vec![tag::SEQUENCE, 2, tag::SET, 0],
        |answer| answer.subject = vec![tag::SET, 0],
    ];
    for (index, case) in cases.into_iter().enumerate() {
        assert_eq!(broken(case).unwrap_err(), Reason::Malformed, "{index}");
    }
    let many: fn(&mut Answer) = |answer| {
        for last in 0..65_u8 {
            let oid: Oid = format!("1.2.3.{last}").parse().unwrap();
            answer.attributes.push(attribute(&oid, &[&der::null()]));
        }
    };
    assert_eq!(broken(many).unwrap_err(), Reason::TooLarge);
    // RFC 2986 wants the attributes there even when there are none; leaving them out is common.
    let bare = Answer::with(|answer| answer.extensions.clear());
    let info = der::sequence(&[&bare.version, &bare.subject, bare.key.public_key().spki_der()]);
    let signature = bare.key.sign(bare.key.algorithms()[0], &info).unwrap();
    let der = der::sequence(&[
        &info,
        &bare.key.algorithms()[0].identifier(),
        &der::bit_string(&signature),
    ]);
    let policy = RequestPolicy::without_template(KeyRequirement::any());
    assert!(
        CertificationRequest::from_der(der)
            .unwrap()
            .verify(&policy, AT)
            .is_ok()
    );
}
