//! The picture that a person compares: a pattern of coloured tiles, another one for each login, as a JPEG.
//!
//! Messaging's authentication image is a JPEG, and Digital Access picks one of its own. Here it is drawn: each tile is one block of the
//! format and has one colour, so that nothing but the mean of each block has to be written.

use bytes::Bytes;
use smartid::Runtime;

/// Tiles in a row; the left half is mirrored, which makes patterns that people tell apart.
const TILES: usize = 8;
/// Blocks of 8 pixels in a tile.
const BLOCKS: usize = 2;

/// Colours that are told apart by eye and by brightness.
const COLOURS: [[u8; 3]; 6] = [
    [0xd4, 0x3d, 0x2a],
    [0x1f, 0x6f, 0xc4],
    [0x1b, 0x8a, 0x4b],
    [0x8a, 0x3f, 0xb5],
    [0xd9, 0x8c, 0x00],
    [0x22, 0x2b, 0x38],
];
const GROUND: [u8; 3] = [0xf4, 0xf1, 0xea];

/// Draws one.
#[must_use]
pub fn draw(runtime: &dyn Runtime) -> Bytes {
    let mut random = [0; TILES * TILES / 2 + 2];
    runtime.fill_random(&mut random);
    jpeg(&random)
}

fn jpeg(random: &[u8]) -> Bytes {
    let of = |index: usize| random.get(index).copied().unwrap_or_default();
    let colour = |seed: u8| {
        let all = COLOURS.iter().cycle().nth(usize::from(seed) % COLOURS.len());
        *all.unwrap_or(&GROUND)
    };
    let half = TILES * TILES / 2;
    let (first, second) = (
        colour(of(half)),
        colour(of(half).wrapping_add(1 + of(half + 1) % 5)),
    );
    let tile = |row: usize, column: usize| {
        let column = column.min(TILES - 1 - column);
        match of(row * TILES / 2 + column) % 5 {
            0 | 1 => first,
            2 => second,
            _ => GROUND,
        }
    };
    let side = TILES * BLOCKS;
    let mut bits = Bits::default();
    let mut last = [0; 3];
    for row in 0..side {
        for column in 0..side {
            let means = ycc(tile(row / BLOCKS, column / BLOCKS));
            for (mean, last) in means.into_iter().zip(&mut last) {
                bits.difference(mean - *last);
                *last = mean;
            }
        }
    }
    let pixels = u16::try_from(side * 8).unwrap_or(u16::MAX).to_be_bytes();
    let mut out = vec![0xff, 0xd8, 0xff, 0xe0, 0, 16];
    out.extend_from_slice(b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    // One quantisation table, 8 everywhere: the coefficient of a flat block is then its mean.
    out.extend_from_slice(&[0xff, 0xdb, 0, 67, 0]);
    out.extend_from_slice(&[8; 64]);
    // Baseline, three components, no subsampling.
    out.extend_from_slice(&[0xff, 0xc0, 0, 17, 8]);
    out.extend_from_slice(&pixels);
    out.extend_from_slice(&pixels);
    out.extend_from_slice(&[3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
    // The codes of differences as the standard's annex K has them, and of the other coefficients the one that says "no more".
    out.extend_from_slice(&[0xff, 0xc4, 0, 31, 0x00]);
    out.extend_from_slice(&[0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    out.extend_from_slice(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    out.extend_from_slice(&[0xff, 0xc4, 0, 20, 0x10]);
    out.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    out.extend_from_slice(&[0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0]);
    out.extend_from_slice(&bits.end());
    out.extend_from_slice(&[0xff, 0xd9]);
    out.into()
}

/// Brightness and colour differences around zero.
fn ycc([red, green, blue]: [u8; 3]) -> [i32; 3] {
    let [red, green, blue] = [red, green, blue].map(i32::from);
    [
        (299 * red + 587 * green + 114 * blue) / 1000 - 128,
        (-169 * red - 331 * green + 500 * blue) / 1000,
        (500 * red - 419 * green - 81 * blue) / 1000,
    ]
}

/// Bits, the first the highest, with the zero that the format wants behind each 0xFF.
#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for place in (0..count).rev() {
            self.held = self.held << 1 | (value >> place & 1);
            self.count += 1;
            if self.count == 8 {
                let byte = self.held.to_be_bytes()[3];
                self.out.push(byte);
                if byte == 0xff {
                    self.out.push(0);
                }
                (self.held, self.count) = (0, 0);
            }
        }
    }

    /// One block: the difference to the block before, and no other coefficient.
    fn difference(&mut self, difference: i32) {
        let category = 32 - difference.unsigned_abs().leading_zeros();
        // 0: 00; 1 to 5: 010 to 110; above: ones and a zero.
        match category {
            0 => self.put(0, 2),
            1..=5 => self.put(category + 1, 3),
            more => self.put((1 << (more - 2)) - 2, more - 2),
        }
        let negative = difference < 0;
        let value = if negative {
            (1_u32 << category) - 1 - difference.unsigned_abs()
        } else {
            difference.unsigned_abs()
        };
        self.put(value, category);
        self.put(0, 1);
    }

    fn end(mut self) -> Vec<u8> {
        while self.count != 0 {
            self.put(1, 1);
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_small_jpegs_and_differ() {
        let random = |seed: u8| {
            (0..34)
                .map(|index| seed.wrapping_mul(31).wrapping_add(index * 7))
                .collect::<Vec<_>>()
        };
        let (one, other) = (jpeg(&random(1)), jpeg(&random(2)));
        assert!(one.starts_with(&[0xff, 0xd8, 0xff]) && one.ends_with(&[0xff, 0xd9]));
        assert!(one.len() < 2048 && one != other, "{}", one.len());
        assert_eq!(one, jpeg(&random(1)));
    }
}
