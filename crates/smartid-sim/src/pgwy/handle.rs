//! What a test can ask the simulated Certificate Manager and tell it, past the REST API.

use std::sync::Arc;

use super::errors::Refusal;
use super::officers::Officer;
use super::operations::attribute_certificate::IssuedAttributeCertificate;
use super::operations::registrations::Registration;
use super::push::{CertificatePush, PushReport};
use super::signing::SeenSignature;
use super::soft_token::IssuedSoftToken;
use super::store::{AuditEntry, Body, Entry, Facts, IssuedCertificate, preloaded_subject};
use super::{Cm, DAY};
use crate::SimError;
use crate::config::{CmConfig, CmProcedureConfig};
use crate::pki::csr::Csr;
use crate::pki::{Certificate, Profile, TestCa, Validity, name};
use crate::sync::lock;

/// The simulated Certificate Manager. Clones are the same one.
#[derive(Clone, Debug)]
pub struct CmHandle(pub(super) Arc<Cm>);

impl From<Refusal> for SimError {
    fn from(refusal: Refusal) -> Self {
        let text = match refusal {
            Refusal::Failure(failure) => failure.message,
            Refusal::Page(status, word) => format!("{status} {word}"),
            Refusal::Sign(_) => "a signature is wanted".to_owned(),
        };
        Self::Pki(text)
    }
}

impl Cm {
    /// A certificate and those above it; `None` when there is none with this number.
    pub(super) fn chain(&self, config: &CmConfig, certid: &str) -> Result<Option<Vec<Vec<u8>>>, SimError> {
        let Some((leaf, imported)) = self.leaf(certid)? else {
            return Ok(None);
        };
        let mut chain = vec![leaf];
        if !imported {
            let ca = self.ca()?;
            chain.push(ca.issuer_der().to_vec());
            if config.download.include_root {
                chain.push(ca.root_der().to_vec());
            }
        }
        Ok(Some(chain))
    }

    /// The bytes of a certificate, made now if it was preloaded, and whether it is another issuer's.
    fn leaf(&self, certid: &str) -> Result<Option<(Vec<u8>, bool)>, SimError> {
        let mut store = lock(&self.store);
        let Some(entry) = store.get_mut(certid) else {
            return Ok(None);
        };
        let number = match &entry.body {
            Body::Real { der, .. } => return Ok(Some((der.to_vec(), entry.imported))),
            Body::Preloaded(number) => *number,
        };
        let subject = preloaded_subject(number).map(|(name, value)| format!("{name}={value}"));
        let ca = self.ca()?;
        let facts = &entry.facts;
        let certificate = ca.certify_as(
            &facts.serial,
            &name::encode(&subject.join(","))?,
            self.preload_key()?.public_key(),
            None,
            Profile::Authentication,
            Validity::new(facts.not_before, facts.not_after),
        )?;
        ca.reserve(&facts.serial);
        entry.body = Entry::real(entry.id, &certificate).body;
        Ok(Some((certificate.der().to_vec(), false)))
    }

    /// Puts many certificates into the database, all with one key.
    fn preload(&self, count: usize) -> Result<Vec<u64>, SimError> {
        let ca = self.ca()?;
        let key = self.preload_key()?.public_key();
        let now = self.now();
        let mut facts = Facts {
            serial: Vec::new(),
            not_before: now.saturating_sub(DAY),
            not_after: now.saturating_add(365 * DAY),
            issuer: name::text(ca.issuer().subject_der()).unwrap_or_default().into(),
            subject_key: Some(key.key_identifier().into()),
            authority_key: ca.issuer().subject_key_identifier().map(Into::into),
            usages: ["digitalSignature"].into(),
            is_authority: false,
        };
        let procedure: Arc<str> = "Preloaded".into();
        let mut store = lock(&self.store);
        store.reserve(count);
        let mut ids = Vec::with_capacity(count);
        for _ in 0..count {
            let id = store.number();
            // Nine bytes: those of certificates that are issued have sixteen.
            facts.serial = [&[0x50], id.to_be_bytes().as_slice()].concat();
            store.push(Entry {
                id,
                body: Body::Preloaded(id),
                facts: facts.clone(),
                withdrawn: None,
                procedure: Some(Arc::clone(&procedure)),
                officer: None,
                fields: Vec::new(),
                imported: false,
            });
            ids.push(id);
        }
        Ok(ids)
    }
}

impl CmHandle {
    pub(crate) fn new(cm: &Arc<Cm>) -> Self {
        Self(Arc::clone(cm))
    }

    /// Every certificate in the database, oldest first. Those that were preloaded have no bytes yet.
    #[must_use]
    pub fn certificates(&self) -> Vec<IssuedCertificate> {
        lock(&self.0.store)
            .all()
            .iter()
            .map(IssuedCertificate::of)
            .collect()
    }

    /// The newest certificates, newest first.
    #[must_use]
    pub fn newest(&self, most: usize) -> Vec<IssuedCertificate> {
        let store = lock(&self.0.store);
        let newest = store.all().iter().rev().take(most);
        newest.map(IssuedCertificate::of).collect()
    }

    /// The names of `cm.officers`, those included who are none.
    #[must_use]
    pub fn officers(&self) -> Vec<String> {
        let config = self.0.config.get();
        config
            .cm
            .officers
            .iter()
            .map(|officer| officer.name.clone())
            .collect()
    }

    /// The base of the REST API, as [`Sim::cm_url`](crate::Sim::cm_url).
    #[must_use]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// How many certificates there are.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.0.store).all().len()
    }

    /// One certificate with its bytes, which are made now if it was preloaded.
    ///
    /// # Errors
    /// [`SimError::Pki`] when there is none with this number.
    pub fn certificate(&self, certid: &str) -> Result<IssuedCertificate, SimError> {
        self.0.leaf(certid)?;
        let store = lock(&self.0.store);
        let entry = store.get(certid);
        entry
            .map(IssuedCertificate::of)
            .ok_or_else(|| SimError::pki("there is no certificate with this number"))
    }

    /// Puts so many certificates into the database, for tests of listings: 100 000 take a fraction of a second, since their bytes are
    /// made only when somebody asks for them. All have the same key. Gives the numbers of the first and the last.
    ///
    /// # Errors
    /// [`SimError::Pki`] when the authority cannot be made.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
    /// let sim = smartid_sim::Sim::builder().seed(7).start().await?;
    /// sim.cm().preload(1000)?;
    /// assert_eq!(sim.cm().count(), 1000);
    /// # Ok::<(), smartid_sim::SimError>(())
    /// # }).unwrap();
    /// ```
    pub fn preload(&self, count: usize) -> Result<Option<(String, String)>, SimError> {
        let ids = self.0.preload(count)?;
        let text = |id: &u64| super::store::certid(*id);
        Ok(ids.first().map(text).zip(ids.last().map(text)))
    }

    /// Issues a certificate as if an officer had asked for it; `procedure` is a description or an id of the configuration.
    ///
    /// # Errors
    /// [`SimError::Pki`] when the request cannot be read or is not signed by its key, [`SimError::Config`] for an unknown procedure.
    pub fn issue(&self, csr_der: &[u8], procedure: &str) -> Result<IssuedCertificate, SimError> {
        let config = self.0.config.get();
        let known = |known: &&CmProcedureConfig| known.name == procedure || known.id == procedure;
        let procedure = config.cm.procedures.iter().find(known);
        let procedure =
            procedure.ok_or_else(|| SimError::Config("cm.procedures: no such procedure".into()))?;
        let request = Csr::parse(csr_der)?;
        request.verify()?;
        let ca = self.0.ca()?;
        let validity = self.0.usual_validity(procedure)?;
        let profile = procedure.pki_profile().unwrap_or(Profile::Authentication);
        let certificate = ca.certify_request(&request, profile, validity)?;
        let certid = self.0.keep(&certificate, procedure, "simulator");
        self.certificate(&certid)
    }

    /// Revokes a certificate, or puts it on hold with reason 6.
    ///
    /// # Errors
    /// [`SimError::Pki`] when there is none with this number, or the reason is none.
    pub fn revoke(&self, certid: &str, reason: u8) -> Result<(), SimError> {
        let mut store = lock(&self.0.store);
        if store.get(certid).is_none() {
            return Err(SimError::pki("there is no certificate with this number"));
        }
        self.0.withdraw(&mut store, certid, reason, "simulator")?;
        Ok(())
    }

    /// Takes a certificate off hold.
    ///
    /// # Errors
    /// [`SimError::Pki`] when it is not on hold.
    pub fn reinstate(&self, certid: &str) -> Result<(), SimError> {
        let mut store = lock(&self.0.store);
        self.0.give_back(&mut store, certid, "simulator")?;
        Ok(())
    }

    /// Revokes an officer's certificate, the newest of them.
    ///
    /// # Errors
    /// [`SimError::Config`] when there is nobody of this name.
    pub fn revoke_officer(&self, name: &str) -> Result<(), SimError> {
        let officer = self.0.officer(name)?;
        let serial = officer.certificate().serial();
        self.0.ca()?.revoke_with_reason(serial, 1, self.0.now())
    }

    /// A new key and a new certificate for an officer; the ones before stay good.
    ///
    /// # Errors
    /// [`SimError::Config`] when there is nobody of this name.
    pub fn renew_officer(&self, name: &str) -> Result<Officer, SimError> {
        let config = self.0.config.get();
        self.0.officers.renew(&config.cm, name, &self.0.making()?)
    }

    /// The signatures that callers have sent, accepted or not, oldest first.
    #[must_use]
    pub fn seen_signatures(&self) -> Vec<SeenSignature> {
        self.0.seen_signatures()
    }

    /// What was done to certificates, oldest first.
    #[must_use]
    pub fn audit_log(&self) -> Vec<AuditEntry> {
        lock(&self.0.store).audit.clone()
    }

    /// Registrations, oldest first.
    #[must_use]
    pub fn registrations(&self) -> Vec<Registration> {
        lock(&self.0.registrations).clone()
    }

    /// Attribute certificates, oldest first.
    #[must_use]
    pub fn attribute_certificates(&self) -> Vec<IssuedAttributeCertificate> {
        lock(&self.0.attribute_certificates).clone()
    }

    /// Soft tokens that were handed out, whichever way they were asked for, oldest first.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
    /// let sim = smartid_sim::Sim::builder().seed(7).start().await?;
    /// // A client posts `password=...` to `{sim.gateway_url()}/ast` with the certificate of `sim.officer("ra-officer")`. Then:
    /// for token in sim.cm().soft_tokens() {
    ///     println!("{} for {:?}, headers {:?}", token.subject, token.caller, token.headers);
    ///     assert!(!token.has_password("guess"));
    /// }
    /// # Ok::<(), smartid_sim::SimError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn soft_tokens(&self) -> Vec<IssuedSoftToken> {
        lock(&self.0.soft_tokens).clone()
    }

    /// Pushes a certificate to a receiver as a distribution rule would, `cm.push.times` times. Gives how each ended; a receiver that
    /// cannot be reached is no error of this call.
    ///
    /// # Errors
    /// [`SimError::Tls`] when the client certificate or `cm.push.extra_ca_pem` cannot be used.
    pub async fn push_certificate(&self, push: &CertificatePush) -> Result<Vec<PushReport>, SimError> {
        self.0.push(push).await
    }

    /// Trusts more certificate authorities (PEM) when pushing over https.
    ///
    /// # Errors
    /// [`SimError::Tls`] when the text holds no usable certificate.
    pub fn trust_for_pushes(&self, pem: &str) -> Result<(), SimError> {
        self.0.authority.client_config(pem)?;
        self.reconfigure(|config| {
            config.push.extra_ca_pem.push('\n');
            config.push.extra_ca_pem.push_str(pem);
        });
        Ok(())
    }

    /// The issuing authority's revocation list as of now, as DER.
    ///
    /// # Errors
    /// [`SimError::Pki`] when it cannot be signed.
    pub fn crl_der(&self) -> Result<Vec<u8>, SimError> {
        self.0.crl(&self.0.config.get().cm)
    }

    /// The authority that issues officers' certificates and all others.
    ///
    /// # Errors
    /// [`SimError::Pki`] when it cannot be made.
    pub fn ca(&self) -> Result<&TestCa, SimError> {
        self.0.ca()
    }

    /// The issuing authority's certificate.
    ///
    /// # Errors
    /// [`SimError::Pki`] when it cannot be made.
    pub fn issuer(&self) -> Result<Certificate, SimError> {
        Ok(self.0.ca()?.issuer().clone())
    }

    /// Changes settings while running, as [`Sim::reconfigure`](crate::Sim::reconfigure) does.
    pub fn reconfigure(&self, change: impl FnOnce(&mut CmConfig)) {
        self.0.config.change(|config| change(&mut config.cm));
    }
}
