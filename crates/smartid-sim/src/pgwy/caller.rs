//! Who calls: the certificate of the TLS connection must be known, be an officer's, and the officer must have every role that is
//! required (protocol notes: cm 2, D).

use std::sync::{Arc, Weak};

use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::time_provider::TimeProvider;
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme, version,
};

use super::Cm;
use super::errors::{PRIVILEGE, Refusal};
use crate::SimError;
use crate::clock::SimClock;
use crate::config::{ClientCertificate, CmConfig, CmTlsConfig, NotOfficer, OfficerConfig};
use crate::net::message::Request;
use crate::net::tls::provider;
use crate::pki::Certificate;

/// The caller of one request.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// The officer's name, or the common name of a certificate without an officer.
    pub(super) name: String,
    /// Serial number of the certificate.
    pub(super) serial: Vec<u8>,
    pub(super) roles: Vec<String>,
    /// No roles are asked for (`requiredRoRoles` is `none`).
    pub(super) anybody: bool,
}

impl Caller {
    pub(super) fn has(&self, role: Option<&str>) -> Result<(), Refusal> {
        match role {
            Some(role) if !self.anybody && !self.roles.iter().any(|own| own == role) => {
                Err(missing_role(role))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn missing_role(role: &str) -> Refusal {
    Refusal::new(
        PRIVILEGE,
        "role",
        format!("Privilege error: role {role:?} is missing"),
    )
}

fn not_an_officer(config: &CmConfig, word: &'static str) -> Refusal {
    match config.tls.not_officer {
        NotOfficer::Forbidden => Refusal::Page(403, word),
        NotOfficer::Error => Refusal::new(PRIVILEGE, word, "Privilege error: not an officer"),
    }
}

impl Cm {
    /// The officer of the connection.
    pub(super) fn caller(&self, config: &CmConfig, request: &Request) -> Result<Caller, Refusal> {
        let shown = request
            .peer
            .as_ref()
            .ok_or_else(|| not_an_officer(config, "no_certificate"))?;
        let certificate = Certificate::parse(shown).map_err(|_| not_an_officer(config, "certificate"))?;
        let ca = self.ca()?;
        // The handshake has looked at the chain; a connection may have stood open since then.
        ca.verify(&certificate, self.now())
            .map_err(|_| not_an_officer(config, "certificate_state"))?;
        let anybody = config.required_ro_roles.iter().any(|role| role == "none");
        let (name, roles) = match self.officers.whose(config, &certificate) {
            Some(OfficerConfig { name, roles, .. }) => (name.clone(), roles.clone()),
            None if anybody => (certificate.common_name().unwrap_or_default(), Vec::new()),
            None => return Err(not_an_officer(config, "not_officer")),
        };
        let caller = Caller {
            name,
            serial: certificate.serial().to_vec(),
            roles,
            anybody,
        };
        if !anybody {
            for role in &config.required_ro_roles {
                caller.has(Some(role))?;
            }
        }
        Ok(caller)
    }

    /// Settings of the next TLS connection; they are made anew when the switches have changed.
    pub(crate) fn tls(self: &Arc<Self>) -> Result<Arc<ServerConfig>, SimError> {
        let config = self.config.get();
        let mut made = crate::sync::lock(&self.tls);
        if let Some((settings, ready)) = &*made
            && *settings == config.cm.tls
        {
            return Ok(Arc::clone(ready));
        }
        let ready = self.server_config(&config.cm.tls)?;
        *made = Some((config.cm.tls.clone(), Arc::clone(&ready)));
        Ok(ready)
    }

    fn server_config(self: &Arc<Self>, settings: &CmTlsConfig) -> Result<Arc<ServerConfig>, SimError> {
        let failed = |error: &dyn std::fmt::Display| SimError::Tls(error.to_string());
        let ca = self.ca()?;
        let mut roots = RootCertStore::empty();
        let trusted = [
            Some(ca.root_der()),
            settings.trust_issuing_ca.then_some(ca.issuer_der()),
        ];
        for der in trusted.into_iter().flatten() {
            roots
                .add(CertificateDer::from(der.to_vec()))
                .map_err(|error| failed(&error))?;
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        let verifier: Arc<dyn ClientCertVerifier> = match settings.client_certificate {
            ClientCertificate::Handshake => builder.build().map_err(|error| failed(&error))?,
            ClientCertificate::Optional => builder
                .allow_unauthenticated()
                .build()
                .map_err(|error| failed(&error))?,
            ClientCertificate::None => WebPkiClientVerifier::no_client_auth(),
        };
        let verifier: Arc<dyn ClientCertVerifier> = if settings.check_revocation {
            Arc::new(Revocation {
                inner: verifier,
                cm: Arc::downgrade(self),
            })
        } else {
            verifier
        };
        let versions: Vec<_> = settings
            .versions
            .iter()
            .filter_map(|name| match name.as_str() {
                "1.2" => Some(&version::TLS12),
                "1.3" => Some(&version::TLS13),
                _ => None,
            })
            .collect();
        let time = Arc::new(Time(self.clock.clone()));
        self.authority.server_config_with(verifier, time, &versions)
    }
}

/// The handshake goes by the simulator's clock, so that an officer's certificate expires when a test moves it.
#[derive(Debug)]
struct Time(SimClock);

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let now = std::time::Duration::from_millis(self.0.unix_millis());
        Some(UnixTime::since_unix_epoch(now))
    }
}

/// Looks at revocation in the handshake, which Tomcat does when it is given lists.
#[derive(Debug)]
struct Revocation {
    inner: Arc<dyn ClientCertVerifier>,
    cm: Weak<Cm>,
}

impl ClientCertVerifier for Revocation {
    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.inner.verify_client_cert(end_entity, intermediates, now)?;
        let revoked = self.cm.upgrade().is_none_or(|cm| {
            let serial = Certificate::parse(end_entity).map(|read| read.serial().to_vec());
            serial.is_ok_and(|serial| cm.ca().is_ok_and(|ca| ca.is_revoked(&serial)))
        });
        if revoked {
            return Err(Error::InvalidCertificate(CertificateError::Revoked));
        }
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
