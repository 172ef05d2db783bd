//! SEED (RFC 4269), the block cipher of older Korean certificates and keys.
//!
//! OpenSSL opens containers that are encrypted with it, and RustCrypto has no crate for it on the traits of its other ciphers. It only
//! decrypts what is old, and that not often, so the code is short rather than fast.

use zeroize::Zeroizing;

/// The products of a power of an octet with these columns make the two substitutions (RFC 4269 2.2).
const COLUMNS: [[u8; 8]; 2] = [
    [0x2c, 0xd0, 0x69, 0xc2, 0x41, 0x44, 0x58, 0xe2],
    [0xd0, 0x2a, 0xe1, 0x2c, 0x21, 0x30, 0xa2, 0x6c],
];
const BOXES: [[u8; 256]; 2] = [
    substitution(COLUMNS[0], 247, 169),
    substitution(COLUMNS[1], 251, 56),
];

/// The product in the field of x^8 + x^6 + x^5 + x + 1.
#[allow(clippy::cast_possible_truncation, reason = "reduced to eight bits")]
const fn product(one: u8, other: u8) -> u8 {
    let (mut product, mut shifted, mut bit) = (0_u16, one as u16, 0);
    while bit < 8 {
        if other >> bit & 1 == 1 {
            product ^= shifted;
        }
        shifted <<= 1;
        if shifted & 0x100 != 0 {
            shifted ^= 0x163;
        }
        bit += 1;
    }
    product as u8
}

#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "computed by the compiler, within the bounds of both arrays"
)]
const fn substitution(columns: [u8; 8], power: u32, added: u8) -> [u8; 256] {
    let mut table = [added; 256];
    let mut octet = 1;
    while octet < 256 {
        let (mut value, mut count) = (1, 0);
        while count < power {
            value = product(value, octet as u8);
            count += 1;
        }
        let mut bit = 0;
        while bit < 8 {
            if value >> bit & 1 == 1 {
                table[octet] ^= columns[bit];
            }
            bit += 1;
        }
        octet += 1;
    }
    table
}

/// The function G.
fn mix(word: u32) -> u32 {
    const MASKS: [u32; 4] = [0x3fcf_f3fc, 0xfc3f_cff3, 0xf3fc_3fcf, 0xcff3_fc3f];
    let [even, odd] = &BOXES;
    word.to_le_bytes()
        .into_iter()
        .zip([even, odd, even, odd])
        .zip(MASKS)
        .map(|((octet, table), mask)| {
            let value = table.get(usize::from(octet)).copied().unwrap_or_default();
            u32::from_le_bytes([value; 4]) & mask
        })
        .fold(0, |sum, part| sum ^ part)
}

/// The function F.
fn round(right: [u32; 2], key: [u32; 2]) -> [u32; 2] {
    let (first, second) = (right[0] ^ key[0], right[1] ^ key[1]);
    let outer = mix(first ^ second);
    let middle = mix(outer.wrapping_add(first));
    let last = mix(middle.wrapping_add(outer));
    [last.wrapping_add(middle), last]
}

/// The keys of the rounds.
pub(super) struct Seed(Zeroizing<[[u32; 2]; 16]>);

impl Seed {
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        let [mut a, mut b, mut c, mut d] = words(key)?;
        let mut constant = 0x9e37_79b9_u32;
        let mut keys = Zeroizing::new([[0; 2]; 16]);
        for (number, round) in keys.iter_mut().enumerate() {
            *round = [
                mix(a.wrapping_add(c).wrapping_sub(constant)),
                mix(b.wrapping_sub(d).wrapping_add(constant)),
            ];
            if number % 2 == 0 {
                (a, b) = (a >> 8 | b << 24, b >> 8 | a << 24);
            } else {
                (c, d) = (c << 8 | d >> 24, d << 8 | c >> 24);
            }
            constant = constant.rotate_left(1);
        }
        Some(Self(keys))
    }

    pub(super) fn encrypt(&self, block: &mut [u8]) {
        run(self.0.iter(), block);
    }

    pub(super) fn decrypt(&self, block: &mut [u8]) {
        run(self.0.iter().rev(), block);
    }
}

fn words(octets: &[u8]) -> Option<[u32; 4]> {
    let (words, rest) = octets.as_chunks::<4>();
    let words: [[u8; 4]; 4] = words.try_into().ok()?;
    rest.is_empty().then(|| words.map(u32::from_be_bytes))
}

fn run<'a>(keys: impl Iterator<Item = &'a [u32; 2]>, block: &mut [u8]) {
    let Some([a, b, c, d]) = words(block) else {
        return;
    };
    let (mut left, mut right) = ([a, b], [c, d]);
    for key in keys {
        let added = round(right, *key);
        (left, right) = (right, [left[0] ^ added[0], left[1] ^ added[1]]);
    }
    // The halves of the last round stand as they were.
    let out = right.into_iter().chain(left).flat_map(u32::to_be_bytes);
    for (octet, new) in block.iter_mut().zip(out) {
        *octet = new;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4269 appendix B, and the beginnings of the tables of appendix A.
    #[test]
    fn the_vectors_of_the_standard() {
        assert_eq!(BOXES[0][..8], [0xa9, 0x85, 0xd6, 0xd3, 0x54, 0x1d, 0xac, 0x25]);
        assert_eq!(BOXES[1][..8], [0x38, 0xe8, 0x2d, 0xa6, 0xcf, 0xde, 0xb3, 0xb8]);
        for (key, plain, encrypted) in [
            (
                0_u128,
                0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f_u128,
                0x5eba_c6e0_054e_1668_19af_f1cc_6d34_6cdb_u128,
            ),
            (
                0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f,
                0,
                0xc11f_22f2_0140_5050_8448_3597_e437_0f43,
            ),
            (
                0x4706_4808_51e6_1be8_5d74_bfb3_fd95_6185,
                0x83a2_f8a2_8864_1fb9_a4e9_a5cc_2f13_1c7d,
                0xee54_d13e_bcae_706d_226b_c314_2cd4_0d4a,
            ),
        ] {
            let seed = Seed::new(&key.to_be_bytes()).unwrap();
            let mut block = plain.to_be_bytes();
            seed.encrypt(&mut block);
            assert_eq!(u128::from_be_bytes(block), encrypted);
            seed.decrypt(&mut block);
            assert_eq!(u128::from_be_bytes(block), plain);
        }
        assert!(Seed::new(&[0; 15]).is_none() && Seed::new(&[0; 17]).is_none());
    }
}
