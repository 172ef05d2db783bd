//! The parsers of signed evidence: certificates, keys, messages, requests, filters.

use std::hint::black_box;
use std::sync::{Arc, OnceLock};

use smartid_core::{SecretString, Timestamp};
use smartid_trust::cms::{CmsPolicy, SignedData};
use smartid_trust::filter::CertificateFilter;
use smartid_trust::jws::{Jwk, JwkSet, Jws, JwsPolicy};
use smartid_trust::path::{ChainPolicy, Purpose, RevocationList, WebpkiVerifier};
use smartid_trust::pkcs12::{Pkcs12, Pkcs12Policy};
use smartid_trust::request::{CertificationRequest, KeyRequirement, RequestPolicy, RequestTemplate};
use smartid_trust::{
    Certificate, CertificateAttribute, DistinguishedName, MemorySigner, Oid, PublicKey, Radix, SerialNumber,
    SigningKey, SoftToken,
};

const AT: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/smartid-trust/tests/fixtures"
    );
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

fn chains() -> &'static Arc<ChainPolicy> {
    static CHAINS: OnceLock<Arc<ChainPolicy>> = OnceLock::new();
    CHAINS.get_or_init(|| {
        let root = Certificate::from_der(fixture("certs/root.der")).unwrap();
        let verifier = WebpkiVerifier::builder().root(root).build().unwrap();
        Arc::new(ChainPolicy::new(Arc::new(verifier), Purpose::any()))
    })
}

/// A certificate that is read keeps its bytes, shows itself, and can be asked everything.
pub fn certificate(data: &[u8]) {
    let Ok(certificate) = Certificate::from_der(data.to_vec()) else {
        return;
    };
    assert_eq!(certificate.der().as_ref(), data);
    let again = Certificate::from_der(certificate.der().clone()).unwrap();
    assert_eq!(again, certificate);
    for name in [certificate.subject(), certificate.issuer()] {
        let reread = DistinguishedName::from_der(name.der().clone()).unwrap();
        assert_eq!(reread.to_string(), name.to_string());
        black_box(name.common_name());
    }
    let serial = certificate.serial_number();
    for radix in [Radix::Decimal, Radix::Hex] {
        let text = serial.to_text(radix);
        match SerialNumber::parse(&text, radix) {
            Ok(read) => assert_eq!(read, *serial),
            Err(_) => assert!(serial.as_be_bytes().len() > 64),
        }
    }
    black_box((
        certificate.key_usage().is_ok(),
        certificate.extended_key_usage().is_ok(),
        certificate.basic_constraints().is_ok(),
        certificate.policies().is_ok(),
        certificate.subject_alt_names().is_ok(),
        certificate.subject_key_id().is_ok(),
        certificate.email_addresses(),
        certificate.user_principal_names(),
        certificate.dns_names(),
        certificate.uris(),
        certificate.signature_algorithm().is_ok(),
        format!("{certificate:?}"),
    ));
    if let Ok(key) = certificate.public_key() {
        assert_eq!(PublicKey::from_spki_der(key.spki_der()).unwrap(), key);
        black_box(certificate.is_signed_by(&key).is_ok());
    }
    for name in [
        "subjectaltname-emailaddress",
        "subjectaltname-upn",
        "cn",
        "serialnumber",
    ] {
        black_box(CertificateAttribute::new(name).resolve(&certificate).is_ok());
    }
    black_box(chains().validate(&certificate, &[], AT).is_ok());
}

/// A key is read the same from what was written.
pub fn public_key(data: &[u8]) {
    if let Ok(key) = PublicKey::from_spki_der(data) {
        assert_eq!(PublicKey::from_spki_der(key.spki_der()).unwrap(), key);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(oid) = text.parse::<Oid>() {
            assert_eq!(oid.to_string(), text);
        }
        if let Ok(name) = text.parse::<DistinguishedName>() {
            let again = DistinguishedName::from_der(name.der().clone()).unwrap();
            assert_eq!(again, name);
            black_box(name.to_string().parse::<DistinguishedName>().is_ok());
        }
    }
}

/// A revocation list is read or refused.
pub fn revocation_list(data: &[u8]) {
    if let Ok(list) = RevocationList::from_der(data.to_vec()) {
        assert_eq!(list.der().as_ref(), data);
        black_box((
            list.issuer().to_string(),
            list.len(),
            list.this_update(),
            list.next_update(),
        ));
    }
}

/// PEM texts, with keys and certificates in them.
pub fn pem(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    black_box(Certificate::list_from_pem(text).is_ok());
    black_box(RevocationList::list_from_pem(text).is_ok());
    // The password is wrong, so that no time goes into deriving keys that are right.
    let password = SecretString::new("wrong");
    black_box(SigningKey::from_pem(text, None).is_ok());
    if data.len() < 8192 {
        black_box(MemorySigner::from_pem(&[text], Some(&password)).is_ok());
    }
}

/// A JWS is read or refused; what verifies has the payload that it shows.
pub fn jws(data: &[u8]) {
    static KEYS: OnceLock<JwsPolicy> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        JwsPolicy::keys(JwkSet::from_json(fixture("jws/keys.json")).unwrap())
            .or_certificates(Arc::clone(chains()))
    });
    if let Ok(message) = Jws::parse(data) {
        let unverified = message.danger_unverified().payload().clone();
        black_box(message.danger_unverified().header().is_ok());
        if let Ok(verified) = message.verify(keys, AT) {
            assert_eq!(verified.fact().payload, unverified);
        }
    }
}

/// A JWK or a set is read or refused.
pub fn jwk(data: &[u8]) {
    if let Ok(key) = Jwk::from_json(data)
        && let Ok(key) = key.key()
    {
        assert_eq!(PublicKey::from_spki_der(key.spki_der()).unwrap(), *key);
    }
    if let Ok(set) = JwkSet::from_json(data) {
        black_box((set.keys().len(), set.refused().count()));
    }
}

/// A CMS message is read or refused; what verifies has the content that it shows.
pub fn cms(data: &[u8]) {
    static POLICY: OnceLock<CmsPolicy> = OnceLock::new();
    let policy = POLICY.get_or_init(|| CmsPolicy::certificates(Arc::clone(chains())));
    if let Ok(message) = SignedData::parse(data.to_vec()) {
        black_box((
            message.danger_unverified().certificates(),
            message.danger_unverified().signers().count(),
        ));
        black_box(message.reports(policy, AT));
        if let Ok(verified) = message.verify(policy, AT) {
            assert_eq!(
                Some(&verified.fact().content),
                message.danger_unverified().embedded_content()
            );
        }
    }
    if let Ok(text) = std::str::from_utf8(data) {
        black_box(SignedData::parse_pem(text).is_ok());
    }
}

/// A certification request is read or refused, also as a template.
pub fn request(data: &[u8]) {
    let template = RequestTemplate::passthrough(data.to_vec());
    assert_eq!(template.der().as_ref(), data);
    if let Ok(request) = CertificationRequest::from_der(data.to_vec()) {
        let read = request.danger_unverified();
        assert_eq!(read.der().as_ref(), data);
        black_box((
            read.subject().to_string(),
            read.public_key().is_ok(),
            read.signature_algorithm().is_ok(),
        ));
        let policy = RequestPolicy::without_template(KeyRequirement::any())
            .accept_version_2()
            .accept_sha1_self_signature();
        black_box(request.verify(&policy, AT).is_ok());
        let policy = RequestPolicy::from_template(&template, KeyRequirement::any());
        assert!(
            request.verify(&policy, AT).is_err(),
            "the throw-away key came back"
        );
    }
}

/// A filter comes back the way it was read, and can be evaluated.
pub fn certificate_filter(data: &[u8]) {
    static SUBJECT: OnceLock<Certificate> = OnceLock::new();
    let subject = SUBJECT.get_or_init(|| Certificate::from_der(fixture("certs/signer-rsa.der")).unwrap());
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(filter) = CertificateFilter::from_json(text) {
        let written = filter.to_json().unwrap();
        let again = CertificateFilter::from_json(&written).unwrap();
        assert_eq!(again, filter);
        assert_eq!(again.evaluate(subject), filter.evaluate(subject));
    }
}

/// The first two members of a container: its version and what is in it. Only if lengths are definite.
fn without_checksum(data: &[u8]) -> Option<Vec<u8>> {
    fn split(bytes: &[u8]) -> Option<(&[u8], usize)> {
        let (header, length) = match *bytes.get(1)? {
            short @ 0..=0x7f => (2, usize::from(short)),
            long @ 0x81..=0x84 => {
                let octets = bytes.get(2..2 + usize::from(long & 0x7f))?;
                let length = octets
                    .iter()
                    .fold(0, |length, octet| length << 8 | usize::from(*octet));
                (2 + octets.len(), length)
            }
            _ => return None,
        };
        Some((bytes.get(header..header + length)?, header + length))
    }
    let (members, _) = split(data)?;
    let (_, version) = split(members)?;
    let (_, safe) = split(members.get(version..)?)?;
    let kept = members.get(..version + safe)?;
    let length = u32::try_from(kept.len()).ok()?;
    Some([&[0x30, 0x84], &length.to_be_bytes()[..], kept].concat())
}

/// A container is opened or refused, within its budget: as it is, and without its checksum, behind which no damage would be seen.
pub fn pkcs12(data: &[u8]) {
    let policy = Pkcs12Policy::default()
        .with_max_work(1_500_000)
        .danger_accept_without_mac()
        .danger_accept_scrypt(1 << 20);
    let password = SecretString::new("test-Passw0rd");
    let bare = without_checksum(data);
    for container in [Some(data), bare.as_deref()].into_iter().flatten() {
        if let Ok(opened) = Pkcs12::open(container, &password, &policy) {
            for entry in opened.keys() {
                black_box(opened.chain(entry).is_ok());
            }
            black_box((opened.signer().is_ok(), format!("{opened:?}")));
        }
        if let Ok(opened) = SoftToken::new(container).open(&password, &policy) {
            assert!(!opened.keys().is_empty());
            for key in opened.keys() {
                assert_eq!(key.certificate(), key.chain().first());
                black_box(key.signer().is_ok());
            }
        }
    }
    black_box(SigningKey::from_pkcs8_der(data).is_ok());
}
