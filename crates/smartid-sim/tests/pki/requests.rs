//! Certificate requests: re-keying keeps what is the caller's, and nothing is read that is none.

use smartid_sim::pki::csr::{self, Csr};
use smartid_sim::pki::{KeyKind, SigAlg};

use crate::{ec, refused, rsa, rsa_keys, spoilt};

const SUBJECT: &str = "C=SE,O=Example,CN=Anna Example,serialNumber=19900101-1234";

#[test]
fn rekeying_changes_key_and_signature_only() {
    let template_key = ec(KeyKind::P256);
    let template = csr::make(SUBJECT, &["anna@example.com"], &template_key, SigAlg::Es256).unwrap();
    let before = Csr::parse(&template).unwrap();
    before.verify().unwrap();
    for (key, alg) in [
        (rsa(), SigAlg::Rs256),
        (rsa(), SigAlg::Ps384),
        (rsa(), SigAlg::Rs1),
        (ec(KeyKind::P256), SigAlg::Es256),
        (ec(KeyKind::P384), SigAlg::Es384),
        (ec(KeyKind::P521), SigAlg::Es512),
    ] {
        let request = csr::rekey(&template, &key, alg).unwrap();
        let after = Csr::parse(&request).unwrap();
        after.verify().unwrap();
        assert_eq!(after.signature_alg(), Some(alg));
        assert_eq!(after.spki_der(), key.public_spki_der());
        assert_eq!(after.subject_der(), before.subject_der());
        assert_eq!(after.attributes_der(), before.attributes_der());
        assert_eq!(after.version(), 0);
        // Re-keying with the template's own key gives the template's content again.
        let back = csr::rekey(&request, &template_key, SigAlg::Es256).unwrap();
        let same = template.len() - 80;
        assert_eq!(back[5..same], template[5..same]);
    }
}

#[test]
fn the_published_templates_version_two_and_sha_1_survive() {
    let [old, new] = rsa_keys();
    let template = csr::make_with_version(2, SUBJECT, &[], &old, SigAlg::Rs1).unwrap();
    let before = Csr::parse(&template).unwrap();
    assert_eq!((before.version(), before.signature_alg()), (2, Some(SigAlg::Rs1)));
    for alg in [SigAlg::Rs256, SigAlg::Rs1] {
        let after = Csr::parse(&csr::rekey(&template, &new, alg).unwrap()).unwrap();
        after.verify().unwrap();
        assert_eq!((after.version(), after.signature_alg()), (2, Some(alg)));
        assert_eq!(after.subject_der(), before.subject_der());
    }
}

#[test]
fn a_template_need_not_be_signed_rightly_nor_with_a_known_algorithm() {
    let mut template = csr::make(SUBJECT, &[], &ec(KeyKind::P256), SigAlg::Es256).unwrap();
    *template.last_mut().unwrap() ^= 1;
    refused(Csr::parse(&template).unwrap().verify(), "does not verify");
    let place = template
        .windows(8)
        .rposition(|part| part == [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])
        .unwrap();
    template[place + 7] = 0x7f;
    refused(Csr::parse(&template).unwrap().verify(), "unknown algorithm");
    let request = csr::rekey(&template, &ec(KeyKind::P256), SigAlg::Es256).unwrap();
    Csr::parse(&request).unwrap().verify().unwrap();
}

#[test]
fn an_absent_attribute_list_stays_absent() {
    // Illegal, and seen: the member [0] is left out.
    let key = ec(KeyKind::P256);
    let plain = csr::make("CN=a", &[], &key, SigAlg::Es256).unwrap();
    let parsed = Csr::parse(&plain).unwrap();
    assert_eq!(parsed.attributes_der(), [0xa0, 0]);
    let mut without = plain.clone();
    let place = without.windows(2).position(|part| part == [0xa0, 0]).unwrap();
    without.drain(place..place + 2);
    // Outer and inner length, both in the one-byte long form.
    assert_eq!((without[1], without[3] & 0x80), (0x81, 0));
    without[2] -= 2;
    without[4] -= 2;
    let parsed = Csr::parse(&without).unwrap();
    assert!(parsed.attributes_der().is_empty());
    let request = Csr::parse(&csr::rekey(&without, &key, SigAlg::Es256).unwrap()).unwrap();
    assert!(request.attributes_der().is_empty());
    request.verify().unwrap();
}

#[test]
fn alternative_names_are_found() {
    let key = ec(KeyKind::P256);
    let request = csr::make("CN=a", &["a@b.se", "c@d.se"], &key, SigAlg::Es256).unwrap();
    let san = Csr::parse(&request).unwrap().san_der().unwrap();
    assert_eq!(san, b"\x30\x10\x81\x06a@b.se\x81\x06c@d.se");
    let plain = csr::make("CN=a", &[], &key, SigAlg::Es256).unwrap();
    assert_eq!(Csr::parse(&plain).unwrap().san_der(), None);
}

#[test]
fn a_forged_request_is_detected_wherever_it_was_changed() {
    let key = ec(KeyKind::P256);
    let request = csr::make(SUBJECT, &["anna@example.com"], &key, SigAlg::Es256).unwrap();
    for wrong in spoilt(&request) {
        if let Ok(parsed) = Csr::parse(&wrong) {
            assert!(parsed.verify().is_err(), "{wrong:02x?}");
            let _ = parsed.san_der();
        }
        // The app does not judge a template, but it must survive it.
        let _ = csr::rekey(&wrong, &key, SigAlg::Es256);
    }
}

#[test]
fn what_is_no_request_is_refused() {
    let key = ec(KeyKind::P256);
    let request = csr::make(SUBJECT, &[], &key, SigAlg::Es256).unwrap();
    for length in 0..request.len() {
        refused(Csr::parse(&request[..length]), "no certificate request");
    }
    refused(
        Csr::parse(&[request.as_slice(), &[0]].concat()),
        "no certificate request",
    );
    let long = vec![format!("OU={}", "x".repeat(1000)); 70].join(",");
    let long = csr::make(&long, &[], &key, SigAlg::Es256).unwrap();
    refused(Csr::parse(&long), "no certificate request");
    refused(csr::rekey(&request, &key, SigAlg::Rs256), "cannot sign with");
    refused(csr::make("nobody", &[], &key, SigAlg::Es256), "attribute=value");
}
