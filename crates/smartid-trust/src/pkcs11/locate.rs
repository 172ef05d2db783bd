//! Finds a key and its certificate among the objects of a token.

use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::{KeySelector, failure};
use crate::der::{Reader, tag};
use crate::signer::chain;
use crate::signer::key::same_numbers;
use crate::{Certificate, Curve, PublicKey, Reason, Refusal};

/// Most objects of a kind that are looked at.
const MAX_OBJECTS: usize = 256;

/// The key that was asked for.
pub(super) struct Located {
    pub(super) handle: ObjectHandle,
    pub(super) chain: Vec<Certificate>,
    /// The PIN must be given for each signature (CKA_ALWAYS_AUTHENTICATE).
    pub(super) always_authenticate: bool,
}

/// What an object says about itself.
#[derive(Default)]
struct Object {
    id: Vec<u8>,
    label: Option<String>,
    value: Vec<u8>,
    signs: bool,
    always_authenticate: bool,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    curve: Vec<u8>,
    point: Vec<u8>,
}

const WANTED: &[AttributeType] = &[AttributeType::Id, AttributeType::Label];
const OF_CERTIFICATES: &[AttributeType] = &[AttributeType::Value];
const OF_KEYS: &[AttributeType] = &[
    AttributeType::Sign,
    AttributeType::AlwaysAuthenticate,
    AttributeType::Modulus,
    AttributeType::PublicExponent,
    AttributeType::EcParams,
    AttributeType::EcPoint,
];

pub(super) fn locate(session: &Session, selector: &KeySelector) -> Result<Located, Refusal> {
    let certificates: Vec<(Vec<u8>, Certificate)> =
        objects(session, ObjectClass::CERTIFICATE, OF_CERTIFICATES)?
            .into_iter()
            // What cannot be read (attribute certificates, WTLS) is not the officer's.
            .filter_map(|(_, object)| Some((object.id, Certificate::from_der(object.value).ok()?)))
            .collect();
    let publics = objects(session, ObjectClass::PUBLIC_KEY, OF_KEYS)?;
    let mut found = Vec::new();
    for (handle, key) in objects(session, ObjectClass::PRIVATE_KEY, OF_KEYS)? {
        let fits = key.signs
            && selector.id.as_ref().is_none_or(|id| *id == key.id)
            && (selector.label.is_none() || selector.label == key.label);
        if !fits {
            continue;
        }
        let public = key.public_key().or_else(|| {
            let same = |object: &&(_, Object)| !key.id.is_empty() && object.1.id == key.id;
            publics.iter().find(same)?.1.public_key()
        });
        let candidates = candidates(&certificates, selector, &key, public.as_ref());
        if selector
            .certificate
            .as_ref()
            .is_none_or(|wanted| candidates.contains(wanted))
        {
            found.push((handle, key, candidates));
        }
    }
    let (handle, key, mut own) = match (found.pop(), found.is_empty()) {
        (Some(found), true) => found,
        (None, _) => return Err(Reason::NoKey.into()),
        (Some(_), false) => return Err(Reason::SeveralKeys.into()),
    };
    if let Some(wanted) = &selector.certificate {
        own = vec![wanted.clone()];
    }
    let own = match own.as_slice() {
        [own] => own.clone(),
        [] => return Err(nothing_fits(&certificates, &key)),
        _ => return Err(Reason::SeveralCertificates.into()),
    };
    let certified = own.public_key()?;
    // Older certificates of the same key are no issuers, and would leave the choice open again.
    let others = certificates
        .into_iter()
        .map(|(_, certificate)| certificate)
        .chain(selector.certificates.iter().cloned())
        .filter(|other| !other.public_key().is_ok_and(|key| same_numbers(&key, &certified)));
    Ok(Located {
        handle,
        chain: chain::chain_of(&certified, std::iter::once(own.clone()).chain(others))?,
        always_authenticate: key.always_authenticate,
    })
}

/// The certificates that may be the key's, each once: by public key, or by identifier where the token does not tell the public key.
fn candidates(
    certificates: &[(Vec<u8>, Certificate)],
    selector: &KeySelector,
    key: &Object,
    public: Option<&PublicKey>,
) -> Vec<Certificate> {
    let given = selector.certificate.iter().chain(&selector.certificates);
    let all = certificates
        .iter()
        .map(|(id, certificate)| (Some(id), certificate))
        .chain(given.map(|certificate| (None, certificate)));
    // Whoever names key and certificate is believed; a wrong pair is noticed when it signs.
    let by_name = selector.id.is_some() || selector.label.is_some();
    let named = |certificate: &_| selector.certificate.as_ref() == Some(certificate);
    let mut fitting = Vec::new();
    for (id, certificate) in all {
        let belongs = match public {
            Some(public) => certificate
                .public_key()
                .is_ok_and(|certified| same_numbers(public, &certified)),
            None => by_name && named(certificate) || !key.id.is_empty() && id == Some(&key.id),
        };
        if belongs && !fitting.contains(certificate) {
            fitting.push(certificate.clone());
        }
    }
    fitting
}

fn nothing_fits(certificates: &[(Vec<u8>, Certificate)], key: &Object) -> Refusal {
    let stale = !key.id.is_empty() && certificates.iter().any(|(id, _)| *id == key.id);
    if stale {
        Reason::KeyCertificateMismatch.into()
    } else {
        Reason::NoCertificate.into()
    }
}

/// Every object of a class with its attributes.
fn objects(
    session: &Session,
    class: ObjectClass,
    attributes: &[AttributeType],
) -> Result<Vec<(ObjectHandle, Object)>, Refusal> {
    let failed = |error| failure::refusal(&error);
    let handles = session.find_objects(&[Attribute::Class(class)]).map_err(failed)?;
    if handles.len() > MAX_OBJECTS {
        return Err(Refusal::new(Reason::TooLarge, "objects of the token"));
    }
    let wanted = [WANTED, attributes].concat();
    handles
        .into_iter()
        .map(|handle| {
            let attributes = session.get_attributes(handle, &wanted).map_err(failed)?;
            Ok((handle, Object::new(attributes)))
        })
        .collect()
}

impl Object {
    fn new(attributes: Vec<Attribute>) -> Self {
        let mut object = Self {
            // Tokens that do not say what a key is for are believed to mean every use.
            signs: true,
            ..Self::default()
        };
        for attribute in attributes {
            match attribute {
                Attribute::Id(id) => object.id = id,
                Attribute::Label(label) => object.label = String::from_utf8(label).ok(),
                Attribute::Value(value) => object.value = value,
                Attribute::Sign(signs) => object.signs = signs,
                Attribute::AlwaysAuthenticate(always) => object.always_authenticate = always,
                Attribute::Modulus(modulus) => object.modulus = modulus,
                Attribute::PublicExponent(exponent) => object.exponent = exponent,
                Attribute::EcParams(curve) => object.curve = curve,
                Attribute::EcPoint(point) => object.point = point,
                _ => {}
            }
        }
        object
    }

    /// The public half, where the token tells it.
    fn public_key(&self) -> Option<PublicKey> {
        if !self.modulus.is_empty() && !self.exponent.is_empty() {
            return PublicKey::from_rsa(&self.modulus, &self.exponent, false).ok();
        }
        // CKA_EC_POINT is the point in an octet string; some tokens leave the wrapping away.
        let point = Reader::only(&self.point, tag::OCTET_STRING, "")
            .map_or(self.point.as_slice(), |point| point.contents);
        let named = Reader::new(&self.curve).oid("").ok();
        if let Some(curve) = named.and_then(|oid| Curve::from_oid(&oid).ok()) {
            return PublicKey::from_ec_point(curve, point).ok();
        }
        // Edwards curves are named in several ways; the length of the point tells this one.
        PublicKey::from_ed25519(point).ok()
    }
}
