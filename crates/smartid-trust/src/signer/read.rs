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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::RSA_SHA256;
    use crate::{Certificate, MemorySigner, OfficerSigner, SignatureAlgorithm};

    const RSA: &[u8] = include_bytes!("../../tests/fixtures/keys/officer-rsa.der");
    const RSA_CERTIFICATE: &[u8] = include_bytes!("../../tests/fixtures/certs/signer-rsa.der");

    fn reason(result: Result<SigningKey, Refusal>) -> Option<Reason> {
        result.err().map(|refusal| refusal.reason())
    }

    fn ec(version: u8, number: &[u8], inside: Option<&[u8]>, public: Option<&[u8]>) -> Vec<u8> {
        let inside = inside.map_or(Vec::new(), |curve| der::explicit(0, curve));
        let public = public.map_or(Vec::new(), |point| der::explicit(1, &der::bit_string(point)));
        let number = der::octet_string(number);
        der::sequence(&[&der::integer(&[version]), &number, &inside, &public])
    }

    fn named(curve: Curve) -> Vec<u8> {
        der::oid(&curve.oid())
    }

    #[test]
    fn elliptic_curve_keys_of_every_form() {
        let outside = Some(Curve::P256);
        let number = [&[0, 0][..], &[7; 30]].concat();
        let good = sec1(&ec(1, &number, None, None), outside).unwrap();
        let point = key_bits(good.public_key().spki_der()).unwrap().to_vec();
        let longer = [&[0; 5][..], &number].concat();
        for (number, inside, outside, public) in [
            (&number[2..], None, outside, None),
            (&longer, None, outside, None),
            (&number, Some(named(Curve::P256)), None, None),
            (&number, Some(named(Curve::P256)), outside, Some(&point)),
        ] {
            let der = ec(1, number, inside.as_deref(), public.map(Vec::as_slice));
            assert_eq!(sec1(&der, outside).unwrap().public_key(), good.public_key());
        }

        let other = sec1(&ec(1, &[8; 32], None, None), outside).unwrap();
        let other = key_bits(other.public_key().spki_der()).unwrap();
        for (der, outside, expected) in [
            (ec(2, &number, None, None), outside, Reason::Malformed),
            (ec(1, &number, None, None), None, Reason::KeyUnsupported),
            (
                ec(1, &number, Some(&named(Curve::P384)), None),
                outside,
                Reason::KeyInvalid,
            ),
            (
                ec(1, &number, Some(&der::sequence(&[])), None),
                outside,
                Reason::KeyUnsupported,
            ),
            (
                ec(1, &number, Some(&der::oid(&RSA_SHA256)), None),
                None,
                Reason::KeyUnsupported,
            ),
            (ec(1, &number, None, Some(other)), outside, Reason::KeyInvalid),
            (ec(1, &[0; 32], None, None), outside, Reason::KeyInvalid),
            (ec(1, &[0xff; 32], None, None), outside, Reason::KeyInvalid),
            (ec(1, &[7; 33], None, None), outside, Reason::KeyInvalid),
            (vec![0; MAX_KEY_LEN + 1], outside, Reason::TooLarge),
        ] {
            assert_eq!(reason(sec1(&der, outside)), Some(expected));
        }
    }

    fn one_asymmetric_key(version: u8, algorithm: &[u8], key: &[u8], after: &[u8]) -> Vec<u8> {
        let algorithm = der::sequence(&[algorithm]);
        der::sequence(&[
            &der::integer(&[version]),
            &algorithm,
            &der::octet_string(key),
            after,
        ])
    }

    #[test]
    fn ed25519_keys_with_their_public_half() {
        let (algorithm, seed) = (der::oid(&ED25519), der::octet_string(&[9; 32]));
        let good = pkcs8(&one_asymmetric_key(0, &algorithm, &seed, &[])).unwrap();
        let octets = key_bits(good.public_key().spki_der()).unwrap();
        let public = |octets: &[u8]| der::tlv(tag::context_primitive(1), &[&[0], octets].concat());
        let attributes = der::explicit(0, &[]);
        let both = [attributes.clone(), public(octets)].concat();
        for after in [attributes, public(octets), both] {
            assert_eq!(
                reason(pkcs8(&one_asymmetric_key(1, &algorithm, &seed, &after))),
                None
            );
        }
        let other = pkcs8(&one_asymmetric_key(
            0,
            &algorithm,
            &der::octet_string(&[8; 32]),
            &[],
        ))
        .unwrap();
        let other = public(key_bits(other.public_key().spki_der()).unwrap());
        let short = der::octet_string(&[9; 31]);
        for (der, expected) in [
            (
                one_asymmetric_key(1, &algorithm, &seed, &other),
                Reason::KeyInvalid,
            ),
            (one_asymmetric_key(0, &algorithm, &short, &[]), Reason::KeyInvalid),
            (one_asymmetric_key(2, &algorithm, &seed, &[]), Reason::Malformed),
            (
                one_asymmetric_key(0, &algorithm, &seed, &der::null()),
                Reason::Malformed,
            ),
            (
                one_asymmetric_key(0, &der::oid(&RSA_SHA256), &seed, &[]),
                Reason::KeyUnsupported,
            ),
        ] {
            assert_eq!(reason(pkcs8(&der)), Some(expected));
        }
    }

    /// `der` with the identifier of RSA keys replaced by that of keys for RSA-PSS alone, without restrictions.
    fn pss_only(der: &[u8]) -> Vec<u8> {
        let general = [der::oid(&RSA_ENCRYPTION), der::null()].concat();
        let restricted = [der::oid(&RSA_PSS), der::sequence(&[])].concat();
        let at = der.windows(general.len()).position(|part| part == general);
        let at = at.unwrap();
        [&der[..at], &restricted, &der[at + general.len()..]].concat()
    }

    #[test]
    fn keys_and_certificates_for_pss_alone_do_pss_alone() {
        let certificate = |der: &[u8]| Certificate::from_der(der.to_vec()).unwrap();
        let (general, restricted) = (pkcs8(RSA).unwrap(), pkcs8(&pss_only(RSA)).unwrap());
        for (key, certificate, count) in [
            (&general, certificate(RSA_CERTIFICATE), 6),
            (&general, certificate(&pss_only(RSA_CERTIFICATE)), 3),
            (&restricted, certificate(RSA_CERTIFICATE), 3),
            (&restricted, certificate(&pss_only(RSA_CERTIFICATE)), 3),
        ] {
            let signer = MemorySigner::new(key.clone(), [certificate]).unwrap();
            assert_eq!(signer.algorithms().len(), count);
            let pss = |algorithm: &_| matches!(algorithm, SignatureAlgorithm::RsaPss { .. });
            assert_eq!(
                signer
                    .algorithms()
                    .iter()
                    .filter(|algorithm| pss(algorithm))
                    .count(),
                3
            );
            let signature = signer.sign(signer.algorithms()[0], b"m").unwrap();
            let public = signer.chain()[0].public_key().unwrap();
            assert_eq!(public.verify(signer.algorithms()[0], b"m", &signature), Ok(()));
        }
    }

    #[test]
    fn rsa_keys_that_are_none() {
        let numbers = |version: u8, modulus: &[u8]| {
            let seven = vec![der::integer(&[3]); 7].concat();
            rsa(
                &der::sequence(&[&der::integer(&[version]), &der::integer(modulus), &seven]),
                false,
            )
        };
        assert_eq!(reason(numbers(0, &[0xff; 128])), Some(Reason::KeyTooSmall));
        assert_eq!(reason(numbers(0, &[0xff; 1025])), Some(Reason::TooLarge));
        assert_eq!(reason(numbers(1, &[0xff; 256])), Some(Reason::KeyUnsupported));
        assert_eq!(reason(numbers(0, &[0xff; 256])), Some(Reason::KeyInvalid));
        // The last number is wrong by one bit.
        let mut changed = RSA.to_vec();
        *changed.last_mut().unwrap() ^= 2;
        assert_eq!(reason(pkcs8(&changed)), Some(Reason::KeyInvalid));
    }
}
