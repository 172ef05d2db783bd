//! Reads private keys that are not encrypted: PKCS #8 (RFC 5958), PKCS #1 (RFC 8017 A.1.2), SEC 1 (RFC 5915).
//!
//! The outer form is read here, so that each thing that can be wrong has its reason; the numbers are checked by aws-lc.

use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use zeroize::Zeroizing;

use super::key::{Pair, SigningKey, ecdsa};
use crate::algorithm::{EC_PUBLIC_KEY, ED25519, RSA_ENCRYPTION, RSA_PSS};
use crate::der::{self, Oid, Reader, tag};
use crate::{Curve, PublicKey, Reason, Refusal};

/// Largest private key that is read, in bytes: RSA with 8192 bits has less than 5 KiB.
pub(super) const MAX_KEY_LEN: usize = 64 * 1024;

pub(super) fn cap(der: &[u8]) -> Result<(), Refusal> {
    if der.len() > MAX_KEY_LEN {
        return Err(Refusal::new(Reason::TooLarge, "a private key"));
    }
    Ok(())
}

fn invalid<E>(_: E) -> Refusal {
    Refusal::new(Reason::KeyInvalid, "a private key")
}

/// PrivateKeyInfo and OneAsymmetricKey.
pub(crate) fn pkcs8(der: &[u8]) -> Result<SigningKey, Refusal> {
    cap(der)?;
    let mut info = Reader::only(der, tag::SEQUENCE, "a private key that is no sequence")?.reader();
    let version = info
        .expect(tag::INTEGER, "a private key without its version")?
        .small_integer()?;
    if version > 1 {
        return Err(Refusal::new(
            Reason::Malformed,
            "a private key of an unknown version",
        ));
    }
    let algorithm = info.expect(tag::SEQUENCE, "a private key without its algorithm")?;
    let key = info.expect(tag::OCTET_STRING, "a private key without its octets")?;
    info.optional(tag::context(0))?;
    // Absent from version 1; both ways of tagging it are seen, and the key itself says it again.
    let public = match info.optional(tag::context_primitive(1))? {
        Some(public) => Some(public.bit_string()?),
        None => {
            info.optional(tag::context(1))?;
            None
        }
    };
    info.end()?;

    let mut algorithm = algorithm.reader();
    let oid = algorithm.oid("a private key whose algorithm has no identifier")?;
    if oid == RSA_ENCRYPTION || oid == RSA_PSS {
        rsa(key.contents, oid == RSA_PSS)
    } else if oid == EC_PUBLIC_KEY {
        let curve = named_curve(&mut algorithm)?;
        sec1(key.contents, Some(curve))
    } else if oid == ED25519 {
        ed25519(key.contents, public)
    } else {
        Err(Refusal::new(
            Reason::KeyUnsupported,
            format!("key algorithm {oid}"),
        ))
    }
}

/// RSAPrivateKey.
pub(super) fn rsa(der: &[u8], pss_only: bool) -> Result<SigningKey, Refusal> {
    cap(der)?;
    let mut key = Reader::only(der, tag::SEQUENCE, "an RSA key that is no sequence")?.reader();
    let version = key
        .expect(tag::INTEGER, "an RSA key without its version")?
        .small_integer()?;
    if version != 0 {
        return Err(Refusal::new(
            Reason::KeyUnsupported,
            "RSA with more than two primes",
        ));
    }
    let modulus = key
        .expect(tag::INTEGER, "an RSA key without its modulus")?
        .integer()?;
    let exponent = key
        .expect(tag::INTEGER, "an RSA key without its exponent")?
        .integer()?;
    // Size and exponent get their own reasons here; aws-lc has one for everything.
    PublicKey::from_rsa(modulus, exponent, pss_only)?;
    for _ in 0..6 {
        key.expect(tag::INTEGER, "an RSA key without one of its numbers")?
            .integer()?;
    }
    key.end()?;
    let pair = RsaKeyPair::from_der(der).map_err(invalid)?;
    SigningKey::with_restriction(Pair::Rsa(pair), pss_only)
}

/// ECPrivateKey. The curve is named inside or, in PKCS #8 and behind `EC PARAMETERS`, outside.
pub(super) fn sec1(der: &[u8], outside: Option<Curve>) -> Result<SigningKey, Refusal> {
    cap(der)?;
    let mut key = Reader::only(der, tag::SEQUENCE, "an elliptic-curve key that is no sequence")?.reader();
    let version = key
        .expect(tag::INTEGER, "an elliptic-curve key without its version")?
        .small_integer()?;
    if version != 1 {
        return Err(Refusal::new(
            Reason::Malformed,
            "an elliptic-curve key of an unknown version",
        ));
    }
    let number = key.expect(tag::OCTET_STRING, "an elliptic-curve key without its number")?;
    let inside = match key.optional(tag::context(0))? {
        Some(parameters) => Some(named_curve(&mut parameters.reader())?),
        None => None,
    };
    let public = match key.optional(tag::context(1))? {
        Some(public) => Some(
            Reader::only(
                public.contents,
                tag::BIT_STRING,
                "a public key that is no bit string",
            )?
            .bit_string()?,
        ),
        None => None,
    };
    key.end()?;
    let curve = match (inside, outside) {
        (Some(inside), Some(outside)) if inside != outside => {
            return Err(Refusal::new(
                Reason::KeyInvalid,
                "an elliptic-curve key that names two curves",
            ));
        }
        (Some(curve), _) | (None, Some(curve)) => curve,
        (None, None) => {
            return Err(Refusal::new(
                Reason::KeyUnsupported,
                "an elliptic-curve key that does not name its curve",
            ));
        }
    };
    // Some producers drop leading zeros of the number, others add one (RFC 5915 3 wants neither): bring it to the curve's length.
    let mut significant = number.contents;
    while let [0, rest @ ..] = significant {
        significant = rest;
    }
    let missing = curve
        .coordinate_len()
        .checked_sub(significant.len())
        .ok_or_else(|| invalid(()))?;
    let mut padded = Zeroizing::new(Vec::with_capacity(curve.coordinate_len()));
    padded.resize(missing, 0);
    padded.extend_from_slice(significant);
    let whole = Zeroizing::new(der::sequence(&[
        &der::integer(&[1]),
        &Zeroizing::new(der::octet_string(&padded)),
        &der::explicit(0, &der::oid(&curve.oid())),
    ]));
    let pair = EcdsaKeyPair::from_private_key_der(ecdsa(curve), &whole).map_err(invalid)?;
    let made = SigningKey::from_pair(Pair::Ec(pair))?;
    if let Some(point) = public
        && PublicKey::from_ec_point(curve, point)? != *made.public_key()
    {
        return Err(Refusal::new(
            Reason::KeyInvalid,
            "a private key whose public half is another's",
        ));
    }
    Ok(made)
}

/// CurvePrivateKey (RFC 8410 7).
fn ed25519(der: &[u8], public: Option<&[u8]>) -> Result<SigningKey, Refusal> {
    let seed = Reader::only(der, tag::OCTET_STRING, "an Ed25519 key that is no octet string")?;
    let pair = Ed25519KeyPair::from_seed_unchecked(seed.contents).map_err(invalid)?;
    let made = SigningKey::from_pair(Pair::Ed25519(pair))?;
    if let Some(octets) = public
        && PublicKey::from_ed25519(octets)? != *made.public_key()
    {
        return Err(Refusal::new(
            Reason::KeyInvalid,
            "a private key whose public half is another's",
        ));
    }
    Ok(made)
}

/// ECParameters (RFC 5480 2.1.1): only named curves.
pub(super) fn named_curve(reader: &mut Reader<'_>) -> Result<Curve, Refusal> {
    if reader.peek() != Some(tag::OID) {
        return Err(Refusal::new(Reason::KeyUnsupported, "a curve that is not named"));
    }
    let oid: Oid = reader.oid("a curve")?;
    reader.end()?;
    Curve::from_oid(&oid)
}

/// The bits of a SubjectPublicKeyInfo in this crate's form, without its algorithm.
pub(super) fn key_bits(spki: &[u8]) -> Option<&[u8]> {
    let mut info = Reader::only(spki, tag::SEQUENCE, "").ok()?.reader();
    info.next().ok()?;
    info.next().ok()?.bit_string().ok()
}
