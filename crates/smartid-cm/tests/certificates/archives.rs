//! ZIP archives of certificates.

use std::io::{Cursor, Write as _};

use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, contents) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(contents).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn members_may_be_in_any_form_and_of_any_name() {
    let device = pki("device-rsa.der");
    let issuing = pem("CERTIFICATE", &pki("issuing-rsa.der"));
    let root = encode(Flavour::Standard, &pki("root.der"));
    let read = parse(archive(&[
        ("../../etc/passwd", &device),
        ("C:\\x", issuing.as_bytes()),
        ("a/b/c", root.as_bytes()),
        ("readme.txt", b"for people"),
        ("inner.zip", &archive(&[("x", &device)])),
        ("again.cer", &device),
        ("broken.cer", &device[..200]),
    ]))
    .unwrap();
    assert_eq!((read.all().unwrap().len(), read.unreadable()), (3, 1));
    assert_eq!(
        read.chain().unwrap(),
        ["device-rsa.der", "issuing-rsa.der", "root.der"].map(certificate)
    );
}

#[test]
fn bombs_floods_and_damage_are_refused() {
    let device = pki("device-rsa.der");
    let refused = |bytes: Vec<u8>, what: &str| {
        assert!(
            matches!(parse(bytes), Err(CertificatesError::Unreadable(_))),
            "{what}"
        );
    };
    let mut large = device.clone();
    large.resize(1024 * 1024 + 1, 0);
    refused(
        archive(&[("device.cer", &device), ("bomb", &large)]),
        "one file above a MiB",
    );
    large.truncate(1024 * 1024);
    refused(
        archive(&[
            ("1", &large),
            ("2", &large),
            ("3", &large),
            ("4", &large),
            ("5", &large),
        ]),
        "five MiB",
    );
    assert!(parse(archive(&[("1", &large)])).is_ok(), "a MiB is taken");
    let names: Vec<String> = (0..257).map(|number| number.to_string()).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &device[..])).collect();
    refused(archive(&files), "257 files");
    assert!(parse(archive(&files[1..])).is_ok(), "256 are taken");
    let whole = archive(&[("device.cer", &device)]);
    let behind = |zeros: usize| [b"PK\x03\x04", &vec![0; zeros][..], &whole].concat();
    assert!(parse(behind(1000)).is_ok(), "an archive behind something else");
    refused(behind(4 * 1024 * 1024), "an archive above four MiB");
    refused(archive(&[]), "no file");
    refused(archive(&[("readme.txt", b"for people")]), "no certificate");
    refused(pki("bomb.zip"), "16 MiB of zeros");
    for length in 0..whole.len() {
        assert!(parse(&whole[..length]).is_err(), "cut at {length}");
    }
}

proptest! {
    #[test]
    fn a_changed_octet_makes_nothing_panic(at in any::<prop::sample::Index>(), octet: u8) {
        let mut bytes = pki("chain.zip");
        let at = at.index(bytes.len());
        bytes[at] = octet;
        if let Ok(read) = parse(bytes) {
            let _ = (read.leaf(), read.chain());
        }
    }
}
