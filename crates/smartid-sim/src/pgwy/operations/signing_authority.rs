//! Signing a hash through Certificate Manager (protocol notes: cm 5.9: the words for hashes and forms T; path, fields and answer are not
//! public, therefore switches).

use serde_json::{Map, Value, json};

use super::issue::said;
use crate::SimError;
use crate::config::{CmConfig, CmOperation, SigningAuthorityReply};
use crate::net::message::{Reply, Request};
use crate::pgwy::caller::Caller;
use crate::pgwy::errors::{Refusal, success};
use crate::pgwy::fields::Fields;
use crate::pgwy::signing::SIGNATURE;
use crate::pgwy::values::{base64, unbase64};
use crate::pgwy::{Cm, made};
use crate::pki::{Certificate, Key, KeyKind, Profile, Validity, cms, der};

/// 2.16.840.1.101.3.4.2
const SHA: [u8; 8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

/// Hashes with the last number of their object identifier and their length in bytes.
const HASHES: [(&str, u8, usize); 10] = [
    ("SHA-224", 4, 28),
    ("SHA-256", 1, 32),
    ("SHA-384", 2, 48),
    ("SHA-512", 3, 64),
    ("SHA-512/224", 5, 28),
    ("SHA-512/256", 6, 32),
    ("SHA3-224", 7, 28),
    ("SHA3-256", 8, 32),
    ("SHA3-384", 9, 48),
    ("SHA3-512", 10, 64),
];

/// The key that signs hashes, with its certificate.
pub(in crate::pgwy) struct SigningAuthority {
    key: Key,
    certificate: Certificate,
}

impl SigningAuthority {
    /// PKCS #1 v1.5 around the hash as it is.
    fn sign(&self, oid: &[u8], hash: &[u8]) -> Result<Vec<u8>, SimError> {
        let algorithm = der::seq(&[&der::oid(oid), &der::null()]);
        self.key
            .sign_unhashed(&der::seq(&[&algorithm, &der::octets(hash)]))
    }

    /// CMS without content and without signed attributes, so that it fits a content that only the caller has.
    fn message(&self, oid: &[u8], signature: &[u8], issuer: &[u8]) -> Vec<u8> {
        let digest = der::seq(&[&der::oid(oid)]);
        let serial = der::tlv(der::INTEGER, &[self.certificate.serial()]);
        let signer = der::seq(&[
            &der::number(1),
            &der::seq(&[self.certificate.issuer_der(), &serial]),
            &digest,
            &der::seq(&[&der::oid(cms::OID_RSA), &der::null()]),
            &der::octets(signature),
        ]);
        let certificates = [self.certificate.der().to_vec(), issuer.to_vec()];
        let signed_data = der::seq(&[
            &der::number(1),
            &der::tlv(der::SET, &[&digest]),
            &der::seq(&[&der::oid(cms::OID_DATA)]),
            &der::set_of(0xa0, &certificates),
            &der::tlv(der::SET, &[&signer]),
        ]);
        der::seq(&[&der::oid(cms::OID_SIGNED_DATA), &der::context(0, &[&signed_data])])
    }
}

impl Cm {
    fn signing_authority(&self) -> Result<&SigningAuthority, SimError> {
        made(&self.signing_authority, || {
            let key = self.keys.source().key(KeyKind::Rsa2048)?;
            let ca = self.ca()?;
            let (first, last) = ca.issuer().validity();
            let subject = "C=SE,O=smartid-sim,CN=Signing Authority";
            let certificate =
                ca.issue_for_key(subject, &key, Profile::Signing, Validity::new(first, last))?;
            Ok(SigningAuthority { key, certificate })
        })
    }

    pub(in crate::pgwy) async fn sign_hash(
        &self,
        config: &CmConfig,
        request: &Request,
        caller: &Caller,
    ) -> Result<Reply, Refusal> {
        let settings = &config.signing_authority;
        let names = [
            settings.hash_field.as_str(),
            settings.algorithm_field.as_str(),
            settings.format_field.as_str(),
        ];
        let fields = Fields::of_body(config, request).await?;
        let known: Vec<&str> = names.into_iter().chain(["procname", SIGNATURE]).collect();
        fields.only(&config.decode, &known)?;
        let needed = |name: &str| fields.bytes(name)?.ok_or_else(|| Refusal::missing(name));
        let [hash, algorithm, format] = names;
        let (hash, algorithm, format) = (needed(hash)?, needed(algorithm)?, needed(format)?);
        let hash = unbase64(hash, true).ok_or_else(|| Refusal::encoding("hash", "the hash is not base64"))?;
        let (_, last, length) = HASHES
            .iter()
            .find(|(name, ..)| name.as_bytes() == &**algorithm)
            .ok_or_else(|| Refusal::value("hash_algorithm", "the hash algorithm is not known"))?;
        if hash.len() != *length {
            return Err(Refusal::value(
                "hash",
                "the hash is not as long as its algorithm says",
            ));
        }
        let as_message = match &**format {
            b"SignedData" => true,
            b"Signature" => false,
            _ => {
                return Err(Refusal::value(
                    "signature_format",
                    "the form of the signature is not known",
                ));
            }
        };
        let said = said(&fields, &known[..])?;
        let said = said.into_iter().filter(|(name, _)| name != SIGNATURE).collect();
        self.authorize(config, CmOperation::SigningAuthority, caller, &fields, &said)?;
        let authority = self.signing_authority()?;
        let oid = [SHA.as_slice(), &[*last]].concat();
        let mut signed = authority.sign(&oid, &hash)?;
        let mut kind = "application/octet-stream";
        if as_message {
            signed = authority.message(&oid, &signed, self.ca()?.issuer_der());
            kind = "application/pkcs7-signature";
        }
        let reply = match settings.reply {
            SigningAuthorityReply::Bytes => Reply::text(200, kind, signed),
            SigningAuthorityReply::Json => {
                let mut members = Map::new();
                members.insert(settings.reply_name.clone(), json!(base64(&signed, false)));
                success(config, Value::Object(members))
            }
        };
        Ok(reply.with_code("signed"))
    }
}
