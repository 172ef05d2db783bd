//! The certificate authority that is made at each start, the server certificate for `localhost`, and the two sides' TLS settings.
//! ECDSA P-256 throughout, because key generation must not cost start-up time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, SanType,
};
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::time_provider::{DefaultTimeProvider, TimeProvider};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion, crypto, version,
};

use crate::SimError;

/// A certificate authority with one server certificate.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    server_chain: Vec<CertificateDer<'static>>,
    server_key: Vec<u8>,
    pem: String,
}

/// A certificate and its key as PEM, for a client that has to present one.
#[derive(Clone)]
#[non_exhaustive]
pub struct ClientIdentity {
    /// The certificate.
    pub certificate_pem: String,
    /// The private key (PKCS #8).
    pub key_pem: String,
}

impl std::fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            certificate_pem,
            key_pem: _,
        } = self;
        f.debug_struct("ClientIdentity")
            .field("certificate_pem", certificate_pem)
            .finish_non_exhaustive()
    }
}

fn tls(error: impl std::fmt::Display) -> SimError {
    SimError::Tls(error.to_string())
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(crypto::aws_lc_rs::default_provider())
}

impl Authority {
    pub(crate) fn new() -> Result<Self, SimError> {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "smartid-sim certificate authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().map_err(tls)?).map_err(tls)?;

        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).map_err(tls)?;
        params.subject_alt_names.extend([
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ]);
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(tls)?;
        let server = params.signed_by(&key, &issuer).map_err(tls)?;
        let pem = issuer.pem();
        Ok(Self {
            issuer,
            server_chain: vec![server.der().clone()],
            server_key: key.serialize_der(),
            pem,
        })
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// Issues a client certificate.
    pub(crate) fn client_identity(&self, common_name: &str) -> Result<ClientIdentity, SimError> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(tls)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(tls)?;
        Ok(ClientIdentity {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }

    fn roots(&self, extra_pem: &str) -> Result<RootCertStore, SimError> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).map_err(tls)?;
        for certificate in CertificateDer::pem_slice_iter(extra_pem.as_bytes()) {
            roots.add(certificate.map_err(tls)?).map_err(tls)?;
        }
        Ok(roots)
    }

    /// A server that takes a client certificate of this authority or one of those in `extra_pem` when one is shown.
    pub(crate) fn server_config_optional(&self, extra_pem: &str) -> Result<Arc<ServerConfig>, SimError> {
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(self.roots(extra_pem)?), provider())
                .allow_unauthenticated()
                .build()
                .map_err(tls)?;
        let time = Arc::new(DefaultTimeProvider);
        self.server_config_with(verifier, time, &[&version::TLS12, &version::TLS13])
    }

    /// This authority's own certificate.
    pub(crate) fn certificate_der(&self) -> &[u8] {
        self.issuer.der()
    }

    pub(crate) fn server_config(&self, client_certificate: bool) -> Result<Arc<ServerConfig>, SimError> {
        let verifier = if client_certificate {
            let roots = Arc::new(self.roots("")?);
            WebPkiClientVerifier::builder_with_provider(roots, provider())
                .build()
                .map_err(tls)?
        } else {
            WebPkiClientVerifier::no_client_auth()
        };
        let time = Arc::new(DefaultTimeProvider);
        self.server_config_with(verifier, time, &[&version::TLS12, &version::TLS13])
    }

    /// A server that asks for client certificates in its own way, and has a clock of its own.
    pub(crate) fn server_config_with(
        &self,
        verifier: Arc<dyn ClientCertVerifier>,
        time: Arc<dyn TimeProvider>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Arc<ServerConfig>, SimError> {
        let builder = ServerConfig::builder_with_details(provider(), time)
            .with_protocol_versions(versions)
            .map_err(tls)?
            .with_client_cert_verifier(verifier);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.server_key.clone()));
        let mut config = builder
            .with_single_cert(self.server_chain.clone(), key)
            .map_err(tls)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Trusts this authority and those in `extra_pem`, and no other.
    pub(crate) fn client_config(&self, extra_pem: &str) -> Result<Arc<ClientConfig>, SimError> {
        self.client_config_as(extra_pem, None)
    }

    /// As [`Authority::client_config`], with a certificate to show.
    pub(crate) fn client_config_as(
        &self,
        extra_pem: &str,
        identity: Option<&ClientIdentity>,
    ) -> Result<Arc<ClientConfig>, SimError> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(tls)?
            .with_root_certificates(self.roots(extra_pem)?);
        let Some(identity) = identity else {
            return Ok(Arc::new(builder.with_no_client_auth()));
        };
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(identity.certificate_pem.as_bytes()).collect();
        let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).map_err(tls)?;
        let config = builder
            .with_client_auth_cert(chain.map_err(tls)?, key)
            .map_err(tls)?;
        Ok(Arc::new(config))
    }
}

/// An attestation certificate with its key.
pub(crate) struct AttestationIdentity {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: KeyPair,
}

impl Authority {
    /// Issues a certificate as `packed` attestation demands it (WebAuthn 8.2.1).
    pub(crate) fn attestation_identity(&self, aaguid: [u8; 16]) -> Result<AttestationIdentity, SimError> {
        let mut params = CertificateParams::default();
        for (kind, value) in [
            (DnType::CountryName, "SE"),
            (DnType::OrganizationName, "smartid-sim"),
            (DnType::OrganizationalUnitName, "Authenticator Attestation"),
            (DnType::CommonName, "smartid-sim soft authenticator"),
        ] {
            params.distinguished_name.push(kind, value);
        }
        params.is_ca = IsCa::ExplicitNoCa;
        // The extension's value is an OCTET STRING of its own.
        let mut value = vec![0x04, 0x10];
        value.extend_from_slice(&aaguid);
        params.custom_extensions = vec![CustomExtension::from_oid_content(
            &[1, 3, 6, 1, 4, 1, 45724, 1, 1, 4],
            value,
        )];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(tls)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(tls)?;
        Ok(AttestationIdentity {
            certificate: certificate.der().to_vec(),
            key,
        })
    }
}
