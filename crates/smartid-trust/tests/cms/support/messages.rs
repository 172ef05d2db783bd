//! Messages, field by field, in DER that is written apart from the library.

use aws_lc_rs::digest;
use smartid_trust::{Certificate, SignatureAlgorithm};

use super::{CONTENT, Kind, Officer, officer};

pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let mut out = vec![tag];
    match contents.len() {
        short @ 0..=127 => out.push(u8::try_from(short).unwrap()),
        long => {
            let octets: Vec<u8> = long
                .to_be_bytes()
                .into_iter()
                .skip_while(|octet| *octet == 0)
                .collect();
            out.push(0x80 | u8::try_from(octets.len()).unwrap());
            out.extend(octets);
        }
    }
    out.extend(contents);
    out
}

pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut contents = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let mut groups = vec![u8::try_from(arc & 0x7f).unwrap()];
        let mut rest = arc >> 7;
        while rest > 0 {
            groups.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        contents.extend(groups.into_iter().rev());
    }
    tlv(6, &[&contents])
}

pub const DATA: &str = "1.2.840.113549.1.7.1";
pub const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
pub const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
pub const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
pub const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
pub const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.12";
pub const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";
pub const SHA256: &str = "2.16.840.1.101.3.4.2.1";
pub const SHA384: &str = "2.16.840.1.101.3.4.2.2";
pub const SHA512: &str = "2.16.840.1.101.3.4.2.3";
pub const SHA1: &str = "1.3.14.3.2.26";
pub const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
pub const ED25519: &str = "1.3.101.112";

pub fn identifier(dotted: &str) -> Vec<u8> {
    tlv(0x30, &[&oid(dotted)])
}

pub fn attribute(kind: &str, values: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &[&oid(kind), &tlv(0x31, values)])
}

pub fn hash(dotted: &str, bytes: &[u8]) -> Vec<u8> {
    let algorithm = match dotted {
        SHA1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        SHA256 => &digest::SHA256,
        SHA384 => &digest::SHA384,
        _ => &digest::SHA512,
    };
    digest::digest(algorithm, bytes).as_ref().to_vec()
}

/// A signer whose every field can be set.
#[derive(Clone)]
pub struct Signer {
    pub officer: Officer,
    pub algorithm: SignatureAlgorithm,
    pub version: u8,
    pub name: Vec<u8>,
    pub digest: &'static str,
    /// Attributes in the order in which they are sent; none: the content is signed.
    pub attributes: Option<Vec<Vec<u8>>>,
    /// Whether the attributes are sorted before they are signed.
    pub sorts: bool,
    pub signature_algorithm: Vec<u8>,
    pub unsigned: Vec<u8>,
}

pub fn issuer_and_serial(certificate: &Certificate) -> Vec<u8> {
    let serial = certificate.serial_number().as_be_bytes();
    tlv(0x30, &[certificate.issuer().der(), &tlv(2, &[serial])])
}

pub fn standard_attributes(digest: &str, content: &[u8]) -> Vec<Vec<u8>> {
    vec![
        attribute(CONTENT_TYPE, &[&oid(DATA)]),
        attribute(MESSAGE_DIGEST, &[&tlv(4, &[&hash(digest, content)])]),
    ]
}

impl Signer {
    /// P-256 with SHA-256 and the two attributes.
    pub fn new() -> Self {
        Self::of(officer(Kind::P256))
    }

    pub fn of(officer: Officer) -> Self {
        let (digest, signature_algorithm) = match officer.key.kind {
            Kind::P256 => (SHA256, ECDSA_SHA256),
            Kind::Ed25519 => (SHA512, ED25519),
            other => panic!("{other:?}"),
        };
        Self {
            name: issuer_and_serial(officer.certificate()),
            algorithm: officer.algorithms[0],
            officer,
            version: 1,
            digest,
            attributes: Some(standard_attributes(digest, CONTENT)),
            sorts: true,
            signature_algorithm: identifier(signature_algorithm),
            unsigned: Vec::new(),
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn with_attributes(self, attributes: Vec<Vec<u8>>) -> Self {
        self.with(|signer| signer.attributes = Some(attributes))
    }

    /// SignerInfo over `content`.
    pub fn info(&self, content: &[u8]) -> Vec<u8> {
        let parts = |all: &[Vec<u8>]| all.concat();
        let (sent, signed) = match &self.attributes {
            None => (Vec::new(), content.to_vec()),
            Some(attributes) => {
                let mut in_order = attributes.clone();
                if self.sorts {
                    in_order.sort();
                }
                (tlv(0xa0, &[&parts(attributes)]), tlv(0x31, &[&parts(&in_order)]))
            }
        };
        let signature = self.officer.key.sign(self.algorithm, &signed);
        tlv(
            0x30,
            &[
                &tlv(2, &[&[self.version]]),
                &self.name,
                &identifier(self.digest),
                &sent,
                &self.signature_algorithm,
                &tlv(4, &[&signature]),
                &self.unsigned,
            ],
        )
    }
}

/// A message whose every field can be set.
#[derive(Clone)]
pub struct Message {
    pub kind: &'static str,
    pub version: u8,
    pub content_type: &'static str,
    pub digests: Vec<Vec<u8>>,
    /// The element inside `[0]`.
    pub content: Option<Vec<u8>>,
    pub certificates: Vec<Vec<u8>>,
    pub crls: Vec<u8>,
    pub infos: Vec<Vec<u8>>,
}

impl Message {
    pub fn of(signer: &Signer) -> Self {
        Self {
            kind: SIGNED_DATA,
            version: 1,
            content_type: DATA,
            digests: vec![identifier(signer.digest)],
            content: Some(tlv(4, &[CONTENT])),
            certificates: signer
                .officer
                .chain
                .iter()
                .map(|one| one.der().to_vec())
                .collect(),
            crls: Vec::new(),
            infos: vec![signer.info(CONTENT)],
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn der(&self) -> Vec<u8> {
        let content = self.content.as_ref().map(|content| tlv(0xa0, &[content]));
        let certificates = if self.certificates.is_empty() {
            Vec::new()
        } else {
            tlv(0xa0, &[&self.certificates.concat()])
        };
        let body = tlv(
            0x30,
            &[
                &tlv(2, &[&[self.version]]),
                &tlv(0x31, &[&self.digests.concat()]),
                &tlv(0x30, &[&oid(self.content_type), &content.unwrap_or_default()]),
                &certificates,
                &self.crls,
                &tlv(0x31, &[&self.infos.concat()]),
            ],
        );
        tlv(0x30, &[&oid(self.kind), &tlv(0xa0, &[&body])])
    }
}

/// The message of one signer over [`CONTENT`].
pub fn message(signer: &Signer) -> Vec<u8> {
    Message::of(signer).der()
}
