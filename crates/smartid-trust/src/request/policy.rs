//! What a request that comes back must be.

use std::fmt;

use super::RequestTemplate;
use crate::{AlgorithmSet, Curve, KeyType, Oid, PublicKey};

/// Which keys answer a request for keys. Several kinds may be acceptable, as `keytypeprios` of the provision command is a list (vendor
/// page: Example: Smart ID Mobile App certificate provisioning \[documented example\]).
///
/// ```
/// use smartid_trust::{Curve, KeyType};
/// use smartid_trust::request::KeyRequirement;
///
/// let asked = KeyRequirement::rsa(2048).or(KeyRequirement::ec(Curve::P256));
/// assert!(asked.accepts(KeyType::Rsa { bits: 2048 }));
/// assert!(!asked.accepts(KeyType::Rsa { bits: 3072 }));
/// assert!(KeyRequirement::any().accepts(KeyType::Ed25519));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRequirement(Option<Vec<KeyType>>);

impl KeyRequirement {
    /// Every key that this crate reads: RSA from 2048 bits on, the NIST curves, Ed25519.
    #[must_use]
    pub const fn any() -> Self {
        Self(None)
    }

    /// RSA with exactly so many bits.
    #[must_use]
    pub fn rsa(bits: usize) -> Self {
        Self(Some(vec![KeyType::Rsa { bits }]))
    }

    /// An elliptic-curve key on this curve.
    #[must_use]
    pub fn ec(curve: Curve) -> Self {
        Self(Some(vec![KeyType::Ec(curve)]))
    }

    /// Ed25519.
    #[must_use]
    pub fn ed25519() -> Self {
        Self(Some(vec![KeyType::Ed25519]))
    }

    /// What either of the two accepts.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0.zip(other.0).map(|(mut one, other)| {
            one.extend(other);
            one
        }))
    }

    /// Whether a key of this type and size will do.
    #[must_use]
    pub fn accepts(&self, key: KeyType) -> bool {
        self.0.as_ref().is_none_or(|accepted| accepted.contains(&key))
    }
}

/// What a request that comes back must be.
///
/// The default demands: version 0; a self-signature with an algorithm of this crate's list; the subject of the template (the same
/// parts in the same order, with the same text, in whatever string type but TeletexString); its alternative names, in any order,
/// none more and none less; its extensions, none added, changed or left out but the subject key identifier, which goes with the
/// key; no attribute that the template does not have; a key as asked for that is not the throw-away key. Each of these has a
/// [`Reason`](crate::Reason) of its own.
#[derive(Clone)]
pub struct RequestPolicy {
    pub(super) template: Option<RequestTemplate>,
    pub(super) key: KeyRequirement,
    pub(super) algorithms: AlgorithmSet,
    pub(super) keys_in_use: Vec<PublicKey>,
    pub(super) version_2: bool,
    pub(super) sha1: bool,
    pub(super) unreadable_template: bool,
    pub(super) left_out_extensions: bool,
    pub(super) allowed_extensions: Vec<Oid>,
    pub(super) allowed_attributes: Vec<Oid>,
}

impl RequestPolicy {
    fn new(template: Option<RequestTemplate>, key: KeyRequirement) -> Self {
        Self {
            template,
            key,
            algorithms: AlgorithmSet::default(),
            keys_in_use: Vec::new(),
            version_2: false,
            sha1: false,
            unreadable_template: false,
            left_out_extensions: false,
            allowed_extensions: Vec::new(),
            allowed_attributes: Vec::new(),
        }
    }

    /// The request must answer this template, with a key as `key` says.
    #[must_use]
    pub fn from_template(template: &RequestTemplate, key: KeyRequirement) -> Self {
        Self::new(Some(template.clone()), key)
    }

    /// The request answers no template: nothing is known about the names in it, and the proof lists
    /// [`Check::Template`](crate::Check::Template) among what was not checked. Whoever issues a certificate on it must take the names
    /// from elsewhere.
    #[must_use]
    pub fn without_template(key: KeyRequirement) -> Self {
        Self::new(None, key)
    }

    /// Allows only these algorithms for the self-signature.
    #[must_use]
    pub const fn with_algorithms(mut self, algorithms: AlgorithmSet) -> Self {
        self.algorithms = algorithms;
        self
    }

    /// Refuses these keys: those that the user, or anybody, has a certificate for already. A device that answers with one of them made
    /// no new key, or the answer is an old one.
    #[must_use]
    pub fn with_keys_in_use(mut self, keys: impl IntoIterator<Item = PublicKey>) -> Self {
        self.keys_in_use.extend(keys);
        self
    }

    /// Accepts version 2 besides 0. One published template has it (vendor page: Example: Smart ID Mobile App certificate
    /// provisioning \[documented example\]), and a device may keep it. Harmless: the version says nothing about the rest.
    #[must_use]
    pub const fn accept_version_2(mut self) -> Self {
        self.version_2 = true;
        self
    }

    /// Accepts a self-signature by RSA PKCS #1 v1.5 with SHA-1, as the published template with version 2 has.
    ///
    /// The risk: collisions in SHA-1 can be made for little money, so that such a signature does not prove that the holder of the
    /// private key signed this request and not another one made to collide with it. The names are compared with the template all the
    /// same, and the signature over the whole answer of the device has its own algorithm. The proof names
    /// [`SignatureAlgorithm::LegacyRsaPkcs1Sha1`](crate::SignatureAlgorithm::LegacyRsaPkcs1Sha1). Better: send a template that is
    /// signed with SHA-256, as a [`TemplateBuilder`](super::TemplateBuilder) makes it.
    #[must_use]
    pub const fn accept_sha1_self_signature(mut self) -> Self {
        self.sha1 = true;
        self
    }

    /// Accepts a request although the template that it answers cannot be read (see
    /// [`RequestTemplate::readable`]). The proof then lists [`Check::Template`](crate::Check::Template) among what was not checked.
    #[must_use]
    pub const fn accept_unreadable_template(mut self) -> Self {
        self.unreadable_template = true;
        self
    }

    /// Accepts a request that leaves out extensions of the template, the alternative names included, as long as what is there is the
    /// template's. The vendor's pages say that the device keeps the subject \[documented\]; of extensions they say nothing.
    #[must_use]
    pub const fn accept_left_out_extensions(mut self) -> Self {
        self.left_out_extensions = true;
        self
    }

    /// Lets the device add or change this extension. The subject alternative name is not affected: a device must not add names.
    #[must_use]
    pub fn allow_extension(mut self, oid: Oid) -> Self {
        self.allowed_extensions.push(oid);
        self
    }

    /// Lets the device add or change this attribute. Some attributes carry names too (unstructuredName, Microsoft's name-value pairs):
    /// allow what is known to be harmless to the CA in use.
    #[must_use]
    pub fn allow_attribute(mut self, oid: Oid) -> Self {
        self.allowed_attributes.push(oid);
        self
    }
}

impl fmt::Debug for RequestPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestPolicy")
            .field("template", &self.template)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
