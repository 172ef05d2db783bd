//! Compares a soft token that came with what an entry of the golden files says of it, and opens it where this build can.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use smartid_cm::CertId;
use smartid_cm::soft_token::{IssuedSoftToken, UnusableSoftToken};
use smartid_core::Error;

use crate::common::golden::Entry;
use crate::common::verdict;

/// Everything that the entry says: the octets, the id, the file name, the cookie, and what opening it comes to.
pub fn same(fixture: &Entry, issued: &IssuedSoftToken) {
    assert!(fixture.allows("token"), "{fixture}: {issued:?}");
    let octets = issued.token.expose_octets();
    // In base64 or JSON it came as something else.
    let encoded = ["p12-base64", "p12-pem", "json-p12", "p12-html"]
        .iter()
        .any(|name| fixture.text("file").contains(name));
    if !encoded {
        assert_eq!(octets, fixture.incoming().body(), "{fixture}: as it came");
    }
    expected(fixture, "certid", issued.certid.as_ref().map(CertId::as_str));
    expected(fixture, "file_name", issued.file_name.as_ref().map(AsRef::as_ref));
    let cookie = issued.downloaded.as_ref().map(|cookie| cookie.set_cookie());
    expected(fixture, "cookie", cookie.map(|value| value.to_str().unwrap()));
    for shown in [format!("{issued:?}"), format!("{:?}", issued.token)] {
        assert!(
            shown.len() < 1024 && !shown.contains("48, 130"),
            "{fixture}: {shown}"
        );
    }
    open(fixture, issued);
}

/// A text that the entry gives, `none` for none, or one that it allows too.
fn expected(fixture: &Entry, name: &str, ours: Option<&str>) {
    let Some(text) = fixture.optional_text(name) else {
        return;
    };
    let ours = ours.unwrap_or("none");
    let also = fixture.texts(&format!("{name}_also"));
    assert!(
        ours == text || also.iter().any(|also| also == ours),
        "{fixture}: {name} {ours:?}"
    );
}

#[cfg(not(feature = "pkcs12"))]
fn open(_: &Entry, _: &IssuedSoftToken) {}

/// Opens it with the password of the entry.
#[cfg(feature = "pkcs12")]
fn open(fixture: &Entry, issued: &IssuedSoftToken) {
    use smartid_core::SecretString;
    use smartid_trust::pkcs12::Pkcs12Policy;

    let Some(open) = fixture.optional_text("open") else {
        return;
    };
    let password = SecretString::new(fixture.text("password"));
    let opened = issued.token.open(&password, &Pkcs12Policy::default());
    let outcome = match &opened {
        Ok(_) => "ok",
        Err(refusal) => word(refusal.reason()),
    };
    let also = fixture.texts("open_also");
    assert!(
        outcome == open || also.iter().any(|also| also == outcome),
        "{fixture}: {outcome}"
    );
    let Ok(opened) = opened else { return };
    if let Some(keys) = fixture.number("keys") {
        assert_eq!(opened.keys().len() as i64, keys, "{fixture}");
    }
    let key = &opened.keys()[0];
    if let Some(length) = fixture.number("chain_length") {
        assert_eq!(key.chain().len() as i64, length, "{fixture}");
    }
    if let Some(subject) = fixture.optional_text("leaf_subject") {
        let shown = key.certificate().unwrap().subject().to_string();
        assert!(
            shown.split(',').any(|attribute| attribute == subject),
            "{fixture}: {shown}"
        );
    }
}

/// The reasons in the words of the corpus of smartid-trust.
#[cfg(feature = "pkcs12")]
fn word(reason: smartid_trust::Reason) -> &'static str {
    use smartid_trust::Reason;
    match reason {
        Reason::NotPkcs12 => "not-pkcs12",
        Reason::ContainerTruncated => "truncated",
        Reason::WrongPassword => "wrong-password-or-corrupt",
        Reason::KeyCertificateMismatch => "key-certificate-mismatch",
        Reason::NoKey => "no-key",
        Reason::NoMac => "no-mac",
        Reason::KdfIterations => "too-many-iterations",
        Reason::ContainerUnsupported => "unsupported-algorithm",
        _ => "another reason",
    }
}

/// What an error for a token that cannot be used says beyond what every error says.
pub fn unusable(fixture: &Entry, error: &Error) {
    let shown = format!("{error} {error:?}");
    for secret in fixture
        .texts("secrets")
        .iter()
        .map(String::as_str)
        .chain(["test-Passw0rd"])
    {
        assert!(!shown.contains(secret), "{fixture}: {shown}");
    }
    let unreadable = error.unreadable_answer();
    let Some(unusable) = unreadable.and_then(|unreadable| unreadable.cause::<UnusableSoftToken>()) else {
        return;
    };
    assert!(verdict::perhaps_done(error), "{fixture}: {error}");
    assert!(error.to_string().contains("perhaps issued"), "{fixture}: {error}");
    expected(fixture, "certid", unusable.certid().map(CertId::as_str));
    let cookie = unusable.downloaded().map(|cookie| cookie.set_cookie());
    expected(fixture, "cookie", cookie.map(|value| value.to_str().unwrap()));
    if let Some(certid) = unusable.certid() {
        let check = error.advice().check;
        assert!(
            check.contains(&format!("certificate {certid}")),
            "{fixture}: {check}"
        );
    }
}
