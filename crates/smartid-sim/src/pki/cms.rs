//! CMS `SignedData` (RFC 5652): what the apps answer to a signature command when asked for `pkcs7` (protocol notes: hermod 3.4,
//! "Example: Personal Desktop Client signing", D-ex), and what an officer's client sends to a Certificate Manager. Signing and checking
//! are written apart from each other, so that the one is a test of the other.

use super::alg::{Digest, SigAlg};
use super::certificate::Certificate;
use super::{Key, der, time};
use crate::SimError;

/// 1.2.840.113549.1.7.2
pub(crate) const OID_SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 1.2.840.113549.1.7.1
pub(crate) const OID_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
/// 1.2.840.113549.1.9.3
pub(super) const OID_CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
/// 1.2.840.113549.1.9.4
pub(super) const OID_MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
/// 1.2.840.113549.1.9.5
pub(super) const OID_SIGNING_TIME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05];
/// 1.2.840.113549.1.1.1
pub(crate) const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

pub use super::cms_verify::{Verified, VerifiedSigner, verify};

/// Somebody who signs.
#[derive(Clone, Debug)]
pub struct Signer {
    key: Key,
    certificate: Vec<u8>,
    chain: Vec<Vec<u8>>,
}

impl Signer {
    /// Key and certificate (DER).
    #[must_use]
    pub fn new(key: &Key, certificate: &[u8]) -> Self {
        Self {
            key: key.clone(),
            certificate: certificate.to_vec(),
            chain: Vec::new(),
        }
    }

    /// Certificates (DER) to send along, for example the issuing authority's.
    #[must_use]
    pub fn chain(mut self, chain: &[Vec<u8>]) -> Self {
        self.chain = chain.to_vec();
        self
    }
}

/// How to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Whether the content is inside. Default: yes.
    pub attached: bool,
    /// Digest of RSA signatures, which are PKCS #1 v1.5; on a curve the curve decides. Default: SHA-256.
    pub digest: Digest,
    /// Whether attributes (content type, message digest, signing time) are signed instead of the content itself. Default: yes.
    pub signed_attributes: bool,
    /// Whether an RSA signer names the digest once more in the algorithm of the signature (`sha256WithRSAEncryption`). Default: no, it
    /// names RSA alone, as most software does; both are legal (RFC 5754 3.2).
    pub digest_in_algorithm: bool,
    /// Signing time in seconds since 1970; only with signed attributes. Default: none.
    pub signing_time: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            attached: true,
            digest: Digest::Sha256,
            signed_attributes: true,
            digest_in_algorithm: false,
            signing_time: None,
        }
    }
}

impl Options {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves the content out.
    #[must_use]
    pub fn detached(mut self) -> Self {
        self.attached = false;
        self
    }

    /// Another digest for RSA.
    #[must_use]
    pub fn digest(mut self, digest: Digest) -> Self {
        self.digest = digest;
        self
    }

    /// Signs the content itself.
    #[must_use]
    pub fn without_attributes(mut self) -> Self {
        self.signed_attributes = false;
        self
    }

    /// Names the digest in the algorithm of an RSA signature too.
    #[must_use]
    pub fn digest_in_algorithm(mut self) -> Self {
        self.digest_in_algorithm = true;
        self
    }

    /// Says when it was signed, in seconds since 1970.
    #[must_use]
    pub fn signing_time(mut self, unix: u64) -> Self {
        self.signing_time = Some(unix);
        self
    }
}

/// `DigestAlgorithmIdentifier`, without parameters (RFC 5754 2).
fn digest_identifier(digest: Digest) -> Vec<u8> {
    der::seq(&[&der::oid(digest.oid())])
}

fn attribute(oid: &[u8], value: &[u8]) -> Vec<u8> {
    der::seq(&[&der::oid(oid), &der::tlv(der::SET, &[value])])
}

/// How this key signs under these options, and what it calls that.
fn algorithm(key: &Key, options: &Options) -> (SigAlg, Vec<u8>) {
    if !key.kind().is_rsa() {
        let alg = key.default_alg();
        return (alg, alg.identifier());
    }
    let alg = match options.digest {
        Digest::Sha1 => SigAlg::Rs1,
        Digest::Sha256 => SigAlg::Rs256,
        Digest::Sha384 => SigAlg::Rs384,
        Digest::Sha512 => SigAlg::Rs512,
    };
    if options.digest_in_algorithm {
        return (alg, alg.identifier());
    }
    (alg, der::seq(&[&der::oid(OID_RSA), &der::null()]))
}

fn signer_info(content: &[u8], signer: &Signer, options: &Options) -> Result<Vec<u8>, SimError> {
    let certificate = Certificate::parse(&signer.certificate)?;
    let (alg, identifier) = algorithm(&signer.key, options);
    let serial = der::tlv(der::INTEGER, &[certificate.serial()]);
    let (mut shown, signed);
    if options.signed_attributes {
        let mut attributes = vec![
            attribute(OID_CONTENT_TYPE, &der::oid(OID_DATA)),
            attribute(OID_MESSAGE_DIGEST, &der::octets(&alg.digest().of(content))),
        ];
        attributes.extend(
            options
                .signing_time
                .map(|unix| attribute(OID_SIGNING_TIME, &time::time(unix))),
        );
        // Signed as a SET, shown under a context tag (RFC 5652 5.4).
        signed = der::set_of(der::SET, &attributes);
        shown = signed.clone();
        if let Some(tag) = shown.first_mut() {
            *tag = 0xa0;
        }
    } else {
        (shown, signed) = (Vec::new(), content.to_vec());
    }
    let signature = signer.key.sign_der(alg, &signed)?;
    Ok(der::seq(&[
        &der::number(1),
        &der::seq(&[certificate.issuer_der(), &serial]),
        &digest_identifier(alg.digest()),
        &shown,
        &identifier,
        &der::octets(&signature),
    ]))
}

/// Each once.
fn distinct(mut parts: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// Signs content for one or several signers. Certificates and chains of all go into the message.
///
/// # Errors
/// [`SimError::Pki`] when there is no signer, or a certificate cannot be read. That key and certificate belong together is not checked:
/// a forger's do not.
///
/// ```
/// use smartid_sim::TestCa;
/// use smartid_sim::pki::{cms, Key, KeyKind, Profile, Validity};
///
/// let ca = TestCa::new(7, 1_767_225_600)?;
/// let key = Key::generate(KeyKind::P256)?;
/// let validity = Validity::days(1_767_225_600, 365);
/// let certificate = ca.issue_for_key("CN=Anna", &key, Profile::Signing, validity)?;
/// let signer = cms::Signer::new(&key, certificate.der()).chain(&[ca.issuer_der().to_vec()]);
/// let message = cms::sign(b"pay 10 EUR", &[signer], &cms::Options::new().signing_time(1_767_225_601))?;
///
/// let verified = cms::verify(&message, None)?;
/// assert_eq!(verified.content, b"pay 10 EUR");
/// assert_eq!(verified.signers[0].certificate, certificate);
/// # Ok::<(), smartid_sim::SimError>(())
/// ```
pub fn sign(content: &[u8], signers: &[Signer], options: &Options) -> Result<Vec<u8>, SimError> {
    if signers.is_empty() {
        return Err(SimError::pki("nobody signs"));
    }
    let digests = signers
        .iter()
        .map(|signer| digest_identifier(algorithm(&signer.key, options).0.digest()))
        .collect();
    let certificates = signers
        .iter()
        .flat_map(|signer| std::iter::once(&signer.certificate).chain(&signer.chain))
        .cloned()
        .collect();
    let infos = signers
        .iter()
        .map(|signer| signer_info(content, signer, options))
        .collect::<Result<Vec<_>, _>>()?;
    let inside = if options.attached {
        der::context(0, &[&der::octets(content)])
    } else {
        Vec::new()
    };
    let signed_data = der::seq(&[
        &der::number(1),
        &der::set_of(der::SET, &distinct(digests)),
        &der::seq(&[&der::oid(OID_DATA), &inside]),
        &der::set_of(0xa0, &distinct(certificates)),
        &der::set_of(der::SET, &infos),
    ]);
    Ok(der::seq(&[
        &der::oid(OID_SIGNED_DATA),
        &der::context(0, &[&signed_data]),
    ]))
}
