//! What several test programs share: certificates for given keys, and a TLS handshake in memory.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::client::ResolvesClientCert;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, SignatureAlgorithm,
    SignatureScheme, SupportedProtocolVersion,
};
use smartid_core::{KeyKind, TlsIdentity};
use smartid_trust::Certificate;

/// A root and a certificate that it issued for `key`, fit for TLS clients.
pub fn certify(name: &str, key: &KeyPair) -> (Certificate, Certificate) {
    let named = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let root_key = KeyPair::generate().unwrap();
    let mut params = named("root");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&root_key).unwrap();
    let issuer = Issuer::new(params, root_key);
    let mut params = named(name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let leaf = params.signed_by(key, &issuer).unwrap();
    let read = |der: &[u8]| Certificate::from_der(der.to_vec()).unwrap();
    (read(leaf.der()), read(root.der()))
}

/// The identity as rustls wants it.
#[derive(Clone, Debug)]
struct Adapter(Arc<dyn TlsIdentity>);

impl ResolvesClientCert for Adapter {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let chain = self.0.chain().iter();
        let chain = chain.map(|der| CertificateDer::from(der.to_vec())).collect();
        Some(Arc::new(CertifiedKey::new(chain, Arc::new(self.clone()))))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl SigningKey for Adapter {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let mut schemes = self.0.schemes().iter().copied();
        let scheme = schemes.find(|scheme| offered.contains(&SignatureScheme::from(scheme.code())))?;
        Some(Box::new(Chosen(self.0.clone(), scheme)))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self.0.key_kind() {
            KeyKind::Rsa => SignatureAlgorithm::RSA,
            KeyKind::Ecdsa => SignatureAlgorithm::ECDSA,
            _ => SignatureAlgorithm::ED25519,
        }
    }
}

#[derive(Debug)]
struct Chosen(Arc<dyn TlsIdentity>, smartid_core::SignatureScheme);

impl Signer for Chosen {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let signature = self.0.sign(self.1, message);
        signature.map_err(|error| rustls::Error::General(error.to_string()))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::from(self.1.code())
    }
}

fn roots(certificate: &[u8]) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(certificate.to_vec())).unwrap();
    Arc::new(roots)
}

/// A whole handshake with client authentication; the certificate that the server saw.
pub fn handshake(
    identity: Arc<dyn TlsIdentity>,
    root: &Certificate,
    version: &'static SupportedProtocolVersion,
) -> Result<Vec<u8>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = rcgen::generate_simple_self_signed(["server.example".to_owned()]).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(root.der()), provider.clone())
        .build()
        .unwrap();
    let server_config = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![server.cert.der().clone()],
            PrivateKeyDer::Pkcs8(server.signing_key.serialize_der().into()),
        )
        .unwrap();
    let client_config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots(server.cert.der()))
        .with_client_cert_resolver(Arc::new(Adapter(identity)));
    let name = ServerName::try_from("server.example").unwrap();
    let mut client = ClientConnection::new(Arc::new(client_config), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server_config)).unwrap();
    for _ in 0..10 {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        let mut unread = wire.as_slice();
        while !unread.is_empty() {
            server.read_tls(&mut unread).unwrap();
            server.process_new_packets()?;
        }
        let mut wire = Vec::new();
        server.write_tls(&mut wire).unwrap();
        let mut unread = wire.as_slice();
        while !unread.is_empty() {
            client.read_tls(&mut unread).unwrap();
            client.process_new_packets()?;
        }
        if !client.is_handshaking() && !server.is_handshaking() {
            return Ok(server.peer_certificates().unwrap()[0].to_vec());
        }
    }
    panic!("the handshake does not end");
}
