//! The one TLS configuration: which roots, which revocation lists, whose certificate, and always rustls with AWS-LC. All but the
//! certificate is settled when the transport is built.
//!
//! The provider of cryptography is named here and nowhere taken from the process, so that it does not matter what other crates have
//! installed, or that nobody has installed any.

use std::sync::Arc;

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use rustls::server::VerifierBuilderError;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use smartid_core::{ConfigError, TlsIdentity};

use crate::identity::{Nobody, Somebody};

const ROOTS: &str = "tls.roots";
const CRLS: &str = "tls.crls";

/// What the builder has collected.
#[derive(Default)]
pub(crate) struct TlsSettings {
    pub(crate) roots: Vec<CertificateDer<'static>>,
    pub(crate) system_roots: bool,
    pub(crate) crls: Vec<CertificateRevocationListDer<'static>>,
    pub(crate) only_tls12: bool,
    /// Whether a configuration without roots can be meant.
    pub(crate) may_trust_nobody: bool,
}

/// The certificates of a PEM text, at least one.
pub(crate) fn roots_from_pem(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    sections(ROOTS, "-----BEGIN CERTIFICATE-----", pem)
}

/// The revocation lists of a PEM text, at least one.
pub(crate) fn crls_from_pem(pem: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, ConfigError> {
    sections(CRLS, "-----BEGIN X509 CRL-----", pem)
}

fn sections<T: PemObject>(setting: &'static str, begin: &str, pem: &[u8]) -> Result<Vec<T>, ConfigError> {
    let found = T::pem_slice_iter(pem).collect::<Result<Vec<T>, _>>();
    match found {
        Ok(found) if found.is_empty() => Err(ConfigError::new(
            setting,
            format!("holds no PEM section that starts with {begin} (for DER there is a method of its own)"),
        )),
        Ok(found) => Ok(found),
        Err(_) => Err(ConfigError::new(
            setting,
            "is damaged PEM: a section is cut off or is not base64",
        )),
    }
}

/// The configuration for rustls, but for the identity.
pub(crate) struct TlsBase(ClientConfig);

impl TlsSettings {
    /// What does not depend on the identity.
    pub(crate) fn build(self, alpn: &[&[u8]]) -> Result<TlsBase, ConfigError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let versions: &[_] = if self.only_tls12 {
            &[&TLS12]
        } else {
            &[&TLS13, &TLS12]
        };
        let versions = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .map_err(|error| ConfigError::new("tls", format!("is not possible: {error}")))?;
        let verified = if self.system_roots {
            versions
                .dangerous()
                .with_custom_certificate_verifier(platform_verifier(self.roots, &self.crls, provider)?)
        } else if self.may_trust_nobody && self.roots.is_empty() {
            versions.with_root_certificates(RootCertStore::empty())
        } else {
            versions.with_webpki_verifier(private_verifier(self.roots, self.crls, provider)?)
        };
        let mut config = verified.with_client_cert_resolver(Arc::new(Nobody));
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(TlsBase(config))
    }
}

impl TlsBase {
    /// The configuration for `identity`, and whether its key blocks.
    pub(crate) fn config(
        &self,
        identity: Option<Arc<dyn TlsIdentity>>,
    ) -> Result<(ClientConfig, bool), ConfigError> {
        let mut config = self.0.clone();
        // A session that is continued has the identity that it began with. rustls would notice another resolver; here it has nothing
        // to notice.
        config.resumption = Resumption::default();
        let mut blocks = false;
        if let Some(identity) = identity {
            let somebody = Somebody::new(identity)?;
            blocks = somebody.blocks();
            config.client_auth_cert_resolver = Arc::new(somebody);
        }
        Ok((config, blocks))
    }
}

fn store(roots: Vec<CertificateDer<'static>>) -> Result<RootCertStore, ConfigError> {
    let mut store = RootCertStore::empty();
    for (index, root) in roots.into_iter().enumerate() {
        store.add(root).map_err(|_| {
            let number = index + 1;
            ConfigError::new(
                ROOTS,
                format!("certificate number {number} is not an X.509 certificate that can be a root"),
            )
        })?;
    }
    Ok(store)
}

/// Trusts the given roots only, and refuses what is revoked, what no list speaks of, and what only an outdated list speaks of.
fn private_verifier(
    roots: Vec<CertificateDer<'static>>,
    crls: Vec<CertificateRevocationListDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, ConfigError> {
    if roots.is_empty() {
        return Err(ConfigError::new(
            ROOTS,
            "is empty: give the root certificate of the service's CA, or ask for the system's roots",
        ));
    }
    let mut builder = WebPkiServerVerifier::builder_with_provider(Arc::new(store(roots)?), provider);
    if !crls.is_empty() {
        builder = builder.with_crls(crls).enforce_revocation_expiration();
    }
    builder.build().map_err(|error| match error {
        VerifierBuilderError::InvalidCrl(error) => {
            ConfigError::new(CRLS, format!("holds a list that cannot be read: {error:?}"))
        }
        other => ConfigError::new(ROOTS, format!("cannot be used: {other}")),
    })
}

fn platform_verifier(
    roots: Vec<CertificateDer<'static>>,
    crls: &[CertificateRevocationListDer<'static>],
    provider: Arc<CryptoProvider>,
) -> Result<Arc<rustls_platform_verifier::Verifier>, ConfigError> {
    if !crls.is_empty() {
        // The platform's verifiers do not take lists; ignoring them without a word would be worse.
        return Err(ConfigError::new(
            CRLS,
            "cannot be combined with the system's roots, whose verifier takes no lists: give the roots themselves",
        ));
    }
    // Read here as well, so that a bad root of ours is told apart from a system without roots.
    store(roots.clone())?;
    rustls_platform_verifier::Verifier::new_with_extra_roots(roots, provider)
        .map(Arc::new)
        .map_err(|error| ConfigError::new(ROOTS, format!("the system's roots cannot be used: {error}")))
}
