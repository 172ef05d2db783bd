//! Officers with their keys and certificates. They are made when somebody first asks for one, because most simulators never need them
//! and keys take their time; who was never asked for cannot have come by a certificate.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Mutex;

use crate::SimError;
use crate::config::{CmConfig, OfficerConfig, OfficerKey, OfficerState};
use crate::net::tls::ClientIdentity;
use crate::pki::{Certificate, Key, KeyKind, KeySource, Profile, TestCa, Validity, cms, p12};
use crate::sync::lock;

/// Somebody with a certificate of the simulated Certificate Manager, and the key: enough to log in by TLS and to sign requests.
///
/// ```
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use smartid_sim::Sim;
///
/// let sim = Sim::builder().seed(7).start().await?;
/// let officer = sim.officer("ra-officer")?;
/// assert!(officer.identity_pem().contains("PRIVATE KEY"));
/// assert_eq!(smartid_sim::pki::p12::open(&officer.p12("secret")?, "secret")?.len(), 1);
/// let signed = officer.sign(b"data to sign")?;
/// assert_eq!(smartid_sim::pki::cms::verify(&signed, None)?.content, b"data to sign");
/// # Ok::<(), smartid_sim::SimError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Officer {
    name: String,
    key: Key,
    certificate: Certificate,
    chain: Vec<Vec<u8>>,
}

impl fmt::Debug for Officer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            key,
            certificate: _,
            chain: _,
        } = self;
        f.debug_struct("Officer")
            .field("name", name)
            .field("key", &key.kind())
            .finish_non_exhaustive()
    }
}

impl Officer {
    /// The name in the configuration.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The certificate as DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        self.certificate.der()
    }

    /// The certificate as PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    /// The issuing authority's certificate and the root's, as DER.
    #[must_use]
    pub fn chain_der(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// The issuing authority's certificate and the root's, as PEM.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        let block = |der: &Vec<u8>| crate::pki::pem("CERTIFICATE", der);
        self.chain.iter().map(block).collect()
    }

    /// The private key, unencrypted, as PKCS #8 in DER.
    #[must_use]
    pub fn key_pkcs8(&self) -> &[u8] {
        self.key.expose_pkcs8()
    }

    /// The private key, unencrypted, as PKCS #8 in PEM.
    #[must_use]
    pub fn key_pem(&self) -> String {
        crate::pki::pem("PRIVATE KEY", self.key.expose_pkcs8())
    }

    /// Key, certificate and the issuing authority's certificate in one PEM text, as many TLS clients want it.
    #[must_use]
    pub fn identity_pem(&self) -> String {
        let ClientIdentity {
            certificate_pem,
            key_pem,
        } = self.identity();
        format!("{key_pem}{certificate_pem}")
    }

    /// Certificate with the issuing authority's, and the key, apart.
    #[must_use]
    pub fn identity(&self) -> ClientIdentity {
        let issuing = self.chain.first().map(|der| crate::pki::pem("CERTIFICATE", der));
        ClientIdentity {
            certificate_pem: format!("{}{}", self.certificate_pem(), issuing.unwrap_or_default()),
            key_pem: self.key_pem(),
        }
    }

    /// Key, certificate and chain as PKCS #12 under a password (AES-256, PBKDF2).
    ///
    /// # Errors
    /// [`SimError::Pki`] when it cannot be made.
    pub fn p12(&self, password: &str) -> Result<Vec<u8>, SimError> {
        let mut certificates = vec![self.certificate.der().to_vec()];
        certificates.extend_from_slice(&self.chain);
        p12::make(&self.key, &certificates, password)
    }

    /// As a signer of CMS messages, with the issuing authority's certificate to send along.
    #[must_use]
    pub fn signer(&self) -> cms::Signer {
        let issuing: Vec<Vec<u8>> = self.chain.iter().take(1).cloned().collect();
        cms::Signer::new(&self.key, self.certificate.der()).chain(&issuing)
    }

    /// Signs what the server has handed out, as the documentation wants it: content inside, certificate inside, DER (protocol notes:
    /// cm 4.5).
    ///
    /// # Errors
    /// [`SimError::Pki`] when it cannot be signed.
    pub fn sign(&self, data: &[u8]) -> Result<Vec<u8>, SimError> {
        cms::sign(data, &[self.signer()], &cms::Options::new())
    }
}

/// Officers that were made, and whose certificates those are.
#[derive(Default)]
pub(super) struct Officers {
    made: Mutex<BTreeMap<String, Officer>>,
    by_serial: Mutex<HashMap<Vec<u8>, String>>,
}

const DAY: u64 = 86_400;

pub(super) fn kind(key: OfficerKey) -> KeyKind {
    match key {
        OfficerKey::P256 => KeyKind::P256,
        OfficerKey::P384 => KeyKind::P384,
        OfficerKey::Ed25519 => KeyKind::Ed25519,
        OfficerKey::Rsa2048 => KeyKind::Rsa2048,
        OfficerKey::Rsa3072 => KeyKind::Rsa3072,
    }
}

fn validity(state: OfficerState, now: u64) -> Validity {
    match state {
        OfficerState::Valid | OfficerState::Revoked => {
            Validity::new(now.saturating_sub(DAY), now + 3000 * DAY)
        }
        OfficerState::Expired => Validity::new(now.saturating_sub(366 * DAY), now.saturating_sub(DAY)),
        OfficerState::NotYetValid => Validity::new(now + 365 * DAY, now + 3000 * DAY),
    }
}

/// What making an officer needs.
pub(super) struct Making<'a> {
    pub(super) ca: &'a TestCa,
    pub(super) keys: &'a KeySource,
    pub(super) now: u64,
}

impl Officers {
    /// The officer of this name, made if need be.
    pub(super) fn get(
        &self,
        config: &CmConfig,
        name: &str,
        making: &Making<'_>,
    ) -> Result<Officer, SimError> {
        let mut made = lock(&self.made);
        if let Some(officer) = made.get(name) {
            return Ok(officer.clone());
        }
        let officer = self.make(config, name, making)?;
        made.insert(name.to_owned(), officer.clone());
        Ok(officer)
    }

    /// A new key and certificate; the ones before stay good.
    pub(super) fn renew(
        &self,
        config: &CmConfig,
        name: &str,
        making: &Making<'_>,
    ) -> Result<Officer, SimError> {
        let officer = self.make(config, name, making)?;
        lock(&self.made).insert(name.to_owned(), officer.clone());
        Ok(officer)
    }

    fn make(&self, config: &CmConfig, name: &str, making: &Making<'_>) -> Result<Officer, SimError> {
        let settings = profile(config, name)
            .ok_or_else(|| SimError::Config(format!("cm.officers: there is nobody called {name:?}")))?;
        let key = making.keys.key(kind(settings.key))?;
        let subject = format!("C=SE,O=smartid-sim,CN={}", name.replace(['\\', ','], " "));
        let validity = validity(settings.state, making.now);
        let certificate = making
            .ca
            .issue_for_key(&subject, &key, Profile::Officer, validity)?;
        if settings.state == OfficerState::Revoked {
            let since = making.now.saturating_sub(DAY);
            making.ca.revoke_with_reason(certificate.serial(), 1, since)?;
        }
        lock(&self.by_serial).insert(certificate.serial().to_vec(), name.to_owned());
        Ok(Officer {
            name: name.to_owned(),
            key,
            certificate,
            chain: vec![making.ca.issuer_der().to_vec(), making.ca.root_der().to_vec()],
        })
    }

    /// Whose certificate this is; nobody's when there is no officer profile.
    pub(super) fn whose<'c>(
        &self,
        config: &'c CmConfig,
        certificate: &Certificate,
    ) -> Option<&'c OfficerConfig> {
        let name = self.name_of(certificate)?;
        profile(config, &name).filter(|officer| officer.officer)
    }

    /// The name in the configuration of whose certificate this is, officer or not.
    pub(super) fn name_of(&self, certificate: &Certificate) -> Option<String> {
        lock(&self.by_serial).get(certificate.serial()).cloned()
    }
}

fn profile<'c>(config: &'c CmConfig, name: &str) -> Option<&'c OfficerConfig> {
    config.officers.iter().find(|officer| officer.name == name)
}
