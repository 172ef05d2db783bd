//! The picture that people compare on page and phone: a mosaic of coloured squares, different for each login, as a JPEG (ITU T.81)
//! whose blocks have one colour each, which takes no more of the standard than its beginning.

/// Squares on a side.
const SIDE: usize = 8;
/// Blocks of 8 pixels on a side of a square.
const SCALE: usize = 3;

/// Red, green, blue; far enough from each other to be told apart on a phone.
const COLOURS: [[i32; 3]; 6] = [
    [255, 255, 255],
    [20, 60, 140],
    [220, 60, 50],
    [250, 200, 60],
    [40, 140, 90],
    [120, 60, 140],
];

/// Bits, the most significant first, with the zero byte after 0xff.
struct Bits {
    out: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, bits: u32) {
        for at in (0..bits).rev() {
            self.held = (self.held << 1) | ((value >> at) & 1);
            self.count += 1;
            if self.count == 8 {
                let byte = u8::try_from(self.held & 0xff).unwrap_or(0);
                self.out.push(byte);
                if byte == 0xff {
                    self.out.push(0);
                }
                (self.held, self.count) = (0, 0);
            }
        }
    }

    /// One block of one colour: the difference to the block before, then "end of block".
    fn block(&mut self, difference: i32) {
        let size = 32 - difference.unsigned_abs().leading_zeros();
        self.put(size, 4);
        let value = if difference < 0 {
            difference + (1 << size) - 1
        } else {
            difference
        };
        self.put(u32::try_from(value).unwrap_or(0), size);
        self.put(0, 1);
    }
}

/// Luminance and the two colour differences (JFIF), less 128.
fn components([red, green, blue]: [i32; 3]) -> [i32; 3] {
    [
        (299 * red + 587 * green + 114 * blue) / 1000 - 128,
        (-169 * red - 331 * green + 500 * blue) / 1000,
        (500 * red - 419 * green - 81 * blue) / 1000,
    ]
    .map(|value: i32| value.clamp(-128, 127))
}

fn segment(out: &mut Vec<u8>, marker: u8, content: &[u8]) {
    out.extend_from_slice(&[0xff, marker]);
    let length = u16::try_from(content.len() + 2).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(content);
}

/// The colour of each square: the right half mirrors the left, which people remember better.
fn colour(seed: &[u8; 32], row: usize, column: usize) -> [i32; 3] {
    let half = column.min(SIDE - 1 - column);
    let byte = seed.get(row * (SIDE / 2) + half).copied().unwrap_or(0);
    let at = usize::from(byte) % COLOURS.len();
    COLOURS.get(at).copied().unwrap_or_default()
}

/// Makes the picture of a seed.
pub(super) fn jpeg(seed: &[u8; 32]) -> Vec<u8> {
    let pixels = u16::try_from(SIDE * SCALE * 8).unwrap_or(u16::MAX).to_be_bytes();
    let mut out = vec![0xff, 0xd8];
    segment(&mut out, 0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    // Quantisation by 8 for everything: what is left of a block of one colour is its value.
    segment(&mut out, 0xdb, &[&[0_u8][..], &[8; 64]].concat());
    let frame = [
        8, pixels[0], pixels[1], pixels[0], pixels[1], 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0,
    ];
    segment(&mut out, 0xc0, &frame);
    // Nine sizes of differences with four bits each; "end of block" with one bit.
    let mut sizes = vec![0_u8; 17];
    if let Some(four) = sizes.get_mut(4) {
        *four = 9;
    }
    sizes.extend(0..9);
    segment(&mut out, 0xc4, &sizes);
    let mut end = vec![0_u8; 18];
    end.splice(0..2, [0x10, 1]);
    segment(&mut out, 0xc4, &end);
    segment(&mut out, 0xda, &[3, 1, 0, 2, 0, 3, 0, 0, 63, 0]);
    let mut bits = Bits {
        out,
        held: 0,
        count: 0,
    };
    let mut before = [0_i32; 3];
    for row in 0..SIDE * SCALE {
        for column in 0..SIDE * SCALE {
            let now = components(colour(seed, row / SCALE, column / SCALE));
            for (value, before) in now.iter().zip(before) {
                bits.block(value - before);
            }
            before = now;
        }
    }
    while bits.count != 0 {
        bits.put(1, 1);
    }
    let mut out = bits.out;
    out.extend_from_slice(&[0xff, 0xd9]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_differ_and_are_whole() {
        let (one, two) = (jpeg(&[1; 32]), jpeg(&[2; 32]));
        assert_ne!(one, two);
        assert!(one.starts_with(&[0xff, 0xd8, 0xff, 0xe0]) && one.ends_with(&[0xff, 0xd9]));
        assert!(one.len() < 4096, "{}", one.len());
    }
}
