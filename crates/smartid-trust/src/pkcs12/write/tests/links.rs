//! Local key identifiers of what is written, and certificates that stand there twice.

use super::*;

/// A builder as an opened container would make it.
fn brought(keys: &[(&str, Option<&[u8]>)], certificates: &[(&str, Option<&[u8]>)]) -> Pkcs12Builder {
    let mut builder = Pkcs12Builder::new();
    for (name, id) in keys {
        let mut new = key(name).with_friendly_name(*name).entry;
        new.local_key_id = id.map(<[u8]>::to_vec);
        builder.keys.push(new);
    }
    for (name, id) in certificates {
        let bag = CertificateEntry {
            certificate: certificate(name),
            friendly_name: None,
            local_key_id: id.map(<[u8]>::to_vec),
        };
        add(&mut builder.certificates, bag);
    }
    builder
}

#[test]
fn identifiers_that_lead_astray_are_changed_and_others_stay() {
    let changed = |name: Option<&str>| Finding::LocalKeyIdChanged(name.map(str::to_owned));
    let a: &[u8] = b"a";
    let ids = |written: &Written| {
        let container = open(written.token(), "new");
        let certificates = container
            .certificates()
            .iter()
            .map(|entry| entry.local_key_id().map(<[u8]>::to_vec));
        let keys = container
            .keys()
            .iter()
            .map(|entry| entry.local_key_id().map(<[u8]>::to_vec));
        (keys.collect::<Vec<_>>(), certificates.collect::<Vec<_>>())
    };
    let some = |id: &[u8]| Some(id.to_vec());

    // Right as it is.
    let written = write(brought(
        &[("rsa1", Some(a))],
        &[("rsa1", Some(a)), ("root", None)],
    ));
    assert_eq!(
        (written.findings(), ids(&written)),
        (&[][..], (vec![some(a)], vec![some(a), None]))
    );
    // Only the key, only the certificate, and neither has one.
    for (of_key, of_certificate) in [(Some(a), None), (None, Some(a))] {
        let written = write(brought(&[("rsa1", of_key)], &[("rsa1", of_certificate)]));
        assert_eq!(
            (written.findings(), ids(&written)),
            (&[][..], (vec![some(a)], vec![some(a)]))
        );
    }
    let written = write(brought(&[("rsa1", None)], &[("root", None), ("rsa1", None)]));
    let new = link::sha1(certificate("rsa1").der());
    assert_eq!(
        (written.findings(), ids(&written)),
        (&[][..], (vec![some(&new)], vec![None, some(&new)]))
    );
    // The same at two keys: the second gets another.
    let written = write(brought(
        &[("rsa1", Some(a)), ("rsa2", Some(a))],
        &[("rsa1", Some(a)), ("rsa2", Some(a))],
    ));
    let new = link::sha1(certificate("rsa2").der());
    assert_eq!(written.findings(), [changed(Some("rsa2")), changed(None)]);
    assert_eq!(
        ids(&written),
        (vec![some(a), some(&new)], vec![some(a), some(&new)])
    );
    // At the key and at a certificate that is not its own.
    let written = write(brought(
        &[("rsa1", Some(a))],
        &[("root", Some(a)), ("rsa1", None)],
    ));
    assert_eq!(written.findings(), [changed(None)]);
    assert_eq!(ids(&written), (vec![some(a)], vec![None, some(a)]));
    // One certificate of two copies of a key.
    let written = write(brought(
        &[("rsa1", Some(a)), ("rsa1", Some(b"b"))],
        &[("rsa1", Some(b"b"))],
    ));
    let twice = Finding::FriendlyNameRepeated("rsa1".to_owned());
    assert_eq!(written.findings(), [changed(Some("rsa1")), changed(None), twice]);
    assert_eq!(ids(&written), (vec![some(a), some(a)], vec![some(a)]));
    // Of two certificates for one key, the one that the identifier names; the other keeps its own.
    let written = write(brought(
        &[("p256", Some(a))],
        &[("renewed", Some(b"b")), ("p256", Some(a))],
    ));
    assert_eq!(
        (written.findings(), ids(&written)),
        (&[][..], (vec![some(a)], vec![some(b"b"), some(a)]))
    );
    // What a later key brings is not given to an earlier one.
    let written = write(brought(
        &[("rsa1", None), ("rsa2", Some(a))],
        &[("rsa1", Some(a)), ("rsa2", None)],
    ));
    let new = link::sha1(certificate("rsa1").der());
    assert_eq!(written.findings(), [changed(None)]);
    assert_eq!(
        ids(&written),
        (vec![some(&new), some(a)], vec![some(&new), some(a)])
    );
}

#[test]
fn copies_are_written_once_unless_they_say_different_things() {
    let bag = |name: Option<&str>, id: Option<&[u8]>| CertificateEntry {
        certificate: certificate("root"),
        friendly_name: name.map(str::to_owned),
        local_key_id: id.map(<[u8]>::to_vec),
    };
    let mut bags = Vec::new();
    add(&mut bags, bag(None, None));
    add(&mut bags, bag(Some("one"), None));
    add(&mut bags, bag(None, Some(b"a")));
    add(&mut bags, bag(Some("one"), Some(b"a")));
    assert_eq!(bags.len(), 1);
    add(&mut bags, bag(Some("two"), None));
    add(&mut bags, bag(Some("one"), Some(b"b")));
    assert_eq!(bags.len(), 3);
}
