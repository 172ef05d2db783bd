//! The two structures of a TPM that a statement holds, read to their last octet (TPM 2.0 Library, part 2: structures).

use super::der::without_zeros;
use super::reason::AttestationWrong as Wrong;
use crate::fido::KeyMaterial;

/// `TPM_ALG_NULL`: nothing of the kind.
const NULL: u16 = 0x0010;
const RSA: u16 = 0x0001;
const ECC: u16 = 0x0023;
/// `TPM_ALG_RSAES` takes no hash.
const RSAES: u16 = 0x0015;
/// `TPM_ALG_ECDAA` takes a counter behind its hash.
const ECDAA: u16 = 0x001a;
/// The exponent that zero stands for.
const DEFAULT_EXPONENT: u32 = 65_537;

/// What of `TPMS_ATTEST` the rules are about.
pub(super) struct CertInfo<'a> {
    pub(super) extra_data: &'a [u8],
    /// The name of the attested key: two octets of hash algorithm, then the hash.
    pub(super) name: &'a [u8],
}

impl<'a> CertInfo<'a> {
    /// Reads a `TPMS_ATTEST` that certifies a key.
    pub(super) fn read(octets: &'a [u8]) -> Result<Self, Wrong> {
        const SHORT: Wrong = Wrong::TpmMalformed("certInfo");
        let mut octets = Octets(octets);
        if octets.take(4).ok_or(SHORT)? != b"\xffTCG" {
            return Err(Wrong::TpmMagic);
        }
        // TPM_ST_ATTEST_CERTIFY
        if octets.number().ok_or(SHORT)? != 0x8017 {
            return Err(Wrong::TpmType);
        }
        octets.certified().ok_or(SHORT)
    }
}

/// What of `TPMT_PUBLIC` the rules are about.
pub(super) struct PubArea<'a> {
    /// The algorithm that the key's name is made with.
    pub(super) name_algorithm: u16,
    key: Key<'a>,
}

enum Key<'a> {
    Rsa { modulus: &'a [u8], exponent: u32 },
    Ecc { curve: u16, x: &'a [u8], y: &'a [u8] },
}

impl<'a> PubArea<'a> {
    pub(super) fn read(octets: &'a [u8]) -> Result<Self, Wrong> {
        Octets(octets).public().ok_or(Wrong::TpmMalformed("pubArea"))
    }

    /// Whether it is the credential key. A TPM may leave out leading zeros.
    pub(super) fn is(&self, material: &KeyMaterial) -> bool {
        match (&self.key, material) {
            (
                Key::Rsa { modulus, exponent },
                KeyMaterial::Rsa {
                    modulus: n,
                    exponent: e,
                },
            ) => {
                let exponent = exponent.to_be_bytes();
                without_zeros(modulus) == without_zeros(n) && without_zeros(&exponent) == without_zeros(e)
            }
            (
                Key::Ecc { curve, x, y },
                KeyMaterial::Ec2 {
                    curve: crv,
                    x: ours_x,
                    y: ours_y,
                },
            ) => {
                // TPM_ECC_NIST_P256 is 3, and COSE's P-256 is 1; so on for P-384 and P-521.
                matches!(crv, 1..=3)
                    && i64::from(*curve) == crv + 2
                    && without_zeros(x) == without_zeros(ours_x)
                    && without_zeros(y) == without_zeros(ours_y)
            }
            _ => false,
        }
    }
}

/// What is left to read.
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        let octets = self.take(2)?.try_into().ok()?;
        Some(u16::from_be_bytes(octets))
    }

    /// Octets with their number in front.
    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length.into())
    }

    /// `TPMS_ATTEST` behind its type.
    fn certified(&mut self) -> Option<CertInfo<'a>> {
        let _qualified_signer = self.sized()?;
        let extra_data = self.sized()?;
        // Clock (8), how often it was reset and restarted (4 and 4), whether it is safe (1); version of the firmware (8).
        self.take(17 + 8)?;
        let name = self.sized()?;
        let _qualified_name = self.sized()?;
        self.0.is_empty().then_some(CertInfo { extra_data, name })
    }

    fn public(&mut self) -> Option<PubArea<'a>> {
        let kind = self.number()?;
        let name_algorithm = self.number()?;
        let _attributes = self.take(4)?;
        let _policy = self.sized()?;
        if self.number()? != NULL {
            // A symmetric algorithm with key length and mode.
            self.take(4)?;
        }
        self.scheme()?;
        let key = match kind {
            RSA => {
                let _bits = self.number()?;
                let exponent = u32::from_be_bytes(self.take(4)?.try_into().ok()?);
                let exponent = if exponent == 0 { DEFAULT_EXPONENT } else { exponent };
                let modulus = self.sized()?;
                Key::Rsa { modulus, exponent }
            }
            ECC => {
                let curve = self.number()?;
                // A key derivation scheme, with its hash.
                self.scheme()?;
                let x = self.sized()?;
                let y = self.sized()?;
                Key::Ecc { curve, x, y }
            }
            _ => return None,
        };
        self.0.is_empty().then_some(PubArea { name_algorithm, key })
    }

    /// A scheme with its hash, or none.
    fn scheme(&mut self) -> Option<()> {
        match self.number()? {
            NULL | RSAES => {}
            ECDAA => drop(self.take(4)?),
            _ => drop(self.take(2)?),
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_panics(octets: Vec<u8>) {
            let _ = PubArea::read(&octets);
            let certify = [b"\xffTCG\x80\x17".as_slice(), &octets].concat();
            prop_assert!(!matches!(CertInfo::read(&certify), Err(Wrong::TpmMagic | Wrong::TpmType)));
        }
    }
}
