//! Modular exponentiation, for the one RSA operation that the cryptographic library keeps to itself: padding of PKCS #1 v1.5 around
//! bytes that are no digest (`CKM_RSA_PKCS`). Montgomery's method over 64-bit limbs, least significant first. It takes a time that
//! depends on the exponent, which would be a leak anywhere but in a simulator.

use std::cmp::Ordering;

/// `base ^ exponent mod modulus`, all big-endian; the result is as long as the modulus. `None` when the modulus is even or longer than
/// 8192 bits, or the base is not below it.
pub(super) fn mod_pow(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Option<Vec<u8>> {
    let field = Field::new(modulus)?;
    let mut base = limbs(base);
    base.resize(field.modulus.len().max(base.len()), 0);
    if compare(&base, &field.modulus) != Ordering::Less {
        return None;
    }
    base.truncate(field.modulus.len());
    // Into Montgomery's form: 1 doubled 64 times per limb is R, doubled as often again is R squared.
    let mut one = vec![0; field.modulus.len()];
    *one.first_mut()? = 1;
    let bits = field.modulus.len().checked_mul(64)?;
    let r = field.doubled(one.clone(), bits);
    let base = field.product(&base, &field.doubled(r.clone(), bits));
    let mut result = r;
    for byte in exponent {
        for bit in (0..8).rev() {
            result = field.product(&result, &result);
            if (byte >> bit) & 1 == 1 {
                result = field.product(&result, &base);
            }
        }
    }
    let result = field.product(&result, &one);
    let bytes: Vec<u8> = result.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
    let surplus = bytes.len().checked_sub(field.bytes)?;
    bytes.get(surplus..).map(<[u8]>::to_vec)
}

struct Field {
    modulus: Vec<u64>,
    bytes: usize,
    /// `-1 / modulus mod 2^64`
    inverse: u64,
}

fn limbs(big_endian: &[u8]) -> Vec<u64> {
    big_endian
        .rchunks(8)
        .map(|chunk| chunk.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
        .collect()
}

/// Of two numbers with equally many limbs; a longer one counts as greater.
fn compare(a: &[u64], b: &[u64]) -> Ordering {
    a.len()
        .cmp(&b.len())
        .then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// Adds `numbers * factor` and gives what is carried out at the top. No sum exceeds 128 bits. This is where all the time goes.
fn add_product(sum: &mut [u64], numbers: &[u64], factor: u64) -> u64 {
    let factor = factor as u128;
    let mut carry = 0_u128;
    for (limb, number) in sum.iter_mut().zip(numbers) {
        carry += *limb as u128 + *number as u128 * factor;
        *limb = carry as u64;
        carry >>= 64;
    }
    carry as u64
}

impl Field {
    fn new(modulus: &[u8]) -> Option<Self> {
        let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
        let modulus = modulus.get(zeros..)?;
        if modulus.len() > 1024 || modulus.last()? & 1 == 0 {
            return None;
        }
        let bytes = modulus.len();
        let modulus = limbs(modulus);
        let first = *modulus.first()?;
        // Newton: each round doubles the number of right bits, of which an odd number has three to begin with.
        let inverse = (0..5).fold(first, |x, _| {
            x.wrapping_mul(2_u64.wrapping_sub(first.wrapping_mul(x)))
        });
        Some(Self {
            modulus,
            bytes,
            inverse: inverse.wrapping_neg(),
        })
    }

    /// Subtracts the modulus once if the number, with `overflow` above it, is not below it.
    fn reduce(&self, number: &mut [u64], overflow: bool) {
        if overflow || compare(number, &self.modulus) != Ordering::Less {
            let mut borrow = false;
            for (limb, subtract) in number.iter_mut().zip(&self.modulus) {
                let (difference, first) = limb.overflowing_sub(*subtract);
                let (difference, second) = difference.overflowing_sub(u64::from(borrow));
                *limb = difference;
                borrow = first || second;
            }
        }
    }

    fn doubled(&self, mut number: Vec<u64>, times: usize) -> Vec<u64> {
        for _ in 0..times {
            let mut carry = 0;
            for limb in &mut number {
                let next = *limb >> 63;
                *limb = (*limb << 1) | carry;
                carry = next;
            }
            self.reduce(&mut number, carry == 1);
        }
        number
    }

    /// `a * b / R mod modulus`
    fn product(&self, a: &[u64], b: &[u64]) -> Vec<u64> {
        let size = self.modulus.len();
        let mut sum = vec![0_u64; size];
        let mut top = 0_u64;
        for digit in a {
            let carry = add_product(&mut sum, b, *digit);
            let (high, mut over) = top.overflowing_add(carry);
            let factor = sum.first().copied().unwrap_or(0).wrapping_mul(self.inverse);
            let carry = add_product(&mut sum, &self.modulus, factor);
            let (high, again) = high.overflowing_add(carry);
            over |= again;
            // The lowest limb is zero now: divided by 2^64 by moving everything one place down.
            sum.rotate_left(1);
            if let Some(last) = sum.last_mut() {
                *last = high;
            }
            top = u64::from(over);
        }
        self.reduce(&mut sum, top == 1);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(base: u64, exponent: u64, modulus: u64) -> Option<u64> {
        let result = mod_pow(
            &base.to_be_bytes(),
            &exponent.to_be_bytes(),
            &modulus.to_be_bytes(),
        )?;
        Some(result.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
    }

    #[test]
    fn small_numbers_agree_with_school_arithmetic() {
        for modulus in [3_u64, 7, 255, 65_537, 4_294_967_291, u64::MAX] {
            for base in [0_u64, 1, 2, 6, 251] {
                for exponent in [0_u64, 1, 2, 3, 64, 1000] {
                    let wanted = (0..exponent).fold(1_u128, |sum, _| {
                        sum * u128::from(base % modulus) % u128::from(modulus)
                    });
                    let base = base % modulus;
                    assert_eq!(
                        small(base, exponent, modulus).map(u128::from),
                        Some(wanted),
                        "{base}^{exponent} mod {modulus}"
                    );
                }
            }
        }
    }

    #[test]
    fn fermat_holds_for_a_prime_of_many_limbs() {
        // 2^521 - 1 is prime: a ^ (p - 1) = 1, and a ^ p = a.
        let mut prime = vec![0xff_u8; 66];
        prime[0] = 0x01;
        let mut one = vec![0; 66];
        one[65] = 1;
        let mut less = prime.clone();
        less[65] = 0xfe;
        let base: Vec<u8> = (1..=60).collect();
        assert_eq!(mod_pow(&base, &less, &prime), Some(one));
        let mut wanted = vec![0; 6];
        wanted.extend_from_slice(&base);
        assert_eq!(mod_pow(&base, &prime, &prime), Some(wanted));
    }

    #[test]
    fn what_has_no_answer_is_refused() {
        assert_eq!(mod_pow(&[1], &[1], &[]), None);
        assert_eq!(mod_pow(&[1], &[1], &[0, 0]), None);
        assert_eq!(mod_pow(&[1], &[1], &[4]), None, "even");
        assert_eq!(mod_pow(&[7], &[1], &[7]), None, "not below the modulus");
        assert_eq!(mod_pow(&[1, 0, 0, 0, 0, 0, 0, 0, 0], &[1], &[7]), None);
        assert_eq!(mod_pow(&[1], &[1], &[1; 1025]), None, "too long");
    }
}
