//! Pages that EUI might answer, and what of them is a certificate.

use proptest::prelude::*;
use smartid_cm::CmDialect;
use smartid_cm::eui::{EuiCertificate, NoCertificate, NoCertificateProblem, Redirected};
use smartid_cm::operations::{IssuedCertificate, UnusableCertificate};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{Endpoint, Error, Incoming, Phase, Retry};

use crate::common::verdict::result;
use crate::script::{answer, certificate, csr, pki};

fn read(incoming: Incoming) -> Result<IssuedCertificate, Error> {
    result(EuiCertificate::new(csr()).response(&CmDialect::default(), incoming))
}

fn page(body: &str) -> Incoming {
    answer(
        200,
        &[("content-type", "text/html;charset=UTF-8")],
        body.to_owned(),
    )
}

fn base64(file: &str) -> String {
    encode(Flavour::Standard, &pki(file))
}

fn problem(incoming: Incoming) -> NoCertificateProblem {
    let error = read(incoming).unwrap_err();
    assert_eq!(
        (error.phase(), error.retry()),
        (Phase::Unreadable, Retry::Forbidden),
        "{error}"
    );
    assert!(!error.advice().check.is_empty(), "{error}");
    let unreadable = error.unreadable_answer().unwrap();
    unreadable
        .cause::<NoCertificate>()
        .unwrap_or_else(|| panic!("{error}"))
        .problem()
}

#[test]
fn each_page_without_a_certificate_has_its_problem() {
    use NoCertificateProblem::{Document, Empty, NoElement, NotACertificate, TooLarge, TooMany};
    let element = |value: &str| format!("<input name=response value='{value}'>");
    let other_files = ["device-rsa.csr.der", "token.p12", "attribute.der", "empty.p7"];
    let several: String = (0..129).map(|number| element(&of_number(number))).collect();
    for (body, expected) in [
        ("  ", Empty),
        ("<html>", NoElement),
        ("no", NoElement),
        (&*element(""), NoElement),
        (&*element("Denied"), NotACertificate),
        (
            &*element(base64("device-rsa.der").get(..400).unwrap()),
            NotACertificate,
        ),
        (
            &*element(&format!("{}AAAA", base64("device-rsa.der"))),
            NotACertificate,
        ),
        (&*element(&base64(other_files[0])), NotACertificate),
        (&*element(&base64(other_files[1])), NotACertificate),
        (&*element(&base64(other_files[2])), NotACertificate),
        (&*element(&base64(other_files[3])), NotACertificate),
        ("\"response\" \"x\" \"y\"", NotACertificate),
        ("[]", Document),
        ("{\"error\":0}", Document),
        (&*several, TooMany),
        (&*"<p>".repeat(2 * 1024 * 1024), TooLarge),
    ] {
        assert_eq!(
            problem(page(body)),
            expected,
            "{}",
            body.chars().take(80).collect::<String>()
        );
    }
}

/// A certificate of its own number, self-issued, as base64: the test's device certificate with other digits in its serial number.
fn of_number(number: u8) -> String {
    let mut der = pki("device-rsa.der");
    let serial = der.windows(2).position(|pair| pair == [2, 20]).unwrap() + 10;
    der[serial] = number;
    encode(Flavour::Standard, &der)
}

#[test]
fn what_came_in_several_elements_is_put_in_order() {
    let element = |name: &str, file: &str| format!("<input name={name} value='{}'>", base64(file));
    let shuffled = element("responseRoot", "root.der")
        + &element("responseCA", "issuing-rsa.der")
        + &element("response", "device-rsa.der");
    let issued = read(page(&shuffled)).unwrap();
    let files = ["device-rsa.der", "issuing-rsa.der", "root.der"];
    assert_eq!(issued.chain, files.map(certificate));
    assert_eq!((issued.certid.as_ref(), issued.others.len()), (None, 0));
    let with_stranger = element("response", "unrelated.der") + &element("response", "device-rsa.der");
    assert_eq!(
        read(page(&with_stranger)).unwrap().chain,
        [certificate("device-rsa.der")]
    );
}

#[test]
fn a_certificate_of_another_key_is_kept_in_the_error() {
    let error = read(page(&format!("<b id=response>{}</b>", base64("other-key.der")))).unwrap_err();
    assert_eq!(
        (error.phase(), error.retry()),
        (Phase::Unreadable, Retry::Forbidden)
    );
    let unusable = error
        .unreadable_answer()
        .unwrap()
        .cause::<UnusableCertificate>()
        .unwrap();
    assert_eq!(unusable.certificates(), [certificate("other-key.der")]);
}

#[test]
fn what_a_page_says_is_for_a_person_and_not_for_a_log() {
    let page =
        page("<html><title>Not allowed</title><script>x</script><p>Alice Canary has no right</p></html>");
    let error = read(page).unwrap_err();
    let none = error
        .unreadable_answer()
        .unwrap()
        .cause::<NoCertificate>()
        .unwrap();
    assert_eq!(none.danger_page_text(), "Not allowed Alice Canary has no right");
    let shown = format!("{error} {error:?} {none} {none:?} {}", error.advice());
    assert!(!shown.contains("Canary"), "{shown}");
    assert!(shown.contains("an HTML page titled \"Not allowed\""), "{shown}");
}

#[test]
fn a_redirect_may_come_after_the_work_was_done() {
    let error = read(answer(
        303,
        &[("location", "/pgwy/request/done.html?x=canary")],
        "",
    ))
    .unwrap_err();
    assert_eq!(
        (error.phase(), error.retry()),
        (Phase::Unreadable, Retry::Forbidden)
    );
    let redirected = error.unreadable_answer().unwrap().cause::<Redirected>().unwrap();
    assert_eq!(redirected.to.as_deref(), Some("/pgwy/request/done.html"));
}

#[test]
fn each_refusal_says_whose_turn_it_is_at_this_servlet() {
    for (status, word, perhaps) in [
        (401, "login", false),
        (403, "eui.properties", false),
        (404, "eui.certificate.path", false),
        (503, "eui.properties", true),
        (500, "log of Protocol Gateway", true),
    ] {
        let body = format!("<input name=response value='{}'>", base64("device-rsa.der"));
        let error = read(answer(status, &[("content-type", "text/html")], body)).unwrap_err();
        assert!(
            error.advice().check.contains(word),
            "{status}: {}",
            error.advice()
        );
        assert_eq!(error.phase() != Phase::Refused, perhaps, "{status}: {error}");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_answer_is_a_certificate_of_the_key_or_an_error(
        status in prop_oneof![Just(200_u16), Just(201), Just(302), Just(403), Just(500)],
        pieces in prop::collection::vec(0..12_usize, 0..12),
    ) {
        let own = format!("value='{}'", base64("device-rsa.der"));
        let other = format!("value='{}'", base64("other-key.der"));
        let words = ["<input ", "name=response ", &own, &other, ">", "<!--", "-->", "<script>", "</script>", "'", "\"", "\0<b id="];
        let body: String = pieces.iter().map(|piece| words[*piece]).collect();
        match read(answer(status, &[("content-type", "text/html")], body)) {
            Ok(issued) => {
                prop_assert_eq!(issued.certificate, certificate("device-rsa.der"));
                prop_assert!(status < 300);
            }
            Err(error) => {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains("MII") && shown.len() < 4096);
            }
        }
    }
}
