//! Names, extensions and attributes against those of the template.

use super::*;
use crate::AttributeType;

#[test]
fn subjects() {
    let template = template();
    let policy = policy_for(&template);
    let named = |text: &str| Answer::with(|answer| answer.subject = name(text).der().to_vec());
    assert!(verdict(&named(SUBJECT), &policy).is_ok());
    for other in [
        "CN=Test Usér,OU=Two,OU=One,O=Example",
        "CN=test user,OU=Two,OU=One,O=Example",
        "CN=Test User ,OU=Two,OU=One,O=Example\\ ",
        "CN=Test User,OU=One,OU=Two,O=Example",
        "CN=Test User,OU=Two,O=Example",
        "CN=Test User,OU=Two,OU=Two,OU=One,O=Example",
        "CN=Test User+OU=Two,OU=One,O=Example",
        "UID=Test User,OU=Two,OU=One,O=Example",
        "CN=Other,CN=Test User,OU=Two,OU=One,O=Example",
    ] {
        assert_eq!(reason(&named(other), &policy), Reason::RequestSubject, "{other}");
    }
    let empty = Answer::with(|answer| answer.subject = vec![tag::SEQUENCE, 0]);
    assert_eq!(reason(&empty, &policy), Reason::RequestSubject);
}

#[test]
fn a_subject_in_other_string_types_is_the_same() {
    let attribute = |kind: &AttributeType, tag: u8, octets: &[u8]| {
        der::sequence(&[&der::oid(&kind.oid()), &der::tlv(tag, octets)])
    };
    let one = |tag: u8, octets: &[u8]| {
        let der = der::sequence(&[&der::set(&[&attribute(&AttributeType::CommonName, tag, octets)])]);
        DistinguishedName::from_der(der).unwrap()
    };
    let utf8 = one(tag::UTF8_STRING, "Ek".as_bytes());
    for (tag, octets) in [
        (tag::PRINTABLE_STRING, &b"Ek"[..]),
        (tag::IA5_STRING, b"Ek"),
        (tag::BMP_STRING, &[0, b'E', 0, b'k']),
        (tag::UNIVERSAL_STRING, &[0, 0, 0, b'E', 0, 0, 0, b'k']),
    ] {
        assert!(compare::same_subject(&utf8, &one(tag, octets)), "{tag}");
    }
    for (tag, octets) in [
        (tag::PRINTABLE_STRING, &b"ek"[..]),
        (tag::PRINTABLE_STRING, b"Ek "),
        (tag::UTF8_STRING, b"Ek\0"),
        (tag::TELETEX_STRING, b"Ek"),
        (tag::OCTET_STRING, b"Ek"),
        (tag::BMP_STRING, b"E"),
    ] {
        assert!(!compare::same_subject(&utf8, &one(tag, octets)), "{tag}");
    }
    // Values that are no text are the same only when their bytes are.
    assert!(!compare::same_subject(
        &one(tag::BMP_STRING, b"E"),
        &one(tag::BMP_STRING, b"F")
    ));
    assert!(!compare::same_subject(
        &one(tag::OCTET_STRING, b"E"),
        &one(tag::OCTET_STRING, b"F")
    ));

    // Within one part the order follows the encoding and says nothing.
    let (cn, uid) = (
        attribute(&AttributeType::CommonName, tag::UTF8_STRING, b"Ek"),
        attribute(&AttributeType::UserId, tag::UTF8_STRING, b"e1"),
    );
    let printable = attribute(&AttributeType::CommonName, tag::PRINTABLE_STRING, b"Ek");
    let multi = |parts: &[&[u8]]| DistinguishedName::from_der(der::sequence(&[&der::set(parts)])).unwrap();
    assert!(compare::same_subject(
        &multi(&[&cn, &uid]),
        &multi(&[&uid, &printable])
    ));
    assert!(!compare::same_subject(
        &multi(&[&cn, &uid]),
        &multi(&[&printable, &cn])
    ));
    assert!(!compare::same_subject(&multi(&[&cn, &uid]), &multi(&[&cn])));
}

#[test]
fn alternative_names() {
    let template = template();
    let policy = policy_for(&template);
    let with = |names: Vec<GeneralName>| Answer::with(|answer| answer.alt_names(&names));
    let [email, upn] = [names()[0].clone(), names()[1].clone()];
    assert!(verdict(&with(vec![upn.clone(), email.clone()]), &policy).is_ok());
    for other in [
        vec![email.clone()],
        vec![email.clone(), upn.clone(), upn.clone()],
        vec![
            email.clone(),
            upn.clone(),
            GeneralName::Dns("dc.example.com".to_owned()),
        ],
        vec![
            email.clone(),
            GeneralName::from_user_principal_name("admin@corp.example"),
        ],
        vec![GeneralName::Email("User@example.com".to_owned()), upn.clone()],
        vec![email.clone(), email],
    ] {
        assert_eq!(
            reason(&with(other.clone()), &policy),
            Reason::RequestAltNames,
            "{other:?}"
        );
    }
    let allowed = policy.clone().allow_extension(oids_san());
    assert_eq!(reason(&with(vec![upn]), &allowed), Reason::RequestAltNames);
    let none = Answer::with(|answer| drop(answer.extensions.remove(0)));
    assert_eq!(reason(&none, &policy), Reason::RequestAltNames);
    assert!(verdict(&none, &policy.accept_left_out_extensions()).is_ok());
    // A template without names is answered by one with names.
    let bare = TemplateBuilder::new(name(SUBJECT))
        .build(ThrowAwayKey::P256)
        .unwrap();
    let bare = policy_for(&bare)
        .accept_left_out_extensions()
        .allow_extension(key_usage());
    assert_eq!(reason(&Answer::new(), &bare), Reason::RequestAltNames);
}

#[test]
fn extensions() {
    let template = template();
    let policy = policy_for(&template);
    let added = Answer::with(|answer| answer.extensions.push(extension_der(&eku(), false, CLIENT_AUTH)));
    assert_eq!(reason(&added, &policy), Reason::RequestExtension);
    assert!(verdict(&added, &policy.clone().allow_extension(eku())).is_ok());
    let changed =
        Answer::with(|answer| answer.extensions[1] = extension_der(&key_usage(), true, &[3, 2, 2, 4]));
    assert_eq!(reason(&changed, &policy), Reason::RequestExtension);
    let weaker =
        Answer::with(|answer| answer.extensions[1] = extension_der(&key_usage(), false, SIGNATURE_ONLY));
    assert_eq!(reason(&weaker, &policy), Reason::RequestExtension);
    assert_eq!(
        reason(&weaker, &policy.clone().accept_left_out_extensions()),
        Reason::RequestExtension
    );
    let gone = Answer::with(|answer| drop(answer.extensions.pop()));
    assert_eq!(reason(&gone, &policy), Reason::RequestExtension);
    assert!(verdict(&gone, &policy.clone().allow_extension(key_usage())).is_ok());
    assert!(verdict(&gone, &policy.clone().accept_left_out_extensions()).is_ok());
    // A key id goes with the key, so the template's cannot be right.
    let key_id: Oid = "2.5.29.14".parse().unwrap();
    let with_key_id = Answer::with(|answer| {
        answer
            .extensions
            .push(extension_der(&key_id, false, &der::octet_string(&[7; 20])));
    });
    assert!(verdict(&with_key_id, &policy).is_ok());
    assert!(
        verdict(
            &Answer::new(),
            &policy_for(&RequestTemplate::passthrough(with_key_id.der()))
        )
        .is_ok()
    );
    // Microsoft's identifier for the same is no way around.
    let microsoft: Oid = "1.3.6.1.4.1.311.2.1.14".parse().unwrap();
    let same = Answer::with(|answer| answer.extension_request = microsoft.clone());
    assert!(verdict(&same, &policy).is_ok());
    let second = extension_request(&microsoft, &[extension_der(&eku(), false, CLIENT_AUTH)]);
    let two = Answer::with(|answer| answer.attributes.push(second));
    assert_eq!(
        CertificationRequest::from_der(two.der()).unwrap_err().reason(),
        Reason::Malformed
    );
}

#[test]
fn attributes() {
    let template = template();
    let policy = policy_for(&template);
    let added = Answer::with(|answer| {
        answer
            .attributes
            .push(attribute(&challenge(), &[&der::utf8("x")]))
    });
    assert_eq!(reason(&added, &policy), Reason::RequestAttribute);
    let verified = verdict(&added, &policy.allow_attribute(challenge())).unwrap();
    assert_eq!(verified.fact().attributes()[0].values_der, [der::utf8("x")]);
    // The template has it: the same is good, another value is not.
    let own = RequestTemplate::passthrough(added.der());
    let policy = policy_for(&own);
    let with = |text: &str| {
        Answer::with(|answer| {
            answer
                .attributes
                .push(attribute(&challenge(), &[&der::utf8(text)]))
        })
    };
    assert!(verdict(&with("x"), &policy).is_ok());
    assert_eq!(reason(&with("y"), &policy), Reason::RequestAttribute);
    assert!(verdict(&Answer::new(), &policy).is_ok());
}
