//! The octets of a container, from the inside out (RFC 7292).
//!
//! Certificates stand in one safe that is encrypted as a whole; keys stand each in an encrypted bag of its own, in a safe that is not.
//! OpenSSL writes them in this order, and every program reads it. All of it is DER.

use std::num::NonZeroU32;

use aws_lc_rs::hmac;
use smartid_core::SecretString;

use super::WriteOptions;
use crate::der::{self, Oid, tag};
use crate::pbe::encrypt::{SALT_LEN, count};
use crate::pbe::{self, Budget, Password, Purpose};
use crate::pkcs12::attributes::{FRIENDLY_NAME, LOCAL_KEY_ID};
use crate::pkcs12::bags::{CERTIFICATE, SHROUDED_KEY, X509, key_cost};
use crate::pkcs12::container::{DATA, ENCRYPTED_DATA, read_cost};
use crate::pkcs12::{CertificateEntry, KeyEntry, Pkcs12Policy};
use crate::random::{Random, draw};
use crate::{Reason, Refusal};

/// What everything in a container is protected with.
pub(super) struct Encoder<'a> {
    options: WriteOptions,
    iterations: NonZeroU32,
    password: Password<'a>,
    random: &'a mut Random<'a>,
    /// What a reader has, of which as much is taken out as opening will take.
    budget: Budget,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(
        options: WriteOptions,
        iterations: NonZeroU32,
        password: &'a SecretString,
        random: &'a mut Random<'a>,
    ) -> Self {
        Self {
            options,
            iterations,
            password: Password::new(password.expose()),
            random,
            budget: Pkcs12Policy::default().budget(),
        }
    }

    /// PFX.
    pub(super) fn container(
        mut self,
        keys: &[KeyEntry],
        certificates: &[CertificateEntry],
    ) -> Result<Vec<u8>, Refusal> {
        let mut contents = Vec::new();
        if !certificates.is_empty() {
            contents.extend(self.encrypted_data(&certificate_bags(certificates))?);
        }
        if !keys.is_empty() {
            contents.extend(data(&self.key_bags(keys)?));
        }
        let safe = der::sequence(&[&contents]);
        let mac = self.mac_data(&safe)?;
        let container = der::sequence(&[&der::integer(&[3]), &data(&safe), &mac]);
        self.budget.charge(read_cost(container.len()))?;
        Ok(container)
    }

    /// SafeContents with a shrouded bag for each key.
    fn key_bags(&mut self, keys: &[KeyEntry]) -> Result<Vec<u8>, Refusal> {
        let mut bags = Vec::new();
        for key in keys {
            let sealing = self.options.sealing();
            let pkcs8 = key.pkcs8.expose();
            let sealed = sealing.seal(
                pkcs8,
                self.password,
                self.iterations,
                self.random,
                &mut self.budget,
            )?;
            self.budget.charge(key_cost(pkcs8.len()))?;
            bags.extend(bag(
                &SHROUDED_KEY,
                &sealed.into_key_info(),
                key.friendly_name.as_deref(),
                key.local_key_id.as_deref(),
            ));
        }
        Ok(der::sequence(&[&bags]))
    }

    /// ContentInfo with EncryptedData (RFC 5652 8).
    fn encrypted_data(&mut self, plain: &[u8]) -> Result<Vec<u8>, Refusal> {
        let sealing = self.options.sealing();
        let sealed = sealing.seal(
            plain,
            self.password,
            self.iterations,
            self.random,
            &mut self.budget,
        )?;
        let content = der::sequence(&[
            &der::oid(&DATA),
            &sealed.identifier,
            &der::tlv(tag::context_primitive(0), &sealed.octets),
        ]);
        let data = der::sequence(&[&der::integer(&[0]), &content]);
        Ok(der::sequence(&[
            &der::oid(&ENCRYPTED_DATA),
            &der::explicit(0, &data),
        ]))
    }

    /// MacData.
    fn mac_data(&mut self, safe: &[u8]) -> Result<Vec<u8>, Refusal> {
        let salt = draw::<SALT_LEN>(self.random).map_err(|_| Reason::RandomUnavailable)?;
        let (hash, hmac) = self.options.profile.mac()?;
        let (iterations, length) = (self.iterations.get(), hash.output_len);
        let job = pbe::pkcs12(hash, Purpose::Mac, self.password, &salt, iterations, length);
        let key = self.budget.derive(job)?;
        let value = hmac::sign(&hmac::Key::new(hmac, &key), safe);
        let identifier = der::sequence(&[&der::oid(hash.oid()), &der::null()]);
        let info = der::sequence(&[&identifier, &der::octet_string(value.as_ref())]);
        Ok(der::sequence(&[
            &info,
            &der::octet_string(&salt),
            &count(self.iterations),
        ]))
    }
}

/// ContentInfo with octets that are not encrypted.
fn data(octets: &[u8]) -> Vec<u8> {
    let octets = der::octet_string(octets);
    der::sequence(&[&der::oid(&DATA), &der::explicit(0, &octets)])
}

/// SafeContents.
fn certificate_bags(certificates: &[CertificateEntry]) -> Vec<u8> {
    let bags: Vec<u8> = certificates
        .iter()
        .flat_map(|entry| {
            let octets = der::octet_string(entry.certificate.der());
            let value = der::sequence(&[&der::oid(&X509), &der::explicit(0, &octets)]);
            bag(
                &CERTIFICATE,
                &value,
                entry.friendly_name.as_deref(),
                entry.local_key_id.as_deref(),
            )
        })
        .collect();
    der::sequence(&[&bags])
}

/// SafeBag.
fn bag(kind: &Oid, value: &[u8], friendly_name: Option<&str>, local_key_id: Option<&[u8]>) -> Vec<u8> {
    let attribute = |oid: &Oid, value: Vec<u8>| der::sequence(&[&der::oid(oid), &der::set(&[&value])]);
    // UTF-16 where letters need it, as OpenSSL and Java write them, although a BMPString has none of those.
    let name = friendly_name.map(|name| {
        let octets: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
        attribute(&FRIENDLY_NAME, der::tlv(tag::BMP_STRING, &octets))
    });
    let id = local_key_id.map(|id| attribute(&LOCAL_KEY_ID, der::octet_string(id)));
    let attributes: Vec<Vec<u8>> = name.into_iter().chain(id).collect();
    let attributes = if attributes.is_empty() {
        Vec::new()
    } else {
        der::set_of(attributes)
    };
    der::sequence(&[&der::oid(kind), &der::explicit(0, value), &attributes])
}
