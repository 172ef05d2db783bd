//! The Certificate Attribute of Digital Access.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use rcgen::{CertificateParams, CustomExtension, DnType, KeyPair, SanType};
use smartid_core::Tag;
use smartid_trust::filter::{CertificateFilter, FilterVerdict};
use smartid_trust::{AttributeComparison, AttributeError, Certificate, CertificateAttribute as A, Reason};

fn certificate(change: impl FnOnce(&mut CertificateParams)) -> Certificate {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Åsa Ek");
    params
        .distinguished_name
        .push(DnType::OrganizationalUnitName, "Nurses");
    change(&mut params);
    Certificate::from_der(params.self_signed(&key).unwrap().der().to_vec()).unwrap()
}

fn mail(text: &str) -> SanType {
    SanType::Rfc822Name(text.try_into().unwrap())
}

#[test]
fn parts_of_a_certificate_by_name() {
    let officer = Certificate::from_pem(include_str!("../doc/officer-one.pem")).unwrap();
    let values = |name: &str| A::new(name).resolve(&officer).unwrap();
    assert_eq!(values("subjectaltname-emailaddress"), ["officer@example.com"]);
    assert_eq!(values("SubjectAltName-EmailAddress"), ["officer@example.com"]);
    assert_eq!(values("subjectaltname-upn"), ["officer@corp.example"]);
    assert_eq!(values("cn"), ["Officer One"]);
    assert_eq!(values("o"), ["Example"]);
    for none in [
        "uid",
        "e",
        "emailaddress",
        "serialnumber",
        "subjectaltname-dnsname",
        "subjectaltname-uri",
    ] {
        assert!(values(none).is_empty(), "{none}");
    }
    let two = certificate(|params| {
        params.subject_alt_names = vec![
            mail("b@example.com"),
            mail("a@example.com"),
            SanType::DnsName("h.example".try_into().unwrap()),
            SanType::URI("urn:a".try_into().unwrap()),
        ];
    });
    assert_eq!(
        A::SUBJECT_ALT_NAME_EMAIL.resolve(&two).unwrap(),
        ["b@example.com", "a@example.com"]
    );
    assert_eq!(A::SUBJECT_ALT_NAME_DNS.resolve(&two).unwrap(), ["h.example"]);
    assert_eq!(A::SUBJECT_ALT_NAME_URI.resolve(&two).unwrap(), ["urn:a"]);
    assert!(A::SUBJECT_ALT_NAME_UPN.resolve(&two).unwrap().is_empty());
    assert_eq!(A::COMMON_NAME.resolve(&two).unwrap(), ["Åsa Ek"]);
    assert_eq!(A::new("ou").resolve(&two).unwrap(), ["Nurses"]);
}

#[test]
fn a_name_that_is_not_known_is_an_error_and_no_absence() {
    let certificate = certificate(|_| {});
    for name in [
        "",
        "subjectaltname",
        "subjectaltname-fax",
        "2.5.4.3",
        "cn ",
        "common name",
    ] {
        let error = A::new(name).resolve(&certificate).unwrap_err();
        assert_eq!(error, AttributeError::Unknown(name.to_owned()));
        assert_eq!(
            A::new(name)
                .names(&certificate, "x", AttributeComparison::Exact)
                .unwrap_err(),
            error
        );
        assert_eq!(A::new(name).as_str(), name);
    }
    let json = "\"subjectaltname-fax\"";
    let kept: A = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&kept).unwrap(), json);
    assert_eq!(kept.to_string(), "subjectaltname-fax");
}

#[test]
fn names_that_cannot_be_read_are_an_error_and_no_absence() {
    let broken = certificate(|params| {
        let oid = [2, 5, 29, 17];
        params.custom_extensions = vec![CustomExtension::from_oid_content(&oid, vec![0x30, 2, 0x81, 9])];
    });
    let AttributeError::Unreadable(refusal) = A::SUBJECT_ALT_NAME_EMAIL.resolve(&broken).unwrap_err() else {
        panic!("not unreadable");
    };
    assert_eq!(refusal.reason(), Reason::Malformed);
    assert_eq!(A::COMMON_NAME.resolve(&broken).unwrap(), ["Åsa Ek"]);
    let verdict = CertificateFilter::nq("subjectaltname-emailaddress", "x").evaluate(&broken);
    assert!(matches!(verdict, FilterVerdict::Undecided(_)), "{verdict:?}");
}

#[test]
fn a_user_is_named_exactly_or_without_regard_to_case() {
    use AttributeComparison::{Exact, IgnoreAsciiCase};
    let certificate =
        certificate(|params| params.subject_alt_names = vec![mail("x@example.com"), mail("Asa@example.com")]);
    let mail = A::SUBJECT_ALT_NAME_EMAIL;
    let names = |value: &str, how| mail.names(&certificate, value, how).unwrap();
    assert!(names("Asa@example.com", Exact) && names("x@example.com", Exact));
    assert!(!names("asa@example.com", Exact) && names("asa@EXAMPLE.com", IgnoreAsciiCase));
    for nobody in ["", "asa", "asa@example.com ", "åsa@example.com"] {
        assert!(
            !names(nobody, Exact) && !names(nobody, IgnoreAsciiCase),
            "{nobody}"
        );
    }
    assert!(
        A::COMMON_NAME
            .names(&certificate, "Åsa ek", IgnoreAsciiCase)
            .unwrap()
    );
    assert!(
        !A::COMMON_NAME
            .names(&certificate, "åsa Ek", IgnoreAsciiCase)
            .unwrap()
    );
    assert!(!A::USER_ID.names(&certificate, "", Exact).unwrap());
}

#[test]
fn every_row_of_the_evidence_resolves() {
    let certificate = certificate(|_| {});
    let keys: Vec<_> = A::EVIDENCE.iter().map(|row| row.key).collect();
    assert!(keys.is_sorted());
    for row in A::EVIDENCE {
        let name = row.key.strip_prefix("certificate_attribute.").unwrap();
        A::new(name).resolve(&certificate).unwrap();
        let documented = ["cn", "subjectaltname-emailaddress"].contains(&name);
        assert_eq!(row.tag == Tag::Documented, documented, "{name}");
    }
    for constant in [
        A::SUBJECT_ALT_NAME_EMAIL,
        A::SUBJECT_ALT_NAME_UPN,
        A::SUBJECT_ALT_NAME_DNS,
        A::SUBJECT_ALT_NAME_URI,
        A::COMMON_NAME,
        A::SERIAL_NUMBER,
        A::USER_ID,
        A::EMAIL,
    ] {
        assert!(
            keys.contains(&format!("certificate_attribute.{constant}").as_str()),
            "{constant}"
        );
    }
}
