//! What an answer proves (protocol notes: digital-access 4.5, step 6): the signer's certificate is of the method's authority, and its
//! attribute is that of exactly one user, who is the one that was typed, if one was. Without the certificate option it is messaging's
//! word that the profile of the typed user has answered.

use serde_json::Value;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::super::Da;
use super::Login;
use crate::config::DaMethod;
use crate::pki::{Certificate, PublicKey, cms, jws};
use crate::sync::lock;
use crate::webauthn::b64;

/// Authorities between a signer and the configured one.
const MAX_DEPTH: usize = 4;

/// What was signed, and the certificates that came with it, the signer's first.
struct Signed {
    content: Vec<u8>,
    chain: Vec<Certificate>,
}

fn key_of(certificate: &Certificate) -> Option<PublicKey> {
    PublicKey::from_spki(certificate.spki_der()).ok()
}

/// A JWS. Without certificates nothing of its signature can be checked here: messaging has done that.
fn read_jws(data: &str, expected: &[u8]) -> Result<Signed, &'static str> {
    let read = jws::parse(data).map_err(|_| "answer_unreadable")?;
    let chain: Option<Vec<Certificate>> = match read.header.get("x5c") {
        None => Some(Vec::new()),
        Some(list) => list.as_array().and_then(|list| {
            list.iter()
                .take(MAX_DEPTH + 1)
                .map(|one| Certificate::parse(&b64::decode_standard(one.as_str()?)?).ok())
                .collect()
        }),
    };
    let chain = chain.ok_or("certificate_unreadable")?;
    let detached = read.payload.is_empty();
    if let Some(signer) = chain.first() {
        let key = key_of(signer).ok_or("certificate_unreadable")?;
        let right = if detached {
            jws::verify_detached(data, expected, &key)
        } else {
            jws::verify(data, &key).map(|_| ())
        };
        right.map_err(|_| "signature")?;
    }
    Ok(Signed {
        content: if detached { expected.to_vec() } else { read.payload },
        chain,
    })
}

fn read_cms(data: &str, expected: &[u8]) -> Result<Signed, &'static str> {
    let der = b64::decode_standard(data).ok_or("answer_unreadable")?;
    let verified = cms::verify(&der, None)
        .or_else(|_| cms::verify(&der, Some(expected)))
        .map_err(|_| "signature")?;
    let [signer] = verified.signers.as_slice() else {
        return Err("several_signers");
    };
    let mut chain = vec![signer.certificate.clone()];
    chain.extend(verified.certificates);
    Ok(Signed {
        content: verified.content,
        chain,
    })
}

fn issued_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    certificate.issuer_der() == issuer.subject_der()
        && key_of(issuer).is_some_and(|key| certificate.verify_signature(&key).is_ok())
}

/// Whether a certificate is valid now and leads to one of the anchors.
fn trusted(
    certificate: &Certificate,
    others: &[Certificate],
    anchors: &[Certificate],
    now: u64,
    depth: usize,
) -> bool {
    let (from, until) = certificate.validity();
    if now < from || now > until || depth > MAX_DEPTH {
        return false;
    }
    anchors.iter().any(|anchor| issued_by(certificate, anchor))
        || others
            .iter()
            .filter(|other| other.is_authority() && issued_by(certificate, other))
            .any(|other| other != certificate && trusted(other, others, anchors, now, depth + 1))
}

impl Da {
    /// The method's certificate authority.
    fn anchors(&self, method: &DaMethod) -> Result<Vec<Certificate>, &'static str> {
        let broken = "authority_unreadable";
        if !method.ca_pem.is_empty() {
            return CertificateDer::pem_slice_iter(method.ca_pem.as_bytes())
                .map(|one| Certificate::parse(&one.map_err(|_| broken)?).map_err(|_| broken))
                .collect();
        }
        let ca = self.peers().and_then(|peers| peers.cm.ca().ok()).ok_or(broken)?;
        [ca.issuer_der(), ca.root_der()]
            .into_iter()
            .map(|der| Certificate::parse(der).map_err(|_| broken))
            .collect()
    }

    /// The one user whom a certificate names.
    fn mapped(&self, method: &DaMethod, certificate: &Certificate) -> Result<String, &'static str> {
        let values = certificate
            .attribute(&method.certificate_attribute)
            .ok_or("certificate_attribute_unknown")?;
        let store = lock(&self.store);
        let mut found = store.users.iter().filter(|user| {
            let own = user.config.attributes.get(&method.user_attribute);
            own.is_some_and(|own| !own.is_empty() && values.contains(own))
        });
        match (found.next(), found.next()) {
            (Some(user), None) => Ok(user.config.name.clone()),
            (None, _) => Err("mapping_nobody"),
            (Some(_), Some(_)) => Err("mapping_ambiguous"),
        }
    }

    /// Who has answered.
    pub(super) fn who_answered(
        &self,
        method: &DaMethod,
        login: &Login,
        response: &Value,
    ) -> Result<String, &'static str> {
        let member = |name: &str| response.get(name).and_then(Value::as_str);
        let data = member("data").ok_or("answer_missing")?;
        let signed = match member("format") {
            Some("jws") => read_jws(data, &login.tbs)?,
            Some("pkcs7") => read_cms(data, &login.tbs)?,
            _ => return Err("answer_format"),
        };
        if signed.content != login.tbs {
            return Err("answer_content");
        }
        if !method.certificate {
            return login.typed.clone().ok_or("user_missing");
        }
        let (signer, others) = signed.chain.split_first().ok_or("certificate_missing")?;
        let anchors = self.anchors(method)?;
        if signer.is_authority() || !trusted(signer, others, &anchors, self.unix(), 0) {
            return Err("certificate_not_trusted");
        }
        let usages = signer.key_usages();
        if !usages.is_empty() && !usages.contains(&"digitalSignature") {
            return Err("certificate_usage");
        }
        if method.user_attribute.is_empty() {
            return login.typed.clone().ok_or("user_missing");
        }
        let user = self.mapped(method, signer)?;
        match &login.typed {
            Some(typed) if *typed != user => Err("mapping_other_user"),
            _ => Ok(user),
        }
    }
}
