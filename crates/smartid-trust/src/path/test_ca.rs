//! A CA for tests that writes whatever it is told, wrong things too.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use smartid_core::Timestamp;

use super::{
    ChainRequest, ChainVerifier, Purpose, RevocationList, ValidatedChain, VerifierBuilder, WebpkiVerifier,
};
use crate::der::{self, tag};
use crate::{Certificate, DistinguishedName, Oid, Reason, Refusal, SignatureAlgorithm};

/// The time at which everything is valid unless a test says otherwise.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
pub(crate) const DAY: u64 = 86_400_000;

pub(crate) const fn days(from_now: i64) -> Timestamp {
    Timestamp::from_millis((NOW.as_millis() as i64 + from_now * DAY as i64) as u64)
}

/// Signs with an algorithm, under a key that is written into certificates.
pub(crate) trait Key {
    fn spki(&self) -> Vec<u8>;
    fn algorithm(&self) -> Vec<u8>;
    fn sign(&self, message: &[u8]) -> Vec<u8>;
}

impl Key for Ed25519KeyPair {
    fn spki(&self) -> Vec<u8> {
        der::sequence(&[
            &SignatureAlgorithm::Ed25519.identifier(),
            &der::bit_string(self.public_key().as_ref()),
        ])
    }
    fn algorithm(&self) -> Vec<u8> {
        SignatureAlgorithm::Ed25519.identifier()
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        Self::sign(self, message).as_ref().to_vec()
    }
}

/// A key that is the same for the same number.
pub(crate) fn key(number: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[number; 32]).unwrap()
}

/// What is written into a certificate.
#[derive(Clone)]
pub(crate) struct Spec {
    pub(crate) version: Option<u8>,
    pub(crate) serial: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) spki: Vec<u8>,
    pub(crate) unique_ids: Vec<u8>,
    pub(crate) extensions: Vec<Vec<u8>>,
}

pub(crate) fn name(text: &str) -> Vec<u8> {
    text.parse::<DistinguishedName>().unwrap().der().to_vec()
}

pub(crate) fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { der::boolean(true) } else { Vec::new() };
    let oid: Oid = oid.parse().unwrap();
    der::sequence(&[&der::oid(&oid), &critical, &der::octet_string(value)])
}

pub(crate) fn basic_constraints(is_ca: bool, path_length: Option<u8>) -> Vec<u8> {
    let ca = if is_ca { der::boolean(true) } else { Vec::new() };
    let length = path_length
        .map(|length| der::integer(&[length]))
        .unwrap_or_default();
    extension("2.5.29.19", true, &der::sequence(&[&ca, &length]))
}

/// Bits as RFC 5280 counts them: 0 is digitalSignature, 5 keyCertSign, 6 cRLSign.
pub(crate) fn key_usage(bits: &[u8]) -> Vec<u8> {
    let octet = bits.iter().fold(0_u8, |octet, bit| octet | 0x80 >> bit);
    let unused = u8::try_from(octet.trailing_zeros().min(7)).unwrap();
    extension("2.5.29.15", true, &der::tlv(tag::BIT_STRING, &[unused, octet]))
}

pub(crate) fn extended_key_usage(oids: &[&str]) -> Vec<u8> {
    let oids: Vec<u8> = oids
        .iter()
        .flat_map(|oid| der::oid(&oid.parse().unwrap()))
        .collect();
    extension("2.5.29.37", false, &der::tlv(tag::SEQUENCE, &oids))
}

pub(crate) fn subject_alt_name(names: &[u8]) -> Vec<u8> {
    extension("2.5.29.17", false, &der::tlv(tag::SEQUENCE, names))
}

/// `names` are GeneralNames of permitted subtrees.
pub(crate) fn permitted(names: &[&[u8]]) -> Vec<u8> {
    let subtrees: Vec<u8> = names.iter().flat_map(|name| der::sequence(&[name])).collect();
    extension("2.5.29.30", true, &der::sequence(&[&der::explicit(0, &subtrees)]))
}

impl Spec {
    /// A person's certificate.
    pub(crate) fn leaf(subject: &str, issuer: &str, key: &impl Key) -> Self {
        Self {
            version: Some(2),
            serial: vec![0x10],
            issuer: name(issuer),
            subject: name(subject),
            from: days(-10),
            until: days(10),
            spki: key.spki(),
            unique_ids: Vec::new(),
            extensions: vec![key_usage(&[0])],
        }
    }

    /// A CA's certificate.
    pub(crate) fn ca(subject: &str, issuer: &str, key: &impl Key) -> Self {
        Self {
            extensions: vec![basic_constraints(true, None), key_usage(&[5, 6])],
            serial: vec![0x20],
            ..Self::leaf(subject, issuer, key)
        }
    }

    pub(crate) fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    pub(crate) fn without_extensions(mut self) -> Self {
        self.extensions.clear();
        self
    }

    pub(crate) fn serial(mut self, serial: &[u8]) -> Self {
        self.serial = serial.to_vec();
        self
    }

    pub(crate) fn der(&self, issuer: &impl Key) -> Vec<u8> {
        let version = self
            .version
            .map(|version| der::explicit(0, &der::integer(&[version])));
        let extensions = if self.extensions.is_empty() {
            Vec::new()
        } else {
            der::explicit(3, &der::tlv(tag::SEQUENCE, &self.extensions.concat()))
        };
        let body = der::sequence(&[
            &version.unwrap_or_default(),
            &der::tlv(tag::INTEGER, &self.serial),
            &issuer.algorithm(),
            &self.issuer,
            &der::sequence(&[&der::time_element(self.from), &der::time_element(self.until)]),
            &self.subject,
            &self.spki,
            &self.unique_ids,
            &extensions,
        ]);
        signed(&body, issuer)
    }

    pub(crate) fn sign(&self, issuer: &impl Key) -> Certificate {
        Certificate::from_der(self.der(issuer)).unwrap()
    }
}

fn signed(body: &[u8], issuer: &impl Key) -> Vec<u8> {
    der::sequence(&[body, &issuer.algorithm(), &der::bit_string(&issuer.sign(body))])
}

/// What is written into a revocation list.
#[derive(Clone)]
pub(crate) struct ListSpec {
    pub(crate) issuer: Vec<u8>,
    pub(crate) from: Timestamp,
    pub(crate) until: Option<Timestamp>,
    /// Serial numbers, and the entry's extensions.
    pub(crate) revoked: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) extensions: Vec<Vec<u8>>,
}

impl ListSpec {
    pub(crate) fn of(issuer: &str) -> Self {
        Self {
            issuer: name(issuer),
            from: days(-1),
            until: Some(days(1)),
            revoked: Vec::new(),
            extensions: Vec::new(),
        }
    }

    pub(crate) fn revoking(mut self, serial: u8) -> Self {
        self.revoked.push((vec![serial], Vec::new()));
        self
    }

    pub(crate) fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    pub(crate) fn der(&self, issuer: &impl Key) -> Vec<u8> {
        let entries: Vec<u8> = self
            .revoked
            .iter()
            .flat_map(|(serial, extensions)| {
                der::sequence(&[
                    &der::tlv(tag::INTEGER, serial),
                    &der::time_element(days(-2)),
                    extensions,
                ])
            })
            .collect();
        let entries = if entries.is_empty() {
            entries
        } else {
            der::tlv(tag::SEQUENCE, &entries)
        };
        let extensions = if self.extensions.is_empty() {
            Vec::new()
        } else {
            der::explicit(0, &der::tlv(tag::SEQUENCE, &self.extensions.concat()))
        };
        let body = der::sequence(&[
            &der::integer(&[1]),
            &issuer.algorithm(),
            &self.issuer,
            &der::time_element(self.from),
            &self.until.map(der::time_element).unwrap_or_default(),
            &entries,
            &extensions,
        ]);
        signed(&body, issuer)
    }

    pub(crate) fn sign(&self, issuer: &impl Key) -> RevocationList {
        RevocationList::from_der(self.der(issuer)).unwrap()
    }
}

/// Root (key 1), intermediate (key 2) and leaf (key 3).
pub(crate) fn root() -> Certificate {
    Spec::ca("CN=Root", "CN=Root", &key(1)).sign(&key(1))
}

pub(crate) fn intermediate() -> Spec {
    Spec::ca("CN=CA", "CN=Root", &key(2))
}

pub(crate) fn leaf() -> Spec {
    Spec::leaf("CN=Leaf", "CN=CA", &key(3))
}

pub(crate) fn builder() -> VerifierBuilder {
    WebpkiVerifier::builder().root(root())
}

pub(crate) fn verify(
    builder: VerifierBuilder,
    leaf: &Certificate,
    intermediates: &[Certificate],
) -> Result<ValidatedChain, Refusal> {
    verify_for(builder, leaf, intermediates, &Purpose::signing(), NOW)
}

pub(crate) fn verify_for(
    builder: VerifierBuilder,
    leaf: &Certificate,
    intermediates: &[Certificate],
    purpose: &Purpose,
    at: Timestamp,
) -> Result<ValidatedChain, Refusal> {
    builder
        .build()?
        .verify_chain(&ChainRequest::new(leaf, intermediates, purpose, at))
}

/// The reason for which leaf and intermediate are refused.
pub(crate) fn reason(leaf: &Spec, intermediate: &Spec) -> Option<Reason> {
    verify(builder(), &leaf.sign(&key(2)), &[intermediate.sign(&key(1))])
        .err()
        .map(|refusal| refusal.reason())
}
