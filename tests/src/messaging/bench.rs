//! A simulator with an API user and a certificate authority, and what most flows begin with: a device whose profile has keys with
//! certificates.

use std::collections::BTreeMap;
use std::sync::Arc;

use smartid::hermod::MobileLinkOptions;
use smartid::hermod::answers::{AttestationKeys, Provisioned, Signers};
use smartid::hermod::commands::provision::{KeyRequest, KeyTypePriority, Provision, Usage};
use smartid::hermod::commands::{CertificateEntry, InstallCertificates, Nonce};
use smartid::trust::jws::JwkSet;
use smartid::trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
use smartid::trust::request::{RequestTemplate, TemplateBuilder, ThrowAwayKey};
use smartid::trust::{Certificate, Curve};
use smartid_sim::pki::{Key, Profile, Validity};
use smartid_sim::{Card, Mobile, Persona, Sim, TestCa};

use super::{ALICE, ApiUser, Sent};
use crate::Setup;

/// A simulator with one API user, and a certificate authority.
#[derive(Debug)]
#[non_exhaustive]
pub struct Bench {
    /// The simulator.
    pub sim: Sim,
    /// The API user.
    pub user: ApiUser,
    /// Issues certificates for the keys that devices make.
    pub ca: TestCa,
    /// What it was made with.
    pub setup: Setup,
}

/// A phone or a Desktop App that has answered a provision command.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Enrolled {
    /// The command.
    pub command: Provision,
    /// What its answer brought, verified.
    pub provisioned: Provisioned,
}

impl Enrolled {
    /// From a command and its verified answer.
    #[must_use]
    pub fn new(command: Provision, provisioned: Provisioned) -> Self {
        Self { command, provisioned }
    }

    /// The profile.
    #[must_use]
    pub fn profile(&self) -> String {
        self.provisioned.profile_id.as_str().to_owned()
    }
}

/// A template for the certificate of Alice.
#[must_use]
pub fn template() -> RequestTemplate {
    let subject = "CN=Alice Example,O=Example,C=SE".parse().unwrap();
    let template = TemplateBuilder::new(subject).with_email(ALICE);
    template.build(ThrowAwayKey::P256).unwrap()
}

/// A key with the name `signer` that a certificate is wanted for.
#[must_use]
pub fn signer() -> KeyRequest {
    KeyRequest::new("signer", Usage::Signature, [KeyTypePriority::ec(Curve::P256)]).template(template())
}

/// Something that looks like a picture.
#[must_use]
pub fn jpeg(content: &str) -> Vec<u8> {
    [&[0xff, 0xd8, 0xff, 0xe0], content.as_bytes(), &[0xff, 0xd9]].concat()
}

impl Bench {
    /// Starts the simulator, and one API user on it.
    pub async fn start(mut setup: Setup) -> Self {
        // With a seed, keys that take long to make are shared.
        setup.sim.seed = setup.sim.seed.or(Some(7));
        // Phones react when they are told to, unless a test wants another thing.
        setup.sim.mobile.auto = setup.sim.mobile.auto.or(Some(false));
        let sim = Sim::builder()
            .config(setup.sim.clone())
            .clock(setup.clock.clone())
            .start()
            .await
            .unwrap();
        let user = ApiUser::start(&sim, sim.hermod_client_id(), &setup).await;
        let ca = TestCa::new(5, sim.clock().unix_millis() / 1000 - 60).unwrap();
        Self { sim, user, ca, setup }
    }

    /// With these switches of the simulator.
    pub async fn with(sim: &str) -> Self {
        let sim = smartid_sim::SimConfig::from_toml(sim).unwrap();
        Self::start(Setup {
            sim,
            ..Setup::default()
        })
        .await
    }

    /// The apps' attestation keys.
    #[must_use]
    pub fn attestation(&self) -> AttestationKeys {
        AttestationKeys::new(JwkSet::from_json(self.sim.attestation_key_set().unwrap()).unwrap())
    }

    /// Those whose certificate the authority has issued.
    #[must_use]
    pub fn signers(&self) -> Signers {
        let root = Certificate::from_der(self.ca.root_der().to_vec()).unwrap();
        let verifier = WebpkiVerifier::builder().root(root).build().unwrap();
        Signers::certificates(Arc::new(ChainPolicy::new(Arc::new(verifier), Purpose::signing())))
    }

    /// A certificate of the authority for a key of the device.
    #[must_use]
    pub fn issue(&self, enrolled: &Enrolled, key: &str, profile: Profile) -> CertificateEntry {
        let key = enrolled.provisioned.key(key).unwrap();
        let request = key.request.as_ref().unwrap().fact().der().clone();
        let now = self.sim.clock().unix_millis() / 1000;
        let issued = self
            .ca
            .issue(&request, profile, Validity::days(now - 30, 30))
            .unwrap();
        let certificate = Certificate::from_der(issued.der().to_vec()).unwrap();
        let issuer = Certificate::from_der(self.ca.issuer_der().to_vec()).unwrap();
        CertificateEntry::for_key(key, certificate)
            .unwrap()
            .chain([issuer])
    }

    /// A smart card with a key `signer` and its certificate, put into the Desktop App's reader; that certificate and the authority's.
    pub fn insert_card(&self, id: &str, key: &Key) -> Vec<Vec<u8>> {
        let now = self.sim.clock().unix_millis() / 1000;
        let validity = Validity::days(now - 30, 30);
        let issued = self
            .ca
            .issue_for_key("CN=Alice Example,O=Example", key, Profile::Signing, validity);
        let chain = [issued.unwrap().der().to_vec(), self.ca.issuer_der().to_vec()];
        let card = Card::new(id)
            .admin_key(ADMIN_KEY)
            .key("signer", "SIG", key, &chain);
        self.sim.desktop().insert_card(card);
        chain.to_vec()
    }

    /// Provisions a phone for Alice by the link of the immediate response.
    pub async fn enrol(&self, phone: &Mobile, keys: impl IntoIterator<Item = KeyRequest>) -> Enrolled {
        self.enrol_for(&self.user, phone, keys).await
    }

    /// The same, for another API user.
    pub async fn enrol_for(
        &self,
        user: &ApiUser,
        phone: &Mobile,
        keys: impl IntoIterator<Item = KeyRequest>,
    ) -> Enrolled {
        let (command, sent) = self.begin_enrolment(user, keys).await;
        let link = sent.answer.mobile_link(&MobileLinkOptions::new()).unwrap();
        phone.open_as(link.expose(), Persona::Approves).await.unwrap();
        self.end_enrolment(user, command, &sent).await
    }

    /// Provisions the Desktop App for Alice by the plugout link.
    pub async fn enrol_desktop(&self, keys: impl IntoIterator<Item = KeyRequest>) -> Enrolled {
        let (command, sent) = self.begin_enrolment(&self.user, keys).await;
        let desktop = self.sim.desktop();
        desktop.open_as(&sent.link(), Persona::Approves).await.unwrap();
        self.end_enrolment(&self.user, command, &sent).await
    }

    async fn begin_enrolment(
        &self,
        user: &ApiUser,
        keys: impl IntoIterator<Item = KeyRequest>,
    ) -> (Provision, Sent) {
        let header = user.hermod.header();
        let mut command = Provision::new_profile(header.clone(), ALICE, "Example Smart ID", "Work phone")
            .nonce(Nonce::random(&**user.hermod.runtime()));
        command.profile.keys.extend(keys);
        let sent = user.send(&header, &command).await;
        (command, sent)
    }

    async fn end_enrolment(&self, user: &ApiUser, command: Provision, sent: &Sent) -> Enrolled {
        let report = user.report(&sent.pending).await;
        let answer = report.provision(user.hermod.dialect()).succeeded().unwrap();
        let verified = answer.verify(&command.policy(&self.attestation()), user.now());
        let provisioned = verified.unwrap().into_parts().0;
        Enrolled { command, provisioned }
    }

    /// As [`enrol`](Self::enrol) with the key [`signer`], whose certificate is installed then. The phone is told to look.
    pub async fn enrol_with_certificate(&self, phone: &Mobile) -> Enrolled {
        let enrolled = self.enrol(phone, [signer()]).await;
        let header = self.user.to(ALICE);
        let command = InstallCertificates::new(header.clone())
            .user(ALICE)
            .profile(enrolled.provisioned.profile_id.clone())
            .certificate(self.issue(&enrolled, "signer", Profile::Signing));
        let sent = self.user.send(&header, &command).await;
        phone.check_as(Persona::Approves).await.unwrap();
        let report = self.user.report(&sent.pending).await;
        report
            .certificate(self.user.hermod.dialect())
            .succeeded()
            .unwrap();
        enrolled
    }
}

/// The admin key of the cards.
pub const ADMIN_KEY: [u8; 24] = *b"admin-key-0f-the-c4rds!!";

/// Where things stand that a device showed to its person, by their key.
#[must_use]
pub fn shown(report: &smartid_sim::DeviceReport) -> BTreeMap<String, Vec<u8>> {
    let entries = report.shown.iter().filter(|shown| !shown.key.is_empty());
    entries
        .map(|shown| (shown.key.clone(), shown.content.clone()))
        .collect()
}
