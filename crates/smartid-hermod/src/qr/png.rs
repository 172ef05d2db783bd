//! A QR code as PNG, for mails and pages that take no SVG.
//!
//! One bit per pixel and no colours, so the encoder is small enough to stand here: rows are repeated by the filter "as the row above",
//! which leaves runs of zeros, and runs are all that is compressed (RFC 1951, the fixed code, distance one). PNG: ISO/IEC 15948.

/// The signature of every PNG.
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The longest match, which has a code of its own.
const LONGEST: usize = 258;

/// How large the picture is.
///
/// ```
/// use smartid_hermod::qr::PngOptions;
///
/// let link = smartid_hermod::PlugoutLink::build("https://h.example.test/ms/box-1", "t-1")?;
/// let code = link.qr()?;
/// let png = code.expose_png(&PngOptions::new().scale(4).margin(6));
/// assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PngOptions {
    pub(super) scale: usize,
    pub(super) margin: usize,
}

impl Default for PngOptions {
    fn default() -> Self {
        Self {
            scale: 8,
            margin: super::QUIET,
        }
    }
}

impl PngOptions {
    /// Eight pixels for a module, and the margin of four modules that ISO/IEC 18004 asks for.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Pixels for a module, in each direction: 1 to 32, another number is taken as the nearest of these.
    #[must_use]
    pub fn scale(mut self, pixels: u8) -> Self {
        self.scale = usize::from(pixels.clamp(1, 32));
        self
    }

    /// The light margin, in modules: 4 to 32, another number is taken as the nearest of these. With less than four, many readers fail.
    #[must_use]
    pub fn margin(mut self, modules: u8) -> Self {
        self.margin = usize::from(modules.clamp(4, 32));
        self
    }
}

/// The picture of a square of `side` modules; `is_dark` is asked for row and column.
pub(super) fn encode(side: usize, scale: usize, is_dark: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    let pixels = side * scale;
    let width = u32::try_from(pixels).unwrap_or(u32::MAX).to_be_bytes();
    // One bit per pixel, greyscale, and the only compression, filtering and order of rows there is.
    let header = [width.as_slice(), &width, &[1, 0, 0, 0, 0]].concat();
    let row_bytes = pixels.div_ceil(8);
    let mut rows = Vec::with_capacity((row_bytes + 1) * pixels);
    for row in 0..side {
        let mut packed = vec![0_u8; row_bytes];
        let light = (0..pixels).filter(|pixel| !is_dark(row, pixel / scale));
        for pixel in light {
            if let Some(byte) = packed.get_mut(pixel / 8) {
                *byte |= 0x80 >> (pixel % 8);
            }
        }
        rows.push(0);
        rows.extend_from_slice(&packed);
        for _ in 1..scale {
            rows.push(2);
            rows.resize(rows.len() + row_bytes, 0);
        }
    }
    let mut png = SIGNATURE.to_vec();
    chunk(&mut png, b"IHDR", &header);
    chunk(&mut png, b"IDAT", &zlib(&rows));
    chunk(&mut png, b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    png.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    let checked = [kind, data].concat();
    png.extend_from_slice(&checked);
    png.extend_from_slice(&crc32(&checked).to_be_bytes());
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc))
    })
}

fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
}

/// Bits as deflate has them: the first one is the lowest of a byte.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    /// A number, lowest bit first.
    fn number(&mut self, value: u32, count: u32) {
        self.held |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push((self.held & 0xFF) as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// A symbol of the fixed code, highest bit first.
    fn symbol(&mut self, symbol: u32) {
        let (code, length) = match symbol {
            0..=143 => (0x30 + symbol, 8),
            144..=255 => (0x190 + symbol - 144, 9),
            256..=279 => (symbol - 256, 7),
            _ => (0xC0 + symbol - 280, 8),
        };
        self.number(code.reverse_bits() >> (32 - length), length);
    }

    /// The byte before, `length` times more; only lengths whose code has no further bits.
    fn repeat(&mut self, length: usize) {
        self.symbol(match length {
            LONGEST => 285,
            short => 254 + u32::try_from(short).unwrap_or(3),
        });
        // Distance one.
        self.number(0, 5);
    }
}

/// RFC 1950 around one block of the fixed code.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut bits = Bits::default();
    // The last block, fixed code.
    bits.number(0b011, 3);
    for run in bytes.chunk_by(|one, next| one == next) {
        let Some(byte) = run.first() else { continue };
        bits.symbol(u32::from(*byte));
        let mut left = run.len() - 1;
        while left > 0 {
            match left {
                LONGEST.. => {
                    bits.repeat(LONGEST);
                    left -= LONGEST;
                }
                3.. => {
                    // 257 to 264 stand for three to ten.
                    let length = left.min(10);
                    bits.repeat(length);
                    left -= length;
                }
                _ => {
                    bits.symbol(u32::from(*byte));
                    left -= 1;
                }
            }
        }
    }
    bits.symbol(256);
    bits.number(0, (8 - bits.count) % 8);
    let mut stream = vec![0x78, 0x01];
    stream.append(&mut bits.bytes);
    stream.extend_from_slice(&adler32(bytes).to_be_bytes());
    stream
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::qr::QrCode;

    /// Reads a fixed block as RFC 1951 tells it, with every length and distance code.
    fn inflate(data: &[u8]) -> Vec<u8> {
        let mut at = 0;
        let mut bit = || {
            let bit = data[at / 8] >> (at % 8) & 1;
            at += 1;
            usize::from(bit)
        };
        assert_eq!([bit(), bit(), bit()], [1, 1, 0], "last block, fixed code");
        let mut out = Vec::new();
        loop {
            let mut code = 0;
            let mut length = 0;
            let symbol = loop {
                code = code << 1 | bit();
                length += 1;
                match (length, code) {
                    (7, 0..=0x17) => break 256 + code,
                    (8, 0x30..=0xBF) => break code - 0x30,
                    (8, 0xC0..=0xC7) => break 280 + code - 0xC0,
                    (9, 0x190..=0x1FF) => break 144 + code - 0x190,
                    (10.., _) => panic!("no code"),
                    _ => {}
                }
            };
            match symbol {
                0..=255 => out.push(u8::try_from(symbol).unwrap()),
                256 => break,
                _ => {
                    let length = match symbol {
                        257..=264 => symbol - 254,
                        285 => 258,
                        _ => panic!("a length with further bits"),
                    };
                    for _ in 0..5 {
                        assert_eq!(bit(), 0, "distance one");
                    }
                    let byte = *out.last().unwrap();
                    out.resize(out.len() + length, byte);
                }
            }
        }
        assert!(data.len() == at.div_ceil(8), "nothing behind the block");
        out
    }

    /// Width and pixels, light ones `true`, read by the PNG specification.
    fn read(png: &[u8]) -> (usize, Vec<bool>) {
        let mut rest = png.strip_prefix(b"\x89PNG\r\n\x1a\n").unwrap();
        let (mut kinds, mut side, mut pixels) = (Vec::new(), 0, Vec::new());
        while !rest.is_empty() {
            let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            let (kind, data) = (&rest[4..8], &rest[8..8 + length]);
            let crc = u32::from_be_bytes(rest[8 + length..12 + length].try_into().unwrap());
            assert_eq!(crc, crc32(&rest[4..8 + length]));
            match kind {
                b"IHDR" => {
                    side = u32::from_be_bytes(data[..4].try_into().unwrap()) as usize;
                    assert_eq!(data[..4], data[4..8], "square");
                    assert_eq!(data[8..], [1, 0, 0, 0, 0]);
                }
                b"IDAT" => {
                    assert_eq!(u16::from_be_bytes([data[0], data[1]]) % 31, 0);
                    assert_eq!(data[0], 0x78);
                    let raw = inflate(&data[2..data.len() - 4]);
                    let sum = u32::from_be_bytes(data[data.len() - 4..].try_into().unwrap());
                    assert_eq!(sum, adler32(&raw));
                    let width = side.div_ceil(8);
                    assert_eq!(raw.len(), (width + 1) * side);
                    let mut above = vec![0_u8; width];
                    for row in raw.chunks(width + 1) {
                        for (byte, new) in above.iter_mut().zip(&row[1..]) {
                            *byte = match row[0] {
                                0 => *new,
                                2 => byte.wrapping_add(*new),
                                other => panic!("filter {other}"),
                            };
                        }
                        pixels.extend((0..side).map(|pixel| above[pixel / 8] >> (7 - pixel % 8) & 1 == 1));
                    }
                }
                b"IEND" => assert!(data.is_empty()),
                other => panic!("chunk {other:?}"),
            }
            kinds.push(kind.to_vec());
            rest = &rest[12 + length..];
        }
        assert_eq!(kinds, [b"IHDR", b"IDAT", b"IEND"]);
        (side, pixels)
    }

    #[test]
    fn the_sums_are_those_of_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b"IEND"), 0xAE42_6082);
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
    }

    #[test]
    fn the_picture_shows_the_modules_in_their_size_with_their_margin() {
        let code = QrCode::of("com.nexusgroup.plugout:///?url=https%3A%2F%2Fh%2Fb&token=t").unwrap();
        let rows: Vec<&[bool]> = code.modules().collect();
        for (scale, margin, wide, free) in [
            (1, 4, 1, 4),
            (3, 7, 3, 7),
            (8, 4, 8, 4),
            (0, 0, 1, 4),
            (255, 255, 32, 32),
        ] {
            let png = code.expose_png(&PngOptions::new().scale(scale).margin(margin));
            let (side, pixels) = read(&png);
            assert_eq!(side, (code.width() + 2 * free) * wide, "{scale} {margin}");
            for (at, light) in pixels.iter().enumerate() {
                let module = |place: usize| (place / wide).checked_sub(free);
                let dark = match (module(at / side), module(at % side)) {
                    (Some(row), Some(column)) => rows
                        .get(row)
                        .and_then(|row| row.get(column))
                        .copied()
                        .unwrap_or_default(),
                    _ => false,
                };
                assert_eq!(*light, !dark, "{scale} {margin} {at}");
            }
        }
        let (side, _) = read(&code.expose_png(&PngOptions::new()));
        assert_eq!(side, (code.width() + 8) * 8);
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(runs in prop::collection::vec((any::<u8>(), 1..700_usize), 0..20)) {
            let bytes: Vec<u8> = runs.iter().flat_map(|(byte, count)| std::iter::repeat_n(*byte, *count)).collect();
            let stream = zlib(&bytes);
            prop_assert_eq!(inflate(&stream[2..stream.len() - 4]), bytes);
        }
    }
}
