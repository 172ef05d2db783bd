//! Makes signed messages.
//!
//! What the Certificate Manager wants is the default: content embedded, binary (the bytes as they are, no line ends changed), DER, the
//! signer's certificate included (vendor page: Certificate Manager (CM) REST API; the form observed in four public clients). Messages
//! with signed attributes and without were both seen to be accepted (observed); with them is the default, because then the signature
//! says what it is over. Only RSA with SHA-256 was seen; what the Certificate Manager says to other keys is unknown.

use std::sync::Arc;

use bytes::Bytes;
use smartid_core::{Runtime, Timestamp, run_blocking};

use super::{ID_DATA, ID_SIGNED_DATA, attributes};
use crate::algorithm::RSA_ENCRYPTION;
use crate::der::{self, tag};
use crate::{
    AlgorithmSet, Certificate, DigestAlgorithm, OfficerSigner, Reason, Refusal, SignatureAlgorithm,
    SigningError,
};

/// How a message is made.
///
/// ```
/// use smartid_trust::cms::SignOptions;
/// use smartid_core::Timestamp;
///
/// let options = SignOptions::new().detached().with_chain().with_signing_time(Timestamp::from_millis(1_767_225_600_000));
/// ```
#[derive(Clone, Debug)]
pub struct SignOptions {
    algorithms: AlgorithmSet,
    detached: bool,
    attributes: bool,
    whole_chain: bool,
    signing_time: Option<Timestamp>,
    signing_certificate: bool,
}

impl Default for SignOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl SignOptions {
    /// Content embedded, signed attributes with content type and message digest, the signer's certificate, the key's preferred
    /// algorithm.
    #[must_use]
    pub fn new() -> Self {
        Self {
            algorithms: AlgorithmSet::default(),
            detached: false,
            attributes: true,
            whole_chain: false,
            signing_time: None,
            signing_certificate: false,
        }
    }

    /// Signs with the first of the key's algorithms that is in `algorithms`.
    #[must_use]
    pub const fn with_algorithms(mut self, algorithms: AlgorithmSet) -> Self {
        self.algorithms = algorithms;
        self
    }

    /// Leaves the content out of the message.
    #[must_use]
    pub const fn detached(mut self) -> Self {
        self.detached = true;
        self
    }

    /// Puts the content into the message; undoes [`detached`](Self::detached).
    #[must_use]
    pub const fn embedded(mut self) -> Self {
        self.detached = false;
        self
    }

    /// Signs the content itself. Signing time and signing certificate are then left out, for they are attributes.
    #[must_use]
    pub const fn without_signed_attributes(mut self) -> Self {
        self.attributes = false;
        self
    }

    /// Includes every certificate of the signer's chain, not its own alone.
    #[must_use]
    pub const fn with_chain(mut self) -> Self {
        self.whole_chain = true;
        self
    }

    /// Says when it was signed, to the second.
    #[must_use]
    pub const fn with_signing_time(mut self, time: Timestamp) -> Self {
        self.signing_time = Some(time);
        self
    }

    /// Binds the signer's certificate by a signing certificate attribute, version 2 with SHA-256 (RFC 5035), as CAdES asks.
    #[must_use]
    pub const fn with_signing_certificate(mut self) -> Self {
        self.signing_certificate = true;
        self
    }
}

/// Signs `content` and gives back the message as DER. May block as long as the key does; see [`sign_blocking_on`].
///
/// The digest is that of the signature algorithm; with Ed25519 it is SHA-512 (RFC 8419). What the key gives back is checked with the
/// certificate before it is handed out, so that a token with another key than its certificate's is found here and not by the receiver.
///
/// ```
/// # let key = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.key"));
/// # let certificate = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.pem"));
/// use smartid_core::Timestamp;
/// use smartid_trust::cms::{CmsPolicy, SignOptions, SignedData, sign};
/// use smartid_trust::{Certificate, MemorySigner, SigningKey};
///
/// let certificate = Certificate::from_pem(certificate)?;
/// let officer = MemorySigner::new(SigningKey::from_pem(key, None)?, vec![certificate.clone()])?;
/// let message = sign(&officer, b"the data that were handed out", &SignOptions::new())?;
///
/// let policy = CmsPolicy::named_certificates(vec![certificate]).expecting_content("the data that were handed out");
/// assert!(SignedData::parse(message)?.verify(&policy, Timestamp::from_millis(1_800_000_000_000)).is_ok());
/// # Ok::<(), smartid_trust::SigningError>(())
/// ```
///
/// # Errors
/// [`SigningError::NoAlgorithm`]; [`SigningError::Key`] when the key does not sign; [`SigningError::Refused`] with
/// [`Reason::SignerCertificateMissing`] when the signer has no certificate, [`Reason::BadSignature`] and the reasons of
/// [`Certificate::public_key`] when key and certificate do not go together, [`Reason::AttributesAsContent`] for content that must not
/// be signed without signed attributes (see the [module](super)).
pub fn sign(
    signer: &dyn OfficerSigner,
    content: &[u8],
    options: &SignOptions,
) -> Result<Vec<u8>, SigningError> {
    let algorithm = signer
        .algorithms()
        .iter()
        .copied()
        .find(|algorithm| options.algorithms.contains(*algorithm))
        .ok_or(SigningError::NoAlgorithm)?;
    let digest = algorithm.digest().unwrap_or(DigestAlgorithm::Sha512);
    let certificate = signer
        .chain()
        .first()
        .ok_or(Refusal::from(Reason::SignerCertificateMissing))?;

    let set = options
        .attributes
        .then(|| signed_attributes(certificate, content, digest, options));
    if set.is_none() && attributes::look_like_attributes(content) {
        return Err(Refusal::from(Reason::AttributesAsContent).into());
    }
    let to_be_signed = set.as_deref().unwrap_or(content);
    let signature = signer.sign(algorithm, to_be_signed)?;
    certificate
        .public_key()?
        .verify(algorithm, to_be_signed, &signature)?;

    // In the message the SET has the implicit tag [0].
    let attributes = set.map(|mut set| {
        if let Some(first) = set.first_mut() {
            *first = tag::context(0);
        }
        set
    });
    let identifier = der::sequence(&[certificate.issuer_der(), certificate.serial_der()]);
    let info = der::sequence(&[
        &der::integer(&[1]),
        &identifier,
        &digest.identifier(),
        attributes.as_deref().unwrap_or_default(),
        &signature_identifier(algorithm),
        &der::octet_string(&signature),
    ]);
    let embedded = if options.detached {
        Vec::new()
    } else {
        der::explicit(0, &der::octet_string(content))
    };
    let included = if options.whole_chain { usize::MAX } else { 1 };
    let certificates = signer.chain().iter().take(included);
    let certificates = certificates.map(|certificate| certificate.der().to_vec());
    let mut certificates = der::set_of(certificates.collect());
    if let Some(first) = certificates.first_mut() {
        *first = tag::context(0);
    }
    let signed_data = der::sequence(&[
        &der::integer(&[1]),
        &der::set(&[&digest.identifier()]),
        &der::sequence(&[&der::oid(&ID_DATA), &embedded]),
        &certificates,
        &der::set(&[&info]),
    ]);
    Ok(der::sequence(&[
        &der::oid(&ID_SIGNED_DATA),
        &der::explicit(0, &signed_data),
    ]))
}

/// As [`sign`], where blocking stalls nobody: on the runtime's threads for blocking work.
///
/// # Errors
/// As [`sign`], and [`SigningError::Lost`] when the runtime does not finish the work.
pub async fn sign_blocking_on(
    runtime: &dyn Runtime,
    signer: Arc<dyn OfficerSigner>,
    content: impl Into<Bytes>,
    options: SignOptions,
) -> Result<Vec<u8>, SigningError> {
    let content = content.into();
    run_blocking(runtime, move || sign(signer.as_ref(), &content, &options)).await?
}

/// The attributes as a SET in DER, which is what is signed.
fn signed_attributes(
    certificate: &Certificate,
    content: &[u8],
    digest: DigestAlgorithm,
    options: &SignOptions,
) -> Vec<u8> {
    let attribute = |kind: &crate::Oid, value: &[u8]| der::sequence(&[&der::oid(kind), &der::set(&[value])]);
    let content_digest = digest.of(content);
    let mut all = vec![
        attribute(&attributes::CONTENT_TYPE, &der::oid(&ID_DATA)),
        attribute(
            &attributes::MESSAGE_DIGEST,
            &der::octet_string(content_digest.as_ref()),
        ),
    ];
    if let Some(time) = options.signing_time {
        all.push(attribute(&attributes::SIGNING_TIME, &der::time_element(time)));
    }
    if options.signing_certificate {
        // SHA-256 is the default of the algorithm and is left out.
        let hash = DigestAlgorithm::Sha256.of(certificate.der());
        let id = der::sequence(&[&der::octet_string(hash.as_ref())]);
        let value = der::sequence(&[&der::sequence(&[&id])]);
        all.push(attribute(&attributes::SIGNING_CERTIFICATE_V2, &value));
    }
    der::set_of(all)
}

/// For PKCS #1 v1.5 the identifier of the key, because every reader must know it and not every one knows those with a digest
/// (RFC 5754 3.2).
fn signature_identifier(algorithm: SignatureAlgorithm) -> Vec<u8> {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1(_) => der::sequence(&[&der::oid(&RSA_ENCRYPTION), &der::null()]),
        other => other.identifier(),
    }
}
