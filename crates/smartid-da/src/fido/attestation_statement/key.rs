//! Credential keys and COSE algorithms as the verifying crate takes them.

use smartid_trust::{Curve, DigestAlgorithm, PublicKey, Reason, Refusal, SignatureAlgorithm};

use super::der;
use super::reason::{AttestationWrong as Wrong, StatementNotChecked as NotChecked, Stop};
use crate::fido::{CoseAlgorithm, CoseKey, KeyMaterial};

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384: &[u8] = &[0x2b, 0x81, 4, 0, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 4, 0, 0x23];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The credential key, ready to be compared and to verify with.
pub(super) fn credential_key(key: &CoseKey) -> Result<PublicKey, Stop> {
    let (algorithm, bits) = match &key.material {
        KeyMaterial::Ec2 { curve, x, y } => {
            let curve = match curve {
                1 => P256,
                2 => P384,
                3 => P521,
                _ => return Err(NotChecked::Key.into()),
            };
            let algorithm = der::sequence(&[&der::oid(EC_PUBLIC_KEY), &der::oid(curve)]);
            (algorithm, [&[4], x.as_slice(), y].concat())
        }
        KeyMaterial::Okp { curve: 6, x } => (der::sequence(&[&der::oid(ED25519)]), x.clone()),
        KeyMaterial::Rsa { modulus, exponent } => {
            let algorithm = der::sequence(&[&der::oid(RSA_ENCRYPTION), &der::null()]);
            let numbers = [der::integer(modulus), der::integer(exponent)];
            let [modulus, exponent] = &numbers;
            (algorithm, der::sequence(&[modulus, exponent]))
        }
        KeyMaterial::Okp { .. } | KeyMaterial::Other { .. } => return Err(NotChecked::Key.into()),
    };
    let spki = der::sequence(&[&algorithm, &der::bit_string(&bits)]);
    PublicKey::from_spki_der(&spki).map_err(|refusal| unusable(&refusal, Wrong::KeyInvalid))
}

/// A key of a kind or size that is not used here says nothing; any other refusal means that it is none.
pub(super) fn unusable(refusal: &Refusal, otherwise: Wrong) -> Stop {
    match refusal.reason() {
        Reason::KeyUnsupported | Reason::KeyTooSmall | Reason::TooLarge => NotChecked::Key.into(),
        _ => otherwise.into(),
    }
}

/// An algorithm as the verifying crate takes it, and the curve that WebAuthn binds it to (section 5.8.5).
pub(super) fn known(algorithm: CoseAlgorithm) -> Option<(SignatureAlgorithm, Option<Curve>)> {
    use CoseAlgorithm as A;
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    use SignatureAlgorithm as S;
    Some(match algorithm {
        A::ES256 | A::ESP256 => (S::Ecdsa(Sha256), Some(Curve::P256)),
        A::ES384 | A::ESP384 => (S::Ecdsa(Sha384), Some(Curve::P384)),
        A::ES512 | A::ESP512 => (S::Ecdsa(Sha512), Some(Curve::P521)),
        A::EDDSA | A::ED25519 => (S::Ed25519, None),
        A::RS256 => (S::RsaPkcs1(Sha256), None),
        A::RS384 => (S::RsaPkcs1(Sha384), None),
        A::RS512 => (S::RsaPkcs1(Sha512), None),
        A::PS256 => (S::rsa_pss(Sha256), None),
        A::PS384 => (S::rsa_pss(Sha384), None),
        A::PS512 => (S::rsa_pss(Sha512), None),
        _ => return None,
    })
}
