//! What the golden files say of a soft token that came.

use smartid_cm::CertId;
use smartid_cm::soft_token::{IssuedSoftToken, UnusableSoftToken};
use smartid_core::Error;
use smartid_core::base64::{Flavour, decode_lenient};

use super::golden::Entry;
use super::verdict::perhaps_done;

/// Compares all that an entry says of a token: octets, name of the file, cookie, and what opening it gives.
pub fn same_token(fixture: &Entry, issued: &IssuedSoftToken) {
    assert!(fixture.allows("token"), "{fixture}: a token");
    let incoming = fixture.incoming();
    let octets = issued.token.expose_octets();
    if octets != &**incoming.body() {
        // Out of base64, PEM, or the member of a document.
        let text = String::from_utf8(incoming.body().to_vec()).unwrap();
        let letters = match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(document) => document["pkcs12"].as_str().unwrap().to_owned(),
            // Of a page, what is between the quotes of its element.
            Err(_) if text.contains("value=\"") => text
                .split("value=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
                .to_owned(),
            Err(_) => text.lines().filter(|line| !line.starts_with("-----")).collect(),
        };
        let (inside, _) = decode_lenient(Flavour::Standard, &letters).unwrap();
        assert!(
            octets == inside,
            "{fixture}: the container is not handed over as it came"
        );
    }
    if fixture.get("certid").is_some() {
        let certid = issued.certid.as_ref().map(|certid| certid.as_str());
        one_of(fixture, "certid", "certid_also", certid.unwrap_or("none"));
    }
    let shown = format!("{issued:?}");
    assert!(
        shown.len() < 1024 && !shown.contains("48, 130"),
        "{fixture}: {shown}"
    );
    // Nothing but `none` is said where there is none.
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    let name = issued.file_name.as_ref().map(ToString::to_string);
    one_of(fixture, "file_name", "file_name_also", &or_none(name));
    let cookie = issued.downloaded.as_ref().map(|cookie| {
        let octets = cookie.set_cookie().as_bytes();
        let came = incoming.headers().get_all("set-cookie");
        if fixture.texts("cookie_also").iter().any(|also| also == "?")
            && came.iter().any(|value| value.as_bytes() == octets)
        {
            return "?".to_owned();
        }
        String::from_utf8(octets.to_vec()).unwrap()
    });
    one_of(fixture, "cookie", "cookie_also", &or_none(cookie));
    opens(fixture, issued);
}

fn one_of(fixture: &Entry, name: &str, also: &str, value: &str) {
    // What is right too need not be said of an answer that need not be a token.
    let Some(expected) = fixture.optional_text(name) else {
        // Nobody expects these two of the REST API, unless an entry does.
        if fixture.folder == "pkcs12-rest" {
            return;
        }
        assert_ne!(
            fixture.optional_text("outcome"),
            Some("token"),
            "{fixture}: no {name}"
        );
        return;
    };
    let right = expected == value || fixture.texts(also).iter().any(|also| also == value);
    assert!(right, "{fixture}: {name} is {value:?} and not {expected:?}");
}

#[cfg(not(feature = "pkcs12"))]
fn opens(_: &Entry, _: &IssuedSoftToken) {}

#[cfg(feature = "pkcs12")]
fn opens(fixture: &Entry, issued: &IssuedSoftToken) {
    use smartid_core::SecretString;
    use smartid_trust::Reason;
    use smartid_trust::pkcs12::Pkcs12Policy;

    if fixture.optional_text("open").is_none() {
        assert_ne!(
            fixture.optional_text("outcome"),
            Some("token"),
            "{fixture}: no open"
        );
        return;
    }
    let password = SecretString::new(fixture.text("password"));
    let opened = issued.token.open(&password, &Pkcs12Policy::default());
    let word = match &opened {
        Ok(_) => "ok",
        Err(refusal) => match refusal.reason() {
            Reason::NotPkcs12 | Reason::Malformed => "not-pkcs12",
            Reason::ContainerTruncated => "truncated",
            Reason::WrongPassword => "wrong-password-or-corrupt",
            Reason::KeyCertificateMismatch => "key-certificate-mismatch",
            Reason::NoKey => "no-key",
            Reason::NoMac => "no-mac",
            Reason::KdfIterations => "too-many-iterations",
            Reason::ContainerUnsupported => "unsupported-algorithm",
            other => other.code(),
        },
    };
    let right = fixture.optional_text("open") == Some(word)
        || fixture.texts("open_also").iter().any(|also| also == word);
    assert!(right, "{fixture}: opening gives {word}, {opened:?}");
    let Ok(opened) = opened else { return };
    let first = &opened.keys()[0];
    if let Some(keys) = fixture.number("keys") {
        assert_eq!(i64::try_from(opened.keys().len()), Ok(keys), "{fixture}");
    }
    if let Some(length) = fixture.number("chain_length") {
        assert_eq!(i64::try_from(first.chain().len()), Ok(length), "{fixture}");
    }
    if let Some(subject) = fixture.optional_text("leaf_subject") {
        let shown = first.certificate().unwrap().subject().to_string();
        assert!(shown.split(',').any(|part| part == subject), "{fixture}: {shown}");
    }
}

/// What an error for a token that cannot be used says beyond what every error says.
pub fn unusable_token(fixture: &Entry, error: &Error) {
    let shown = format!("{error} {error:?}");
    let secrets = fixture.texts("secrets");
    for secret in secrets.iter().map(String::as_str).chain(["test-Passw0rd"]) {
        assert!(!shown.contains(secret), "{fixture}: {shown}");
    }
    let unreadable = error.unreadable_answer();
    let Some(unusable) = unreadable.and_then(|unreadable| unreadable.cause::<UnusableSoftToken>()) else {
        return;
    };
    assert!(perhaps_done(error), "{fixture}: {error}");
    assert!(error.to_string().contains("perhaps issued"), "{fixture}: {error}");
    if fixture.get("certid").is_some() {
        let certid = unusable.certid().map_or("none", CertId::as_str);
        one_of(fixture, "certid", "certid_also", certid);
    }
    if let Some(certid) = unusable.certid() {
        let check = error.advice().check;
        assert!(
            check.contains(&format!("certificate {certid}")),
            "{fixture}: {check}"
        );
    }
}
